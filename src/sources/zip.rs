//! Log objects in a zip file, such as an evidence archive or a copied bucket.
//!
//! Listed from the archive's directory; a file is unpacked when it is asked for, up to the bound it is
//! asked with. Nothing is written to disk, so the names in the archive can lead nowhere.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ::zip::ZipArchive;
use ::zip::result::ZipError;

use super::local::portable_key;
use super::{Error, Fetched, Listing, ObjectEntry, Source, Wanted};

type Archive = ZipArchive<BufReader<File>>;

/// A zip file. One thread unpacks at a time; inflating logs, which are packed within, is not part of it.
pub struct Zip {
    path: PathBuf,
    archive: Mutex<Option<Archive>>,
}

/// Whether a path names a zip file.
pub fn is_zip_path(path: &str) -> bool {
    let path = Path::new(path);
    path.extension().is_some_and(|end| end.eq_ignore_ascii_case("zip")) && path.is_file()
}

impl Zip {
    /// The file that the user named; not opened before it is listed.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), archive: Mutex::new(None) }
    }

    /// Works in the archive, which is opened when it is first needed.
    fn with<T>(
        &self,
        work: impl FnOnce(&mut Archive) -> Result<T, ZipError>,
    ) -> Result<T, io::Error> {
        // A thread that panicked inside left at most a file half read.
        let mut archive = self.archive.lock().unwrap_or_else(PoisonError::into_inner);
        let open = || -> Result<Archive, ZipError> {
            ZipArchive::new(BufReader::new(File::open(&self.path)?))
        };
        let opened = match archive.take() {
            Some(opened) => opened,
            None => open()?,
        };
        Ok(work(archive.insert(opened))?)
    }

    /// The file's full path, whichever way it was named.
    fn origin(&self) -> String {
        let whole = std::fs::canonicalize(&self.path);
        whole.unwrap_or_else(|_| self.path.clone()).to_string_lossy().into_owned()
    }

    /// Two copies of a bucket in one archive have the same `AWSLogs/…` keys: the first, by name, keeps
    /// it, the others are called by their names.
    fn keep_apart(&self, objects: &mut [ObjectEntry]) {
        objects.sort_by(|a, b| a.location.cmp(&b.location));
        let mut taken = HashSet::new();
        for object in objects {
            if !taken.insert((object.origin.clone(), object.key.clone())) {
                object.key = self.within(object).to_owned();
                object.origin = self.origin();
            }
        }
    }

    /// The name of an object in the archive.
    fn within<'o>(&self, object: &'o ObjectEntry) -> &'o str {
        object.location.get(self.name().len() + 1..).unwrap_or_default()
    }

    fn entry(&self, archive: &mut Archive, index: usize) -> Result<Option<ObjectEntry>, ZipError> {
        let file = archive.by_index_raw(index)?;
        let name = file.name()?.into_owned();
        if !file.is_file() || name.rsplit('/').next().is_none_or(|last| last.starts_with('.')) {
            return Ok(None);
        }
        let portable = portable_key(&name).map(str::to_owned);
        Ok(Some(ObjectEntry {
            origin: if portable.is_some() { String::new() } else { self.origin() },
            location: format!("{}/{name}", self.name()),
            key: portable.unwrap_or(name),
            size_bytes: file.size(),
            modified: None,
            fingerprint: format!("{}-{:08x}", file.size(), file.crc32()),
            is_named: false,
        }))
    }
}

impl Source for Zip {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn list(&self, _wanted: &dyn Wanted) -> Result<Listing, Error> {
        let found = self.with(|archive| {
            (0..archive.len())
                .map(|index| self.entry(archive, index))
                .collect::<Result<Vec<_>, _>>()
        });
        let found =
            found.map_err(|source| Error::List { location: self.name(), source: source.into() })?;
        let mut objects: Vec<ObjectEntry> = found.into_iter().flatten().collect();
        self.keep_apart(&mut objects);
        objects.sort_by(|a, b| (&a.key, &a.origin).cmp(&(&b.key, &b.origin)));
        Ok(Listing { objects, ..Listing::default() })
    }

    fn fetch(&self, object: &ObjectEntry, most: u64) -> Result<Fetched, Error> {
        let within = self.within(object);
        let mut bytes = Vec::new();
        let read = self.with(|archive| {
            archive.by_name(within)?.take(most).read_to_end(&mut bytes)?;
            Ok(())
        });
        read.map_err(|source| Error::Read {
            location: object.location.clone(),
            source: source.into(),
        })?;
        Ok(Fetched { bytes, changed: None })
    }
}

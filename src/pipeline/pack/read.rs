//! Reading a pack back to check it: folders and zip files, also hostile ones.
//!
//! Nothing is unpacked. Of a file no more is inflated than the manifest says it has, so that a small
//! zip file can't cost more than the pack it claims to be; what the manifest doesn't name is not
//! inflated at all.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek};
use std::path::Path;

use sha2::{Digest, Sha256};
use zip::ZipArchive;
use zip::read::ZipFile;

use super::super::Error;
use crate::audit::seal::{
    Check, Found, MANIFEST, Manifest, PackProblem, PackProblemKind, PublicKey, SIGNATURE, SUMS,
    check,
};

/// Largest manifest and list of sums: some 400,000 files.
const MOST_BYTES: u64 = 64 << 20;
/// Most entries of a zip file or folder.
const MOST_ENTRIES: usize = 1_000_000;

/// Checks the pack at a path.
///
/// # Errors
/// When there is nothing, or what is there is neither a folder nor a zip file.
pub fn verify_pack(path: &Path, key: Option<&PublicKey>) -> Result<Check, Error> {
    let unreadable = |source| Error::PackUnreadable { path: path.to_owned(), source };
    let found = if fs::metadata(path).map_err(unreadable)?.is_dir() {
        Folder { root: path }.read().map_err(unreadable)?
    } else {
        let file = BufReader::new(File::open(path).map_err(unreadable)?);
        let archive = ZipArchive::new(file)
            .map_err(|source| Error::NotAPack { path: path.to_owned(), source })?;
        Zip { archive }.read()
    };
    Ok(check(&found, key))
}

/// What is known of a pack's names before its files are read.
#[derive(Default)]
struct Names {
    /// Plain files with a safe name.
    files: BTreeSet<String>,
    problems: Vec<PackProblem>,
}

impl Names {
    fn problem(&mut self, kind: PackProblemKind, path: &str, detail: &str) {
        self.problems.push(PackProblem::new(kind, path, detail));
    }

    fn add(&mut self, path: &str) {
        if !is_safe(path) {
            let detail = "its name leads out of the pack, or is none on other systems";
            self.problem(PackProblemKind::UnsafePath, path, detail);
        } else if !self.files.insert(path.to_owned()) {
            self.problem(PackProblemKind::Duplicate, path, "the pack holds this name twice");
        }
    }
}

impl Names {
    /// An entry of a zip file; folders say nothing.
    fn add_entry<R: Read>(&mut self, entry: &ZipFile<'_, R>) {
        let name = entry.name().map_or_else(
            |_| String::from_utf8_lossy(entry.name_raw()).into_owned(),
            Cow::into_owned,
        );
        // Higher mode bits than those of a plain file: links, devices.
        let kind = entry.unix_mode().map(|mode| mode & 0o170_000).unwrap_or_default();
        if entry.is_symlink() || (!entry.is_dir() && ![0, 0o100_000].contains(&kind)) {
            let detail = "a link or a device, not a file";
            self.problem(PackProblemKind::NotAFile, &name, detail);
        } else if entry.encrypted() {
            self.problem(PackProblemKind::Unreadable, &name, "encrypted");
        } else if !entry.is_dir() {
            self.add(&name);
        }
    }
}

/// A relative path of plain parts, safe on every system.
fn is_safe(path: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty()
            && part != "."
            && part != ".."
            && !part.contains(['\\', ':'])
            && !part.chars().any(char::is_control)
    };
    path.len() <= 1_024 && path.split('/').all(plain)
}

/// Sizes that the manifest gives: no more of a file is read.
fn sizes(manifest: Option<&[u8]>) -> BTreeMap<String, u64> {
    let manifest = manifest.and_then(|bytes| serde_json::from_slice::<Manifest>(bytes).ok());
    let files = manifest.map(|manifest| manifest.files).unwrap_or_default();
    files.into_iter().map(|file| (file.path, file.size_bytes)).collect()
}

/// Size and hash of what is read, up to one byte more than `most`.
fn hashed(reader: impl Read, most: u64) -> io::Result<(u64, String)> {
    let mut hash = Sha256::new();
    let mut reader = reader.take(most.saturating_add(1));
    let mut buffer = vec![0; 1 << 16];
    let mut bytes = 0;
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok((bytes, hex::encode(hash.finalize()))),
            read => {
                hash.update(&buffer[..read]);
                bytes += read as u64;
            }
        }
    }
}

fn whole(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(io::Error::other("larger than any pack's"));
    }
    Ok(bytes)
}

/// How a kind of pack hands out its files.
trait Files {
    fn open<T>(
        &mut self,
        path: &str,
        read: impl FnOnce(&mut dyn Read, u64) -> io::Result<T>,
    ) -> io::Result<T>;

    /// Reads what `names` says is there.
    fn found(&mut self, mut names: Names) -> Found {
        let mut found = Found::default();
        for (name, place) in [
            (MANIFEST, &mut found.manifest),
            (SUMS, &mut found.sums),
            (SIGNATURE, &mut found.signature),
        ] {
            if !names.files.remove(name) {
                continue;
            }
            match self.open(name, |reader, _| whole(reader)) {
                Ok(bytes) => *place = Some(bytes),
                Err(error) => {
                    names.problem(PackProblemKind::Unreadable, name, &error.to_string());
                }
            }
        }
        let sizes = sizes(found.manifest.as_deref());
        for path in std::mem::take(&mut names.files) {
            let read = self.open(&path, |reader, size| match sizes.get(&path) {
                Some(most) => hashed(reader, *most),
                None => Ok((size, String::new())), // nobody vouches for it: not worth inflating
            });
            match read {
                Ok(told) => drop(found.files.insert(path, told)),
                Err(error) => {
                    names.problem(PackProblemKind::Unreadable, &path, &error.to_string());
                }
            }
        }
        found.problems = names.problems;
        found
    }
}

struct Zip<R> {
    archive: ZipArchive<R>,
}

impl<R: Read + Seek> Zip<R> {
    fn read(mut self) -> Found {
        let mut names = Names::default();
        if self.archive.has_duplicate_names() {
            names.problem(PackProblemKind::Duplicate, "", "the zip file holds a name twice");
        }
        if !matches!(self.archive.has_overlapping_entries(), Ok(false)) {
            let detail = "entries of the zip file share their bytes, or lie outside of it";
            names.problem(PackProblemKind::Unreadable, "", detail);
            return Found { problems: names.problems, ..Found::default() };
        }
        for index in 0..self.archive.len().min(MOST_ENTRIES) {
            match self.archive.by_index_raw(index) {
                Ok(entry) => names.add_entry(&entry),
                Err(error) => {
                    names.problem(PackProblemKind::Unreadable, "", &error.to_string());
                }
            }
        }
        self.found(names)
    }
}

impl<R: Read + Seek> Files for Zip<R> {
    fn open<T>(
        &mut self,
        path: &str,
        read: impl FnOnce(&mut dyn Read, u64) -> io::Result<T>,
    ) -> io::Result<T> {
        let mut entry = self.archive.by_name(path).map_err(io::Error::from)?;
        let size = entry.size();
        read(&mut entry, size)
    }
}

struct Folder<'p> {
    root: &'p Path,
}

impl Folder<'_> {
    fn read(mut self) -> io::Result<Found> {
        let mut names = Names::default();
        collect(self.root, "", &mut names)?;
        Ok(self.found(names))
    }
}

/// Names below a folder; links are told and not followed.
fn collect(folder: &Path, prefix: &str, names: &mut Names) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type()?;
        if names.files.len() > MOST_ENTRIES {
            return Err(io::Error::other("more files than any pack has"));
        }
        if kind.is_dir() {
            collect(&entry.path(), &format!("{name}/"), names)?;
        } else if kind.is_file() {
            names.add(&name);
        } else {
            let detail = "a link or a device, not a file";
            names.problem(PackProblemKind::NotAFile, &name, detail);
        }
    }
    Ok(())
}

impl Files for Folder<'_> {
    fn open<T>(
        &mut self,
        path: &str,
        read: impl FnOnce(&mut dyn Read, u64) -> io::Result<T>,
    ) -> io::Result<T> {
        let file = File::open(self.root.join(path))?;
        let size = file.metadata()?.len();
        read(&mut BufReader::new(file), size)
    }
}

//! Log objects in a folder, or one file.
//!
//! Symbolic links are followed; a link back to a folder above it is left out, since its files are
//! listed there. Hidden files and folders (names with a leading dot) are left out, except when the
//! user names one.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use walkdir::{DirEntry, WalkDir};

use super::{Error, Fetched, Listing, ObjectEntry, Source, Wanted, spare};
use crate::schema::TimeMs;

/// A folder, with all folders below it, or a single file.
#[derive(Debug, Clone)]
pub struct Local {
    root: PathBuf,
}

impl Local {
    /// The folder or file that the user named; not looked at before it is listed.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }
}

impl Source for Local {
    fn name(&self) -> String {
        self.root.display().to_string()
    }

    fn list(&self, _wanted: &dyn Wanted) -> Result<Listing, Error> {
        let metadata = fs::metadata(&self.root).map_err(|source| no_place(&self.root, source))?;
        let naming = Naming::new(&self.root, metadata.is_dir())?;
        let mut listing = Listing::default();
        if metadata.is_dir() {
            // The root itself must be readable: without it there is nothing to go on with.
            fs::read_dir(&self.root).map_err(|source| no_list(&self.root, source))?;
            walk(&self.root, &naming, &mut listing);
        } else if metadata.is_file() {
            let named = naming.entry(&self.root, &metadata);
            listing.add(named.map(|entry| ObjectEntry { is_named: true, ..entry }));
        } else {
            return Err(Error::NotAFile { location: self.name() });
        }
        keep_apart(&mut listing.objects, &naming);
        listing.objects.sort_by(|a, b| (&a.key, &a.origin).cmp(&(&b.key, &b.origin)));
        Ok(listing)
    }

    fn fetch(&self, object: &ObjectEntry, most: u64) -> Result<Fetched, Error> {
        let expected = usize::try_from(object.size_bytes.min(most)).unwrap_or_default();
        let mut bytes = spare::take();
        let mut read = || {
            // Out of memory is an error like any other, not the end of the run.
            bytes.try_reserve_exact(expected)?;
            fs::File::open(&object.location)?.take(most).read_to_end(&mut bytes)
        };
        read().map_err(|source| Error::Read {
            location: object.location.clone(),
            source: source.into(),
        })?;
        Ok(Fetched { bytes, changed: None })
    }

    /// A copy of a bucket keeps bodies where the bucket has them: in `data/` beside the log.
    fn fetch_named(
        &self,
        url: &str,
        beside: &ObjectEntry,
        most: u64,
    ) -> Result<Option<Vec<u8>>, Error> {
        let name = url.rsplit('/').next().filter(|name| is_file_name(name));
        let folder = Path::new(&beside.location).parent();
        let Some((name, folder)) = name.zip(folder) else { return Ok(None) };
        let path = folder.join("data").join(name);
        let mut bytes = Vec::new();
        match fs::File::open(&path).and_then(|file| file.take(most).read_to_end(&mut bytes)) {
            Ok(_) => Ok(Some(bytes)),
            Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::Read {
                location: path.to_string_lossy().into_owned(),
                source: source.into(),
            }),
        }
    }
}

/// Whether a name that a log gives stays within the folder it is looked for in.
fn is_file_name(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None))
}

/// The part of a path from its last `AWSLogs/` on: the key that the object has in a bucket without
/// prefix, whichever folder above or below `AWSLogs` a copy is reached through. `None` without it.
pub fn portable_key(path: &str) -> Option<&str> {
    const ROOT: &str = "AWSLogs/";
    path.rmatch_indices(ROOT)
        .map(|(at, _)| at)
        .find(|at| *at == 0 || path.as_bytes()[at - 1] == b'/')
        .map(|at| &path[at..])
        .filter(|key| key.len() > ROOT.len())
}

/// Lists the files below `root` in the order of their names.
fn walk(root: &Path, naming: &Naming, listing: &mut Listing) {
    let entries = WalkDir::new(root)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry.file_name()));
    for entry in entries {
        match entry {
            Ok(entry) if entry.file_type().is_file() => listing.add(listed(&entry, naming)),
            Ok(_) => {}
            Err(error) => listing.failures.extend(unlisted(error)),
        }
    }
}

fn listed(entry: &DirEntry, naming: &Naming) -> Result<ObjectEntry, Error> {
    let metadata = entry.metadata().map_err(|error| {
        let source = error.into_io_error().unwrap_or_else(|| io::ErrorKind::Other.into());
        no_list(entry.path(), source)
    })?;
    naming.entry(entry.path(), &metadata)
}

/// The failure to tell; `None` for a link back to a folder above it and for what is hidden.
fn unlisted(error: walkdir::Error) -> Option<Error> {
    let path = error.path().unwrap_or(Path::new("")).to_owned();
    if error.loop_ancestor().is_some() || path.file_name().is_some_and(is_hidden) {
        return None;
    }
    Some(no_list(&path, error.into_io_error().unwrap_or_else(|| io::ErrorKind::Other.into())))
}

impl Listing {
    fn add(&mut self, found: Result<ObjectEntry, Error>) {
        match found {
            Ok(entry) => self.objects.push(entry),
            Err(error) => self.failures.push(error),
        }
    }
}

/// How the files of one source are called.
struct Naming {
    /// The folder that keys are relative to: the source, or the folder of a single file.
    base: PathBuf,
    /// The same folder in full, to tell it from others.
    origin: String,
    /// The `AWSLogs/…` part of the source itself, when the source lies inside of it.
    inside: Option<String>,
}

impl Naming {
    fn new(root: &Path, is_folder: bool) -> Result<Self, Error> {
        let whole = fs::canonicalize(root).map_err(|source| no_list(root, source))?;
        // As the user wrote it first: a link named `AWSLogs` says what it leads to.
        let written = std::path::absolute(root).map_err(|source| no_list(root, source))?;
        let unwinds = written.components().any(|part| part == Component::ParentDir);
        let (base, origin) = if is_folder {
            (root.to_owned(), whole.clone())
        } else {
            let folder = |path: &Path| path.parent().unwrap_or(Path::new("")).to_owned();
            (folder(root), folder(&whole))
        };
        let candidates = [Some(written).filter(|_| !unwinds), Some(whole)];
        let inside = candidates.into_iter().flatten().find_map(|path| {
            let folder = if is_folder { path } else { path.parent()?.to_owned() };
            let text = format!("{}/", slashed(&folder)?);
            portable_or_root(&text).map(str::to_owned)
        });
        Ok(Self { base, origin: slashed(&origin).unwrap_or_default(), inside })
    }

    fn entry(&self, path: &Path, metadata: &Metadata) -> Result<ObjectEntry, Error> {
        let location = path
            .to_str()
            .ok_or_else(|| Error::NameNotUtf8 { location: path.to_string_lossy().into_owned() })?;
        let relative = self.relative(path)?;
        let below_root = format!("{}{relative}", self.inside.as_deref().unwrap_or(""));
        let portable = portable_key(&below_root).map(str::to_owned);
        let changed = metadata.modified().ok().map(since_epoch);
        let nanos = changed.map_or("unknown".to_owned(), |nanos| nanos.to_string());
        Ok(ObjectEntry {
            origin: if portable.is_some() { String::new() } else { self.origin.clone() },
            key: portable.unwrap_or(relative),
            location: location.to_owned(),
            size_bytes: metadata.len(),
            modified: changed.and_then(|nanos| i64::try_from(nanos / 1_000_000).ok()).map(TimeMs),
            fingerprint: format!("{}-{nanos}", metadata.len()),
            is_named: false,
        })
    }

    fn relative(&self, path: &Path) -> Result<String, Error> {
        slashed(path.strip_prefix(&self.base).unwrap_or(path))
            .ok_or_else(|| Error::NameNotUtf8 { location: path.to_string_lossy().into_owned() })
    }
}

/// Two copies of a bucket below one folder have the same `AWSLogs/…` keys. The first, by path, keeps
/// the key; the others are called by their path below the source, so that none replaces another.
fn keep_apart(objects: &mut [ObjectEntry], naming: &Naming) {
    objects.sort_by(|a, b| a.location.cmp(&b.location));
    let mut taken = HashSet::new();
    for object in objects {
        let fresh = taken.insert((object.origin.clone(), object.key.clone()));
        if !fresh && let Ok(relative) = naming.relative(Path::new(&object.location)) {
            object.key = relative;
            object.origin.clone_from(&naming.origin);
        }
    }
}

/// Like [`portable_key`], for a folder with its slash: `…/AWSLogs/` itself counts.
fn portable_or_root(folder: &str) -> Option<&str> {
    let at_root = folder == "AWSLogs/" || folder.ends_with("/AWSLogs/");
    if at_root { Some("AWSLogs/") } else { portable_key(folder) }
}

/// The path with `/` between its parts on every system; `None` if it is not UTF-8.
fn slashed(path: &Path) -> Option<String> {
    let text = path.to_str()?;
    Some(if cfg!(windows) { text.replace('\\', "/") } else { text.to_owned() })
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// Nanoseconds since the epoch, negative before it.
fn since_epoch(time: SystemTime) -> i128 {
    let nanos = |span: std::time::Duration| i128::try_from(span.as_nanos()).unwrap_or(i128::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => nanos(after),
        Err(before) => -nanos(before.duration()),
    }
}

fn no_place(path: &Path, source: io::Error) -> Error {
    if source.kind() == io::ErrorKind::NotFound {
        return Error::NotFound { location: path.to_string_lossy().into_owned() };
    }
    no_list(path, source)
}

fn no_list(path: &Path, source: io::Error) -> Error {
    Error::List { location: path.to_string_lossy().into_owned(), source: source.into() }
}

#[cfg(test)]
mod tests;

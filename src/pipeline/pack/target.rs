//! Where a pack is written: a folder or a zip file, one file after another, each hashed on its way.
//!
//! Everything goes under a temporary name beside the target and gets its name at the end, so that
//! half a pack never looks like one. A zip file has fixed times, permissions and order.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, System, ZipWriter};

use super::super::Error;
use crate::audit::seal::PackFile;

/// A pack that is being written; what was written is gone when it is dropped unfinished.
pub(super) struct Target {
    place: Option<Place>,
    partial: PathBuf,
    path: PathBuf,
    files: Vec<PackFile>,
}

enum Place {
    Folder(PathBuf),
    Zip(Box<ZipWriter<BufWriter<File>>>),
}

impl Target {
    /// Begins a pack: a zip file where the name ends in `.zip`, else a folder, which must be absent
    /// or empty.
    ///
    /// # Errors
    /// When the folder holds something, or nothing can be written there.
    pub(super) fn create(path: &Path) -> Result<Self, Error> {
        let is_zip = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("zip"));
        let is_taken = if is_zip { path.is_dir() } else { path.exists() && !is_empty_folder(path) };
        if is_taken {
            return Err(Error::PackTargetTaken { path: path.to_owned() });
        }
        let mut partial = path.as_os_str().to_owned();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let failed = failed(&partial);
        remove(&partial).map_err(&failed)?;
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            fs::create_dir_all(parent).map_err(&failed)?;
        }
        let place = if is_zip {
            let file = File::create(&partial).map_err(&failed)?;
            Place::Zip(Box::new(ZipWriter::new(BufWriter::new(file))))
        } else {
            fs::create_dir(&partial).map_err(&failed)?;
            Place::Folder(partial.clone())
        };
        Ok(Self { place: Some(place), partial, path: path.to_owned(), files: Vec::new() })
    }

    /// Writes a file; `write` returns its number of rows, if it is a table.
    ///
    /// # Errors
    /// When it can't be written; what `write` returns.
    pub(super) fn file(
        &mut self,
        path: &str,
        write: impl FnOnce(&mut dyn Write) -> Result<Option<u64>, Error>,
    ) -> Result<(), Error> {
        let file = self.unlisted(path, write)?;
        self.files.push(file);
        Ok(())
    }

    /// As [`file`](Self::file), without noting it.
    fn unlisted(
        &mut self,
        path: &str,
        write: impl FnOnce(&mut dyn Write) -> Result<Option<u64>, Error>,
    ) -> Result<PackFile, Error> {
        let failed = failed(&self.partial);
        let listed = |rows, hashing: (u64, String)| PackFile {
            path: path.to_owned(),
            size_bytes: hashing.0,
            sha256: hashing.1,
            rows,
        };
        match &mut self.place {
            Some(Place::Folder(folder)) => {
                let target = folder.join(path);
                if let Some(parent) = target.parent() {
                    fs::create_dir_all(parent).map_err(&failed)?;
                }
                let mut file = BufWriter::new(File::create(&target).map_err(&failed)?);
                let mut hashing = Hashing::new(&mut file);
                let rows = write(&mut hashing)?;
                let told = hashing.finish();
                file.flush().map_err(&failed)?;
                file.get_ref().sync_all().map_err(&failed)?;
                Ok(listed(rows, told))
            }
            Some(Place::Zip(zip)) => {
                zip.start_file(path, options()).map_err(|e| failed(e.into()))?;
                let mut hashing = Hashing::new(zip.as_mut());
                let rows = write(&mut hashing)?;
                Ok(listed(rows, hashing.finish()))
            }
            None => Err(failed(io::Error::other("the pack is finished"))),
        }
    }

    /// What was written so far.
    pub(super) fn files(&self) -> &[PackFile] {
        &self.files
    }

    /// Writes bytes that the manifest doesn't name.
    ///
    /// # Errors
    /// When they can't be written.
    pub(super) fn beside(&mut self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        let failed = failed(&self.partial);
        self.unlisted(path, |out| out.write_all(bytes).map(|()| None).map_err(failed)).map(drop)
    }

    /// Gives the pack its name.
    ///
    /// # Errors
    /// When it can't be made durable or renamed.
    pub(super) fn finish(mut self) -> Result<(), Error> {
        let failed = failed(&self.path);
        match self.place.take() {
            Some(Place::Zip(zip)) => {
                let file = zip.finish().map_err(|error| failed(error.into()))?;
                let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
                file.sync_all().map_err(&failed)?;
            }
            Some(Place::Folder(_)) if self.path.exists() => {
                fs::remove_dir(&self.path).map_err(&failed)?; // it is empty
            }
            _ => {}
        }
        fs::rename(&self.partial, &self.path).map_err(&failed)
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        // A finished pack has another name by now.
        self.place = None;
        remove(&self.partial).ok();
    }
}

/// The same on every system and at any time.
fn options() -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default())
        .unix_permissions(0o644)
        .system(System::Unix)
        .large_file(true)
}

fn is_empty_folder(path: &Path) -> bool {
    fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none())
}

/// Removes what an earlier run left.
fn remove(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
    }
}

fn failed(path: &Path) -> impl Fn(io::Error) -> Error + use<> {
    let path = path.to_owned();
    move |source| Error::Write { path: path.clone(), source }
}

/// Hashes what passes through.
struct Hashing<'w> {
    inner: &'w mut dyn Write,
    hash: Sha256,
    bytes: u64,
}

impl<'w> Hashing<'w> {
    fn new(inner: &'w mut dyn Write) -> Self {
        Self { inner, hash: Sha256::new(), bytes: 0 }
    }

    fn finish(self) -> (u64, String) {
        (self.bytes, hex::encode(self.hash.finalize()))
    }
}

impl Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

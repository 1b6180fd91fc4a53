//! Files that are there whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::Error;

/// Writes a file beside its place and moves it there when it is complete, so that nobody ever reads
/// half of it; a file of the name is replaced. What is there and no file (a pipe, a device) is written
/// into.
///
/// # Errors
/// When the folder can't be written; nothing is left of the attempt then.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return into(path, bytes).map_err(|source| Error::File { path: path.to_owned(), source });
    }
    let partial = beside(path);
    let written = write(&partial, bytes).and_then(|()| fs::rename(&partial, path));
    written.map_err(|source| {
        // What can't be removed was never made.
        fs::remove_file(&partial).ok();
        Error::File { path: path.to_owned(), source }
    })
}

fn into(path: &Path, bytes: &[u8]) -> io::Result<()> {
    File::options().write(true).open(path)?.write_all(bytes)
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A hidden name in the same folder that no other process uses.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.partial", std::process::id()))
}

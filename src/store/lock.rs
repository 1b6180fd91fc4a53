//! One writer at a time, any number of readers.
//!
//! Writers hold an exclusive lock on `write.lock`. Readers hold a shared lock on `read.lock` while
//! they scan, so that a writer sweeps replaced files away only when nobody may still be reading them.
//! Both are advisory locks of the operating system: they vanish with the process that held them.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::{Error, files};

/// Whether to wait for another writer to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnLocked {
    /// Fail at once and say who holds the lock.
    Fail,
    /// Wait until the lock is free.
    Wait,
}

/// An exclusive right, held until dropped.
#[derive(Debug)]
pub(super) struct WriteLock {
    _file: File,
}

/// A reader's mark, held until dropped.
#[derive(Debug)]
pub(super) struct ReadLock {
    file: File,
    path: PathBuf,
}

impl ReadLock {
    /// Runs `work` while this mark is taken away: the one who holds it knows that it isn't scanning.
    pub(super) fn without(&self, work: impl FnOnce() -> Result<(), Error>) -> Result<(), Error> {
        let failed = |source| Error::File { action: "lock", path: self.path.clone(), source };
        self.file.unlock().map_err(failed)?;
        let done = work();
        self.file.lock_shared().map_err(failed)?;
        done
    }
}

pub(super) fn write(root: &Path, on_locked: OnLocked) -> Result<WriteLock, Error> {
    let locked = |holder| Error::Locked { path: root.to_owned(), holder };
    exclusive(&root.join(files::WRITE_LOCK), on_locked, locked)
}

/// The exclusive right to deliver; nobody waits for it.
pub(super) fn deliver(root: &Path) -> Result<WriteLock, Error> {
    let locked = |holder| Error::Delivering { path: root.to_owned(), holder };
    exclusive(&root.join(files::DELIVERIES_LOCK), OnLocked::Fail, locked)
}

fn exclusive(
    path: &Path,
    on_locked: OnLocked,
    locked: impl FnOnce(String) -> Error,
) -> Result<WriteLock, Error> {
    let mut file = files::open_lock_file(path)?;
    let io = |source| Error::File { action: "lock", path: path.to_owned(), source };
    match (file.try_lock(), on_locked) {
        (Ok(()), _) => {}
        (Err(TryLockError::WouldBlock), OnLocked::Wait) => file.lock().map_err(io)?,
        (Err(TryLockError::WouldBlock), OnLocked::Fail) => return Err(locked(holder(&mut file))),
        (Err(TryLockError::Error(source)), _) => return Err(io(source)),
    }
    file.set_len(0)
        .and_then(|()| file.seek(SeekFrom::Start(0)))
        .and_then(|_| write!(file, "{}", std::process::id()))
        .map_err(io)?;
    Ok(WriteLock { _file: file })
}

/// Who wrote its process number into the lock file; the file may be empty or unreadable.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    match file.take(20).read_to_string(&mut text) {
        Ok(_) if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) => {
            format!(" (process {text})")
        }
        _ => String::new(),
    }
}

pub(super) fn read(root: &Path) -> Result<ReadLock, Error> {
    let path = root.join(files::READ_LOCK);
    let file = File::open(&path)
        .and_then(|file| file.lock_shared().map(|()| file))
        .map_err(|source| Error::File { action: "lock", path: path.clone(), source })?;
    Ok(ReadLock { file, path })
}

/// Runs `sweep` if nobody is reading; otherwise leaves it to the next writer.
pub(super) fn if_no_reader(root: &Path, sweep: impl FnOnce()) -> Result<(), Error> {
    let file = files::open_lock_file(&root.join(files::READ_LOCK))?;
    if file.try_lock().is_ok() {
        sweep();
    }
    Ok(())
}

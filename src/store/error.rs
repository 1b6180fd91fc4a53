//! What can go wrong with a store, and what to do about it.

use std::path::PathBuf;

use polars::prelude::PolarsError;

/// Opening, reading or writing the store failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is nothing at the path.
    #[error("there is no store at `{}`", path.display())]
    Missing {
        /// The store's folder.
        path: PathBuf,
    },
    /// The folder holds other things.
    #[error("`{}` is not a bedrock-lens store", path.display())]
    NotAStore {
        /// The folder.
        path: PathBuf,
    },
    /// Written by a later version of the tool.
    #[error("the store at `{}` has format {found}, this version reads up to {supported}", path.display())]
    Newer {
        /// The store's folder.
        path: PathBuf,
        /// The store's format.
        found: i64,
        /// The newest format this version knows.
        supported: i64,
    },
    /// Another process is writing.
    #[error("the store at `{}` is being written by another process{holder}", path.display())]
    Locked {
        /// The store's folder.
        path: PathBuf,
        /// Who holds the lock, as a phrase such as ` (process 4711)`; may be empty.
        holder: String,
    },
    /// Another process is delivering.
    #[error("another process is sending from the store at `{}`{holder}", path.display())]
    Delivering {
        /// The store's folder.
        path: PathBuf,
        /// Who holds the lock, as a phrase such as ` (process 4711)`; may be empty.
        holder: String,
    },
    /// `SQLite` refused the ledger of deliveries.
    #[error("could not use the ledger of deliveries `{}`", path.display())]
    Ledger {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// The file system refused.
    #[error("could not {action} `{}`", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// `SQLite` refused.
    #[error("could not {action} the catalogue `{}`", path.display())]
    Catalog {
        /// What was tried.
        action: &'static str,
        /// The catalogue file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// Polars could not read or write a segment.
    #[error("could not {action} `{}`", path.display())]
    Segment {
        /// What was tried.
        action: &'static str,
        /// The segment file or the folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: PolarsError,
    },
    /// The operating system has no randomness to make a key of.
    #[error("could not make the key for prompt hashes: no randomness from the system")]
    NoRandomness,
}

impl Error {
    /// What the user can do next.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Missing { .. } => Some(
                "run `bedrock-lens ingest SOURCE` first, or name the store with `--store DIR`"
                    .into(),
            ),
            Self::NotAStore { .. } => {
                Some("name an empty or new folder with `--store DIR`; nothing was changed".into())
            }
            Self::Newer { .. } => Some("update bedrock-lens; nothing was changed".into()),
            Self::Locked { .. } => {
                Some("wait for it to end, or use `--wait`; reading is possible meanwhile".into())
            }
            Self::Delivering { .. } => {
                Some("wait for it to end; what it sends is not sent by another run".into())
            }
            Self::Ledger { source, .. } => ledger_hint(source),
            Self::File { action: "lock", .. } => {
                Some("does this file system have locks? put the store on a local disk".into())
            }
            Self::File { source, .. } => file_hint(source),
            Self::Catalog { source, .. } => catalog_hint(source),
            Self::Segment { source: PolarsError::IO { error, .. }, .. } => file_hint(error),
            Self::Segment { .. } => {
                Some("`bedrock-lens store verify` names every damaged file".into())
            }
            Self::NoRandomness => None,
        }
    }
}

fn file_hint(source: &std::io::Error) -> Option<String> {
    use std::io::ErrorKind;
    match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Some(FULL.into()),
        ErrorKind::PermissionDenied => {
            Some("the store's folder and files must be readable and writable for this user".into())
        }
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            Some("the store is a folder; name a new or empty one with `--store DIR`".into())
        }
        ErrorKind::ReadOnlyFilesystem => {
            Some("the file system is read-only; name another folder with `--store DIR`".into())
        }
        _ => None,
    }
}

fn catalog_hint(source: &rusqlite::Error) -> Option<String> {
    match source.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DiskFull) => Some(FULL.into()),
        Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => Some(
            "the catalogue is damaged: restore the folder from a backup, or ingest into a new store".into(),
        ),
        Some(rusqlite::ErrorCode::ReadOnly | rusqlite::ErrorCode::CannotOpen) => {
            Some("the store's folder must be readable and writable for this user".into())
        }
        _ => None,
    }
}

fn ledger_hint(source: &rusqlite::Error) -> Option<String> {
    match source.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => Some(
            "the ledger is damaged: move it away, and know that without it everything counts as not sent"
                .into(),
        ),
        _ => catalog_hint(source),
    }
}

const FULL: &str = "the disk is full; what was committed before is kept, free some space and run the same command again";

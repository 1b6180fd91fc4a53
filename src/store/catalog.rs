//! The catalogue: which objects were read and which files are live. `SQLite`, the store's one truth.
//!
//! A commit is one transaction here; Parquet files that no row names do not exist for readers.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Row, Transaction, params};
use serde::Serialize;

use super::{Error, files};
use crate::period::Period;
use crate::schema::Table;

/// Format of the store; a reader refuses a later one.
pub(super) const FORMAT: i64 = 1;

const SCHEMA: &str = "
CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE objects (
    id INTEGER PRIMARY KEY,
    object TEXT NOT NULL UNIQUE,
    fingerprint TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    modified_ms INTEGER,
    kind TEXT,
    account TEXT,
    region TEXT,
    skipped TEXT,
    bytes_uncompressed INTEGER NOT NULL,
    invocations INTEGER NOT NULL,
    api_events INTEGER NOT NULL,
    rejects INTEGER NOT NULL,
    ingested_ms INTEGER NOT NULL
);
CREATE TABLE segments (
    id INTEGER PRIMARY KEY,
    tbl TEXT NOT NULL,
    day TEXT NOT NULL,
    path TEXT NOT NULL UNIQUE,
    rows INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL
);
CREATE INDEX segments_by_day ON segments (tbl, day);
CREATE TABLE contents (
    object_id INTEGER NOT NULL,
    segment_id INTEGER NOT NULL,
    PRIMARY KEY (object_id, segment_id)
) WITHOUT ROWID;
CREATE INDEX contents_by_segment ON contents (segment_id);
CREATE TABLE corrections (
    segment_id INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    PRIMARY KEY (segment_id, event_id)
) WITHOUT ROWID;
CREATE TABLE repeats (
    tbl TEXT NOT NULL,
    day TEXT NOT NULL,
    path TEXT NOT NULL UNIQUE,
    rows INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (tbl, day)
) WITHOUT ROWID;
CREATE TABLE numbers (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO numbers VALUES ('file', 0);
";

/// An object that was read, or found to hold no log by nature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectEntry {
    /// Bucket and key, or the path below the source folder.
    pub object: String,
    /// `ETag`, or size and modification time: a changed object has another.
    pub fingerprint: String,
    /// Stored (compressed) size.
    pub size_bytes: u64,
    /// Last modification, milliseconds UTC.
    pub modified_ms: Option<i64>,
    /// `invocations`, `cloudtrail`, …; null when neither path nor content told.
    pub kind: Option<String>,
    /// Account in the path.
    pub account: Option<String>,
    /// Region in the path.
    pub region: Option<String>,
    /// Why it holds no rows by nature (a digest, an offloaded body, …).
    pub skipped: Option<&'static str>,
    /// Size after inflating.
    pub bytes_uncompressed: u64,
    /// SHA-256 of its bytes as stored, hex; where the ingest was asked for it.
    pub sha256: Option<String>,
}

/// A live Parquet file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileEntry {
    /// Its table.
    pub table: Table,
    /// The UTC day its rows belong to.
    pub day: NaiveDate,
    /// Path below the store.
    pub path: String,
    /// Rows in it.
    pub rows: u64,
    /// Size of the file.
    pub size_bytes: u64,
    /// SHA-256 of the file, hex.
    pub sha256: String,
}

/// An open catalogue.
pub(super) struct Catalog {
    connection: Connection,
    path: PathBuf,
}

impl Catalog {
    /// Opens the catalogue of an existing store for writing; `None` when it was never initialised.
    pub(super) fn open(root: &Path) -> Result<Option<Self>, Error> {
        let path = root.join(files::CATALOG);
        let connection = Connection::open(&path).map_err(failed("open", &path))?;
        let catalog = Self { connection, path };
        catalog.run("set up", |c| {
            c.busy_timeout(BUSY)?;
            c.pragma_update(None, "journal_mode", "WAL")?;
            c.pragma_update(None, "synchronous", "FULL")
        })?;
        catalog.of_known_format(root)
    }

    /// Opens the catalogue of an existing store for reading, as it is at this moment: later commits
    /// are not seen. `None` when it was never initialised.
    pub(super) fn open_as_it_is(root: &Path) -> Result<Option<Self>, Error> {
        let path = root.join(files::CATALOG);
        let connection = match pinned(&path, &path, OpenFlags::default()) {
            Err(error) if no_place_for_wal(&error) && !has_wal(&path) => {
                let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
                pinned(&path, Path::new(&immutable_uri(&path)), flags)?
            }
            other => other?,
        };
        Self { connection, path }.of_known_format(root)
    }

    fn of_known_format(self, root: &Path) -> Result<Option<Self>, Error> {
        match self.format()? {
            None => Ok(None),
            Some(found) if found > FORMAT => {
                Err(Error::Newer { path: root.to_owned(), found, supported: FORMAT })
            }
            Some(_) => Ok(Some(self)),
        }
    }

    /// Creates the catalogue of a new store.
    pub(super) fn create(root: &Path, prompt_key: [u8; 32]) -> Result<Self, Error> {
        let path = root.join(files::CATALOG);
        let mut connection = Connection::open(&path).map_err(failed("create", &path))?;
        let create = |connection: &mut Connection| {
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            let transaction = connection.transaction()?;
            transaction.execute_batch(SCHEMA)?;
            transaction.execute("INSERT INTO meta VALUES ('prompt_key', ?1)", [&prompt_key[..]])?;
            transaction.pragma_update(None, "user_version", FORMAT)?;
            transaction.commit()
        };
        create(&mut connection).map_err(failed("create", &path))?;
        Ok(Self { connection, path })
    }

    fn format(&self) -> Result<Option<i64>, Error> {
        let version: i64 =
            self.run("read", |c| c.pragma_query_value(None, "user_version", |row| row.get(0)))?;
        Ok((version > 0).then_some(version))
    }

    fn run<T>(
        &self,
        action: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        work(&self.connection).map_err(failed(action, &self.path))
    }

    pub(super) fn prompt_key(&self) -> Result<[u8; 32], Error> {
        self.run("read", |c| {
            c.query_row("SELECT value FROM meta WHERE key = 'prompt_key'", [], |row| row.get(0))
        })
    }

    /// The day before which everything was pruned.
    pub(super) fn floor(&self) -> Result<Option<NaiveDate>, Error> {
        self.run("read", |c| {
            let floor: Option<String> = c
                .query_row("SELECT value FROM meta WHERE key = 'floor'", [], |row| row.get(0))
                .optional()?;
            floor.map(|text| as_day(&text, 0)).transpose()
        })
    }

    /// Live segments of a table whose day lies in `[from, to]`, sorted by day and path.
    pub(super) fn segments(&self, table: Table, days: Days) -> Result<Vec<FileEntry>, Error> {
        self.run("read", |c| files_in(c, "segments", table, days))
    }

    /// Live files of repeated rows, like [`Self::segments`].
    pub(super) fn repeats(&self, table: Table, days: Days) -> Result<Vec<FileEntry>, Error> {
        self.run("read", |c| files_in(c, "repeats", table, days))
    }

    /// Live segments that hold rows of any of these objects.
    pub(super) fn segments_of(&self, objects: &[String]) -> Result<Vec<FileEntry>, Error> {
        self.run("read", |c| {
            let mut ids: BTreeSet<i64> = BTreeSet::new();
            let mut query = c.prepare_cached(
                "SELECT contents.segment_id FROM contents
                 JOIN objects ON objects.id = contents.object_id WHERE objects.object = ?1",
            )?;
            for object in objects {
                for id in query.query_map([object], |row| row.get(0))? {
                    ids.insert(id?);
                }
            }
            let mut query = c.prepare_cached(
                "SELECT tbl, day, path, rows, size_bytes, sha256 FROM segments WHERE id = ?1",
            )?;
            ids.into_iter().map(|id| query.query_row([id], file_entry)).collect()
        })
    }

    /// The ids of events that rows of live segments correct, without those of `left_out`.
    pub(super) fn corrected(&self, left_out: &[FileEntry]) -> Result<BTreeSet<String>, Error> {
        let left_out: BTreeSet<&str> = left_out.iter().map(|file| file.path.as_str()).collect();
        self.run("read", |c| {
            let mut found = BTreeSet::new();
            let mut query = c.prepare_cached(
                "SELECT segments.path, corrections.event_id FROM corrections
                 JOIN segments ON segments.id = corrections.segment_id",
            )?;
            let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            for row in rows {
                let (path, event): (String, String) = row?;
                if !left_out.contains(path.as_str()) {
                    found.insert(event);
                }
            }
            Ok(found)
        })
    }

    /// Which of these objects are in the catalogue, in whatever version.
    pub(super) fn present<'a>(
        &self,
        objects: impl Iterator<Item = &'a str>,
    ) -> Result<Vec<String>, Error> {
        self.run("read", |c| {
            let mut query = c.prepare_cached("SELECT 1 FROM objects WHERE object = ?1")?;
            let mut found = Vec::new();
            for object in objects {
                if query.exists([object])? {
                    found.push(object.to_owned());
                }
            }
            Ok(found)
        })
    }

    /// The highest number that a live or once live file bears in its name.
    pub(super) fn last_file_number(&self) -> Result<i64, Error> {
        self.run("read", |c| {
            c.query_row("SELECT value FROM numbers WHERE name = 'file'", [], |row| row.get(0))
        })
    }

    /// Runs one all-or-nothing change.
    pub(super) fn change(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), Error> {
        let run = |connection: &mut Connection| {
            let transaction = connection.transaction()?;
            work(&transaction)?;
            transaction.commit()
        };
        run(&mut self.connection).map_err(failed("write", &self.path))
    }

    /// Runs a read that another part of the store spells in SQL.
    pub(super) fn query<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        self.run("read", work)
    }
}

/// How long to wait for another process that holds the catalogue for a moment.
const BUSY: std::time::Duration = std::time::Duration::from_secs(30);

/// A connection inside a transaction that has begun to read: it stays on this state.
fn pinned(path: &Path, name: &Path, flags: OpenFlags) -> Result<Connection, Error> {
    let open = || {
        let connection = Connection::open_with_flags(name, flags)?;
        connection.busy_timeout(BUSY)?;
        connection.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema")?;
        Ok(connection)
    };
    open().map_err(failed("open", path))
}

/// Reading beside a writer takes a file for their shared memory, which a folder that is read-only
/// has no place for.
fn no_place_for_wal(error: &Error) -> bool {
    let Error::Catalog { source, .. } = error else { return false };
    matches!(source.sqlite_error_code(), Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen))
}

/// Whether commits wait in the write-ahead log: without them the catalogue would be an older one.
fn has_wal(path: &Path) -> bool {
    let mut wal = path.as_os_str().to_owned();
    wal.push("-wal");
    std::fs::metadata(wal).is_ok_and(|wal| wal.len() > 0)
}

/// Tells `SQLite` that nobody can write this file.
fn immutable_uri(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            // Writing to a string can't fail.
            write!(uri, "%{byte:02X}").ok();
        }
    }
    uri + "?immutable=1"
}

/// An inclusive range of UTC days; either end may be open.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Days {
    pub(super) first: Option<NaiveDate>,
    pub(super) last: Option<NaiveDate>,
}

impl Days {
    pub(super) const ALL: Self = Self { first: None, last: None };

    /// Those that a period touches.
    pub(super) fn of(period: Option<Period>) -> Self {
        period.map_or(Self::ALL, |period| {
            let (first, last) = period.utc_days();
            Self { first: Some(first), last: Some(last) }
        })
    }

    /// With so many days more.
    pub(super) fn widened(self, before: u64, after: u64) -> Self {
        let days = chrono::Days::new;
        Self {
            first: self.first.and_then(|day| day.checked_sub_days(days(before))),
            last: self.last.and_then(|day| day.checked_add_days(days(after))),
        }
    }

    pub(super) fn one(day: NaiveDate) -> Self {
        Self { first: Some(day), last: Some(day) }
    }

    pub(super) fn hold(self, day: NaiveDate) -> bool {
        self.first.is_none_or(|first| first <= day) && self.last.is_none_or(|last| day <= last)
    }
}

fn files_in(
    connection: &Connection,
    kind: &str,
    table: Table,
    days: Days,
) -> rusqlite::Result<Vec<FileEntry>> {
    let text = |day: Option<NaiveDate>| day.map(|day| day.to_string());
    connection
        .prepare_cached(&format!(
            "SELECT tbl, day, path, rows, size_bytes, sha256 FROM {kind}
             WHERE tbl = ?1 AND (?2 IS NULL OR day >= ?2) AND (?3 IS NULL OR day <= ?3)
             ORDER BY day, path"
        ))?
        .query_map(params![table.name(), text(days.first), text(days.last)], file_entry)?
        .collect()
}

fn file_entry(row: &Row<'_>) -> rusqlite::Result<FileEntry> {
    let table: String = row.get(0)?;
    let day: String = row.get(1)?;
    Ok(FileEntry {
        table: Table::from_name(&table)
            .ok_or_else(|| invalid(0, format!("unknown table `{table}`")))?,
        day: as_day(&day, 1)?,
        path: row.get(2)?,
        rows: row.get::<_, i64>(3)?.unsigned_abs(),
        size_bytes: row.get::<_, i64>(4)?.unsigned_abs(),
        sha256: row.get(5)?,
    })
}

fn as_day(text: &str, column: usize) -> rusqlite::Result<NaiveDate> {
    text.parse().map_err(|_| invalid(column, format!("`{text}` is not a day")))
}

fn invalid(column: usize, what: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, what.into())
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(rusqlite::Error) -> Error {
    move |source| Error::Catalog { action, path: path.to_owned(), source }
}

//! What has been ingested and where it lies: a `SQLite` catalogue and Parquet segments by UTC day.
//!
//! A reader sees all of a commit or nothing; one writer at a time, any number of readers. The store
//! holds no prompt or completion text: `records` gives it none. Files are private to the user.
//!
//! ```text
//! catalog.sqlite                                 objects read, live files, the prompt-hash key
//! invocations/day=2026-11-09/000000000017.parquet   rows; likewise api_events, rejects, sensitive
//! repeats/invocations/day=2026-11-09/….parquet   rows that repeat another row's call
//! deliveries.sqlite                              what was delivered to whom
//! aws-profiles.json                              what AWS said of application inference profiles
//! summaries/requests/day=2026-11-09/….parquet    the day's rows summed up; made anew when missing
//! reports/….json                                 key figures and findings of reports made from it
//! ```

mod alerts;
mod catalog;
mod commit;
mod compact;
mod deliveries;
mod encode;
mod entries;
mod error;
mod files;
mod history;
mod info;
mod lock;
mod objects;
pub mod profiles;
mod prune;
mod published;
mod recount;
mod repeats;
pub mod reports;
mod seen;
mod segment;
mod staged;
mod summaries;
mod verify;

use std::cell::Cell;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use polars::prelude::{Expr, LazyFrame, PolarsResult, col, lit};

pub use alerts::{AlertLedger, KeptAlert, KeptCheck};
pub use catalog::{FileEntry, ObjectEntry};
pub use commit::{Committed, ReadObject};
pub use compact::Compaction;
pub use deliveries::{Claim, Deliveries, Item, Settled};
pub use error::Error;
pub use history::Completed;
pub use info::{Freshness, Info, KindCount, ObjectsIn, TableInfo};
pub use lock::OnLocked;
pub use objects::ObjectRead;
pub use prune::Pruning;
pub use published::{FigureKey, PublishedFigure};
pub use segment::sha256;
pub use summaries::{Summed, SummedDay};
pub use verify::{Problem, Verification};

use crate::period::Period;
use crate::records::PromptKey;
use crate::schema::{Kind, Table, api_event, invocation, reject, sensitive, service_metric};
use catalog::{Catalog, Days};

/// A store opened for reading, as it was at that moment: every question is answered from one state.
pub struct Reader {
    root: PathBuf,
    catalog: Catalog,
    lock: lock::ReadLock,
}

/// A store opened for writing; others may read meanwhile.
pub struct Writer {
    reader: Reader,
    /// The highest number given to a file name so far.
    last_file: Cell<i64>,
    /// The same when the store was opened: files with higher numbers are of this run.
    first_file: i64,
    /// Ids of the days written so far.
    seen: seen::SeenIds,
    /// Memory in which files are put together.
    file_bytes: Cell<Vec<u8>>,
    _lock: lock::WriteLock,
}

impl Reader {
    /// Opens an existing store.
    ///
    /// # Errors
    /// When there is none, it is of a later format, or can't be read.
    pub fn open(root: &Path) -> Result<Self, Error> {
        if !Self::exists(root) {
            return Err(absent(root));
        }
        let lock = lock::read(root)?;
        let catalog = Catalog::open_as_it_is(root)?
            .ok_or_else(|| Error::Missing { path: root.to_owned() })?;
        Ok(Self { root: root.to_owned(), catalog, lock })
    }

    /// Opens a store if there is one: none too where a run was killed before it had made one.
    ///
    /// # Errors
    /// When it is of a later format, or can't be read.
    pub fn open_if_any(root: &Path) -> Result<Option<Self>, Error> {
        if !Self::exists(root) {
            return Ok(None);
        }
        match Self::open(root) {
            Err(Error::Missing { .. }) => Ok(None),
            other => other.map(Some),
        }
    }

    /// Whether there is a store in the folder.
    pub fn exists(root: &Path) -> bool {
        root.join(files::CATALOG).is_file()
    }

    /// The store's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The rows of a table that count, each call once; lazily. `period` selects by time, half-open:
    /// by `event_time`, for rejects by `object_time`.
    ///
    /// # Errors
    /// When the catalogue or a file can't be read.
    pub fn scan(&self, table: Table, period: Option<Period>) -> Result<LazyFrame, Error> {
        let days = Days::of(period);
        let segments = self.catalog.segments(table, days)?;
        let repeats = self.catalog.repeats(table, days)?;
        self.rows_that_count(table, &segments, &repeats)
            .map(|rows| match period.and_then(|period| left_to_rows(table, period)) {
                Some(condition) => rows.filter(condition),
                None => rows,
            })
            .map_err(|source| Error::Segment { action: "scan", path: self.root.clone(), source })
    }

    fn rows_that_count(
        &self,
        table: Table,
        segments: &[FileEntry],
        repeats: &[FileEntry],
    ) -> PolarsResult<LazyFrame> {
        let paths = |files: &[FileEntry]| -> Vec<PathBuf> {
            files.iter().map(|file| self.root.join(&file.path)).collect()
        };
        let rows = segment::scan(&paths(segments), table.schema())?;
        if repeats.is_empty() {
            return Ok(rows);
        }
        let listed = segment::scan(&paths(repeats), repeats::schema())?.collect()?;
        repeats::without(rows, &listed)
    }

    /// The live files of every table, by table, day and path.
    ///
    /// # Errors
    /// When the catalogue can't be read.
    pub fn live_files(&self) -> Result<Vec<FileEntry>, Error> {
        let mut found = Vec::new();
        for table in Table::ALL {
            found.extend(self.catalog.segments(table, Days::ALL)?);
        }
        Ok(found)
    }
}

impl Writer {
    /// Opens a store for writing, creating it if the folder is absent or empty, and sweeps away
    /// what a killed writer left.
    ///
    /// # Errors
    /// When another process writes, the folder holds other things, or it can't be written.
    pub fn open(root: &Path, on_locked: OnLocked) -> Result<Self, Error> {
        let is_new = !Reader::exists(root);
        if is_new && holds_other_things(root) {
            return Err(Error::NotAStore { path: root.to_owned() });
        }
        files::create_private_folder(root)?;
        let write_lock = lock::write(root, on_locked)?;
        files::open_lock_file(&root.join(files::READ_LOCK))?;
        // Before `SQLite` would create it, readable for others.
        files::create_catalog_file(root)?;
        let catalog = match Catalog::open(root)? {
            Some(catalog) => catalog,
            None => Catalog::create(root, new_key()?)?,
        };
        sweep(root, &catalog)?;
        let lock = lock::read(root)?;
        let first_file = catalog.last_file_number()?;
        let last_file = Cell::new(first_file);
        let reader = Reader { root: root.to_owned(), catalog, lock };
        let seen = seen::SeenIds::default();
        let file_bytes = Cell::default();
        Ok(Self { reader, last_file, first_file, seen, file_bytes, _lock: write_lock })
    }

    /// The key of the store's prompt hashes.
    ///
    /// # Errors
    /// When the catalogue can't be read.
    pub fn prompt_key(&self) -> Result<PromptKey, Error> {
        self.reader.catalog.prompt_key().map(PromptKey)
    }

    /// Deletes the files that commits of this run have replaced, unless somebody else is reading.
    fn sweep_replaced(&self) -> Result<(), Error> {
        self.reader.lock.without(|| sweep(&self.reader.root, &self.reader.catalog))
    }

    /// The same store for reading.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }
}

fn absent(root: &Path) -> Error {
    if holds_other_things(root) {
        Error::NotAStore { path: root.to_owned() }
    } else {
        Error::Missing { path: root.to_owned() }
    }
}

/// Whether this is a file, or a folder with anything but what a store that is being created holds.
fn holds_other_things(root: &Path) -> bool {
    let own = [
        files::CATALOG,
        files::WRITE_LOCK,
        files::READ_LOCK,
        files::PROFILES,
        files::DELIVERIES,
        files::DELIVERIES_JOURNAL,
        files::DELIVERIES_LOCK,
        files::REPORTS,
        files::SUMMARIES,
        files::ALERTS,
    ];
    if root.is_file() {
        return true;
    }
    std::fs::read_dir(root).is_ok_and(|entries| {
        entries.flatten().any(|entry| !own.iter().any(|name| entry.file_name() == *name))
    })
}

fn new_key() -> Result<[u8; 32], Error> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|_| Error::NoRandomness)?;
    Ok(key)
}

/// Deletes Parquet files that the catalogue doesn't name, unless somebody may still be reading them.
fn sweep(root: &Path, catalog: &Catalog) -> Result<(), Error> {
    let mut leftovers = verify::leftovers(root, catalog)?;
    leftovers.extend(summaries::outdated(root, catalog)?);
    if leftovers.is_empty() {
        return Ok(());
    }
    lock::if_no_reader(root, || {
        for path in leftovers {
            // What can't be deleted now is tried again by the next writer; it is never read.
            std::fs::remove_file(root.join(path)).ok();
        }
    })
}

/// What is to be asked of each row of a period, once the files of its days are chosen: nothing of a
/// period that begins and ends at midnight UTC.
///
/// Rows without a time lie under the epoch, so that a period with that day is asked of every row.
fn left_to_rows(table: Table, period: Period) -> Option<Expr> {
    let time = match table {
        Table::Invocations => invocation::EVENT_TIME,
        Table::ApiEvents => api_event::EVENT_TIME,
        Table::Rejects => reject::OBJECT_TIME,
        Table::Sensitive => sensitive::EVENT_TIME,
        Table::ServiceMetrics => service_metric::HOUR_TIME,
    };
    let (first, last) = period.utc_days();
    let has_timeless = (first..=last).contains(&NaiveDate::default());
    let is_asked =
        |at: DateTime<Utc>| has_timeless || period.to <= period.from || at.time() != NaiveTime::MIN;
    let instant = |at: DateTime<Utc>| lit(at.timestamp_millis()).cast(Kind::Time.data_type());
    let from = is_asked(period.from).then(|| col(time).gt_eq(instant(period.from)));
    let to = is_asked(period.to).then(|| col(time).lt(instant(period.to)));
    from.into_iter().chain(to).reduce(Expr::and)
}

#[cfg(test)]
mod tests;

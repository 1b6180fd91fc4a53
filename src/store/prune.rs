//! Dropping whole days from the store: `store prune --before DATE`.
//!
//! The date stays in the catalogue as a floor: rows of earlier days that come again, by a late or a
//! changed object, are counted and left out. Objects stay known, so that they are not read again.
//! Rows whose time is unknown belong to no day and stay.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate};
use polars::prelude::{DataType, PolarsResult, col, len};
use rusqlite::{Transaction, params};
use serde::Serialize;

use super::catalog::FileEntry;
use super::entries::{put_last_file, put_repeats, put_segments};
use super::staged::{Staged, day_of};
use super::{Error, Reader, Writer, files, segment};
use crate::records::Decoded;
use crate::schema::invocation::OBJECT;
use crate::schema::usage::derived::COUNT;
use crate::schema::{Row, Table};

/// What pruning dropped, or would drop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pruning {
    /// The first UTC day that is kept.
    pub before: NaiveDate,
    /// Days with rows that are dropped.
    pub days: u64,
    /// Live files dropped.
    pub files: u64,
    /// Their size, bytes.
    pub bytes: u64,
    /// Rows dropped, repeats included.
    pub invocations: u64,
    /// Likewise.
    pub api_events: u64,
    /// Likewise.
    pub rejects: u64,
}

impl Reader {
    /// The UTC day before which everything was pruned, if anything was.
    ///
    /// # Errors
    /// When the catalogue can't be read.
    pub fn floor(&self) -> Result<Option<NaiveDate>, Error> {
        self.catalog.floor()
    }

    /// What [`Writer::prune`] would drop.
    ///
    /// # Errors
    /// When the catalogue can't be read.
    pub fn pruning(&self, before: NaiveDate) -> Result<Pruning, Error> {
        let files = self.files_before(before)?;
        let rows = |table| files.iter().filter(|f| f.table == table).map(|file| file.rows).sum();
        Ok(Pruning {
            before,
            days: files.iter().map(|file| file.day).collect::<BTreeSet<_>>().len() as u64,
            files: files.len() as u64,
            bytes: files.iter().map(|file| file.size_bytes).sum(),
            invocations: rows(Table::Invocations),
            api_events: rows(Table::ApiEvents),
            rejects: rows(Table::Rejects),
        })
    }

    fn files_before(&self, before: NaiveDate) -> Result<Vec<FileEntry>, Error> {
        let mut files = self.live_files()?;
        files.retain(|file| is_pruned(file.day, Some(before)));
        Ok(files)
    }
}

impl Writer {
    /// Drops every row of the days before this one, and keeps it from coming back.
    ///
    /// # Errors
    /// When a file can't be read or the catalogue can't be written. Then nothing is dropped.
    pub fn prune(&mut self, before: NaiveDate) -> Result<Pruning, Error> {
        let pruning = self.reader.pruning(before)?;
        let floor = self.reader.floor()?.map_or(before, |floor| floor.max(before));
        let replaced = self.reader.files_before(before)?;
        let counts = self.rows_by_object(&replaced)?;
        let mut staged = Staged::without(replaced);
        // An event that only a dropped one corrected counts again.
        self.stage_repeats(&mut staged)?;
        let last_file = self.last_file.get();
        self.reader.catalog.change(|change| {
            put_floor(change, floor)?;
            forget_rows(change, &counts)?;
            put_segments(change, &staged)?;
            put_repeats(change, &staged)?;
            put_last_file(change, last_file)
        })?;
        self.sweep_replaced()?;
        Ok(pruning)
    }

    /// How many rows of which object lie in these files, by table.
    fn rows_by_object(&self, files: &[FileEntry]) -> Result<BTreeMap<(Table, String), i64>, Error> {
        let mut counts = BTreeMap::new();
        // Of what a scan found, and of CloudWatch's figures, the catalogue keeps no number.
        let counted = |table: &Table| !matches!(table, Table::Sensitive | Table::ServiceMetrics);
        for table in Table::ALL.into_iter().filter(counted) {
            let of_table = files.iter().filter(|file| file.table == table);
            let paths: Vec<String> = of_table.map(|file| file.path.clone()).collect();
            let found = count_objects(&files::absolute(&self.reader.root, &paths), table)
                .map_err(|source| self.segment_error("count the rows in", source))?;
            counts.extend(found.into_iter().map(|(object, rows)| ((table, object), rows)));
        }
        Ok(counts)
    }
}

fn count_objects(paths: &[std::path::PathBuf], table: Table) -> PolarsResult<Vec<(String, i64)>> {
    let counts = segment::scan(paths, table.schema())?
        .group_by([col(OBJECT)])
        .agg([len().cast(DataType::Int64).alias(COUNT)])
        .collect()?;
    let (objects, rows) = (counts.column(OBJECT)?.str()?, counts.column(COUNT)?.i64()?);
    let pairs = objects.iter().zip(rows.iter());
    Ok(pairs.map(|(object, n)| (object.unwrap_or_default().to_owned(), n.unwrap_or(0))).collect())
}

/// Takes the rows of pruned days out of an object, and adds their number to `pruned`: invocations,
/// API events.
pub(super) fn leave_out(decoded: &mut Decoded, floor: Option<NaiveDate>, pruned: &mut [u64; 2]) {
    if floor.is_none() {
        return;
    }
    let is_kept = |time| !is_pruned(day_of(time), floor);
    pruned[0] += decoded.invocations.retain(is_kept) as u64;
    pruned[1] += decoded.api_events.retain(is_kept) as u64;
    decoded.rejects.retain(|reject| is_kept(reject.partition_time()));
    decoded.sensitive.retain(|found| is_kept(found.partition_time()));
    decoded.service_metrics.retain(|metric| is_kept(metric.partition_time()));
}

/// Whether rows of this day are gone. Rows without a time lie under the epoch's day.
fn is_pruned(day: NaiveDate, floor: Option<NaiveDate>) -> bool {
    floor.is_some_and(|floor| day < floor) && day != DateTime::UNIX_EPOCH.date_naive()
}

fn put_floor(change: &Transaction<'_>, floor: NaiveDate) -> rusqlite::Result<()> {
    change
        .execute("INSERT OR REPLACE INTO meta VALUES ('floor', ?1)", [floor.to_string()])
        .map(drop)
}

/// The catalogue says of each object how many of its rows the store holds.
fn forget_rows(
    change: &Transaction<'_>,
    counts: &BTreeMap<(Table, String), i64>,
) -> rusqlite::Result<()> {
    for ((table, object), rows) in counts {
        let name = table.name(); // the columns are named like the tables
        change
            .prepare_cached(&format!("UPDATE objects SET {name} = {name} - ?2 WHERE object = ?1"))?
            .execute(params![object, rows])?;
    }
    Ok(())
}

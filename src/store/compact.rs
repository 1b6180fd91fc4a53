//! Merging the small files of a day into few: `store compact`, and a little of it after an ingest.
//!
//! Rows move with their lineage, so replacing an object and the lists of repeated rows work on the
//! merged file as they did on the small ones, and no answer changes. Each merge is a transaction of
//! its own: killed anywhere, what was merged stays merged and the rest is as before. Readers keep the
//! files they hold; what is replaced is deleted when nobody reads.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::Serialize;

use super::catalog::FileEntry;
use super::entries::{put_last_file, put_segments};
use super::staged::Staged;
use super::{Error, Reader, Writer, files, segment};
use crate::schema::Table;

/// Rows of a merged file at most: about 250 MB in memory while it is written, 15 MB on disk.
const TARGET_ROWS: u64 = 250_000;
/// Bytes of the files merged into one at most.
const TARGET_BYTES: u64 = 64 << 20;
/// Small files that a day which is still being added to may have; with one more they are merged.
const OPEN_DAY_FILES: usize = 8;
/// Rows that the merging after one ingest moves, or one merge if that is more.
const ROWS_PER_INGEST: u64 = TARGET_ROWS;

/// What a compaction did, or would do. Lists of repeated rows, one file a day, are not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Compaction {
    /// Live files before.
    pub files_before: u64,
    /// Live files after.
    pub files_after: u64,
    /// Their size before, bytes.
    pub bytes_before: u64,
    /// Their size after, bytes; for a dry run unknown.
    pub bytes_after: Option<u64>,
    /// Rows moved into merged files.
    pub rows_moved: u64,
}

/// Files of one table and day that become one.
type Merge = Vec<FileEntry>;

impl Reader {
    /// What [`Writer::compact`] would do.
    ///
    /// # Errors
    /// When the catalogue can't be read.
    pub fn compaction(&self) -> Result<Compaction, Error> {
        let live = self.live_files()?;
        let merges = merges(live.clone());
        let gone: usize = merges.iter().map(|merge| merge.len() - 1).sum();
        Ok(Compaction {
            files_before: live.len() as u64,
            files_after: (live.len() - gone) as u64,
            bytes_before: size(&live),
            bytes_after: None,
            rows_moved: merges.iter().map(|merge| rows(merge)).sum(),
        })
    }
}

impl Writer {
    /// Merges the small files of every day.
    ///
    /// # Errors
    /// When a file can't be read or written. What was merged before stays merged.
    pub fn compact(&mut self) -> Result<Compaction, Error> {
        let mut compaction = self.reader.compaction()?;
        for merge in merges(self.reader.live_files()?) {
            self.merge(&merge)?;
        }
        compaction.bytes_after = Some(size(&self.reader.live_files()?));
        self.sweep_replaced()?;
        Ok(compaction)
    }

    /// Keeps the number of files down as objects trickle in: merges the files of a day that this run
    /// added to when they have become many, and of days that it left alone, a few each time.
    ///
    /// # Errors
    /// As [`compact`](Self::compact).
    pub fn compact_a_little(&mut self) -> Result<(), Error> {
        let live = self.reader.live_files()?;
        let added_to: BTreeSet<(Table, NaiveDate)> = live
            .iter()
            .filter(|file| files::number(&file.path).is_some_and(|n| n > self.first_file))
            .map(|file| (file.table, file.day))
            .collect();
        if added_to.is_empty() {
            return Ok(());
        }
        let mut moved = 0;
        for merge in merges(live) {
            let is_open =
                merge.first().is_some_and(|file| added_to.contains(&(file.table, file.day)));
            if is_open && merge.len() <= OPEN_DAY_FILES {
                continue;
            }
            self.merge(&merge)?;
            moved += rows(&merge);
            if moved >= ROWS_PER_INGEST {
                break;
            }
        }
        Ok(())
    }

    /// Writes the rows of several files of a day as one, and puts it in their place.
    fn merge(&mut self, files: &[FileEntry]) -> Result<(), Error> {
        let Some(first) = files.first() else { return Ok(()) };
        let paths: Vec<String> = files.iter().map(|file| file.path.clone()).collect();
        let rows = segment::scan(&files::absolute(&self.reader.root, &paths), first.table.schema())
            .and_then(polars::prelude::LazyFrame::collect)
            .map_err(|source| self.segment_error("read the files in", source))?;
        let mut staged = Staged::without(files.to_vec());
        self.stage(first.table, first.day, rows, &mut staged)?;
        let last_file = self.last_file.get();
        self.reader.catalog.change(|change| {
            put_segments(change, &staged)?;
            put_last_file(change, last_file)
        })
    }
}

/// Which live files are merged, by table and day: small ones together up to the target, smallest
/// first, so that a second compaction finds nothing to do.
fn merges(live: Vec<FileEntry>) -> Vec<Merge> {
    let mut small: Vec<FileEntry> = live.into_iter().filter(|file| !is_full(file)).collect();
    small.sort_by(|a, b| (a.table, a.day, a.rows, &a.path).cmp(&(b.table, b.day, b.rows, &b.path)));
    let mut merges: Vec<Merge> = Vec::new();
    for file in small {
        match merges.last_mut().filter(|merge| fits(merge, &file)) {
            Some(merge) => merge.push(file),
            None => merges.push(vec![file]),
        }
    }
    merges.retain(|merge| merge.len() > 1);
    merges
}

fn is_full(file: &FileEntry) -> bool {
    file.rows >= TARGET_ROWS || file.size_bytes >= TARGET_BYTES
}

fn fits(merge: &Merge, file: &FileEntry) -> bool {
    merge.iter().all(|other| other.table == file.table && other.day == file.day)
        && rows(merge) + file.rows <= TARGET_ROWS
        && size(merge) + file.size_bytes <= TARGET_BYTES
}

fn rows(files: &[FileEntry]) -> u64 {
    files.iter().map(|file| file.rows).sum()
}

fn size(files: &[FileEntry]) -> u64 {
    files.iter().map(|file| file.size_bytes).sum()
}

#[cfg(test)]
mod tests {
    use super::{TARGET_ROWS, merges};
    use crate::schema::Table;
    use crate::store::FileEntry;

    fn file(table: Table, day: u32, number: u32, rows: u64) -> FileEntry {
        FileEntry {
            table,
            day: chrono::NaiveDate::from_ymd_opt(2026, 11, day).expect("a day"),
            path: format!("{number:012}.parquet"),
            rows,
            size_bytes: rows * 60,
            sha256: String::new(),
        }
    }

    /// The numbers of the files of each merge.
    fn check(live: &[(Table, u32, u32, u64)], expected: &[&[u32]]) {
        let live = live.iter().map(|&(table, day, number, rows)| file(table, day, number, rows));
        let number = |file: &FileEntry| file.path[..12].parse::<u32>().expect("a number");
        let found: Vec<Vec<u32>> =
            merges(live.collect()).iter().map(|merge| merge.iter().map(number).collect()).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn only_files_of_one_table_and_day_are_merged() {
        let (calls, events) = (Table::Invocations, Table::ApiEvents);
        check(
            &[
                (calls, 1, 1, 9),
                (events, 1, 2, 9),
                (calls, 2, 3, 9),
                (calls, 1, 4, 9),
                (events, 1, 5, 1),
            ],
            &[&[1, 4], &[5, 2]],
        );
    }

    #[test]
    fn full_files_are_left_alone_and_no_merge_is_larger_than_the_target() {
        let calls = Table::Invocations;
        let half = TARGET_ROWS / 2;
        check(
            &[
                (calls, 1, 1, TARGET_ROWS),
                (calls, 1, 2, half),
                (calls, 1, 3, half),
                (calls, 1, 4, half),
            ],
            &[&[2, 3]],
        );
        check(&[(calls, 1, 1, half + 1), (calls, 1, 2, half + 1)], &[]);
    }
}

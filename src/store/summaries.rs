//! Days summed up, kept beside the rows: derived data that can be deleted at any time.
//!
//! A summary's name says what it was made from, by the content of the day's files, so that it can't
//! outlive them: rows that come, go or are replaced give the day another name. This module knows
//! nothing of what is in one; `metrics::summary` does.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::NaiveDate;
use polars::prelude::{DataFrame, LazyFrame, Schema};

use super::catalog::{Catalog, Days};
use super::{Error, Reader, files, segment};
use crate::period::Period;
use crate::schema::Table;

/// A day that can be summed up.
#[derive(Debug, Clone)]
pub struct SummedDay {
    /// The UTC day.
    pub day: NaiveDate,
    path: String,
}

impl Reader {
    /// The UTC days with rows of a table that touch a period, in order. `how` is what a summary depends
    /// on beside the rows.
    ///
    /// # Errors
    /// When the catalogue can't be read.
    pub fn days_to_sum(
        &self,
        table: Table,
        period: Option<Period>,
        how: &str,
    ) -> Result<Vec<SummedDay>, Error> {
        let contents = contents(&self.catalog, table, Days::of(period))?;
        let how = &segment::sha256(how.as_bytes())[..16];
        let days = contents.into_iter().map(|(day, of)| {
            let path = files::summary_path(table, day, &of, how);
            SummedDay { day, path }
        });
        Ok(days.collect())
    }

    /// Whether a day's summary is kept.
    pub fn is_summed(&self, day: &SummedDay) -> bool {
        self.root.join(&day.path).is_file()
    }

    /// Keeps a day's summary; false where the store can't be written, which is no error: then it is read
    /// from rows.
    pub fn keep_summary(&self, day: &SummedDay, summary: DataFrame) -> bool {
        segment::bytes_of(summary)
            .is_ok_and(|bytes| files::write_shared(&self.root, &day.path, &bytes).is_ok())
    }

    /// The rows of kept summaries, lazily.
    ///
    /// # Errors
    /// When a file can't be read.
    pub fn scan_summaries(&self, days: &[SummedDay], schema: Schema) -> Result<LazyFrame, Error> {
        let paths: Vec<_> = days.iter().map(|day| self.root.join(&day.path)).collect();
        segment::scan(&paths, schema).map_err(|source| Error::Segment {
            action: "scan",
            path: self.root.clone(),
            source,
        })
    }
}

/// Summaries of what the days no longer hold.
pub(super) fn outdated(root: &Path, catalog: &Catalog) -> Result<Vec<String>, Error> {
    let found = files::summary_files(root);
    if found.is_empty() {
        return Ok(found);
    }
    let mut current = BTreeSet::new();
    for table in Table::ALL {
        for (day, of) in contents(catalog, table, Days::ALL)? {
            let path = files::summary_path(table, day, &of, "");
            current.extend(path.rsplit_once('-').map(|(of, _)| of.to_owned()));
        }
    }
    let is_current = |path: &str| match path.rsplit_once('-') {
        Some((of, rest)) => rest.ends_with(".parquet") && current.contains(of),
        None => false,
    };
    Ok(found.into_iter().filter(|path| !is_current(path)).collect())
}

/// What each day is made of, as a hash of the content of its files.
fn contents(
    catalog: &Catalog,
    table: Table,
    days: Days,
) -> Result<BTreeMap<NaiveDate, String>, Error> {
    let mut files: BTreeMap<NaiveDate, String> = BTreeMap::new();
    for file in catalog.segments(table, days)? {
        files.entry(file.day).or_default().push_str(&file.sha256);
    }
    for file in catalog.repeats(table, days)? {
        let hashes = files.entry(file.day).or_default();
        hashes.push('r');
        hashes.push_str(&file.sha256);
    }
    Ok(files
        .into_iter()
        .map(|(day, all)| (day, segment::sha256(all.as_bytes())[..32].to_owned()))
        .collect())
}

//! Days summed up, kept beside the rows: derived data that can be deleted at any time.
//!
//! A summary's name says what it was made from, by the content of the day's files, so that it can't
//! outlive them: rows that come, go or are replaced give the day another name. This module knows
//! nothing of what is in one; `metrics` does.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::{Days as ChronoDays, NaiveDate};
use polars::prelude::{DataFrame, LazyFrame, Schema};

use super::catalog::{Catalog, Days};
use super::{Error, Reader, files, segment};
use crate::period::Period;
use crate::schema::Table;

/// What days are summed up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Summed {
    /// Requests.
    Requests,
    /// How long answers took.
    Latencies,
    /// CloudTrail's events.
    Events,
    /// Both logs, compared: what meets may lie on two days.
    Coverage,
    /// Tokens by how their responses ended: what repeats a prompt of the day before is looked at.
    Endings,
    /// Load per minute.
    Minutes,
    /// Who called in minutes with throttled calls.
    Consumers,
    /// What what-ifs look at: prompts sent again after one of the day before, writes to the cache that
    /// are read on the day after.
    WhatIfs,
    /// Requests that a detection's sequence ends with: one that looks a day back looks two days back.
    CallSequences,
    /// The same of CloudTrail's events.
    EventSequences,
    /// Requests that detections look at one by one.
    CallPicks,
    /// The same of CloudTrail's events.
    EventPicks,
}

impl Summed {
    const ALL: [Self; 12] = [
        Self::Requests,
        Self::Latencies,
        Self::Events,
        Self::Coverage,
        Self::Endings,
        Self::Minutes,
        Self::Consumers,
        Self::WhatIfs,
        Self::CallSequences,
        Self::EventSequences,
        Self::CallPicks,
        Self::EventPicks,
    ];

    /// The name of its folder.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Latencies => "latencies",
            Self::Events => "events",
            Self::Coverage => "coverage",
            Self::Endings => "endings",
            Self::Minutes => "minutes",
            Self::Consumers => "consumers",
            Self::WhatIfs => "what_ifs",
            Self::CallSequences => "call_sequences",
            Self::EventSequences => "event_sequences",
            Self::CallPicks => "call_picks",
            Self::EventPicks => "event_picks",
        }
    }

    /// The tables whose rows are summed up.
    fn tables(self) -> &'static [Table] {
        match self {
            Self::Events | Self::EventSequences | Self::EventPicks => &[Table::ApiEvents],
            Self::Coverage => &[Table::Invocations, Table::ApiEvents],
            Self::Requests
            | Self::Latencies
            | Self::Endings
            | Self::Minutes
            | Self::Consumers
            | Self::WhatIfs
            | Self::CallSequences
            | Self::CallPicks => &[Table::Invocations],
        }
    }

    /// So many days before and after are looked at too.
    fn beside(self) -> (u64, u64) {
        match self {
            Self::Coverage | Self::WhatIfs => (1, 1),
            Self::Endings => (1, 0),
            Self::CallSequences | Self::EventSequences => (2, 0),
            Self::Requests
            | Self::Latencies
            | Self::Events
            | Self::Minutes
            | Self::Consumers
            | Self::CallPicks
            | Self::EventPicks => (0, 0),
        }
    }
}

/// A day that can be summed up.
#[derive(Debug, Clone)]
pub struct SummedDay {
    /// The UTC day.
    pub day: NaiveDate,
    /// Its rows of the tables that are summed up.
    pub rows: u64,
    path: String,
}

impl Reader {
    /// The UTC days with rows that touch a period, in order. `how` is what a summary depends on beside
    /// the rows.
    ///
    /// # Errors
    /// When the catalogue can't be read.
    pub fn days_to_sum(
        &self,
        summed: Summed,
        period: Option<Period>,
        how: &str,
    ) -> Result<Vec<SummedDay>, Error> {
        let contents = contents(&self.catalog, summed, Days::of(period))?;
        let how = &segment::sha256(how.as_bytes())[..16];
        let days = contents.into_iter().map(|(day, Content { of, rows })| {
            let path = files::summary_path(summed, day, &of, how);
            SummedDay { day, rows, path }
        });
        Ok(days.collect())
    }

    /// Whether a day's summary is kept, as a file that is whole by its ends: one that is not is made anew.
    pub fn is_summed(&self, day: &SummedDay) -> bool {
        files::has_ends_of_parquet(&self.root.join(&day.path))
    }

    /// Whether summaries can be kept at all, as far as can be told before one is written.
    pub fn can_keep_summaries(&self) -> bool {
        files::has_place_for_summaries(&self.root)
    }

    /// Keeps a day's summary; false where the store can't be written, which is no error: then it is read
    /// from rows.
    pub fn keep_summary(&self, day: &SummedDay, summary: DataFrame) -> bool {
        segment::bytes_to_read_often(summary)
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

/// Summaries of one content of a day, made in different ways, that are kept: the last ones made.
const MOST_WAYS: usize = 16;

/// Summaries of what the days no longer hold, and of more ways to sum up than anybody asks again.
pub(super) fn outdated(root: &Path, catalog: &Catalog) -> Result<Vec<String>, Error> {
    let found = files::summary_files(root);
    if found.is_empty() {
        return Ok(found);
    }
    let mut current = BTreeSet::new();
    for summed in Summed::ALL {
        for (day, Content { of, .. }) in contents(catalog, summed, Days::ALL)? {
            let path = files::summary_path(summed, day, &of, "");
            current.extend(path.rsplit_once('-').map(|(of, _)| of.to_owned()));
        }
    }
    let is_current = |path: &str| match path.rsplit_once('-') {
        Some((of, rest)) => rest.ends_with(".parquet") && current.contains(of),
        None => false,
    };
    let (current, mut outdated): (Vec<String>, Vec<String>) =
        found.into_iter().partition(|path| is_current(path));
    let mut ways: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in current {
        let of = path.rsplit_once('-').map_or(path.as_str(), |(of, _)| of).to_owned();
        ways.entry(of).or_default().push(path);
    }
    for mut paths in ways.into_values().filter(|paths| paths.len() > MOST_WAYS) {
        paths.sort_by_cached_key(|path| files::modified(root, path));
        paths.truncate(paths.len() - MOST_WAYS);
        outdated.extend(paths);
    }
    Ok(outdated)
}

/// What a day is summed up from.
struct Content {
    /// A hash of the content of its files and of those beside it.
    of: String,
    rows: u64,
}

/// What each day is summed up from.
fn contents(
    catalog: &Catalog,
    summed: Summed,
    days: Days,
) -> Result<BTreeMap<NaiveDate, Content>, Error> {
    let (before, after) = summed.beside();
    let wide = days.widened(before, after);
    let tables = summed.tables().iter().map(|table| files_of(catalog, *table, wide));
    let tables = tables.collect::<Result<Vec<_>, Error>>()?;
    let with_rows: BTreeSet<NaiveDate> = tables.iter().flat_map(BTreeMap::keys).copied().collect();
    let of = |day: NaiveDate| {
        let first = day.checked_sub_days(ChronoDays::new(before)).unwrap_or(day);
        let last = day.checked_add_days(ChronoDays::new(after)).unwrap_or(day);
        let around = first.iter_days().take_while(|day| *day <= last);
        let all = around.flat_map(|day| tables.iter().map(move |table| table.get(&day)));
        let all: Vec<&str> = all.map(|files| files.map_or("-", |(hash, _)| hash)).collect();
        let of = segment::sha256(all.join("/").as_bytes())[..32].to_owned();
        let rows = tables.iter().filter_map(|table| table.get(&day));
        Content { of, rows: rows.map(|(_, rows)| rows).sum() }
    };
    Ok(with_rows.into_iter().filter(|day| days.hold(*day)).map(|day| (day, of(day))).collect())
}

/// The content of each day of a table: the hashes of its files, and their rows.
fn files_of(
    catalog: &Catalog,
    table: Table,
    days: Days,
) -> Result<BTreeMap<NaiveDate, (String, u64)>, Error> {
    let mut files: BTreeMap<NaiveDate, (String, u64)> = BTreeMap::new();
    for file in catalog.segments(table, days)? {
        let (hashes, rows) = files.entry(file.day).or_default();
        hashes.push_str(&file.sha256);
        *rows += file.rows;
    }
    for file in catalog.repeats(table, days)? {
        let (hashes, _) = files.entry(file.day).or_default();
        hashes.push('r');
        hashes.push_str(&file.sha256);
    }
    Ok(files)
}

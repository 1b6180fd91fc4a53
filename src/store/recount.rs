//! Which rows of the touched days repeat a call or are corrected, as the days will be after a commit.
//!
//! Nearly always nothing repeats, and hashes of the ids say so (`seen`); only where one was there
//! before are rows read again (`repeats`).

use std::collections::BTreeSet;
use std::path::PathBuf;

use chrono::NaiveDate;
use polars::prelude::{
    Column, DataFrame, DataType, IntoLazy, JoinArgs, JoinType, LazyFrame, PolarsResult, col,
};

use super::catalog::{Days, FileEntry};
use super::segment::NewFile;
use super::staged::{Ids, Staged, day_of_millis};
use super::{Error, Writer, files, repeats, segment};
use crate::schema::{Table, api_event};

impl Writer {
    /// Finds the repeats of every day that the batch touches, as the day will be after the commit.
    pub(super) fn stage_repeats(&mut self, staged: &mut Staged<'_>) -> Result<[i64; 2], Error> {
        let corrected = self.stage_corrections(staged)?;
        let mut growth = [0; 2];
        for (table, day) in touched_days(staged) {
            let of_day = self.reader.catalog.repeats(table, Days::one(day))?;
            let suspects = self.add_seen(table, day, staged)?;
            let only_grows = corrected.height() == 0 && !staged.rewrites(table, day);
            if only_grows && suspects.height() == 0 {
                continue;
            }
            let before = self.listed(&of_day)?;
            let rows = self.live_after(table, Days::one(day), staged)?;
            let after = if only_grows {
                repeats::find_again(table, &rows, &suspects, &before)
            } else {
                repeats::find(table, &rows, &corrected)
            }
            .map_err(|source| self.segment_error("compare the rows in", source))?;
            let change = after.height().cast_signed() as i64 - before.height().cast_signed() as i64;
            match table {
                Table::Invocations => growth[0] += change,
                Table::ApiEvents => growth[1] += change,
                Table::Rejects | Table::Sensitive | Table::ServiceMetrics => {}
            }
            if after.height() > 0 {
                let path = files::repeats_path(table, day, self.next_file_number());
                let file = NewFile { root: &self.reader.root, table, day, path };
                staged.repeats.push(file.write(after)?);
            }
            staged.compared.insert((table, day));
        }
        self.seen.forget_oldest();
        Ok(growth)
    }

    /// Notes the ids of a day's new rows; returns those that may have been there before.
    fn add_seen(
        &mut self,
        table: Table,
        day: NaiveDate,
        staged: &Staged<'_>,
    ) -> Result<DataFrame, Error> {
        let Some(id) = repeats::id(table) else { return Ok(DataFrame::empty()) };
        if !self.seen.knows((table, day)) {
            let live = self.reader.catalog.segments(table, Days::one(day))?;
            let ids = |file: &FileEntry| self.collect(file, |rows| rows.select([col(id)]));
            // All are read before any is added: the ids of a day are known wholly or not at all.
            let ids = live.iter().map(ids).collect::<Result<Vec<_>, Error>>()?;
            for ids in &ids {
                self.add_ids(table, day, ids)?;
            }
        }
        let mut suspects = Vec::new();
        for ids in staged.ids.get(&(table, day)).into_iter().flatten() {
            match ids {
                Ids::Frame(ids) => suspects.extend(self.add_ids(table, day, ids)?),
                Ids::Rows(texts, rows) => {
                    let ids = texts.each(rows.clone()).flatten();
                    suspects
                        .extend(self.seen.add((table, day), ids).into_iter().map(str::to_owned));
                }
            }
        }
        frame_of(id, suspects.iter().map(String::as_str))
            .map_err(|source| self.segment_error("build", source))
    }

    /// The ids of a frame of one column that may have been there before.
    fn add_ids(
        &mut self,
        table: Table,
        day: NaiveDate,
        ids: &DataFrame,
    ) -> Result<Vec<String>, Error> {
        let mut suspects = Vec::new();
        for column in ids.columns() {
            let texts = column.str().map_err(|source| self.segment_error("read", source))?;
            let again = self.seen.add((table, day), texts.iter().flatten());
            suspects.extend(again.into_iter().map(str::to_owned));
        }
        Ok(suspects)
    }

    /// The rows that files of repeats list.
    fn listed(&self, files: &[FileEntry]) -> Result<DataFrame, Error> {
        let paths: Vec<PathBuf> =
            files.iter().map(|file| self.reader.root.join(&file.path)).collect();
        segment::scan(&paths, repeats::schema())
            .and_then(LazyFrame::collect)
            .map_err(|source| self.segment_error("read the repeats in", source))
    }

    /// The ids of corrected events as they will be after the commit, as a frame of event ids. An
    /// event may have been corrected on a later day: notes the days on which something changes.
    fn stage_corrections(&self, staged: &mut Staged<'_>) -> Result<DataFrame, Error> {
        let catalog = &self.reader.catalog;
        let before = catalog.corrected(&[])?;
        let mut after = catalog.corrected(&staged.replaced)?;
        after.extend(staged.corrections.iter().map(|(_, event)| event.clone()));
        let frame = |ids: &mut dyn Iterator<Item = &String>| {
            frame_of(api_event::EVENT_ID, ids.map(String::as_str))
                .map_err(|source| self.segment_error("build", source))
        };
        let changed = frame(&mut before.symmetric_difference(&after))?;
        if changed.height() > 0 {
            let rows = self.live_after(Table::ApiEvents, Days::ALL, staged)?;
            staged.corrected_days = days_of_events(rows, changed)
                .map_err(|source| self.segment_error("compare the events in", source))?;
        }
        frame(&mut after.iter())
    }

    /// The rows of these days as they will be after the commit, repeats included.
    fn live_after(
        &self,
        table: Table,
        days: Days,
        staged: &Staged<'_>,
    ) -> Result<LazyFrame, Error> {
        let live = self.reader.catalog.segments(table, days)?;
        let kept = live.iter().filter(|file| !staged.replaced.contains(file));
        let new = staged.segments.iter().filter(|file| file.table == table && days.hold(file.day));
        let paths: Vec<String> = kept.chain(new).map(|file| file.path.clone()).collect();
        segment::scan(&files::absolute(&self.reader.root, &paths), table.schema())
            .map_err(|source| self.segment_error("scan", source))
    }

    pub(super) fn collect(
        &self,
        file: &FileEntry,
        work: impl FnOnce(LazyFrame) -> LazyFrame,
    ) -> Result<DataFrame, Error> {
        let path = self.reader.root.join(&file.path);
        segment::scan(std::slice::from_ref(&path), file.table.schema())
            .and_then(|rows| work(rows).collect())
            .map_err(|source| Error::Segment { action: "read", path, source })
    }
}

/// A frame of one text column.
pub(super) fn frame_of<'a>(
    name: &'static str,
    texts: impl Iterator<Item = &'a str>,
) -> PolarsResult<DataFrame> {
    let texts: Vec<&str> = texts.collect();
    DataFrame::new(texts.len(), vec![Column::new(name.into(), texts)])
}

/// The UTC days on which events with these ids lie.
fn days_of_events(rows: LazyFrame, ids: DataFrame) -> PolarsResult<BTreeSet<NaiveDate>> {
    let id = || [col(api_event::EVENT_ID)];
    let times = rows
        .join(ids.lazy(), id(), id(), JoinArgs::new(JoinType::Semi))
        .select([col(api_event::EVENT_TIME).cast(DataType::Int64)])
        .collect()?;
    let times = times.column(api_event::EVENT_TIME)?.i64()?;
    Ok(times.iter().map(day_of_millis).collect())
}

fn touched_days(staged: &Staged<'_>) -> BTreeSet<(Table, NaiveDate)> {
    staged
        .segments
        .iter()
        .chain(&staged.replaced)
        .filter(|file| file.table != Table::Rejects)
        .map(|file| (file.table, file.day))
        .chain(staged.corrected_days.iter().map(|day| (Table::ApiEvents, *day)))
        .collect()
}

//! Taking a batch of decoded objects into the store: all of it or nothing.
//!
//! Order of events: new files are written whole under names nobody knows yet; then one catalogue
//! transaction makes them live and drops what they replace. Killed anywhere, the store is as before
//! or as after, and the next writer sweeps away files that no row names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use chrono::{DateTime, NaiveDate};
use polars::prelude::{
    Column, DataFrame, DataType, IntoLazy, JoinArgs, JoinType, LazyFrame, PolarsError,
    PolarsResult, col,
};
use rusqlite::{Transaction, params};

use super::catalog::{Days, FileEntry, ObjectEntry};
use super::{Error, Writer, files, objects, prune, repeats, segment};
use crate::records::Decoded;
use crate::schema::columns::Piece;
use crate::schema::reject::Reject;
use crate::schema::{Row, Table, TimeMs, api_event, invocation};

/// An object together with what it held.
#[derive(Debug)]
pub struct ReadObject {
    /// What the catalogue keeps of it.
    pub entry: ObjectEntry,
    /// Its rows and rejects.
    pub decoded: Decoded,
}

/// What a commit changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Committed {
    /// Rows written, repeats included: invocations, API events.
    pub rows: [u64; 2],
    /// By how much the number of repeated rows grew: invocations, API events. Negative when a
    /// replaced object took repeats with it.
    pub repeats: [i64; 2],
    /// Rows left out because their days were pruned: invocations, API events.
    pub pruned: [u64; 2],
}

/// New segments, and what each object put where.
#[derive(Default)]
pub(super) struct Staged {
    pub(super) segments: Vec<FileEntry>,
    /// Object → positions in `segments` that hold rows of it.
    contents: BTreeMap<String, BTreeSet<usize>>,
    /// Live segments that the new ones take the place of.
    pub(super) replaced: Vec<FileEntry>,
    /// Ids of the events that a row corrects, with the position of its segment.
    corrections: BTreeSet<(usize, String)>,
    /// Days that hold events which are corrected from now on, or no longer.
    corrected_days: BTreeSet<NaiveDate>,
    /// The ids of new rows, a frame of one column for each segment.
    ids: BTreeMap<(Table, NaiveDate), Vec<DataFrame>>,
    /// Days whose repeats were found anew …
    compared: BTreeSet<(Table, NaiveDate)>,
    /// … and the lists of them.
    repeats: Vec<FileEntry>,
}

impl Staged {
    /// Whether rows of this day go, or count otherwise than before.
    fn rewrites(&self, table: Table, day: NaiveDate) -> bool {
        let goes = |file: &FileEntry| file.table == table && file.day == day;
        let corrected = table == Table::ApiEvents && self.corrected_days.contains(&day);
        corrected || self.replaced.iter().any(goes)
    }
}

impl Staged {
    /// A change that takes these segments away.
    pub(super) fn without(replaced: Vec<FileEntry>) -> Self {
        Self { replaced, ..Self::default() }
    }
}

impl Writer {
    /// Commits a batch of objects; an object that is known in another version is replaced.
    ///
    /// # Errors
    /// When a file or the catalogue can't be written. Then nothing of the batch is in the store.
    pub fn commit(&mut self, batch: Vec<ReadObject>, now_ms: i64) -> Result<Committed, Error> {
        let mut staged = Staged::default();
        self.stage_replacements(&batch, &mut staged)?;
        let mut entries = Vec::with_capacity(batch.len());
        let mut rows = Tables::default();
        let floor = self.reader.floor()?;
        let mut pruned = [0; 2];
        for ReadObject { entry, mut decoded } in batch {
            prune::leave_out(&mut decoded, floor, &mut pruned);
            entries.push((entry, Counts::of(&decoded)));
            rows.add(decoded);
        }
        let written = rows.counts();
        self.stage_invocations(&rows.invocations, &mut staged)?;
        self.stage_events(&rows.api_events, &mut staged)?;
        self.stage_rejects(rows.rejects, &mut staged)?;
        let growth = self.stage_repeats(&mut staged)?;
        let last_file = self.last_file.get();
        self.reader.catalog.change(|change| {
            put_objects(change, &entries, now_ms)?;
            put_segments(change, &staged)?;
            put_repeats(change, &staged)?;
            put_last_file(change, last_file)
        })?;
        Ok(Committed { rows: written, repeats: growth, pruned })
    }

    /// Writes the segments that hold rows of changed objects anew, without those rows.
    fn stage_replacements(&self, batch: &[ReadObject], staged: &mut Staged) -> Result<(), Error> {
        let catalog = &self.reader.catalog;
        let changed = catalog.present(batch.iter().map(|read| read.entry.object.as_str()))?;
        if changed.is_empty() {
            return Ok(());
        }
        let gone = frame_of(invocation::OBJECT, changed.iter().map(String::as_str))
            .map_err(|source| self.segment_error("build", source))?;
        for old in catalog.segments_of(&changed)? {
            let kept = self.collect(&old, |rows| {
                let object = || [col(invocation::OBJECT)];
                let how = JoinArgs::new(JoinType::Anti);
                rows.join(gone.clone().lazy(), object(), object(), how)
            })?;
            if kept.height() > 0 {
                self.stage(old.table, old.day, kept, staged)?;
            }
            staged.replaced.push(old);
        }
        Ok(())
    }

    fn stage_invocations(
        &self,
        blocks: &[invocation::Columns],
        staged: &mut Staged,
    ) -> Result<(), Error> {
        let mut days = BTreeMap::new();
        for block in blocks {
            by_day(block, block.len(), |row| block.partition_time(row), &mut days);
        }
        self.stage_days(Table::Invocations, &days, invocation::Columns::frame, staged)
    }

    fn stage_events(
        &self,
        blocks: &[api_event::Columns],
        staged: &mut Staged,
    ) -> Result<(), Error> {
        let mut days = BTreeMap::new();
        for block in blocks {
            by_day(block, block.len(), |row| block.partition_time(row), &mut days);
        }
        self.stage_days(Table::ApiEvents, &days, api_event::Columns::frame, staged)
    }

    fn stage_rejects(&self, rows: Vec<Reject>, staged: &mut Staged) -> Result<(), Error> {
        let mut days: BTreeMap<NaiveDate, Vec<Reject>> = BTreeMap::new();
        for row in rows {
            days.entry(day_of(row.partition_time())).or_default().push(row);
        }
        for (day, rows) in days {
            let frame =
                Reject::frame(rows).map_err(|source| self.segment_error("build", source))?;
            self.stage(Table::Rejects, day, frame, staged)?;
        }
        Ok(())
    }

    fn stage_days<C>(
        &self,
        table: Table,
        days: &PiecesByDay<'_, C>,
        frame: impl Fn(&[Piece<'_, C>]) -> PolarsResult<DataFrame>,
        staged: &mut Staged,
    ) -> Result<(), Error> {
        for (day, pieces) in days {
            let rows = frame(pieces).map_err(|source| self.segment_error("build", source))?;
            self.stage(table, *day, rows, staged)?;
        }
        Ok(())
    }

    pub(super) fn stage(
        &self,
        table: Table,
        day: NaiveDate,
        rows: DataFrame,
        staged: &mut Staged,
    ) -> Result<(), Error> {
        let failed = |source| self.segment_error("read", source);
        let objects = distinct_texts(&rows, invocation::OBJECT).map_err(failed)?;
        let position = staged.segments.len();
        for object in objects {
            staged.contents.entry(object).or_default().insert(position);
        }
        if table == Table::ApiEvents {
            let corrected = repeats::corrected(&rows).map_err(failed)?;
            staged.corrections.extend(corrected.into_iter().map(|event| (position, event)));
        }
        if let Some(id) = repeats::id(table) {
            let ids = rows.select([id]).map_err(failed)?;
            staged.ids.entry((table, day)).or_default().push(ids);
        }
        let path = files::segment_path(table, day, self.next_file_number());
        staged.segments.push(segment::write(&self.reader.root, table, day, path, rows)?);
        Ok(())
    }

    /// A number for a file name. It is never that of a file that was ever live: the highest one is
    /// kept with every commit.
    fn next_file_number(&self) -> i64 {
        self.last_file.set(self.last_file.get() + 1);
        self.last_file.get()
    }

    /// Finds the repeats of every day that the batch touches, as the day will be after the commit.
    pub(super) fn stage_repeats(&mut self, staged: &mut Staged) -> Result<[i64; 2], Error> {
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
                Table::Rejects => {}
            }
            if after.height() > 0 {
                let path = files::repeats_path(table, day, self.next_file_number());
                let file = segment::write(&self.reader.root, table, day, path, after)?;
                staged.repeats.push(file);
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
        staged: &Staged,
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
            suspects.extend(self.add_ids(table, day, ids)?);
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
            let again = self.seen.add((table, day), texts.iter());
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
    fn stage_corrections(&self, staged: &mut Staged) -> Result<DataFrame, Error> {
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
    fn live_after(&self, table: Table, days: Days, staged: &Staged) -> Result<LazyFrame, Error> {
        let live = self.reader.catalog.segments(table, days)?;
        let kept = live.iter().filter(|file| !staged.replaced.contains(file));
        let new = staged.segments.iter().filter(|file| file.table == table && days.hold(file.day));
        let paths: Vec<String> = kept.chain(new).map(|file| file.path.clone()).collect();
        segment::scan(&files::absolute(&self.reader.root, &paths), table.schema())
            .map_err(|source| self.segment_error("scan", source))
    }

    fn collect(
        &self,
        file: &FileEntry,
        work: impl FnOnce(LazyFrame) -> LazyFrame,
    ) -> Result<DataFrame, Error> {
        let path = self.reader.root.join(&file.path);
        segment::scan(std::slice::from_ref(&path), file.table.schema())
            .and_then(|rows| work(rows).collect())
            .map_err(|source| Error::Segment { action: "read", path, source })
    }

    pub(super) fn segment_error(&self, action: &'static str, source: PolarsError) -> Error {
        Error::Segment { action, path: self.reader.root.clone(), source }
    }
}

/// The rows of a batch by table: a block for each object.
#[derive(Default)]
struct Tables {
    invocations: Vec<invocation::Columns>,
    api_events: Vec<api_event::Columns>,
    rejects: Vec<Reject>,
}

impl Tables {
    fn add(&mut self, decoded: Decoded) {
        if !decoded.invocations.is_empty() {
            self.invocations.push(decoded.invocations);
        }
        if !decoded.api_events.is_empty() {
            self.api_events.push(decoded.api_events);
        }
        self.rejects.extend(decoded.rejects);
    }

    /// Rows of invocations and API events.
    fn counts(&self) -> [u64; 2] {
        let invocations: usize = self.invocations.iter().map(invocation::Columns::len).sum();
        let api_events: usize = self.api_events.iter().map(api_event::Columns::len).sum();
        [invocations as u64, api_events as u64]
    }
}

/// The rows of each UTC day, in order.
type PiecesByDay<'a, C> = BTreeMap<NaiveDate, Vec<Piece<'a, C>>>;

/// Cuts a block where the day changes.
fn by_day<'a, C>(
    columns: &'a C,
    len: usize,
    time: impl Fn(usize) -> Option<TimeMs>,
    days: &mut PiecesByDay<'a, C>,
) {
    let mut start = 0;
    let mut of_start = None;
    for row in 0..len {
        let day = day_of(time(row));
        let of_run = *of_start.get_or_insert(day);
        if day != of_run {
            days.entry(of_run).or_default().push(Piece { columns, rows: start..row });
            (start, of_start) = (row, Some(day));
        }
    }
    if let Some(day) = of_start {
        days.entry(day).or_default().push(Piece { columns, rows: start..len });
    }
}

/// How many rows of each table an object held.
struct Counts {
    invocations: i64,
    api_events: i64,
    rejects: i64,
}

impl Counts {
    fn of(decoded: &Decoded) -> Self {
        let count = |rows: usize| rows.cast_signed() as i64;
        Self {
            invocations: count(decoded.invocations.len()),
            api_events: count(decoded.api_events.len()),
            rejects: count(decoded.rejects.len()),
        }
    }
}

/// The UTC day a row belongs to; rows without a time lie under the epoch.
pub(super) fn day_of(time: Option<TimeMs>) -> NaiveDate {
    day_of_millis(time.map(|time| time.0))
}

fn day_of_millis(time: Option<i64>) -> NaiveDate {
    time.and_then(DateTime::from_timestamp_millis).unwrap_or_default().date_naive()
}

fn distinct_texts(rows: &DataFrame, column: &str) -> PolarsResult<BTreeSet<String>> {
    let texts = rows.column(column)?.unique()?;
    Ok(texts.str()?.iter().flatten().map(str::to_owned).collect())
}

/// A frame of one text column.
fn frame_of<'a>(
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

fn touched_days(staged: &Staged) -> BTreeSet<(Table, NaiveDate)> {
    staged
        .segments
        .iter()
        .chain(&staged.replaced)
        .filter(|file| file.table != Table::Rejects)
        .map(|file| (file.table, file.day))
        .chain(staged.corrected_days.iter().map(|day| (Table::ApiEvents, *day)))
        .collect()
}

fn put_objects(
    change: &Transaction<'_>,
    entries: &[(ObjectEntry, Counts)],
    now_ms: i64,
) -> rusqlite::Result<()> {
    let mut forget = change.prepare_cached(
        "DELETE FROM contents WHERE object_id = (SELECT id FROM objects WHERE object = ?1)",
    )?;
    let mut put = change.prepare_cached(
        "INSERT INTO objects (object, fingerprint, size_bytes, modified_ms, kind, account, region,
                              skipped, bytes_uncompressed, invocations, api_events, rejects, ingested_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
         ON CONFLICT (object) DO UPDATE SET
             fingerprint = excluded.fingerprint, size_bytes = excluded.size_bytes,
             modified_ms = excluded.modified_ms, kind = excluded.kind, account = excluded.account,
             region = excluded.region, skipped = excluded.skipped,
             bytes_uncompressed = excluded.bytes_uncompressed, invocations = excluded.invocations,
             api_events = excluded.api_events, rejects = excluded.rejects,
             ingested_ms = excluded.ingested_ms",
    )?;
    for (entry, counts) in entries {
        forget.execute([&entry.object])?;
        put.execute(params![
            entry.object,
            entry.fingerprint,
            entry.size_bytes.cast_signed(),
            entry.modified_ms,
            entry.kind,
            entry.account,
            entry.region,
            entry.skipped,
            entry.bytes_uncompressed.cast_signed(),
            counts.invocations,
            counts.api_events,
            counts.rejects,
            now_ms,
        ])?;
    }
    objects::put_hashes(change, entries.iter().map(|(entry, _)| entry))
}

/// Keeps the highest number that a file name bears.
pub(super) fn put_last_file(change: &Transaction<'_>, number: i64) -> rusqlite::Result<()> {
    change.execute("UPDATE numbers SET value = ?1 WHERE name = 'file'", [number]).map(drop)
}

pub(super) fn put_segments(change: &Transaction<'_>, staged: &Staged) -> rusqlite::Result<()> {
    for old in &staged.replaced {
        for of_segment in ["contents", "corrections"] {
            change.execute(
                &format!(
                    "DELETE FROM {of_segment}
                     WHERE segment_id = (SELECT id FROM segments WHERE path = ?1)"
                ),
                [&old.path],
            )?;
        }
        change.execute("DELETE FROM segments WHERE path = ?1", [&old.path])?;
    }
    let mut ids = Vec::with_capacity(staged.segments.len());
    for file in &staged.segments {
        put_file(change, "segments", file)?;
        ids.push(change.last_insert_rowid());
    }
    let mut link = change.prepare_cached(
        "INSERT INTO contents (object_id, segment_id) SELECT id, ?2 FROM objects WHERE object = ?1",
    )?;
    for (object, positions) in &staged.contents {
        for position in positions {
            link.execute(params![object, ids[*position]])?;
        }
    }
    let mut correct =
        change.prepare_cached("INSERT INTO corrections (segment_id, event_id) VALUES (?1, ?2)")?;
    for (position, event) in &staged.corrections {
        correct.execute(params![ids[*position], event])?;
    }
    Ok(())
}

pub(super) fn put_repeats(change: &Transaction<'_>, staged: &Staged) -> rusqlite::Result<()> {
    for (table, day) in &staged.compared {
        change.execute(
            "DELETE FROM repeats WHERE tbl = ?1 AND day = ?2",
            params![table.name(), day.to_string()],
        )?;
    }
    staged.repeats.iter().try_for_each(|file| put_file(change, "repeats", file))
}

fn put_file(change: &Transaction<'_>, kind: &str, file: &FileEntry) -> rusqlite::Result<()> {
    change
        .prepare_cached(&format!(
            "INSERT INTO {kind} (tbl, day, path, rows, size_bytes, sha256)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
        ))?
        .execute(params![
            file.table.name(),
            file.day.to_string(),
            file.path,
            file.rows.cast_signed(),
            file.size_bytes.cast_signed(),
            file.sha256,
        ])
        .map(drop)
}

//! Taking a batch of decoded objects into the store: all of it or nothing.
//!
//! Order of events: new files are written whole under names nobody knows yet; then one catalogue
//! transaction makes them live and drops what they replace. Killed anywhere, the store is as before
//! or as after, and the next writer sweeps away files that no row names.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate};
use polars::prelude::{DataFrame, Expr, LazyFrame, PolarsError, PolarsResult, col, lit};
use rusqlite::{Transaction, params};

use super::catalog::{Days, FileEntry, ObjectEntry};
use super::{Error, Writer, files, repeats, segment};
use crate::records::Decoded;
use crate::schema::api_event::ApiEvent;
use crate::schema::invocation::{self, Invocation};
use crate::schema::reject::Reject;
use crate::schema::{Row, Table};

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
}

/// New segments, and what each object put where.
#[derive(Default)]
struct Staged {
    segments: Vec<FileEntry>,
    /// Object → positions in `segments` that hold rows of it.
    contents: BTreeMap<String, BTreeSet<usize>>,
    /// Live segments that the new ones take the place of.
    replaced: Vec<FileEntry>,
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
        for ReadObject { entry, decoded } in batch {
            entries.push((entry, Counts::of(&decoded)));
            rows.add(decoded);
        }
        let written = [rows.invocations.len(), rows.api_events.len()].map(|n| n as u64);
        self.stage_rows(rows.invocations, &mut staged)?;
        self.stage_rows(rows.api_events, &mut staged)?;
        self.stage_rows(rows.rejects, &mut staged)?;
        let (new_repeats, growth) = self.stage_repeats(&staged)?;
        self.reader.catalog.change(|change| {
            put_objects(change, &entries, now_ms)?;
            put_segments(change, &staged)?;
            put_repeats(change, &staged, &new_repeats)
        })?;
        Ok(Committed { rows: written, repeats: growth })
    }

    /// Writes the segments that hold rows of changed objects anew, without those rows.
    fn stage_replacements(&self, batch: &[ReadObject], staged: &mut Staged) -> Result<(), Error> {
        let catalog = &self.reader.catalog;
        let changed = catalog.present(batch.iter().map(|read| read.entry.object.as_str()))?;
        for old in catalog.segments_of(&changed)? {
            let kept = self.collect(&old, |rows| {
                let gone =
                    changed.iter().map(|object| col(invocation::OBJECT).eq(lit(object.as_str())));
                rows.filter(gone.fold(lit(false), Expr::or).not())
            })?;
            if kept.height() > 0 {
                self.stage(old.table, old.day, kept, staged)?;
            }
            staged.replaced.push(old);
        }
        Ok(())
    }

    fn stage_rows<R: Row>(&self, rows: Vec<R>, staged: &mut Staged) -> Result<(), Error> {
        let mut days: BTreeMap<NaiveDate, Vec<R>> = BTreeMap::new();
        for row in rows {
            days.entry(day_of(&row)).or_default().push(row);
        }
        for (day, rows) in days {
            let frame = R::frame(rows).map_err(|source| self.segment_error("build", source))?;
            self.stage(R::TABLE, day, frame, staged)?;
        }
        Ok(())
    }

    fn stage(
        &self,
        table: Table,
        day: NaiveDate,
        rows: DataFrame,
        staged: &mut Staged,
    ) -> Result<(), Error> {
        let objects =
            distinct_objects(&rows).map_err(|source| self.segment_error("read", source))?;
        let path = files::segment_path(table, day, self.reader.catalog.next_file_number()?);
        staged.segments.push(segment::write(&self.reader.root, table, day, path, rows)?);
        for object in objects {
            staged.contents.entry(object).or_default().insert(staged.segments.len() - 1);
        }
        Ok(())
    }

    /// Finds the repeats of every day that the batch touches, as the day will be after the commit.
    fn stage_repeats(&self, staged: &Staged) -> Result<(Vec<FileEntry>, [i64; 2]), Error> {
        let mut found = Vec::new();
        let mut growth = [0; 2];
        for (table, day) in touched_days(staged) {
            let before: u64 =
                self.reader.catalog.repeats(table, Days::one(day))?.iter().map(|f| f.rows).sum();
            let after = repeats::find(table, &self.day_after(table, day, staged)?)
                .map_err(|source| self.segment_error("compare the rows in", source))?;
            let change = after.height().cast_signed() as i64 - before.cast_signed();
            match table {
                Table::Invocations => growth[0] += change,
                Table::ApiEvents => growth[1] += change,
                Table::Rejects => {}
            }
            if after.height() > 0 {
                let path = files::repeats_path(table, day, self.reader.catalog.next_file_number()?);
                found.push(segment::write(&self.reader.root, table, day, path, after)?);
            }
        }
        Ok((found, growth))
    }

    fn day_after(&self, table: Table, day: NaiveDate, staged: &Staged) -> Result<LazyFrame, Error> {
        let live = self.reader.catalog.segments(table, Days::one(day))?;
        let kept = live.iter().filter(|file| !staged.replaced.contains(file));
        let new = staged.segments.iter().filter(|file| file.table == table && file.day == day);
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

    fn segment_error(&self, action: &'static str, source: PolarsError) -> Error {
        Error::Segment { action, path: self.reader.root.clone(), source }
    }
}

/// The rows of a batch by table.
#[derive(Default)]
struct Tables {
    invocations: Vec<Invocation>,
    api_events: Vec<ApiEvent>,
    rejects: Vec<Reject>,
}

impl Tables {
    fn add(&mut self, decoded: Decoded) {
        self.invocations.extend(decoded.invocations);
        self.api_events.extend(decoded.api_events);
        self.rejects.extend(decoded.rejects);
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
fn day_of<R: Row>(row: &R) -> NaiveDate {
    row.partition_time()
        .and_then(|time| DateTime::from_timestamp_millis(time.0))
        .unwrap_or_default()
        .date_naive()
}

fn distinct_objects(rows: &DataFrame) -> PolarsResult<BTreeSet<String>> {
    let objects = rows.column(invocation::OBJECT)?.unique()?;
    Ok(objects.str()?.iter().flatten().map(str::to_owned).collect())
}

fn touched_days(staged: &Staged) -> BTreeSet<(Table, NaiveDate)> {
    staged
        .segments
        .iter()
        .chain(&staged.replaced)
        .filter(|file| file.table != Table::Rejects)
        .map(|file| (file.table, file.day))
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
    Ok(())
}

fn put_segments(change: &Transaction<'_>, staged: &Staged) -> rusqlite::Result<()> {
    for old in &staged.replaced {
        change.execute(
            "DELETE FROM contents WHERE segment_id = (SELECT id FROM segments WHERE path = ?1)",
            [&old.path],
        )?;
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
    Ok(())
}

fn put_repeats(
    change: &Transaction<'_>,
    staged: &Staged,
    found: &[FileEntry],
) -> rusqlite::Result<()> {
    for (table, day) in touched_days(staged) {
        change.execute(
            "DELETE FROM repeats WHERE tbl = ?1 AND day = ?2",
            params![table.name(), day.to_string()],
        )?;
    }
    found.iter().try_for_each(|file| put_file(change, "repeats", file))
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

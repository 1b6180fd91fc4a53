//! New segments on their way into the store, and what they take the place of.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use chrono::{DateTime, NaiveDate};
use polars::prelude::{DataFrame, IntoLazy, JoinArgs, JoinType, PolarsError, PolarsResult, col};

use super::catalog::FileEntry;
use super::encode::{Encoder, Rows};
use super::recount::frame_of;
use super::segment::NewFile;
use super::{Error, Writer, files, repeats};
use crate::schema::columns::{Block, Piece, Texts};
use crate::schema::{Row, Table, TimeMs, api_event, invocation};

/// The memory of a larger file is not used again.
const KEPT_BYTES: usize = 32 << 20;

/// New segments, and what each object put where.
#[derive(Default)]
pub(super) struct Staged<'a> {
    pub(super) segments: Vec<FileEntry>,
    /// Object → positions in `segments` that hold rows of it.
    pub(super) contents: BTreeMap<String, BTreeSet<usize>>,
    /// Live segments that the new ones take the place of.
    pub(super) replaced: Vec<FileEntry>,
    /// Ids of the events that a row corrects, with the position of its segment.
    pub(super) corrections: BTreeSet<(usize, String)>,
    /// Days that hold events which are corrected from now on, or no longer.
    pub(super) corrected_days: BTreeSet<NaiveDate>,
    /// The ids of new rows.
    pub(super) ids: BTreeMap<(Table, NaiveDate), Vec<Ids<'a>>>,
    /// Days whose repeats were found anew …
    pub(super) compared: BTreeSet<(Table, NaiveDate)>,
    /// … and the lists of them.
    pub(super) repeats: Vec<FileEntry>,
}

impl Staged<'_> {
    /// Whether rows of this day go, or count otherwise than before.
    pub(super) fn rewrites(&self, table: Table, day: NaiveDate) -> bool {
        let goes = |file: &FileEntry| file.table == table && file.day == day;
        let corrected = table == Table::ApiEvents && self.corrected_days.contains(&day);
        corrected || self.replaced.iter().any(goes)
    }

    /// A change that takes these segments away.
    pub(super) fn without(replaced: Vec<FileEntry>) -> Self {
        Self { replaced, ..Self::default() }
    }
}

/// Ids of new rows of one day.
pub(super) enum Ids<'a> {
    /// A frame of one column.
    Frame(DataFrame),
    /// Some rows of a column.
    Rows(&'a Texts, Range<usize>),
}

impl Writer {
    /// The segments that hold rows of these objects in another version, written anew without them.
    pub(super) fn replaced_by<'s, 'o>(
        &self,
        objects: impl Iterator<Item = &'o str>,
    ) -> Result<Staged<'s>, Error> {
        let mut staged = Staged::default();
        let catalog = &self.reader.catalog;
        let changed = catalog.present(objects)?;
        if changed.is_empty() {
            return Ok(staged);
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
                self.stage(old.table, old.day, kept, &mut staged)?;
            }
            staged.replaced.push(old);
        }
        Ok(staged)
    }

    /// Writes the rows of decoded objects, a segment for each day.
    pub(super) fn stage_blocks<'a, C: Block>(
        &self,
        blocks: &'a [C],
        staged: &mut Staged<'a>,
    ) -> Result<(), Error> {
        for (day, rows) in by_day(blocks) {
            let position = staged.segments.len();
            for piece in &rows.0 {
                staged.note(C::TABLE, day, position, piece);
            }
            let file = self.new_file(C::TABLE, day);
            let mut bytes = self.file_bytes.take();
            let written = file.write_rows(&rows, &mut bytes);
            if bytes.capacity() <= KEPT_BYTES {
                self.file_bytes.set(bytes);
            }
            staged.segments.push(written?);
        }
        Ok(())
    }

    /// Writes rows of a small table, a segment for each day.
    pub(super) fn stage_rows<R: Row>(
        &self,
        rows: Vec<R>,
        staged: &mut Staged<'_>,
    ) -> Result<(), Error> {
        let mut days: BTreeMap<NaiveDate, Vec<R>> = BTreeMap::new();
        for row in rows {
            days.entry(day_of(row.partition_time())).or_default().push(row);
        }
        for (day, rows) in days {
            let frame = R::frame(rows).map_err(|source| self.segment_error("build", source))?;
            self.stage(R::TABLE, day, frame, staged)?;
        }
        Ok(())
    }

    /// Writes the rows of a frame as a segment.
    pub(super) fn stage(
        &self,
        table: Table,
        day: NaiveDate,
        rows: DataFrame,
        staged: &mut Staged<'_>,
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
            staged.ids.entry((table, day)).or_default().push(Ids::Frame(ids));
        }
        staged.segments.push(self.new_file(table, day).write(rows)?);
        Ok(())
    }

    fn new_file(&self, table: Table, day: NaiveDate) -> NewFile<'_> {
        let path = files::segment_path(table, day, self.next_file_number());
        NewFile { root: &self.reader.root, table, day, path }
    }

    /// A number for a file name. It is never that of a file that was ever live: the highest one is
    /// kept with every commit.
    pub(super) fn next_file_number(&self) -> i64 {
        self.last_file.set(self.last_file.get() + 1);
        self.last_file.get()
    }

    pub(super) fn segment_error(&self, action: &'static str, source: PolarsError) -> Error {
        Error::Segment { action, path: self.reader.root.clone(), source }
    }
}

impl<'a> Staged<'a> {
    /// Notes what the rows of a piece, which go to this segment, are of and which ids they have.
    fn note<C: Block>(
        &mut self,
        table: Table,
        day: NaiveDate,
        position: usize,
        piece: &Piece<'a, C>,
    ) {
        let texts = |name| -> Option<&'a Texts> { piece.columns.texts(name) };
        if let Some(objects) = texts(invocation::OBJECT) {
            for object in objects.each_anew(piece.rows.clone()) {
                self.contents.entry(object.to_owned()).or_default().insert(position);
            }
        }
        if let Some(originals) = texts(api_event::ORIGINAL_EVENT_ID)
            && !originals.keys(piece.rows.clone()).is_empty()
            && let Some(own) = texts(api_event::EVENT_ID)
        {
            let [originals, own] = [originals, own].map(|texts| texts.each(piece.rows.clone()));
            let corrected = originals.zip(own).filter(|(original, own)| original != own);
            let events = corrected.filter_map(|(original, _)| original);
            self.corrections.extend(events.map(|event| (position, event.to_owned())));
        }
        if let Some(ids) = repeats::id(table).and_then(texts) {
            let of_day = self.ids.entry((table, day)).or_default();
            of_day.push(Ids::Rows(ids, piece.rows.clone()));
        }
    }
}

/// The rows of one day.
pub(super) struct OfDay<'a, C>(pub(super) Vec<Piece<'a, C>>);

impl<'a, C: Block> Rows<'a> for OfDay<'a, C> {
    fn height(&self) -> usize {
        self.0.iter().map(|piece| piece.rows.len()).sum()
    }

    fn show(&self, rows: Range<usize>, encoder: &mut Encoder<'a>) {
        let mut start = 0;
        let mut wanted = Vec::with_capacity(self.0.len());
        for piece in &self.0 {
            let end = start + piece.rows.len();
            let cut = rows.start.clamp(start, end) - start..rows.end.clamp(start, end) - start;
            start = end;
            if !cut.is_empty() {
                let first = piece.rows.start;
                let rows = first + cut.start..first + cut.end;
                wanted.push(Piece { columns: piece.columns, rows });
            }
        }
        C::show(&wanted, encoder);
    }
}

/// The rows of each UTC day, in order: blocks are cut where the day changes.
fn by_day<C: Block>(blocks: &[C]) -> BTreeMap<NaiveDate, OfDay<'_, C>> {
    let mut days = BTreeMap::new();
    for columns in blocks {
        let mut start = 0;
        while start < columns.height() {
            let day_number = |row: usize| {
                columns.partition_time(row).map_or(0, |time| time.0).div_euclid(DAY_MS)
            };
            let number = day_number(start);
            let is_later = |row: &usize| day_number(*row) != number;
            let end = (start..columns.height()).find(is_later).unwrap_or(columns.height());
            let day = day_of(columns.partition_time(start));
            let OfDay(pieces) = days.entry(day).or_insert_with(|| OfDay(Vec::new()));
            pieces.push(Piece { columns, rows: start..end });
            start = end;
        }
    }
    days
}

/// Length of a UTC day.
const DAY_MS: i64 = 86_400_000;

/// The UTC day a row belongs to; rows without a time lie under the epoch.
pub(super) fn day_of(time: Option<TimeMs>) -> NaiveDate {
    day_of_millis(time.map(|time| time.0))
}

pub(super) fn day_of_millis(time: Option<i64>) -> NaiveDate {
    time.and_then(DateTime::from_timestamp_millis).unwrap_or_default().date_naive()
}

fn distinct_texts(rows: &DataFrame, column: &str) -> PolarsResult<BTreeSet<String>> {
    let texts = rows.column(column)?.unique()?;
    Ok(texts.str()?.iter().flatten().map(str::to_owned).collect())
}

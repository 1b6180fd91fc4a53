//! Rows kept column by column, as they are decoded: a log holds millions, and a row of forty texts
//! would be forty allocations.
//!
//! Declared by `table!` beside a table's row: `Columns` with one column per field, and a row of
//! borrowed values that is pushed into them.

use std::borrow::Cow;
use std::ops::Range;

use polars::prelude::{
    Column as SeriesColumn, IntoColumn, PlSmallStr, PolarsResult, StringChunkedBuilder,
};

use super::{Cell, TimeMs};

/// A stretch of a block of columns.
pub struct Piece<'a, C> {
    /// The block.
    pub columns: &'a C,
    /// Which of its rows.
    pub rows: Range<usize>,
}

impl<C> Clone for Piece<'_, C> {
    fn clone(&self) -> Self {
        Self { columns: self.columns, rows: self.rows.clone() }
    }
}

/// Values of one column, null included.
pub trait Values: Default {
    /// What is pushed and read back.
    type Value<'a>
    where
        Self: 'a;
    /// Makes room for this many values.
    fn reserve(&mut self, rows: usize);
    /// Appends a value.
    fn push(&mut self, value: Option<Self::Value<'_>>);
    /// Leaves out the values of rows that are not to be kept.
    fn keep(&mut self, rows: &[bool]);
    /// The value in this row; null too where there is no such row.
    fn get(&self, row: usize) -> Option<Self::Value<'_>>;
    /// The values of these stretches, one after another, as a column of a frame.
    ///
    /// # Errors
    /// Only when Polars refuses the cast of a logical type.
    fn series(
        name: &'static str,
        height: usize,
        pieces: &mut dyn Iterator<Item = (&Self, Range<usize>)>,
    ) -> PolarsResult<SeriesColumn>;
}

/// Texts, end to end; a text that repeats the one before it is kept once.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Texts {
    bytes: String,
    places: Vec<Place>,
    /// The last one that is not null.
    last: Option<Place>,
}

/// Where a text lies: start and end; the end before the start for null.
type Place = (usize, usize);
const NULL: Place = (1, 0);

impl Texts {
    fn at(&self, (start, end): Place) -> Option<&str> {
        self.bytes.get(start..end) // out of order for null
    }

    fn place(&mut self, text: &str) -> Place {
        if let Some(last) = self.last
            && self.at(last) == Some(text)
        {
            return last;
        }
        let start = self.bytes.len();
        self.bytes.push_str(text);
        let place = (start, self.bytes.len());
        self.last = Some(place);
        place
    }
}

impl Values for Texts {
    type Value<'a> = Cow<'a, str>;

    fn reserve(&mut self, rows: usize) {
        self.places.reserve_exact(rows);
    }

    fn push(&mut self, value: Option<Cow<'_, str>>) {
        let place = value.map_or(NULL, |text| self.place(&text));
        self.places.push(place);
    }

    fn keep(&mut self, rows: &[bool]) {
        keep(&mut self.places, rows);
    }

    fn get(&self, row: usize) -> Option<Cow<'_, str>> {
        self.at(*self.places.get(row)?).map(Cow::Borrowed)
    }

    fn series(
        name: &'static str,
        height: usize,
        pieces: &mut dyn Iterator<Item = (&Self, Range<usize>)>,
    ) -> PolarsResult<SeriesColumn> {
        let mut builder = StringChunkedBuilder::new(PlSmallStr::from_static(name), height);
        for (texts, rows) in pieces {
            for place in texts.places.get(rows).unwrap_or_default() {
                builder.append_option(texts.at(*place));
            }
        }
        Ok(builder.finish().into_column())
    }
}

/// The values of the rows to keep.
fn keep<T>(values: &mut Vec<T>, rows: &[bool]) {
    let mut rows = rows.iter();
    values.retain(|_| rows.next().copied().unwrap_or(true));
}

/// Plain values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plain<T>(Vec<Option<T>>);

impl<T> Default for Plain<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy + Cell> Values for Plain<T> {
    type Value<'a>
        = T
    where
        T: 'a;

    fn reserve(&mut self, rows: usize) {
        self.0.reserve_exact(rows);
    }

    fn push(&mut self, value: Option<T>) {
        self.0.push(value);
    }

    fn keep(&mut self, rows: &[bool]) {
        keep(&mut self.0, rows);
    }

    fn get(&self, row: usize) -> Option<T> {
        self.0.get(row).copied().flatten()
    }

    fn series(
        name: &'static str,
        height: usize,
        pieces: &mut dyn Iterator<Item = (&Self, Range<usize>)>,
    ) -> PolarsResult<SeriesColumn> {
        let mut values = Vec::with_capacity(height);
        for (plain, rows) in pieces {
            values.extend_from_slice(plain.0.get(rows).unwrap_or_default());
        }
        T::column(name, values)
    }
}

/// The kinds of [`Cell`] that can be kept in columns, and how.
pub trait Kept: Cell {
    /// Their column.
    type Values: Values;
}

impl Kept for String {
    type Values = Texts;
}

impl Kept for i64 {
    type Values = Plain<Self>;
}

impl Kept for bool {
    type Values = Plain<Self>;
}

impl Kept for TimeMs {
    type Values = Plain<Self>;
}

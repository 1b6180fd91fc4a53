//! Rows kept column by column, as they are decoded: a log holds millions, and a row of forty texts
//! would be forty allocations.
//!
//! Declared by `table!` beside a table's row: `Columns` with one column per field, and a row of
//! borrowed values that is pushed into them. A column that has no value costs nothing.

mod spare;
mod texts;

use std::ops::Range;

pub use self::spare::Spare;
pub use self::texts::{NULL, TextMemo, Texts};
use super::{Cell, Table, TimeMs};

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

/// Stretches of columns of the same name, one after another.
pub type Stretches<'a, V> = Vec<(&'a V, Range<usize>)>;

/// Rows of a table, column by column.
pub trait Block: Sized {
    /// The table.
    const TABLE: Table;
    /// How many rows there are.
    fn height(&self) -> usize;
    /// The UTC instant that decides the row's partition.
    fn partition_time(&self, row: usize) -> Option<TimeMs>;
    /// The column of this name, if it holds texts.
    fn texts(&self, name: &str) -> Option<&Texts>;
    /// Shows the columns, in stored order, with the rows of these stretches.
    fn show<'a, V: Visitor<'a>>(pieces: &[Piece<'a, Self>], visitor: &mut V);
}

/// Values of one column. Rows after the last one with a value are null.
pub trait Values: Default {
    /// What is put in and read back.
    type Value<'a>
    where
        Self: 'a;
    /// Makes room for this many rows, if the column has values at all.
    fn reserve(&mut self, rows: usize);
    /// What is known of a value that was put, for the next one.
    type Memo<'a>: Default
    where
        Self: 'a;
    /// Puts a value into a row behind all that have one.
    fn put(&mut self, row: usize, value: Self::Value<'_>);
    /// The same, where it is often the very value that `memo` knows from an earlier row of this column.
    fn put_again<'a>(&mut self, row: usize, value: &Self::Value<'a>, memo: &mut Self::Memo<'a>);
    /// Leaves out the values of rows that are not to be kept.
    fn keep(&mut self, rows: &[bool]);
    /// Forgets the rows behind this many.
    fn truncate(&mut self, rows: usize);
    /// Forgets all rows, and keeps the memory.
    fn clear(&mut self);
    /// How much memory the column takes, filled or not, in bytes.
    fn size(&self) -> usize;
    /// How many bytes of text are kept.
    fn text_bytes(&self) -> usize {
        0
    }
    /// The value in this row; null too where there is no such row.
    fn get(&self, row: usize) -> Option<Self::Value<'_>>;
    /// Shows the values of these stretches, one after another, to a visitor.
    fn show<'a, V: Visitor<'a>>(name: &'static str, pieces: Stretches<'a, Self>, visitor: &mut V);
    /// The column, if it holds texts.
    fn texts(&self) -> Option<&Texts> {
        None
    }
}

/// Takes the columns of a table, in stored order, each as stretches that follow one another.
pub trait Visitor<'a> {
    /// A column of texts.
    fn texts(&mut self, name: &'static str, pieces: Stretches<'a, Texts>);
    /// A column of whole numbers.
    fn ints(&mut self, name: &'static str, pieces: Stretches<'a, Plain<i64>>);
    /// A column of times.
    fn times(&mut self, name: &'static str, pieces: Stretches<'a, Plain<TimeMs>>);
    /// A column of truth values.
    fn flags(&mut self, name: &'static str, pieces: Stretches<'a, Plain<bool>>);
}

/// The values of the rows to keep.
fn keep<T>(values: &mut Vec<T>, rows: &[bool]) {
    let mut rows = rows.iter();
    values.retain(|_| rows.next().copied().unwrap_or(true));
}

/// Plain values.
#[derive(Debug, Clone)]
pub struct Plain<T>(Vec<Option<T>>);

impl<T> Plain<T> {
    /// The values of these rows. Rows at the end may be missing: they are null.
    pub fn values(&self, rows: Range<usize>) -> &[Option<T>] {
        let end = rows.end.min(self.0.len());
        self.0.get(rows.start..end).unwrap_or_default()
    }

    fn put(&mut self, row: usize, value: T) {
        if self.0.len() < row {
            self.0.resize_with(row, || None);
        }
        self.0.push(Some(value));
    }
}

impl<T> Default for Plain<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// Equal when each row has the same value; nulls at the end may be missing.
impl<T: PartialEq> PartialEq for Plain<T> {
    fn eq(&self, other: &Self) -> bool {
        let rows = self.0.len().max(other.0.len());
        (0..rows).all(|row| {
            let [this, that] = [self, other].map(|plain| plain.0.get(row).and_then(Option::as_ref));
            this == that
        })
    }
}

impl<T: Eq> Eq for Plain<T> {}

/// Declares how a kind of plain values is shown.
macro_rules! plain {
    ($type:ty, $show:ident) => {
        impl Values for Plain<$type> {
            type Value<'a> = $type;
            type Memo<'a> = ();

            fn reserve(&mut self, rows: usize) {
                if !self.0.is_empty() {
                    self.0.reserve_exact(rows);
                }
            }

            #[inline]
            fn put(&mut self, row: usize, value: $type) {
                Self::put(self, row, value);
            }

            #[inline]
            fn put_again(&mut self, row: usize, value: &$type, (): &mut ()) {
                Self::put(self, row, *value);
            }

            fn keep(&mut self, rows: &[bool]) {
                keep(&mut self.0, rows);
            }

            fn truncate(&mut self, rows: usize) {
                self.0.truncate(rows);
            }

            fn clear(&mut self) {
                self.0.clear();
            }

            fn size(&self) -> usize {
                self.0.capacity() * size_of::<Option<$type>>()
            }

            fn get(&self, row: usize) -> Option<$type> {
                self.0.get(row).copied().flatten()
            }

            fn show<'a, V: Visitor<'a>>(
                name: &'static str,
                pieces: Stretches<'a, Self>,
                visitor: &mut V,
            ) {
                visitor.$show(name, pieces);
            }
        }
    };
}
plain!(i64, ints);
plain!(TimeMs, times);
plain!(bool, flags);

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

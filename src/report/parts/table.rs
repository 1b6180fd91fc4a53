//! Tables as data: typed, unrounded cells under columns with stable names.

use serde::Serialize;

use super::{Tone, Value};

/// A table.
///
/// In JSON its rows are objects with the columns' keys, so that a machine reader needs no
/// positions; `roles` and `missing` stand beside them, one entry per row.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// What the table holds; may be visually hidden.
    pub caption: String,
    /// Whether the caption is shown.
    pub show_caption: bool,
    /// Whether it takes the full width below the chart.
    pub wide: bool,
    /// The columns; the first is the row head.
    pub columns: Vec<Column>,
    /// The rows, in order.
    pub rows: Vec<TableRow>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Stable name for machine readers.
    pub key: &'static str,
    /// Head.
    pub label: String,
    /// Unit, in the head's second line.
    pub unit: Option<&'static str>,
    /// Text stands left, figures right.
    pub align: Align,
    /// Whether the body's values add up to the total row: they are rounded together, by largest
    /// remainder, so that the printed parts sum to the printed total.
    pub parts: bool,
}

/// Where a column's cells stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Align {
    /// Text.
    Left,
    /// Figures.
    Right,
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableRow {
    /// What kind of row it is.
    pub role: RowRole,
    /// The category key shown before the label, if the chart has one.
    pub swatch: Option<Swatch>,
    /// One cell per column.
    pub cells: Vec<TableCell>,
}

/// A category mark before a row's label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", content = "color", rename_all = "snake_case")]
pub enum Swatch {
    /// The category's colour, as in [`Category::color`](super::Category::color).
    Color(Option<usize>),
    /// Hollow: in the table, not in the chart.
    Hollow,
}

/// The kinds of table row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RowRole {
    /// An ordinary row.
    #[default]
    Body,
    /// Part of the whole, said quietly: other, unattributed, unpriced.
    Note,
    /// The total.
    Total,
    /// Context after the total; not part of the sum.
    Aside,
    /// Heads the rows that follow.
    Group,
}

/// A cell.
#[derive(Debug, Clone, PartialEq)]
pub struct TableCell {
    /// The value.
    pub value: Value,
    /// The judgement.
    pub tone: Tone,
}

impl From<Value> for TableCell {
    fn from(value: Value) -> Self {
        Self { value, tone: Tone::Neutral }
    }
}

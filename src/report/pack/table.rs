//! Tables of a pack, built briefly.

use super::super::parts::{
    Align, Column, Missing, RowRole, Table, TableCell, TableRow, Tone, Value,
};

/// A table of the pack's full width.
pub(super) fn table(caption: &str, columns: Vec<Column>, rows: Vec<TableRow>) -> Table {
    Table { caption: caption.to_owned(), show_caption: false, wide: true, columns, rows }
}

/// A column of text.
pub(super) fn text(key: &'static str, label: &str) -> Column {
    Column { key, label: label.to_owned(), unit: None, align: Align::Left, parts: false }
}

/// A column of figures.
pub(super) fn figure(key: &'static str, label: &str) -> Column {
    Column { align: Align::Right, ..text(key, label) }
}

/// A column of dollars.
pub(super) fn usd(key: &'static str, label: &str) -> Column {
    Column { unit: Some("USD"), ..figure(key, label) }
}

/// A row of values.
pub(super) fn row(role: RowRole, cells: Vec<TableCell>) -> TableRow {
    TableRow { role, swatch: None, cells }
}

/// Words.
pub(super) fn words(words: impl Into<String>) -> TableCell {
    Value::Text(words.into()).into()
}

/// An identifier, or a dash.
pub(super) fn id(id: Option<&str>) -> TableCell {
    id.map_or(Value::Missing(Missing::NotApplicable), |id| Value::Id(id.to_owned())).into()
}

/// A count.
pub(super) fn count(number: u64) -> TableCell {
    Value::Count(number).into()
}

/// A count that should be zero.
pub(super) fn bad_if_any(number: u64) -> TableCell {
    toned(Value::Count(number), if number > 0 { Tone::Bad } else { Tone::Neutral })
}

/// A value with its judgement.
pub(super) fn toned(value: Value, tone: Tone) -> TableCell {
    TableCell { value, tone }
}

/// Nothing.
pub(super) fn blank() -> TableCell {
    Value::Missing(Missing::Blank).into()
}

//! Small tables of figures on the terminal, rounded so that parts add up.

use super::{Context, output};
use crate::render::format::{Format, Script, parts};
use crate::render::table::{Fit, Head, Row, TableOptions, table};
use crate::report::parts::{Align, Column, RowRole, Table, TableRow, Value};

/// A column of text.
pub(super) fn text(key: &'static str, label: &str) -> Column {
    Column { key, label: label.to_owned(), unit: None, align: Align::Left, parts: false }
}

/// A column of figures.
pub(super) fn figure(key: &'static str, label: &str) -> Column {
    Column { align: Align::Right, ..text(key, label) }
}

/// A column of figures that add up to the total row.
pub(super) fn part(key: &'static str, label: &str) -> Column {
    Column { parts: true, ..figure(key, label) }
}

/// A row of values.
pub(super) fn row(role: RowRole, values: Vec<Value>) -> TableRow {
    TableRow { role, swatch: None, cells: values.into_iter().map(Into::into).collect() }
}

/// The table in aligned columns; cut to the terminal's width, never when piped.
pub(super) fn aligned(columns: Vec<Column>, rows: Vec<TableRow>, context: &Context) -> String {
    let whole = Table { caption: String::new(), show_caption: false, wide: false, columns, rows };
    let words = parts::cells(&whole, &Format::default());
    let heads: Vec<Head> = whole
        .columns
        .iter()
        .map(|column| Head { label: column.label.clone(), unit: None, align: column.align })
        .collect();
    let rows: Vec<Row> = words
        .into_iter()
        .zip(&whole.rows)
        .map(|(cells, row)| Row { cells, role: row.role })
        .collect();
    let fit = output::table_width().map_or(Fit::Never, Fit::Cut);
    let color = context.output.color_stdout;
    table(&heads, &rows, TableOptions { fit, color, script: Script::Unicode })
}

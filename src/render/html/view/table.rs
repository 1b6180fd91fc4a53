//! Tables in words: heads, rows, classes and category marks.

use super::{Run, tone, value_run};
use crate::render::charts::style;
use crate::render::format::words::legible as clean;
use crate::render::format::{Format, parts};
use crate::report::parts::{Align, Column, RowRole, Swatch, Table, TableCell, Tone, Value};

#[derive(Debug, Clone)]
pub(super) struct TableView {
    caption: String,
    show_caption: bool,
    columns: Vec<ColumnView>,
    rows: Vec<RowView>,
}

shown!(TableView { caption, show_caption, columns, rows });

#[derive(Debug, Clone)]
struct ColumnView {
    label: String,
    /// Said instead of an empty label.
    spoken: &'static str,
    unit: Option<&'static str>,
    left: bool,
}

shown!(ColumnView { label, spoken, unit, left });

#[derive(Debug, Clone)]
struct RowView {
    class: &'static str,
    /// Token of the category's colour, `hollow`, or nothing.
    swatch: Option<&'static str>,
    cells: Vec<CellView>,
}

shown!(RowView { class, swatch, cells });

#[derive(Debug, Clone)]
struct CellView {
    runs: Vec<Run>,
    class: String,
    /// Quieter words below.
    small: String,
    /// Symbol before the words.
    icon: Option<&'static str>,
}

shown!(CellView { runs, class, small, icon });

pub(super) fn view(table: &Table, format: &Format) -> TableView {
    let texts = parts::cells(table, format);
    let rows = table.rows.iter().zip(texts).map(|(row, texts)| RowView {
        class: row_class(row.role),
        swatch: row.swatch.map(swatch),
        cells: texts
            .into_iter()
            .enumerate()
            .map(|(i, text)| cell(row.cells.get(i), text, &table.columns[i]))
            .collect(),
    });
    TableView {
        caption: clean(&table.caption),
        show_caption: table.show_caption,
        rows: rows.collect(),
        columns: table.columns.iter().map(column).collect(),
    }
}

fn column(column: &Column) -> ColumnView {
    ColumnView {
        label: clean(&column.label),
        spoken: column.key,
        unit: column.unit,
        left: column.align == Align::Left,
    }
}

fn cell(cell: Option<&TableCell>, text: String, column: &Column) -> CellView {
    let missing = Value::Text(String::new());
    let value = cell.map_or(&missing, |cell| &cell.value);
    let mut class = Vec::new();
    if column.align == Align::Left {
        class.push("t");
    }
    match (value, cell.map(|cell| tone(cell.tone))) {
        (Value::Missing(_), _) => class.push("mute"),
        (_, Some(tone)) if !tone.is_empty() => class.push(tone),
        _ => {}
    }
    let (text, small) = match value {
        Value::Lines(words, detail) => (clean(words), clean(detail)),
        _ => (text, String::new()),
    };
    if matches!(value, Value::Lines(..)) {
        class.push("ln");
    }
    let icon = matches!(value, Value::Status(_)).then(|| icon(cell.map(|cell| cell.tone)));
    CellView { runs: vec![value_run(value, text, false)], class: class.join(" "), small, icon }
}

/// The shape of a result, as the page defines it.
fn icon(tone: Option<Tone>) -> &'static str {
    match tone {
        Some(Tone::Good) => "i-pass",
        Some(Tone::Bad | Tone::Warn) => "i-miss",
        _ => "i-none",
    }
}

fn row_class(role: RowRole) -> &'static str {
    match role {
        RowRole::Body => "",
        RowRole::Note | RowRole::Aside => "note",
        RowRole::Total => "tot",
        RowRole::Group => "grp",
    }
}

fn swatch(swatch: Swatch) -> &'static str {
    match swatch {
        Swatch::Color(color) => style::category(color).token,
        Swatch::Hollow => "hollow",
    }
}

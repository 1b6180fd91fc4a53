//! The largest lines of a report's table, the rest as one line, and the total.

use crate::report::parts::{
    Align, Column, Missing, Report, RowRole, Table, TableCell, TableRow, Value,
};
use crate::units::Usd;

/// Lines shown one by one.
const LINES: usize = 5;
/// Figures beside the name.
const FIGURES: usize = 3;
/// Columns that a mail shows, if the table has them.
const WANTED: [&str; 4] = ["cost_usd", "share", "cost_share", "cost_change_usd"];

/// The first table that ranks something by cost, cut to its largest lines; else the first table of all,
/// cut likewise. `None` when the report has no table.
pub(super) fn top(report: &Report) -> Option<Table> {
    let tables = || report.sections.iter().flat_map(|section| &section.tables);
    let ranks = |table: &&Table| {
        let first = table.columns.first().map_or("", |column| column.key);
        !["day", "hour", "week", "month"].contains(&first)
            && table.columns.iter().any(|column| column.key == "cost_usd")
    };
    tables().find(ranks).or_else(|| tables().next()).map(shortened)
}

fn shortened(table: &Table) -> Table {
    let shown = shown_columns(table);
    let columns: Vec<Column> = shown.iter().map(|at| table.columns[*at].clone()).collect();
    let cells = |row: &TableRow| -> Vec<TableCell> {
        let cell = |at: &usize| row.cells.get(*at).cloned();
        shown.iter().map(|at| cell(at).unwrap_or_else(blank)).collect()
    };
    let of_role =
        |roles: &'static [RowRole]| table.rows.iter().filter(move |row| roles.contains(&row.role));
    let body: Vec<&TableRow> = of_role(&[RowRole::Body]).collect();
    let first = if body.len() <= LINES + 1 { body.len() } else { LINES };
    let mut rows: Vec<TableRow> = body[..first]
        .iter()
        .map(|row| TableRow { role: RowRole::Body, swatch: None, cells: cells(row) })
        .collect();
    let rest: Vec<&TableRow> =
        body[first..].iter().copied().chain(of_role(&[RowRole::Note])).collect();
    if !rest.is_empty() {
        let all: Vec<Vec<TableCell>> = rest.iter().map(|row| cells(row)).collect();
        rows.push(others(&all));
    }
    rows.extend(of_role(&[RowRole::Total]).map(|row| TableRow {
        role: RowRole::Total,
        swatch: None,
        cells: cells(row),
    }));
    Table { columns, rows, ..table.clone() }
}

/// The name, then the wanted figures; for other tables the first ones.
fn shown_columns(table: &Table) -> Vec<usize> {
    let figures = |keep: &dyn Fn(&Column) -> bool| -> Vec<usize> {
        let all = table.columns.iter().enumerate().skip(1);
        all.filter(|(_, column)| keep(column)).map(|(at, _)| at).take(FIGURES).collect()
    };
    let wanted = figures(&|column| WANTED.contains(&column.key));
    let chosen =
        if wanted.is_empty() { figures(&|column| column.align == Align::Right) } else { wanted };
    std::iter::once(0).filter(|_| !table.columns.is_empty()).chain(chosen).collect()
}

fn blank() -> TableCell {
    Value::Missing(Missing::Blank).into()
}

/// One row for many: what adds up is added, the rest is left out.
fn others(rows: &[Vec<TableCell>]) -> TableRow {
    if let [only] = rows {
        return TableRow { role: RowRole::Note, swatch: None, cells: only.clone() };
    }
    let width = rows.first().map_or(0, Vec::len);
    let name = Value::Text(format!("{} other lines", rows.len()));
    let sums = (1..width).map(|at| {
        let column = || rows.iter().map(|row| &row[at].value);
        sum(column()).or_else(|| missing_alike(column())).map_or_else(blank, TableCell::from)
    });
    let cells = std::iter::once(TableCell::from(name)).chain(sums).collect();
    TableRow { role: RowRole::Note, swatch: None, cells }
}

/// The sum of values of one kind that adds up; missing ones count as nothing beside known ones.
fn sum<'v>(values: impl Iterator<Item = &'v Value>) -> Option<Value> {
    let mut total: Option<Value> = None;
    for value in values {
        total = match (total, value) {
            (total, Value::Missing(_)) => total,
            (None, first) => Some(first.clone()),
            (Some(Value::Usd(a)), Value::Usd(b)) => Some(Value::Usd(added(a, *b))),
            (Some(Value::UsdChange(a)), Value::UsdChange(b)) => {
                Some(Value::UsdChange(added(a, *b)))
            }
            (Some(Value::Share(a)), Value::Share(b)) => Some(Value::Share(a + b)),
            (Some(Value::Count(a)), Value::Count(b)) => Some(Value::Count(a.saturating_add(*b))),
            (Some(Value::Tokens(a)), Value::Tokens(b)) => Some(Value::Tokens(a.saturating_add(*b))),
            (Some(Value::CountChange(a)), Value::CountChange(b)) => {
                Some(Value::CountChange(a.saturating_add(*b)))
            }
            _ => return None,
        };
    }
    total.filter(adds_up)
}

/// What all of them lack, if it is the same.
fn missing_alike<'v>(mut values: impl Iterator<Item = &'v Value>) -> Option<Value> {
    let first = values.next().filter(|value| matches!(value, Value::Missing(_)))?;
    values.all(|value| value == first).then(|| first.clone())
}

fn added(a: Usd, b: Usd) -> Usd {
    Usd(a.0.saturating_add(b.0))
}

fn adds_up(value: &Value) -> bool {
    matches!(
        value,
        Value::Usd(_)
            | Value::UsdChange(_)
            | Value::Share(_)
            | Value::Count(_)
            | Value::Tokens(_)
            | Value::CountChange(_)
    )
}

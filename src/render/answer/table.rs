//! An answer in aligned columns for people: units in the heads, figures right.

use super::exact;
use crate::render::format::number::{MINUS, decimals};
use crate::render::format::{Format, Script};
use crate::render::table::{Head, Row, TableOptions, table as aligned};
use crate::report::answer::{Answer, AnswerColumn, Side, Unit};
use crate::report::parts::{Align, Missing, RowRole, Value};
use crate::schema::allocation::{COST_CENTER, TEAM, UNATTRIBUTED};
use crate::units::Usd;

/// The answer as lines; `bars`, if any, are a last column, one text per row.
pub fn table(answer: &Answer, bars: Option<&[String]>, options: TableOptions) -> String {
    let mut heads: Vec<Head> = answer.columns.iter().map(head).collect();
    let format = Format { script: Script::Unicode, year: None };
    let mut rows: Vec<Row> = answer
        .rows
        .iter()
        .map(|row| {
            let mut cells: Vec<String> =
                answer.columns.iter().zip(&row.cells).map(|cell| labelled(cell, format)).collect();
            if let (RowRole::Note, Some(first)) = (row.role, cells.first_mut()) {
                let groups = if answer.others == 1 { "group" } else { "groups" };
                *first = format!("{first} ({} {groups})", answer.others);
            }
            Row { cells, role: row.role }
        })
        .collect();
    if let Some(bars) = bars {
        heads.push(Head { label: String::new(), unit: None, align: Align::Left });
        for (row, bar) in rows.iter_mut().zip(bars) {
            row.cells.push(bar.clone());
        }
    }
    aligned(&heads, &rows, options)
}

fn head(column: &AnswerColumn) -> Head {
    let unit = match (column.side, column.unit) {
        (Side::Relative, _) | (_, None | Some(Unit::Count | Unit::Tokens | Unit::Share)) => None,
        (_, Some(Unit::Usd)) => Some("USD"),
        (_, Some(Unit::Ms)) => Some("ms"),
        (_, Some(Unit::Bytes)) => Some("bytes"),
    };
    let align = if column.kind.is_numeric() { Align::Right } else { Align::Left };
    Head { label: column.name.clone(), unit: unit.map(str::to_owned), align }
}

/// A cell of a column; what nobody is charged for says so.
fn labelled((column, value): (&AnswerColumn, &Value), format: Format) -> String {
    match (column.name.as_str(), value) {
        (TEAM | COST_CENTER, Value::Missing(Missing::Unknown)) => UNATTRIBUTED.to_owned(),
        _ => shown(value, format),
    }
}

/// A cell for people: money with six decimals, so that single requests can be told apart, and times
/// in full.
pub(super) fn shown(value: &Value, format: Format) -> String {
    match value {
        Value::Missing(Missing::Blank) => String::new(),
        Value::Missing(_) => "\u{2014}".to_owned(),
        Value::UsdChange(amount) if amount.0 > 0 => format!("+{}", money(*amount)),
        Value::Usd(amount) | Value::UsdChange(amount) => money(*amount),
        // The head says milliseconds.
        Value::DurationChange(ms) if *ms > 0.0 => format!("+{}", decimals(*ms, 1)),
        Value::DurationMs(ms) | Value::DurationChange(ms) => decimals(*ms, 1),
        Value::Time(_) | Value::Day(_) => exact(value),
        other => format.bare(other),
    }
}

fn money(amount: Usd) -> String {
    let text = amount.round_to(6).to_string();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| (MINUS, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole =
        whole.parse().map_or_else(|_| whole.to_owned(), crate::render::format::number::grouped);
    format!("{sign}{whole}.{fraction:0<6}")
}

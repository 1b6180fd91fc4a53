//! A report in one line for programs: period, cost, coverage, grade. Unknown is null.

use serde_json::{Map, Value as Json, json};

use crate::period::Period;
use crate::report::parts::{Prose, Report, RowRole, Span, Value};

/// Version of the line's layout.
const SCHEMA: u32 = 1;

/// The report's line, without what became of it.
pub fn of(report: &Report) -> Map<String, Json> {
    let cost = match &report.headline.value {
        value @ Value::Usd(_) => json!(value),
        _ => Json::Null,
    };
    let fields = [
        ("schema", json!(SCHEMA)),
        ("command", json!(format!("report {}", report.kind))),
        ("period", minutes(report.period)),
        ("cost_usd", cost),
        ("requests", total(report, "requests")),
        ("log_coverage", share(report, "log_coverage")),
        ("price_coverage", share(report, "price_coverage")),
        ("grade", json!(report.trust.grade)),
    ];
    fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// The line of a report that was not made because its period is not complete.
pub fn incomplete(kind: &str, period: Period, exit: u8) -> Json {
    json!({
        "schema": SCHEMA,
        "command": format!("report {kind}"),
        "period": minutes(period),
        "complete": false,
        "outputs": [],
        "exit": exit,
    })
}

fn minutes(period: Period) -> Json {
    let minute = |at: chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%dT%H:%MZ").to_string();
    json!([minute(period.from), minute(period.to)])
}

/// The figure in the total row of the first table that has the column.
fn total(report: &Report, key: &str) -> Json {
    let tables = report.sections.iter().flat_map(|section| &section.tables);
    let found = tables.into_iter().find_map(|table| {
        let at = table.columns.iter().position(|column| column.key == key)?;
        let row = table.rows.iter().find(|row| row.role == RowRole::Total)?;
        row.cells.get(at)
    });
    found.map_or(Json::Null, |cell| json!(cell.value))
}

/// The share that a cell of the trust bar says.
fn share(report: &Report, key: &str) -> Json {
    let cell = report.trust.cells.iter().find(|cell| cell.key == key);
    let first = |prose: &Prose| {
        prose.0.iter().find_map(|span| match span {
            Span::Value(Value::Share(share) | Value::Rate(share))
            | Span::Strong(Value::Share(share) | Value::Rate(share)) => Some(*share),
            _ => None,
        })
    };
    cell.and_then(|cell| first(&cell.value)).map_or(Json::Null, |share| json!(share))
}

//! A report in one line for programs: period, cost, coverage, grade. Unknown is null.

use serde_json::{Map, Value as Json, json};

use crate::period::Period;
use crate::report::parts::{Finding, Report, Severity};

/// Version of the line's layout.
const SCHEMA: u32 = 1;

/// The report's line, without what became of it.
pub fn of(report: &Report) -> Map<String, Json> {
    let totals = &report.totals;
    let fields = [
        ("schema", json!(SCHEMA)),
        ("command", json!(format!("report {}", report.kind))),
        ("period", minutes(report.period)),
        ("cost_usd", json!(totals.cost_usd)),
        ("audience", json!(report.audience)),
        ("requests", json!(totals.requests)),
        ("log_coverage", json!(totals.log_coverage)),
        ("price_coverage", json!(totals.price_coverage)),
        ("grade", json!(report.trust.grade)),
        ("anomalies", json!(report.anomalies.as_ref().map(Vec::len))),
        ("findings", json!(report.findings.as_deref().map(by_severity))),
    ];
    fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// How many there are of each severity that there are any of.
fn by_severity(findings: &[Finding]) -> Map<String, Json> {
    let of = |severity| findings.iter().filter(|one| one.severity == severity).count();
    let counts = [Severity::High, Severity::Medium, Severity::Low]
        .map(|severity| (severity.as_str(), of(severity)));
    let known = counts.into_iter().filter(|(_, count)| *count > 0);
    known.map(|(severity, count)| (severity.to_owned(), json!(count))).collect()
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

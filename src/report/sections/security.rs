//! Security findings: what the detection rules found, which could not be asked, and outages of logging.

use crate::audit::detections::{Detections, Finding as Found, RuleVerdict, Severity as Grave};
use crate::report::facts::Facts;
use crate::report::inputs::Stop;
use crate::report::parts::{
    Empty, Event, Finding, Prose, RowRole, Section, Severity, Table, TableRow, Value,
};
use crate::report::words::{self, parts_column, text_column};

/// Most findings listed; the command shows all.
const LISTED: usize = 15;
/// Most rules listed that could not be asked.
const UNASKED: usize = 12;

pub(super) fn section(facts: &Facts<'_>) -> Section {
    let query = facts.command_of_all("audit detections");
    let Some(found) = &facts.insights().detections else { return not_asked(query) };
    let mut findings = everything(facts, found);
    let mut section =
        super::bare("security", "Security findings", takeaway(found, findings.len() as u64));
    let rows = strip(&findings);
    if !rows.is_empty() {
        section.figure = Some(super::events(facts, "When each finding was seen", rows));
    }
    section.tables = vec![by_severity(&findings), by_verdict(found)];
    section.tables.extend(unasked(found));
    if findings.len() > LISTED {
        let rest = (findings.len() - LISTED) as u64;
        let more = Prose::default().value(Value::Count(rest));
        section.notes.push(more.say(" more are in the answers of the commands below."));
        findings.truncate(LISTED);
    }
    section.notes.push(Prose::marked(
        "Rules are data (docs/detections.md); what is allowed stands in `[security]`. A rule that could \
         not be asked has not passed.",
    ));
    section.findings = findings;
    section.queries = vec![query, facts.command_of_all("audit outages")];
    section
}

/// All findings, gravest first; none where the rules were not asked.
pub(super) fn all(facts: &Facts<'_>) -> Option<Vec<Finding>> {
    facts.insights().detections.as_ref().map(|found| everything(facts, found))
}

fn everything(facts: &Facts<'_>, found: &Detections) -> Vec<Finding> {
    let mut findings: Vec<Finding> = found.findings.iter().map(finding).collect();
    findings.extend(facts.insights().stops.iter().map(|stop| stopped(facts, stop)));
    findings.sort_by_key(|one| one.severity);
    findings
}

fn not_asked(query: String) -> Section {
    let takeaway =
        Prose::text("Not reported: detection rules are asked of everything, not of a part.");
    let mut section = super::bare("security", "Security findings", takeaway);
    section.empty = Some(Empty {
        why: Prose::text(
            "The report is about a part of the requests; misuse elsewhere would be missed.",
        ),
        fill: Prose::marked(
            "The report without `--account`, `--region`, `--team`, `--model` and `--where`.",
        ),
        check: query,
    });
    section
}

/// Grave, as reports say it.
fn severity(grave: Grave) -> Severity {
    match grave {
        Grave::Critical | Grave::High => Severity::High,
        Grave::Medium => Severity::Medium,
        Grave::Low | Grave::Info => Severity::Low,
    }
}

fn takeaway(found: &Detections, findings: u64) -> Prose {
    let of = |verdict| found.rules.iter().filter(|rule| rule.verdict == verdict).count() as u64;
    let asked = of(RuleVerdict::Fired) + of(RuleVerdict::Quiet);
    let unasked = of(RuleVerdict::NotEvaluated);
    let sentence = match findings {
        0 => Prose::text("Nothing was found by "),
        n => Prose::default().value(Value::Count(n)).say(words::counted(
            n,
            " finding by ",
            " findings by ",
        )),
    };
    let sentence =
        sentence.value(Value::Count(asked)).say(words::counted(asked, " rule", " rules"));
    match unasked {
        0 => sentence.say("."),
        n => sentence.say("; ").value(Value::Count(n)).say(words::counted(
            n,
            " rule could not be asked.",
            " rules could not be asked.",
        )),
    }
}

fn finding(found: &Found) -> Finding {
    let mut detail = Prose::default();
    for (place, (name, value)) in found.group.iter().enumerate() {
        let value = value.clone().unwrap_or_else(|| "unknown".to_owned());
        let lead = if place == 0 { String::new() } else { ", ".to_owned() };
        detail = detail.say(format!("{lead}{} ", name.replace('_', " "))).value(Value::Id(value));
    }
    let rows = found.rows.unsigned_abs();
    let lead = if found.group.is_empty() { "" } else { "; " };
    detail =
        detail.say(lead).value(Value::Count(rows)).say(words::counted(rows, " record", " records"));
    if let Some(of) = found.of_rows {
        detail = detail.say(" of ").value(Value::Count(of.unsigned_abs()));
    }
    let group: Vec<&str> =
        found.group.iter().map(|(_, value)| value.as_deref().unwrap_or("unknown")).collect();
    Finding {
        id: format!("{} {}", found.rule, group.join(" ")).trim().to_owned(),
        severity: severity(found.severity),
        title: Prose::text(found.title.clone()),
        period: Some(crate::period::Period { from: found.from, to: found.to }),
        detail: detail.say(format!(". Rule {}.", found.rule)),
        state: None,
        query: found.query.clone(),
    }
}

/// Logging or a trail that was stopped.
fn stopped(facts: &Facts<'_>, stop: &Stop) -> Finding {
    let place: Vec<&str> =
        [&stop.account, &stop.region].into_iter().flatten().map(String::as_str).collect();
    let place = place.join(" ");
    let mut detail = Prose::text(format!("{} ", words::capitalised(&stop.cause)));
    if !place.is_empty() {
        detail = detail.say("in ").value(Value::Id(place.clone()));
    }
    if stop.unlogged > 0 {
        detail = detail
            .say("; ")
            .value(Value::Count(stop.unlogged))
            .say(words::counted(stop.unlogged, " call has", " calls have"))
            .say(" no log");
    }
    Finding {
        id: format!("outage {} {place} {}", stop.recorder, words::argument(stop.period.from)),
        severity: if stop.unlogged > 0 { Severity::High } else { Severity::Medium },
        title: Prose::text(format!("{} did not record", words::capitalised(&stop.recorder))),
        period: Some(stop.period),
        detail: detail.say("."),
        state: stop.is_open.then_some("open"),
        query: facts.command_of_all("audit outages"),
    }
}

fn strip(findings: &[Finding]) -> Vec<Event> {
    let row = |finding: &Finding| {
        let period = finding.period?;
        let title = finding.title.0.first();
        let label = match title {
            Some(crate::report::parts::Span::Text(words)) => words.clone(),
            _ => finding.id.clone(),
        };
        Some(Event {
            id: String::new(),
            label,
            severity: finding.severity,
            spans: vec![(period.from, period.to)],
        })
    };
    findings.iter().filter_map(row).take(LISTED).collect()
}

fn count(role: RowRole, name: &str, n: usize) -> TableRow {
    let cells = vec![Value::Text(name.to_owned()).into(), Value::Count(n as u64).into()];
    TableRow { role, swatch: None, cells }
}

fn by_severity(findings: &[Finding]) -> Table {
    let of = |severity| findings.iter().filter(|one| one.severity == severity).count();
    Table {
        caption: "Findings by severity".to_owned(),
        show_caption: false,
        wide: false,
        columns: vec![
            text_column("severity", "Severity"),
            parts_column("findings", "Findings", None),
        ],
        rows: vec![
            count(RowRole::Body, "High", of(Severity::High)),
            count(RowRole::Body, "Medium", of(Severity::Medium)),
            count(RowRole::Body, "Low", of(Severity::Low)),
            count(RowRole::Total, "Total", findings.len()),
        ],
    }
}

fn by_verdict(found: &Detections) -> Table {
    let of = |verdict| found.rules.iter().filter(|rule| rule.verdict == verdict).count();
    Table {
        caption: "Rules by what became of them".to_owned(),
        show_caption: true,
        wide: false,
        columns: vec![text_column("verdict", "Rules that"), parts_column("rules", "Rules", None)],
        rows: vec![
            count(RowRole::Body, "found something", of(RuleVerdict::Fired)),
            count(RowRole::Body, "found nothing", of(RuleVerdict::Quiet)),
            count(RowRole::Note, "could not be asked", of(RuleVerdict::NotEvaluated)),
            count(RowRole::Total, "Total", found.rules.len()),
        ],
    }
}

fn unasked(found: &Detections) -> Option<Table> {
    let unasked: Vec<TableRow> = found
        .rules
        .iter()
        .filter(|rule| rule.verdict == RuleVerdict::NotEvaluated)
        .map(|rule| TableRow {
            role: RowRole::Body,
            swatch: None,
            cells: vec![
                Value::Text(rule.title.clone()).into(),
                Value::Text(rule.reason.clone().unwrap_or_default()).into(),
            ],
        })
        .take(UNASKED)
        .collect();
    (!unasked.is_empty()).then(|| Table {
        caption: "Rules that could not be asked".to_owned(),
        show_caption: true,
        wide: true,
        columns: vec![text_column("rule", "Rule"), text_column("reason", "Why")],
        rows: unasked,
    })
}

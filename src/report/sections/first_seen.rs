//! Principals, models and Regions that had not called before.

use crate::insight::anomaly::{FirstSeen, FirstSeenKind};
use crate::report::facts::Facts;
use crate::report::parts::{
    Empty, Event, Finding, Prose, RowRole, Section, Severity, Table, TableRow, Value,
};
use crate::report::words::{self, parts_column, text_column};

/// Most events listed; the command shows all.
const LISTED: usize = 12;

const KINDS: [FirstSeenKind; 4] = [
    FirstSeenKind::Principal,
    FirstSeenKind::Model,
    FirstSeenKind::Region,
    FirstSeenKind::PrincipalModel,
];

pub(super) fn section(facts: &Facts<'_>) -> Section {
    let query = facts.command("anomalies");
    let Some(found) = &facts.insights().anomalies else { return too_short(query, None) };
    let untold = found.skipped.iter().find(|skipped| skipped.series == "first seen");
    if let Some(skipped) = untold {
        return too_short(query, Some(&skipped.reason));
    }
    let mut events: Vec<&FirstSeen> = found.first_seen.iter().collect();
    events.sort_by_key(|event| (event.kind, event.at));
    let mut section = super::bare("first-seen", "First seen", takeaway(&events));
    section.tables = vec![table(&events)];
    section.findings = events.iter().take(LISTED).map(|event| finding(event)).collect();
    if !events.is_empty() {
        let rows = events.iter().take(LISTED).map(|event| strip_row(event)).collect();
        section.figure = Some(super::events(facts, "First requests of what is new", rows));
    }
    if events.len() > LISTED {
        let rest = (events.len() - LISTED) as u64;
        let more = Prose::default().value(Value::Count(rest));
        section.notes.push(more.say(" more are in the answer of the command below."));
    }
    section.queries = vec![query];
    section
}

fn too_short(query: String, reason: Option<&str>) -> Section {
    let takeaway = Prose::text("Not reported: the history is too short to say what is new.");
    let mut section = super::bare("first-seen", "First seen", takeaway);
    section.empty = Some(Empty {
        why: Prose::text(reason.map_or_else(
            || "The store holds no request in the period and before it.".to_owned(),
            |reason| format!("{}.", words::capitalised(reason)),
        )),
        fill: Prose::marked("14 days of logs before the period: `bedrock-lens ingest SOURCE`."),
        check: query,
    });
    section
}

fn takeaway(events: &[&FirstSeen]) -> Prose {
    let count = events.len() as u64;
    if count == 0 {
        return Prose::text("Every principal, model and Region of this period had called before.");
    }
    let of = |kind| events.iter().filter(|event| event.kind == kind).count() as u64;
    let part = |n: u64, one: &str, many: &str| {
        (n > 0).then(|| format!("{n} {}", words::counted(n, one, many)))
    };
    let parts: Vec<String> = [
        part(of(FirstSeenKind::Principal), "principal", "principals"),
        part(of(FirstSeenKind::Model), "model", "models"),
        part(of(FirstSeenKind::Region), "Region", "Regions"),
        part(
            of(FirstSeenKind::PrincipalModel),
            "pair of principal and model",
            "pairs of principal and model",
        ),
    ]
    .into_iter()
    .flatten()
    .collect();
    let names: Vec<&str> = parts.iter().map(String::as_str).collect();
    Prose::text(format!("Called for the first time: {}.", words::list(&names)))
}

fn title(event: &FirstSeen) -> Prose {
    let id = |value: &Option<String>| {
        value.clone().map_or_else(|| Value::Text("unknown".to_owned()), Value::Id)
    };
    let model =
        || event.model.clone().map_or_else(|| Value::Text("unknown".to_owned()), Value::Model);
    match event.kind {
        FirstSeenKind::Principal => {
            Prose::text("Principal ").value(id(&event.principal)).say(" called for the first time")
        }
        FirstSeenKind::Model => {
            Prose::text("Model ").value(model()).say(" was called for the first time")
        }
        FirstSeenKind::Region => {
            Prose::text("Region ").value(id(&event.region)).say(" was called for the first time")
        }
        FirstSeenKind::PrincipalModel => Prose::default()
            .value(id(&event.principal))
            .say(" called ")
            .value(model())
            .say(" for the first time"),
    }
}

fn name(event: &FirstSeen) -> String {
    let parts = [&event.principal, &event.model, &event.region];
    let named: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    named.join(" ")
}

fn finding(event: &FirstSeen) -> Finding {
    Finding {
        id: format!("first-seen {} {}", event.kind.words(), name(event)),
        severity: Severity::Low,
        title: title(event),
        period: Some(crate::period::Period {
            from: event.at,
            to: event.at + chrono::Duration::milliseconds(1),
        }),
        detail: Prose::default()
            .value(Value::Count(u64::try_from(event.requests).unwrap_or(0)))
            .say(" requests in the period, account ")
            .value(Value::Id(event.account.clone().unwrap_or_else(|| "unknown".to_owned())))
            .say("."),
        state: None,
        query: event.query.clone(),
    }
}

fn strip_row(event: &FirstSeen) -> Event {
    Event {
        id: String::new(),
        label: name(event),
        severity: Severity::Low,
        spans: vec![(event.at, event.at)],
    }
}

fn table(events: &[&FirstSeen]) -> Table {
    let row = |role, name: &str, n: usize| TableRow {
        role,
        swatch: None,
        cells: vec![Value::Text(name.to_owned()).into(), Value::Count(n as u64).into()],
    };
    let of = |kind: FirstSeenKind| events.iter().filter(|event| event.kind == kind).count();
    let mut rows: Vec<TableRow> = KINDS
        .into_iter()
        .map(|kind| row(RowRole::Body, &words::capitalised(kind.words()), of(kind)))
        .collect();
    rows.push(row(RowRole::Total, "Total", events.len()));
    Table {
        caption: "First seen, by kind".to_owned(),
        show_caption: false,
        wide: false,
        columns: vec![text_column("kind", "What is new"), parts_column("count", "Number", None)],
        rows,
    }
}

//! Access: who called, with which credentials, from where, and who was refused.

use crate::audit::access::{AccessReview, PrincipalAccess};
use crate::report::compare::{or_missing, share};
use crate::report::facts::Facts;
use crate::report::inputs::Address;
use crate::report::parts::{
    Bar, Chart, Empty, Figure, HorizontalBars, Missing, Prose, RowRole, Section, Table, TableRow,
    Value,
};
use crate::report::words::{self, figure_column, parts_column, text_column};

/// Most principals and addresses listed.
const ROWS: usize = 12;

pub(super) fn section(facts: &Facts<'_>) -> Section {
    let query = facts.command_of_all("audit access");
    let Some(review) = &facts.insights().access else { return nothing(query) };
    let mut active: Vec<&PrincipalAccess> =
        review.principals.iter().filter(|one| one.is_active()).collect();
    active.sort_by(|a, b| (refused(b), uses(b), &a.who).cmp(&(refused(a), uses(a), &b.who)));
    let addresses = &facts.insights().addresses;
    let mut section = super::bare("access", "Access", takeaway(&active, addresses));
    section.figure = refusals(&active);
    section.tables = vec![principals(&active)];
    section.tables.extend(sources(addresses));
    section.notes = vec![Prose::text(
        "Calls: CloudTrail events of Bedrock, of every action. Requests: logged model calls. Refused: for \
         want of permission. A call is in both where both logs have it.",
    )];
    section.notes.extend(unused(review));
    section.queries = vec![query, facts.query("principal,error_code", "requests")];
    section
}

fn nothing(query: String) -> Section {
    let takeaway = Prose::text("Not reported: nobody used Bedrock in this scope and period.");
    let mut section = super::bare("access", "Access", takeaway);
    section.empty = Some(Empty {
        why: Prose::text(
            "An access review looks at everything in the store; a report about a part of it has none.",
        ),
        fill: Prose::marked(
            "The report without `--account`, `--region`, `--team`, `--model` and `--where`.",
        ),
        check: query,
    });
    section
}

fn refused(one: &PrincipalAccess) -> u64 {
    one.denied_calls + one.denied_requests
}

fn uses(one: &PrincipalAccess) -> u64 {
    one.calls + one.requests
}

fn name(one: &PrincipalAccess) -> Value {
    one.who.principal.clone().map_or_else(|| Value::Text("unknown".to_owned()), Value::Id)
}

fn takeaway(active: &[&PrincipalAccess], addresses: &[Address]) -> Prose {
    let all = active.len() as u64;
    let with = active.iter().filter(|one| refused(one) > 0).count() as u64;
    let sentence = Prose::default()
        .value(Value::Count(all))
        .say(words::counted(all, " role or user", " roles and users"))
        .say(" used Bedrock, ")
        .value(Value::Count(with))
        .say(words::counted(with, " of them was", " of them were"))
        .say(" refused at least once");
    match addresses.len() as u64 {
        0 => sentence.say("."),
        n => sentence.say("; calls came from ").value(Value::Count(n)).say(words::counted(
            n,
            " address.",
            " addresses.",
        )),
    }
}

fn refusals(active: &[&PrincipalAccess]) -> Option<Figure> {
    let rows: Vec<Bar> = active
        .iter()
        .filter(|one| refused(one) > 0)
        .take(ROWS)
        .map(|one| Bar {
            label: one.who.principal.clone().unwrap_or_else(|| "unknown".to_owned()),
            value: Value::Count(refused(one)),
            previous: None,
            hatched: one.who.principal.is_none(),
        })
        .collect();
    let mut description = Prose::text("Bars from zero, one per principal. ");
    for row in &rows {
        description = description
            .value(Value::Id(row.label.clone()))
            .say(" ")
            .value(row.value.clone())
            .say("; ");
    }
    (!rows.is_empty()).then(|| Figure {
        title: "Refused calls and requests by principal".to_owned(),
        description,
        caption: Prose::text(
            "Calls in CloudTrail and logged requests refused for want of permission, added up.",
        ),
        chart: Chart::HorizontalBars(HorizontalBars { rows }),
    })
}

fn principals(active: &[&PrincipalAccess]) -> Table {
    let (shown, rest) = active.split_at(if active.len() > ROWS { ROWS - 1 } else { active.len() });
    let row = |role, name: Value, credentials: Value, of: [u64; 4]| TableRow {
        role,
        swatch: None,
        cells: [name, credentials]
            .into_iter()
            .chain(of.map(Value::Count))
            .map(Into::into)
            .collect(),
    };
    let counts = |one: &PrincipalAccess| [one.calls, one.requests, refused(one), one.admin_actions];
    let sum = |all: &[&PrincipalAccess]| {
        all.iter()
            .map(|one| counts(one))
            .fold([0; 4], |sum, one| [0, 1, 2, 3].map(|n| sum[n] + one[n]))
    };
    let mut rows: Vec<TableRow> = shown
        .iter()
        .map(|one| {
            let classes: Vec<String> =
                one.credential_classes.iter().map(|class| class.replace('_', " ")).collect();
            let classes = if classes.is_empty() {
                Value::Missing(Missing::Unknown)
            } else {
                Value::Text(classes.join(", "))
            };
            row(RowRole::Body, name(one), classes, counts(one))
        })
        .collect();
    let blank = || Value::Missing(Missing::Blank);
    if !rest.is_empty() {
        let name = Value::Text(format!("{} other", rest.len()));
        rows.push(row(RowRole::Note, name, blank(), sum(rest)));
    }
    rows.push(row(RowRole::Total, Value::Text("Total".to_owned()), blank(), sum(active)));
    Table {
        caption: "Principals, those refused most first".to_owned(),
        show_caption: false,
        wide: true,
        columns: vec![
            text_column("principal", "Principal"),
            text_column("credentials", "Credentials"),
            parts_column("calls", "Calls", None),
            parts_column("requests", "Requests", None),
            parts_column("refused", "Refused", None),
            parts_column("admin_actions", "Changes", None),
        ],
        rows,
    }
}

fn sources(addresses: &[Address]) -> Option<Table> {
    if addresses.is_empty() {
        return None;
    }
    let (shown, rest) =
        addresses.split_at(if addresses.len() > ROWS { ROWS - 1 } else { addresses.len() });
    let row = |role, name: Value, kind: &str, calls: u64, refused: u64| TableRow {
        role,
        swatch: None,
        cells: vec![
            name.into(),
            Value::Text(kind.to_owned()).into(),
            Value::Count(calls).into(),
            Value::Count(refused).into(),
            or_missing(share(refused, calls), Value::Rate, Missing::NotApplicable),
        ],
    };
    let mut rows: Vec<TableRow> = shown
        .iter()
        .map(|one| {
            let name =
                one.address.clone().map_or_else(|| Value::Text("unknown".to_owned()), Value::Id);
            row(RowRole::Body, name, one.kind, one.calls, one.refused)
        })
        .collect();
    let calls = |all: &[Address]| all.iter().map(|one| one.calls).sum();
    let refused = |all: &[Address]| all.iter().map(|one| one.refused).sum();
    if !rest.is_empty() {
        let name = Value::Text(format!("{} other", rest.len()));
        rows.push(row(RowRole::Note, name, "", calls(rest), refused(rest)));
    }
    let total = Value::Text("Total".to_owned());
    rows.push(row(RowRole::Total, total, "", calls(addresses), refused(addresses)));
    Some(Table {
        caption: "Where calls came from, by CloudTrail".to_owned(),
        show_caption: true,
        wide: true,
        columns: vec![
            text_column("address", "Source"),
            text_column("kind", "Kind"),
            parts_column("calls", "Calls", None),
            parts_column("refused", "Failed", None),
            figure_column("rate", "Rate", None),
        ],
        rows,
    })
}

/// What was used before and no longer is.
fn unused(review: &AccessReview) -> Option<Prose> {
    let hints = review.principals.iter().map(|one| one.unused.len() as u64).sum::<u64>();
    (hints > 0).then(|| {
        Prose::default()
            .value(Value::Count(hints))
            .say(words::counted(hints, " grant seems unused", " grants seem unused"))
            .say(": used before, not in the last 30 days; the access review names them.")
    })
}

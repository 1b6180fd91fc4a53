//! Spend by team: what the allocation rules give to whom, and what they give to nobody.

use crate::metrics::allocation::{Line, LineKind, Statement};
use crate::report::compare::{or_missing, quiet};
use crate::report::facts::Facts;
use crate::report::parts::{
    Bar, Chart, Empty, Figure, HorizontalBars, Missing, Prose, RowRole, Section, Table, TableRow,
    Value,
};
use crate::report::words::{parts_column, text_column};
use crate::units::Usd;

/// Most teams shown one by one.
const ROWS: usize = 10;

pub(super) fn section(facts: &Facts<'_>) -> Section {
    let Some([now, before]) = &facts.insights().teams else { return no_rules(facts) };
    let mut section = super::bare("teams", "Spend by team", takeaway(now));
    let rows = rows(now, before);
    if rows.iter().any(|row| row.cost.is_some_and(|cost| cost.0 > 0)) {
        section.figure = Some(figure(facts, &rows));
    }
    section.tables = vec![table(facts, now, before, &rows)];
    let mut note =
        "Teams by the configured allocation rules; the first rule that matches decides. \
                    Unattributed: no rule gives the request to a team."
            .to_owned();
    if let Some(reason) = now.not_split {
        note = format!("{note} Shared cost is not split: {reason}.");
    }
    section.notes = vec![Prose::text(note)];
    section.queries =
        vec![facts.command("allocation --by team"), facts.query("team", "requests,cost_usd")];
    section
}

fn no_rules(facts: &Facts<'_>) -> Section {
    let takeaway = Prose::text("Not reported: no rule says which team a request belongs to.");
    let mut section = super::bare("teams", "Spend by team", takeaway);
    section.empty = Some(Empty {
        why: Prose::marked("The configuration has no `[[allocation.rule]]`."),
        fill: Prose::text(
            "Rules by request metadata, principal, application profile or account; see docs/allocation.md.",
        ),
        check: facts.query("principal", "requests,cost_usd"),
    });
    section
}

/// A row of the chart and of the table.
struct Row {
    name: String,
    is_unattributed: bool,
    is_other: bool,
    requests: u64,
    cost: Option<Usd>,
    previous: Option<Usd>,
}

fn count(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

fn rows(now: &Statement, before: &Statement) -> Vec<Row> {
    let earlier = |line: &Line| {
        let twin = before.lines.iter().find(|other| same(other, line))?;
        twin.total
    };
    let single = |line: &Line| Row {
        name: line.name.clone().unwrap_or_else(|| "unattributed".to_owned()),
        is_unattributed: line.line == LineKind::Unattributed,
        is_other: false,
        requests: count(line.requests),
        cost: line.total,
        previous: earlier(line),
    };
    let (rest, named): (Vec<&Line>, Vec<&Line>) =
        now.lines.iter().partition(|line| line.line == LineKind::Unattributed);
    let gone = before.lines.iter().filter(|line| !now.lines.iter().any(|other| same(other, line)));
    let gone: Vec<Line> = gone.map(nothing_now).collect();
    let named: Vec<&Line> = named.into_iter().chain(&gone).collect();
    let shown = if named.len() > ROWS { ROWS - 1 } else { named.len() };
    let mut rows: Vec<Row> = named[..shown].iter().map(|line| single(line)).collect();
    let others = &named[shown..];
    if !others.is_empty() {
        rows.push(Row {
            name: format!("{} other", others.len()),
            is_unattributed: false,
            is_other: true,
            requests: others.iter().map(|line| count(line.requests)).sum(),
            cost: sum(others.iter().map(|line| line.total)),
            previous: sum(others.iter().map(|line| earlier(line))),
        });
    }
    rows.extend(rest.into_iter().map(single));
    rows
}

/// A line of the earlier period, with nothing in this one.
fn nothing_now(line: &Line) -> Line {
    let nothing = Some(Usd(0));
    Line {
        requests: 0,
        total_tokens: None,
        unpriced_requests: 0,
        direct: nothing,
        shared: Usd(0),
        total: nothing,
        ..line.clone()
    }
}

fn same(one: &Line, other: &Line) -> bool {
    (one.line, &one.name) == (other.line, &other.name)
}

/// Known amounts together; none where none is known.
fn sum(amounts: impl Iterator<Item = Option<Usd>>) -> Option<Usd> {
    amounts.flatten().reduce(|a, b| a + b)
}

fn takeaway(now: &Statement) -> Prose {
    let all = now.total.total.unwrap_or_default();
    let part = |cost: Usd| Value::Share(cost.to_f64() / all.to_f64());
    let dearest = now
        .lines
        .iter()
        .filter(|line| line.line != LineKind::Unattributed)
        .max_by_key(|line| line.total);
    let nobody = now.lines.iter().find(|line| line.line == LineKind::Unattributed);
    let nobody = nobody.and_then(|line| line.total).unwrap_or_default();
    match dearest.and_then(|line| Some((line.name.clone()?, line.total?))) {
        Some((name, cost)) if all.0 > 0 => Prose::default()
            .value(Value::Id(name))
            .say(" carries ")
            .value(part(cost))
            .say(" of the spend; ")
            .value(part(nobody))
            .say(" is given to no team."),
        _ => Prose::text("No priced request belongs to a team."),
    }
}

fn figure(facts: &Facts<'_>, rows: &[Row]) -> Figure {
    let mut description = Prose::text("Bars from zero, one per team. ");
    for row in rows {
        let cost = row.cost.map_or(Value::Missing(Missing::NotPriced), Value::Usd);
        description = description.value(Value::Id(row.name.clone())).say(" ").value(cost).say("; ");
    }
    let bar = |row: &Row| {
        Some(Bar {
            label: row.name.clone(),
            value: Value::Usd(row.cost?),
            previous: row.previous.map(Value::Usd),
            hatched: row.is_unattributed,
        })
    };
    Figure {
        title: format!("Spend by team, {}", facts.this_period()),
        description,
        caption: Prose::text(format!(
            "{} Hatched: given to no team.",
            super::bar_caption(facts, "team")
        )),
        chart: Chart::HorizontalBars(HorizontalBars {
            rows: rows.iter().filter_map(bar).collect(),
        }),
    }
}

fn table(facts: &Facts<'_>, now: &Statement, before: &Statement, rows: &[Row]) -> Table {
    let all = now.total.total;
    let line = |role, name: Value, requests, cost: Option<Usd>, previous: Option<Usd>| {
        let part = match (cost, all) {
            (Some(cost), Some(all)) if all.0 > 0 => {
                Value::Share(cost.to_f64() / all.to_f64()).into()
            }
            _ => quiet(Missing::Blank),
        };
        let change = match (cost, previous) {
            (Some(cost), previous) => Value::UsdChange(cost - previous.unwrap_or_default()).into(),
            (None, _) => quiet(Missing::NotApplicable),
        };
        TableRow {
            role,
            swatch: None,
            cells: vec![name, Value::Count(requests)]
                .into_iter()
                .map(Into::into)
                .chain([or_missing(cost, Value::Usd, Missing::NotPriced), part, change])
                .collect(),
        }
    };
    let mut body: Vec<TableRow> = rows
        .iter()
        .map(|row| {
            let quiet = row.is_unattributed || row.is_other;
            let role = if quiet { RowRole::Note } else { RowRole::Body };
            let name =
                if quiet { Value::Text(row.name.clone()) } else { Value::Id(row.name.clone()) };
            line(role, name, row.requests, row.cost, row.previous)
        })
        .collect();
    let total = Value::Text("Total".to_owned());
    body.push(line(
        RowRole::Total,
        total,
        count(now.total.requests),
        all,
        before.total.total.filter(|_| facts.has_previous()),
    ));
    Table {
        caption: "Spend by team".to_owned(),
        show_caption: false,
        wide: false,
        columns: vec![
            text_column("team", "Team"),
            parts_column("requests", "Requests", None),
            parts_column("cost_usd", "Spend", Some("USD")),
            parts_column("share", "Share", None),
            parts_column("cost_change_usd", "Change", Some("USD")),
        ],
        rows: body,
    }
}

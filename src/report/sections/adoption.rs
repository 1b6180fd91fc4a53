//! Adoption: requests, tokens, principals and models per day, and who is new.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use polars::prelude::PolarsResult;

use super::service;
use crate::insight::anomaly::FirstSeenKind;
use crate::insight::kpi::KpiUnit;
use crate::metrics::cells::Requests;
use crate::metrics::dimensions::Dimension;
use crate::metrics::metric::Metric;
use crate::period::Period;
use crate::report::compare::{or_missing, quiet};
use crate::report::facts::Facts;
use crate::report::followed::{Followed, followed};
use crate::report::kpis::kpi_value;
use crate::report::parts::{
    Kpi, Missing, Panel, Prose, RowRole, Section, Table, TableCell, TableRow, Value,
};
use crate::report::read::{Usage, figures};
use crate::report::words::{self, figure_column, text_column};

/// Daily figures drawn beside those of the tiles.
const DAILY: [(Metric, &str); 2] =
    [(Metric::Requests, "Requests"), (Metric::TotalTokens, "Tokens")];

/// One local day.
struct Day {
    date: NaiveDate,
    is_logged: bool,
    /// Its figures; empty without requests.
    usage: Usage,
}

impl Day {
    /// Whether the log tells of the day, and of no request that the report is about.
    fn is_silent(&self) -> bool {
        self.is_logged && self.usage.count(Metric::Requests) == 0
    }
}

pub(super) fn section(facts: &Facts<'_>, kpis: &[Kpi]) -> PolarsResult<Section> {
    let mut section = super::bare("adoption", "Adoption", takeaway(facts));
    let mut panels = daily(facts)?;
    let tiles =
        kpis.iter().filter(|kpi| ["active_principals", "daily_active_models"].contains(&kpi.key));
    panels.extend(tiles.filter_map(service::panel).map(|panel| Panel {
        // Growth is the question here, not the target.
        target: None,
        ..panel
    }));
    section.figure = service::figure_of(facts, panels, "Usage per day", "");
    section.tables = vec![table(facts)];
    section.notes = vec![Prose::text(
        "New: no call in the store before the period; known only where the store holds enough earlier \
         days.",
    )];
    section.queries = vec![facts.query("day", "requests,total_tokens,principals,models")];
    Ok(section)
}

fn takeaway(facts: &Facts<'_>) -> Prose {
    let now = facts.current.count(Metric::Principals);
    let sentence = Prose::default()
        .value(Value::Count(now))
        .say(words::counted(now, " role or user called ", " roles and users called "))
        .value(Value::Count(facts.current.count(Metric::Models)))
        .say(" models");
    if !facts.has_previous() {
        return sentence.say(".");
    }
    let before = facts.previous.count(Metric::Principals);
    let change = now.cast_signed() - before.cast_signed();
    if change == 0 {
        return sentence.say(format!(", as many as {}.", facts.in_last_period()));
    }
    sentence
        .say(", ")
        .value(Value::CountChange(change))
        .say(format!(" on {}.", facts.last_period()))
}

fn daily(facts: &Facts<'_>) -> PolarsResult<Vec<Panel>> {
    let inputs = facts.inputs;
    let metrics = DAILY.map(|(metric, _)| metric);
    let read = |requests: &Requests, period: Period| -> PolarsResult<Vec<Day>> {
        let groups = figures(requests, &[Dimension::Day], &metrics, facts.zone())?;
        let day = |date| Day { date, is_logged: facts.is_logged(date), usage: Usage::default() };
        let mut days: BTreeMap<String, Day> =
            period.local_days(facts.zone()).map(|date| (date.to_string(), day(date))).collect();
        for usage in groups {
            if let Some(day) = usage.key().and_then(|key| days.get_mut(key)) {
                day.usage = usage;
            }
        }
        Ok(days.into_values().collect())
    };
    let before = read(&inputs.previous, inputs.previous_period)?;
    let now = read(&inputs.current, inputs.period)?;
    let panel = |(metric, label): (Metric, &str)| {
        let all = || before.iter().chain(&now);
        let number = |day: &Day| day.usage.number(metric).or(day.is_silent().then_some(0.0));
        let days: Vec<_> = all().map(|day| (day.date, number(day))).collect();
        let Followed { values, previous, days, .. } = followed(&days, before.len());
        let unit = if metric == Metric::TotalTokens { KpiUnit::Tokens } else { KpiUnit::Count };
        let form = |value| kpi_value(unit, value);
        let known = || values.iter().flatten().copied();
        let (last, highest) = (known().next_back()?, known().max_by(f64::total_cmp)?);
        Some(Panel {
            label: label.to_owned(),
            last: form(last),
            highest: form(highest),
            values,
            previous,
            target: None,
            ends: service::ends(days),
        })
    };
    Ok(DAILY.into_iter().filter_map(panel).collect())
}

fn table(facts: &Facts<'_>) -> Table {
    let (now, before) = (&facts.current, &facts.previous);
    let has_previous = facts.has_previous();
    let row = |name: &str, now: TableCell, before: TableCell, change: TableCell| TableRow {
        role: RowRole::Body,
        swatch: None,
        cells: vec![
            Value::Text(name.to_owned()).into(),
            now,
            if has_previous { before } else { quiet(Missing::NotInLog) },
            if has_previous { change } else { quiet(Missing::New) },
        ],
    };
    let counted = |name, metric| {
        let change = now.count(metric).cast_signed() - before.count(metric).cast_signed();
        row(
            name,
            Value::Count(now.count(metric)).into(),
            Value::Count(before.count(metric)).into(),
            Value::CountChange(change).into(),
        )
    };
    let tokens = |usage: &Usage| {
        or_missing(usage.known(Metric::TotalTokens), Value::Tokens, Missing::NotInLog)
    };
    let ratio = |metric: Metric| {
        let change = now.number(metric).zip(before.number(metric));
        let base = before.count(Metric::Requests);
        change.map_or_else(
            || quiet(Missing::NotApplicable),
            |(now, before)| crate::report::compare::relative(now, before, base).into(),
        )
    };
    let mut rows = vec![
        row(
            "Requests",
            Value::Count(now.count(Metric::Requests)).into(),
            Value::Count(before.count(Metric::Requests)).into(),
            ratio(Metric::Requests),
        ),
        row("Tokens", tokens(now), tokens(before), ratio(Metric::TotalTokens)),
        counted("Active principals", Metric::Principals),
        counted("Models used", Metric::Models),
    ];
    for (name, kind) in
        [("New principals", FirstSeenKind::Principal), ("New models", FirstSeenKind::Model)]
    {
        let cell =
            new(facts, kind).map_or_else(|| quiet(Missing::Unknown), |n| Value::Count(n).into());
        let blank = || Value::Missing(Missing::Blank).into();
        rows.push(TableRow {
            role: RowRole::Aside,
            swatch: None,
            cells: vec![Value::Text(name.to_owned()).into(), cell, blank(), blank()],
        });
    }
    Table {
        caption: "Adoption".to_owned(),
        show_caption: false,
        wide: false,
        columns: vec![
            text_column("measure", "Measure"),
            figure_column("value", &words::capitalised(&facts.this_period()), None),
            figure_column("previous", &words::capitalised(&facts.last_period()), None),
            figure_column("change", "Change", None),
        ],
        rows,
    }
}

/// How many of a kind called for the first time; none where the history is too short to tell.
fn new(facts: &Facts<'_>, kind: FirstSeenKind) -> Option<u64> {
    let anomalies = facts.insights().anomalies.as_ref()?;
    let is_told = !anomalies.skipped.iter().any(|skipped| skipped.series == "first seen");
    let seen = anomalies.first_seen.iter().filter(|seen| seen.kind == kind).count();
    is_told.then_some(seen as u64)
}

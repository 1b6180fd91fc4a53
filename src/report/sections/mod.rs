//! The sections of reports: each one finding, its chart and its table.

mod access;
mod adoption;
mod anomalies;
mod budgets;
mod callers;
pub(super) mod changes;
pub(super) mod cloudwatch;
mod compliance;
mod coverage;
mod daily;
mod drivers;
mod errors;
mod first_seen;
mod forecast;
mod guardrails;
pub(super) mod happened;
mod ingestion;
mod latency;
mod load;
mod method;
mod models;
mod principals;
mod requests;
pub(super) mod risks;
mod savings;
mod security;
mod service;
mod teams;
mod timeline;
mod tokens;
mod usage;
mod worth;

use polars::prelude::PolarsResult;

use super::compare::{Pair, pairs, quiet};
use super::facts::Facts;
use super::model_name;
use super::parts::{
    Chart, Event, EventStrip, Figure, Finding, Kpi, Missing, Prose, Section, Table, TableCell,
    Value,
};
use super::topic::Topic;
use crate::metrics::dimensions::Dimension;
use crate::metrics::metric::Metric;

/// The sections about these topics, in their order; what changed is said of the whole report, by
/// [`changes`].
pub(super) fn all(facts: &Facts<'_>, topics: &[Topic], kpis: &[Kpi]) -> PolarsResult<Vec<Section>> {
    let models = Models::read(facts)?;
    let mut sections = Vec::with_capacity(topics.len());
    for topic in topics {
        sections.extend(one(*topic, facts, &models, kpis)?);
    }
    if !facts.has_previous() {
        sections.iter_mut().flat_map(|section| &mut section.tables).for_each(drop_comparison);
    }
    Ok(sections)
}

fn one(
    topic: Topic,
    facts: &Facts<'_>,
    models: &Models,
    kpis: &[Kpi],
) -> PolarsResult<Option<Section>> {
    Ok(Some(match topic {
        Topic::Changes => return Ok(None),
        Topic::Method => method::section(facts, models),
        Topic::Drivers => drivers::section(facts),
        Topic::Daily => daily::section(facts, models)?,
        Topic::Models => models::section(facts, models),
        Topic::Tokens => tokens::section(facts)?,
        Topic::Teams => teams::section(facts),
        Topic::Principals => principals::section(facts)?,
        Topic::Budgets => budgets::section(facts),
        Topic::Forecast => forecast::section(facts),
        Topic::Savings => savings::section(facts),
        Topic::Return => worth::section(facts),
        Topic::Service => service::section(facts, kpis),
        Topic::Adoption => adoption::section(facts, kpis)?,
        Topic::Requests => requests::section(facts)?,
        Topic::Usage => usage::section(facts)?,
        Topic::Latency => latency::section(facts, models),
        Topic::Errors => errors::section(facts)?,
        Topic::Anomalies => anomalies::section(facts),
        Topic::FirstSeen => first_seen::section(facts),
        Topic::Load => load::section(facts),
        Topic::Guardrails => guardrails::section(facts)?,
        Topic::Ingestion => ingestion::section(facts),
        Topic::Coverage => coverage::section(facts),
        Topic::Timeline => happened::section(facts),
        Topic::Callers => callers::section(facts),
        Topic::Compliance => compliance::section(facts),
        Topic::Security => security::section(facts),
        Topic::Access => access::section(facts),
        Topic::Risks => risks::section(facts, kpis),
    }))
}

pub(super) use anomalies::all as all_anomalies;
pub(super) use load::{name as load_name, peak_share};

/// All that the detection rules, and the ledger of outages, found in the period; none where the report
/// doesn't ask them.
pub(super) fn all_findings(facts: &Facts<'_>) -> Option<Vec<Finding>> {
    let timeline = facts.insights().timeline.as_ref();
    let in_time = || timeline.filter(|timeline| timeline.detections.is_some());
    security::all(facts).or_else(|| in_time().map(happened::findings))
}

/// When each of these things happened, one row per thing.
fn events(facts: &Facts<'_>, title: &str, rows: Vec<Event>) -> Figure {
    let period = facts.inputs.period;
    let mut description = Prose::text("A strip of time, one row per thing. ");
    for row in &rows {
        let first = row.spans.first().map(|(from, _)| Value::Time(*from));
        description = description
            .say(format!("{}: ", row.label))
            .value(first.unwrap_or(Value::Missing(Missing::Unknown)))
            .say("; ");
    }
    let step = timeline::Step::of(period);
    let starts: Vec<_> = timeline::starts(facts, step);
    let days = timeline::labels(starts.iter().copied(), step, facts);
    Figure {
        title: title.to_owned(),
        description,
        caption: Prose::text(format!(
            "{}, {}. Square: high; triangle: medium; disc: low.",
            title,
            facts.zone().name()
        )),
        chart: Chart::EventStrip(EventStrip {
            from: period.from,
            to: period.to,
            rows,
            days: days.into_iter().map(|(index, label)| (starts[index], label)).collect(),
        }),
    }
}

/// Columns that compare with the period before.
const COMPARISON: [&str; 7] = [
    "previous_cost_usd",
    "cost_change_usd",
    "previous_rate",
    "rate_change_points",
    "p99_change_s",
    "previous",
    "change",
];

/// Takes the comparison out of a table: there is nothing to compare with.
fn drop_comparison(table: &mut Table) {
    let kept: Vec<bool> =
        table.columns.iter().map(|column| !COMPARISON.contains(&column.key)).collect();
    let mut of_column = kept.iter();
    table.columns.retain(|_| of_column.next().is_none_or(|kept| *kept));
    for row in &mut table.rows {
        let mut of_cell = kept.iter();
        row.cells.retain(|_| of_cell.next().is_none_or(|kept| *kept));
    }
}

/// The change of the whole spend, where both periods have one.
fn total_change(facts: &Facts<'_>) -> TableCell {
    let spend = [&facts.current, &facts.previous].map(|usage| usage.usd(Metric::CostUsd));
    match spend {
        [Some(now), Some(before)] => Value::UsdChange(now - before).into(),
        [Some(_), None] => quiet(Missing::New),
        [None, _] => quiet(Missing::NotApplicable),
    }
}

/// What the marks of a bar chart mean.
fn bar_caption(facts: &Facts<'_>, what: &str) -> String {
    let bars = format!("List cost per {what}, USD. Bar: {}.", facts.this_period());
    if facts.has_previous() { format!("{bars} Tick: {}.", facts.last_period()) } else { bars }
}

/// Models with a colour of their own in one chart; the rest is "other".
const COLORED: usize = 4;

/// The models of both periods, most expensive first. A model keeps its colour through the report.
struct Models(Vec<Pair>);

const MODEL_METRICS: [Metric; 9] = [
    Metric::Requests,
    Metric::CostUsd,
    Metric::CostPerRequestUsd,
    Metric::UnpricedRequests,
    Metric::LatencyKnown,
    Metric::LatencyMeanMs,
    Metric::LatencyP50Ms,
    Metric::LatencyP90Ms,
    Metric::LatencyP99Ms,
];

impl Models {
    fn read(facts: &Facts<'_>) -> PolarsResult<Self> {
        let (current, previous) = facts.compare(&[Dimension::Model], &MODEL_METRICS)?;
        Ok(Self(pairs(current, previous)))
    }

    /// The models that are drawn in a colour of their own: the most expensive.
    fn colored(&self) -> impl Iterator<Item = &Pair> {
        self.0.iter().filter(|pair| pair.cost().0 > 0).take(COLORED)
    }

    /// The colour of a model; `None` is the grey of "other".
    fn color(&self, model: Option<&str>) -> Option<usize> {
        self.colored().position(|pair| pair.key.as_deref() == model)
    }
}

/// A label for rows that don't have the dimension.
fn label(key: Option<&str>) -> Value {
    key.map_or_else(|| Value::Text("unknown".to_owned()), |name| Value::Id(name.to_owned()))
}

/// A model's label.
fn model(key: Option<&str>) -> Value {
    key.map_or_else(|| Value::Text("unknown".to_owned()), |name| Value::Model(name.to_owned()))
}

/// A model's label as plain text, for charts.
fn chart_model(pair: &Pair) -> String {
    pair.key.as_deref().map_or_else(|| "unknown".to_owned(), model_name::short)
}

/// A section with nothing in it yet.
fn bare(id: &'static str, label: &str, takeaway: Prose) -> Section {
    Section {
        id,
        label: label.to_owned(),
        takeaway,
        figure: None,
        tables: Vec::new(),
        notes: Vec::new(),
        findings: Vec::new(),
        queries: Vec::new(),
        empty: None,
    }
}

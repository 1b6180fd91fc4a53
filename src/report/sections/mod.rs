//! The sections of reports: each one finding, its chart and its table.

mod daily;
mod errors;
mod guardrails;
mod latency;
mod method;
mod models;
mod principals;
mod usage;

use polars::prelude::PolarsResult;

use super::compare::{Pair, pairs, quiet};
use super::model_name;
use super::parts::{Missing, Prose, Section, Table, TableCell, Value};
use super::weekly::Facts;
use crate::metrics::dimensions::Dimension;
use crate::metrics::metric::Metric;

/// The sections of the business report, in order.
pub(super) fn business(facts: &Facts<'_>) -> PolarsResult<Vec<Section>> {
    let models = Models::read(facts)?;
    let mut sections = vec![
        daily::section(facts, &models)?,
        models::section(facts, &models),
        principals::section(facts)?,
        usage::section(facts)?,
        latency::section(facts, &models),
        errors::section(facts)?,
        guardrails::section(facts)?,
        method::section(facts, &models),
    ];
    if !facts.has_previous() {
        sections.iter_mut().flat_map(|section| &mut section.tables).for_each(drop_comparison);
    }
    Ok(sections)
}

/// Columns that compare with the period before.
const COMPARISON: [&str; 5] =
    ["previous_cost_usd", "cost_change_usd", "previous_rate", "rate_change_points", "p99_change_s"];

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
    let bars = format!("List cost per {what}, USD. Bar: {}.", facts.this_week());
    if facts.has_previous() { format!("{bars} Tick: {}.", facts.last_week()) } else { bars }
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
        queries: Vec::new(),
        empty: None,
    }
}

//! Spend by model: bars with the earlier period as a tick, and the table.

use super::{Models, chart_model, model};
use crate::metrics::metric::Metric;
use crate::report::compare::{Pair, cost_change, or_missing, quiet};
use crate::report::facts::Facts;
use crate::report::parts::{
    Bar, Chart, Figure, HorizontalBars, Missing, Prose, RowRole, Section, Swatch, Table, TableCell,
    TableRow, Value,
};
use crate::report::read::Usage;
use crate::report::words::{figure_column, parts_column, text_column};
use crate::units::Usd;

/// Most rows of the table; the rest is one row "other".
const ROWS: usize = 10;
/// Most rows of models without a price.
const UNPRICED_ROWS: usize = 5;

pub(super) fn section(facts: &Facts<'_>, models: &Models) -> Section {
    let mut section = super::bare("models", "Spend by model", takeaway(facts, models));
    let (shown, rest) = shown_and_rest(models);
    if shown.iter().any(|pair| pair.cost().0 > 0 || pair.previous_cost().0 > 0) {
        section.figure = Some(figure(facts, &shown, &rest));
    }
    section.tables = vec![table(facts, models)];
    section.notes = vec![
        Prose::text(
            "Per 1k: list cost of a thousand fully priced requests. Models go by short names: ",
        )
        .link("method", "their ids")
        .say("."),
    ];
    section.queries =
        vec![facts.query("model", "requests,cost_usd,cost_per_request_usd,unpriced_requests")];
    section
}

/// The priced models shown one by one, and those behind the row "other".
fn shown_and_rest(models: &Models) -> (Vec<&Pair>, Vec<&Pair>) {
    let mut priced: Vec<&Pair> = models.0.iter().filter(|pair| !pair.is_unpriced()).collect();
    let shown = if priced.len() > ROWS { ROWS - 1 } else { priced.len() };
    let rest = priced.split_off(shown);
    (priced, rest)
}

fn takeaway(facts: &Facts<'_>, models: &Models) -> Prose {
    let Some(first) = models.0.first().filter(|pair| pair.cost().0 > 0) else {
        return Prose::text("No model in this period has a price.");
    };
    let total = facts.current.cost();
    let requests = facts.current.count(Metric::Requests);
    let share_of_requests =
        crate::report::compare::share(first.count(Metric::Requests), requests).unwrap_or(0.0);
    Prose::default()
        .value(model(first.key.as_deref()))
        .say(" made ")
        .value(Value::Share(share_of_requests))
        .say(" of the requests and ")
        .value(Value::Share(first.cost().to_f64() / total.to_f64()))
        .say(" of the spend.")
}

fn figure(facts: &Facts<'_>, shown: &[&Pair], rest: &[&Pair]) -> Figure {
    let mut rows: Vec<Bar> = shown
        .iter()
        .map(|pair| Bar {
            label: chart_model(pair),
            value: Value::Usd(pair.cost()),
            previous: pair.previous.as_ref().map(|_| Value::Usd(pair.previous_cost())),
            hatched: false,
        })
        .collect();
    if !rest.is_empty() {
        rows.push(Bar {
            label: format!("{} other", rest.len()),
            value: Value::Usd(rest.iter().map(|pair| pair.cost()).sum()),
            previous: Some(Value::Usd(rest.iter().map(|pair| pair.previous_cost()).sum())),
            hatched: false,
        });
    }
    let mut description = Prose::text("Bars from zero, one per model. ");
    for bar in &rows {
        description =
            description.say(bar.label.clone()).say(" ").value(bar.value.clone()).say("; ");
    }
    Figure {
        title: format!("Spend by model, {}", facts.this_period()),
        description,
        caption: Prose::text(format!(
            "{}{}",
            super::bar_caption(facts, "model"),
            if facts.pricing.unpriced.is_empty() { "" } else { " Unpriced models have no bar." }
        )),
        chart: Chart::HorizontalBars(HorizontalBars { rows }),
    }
}

fn table(facts: &Facts<'_>, models: &Models) -> Table {
    let columns = vec![
        text_column("model", "Model"),
        parts_column("requests", "Requests", None),
        figure_column("cost_per_1k_usd", "Per\u{a0}1k", Some("USD")),
        parts_column("cost_usd", "Spend", Some("USD")),
        parts_column("share", "Share", None),
        parts_column("cost_change_usd", "Change", Some("USD")),
    ];
    let (shown, rest) = shown_and_rest(models);
    let mut rows: Vec<TableRow> = shown.iter().map(|pair| row(facts, models, pair)).collect();
    if !rest.is_empty() {
        rows.push(other(facts, &rest));
    }
    rows.extend(unpriced_rows(models));
    rows.push(total(facts));
    Table { caption: "Spend by model".to_owned(), show_caption: false, wide: false, columns, rows }
}

fn row(facts: &Facts<'_>, models: &Models, pair: &Pair) -> TableRow {
    TableRow {
        role: RowRole::Body,
        swatch: Some(Swatch::Color(models.color(pair.key.as_deref()))),
        cells: vec![
            model(pair.key.as_deref()).into(),
            Value::Count(pair.count(Metric::Requests)).into(),
            per_thousand(pair.current.as_ref()),
            Value::Usd(pair.cost()).into(),
            share(facts, pair.cost()),
            cost_change(pair).into(),
        ],
    }
}

fn other(facts: &Facts<'_>, rest: &[&Pair]) -> TableRow {
    let requests = rest.iter().map(|pair| pair.count(Metric::Requests)).sum();
    let cost: Usd = rest.iter().map(|pair| pair.cost()).sum();
    let change: Usd = rest.iter().map(|pair| pair.cost_change()).sum();
    TableRow {
        role: RowRole::Note,
        swatch: Some(Swatch::Color(None)),
        cells: vec![
            Value::Text(format!("{} other", rest.len())).into(),
            Value::Count(requests).into(),
            quiet(Missing::NotApplicable),
            Value::Usd(cost).into(),
            share(facts, cost),
            Value::UsdChange(change).into(),
        ],
    }
}

/// Models without a price: a row each while they are few, else one row for those with the fewest
/// requests.
fn unpriced_rows(models: &Models) -> Vec<TableRow> {
    let unpriced: Vec<&Pair> = models.0.iter().filter(|pair| pair.is_unpriced()).collect();
    let shown = if unpriced.len() > UNPRICED_ROWS { UNPRICED_ROWS - 1 } else { unpriced.len() };
    let (named, rest) = unpriced.split_at(shown);
    let requests = |pair: &Pair| pair.count(Metric::Requests);
    let mut rows: Vec<TableRow> =
        named.iter().map(|pair| unpriced_row(model(pair.key.as_deref()), requests(pair))).collect();
    if !rest.is_empty() {
        let name = Value::Text(format!("{} other unpriced", rest.len()));
        rows.push(unpriced_row(name, rest.iter().map(|pair| requests(pair)).sum()));
    }
    rows
}

fn unpriced_row(name: Value, requests: u64) -> TableRow {
    TableRow {
        role: RowRole::Note,
        swatch: Some(Swatch::Hollow),
        cells: vec![
            name.into(),
            Value::Count(requests).into(),
            quiet(Missing::NotApplicable),
            quiet(Missing::NotPriced),
            quiet(Missing::Blank),
            quiet(Missing::Blank),
        ],
    }
}

fn total(facts: &Facts<'_>) -> TableRow {
    let requests = facts.current.count(Metric::Requests);
    let cost = facts.current.cost();
    TableRow {
        role: RowRole::Total,
        swatch: None,
        cells: vec![
            Value::Text("Total".to_owned()).into(),
            Value::Count(requests).into(),
            per_thousand(Some(&facts.current)),
            or_missing(facts.current.usd(Metric::CostUsd), Value::Usd, Missing::NotPriced),
            share(facts, cost),
            super::total_change(facts),
        ],
    }
}

/// Cost of a thousand fully priced requests of the group, as the key figure has it for one.
fn per_thousand(usage: Option<&Usage>) -> TableCell {
    let one = usage.and_then(|usage| usage.usd(Metric::CostPerRequestUsd));
    or_missing(one, |one| Value::Usd(Usd(one.0 * 1_000)), Missing::NotApplicable)
}

fn share(facts: &Facts<'_>, cost: Usd) -> TableCell {
    let total = facts.current.cost();
    if total.0 == 0 {
        return quiet(Missing::NotApplicable);
    }
    Value::Share(cost.to_f64() / total.to_f64()).into()
}

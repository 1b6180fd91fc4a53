//! Spend by model: bars with the earlier period as a tick, and the table.

use super::{Models, chart_model, model};
use crate::metrics::metric::Metric;
use crate::report::compare::{Pair, cost_change, quiet};
use crate::report::model_name::short;
use crate::report::parts::{
    Bar, Chart, Figure, HorizontalBars, Missing, Prose, RowRole, Section, Swatch, Table, TableCell,
    TableRow, Value,
};
use crate::report::weekly::Facts;
use crate::report::words::{figure_column, parts_column, text_column};
use crate::units::Usd;

/// Most rows of the table; the rest is one row "other".
const ROWS: usize = 10;

pub(super) fn section(facts: &Facts<'_>, models: &Models) -> Section {
    let mut section = super::bare("models", "Spend by model", takeaway(facts, models));
    let priced: Vec<&Pair> =
        models.0.iter().filter(|pair| pair.cost().0 > 0 || pair.previous_cost().0 > 0).collect();
    if !priced.is_empty() {
        section.figure = Some(figure(facts, &priced));
    }
    section.tables = vec![table(facts, models)];
    section.notes = vec![full_ids(models)];
    section.queries =
        vec![facts.query("model", "requests,cost_usd,cost_per_request_usd,unpriced_requests")];
    section
}

/// Which id each short name stands for.
fn full_ids(models: &Models) -> Prose {
    let mut note = Prose::text("Short names stand for: ");
    let ids = models.0.iter().filter_map(|pair| pair.key.as_deref());
    let shortened = ids.filter(|id| short(id) != *id);
    for (index, id) in shortened.enumerate() {
        let comma = if index == 0 { "" } else { "; " };
        note = note
            .say(comma)
            .value(Value::Model(id.to_owned()))
            .say(" ")
            .value(Value::Id(id.to_owned()));
    }
    note.say(".")
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
        .say(" makes ")
        .value(Value::Share(share_of_requests))
        .say(" of the requests and ")
        .value(Value::Share(first.cost().to_f64() / total.to_f64()))
        .say(" of the spend.")
}

fn figure(facts: &Facts<'_>, priced: &[&Pair]) -> Figure {
    let shown = priced.iter().take(ROWS - 1);
    let rest = &priced[priced.len().min(ROWS - 1)..];
    let mut rows: Vec<Bar> = shown
        .map(|pair| Bar {
            label: chart_model(pair),
            value: pair.cost(),
            previous: pair.previous.as_ref().map(|_| pair.previous_cost()),
            hatched: false,
        })
        .collect();
    if !rest.is_empty() {
        rows.push(Bar {
            label: format!("{} other", rest.len()),
            value: rest.iter().map(|pair| pair.cost()).sum(),
            previous: Some(rest.iter().map(|pair| pair.previous_cost()).sum()),
            hatched: false,
        });
    }
    let mut description = Prose::text("Bars from zero, one per model. ");
    for bar in &rows {
        description =
            description.say(bar.label.clone()).say(" ").value(Value::Usd(bar.value)).say("; ");
    }
    Figure {
        title: format!("Spend by model, {}", facts.this_week()),
        description,
        caption: Prose::text(format!(
            "List cost per model, USD. Bar: {}. Tick: {}. Models without a price are in the table only.",
            facts.this_week(),
            facts.last_week()
        )),
        chart: Chart::HorizontalBars(HorizontalBars { rows }),
    }
}

fn table(facts: &Facts<'_>, models: &Models) -> Table {
    let columns = vec![
        text_column("model", "Model"),
        parts_column("requests", "Requests", None),
        figure_column("cost_per_1k_usd", "per 1k", Some("USD")),
        parts_column("cost_usd", "Spend", Some("USD")),
        parts_column("share", "Share", None),
        parts_column("cost_change_usd", "Change", Some("USD")),
    ];
    let (priced, unpriced): (Vec<&Pair>, Vec<&Pair>) =
        models.0.iter().partition(|pair| !pair.is_unpriced());
    let shown = if priced.len() > ROWS { ROWS - 1 } else { priced.len() };
    let mut rows: Vec<TableRow> =
        priced[..shown].iter().map(|pair| row(facts, models, pair)).collect();
    if shown < priced.len() {
        rows.push(other(facts, &priced[shown..]));
    }
    rows.extend(unpriced.iter().map(|pair| unpriced_row(pair)));
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
            per_thousand(pair.cost(), pair.count(Metric::Requests)),
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
            per_thousand(cost, requests),
            Value::Usd(cost).into(),
            share(facts, cost),
            Value::UsdChange(change).into(),
        ],
    }
}

fn unpriced_row(pair: &Pair) -> TableRow {
    TableRow {
        role: RowRole::Note,
        swatch: Some(Swatch::Hollow),
        cells: vec![
            model(pair.key.as_deref()).into(),
            Value::Count(pair.count(Metric::Requests)).into(),
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
    let has_previous = facts.previous.count(Metric::Requests) > 0;
    TableRow {
        role: RowRole::Total,
        swatch: None,
        cells: vec![
            Value::Text("Total".to_owned()).into(),
            Value::Count(requests).into(),
            per_thousand(cost, requests),
            Value::Usd(cost).into(),
            share(facts, cost),
            if has_previous {
                Value::UsdChange(cost - facts.previous.cost()).into()
            } else {
                quiet(Missing::New)
            },
        ],
    }
}

/// Cost of a thousand requests of the group, priced or not billed alike.
fn per_thousand(cost: Usd, requests: u64) -> TableCell {
    if requests == 0 {
        return quiet(Missing::NotApplicable);
    }
    Value::Usd(Usd(cost.0 * 1_000 / i128::from(requests))).into()
}

fn share(facts: &Facts<'_>, cost: Usd) -> TableCell {
    let total = facts.current.cost();
    if total.0 == 0 {
        return quiet(Missing::NotApplicable);
    }
    Value::Share(cost.to_f64() / total.to_f64()).into()
}

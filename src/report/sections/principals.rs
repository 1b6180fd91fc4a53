//! Spend by principal: who spent it.

use polars::prelude::PolarsResult;

use super::label;
use crate::metrics::dimensions::Dimension;
use crate::metrics::metric::Metric;
use crate::report::compare::{Pair, cost_change, or_missing, pairs, quiet};
use crate::report::facts::Facts;
use crate::report::parts::{
    Bar, Chart, Figure, HorizontalBars, Missing, Prose, RowRole, Section, Table, TableRow, Value,
};
use crate::report::words::{parts_column, text_column};
use crate::units::Usd;

/// Most principals shown one by one; the rest is one row "other".
const SHOWN: usize = 9;

pub(super) fn section(facts: &Facts<'_>) -> PolarsResult<Section> {
    let (current, previous) =
        facts.compare(&[Dimension::Principal], &[Metric::Requests, Metric::CostUsd])?;
    let principals = pairs(current, previous);
    let mut section = super::bare("principals", "Spend by principal", takeaway(facts, &principals));
    let rows = rows(&principals);
    if principals.iter().any(|pair| pair.cost().0 > 0) {
        section.figure = Some(figure(facts, &rows));
    }
    section.tables = vec![table(facts, &rows)];
    let mut note =
        Prose::text("Principal: the role or user that made the call, without its session.");
    if rows.iter().any(|row| row.is_unknown) {
        note = note.say(" Unknown: the record holds no identity.");
    }
    section.notes = vec![note];
    section.queries = vec![facts.query("principal", "requests,cost_usd")];
    Ok(section)
}

/// A row of the chart and of the table.
struct Row {
    name: Value,
    text: String,
    is_other: bool,
    is_unknown: bool,
    requests: u64,
    /// `None` where none of its requests has a price.
    cost: Option<Usd>,
    previous_cost: Option<Usd>,
    change: Value,
}

fn rows(principals: &[Pair]) -> Vec<Row> {
    let shown = if principals.len() > SHOWN + 1 { SHOWN } else { principals.len() };
    let mut rows: Vec<Row> = principals[..shown].iter().map(single).collect();
    let rest = &principals[shown..];
    if !rest.is_empty() {
        let text = format!("{} other", rest.len());
        rows.push(Row {
            name: Value::Text(text.clone()),
            text,
            is_other: true,
            is_unknown: false,
            requests: rest.iter().map(|pair| pair.count(Metric::Requests)).sum(),
            cost: Some(rest.iter().map(Pair::cost).sum()),
            previous_cost: Some(rest.iter().map(Pair::previous_cost).sum()),
            change: Value::UsdChange(rest.iter().map(Pair::cost_change).sum()),
        });
    }
    rows.sort_by_key(|row| row.is_unknown);
    rows
}

fn single(pair: &Pair) -> Row {
    Row {
        name: label(pair.key.as_deref()),
        text: pair.key.clone().unwrap_or_else(|| "unknown".to_owned()),
        is_other: false,
        is_unknown: pair.key.is_none(),
        requests: pair.count(Metric::Requests),
        cost: (!pair.is_unpriced()).then(|| pair.cost()),
        previous_cost: pair.previous.as_ref().map(|_| pair.previous_cost()),
        change: cost_change(pair),
    }
}

fn takeaway(facts: &Facts<'_>, principals: &[Pair]) -> Prose {
    let total = facts.current.cost();
    let Some(first) = principals.first().filter(|pair| pair.cost().0 > 0 && total.0 > 0) else {
        return Prose::text("No principal in this period has priced requests.");
    };
    let named = Prose::default()
        .value(label(first.key.as_deref()))
        .say(" spent ")
        .value(Value::Usd(first.cost()))
        .say(", ")
        .value(Value::Share(first.cost().to_f64() / total.to_f64()))
        .say(" of the total");
    match &first.previous {
        Some(_) => named
            .say(", ")
            .value(Value::UsdChange(first.cost_change()))
            .say(format!(" on {}.", facts.last_period())),
        None => named.say("."),
    }
}

fn figure(facts: &Facts<'_>, rows: &[Row]) -> Figure {
    let mut description = Prose::text("Bars from zero, one per principal. ");
    for row in rows {
        let cost = row.cost.map_or(Value::Missing(Missing::NotPriced), Value::Usd);
        description = description.value(row.name.clone()).say(" ").value(cost).say("; ");
    }
    Figure {
        title: format!("Spend by principal, {}", facts.this_period()),
        description,
        caption: Prose::text(format!(
            "{}{}",
            super::bar_caption(facts, "principal"),
            if rows.iter().any(|row| row.cost.is_none()) {
                " Principals without a priced request have no bar."
            } else {
                ""
            }
        )),
        chart: Chart::HorizontalBars(HorizontalBars {
            rows: rows
                .iter()
                .filter_map(|row| {
                    Some(Bar {
                        label: row.text.clone(),
                        value: Value::Usd(row.cost?),
                        previous: row.previous_cost.map(Value::Usd),
                        hatched: row.is_unknown,
                    })
                })
                .collect(),
        }),
    }
}

fn table(facts: &Facts<'_>, rows: &[Row]) -> Table {
    let columns = vec![
        text_column("principal", "Principal"),
        parts_column("requests", "Requests", None),
        parts_column("cost_usd", "Spend", Some("USD")),
        parts_column("share", "Share", None),
        parts_column("cost_change_usd", "Change", Some("USD")),
    ];
    let total = facts.current.cost();
    let share = |cost: Usd| {
        if total.0 == 0 {
            quiet(Missing::NotApplicable)
        } else {
            Value::Share(cost.to_f64() / total.to_f64()).into()
        }
    };
    let mut body: Vec<TableRow> = rows
        .iter()
        .map(|row| TableRow {
            role: if row.is_other || row.is_unknown { RowRole::Note } else { RowRole::Body },
            swatch: None,
            cells: vec![
                row.name.clone().into(),
                Value::Count(row.requests).into(),
                or_missing(row.cost, Value::Usd, Missing::NotPriced),
                row.cost.map_or_else(|| quiet(Missing::Blank), share),
                row.change.clone().into(),
            ],
        })
        .collect();
    body.push(TableRow {
        role: RowRole::Total,
        swatch: None,
        cells: vec![
            Value::Text("Total".to_owned()).into(),
            Value::Count(facts.current.count(Metric::Requests)).into(),
            or_missing(facts.current.usd(Metric::CostUsd), Value::Usd, Missing::NotPriced),
            share(total),
            super::total_change(facts),
        ],
    });
    Table {
        caption: "Spend by principal".to_owned(),
        show_caption: false,
        wide: false,
        columns,
        rows: body,
    }
}

//! Why spend changed: what made it, effect by effect, to the last digit of the change.

use super::total_change;
use crate::insight::drivers::{DriverTree, Effect, ModelChange};
use crate::metrics::metric::Metric;
use crate::report::facts::Facts;
use crate::report::model_name;
use crate::report::parts::{
    Chart, DriverBar, DriverBars, Empty, Figure, Missing, Prose, RowRole, Section, Table, TableRow,
    Value,
};
use crate::report::words::{self, parts_column, text_column};
use crate::units::Usd;

/// Most models named under a driver.
const NAMED: usize = 2;

pub(super) fn section(facts: &Facts<'_>) -> Section {
    let tree = &facts.inputs.drivers;
    if !facts.has_previous() || facts.previous.usd(Metric::CostUsd).is_none() {
        return nothing_before(facts);
    }
    let mut section = super::bare("drivers", "Why spend changed", takeaway(tree));
    section.figure = Some(figure(facts, tree));
    section.tables = vec![table(facts, tree)];
    section.notes = vec![Prose::text(
        "Each driver is moved from its earlier to its later value; what that changes is averaged over \
         all orders of moving (Shapley), so no order is favoured. Only priced requests are in it.",
    )];
    section.queries = vec![against(facts)];
    section
}

/// The command that splits the same change.
fn against(facts: &Facts<'_>) -> String {
    let before = facts.inputs.previous_period;
    facts.command(&format!(
        "drivers --against-from {} --against-to {}",
        words::argument(before.from),
        words::argument(before.to)
    ))
}

fn nothing_before(facts: &Facts<'_>) -> Section {
    let takeaway = Prose::text(format!(
        "Not reported: there is no spend of {} to compare with.",
        facts.last_period()
    ));
    let mut section = super::bare("drivers", "Why spend changed", takeaway);
    section.empty = Some(Empty {
        why: Prose::text("The log holds no priced request of the earlier period.")
            .say(" A change from nothing has no drivers."),
        fill: Prose::marked("Logs of the earlier period: `bedrock-lens ingest SOURCE` reads more."),
        check: words::command(
            "query --by day --metrics requests,cost_usd",
            facts.inputs.previous_period,
            facts.zone(),
            facts.inputs.scope.filter.as_deref(),
        ),
    });
    section
}

/// Drivers that changed something.
fn moved(tree: &DriverTree) -> Vec<(Effect, Usd)> {
    tree.effects.named().into_iter().filter(|(_, amount)| amount.0 != 0).collect()
}

fn takeaway(tree: &DriverTree) -> Prose {
    let moved = moved(tree);
    let sum = |of: fn(i128) -> bool| -> Usd {
        moved.iter().filter(|(_, amount)| of(amount.0)).map(|(_, amount)| *amount).sum()
    };
    let names = |of: fn(i128) -> bool| -> Vec<&str> {
        let mut kept: Vec<_> = moved.iter().filter(|(_, amount)| of(amount.0)).collect();
        kept.sort_by_key(|(_, amount)| std::cmp::Reverse(amount.0.abs()));
        kept.iter().take(3).map(|(effect, _)| short(*effect)).collect()
    };
    let (more, less) = (sum(|units| units > 0), sum(|units| units < 0));
    // What is left of the printed change, so that the two printed amounts add up to it.
    let less_shown = Usd((tree.change_usd.round_to(2) - more.round_to(2)).0.abs());
    let added = |said: Prose| {
        let list = words::capitalised(&words::list(&names(|units| units > 0)));
        said.say(format!("{list} added ")).value(Value::Usd(more))
    };
    let taken = |said: Prose, large: bool| {
        let list = words::list(&names(|units| units < 0));
        let list = if large { words::capitalised(&list) } else { list };
        said.say(format!("{list} took off ")).value(Value::Usd(less_shown))
    };
    match (more.0, less.0) {
        (0, 0) => Prose::text("Spend did not change."),
        (_, 0) => added(Prose::default()).say("."),
        (0, _) => taken(Prose::default(), true).say("."),
        _ => taken(added(Prose::default()).say("; "), false).say("."),
    }
}

fn short(effect: Effect) -> &'static str {
    match effect {
        Effect::PeriodLength => "length of the period",
        Effect::Volume => "volume",
        Effect::ModelMix => "model mix",
        Effect::TokensPerRequest => "tokens per request",
        Effect::Cache => "cache use",
        Effect::Routing => "routing and tier",
        Effect::Price => "prices",
    }
}

/// What an effect means, in a few words.
fn meaning(effect: Effect) -> &'static str {
    match effect {
        Effect::PeriodLength => "more or fewer days",
        Effect::Volume => "more or fewer requests per day",
        Effect::ModelMix => "requests moved between models",
        Effect::TokensPerRequest => "longer or shorter requests and answers",
        Effect::Cache => "input moved to or from the cache",
        Effect::Routing => "calls moved between Regions, profiles and tiers",
        Effect::Price => "other prices of the same list",
    }
}

fn of_model(change: &ModelChange, effect: Effect) -> Usd {
    let named = change.effects.named();
    named.iter().find(|(name, _)| *name == effect).map(|(_, amount)| *amount).unwrap_or_default()
}

fn bars(tree: &DriverTree) -> Vec<DriverBar> {
    let bar =
        |label: String, amount, is_part| DriverBar { label, amount, is_part, is_total: false };
    let mut rows = Vec::new();
    for (effect, amount) in moved(tree) {
        rows.push(bar(words::capitalised(short(effect)), amount, false));
        let mut parts: Vec<(&ModelChange, Usd)> = tree
            .models
            .iter()
            .map(|change| (change, of_model(change, effect)))
            .filter(|(_, part)| part.0 != 0)
            .collect();
        if parts.len() < 2 {
            continue;
        }
        parts.sort_by_key(|(_, part)| std::cmp::Reverse(part.0.abs()));
        let name = |change: &ModelChange| {
            change.model.as_deref().map_or_else(|| "unknown".to_owned(), model_name::short)
        };
        let shown = if parts.len() > NAMED + 1 { NAMED } else { parts.len() };
        rows.extend(parts[..shown].iter().map(|(change, part)| bar(name(change), *part, true)));
        let rest = &parts[shown..];
        if !rest.is_empty() {
            let sum = rest.iter().map(|(_, part)| *part).sum();
            rows.push(bar(format!("{} other models", rest.len()), sum, true));
        }
    }
    rows.push(DriverBar {
        label: "Total change".to_owned(),
        amount: tree.change_usd,
        is_part: false,
        is_total: true,
    });
    rows
}

fn figure(facts: &Facts<'_>, tree: &DriverTree) -> Figure {
    let rows = bars(tree);
    let mut description = Prose::text("Bars from zero, one per driver, the total last. ");
    for row in &rows {
        description = description
            .say(format!("{} ", row.label))
            .value(Value::UsdChange(row.amount))
            .say("; ");
    }
    Figure {
        title: format!("Drivers of the change in spend, {}", facts.this_period()),
        description,
        caption: Prose::text(format!(
            "Change in list cost, {} against {}, USD. Thin bars, by model, add up to the bar above \
             them; the bars add up to the total.",
            facts.this_period(),
            facts.last_period()
        )),
        chart: Chart::DriverBars(DriverBars { rows }),
    }
}

fn table(facts: &Facts<'_>, tree: &DriverTree) -> Table {
    let mut rows: Vec<TableRow> = tree
        .effects
        .named()
        .into_iter()
        .map(|(effect, amount)| TableRow {
            role: RowRole::Body,
            swatch: None,
            cells: vec![
                Value::Text(words::capitalised(short(effect))).into(),
                Value::Text(meaning(effect).to_owned()).into(),
                Value::UsdChange(amount).into(),
            ],
        })
        .collect();
    rows.push(TableRow {
        role: RowRole::Total,
        swatch: None,
        cells: vec![
            Value::Text("Change of spend".to_owned()).into(),
            Value::Missing(Missing::Blank).into(),
            total_change(facts),
        ],
    });
    Table {
        caption: "Drivers of the change in spend".to_owned(),
        show_caption: false,
        wide: false,
        columns: vec![
            text_column("driver", "Driver"),
            text_column("meaning", "What it is"),
            parts_column("effect_usd", "Effect", Some("USD")),
        ],
        rows,
    }
}

//! Spend, and what made it change.
//!
//! Says only what is computed: what the change splits into and which models and principals it falls
//! on. It names no cause.

use std::cmp::Ordering;

use polars::prelude::PolarsResult;

use crate::insight::drivers::{DriverTree, Effect};
use crate::metrics::dimensions::Dimension;
use crate::metrics::metric::Metric;
use crate::report::compare::{Pair, pairs, relative};
use crate::report::facts::Facts;
use crate::report::parts::{Headline, Missing, Prose, Value};
use crate::report::words;
use crate::units::Usd;

/// Spend and its change.
pub(super) fn spend(facts: &Facts<'_>) -> PolarsResult<Headline> {
    let (cost, before) = (facts.current.cost(), facts.previous.cost());
    let requests_before = facts.previous.count(Metric::Requests);
    let has_previous = requests_before > 0;
    if facts.current.usd(Metric::CostUsd).is_none() {
        return Ok(without_any_price(facts));
    }
    let mut caption = Prose::text("list cost");
    if has_previous {
        caption = caption
            .say(", ")
            .value(Value::UsdChange(cost - before))
            .say(" (")
            .value(relative(cost.to_f64(), before.to_f64(), requests_before))
            .say(format!(") on {}", facts.last_period()));
    } else {
        caption = caption.say("; no earlier period to compare with");
    }
    Ok(Headline { value: Value::Usd(cost), caption, lead: lead(facts)? })
}

/// Nothing is priced: there is no spend to state, which is not the same as none.
fn without_any_price(facts: &Facts<'_>) -> Headline {
    let requests = facts.current.count(Metric::Requests);
    let lead = Prose::text("The log holds ")
        .value(Value::Count(requests))
        .say(words::counted(requests, " request", " requests"))
        .say(" of this period and none with a price, so spend is not known. ")
        .link("method", "Reasons")
        .say(".");
    let caption = Prose::text("list cost; no request has a price");
    Headline { value: Value::Missing(Missing::Unknown), caption, lead }
}

fn lead(facts: &Facts<'_>) -> PolarsResult<Prose> {
    let (cost, before) = (facts.current.cost(), facts.previous.cost());
    let change = cost - before;
    let requests = facts.current.count(Metric::Requests);
    if facts.previous.count(Metric::Requests) == 0 {
        let lead = Prose::default()
            .value(Value::Count(requests))
            .say(words::counted(requests, " logged request", " logged requests"))
            .say(" cost ")
            .strong(Value::Usd(cost))
            .say(". ");
        return Ok(without_full_price(facts, lead)
            .say("The log holds nothing of the period before, so nothing is compared."));
    }
    let lead = change_sentence(cost, change);
    let lead = lead.and(drivers_sentence(&facts.inputs.drivers));
    let by_model = largest_share(facts, &Dimension::Model)?;
    let by_principal = largest_share(facts, &Dimension::Principal)?;
    let lead = match by_model.zip(by_principal) {
        Some((model, principal)) if change.0 != 0 => {
            lead.say("By model, ").and(model).say("; by principal, ").and(principal).say(". ")
        }
        _ => lead,
    };
    Ok(requests_sentence(facts, lead))
}

fn change_sentence(cost: Usd, change: Usd) -> Prose {
    let opening = match change.0 {
        1.. => "Spend rose by ",
        0 => return Prose::text("Spend stayed at ").strong(Value::Usd(cost)).say(". "),
        _ => "Spend fell by ",
    };
    Prose::text(opening)
        .strong(Value::Usd(Usd(change.0.abs())))
        .say(" to ")
        .value(Value::Usd(cost))
        .say(". ")
}

/// Effects that are named; the others are said together.
const NAMED_EFFECTS: usize = 2;

/// What made the change, the largest effects first; the printed amounts add up to the cent.
fn drivers_sentence(tree: &DriverTree) -> Prose {
    let mut moved: Vec<(Effect, Usd)> =
        tree.effects.named().into_iter().filter(|(_, amount)| amount.round_to(2).0 != 0).collect();
    moved.sort_by_key(|(_, amount)| std::cmp::Reverse(amount.0.abs()));
    if tree.change_usd.round_to(2).0 == 0 || moved.is_empty() {
        return Prose::default();
    }
    let others = u64::try_from(moved.len().saturating_sub(NAMED_EFFECTS)).unwrap_or(0);
    let mut rest = tree.change_usd.round_to(2);
    let mut said = Prose::text("By driver, ");
    for (place, (effect, amount)) in moved.iter().take(NAMED_EFFECTS).enumerate() {
        // The last one named takes what is left of the printed change.
        let is_last = others == 0 && place + 1 == moved.len();
        let shown = if is_last { rest } else { amount.round_to(2) };
        rest = rest - shown;
        let opening = match (place, is_last) {
            (0, _) => "",
            (_, true) => " and ",
            (_, false) => ", ",
        };
        let came = if place == 0 { " came from " } else { " from " };
        said = said.say(opening).strong(Value::UsdChange(shown)).say(came).say(words_of(*effect));
    }
    if others > 0 {
        let others = format!(" from {others} {}", words::counted(others, "other", "others"));
        said = said.say(" and ").strong(Value::UsdChange(rest)).say(others);
    }
    said.say(". ")
}

fn words_of(effect: Effect) -> &'static str {
    match effect {
        Effect::PeriodLength => "the length of the period",
        Effect::Volume => "the number of requests",
        Effect::ModelMix => "the model mix",
        Effect::TokensPerRequest => "tokens per request",
        Effect::Cache => "cache use",
        Effect::Routing => "routing and tier",
        Effect::Price => "prices",
    }
}

/// The group on which most of the change falls, and what is left for the others.
fn largest_share(facts: &Facts<'_>, by: &Dimension) -> PolarsResult<Option<Prose>> {
    let (current, previous) =
        facts.compare(std::slice::from_ref(by), &[Metric::Requests, Metric::CostUsd])?;
    let mut moved: Vec<Pair> = pairs(current, previous);
    let change: Usd = moved.iter().map(Pair::cost_change).sum();
    moved.retain(|pair| pair.cost_change().0 != 0);
    moved.sort_by_key(|pair| std::cmp::Reverse(pair.cost_change().0.abs()));
    let Some(first) = moved.first() else { return Ok(None) };
    let share = Prose::default()
        .strong(Value::UsdChange(first.cost_change()))
        .say(" came from ")
        .value(name(by, first.key.clone()));
    let others = moved.len() as u64 - 1;
    if others == 0 {
        return Ok(Some(share));
    }
    // What is left of the printed change, so that the printed amounts add up to the cent.
    let rest = change.round_to(2) - first.cost_change().round_to(2);
    let others = format!(" from {others} {}", words::counted(others, "other", "others"));
    Ok(Some(share.say(" and ").strong(Value::UsdChange(rest)).say(others)))
}

fn name(by: &Dimension, key: Option<String>) -> Value {
    match key {
        None => Value::Text("an unknown one".to_owned()),
        Some(key) if *by == Dimension::Model => Value::Model(key),
        Some(key) => Value::Id(key),
    }
}

fn requests_sentence(facts: &Facts<'_>, lead: Prose) -> Prose {
    let (now, before) =
        (facts.current.count(Metric::Requests), facts.previous.count(Metric::Requests));
    #[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
    let change = relative(now as f64, before as f64, before);
    let lead = match now.cmp(&before) {
        Ordering::Greater => lead.say("Requests rose to "),
        Ordering::Equal => lead.say("Requests stayed at "),
        Ordering::Less => lead.say("Requests fell to "),
    };
    let lead = lead.value(Value::Count(now));
    let lead = match change {
        Value::RelativeChange(_) if now != before => lead.say(" (").value(change).say(")"),
        _ => lead,
    };
    without_full_price(facts, lead.say(". "))
}

/// Adds how many requests are not, or not wholly, in spend.
fn without_full_price(facts: &Facts<'_>, lead: Prose) -> Prose {
    let unpriced: u64 = facts.pricing.unpriced.iter().map(|row| row.requests).sum();
    if unpriced == 0 {
        return lead;
    }
    lead.value(Value::Count(unpriced))
        .say(words::counted(unpriced, " of them has", " of them have"))
        .say(" no full price and ")
        .say(words::counted(unpriced, "is", "are"))
        .say(" not, or not fully, in spend. ")
}

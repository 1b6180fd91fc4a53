//! The one figure, the sentence that explains it, and what needs attention.
//!
//! Says only what is computed: which models and principals the change falls on. It names no cause.

use polars::prelude::PolarsResult;

use super::compare::{Pair, pairs, relative};
use super::parts::{Attention, Grade, Headline, Kpi, Outcome, Prose, Value};
use super::weekly::Facts;
use super::{trust, words};
use crate::metrics::dimensions::Dimension;
use crate::metrics::metric::Metric;
use crate::units::Usd;

/// Spend and its change.
pub(super) fn headline(facts: &Facts<'_>) -> PolarsResult<Headline> {
    let (cost, before) = (facts.current.cost(), facts.previous.cost());
    let requests_before = facts.previous.count(Metric::Requests);
    let has_previous = requests_before > 0;
    let mut caption = Prose::text("list cost");
    if has_previous {
        caption = caption
            .say(", ")
            .value(Value::UsdChange(cost - before))
            .say(" (")
            .value(relative(cost.to_f64(), before.to_f64(), requests_before))
            .say(format!(") on {}", facts.last_week()));
    } else {
        caption = caption.say("; no earlier period to compare with");
    }
    Ok(Headline { value: Value::Usd(cost), caption, lead: lead(facts)? })
}

fn lead(facts: &Facts<'_>) -> PolarsResult<Prose> {
    let (cost, before) = (facts.current.cost(), facts.previous.cost());
    let change = cost - before;
    let requests = facts.current.count(Metric::Requests);
    if facts.previous.count(Metric::Requests) == 0 {
        return Ok(Prose::default()
            .value(Value::Count(requests))
            .say(" logged requests cost ")
            .strong(Value::Usd(cost))
            .say(
                ". The log holds nothing of the period before, so nothing is said about change.",
            ));
    }
    let lead = Prose::text(match change.0 {
        1.. => "Spend rose by ",
        0 => "Spend did not change: ",
        _ => "Spend fell by ",
    })
    .strong(Value::Usd(Usd(change.0.abs())))
    .say(" to ")
    .value(Value::Usd(cost))
    .say(". ");
    let lead = largest_share(facts, &Dimension::Model, "Of the change, ", lead)?;
    let lead = largest_share(facts, &Dimension::Principal, "By caller, ", lead)?;
    Ok(requests_sentence(facts, lead))
}

/// Adds the two groups on which most of the change falls.
fn largest_share(
    facts: &Facts<'_>,
    by: &Dimension,
    opening: &str,
    lead: Prose,
) -> PolarsResult<Prose> {
    let (current, previous) =
        facts.compare(std::slice::from_ref(by), &[Metric::Requests, Metric::CostUsd])?;
    let mut moved: Vec<Pair> = pairs(current, previous);
    moved.retain(|pair| pair.key.is_some() && pair.cost_change().0 != 0);
    moved.sort_by_key(|pair| std::cmp::Reverse(pair.cost_change().0.abs()));
    let name = |pair: &Pair| {
        let key = pair.key.clone().unwrap_or_default();
        if *by == Dimension::Model { Value::Model(key) } else { Value::Id(key) }
    };
    let falls_on = |pair: &Pair, prose: Prose| {
        prose.strong(Value::UsdChange(pair.cost_change())).say(" falls on ").value(name(pair))
    };
    Ok(match moved.as_slice() {
        [] => lead,
        [only] => falls_on(only, lead.say(opening)).say(". "),
        [first, second, ..] => {
            let lead = falls_on(first, lead.say(opening)).say(" and ");
            lead.strong(Value::UsdChange(second.cost_change()))
                .say(" on ")
                .value(name(second))
                .say(". ")
        }
    })
}

fn requests_sentence(facts: &Facts<'_>, lead: Prose) -> Prose {
    let (now, before) =
        (facts.current.count(Metric::Requests), facts.previous.count(Metric::Requests));
    #[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
    let change = relative(now as f64, before as f64, before);
    let lead =
        lead.say("There were ").value(Value::Count(now)).say(" requests (").value(change).say(")");
    let unpriced: u64 = facts.pricing.unpriced.iter().map(|row| row.requests).sum();
    if unpriced == 0 {
        return lead.say(".");
    }
    lead.say("; ")
        .value(Value::Count(unpriced))
        .say(" of them ")
        .say(words::counted(unpriced, "has", "have"))
        .say(" no full price and ")
        .say(words::counted(unpriced, "is", "are"))
        .say(" not fully in spend.")
}

/// At most three lines: missed targets first, then what the figures leave out.
pub(super) fn attention(facts: &Facts<'_>, kpis: &[Kpi]) -> Vec<Attention> {
    let mut lines: Vec<Attention> = kpis
        .iter()
        .filter(|kpi| kpi.outcome == Outcome::Miss && section_of(kpi.key).is_some())
        .map(missed)
        .collect();
    lines.sort_by_key(|line| line.section != Some("errors"));
    lines.extend(unlogged(facts));
    lines.extend(unpriced(facts));
    lines.extend(stale_prices(facts));
    lines.truncate(3);
    lines
}

/// The section that shows more of a KPI with a fixed target.
fn section_of(kpi: &str) -> Option<&'static str> {
    match kpi {
        "success_rate" => Some("errors"),
        "response_time_mean_ms" => Some("latency"),
        "cost_per_request_usd" => Some("models"),
        _ => None,
    }
}

fn missed(kpi: &Kpi) -> Attention {
    Attention {
        title: Prose::text(format!("{} ", kpi.label))
            .value(kpi.value.clone())
            .say(format!(", target {} missed", kpi.target)),
        detail: Prose::default()
            .value(kpi.change.clone())
            .say(" against ")
            .value(kpi.previous.clone()),
        section: section_of(kpi.key),
    }
}

fn unlogged(facts: &Facts<'_>) -> Option<Attention> {
    let coverage = &facts.coverage;
    let gap = coverage.known_gaps().first()?;
    Some(Attention {
        title: Prose::default()
            .value(Value::Count(coverage.unlogged))
            .say(" calls have no invocation log"),
        detail: Prose::text("The longest gap is in ").value(Value::Id(gap.region.clone())).say(
            format!(
                ", {} to {}.",
                words::moment(gap.from, facts.zone()),
                words::moment(gap.to, facts.zone())
            ),
        ),
        section: Some("method"),
    })
}

fn unpriced(facts: &Facts<'_>) -> Option<Attention> {
    let worst = facts.pricing.unpriced.first()?;
    let graded = trust::checks(facts)
        .iter()
        .any(|check| check.name.starts_with("Price") && check.grade > Grade::A);
    graded.then(|| Attention {
        title: Prose::default().value(Value::Model(worst.model.clone())).say(" has no price"),
        detail: Prose::default()
            .value(Value::Count(worst.requests))
            .say(format!(" requests, not in spend ({}).", worst.reason)),
        section: Some("method"),
    })
}

fn stale_prices(facts: &Facts<'_>) -> Option<Attention> {
    let prices = &facts.inputs.prices;
    prices.is_stale.then(|| Attention {
        title: Prose::text(format!("The price book is {} days old", prices.age_days)),
        detail: Prose::text("Its newest source is of ")
            .value(Value::Day(prices.newest_source))
            .say("; prices may have changed since."),
        section: Some("method"),
    })
}

//! The same tokens at another price: batch, flex and priority tier, global profile, another model.

use std::collections::{BTreeMap, BTreeSet};

use super::{Fact, Nature, Part, Saving, Substitution, share};
use crate::metrics::what_if::groups::Group;
use crate::metrics::what_if::reprice::Repriced;
use crate::units::Usd;

/// The rule that the low ends of tiers share.
const CAN_WAIT: &str = "low: requests of roles that don't stream and so can wait; the log doesn't say who \
                        needs an answer at once";

/// Value of `principal_type` for calls by programs; all others are or may be people.
const ROLE: &str = "role";

fn can_wait(group: &Group) -> bool {
    !group.is_streamed && group.principal_type.as_deref() == Some(ROLE)
}

pub(super) fn batch(repriced: &[Repriced<'_>]) -> Saving {
    let eligible: Vec<&Repriced<'_>> =
        repriced.iter().filter(|one| !one.group.is_streamed).collect();
    let all: i64 = repriced.iter().map(|one| one.group.requests).sum();
    let offered: i64 =
        eligible.iter().filter(|one| one.then.is_ok()).map(|one| one.group.requests).sum();
    let words = Words {
        kind: "batch",
        title: "Requests that could have been batch jobs",
        none: "no request on the standard tier is without streaming",
        price: "batch",
    };
    let mut saving = weighed(&words, &eligible, can_wait, |_| true);
    if saving.reason.is_none() {
        saving.facts.extend(share(offered, all).map(|share| ("eligible_share", share)));
    }
    saving.assuming([
        CAN_WAIT,
        "high: every request that doesn't stream, whoever made it",
        "the catalogue's batch price of the model and Region; requests with cached tokens have none and \
         are left out",
        "batch quotas and the least number of records of a job are not checked",
    ])
}

pub(super) fn flex(repriced: &[Repriced<'_>]) -> Saving {
    let words = Words {
        kind: "flex_tier",
        title: "Standard requests on the flex tier",
        none: "no request is on the standard tier",
        price: "flex",
    };
    let all: Vec<&Repriced<'_>> = repriced.iter().collect();
    weighed(&words, &all, can_wait, |_| true).assuming([
        CAN_WAIT,
        "high: every request on the standard tier; the flex tier may answer later or not at all",
        "a record without a tier is a standard request",
    ])
}

pub(super) fn priority(repriced: &[Repriced<'_>]) -> Saving {
    let words = Words {
        kind: "priority_tier",
        title: "Priority requests on the standard tier",
        none: "no request is on the priority tier",
        price: "standard",
    };
    let all: Vec<&Repriced<'_>> = repriced.iter().collect();
    weighed(&words, &all, can_wait, |_| true)
        .assuming([CAN_WAIT, "high: every request on the priority tier"])
}

pub(super) fn global(repriced: &[Repriced<'_>]) -> Saving {
    let words = Words {
        kind: "global_routing",
        title: "Regional requests through the global profile",
        none: "every request already goes through a global profile",
        price: "global",
    };
    let leaves_region =
        |group: &Group| group.routing.as_deref().is_some_and(|routing| routing != "in_region");
    let all: Vec<&Repriced<'_>> = repriced.iter().collect();
    weighed(&words, &all, leaves_region, |_| true).assuming([
        "low: requests through a geography's profile, which leave their Region already; high: all",
        "data may be processed in any commercial Region, and the Region offers the global profile: the \
         log says neither",
    ])
}

/// How a kind of repricing is worded.
struct Words {
    kind: &'static str,
    title: &'static str,
    /// Why there is no figure when nothing is eligible.
    none: &'static str,
    /// What the price is called.
    price: &'static str,
}

/// The range between what the low and the high rule count, per model.
fn weighed(
    words: &Words,
    eligible: &[&Repriced<'_>],
    low: impl Fn(&Group) -> bool,
    high: impl Fn(&Group) -> bool,
) -> Saving {
    let nothing =
        |reason: String| Saving::nothing(words.kind, words.title, Nature::Potential, reason);
    if eligible.is_empty() {
        return nothing(words.none.to_owned());
    }
    let mut parts: BTreeMap<&str, (Part, Usd)> = BTreeMap::new();
    let mut left_out: BTreeMap<&'static str, i64> = BTreeMap::new();
    for Repriced { group, then } in eligible {
        match then {
            Err(reason) => *left_out.entry(reason).or_default() += group.requests,
            Ok(then) => {
                let (part, now) = parts.entry(&group.model).or_default();
                let saved = group.cost - *then;
                part.model = Some(group.model.clone());
                if low(group) {
                    part.low_usd += saved;
                }
                if high(group) {
                    part.high_usd += saved;
                    part.requests += group.requests;
                    *now += group.cost;
                }
            }
        }
    }
    if parts.is_empty() {
        let models: BTreeSet<&str> = eligible.iter().map(|one| one.group.model.as_str()).collect();
        let models: Vec<&str> = models.into_iter().collect();
        let saving = nothing(format!("no {} price for {}", words.price, models.join(", ")));
        return Saving { left_out, ..saving };
    }
    let now = parts.values().map(|(_, now)| *now).sum();
    let parts = parts.into_values().map(|(part, _)| ordered(part)).collect();
    let saving = Saving::of_parts(words.kind, words.title, Nature::Potential, parts);
    Saving { now_usd: Some(now), left_out, ..saving }
}

/// The part with its low end low: where the alternative costs more, more requests cost more.
fn ordered(part: Part) -> Part {
    let (low, high) = (part.low_usd.min(part.high_usd), part.low_usd.max(part.high_usd));
    Part { low_usd: low, high_usd: high, ..part }
}

pub(super) fn no_candidates() -> Saving {
    Saving::nothing(
        "model_substitution",
        "Another model for the same work",
        Nature::Potential,
        "no candidates: name them with `--substitute FROM=TO` or in `[[savings.substitute]]`",
    )
}

pub(super) fn substitution(candidate: &Substitution<'_>) -> Saving {
    const KIND: &str = "model_substitution";
    let title = format!("{} in place of {}", candidate.to, candidate.from);
    let mut left_out: BTreeMap<&'static str, i64> = BTreeMap::new();
    let mut part = Part { model: Some(candidate.from.clone()), ..Part::default() };
    let (mut now, mut then) = (Usd(0), Usd(0));
    for one in &candidate.repriced {
        match one.then {
            Err(reason) => *left_out.entry(reason).or_default() += one.group.requests,
            Ok(cost) => {
                part.requests += one.group.requests;
                now += one.group.cost;
                then += cost;
            }
        }
    }
    let checked = candidate.context_window.map_or_else(
        || {
            Fact::Text(
                "the catalogue has no context window for the candidate: not checked".to_owned(),
            )
        },
        Fact::Count,
    );
    if part.requests == 0 {
        let reason = if candidate.repriced.is_empty() {
            format!("no priced request went to {}", candidate.from)
        } else {
            format!("none of the requests has a price with, or fits into, {}", candidate.to)
        };
        let saving = Saving::nothing(KIND, title, Nature::Potential, reason);
        return Saving { left_out, facts: [("context_window", checked)].into(), ..saving };
    }
    part.low_usd = now - scaled(then, 12);
    part.high_usd = now - scaled(then, 8);
    let mut saving = Saving::of_parts(KIND, title, Nature::Potential, vec![part]).assuming([
        "the candidate does the work as well: the log can't say",
        "low: it takes 20 % more tokens of every kind for it; high: 20 % fewer",
        "cached tokens at the candidate's cache prices; requests whose tokens it has no price for, or \
         that are longer than its context window, are left out",
    ]);
    saving.left_out = left_out;
    saving.now_usd = Some(now);
    saving.facts = [("same_tokens_usd", Fact::Usd(now - then)), ("context_window", checked)].into();
    saving
}

/// Tenths of an amount, rounded half up to 10⁻¹⁴ USD.
fn scaled(amount: Usd, tenths: i128) -> Usd {
    Usd((amount.0 * tenths + 5).div_euclid(10))
}

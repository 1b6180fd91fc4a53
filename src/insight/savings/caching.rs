//! What the prompt cache saved, and writes to it that nobody read.

use std::collections::BTreeMap;

use super::{Fact, Facts, Nature, Part, Saving};
use crate::metrics::what_if::caching::{CacheEffect, Unread};
use crate::units::Usd;

/// Saved by reads, less what the writes cost beyond plain input.
pub(super) fn cache(effects: &BTreeMap<String, CacheEffect>) -> Saving {
    const KIND: &str = "cache_effect";
    const TITLE: &str = "Prompt cache: saved by reads, less the price of writes";
    let left_out: i64 = effects.values().map(|effect| effect.left_out).sum();
    let computed = effects.iter().filter(|(_, effect)| effect.requests > 0);
    let parts: Vec<Part> = computed
        .map(|(model, effect)| Part {
            model: Some(model.clone()),
            low_usd: effect.saved - effect.write_premium_if_1h,
            high_usd: effect.saved - effect.write_premium,
            requests: effect.requests,
            facts: facts(effect),
            ..Part::default()
        })
        .collect();
    if parts.is_empty() {
        let reason = if left_out > 0 {
            "no request with cached tokens has prices for both its cached tokens and plain input"
        } else {
            "no priced request read from a prompt cache or wrote to one"
        };
        return Saving::nothing(KIND, TITLE, Nature::Realized, reason);
    }
    let sum = |of: fn(&CacheEffect) -> Usd| Fact::Usd(effects.values().map(of).sum());
    let mut saving = Saving::of_parts(KIND, TITLE, Nature::Realized, parts).assuming([
        "without the cache, tokens read from it and written to it would have been plain input of the \
         same request",
        "high: writes whose time to live the record doesn't say had the model's default; low: they \
         were all for an hour",
    ]);
    saving.facts = [
        ("saved_by_reads_usd", sum(|effect| effect.saved)),
        ("paid_for_writes_usd", sum(|effect| effect.write_premium)),
    ]
    .into();
    if left_out > 0 {
        saving.left_out.insert("no_price_to_compare_with", left_out);
    }
    saving
}

fn facts(effect: &CacheEffect) -> Facts {
    [
        ("saved_by_reads_usd", Fact::Usd(effect.saved)),
        ("paid_for_writes_usd", Fact::Usd(effect.write_premium)),
    ]
    .into()
}

/// Paid for writes that nobody read.
pub(super) fn unread(
    unread: &BTreeMap<String, Unread>,
    effects: &BTreeMap<String, CacheEffect>,
) -> Saving {
    const KIND: &str = "unread_cache_writes";
    const TITLE: &str = "Prompt cache: written and never read";
    let wrote = effects.values().any(|effect| effect.write_premium != Usd(0));
    if !wrote && unread.is_empty() {
        let reason = "no priced request paid for writing to a prompt cache";
        return Saving::nothing(KIND, TITLE, Nature::Wasted, reason);
    }
    let parts = unread.iter().map(|(model, unread)| Part {
        model: Some(model.clone()),
        low_usd: unread.wasted.min(unread.wasted_by_own),
        high_usd: unread.wasted.max(unread.wasted_by_own),
        requests: unread.requests_by_own.max(unread.requests),
        ..Part::default()
    });
    Saving::of_parts(KIND, TITLE, Nature::Wasted, parts.collect()).assuming([
        "what counts is the price of the write beyond plain input: the tokens were needed in any case",
        "low: nobody of the account read from the model's cache in that Region within an hour, and the \
         data goes on for that long",
        "high: the same principal didn't read from it within 5 minutes, or an hour for tokens written \
         for one; the log doesn't say which write a read found",
    ])
}

//! Unread writes and repeats of random requests, many of them at one instant, against a walk over these.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any, prop_assert_eq, prop_assume, proptest};

use super::{HAIKU, MODELS, NOON, SONNET, around, book, call, priced, summed};
use crate::metrics::what_if::caching::Unread;
use crate::metrics::what_if::groups::Classes;
use crate::period::Period;
use crate::prices::Query;
use crate::schema::invocation::{Invocation, status};
use crate::units::Usd;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn unread_writes_and_repeats_are_what_a_walk_over_the_requests_finds(
        facts in vec((0_usize..3, 0_usize..3, 0_usize..3, 0_i64..6, any::<[bool; 4]>()), 1..24),
        order in any::<u64>(),
    ) {
        let calls = told(&facts, order);
        let period = around(900, 4000);
        prop_assume!(calls.iter().any(|one| is_inside(one, period))); // else there is no answer
        let summed = summed(calls.clone(), &Classes::of(book(), []), period, 7000);
        let walked = walked_unread(&calls, period, 7000);
        let unread = summed.unread();
        prop_assert_eq!(unread, walked);
        let found = summed.repeats().into_iter().map(|one| {
            let of = (one.principal, one.model.unwrap_or_default());
            (of, [one.repeated.into(), one.repeated_cost.0, one.answered.into(), one.answered_cost.0])
        });
        let found: BTreeMap<_, _> = found.filter(|(_, sums)| sums[0] > 0).collect();
        prop_assert_eq!(found, walked_repeats(&calls, period));
    }
}

/// Requests of few principals, models, prompts and instants, so that many meet; ids in any order.
fn told(facts: &[(usize, usize, usize, i64, [bool; 4])], order: u64) -> Vec<Invocation> {
    let calls = facts.iter().enumerate().map(|(number, fact)| {
        let &(principal, model, prompt, instant, [reads, writes, hour, ok]) = fact;
        let id = (number as u64).wrapping_mul(order | 1); // each its own
        let cached = |has: bool| has.then_some(1000);
        Invocation {
            principal: [None, Some("app"), Some("job")][principal].map(str::to_owned),
            prompt_hash: [None, Some("p"), Some("q")][prompt].map(str::to_owned),
            status: Some(if ok { status::OK } else { status::SERVER_ERROR }.to_owned()),
            input_tokens: Some(1 + i64::try_from(number).expect("small")),
            cache_read_input_tokens: cached(reads),
            cache_write_input_tokens: cached(writes),
            cache_write_1h_input_tokens: if hour { cached(writes) } else { None },
            ..call(
                usize::try_from(id).expect("small"),
                instant * 590,
                [HAIKU, SONNET, MODELS[5]][model],
            )
        }
    });
    calls.collect()
}

/// Time in milliseconds, and the request id, by which calls of one instant are in order.
fn place(call: &Invocation) -> (i64, &str) {
    (call.event_time.expect("a time").0, call.request_id.as_deref().expect("an id"))
}

fn is_inside(call: &Invocation, period: Period) -> bool {
    (period.from.timestamp_millis()..period.to.timestamp_millis()).contains(&place(call).0)
}

fn walked_unread(calls: &[Invocation], period: Period, end: i64) -> BTreeMap<String, Unread> {
    let mut found: BTreeMap<String, Unread> = BTreeMap::new();
    for one in calls.iter().filter(|one| is_inside(one, period)) {
        let model = one.model.clone().expect("a model");
        let quote = book().quote(&Query {
            model_id: one.model_id.as_deref(),
            region: one.region.as_deref(),
            service_tier: None,
            day: Some(period.from.date_naive()),
        });
        let Some(prices) = quote.price.ok().map(|row| row.tokens) else { continue };
        let Some(written) = one.cache_write_input_tokens else { continue };
        let until_read = |own: bool| {
            let reads = calls.iter().filter(|other| {
                other.model == one.model
                    && other.cache_read_input_tokens.is_some()
                    && (!own || other.principal == one.principal)
                    && place(other) > place(one)
            });
            reads.map(|other| place(other).0 - place(one).0).min().unwrap_or(i64::MAX)
        };
        let hour = one.cache_write_1h_input_tokens.is_some();
        let (write, ttl) =
            if hour { (prices.cache_write_1h(), 3_600_000) } else { (prices.cache_write, 300_000) };
        let cost =
            Usd(i128::from(written)
                * (write.expect("a price").0 - prices.input.expect("a price").0));
        let goes_on = place(one).0 + 3_600_000 <= NOON + end * 1000;
        let unread = found.entry(model).or_default();
        if until_read(false) > 3_600_000 && goes_on {
            unread.requests += 1;
            unread.wasted += cost;
        }
        if until_read(true) > ttl {
            unread.requests_by_own += 1;
            unread.wasted_by_own += cost;
        }
    }
    found.retain(|_, unread| unread.requests_by_own > 0 || unread.requests > 0);
    found
}

/// Number and cost of repeats, and of those that had been answered, by principal and model.
fn walked_repeats(
    calls: &[Invocation],
    period: Period,
) -> BTreeMap<(Option<String>, String), [i128; 4]> {
    let priced = priced(calls.to_vec()).collect().expect("priced");
    let costs = priced.column("cost_units").unwrap().i128().unwrap();
    let costs = costs.iter().map(|cost| cost.unwrap_or(0));
    let mut found: BTreeMap<_, [i128; 4]> = BTreeMap::new();
    for (one, cost) in calls.iter().zip(costs) {
        let known = one.principal.is_some() && one.prompt_hash.is_some();
        if !known || cost == 0 || !is_inside(one, period) {
            continue;
        }
        let before = |same: &dyn Fn(&Invocation) -> bool| {
            calls.iter().any(|other| {
                (&other.principal, &other.prompt_hash) == (&one.principal, &one.prompt_hash)
                    && place(other) < place(one)
                    && place(one).0 - place(other).0 <= 600_000
                    && same(other)
            })
        };
        if before(&|_| true) {
            let of = (one.principal.clone(), one.model.clone().expect("a model"));
            let sums = found.entry(of).or_default();
            sums[0] += 1;
            sums[1] += cost;
            let answered = |other: &Invocation| {
                other.model == one.model && other.status.as_deref() == Some(status::OK)
            };
            if before(&answered) {
                sums[2] += 1;
                sums[3] += cost;
            }
        }
    }
    found
}

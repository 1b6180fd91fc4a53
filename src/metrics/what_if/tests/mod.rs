//! What-ifs over small frames, by hand, and their laws over random requests.

mod walks;

use std::collections::BTreeMap;

use polars::prelude::{DataFrame, IntoLazy, LazyFrame};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert_eq, proptest};
use proptest::sample::select;

use super::caching::{Cached, Unread, cache_effect, read_unread, unread_writes};
use super::calls::{Calls, Sieve};
use super::capacity::{minutes, offers, read_loads};
use super::cells::Cells;
use super::groups::{Classes, Group, groups, read_groups};
use super::hours::hours;
use super::prompts::{LEAST_REQUESTS, long_prompts, read_long_prompts};
use super::repeats::{Repeats, SentAgain, by_caller, read_repeats};
use super::reprice::{Alternative, OVER_CONTEXT_WINDOW, Repricing};
use crate::metrics::cost::{cells, price_keys, with_cost};
use crate::period::Period;
use crate::prices::book::Tier;
use crate::prices::{PriceBook, quotes};
use crate::schema::invocation::{Invocation, status};
use crate::schema::{Row, TimeMs};
use crate::units::Usd;

const SONNET: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const HAIKU: &str = "anthropic.claude-haiku-4-5-20251001-v1:0";
/// Monday 2026-11-09, noon.
const NOON: i64 = 1_794_225_600_000;

fn book() -> &'static PriceBook {
    PriceBook::embedded().expect("the embedded book")
}

fn call(id: usize, seconds: i64, model: &str) -> Invocation {
    let text = |text: &str| Some(text.to_owned());
    Invocation {
        request_id: Some(format!("{id:06}")),
        event_time: Some(TimeMs(NOON + seconds * 1000)),
        account_id: text("111122223333"),
        region: text("us-east-1"),
        operation: text("Converse"),
        principal: text("app"),
        principal_type: text("role"),
        model_id: text(model),
        model: text(model.trim_start_matches("global.")),
        routing: text(if model.starts_with("global.") { "global" } else { "in_region" }),
        status: text(status::OK),
        input_tokens: Some(1000),
        output_tokens: Some(10),
        ..Invocation::default()
    }
}

fn priced(calls: Vec<Invocation>) -> LazyFrame {
    let frame = Invocation::frame(calls).expect("a frame").lazy();
    let keys = price_keys(frame.clone()).collect().expect("keys");
    let priced = with_cost(frame, quotes(book(), &keys).expect("quotes").lazy());
    priced.collect().expect("priced").lazy()
}

/// The cells of calls, and the same priced.
struct Summed {
    cells: Cells,
    priced: DataFrame,
}

/// Calls of a period, by data that ends so many seconds after noon.
fn summed(calls: Vec<Invocation>, classes: &Classes, period: Period, data_to: i64) -> Summed {
    let rows = Invocation::frame(calls).expect("a frame").lazy();
    let extremes = cells::extremes(rows.clone()).collect().expect("extremes");
    let found = cells::Found::read(&extremes).expect("extremes");
    let steps =
        cells::Steps { thresholds: book().long_context_thresholds(), days: book().change_days() };
    let sieve = Sieve::new(found.clone(), steps.clone(), classes.clone());
    let sieved = sieve.sieved(rows.clone()).collect().expect("calls");
    let mut calls = Calls::new(sieve, &sieved).expect("calls");
    let told =
        |calls: &Calls| (Cached::of(calls).expect("calls"), SentAgain::of(calls).expect("calls"));
    let (mut cached, mut again) = told(&calls);
    let mut undecided = cached.undecided().expect("instants");
    undecided.extend(again.undecided().expect("instants"));
    if !undecided.is_empty() {
        let at = calls.sieve().sieved_at(rows, &undecided).collect().expect("calls");
        calls = calls.with_ids(&at, &undecided).expect("calls");
        (cached, again) = told(&calls);
    }
    let end = Some(around(0, data_to).to);
    let hours = hours(&calls, &cached, &again, period, end).collect().expect("hours");
    let summed = Cells::of(hours.lazy(), (&found, &steps, classes), book()).expect("cells");
    let priced = price(summed.sums());
    Summed { cells: summed, priced }
}

fn price(sums: &DataFrame) -> DataFrame {
    let keys = cells::price_keys(sums.clone().lazy()).collect().expect("keys");
    let quotes = quotes(book(), &keys).expect("quotes").lazy();
    cells::with_cost(sums.clone().lazy(), quotes).collect().expect("priced")
}

impl Summed {
    fn priced(&self) -> LazyFrame {
        self.priced.clone().lazy()
    }

    fn unread(&self) -> BTreeMap<String, Unread> {
        let df = unread_writes(self.priced()).collect().expect("collected");
        let repricing = Repricing { book: book(), classes: &Classes::of(book(), []) };
        read_unread(&df, repricing).expect("read")
    }

    fn repeats(&self) -> Vec<Repeats> {
        let df = by_caller(self.priced()).collect().expect("collected");
        read_repeats(&df).expect("read")
    }
}

/// Seconds after noon, beyond all calls of these tests.
const FAR: i64 = 1_000_000;

/// All time that calls of these tests lie in.
fn always() -> Period {
    around(-FAR, FAR)
}

fn grouped(calls: Vec<Invocation>, classes: &Classes) -> Vec<Group> {
    let df = groups(summed(calls, classes, always(), FAR).priced()).collect().expect("groups");
    read_groups(&df).expect("groups")
}

fn around(from: i64, to: i64) -> Period {
    let at = |seconds: i64| {
        chrono::DateTime::from_timestamp_millis(NOON + seconds * 1000).expect("a time")
    };
    Period { from: at(from), to: at(to) }
}

fn usd(text: &str) -> Usd {
    Usd::parse(text).expect("an amount")
}

#[test]
fn an_alternative_is_for_its_requests_only_and_never_a_guess() {
    let mut streamed = call(1, 0, &format!("global.{HAIKU}"));
    streamed.operation = Some("ConverseStream".to_owned());
    let mut cached = call(2, 0, HAIKU);
    cached.cache_read_input_tokens = Some(500);
    let calls = vec![call(0, 0, HAIKU), streamed, cached, call(3, 0, SONNET)];
    let classes = Classes::of(book(), []);
    let groups = grouped(calls, &classes);
    assert_eq!(groups.len(), 4);
    let repricing = Repricing { book: book(), classes: &classes };
    let shown = |to| -> Vec<String> {
        let mut all: Vec<String> = repricing
            .apply(&groups, to)
            .into_iter()
            .map(|one| {
                let then = one.then.map_or_else(str::to_owned, |then| then.to_string());
                format!("{} {} {then}", &one.group.model[10..20], one.group.cost)
            })
            .collect();
        all.sort();
        all
    };
    // Haiku 4.5 regional: 1.1 and 5.5 USD per million tokens, batch 0.55 and 2.75; global 1 and 5.
    // Sonnet 4.5: 3.3 and 16.5. A global profile has no batch price, a cached token neither.
    assert_eq!(
        shown(Alternative::Tier(Tier::Standard, Tier::Batch)),
        [
            "claude-hai 0.00105 0.000525",
            "claude-hai 0.001155 0.0005775",
            "claude-hai 0.00121 no_cache_read_price",
            "claude-son 0.003465 0.0017325",
        ]
    );
    assert_eq!(shown(Alternative::Global).len(), 3);
    assert_eq!(shown(Alternative::Global)[0], "claude-hai 0.001155 0.00105");
    assert_eq!(shown(Alternative::Model(SONNET, HAIKU)), ["claude-son 0.003465 0.001155"]);
    assert!(shown(Alternative::Tier(Tier::Priority, Tier::Standard)).is_empty());
}

#[test]
fn a_request_that_does_not_fit_the_candidate_is_left_out() {
    let window = book().model(HAIKU).and_then(|model| model.context_window).expect("a window");
    let mut fits = call(0, 0, SONNET);
    fits.input_tokens = Some(window - 10);
    let mut over = call(1, 0, SONNET);
    over.input_tokens = Some(window - 9);
    let classes = Classes::of(book(), [window]);
    let groups = grouped(vec![fits, over], &classes);
    let repriced = Repricing { book: book(), classes: &classes }
        .apply(&groups, Alternative::Model(SONNET, HAIKU));
    let mut then: Vec<_> = repriced.into_iter().map(|one| one.then.is_ok()).collect();
    then.sort_unstable();
    assert_eq!(then, [false, true], "{OVER_CONTEXT_WINDOW}");
}

#[test]
fn the_cache_saves_what_input_would_have_cost_and_writes_cost_more() {
    let mut cached = call(0, 0, HAIKU);
    cached.cache_read_input_tokens = Some(1_000_000);
    cached.cache_write_input_tokens = Some(1_000_000);
    let classes = Classes::of(book(), []);
    let groups = grouped(vec![cached, call(1, 0, HAIKU)], &classes);
    let effect = cache_effect(Repricing { book: book(), classes: &classes }, &groups)[HAIKU];
    // Read 0.11, written 1.375 or for an hour 2.2, input 1.1.
    assert_eq!(effect.requests, 1);
    assert_eq!(effect.saved, usd("0.99"));
    assert_eq!(effect.write_premium, usd("0.275"));
    assert_eq!(effect.write_premium_if_1h, usd("1.1"));
}

fn unread(calls: Vec<Invocation>, period: Period, data_to: i64) -> Unread {
    let summed = summed(calls, &Classes::of(book(), []), period, data_to);
    summed.unread().remove(HAIKU).unwrap_or_default()
}

#[test]
fn a_write_is_unread_when_nobody_read_in_time_and_the_data_goes_on() {
    let write = |id, seconds| Invocation {
        cache_write_input_tokens: Some(1_000_000),
        ..call(id, seconds, HAIKU)
    };
    let read = |id, seconds, principal: &str| Invocation {
        cache_read_input_tokens: Some(10),
        principal: Some(principal.to_owned()),
        ..call(id, seconds, HAIKU)
    };
    let waste = usd("0.275");
    let day = around(0, 86_400);
    // Read by the writer within five minutes: nothing is wasted.
    let found = unread(vec![write(0, 0), read(1, 300, "app")], day, 86_400);
    assert_eq!(found, Unread::default());
    // Read by another: the account made use of it, its writer perhaps not.
    let found = unread(vec![write(0, 0), read(1, 60, "other")], day, 86_400);
    assert_eq!((found.wasted, found.wasted_by_own), (Usd(0), waste));
    // Nobody read within the hour.
    let found = unread(vec![write(0, 0), read(1, 3_601, "app")], day, 86_400);
    assert_eq!((found.wasted, found.wasted_by_own, found.requests), (waste, waste, 1));
    // The data ends before the hour is over: not surely unread.
    let found = unread(vec![write(0, 0)], day, 3_599);
    assert_eq!((found.wasted, found.wasted_by_own), (Usd(0), waste));
    // A read before the write is no read of it; writes outside the period don't count.
    let found = unread(vec![read(0, 10, "app"), write(1, 20), write(2, 90_000)], day, 99_999);
    assert_eq!((found.wasted, found.requests_by_own), (waste, 1));
}

fn repeated(calls: Vec<Invocation>, period: Period) -> Repeats {
    let mut all = summed(calls, &Classes::of(book(), []), period, FAR).repeats();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

#[test]
fn a_repeat_is_avoidable_when_the_prompt_had_been_answered() {
    let prompt = |id, seconds, ok: bool| Invocation {
        prompt_hash: Some("h".to_owned()),
        status: Some(if ok { status::OK } else { status::SERVER_ERROR }.to_owned()),
        ..call(id, seconds, HAIKU)
    };
    let each = usd("0.001155");
    // A failure with counts is billed; its retry repeats it, the one after has an answer.
    let calls =
        vec![prompt(0, 0, false), prompt(1, 10, true), prompt(2, 20, true), call(3, 30, HAIKU)];
    let found = repeated(calls, around(0, 100));
    assert_eq!((found.requests, found.comparable), (4, 3));
    assert_eq!((found.repeated, found.repeated_cost), (2, each + each));
    assert_eq!((found.answered, found.answered_cost), (1, each));
    // More than ten minutes later nothing repeats; what came before the period counts as sent.
    let found = repeated(vec![prompt(0, 0, true), prompt(1, 601, true)], around(0, 1000));
    assert_eq!(found.repeated, 0);
    let found = repeated(vec![prompt(0, -10, true), prompt(1, 10, true)], around(0, 1000));
    assert_eq!((found.requests, found.repeated, found.answered), (1, 1, 1));
}

#[test]
fn long_prompts_cost_what_is_beyond_the_median() {
    let lengths = (1..=100_i64).map(|length| Invocation {
        input_tokens: Some(length * 1000),
        ..call(usize::try_from(length).expect("small"), length, HAIKU)
    });
    let few = (0..LEAST_REQUESTS - 1).map(|id| Invocation {
        principal: Some("rare".to_owned()),
        input_tokens: Some(id * 100_000),
        ..call(1000 + usize::try_from(id).expect("small"), id, HAIKU)
    });
    let classes = Classes::of(book(), []);
    let summed = summed(lengths.chain(few).collect(), &classes, always(), FAR);
    let df =
        long_prompts(&summed.cells, &summed.priced).expect("a plan").collect().expect("collected");
    let found =
        read_long_prompts(&df, Repricing { book: book(), classes: &classes }).expect("read");
    let [caller] = found.as_slice() else { panic!("one caller: {found:?}") };
    // Median 50,000: 41,000 + … + 50,000 tokens beyond it at 1.1 USD per million; Haiku 4.5 has no
    // long-context price. Of the longest twentieth 46,000 + … + 50,000.
    assert_eq!((caller.median, caller.longest_tenth, caller.longest_twentieth), (50_000, 10, 5));
    assert_eq!(caller.tenth_cost, usd("0.5005"));
    assert_eq!(caller.twentieth_cost, usd("0.264"));
}

#[test]
fn a_load_is_the_tokens_of_each_minute() {
    let calls = vec![
        call(0, 0, HAIKU),
        Invocation { cache_write_input_tokens: Some(7), ..call(1, 59, HAIKU) },
        call(2, 60, HAIKU),
        call(3, 60, "amazon.nova-pro-v1:0"),
        Invocation { service_tier: Some("batch".to_owned()), ..call(4, 0, HAIKU) },
    ];
    let summed = summed(calls, &Classes::default(), always(), FAR);
    let offers = offers(&summed.priced, book()).expect("offers");
    let df = minutes(&summed.cells, &offers).expect("a plan").collect().expect("collected");
    let (loads, without) = read_loads(&df, offers).expect("read");
    assert_eq!(without, ["amazon.nova-pro-v1:0"]);
    let [load] = loads.as_slice() else { panic!("one load") };
    assert_eq!((load.input.as_slice(), load.output.as_slice()), (&[2007, 1000][..], &[20, 10][..]));
    assert_eq!(load.input_price, Usd::parse("0.0000011"));
    assert_eq!(load.capacity.len(), 4, "1 and 3 months, input and output");
}

type Facts = (usize, [Option<i64>; 5], bool, i64);

fn any_calls() -> impl Strategy<Value = Vec<Facts>> {
    let count = || option::weighted(0.8, 0_i64..400_000);
    let counts = [count(), count(), count(), count(), count()];
    vec((0_usize..MODELS.len(), counts, any::<bool>(), 0_i64..864_000), 1..40)
}

const MODELS: [&str; 6] = [
    SONNET,
    "global.anthropic.claude-haiku-4-5-20251001-v1:0",
    "openai.gpt-5.4",
    "amazon.nova-pro-v1:0",
    "us.anthropic.claude-sonnet-4-20250514-v1:0",
    "example.unknown-v1:0",
];

fn calls_of(facts: &[Facts]) -> Vec<Invocation> {
    let calls = facts.iter().enumerate().map(|(id, (model, counts, streamed, seconds))| {
        let [input, output, read, write, hour] = *counts;
        Invocation {
            input_tokens: input,
            output_tokens: output,
            cache_read_input_tokens: read,
            cache_write_input_tokens: write,
            cache_write_1h_input_tokens: hour,
            operation: Some(if *streamed { "ConverseStream" } else { "Converse" }.to_owned()),
            ..call(id, *seconds, MODELS[*model])
        }
    });
    calls.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn priced_again_where_they_are_requests_cost_what_they_cost(facts in any_calls()) {
        let classes = Classes::of(book(), [1000, 200_000]);
        let groups = grouped(calls_of(&facts), &classes);
        let repricing = Repricing { book: book(), classes: &classes };
        let again = repricing.apply(&groups, Alternative::Tier(Tier::Standard, Tier::Standard));
        prop_assert_eq!(again.len(), groups.len());
        for one in again {
            prop_assert_eq!(one.then, Ok(one.group.cost));
        }
    }

    #[test]
    fn groups_add_up_to_the_fully_priced_requests(
        facts in any_calls(),
        window in select(&[1_i64, 50_000, 1_000_000][..]),
    ) {
        let groups = grouped(calls_of(&facts), &Classes::of(book(), [window]));
        let frame = priced(calls_of(&facts)).collect().unwrap();
        let statuses = frame.column("cost_status").unwrap().str().unwrap().clone();
        let costs = frame.column("cost_units").unwrap().i128().unwrap().clone();
        let whole: i128 = statuses
            .iter()
            .zip(costs.iter())
            .filter(|(status, _)| *status == Some("priced"))
            .filter_map(|(_, cost)| cost)
            .sum();
        prop_assert_eq!(groups.iter().map(|group| group.cost.0).sum::<i128>(), whole);
        let number = statuses.iter().filter(|status| *status == Some("priced")).count();
        let requests: i64 = groups.iter().map(|group| group.requests).sum();
        prop_assert_eq!(usize::try_from(requests).unwrap(), number);
    }
}

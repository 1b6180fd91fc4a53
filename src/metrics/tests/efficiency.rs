//! Token efficiency, truncation and cache hits, by hand.

use chrono_tz::Tz;
use polars::prelude::{IntoLazy, LazyFrame, PolarsResult};

use super::{Priced, at, period_between, rows, text};
use crate::metrics::calendar::Every;
use crate::metrics::dimensions::Dimension;
use crate::metrics::efficiency::{efficiency, endings, with_repeated_prompt};
use crate::metrics::window::in_period;
use crate::period::Period;
use crate::schema::invocation::{Invocation, MODEL};

fn answer(time: &str, hash: &str, stop_reason: Option<&str>, output_tokens: i64) -> Priced {
    let invocation = Invocation {
        event_time: at(&format!("2026-11-09T{time}Z")),
        principal: text("ann"),
        prompt_hash: text(hash),
        stop_reason: stop_reason.map(str::to_owned),
        output_tokens: Some(output_tokens),
        ..Default::default()
    };
    Priced { invocation, ..Default::default() }
}

fn period() -> Period {
    period_between("2026-11-09T00:00:00Z", "2026-11-10T00:00:00Z")
}

fn of(calls: &[Priced], by: &[Dimension]) -> PolarsResult<LazyFrame> {
    let calls = Priced::frame(calls).lazy();
    let endings = endings(&calls, period(), Every::Quarter, &[MODEL])?;
    efficiency(endings, in_period(calls, period()), by, Tz::UTC)
}

fn figures(calls: &[Priced]) -> Vec<String> {
    rows(of(calls, &[]).unwrap())
}

#[test]
fn repeats_cut_answers_and_unknown_endings_are_told_apart() {
    let calls = [
        answer("10:00:00", "p", Some("end_turn"), 40),
        answer("10:10:00", "p", Some("end_turn"), 20), // exactly ten minutes: a repeat
        answer("10:20:01", "p", Some("FINISH"), 20),   // later than that: not
        answer("10:00:00", "q", Some("max_tokens"), 20),
        answer("10:00:00", "r", None, 100),
    ];
    // (40 + 20) ÷ 100 with known endings; those are 100 of 200 tokens; 1 of 4 was cut.
    assert_eq!(figures(&calls), ["0.6 | 0.5 | 0.25 | -"]);
}

#[test]
fn a_prompt_sent_just_before_the_period_makes_a_repeat_and_counts_nothing() {
    let mut calls =
        vec![answer("00:05:00", "p", Some("stop"), 10), answer("00:20:00", "q", Some("stop"), 30)];
    calls.push(answer("00:00:00", "p", Some("stop"), 1000));
    calls[2].invocation.event_time = at("2026-11-08T23:59:00Z");
    assert_eq!(figures(&calls), ["0.75 | 1 | 0 | -"]);
}

#[test]
fn another_caller_or_an_unknown_one_repeats_nothing() {
    let mut calls = vec![answer("10:00:00", "p", Some("stop"), 10); 4];
    calls[1].invocation.principal = text("bob");
    calls[2].invocation.principal = None;
    calls[3].invocation.principal = None;
    assert_eq!(figures(&calls), ["1 | 1 | 0 | -"]);
    for call in &mut calls {
        call.invocation.principal = text("ann");
        call.invocation.prompt_hash = None;
    }
    assert_eq!(figures(&calls), ["1 | 1 | 0 | -"]);
}

#[test]
fn of_prompts_at_one_instant_the_first_by_id_is_no_repeat_in_any_input_order() {
    let mut calls =
        vec![answer("10:00:00", "p", Some("stop"), 10), answer("10:00:00", "p", Some("stop"), 30)];
    calls[0].invocation.request_id = text("b");
    calls[1].invocation.request_id = text("a");
    let forward = figures(&calls);
    calls.reverse();
    assert_eq!(forward, ["0.75 | 1 | 0 | -"]);
    assert_eq!(figures(&calls), forward);
}

#[test]
fn cache_hits_are_a_share_of_all_input() {
    let mut calls = vec![answer("10:00:00", "p", None, 0), answer("11:00:00", "p", None, 0)];
    calls[0].uncached_input_tokens = Some(100);
    calls[0].invocation.cache_read_input_tokens = Some(60);
    calls[1].uncached_input_tokens = Some(20);
    calls[1].invocation.cache_write_input_tokens = Some(20);
    assert_eq!(figures(&calls), ["- | - | - | 0.3"]);
}

#[test]
fn figures_split_by_dimension_and_repeats_cross_groups() {
    let mut calls =
        vec![answer("10:00:00", "p", Some("stop"), 10), answer("10:01:00", "p", Some("stop"), 10)];
    calls[0].invocation.model = text("a");
    calls[1].invocation.model = text("b");
    let by_model = of(&calls, &[Dimension::Model]).unwrap();
    assert_eq!(rows(by_model), ["a | 1 | 1 | 0 | -", "b | 0 | 1 | 0 | -"]);
}

#[test]
fn no_requests_have_no_figures() {
    assert_eq!(figures(&[]), ["- | - | - | -"]);
    let marked = with_repeated_prompt(Priced::frame(&[]).lazy()).unwrap().collect().unwrap();
    assert_eq!(marked.height(), 0);
}

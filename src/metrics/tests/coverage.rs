//! Coverage by request id, logging gaps and partly logged hours.

use chrono_tz::Tz;
use polars::prelude::{IntoLazy, LazyFrame, df};

use super::{at, period_between, rows, text};
use crate::metrics::both_logs::{BothLogs, sums};
use crate::metrics::calendar::Every;
use crate::metrics::coverage::{
    CoverageDimension, CoverageQuery, coverage, coverage_of_hours, gaps_in, hourly,
    partly_logged_hours,
};
use crate::period::Period;
use crate::schema::Row;
use crate::schema::api_event::ApiEvent;
use crate::schema::invocation::Invocation;

fn period() -> Period {
    period_between("2026-11-09T00:00:00Z", "2026-11-10T00:00:00Z")
}

/// A runtime call at `HH:MM` of the day.
fn event(time: &str, id: Option<&str>) -> ApiEvent {
    ApiEvent {
        request_id: id.map(str::to_owned),
        event_time: at(&format!("2026-11-09T{time}:00Z")),
        event_source: text("bedrock.amazonaws.com"),
        event_name: text("Converse"),
        account_id: text("111122223333"),
        region: text("eu-central-1"),
        ..Default::default()
    }
}

fn logged(time: &str, id: Option<&str>) -> Invocation {
    Invocation {
        request_id: id.map(str::to_owned),
        event_time: at(&format!("2026-11-09T{time}:00Z")),
        account_id: text("111122223333"),
        region: text("eu-central-1"),
        ..Default::default()
    }
}

fn both(events: Vec<ApiEvent>, invocations: Vec<Invocation>) -> BothLogs {
    let events = ApiEvent::frame(events).unwrap().lazy();
    let invocations = Invocation::frame(invocations).unwrap().lazy();
    let models = df!["model_id" => ["m"], "model" => ["base"]].unwrap().lazy();
    BothLogs::of(sums(events, invocations, models, period(), Every::Quarter).unwrap())
}

fn hours(both: &BothLogs) -> LazyFrame {
    hourly(both, None).unwrap()
}

/// By rows; hours of UTC say the same.
fn counted(both: &BothLogs, query: &CoverageQuery<'_>) -> Vec<String> {
    let counted = rows(coverage(both, query).unwrap());
    let by_hour = hourly(both, query.late_from).unwrap();
    assert_eq!(rows(coverage_of_hours(by_hour, query).unwrap()), counted);
    counted
}

fn covered(
    events: Vec<ApiEvent>,
    invocations: Vec<Invocation>,
    by: &[CoverageDimension],
) -> Vec<String> {
    let query = CoverageQuery { by, timezone: Tz::UTC, late_from: None };
    counted(&both(events, invocations), &query)
}

#[test]
fn calls_meet_their_log_by_request_id() {
    let events = vec![event("10:00", Some("a")), event("10:00", Some("b")), event("10:01", None)];
    let invocations = vec![logged("10:00", Some("a")), logged("10:02", Some("x"))];
    assert_eq!(covered(events, invocations, &[]), ["3 | 1 | 2 | 0 | 1 | 2 | 0.3333333333333333"]);
}

#[test]
fn events_and_log_rows_that_share_an_id_do_not_multiply() {
    let events = vec![event("10:00", Some("a")), event("10:00", Some("a"))];
    let invocations = vec![logged("10:00", Some("a")), logged("10:03", Some("a"))];
    assert_eq!(covered(events, invocations, &[]), ["2 | 2 | 0 | 0 | 0 | 2 | 1"]);
}

#[test]
fn log_rows_without_an_id_are_log_only_and_meet_no_event_without_one() {
    let events = vec![event("10:00", None)];
    assert_eq!(covered(events, vec![logged("10:00", None)], &[]), ["1 | 0 | 1 | 0 | 1 | 1 | 0"]);
}

#[test]
fn only_the_four_runtime_operations_of_bedrock_are_calls_failed_ones_included() {
    let control = ApiEvent { event_name: text("ListModels"), ..event("10:00", Some("a")) };
    let other = ApiEvent { event_source: text("s3.amazonaws.com"), ..event("10:00", Some("b")) };
    let failed = ApiEvent { error_code: text("AccessDenied"), ..event("10:00", Some("c")) };
    let nameless = ApiEvent { event_name: None, ..event("10:00", Some("d")) };
    let counted = covered(vec![control, other, failed, nameless], vec![], &[]);
    assert_eq!(counted, ["1 | 0 | 1 | 0 | 0 | 0 | 0"]);
}

#[test]
fn no_calls_have_no_coverage() {
    assert_eq!(covered(vec![], vec![], &[]), ["0 | 0 | 0 | 0 | 0 | 0 | -"]);
    assert!(covered(vec![], vec![], &[CoverageDimension::Region]).is_empty());
}

#[test]
fn a_call_at_the_edge_meets_its_log_record_beyond_it() {
    let late = Invocation { event_time: at("2026-11-10T00:00:01Z"), ..logged("10:00", Some("a")) };
    assert_eq!(
        covered(vec![event("23:59", Some("a"))], vec![late], &[]),
        ["1 | 1 | 0 | 0 | 0 | 0 | 1"]
    );
}

#[test]
fn unlogged_calls_within_the_delivery_delay_are_late_too() {
    let events = vec![event("10:00", Some("a")), event("11:30", Some("b"))];
    let late_from = Some("2026-11-09T11:00:00Z".parse().unwrap());
    let query = CoverageQuery { by: &[], timezone: Tz::UTC, late_from };
    assert_eq!(counted(&both(events, vec![]), &query), ["2 | 0 | 2 | 1 | 0 | 0 | 0"]);
}

#[test]
fn coverage_splits_by_what_both_sources_know() {
    let elsewhere = ApiEvent { region: text("us-east-1"), ..event("11:00", Some("b")) };
    let events = vec![event("10:00", Some("a")), elsewhere];
    let by = [CoverageDimension::Region, CoverageDimension::Hour];
    assert_eq!(
        covered(events, vec![logged("10:00", Some("a"))], &by),
        [
            "eu-central-1 | 2026-11-09T10:00:00Z | 1 | 1 | 0 | 0 | 0 | 1 | 1",
            "us-east-1 | 2026-11-09T11:00:00Z | 1 | 0 | 1 | 0 | 0 | 0 | 0"
        ]
    );
}

#[test]
fn calls_are_told_apart_by_the_model_that_their_id_addresses() {
    let called = ApiEvent { model_id: text("m"), ..event("10:00", Some("a")) };
    let logged = Invocation { model: text("base"), ..logged("10:00", Some("a")) };
    let query =
        CoverageQuery { by: &[CoverageDimension::Model], timezone: Tz::UTC, late_from: None };
    let both = both(vec![called, event("10:01", Some("b"))], vec![logged]);
    assert_eq!(
        rows(coverage(&both, &query).unwrap()),
        ["base | 1 | 1 | 0 | 0 | 0 | 1 | 1", "- | 1 | 0 | 1 | 0 | 0 | 0 | 0"]
    );
}

/// Logged at 1 h, silent at 2 h and 4 h (nobody called at 3 h), half logged at 5 h, silent at 7 h.
fn a_night() -> BothLogs {
    let ids = ["a", "b", "c", "d", "e", "f", "g"];
    let times = ["01:10", "02:10", "02:20", "04:10", "05:10", "05:20", "07:59"];
    let mut events: Vec<ApiEvent> =
        times.iter().zip(ids).map(|(time, id)| event(time, Some(id))).collect();
    events.push(ApiEvent { region: text("us-east-1"), ..event("02:30", Some("h")) });
    both(events, vec![logged("01:10", Some("a")), logged("05:10", Some("e"))])
}

#[test]
fn silent_hours_run_together_into_gaps() {
    let found = gaps_in(hours(&a_night())).unwrap();
    assert_eq!(
        rows(found),
        [
            "111122223333 | eu-central-1 | 2026-11-09 02:00:00 UTC | 2026-11-09 05:00:00 UTC | 3 | 2",
            "111122223333 | eu-central-1 | 2026-11-09 07:00:00 UTC | 2026-11-09 08:00:00 UTC | 1 | 1",
            "111122223333 | us-east-1 | 2026-11-09 02:00:00 UTC | 2026-11-09 03:00:00 UTC | 1 | 1"
        ]
    );
}

#[test]
fn an_hour_with_some_calls_logged_is_no_gap_but_partly_logged() {
    assert_eq!(
        rows(partly_logged_hours(hours(&a_night()))),
        ["111122223333 | eu-central-1 | 2026-11-09 05:00:00 UTC | 2026-11-09 06:00:00 UTC | \
             2 | 1 | 1 | 1"]
    );
}

#[test]
fn an_hour_whose_log_shares_no_id_with_any_event_is_partly_logged_and_no_gap() {
    let found = both(vec![event("02:10", Some("a"))], vec![logged("02:10", Some("x"))]);
    assert!(rows(gaps_in(hours(&found)).unwrap()).is_empty());
    let partly = rows(partly_logged_hours(hours(&found)));
    assert_eq!(partly.len(), 1);
    assert!(partly[0].ends_with("1 | 0 | 1 | 1"), "{partly:?}");
}

#[test]
fn a_call_logged_under_the_next_hour_is_no_gap() {
    let found = both(vec![event("02:59", Some("a"))], vec![logged("03:00", Some("a"))]);
    assert!(rows(gaps_in(hours(&found)).unwrap()).is_empty());
}

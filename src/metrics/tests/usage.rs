//! The usage query: every metric by hand, nulls, grouping, what the plan reads.

use chrono_tz::Tz;
use polars::prelude::{DataType, IntoLazy, LazyFrame, ParquetWriter, PlRefPath, ScanArgsParquet};

use super::{Priced, at, period_between, rows, table, text};
use crate::metrics::dimensions::Dimension;
use crate::metrics::metric::{Metric, Unit};
use crate::metrics::usage::{UsageQuery, usage};
use crate::metrics::window::in_period;
use crate::schema::Row;
use crate::schema::cost::status::{NOT_BILLED, PARTLY_PRICED, PRICED, UNPRICED};
use crate::schema::invocation::Invocation;

fn query(by: &[&str], metrics: &[Metric]) -> UsageQuery {
    let by = by.iter().map(|name| name.parse().expect("a dimension")).collect();
    UsageQuery { by, metrics: metrics.to_vec(), timezone: Tz::UTC }
}

/// The result as `query` prints it.
fn ask(calls: &[Priced], by: &[&str], metrics: &[Metric]) -> Vec<String> {
    let query = query(by, metrics);
    rows(usage(Priced::frame(calls).lazy(), &query).unwrap().select(query.columns_as_text()))
}

fn call(model: &str, status: &str) -> Priced {
    let invocation = Invocation {
        model: text(model),
        status: text(status),
        event_time: at("2026-11-09T10:00:00Z"),
        ..Default::default()
    };
    Priced { invocation, cost_status: NOT_BILLED, ..Default::default() }
}

/// Model `a`: three answers (one partly priced), one throttled. Model `b`: nothing is known.
fn five_calls() -> Vec<Priced> {
    let mut answers = [call("a", "ok"), call("a", "ok"), call("a", "ok")];
    for (index, answer) in (1_i64..).zip(&mut answers) {
        let invocation = &mut answer.invocation;
        invocation.input_tokens = Some(100 * index);
        invocation.output_tokens = Some(10 * index);
        invocation.latency_ms = Some(1000 * index);
        invocation.first_byte_ms = Some(100 * index);
        invocation.input_bytes = Some(index);
        invocation.principal = text(if index == 1 { "ann" } else { "bob" });
        answer.total_tokens = Some(110 * index);
        answer.cost_units = Some(i128::from(index));
        answer.cost_status = PRICED;
    }
    answers[0].invocation.cache_read_input_tokens = Some(7);
    answers[1].invocation.guardrail_action = text("intervened");
    answers[2].cost_status = PARTLY_PRICED;
    let unpriced = Priced { cost_status: UNPRICED, ..call("b", "ok") };
    answers.into_iter().chain([call("a", "throttled"), unpriced]).collect()
}

#[test]
fn outcomes_are_counted_and_divided_by_requests() {
    use Metric::{ErrorRate, Errors, Ok, Requests, SuccessRate, ThrottleRate, Throttled};
    let metrics = [Requests, Ok, Errors, Throttled, ErrorRate, SuccessRate, ThrottleRate];
    assert_eq!(
        ask(&five_calls(), &["model"], &metrics),
        ["a | 4 | 3 | 1 | 1 | 0.25 | 0.75 | 0.25", "b | 1 | 1 | 0 | 0 | 0 | 1 | 0"]
    );
}

#[test]
fn tokens_nobody_counted_are_null_not_zero() {
    use Metric::{CacheReadTokens, CacheWriteTokens, InputTokens, OutputTokens, TotalTokens};
    let metrics = [InputTokens, OutputTokens, CacheReadTokens, CacheWriteTokens, TotalTokens];
    assert_eq!(
        ask(&five_calls(), &["model"], &metrics),
        ["a | 600 | 60 | 7 | - | 660", "b | - | - | - | - | -"]
    );
}

#[test]
fn cost_is_exact_and_unpriced_requests_are_counted_not_priced_at_zero() {
    use Metric::{CostPerRequestUsd, CostUsd, PricedShare, UnpricedRequests};
    let metrics = [CostUsd, CostPerRequestUsd, PricedShare, UnpricedRequests];
    // Priced at 1 and 2 units: 1.5 units per request, rounded half up; the third is partly priced.
    assert_eq!(
        ask(&five_calls(), &["model"], &metrics),
        ["a | 0.00000000000006 | 0.00000000000002 | 0.6666666666666666 | 1", "b | - | - | 0 | 1"]
    );
}

#[test]
fn latency_is_ranked_among_the_known() {
    use Metric::{
        FirstByteP50Ms, LatencyKnown, LatencyMeanMs, LatencyP50Ms, LatencyP90Ms, LatencyP95Ms,
        LatencyP99Ms,
    };
    let metrics = [
        LatencyMeanMs,
        LatencyP50Ms,
        LatencyP90Ms,
        LatencyP95Ms,
        LatencyP99Ms,
        LatencyKnown,
        FirstByteP50Ms,
    ];
    assert_eq!(
        ask(&five_calls(), &["model"], &metrics),
        ["a | 2000 | 2000 | 3000 | 3000 | 3000 | 3 | 200", "b | - | - | - | - | - | 0 | -"]
    );
    assert_eq!(ask(&five_calls(), &[], &metrics), ["2000 | 2000 | 3000 | 3000 | 3000 | 3 | 200"]);
}

#[test]
fn people_models_bytes_and_guardrails_are_counted() {
    use Metric::{GuardrailInterventions, InputBytes, Models, OutputBytes, Principals};
    let metrics = [Principals, Models, InputBytes, OutputBytes, GuardrailInterventions];
    assert_eq!(ask(&five_calls(), &[], &metrics), ["2 | 2 | 6 | - | 1"]);
}

#[test]
fn no_requests_make_one_row_of_zero_counts_and_null_rates_and_no_group() {
    use Metric::{CostUsd, ErrorRate, InputTokens, LatencyMeanMs, LatencyP50Ms, Requests};
    let metrics = [Requests, ErrorRate, InputTokens, CostUsd, LatencyMeanMs, LatencyP50Ms];
    assert_eq!(ask(&[], &[], &metrics), ["0 | - | 0 | - | - | -"]);
    assert!(ask(&[], &["model", "day"], &metrics).is_empty());
}

#[test]
fn every_metric_has_the_type_of_its_unit() {
    let query = query(&["model"], &Metric::ALL);
    let mut lf = usage(Priced::frame(&five_calls()).lazy(), &query).unwrap();
    let schema = lf.collect_schema().unwrap();
    for metric in Metric::ALL {
        let expected = match metric.unit() {
            _ if metric == Metric::LatencyMeanMs => DataType::Float64,
            Unit::Share => DataType::Float64,
            Unit::Usd => DataType::Int128,
            Unit::Count | Unit::Tokens | Unit::Ms | Unit::Bytes => DataType::Int64,
        };
        assert_eq!(schema.get(metric.column()), Some(&expected), "{metric}");
    }
    assert_eq!(*lf.collect().unwrap().schema(), schema, "the plan keeps its promise");
}

#[test]
fn groups_without_the_dimension_come_last_and_keep_their_percentiles() {
    let mut calls = five_calls();
    for answer in &mut calls[..2] {
        answer.invocation.model = None;
    }
    assert_eq!(
        ask(&calls, &["model"], &[Metric::Requests, Metric::LatencyP50Ms]),
        ["a | 2 | 3000", "b | 1 | -", "- | 2 | 1000"]
    );
}

#[test]
fn a_percentile_alone_still_lists_every_group() {
    assert_eq!(ask(&five_calls(), &["model"], &[Metric::LatencyP50Ms]), ["a | 2000", "b | -"]);
}

#[test]
fn grouping_by_a_column_that_a_metric_counts_works() {
    let metrics = [Metric::Models, Metric::Principals];
    assert_eq!(
        ask(&five_calls(), &["principal", "status"], &metrics),
        ["ann | ok | 1 | 1", "bob | ok | 1 | 1", "- | ok | 1 | 0", "- | throttled | 1 | 0"]
    );
}

#[test]
fn a_token_sum_beyond_64_bits_is_null_not_wrapped() {
    let mut calls = vec![call("a", "ok"), call("a", "ok")];
    for call in &mut calls {
        call.invocation.input_tokens = Some(i64::MAX);
    }
    assert_eq!(ask(&calls, &[], &[Metric::InputTokens]), ["-"]);
}

#[test]
fn what_is_asked_twice_is_shown_once() {
    let metrics = [Metric::Requests, Metric::Requests];
    assert_eq!(ask(&five_calls(), &["model", "model"], &metrics), ["a | 4", "b | 1"]);
}

#[test]
fn unpriced_frames_serve_queries_that_need_no_cost() {
    let query = query(&["day"], &[Metric::Requests, Metric::InputTokens]);
    assert!(!query.needs_cost());
    let calls = five_calls().into_iter().map(|call| call.invocation).collect();
    let frame = Invocation::frame(calls).unwrap();
    assert_eq!(rows(usage(frame.lazy(), &query).unwrap()), ["2026-11-09 | 5 | 600"]);
}

#[test]
fn a_misspelt_dimension_is_refused_with_a_suggestion() {
    let error = "regoin".parse::<Dimension>().unwrap_err();
    assert_eq!(error.nearest.as_deref(), Some("region"));
}

#[test]
fn every_listed_dimension_is_known_and_groups() {
    let names = crate::schema::usage::dimension::ALL;
    assert_eq!(Dimension::NAMED.map(|dimension| dimension.name()), names);
    for name in names {
        assert_eq!(ask(&five_calls()[..1], &[name], &[Metric::Requests]).len(), 1, "{name}");
    }
}

#[test]
fn filters_before_the_query_reach_the_scan() {
    let frame = Priced::frame(&five_calls());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.parquet");
    let mut stored = frame.drop("cost_units").unwrap();
    let file = std::fs::File::create(&path).unwrap();
    ParquetWriter::new(file).finish(&mut stored).unwrap();
    let path = PlRefPath::new(path.to_str().unwrap());
    let scan = LazyFrame::scan_parquet(path, ScanArgsParquet::default()).unwrap();

    let period = period_between("2026-11-09T00:00:00Z", "2026-11-10T00:00:00Z");
    let query = query(&["model"], &[Metric::Requests, Metric::LatencyP50Ms]);
    let asked = in_period(scan, period);
    let plan = usage(asked, &query).unwrap().explain(true).unwrap();
    let scan = plan.split_once("Parquet SCAN").map(|(_, scan)| scan).unwrap();
    let selection = scan.lines().find(|line| line.contains("SELECTION:")).unwrap();
    assert!(selection.contains("event_time") && scan.contains("PROJECT 3/"), "{plan}");
    let read = usage(in_period(frame.lazy(), period), &query).unwrap().collect().unwrap();
    assert_eq!(table(&read), ["a | 4 | 2000", "b | 1 | -"]);
}

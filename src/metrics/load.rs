//! How hard the service was used: worst minutes, busiest hours, principals at the same time.

use polars::prelude::{
    Categories, DataType, Expr, LazyFrame, NULL, PolarsResult, SortMultipleOptions, UnionArgs, col,
    concat, lit, when,
};

use super::cells::each_a_cell;
use super::measures::{errors, number_of, requests, share};
use crate::schema::invocation::{
    EVENT_TIME, INFERENCE_PROFILE, INPUT_BYTES, LATENCY_MS, MODEL_ID, OUTPUT_BYTES, PRINCIPAL,
};
use crate::schema::usage::load::{
    ACTIVE_APPLICATIONS, APPLICATION_SHARE, CONCURRENT_PRINCIPALS, JUDGED_SHARE, PEAK_HOUR_BYTES,
    PEAK_HOUR_TOKENS, WORST_MINUTE_ERROR_RATE,
};
use crate::schema::usage::metric::{ERRORS, REQUESTS, TOTAL_TOKENS};

const MINUTE: &str = "minute";
const START: &str = "start";
const END: &str = "end";
const REACH: &str = "reach";
const RUN: &str = "run";
const STEP: &str = "step";

/// The highest error rate of any clock minute with at least `least` requests, and the share of
/// requests in such minutes: one row.
pub fn worst_minute(invocations: LazyFrame, least: i64) -> LazyFrame {
    let minute = col(EVENT_TIME).dt().truncate(lit("1m")).alias(MINUTE);
    let enough = || col(REQUESTS).gt_eq(lit(least));
    let rate = col(ERRORS).cast(DataType::Float64) / col(REQUESTS).cast(DataType::Float64);
    let judged = when(enough()).then(col(REQUESTS)).otherwise(lit(0_i64)).sum();
    let rows = each_a_cell(invocations).with_columns([minute]);
    rows.group_by([col(MINUTE)]).agg([requests(), errors()]).select([
        when(enough()).then(rate).otherwise(lit(NULL)).max().alias(WORST_MINUTE_ERROR_RATE),
        share(judged, col(REQUESTS).sum()).alias(JUDGED_SHARE),
    ])
}

/// Tokens and bytes of bodies, each in the clock hour that has most of them: one row, null when none is
/// known. In: total tokens, input and output bytes per hour.
pub fn busiest_hour(hours: LazyFrame) -> LazyFrame {
    let bytes = || col(INPUT_BYTES).fill_null(lit(0_i64)) + col(OUTPUT_BYTES).fill_null(lit(0_i64));
    let known = col(INPUT_BYTES).is_not_null().or(col(OUTPUT_BYTES).is_not_null());
    hours.select([
        col(TOTAL_TOKENS).max().alias(PEAK_HOUR_TOKENS),
        when(known).then(bytes()).otherwise(lit(NULL)).max().alias(PEAK_HOUR_BYTES),
    ])
}

/// Distinct application inference profiles, and the share of requests made through one: one row.
pub fn applications(invocations: LazyFrame) -> LazyFrame {
    let through = || {
        col(MODEL_ID)
            .str()
            .contains_literal(lit(":application-inference-profile/"))
            .fill_null(lit(false))
    };
    let distinct = col(INFERENCE_PROFILE).filter(through()).drop_nulls().n_unique();
    each_a_cell(invocations).select([
        distinct.cast(DataType::Int64).alias(ACTIVE_APPLICATIONS),
        share(number_of(through()), requests()).alias(APPLICATION_SHARE),
    ])
}

/// The most principals with a request running at one instant: one row; 0 without requests.
///
/// A request runs from its logged time for its latency, at least a millisecond. Requests of one
/// principal that overlap count once: they are joined into runs first.
///
/// # Errors
/// Never in practice: Polars refuses only an empty partition.
pub fn concurrent_principals(invocations: LazyFrame) -> PolarsResult<LazyFrame> {
    let start = || col(EVENT_TIME).cast(DataType::Int64);
    let lasts = when(col(LATENCY_MS).gt(lit(1_i64))).then(col(LATENCY_MS)).otherwise(lit(1_i64));
    let order = [PRINCIPAL, START, END].map(col);
    // Sorting compares numbers then, not long texts.
    let names = DataType::from_categories(Categories::global());
    let reach = col(END).cum_max(false).over([col(PRINCIPAL)])?;
    let before = col(REACH).shift(lit(1_i64)).over([col(PRINCIPAL)])?;
    let begins = col(START).gt(before).fill_null(lit(true)).cast(DataType::Int64);
    let runs = invocations
        .filter(col(PRINCIPAL).is_not_null().and(col(EVENT_TIME).is_not_null()))
        .select([
            col(PRINCIPAL).cast(names).to_physical(),
            start().alias(START),
            (start() + lasts).alias(END),
        ])
        .sort_by_exprs(order, SortMultipleOptions::default())
        .with_columns([reach.alias(REACH)])
        .with_columns([begins.cum_sum(false).alias(RUN)])
        .group_by([PRINCIPAL, RUN].map(col))
        .agg([col(START).min(), col(END).max()]);
    let steps = |at: Expr, by: i64| runs.clone().select([at.alias(START), lit(by).alias(STEP)]);
    let all = concat([steps(col(START), 1), steps(col(END), -1)], UnionArgs::default())?;
    // At one instant what ends goes before what begins.
    let most = col(STEP).cum_sum(false).max().fill_null(lit(0_i64));
    Ok(all
        .sort_by_exprs([START, STEP].map(col), SortMultipleOptions::default())
        .select([most.cast(DataType::Int64).alias(CONCURRENT_PRINCIPALS)]))
}

#[cfg(test)]
mod tests {
    use polars::prelude::{DataFrame, IntoLazy};

    use super::{concurrent_principals, worst_minute};
    use crate::schema::invocation::Invocation;
    use crate::schema::{Row, TimeMs};

    fn call(principal: &str, at: i64, latency: Option<i64>, status: &str) -> Invocation {
        Invocation {
            event_time: Some(TimeMs(at)),
            principal: Some(principal.to_owned()),
            latency_ms: latency,
            status: Some(status.to_owned()),
            ..Invocation::default()
        }
    }

    fn frame(rows: Vec<Invocation>) -> DataFrame {
        Invocation::frame(rows).expect("a frame")
    }

    #[track_caller]
    fn assert_concurrent(calls: &[(&str, i64, Option<i64>)], expected: i64) {
        let rows = calls.iter().map(|(who, at, latency)| call(who, *at, *latency, "ok")).collect();
        let found = concurrent_principals(frame(rows).lazy()).expect("a plan").collect();
        let found = found.expect("figures");
        let most = found.column("concurrent_principals").expect("there").i64().expect("a number");
        assert_eq!(most.get(0), Some(expected), "{calls:?}");
    }

    #[test]
    fn principals_count_once_while_their_requests_overlap() {
        assert_concurrent(&[], 0);
        assert_concurrent(&[("a", 0, Some(100)), ("a", 50, Some(100)), ("a", 60, Some(5))], 1);
        assert_concurrent(&[("a", 0, Some(100)), ("b", 99, Some(1))], 2);
        // The end belongs to the next.
        assert_concurrent(&[("a", 0, Some(100)), ("b", 100, Some(1))], 1);
        assert_concurrent(&[("a", 0, None), ("b", 0, None), ("c", 1, None)], 2);
        // A long request spans short ones that end before it.
        assert_concurrent(&[("a", 0, Some(1000)), ("a", 10, Some(5)), ("b", 900, Some(5))], 2);
    }

    #[test]
    fn a_minute_with_few_requests_is_not_judged() {
        let mut rows: Vec<Invocation> = (0..20).map(|at| call("a", at, None, "ok")).collect();
        rows[3].status = Some("throttled".to_owned());
        rows.push(call("a", 60_000, None, "server_error"));
        let found = worst_minute(frame(rows).lazy(), 20).collect().expect("figures");
        let number = |name: &str| found.column(name).expect("there").f64().expect("a share").get(0);
        assert_eq!(number("worst_minute_error_rate"), Some(0.05));
        assert_eq!(number("judged_share"), Some(20.0 / 21.0));
    }
}

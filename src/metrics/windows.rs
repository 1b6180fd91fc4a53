//! Invocations summed up per window of whole minutes: what alert rules are asked of.

use chrono_tz::Tz;
use polars::prelude::{
    DataType, Expr, LazyFrame, PolarsResult, SortMultipleOptions, SortOptions, col, lit,
};

use super::cells::each_a_cell;
use super::dimensions::Dimension;
use super::measures::{errors, known_sum, number_of, ok, requests, throttled};
use super::percentiles::{Percentile, sorted};
use crate::schema::invocation::{EVENT_TIME, LATENCY_MS, STATUS, status};
use crate::schema::usage::{cell, dimension, metric, window};

/// One row per window with requests and group, in no order.
///
/// Columns: [`window::START`] in milliseconds UTC, windows of a length that divides a day beginning at
/// midnight; each dimension as text under its name; `requests`, `ok`, `errors`, `throttled`,
/// [`window::ACCESS_DENIED`]; [`cell::LATENCY_SUM_MS`] and `latency_known`; `latency_p99_ms`, null
/// where no latency is known.
///
/// # Errors
/// When Polars doesn't know the time zone.
pub fn windows(
    invocations: LazyFrame,
    minutes: i64,
    by: &[Dimension],
    timezone: Tz,
) -> PolarsResult<LazyFrame> {
    let length = || lit(minutes * 60_000);
    let time = || col(EVENT_TIME).cast(DataType::Int64);
    let start = (time().floor_div(length()) * length()).alias(window::START);
    let mut keys = vec![start];
    for dimension in by {
        keys.push(dimension.expr(timezone)?.cast(DataType::String).alias(dimension.name()));
    }
    let denied = number_of(col(STATUS).eq(lit(status::ACCESS_DENIED)));
    let latencies = sorted(cell::LATENCIES).alias(cell::LATENCIES);
    Ok(each_a_cell(invocations.filter(col(EVENT_TIME).is_not_null()))
        .with_columns([known().alias(metric::LATENCY_KNOWN)])
        .group_by(keys)
        .agg([
            requests(),
            ok(),
            errors(),
            throttled(),
            denied.alias(window::ACCESS_DENIED),
            known_sum(LATENCY_MS).alias(cell::LATENCY_SUM_MS),
            col(metric::LATENCY_KNOWN).sum(),
            col(LATENCY_MS).drop_nulls().alias(cell::LATENCIES),
        ])
        .with_columns([latencies])
        .with_columns([Percentile::LATENCY_P99.of_sorted(cell::LATENCIES)])
        .drop(polars::prelude::cols([cell::LATENCIES])))
}

/// How long accounts and Regions are silent: one row each.
///
/// In: windows by account and Region of a time. Out: `account`, `region`, [`window::START`] of the newest
/// window, and [`window::LONGEST_SILENCE_MS`] between the starts of two windows before it; null with one
/// window only.
pub fn silences(windows: LazyFrame) -> LazyFrame {
    let start = || col(window::START);
    let sorted = start().sort(SortOptions::default());
    let between = (sorted.clone() - sorted.shift(lit(1))).max();
    windows
        .group_by([col(dimension::ACCOUNT), col(dimension::REGION)])
        .agg([start().max(), between.alias(window::LONGEST_SILENCE_MS)])
        .sort([dimension::ACCOUNT, dimension::REGION], SortMultipleOptions::default())
}

fn known() -> Expr {
    col(LATENCY_MS).is_not_null().cast(DataType::Int64)
}

//! From frames to hours: the aggregates that a store is asked for, and (`values`) reading them out.
//!
//! One group-by over the requests gives the cells and another lists of latencies, from which
//! percentiles are ranked: they don't add up.

mod values;

use chrono_tz::Tz;
use polars::prelude::{
    DataType, ExplodeOptions, Expr, LazyFrame, PolarsResult, SortOptions, col, len, lit,
};

use super::grid::Grid;
use crate::metrics::cells::Grain;
use crate::metrics::coverage::is_runtime_call;
use crate::metrics::dimensions::Dimension;
use crate::metrics::measures;
use crate::metrics::metric::Metric;
use crate::schema::invocation::{ACCOUNT_ID, EVENT_TIME, MODEL, PRINCIPAL, REGION};
use crate::schema::usage::derived::{FROM, TO};
use crate::schema::usage::{cell, coverage, dimension, metric};

pub use values::{Frames, hourly, newest_ms, read_first_calls};

const HOUR_MS: i64 = 3_600_000;

/// The hour of the grid that a row falls into, as a column.
fn hour(grid: &Grid) -> Expr {
    let since = col(EVENT_TIME).cast(DataType::Int64) - lit(grid.instant(0).timestamp_millis());
    since.floor_div(lit(HOUR_MS)).cast(DataType::Int32).alias(dimension::HOUR)
}

/// What requests are added up to before they are read here.
pub fn grain(dimensions: &[Dimension], timezone: Tz) -> Grain {
    let by = std::iter::once(Dimension::Hour).chain(dimensions.iter().cloned()).collect();
    let metrics = vec![
        Metric::Requests,
        Metric::Errors,
        Metric::Throttled,
        Metric::TotalTokens,
        Metric::CostUsd,
        Metric::LatencyP95Ms,
    ];
    Grain { by, metrics, timezone }
}

/// Sums, and the first event, per hour and combination of dimension values. For `collect`.
///
/// In: the cells of [`grain`].
///
/// # Errors
/// When Polars doesn't know the time zone.
pub fn cells(
    requests: LazyFrame,
    dimensions: &[Dimension],
    grid: &Grid,
    zone: Tz,
) -> PolarsResult<LazyFrame> {
    let sums = [
        measures::requests(),
        measures::errors(),
        measures::throttled(),
        measures::total_tokens(),
        measures::cost(),
        event_ms().min().alias(FROM),
    ];
    Ok(requests.group_by(keys(dimensions, grid, zone)?).agg(sums))
}

/// Lists of latencies with their hour and dimension values. For `collect`.
///
/// In: the values of [`grain`].
///
/// # Errors
/// When Polars doesn't know the time zone.
pub fn latency_lists(
    values: LazyFrame,
    dimensions: &[Dimension],
    grid: &Grid,
    zone: Tz,
) -> PolarsResult<LazyFrame> {
    let mut columns = keys(dimensions, grid, zone)?;
    columns.push(col(cell::LATENCIES));
    Ok(values.select(columns))
}

fn keys(dimensions: &[Dimension], grid: &Grid, zone: Tz) -> PolarsResult<Vec<Expr>> {
    let mut keys = vec![hour(grid)];
    for dimension in dimensions {
        keys.push(dimension.key(zone)?);
    }
    Ok(keys)
}

fn event_ms() -> Expr {
    col(EVENT_TIME).cast(DataType::Int64)
}

/// Latency percentiles per hour, of everything or per value of a dimension; from [`latency_lists`]
/// that are collected. For `collect`.
///
/// Nearest rank, as everywhere: percent × number ÷ 100, rounded up, in whole numbers.
pub fn latencies(lists: LazyFrame, dimension: Option<&Dimension>) -> LazyFrame {
    let flat = ExplodeOptions { empty_as_null: false, keep_nulls: false };
    let mut keys = vec![col(dimension::HOUR)];
    keys.extend(dimension.map(|dimension| col(dimension.name())));
    let sorted = || col(cell::LATENCIES).list();
    let number = || sorted().len().cast(DataType::Int64);
    let ranked = |percent: i64, name: &str| {
        let rank = (number() * lit(percent) + lit(99_i64)).floor_div(lit(100_i64));
        sorted().get(rank - lit(1_i64), true).alias(name)
    };
    lists
        .filter(col(cell::LATENCIES).list().len().gt(lit(0)))
        .group_by(keys)
        .agg([col(cell::LATENCIES).explode(flat)])
        .with_columns([col(cell::LATENCIES).list().sort(SortOptions::default())])
        .with_columns([
            number().alias(metric::LATENCY_KNOWN),
            ranked(50, metric::LATENCY_P50_MS),
            ranked(95, metric::LATENCY_P95_MS),
        ])
}

/// Logged requests per place and hour, of invocations. For `collect`.
pub fn logged(invocations: LazyFrame, grid: &Grid) -> LazyFrame {
    invocations.group_by(place_keys(grid)).agg([count(metric::REQUESTS)])
}

/// As [`logged`], of collected [`cells`] of all invocations. For `collect`.
pub fn logged_of_cells(cells: LazyFrame) -> LazyFrame {
    let place = [col(dimension::ACCOUNT).alias(ACCOUNT_ID), col(REGION), col(dimension::HOUR)];
    cells.group_by(place).agg([col(metric::REQUESTS).sum()])
}

/// `CloudTrail`'s events per place and hour: all of them, and calls of the logged operations.
pub fn called(api_events: LazyFrame, grid: &Grid) -> LazyFrame {
    let calls = measures::number_of(is_runtime_call()).alias(coverage::CALLED);
    let counts = [count(metric::REQUESTS), calls];
    api_events.group_by(place_keys(grid)).agg(counts)
}

/// The last instant that invocations or events have. For `collect`.
pub fn newest(rows: LazyFrame) -> LazyFrame {
    rows.select([event_ms().max().alias(TO)])
}

fn count(name: &str) -> Expr {
    len().cast(DataType::Int64).alias(name)
}

fn place_keys(grid: &Grid) -> [Expr; 3] {
    [col(ACCOUNT_ID), col(REGION), hour(grid)]
}

/// When each combination of account, Region, model and principal first called: of invocations from
/// before the grid, none of which are in the range. For `collect`.
pub fn first_calls(invocations: LazyFrame) -> LazyFrame {
    let keys = [
        col(ACCOUNT_ID).alias(dimension::ACCOUNT),
        col(REGION).alias(dimension::REGION),
        col(MODEL).alias(dimension::MODEL),
        col(PRINCIPAL).alias(dimension::PRINCIPAL),
    ];
    let requests = lit(0_i64).cast(DataType::Int64).alias(metric::REQUESTS);
    invocations.group_by(keys).agg([event_ms().min().alias(FROM)]).with_columns([requests])
}

/// As [`first_calls`], of collected [`cells`], with the requests from `first_hour` on. For `collect`.
pub fn first_calls_of_cells(cells: LazyFrame, grid: &Grid, first_hour: usize) -> LazyFrame {
    let bound = |hour: usize| lit(i32::try_from(hour).unwrap_or(i32::MAX));
    let keys =
        [dimension::ACCOUNT, dimension::REGION, dimension::MODEL, dimension::PRINCIPAL].map(col);
    let in_range = col(dimension::HOUR).gt_eq(bound(first_hour));
    let requests = col(metric::REQUESTS).filter(in_range).sum();
    cells
        .filter(col(dimension::HOUR).lt(bound(grid.len())))
        .group_by(keys)
        .agg([col(FROM).min(), requests.alias(metric::REQUESTS)])
}

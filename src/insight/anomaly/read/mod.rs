//! From frames to hours: the aggregates that a store is asked for, and (`values`) reading them out.
//!
//! One group-by over the requests gives the cells and another lists of latencies, from which
//! percentiles are ranked: they don't add up. Those of an hour stay as they are, and are kept.

mod latencies;
mod values;

use chrono_tz::Tz;
use polars::prelude::{DataType, Expr, LazyFrame, PolarsResult, col, lit};

use super::grid::Grid;
use crate::metrics::cells::Grain;
use crate::metrics::coverage::is_runtime_call;
use crate::metrics::dimensions::Dimension;
use crate::metrics::measures;
use crate::metrics::metric::Metric;
use crate::schema::invocation::{ACCOUNT_ID, EVENT_TIME, MODEL, PRINCIPAL, REGION};
use crate::schema::usage::derived::{FROM, TO};
use crate::schema::usage::{cell, coverage, dimension, metric};

pub use latencies::{LATENCIES_VERSION, latencies, latencies_of, latencies_schema};
pub use values::{Frames, hourly, newest_ms, read_first_calls};

const HOUR_MS: i64 = 3_600_000;

/// The hour of the grid that a row falls into, as a column.
fn hour(grid: &Grid) -> Expr {
    let since = col(EVENT_TIME).cast(DataType::Int64) - lit(grid.instant(0).timestamp_millis());
    since.floor_div(lit(HOUR_MS)).cast(DataType::Int32).alias(dimension::HOUR)
}

/// What requests are added up to before they are read here.
pub fn grain(dimensions: &[Dimension], timezone: Tz) -> Grain {
    let metrics = vec![
        Metric::Requests,
        Metric::Errors,
        Metric::Throttled,
        Metric::TotalTokens,
        Metric::CostUsd,
    ];
    by_hour(dimensions, metrics, timezone)
}

/// What latencies are listed by.
pub fn latency_grain(dimensions: &[Dimension], timezone: Tz) -> Grain {
    by_hour(dimensions, vec![Metric::LatencyP95Ms], timezone)
}

fn by_hour(dimensions: &[Dimension], metrics: Vec<Metric>, timezone: Tz) -> Grain {
    let by = std::iter::once(Dimension::Hour).chain(dimensions.iter().cloned()).collect();
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
    Ok(requests.group_by(keys(dimensions, hour(grid), zone)?).agg(sums))
}

fn keys(dimensions: &[Dimension], hour: Expr, zone: Tz) -> PolarsResult<Vec<Expr>> {
    let mut keys = vec![hour];
    for dimension in dimensions {
        keys.push(dimension.key(zone)?);
    }
    Ok(keys)
}

fn event_ms() -> Expr {
    col(EVENT_TIME).cast(DataType::Int64)
}

/// Logged requests per place and hour, of counted invocations. For `collect`.
pub fn logged(counts: LazyFrame, grid: &Grid) -> LazyFrame {
    counts.group_by(place_keys(grid)).agg([col(cell::ROWS).sum().alias(metric::REQUESTS)])
}

/// As [`logged`], of collected [`cells`] of all invocations. For `collect`.
pub fn logged_of_cells(cells: LazyFrame) -> LazyFrame {
    let place = [col(dimension::ACCOUNT).alias(ACCOUNT_ID), col(REGION), col(dimension::HOUR)];
    cells.group_by(place).agg([col(metric::REQUESTS).sum()])
}

/// `CloudTrail`'s events per place and hour, of counts: all of them, and calls of the logged operations.
pub fn called(event_counts: LazyFrame, grid: &Grid) -> LazyFrame {
    let calls = measures::rows_of(is_runtime_call()).alias(coverage::CALLED);
    let counts = [col(cell::ROWS).sum().alias(metric::REQUESTS), calls];
    event_counts.group_by(place_keys(grid)).agg(counts)
}

/// The last instant that invocations or events have. For `collect`.
pub fn newest(rows: LazyFrame) -> LazyFrame {
    rows.select([event_ms().max().alias(TO)])
}

fn place_keys(grid: &Grid) -> [Expr; 3] {
    [col(ACCOUNT_ID), col(REGION), hour(grid)]
}

/// When each combination of account, Region, model and principal first called: of invocations, or
/// counts of them, from before the grid, none of which are in the range. For `collect`.
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

//! Which days the log speaks of: a day without a single record is unknown, not idle.

use chrono_tz::Tz;
use polars::prelude::{DataType, LazyFrame, PolarsResult, SortMultipleOptions, TimeUnit, col};

use super::dimensions::local_day;
use crate::schema::invocation::EVENT_TIME;
use crate::schema::usage::cell::LAST_TIME;
use crate::schema::usage::{derived, dimension};

/// One row per local day with logs, in order: `day` (`Date`), and the times of its first and last
/// record as `from` and `to`, milliseconds since the epoch, `Int64`.
///
/// # Errors
/// When Polars doesn't know the time zone.
pub fn logged_days(invocations: LazyFrame, timezone: Tz) -> PolarsResult<LazyFrame> {
    days(invocations, EVENT_TIME, timezone)
}

/// As [`logged_days`], of [sums](super::summary) by hour, in a zone whose hours begin where UTC's do.
///
/// # Errors
/// When Polars doesn't know the time zone.
pub fn logged_days_of_sums(sums: LazyFrame, timezone: Tz) -> PolarsResult<LazyFrame> {
    days(sums, LAST_TIME, timezone)
}

fn days(rows: LazyFrame, last: &str, timezone: Tz) -> PolarsResult<LazyFrame> {
    let ms = |time: &str| col(time).dt().timestamp(TimeUnit::Milliseconds).cast(DataType::Int64);
    Ok(rows
        .filter(col(EVENT_TIME).is_not_null())
        .group_by([local_day(timezone)?.alias(dimension::DAY)])
        .agg([ms(EVENT_TIME).min().alias(derived::FROM), ms(last).max().alias(derived::TO)])
        .sort([dimension::DAY], SortMultipleOptions::default()))
}

//! Which days the log speaks of: a day without a single record is unknown, not idle.

use chrono_tz::Tz;
use polars::prelude::{DataType, LazyFrame, PolarsResult, SortMultipleOptions, TimeUnit, col};

use super::dimensions::local_day;
use crate::schema::invocation::EVENT_TIME;
use crate::schema::usage::{derived, dimension};

/// One row per local day with logs, in order: `day` (`Date`), and the times of its first and last
/// record as `from` and `to`, milliseconds since the epoch, `Int64`.
///
/// # Errors
/// When Polars doesn't know the time zone.
pub fn logged_days(invocations: LazyFrame, timezone: Tz) -> PolarsResult<LazyFrame> {
    let time = || col(EVENT_TIME).dt().timestamp(TimeUnit::Milliseconds).cast(DataType::Int64);
    Ok(invocations
        .filter(col(EVENT_TIME).is_not_null())
        .group_by([local_day(timezone)?.alias(dimension::DAY)])
        .agg([time().min().alias(derived::FROM), time().max().alias(derived::TO)])
        .sort([dimension::DAY], SortMultipleOptions::default()))
}

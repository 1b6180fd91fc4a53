//! Who and what is active per day.

use chrono_tz::Tz;
use polars::prelude::{DataType, Expr, LazyFrame, NULL, PolarsResult, col, lit, when};

use super::dimensions::Dimension;
use super::grouping::{Grouping, aggregate};
use super::measures::distinct;
use crate::schema::invocation::{MODEL, PRINCIPAL, STATUS, status};
use crate::schema::usage::activity::{
    ACTIVE_MODELS, ACTIVE_PRINCIPALS, MEAN_DAILY_MODELS, MEAN_DAILY_PRINCIPALS,
};

/// Active models and principals per local day with requests, sorted by `day` (ISO text).
///
/// A model is active with one `ok` request, a principal with any request.
///
/// # Errors
/// When Polars doesn't know the time zone.
pub fn daily_active(invocations: LazyFrame, timezone: Tz) -> PolarsResult<LazyFrame> {
    let grouping = Grouping { by: &[Dimension::Day], timezone };
    let groups = aggregate(
        grouping.keyed(invocations)?,
        &grouping.keys(),
        vec![active_models(), active_principals()],
    );
    let columns: Vec<Expr> =
        grouping.labels().chain([ACTIVE_MODELS, ACTIVE_PRINCIPALS].map(col)).collect();
    Ok(grouping.sorted(groups).select(columns))
}

/// Mean active models and principals per day: one row.
///
/// `days` is the number of days that the period has logs for; days without requests count as 0,
/// and over no days the means are null.
///
/// # Errors
/// As [`daily_active`].
pub fn mean_daily_active(
    invocations: LazyFrame,
    timezone: Tz,
    days: u32,
) -> PolarsResult<LazyFrame> {
    let mean = |column, name| {
        let total = col(column).sum().cast(DataType::Float64);
        when(lit(days > 0)).then(total / lit(f64::from(days))).otherwise(lit(NULL)).alias(name)
    };
    Ok(daily_active(invocations, timezone)?.select([
        mean(ACTIVE_MODELS, MEAN_DAILY_MODELS),
        mean(ACTIVE_PRINCIPALS, MEAN_DAILY_PRINCIPALS),
    ]))
}

fn active_models() -> Expr {
    distinct(col(MODEL).filter(col(STATUS).eq(lit(status::OK)))).alias(ACTIVE_MODELS)
}

fn active_principals() -> Expr {
    distinct(col(PRINCIPAL)).alias(ACTIVE_PRINCIPALS)
}

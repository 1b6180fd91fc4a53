//! Log coverage: which calls that CloudTrail saw are in the invocation log.
//!
//! Events and invocations meet on the request id ([`BothLogs`]). An event without one is called and
//! unlogged. Unlogged calls younger than the delivery delay may still be logged: they count as unlogged,
//! and again as late.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use polars::prelude::{
    DataType, Expr, LazyFrame, NULL, PolarsResult, SortMultipleOptions, TimeUnit, TimeZone, col,
    lit, when,
};

use super::both_logs::BothLogs;
use super::dimensions::Dimension;
use super::grouping::{Grouping, aggregate};
use super::measures::{rows_of, share};
use super::names::UnknownName;
use super::window::instant;
use crate::schema::api_event::{
    ACCOUNT_ID, BEDROCK_SOURCE, ERROR_CODE, EVENT_NAME, EVENT_SOURCE, EVENT_TIME, INSIGHT_DETAILS,
    MANTLE_SOURCE, REGION, RUNTIME_OPERATIONS, UNLOGGED_OPERATIONS,
};
use crate::schema::usage::cell::{LAST_TIME, ROWS};
use crate::schema::usage::coverage::{
    CALLED, COVERAGE, FIRST_LOGGED, HOURS, IS_CALL, IS_MET, LAST_LOGGED, LATE, LOG_ONLY, LOGGED,
    SUCCEEDED, UNLOGGED,
};
use crate::schema::usage::derived::{FROM, TO};
use crate::schema::usage::metric::REQUESTS;

/// A dimension that both CloudTrail and the invocation log know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CoverageDimension {
    /// Account that made the call.
    Account,
    /// Region that received the call.
    Region,
    /// Base model.
    Model,
    /// Model id as addressed.
    ModelId,
    /// Role or user.
    Principal,
    /// Hour.
    Hour,
    /// Day.
    Day,
}

/// What to compare by.
#[derive(Debug, Clone, Copy)]
pub struct CoverageQuery<'a> {
    /// Columns of the groups, in order.
    pub by: &'a [CoverageDimension],
    /// Time zone of calendar dimensions.
    pub timezone: Tz,
    /// Calls from here on may still be logged; `None` when all should be.
    pub late_from: Option<DateTime<Utc>>,
}

impl CoverageDimension {
    /// All of them, in the order they are listed to users.
    pub const ALL: [Self; 7] = [
        Self::Account,
        Self::Region,
        Self::Model,
        Self::ModelId,
        Self::Principal,
        Self::Hour,
        Self::Day,
    ];

    /// The same dimension of a usage query.
    pub fn dimension(self) -> Dimension {
        match self {
            Self::Account => Dimension::Account,
            Self::Region => Dimension::Region,
            Self::Model => Dimension::Model,
            Self::ModelId => Dimension::ModelId,
            Self::Principal => Dimension::Principal,
            Self::Hour => Dimension::Hour,
            Self::Day => Dimension::Day,
        }
    }
}

impl FromStr for CoverageDimension {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let known = Self::ALL.map(|dimension| dimension.dimension().name());
        Self::ALL.into_iter().zip(&known).find(|(_, known)| *known == name).map_or_else(
            || {
                let names: Vec<&str> = known.iter().map(String::as_str).collect();
                Err(UnknownName::new("dimension", name, &names))
            },
            |(dimension, _)| Ok(dimension),
        )
    }
}

/// `called`, `logged`, `unlogged`, `late`, `log_only`, `requests` and `coverage` per group.
///
/// Out: the dimensions, then the figures; sorted by the dimensions; without any, exactly one row.
///
/// # Errors
/// When Polars doesn't know the time zone.
pub fn coverage(both: &BothLogs, query: &CoverageQuery<'_>) -> PolarsResult<LazyFrame> {
    let mut counted = coverage_counts();
    counted.push(late(query.late_from));
    grouped(both.rows(), counted, query)
}

/// As [`coverage`], of what [`hourly`] gives, whose time is the query's: by accounts, Regions, and hours
/// and days of a zone that is whole hours from UTC.
///
/// # Errors
/// As [`coverage`].
pub fn coverage_of_hours(hourly: LazyFrame, query: &CoverageQuery<'_>) -> PolarsResult<LazyFrame> {
    let sums = COUNTS.map(|count| col(count).sum()).to_vec();
    grouped(hourly.with_columns([col(FROM).alias(EVENT_TIME)]), sums, query)
}

fn grouped(
    rows: LazyFrame,
    counts: Vec<Expr>,
    query: &CoverageQuery<'_>,
) -> PolarsResult<LazyFrame> {
    let by: Vec<Dimension> = query.by.iter().map(|dimension| dimension.dimension()).collect();
    let grouping = Grouping { by: &by, timezone: query.timezone };
    let groups = aggregate(grouping.keyed(rows)?, &grouping.keys(), counts);
    let ratio = share(col(LOGGED), col(CALLED)).alias(COVERAGE);
    let columns: Vec<Expr> = grouping.labels().chain(COUNTS.map(col)).chain([ratio]).collect();
    Ok(grouping.sorted(groups).select(columns))
}

/// What is counted of a group.
const COUNTS: [&str; 6] = [CALLED, LOGGED, UNLOGGED, LATE, LOG_ONLY, REQUESTS];

/// Logging gaps in what [`hourly`] gives: stretches in which an account and region made calls and logged
/// nothing.
///
/// Out: `account_id`, `region`, `from`, `to`, `unlogged` (calls), `hours` (with calls), sorted.
/// A gap is a run of whole UTC hours that have calls and no invocation, neither by time nor by id;
/// hours without either, which prove nothing, may lie inside it but never at its ends.
///
/// # Errors
/// Never in practice: Polars refuses only an empty partition.
pub fn gaps_in(hourly: LazyFrame) -> PolarsResult<LazyFrame> {
    let silent = col(LOGGED).eq(lit(0_i64)).and(col(REQUESTS).eq(lit(0_i64)));
    let place = [ACCOUNT_ID, REGION].map(col);
    let run = silent.clone().not().cast(DataType::Int64).cum_sum(false).over(&place)?.alias(RUN);
    let ends = [col(FROM).min(), col(TO).max(), col(UNLOGGED).sum(), silent_hours()];
    let order = [ACCOUNT_ID, REGION, FROM].map(col);
    Ok(hourly
        .with_columns([run, silent.alias(SILENT)])
        .filter(col(SILENT))
        .group_by([ACCOUNT_ID, REGION, RUN].map(col))
        .agg(ends)
        .sort_by_exprs(&order, nulls_last())
        .select([ACCOUNT_ID, REGION, FROM, TO, UNLOGGED, HOURS].map(col)))
}

/// Accounts and regions that made calls and logged nothing in the whole of what [`hourly`] gives:
/// `account_id`, `region`, `called`, sorted.
pub fn silent_places(hourly: LazyFrame) -> LazyFrame {
    let key = [ACCOUNT_ID, REGION].map(col);
    let logged = col(LOGGED).sum().eq(lit(0)).and(col(REQUESTS).sum().eq(lit(0)));
    hourly
        .group_by(&key)
        .agg([col(CALLED).sum(), logged.alias(SILENT)])
        .filter(col(SILENT).and(col(CALLED).gt(lit(0))))
        .sort_by_exprs(&key, nulls_last())
        .select([ACCOUNT_ID, REGION, CALLED].map(col))
}

/// Calls and logged requests of each hour of [`hourly`], to be compared by number where ids can't be:
/// `account_id`, `region`, `from`, `to`, `called`, `requests`.
pub fn counts_by_hour(hourly: LazyFrame) -> LazyFrame {
    hourly.select([ACCOUNT_ID, REGION, FROM, TO, CALLED, REQUESTS].map(col))
}

/// Hours of [`hourly`] in which an account and region logged something, and yet not every call.
///
/// Out: `account_id`, `region`, `from`, `to`, `called`, `logged`, `unlogged`, `requests`, sorted.
pub fn partly_logged_hours(hourly: LazyFrame) -> LazyFrame {
    let logged = col(LOGGED).gt(lit(0_i64)).or(col(REQUESTS).gt(lit(0_i64)));
    let partly = logged.and(col(UNLOGGED).gt(lit(0_i64)));
    let columns = [ACCOUNT_ID, REGION, FROM, TO, CALLED, LOGGED, UNLOGGED, REQUESTS];
    hourly.filter(partly).select(columns.map(col))
}

/// Number of the run of silent hours that an hour belongs to.
const RUN: &str = "run";
/// Whether nothing was logged in the hour.
const SILENT: &str = "silent";

const HOUR_MS: i64 = 3_600_000;

/// Uses of models that invocation logging never covers, so that only CloudTrail has them.
///
/// In: counts of [`event_summary`](super::event_summary). Out: `event_source`, `event_name`, `requests`,
/// sorted. The `bedrock-mantle` endpoint, and runtime
/// operations other than the four (data events, where a trail selects them).
pub fn outside(event_counts: LazyFrame) -> LazyFrame {
    let one_of = |column: &'static str, names: &[&'static str]| {
        names.iter().fold(lit(false), |any, name| any.or(col(column).eq(lit(*name))))
    };
    let other =
        col(EVENT_SOURCE).eq(lit(BEDROCK_SOURCE)).and(one_of(EVENT_NAME, &UNLOGGED_OPERATIONS));
    let key = [EVENT_SOURCE, EVENT_NAME].map(col);
    event_counts
        .filter(col(EVENT_SOURCE).eq(lit(MANTLE_SOURCE)).or(other))
        .group_by(&key)
        .agg([col(ROWS).sum().alias(REQUESTS)])
        .sort_by_exprs(&key, nulls_last())
}

/// Unlogged calls from a time on.
fn late(from: Option<DateTime<Utc>>) -> Expr {
    let unlogged = col(IS_CALL).and(col(IS_MET).not());
    let is_late =
        from.map_or(lit(false), |from| unlogged.and(col(EVENT_TIME).gt_eq(instant(from))));
    rows_of(is_late).alias(LATE)
}

/// A call of one of the logged operations. An Insight names an operation too and is no call.
pub fn is_runtime_call() -> Expr {
    let name = |operation: &'static str| col(EVENT_NAME).eq(lit(operation));
    let [first, rest @ ..] = RUNTIME_OPERATIONS;
    let runtime = rest.into_iter().fold(name(first), |any, operation| any.or(name(operation)));
    let is_insight = col(INSIGHT_DETAILS).is_not_null();
    col(EVENT_SOURCE).eq(lit(BEDROCK_SOURCE)).and(runtime).and(is_insight.not())
}

fn coverage_counts() -> Vec<Expr> {
    let (is_call, is_met) = (|| col(IS_CALL), || col(IS_MET));
    vec![
        rows_of(is_call()).alias(CALLED),
        rows_of(is_call().and(is_met())).alias(LOGGED),
        rows_of(is_call().and(is_met().not())).alias(UNLOGGED),
        rows_of(is_call().not().and(is_met().not())).alias(LOG_ONLY),
        rows_of(is_call().not()).alias(REQUESTS),
    ]
}

/// `called`: how many runtime calls the events hold; one row.
pub fn calls(api_events: LazyFrame) -> LazyFrame {
    let number = polars::prelude::len().cast(DataType::Int64);
    api_events.filter(is_runtime_call()).select([number.alias(CALLED)])
}

/// The sums of [`hourly`] over all places and hours: `called`, `logged`, `unlogged`, `log_only`.
pub fn totals_of(hourly: LazyFrame) -> LazyFrame {
    hourly.select([CALLED, LOGGED, UNLOGGED, LOG_ONLY].map(|count| col(count).sum()))
}

/// The sums of [`hourly`] per account and region, sorted.
pub fn places_of(hourly: LazyFrame) -> LazyFrame {
    let place = [ACCOUNT_ID, REGION].map(col);
    let sums = [CALLED, LOGGED, UNLOGGED, LOG_ONLY].map(|name| col(name).sum());
    hourly.group_by(&place).agg(sums).sort_by_exprs(&place, nulls_last())
}

/// Coverage counts per account, region and UTC hour with any evidence, as intervals, sorted: those of
/// [`coverage`], how many calls `succeeded`, and the `first_logged` and `last_logged` request of the
/// hour, null where none was.
///
/// Unlogged calls from `late_from` on are late; none are without it.
///
/// # Errors
/// Never in practice: Polars refuses only frames of different columns.
pub fn hourly(both: &BothLogs, late_from: Option<DateTime<Utc>>) -> PolarsResult<LazyFrame> {
    let of_log = |time: &str| when(col(IS_CALL).not()).then(col(time)).otherwise(lit(NULL));
    let succeeded = col(IS_CALL).and(col(ERROR_CODE).is_null());
    let mut measures = coverage_counts();
    measures.push(late(late_from));
    measures.push(rows_of(succeeded).alias(SUCCEEDED));
    measures.extend([
        of_log(EVENT_TIME).min().alias(FIRST_LOGGED),
        of_log(LAST_TIME).max().alias(LAST_LOGGED),
    ]);
    let from = col(EVENT_TIME).dt().truncate(lit("1h")).alias(FROM);
    let utc_ms = DataType::Datetime(TimeUnit::Milliseconds, Some(TimeZone::UTC));
    let to = (col(FROM).cast(DataType::Int64) + lit(HOUR_MS)).cast(utc_ms).alias(TO);
    let key = [ACCOUNT_ID, REGION, FROM].map(col);
    Ok(both
        .rows()
        .with_columns([from])
        .group_by(&key)
        .agg(measures)
        .with_columns([to])
        .sort_by_exprs(&key, nulls_last()))
}

/// Every silent hour in the frame has a call, else it would not be there.
fn silent_hours() -> Expr {
    polars::prelude::len().cast(DataType::Int64).alias(HOURS)
}

fn nulls_last() -> SortMultipleOptions {
    SortMultipleOptions::default().with_nulls_last(true)
}

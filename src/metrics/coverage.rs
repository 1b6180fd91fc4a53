//! Log coverage: which calls that CloudTrail saw are in the invocation log.
//!
//! Events and invocations meet on the request id. Rows are counted in the period only, but may
//! meet rows just outside it: give both frames with a margin, so that a call at the edge whose log
//! record falls beyond it isn't called unlogged.
//!
//! An event without a request id is called and unlogged. Events that share a request id each
//! count. Unlogged calls younger than the delivery delay may still be logged: they count as
//! unlogged, and again as late.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use polars::prelude::{
    DataType, Expr, LazyFrame, NULL, PolarsResult, SortMultipleOptions, TimeUnit, TimeZone,
    UnionArgs, col, concat, lit, when,
};

use super::dimensions::Dimension;
use super::grouping::{Grouping, aggregate};
use super::known_ids::KnownIds;
use super::measures::{number_of, share};
use super::names::UnknownName;
use super::window::{in_window, instant};
use crate::period::Period;
use crate::schema::api_event::{
    ACCOUNT_ID, BEDROCK_SOURCE, ERROR_CODE, EVENT_NAME, EVENT_SOURCE, EVENT_TIME, INSIGHT_DETAILS,
    MANTLE_SOURCE, MODEL_ID, PRINCIPAL, REGION, REQUEST_ID, RUNTIME_OPERATIONS,
    UNLOGGED_OPERATIONS,
};
use crate::schema::invocation::MODEL;
use crate::schema::usage::coverage::{
    CALLED, COVERAGE, FIRST_LOGGED, HOURS, LAST_LOGGED, LATE, LOG_ONLY, LOGGED, SUCCEEDED, UNLOGGED,
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
    /// Base model. Events have no such column of their own: add it first.
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

/// What to compare, by what.
#[derive(Debug, Clone)]
pub struct CoverageQuery<'a> {
    /// Calls made in this period.
    pub period: Period,
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
/// In: `api_events` and `invocations`, any order, best with a margin around the period.
/// Out: the dimensions, then the figures; sorted by the dimensions; without any, exactly one row.
///
/// # Errors
/// When Polars doesn't know the time zone.
pub fn coverage(
    api_events: LazyFrame,
    invocations: LazyFrame,
    query: &CoverageQuery<'_>,
) -> PolarsResult<LazyFrame> {
    let by: Vec<Dimension> = query.by.iter().map(|dimension| dimension.dimension()).collect();
    let grouping = Grouping { by: &by, timezone: query.timezone };
    let models = query.by.contains(&CoverageDimension::Model);
    let columns = CoverageDimension::columns(models);
    let evidence = grouping.keyed(evidence(api_events, invocations, query.period, &columns)?)?;
    let mut counted = coverage_counts();
    counted.push(late(query.late_from));
    let groups = aggregate(evidence, &grouping.keys(), counted);
    let counts = [CALLED, LOGGED, UNLOGGED, LATE, LOG_ONLY, REQUESTS].map(col);
    let ratio = share(col(LOGGED), col(CALLED)).alias(COVERAGE);
    let columns: Vec<Expr> = grouping.labels().chain(counts).chain([ratio]).collect();
    Ok(grouping.sorted(groups).select(columns))
}

/// Logging gaps: stretches in which an account and region made calls and logged nothing.
///
/// Out: `account_id`, `region`, `from`, `to`, `unlogged` (calls), `hours` (with calls), sorted.
/// A gap is a run of whole UTC hours that have calls and no invocation, neither by time nor by id;
/// hours without either, which prove nothing, may lie inside it but never at its ends.
///
/// # Errors
/// As [`coverage`].
pub fn gaps(
    api_events: LazyFrame,
    invocations: LazyFrame,
    period: Period,
) -> PolarsResult<LazyFrame> {
    gaps_in(hourly(api_events, invocations, period)?)
}

/// As [`gaps`], of what [`hourly`] gives.
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

/// Hours in which an account and region logged something, and yet not every call.
///
/// Out: `account_id`, `region`, `from`, `to`, `called`, `logged`, `unlogged`, `requests`, sorted.
///
/// # Errors
/// As [`coverage`].
pub fn partly_logged_hours(
    api_events: LazyFrame,
    invocations: LazyFrame,
    period: Period,
) -> PolarsResult<LazyFrame> {
    let logged = col(LOGGED).gt(lit(0_i64)).or(col(REQUESTS).gt(lit(0_i64)));
    let partly = logged.and(col(UNLOGGED).gt(lit(0_i64)));
    let columns = [ACCOUNT_ID, REGION, FROM, TO, CALLED, LOGGED, UNLOGGED, REQUESTS];
    Ok(hourly(api_events, invocations, period)?.filter(partly).select(columns.map(col)))
}

/// Whether a row is a call, by CloudTrail.
pub(super) const IS_CALL: &str = "is_call";
/// Whether the other source has the row's request id.
pub(super) const IS_MET: &str = "is_met";
/// Number of the run of silent hours that an hour belongs to.
const RUN: &str = "run";
/// Whether nothing was logged in the hour.
const SILENT: &str = "silent";

const HOUR_MS: i64 = 3_600_000;

/// Calls and logged requests of the period under each other, each with whether the other knows it.
pub(super) fn evidence(
    api_events: LazyFrame,
    invocations: LazyFrame,
    period: Period,
    columns: &[Expr],
) -> PolarsResult<LazyFrame> {
    let calls = api_events.filter(is_runtime_call());
    let called = KnownIds::of(calls.clone())?;
    let logged = KnownIds::of(invocations.clone())?;
    let flagged = |rows: LazyFrame, is_call: bool, others: KnownIds| {
        rows.filter(in_window(period))
            .select(columns)
            .with_columns([lit(is_call).alias(IS_CALL), others.hold().alias(IS_MET)])
    };
    let both = [flagged(calls, true, logged), flagged(invocations, false, called)];
    concat(both, UnionArgs::default())
}

impl CoverageDimension {
    /// What both tables must have: the same names in both.
    pub(super) fn columns(models: bool) -> Vec<Expr> {
        let mut columns =
            [REQUEST_ID, EVENT_TIME, ACCOUNT_ID, REGION, MODEL_ID, PRINCIPAL, ERROR_CODE]
                .map(col)
                .to_vec();
        columns.extend(models.then(|| col(MODEL)));
        columns
    }
}

/// Uses of models that invocation logging never covers, so that only CloudTrail has them.
///
/// Out: `event_source`, `event_name`, `requests`, sorted. The `bedrock-mantle` endpoint, and runtime
/// operations other than the four (data events, where a trail selects them).
pub fn outside(api_events: LazyFrame, period: Period) -> LazyFrame {
    let one_of = |column: &'static str, names: &[&'static str]| {
        names.iter().fold(lit(false), |any, name| any.or(col(column).eq(lit(*name))))
    };
    let other =
        col(EVENT_SOURCE).eq(lit(BEDROCK_SOURCE)).and(one_of(EVENT_NAME, &UNLOGGED_OPERATIONS));
    let key = [EVENT_SOURCE, EVENT_NAME].map(col);
    api_events
        .filter(in_window(period).and(col(EVENT_SOURCE).eq(lit(MANTLE_SOURCE)).or(other)))
        .group_by(&key)
        .agg([polars::prelude::len().cast(DataType::Int64).alias(REQUESTS)])
        .sort_by_exprs(&key, nulls_last())
}

/// Unlogged calls from a time on.
fn late(from: Option<DateTime<Utc>>) -> Expr {
    let unlogged = col(IS_CALL).and(col(IS_MET).not());
    let is_late =
        from.map_or(lit(false), |from| unlogged.and(col(EVENT_TIME).gt_eq(instant(from))));
    number_of(is_late).alias(LATE)
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
        number_of(is_call()).alias(CALLED),
        number_of(is_call().and(is_met())).alias(LOGGED),
        number_of(is_call().and(is_met().not())).alias(UNLOGGED),
        number_of(is_call().not().and(is_met().not())).alias(LOG_ONLY),
        number_of(is_call().not()).alias(REQUESTS),
    ]
}

/// `called`: how many runtime calls the events hold; one row.
pub fn calls(api_events: LazyFrame) -> LazyFrame {
    api_events
        .filter(is_runtime_call())
        .select([polars::prelude::len().cast(DataType::Int64).alias(CALLED)])
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

/// Coverage counts per account, region and UTC hour with any evidence, as intervals, sorted.
///
/// # Errors
/// As [`coverage`].
pub fn hourly(
    api_events: LazyFrame,
    invocations: LazyFrame,
    period: Period,
) -> PolarsResult<LazyFrame> {
    by_hour(api_events, invocations, period, coverage_counts())
}

/// As [`hourly`], with how many calls `succeeded`, and the `first_logged` and `last_logged` request of
/// each hour; null where none was.
///
/// # Errors
/// As [`coverage`].
pub fn hours_with_times(
    api_events: LazyFrame,
    invocations: LazyFrame,
    period: Period,
) -> PolarsResult<LazyFrame> {
    let logged_time = || when(col(IS_CALL).not()).then(col(EVENT_TIME)).otherwise(lit(NULL));
    let succeeded = col(IS_CALL).and(col(ERROR_CODE).is_null());
    let mut measures = coverage_counts();
    measures.push(number_of(succeeded).alias(SUCCEEDED));
    measures
        .extend([logged_time().min().alias(FIRST_LOGGED), logged_time().max().alias(LAST_LOGGED)]);
    by_hour(api_events, invocations, period, measures)
}

fn by_hour(
    api_events: LazyFrame,
    invocations: LazyFrame,
    period: Period,
    measures: Vec<Expr>,
) -> PolarsResult<LazyFrame> {
    let from = col(EVENT_TIME).dt().truncate(lit("1h")).alias(FROM);
    let utc_ms = DataType::Datetime(TimeUnit::Milliseconds, Some(TimeZone::UTC));
    let to = (col(FROM).cast(DataType::Int64) + lit(HOUR_MS)).cast(utc_ms).alias(TO);
    let key = [ACCOUNT_ID, REGION, FROM].map(col);
    let columns = CoverageDimension::columns(false);
    Ok(evidence(api_events, invocations, period, &columns)?
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

//! Log coverage: which calls that CloudTrail saw are in the invocation log.
//!
//! Events and invocations meet on the request id. Rows are counted in the period only, but may
//! meet rows just outside it: give both frames with a margin, so that a call at the edge whose log
//! record falls beyond it isn't called unlogged.
//!
//! An event without a request id is called and unlogged. Events that share a request id each
//! count. Calls younger than the delivery delay are not told apart here.

use chrono_tz::Tz;
use polars::prelude::{
    DataType, Expr, JoinType, LazyFrame, PolarsResult, SortMultipleOptions, TimeUnit, TimeZone,
    UnionArgs, UniqueKeepStrategy, col, concat, lit,
};

use super::dimensions::Dimension;
use super::grouping::{Grouping, aggregate};
use super::measures::{number_of, share};
use super::window::in_window;
use crate::period::Period;
use crate::schema::api_event::{
    ACCOUNT_ID, BEDROCK_SOURCE, EVENT_NAME, EVENT_SOURCE, EVENT_TIME, INSIGHT_DETAILS, REGION,
    REQUEST_ID, RUNTIME_OPERATIONS,
};
use crate::schema::usage::coverage::{CALLED, COVERAGE, HOURS, LOG_ONLY, LOGGED, UNLOGGED};
use crate::schema::usage::derived::{FROM, TO};
use crate::schema::usage::metric::REQUESTS;

/// A dimension that both CloudTrail and the invocation log know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CoverageDimension {
    /// Account that made the call.
    Account,
    /// Region that received the call.
    Region,
    /// Model id as addressed.
    ModelId,
    /// Role or user.
    Principal,
    /// Hour.
    Hour,
    /// Day.
    Day,
}

impl CoverageDimension {
    /// The same dimension of a usage query.
    pub fn dimension(self) -> Dimension {
        match self {
            Self::Account => Dimension::Account,
            Self::Region => Dimension::Region,
            Self::ModelId => Dimension::ModelId,
            Self::Principal => Dimension::Principal,
            Self::Hour => Dimension::Hour,
            Self::Day => Dimension::Day,
        }
    }
}

/// `called`, `logged`, `unlogged`, `log_only` and `coverage` per group.
///
/// In: `api_events` and `invocations`, any order, best with a margin around the period.
/// Out: the dimensions, then the figures; sorted by the dimensions; without any, exactly one row.
///
/// # Errors
/// When Polars doesn't know the time zone.
pub fn coverage(
    api_events: LazyFrame,
    invocations: LazyFrame,
    period: Period,
    by: &[CoverageDimension],
    timezone: Tz,
) -> PolarsResult<LazyFrame> {
    let by: Vec<Dimension> = by.iter().map(|dimension| dimension.dimension()).collect();
    let grouping = Grouping { by: &by, timezone };
    let evidence = grouping.keyed(evidence(api_events, invocations, period)?)?;
    let groups = aggregate(evidence, &grouping.keys(), coverage_counts());
    let counts = [CALLED, LOGGED, UNLOGGED, LOG_ONLY].map(col);
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
    let silent = col(LOGGED).eq(lit(0_i64)).and(col(REQUESTS).eq(lit(0_i64)));
    let place = [ACCOUNT_ID, REGION].map(col);
    let run = silent.clone().not().cast(DataType::Int64).cum_sum(false).over(&place)?.alias(RUN);
    let ends = [col(FROM).min(), col(TO).max(), col(UNLOGGED).sum(), silent_hours()];
    let order = [ACCOUNT_ID, REGION, FROM].map(col);
    Ok(hourly(api_events, invocations, period)?
        .with_columns([run, silent.alias(SILENT)])
        .filter(col(SILENT))
        .group_by([ACCOUNT_ID, REGION, RUN].map(col))
        .agg(ends)
        .sort_by_exprs(&order, nulls_last())
        .select([ACCOUNT_ID, REGION, FROM, TO, UNLOGGED, HOURS].map(col)))
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
const IS_CALL: &str = "is_call";
/// Whether the other source has the row's request id.
const IS_MET: &str = "is_met";
/// Number of the run of silent hours that an hour belongs to.
const RUN: &str = "run";
/// Whether nothing was logged in the hour.
const SILENT: &str = "silent";

const HOUR_MS: i64 = 3_600_000;

/// Calls and logged requests of the period under each other, each with whether the other knows it.
fn evidence(
    api_events: LazyFrame,
    invocations: LazyFrame,
    period: Period,
) -> PolarsResult<LazyFrame> {
    let calls = api_events.filter(is_runtime_call());
    let calls_met = met(calls.clone(), invocations.clone(), period, true);
    let requests_met = met(invocations, calls, period, false);
    concat([calls_met, requests_met], UnionArgs::default())
}

/// The rows of the period, with whether `others` have their request id; a null id meets nothing.
fn met(rows: LazyFrame, others: LazyFrame, period: Period, is_call: bool) -> LazyFrame {
    let known_ids = others
        .select([col(REQUEST_ID)])
        .filter(col(REQUEST_ID).is_not_null())
        .unique(None, UniqueKeepStrategy::Any)
        .with_columns([lit(true).alias(IS_MET)]);
    let columns = CoverageDimension::COLUMNS.map(col);
    let flags = [lit(is_call).alias(IS_CALL), col(IS_MET).fill_null(lit(false))];
    rows.filter(in_window(period))
        .select(columns)
        .join_builder()
        .with(known_ids)
        .on([col(REQUEST_ID)])
        .how(JoinType::Left)
        .finish()
        .with_columns(flags)
}

impl CoverageDimension {
    /// What both tables must have: the same names in both.
    const COLUMNS: [&'static str; 6] = [
        REQUEST_ID,
        EVENT_TIME,
        ACCOUNT_ID,
        REGION,
        crate::schema::api_event::MODEL_ID,
        crate::schema::api_event::PRINCIPAL,
    ];
}

/// A call of one of the operations that invocation logging covers.
/// A call of one of the logged operations. An Insight names an operation too and is no call.
fn is_runtime_call() -> Expr {
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

/// Coverage counts per account, region and UTC hour with any evidence, as intervals, sorted.
fn hourly(
    api_events: LazyFrame,
    invocations: LazyFrame,
    period: Period,
) -> PolarsResult<LazyFrame> {
    let from = col(EVENT_TIME).dt().truncate(lit("1h")).alias(FROM);
    let utc_ms = DataType::Datetime(TimeUnit::Milliseconds, Some(TimeZone::UTC));
    let to = (col(FROM).cast(DataType::Int64) + lit(HOUR_MS)).cast(utc_ms).alias(TO);
    let key = [ACCOUNT_ID, REGION, FROM].map(col);
    Ok(evidence(api_events, invocations, period)?
        .with_columns([from])
        .group_by(&key)
        .agg(coverage_counts())
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

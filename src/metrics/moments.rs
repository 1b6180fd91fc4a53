//! What happened in each short stretch of time: CloudTrail's events and logged calls, by who did what.
//!
//! For looking closely at a few hours: rows alike within a stretch become one, so that a burst of
//! calls is one line and a change of a guardrail is another.

use chrono::Duration;
use polars::prelude::{
    DataType, Expr, JoinType, LazyFrame, SortMultipleOptions, TimeUnit, TimeZone,
    UniqueKeepStrategy, col, len, lit,
};

use super::coverage::is_runtime_call;
use super::window::in_window;
use crate::period::Period;
use crate::schema::access::{FIRST_SEEN, LAST_SEEN};
use crate::schema::api_event::{
    CREDENTIAL_CLASS, EVENT_ID, EVENT_NAME, EVENT_SOURCE, EVENT_TIME, INSIGHT_DETAILS, READ_ONLY,
    SOURCE_IP_ADDRESS, USER_AGENT,
};
use crate::schema::cost::{COST_STATUS, COST_UNITS, status as priced};
use crate::schema::invocation::{
    ACCOUNT_ID, ERROR_CODE, GUARDRAIL_ACTION, MODEL_ID, PRINCIPAL, REGION, REQUEST_ID, STATUS,
};
use crate::schema::moment::{ADDRESSES, BUCKET, NUMBER, UNPRICED};

/// Whether the log has a call of the event's request id.
const IS_LOGGED: &str = "is_logged";
/// What all services of Bedrock begin with.
const BEDROCK: &str = "bedrock";

/// Events of the period: those of Bedrock, and those of other services that change something;
/// with `all`, reads of other services too.
///
/// Out: `bucket` (start of the stretch), who, what and how it ended, `number`, first and last time,
/// an event id, and where from; sorted by time.
pub fn events(api_events: LazyFrame, period: Period, step: Duration, all: bool) -> LazyFrame {
    let of_bedrock = col(EVENT_SOURCE).str().starts_with(lit(BEDROCK));
    let changes = col(READ_ONLY).neq(lit(true)).fill_null(lit(true));
    let wanted = if all { lit(true) } else { of_bedrock.or(changes) };
    let keys =
        [ACCOUNT_ID, PRINCIPAL, EVENT_SOURCE, EVENT_NAME, ERROR_CODE, MODEL_ID, READ_ONLY, REGION];
    bucketed(api_events.filter(wanted.and(col(INSIGHT_DETAILS).is_null())), period, step)
        .group_by(grouped(&keys))
        .agg([
            number(),
            first(),
            last(),
            col(EVENT_ID).min(),
            col(CREDENTIAL_CLASS).min(),
            col(SOURCE_IP_ADDRESS).min(),
            col(SOURCE_IP_ADDRESS).n_unique().cast(DataType::Int64).alias(ADDRESSES),
            col(USER_AGENT).min(),
        ])
        .sort_by_exprs(ordered(&keys), nulls_last())
}

/// The events without the model calls that the log holds too, by request id.
pub fn not_logged(api_events: LazyFrame, invocations: LazyFrame) -> LazyFrame {
    let logged = invocations
        .select([col(REQUEST_ID)])
        .filter(col(REQUEST_ID).is_not_null())
        .unique(None, UniqueKeepStrategy::Any)
        .with_columns([lit(true).alias(IS_LOGGED)]);
    let stands_in_log = is_runtime_call().and(col(IS_LOGGED).fill_null(lit(false)));
    api_events
        .join_builder()
        .with(logged)
        .on([col(REQUEST_ID)])
        .how(JoinType::Left)
        .finish()
        .filter(stands_in_log.not())
}

/// Events of the period that [`events`] leaves out.
pub fn left_out(api_events: LazyFrame, period: Period) -> LazyFrame {
    let of_bedrock = col(EVENT_SOURCE).str().starts_with(lit(BEDROCK));
    let reads = col(READ_ONLY).eq(lit(true)).and(of_bedrock.not());
    api_events
        .filter(in_window(period).and(reads.or(col(INSIGHT_DETAILS).is_not_null())))
        .select([number()])
}

/// Logged calls of the period.
///
/// In: priced invocations. Out: `bucket`, who, which model, how it ended, what a guardrail did,
/// `number`, first and last time, a request id, cost in units (null where nothing is priced) and
/// `unpriced` calls; sorted by time.
pub fn calls(priced_invocations: LazyFrame, period: Period, step: Duration) -> LazyFrame {
    let keys = [ACCOUNT_ID, PRINCIPAL, MODEL_ID, REGION, STATUS, ERROR_CODE, GUARDRAIL_ACTION];
    let has = |status: &'static str| col(COST_STATUS).eq(lit(status));
    let unpriced = has(priced::UNPRICED).or(has(priced::PARTLY_PRICED));
    let known = col(COST_UNITS).count().gt(lit(0));
    let cost = polars::prelude::when(known)
        .then(col(COST_UNITS).cast(DataType::Int128).sum())
        .otherwise(lit(polars::prelude::NULL));
    bucketed(priced_invocations, period, step)
        .group_by(grouped(&keys))
        .agg([
            number(),
            first(),
            last(),
            col(REQUEST_ID).min(),
            cost.alias(COST_UNITS),
            unpriced.cast(DataType::Int64).sum().alias(UNPRICED),
        ])
        .sort_by_exprs(ordered(&keys), nulls_last())
}

fn bucketed(rows: LazyFrame, period: Period, step: Duration) -> LazyFrame {
    let step = step.num_milliseconds().max(1);
    let time = col(EVENT_TIME).cast(DataType::Int64);
    let utc_ms = DataType::Datetime(TimeUnit::Milliseconds, Some(TimeZone::UTC));
    let start = time.floor_div(lit(step)) * lit(step);
    rows.filter(in_window(period)).with_columns([start.cast(utc_ms).alias(BUCKET)])
}

fn grouped(keys: &[&'static str]) -> Vec<Expr> {
    std::iter::once(&BUCKET).chain(keys).map(|key| col(*key)).collect()
}

/// By time, then by all that tells rows apart.
fn ordered(keys: &[&'static str]) -> Vec<Expr> {
    [BUCKET, FIRST_SEEN].iter().chain(keys).map(|key| col(*key)).collect()
}

fn number() -> Expr {
    len().cast(DataType::Int64).alias(NUMBER)
}

fn first() -> Expr {
    col(EVENT_TIME).min().alias(FIRST_SEEN)
}

fn last() -> Expr {
    col(EVENT_TIME).max().alias(LAST_SEEN)
}

fn nulls_last() -> SortMultipleOptions {
    SortMultipleOptions::default().with_nulls_last(true)
}

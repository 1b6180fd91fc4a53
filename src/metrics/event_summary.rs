//! A day's CloudTrail events, summed up by hour and by everything that rules, reviews and reports tell
//! them apart by.
//!
//! As [`summary`](super::summary) is of requests. What is nearly different in each event is left out:
//! ids, sessions, parameters.

use polars::prelude::{DataType, LazyFrame, Schema, col, len, lit};

use super::calendar::Every;
use super::kept::{columns, schema_of};
use crate::schema::api_event::{
    ACCESS_KEY_ID, ACCOUNT_ID, CREDENTIAL_CLASS, ERROR_CODE, EVENT_CATEGORY, EVENT_NAME,
    EVENT_SOURCE, EVENT_TIME, EVENT_TYPE, FROM_CONSOLE, GUARDRAIL_ID, IDENTITY_ARN,
    INFERENCE_REGION, INSIGHT_DETAILS, INVOKED_BY, MFA_AUTHENTICATED, MODEL_ID, PRINCIPAL,
    READ_ONLY, RECIPIENT_ACCOUNT_ID, REGION, SOURCE_IP_ADDRESS, TLS_VERSION, USER_AGENT,
    USER_IDENTITY_TYPE, VPC_ENDPOINT_ID,
};
use crate::schema::usage::cell;
use crate::schema::{Kind, Table};

/// To be raised when a summary holds other columns, or the same with another meaning.
pub const VERSION: u32 = 3;

/// The columns of `api_events` that rows of a summary are told apart by.
pub const COLUMNS: [&str; 24] = [
    ACCOUNT_ID,
    RECIPIENT_ACCOUNT_ID,
    REGION,
    EVENT_SOURCE,
    EVENT_NAME,
    EVENT_TYPE,
    EVENT_CATEGORY,
    READ_ONLY,
    USER_IDENTITY_TYPE,
    PRINCIPAL,
    INVOKED_BY,
    ACCESS_KEY_ID,
    MFA_AUTHENTICATED,
    CREDENTIAL_CLASS,
    FROM_CONSOLE,
    SOURCE_IP_ADDRESS,
    USER_AGENT,
    TLS_VERSION,
    VPC_ENDPOINT_ID,
    ERROR_CODE,
    MODEL_ID,
    GUARDRAIL_ID,
    INFERENCE_REGION,
    INSIGHT_DETAILS,
];

/// Columns of a summary that are of one of its events: the earliest time, and an identity.
const OF_ONE: [&str; 2] = [EVENT_TIME, IDENTITY_ARN];

/// The summary of events, each once: [`cell::ROWS`] events from `event_time` to [`cell::LAST_TIME`] per
/// UTC hour and [`COLUMNS`], with one of their identities.
pub fn summary(events: LazyFrame) -> LazyFrame {
    let hour = Every::Hour.start().alias(cell::TIME);
    let keys = COLUMNS.into_iter().chain([cell::TIME]).map(col).collect::<Vec<_>>();
    let sums = [
        len().cast(DataType::Int64).alias(cell::ROWS),
        col(EVENT_TIME).max().alias(cell::LAST_TIME),
        col(EVENT_TIME).min(),
        col(IDENTITY_ARN).min(),
    ];
    events.with_columns([hour]).group_by(keys).agg(sums).select(columns(&schema()))
}

/// Events as sums of one each.
pub fn each_counted(events: LazyFrame) -> LazyFrame {
    let own = [
        lit(1_i64).cast(DataType::Int64).alias(cell::ROWS),
        col(EVENT_TIME).alias(cell::LAST_TIME),
    ];
    events.with_columns(own).select(columns(&schema()))
}

/// The columns of a summary.
pub fn schema() -> Schema {
    let own = [(cell::LAST_TIME, Kind::Time.data_type()), (cell::ROWS, DataType::Int64)];
    schema_of(Table::ApiEvents, COLUMNS.into_iter().chain(OF_ONE), own)
}

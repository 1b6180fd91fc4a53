//! A day's requests, summed up as finely as most questions ask: what a store keeps so that they cost
//! milliseconds.
//!
//! A summary has a row per UTC hour and everything that requests are grouped, filtered and priced by,
//! but for what is nearly different in each: ids, prompts, sessions. It answers what rows answer, to
//! the last digit, where a question cuts time at whole hours; tests hold the two against each other.

use chrono::NaiveDate;
use polars::prelude::{DataType, Expr, LazyFrame, Schema, col, len, lit};

use super::calendar::Every;
use super::cells::{Part, Values, grouped};
use super::cost::cells::{self as priced_by, Found, MOST, Steps};
use super::kept::{columns, counts, schema_of};
use crate::schema::cost::quote::IMAGE_PIXELS;
use crate::schema::invocation::{
    ACCOUNT_ID, ERROR_CODE, EVENT_TIME, GUARDRAIL_ACTION, GUARDRAIL_ID, GUARDRAIL_POLICIES,
    IDENTITY_ARN, INFERENCE_PROFILE, INFERENCE_REGION, INPUT_BYTES, LATENCY_MS, MODEL, MODEL_ID,
    OPERATION, OUTPUT_BYTES, OUTPUT_IMAGE_QUALITY, PRINCIPAL, PRINCIPAL_TYPE, PROVIDER, REGION,
    REQUEST_METADATA, ROUTING, SERVICE_TIER, STATUS, STOP_REASON,
};
use crate::schema::usage::{cell, metric};
use crate::schema::{Kind, Table};

/// To be raised when a summary holds other columns, or the same with another meaning.
pub const VERSION: u32 = 3;

/// The columns of `invocations` that rows of a summary are told apart by.
pub const COLUMNS: [&str; 20] = [
    MODEL,
    MODEL_ID,
    PROVIDER,
    OPERATION,
    ACCOUNT_ID,
    REGION,
    INFERENCE_REGION,
    ROUTING,
    INFERENCE_PROFILE,
    PRINCIPAL,
    PRINCIPAL_TYPE,
    STATUS,
    ERROR_CODE,
    STOP_REASON,
    GUARDRAIL_ACTION,
    GUARDRAIL_POLICIES,
    GUARDRAIL_ID,
    SERVICE_TIER,
    REQUEST_METADATA,
    OUTPUT_IMAGE_QUALITY,
];

/// Values that don't add up, of which a summary holds them all.
const LISTS: [Values; 2] = [Values::Latencies, Values::FirstBytes];

/// One row: how many of the day's requests hold a number too large to be added up with others. A day
/// with one has no summary.
pub fn beyond(rows: LazyFrame) -> LazyFrame {
    let sizes = [INPUT_BYTES, OUTPUT_BYTES, LATENCY_MS].map(|name| col(name).abs().gt(lit(MOST)));
    let beyond = sizes
        .into_iter()
        .fold(priced_by::is_beyond(), |any, size| any.or(size.fill_null(lit(false))));
    rows.select([beyond.sum().cast(DataType::Int64)])
}

/// The summary of requests, each once; with one of the identities, and the earliest and the latest time
/// of each row's.
pub fn summary(rows: LazyFrame, steps: &Steps) -> LazyFrame {
    let found = anything();
    let hour = Every::Hour.start().alias(cell::TIME);
    let keys = COLUMNS.into_iter().chain([IMAGE_PIXELS, cell::SHAPE, cell::TIME]).map(col);
    let mut sums = vec![(metric::REQUESTS, len().cast(DataType::Int64))];
    sums.extend(priced_by::sums(&found));
    for (name, sum) in Part::ALL.map(Part::sum) {
        if sums.iter().all(|(other, _)| *other != name) {
            sums.push((name, sum.cast(DataType::Int64)));
        }
    }
    sums.push((EVENT_TIME, col(EVENT_TIME).min()));
    sums.push((cell::LAST_TIME, col(EVENT_TIME).max()));
    sums.push((IDENTITY_ARN, col(IDENTITY_ARN).min()));
    sums.extend(LISTS.map(|values| (values.list(), values.collected())));
    let sums: Vec<Expr> = sums.into_iter().map(|(name, sum)| sum.alias(name)).collect();
    let keyed = priced_by::with_keys(rows.with_columns([hour]), &found, steps);
    let cells = grouped(keyed, keys.collect()).agg(sums);
    priced_by::with_unknown(cells, &found, steps).select(columns(&schema()))
}

/// Sums as those who only count need them: [`cell::ROWS`] requests from `event_time` to
/// [`cell::LAST_TIME`] per [`COLUMNS`], with one of their identities.
pub fn counted(sums: LazyFrame) -> LazyFrame {
    sums.with_columns([col(metric::REQUESTS).alias(cell::ROWS)]).select(columns_counted())
}

/// Requests as sums of one each, as [`counted`] has them.
pub fn each_counted(rows: LazyFrame) -> LazyFrame {
    let own = [
        lit(1_i64).cast(DataType::Int64).alias(cell::ROWS),
        col(EVENT_TIME).alias(cell::LAST_TIME),
    ];
    rows.with_columns(own).select(columns_counted())
}

fn columns_counted() -> Vec<Expr> {
    let own = [EVENT_TIME, cell::LAST_TIME, cell::ROWS, IDENTITY_ARN];
    COLUMNS.into_iter().chain(own).map(col).collect()
}

/// The columns of a summary.
pub fn schema() -> Schema {
    let sums = priced_by::sums(&anything()).into_iter().map(|(name, _)| name);
    let parts = Part::ALL.into_iter().map(|part| part.sum().0);
    let list = || DataType::List(Box::new(DataType::Int64));
    let own = [(cell::LAST_TIME, Kind::Time.data_type()), (cell::SHAPE, DataType::UInt64)];
    let own = own.into_iter().chain(LISTS.map(|values| (values.list(), list())));
    let numbers = counts([IMAGE_PIXELS, metric::REQUESTS].into_iter().chain(sums).chain(parts));
    let names = COLUMNS.into_iter().chain([EVENT_TIME, IDENTITY_ARN]);
    schema_of(Table::Invocations, names, own.chain(numbers))
}

/// Rows that may hold any count, of one day's prices: the day is told when sums are priced.
fn anything() -> Found {
    Found::anything((NaiveDate::MIN, NaiveDate::MIN))
}

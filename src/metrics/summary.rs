//! A day's requests, summed up as finely as most questions ask: what a store keeps so that they cost
//! milliseconds.
//!
//! A summary has a row per UTC hour and everything that requests are grouped, filtered and priced by,
//! but for what is nearly different in each: ids, prompts, sessions. It answers what rows answer, to
//! the last digit, where a question cuts time at whole hours; tests hold the two against each other.

use chrono::NaiveDate;
use polars::prelude::{DataType, Expr, LazyFrame, Schema, col, len, lit};

use super::cells::{Part, grouped};
use super::cost::cells::{self as priced_by, Found, MOST, Steps};
use crate::schema::Table;
use crate::schema::cost::quote::IMAGE_PIXELS;
use crate::schema::invocation::{
    ACCOUNT_ID, ERROR_CODE, EVENT_TIME, GUARDRAIL_ACTION, INFERENCE_PROFILE, INFERENCE_REGION,
    INPUT_BYTES, LATENCY_MS, MODEL, MODEL_ID, OPERATION, OUTPUT_BYTES, OUTPUT_IMAGE_QUALITY,
    PRINCIPAL, PRINCIPAL_TYPE, PROVIDER, REGION, REQUEST_METADATA, ROUTING, SERVICE_TIER, STATUS,
    STOP_REASON,
};
use crate::schema::usage::{cell, metric};

/// To be raised when a summary holds other columns, or the same with another meaning.
pub const VERSION: u32 = 1;

/// The columns of `invocations` that rows of a summary are told apart by.
pub const COLUMNS: [&str; 18] = [
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
    SERVICE_TIER,
    REQUEST_METADATA,
    OUTPUT_IMAGE_QUALITY,
];

/// One row: how many of the day's requests hold a number too large to be added up with others. A day
/// with one has no summary.
pub fn beyond(rows: LazyFrame) -> LazyFrame {
    let sizes = [INPUT_BYTES, OUTPUT_BYTES, LATENCY_MS].map(|name| col(name).abs().gt(lit(MOST)));
    let beyond = sizes
        .into_iter()
        .fold(priced_by::is_beyond(), |any, size| any.or(size.fill_null(lit(false))));
    rows.select([beyond.sum().cast(DataType::Int64)])
}

/// The summary of one UTC day's requests, each once.
pub fn summary(rows: LazyFrame, day: NaiveDate, steps: &Steps) -> LazyFrame {
    let found = Found::anything((day, day));
    let hour = col(EVENT_TIME).dt().truncate(lit("1h")).alias(cell::TIME);
    let keys = COLUMNS.into_iter().chain([IMAGE_PIXELS, cell::SHAPE, cell::TIME]).map(col);
    let mut sums = vec![(metric::REQUESTS, len().cast(DataType::Int64))];
    sums.extend(priced_by::sums(&found));
    for (name, sum) in Part::ALL.map(Part::sum) {
        if sums.iter().all(|(other, _)| *other != name) {
            sums.push((name, sum.cast(DataType::Int64)));
        }
    }
    sums.push((EVENT_TIME, col(EVENT_TIME).min()));
    let sums: Vec<Expr> = sums.into_iter().map(|(name, sum)| sum.alias(name)).collect();
    let keyed = priced_by::with_keys(rows.with_columns([hour]), &found, steps);
    let cells = grouped(keyed, keys.collect()).agg(sums);
    let columns: Vec<Expr> = schema().iter_names().map(|name| col(name.clone())).collect();
    priced_by::with_unknown(cells, &found, steps).select(columns)
}

/// The columns of a summary.
pub fn schema() -> Schema {
    let rows = Table::Invocations.schema();
    let found = Found::anything((NaiveDate::MIN, NaiveDate::MIN));
    let mut schema = Schema::default();
    let of_rows = COLUMNS.into_iter().chain([EVENT_TIME]);
    for (name, data_type) in of_rows.filter_map(|name| Some((name, rows.get(name)?))) {
        schema.with_column(name.into(), data_type.clone());
    }
    schema.with_column(cell::SHAPE.into(), DataType::UInt64);
    let sums = priced_by::sums(&found).into_iter().map(|(name, _)| name);
    let parts = Part::ALL.into_iter().map(|part| part.sum().0);
    for name in [IMAGE_PIXELS, metric::REQUESTS].into_iter().chain(sums).chain(parts) {
        schema.with_column(name.into(), DataType::Int64);
    }
    schema
}

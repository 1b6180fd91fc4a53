//! Calls summed up by UTC hour and cell, with what those near them in time tell of each: what a store keeps
//! of a day, so that what-ifs needn't look at its calls again.
//!
//! What doesn't add up is kept as lists, value by value: how long the prompts were, and what each minute
//! carried.

use chrono::{DateTime, NaiveDate, Utc};
use polars::prelude::{DataType, Expr, JoinType, LazyFrame, Schema, by_name, col, len, lit};

use super::caching::{Cached, UNREAD_SUMS};
use super::calls::{self, Calls};
use super::repeats::SentAgain;
use crate::metrics::calendar::Every;
use crate::metrics::cost::cells::{self as priced_by, Found, Steps};
use crate::metrics::kept::{counts, schema_of};
use crate::metrics::window::in_period;
use crate::period::Period;
use crate::schema::cost::billing::WRITTEN;
use crate::schema::cost::quote::IMAGE_PIXELS;
use crate::schema::invocation::{EVENT_TIME, OUTPUT_TOKENS};
use crate::schema::usage::cell::{LAST_TIME, SHAPE, TIME};
use crate::schema::usage::metric::REQUESTS;
use crate::schema::what_if::{
    ANSWERED_BEFORE, CALL, CELL, FOOTPRINT, INPUTS, INPUTS_OUTSIDE, LIFETIME_UNKNOWN, MINUTES,
    OUTPUTS, PROMPT, PROMPTS, WRITES,
};
use crate::schema::{Kind, Table};

/// To be raised when hours hold other columns, or the same with another meaning.
pub const VERSION: u32 = 1;

/// Values of single calls, in the same order in each list.
const LISTS: [&str; 5] = [MINUTES, INPUTS, INPUTS_OUTSIDE, WRITES, OUTPUTS];

/// The calls of a period by hour, cell and whether they repeat a prompt that had been answered (null: they
/// repeat none). To be collected at once, not in parts: only then are the lists in the same order.
///
/// `data_to` is where the data ends, before which an unread write must lie far enough; none: later.
pub fn hours(
    calls: &Calls,
    cached: &Cached,
    again: &SentAgain,
    period: Period,
    data_to: Option<DateTime<Utc>>,
) -> LazyFrame {
    let joined = |rows: LazyFrame, told: LazyFrame| {
        rows.join_builder().with(told).on([col(CALL)]).how(JoinType::Left).finish()
    };
    let rows = joined(in_period(calls.rows(), period), cached.unread(data_to));
    let rows = calls.with_counts(joined(rows, again.repeats()));
    let minute = col(EVENT_TIME).cast(DataType::Int64).floor_div(lit(60_000_i64));
    let rows = rows.with_columns([
        Every::Hour.start().alias(TIME),
        minute.alias(MINUTES),
        calls.logged_input().alias(INPUTS),
        calls.input_outside_cache().alias(INPUTS_OUTSIDE),
        calls.count(WRITTEN).alias(WRITES),
        calls.count(OUTPUT_TOKENS).alias(OUTPUTS),
    ]);
    let mut sums: Vec<Expr> =
        priced_by::sums(calls.found()).into_iter().map(|(name, sum)| sum.alias(name)).collect();
    sums.push(len().cast(DataType::Int64).alias(REQUESTS));
    sums.push(col(PROMPT).count().cast(DataType::Int64).alias(PROMPTS));
    sums.extend([col(EVENT_TIME).min(), col(EVENT_TIME).max().alias(LAST_TIME)]);
    sums.extend(UNREAD_SUMS.map(|name| col(name).cast(DataType::Int128).sum()));
    sums.extend(LISTS.map(col));
    let hours = rows.group_by([CELL, TIME, ANSWERED_BEFORE].map(col)).agg(sums);
    hours
        .join_builder()
        .with(calls.cells())
        .on([col(CELL)])
        .how(JoinType::Inner)
        .finish()
        .drop(by_name([CELL, TIME], true, false))
}

/// What hours of one cell agree in.
pub(super) fn keys(found: &Found, steps: &Steps) -> Vec<&'static str> {
    calls::keys(found, steps).into_iter().chain([ANSWERED_BEFORE]).collect()
}

/// The columns of hours, as they are kept: of days without a count that is too large to be added up.
pub fn schema(steps: &Steps) -> Schema {
    let day = NaiveDate::MIN; // the day is told when hours are priced
    let anything = Found::anything((day, day));
    let sums = priced_by::sums(&anything).into_iter().map(|(name, _)| name);
    let list = |name| {
        // Two counts may be added up in what was written.
        let value = if name == WRITES { DataType::Int64 } else { DataType::UInt32 };
        (name, DataType::List(Box::new(value)))
    };
    let own = [
        (LAST_TIME, Kind::Time.data_type()),
        (SHAPE, DataType::UInt64),
        (FOOTPRINT, DataType::Int64),
        (LIFETIME_UNKNOWN, DataType::Boolean),
        (ANSWERED_BEFORE, DataType::Boolean),
    ];
    let names = keys(&anything, steps).into_iter().chain([EVENT_TIME]);
    let numbers = [IMAGE_PIXELS, REQUESTS, PROMPTS].into_iter().chain(sums).chain(UNREAD_SUMS);
    let others = own.into_iter().chain(LISTS.map(list)).chain(counts(numbers));
    schema_of(Table::Invocations, names, others)
}

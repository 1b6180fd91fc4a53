//! The journey of an ad hoc question: scan, price if asked, group, read out.

use chrono::{DateTime, NaiveDate};
use chrono_tz::Tz;
use polars::prelude::{AnyValue, DataFrame, LazyFrame, TimeUnit};
use polars::sql::SQLContext;

use super::{Basis, Error, figures};
use crate::metrics::dimensions::Dimension;
use crate::metrics::filter::Filter;
use crate::metrics::metric::{Metric, Unit};
use crate::metrics::usage::{UsageQuery, usage};
use crate::period::Period;
use crate::prices::PriceBook;
use crate::report::parts::{Missing, Value};
use crate::schema::Table;
use crate::store::Reader;
use crate::units::Usd;

/// The answer to a query: typed cells, unrounded.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryAnswer {
    /// Names, in order.
    pub columns: Vec<AnswerColumn>,
    /// One cell per column.
    pub rows: Vec<Vec<Value>>,
}

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerColumn {
    /// The dimension's, metric's or SQL column's name.
    pub name: String,
    /// Whether it holds figures, which stand right.
    pub numeric: bool,
}

/// Metrics by dimensions over a period.
///
/// # Errors
/// When the store can't be read.
pub fn query(
    basis: Basis<'_>,
    period: Option<Period>,
    filter: Option<&Filter>,
    by: &[Dimension],
    metrics: &[Metric],
    timezone: Tz,
) -> Result<QueryAnswer, Error> {
    let question = UsageQuery { by: by.to_vec(), metrics: metrics.to_vec(), timezone };
    let mut rows = figures::selected(basis, period, filter, by, timezone)?;
    if question.needs_cost() {
        rows = figures::priced(rows, basis.book)?;
    }
    let answer = usage(rows, &question)
        .map(|groups| groups.select(question.columns_as_text()))
        .and_then(LazyFrame::collect)
        .map_err(Error::Compute)?;
    let units = |name: &str| metrics.iter().find(|m| m.name() == name).map(|m| m.unit());
    read_out(&answer, units)
}

/// A SQL query over `invocations`, `api_events`, `rejects` and `costs`.
///
/// # Errors
/// When the text is no query that Polars can run, or the store can't be read.
pub fn sql(
    store: &Reader,
    book: &PriceBook,
    period: Option<Period>,
    text: &str,
) -> Result<QueryAnswer, Error> {
    let mut context = SQLContext::new();
    for table in Table::ALL {
        context.register(table.name(), store.scan(table, period)?);
    }
    if text.to_lowercase().contains(COSTS) {
        let invocations = figures::invocations(store, period)?;
        context.register(COSTS, figures::priced(invocations, book)?);
    }
    let answer = context
        .execute(text)
        .and_then(LazyFrame::collect)
        .map_err(|error| Error::Sql((&error).into()))?;
    read_out(&answer, |_| None)
}

/// Name of the priced invocations in SQL.
const COSTS: &str = "costs";

fn read_out(answer: &DataFrame, unit: impl Fn(&str) -> Option<Unit>) -> Result<QueryAnswer, Error> {
    let mut columns = Vec::with_capacity(answer.width());
    let mut rows = vec![Vec::with_capacity(answer.width()); answer.height()];
    for column in answer.columns() {
        let name = column.name().as_str();
        let unit = unit(name);
        columns.push(AnswerColumn {
            name: name.to_owned(),
            numeric: unit.is_some() || column.dtype().is_primitive_numeric(),
        });
        for (index, row) in rows.iter_mut().enumerate() {
            row.push(cell(&column.get(index).map_err(Error::Compute)?, unit));
        }
    }
    Ok(QueryAnswer { columns, rows })
}

fn cell(value: &AnyValue<'_>, unit: Option<Unit>) -> Value {
    match (value, unit) {
        (AnyValue::Null, _) => Value::Missing(Missing::Unknown),
        (AnyValue::String(text), Some(Unit::Usd)) => {
            Usd::parse(text).map_or_else(|| Value::Text((*text).to_owned()), Value::Usd)
        }
        (AnyValue::String(text), _) => Value::Id((*text).to_owned()),
        (AnyValue::StringOwned(text), _) => Value::Id(text.to_string()),
        (AnyValue::Boolean(flag), _) => Value::Text(flag.to_string()),
        (AnyValue::Float64(number), Some(Unit::Share)) => Value::Share(*number),
        (AnyValue::Float64(number), Some(Unit::Ms)) => Value::DurationMs(*number),
        (AnyValue::Float64(number), _) => Value::Number(*number),
        (AnyValue::Float32(number), _) => Value::Number(f64::from(*number)),
        (AnyValue::Int128(number), _) => Value::Text(number.to_string()),
        (AnyValue::Datetime(count, unit, _) | AnyValue::DatetimeOwned(count, unit, _), _) => {
            time(*count, *unit)
        }
        (AnyValue::Date(days), _) => day(*days),
        _ => value.extract::<i64>().map_or_else(|| Value::Text(value.to_string()), Value::Integer),
    }
}

fn time(count: i64, unit: TimeUnit) -> Value {
    let at = match unit {
        TimeUnit::Nanoseconds => Some(DateTime::from_timestamp_nanos(count)),
        TimeUnit::Microseconds => DateTime::from_timestamp_micros(count),
        TimeUnit::Milliseconds => DateTime::from_timestamp_millis(count),
    };
    at.map_or(Value::Integer(count), Value::Time)
}

fn day(since_epoch: i32) -> Value {
    NaiveDate::from_num_days_from_ce_opt(since_epoch + EPOCH_FROM_CE)
        .map_or(Value::Integer(since_epoch.into()), Value::Day)
}

/// Days from the first day of the common era to 1970-01-01.
const EPOCH_FROM_CE: i32 = 719_163;

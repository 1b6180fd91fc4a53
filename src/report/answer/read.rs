//! Cells out of collected frames.

use chrono::{DateTime, NaiveDate};
use polars::prelude::{AnyValue, DataFrame, DataType, PolarsResult, TimeUnit};

use super::{Answer, AnswerColumn, AnswerRow, CellKind, Side};
use crate::metrics::metric::Unit;
use crate::report::parts::{Missing, RowRole, Value};
use crate::units::Usd;

/// A frame of any shape as an answer, e.g. of SQL.
///
/// # Errors
/// When a cell can't be read.
pub fn read_out(frame: &DataFrame) -> PolarsResult<Answer> {
    let mut columns = Vec::with_capacity(frame.width());
    let mut rows = vec![Vec::with_capacity(frame.width()); frame.height()];
    for column in frame.columns() {
        columns.push(AnswerColumn {
            name: column.name().to_string(),
            kind: kind_of(column.dtype()),
            unit: None,
            side: Side::Current,
        });
        for (index, row) in rows.iter_mut().enumerate() {
            row.push(value_of(&column.get(index)?, None));
        }
    }
    let rows = rows.into_iter().map(|cells| AnswerRow { role: RowRole::Body, cells }).collect();
    Ok(Answer { columns, rows, others: 0 })
}

fn kind_of(data_type: &DataType) -> CellKind {
    match data_type {
        DataType::Boolean => CellKind::Bool,
        DataType::Float32 | DataType::Float64 => CellKind::Number,
        DataType::Int128 | DataType::UInt64 => CellKind::Wide,
        DataType::Datetime(..) => CellKind::Time,
        DataType::Date => CellKind::Day,
        whole if whole.is_primitive_numeric() => CellKind::Whole,
        _ => CellKind::Text,
    }
}

/// One cell; `unit` says what a figure counts.
pub fn value_of(value: &AnyValue<'_>, unit: Option<Unit>) -> Value {
    match (value, unit) {
        (AnyValue::Null, _) => Value::Missing(Missing::Unknown),
        (AnyValue::Int128(units), Some(Unit::Usd)) => Value::Usd(Usd(*units)),
        (AnyValue::String(text), _) => Value::Id((*text).to_owned()),
        (AnyValue::StringOwned(text), _) => Value::Id(text.to_string()),
        (AnyValue::Boolean(flag), _) => Value::Text(flag.to_string()),
        (AnyValue::Float64(number), Some(Unit::Share)) => Value::Share(*number),
        (AnyValue::Float64(number), Some(Unit::Ms)) => Value::DurationMs(*number),
        (AnyValue::Float64(number), _) => Value::Number(*number),
        (AnyValue::Float32(number), _) => Value::Number(f64::from(*number)),
        (AnyValue::Int128(number), _) => Value::Text(number.to_string()),
        (AnyValue::UInt64(number), _) => Value::Text(number.to_string()),
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

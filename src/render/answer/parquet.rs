//! An answer as a Parquet file with typed columns; money is exact decimal text, as in JSON.

use polars::prelude::{
    Column, DataFrame, DataType, NamedFrom, ParquetCompression, ParquetWriter, PlSmallStr,
    PolarsResult, Series, TimeUnit, TimeZone,
};

use super::exact;
use crate::render::Error;
use crate::report::answer::{Answer, CellKind};
use crate::report::parts::Value;

/// The bytes of the file.
///
/// # Errors
/// When two columns have one name.
pub fn parquet(answer: &Answer) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let mut frame = frame(answer).map_err(Error::Parquet)?;
    ParquetWriter::new(&mut bytes)
        .with_compression(ParquetCompression::Zstd(None))
        .finish(&mut frame)
        .map_err(Error::Parquet)?;
    Ok(bytes)
}

fn frame(answer: &Answer) -> PolarsResult<DataFrame> {
    let columns = answer.columns.iter().enumerate().map(|(at, column)| {
        let cells = answer.rows.iter().map(|row| row.cells.get(at));
        typed(&column.name, column.kind, cells)
    });
    DataFrame::new(answer.rows.len(), columns.collect::<PolarsResult<_>>()?)
}

/// The cells as a column; what has not its type, such as the name of a summary row, is null.
fn typed<'v>(
    name: &str,
    kind: CellKind,
    cells: impl Iterator<Item = Option<&'v Value>>,
) -> PolarsResult<Column> {
    let name = PlSmallStr::from_str(name);
    let whole = |value: &Value| match value {
        Value::Integer(n) | Value::CountChange(n) => Some(*n),
        Value::Time(at) => Some(at.timestamp_micros()),
        _ => None,
    };
    let series = match kind {
        CellKind::Whole => Series::new(name, cells.map(|c| c.and_then(whole)).collect::<Vec<_>>()),
        CellKind::Time => {
            let instants = Series::new(name, cells.map(|c| c.and_then(whole)).collect::<Vec<_>>());
            instants.cast(&DataType::Datetime(TimeUnit::Microseconds, Some(TimeZone::UTC)))?
        }
        CellKind::Number => {
            let numbers = cells.map(|cell| cell.and_then(Value::as_number));
            Series::new(name, numbers.collect::<Vec<_>>())
        }
        CellKind::Bool => {
            let flags = cells.map(|cell| match cell {
                Some(Value::Text(text)) => text.parse::<bool>().ok(),
                _ => None,
            });
            Series::new(name, flags.collect::<Vec<_>>())
        }
        CellKind::Day => {
            let epoch = chrono::NaiveDate::default();
            let days = cells.map(|cell| match cell {
                Some(Value::Day(day)) => i32::try_from((*day - epoch).num_days()).ok(),
                _ => None,
            });
            Series::new(name, days.collect::<Vec<_>>()).cast(&DataType::Date)?
        }
        CellKind::Text | CellKind::Wide | CellKind::Usd => {
            let texts = cells.map(|cell| match cell {
                None | Some(Value::Missing(_)) => None,
                Some(value) => Some(exact(value)),
            });
            Series::new(name, texts.collect::<Vec<_>>()).cast(&DataType::String)?
        }
    };
    Ok(series.into())
}

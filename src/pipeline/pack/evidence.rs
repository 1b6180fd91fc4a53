//! Evidence files: tables streamed as CSV, values as JSON.

use std::io::Write;

use polars::prelude::{AnyValue, DataFrame, DataType, LazyFrame};
use serde::Serialize;

use super::super::{CoverageRow, Error, figures};
use super::target::Target;
use crate::render::csv::CsvRows;

/// Rows of a frame that are turned into text at a time.
const SLICE: usize = 20_000;

/// Writes a table.
///
/// # Errors
/// When the file can't be written.
pub(super) fn table<R: AsRef<[String]>>(
    target: &mut Target,
    path: &str,
    heads: &[&str],
    rows: impl IntoIterator<Item = R>,
) -> Result<(), Error> {
    target.file(path, |out| {
        let mut csv = CsvRows::new(out, heads).map_err(Error::Render)?;
        for row in rows {
            csv.push(row.as_ref()).map_err(Error::Render)?;
        }
        csv.finish().map(Some).map_err(Error::Render)
    })
}

/// Writes a frame: times as RFC 3339, everything else as it is, null empty.
///
/// # Errors
/// When the frame can't be read or the file can't be written.
pub(super) fn frame(target: &mut Target, path: &str, frame: LazyFrame) -> Result<(), Error> {
    let rows = figures::collect(frame)?;
    let heads: Vec<String> = rows.get_column_names().iter().map(ToString::to_string).collect();
    target.file(path, |out| {
        let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
        let mut csv = CsvRows::new(out, &heads).map_err(Error::Render)?;
        let mut from = 0;
        while from < rows.height() {
            slice(&mut csv, &rows.slice(from.cast_signed() as i64, SLICE))?;
            from += SLICE;
        }
        csv.finish().map(Some).map_err(Error::Render)
    })
}

fn slice<W: Write>(csv: &mut CsvRows<W>, rows: &DataFrame) -> Result<(), Error> {
    let mut columns = Vec::with_capacity(rows.width());
    for column in rows.columns() {
        let texts: Vec<String> = match column.dtype() {
            DataType::String => {
                let texts = column.str().map_err(Error::Compute)?;
                texts.iter().map(|text| text.unwrap_or_default().to_owned()).collect()
            }
            _ => (0..rows.height())
                .map(|row| column.get(row).map(|value| text(&value)))
                .collect::<Result<_, _>>()
                .map_err(Error::Compute)?,
        };
        columns.push(texts);
    }
    for row in 0..rows.height() {
        let cells: Vec<&str> = columns.iter().map(|column| column[row].as_str()).collect();
        csv.push(&cells).map_err(Error::Render)?;
    }
    Ok(())
}

fn text(value: &AnyValue<'_>) -> String {
    match value {
        AnyValue::Null => String::new(),
        AnyValue::Datetime(ms, ..) | AnyValue::DatetimeOwned(ms, ..) => {
            chrono::DateTime::from_timestamp_millis(*ms).map_or_else(String::new, |at| {
                at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
            })
        }
        other => other.to_string(),
    }
}

/// Writes rows that are objects; the heads are the first one's keys.
///
/// # Errors
/// When the file can't be written.
pub(super) fn objects(
    target: &mut Target,
    path: &str,
    heads: &[&str],
    rows: &[CoverageRow],
) -> Result<(), Error> {
    let cells = rows.iter().map(|row| {
        let cell = |value: &serde_json::Value| match value {
            serde_json::Value::Null => String::new(),
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        row.0.iter().map(|(_, value)| cell(value)).collect::<Vec<_>>()
    });
    let own: Vec<&str> = rows
        .first()
        .map(|row| row.0.iter().map(|(name, _)| name.as_str()).collect())
        .unwrap_or_default();
    let heads = if own.is_empty() { heads } else { &own };
    table(target, path, heads, cells)
}

/// Writes a value as JSON.
///
/// # Errors
/// When the file can't be written.
pub(super) fn json<T: Serialize>(target: &mut Target, path: &str, value: &T) -> Result<(), Error> {
    let mut text = serde_json::to_string_pretty(value).map_err(Error::Json)?;
    text.push('\n');
    bytes(target, path, text.as_bytes())
}

/// Writes bytes.
///
/// # Errors
/// When the file can't be written.
pub(super) fn bytes(target: &mut Target, path: &str, bytes: &[u8]) -> Result<(), Error> {
    target.file(path, |out| {
        let failed = |source| Error::Write { path: path.into(), source };
        out.write_all(bytes).map_err(failed)?;
        Ok(None)
    })
}

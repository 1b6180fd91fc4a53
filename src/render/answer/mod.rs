//! An answer in its forms: for people a table or lines of blocks, for programs exact values.

mod chart;
mod parquet;
mod table;

use serde::ser::{SerializeMap, Serializer};

pub(super) use chart::line;
pub use chart::{chart, with_bars};
pub use parquet::parquet;
pub use table::table;

use super::Error;
use super::csv::csv as csv_of;
use super::xlsx::{Sheet, SheetColumn, workbook};
use crate::report::answer::{Answer, AnswerColumn, AnswerRow};
use crate::report::parts::Value;

/// Comma-separated values with a head, formulas neutralised; unknown is empty.
///
/// # Errors
/// When a row can't be written.
pub fn csv(answer: &Answer) -> Result<String, Error> {
    let names = answer.columns.iter().map(|column| column.name.as_str());
    csv_of(names, answer.rows.iter().map(|row| row.cells.iter().map(exact)))
}

/// One array of row objects.
///
/// # Errors
/// When a value can't be written.
pub fn json(answer: &Answer) -> Result<String, Error> {
    let rows: Vec<RowObject<'_>> = objects(answer).collect();
    serde_json::to_string_pretty(&rows).map(|text| text + "\n").map_err(Error::Json)
}

/// One row object per line.
///
/// # Errors
/// When a value can't be written.
pub fn ndjson(answer: &Answer) -> Result<String, Error> {
    let line = |row| serde_json::to_string(&row).map(|text| text + "\n").map_err(Error::Json);
    objects(answer).map(line).collect()
}

/// A workbook of one sheet; `created` are seconds since the epoch.
///
/// # Errors
/// When the rows don't fit on a sheet.
pub fn xlsx(answer: &Answer, created: i64) -> Result<Vec<u8>, Error> {
    let columns = answer
        .columns
        .iter()
        .map(|column| SheetColumn { name: column.name.clone(), unit: column.unit })
        .collect();
    let rows: Vec<&[Value]> = answer.rows.iter().map(|row| row.cells.as_slice()).collect();
    workbook(&[Sheet { name: "query", columns, rows }], created)
}

/// A cell for programs: exact, unknown empty.
pub(super) fn exact(value: &Value) -> String {
    match value {
        Value::Missing(_) => String::new(),
        Value::Text(text) | Value::Id(text) | Value::Code(text) | Value::Model(text) => {
            text.clone()
        }
        // Every other value is one number or one quoted text in JSON.
        other => serde_json::to_string(other)
            .map(|json| json.trim_matches('"').to_owned())
            .unwrap_or_default(),
    }
}

/// A row as a JSON object, keys in column order.
struct RowObject<'a> {
    columns: &'a [AnswerColumn],
    row: &'a AnswerRow,
}

impl serde::Serialize for RowObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.row.cells.len()))?;
        for (column, value) in self.columns.iter().zip(&self.row.cells) {
            map.serialize_entry(&column.name, value)?;
        }
        map.end()
    }
}

fn objects(answer: &Answer) -> impl Iterator<Item = RowObject<'_>> {
    answer.rows.iter().map(|row| RowObject { columns: &answer.columns, row })
}

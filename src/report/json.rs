//! How the parts of a report read in JSON: rows as objects, money as decimal text, unknown as null.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::parts::{Column, RowRole, Table, TableRow, Value};

impl Serialize for Table {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut table = serializer.serialize_struct("Table", 5)?;
        table.serialize_field("caption", &self.caption)?;
        table.serialize_field("columns", &self.columns)?;
        let rows: Vec<KeyedRow> =
            self.rows.iter().map(|row| KeyedRow { columns: &self.columns, row }).collect();
        table.serialize_field("rows", &rows)?;
        let roles: Vec<RowRole> = self.rows.iter().map(|row| row.role).collect();
        table.serialize_field("roles", &roles)?;
        let missing: Vec<MissingCells> =
            self.rows.iter().map(|row| MissingCells { columns: &self.columns, row }).collect();
        table.serialize_field("missing", &missing)?;
        table.end()
    }
}

/// A row's values under their columns' keys.
struct KeyedRow<'t> {
    columns: &'t [Column],
    row: &'t TableRow,
}

impl Serialize for KeyedRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let cells = self.columns.iter().zip(&self.row.cells);
        serializer.collect_map(cells.map(|(column, cell)| (column.key, &cell.value)))
    }
}

/// Why a row's null values are null, under their columns' keys.
struct MissingCells<'t> {
    columns: &'t [Column],
    row: &'t TableRow,
}

impl Serialize for MissingCells<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let cells = self.columns.iter().zip(&self.row.cells);
        serializer.collect_map(cells.filter_map(|(column, cell)| match cell.value {
            Value::Missing(missing) => Some((column.key, missing)),
            _ => None,
        }))
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Missing(_) => serializer.serialize_none(),
            Self::Count(n) | Self::Tokens(n) | Self::Bytes(n) => serializer.serialize_u64(*n),
            Self::CountChange(n) | Self::Integer(n) => serializer.serialize_i64(*n),
            Self::Usd(amount)
            | Self::UnitUsd(amount)
            | Self::UsdChange(amount)
            | Self::Estimate(amount)
            | Self::EstimateChange(amount) => amount.serialize(serializer),
            Self::EstimateRange(low, high) => [low, high].serialize(serializer),
            Self::Mean(x)
            | Self::Number(x)
            | Self::Share(x)
            | Self::Rate(x)
            | Self::DurationMs(x)
            | Self::SecondsOf(x)
            | Self::MeanChange(x)
            | Self::RelativeChange(x)
            | Self::PointChange(x)
            | Self::DurationChange(x)
            | Self::SecondsChange(x) => serializer.serialize_f64(*x),
            Self::Time(time) => {
                serializer.collect_str(&time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
            }
            Self::Day(day) => serializer.collect_str(day),
            Self::Status(word) => serializer.serialize_str(word),
            Self::Lines(text, detail) => {
                serializer.collect_map([("text", text), ("detail", detail)])
            }
            Self::Text(text) | Self::Id(text) | Self::Model(text) | Self::Code(text) => {
                serializer.serialize_str(text)
            }
        }
    }
}

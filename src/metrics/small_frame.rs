//! Columns of a small, collected frame as plain vectors, one value per row.

use chrono::NaiveDate;
use polars::prelude::{DataFrame, DataType, PolarsResult};

use crate::units::Usd;

/// Texts; null is none.
pub(crate) fn texts(df: &DataFrame, name: &str) -> PolarsResult<Vec<Option<String>>> {
    Ok(df.column(name)?.str()?.iter().map(|text| text.map(str::to_owned)).collect())
}

/// Whole numbers; null is none.
pub(crate) fn integers(df: &DataFrame, name: &str) -> PolarsResult<Vec<Option<i64>>> {
    let column = df.column(name)?.cast(&DataType::Int64)?;
    Ok(column.i64()?.iter().collect())
}

/// Sums, in 128 bits; null is none.
pub(crate) fn wide(df: &DataFrame, name: &str) -> PolarsResult<Vec<Option<i128>>> {
    let column = df.column(name)?.cast(&DataType::Int128)?;
    Ok(column.i128()?.iter().collect())
}

/// Money; null is none.
pub(crate) fn money(df: &DataFrame, name: &str) -> PolarsResult<Vec<Option<Usd>>> {
    Ok(wide(df, name)?.into_iter().map(|units| units.map(Usd)).collect())
}

/// Flags; null is none.
pub(crate) fn flags(df: &DataFrame, name: &str) -> PolarsResult<Vec<Option<bool>>> {
    Ok(df.column(name)?.bool()?.iter().collect())
}

/// Days; null is none.
pub(crate) fn days(df: &DataFrame, name: &str) -> PolarsResult<Vec<Option<NaiveDate>>> {
    Ok(df.column(name)?.date()?.as_date_iter().collect())
}

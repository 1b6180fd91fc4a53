//! The journey of sensitive data: what scans at ingest found, counted by kind and group.

use chrono_tz::Tz;
use polars::prelude::{Column, DataFrame, Expr, PolarsResult, col};
use serde::{Serialize, Serializer};

use super::day_sums::request_counts;
use super::{Error, figures};
use crate::metrics::dimensions::Dimension;
use crate::metrics::sensitive::{by_kind, of_calls, totals};
use crate::period::Period;
use crate::prices::PriceBook;
use crate::schema::Table;
use crate::schema::sensitive::{KIND, MATCHES, SCANNED};
use crate::schema::usage::cell::ROWS;
use crate::schema::usage::metric::REQUESTS;
use crate::store::Reader;

/// A dimension that what was found can be counted by.
#[derive(Debug, Clone, PartialEq)]
pub struct SensitiveDimension(Dimension);

impl SensitiveDimension {
    /// All of them, in the order they are listed to users.
    pub const ALL: [Dimension; 6] = [
        Dimension::Account,
        Dimension::Region,
        Dimension::Model,
        Dimension::Principal,
        Dimension::Hour,
        Dimension::Day,
    ];

    /// The dimension of this name, if what was found can be counted by it.
    pub fn named(name: &str) -> Option<Self> {
        let dimension: Dimension = name.parse().ok()?;
        Self::ALL.contains(&dimension).then_some(Self(dimension))
    }

    /// Its name.
    pub fn name(&self) -> String {
        self.0.to_string()
    }
}

/// What scans of bodies found in a period.
#[derive(Debug, Clone, Serialize)]
pub struct SensitiveAnswer {
    /// The period.
    #[serde(flatten)]
    pub period: Period,
    /// Requests of the period.
    pub requests: i64,
    /// Of these, requests whose bodies were scanned; nothing is known of the others.
    pub scanned: i64,
    /// Of the scanned, requests in which something was found.
    pub requests_with_findings: i64,
    /// Counts by kind and by the dimensions asked for.
    pub rows: Vec<SensitiveRow>,
}

/// What was found of a kind in a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SensitiveRow {
    /// The kind.
    pub kind: Option<String>,
    /// The dimensions asked for, with their values.
    #[serde(flatten, serialize_with = "as_map")]
    pub group: Vec<(String, Option<String>)>,
    /// Requests in which it was found.
    pub requests: i64,
    /// Places in which it was found.
    pub matches: i64,
}

fn as_map<S: Serializer>(
    group: &[(String, Option<String>)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(group.iter().map(|(name, value)| (name, value)))
}

/// Counts what was found.
///
/// # Errors
/// When the store can't be read.
pub fn audit_sensitive(
    store: &Reader,
    book: &PriceBook,
    period: Period,
    by: &[SensitiveDimension],
    timezone: Tz,
) -> Result<SensitiveAnswer, Error> {
    let calls = store.scan(Table::Invocations, Some(period))?;
    let requests = request_counts(store, book, Some(period))?;
    let requests = figures::collect(requests.select([col(ROWS).sum().alias(REQUESTS)]))?;
    // Read once: few columns, and both counts look at them.
    let mut found = figures::collect(store.scan(Table::Sensitive, Some(period))?)?;
    if found.height() > 0 {
        found = figures::collect(of_calls(lazy(&found), calls))?;
    }
    let sums = figures::collect(totals(lazy(&found)))?;
    let names: Vec<String> = by.iter().map(SensitiveDimension::name).collect();
    let groups: PolarsResult<Vec<Expr>> = by
        .iter()
        .zip(&names)
        .map(|(dimension, name)| Ok(dimension.0.expr(timezone)?.alias(name.as_str())))
        .collect();
    let groups = groups.map_err(Error::Compute)?;
    let columns: Vec<&str> = names.iter().map(String::as_str).collect();
    let counts = figures::collect(by_kind(lazy(&found), &columns, &groups))?;
    Ok(SensitiveAnswer {
        period,
        requests: number(&requests, REQUESTS, 0).map_err(Error::Compute)?,
        scanned: number(&sums, SCANNED, 0).map_err(Error::Compute)?,
        requests_with_findings: number(&sums, REQUESTS, 0).map_err(Error::Compute)?,
        rows: rows(&counts, &names).map_err(Error::Compute)?,
    })
}

fn lazy(frame: &DataFrame) -> polars::prelude::LazyFrame {
    polars::prelude::IntoLazy::lazy(frame.clone())
}

fn rows(counts: &DataFrame, names: &[String]) -> PolarsResult<Vec<SensitiveRow>> {
    let text = |column: &Column, row: usize| -> PolarsResult<Option<String>> {
        let column = column.cast(&polars::prelude::DataType::String)?;
        Ok(column.str()?.get(row).map(str::to_owned))
    };
    (0..counts.height())
        .map(|row| {
            let group = names
                .iter()
                .map(|name| Ok((name.clone(), text(counts.column(name)?, row)?)))
                .collect::<PolarsResult<_>>()?;
            Ok(SensitiveRow {
                kind: text(counts.column(KIND)?, row)?,
                group,
                requests: number(counts, REQUESTS, row)?,
                matches: number(counts, MATCHES, row)?,
            })
        })
        .collect()
}

fn number(frame: &DataFrame, column: &str, row: usize) -> PolarsResult<i64> {
    Ok(frame.column(column)?.get(row)?.extract::<i64>().unwrap_or_default())
}

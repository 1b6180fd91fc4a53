//! Exact nearest-rank percentiles from counts per value.
//!
//! Requests are counted per (group, value) first and ranked after: the second step sees a few
//! thousand rows however many requests there are, and the counts of days can be added up.

use polars::prelude::{DataType, Expr, LazyFrame, SortMultipleOptions, SortOptions, col, len, lit};

use super::grouping::aggregate;
use crate::schema::invocation::{FIRST_BYTE_MS, LATENCY_MS};
use crate::schema::usage::{derived, metric};

/// A percentile of one column of whole milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percentile {
    /// The column ranked; its nulls are left out.
    pub column: &'static str,
    /// The share at or below the value, in hundredths: 95.
    pub percent: i64,
    /// The name of the result.
    pub name: &'static str,
}

impl Percentile {
    /// Median latency.
    pub const LATENCY_P50: Self = Self::new(LATENCY_MS, 50, metric::LATENCY_P50_MS);
    /// Latency that 90 % of the requests stay within.
    pub const LATENCY_P90: Self = Self::new(LATENCY_MS, 90, metric::LATENCY_P90_MS);
    /// Latency that 95 % of the requests stay within.
    pub const LATENCY_P95: Self = Self::new(LATENCY_MS, 95, metric::LATENCY_P95_MS);
    /// Latency that 99 % of the requests stay within.
    pub const LATENCY_P99: Self = Self::new(LATENCY_MS, 99, metric::LATENCY_P99_MS);
    /// Median time to first byte.
    pub const FIRST_BYTE_P50: Self = Self::new(FIRST_BYTE_MS, 50, metric::FIRST_BYTE_P50_MS);

    const fn new(column: &'static str, percent: i64, name: &'static str) -> Self {
        Self { column, percent, name }
    }

    /// Over counted values: the smallest whose cumulative count reaches the rank.
    ///
    /// In whole numbers, count × 100 ≥ percent × total: a float share could miss a rank by one.
    fn nearest_rank(self) -> Expr {
        let values = col(self.column);
        let counts = col(derived::COUNT);
        let ascending = counts.clone().sort_by([values.clone()], SortMultipleOptions::default());
        let reaches =
            (ascending.cum_sum(false) * lit(100_i64)).gt_eq(counts.sum() * lit(self.percent));
        values.sort(SortOptions::default()).filter(reaches).min().alias(self.name)
    }
}

/// Percentiles of one column per group, `Int64`; a group without known values has no row, and the
/// one row of no groups holds nulls.
///
/// `keys` are columns of `requests`; all `percentiles` must be of `column`.
pub fn nearest_ranks(
    requests: LazyFrame,
    keys: &[Expr],
    column: &'static str,
    percentiles: &[Percentile],
) -> LazyFrame {
    let ranks: Vec<Expr> = percentiles
        .iter()
        .filter(|percentile| percentile.column == column)
        .map(|percentile| percentile.nearest_rank())
        .collect();
    aggregate(count_values(requests, keys, column), keys, ranks)
}

/// Requests per group and known value.
fn count_values(requests: LazyFrame, keys: &[Expr], column: &'static str) -> LazyFrame {
    let mut by = keys.to_vec();
    by.push(col(column));
    requests
        .filter(col(column).is_not_null())
        .group_by(by)
        .agg([len().cast(DataType::Int64).alias(derived::COUNT)])
}

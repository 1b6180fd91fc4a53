//! Exact nearest-rank percentiles of lists of values.
//!
//! The known values of a group are put into one list, sorted once, and every rank is read off it. That
//! is 8 bytes a request. (Counting requests per group and value first needs less memory where few
//! groups share few values; with 4,000 groups of 3 million requests it takes five times as long,
//! because most values occur once in their group.)

use polars::prelude::{DataType, ExplodeOptions, Expr, LazyFrame, SortOptions, col, lit};

use super::cells::grouped;
use crate::schema::invocation::{FIRST_BYTE_MS, LATENCY_MS};
use crate::schema::usage::metric;

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

    /// The value of its rank in a column of sorted lists; null in an empty one.
    ///
    /// The rank is percent × length ÷ 100, rounded up, in whole numbers: a float share could miss a
    /// rank by one.
    pub(crate) fn of_sorted(self, lists: &str) -> Expr {
        let list = || col(lists).list();
        let length = list().len().cast(DataType::Int64);
        let rank = (length * lit(self.percent) + lit(99_i64)).floor_div(lit(100_i64));
        list().get(rank - lit(1_i64), true).alias(self.name)
    }
}

/// Lists with their values in order.
pub(crate) fn sorted(lists: &str) -> Expr {
    col(lists).list().sort(SortOptions::default())
}

/// Percentiles of lists of values per group, `Int64`, null in a group without known values.
///
/// `keys` are columns of `rows`; all `percentiles` must be of `column`, which holds the lists.
pub fn nearest_ranks_of_lists(
    rows: LazyFrame,
    keys: &[Expr],
    column: &'static str,
    percentiles: &[Percentile],
) -> LazyFrame {
    let of_column = percentiles.iter().filter(|percentile| percentile.column == column);
    let ranks: Vec<Expr> = of_column.map(|percentile| percentile.of_sorted(column)).collect();
    let flat = ExplodeOptions { empty_as_null: false, keep_nulls: false };
    grouped(rows, keys.to_vec())
        .agg([col(column).explode(flat).drop_nulls().implode(false)])
        .with_columns([sorted(column)])
        .select(keys.iter().cloned().chain(ranks).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use polars::prelude::{DataFrame, IntoColumn, IntoLazy, NamedFrom, Series};

    use super::{Percentile, sorted};

    #[track_caller]
    fn check(values: &[i64], percent: i64, expected: Option<i64>) {
        let list = Series::new("latency_ms_values".into(), [Series::new("".into(), values)]);
        let frame = DataFrame::new(1, vec![list.into_column()]).unwrap();
        let percentile = Percentile { percent, ..Percentile::LATENCY_P50 };
        let ranked = frame
            .lazy()
            .with_columns([sorted("latency_ms_values")])
            .select([percentile.of_sorted("latency_ms_values")])
            .collect()
            .unwrap();
        let found = ranked.columns()[0].i64().unwrap().get(0);
        assert_eq!(found, expected, "p{percent} of {values:?}");
    }

    #[test]
    fn a_rank_is_the_smallest_value_with_at_least_that_share_at_or_below_it() {
        check(&[4, 1, 3, 2], 50, Some(2));
        check(&[4, 1, 3, 2], 51, Some(3));
        check(&[4, 1, 3, 2], 99, Some(4));
        check(&[5, 5, 5, 7], 75, Some(5));
        check(&[9], 50, Some(9));
        check(&[], 50, None);
        let hundred: Vec<i64> = (1..=100).rev().collect();
        check(&hundred, 95, Some(95));
        check(&hundred, 99, Some(99));
        let many: Vec<i64> = (1..=101).collect();
        check(&many, 99, Some(100));
    }
}

//! Percentiles of each hour, of everything and per value of single dimensions, as they are kept.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use polars::prelude::{
    DataType, ExplodeOptions, Expr, LazyFrame, PolarsResult, Schema, SortOptions, UnionArgs, col,
    concat, lit,
};

use super::{HOUR_MS, hour, keys};
use crate::insight::anomaly::grid::Grid;
use crate::metrics::dimensions::Dimension;
use crate::metrics::kept::{counts, schema_of};
use crate::schema::invocation::EVENT_TIME;
use crate::schema::usage::{cell, metric};
use crate::schema::{Kind, Table};

/// Which dimension's value a row is of; empty: of everything.
const OF: &str = "of";
/// The value.
const VALUE: &str = "value";
/// The figures of a row.
const FIGURES: [&str; 3] = [metric::LATENCY_KNOWN, metric::LATENCY_P50_MS, metric::LATENCY_P95_MS];

/// To be raised when [`latencies`] has other columns, or the same with another meaning.
pub const LATENCIES_VERSION: u32 = 1;

/// The percentiles of every hour; hours begin at `since` or whole hours from it.
///
/// In: the values of [`latency_grain`](super::latency_grain), collected.
///
/// # Errors
/// When Polars can't plan it.
pub fn latencies(
    values: LazyFrame,
    dimensions: &[Dimension],
    since: DateTime<Utc>,
    zone: Tz,
) -> PolarsResult<LazyFrame> {
    let start = || lit(since.timestamp_millis());
    let hours = (col(EVENT_TIME).cast(DataType::Int64) - start()).floor_div(lit(HOUR_MS));
    let first = (hours * lit(HOUR_MS) + start()).cast(Kind::Time.data_type()).alias(cell::TIME);
    let mut columns = keys(dimensions, first, zone)?;
    columns.push(col(cell::LATENCIES));
    let lists = values.select(columns);
    let mut parts = vec![labelled(ranked(lists.clone(), None), "", lit(""))];
    parts.extend(dimensions.iter().map(|one| {
        let value = col(one.name()).cast(DataType::String);
        labelled(ranked(lists.clone(), Some(one)), &one.name(), value)
    }));
    concat(parts, UnionArgs::default())
}

/// Of [`latencies`], those of one dimension's values, or of everything, by hours of a grid, as
/// [`Frames`](super::Frames) has them. For `collect`.
pub fn latencies_of(latencies: LazyFrame, of: Option<&Dimension>, grid: &Grid) -> LazyFrame {
    let name = of.map(Dimension::name).unwrap_or_default();
    let mut columns = vec![hour(grid)];
    if of.is_some() {
        columns.push(col(VALUE).alias(name.as_str()));
    }
    columns.extend(FIGURES.map(col));
    latencies.filter(col(OF).eq(lit(name))).select(columns)
}

/// The columns of [`latencies`].
pub fn latencies_schema() -> Schema {
    let texts = [OF, VALUE].map(|name| (name, DataType::String));
    schema_of(Table::Invocations, [EVENT_TIME], texts.into_iter().chain(counts(FIGURES)))
}

fn labelled(ranked: LazyFrame, of: &str, value: Expr) -> LazyFrame {
    let labels =
        [col(cell::TIME).alias(EVENT_TIME), lit(of.to_owned()).alias(OF), value.alias(VALUE)];
    ranked.select(labels.into_iter().chain(FIGURES.map(col)).collect::<Vec<_>>())
}

/// Nearest rank, as everywhere: percent × number ÷ 100, rounded up, in whole numbers.
fn ranked(lists: LazyFrame, dimension: Option<&Dimension>) -> LazyFrame {
    let flat = ExplodeOptions { empty_as_null: false, keep_nulls: false };
    let mut keys = vec![col(cell::TIME)];
    keys.extend(dimension.map(|dimension| col(dimension.name())));
    let sorted = || col(cell::LATENCIES).list();
    let number = || sorted().len().cast(DataType::Int64);
    let rank = |percent: i64, name: &str| {
        let rank = (number() * lit(percent) + lit(99_i64)).floor_div(lit(100_i64));
        sorted().get(rank - lit(1_i64), true).alias(name)
    };
    lists
        .filter(col(cell::LATENCIES).list().len().gt(lit(0)))
        .group_by(keys)
        .agg([col(cell::LATENCIES).explode(flat)])
        .with_columns([col(cell::LATENCIES).list().sort(SortOptions::default())])
        .with_columns([
            number().alias(metric::LATENCY_KNOWN),
            rank(50, metric::LATENCY_P50_MS),
            rank(95, metric::LATENCY_P95_MS),
        ])
}

//! The usage query: metrics by dimensions, over priced invocations.

use chrono_tz::Tz;
use polars::prelude::{
    Column, DataType, Expr, Field, IntoColumn, LazyFrame, NamedFrom, PolarsResult, Schema, Series,
    col,
};

use super::dimensions::Dimension;
use super::grouping::{Grouping, aggregate, join_groups};
use super::measures;
use super::metric::{Definition, Metric, Unit};
use super::percentiles::{Percentile, nearest_ranks};
use crate::schema::invocation::{FIRST_BYTE_MS, LATENCY_MS};
use crate::units::Usd;

/// Which figures, by what, on whose clocks. A dimension or metric named twice counts once.
#[derive(Debug, Clone)]
pub struct UsageQuery {
    /// Columns of the groups, in order.
    pub by: Vec<Dimension>,
    /// Figures per group, in order.
    pub metrics: Vec<Metric>,
    /// Time zone of calendar dimensions.
    pub timezone: Tz,
}

impl UsageQuery {
    /// Whether a metric reads what pricing adds; if not, the frame needs no prices.
    pub fn needs_cost(&self) -> bool {
        self.metrics.iter().any(|metric| metric.needs_cost())
    }

    /// The columns of a usage frame as people and other tools read them: money as exact decimal
    /// text under the metric's own name, everything else as it is. For `select`.
    pub fn columns_as_text(&self) -> Vec<Expr> {
        let dimensions = unique(&self.by).into_iter().map(|dimension| col(dimension.name()));
        let metrics = unique(&self.metrics).into_iter().map(|metric| match metric.unit() {
            Unit::Usd => usd_text(col(metric.column())).alias(metric.name()),
            _ => col(metric.column()),
        });
        dimensions.chain(metrics).collect()
    }
}

/// The metrics per group: dimensions, then metrics, in the order asked for.
///
/// In: `invocations` with the columns of [`schema::cost`](crate::schema::cost) if
/// [`UsageQuery::needs_cost`], and a column per tag (see [`tags`](super::tags)).
/// Out: one row per group, sorted by the dimensions, hours and days by time, nulls last. Without
/// dimensions exactly one row: over no requests its counts are 0 and its rates null. Column names
/// are [`Dimension::name`] and [`Metric::column`], types as at [`Unit`].
///
/// # Errors
/// When Polars doesn't know the time zone.
pub fn usage(priced: LazyFrame, query: &UsageQuery) -> PolarsResult<LazyFrame> {
    let (by, metrics) = (unique(&query.by), unique(&query.metrics));
    let grouping = Grouping { by: &by, timezone: query.timezone };
    let keyed = grouping.keyed(priced)?;
    let keys = grouping.keys();

    let (measures, ranks) = definitions(&metrics);
    let mut groups = aggregate(keyed.clone(), &keys, measures);
    for column in [LATENCY_MS, FIRST_BYTE_MS] {
        if ranks.iter().any(|rank| rank.column == column) {
            let ranked = nearest_ranks(keyed.clone(), &keys, column, &ranks);
            groups = join_groups(groups, ranked, &keys);
        }
    }
    let columns = grouping.labels().chain(metrics.iter().map(|metric| col(metric.column())));
    let columns: Vec<Expr> = columns.collect();
    Ok(grouping.sorted(groups).select(columns))
}

/// Units of 10⁻¹⁴ USD as exact decimal text: `0.00006`; null stays null.
pub fn usd_text(units: Expr) -> Expr {
    let text = |_: &Schema, field: &Field| Ok(Field::new(field.name().clone(), DataType::String));
    units.map(|units| units_to_text(&units), text)
}

fn units_to_text(units: &Column) -> PolarsResult<Column> {
    let units = units.cast(&DataType::Int128)?;
    let texts = units.i128()?.iter().map(|units| units.map(|units| Usd(units).to_string()));
    Ok(Series::new(units.name().clone(), texts.collect::<Vec<_>>()).into_column())
}

/// What one aggregate gives, and what needs ranks. There is always an aggregate, so that every
/// group has its row.
fn definitions(metrics: &[Metric]) -> (Vec<Expr>, Vec<Percentile>) {
    let (mut measures, mut ranks) = (Vec::new(), Vec::new());
    for metric in metrics {
        match metric.definition() {
            Definition::Measure(measure) => measures.push(measure),
            Definition::Rank(percentile) => ranks.push(percentile),
        }
    }
    if measures.is_empty() {
        measures.push(measures::requests());
    }
    (measures, ranks)
}

fn unique<T: Clone + PartialEq>(values: &[T]) -> Vec<T> {
    let mut seen: Vec<T> = Vec::with_capacity(values.len());
    for value in values {
        if !seen.contains(value) {
            seen.push(value.clone());
        }
    }
    seen
}

//! The usage query: metrics by dimensions, over priced invocations.

use chrono_tz::Tz;
use polars::prelude::{
    Column, DataType, ExplodeOptions, Expr, Field, IntoColumn, LazyFrame, NamedFrom, PolarsResult,
    Schema, Series, col, lit,
};

use super::cells::{Grain, Requests, Values, grouped};
use super::dimensions::Dimension;
use super::grouping::{Grouping, aggregate, join_groups};
use super::measures;
use super::metric::{Definition, Metric, Unit};
use super::percentiles::sorted;
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
    /// What answers this query and no other.
    pub fn grain(&self) -> Grain {
        let Self { by, metrics, timezone } = self.clone();
        Grain { by, metrics, timezone }
    }

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
    usage_of(&Requests::of_rows(priced, &query.grain())?, query)
}

/// As [`usage`], of cells and values of the query's [`grain`](UsageQuery::grain) or a finer one.
///
/// # Errors
/// As [`usage`].
pub fn usage_of(requests: &Requests, query: &UsageQuery) -> PolarsResult<LazyFrame> {
    let (by, metrics) = (unique(&query.by), unique(&query.metrics));
    let grouping = Grouping { by: &by, timezone: query.timezone };
    let keys = grouping.keys();
    let asked = Asked::of(&metrics, &requests.by);

    let cells = grouping.keyed(requests.cells.clone())?;
    let mut groups = aggregate(cells, &keys, asked.measures);
    let lists = asked.lists;
    if !lists.is_empty() {
        let flat = ExplodeOptions { empty_as_null: false, keep_nulls: false };
        let joined = lists.iter().map(|list| list.joined(col(list.list()).explode(flat)));
        let values = grouped(grouping.keyed(requests.values.clone())?, keys.clone());
        let values = values
            .agg(joined.collect::<Vec<_>>())
            .with_columns(lists.iter().map(|list| sorted(list.list())).collect::<Vec<_>>());
        groups = join_groups(groups, values, &keys).with_columns(asked.of_values);
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

/// What is computed from cells and what from values.
struct Asked {
    /// There is always one, so that every group has its row.
    measures: Vec<Expr>,
    /// The values, each once.
    lists: Vec<Values>,
    of_values: Vec<Expr>,
}

impl Asked {
    /// `by` is what the cells are told apart by.
    fn of(metrics: &[Metric], by: &[Dimension]) -> Self {
        let mut asked = Self { measures: Vec::new(), lists: Vec::new(), of_values: Vec::new() };
        let listed = metrics.iter().filter_map(|metric| metric.values());
        asked.lists.extend(listed.filter(|values| !values.is_told_by(by)));
        asked.lists = unique(&asked.lists);
        for metric in metrics {
            match metric.definition() {
                Definition::Measure(measure) => asked.measures.push(measure),
                Definition::Rank(percentile) => {
                    let list = Values::ranked(percentile).list();
                    asked.of_values.push(percentile.of_sorted(list));
                }
                Definition::Distinct(values) if values.is_told_by(by) => {
                    let names = measures::distinct(col(values.column()));
                    asked.measures.push(names.alias(metric.column()));
                }
                Definition::Distinct(values) => {
                    asked.of_values.push(different(values).alias(metric.column()));
                }
            }
        }
        if asked.measures.is_empty() {
            asked.measures.push(measures::requests());
        }
        asked
    }
}

/// How many values a list of different ones holds.
fn different(values: Values) -> Expr {
    col(values.list()).list().len().cast(DataType::Int64).fill_null(lit(0_i64))
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

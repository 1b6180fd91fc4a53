//! Invocations summed up: the small frames that metrics are computed from.
//!
//! Metrics are made of parts that can be added up. *Cells* hold sums: one row per group key and, when
//! money is asked for, per everything that a price depends on, so that sums can be priced instead of
//! rows ([`cost`](super::cost)). *Values* hold what ranks and distinct counts need: one list per
//! group. Cells and values of a fine grain answer every coarser question, so a report reads millions
//! of rows once and asks its questions of thousands of cells.
//!
//! Cells keep the names of `invocations` for what they are grouped by; `event_time` is then the
//! earliest of the cell's hour or day, which every coarser calendar dimension can be cut from.

use chrono_tz::Tz;
use polars::prelude::{
    DataType, ExplodeOptions, Expr, LazyFrame, LazyGroupBy, PolarsResult, col, len, lit,
};

use super::cost::cells::{self as priced_by, Steps};
use super::dimensions::Dimension;
use super::measures::{known_sum, number_of};
use super::metric::Metric;
use super::percentiles::Percentile;
use crate::schema::cost::{COST_STATUS, COST_UNITS, TOTAL_TOKENS};
use crate::schema::invocation::{
    CACHE_READ_INPUT_TOKENS, CACHE_WRITE_INPUT_TOKENS, EVENT_TIME, FIRST_BYTE_MS, GUARDRAIL_ACTION,
    INPUT_BYTES, INPUT_TOKENS, LATENCY_MS, MODEL, OUTPUT_BYTES, OUTPUT_TOKENS, PRINCIPAL, STATUS,
    guardrail_action, status,
};
use crate::schema::usage::{cell, metric};

/// Invocations of a range as [`usage_of`](super::usage::usage_of) reads them. Both frames may still
/// be lazy; collected once, they answer any number of questions.
#[derive(Clone)]
pub struct Requests {
    /// Sums, with the columns of [`schema::cost`](crate::schema::cost) if money is asked for.
    pub cells: LazyFrame,
    /// What the cells are told apart by, at least: different names are counted in them.
    pub by: Vec<Dimension>,
    /// Lists of latencies, and of distinct names that the cells don't tell apart.
    pub values: LazyFrame,
}

/// What cells and values are to answer: questions by these dimensions or some of them, for these
/// metrics or some of them.
#[derive(Debug, Clone)]
pub struct Grain {
    /// What may be grouped by.
    pub by: Vec<Dimension>,
    /// What may be asked for.
    pub metrics: Vec<Metric>,
    /// Time zone of calendar dimensions.
    pub timezone: Tz,
}

/// A part of a metric that is a sum over requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Ok,
    Errors,
    Throttled,
    GuardrailInterventions,
    InputTokens,
    OutputTokens,
    CacheReadTokens,
    CacheWriteTokens,
    InputBytes,
    OutputBytes,
    LatencySum,
    LatencyKnown,
}

impl Part {
    pub(crate) const ALL: [Self; 12] = [
        Self::Ok,
        Self::Errors,
        Self::Throttled,
        Self::GuardrailInterventions,
        Self::InputTokens,
        Self::OutputTokens,
        Self::CacheReadTokens,
        Self::CacheWriteTokens,
        Self::InputBytes,
        Self::OutputBytes,
        Self::LatencySum,
        Self::LatencyKnown,
    ];

    /// The sum of sums.
    fn sum_of_sums(self) -> (&'static str, Expr) {
        let name = self.sum().0;
        match self {
            Self::Ok
            | Self::Errors
            | Self::Throttled
            | Self::GuardrailInterventions
            | Self::LatencyKnown => (name, col(name).sum()),
            _ => (name, known_sum(name)),
        }
    }

    /// The name in cells, and the sum.
    pub(crate) fn sum(self) -> (&'static str, Expr) {
        let is = |column, value: &'static str| number_of(col(column).eq(lit(value)));
        let same = |column: &'static str| (column, known_sum(column));
        match self {
            Self::Ok => (metric::OK, is(STATUS, status::OK)),
            Self::Errors => (metric::ERRORS, number_of(col(STATUS).neq(lit(status::OK)))),
            Self::Throttled => (metric::THROTTLED, is(STATUS, status::THROTTLED)),
            Self::GuardrailInterventions => (
                metric::GUARDRAIL_INTERVENTIONS,
                is(GUARDRAIL_ACTION, guardrail_action::INTERVENED),
            ),
            Self::InputTokens => same(INPUT_TOKENS),
            Self::OutputTokens => same(OUTPUT_TOKENS),
            Self::CacheReadTokens => same(CACHE_READ_INPUT_TOKENS),
            Self::CacheWriteTokens => same(CACHE_WRITE_INPUT_TOKENS),
            Self::InputBytes => same(INPUT_BYTES),
            Self::OutputBytes => same(OUTPUT_BYTES),
            Self::LatencySum => (cell::LATENCY_SUM_MS, known_sum(LATENCY_MS)),
            Self::LatencyKnown => {
                (metric::LATENCY_KNOWN, col(LATENCY_MS).count().cast(DataType::Int64))
            }
        }
    }
}

/// A column whose values metrics need one by one: for ranks, or to tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Values {
    Latencies,
    FirstBytes,
    Principals,
    Models,
}

impl Values {
    /// What a percentile is read from.
    pub(crate) fn ranked(percentile: Percentile) -> Self {
        if percentile.column == FIRST_BYTE_MS { Self::FirstBytes } else { Self::Latencies }
    }

    /// The column of the rows.
    pub(crate) fn column(self) -> &'static str {
        match self {
            Self::Latencies => LATENCY_MS,
            Self::FirstBytes => FIRST_BYTE_MS,
            Self::Principals => PRINCIPAL,
            Self::Models => MODEL,
        }
    }

    /// The column of lists.
    pub(crate) fn list(self) -> &'static str {
        match self {
            Self::Latencies => cell::LATENCIES,
            Self::FirstBytes => cell::FIRST_BYTES,
            Self::Principals => cell::PRINCIPALS,
            Self::Models => cell::MODELS,
        }
    }

    /// The dimension of the names; none of durations.
    fn dimension(self) -> Option<Dimension> {
        match self {
            Self::Latencies | Self::FirstBytes => None,
            Self::Principals => Some(Dimension::Principal),
            Self::Models => Some(Dimension::Model),
        }
    }

    /// Whether these dimensions tell the values apart, so that no list of them is needed.
    pub(crate) fn is_told_by(self, by: &[Dimension]) -> bool {
        self.dimension().is_some_and(|dimension| by.contains(&dimension))
    }

    pub(crate) fn collected(self) -> Expr {
        self.joined(col(self.column()).drop_nulls()).implode(false).alias(self.list())
    }

    /// As [`Self::collected`], of [`summary`](super::summary).
    fn recollected(self) -> Expr {
        let flat = ExplodeOptions { empty_as_null: false, keep_nulls: false };
        match self {
            Self::Latencies | Self::FirstBytes => col(self.list()).explode(flat),
            Self::Principals | Self::Models => self.collected(),
        }
    }

    /// All values for ranks, each once for telling them apart.
    pub(crate) fn joined(self, values: Expr) -> Expr {
        match self {
            Self::Latencies | Self::FirstBytes => values,
            Self::Principals | Self::Models => values.unique(),
        }
    }
}

impl Grain {
    /// Whether a metric reads what pricing adds.
    pub fn needs_cost(&self) -> bool {
        self.metrics.iter().any(|metric| metric.needs_cost())
    }

    /// Whether some values are to be listed.
    pub fn lists(&self) -> bool {
        !self.values().is_empty()
    }

    fn parts(&self) -> Vec<Part> {
        unique(self.metrics.iter().flat_map(|metric| metric.parts().iter().copied()))
    }

    /// What is to be listed: what the dimensions don't tell apart.
    fn values(&self) -> Vec<Values> {
        let values = self.metrics.iter().filter_map(|metric| metric.values());
        unique(values.filter(|values| !values.is_told_by(&self.by)))
    }

    /// The columns of the rows that dimensions without a calendar are read from, each once.
    fn columns(&self) -> Vec<String> {
        let other = self.by.iter().filter(|dimension| !dimension.is_calendar());
        unique(other.map(Dimension::column_name))
    }

    /// Keys under the names that dimensions are computed from, and whether time is among them.
    fn keys(&self) -> PolarsResult<(Vec<Expr>, bool)> {
        let mut keys: Vec<Expr> = self.columns().into_iter().map(col).collect();
        let is_asked = |dimensions: &[Dimension]| self.by.iter().any(|d| dimensions.contains(d));
        let by_hour = is_asked(&[Dimension::Hour, Dimension::HourOfDay]);
        let with_time = self.by.iter().any(Dimension::is_calendar);
        if with_time {
            let finest = if by_hour { Dimension::Hour } else { Dimension::Day };
            keys.push(finest.key(self.timezone)?.alias(cell::TIME));
        }
        Ok((keys, with_time))
    }
}

impl Requests {
    /// Of rows that need no price, or have one: then with the columns of
    /// [`schema::cost`](crate::schema::cost).
    ///
    /// # Errors
    /// When Polars doesn't know the time zone.
    pub fn of_rows(rows: LazyFrame, grain: &Grain) -> PolarsResult<Self> {
        let by = grain.by.clone();
        Ok(Self { cells: cells(rows.clone(), grain)?, by, values: values(rows, grain)? })
    }
}

/// Cells of rows that need no price, or have one.
///
/// # Errors
/// When Polars doesn't know the time zone.
pub fn cells(rows: LazyFrame, grain: &Grain) -> PolarsResult<LazyFrame> {
    let (keys, amounts): (&[&str], &[&'static str]) =
        if grain.needs_cost() { (&[COST_STATUS], &[COST_UNITS, TOTAL_TOKENS]) } else { (&[], &[]) };
    cells_with(rows, grain, keys, amounts)
}

/// Rows as cells of one request each, as far as counts by outcome go, for aggregates of their own that
/// use [`measures`](super::measures) on rows.
pub fn each_a_cell(rows: LazyFrame) -> LazyFrame {
    let one_if =
        |condition: Expr, name| condition.fill_null(lit(false)).cast(DataType::Int64).alias(name);
    rows.with_columns([
        lit(1_i64).alias(metric::REQUESTS),
        one_if(col(STATUS).eq(lit(status::OK)), metric::OK),
        one_if(col(STATUS).neq(lit(status::OK)), metric::ERRORS),
        one_if(col(STATUS).eq(lit(status::THROTTLED)), metric::THROTTLED),
    ])
}

/// Cells of rows that have a price, as an oracle for [`cells_to_price`].
#[cfg(test)]
pub(crate) fn cells_of_priced(rows: LazyFrame, grain: &Grain) -> PolarsResult<LazyFrame> {
    use crate::schema::cost::{COST_REASON, UNCACHED_INPUT_TOKENS, UNPRICED_TOKENS};
    let amounts = [COST_UNITS, TOTAL_TOKENS, UNPRICED_TOKENS, UNCACHED_INPUT_TOKENS];
    cells_with(rows, grain, &[COST_STATUS, COST_REASON], &amounts)
}

fn cells_with(
    rows: LazyFrame,
    grain: &Grain,
    more_keys: &[&str],
    amounts: &[&'static str],
) -> PolarsResult<LazyFrame> {
    let (mut keys, with_time) = grain.keys()?;
    keys.extend(more_keys.iter().map(|key| col(*key)));
    let mut sums = sums(grain, with_time);
    sums.extend(amounts.iter().map(|column| (*column, known_sum(column))));
    Ok(grouped(rows, keys).agg(named(sums)))
}

/// Which rows a frame holds: single requests, or cells of a finer grain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// Requests.
    Requests,
    /// Cells as [`summary`](super::summary) makes them.
    Sums,
}

impl Rows {
    /// The sums that metrics are made of.
    fn sums(self, grain: &Grain, with_time: bool) -> Vec<(&'static str, Expr)> {
        match self {
            Self::Requests => sums(grain, with_time),
            Self::Sums => {
                let mut sums = vec![(metric::REQUESTS, col(metric::REQUESTS).sum())];
                sums.extend(grain.parts().into_iter().map(Part::sum_of_sums));
                if with_time {
                    sums.push((EVENT_TIME, col(EVENT_TIME).min()));
                }
                sums
            }
        }
    }
}

/// Cells of finer cells, where no price is asked for.
///
/// # Errors
/// When Polars doesn't know the time zone.
pub fn cells_of_sums(sums: LazyFrame, grain: &Grain) -> PolarsResult<LazyFrame> {
    let (keys, with_time) = grain.keys()?;
    Ok(grouped(sums, keys).agg(named(Rows::Sums.sums(grain, with_time))))
}

/// The cells of rows that are still to be priced: [`with_cost`](super::cost::cells::with_cost) does
/// that.
///
/// `found` is what the rows hold ([`extremes`](priced_by::extremes)), or more than that.
///
/// # Errors
/// When Polars doesn't know the time zone.
pub fn cells_to_price(
    rows: LazyFrame,
    kind: Rows,
    grain: &Grain,
    found: &priced_by::Found,
    steps: &Steps,
) -> PolarsResult<LazyFrame> {
    let (mut keys, with_time) = grain.keys()?;
    let own = grain.columns();
    let priced_by_keys = priced_by::keys(found, steps).into_iter();
    keys.extend(priced_by_keys.filter(|key| !own.iter().any(|name| name == key)).map(col));
    let mut needed = priced_by::sums(found);
    for (name, sum) in kind.sums(grain, with_time) {
        if needed.iter().all(|(other, _)| *other != name) {
            needed.push((name, sum));
        }
    }
    let keyed = match kind {
        Rows::Requests => priced_by::with_keys(rows, found, steps),
        Rows::Sums => priced_by::with_price_day(rows, found, steps),
    };
    let cells = grouped(keyed, keys).agg(named(needed));
    Ok(priced_by::with_unknown(cells, found, steps))
}

/// Lists of values per group of the grain.
///
/// # Errors
/// When Polars doesn't know the time zone.
pub fn values(rows: LazyFrame, grain: &Grain) -> PolarsResult<LazyFrame> {
    let (keys, with_time) = grain.keys()?;
    let wanted = grain.values();
    if wanted.is_empty() {
        return Ok(rows.select([]).limit(0)); // nothing to list, nothing to read
    }
    let rows = match wanted.as_slice() {
        [only] => rows.filter(col(only.column()).is_not_null()), // fewer rows to group
        _ => rows,
    };
    Ok(listed(rows, keys, with_time, wanted.into_iter().map(Values::collected)))
}

/// As [`values`], of [`summary`](super::summary).
///
/// # Errors
/// When Polars doesn't know the time zone.
pub fn values_of_sums(sums: LazyFrame, grain: &Grain) -> PolarsResult<LazyFrame> {
    let (keys, with_time) = grain.keys()?;
    Ok(listed(sums, keys, with_time, grain.values().into_iter().map(Values::recollected)))
}

fn listed(
    rows: LazyFrame,
    keys: Vec<Expr>,
    with_time: bool,
    lists: impl Iterator<Item = Expr>,
) -> LazyFrame {
    let time = with_time.then(|| col(EVENT_TIME).min());
    grouped(rows, keys).agg(lists.chain(time).collect::<Vec<_>>())
}

fn sums(grain: &Grain, with_time: bool) -> Vec<(&'static str, Expr)> {
    let mut sums = vec![(metric::REQUESTS, len().cast(DataType::Int64))];
    sums.extend(grain.parts().into_iter().map(Part::sum));
    if with_time {
        sums.push((EVENT_TIME, col(EVENT_TIME).min()));
    }
    sums
}

fn named(sums: Vec<(&'static str, Expr)>) -> Vec<Expr> {
    sums.into_iter().map(|(name, sum)| sum.alias(name)).collect()
}

/// Groups by the keys; by nothing, all rows are one group, and no rows are none.
pub(crate) fn grouped(lf: LazyFrame, keys: Vec<Expr>) -> LazyGroupBy {
    if keys.is_empty() {
        return lf.with_columns([lit(0_i32).alias(cell::ALL)]).group_by([col(cell::ALL)]);
    }
    lf.group_by(keys)
}

fn unique<T: PartialEq>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen: Vec<T> = Vec::new();
    for value in values {
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    seen
}

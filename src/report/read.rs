//! Reading figures out of the frames that `metrics` returns.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use polars::prelude::{AnyValue, DataFrame, Engine, LazyFrame, PolarsResult, TimeUnit};

use crate::metrics::cells::Requests;
use crate::metrics::dimensions::Dimension;
use crate::metrics::metric::Metric;
use crate::metrics::usage::{UsageQuery, usage_of};
use crate::units::Usd;

/// A collected frame whose cells are read by row number and column name.
pub(super) struct Rows(DataFrame);

impl Rows {
    pub(super) fn collect(frame: LazyFrame) -> PolarsResult<Self> {
        frame.collect().map(Self)
    }

    /// As [`collect`](Self::collect), of a frame that reads many rows of the store: a part of them
    /// at a time.
    pub(super) fn collect_many(frame: LazyFrame) -> PolarsResult<Self> {
        frame.collect_with_engine(Engine::Streaming).map(|result| Self(result.unwrap_single()))
    }

    pub(super) fn len(&self) -> usize {
        self.0.height()
    }

    pub(super) fn text(&self, row: usize, column: &str) -> PolarsResult<Option<String>> {
        Ok(match self.cell(row, column)? {
            AnyValue::Null => None,
            AnyValue::String(text) => Some(text.to_owned()),
            AnyValue::StringOwned(text) => Some(text.to_string()),
            other => Some(other.to_string()),
        })
    }

    pub(super) fn count(&self, row: usize, column: &str) -> PolarsResult<Option<u64>> {
        Ok(self.cell(row, column)?.extract::<u64>())
    }

    pub(super) fn number(&self, row: usize, column: &str) -> PolarsResult<Option<f64>> {
        Ok(match self.cell(row, column)? {
            AnyValue::Null => None,
            other => other.extract::<f64>(),
        })
    }

    pub(super) fn usd(&self, row: usize, column: &str) -> PolarsResult<Option<Usd>> {
        Ok(match self.cell(row, column)? {
            AnyValue::Int128(units) => Some(Usd(units)),
            other => other.extract::<i128>().map(Usd),
        })
    }

    pub(super) fn time(&self, row: usize, column: &str) -> PolarsResult<Option<DateTime<Utc>>> {
        Ok(match self.cell(row, column)? {
            AnyValue::Datetime(count, unit, _) | AnyValue::DatetimeOwned(count, unit, _) => {
                let ms = match unit {
                    TimeUnit::Nanoseconds => count / 1_000_000,
                    TimeUnit::Microseconds => count / 1_000,
                    TimeUnit::Milliseconds => count,
                };
                DateTime::from_timestamp_millis(ms)
            }
            _ => None,
        })
    }

    fn cell(&self, row: usize, column: &str) -> PolarsResult<AnyValue<'_>> {
        self.0.column(column)?.get(row)
    }
}

/// The metrics of one group.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Usage {
    /// One label per dimension; `None` for rows that don't have it.
    pub(super) keys: Vec<Option<String>>,
    figures: BTreeMap<&'static str, Figure>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Figure {
    Number(f64),
    Count(u64),
    Usd(Usd),
}

impl Usage {
    /// The label of the first dimension.
    pub(super) fn key(&self) -> Option<&str> {
        self.keys.first().and_then(Option::as_deref)
    }

    /// A count; 0 when the group has none, which only happens for groups that are absent.
    pub(super) fn count(&self, metric: Metric) -> u64 {
        match self.figures.get(metric.name()) {
            Some(Figure::Count(count)) => *count,
            _ => 0,
        }
    }

    /// A count that may be unknown, such as a token sum.
    pub(super) fn known(&self, metric: Metric) -> Option<u64> {
        match self.figures.get(metric.name()) {
            Some(Figure::Count(count)) => Some(*count),
            _ => None,
        }
    }

    /// A rate, a mean or a percentile.
    pub(super) fn number(&self, metric: Metric) -> Option<f64> {
        match self.figures.get(metric.name())? {
            Figure::Number(number) => Some(*number),
            #[expect(
                clippy::cast_precision_loss,
                reason = "milliseconds and counts, far below 2⁵³"
            )]
            Figure::Count(count) => Some(*count as f64),
            Figure::Usd(_) => None,
        }
    }

    /// Money; `None` when nothing in the group has a price.
    pub(super) fn usd(&self, metric: Metric) -> Option<Usd> {
        match self.figures.get(metric.name())? {
            Figure::Usd(amount) => Some(*amount),
            _ => None,
        }
    }

    /// The cost of what is priced; zero when nothing is.
    pub(super) fn cost(&self) -> Usd {
        self.usd(Metric::CostUsd).unwrap_or_default()
    }
}

/// The metrics by these dimensions, one value per group.
pub(super) fn figures(
    requests: &Requests,
    by: &[Dimension],
    metrics: &[Metric],
    timezone: Tz,
) -> PolarsResult<Vec<Usage>> {
    let query = UsageQuery { by: by.to_vec(), metrics: metrics.to_vec(), timezone };
    let rows = Rows::collect(usage_of(requests, &query)?)?;
    (0..rows.len())
        .map(|row| {
            let keys = by.iter().map(|dimension| rows.text(row, &dimension.name()));
            Ok(Usage {
                keys: keys.collect::<PolarsResult<_>>()?,
                figures: read_metrics(&rows, row, metrics)?,
            })
        })
        .collect()
}

fn read_metrics(
    rows: &Rows,
    row: usize,
    metrics: &[Metric],
) -> PolarsResult<BTreeMap<&'static str, Figure>> {
    use crate::metrics::metric::Unit;
    let mut figures = BTreeMap::new();
    for metric in metrics {
        let column = metric.column();
        let figure = match metric.unit() {
            Unit::Usd => rows.usd(row, column)?.map(Figure::Usd),
            Unit::Share | Unit::Ms => rows.number(row, column)?.map(Figure::Number),
            Unit::Count | Unit::Tokens | Unit::Bytes => rows.count(row, column)?.map(Figure::Count),
        };
        if let Some(figure) = figure {
            figures.insert(metric.name(), figure);
        }
    }
    Ok(figures)
}

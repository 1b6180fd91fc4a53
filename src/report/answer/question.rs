//! What is asked, apart from the rows it is asked of.

use chrono_tz::Tz;

use super::groups::Group;
use super::order::SortBy;
use super::{AnswerColumn, CellKind, Side};
use crate::metrics::calendar::{is_calendar, is_grain};
use crate::metrics::dimensions::Dimension;
use crate::metrics::metric::{Metric, Unit};
use crate::metrics::names::UnknownName;
use crate::metrics::usage::UsageQuery;
use crate::report::parts::Value;

/// Figures per group, their order, and the rows around them.
#[derive(Debug, Clone)]
pub struct Question {
    /// Dimensions, each once.
    pub by: Vec<Dimension>,
    /// Metrics, each once.
    pub metrics: Vec<Metric>,
    /// The zone that days and hours are cut in.
    pub timezone: Tz,
    /// Order of the rows; the dimensions decide between equals.
    pub sort: Vec<SortBy>,
    /// Most groups; the rest becomes one row.
    pub limit: Option<usize>,
    /// Whether a row for all requests ends the answer.
    pub totals: bool,
    /// Whether a second period stands beside the first.
    pub compares: bool,
    /// Whether periods without calls have rows.
    pub empty: EmptyPeriods,
}

/// Whether periods without calls have rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EmptyPeriods {
    /// When there are hours, days, weeks or months, and no dimensions but calendar ones.
    #[default]
    Auto,
    /// For every group that has calls at some time.
    Show,
    /// Never.
    Hide,
}

impl Question {
    /// A question with each name once and its sort columns checked.
    ///
    /// # Errors
    /// When a sort column is not in the answer.
    pub fn checked(mut self) -> Result<Self, UnknownName> {
        self.by = unique(self.by);
        self.metrics = unique(self.metrics);
        let names: Vec<String> = self.columns().into_iter().map(|column| column.name).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        for sort in &self.sort {
            if !names.contains(&sort.column.as_str()) {
                return Err(UnknownName::new("sort column", &sort.column, &names));
            }
        }
        Ok(self)
    }

    /// The columns of the answer.
    pub fn columns(&self) -> Vec<AnswerColumn> {
        let dimensions = self.by.iter().map(|dimension| AnswerColumn {
            name: dimension.name(),
            kind: dimension_kind(dimension),
            unit: None,
            side: Side::Current,
        });
        dimensions
            .chain(self.metrics.iter().flat_map(|metric| self.metric_columns(*metric)))
            .collect()
    }

    /// The question to the frame: with the number of requests, which tells empty groups.
    pub fn usage(&self, by: &[Dimension]) -> UsageQuery {
        UsageQuery { by: by.to_vec(), metrics: self.asked_metrics(), timezone: self.timezone }
    }

    /// The metrics that are read out: those asked for, then requests if not among them.
    pub(super) fn asked_metrics(&self) -> Vec<Metric> {
        unique(self.metrics.iter().copied().chain([Metric::Requests]).collect())
    }

    /// The requests of a group; 0 where they are not known.
    pub fn requests(&self, group: &Group) -> u64 {
        match group.figures.get(self.requests_at()) {
            Some(Value::Integer(requests)) => u64::try_from(*requests).unwrap_or(0),
            _ => 0,
        }
    }

    /// Where the requests stand among the figures of a group.
    pub(super) fn requests_at(&self) -> usize {
        let place = self.metrics.iter().position(|metric| *metric == Metric::Requests);
        place.unwrap_or(self.metrics.len())
    }

    /// Whether periods without calls are to be added.
    pub fn fills(&self) -> bool {
        match self.empty {
            EmptyPeriods::Auto => self.by.iter().any(is_grain) && self.by.iter().all(is_calendar),
            EmptyPeriods::Show => self.by.iter().any(is_calendar),
            EmptyPeriods::Hide => false,
        }
    }

    fn metric_columns(&self, metric: Metric) -> Vec<AnswerColumn> {
        let column = |side, suffix: &str, kind| AnswerColumn {
            name: format!("{}{suffix}", metric.name()),
            kind,
            unit: Some(metric.unit()),
            side,
        };
        let kind = metric_kind(metric);
        let mut columns = vec![column(Side::Current, "", kind)];
        if self.compares {
            columns.push(column(Side::Previous, "_previous", kind));
            columns.push(column(Side::Change, "_change", kind));
            columns.push(column(Side::Relative, "_relative_change", CellKind::Number));
        }
        columns
    }
}

fn dimension_kind(dimension: &Dimension) -> CellKind {
    match dimension {
        Dimension::Weekday | Dimension::HourOfDay => CellKind::Whole,
        _ => CellKind::Text,
    }
}

fn metric_kind(metric: Metric) -> CellKind {
    match metric.unit() {
        Unit::Usd => CellKind::Usd,
        Unit::Share => CellKind::Number,
        Unit::Ms if metric == Metric::LatencyMeanMs => CellKind::Number,
        Unit::Count | Unit::Tokens | Unit::Ms | Unit::Bytes => CellKind::Whole,
    }
}

fn unique<T: PartialEq>(values: Vec<T>) -> Vec<T> {
    let mut seen: Vec<T> = Vec::with_capacity(values.len());
    for value in values {
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    seen
}

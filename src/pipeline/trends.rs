//! The journey to trends: complete days in, slope, comparisons and level shifts out.

use chrono::NaiveDate;
use serde::Serialize;

use super::daily::{self, DaysRead, SeriesQuestion};
use super::forecast::no_logs;
use super::{Basis, Error};
use crate::insight::changepoint::{LevelShift, SHORTEST_SEARCH, level_shifts};
use crate::insight::series::Daily;
use crate::insight::trend::{
    Comparison, SHORTEST_SLOPE, Slope, against_days_before, month_to_date, slope,
};

/// How a figure moves over days.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrendsAnswer {
    /// `cost_usd`, `total_tokens` or `requests`; amounts below are in its unit, as numbers, since they
    /// are estimates.
    pub metric: &'static str,
    /// IANA name of the zone that days are cut in.
    pub timezone: &'static str,
    /// The days it was read from.
    pub history: DaysRead,
    /// The slope of the last thirteen weeks; null when fewer than `needed_days` of them are known.
    pub slope: Option<SlopeFigures>,
    /// Recent days against earlier ones; those that can't be compared are left out.
    pub comparisons: Vec<NamedComparison>,
    /// Days from which the level is another, of the last half year; null when fewer than
    /// `needed_days` are known.
    pub level_shifts: Option<Vec<ShiftFigures>>,
    /// Known days without which there is neither slope nor level shift.
    pub needed_days: usize,
}

/// A slope in figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SlopeFigures {
    /// Change per day.
    pub per_day: f64,
    /// Lower end of its 95 % interval.
    pub low_95: f64,
    /// Upper end.
    pub high_95: f64,
    /// Whether the interval leaves out 0.
    pub differs_from_zero: bool,
    /// First day it is read from.
    pub from: NaiveDate,
    /// The day after the last.
    pub to: NaiveDate,
    /// Known days in between.
    pub known_days: usize,
}

/// A comparison and its name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NamedComparison {
    /// `last_7_days`, `last_28_days` or `month_to_date`.
    pub name: &'static str,
    /// What was found.
    #[serde(flatten)]
    pub found: Comparison,
}

/// A level shift in figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShiftFigures {
    /// First day of the new level.
    pub day: NaiveDate,
    /// Mean level before, weekdays evened out.
    pub level_before: f64,
    /// Mean level from then on.
    pub level_after: f64,
    /// after ÷ before − 1; null where there was nothing before.
    pub relative_change: Option<f64>,
}

/// How the figure moves over the complete days before the present.
///
/// # Errors
/// When the store holds no logs, or can't be read.
pub fn trends(basis: Basis<'_>, question: &SeriesQuestion) -> Result<TrendsAnswer, Error> {
    let days = daily::days(basis, question)?;
    let series = days.series.as_ref().ok_or_else(|| no_logs(question))?;
    Ok(TrendsAnswer {
        metric: question.followed.name(),
        timezone: question.timezone.name(),
        slope: slope(series).map(slope_figures),
        comparisons: comparisons(series),
        level_shifts: level_shifts(series).map(|shifts| shifts.iter().map(shift_figures).collect()),
        needed_days: SHORTEST_SLOPE.max(SHORTEST_SEARCH),
        history: days.history,
    })
}

fn slope_figures(slope: Slope) -> SlopeFigures {
    SlopeFigures {
        per_day: slope.per_day,
        low_95: slope.of_95.0,
        high_95: slope.of_95.1,
        differs_from_zero: slope.differs_from_zero(),
        from: slope.from,
        to: slope.to,
        known_days: slope.known,
    }
}

fn comparisons(series: &Daily) -> Vec<NamedComparison> {
    let named = [
        ("last_7_days", against_days_before(series, 7)),
        ("last_28_days", against_days_before(series, 28)),
        ("month_to_date", month_to_date(series)),
    ];
    named
        .into_iter()
        .filter_map(|(name, found)| Some(NamedComparison { name, found: found? }))
        .collect()
}

fn shift_figures(shift: &LevelShift) -> ShiftFigures {
    ShiftFigures {
        day: shift.day,
        level_before: shift.before,
        level_after: shift.after,
        relative_change: (shift.before > 0.0).then(|| shift.after / shift.before - 1.0),
    }
}

//! The family of models that a back-test chooses from: a discounted level, a damped trend, a week.
//!
//! A day's value is (level + trend) × weekday factor. The level is the ratio of discounted sums, of
//! values and of factors, so that days that are not known and weekdays that are always zero do no
//! harm; the slope is found the same way with a longer memory and dies out over the horizon.
//! Related: exponential smoothing with damped trend, Hyndman & Athanasopoulos (2021), *Forecasting:
//! Principles and Practice*, 3rd edition, chapter 8.

use crate::insight::series::{Daily, WEEK, median, number};
use crate::insight::weekday::{MAD_TO_SD, Profile, SMALLEST_FACTOR, profile, without_outliers};

/// A member of the family.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shape {
    /// Weight of a day against the day after it, in the level.
    pub(super) memory: f64,
    /// What is left of the slope from one day to the next; 0 is no trend.
    pub(super) damping: f64,
}

/// All members; the order decides between equals.
pub(super) const SHAPES: [Shape; 12] = {
    const MEMORIES: [f64; 4] = [0.94, 0.97, 0.87, 0.75];
    const DAMPINGS: [f64; 3] = [0.0, 0.95, 0.99];
    let mut shapes = [Shape { memory: 0.0, damping: 0.0 }; 12];
    let mut index = 0;
    while index < 12 {
        shapes[index] = Shape { memory: MEMORIES[index % 4], damping: DAMPINGS[index / 4] };
        index += 1;
    }
    shapes
};

/// Times its own noise that a slope must exceed, squared, to be believed at all.
const SHRINK: f64 = 3.0;
/// Days that a model learns from.
const LEARNT_DAYS: usize = 140;

/// What all members learn from: the series without outliers, its week and its slope.
pub(super) struct Learnt {
    series: Daily,
    factors: Profile,
    slope: f64,
    /// Sum of all values ÷ their sum without outliers.
    outliers: f64,
}

impl Learnt {
    pub(super) fn from(series: &Daily) -> Self {
        let recent = series.last(LEARNT_DAYS);
        let clean = without_outliers(&recent, &profile(&recent));
        let factors = profile(&clean);
        let slope = slope(&clean, &factors);
        let sum = |series: &Daily| series.values.iter().flatten().sum::<f64>();
        let outliers = if sum(&clean) > 0.0 { sum(&recent) / sum(&clean) } else { 1.0 };
        Self { series: clean, factors, slope, outliers }
    }

    /// Expected values of the `horizon` days after the series; never negative.
    pub(super) fn predict(&self, shape: Shape, horizon: usize) -> Vec<f64> {
        let slope = if shape.damping > 0.0 { self.slope } else { 0.0 };
        let level = self.level(shape.memory, slope);
        let days = self.series.values.len();
        let (mut risen, mut step) = (0.0, slope);
        (0..horizon)
            .map(|ahead| {
                step *= shape.damping;
                risen += step;
                let factor = self.factors[self.series.weekday(days + ahead)];
                ((level + risen) * factor * self.outliers).max(0.0)
            })
            .collect()
    }

    /// The level at the end of the series, around a slope.
    fn level(&self, memory: f64, slope: f64) -> f64 {
        let (mut values, mut weights) = (0.0, 0.0);
        for day in days(&self.series, &self.factors, memory) {
            values += day.weight * (day.value - slope * day.back * day.factor);
            weights += day.weight * day.factor;
        }
        if weights > 0.0 { values / weights } else { 0.0 }
    }
}

/// A known day as the sums see it.
struct Day {
    value: f64,
    factor: f64,
    /// Days back from the last one, 0 or negative.
    back: f64,
    weight: f64,
}

fn days(series: &Daily, factors: &Profile, memory: f64) -> impl Iterator<Item = Day> {
    let last = series.values.len().saturating_sub(1);
    series.values.iter().enumerate().filter_map(move |(index, value)| {
        let age = number(last - index);
        Some(Day {
            value: (*value)?,
            factor: factors[series.weekday(index)],
            back: -age,
            weight: memory.powf(age),
        })
    })
}

/// Change of the level per day: the median difference of days some weeks apart, weekdays evened out,
/// drawn towards none as far as noise explains it.
///
/// The days compared lie at most a third of the series apart, so that one step in level, which fewer
/// than half of the pairs straddle, is no slope.
fn slope(series: &Daily, factors: &Profile) -> f64 {
    let apart = series.values.len() / 3 / WEEK * WEEK;
    let even = |index: usize| {
        let factor = factors[series.weekday(index)];
        series.values[index].filter(|_| factor > SMALLEST_FACTOR).map(|value| value / factor)
    };
    let changes: Vec<f64> = (apart..series.values.len())
        .filter_map(|index| Some(even(index)? - even(index - apart)?))
        .collect();
    let Some(change) = median(&changes).filter(|_| apart > 0) else { return 0.0 };
    let deviations: Vec<f64> = changes.iter().map(|one| (one - change).abs()).collect();
    let spread = MAD_TO_SD * median(&deviations).unwrap_or(0.0);
    // Variance of a median, π/2 σ² ÷ n.
    let noise = std::f64::consts::FRAC_PI_2 * spread.powi(2) / number(changes.len());
    let kept = if change == 0.0 { 0.0 } else { (1.0 - SHRINK * noise / change.powi(2)).max(0.0) };
    kept * change / number(apart)
}

/// What seasonal-naive expects: the last known value of the same weekday, else the last known value.
pub(super) fn seasonal_naive(series: &Daily, horizon: usize) -> Option<Vec<f64>> {
    let last = series.values.iter().rev().flatten().next()?;
    let days = series.values.len();
    let of_weekday = |weekday: usize| {
        let mut same = (0..days).rev().filter(|index| series.weekday(*index) == weekday);
        same.find_map(|index| series.values[index]).unwrap_or(*last)
    };
    Some((0..horizon).map(|ahead| of_weekday(series.weekday(days + ahead))).collect())
}

//! How wide a forecast must be, from how far its back-test was off.
//!
//! Two steps. A scale says how errors grow with the horizon and with the size of what is expected;
//! then the quantiles of the scaled errors of all origins and horizons together give the reach below
//! and above, as in split conformal prediction. Errors of neighbouring origins are alike, so the
//! quantiles are widened as if there were only as many errors as whole weeks.

use super::backtest::Trial;
use crate::insight::series::{WEEK, mean, number, quantile};

/// How far the two intervals reach below and above what is expected.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Width {
    pub(super) of_80: (f64, f64),
    pub(super) of_95: (f64, f64),
}

/// Widths of single days and of sums of days.
pub(super) struct Spread {
    power: f64,
    daily: Curve,
    sums: Curve,
}

/// A scale over the horizon and the quantiles of the errors on that scale.
struct Curve {
    scale: Scale,
    quantiles: Width,
}

/// Growth of errors with the number of days: `start` × (days)^`growth`.
#[derive(Debug, Clone, Copy)]
struct Scale {
    start: f64,
    growth: f64,
}

/// Origins that a horizon must be seen from to count in the growth.
const SEEN: usize = 6;
/// Bounds of the growth of a day's error: from none to that of a random walk.
const DAILY_GROWTH: (f64, f64) = (0.0, 0.5);
/// Bounds of the growth of a sum's error: from days that cancel to a level that walks away.
const SUM_GROWTH: (f64, f64) = (0.75, 1.3);

impl Spread {
    pub(super) fn of(trials: &[Trial]) -> Self {
        let power = power(trials);
        let origins = trials.len();
        let daily = sizes(trials, |trial| {
            let pairs = trial.errors.iter().zip(&trial.expected);
            pairs.map(|(error, expected)| scaled(*error, *expected, power)).collect()
        });
        let sums = mirrored(sizes(trials, |trial| summed(trial, power)));
        Self {
            power,
            daily: Curve::of(&daily, origins, DAILY_GROWTH, 0.15),
            sums: Curve::of(&sums, origins, SUM_GROWTH, 0.6),
        }
    }

    /// Width of the day `ahead` (0 is the first).
    pub(super) fn of_day(&self, ahead: usize, expected: f64) -> Width {
        self.daily.width(ahead, expected.max(0.0).powf(self.power))
    }

    /// Width of the sum of the days up to and including `expected.len()`.
    pub(super) fn of_sum(&self, expected: &[f64]) -> Width {
        let unit: Vec<f64> = expected.iter().map(|day| day.max(0.0).powf(self.power)).collect();
        self.sums.width(expected.len().saturating_sub(1), mean(&unit).unwrap_or(0.0))
    }
}

/// Scaled errors, what came less what was expected: one list per number of days ahead.
fn sizes(trials: &[Trial], of: impl Fn(&Trial) -> Vec<Option<f64>>) -> Vec<Vec<f64>> {
    let horizon = trials.iter().map(|trial| trial.errors.len()).max().unwrap_or(0);
    let mut by_ahead = vec![Vec::new(); horizon];
    for trial in trials {
        for (sizes, size) in by_ahead.iter_mut().zip(of(trial)) {
            sizes.extend(size);
        }
    }
    by_ahead
}

/// Every error with both signs: of long sums the past holds too few to tell the sides apart.
fn mirrored(mut sizes: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    for sizes in &mut sizes {
        let others: Vec<f64> = sizes.iter().map(|size| -size).collect();
        sizes.extend(others);
    }
    sizes
}

fn scaled(error: Option<f64>, expected: f64, power: f64) -> Option<f64> {
    let unit = expected.powf(power);
    (unit > 0.0).then(|| error.map(|error| error / unit)).flatten()
}

/// Scaled error of the sum of the first days, for each number of days; days that are not known leave
/// the sums after them out.
fn summed(trial: &Trial, power: f64) -> Vec<Option<f64>> {
    let (mut error, mut unit) = (Some(0.0), 0.0);
    trial
        .errors
        .iter()
        .zip(&trial.expected)
        .enumerate()
        .map(|(ahead, (of_day, expected))| {
            error = error.zip(*of_day).map(|(sum, of_day)| sum + of_day);
            unit += expected.powf(power);
            let mean = unit / number(ahead + 1);
            error.filter(|_| mean > 0.0).map(|error: f64| error / mean)
        })
        .collect()
}

/// How errors depend on the size of what is expected: not at all (0), as its root, or in proportion
/// (1); whichever makes the errors of the first week likeliest under Laplace's distribution.
fn power(trials: &[Trial]) -> f64 {
    let pairs: Vec<(f64, f64)> = trials
        .iter()
        .flat_map(|trial| trial.errors.iter().zip(&trial.expected).take(WEEK))
        .filter_map(|(error, expected)| Some(((*error)?.abs(), *expected)))
        .collect();
    if pairs.iter().any(|(_, expected)| *expected <= 0.0) {
        return 0.0;
    }
    let cost = |power: f64| {
        let sizes: Vec<f64> =
            pairs.iter().map(|(error, value)| error / value.powf(power)).collect();
        let logs: Vec<f64> = pairs.iter().map(|(_, value)| value.ln()).collect();
        Some(mean(&sizes).filter(|size| *size > 0.0)?.ln() + power * mean(&logs)?)
    };
    let costs = [0.0, 0.5, 1.0].map(|power| (power, cost(power).unwrap_or(f64::INFINITY)));
    costs.into_iter().min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0.0, |(power, _)| power)
}

impl Curve {
    fn of(sizes: &[Vec<f64>], origins: usize, bounds: (f64, f64), caution: f64) -> Self {
        let scale = Scale::of(sizes, bounds);
        let on_scale: Vec<f64> = sizes
            .iter()
            .enumerate()
            .flat_map(|(ahead, sizes)| sizes.iter().map(move |size| size / scale.at(ahead)))
            .filter(|size| size.is_finite())
            .collect();
        let weeks = number(origins) / number(WEEK);
        let reach = |share: f64, side: f64| {
            let share = (share * (1.0 + 0.2 / weeks.max(1.0))).min(1.0);
            let beyond: Vec<f64> = on_scale.iter().map(|size| (size * side).max(0.0)).collect();
            let reach = quantile(&beyond, f64::midpoint(1.0, share)).unwrap_or(0.0);
            reach * (1.0 + caution / weeks.max(1.0))
        };
        let both = |share: f64| (reach(share, -1.0), reach(share, 1.0));
        Self { scale, quantiles: Width { of_80: both(0.8), of_95: both(0.95) } }
    }

    fn width(&self, ahead: usize, unit: f64) -> Width {
        let scale = self.scale.at(ahead) * unit;
        let scaled = |(below, above): (f64, f64)| (below * scale, above * scale);
        Width { of_80: scaled(self.quantiles.of_80), of_95: scaled(self.quantiles.of_95) }
    }
}

impl Scale {
    /// Least squares of the logs of mean size and days, weighted by how often each was seen.
    fn of(sizes: &[Vec<f64>], bounds: (f64, f64)) -> Self {
        let points: Vec<(f64, f64, f64)> = sizes
            .iter()
            .enumerate()
            .filter(|(_, sizes)| sizes.len() >= SEEN)
            .filter_map(|(ahead, sizes)| {
                let sizes: Vec<f64> = sizes.iter().map(|size| size.abs()).collect();
                let size = mean(&sizes).filter(|size| *size > 0.0)?;
                Some((number(ahead + 1).ln(), size.ln(), number(sizes.len())))
            })
            .collect();
        let total: f64 = points.iter().map(|(_, _, weight)| weight).sum();
        if total <= 0.0 {
            return Self { start: 1.0, growth: bounds.0 };
        }
        let mean_of = |of: fn(&(f64, f64, f64)) -> f64| {
            points.iter().map(|point| of(point) * point.2).sum::<f64>() / total
        };
        let (x, y) = (mean_of(|point| point.0), mean_of(|point| point.1));
        let (mut xy, mut xx) = (0.0, 0.0);
        for (of_x, of_y, weight) in &points {
            xy += weight * (of_x - x) * (of_y - y);
            xx += weight * (of_x - x).powi(2);
        }
        let growth = if xx > 0.0 { xy / xx } else { f64::midpoint(bounds.0, bounds.1) };
        let growth = growth.clamp(bounds.0, bounds.1);
        Self { start: (y - growth * x).exp(), growth }
    }

    fn at(self, ahead: usize) -> f64 {
        self.start * number(ahead + 1).powf(self.growth)
    }
}

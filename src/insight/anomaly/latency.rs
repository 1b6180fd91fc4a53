//! How long answers usually take per hour of the week, and hours that are slower.
//!
//! Works on logarithms. A percentile of few requests is uncertain; the fewer, the further off it
//! may be.

use std::ops::Range;

use super::grid::{Grid, WEEK};
use super::robust::{Residual, median, scale, share_of_noise};
use super::usual::{count, third_highest};

/// Days that the level is the median of.
const LEVEL_DAYS: usize = 14;
/// Noise is never taken for smaller than this (logarithm).
const LEAST_NOISE: f64 = 0.05;
/// Weight of "no different from other hours", in days.
const SAME_WEIGHT: f64 = 4.0;
/// Standard errors between an hour of the week and its hour of the day, from which on it is of its
/// own: a weekly batch changes the mix of models.
const OWN_HOUR: f64 = 4.0;

/// The usual course of a percentile of latency.
#[derive(Debug, Clone)]
pub(super) struct UsualLatency {
    /// Logarithm of each hour of the week against its day.
    shape: [f64; WEEK],
    noise: f64,
    /// Variance of the logarithm with one request.
    spread: f64,
    /// Third highest daily peak score of the history.
    pub(super) peak_score: f64,
}

impl UsualLatency {
    /// Learns from whole days. `logs` holds NaN where an hour has too few requests to count.
    pub(super) fn learn(
        logs: &[f64],
        known: &[f64],
        grid: &Grid,
        days: Range<usize>,
        spread: f64,
    ) -> Option<Self> {
        let mut usual = Self { shape: [0.0; WEEK], noise: 0.0, spread, peak_score: 0.0 };
        let levels: Vec<f64> = days.clone().map(|day| usual.day_level(logs, grid, day)).collect();
        usual.shape = shape(logs, grid, days.clone(), |day| levels[day - days.start]);
        let mut residuals = Vec::new();
        let mut day_of = Vec::new();
        for day in days.clone() {
            let level = usual.day_level(logs, grid, day);
            for hour in known_hours(logs, grid, day) {
                let off = logs[hour] - level - usual.shape[grid.slot(hour)];
                residuals.push(Residual { off, counting: spread / known[hour], size: 1.0 });
                day_of.push(day - days.start);
            }
        }
        if residuals.is_empty() {
            return None;
        }
        usual.noise = 1.2 * share_of_noise(&residuals, LEAST_NOISE);
        let mut peaks = vec![0.0_f64; days.len()];
        for (day, residual) in day_of.into_iter().zip(&residuals) {
            peaks[day] = peaks[day].max(residual.score(usual.noise));
        }
        usual.peak_score = third_highest(peaks);
        Some(usual)
    }

    /// The median of a day's hours, each against its hour of the day; NaN below six hours.
    pub(super) fn day_level(&self, logs: &[f64], grid: &Grid, day: usize) -> f64 {
        let values: Vec<f64> = known_hours(logs, grid, day)
            .map(|hour| logs[hour] - self.shape[grid.slot(hour)])
            .collect();
        if values.len() < 6 { f64::NAN } else { median(values).unwrap_or(f64::NAN) }
    }

    /// The expected logarithm in an hour of the week, at a level.
    pub(super) fn expected(&self, level: f64, slot: usize) -> f64 {
        level + self.shape[slot]
    }

    /// The usual deviation of the logarithm over so many requests.
    pub(super) fn deviation(&self, known: f64) -> f64 {
        (self.spread / known + self.noise.powi(2)).sqrt()
    }
}

/// Each hour of the week against its day: as its hour of the day, unless clearly of its own.
fn shape(
    logs: &[f64],
    grid: &Grid,
    days: Range<usize>,
    level: impl Fn(usize) -> f64,
) -> [f64; WEEK] {
    let mut slots: Vec<Vec<f64>> = vec![Vec::new(); WEEK];
    for day in days {
        for hour in known_hours(logs, grid, day) {
            let off = logs[hour] - level(day);
            if off.is_finite() {
                slots[grid.slot(hour)].push(off);
            }
        }
    }
    let mut shape = [0.0; WEEK];
    for hour in 0..24 {
        let of_day = || slots.iter().skip(hour).step_by(24).flatten().copied();
        let number = count(of_day().count());
        let pool = median(of_day()).unwrap_or(0.0) * number / (number + SAME_WEIGHT);
        // Around the middle of each weekday's own: what a weekly batch does is no noise.
        let around_own = (hour..WEEK).step_by(24).flat_map(|slot| {
            let own = median(slots[slot].iter().copied()).unwrap_or(0.0);
            slots[slot].iter().map(move |off| off - own)
        });
        let noise = scale(around_own, 0.0).unwrap_or(0.0).max(LEAST_NOISE);
        for slot in (hour..WEEK).step_by(24) {
            let weeks = count(slots[slot].len());
            let own = median(slots[slot].iter().copied()).unwrap_or(pool);
            let is_own = weeks >= 2.0 && (own - pool).abs() > OWN_HOUR * noise / weeks.sqrt();
            shape[slot] = if is_own { own } else { pool };
        }
    }
    shape
}

/// The level at the start of a day.
pub(super) fn level(day_levels: &[f64], since: usize, day: usize) -> Option<f64> {
    let first = since.max(day.saturating_sub(LEVEL_DAYS));
    median(day_levels[first..day].iter().copied())
}

fn known_hours<'a>(logs: &'a [f64], grid: &Grid, day: usize) -> impl Iterator<Item = usize> + 'a {
    grid.days()[day].hours.clone().filter(|hour| logs[*hour].is_finite())
}

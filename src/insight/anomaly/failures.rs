//! What share of the requests usually fails, and hours in which more do.
//!
//! The usual rate is that of the last four weeks, the worst tenth of the days left out. Failures
//! come in bursts: a series whose history has bursts needs a larger one to be told.

use std::ops::Range;

use super::grid::Grid;
use super::robust::{Residual, median, share_of_noise};
use super::usual::{count, third_highest};

/// Days that the usual rate is learnt from.
const DAYS: usize = 28;

/// The usual failures of a series.
#[derive(Debug, Clone, Copy)]
pub(super) struct UsualFailures {
    /// Failures ÷ requests.
    pub(super) rate: f64,
    noise_share: f64,
    /// Third highest daily peak score of the history.
    pub(super) peak_score: f64,
}

impl UsualFailures {
    /// Learns from whole days; none where they have no requests.
    pub(super) fn learn(
        failures: &[f64],
        requests: &[f64],
        grid: &Grid,
        days: Range<usize>,
    ) -> Option<Self> {
        let days = days.start.max(days.end.saturating_sub(DAYS))..days.end;
        let rate = usual_rate(failures, requests, grid, &days)?;
        let mut residuals = Vec::with_capacity(days.len() * 24);
        let mut day_of = Vec::with_capacity(days.len() * 24);
        for day in days.clone() {
            for hour in grid.days()[day].hours.clone().filter(|hour| requests[*hour] > 0.0) {
                let size = rate * requests[hour];
                residuals.push(Residual {
                    off: failures[hour] - size,
                    counting: size.max(1.0),
                    size,
                });
                day_of.push(day - days.start);
            }
        }
        let noise_share = share_of_noise(&residuals, 0.3);
        let mut peaks = vec![0.0_f64; days.len()];
        for (day, residual) in day_of.into_iter().zip(&residuals) {
            peaks[day] = peaks[day].max(residual.score(noise_share));
        }
        Some(Self { rate, noise_share, peak_score: third_highest(peaks) })
    }

    /// The usual deviation from an expected number of failures.
    pub(super) fn deviation(&self, expected: f64) -> f64 {
        (expected.max(1.0) + (self.noise_share * expected).powi(2)).sqrt()
    }
}

fn usual_rate(failures: &[f64], requests: &[f64], grid: &Grid, days: &Range<usize>) -> Option<f64> {
    let mut totals: Vec<(f64, f64)> = Vec::with_capacity(days.len());
    for day in days.clone() {
        let hours = grid.days()[day].hours.clone().filter(|hour| requests[*hour] > 0.0);
        let total = hours.fold((0.0, 0.0), |(f, r), hour| (f + failures[hour], r + requests[hour]));
        if total.1 > 0.0 {
            totals.push(total);
        }
    }
    let rate = |total: &(f64, f64)| total.0 / total.1;
    totals.sort_unstable_by(|a, b| rate(a).total_cmp(&rate(b)));
    let middle = median(totals.iter().map(rate))?;
    let kept = &totals[..totals.len() - totals.len() / 10];
    let (failed, all) = kept.iter().fold((0.0, 0.0), |(f, r), total| (f + total.0, r + total.1));
    // Never failed in n requests: the rate is hardly above 1 in 2 n.
    let least = 0.5 / all.max(count(1));
    Some(middle.max(failed / all).max(least))
}

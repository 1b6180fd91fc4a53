//! What the days to come will bring: expected values with intervals that a back-test has earned.
//!
//! [`forecast`] takes a daily series and a horizon. Several simple `model`s are tried on the past
//! (`backtest`), the best three together make the forecast, and their errors make the intervals
//! (`interval`). Pure and deterministic: the same series gives the same forecast.

mod backtest;
mod exhaustion;
mod interval;
mod model;

use super::series::{Daily, WEEK, mean};
use backtest::BackTest;
pub use exhaustion::{DaysAhead, Exhaustion, exhaustion};
use interval::{Spread, Width};

/// Known days without which there is no forecast: three weeks.
pub const SHORTEST_HISTORY: usize = 3 * WEEK;

/// An expected value with its intervals; never negative.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expected {
    /// What is expected.
    pub mean: f64,
    /// Lower and upper end of the 80 % interval.
    pub of_80: (f64, f64),
    /// Lower and upper end of the 95 % interval.
    pub of_95: (f64, f64),
}

/// A forecast of the days after a series.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// Each day.
    pub days: Vec<Expected>,
    /// The sum of the days up to and including each day.
    pub sums: Vec<Expected>,
    /// How far forecasts of the past were off.
    pub back_test: Quality,
}

/// How far forecasts of the past were off, all horizons together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quality {
    /// Days from which a forecast was tried.
    pub origins: usize,
    /// Mean absolute error of a day.
    pub mae: f64,
    /// The same of seasonal-naive, which expects what the last same weekday had.
    pub seasonal_naive_mae: f64,
    /// `mae` ÷ the mean absolute difference of days a week apart (Hyndman & Koehler 2006); `None`
    /// where weeks never differ.
    pub mase: Option<f64>,
}

/// Why there is no forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooShort {
    /// Known days.
    pub known: usize,
    /// Known days that are needed.
    pub needed: usize,
}

/// A forecast of `horizon` days after the end of the series.
///
/// # Errors
/// [`TooShort`] below [`SHORTEST_HISTORY`] known days.
pub fn forecast(series: &Daily, horizon: usize) -> Result<Forecast, TooShort> {
    let known = series.known();
    let too_short = TooShort { known, needed: SHORTEST_HISTORY };
    if known < SHORTEST_HISTORY {
        return Err(too_short);
    }
    let test = BackTest::of(series, horizon).ok_or(too_short)?;
    let expected = test.expected(series, horizon);
    let spread = Spread::of(&test.trials);
    let days = expected.iter().enumerate();
    let mut sum = 0.0;
    let sums = expected.iter().enumerate().map(|(ahead, day)| {
        sum += day;
        around(sum, spread.of_sum(&expected[..=ahead]))
    });
    let sums = sums.collect();
    Ok(Forecast {
        days: days.map(|(ahead, day)| around(*day, spread.of_day(ahead, *day))).collect(),
        sums,
        back_test: Quality {
            origins: test.trials.len(),
            mae: test.mae(),
            seasonal_naive_mae: test.naive_mae,
            mase: week_apart(series).filter(|scale| *scale > 0.0).map(|scale| test.mae() / scale),
        },
    })
}

fn around(mean: f64, width: Width) -> Expected {
    let interval = |(below, above): (f64, f64)| ((mean - below).max(0.0), mean + above);
    Expected { mean, of_80: interval(width.of_80), of_95: interval(width.of_95) }
}

/// Mean absolute difference of known days a week apart.
fn week_apart(series: &Daily) -> Option<f64> {
    let later = series.values.iter().skip(WEEK);
    let differences: Vec<f64> = series
        .values
        .iter()
        .zip(later)
        .filter_map(|(before, after)| Some((after.as_ref()? - before.as_ref()?).abs()))
        .collect();
    mean(&differences)
}

#[cfg(test)]
pub(super) mod tests;

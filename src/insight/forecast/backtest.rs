//! Forecasts made from the past as it was known then, and how far they were off.
//!
//! One forecast per origin: the model sees the days before it and is asked for the days after it.
//! The same errors choose the model, measure it against seasonal-naive and give the intervals.

use super::model::{Learnt, SHAPES, Shape, seasonal_naive};
use crate::insight::series::{Daily, WEEK, mean, number};

/// Days that the first forecast of a back-test learns from.
const FIRST_ORIGIN: usize = 2 * WEEK;
/// Origins at most: the last eight weeks.
const ORIGINS: usize = 10 * WEEK;
/// Shapes whose mean is the forecast.
const CHOSEN: usize = 3;

/// Weight of an origin against the day after it, in the choice of shapes.
const AGEING: f64 = 0.95;

/// A forecast from the past: one entry per day after the origin.
pub(super) struct Trial {
    /// What was expected.
    pub(super) expected: Vec<f64>,
    /// What came, less what was expected; `None` where what came isn't known.
    pub(super) errors: Vec<Option<f64>>,
}

/// The forecasts of all origins, by the chosen shapes together.
pub(super) struct BackTest {
    pub(super) chosen: Vec<Shape>,
    pub(super) trials: Vec<Trial>,
    /// Mean absolute error of seasonal-naive on the same days.
    pub(super) naive_mae: f64,
}

impl BackTest {
    /// Tests all shapes for a horizon; `None` where no day of the past can be tested.
    pub(super) fn of(series: &Daily, horizon: usize) -> Option<Self> {
        let days = series.values.len();
        let first = FIRST_ORIGIN.max(days.saturating_sub(ORIGINS));
        let mut by_shape: Vec<Vec<Trial>> = SHAPES.iter().map(|_| Vec::new()).collect();
        let mut naive = Vec::new();
        for origin in first..days {
            let past = series.before(origin);
            let to_come = &series.values[origin..days.min(origin + horizon)];
            let learnt = Learnt::from(&past);
            for (shape, trials) in SHAPES.iter().zip(&mut by_shape) {
                trials.push(Trial::of(learnt.predict(*shape, to_come.len()), to_come));
            }
            naive.extend(
                seasonal_naive(&past, to_come.len()).map(|expected| Trial::of(expected, to_come)),
            );
        }
        let naive_mae = mean_absolute(&naive)?;
        let best = best(&by_shape);
        let trials =
            together(&best.iter().map(|index| by_shape[*index].as_slice()).collect::<Vec<_>>());
        Some(Self { chosen: best.iter().map(|index| SHAPES[*index]).collect(), trials, naive_mae })
    }

    /// Mean absolute error.
    pub(super) fn mae(&self) -> f64 {
        mean_absolute(&self.trials).unwrap_or(f64::NAN)
    }

    /// What the chosen shapes expect after the end of the series.
    pub(super) fn expected(&self, series: &Daily, horizon: usize) -> Vec<f64> {
        let learnt = Learnt::from(series);
        let all: Vec<Vec<f64>> =
            self.chosen.iter().map(|shape| learnt.predict(*shape, horizon)).collect();
        (0..horizon)
            .map(|ahead| all.iter().map(|one| one[ahead]).sum::<f64>() / number(all.len()))
            .collect()
    }
}

impl Trial {
    fn of(expected: Vec<f64>, came: &[Option<f64>]) -> Self {
        let errors = came.iter().zip(&expected).map(|(came, expected)| Some((*came)? - expected));
        Self { errors: errors.collect(), expected }
    }
}

/// The shapes with the smallest mean absolute error.
fn best(by_shape: &[Vec<Trial>]) -> Vec<usize> {
    let mut order: Vec<(usize, f64)> = by_shape
        .iter()
        .enumerate()
        .map(|(index, trials)| (index, recent_error(trials).unwrap_or(f64::INFINITY)))
        .collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1));
    order.into_iter().take(CHOSEN).map(|(index, _)| index).collect()
}

/// The means of several shapes' forecasts.
fn together(shapes: &[&[Trial]]) -> Vec<Trial> {
    let Some(first) = shapes.first() else { return Vec::new() };
    let average = |of: &dyn Fn(&Trial) -> Option<f64>, origin: usize| -> Option<f64> {
        let values: Option<Vec<f64>> = shapes.iter().map(|trials| of(&trials[origin])).collect();
        mean(&values?)
    };
    (0..first.len())
        .map(|origin| {
            let ahead = 0..first[origin].expected.len();
            Trial {
                expected: ahead
                    .clone()
                    .map(|day| average(&|trial| Some(trial.expected[day]), origin).unwrap_or(0.0))
                    .collect(),
                errors: ahead.map(|day| average(&|trial| trial.errors[day], origin)).collect(),
            }
        })
        .collect()
}

/// Mean absolute error, origins weighted by age.
fn recent_error(trials: &[Trial]) -> Option<f64> {
    let (mut sum, mut weights) = (0.0, 0.0);
    for (age, trial) in trials.iter().rev().enumerate() {
        let weight = AGEING.powf(number(age));
        for error in trial.errors.iter().flatten() {
            sum += weight * error.abs();
            weights += weight;
        }
    }
    (weights > 0.0).then(|| sum / weights)
}

fn mean_absolute(trials: &[Trial]) -> Option<f64> {
    let errors: Vec<f64> = trials
        .iter()
        .flat_map(|trial| trial.errors.iter().flatten())
        .map(|error| error.abs())
        .collect();
    mean(&errors)
}

//! Level shifts: days from which a daily series stays on another level.
//!
//! The series, weekdays evened out and outliers drawn in, is explained by one line and steps. Steps
//! are added one by one where they explain most, as long as they are larger than chance explains; the
//! line keeps a steady rise from being read as steps, and the errors' likeness from day to day (the
//! long-run variance, Newey & West 1987) keeps slow noise from it. The threshold is set by series
//! without a step: at most one in twenty of ninety days gets one (`docs/insight.md`).

use chrono::NaiveDate;

use crate::insight::series::{Daily, WEEK, mean, number};
use crate::insight::weekday::{SMALLEST_FACTOR, profile, without_outliers};

/// Known days without which no shift is looked for: four weeks.
pub const SHORTEST_SEARCH: usize = 4 * WEEK;

/// Days looked at: the last half year.
const SEARCHED_DAYS: usize = 26 * WEEK;
/// Days that a level must last on both sides of a shift.
const SHORTEST_LEVEL: usize = 10;
/// Known days of these.
const FEWEST_KNOWN: usize = 5;
/// Size of a step in its own standard errors below which it is chance.
const THRESHOLD: f64 = 4.4;
/// Size of a step against the level before it below which nobody asks for it.
const SMALLEST_CHANGE: f64 = 0.1;
/// Steps at most.
const MOST_STEPS: usize = 6;
/// Lags of the long-run variance.
const LAGS: usize = 6;

/// A shift of level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LevelShift {
    /// First day of the new level.
    pub day: NaiveDate,
    /// Mean of the level before, since the shift before it, weekdays evened out.
    pub before: f64,
    /// Mean of the level from then on, until the next shift.
    pub after: f64,
    /// Size of the step in its own standard errors.
    pub standard_errors: f64,
}

/// The level shifts of the last half year, in order of time; `None` below [`SHORTEST_SEARCH`] known
/// days.
pub fn level_shifts(series: &Daily) -> Option<Vec<LevelShift>> {
    let recent = series.last(SEARCHED_DAYS);
    if recent.known() < SHORTEST_SEARCH {
        return None;
    }
    let even = even(&recent);
    let mut steps = Vec::new();
    while steps.len() < MOST_STEPS
        && let Some(more) = next_step(&even, &steps).or_else(|| there_and_back(&even, &steps))
    {
        steps = more;
    }
    let sizes = confirmed(&even, &mut steps);
    Some(shifts(&recent, &even, &steps, &sizes))
}

/// Known days as (index, value) with weekdays evened out, outliers drawn in.
fn even(series: &Daily) -> Vec<(usize, f64)> {
    let clean = without_outliers(series, &profile(series));
    let factors = profile(&clean);
    let of_day = |(index, value): (usize, &Option<f64>)| {
        let factor = factors[clean.weekday(index)];
        value.filter(|_| factor > SMALLEST_FACTOR).map(|value| (index, value / factor))
    };
    clean.values.iter().enumerate().filter_map(of_day).collect()
}

/// The steps with the one that explains most beside them, if it is more than chance.
fn next_step(days: &[(usize, f64)], steps: &[usize]) -> Option<Vec<usize>> {
    let last = days.last()?.0;
    let mut best: Option<(f64, usize)> = None;
    for step in SHORTEST_LEVEL..(last + 2).saturating_sub(SHORTEST_LEVEL) {
        let with = together(steps, &[step]);
        if !levels_last(days, &with) {
            continue;
        }
        let Some(fit) = Fit::of(days, &with) else { continue };
        if best.is_none_or(|(least, _)| fit.squares < least) {
            best = Some((fit.squares, step));
        }
    }
    let added = [best?.1];
    more_than_chance(days, together(steps, &added), &added)
}

/// The steps with two more, to another level and back, if both are more than chance: such a pair can
/// hide from a search for one step.
fn there_and_back(days: &[(usize, f64)], steps: &[usize]) -> Option<Vec<usize>> {
    let residuals = Fit::of(days, steps)?.residuals;
    let sums: Vec<f64> = std::iter::once(0.0)
        .chain(residuals.iter().scan(0.0, |sum, day| {
            *sum += day.1;
            Some(*sum)
        }))
        .collect();
    let all = residuals.len();
    let mut best: Option<(f64, [usize; 2])> = None;
    for start in 0..all {
        for end in start + FEWEST_KNOWN..all {
            let pair = [residuals[start].0, residuals[end].0];
            let share = number(end - start) / number(all);
            let gain = (sums[end] - sums[start]).powi(2) / (number(end - start) * (1.0 - share));
            if best.is_none_or(|(most, _)| gain > most)
                && levels_last(days, &together(steps, &pair))
            {
                best = Some((gain, pair));
            }
        }
    }
    let added = best?.1;
    more_than_chance(days, together(steps, &added), &added)
}

fn together(steps: &[usize], added: &[usize]) -> Vec<usize> {
    let mut all = [steps, added].concat();
    all.sort_unstable();
    all
}

fn more_than_chance(
    days: &[(usize, f64)],
    steps: Vec<usize>,
    added: &[usize],
) -> Option<Vec<usize>> {
    let fit = Fit::of(days, &steps)?;
    let sure = |added: &usize| {
        let index = steps.iter().position(|step| step == added);
        index.is_some_and(|index| fit.standard_errors(index) >= THRESHOLD)
    };
    added.iter().all(sure).then_some(steps)
}

/// Whether every level between the steps lasts and is known for some days.
fn levels_last(days: &[(usize, f64)], steps: &[usize]) -> bool {
    let last = days.last().map_or(0, |day| day.0) + 1;
    let starts = std::iter::once(0).chain(steps.iter().copied());
    let ends = steps.iter().copied().chain([last]);
    starts.zip(ends).all(|(start, end)| {
        let known = days.iter().filter(|day| (start..end).contains(&day.0)).count();
        end >= start + SHORTEST_LEVEL && known >= FEWEST_KNOWN
    })
}

/// Takes out steps that the later ones have made chance, the least certain first, and returns the
/// sizes of the rest in standard errors.
fn confirmed(days: &[(usize, f64)], steps: &mut Vec<usize>) -> Vec<f64> {
    loop {
        let Some(fit) = Fit::of(days, steps) else { return Vec::new() };
        let sizes: Vec<f64> = (0..steps.len()).map(|index| fit.standard_errors(index)).collect();
        let least = sizes.iter().enumerate().min_by(|a, b| a.1.total_cmp(b.1));
        match least {
            Some((index, size)) if *size < THRESHOLD => drop(steps.remove(index)),
            _ => return sizes,
        }
    }
}

fn shifts(
    series: &Daily,
    days: &[(usize, f64)],
    steps: &[usize],
    sizes: &[f64],
) -> Vec<LevelShift> {
    let level = |start: usize, end: usize| {
        let within = days.iter().filter(|day| (start..end).contains(&day.0));
        mean(&within.map(|day| day.1).collect::<Vec<_>>()).unwrap_or(0.0)
    };
    let found = steps.iter().zip(sizes).enumerate().map(|(index, (step, size))| {
        let start = index.checked_sub(1).map_or(0, |before| steps[before]);
        let end = steps.get(index + 1).copied().unwrap_or(usize::MAX);
        LevelShift {
            day: series.day(*step),
            before: level(start, *step),
            after: level(*step, end),
            standard_errors: *size,
        }
    });
    let matters = |shift: &LevelShift| {
        (shift.after - shift.before).abs() >= SMALLEST_CHANGE * shift.before.abs()
    };
    found.filter(matters).collect()
}

/// Least squares of a line and steps.
struct Fit {
    coefficients: Vec<f64>,
    /// Diagonal of the inverse of the normal equations.
    inverse: Vec<f64>,
    /// What is left to explain of each day.
    residuals: Vec<(usize, f64)>,
    /// Sum of the squared residuals.
    squares: f64,
    /// Variance of a residual, the likeness of neighbouring ones included.
    variance: f64,
}

impl Fit {
    fn of(days: &[(usize, f64)], steps: &[usize]) -> Option<Self> {
        let width = 2 + steps.len();
        let length = number(days.last()?.0 + 1);
        let row = |day: usize| {
            let line = [1.0, number(day) / length];
            let after = steps.iter().map(move |step| f64::from(u8::from(day >= *step)));
            line.into_iter().chain(after).collect::<Vec<f64>>()
        };
        let mut normal = vec![vec![0.0; width * 2]; width];
        let mut right = vec![0.0; width];
        for (day, value) in days {
            let row = row(*day);
            for i in 0..width {
                right[i] += row[i] * value;
                for j in 0..width {
                    normal[i][j] += row[i] * row[j];
                }
            }
        }
        let inverse = inverted(normal)?;
        let coefficients: Vec<f64> =
            inverse.iter().map(|row| row.iter().zip(&right).map(|(a, b)| a * b).sum()).collect();
        let expected =
            |day: usize| -> f64 { row(day).iter().zip(&coefficients).map(|(a, b)| a * b).sum() };
        let residuals: Vec<(usize, f64)> =
            days.iter().map(|(day, value)| (*day, value - expected(*day))).collect();
        let freedom = number(days.len().checked_sub(width)?).max(1.0);
        Some(Self {
            squares: residuals.iter().map(|day| day.1.powi(2)).sum(),
            variance: long_run_variance(&residuals, freedom),
            inverse: inverse.iter().enumerate().map(|(index, row)| row[index]).collect(),
            coefficients,
            residuals,
        })
    }

    /// Size of a step in its standard errors; huge where nothing else is left to explain.
    fn standard_errors(&self, step: usize) -> f64 {
        let (size, error) =
            (self.coefficients[step + 2], (self.variance * self.inverse[step + 2]).sqrt());
        // What rounding leaves of an exact fit is no step.
        let scale = self.coefficients[0]
            .abs()
            .max(self.coefficients[2..].iter().fold(0.0, |a, b| a.max(b.abs())));
        if size.abs() <= 1e-9 * scale { 0.0 } else { (size / error).abs() }
    }
}

/// Newey and West's variance with Bartlett weights, by calendar distance; at least the plain one.
fn long_run_variance(residuals: &[(usize, f64)], freedom: f64) -> f64 {
    let product = |lag: usize| -> f64 {
        let mut sum = 0.0;
        let mut earlier = residuals.iter().peekable();
        for (day, value) in residuals {
            while earlier.peek().is_some_and(|other| other.0 + lag < *day) {
                earlier.next();
            }
            if let Some((other, before)) = earlier.peek()
                && other + lag == *day
            {
                sum += value * before;
            }
        }
        sum
    };
    let plain = product(0);
    let alike: f64 =
        (1..=LAGS).map(|lag| 2.0 * (1.0 - number(lag) / number(LAGS + 1)) * product(lag)).sum();
    (plain + alike.max(0.0)) / freedom
}

/// Gauss and Jordan's inverse; `matrix` has room for as many columns again. `None` when singular.
fn inverted(mut matrix: Vec<Vec<f64>>) -> Option<Vec<Vec<f64>>> {
    let width = matrix.len();
    for (index, row) in matrix.iter_mut().enumerate() {
        row[width + index] = 1.0;
    }
    for column in 0..width {
        let pivot = (column..width)
            .max_by(|a, b| matrix[*a][column].abs().total_cmp(&matrix[*b][column].abs()))?;
        matrix.swap(column, pivot);
        let scale = matrix[column][column];
        if scale.abs() < 1e-9 {
            return None;
        }
        for value in &mut matrix[column] {
            *value /= scale;
        }
        let row = matrix[column].clone();
        for (index, other) in matrix.iter_mut().enumerate() {
            if index != column {
                let factor = other[column];
                for (value, of_row) in other.iter_mut().zip(&row) {
                    *value -= factor * of_row;
                }
            }
        }
    }
    Some(matrix.into_iter().map(|row| row[width..].to_vec()).collect())
}

#[cfg(test)]
mod tests;

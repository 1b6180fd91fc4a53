//! Days from which on a series lies elsewhere: level shifts and slow ramps.
//!
//! Works on the logarithms of days against the usual week. Every possible beginning within the
//! last weeks is tried: the days from it on against the median of the days before. Fewer low
//! working days in a row than the rules say are never a shift, since that is what holidays look
//! like; nor is a single high day.

use super::robust::{median, scale};
use super::rules::ShiftRules;
use super::usual::count;

/// Day-to-day noise is never taken for smaller than this (logarithm).
const LEAST_NOISE: f64 = 0.05;
/// Days are alike their neighbours; the standard error of their mean is this much larger.
const ALIKE_NEIGHBOURS: f64 = 1.5;
/// Days that the level before is the median of, at most.
const DAYS_BEFORE: usize = 42;
/// Days that the level before needs where it starts at an earlier shift.
const DAYS_BETWEEN_SHIFTS: usize = 7;

/// A series lies elsewhere from a day on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shift {
    /// The first day.
    pub(super) onset: usize,
    /// Level after ÷ level before, as a logarithm.
    pub(super) change: f64,
    /// Robust standard errors.
    pub(super) score: f64,
    /// Whether it climbs or falls day by day rather than at once.
    pub(super) is_ramp: bool,
}

/// Days of one series.
#[derive(Debug, Clone, Copy)]
pub(super) struct Days<'a> {
    /// Logarithm of each day against the usual week; NaN where unknown.
    pub(super) logs: &'a [f64],
    /// Whether each day is of a busy weekday.
    pub(super) is_working: &'a [bool],
    /// First day of the present level: an earlier shift, or the first day known.
    pub(super) since: usize,
    /// Whether that was a shift.
    pub(super) after_shift: bool,
}

/// The clearest shift that can be told at the end of the last day of `days`.
pub(super) fn find(days: &Days<'_>, rules: &ShiftRules) -> Option<Shift> {
    let today = days.logs.len().checked_sub(1)?;
    if !days.logs[today].is_finite() {
        return None;
    }
    let needed = if days.after_shift { DAYS_BETWEEN_SHIFTS } else { rules.days_before };
    let first = (days.since + needed).max(today.saturating_sub(rules.look_back_days));
    let mut best: Option<Shift> = None;
    for onset in first..=today {
        let found = judge(days, onset, needed, rules);
        if let Some(found) = found
            && best.is_none_or(|best| found.score > best.score)
        {
            best = Some(found);
        }
    }
    best.map(|shift| with_whole_course(shift, days))
}

/// Whether the days from `onset` on lie elsewhere than those before.
fn judge(days: &Days<'_>, onset: usize, needed: usize, rules: &ShiftRules) -> Option<Shift> {
    let known = |from: usize, to: usize| {
        days.logs[from..to].iter().copied().filter(|log| log.is_finite()).collect::<Vec<f64>>()
    };
    let before = known(days.since.max(onset.saturating_sub(DAYS_BEFORE)), onset);
    let after = known(onset, days.logs.len());
    if before.len() < needed || after.len() < rules.days_up {
        return None;
    }
    let level = median(before.iter().copied())?;
    let noise = scale(before.iter().copied(), level)?.max(LEAST_NOISE);
    let middle = median(after.iter().copied())?;
    let least = rules.ratio.ln();
    let change = if middle > level {
        let lowest = after.iter().copied().fold(f64::INFINITY, f64::min);
        if after.len() <= 3 { lowest - level } else { middle - level }
    } else {
        let working = (onset..days.logs.len()).filter(|day| days.is_working[*day]);
        let (mut low_days, mut all_low) = (0, true);
        for log in working.map(|day| days.logs[day]).filter(|log| log.is_finite()) {
            low_days += 1;
            all_low &= log < level - least / 2.0;
        }
        if low_days < rules.working_days_down || !all_low {
            return None;
        }
        middle - level
    };
    let error =
        noise * ALIKE_NEIGHBOURS * (1.0 / count(after.len()) + 1.0 / count(before.len())).sqrt();
    let score = change.abs() / error;
    let points_one_way = (change > 0.0) == (middle > level);
    // A shift begins with a day that shifted.
    let begins = (days.logs[onset] - level) * change.signum() >= change.abs() / 2.0;
    (points_one_way && begins && change.abs() >= least && score >= rules.score).then_some(Shift {
        onset,
        change,
        score,
        is_ramp: false,
    })
}

/// Moves the beginning back to where the days left the level before, and tells ramps from steps.
fn with_whole_course(shift: Shift, days: &Days<'_>) -> Shift {
    let earliest = days.since + DAYS_BETWEEN_SHIFTS.min(shift.onset - days.since);
    let before = |onset: usize| {
        days.logs[days.since.max(onset.saturating_sub(DAYS_BEFORE))..onset].iter().copied()
    };
    let Some(level) = median(before(shift.onset)) else { return shift };
    let noise = scale(before(shift.onset), level).unwrap_or(0.0).max(LEAST_NOISE);
    let direction = shift.change.signum();
    let mut onset = shift.onset;
    while onset > earliest && (days.logs[onset - 1] - level) * direction > noise {
        onset -= 1;
    }
    let course: Vec<(f64, f64)> = (onset..days.logs.len())
        .map(|day| (count(day - onset), days.logs[day]))
        .filter(|(_, log)| log.is_finite())
        .collect();
    let is_ramp = course.len() >= 5 && climb(&course) * direction >= 0.5 * shift.change.abs();
    Shift { onset, is_ramp, ..shift }
}

/// How far a line through the points climbs from the first to the last.
fn climb(points: &[(f64, f64)]) -> f64 {
    let number = count(points.len());
    let (sum_x, sum_y) = points.iter().fold((0.0, 0.0), |(x, y), p| (x + p.0, y + p.1));
    let (mean_x, mean_y) = (sum_x / number, sum_y / number);
    let covariance: f64 = points.iter().map(|p| (p.0 - mean_x) * (p.1 - mean_y)).sum();
    let variance: f64 = points.iter().map(|p| (p.0 - mean_x).powi(2)).sum();
    let length = points.last().map_or(0.0, |last| last.0);
    if variance > 0.0 { covariance / variance * length } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::{Days, Shift, find};
    use crate::insight::anomaly::rules::{Rules, ShiftRules};

    fn rules() -> ShiftRules {
        Rules::embedded().expect("rules").shift
    }

    /// Four quiet weeks that swing by 5 %, then what is given.
    fn after(logs: &[f64]) -> Option<Shift> {
        let mut days: Vec<f64> = (0..28).map(|day| [0.05, 0.0, -0.05][day % 3]).collect();
        days.extend(logs);
        let is_working: Vec<bool> = (0..days.len()).map(|day| day % 7 < 5).collect();
        let days = Days { logs: &days, is_working: &is_working, since: 0, after_shift: false };
        find(&days, &rules())
    }

    #[test]
    fn two_days_at_twice_the_level_are_a_shift_and_one_is_not() {
        assert_eq!(after(&[0.7]), None);
        let shift = after(&[0.7, 0.68]).expect("a shift");
        assert_eq!((shift.onset, shift.is_ramp), (28, false));
        assert!((shift.change - 0.68).abs() < 1e-9, "{shift:?}");
    }

    #[test]
    fn low_days_are_a_shift_from_the_fifth_working_day_on() {
        assert_eq!(after(&[-0.9; 4]), None);
        // Day 28 is a Monday: the fifth low working day is the Friday.
        let shift = after(&[-0.9; 5]).expect("a shift");
        assert_eq!(shift.onset, 28);
        assert!((shift.change + 0.9).abs() < 1e-9, "{shift:?}");
        // A normal day in between, and it isn't in a row.
        assert_eq!(after(&[-0.9, -0.9, 0.0, -0.9, -0.9, -0.9, -0.9]), None);
    }

    #[test]
    fn a_slow_climb_is_a_ramp_that_began_when_it_began() {
        let climb: Vec<f64> = (1..=14).map(|day| f64::from(day) * 0.04).collect();
        let told = (1..=14).find_map(|days| after(&climb[..days]).map(|shift| (days, shift)));
        let (days, shift) = told.expect("a shift");
        assert!(shift.is_ramp, "{shift:?}");
        assert!((28..=31).contains(&shift.onset), "{shift:?}");
        assert!(days <= 12, "told after {days} days");
    }

    #[test]
    fn small_changes_are_not_told_however_sure() {
        assert_eq!(after(&[0.2; 14]), None);
    }
}

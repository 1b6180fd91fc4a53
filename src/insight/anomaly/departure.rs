//! A stretch of hours in which one series departs from its usual course.

use std::ops::Range;

use super::hourly::{Metric, Scope};

/// What the departure is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Nature {
    /// Next to no requests where there usually are.
    Silence,
    /// More throttles than usual.
    Throttling,
    /// More errors than usual.
    Errors,
    /// A new level.
    LevelShift,
    /// A climb or fall over days.
    Ramp,
    /// More than usual.
    Spike,
    /// Slower than usual.
    Slow,
}

/// A series over some hours, and what would have been usual.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Departure {
    pub(super) scope: Scope,
    pub(super) metric: Metric,
    pub(super) nature: Nature,
    /// First hour and the hour after the last.
    pub(super) hours: Range<usize>,
    /// Whether there is more than usual.
    pub(super) is_up: bool,
    /// Amounts: sums over the hours. Latencies: of the hour with the highest score.
    pub(super) expected: f64,
    /// Lower end of what would still be usual.
    pub(super) low: f64,
    /// Upper end of what would still be usual.
    pub(super) high: f64,
    /// Observed, as [`expected`](Self::expected).
    pub(super) observed: f64,
    /// The highest score of the hours, in robust standard deviations.
    pub(super) score: f64,
    /// The hour with that score.
    pub(super) peak: usize,
}

/// One hour that departs.
#[derive(Debug, Clone, Copy)]
pub(super) struct OddHour {
    pub(super) hour: usize,
    pub(super) observed: f64,
    pub(super) expected: f64,
    /// Half the width of what is usual.
    pub(super) width: f64,
    pub(super) score: f64,
}

/// What stretches of one series have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    pub(super) scope: Scope,
    pub(super) metric: Metric,
    pub(super) nature: Nature,
    /// Whether a stretch's figures are those of its worst hour rather than sums.
    pub(super) of_worst_hour: bool,
}

/// Odd hours, in order, as stretches with at most `gap` other hours between two.
///
/// `between` says what was observed and expected in the other hours, which then count too.
pub(super) fn stretches(
    hours: &[OddHour],
    kind: Kind,
    gap: usize,
    between: impl Fn(usize) -> (f64, f64),
) -> Vec<Departure> {
    let mut found: Vec<Departure> = Vec::new();
    for odd in hours {
        match found.last_mut() {
            Some(last) if odd.hour <= last.hours.end + gap => {
                if !kind.of_worst_hour {
                    (last.hours.end..odd.hour).map(&between).for_each(|other| last.pass(other));
                }
                last.extend(odd, kind);
            }
            _ => found.push(Departure::start(odd, kind)),
        }
    }
    found
}

impl Departure {
    fn start(odd: &OddHour, kind: Kind) -> Self {
        Self {
            scope: kind.scope,
            metric: kind.metric,
            nature: kind.nature,
            hours: odd.hour..odd.hour + 1,
            is_up: true,
            expected: odd.expected,
            low: (odd.expected - odd.width).max(0.0),
            high: odd.expected + odd.width,
            observed: odd.observed,
            score: odd.score,
            peak: odd.hour,
        }
    }

    /// Counts an hour that isn't odd itself.
    fn pass(&mut self, (observed, expected): (f64, f64)) {
        if observed.is_finite() && expected.is_finite() {
            self.observed += observed;
            self.expected += expected;
            self.low += expected;
            self.high += expected;
        }
    }

    fn extend(&mut self, odd: &OddHour, kind: Kind) {
        self.hours.end = odd.hour + 1;
        let is_worse = odd.score > self.score;
        let (low, high) = ((odd.expected - odd.width).max(0.0), odd.expected + odd.width);
        if !kind.of_worst_hour {
            self.observed += odd.observed;
            self.expected += odd.expected;
            self.low += low;
            self.high += high;
        } else if is_worse {
            (self.observed, self.expected) = (odd.observed, odd.expected);
            (self.low, self.high) = (low, high);
        }
        if is_worse {
            (self.score, self.peak) = (odd.score, odd.hour);
        }
    }

    /// Goes on with a later stretch of the same series; `between` as in [`stretches`].
    pub(super) fn join(&mut self, later: &Self, between: impl Fn(usize) -> (f64, f64)) {
        (self.hours.end..later.hours.start).map(between).for_each(|other| self.pass(other));
        self.hours.end = later.hours.end;
        self.observed += later.observed;
        self.expected += later.expected;
        self.low += later.low;
        self.high += later.high;
        if later.score > self.score {
            (self.score, self.peak) = (later.score, later.peak);
        }
    }
}

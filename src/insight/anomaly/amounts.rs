//! Judges a series of amounts: hours with more than usual, hours with next to nothing, days from
//! which on it lies elsewhere.
//!
//! Walks day by day and knows at each day only the days before it. A shift that has been told is
//! the new usual from then on, so that it doesn't come again every hour.

use std::ops::Range;

use super::departure::{Departure, Kind, Nature, OddHour, stretches};
use super::grid::Grid;
use super::hourly::{Metric, Scope};
use super::rules::Rules;
use super::shift::{self, Shift};
use super::usual::{self, Usual};

/// Days after which the usual is learnt anew.
const LEARN_EVERY: usize = 7;
/// A shift of the same direction within so many days goes on with the one before.
const SAME_COURSE_DAYS: usize = 14;
/// A day of nothing counts as this share of the usual, since 0 has no logarithm.
const NEARLY_NOTHING: f64 = 0.02;

/// One series, and what it is judged by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Amounts<'a> {
    pub(super) scope: Scope,
    pub(super) metric: Metric,
    /// Per hour; NaN where unknown.
    pub(super) values: &'a [f64],
    /// Per hour, also where the log may have gaps; only for requests.
    pub(super) raw: Option<&'a [f64]>,
    /// The size of one request; 1 for requests.
    pub(super) size_of_one: f64,
    /// An average hour of everything.
    pub(super) average_of_all: f64,
    /// The first whole day with requests.
    pub(super) first_day: usize,
}

/// What is judged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Judged<'a> {
    pub(super) grid: &'a Grid,
    /// First hour that is told about.
    pub(super) first_hour: usize,
    pub(super) rules: &'a Rules,
}

/// The walk through a series: what is known so far.
struct Walk<'a> {
    series: Amounts<'a>,
    judged: Judged<'a>,
    usual: Option<(usize, Usual)>,
    /// Each day against the shape; NaN where unknown or not yet seen.
    ratios: Vec<f64>,
    is_working: Vec<bool>,
    since: usize,
    after_shift: bool,
    odd_hours: Vec<OddHour>,
    shifts: Vec<ToldShift>,
    /// Expected requests per hour, and expected on the quietest weekday; NaN where not judged.
    expected: Vec<f64>,
    quietest: Vec<f64>,
    /// The range that is usual per hour; none where not judged.
    bands: Vec<Option<(f64, f64)>>,
    is_judged: bool,
}

/// What judging a series gave.
pub(super) struct Course {
    pub(super) departures: Vec<Departure>,
    /// The range that is usual per hour of the grid; none where not judged.
    pub(super) bands: Vec<Option<(f64, f64)>>,
}

/// A shift, and when it was told.
#[derive(Debug, Clone, Copy)]
struct ToldShift {
    /// First day of the level before.
    since: usize,
    found: Shift,
    /// The day at whose end it was told.
    day: usize,
}

impl ToldShift {
    /// Whether a later shift is more of the same: a ramp that climbs on.
    fn goes_on_with(&self, later: &Self) -> bool {
        let same_direction = (self.found.change > 0.0) == (later.found.change > 0.0);
        same_direction && later.found.onset <= self.day + SAME_COURSE_DAYS
    }
}

/// The course of a series; none when it has too little history to be judged at all.
pub(super) fn judge(series: Amounts<'_>, judged: Judged<'_>) -> Option<Course> {
    let days = judged.grid.days().len();
    let mut walk = Walk {
        series,
        judged,
        usual: None,
        ratios: vec![f64::NAN; days],
        is_working: vec![true; days],
        since: series.first_day,
        after_shift: false,
        odd_hours: Vec::new(),
        shifts: Vec::new(),
        expected: vec![f64::NAN; judged.grid.len()],
        quietest: vec![f64::NAN; judged.grid.len()],
        bands: vec![None; judged.grid.len()],
        is_judged: false,
    };
    for day in series.first_day + judged.rules.history.minimum_days..days {
        walk.day(day);
    }
    walk.is_judged.then(|| {
        let bands = std::mem::take(&mut walk.bands);
        Course { departures: walk.departures(), bands }
    })
}

impl Walk<'_> {
    fn day(&mut self, day: usize) {
        if self.usual.as_ref().is_none_or(|(learnt, _)| day >= learnt + LEARN_EVERY) {
            self.learn(day);
        }
        let Some((_, usual)) = &self.usual else { return };
        let Some(level) = usual::level(&self.ratios, self.since, day) else { return };
        let grid = self.judged.grid;
        for hour in grid.days()[day].hours.clone() {
            let expected = level * usual.shape(grid.slot(hour));
            self.expected[hour] = expected;
            self.quietest[hour] = level * usual.quietest(grid.slot(hour));
            if hour >= self.judged.first_hour {
                self.is_judged = true;
                let width = self.least_score(usual) * usual.deviation(expected);
                self.bands[hour] = Some(((expected - width).max(0.0), expected + width));
                self.odd_hours.extend(self.odd_hour(usual, hour, expected));
            }
        }
        self.ratios[day] = usual.day_ratio(self.series.values, grid, day);
        if grid.days()[day].is_whole {
            self.seek_shift(day);
        }
    }

    /// Learns the usual from the days before, and measures them against it.
    fn learn(&mut self, day: usize) {
        let Judged { grid, rules, .. } = self.judged;
        let weeks = usize::from(rules.history.weeks);
        let first = self.series.first_day.max(day.saturating_sub(weeks * 7));
        let Some(usual) = Usual::learn(self.series.values, grid, first..day, self.unit()) else {
            return;
        };
        for before in self.series.first_day..day {
            self.ratios[before] = usual.day_ratio(self.series.values, grid, before);
        }
        for day in 0..self.is_working.len() {
            self.is_working[day] = usual.is_busy(grid.weekday(day));
        }
        self.usual = Some((day, usual));
    }

    /// Variance ÷ mean by counting alone. Sizes of requests have long tails: their mean square is
    /// some three times their squared mean.
    fn unit(&self) -> f64 {
        match self.series.metric {
            Metric::Requests => 1.0,
            _ => 3.0 * self.series.size_of_one,
        }
    }

    fn odd_hour(&self, usual: &Usual, hour: usize, expected: f64) -> Option<OddHour> {
        let observed = self.series.values[hour];
        let rules = &self.judged.rules.spike;
        let deviation = usual.deviation(expected);
        let least_score = self.least_score(usual);
        let excess = observed - expected;
        let score = excess / deviation;
        let is_odd = score >= least_score
            && observed >= rules.ratio * expected
            && excess >= self.least_excess()
            && excess >= rules.share_of_all * self.series.average_of_all;
        is_odd.then_some(OddHour {
            hour,
            observed,
            expected,
            width: least_score * deviation,
            score,
        })
    }

    /// The score from which on an hour is odd.
    fn least_score(&self, usual: &Usual) -> f64 {
        let rules = &self.judged.rules.spike;
        rules.score.max(rules.beyond_history * usual.peak_score)
    }

    fn least_excess(&self) -> f64 {
        let rules = &self.judged.rules.spike;
        let worth = rules.requests_worth * self.series.size_of_one;
        match self.series.metric {
            Metric::Cost => rules.cost_usd.max(worth),
            Metric::Tokens => worth,
            _ => rules.requests,
        }
    }

    fn seek_shift(&mut self, day: usize) {
        let logs: Vec<f64> =
            self.ratios[..=day].iter().map(|ratio| ratio.max(NEARLY_NOTHING).ln()).collect();
        // `max` takes the number where the other is NaN: put the unknown days back.
        let logs: Vec<f64> = logs
            .into_iter()
            .zip(&self.ratios)
            .map(|(log, ratio)| if ratio.is_finite() { log } else { f64::NAN })
            .collect();
        let days = shift::Days {
            logs: &logs,
            is_working: &self.is_working[..=day],
            since: self.since,
            after_shift: self.after_shift,
        };
        let Some(found) = shift::find(&days, &self.judged.rules.shift) else { return };
        let since = std::mem::replace(&mut self.since, found.onset);
        self.after_shift = true;
        if self.judged.grid.days()[day].hours.end > self.judged.first_hour {
            self.tell_shift(found, since, day);
        }
    }

    /// Adds a shift, or lets the one before go on.
    fn tell_shift(&mut self, found: Shift, since: usize, day: usize) {
        let new = ToldShift { since, found, day };
        let earlier = self.shifts.pop();
        let (earlier, told) = match earlier {
            Some(last) if last.goes_on_with(&new) => {
                let score = last.found.score.max(found.score);
                (None, ToldShift { day, found: Shift { score, ..last.found }, ..last })
            }
            other => (other, new),
        };
        self.shifts.extend(earlier);
        self.shifts.push(told);
    }

    /// The departure of a shift: from its first day on, against the level before; none where the
    /// change is too small to matter.
    fn shift_departure(&self, told: &ToldShift) -> Option<Departure> {
        let (_, usual) = self.usual.as_ref()?;
        let rules = &self.judged.rules.shift;
        let grid = self.judged.grid;
        let level = usual::level(&self.ratios, told.since, told.found.onset)?;
        let hours = grid.days()[told.found.onset].hours.start..grid.days()[told.day].hours.end;
        let known = hours.clone().filter(|hour| self.series.values[*hour].is_finite());
        let (observed, expected) = known.fold((0.0, 0.0), |(observed, expected), hour| {
            let usually = level * usual.shape(grid.slot(hour));
            (observed + self.series.values[hour], expected + usually)
        });
        let of_all = self.series.average_of_all * usual::count(hours.len());
        let change = (observed - expected).abs();
        let is_material = change >= rules.share_of_all * of_all && change >= self.least_excess();
        is_material.then(|| Departure {
            scope: self.series.scope,
            metric: self.series.metric,
            nature: if told.found.is_ramp { Nature::Ramp } else { Nature::LevelShift },
            peak: hours.start,
            hours,
            is_up: told.found.change > 0.0,
            expected,
            low: expected / rules.ratio,
            high: expected * rules.ratio,
            observed,
            score: told.found.score,
        })
    }

    fn departures(self) -> Vec<Departure> {
        let kind = Kind {
            scope: self.series.scope,
            metric: self.series.metric,
            nature: Nature::Spike,
            of_worst_hour: false,
        };
        let gap = self.judged.rules.incident.join_hours;
        let between = |hour: usize| (self.series.values[hour], self.expected[hour]);
        let mut found = stretches(&self.odd_hours, kind, gap, between);
        if let Some(raw) = self.series.raw {
            found.extend(self.silences(raw));
        }
        found.extend(self.shifts.iter().filter_map(|told| self.shift_departure(told)));
        found
    }

    /// Stretches of next to nothing, unless the series is often silent.
    fn silences(&self, raw: &[f64]) -> Vec<Departure> {
        const OFTEN: usize = 2;
        let grid = self.judged.grid;
        let mut runs = self.runs(raw, &self.quietest, |_| true);
        let began_well: Vec<bool> =
            (0..grid.len()).map(|hour| self.began_well(raw, hour)).collect();
        for run in self.runs(raw, &self.expected, |hour| began_well[hour]) {
            if !runs.iter().any(|other| other.start < run.end && run.start < other.end) {
                runs.push(run);
            }
        }
        runs.sort_unstable_by_key(|run| run.start);
        let before = runs.iter().filter(|run| run.end <= self.judged.first_hour).count();
        if before >= OFTEN {
            return Vec::new();
        }
        let judged = runs.into_iter().filter(|run| run.end > self.judged.first_hour);
        judged.map(|run| self.silence(raw, run)).collect()
    }

    /// Whether the hours before the silence that this hour belongs to, of the same local day, had
    /// most of their usual requests.
    fn began_well(&self, raw: &[f64], hour: usize) -> bool {
        const HOURS_BEFORE: usize = 4;
        const MOST: f64 = 0.6;
        let (grid, rules) = (self.judged.grid, &self.judged.rules.outage);
        let day = grid.days()[grid.day_of(hour)].hours.start;
        let is_low = |at: &usize| raw[*at] <= rules.share_left * self.expected[*at];
        let Some(last) = (day..hour).rev().find(|at| !is_low(at)) else { return false };
        let first = day.max((last + 1).saturating_sub(HOURS_BEFORE));
        let before = (first..=last).filter(|at| self.expected[*at].is_finite());
        let (observed, expected) =
            before.fold((0.0, 0.0), |(o, e), at| (o + raw[at], e + self.expected[at]));
        expected >= rules.expected_requests && observed >= MOST * expected
    }

    /// Consecutive hours with next to nothing of what was to be expected.
    fn runs(
        &self,
        raw: &[f64],
        expected: &[f64],
        may: impl Fn(usize) -> bool,
    ) -> Vec<Range<usize>> {
        let rules = &self.judged.rules.outage;
        let is_low = |hour: usize| {
            expected[hour].is_finite()
                && raw[hour] <= rules.share_left * expected[hour]
                && may(hour)
        };
        let mut runs = Vec::new();
        let mut start = None;
        for hour in 0..=raw.len() {
            let low = hour < raw.len() && is_low(hour);
            match (low, start) {
                (true, None) => start = Some(hour),
                (false, Some(from)) => {
                    let missed: f64 = expected[from..hour].iter().sum();
                    if hour - from >= rules.hours && missed >= rules.expected_requests {
                        runs.push(from..hour);
                    }
                    start = None;
                }
                _ => {}
            }
        }
        runs
    }

    fn silence(&self, raw: &[f64], hours: Range<usize>) -> Departure {
        let sum =
            |values: &[f64]| values[hours.clone()].iter().filter(|v| v.is_finite()).sum::<f64>();
        let (observed, expected) = (sum(raw), sum(&self.expected));
        let deviation = self.usual.as_ref().map_or(1.0, |(_, usual)| usual.deviation(expected));
        Departure {
            scope: self.series.scope,
            metric: self.series.metric,
            nature: Nature::Silence,
            peak: hours.start,
            hours,
            is_up: false,
            expected,
            low: self.judged.rules.outage.share_left * expected,
            high: expected + self.judged.rules.spike.score * deviation,
            observed,
            score: (expected - observed) / deviation,
        }
    }
}

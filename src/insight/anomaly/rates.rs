//! Judges failures against requests, and latencies: hours that are worse than usual.

use super::amounts::Judged;
use super::departure::{Departure, Kind, Nature, OddHour, stretches};
use super::failures::UsualFailures;
use super::hourly::{Metric, Scope};
use super::latency::{self, UsualLatency};
use super::shift;

/// Days after which the usual is learnt anew.
const LEARN_EVERY: usize = 7;
/// Stretches of failures from this many hours on are joined over a night.
const LONG_HOURS: usize = 6;

/// Failures of a scope against its requests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Failures<'a> {
    pub(super) scope: Scope,
    pub(super) metric: Metric,
    pub(super) failed: &'a [f64],
    pub(super) requests: &'a [f64],
    /// The first whole day with requests.
    pub(super) first_day: usize,
}

/// The departures of failures; none with too little history.
pub(super) fn judge_failures(series: Failures<'_>, judged: Judged<'_>) -> Option<Vec<Departure>> {
    let Judged { grid, first_hour, rules } = judged;
    let mut odd = Vec::new();
    let mut expected = vec![f64::NAN; grid.len()];
    let mut is_judged = false;
    for day in judged_days(series.first_day, judged) {
        let days = series.first_day..day;
        let Some(usual) = UsualFailures::learn(series.failed, series.requests, grid, days) else {
            continue;
        };
        is_judged = true;
        let rules = &rules.failures;
        let least_score = rules.score.max(rules.beyond_history * usual.peak_score);
        for hour in grid.days()[day].hours.clone().filter(|hour| *hour >= first_hour) {
            let (observed, requests) = (series.failed[hour], series.requests[hour]);
            let usually = usual.rate * requests;
            expected[hour] = usually;
            let deviation = usual.deviation(usually);
            let (excess, score) = (observed - usually, (observed - usually) / deviation);
            let is_odd = score >= least_score
                && excess >= rules.requests
                && excess >= rules.rate * requests
                && observed >= rules.ratio * usually;
            if is_odd {
                let width = least_score * deviation;
                odd.push(OddHour { hour, observed, expected: usually, width, score });
            }
        }
    }
    let nature =
        if series.metric == Metric::Throttled { Nature::Throttling } else { Nature::Errors };
    let kind = Kind { scope: series.scope, metric: series.metric, nature, of_worst_hour: false };
    let between = |hour: usize| (series.failed[hour], expected[hour]);
    let found = stretches(&odd, kind, rules.incident.join_hours, between);
    is_judged.then(|| over_nights(found, rules.incident.join_hours_of_long_failures, between))
}

/// Joins a long stretch with the next one of the same failures.
fn over_nights(
    found: Vec<Departure>,
    gap: usize,
    between: impl Fn(usize) -> (f64, f64),
) -> Vec<Departure> {
    let mut joined: Vec<Departure> = Vec::with_capacity(found.len());
    for next in found {
        match joined.last_mut() {
            Some(last)
                if last.hours.len() >= LONG_HOURS && next.hours.start <= last.hours.end + gap =>
            {
                last.join(&next, &between);
            }
            _ => joined.push(next),
        }
    }
    joined
}

/// A percentile of a scope's latency.
#[derive(Debug, Clone, Copy)]
pub(super) struct Latency<'a> {
    pub(super) scope: Scope,
    pub(super) metric: Metric,
    /// Milliseconds per hour; NaN where unknown.
    pub(super) values_ms: &'a [f64],
    /// Requests with known latency per hour.
    pub(super) known: &'a [f64],
    /// The first whole day with requests.
    pub(super) first_day: usize,
}

/// The walk through a latency: what is known so far.
struct Walk<'a> {
    series: Latency<'a>,
    judged: Judged<'a>,
    /// Logarithm per hour; NaN where too few requests are known.
    logs: Vec<f64>,
    usual: Option<(usize, UsualLatency)>,
    /// Logarithm per day.
    levels: Vec<f64>,
    since: usize,
    after_shift: bool,
    odd_hours: Vec<OddHour>,
    shifts: Vec<Departure>,
    is_judged: bool,
}

/// The departures of a latency; none with too little history.
pub(super) fn judge_latency(series: Latency<'_>, judged: Judged<'_>) -> Option<Vec<Departure>> {
    let Judged { grid, rules, .. } = judged;
    let needed = match series.metric {
        Metric::LatencyP50 => rules.latency.requests_p50,
        _ => rules.latency.requests_p95,
    };
    let counts = |hour: usize| series.known[hour] >= needed && series.values_ms[hour] > 0.0;
    let logs = (0..grid.len())
        .map(|hour| if counts(hour) { series.values_ms[hour].ln() } else { f64::NAN })
        .collect();
    let mut walk = Walk {
        series,
        judged,
        logs,
        usual: None,
        levels: Vec::new(),
        since: series.first_day,
        after_shift: false,
        odd_hours: Vec::new(),
        shifts: Vec::new(),
        is_judged: false,
    };
    for day in series.first_day + rules.history.minimum_days..grid.days().len() {
        walk.day(day);
    }
    let kind = Kind {
        scope: series.scope,
        metric: series.metric,
        nature: Nature::Slow,
        of_worst_hour: true,
    };
    let no_sums = |_| (f64::NAN, f64::NAN);
    let mut found = stretches(&walk.odd_hours, kind, rules.incident.join_hours, no_sums);
    found.extend(walk.shifts);
    walk.is_judged.then_some(found)
}

impl Walk<'_> {
    fn day(&mut self, day: usize) {
        let grid = self.judged.grid;
        if self.usual.as_ref().is_none_or(|(learnt, _)| day >= learnt + LEARN_EVERY) {
            self.learn(day);
        }
        let Some((_, usual)) = &self.usual else { return };
        if let Some(level) = latency::level(&self.levels, self.since, day) {
            for hour in
                grid.days()[day].hours.clone().filter(|hour| *hour >= self.judged.first_hour)
            {
                self.is_judged = true;
                self.odd_hours.extend(self.odd_hour(usual, level, hour));
            }
        }
        self.levels.push(usual.day_level(&self.logs, grid, day));
        if grid.days()[day].is_whole {
            self.seek_shift(day);
        }
    }

    /// Learns the usual from the days before, and measures them against it.
    fn learn(&mut self, day: usize) {
        let Judged { grid, rules, .. } = self.judged;
        let first =
            self.series.first_day.max(day.saturating_sub(usize::from(rules.history.weeks) * 7));
        let has_data =
            |day: &usize| grid.days()[*day].hours.clone().any(|hour| self.logs[hour].is_finite());
        if (first..day).filter(has_data).count() * 2 < rules.history.minimum_days {
            self.usual = None;
            return;
        }
        // Variance of the logarithm of a sample's percentile, for the spread that latencies have.
        let spread = if self.series.metric == Metric::LatencyP50 { 1.0 } else { 3.0 };
        let learnt = UsualLatency::learn(&self.logs, self.series.known, grid, first..day, spread);
        if let Some(usual) = &learnt {
            self.levels = (0..day).map(|day| usual.day_level(&self.logs, grid, day)).collect();
        }
        self.usual = learnt.map(|usual| (day, usual));
    }

    fn odd_hour(&self, usual: &UsualLatency, level: f64, hour: usize) -> Option<OddHour> {
        let (log, rules) = (self.logs[hour], &self.judged.rules.latency);
        let expected_log = usual.expected(level, self.judged.grid.slot(hour));
        let deviation = usual.deviation(self.series.known[hour]);
        let least_score = rules.score.max(rules.beyond_history * usual.peak_score);
        let score = (log - expected_log) / deviation;
        let (observed, expected) = (self.series.values_ms[hour], expected_log.exp());
        let is_odd = score >= least_score
            && observed >= rules.ratio * expected
            && observed - expected >= rules.excess_ms;
        let width = expected * ((least_score * deviation).exp() - 1.0);
        is_odd.then_some(OddHour { hour, observed, expected, width, score })
    }

    /// A latency that stays elsewhere is the usual from then on; only slower ones are told.
    fn seek_shift(&mut self, day: usize) {
        let Judged { grid, rules, first_hour } = self.judged;
        let is_working = vec![true; day + 1];
        let days = shift::Days {
            logs: &self.levels,
            is_working: &is_working,
            since: self.since,
            after_shift: self.after_shift,
        };
        let Some(found) = shift::find(&days, &rules.shift) else { return };
        let before = latency::level(&self.levels, self.since, found.onset);
        (self.since, self.after_shift) = (found.onset, true);
        let hours = grid.days()[found.onset].hours.start..grid.days()[day].hours.end;
        let Some(expected) = before.map(f64::exp) else { return };
        let observed = expected * found.change.exp();
        let is_told = found.change > 0.0
            && hours.end > first_hour
            && observed >= rules.latency.ratio * expected
            && observed - expected >= rules.latency.excess_ms;
        if is_told {
            self.shifts.push(Departure {
                scope: self.series.scope,
                metric: self.series.metric,
                nature: Nature::LevelShift,
                peak: hours.start,
                hours,
                is_up: true,
                expected,
                low: expected / rules.shift.ratio,
                high: expected * rules.shift.ratio,
                observed,
                score: found.score,
            });
        }
    }
}

/// The days to judge: those in the range with enough history.
fn judged_days(first_day: usize, judged: Judged<'_>) -> impl Iterator<Item = usize> {
    let grid = judged.grid;
    let first = if judged.first_hour < grid.len() {
        grid.day_of(judged.first_hour)
    } else {
        grid.days().len()
    };
    first.max(first_day + judged.rules.history.minimum_days)..grid.days().len()
}

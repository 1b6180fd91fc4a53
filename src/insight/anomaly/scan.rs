//! Builds every series from the cells and judges each.

use std::collections::BTreeMap;

use super::amounts::{self, Amounts, Judged};
use super::departure::Departure;
use super::hourly::{Hourly, LatencyHour, Metric, Scope, ScopeHours, whole};
use super::rates::{self, Failures, Latency};
use super::usual::count;

/// Why values of a dimension, or a series, were not judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Skip {
    /// Fewer whole days since its first request than needed.
    ShortHistory { scope: Scope, days: usize },
    /// So many values of a dimension with too few requests.
    FewRequests { dimension: usize, values: usize },
    /// So many values of a dimension beyond the most used ones.
    BeyondMost { dimension: usize, values: usize },
    /// Nothing of the metric is known in the scope.
    Unknown { scope: Scope, metric: Metric },
}

/// What judging all series gave.
#[derive(Debug, Clone, Default)]
pub(super) struct Scan {
    pub(super) departures: Vec<Departure>,
    pub(super) series_tested: usize,
    pub(super) skipped: Vec<Skip>,
    /// The usual range of all requests per hour of the grid; empty where they were not judged.
    pub(super) bands: Vec<Option<(f64, f64)>>,
    /// All requests per hour of the grid; NaN where the log may have gaps.
    pub(super) requests: Vec<f64>,
}

/// Judges every series of the hours from `judged.first_hour` on.
pub(super) fn scan(hourly: &Hourly, judged: Judged<'_>) -> Scan {
    let mut scan = Scan::default();
    let all = hourly.sum(0..hourly.cells.hour.len());
    let averages = Averages::of(&all);
    let mut latency: BTreeMap<Option<(usize, u32)>, Vec<LatencyHour>> = BTreeMap::new();
    for hour in &hourly.latency {
        let scope = hour.dimension.map(|dimension| (dimension, hour.code));
        latency.entry(scope).or_default().push(*hour);
    }
    let none = Vec::new();
    let gaps = Gaps::of(hourly);
    let everything = latency.get(&None).unwrap_or(&none);
    scan.judge(hourly, Scope::All, all, everything, averages, &gaps, judged);
    for dimension in 0..hourly.judged_dimensions {
        for (code, cells) in scan.chosen(hourly, dimension, judged) {
            let hours = hourly.sum(cells.iter().copied());
            let latencies = latency.get(&Some((dimension, code))).unwrap_or(&none);
            let scope = Scope::Value { dimension, code };
            scan.judge(hourly, scope, hours, latencies, averages, &gaps, judged);
        }
    }
    scan
}

/// Average hour of everything.
#[derive(Debug, Clone, Copy)]
struct Averages {
    requests: f64,
    tokens: f64,
    cost_usd: f64,
}

impl Averages {
    fn of(all: &ScopeHours) -> Self {
        let mean = |values: &[f64]| {
            let known = values.iter().filter(|value| value.is_finite());
            known.clone().sum::<f64>() / count(known.count().max(1))
        };
        Self {
            requests: mean(&all.requests),
            tokens: mean(&all.tokens),
            cost_usd: mean(&all.cost_usd),
        }
    }
}

impl Scan {
    /// The values of a dimension that are judged, each with its cells: those with most requests.
    fn chosen(
        &mut self,
        hourly: &Hourly,
        dimension: usize,
        judged: Judged<'_>,
    ) -> Vec<(u32, Vec<usize>)> {
        let rules = &judged.rules.series;
        let requests =
            |cells: &[usize]| cells.iter().map(|cell| hourly.cells.requests[*cell]).sum::<i64>();
        let is_known = |code: &u32| {
            let name = hourly.name(Scope::Value { dimension, code: *code });
            name.is_some_and(|(_, value)| value.is_some())
        };
        let values =
            hourly.cells_by_value(dimension).into_iter().filter(|(code, _)| is_known(code));
        let (mut enough, few): (Vec<_>, Vec<_>) =
            values.partition(|(_, cells)| requests(cells) >= rules.minimum_requests);
        if !few.is_empty() {
            self.skipped.push(Skip::FewRequests { dimension, values: few.len() });
        }
        let name =
            |code: u32| hourly.name(Scope::Value { dimension, code }).and_then(|name| name.1);
        enough.sort_by(|a, b| {
            requests(&b.1).cmp(&requests(&a.1)).then_with(|| name(a.0).cmp(&name(b.0)))
        });
        if enough.len() > rules.per_dimension {
            let values = enough.len() - rules.per_dimension;
            self.skipped.push(Skip::BeyondMost { dimension, values });
            enough.truncate(rules.per_dimension);
        }
        enough
    }

    #[expect(clippy::too_many_arguments, reason = "one scope with all that is known of it")]
    fn judge(
        &mut self,
        hourly: &Hourly,
        scope: Scope,
        hours: ScopeHours,
        latencies: &[LatencyHour],
        averages: Averages,
        gaps: &Gaps,
        judged: Judged<'_>,
    ) {
        let grid = judged.grid;
        let Some(first_day) = first_whole_day(&hours.requests, judged) else {
            self.skipped.push(Skip::ShortHistory { scope, days: 0 });
            return;
        };
        let days = grid.days().len() - first_day;
        if days <= judged.rules.history.minimum_days {
            self.skipped.push(Skip::ShortHistory { scope, days: days - 1 });
            return;
        }
        let mut known = hours;
        let raw_requests = known.requests.clone();
        gaps.blank(hourly, scope, &mut known);
        let amounts = [
            (Metric::Requests, &known.requests, averages.requests, Some(1.0)),
            (Metric::Tokens, &known.tokens, averages.tokens, known.tokens_of_one),
            (Metric::Cost, &known.cost_usd, averages.cost_usd, known.cost_usd_of_one),
        ];
        for (metric, values, average_of_all, size_of_one) in amounts {
            let Some(size_of_one) = size_of_one else {
                self.skipped.push(Skip::Unknown { scope, metric });
                continue;
            };
            let raw = (metric == Metric::Requests).then_some(raw_requests.as_slice());
            let series =
                Amounts { scope, metric, values, raw, size_of_one, average_of_all, first_day };
            let course = amounts::judge(series, judged);
            let bands = course.as_ref().map(|course| course.bands.clone());
            self.add(course.map(|course| course.departures), scope, metric);
            if metric == Metric::Requests && scope == Scope::All {
                self.bands = bands.unwrap_or_default();
                self.requests.clone_from(values);
            }
        }
        let failures = [(Metric::Errors, &known.errors), (Metric::Throttled, &known.throttled)];
        for (metric, failed) in failures {
            let series = Failures { scope, metric, failed, requests: &raw_requests, first_day };
            self.add(rates::judge_failures(series, judged), scope, metric);
        }
        self.judge_latencies(scope, latencies, first_day, judged);
    }

    fn judge_latencies(
        &mut self,
        scope: Scope,
        latencies: &[LatencyHour],
        first_day: usize,
        judged: Judged<'_>,
    ) {
        let unknown = || vec![f64::NAN; judged.grid.len()];
        let (mut known, mut p50, mut p95) = (vec![0.0; judged.grid.len()], unknown(), unknown());
        for latency in latencies {
            known[latency.hour] = whole(latency.known);
            p50[latency.hour] = whole(latency.p50_ms);
            p95[latency.hour] = whole(latency.p95_ms);
        }
        for (metric, values_ms) in [(Metric::LatencyP50, &p50), (Metric::LatencyP95, &p95)] {
            let series = Latency { scope, metric, values_ms, known: &known, first_day };
            self.add(rates::judge_latency(series, judged), scope, metric);
        }
    }

    fn add(&mut self, found: Option<Vec<Departure>>, scope: Scope, metric: Metric) {
        match found {
            Some(departures) => {
                self.series_tested += 1;
                self.departures.extend(departures);
            }
            None => self.skipped.push(Skip::Unknown { scope, metric }),
        }
    }
}

/// The first whole day at or after the first request.
fn first_whole_day(requests: &[f64], judged: Judged<'_>) -> Option<usize> {
    let first = requests.iter().position(|requests| *requests > 0.0)?;
    let days = judged.grid.days();
    let day = judged.grid.day_of(first);
    (day..days.len()).find(|day| days[*day].is_whole)
}

/// Long stretches in which a place that usually logs around the clock logged nothing.
///
/// Nothing is learnt from such hours: the log may have been off.
#[derive(Debug, Default)]
struct Gaps {
    /// Per place: codes of account and Region, and the hours.
    places: Vec<(Option<u32>, Option<u32>, Vec<bool>)>,
    dimensions: Option<(usize, usize)>,
}

impl Gaps {
    /// Hours of silence from which on a stretch counts as a gap.
    const LONG: usize = 24;
    /// Share of a scope's requests that a place must have for its gaps to matter.
    const SHARE: f64 = 0.2;

    fn of(hourly: &Hourly) -> Self {
        let (Some(account), Some(region)) = (
            hourly.dimension(crate::schema::usage::dimension::ACCOUNT),
            hourly.dimension(crate::schema::usage::dimension::REGION),
        ) else {
            return Self::default();
        };
        let code = |dimension: usize, value: &Option<String>| {
            let values = &hourly.dimensions[dimension].values;
            values.iter().position(|known| known == value).and_then(|at| u32::try_from(at).ok())
        };
        let mut places = Vec::new();
        for place in &hourly.places {
            let silent = long_silences(&place.logged, Self::LONG);
            if silent.contains(&true) {
                places.push((code(account, &place.account), code(region, &place.region), silent));
            }
        }
        Self { places, dimensions: Some((account, region)) }
    }

    /// Makes the amounts of a scope unknown where a place that it depends on has a gap.
    fn blank(&self, hourly: &Hourly, scope: Scope, hours: &mut ScopeHours) {
        let Some((account, region)) = self.dimensions.filter(|_| !self.places.is_empty()) else {
            return;
        };
        let mut all = 0.0;
        let mut shares = vec![0.0; self.places.len()];
        for cell in hourly.cells_of(scope) {
            let requests = whole(hourly.cells.requests[cell]);
            all += requests;
            let at =
                (Some(hourly.cells.codes[account][cell]), Some(hourly.cells.codes[region][cell]));
            let place = self.places.iter().position(|place| (place.0, place.1) == at);
            if let Some(place) = place {
                shares[place] += requests;
            }
        }
        for (share, (_, _, silent)) in shares.iter().zip(&self.places) {
            if *share >= Self::SHARE * all {
                for hour in (0..silent.len()).filter(|hour| silent[*hour]) {
                    hours.requests[hour] = f64::NAN;
                    hours.tokens[hour] = f64::NAN;
                    hours.cost_usd[hour] = f64::NAN;
                }
            }
        }
    }
}

/// The hours of long silent stretches, where the place logs in nine of ten hours otherwise.
fn long_silences(logged: &[i64], long: usize) -> Vec<bool> {
    let mut silent = vec![false; logged.len()];
    let first = logged.iter().position(|count| *count > 0).unwrap_or(logged.len());
    let mut from = first;
    for hour in first..=logged.len() {
        if hour == logged.len() || logged[hour] > 0 {
            if hour - from >= long {
                silent[from..hour].fill(true);
            }
            from = hour + 1;
        }
    }
    let others = (first..logged.len()).filter(|hour| !silent[*hour]);
    let active = others.clone().filter(|hour| logged[*hour] > 0).count();
    if active * 10 < others.count() * 9 {
        silent.fill(false);
    }
    silent
}

//! A generated organisation: who calls which model how often, with noise, seasons and holidays,
//! and events put into it on purpose. Knows nothing of how anomalies are found.
//!
//! Requests are Poisson counts around a rate that swings with the hour and the weekday and drifts
//! by an autocorrelated random factor, so they are over-dispersed and neighbouring hours are alike.
//! Sizes of requests are log-normal, errors and throttles come at a low rate and in small bursts.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Timelike, Utc};
use chrono_tz::Tz;

use crate::insight::anomaly::{Cells, Grid, Hourly, LatencyHour, Place, Values};
use crate::period::Period;

/// Days before the judged range.
pub(super) const HISTORY_DAYS: i64 = 56;
/// Days of the judged range.
pub(super) const JUDGED_DAYS: i64 = 28;

/// Xorshift64*: small, seeded, good enough for tests.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn seeded(seed: u64) -> Self {
        let mut random = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03);
        (0..20).for_each(|_| _ = random.next());
        random
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub(super) fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        (self.uniform() * limit as f64) as usize
    }

    fn normal(&mut self) -> f64 {
        let (u, v) = (self.uniform().max(1e-300), self.uniform());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }

    fn poisson(&mut self, mean: f64) -> i64 {
        if mean > 60.0 {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0) as i64;
        }
        let (limit, mut product, mut count) = ((-mean).exp(), self.uniform(), 0);
        while product > limit {
            product *= self.uniform();
            count += 1;
        }
        count
    }
}

/// One workload: a principal of a team in an account that calls a model.
#[derive(Debug, Clone)]
pub(super) struct Workload {
    pub(super) principal: &'static str,
    team: &'static str,
    account: &'static str,
    region: &'static str,
    pub(super) model: &'static str,
    /// Requests in its busiest usual hour.
    peak: f64,
    course: Course,
    /// Tokens and dollars of a typical request.
    tokens: f64,
    cost_usd: f64,
    latency_ms: f64,
}

impl Workload {
    /// Its value of each dimension.
    pub(super) fn names(&self) -> [(&'static str, &'static str); 5] {
        let values = [self.model, self.account, self.region, self.principal, self.team];
        std::array::from_fn(|at| (Build::NAMES[at], values[at]))
    }
}

/// How a workload swings.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Course {
    /// People at work: weekdays, from morning to evening.
    Office,
    /// An application: around the clock, quieter at night and on weekends.
    Product,
    /// A job every weekday at two.
    NightlyBatch,
    /// A job every Monday at four.
    WeeklyBatch,
    /// The same at any hour.
    Steady,
}

impl Course {
    fn share(self, weekday: u32, hour: u32) -> f64 {
        let is_weekend = weekday >= 5;
        let day = (-(f64::from(hour) - 13.5).powi(2) / 24.0).exp();
        match self {
            Self::Office if is_weekend => 0.02 * day,
            Self::Office => 0.01 + 0.99 * day,
            Self::Product if is_weekend => 0.12 + 0.38 * day,
            Self::Product => 0.2 + 0.8 * day,
            Self::NightlyBatch if !is_weekend && (2..4).contains(&hour) => 1.0,
            Self::WeeklyBatch if weekday == 0 && (4..6).contains(&hour) => 1.0,
            Self::NightlyBatch | Self::WeeklyBatch => 0.002,
            Self::Steady => 0.9,
        }
    }

    /// What is left of it on a public holiday.
    fn on_holiday(self) -> f64 {
        match self {
            Self::Office => 0.05,
            Self::Product => 0.45,
            Self::NightlyBatch | Self::WeeklyBatch | Self::Steady => 1.0,
        }
    }
}

pub(super) fn workloads() -> Vec<Workload> {
    let work = |principal, team, account, region, model, peak, course| {
        let (tokens, cost_usd, latency_ms) = match model {
            "haiku" => (1_500.0, 0.002, 700.0),
            "sonnet" => (4_000.0, 0.03, 2_600.0),
            "opus" => (6_000.0, 0.12, 6_500.0),
            "nova" => (900.0, 0.0004, 450.0),
            _ => (300.0, 0.00002, 90.0),
        };
        Workload {
            principal,
            team,
            account,
            region,
            model,
            peak,
            course,
            tokens,
            cost_usd,
            latency_ms,
        }
    };
    vec![
        work("chat-api", "chat", "111", "us-east-1", "sonnet", 420.0, Course::Product),
        work("chat-api", "chat", "111", "us-east-1", "haiku", 900.0, Course::Product),
        work("search", "search", "111", "us-east-1", "embed", 1500.0, Course::Product),
        work("search", "search", "111", "us-east-1", "nova", 300.0, Course::Product),
        work("support-bot", "support", "222", "eu-west-1", "haiku", 260.0, Course::Product),
        work("agents", "platform", "222", "eu-west-1", "sonnet", 160.0, Course::Office),
        work("analyst-1", "data", "222", "eu-west-1", "opus", 25.0, Course::Office),
        work("analyst-2", "data", "222", "eu-west-1", "sonnet", 40.0, Course::Office),
        work("developers", "platform", "111", "us-east-1", "opus", 60.0, Course::Office),
        work("nightly-summaries", "data", "111", "us-east-1", "nova", 2400.0, Course::NightlyBatch),
        work("weekly-report", "data", "222", "eu-west-1", "sonnet", 500.0, Course::WeeklyBatch),
        work("monitor", "platform", "111", "us-east-1", "nova", 12.0, Course::Steady),
        work("classifier", "support", "222", "eu-west-1", "nova", 180.0, Course::Steady),
    ]
}

/// Something that was put into the series on purpose.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Event {
    pub(super) what: What,
    /// Place of the workload it happens to; none for all.
    pub(super) workload: Option<usize>,
    /// First hour and the hour after the last, on the grid.
    pub(super) hours: std::ops::Range<usize>,
    /// Times the usual, share of throttled requests, or what is left.
    pub(super) size: f64,
}

impl Event {
    fn hits(&self, workload: usize, hour: usize) -> bool {
        self.workload.is_none_or(|hit| hit == workload) && self.hours.contains(&hour)
    }
}

/// Kinds of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Spike,
    LevelShift,
    Ramp,
    ThrottleStorm,
    Errors,
    Outage,
    Slow,
}

impl What {
    /// As the table names it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Spike => "spike of one hour",
            Self::LevelShift => "level shift",
            Self::Ramp => "slow ramp",
            Self::ThrottleStorm => "throttle storm",
            Self::Errors => "error burst",
            Self::Outage => "quiet outage",
            Self::Slow => "slow hours",
        }
    }
}

/// What to generate.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) events: Vec<Event>,
}

pub(super) fn period() -> Period {
    // Monday 7 September 2026: eight weeks of history, four judged.
    let from: DateTime<Utc> = "2026-09-07T00:00:00Z".parse().expect("a time");
    Period { from, to: from + chrono::Duration::days(HISTORY_DAYS + JUDGED_DAYS) }
}

/// The judged range.
pub(super) fn judged() -> Period {
    let Period { from, to } = period();
    Period { from: from + chrono::Duration::days(HISTORY_DAYS), to }
}

/// The hour of the grid at which the judged range starts.
pub(super) fn first_judged() -> usize {
    (HISTORY_DAYS * 24) as usize
}

/// Generates a world of 84 days.
pub(super) fn world(plan: &Plan) -> Hourly {
    let mut random = Random::seeded(plan.seed);
    let grid = Grid::new(period(), Tz::UTC);
    let holidays = holidays(&mut random);
    let workloads = workloads();
    let mut build = Build::new(&workloads, &grid);
    let weekly_growth = 0.015 * random.uniform();
    let shared = drift(&mut random, grid.len(), 0.08);
    for (place, workload) in workloads.iter().enumerate() {
        let own = drift(&mut random, grid.len(), 0.12);
        let slow = drift(&mut random, grid.len(), 0.06);
        let (mut error_burst, mut throttle_burst) = (Burst::default(), Burst::default());
        for hour in 0..grid.len() {
            let at = grid.instant(hour);
            let (weekday, of_day) = (at.weekday().num_days_from_monday(), at.hour());
            let weeks = hour as f64 / 168.0;
            let closed =
                if holidays.contains(&(hour / 24)) { workload.course.on_holiday() } else { 1.0 };
            let busy_hour = 1.0 + 0.1 * workload.course.share(1, of_day);
            let mut usual = Usually {
                rate: workload.peak
                    * workload.course.share(weekday, of_day)
                    * (own[hour] + shared[hour]).exp()
                    * (1.0 + weekly_growth).powf(weeks)
                    * closed,
                error_rate: if error_burst.is_on(&mut random, 2) { 0.03 } else { 0.004 },
                throttle_rate: if throttle_burst.is_on(&mut random, 1) { 0.02 } else { 0.0008 },
                latency_ms: workload.latency_ms * slow[hour].exp() * busy_hour,
            };
            for event in plan.events.iter().filter(|event| event.hits(place, hour)) {
                usual.with(event, hour);
            }
            build.hour(&mut random, place, hour, usual);
        }
    }
    build.finish(grid)
}

/// A workload in an hour, before chance.
#[derive(Debug, Clone, Copy)]
struct Usually {
    rate: f64,
    error_rate: f64,
    throttle_rate: f64,
    latency_ms: f64,
}

impl Usually {
    fn with(&mut self, event: &Event, hour: usize) {
        let done = (hour - event.hours.start) as f64 / event.hours.len() as f64;
        match event.what {
            What::Spike | What::LevelShift | What::Outage => self.rate *= event.size,
            What::Ramp => self.rate *= 1.0 + (event.size - 1.0) * (done / 0.75).min(1.0),
            What::ThrottleStorm => self.throttle_rate += event.size,
            What::Errors => self.error_rate += event.size,
            What::Slow => self.latency_ms *= event.size,
        }
    }
}

/// A few bad hours once in three weeks.
#[derive(Debug, Clone, Copy, Default)]
struct Burst {
    hours_left: usize,
}

impl Burst {
    fn is_on(&mut self, random: &mut Random, longest: usize) -> bool {
        self.hours_left = self.hours_left.saturating_sub(1);
        if random.uniform() < 0.002 {
            self.hours_left = 1 + random.below(longest);
        }
        self.hours_left > 0
    }
}

/// The days that are public holidays in the world of a seed.
pub(super) fn holidays_of(seed: u64) -> Vec<usize> {
    holidays(&mut Random::seeded(seed))
}

/// Three weekdays in twelve weeks; two of them in a row once in a while.
fn holidays(random: &mut Random) -> Vec<usize> {
    let mut days = Vec::new();
    for third in 0..3 {
        let day = third * 28 + random.below(28);
        let working = day - (day % 7).saturating_sub(4);
        days.push(working);
        if random.uniform() < 0.3 {
            days.push(working + 1);
        }
    }
    days
}

/// An autocorrelated random walk around 0 with this standard deviation.
fn drift(random: &mut Random, hours: usize, deviation: f64) -> Vec<f64> {
    const MEMORY: f64 = 0.8;
    let step = deviation * (1.0 - MEMORY * MEMORY).sqrt();
    let mut value = 0.0;
    (0..hours)
        .map(|_| {
            value = MEMORY * value + step * random.normal();
            value
        })
        .collect()
}

/// What is being generated.
struct Build {
    workloads: Vec<Workload>,
    dimensions: Vec<Values>,
    codes: Vec<[u32; 5]>,
    cells: Cells,
    /// Per hour and workload: known latencies and their typical value.
    latency: Vec<Mix>,
    hours: usize,
}

impl Build {
    const NAMES: [&'static str; 5] = ["model", "account", "region", "principal", "tag:team"];

    fn new(workloads: &[Workload], grid: &Grid) -> Self {
        let mut dimensions: Vec<Values> = Self::NAMES
            .map(|name| Values { dimension: name.to_owned(), values: Vec::new() })
            .into();
        let codes = workloads
            .iter()
            .map(|w| {
                let values = [w.model, w.account, w.region, w.principal, w.team];
                std::array::from_fn(|dimension| code(&mut dimensions[dimension], values[dimension]))
            })
            .collect();
        let cells = Cells { codes: vec![Vec::new(); 5], ..Cells::default() };
        let latency = vec![vec![(0, 0.0); workloads.len()]; grid.len()];
        Self { workloads: workloads.to_vec(), dimensions, codes, cells, latency, hours: grid.len() }
    }

    fn hour(&mut self, random: &mut Random, place: usize, hour: usize, usually: Usually) {
        let requests = random.poisson(usually.rate);
        if requests == 0 {
            return;
        }
        let some = |random: &mut Random, rate: f64| random.poisson(requests as f64 * rate.min(0.9));
        let throttled = some(random, usually.throttle_rate).min(requests);
        let failed = some(random, usually.error_rate).min(requests - throttled);
        let answered = requests - throttled - failed;
        let (tokens_of_one, cost_of_one) =
            (self.workloads[place].tokens, self.workloads[place].cost_usd);
        let sizes = sum_of_sizes(random, answered);
        let cost = sizes * cost_of_one * (0.05 * random.normal()).exp();
        self.cells.hour.push(hour);
        for (column, code) in self.cells.codes.iter_mut().zip(self.codes[place]) {
            column.push(code);
        }
        self.cells.requests.push(requests);
        self.cells.errors.push(throttled + failed);
        self.cells.throttled.push(throttled);
        self.cells.tokens.push((answered > 0).then_some((sizes * tokens_of_one) as i64));
        self.cells.cost_units.push((answered > 0).then_some((cost * 1e14) as i128));
        self.latency[hour][place] = (answered, usually.latency_ms);
    }

    fn finish(mut self, grid: Grid) -> Hourly {
        self.sort();
        let (latency, places) = (self.latencies(), self.places());
        Hourly {
            grid,
            dimensions: self.dimensions,
            judged_dimensions: 5,
            cells: self.cells,
            latency,
            places,
        }
    }

    /// Cells by hour; the generator goes workload by workload.
    fn sort(&mut self) {
        let mut order: Vec<usize> = (0..self.cells.hour.len()).collect();
        order.sort_by_key(|cell| self.cells.hour[*cell]);
        let cells = &self.cells;
        self.cells = Cells {
            hour: picked(&cells.hour, &order),
            codes: cells.codes.iter().map(|codes| picked(codes, &order)).collect(),
            requests: picked(&cells.requests, &order),
            errors: picked(&cells.errors, &order),
            throttled: picked(&cells.throttled, &order),
            tokens: picked(&cells.tokens, &order),
            cost_units: picked(&cells.cost_units, &order),
        };
    }

    /// Percentiles of each scope: those of the mix of its workloads, with the noise of a sample.
    fn latencies(&self) -> Vec<LatencyHour> {
        let mut latency = Vec::new();
        let mut random = Random::seeded(77);
        for hour in 0..self.hours {
            let mut scopes: BTreeMap<Option<(usize, u32)>, Mix> = BTreeMap::new();
            let answered = self.latency[hour].iter().enumerate().filter(|(_, known)| known.0 > 0);
            for (place, known) in answered {
                scopes.entry(None).or_default().push(*known);
                for scope in self.codes[place].into_iter().enumerate() {
                    scopes.entry(Some(scope)).or_default().push(*known);
                }
            }
            for (scope, mix) in scopes {
                let known: i64 = mix.iter().map(|part| part.0).sum();
                let mut noise = |size: f64| (size * random.normal() / (known as f64).sqrt()).exp();
                let p50 = percentile(&mix, 0.5) * noise(0.75);
                let p95 = (percentile(&mix, 0.95) * noise(1.25)).max(p50);
                latency.push(LatencyHour {
                    dimension: scope.map(|(dimension, _)| dimension),
                    code: scope.map_or(0, |(_, code)| code),
                    hour,
                    known,
                    p50_ms: p50 as i64,
                    p95_ms: p95 as i64,
                });
            }
        }
        latency
    }

    /// Two accounts with a Region each; CloudTrail has nothing of them.
    fn places(&self) -> Vec<Place> {
        let nothing = vec![0; self.hours];
        let mut places = Vec::new();
        for (account, region) in [("111", "us-east-1"), ("222", "eu-west-1")] {
            let mut logged = nothing.clone();
            for cell in 0..self.cells.hour.len() {
                let of = self.cells.codes[1][cell] as usize;
                if self.dimensions[1].values[of].as_deref() == Some(account) {
                    logged[self.cells.hour[cell]] += self.cells.requests[cell];
                }
            }
            places.push(Place {
                account: Some(account.to_owned()),
                region: Some(region.to_owned()),
                logged,
                called: nothing.clone(),
                events: nothing.clone(),
            });
        }
        places
    }
}

fn picked<T: Copy>(column: &[T], order: &[usize]) -> Vec<T> {
    order.iter().map(|cell| column[*cell]).collect()
}

/// Known latencies and their typical value, workload by workload.
type Mix = Vec<(i64, f64)>;

/// The sum of so many log-normal sizes with a deviation of 0.9: 40 drawn, the rest by its spread.
fn sum_of_sizes(random: &mut Random, number: i64) -> f64 {
    const DEVIATION: f64 = 0.9;
    let drawn = number.min(40);
    let sum: f64 = (0..drawn).map(|_| (DEVIATION * random.normal()).exp()).sum();
    let rest = (number - drawn) as f64;
    let mean = (DEVIATION * DEVIATION / 2.0).exp();
    let spread = 1.0 + 1.1 * random.normal() / rest.max(1.0).sqrt();
    sum + rest * mean * spread.max(0.1)
}

fn code(values: &mut Values, value: &str) -> u32 {
    let known = values.values.iter().position(|v| v.as_deref() == Some(value));
    let at = known.unwrap_or_else(|| {
        values.values.push(Some(value.to_owned()));
        values.values.len() - 1
    });
    u32::try_from(at).expect("few values")
}

/// The percentile of a mix of log-normal latencies with a deviation of 0.6, by bisection.
fn percentile(mix: &[(i64, f64)], share: f64) -> f64 {
    let all: i64 = mix.iter().map(|part| part.0).sum();
    let below = |value: f64| -> f64 {
        mix.iter()
            .map(|(n, typical)| *n as f64 * normal_share((value / typical).ln() / 0.6))
            .sum::<f64>()
            / all as f64
    };
    let (mut low, mut high) = (1.0_f64, 1e6_f64);
    for _ in 0..30 {
        let middle = (low * high).sqrt();
        if below(middle) < share { low = middle } else { high = middle }
    }
    high
}

/// The normal distribution's share below, to within 1 %.
fn normal_share(z: f64) -> f64 {
    1.0 / (1.0 + (-1.702 * z).exp())
}

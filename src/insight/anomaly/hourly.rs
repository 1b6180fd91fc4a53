//! The hours of a store as plain figures: what every series is built from.
//!
//! A *cell* is one hour of one combination of dimension values. There are thousands of cells where
//! there are millions of requests; a series is the sum of its cells. Null stays unknown: an hour
//! with answered requests and no priced one has no spend, not a spend of 0.

use std::collections::BTreeMap;
use std::ops::Range;

use super::grid::Grid;
use crate::schema::usage::metric;
use crate::units::Usd;

/// A figure that series are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// List cost.
    Cost,
    /// Requests.
    Requests,
    /// Tokens, cached ones once.
    Tokens,
    /// Failed requests, throttled ones included.
    Errors,
    /// Throttled requests.
    Throttled,
    /// Median latency.
    LatencyP50,
    /// 95th percentile of latency.
    LatencyP95,
}

impl Metric {
    /// All of them, in the order they are reported.
    pub const ALL: [Self; 7] = [
        Self::Cost,
        Self::Requests,
        Self::Tokens,
        Self::Errors,
        Self::Throttled,
        Self::LatencyP50,
        Self::LatencyP95,
    ];

    /// The name that `query` knows it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cost => metric::COST_USD,
            Self::Requests => metric::REQUESTS,
            Self::Tokens => metric::TOTAL_TOKENS,
            Self::Errors => metric::ERRORS,
            Self::Throttled => metric::THROTTLED,
            Self::LatencyP50 => metric::LATENCY_P50_MS,
            Self::LatencyP95 => metric::LATENCY_P95_MS,
        }
    }
}

/// What a series is about: everything, or one value of one dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Scope {
    All,
    Value { dimension: usize, code: u32 },
}

impl Scope {
    pub(super) fn dimension(self) -> Option<usize> {
        match self {
            Self::All => None,
            Self::Value { dimension, .. } => Some(dimension),
        }
    }
}

/// A dimension and its values; cells name a value by its place here.
#[derive(Debug, Clone, Default)]
pub struct Values {
    /// The name that `query` knows the dimension by.
    pub dimension: String,
    /// The values, in any order; null is a value too.
    pub values: Vec<Option<String>>,
}

/// Hourly sums, one element per cell in every column, sorted by hour.
#[derive(Debug, Clone, Default)]
pub struct Cells {
    /// The hour on the grid.
    pub hour: Vec<usize>,
    /// Per dimension, the place of the cell's value.
    pub codes: Vec<Vec<u32>>,
    /// Requests.
    pub requests: Vec<i64>,
    /// Failed requests, throttled ones included.
    pub errors: Vec<i64>,
    /// Throttled requests.
    pub throttled: Vec<i64>,
    /// Known tokens; none where no count is known.
    pub tokens: Vec<Option<i64>>,
    /// List cost in 10⁻¹⁴ USD; none where nothing is priced.
    pub cost_units: Vec<Option<i128>>,
}

/// Percentiles of latency in one hour of one series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LatencyHour {
    /// Place of the dimension, none for all requests together.
    pub dimension: Option<usize>,
    /// Place of the value.
    pub code: u32,
    /// The hour on the grid.
    pub hour: usize,
    /// Requests whose latency is known.
    pub known: i64,
    /// Median, milliseconds.
    pub p50_ms: i64,
    /// 95th percentile, milliseconds.
    pub p95_ms: i64,
}

/// Everything that anomalies are sought in.
#[derive(Debug, Clone)]
pub struct Hourly {
    /// The hours, history and range.
    pub grid: Grid,
    /// The dimensions of the cells.
    pub dimensions: Vec<Values>,
    /// So many of them, the first ones, are judged; the others say who made a change.
    pub judged_dimensions: usize,
    /// The sums.
    pub cells: Cells,
    /// The percentiles; an hour without known latency is not there.
    pub latency: Vec<LatencyHour>,
    /// Which hours are known to have been logged, and called.
    pub places: Vec<Place>,
}

/// An account and Region: what Bedrock logs are delivered for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Account.
    pub account: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Logged requests per hour of the grid, whatever was asked for.
    pub logged: Vec<i64>,
    /// Calls of the logged operations per hour, by CloudTrail.
    pub called: Vec<i64>,
    /// Events of any kind per hour that CloudTrail has of the account.
    pub events: Vec<i64>,
}

/// Sums of one scope per hour; unknown is NaN.
#[derive(Debug, Clone)]
pub(super) struct ScopeHours {
    pub(super) requests: Vec<f64>,
    pub(super) errors: Vec<f64>,
    pub(super) throttled: Vec<f64>,
    pub(super) tokens: Vec<f64>,
    pub(super) cost_usd: Vec<f64>,
    /// The size of one request by which tokens swing: the mean size, larger ones weighing more.
    pub(super) tokens_of_one: Option<f64>,
    /// As [`tokens_of_one`](Self::tokens_of_one), US dollars.
    pub(super) cost_usd_of_one: Option<f64>,
}

/// The mean size of a request, weighted by amount: variance ÷ mean of a sum of that many requests,
/// were each of the mean size of its cell.
#[derive(Debug, Clone, Copy, Default)]
struct SizeOfOne {
    weighted: f64,
    amount: f64,
}

impl SizeOfOne {
    fn add(&mut self, amount: f64, requests: i64) {
        if requests > 0 {
            self.weighted += amount * amount / whole(requests);
            self.amount += amount;
        }
    }

    fn mean(self) -> Option<f64> {
        (self.amount > 0.0).then(|| self.weighted / self.amount)
    }
}

impl Hourly {
    /// Places of the cells of each value of a dimension, values in order.
    pub(super) fn cells_by_value(&self, dimension: usize) -> BTreeMap<u32, Vec<usize>> {
        let mut found: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (cell, code) in self.cells.codes[dimension].iter().enumerate() {
            found.entry(*code).or_default().push(cell);
        }
        found
    }

    /// The hours of the cells named.
    pub(super) fn sum(&self, cells: impl Iterator<Item = usize>) -> ScopeHours {
        let zero = || vec![0.0; self.grid.len()];
        let (mut requests, mut errors, mut throttled) = (zero(), zero(), zero());
        let (mut tokens, mut cost_usd) = (zero(), zero());
        let (mut no_tokens, mut no_cost) =
            (vec![false; self.grid.len()], vec![false; self.grid.len()]);
        let (mut token_size, mut cost_size) = (SizeOfOne::default(), SizeOfOne::default());
        let columns = &self.cells;
        for cell in cells {
            let hour = columns.hour[cell];
            requests[hour] += whole(columns.requests[cell]);
            errors[hour] += whole(columns.errors[cell]);
            throttled[hour] += whole(columns.throttled[cell]);
            let answered = columns.requests[cell] - columns.errors[cell];
            match columns.tokens[cell].map(whole) {
                Some(amount) => {
                    tokens[hour] += amount;
                    token_size.add(amount, answered);
                }
                None => no_tokens[hour] |= answered > 0,
            }
            match columns.cost_units[cell].map(|units| Usd(units).to_f64()) {
                Some(amount) => {
                    cost_usd[hour] += amount;
                    cost_size.add(amount, answered);
                }
                None => no_cost[hour] |= answered > 0,
            }
        }
        unknown_where_nothing_known(&mut tokens, &no_tokens);
        unknown_where_nothing_known(&mut cost_usd, &no_cost);
        let (tokens_of_one, cost_usd_of_one) = (token_size.mean(), cost_size.mean());
        ScopeHours { requests, errors, throttled, tokens, cost_usd, tokens_of_one, cost_usd_of_one }
    }

    /// The cells of a scope.
    pub(super) fn cells_of(&self, scope: Scope) -> Box<dyn Iterator<Item = usize> + '_> {
        match scope {
            Scope::All => Box::new(0..self.cells.hour.len()),
            scope @ Scope::Value { .. } => {
                Box::new((0..self.cells.hour.len()).filter(move |cell| self.is_in(scope, *cell)))
            }
        }
    }

    /// The cells of some hours; cells are sorted by hour.
    pub(super) fn cells_in(&self, hours: &Range<usize>) -> Range<usize> {
        let first = |hour: usize| self.cells.hour.partition_point(|other| *other < hour);
        first(hours.start)..first(hours.end)
    }

    /// Whether a cell is of a scope.
    pub(super) fn is_in(&self, scope: Scope, cell: usize) -> bool {
        match scope {
            Scope::All => true,
            Scope::Value { dimension, code } => self.cells.codes[dimension][cell] == code,
        }
    }

    /// The exact amount of a cell; what is unknown adds nothing. Latencies are no amounts: 0.
    pub(super) fn amount(&self, metric: Metric, cell: usize) -> i128 {
        let cells = &self.cells;
        match metric {
            Metric::Requests => cells.requests[cell].into(),
            Metric::Errors => cells.errors[cell].into(),
            Metric::Throttled => cells.throttled[cell].into(),
            Metric::Tokens => cells.tokens[cell].map_or(0, i128::from),
            Metric::Cost => cells.cost_units[cell].unwrap_or(0),
            Metric::LatencyP50 | Metric::LatencyP95 => 0,
        }
    }

    /// Name and value of a scope's dimension; none for everything.
    pub(super) fn name(&self, scope: Scope) -> Option<(&str, Option<&str>)> {
        match scope {
            Scope::All => None,
            Scope::Value { dimension, code } => {
                let values = &self.dimensions[dimension];
                let value = usize::try_from(code).ok().and_then(|code| values.values.get(code));
                Some((&values.dimension, value.and_then(Option::as_deref)))
            }
        }
    }

    /// Place of a dimension by name.
    pub(super) fn dimension(&self, name: &str) -> Option<usize> {
        self.dimensions.iter().position(|values| values.dimension == name)
    }
}

/// An hour that has answered requests, none of them with a known amount, has an unknown amount.
fn unknown_where_nothing_known(amounts: &mut [f64], unknown: &[bool]) {
    for (amount, unknown) in amounts.iter_mut().zip(unknown) {
        if *unknown && *amount <= 0.0 {
            *amount = f64::NAN;
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "statistics; exact figures are summed apart")]
pub(super) fn whole(count: i64) -> f64 {
    count as f64
}

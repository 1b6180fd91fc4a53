//! The metrics by name: how each is computed, in which unit it is shown, what it needs.

use std::fmt;
use std::str::FromStr;

use polars::prelude::Expr;

use super::cells::{Part, Values};
use super::measures;
use super::names::UnknownName;
use super::percentiles::Percentile;
use crate::schema::cost::COST_UNITS;
use crate::schema::usage::{derived, metric};

/// A figure computed per group.
///
/// What each one means stands at its name in [`metric`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is documented once, at its name in `schema::usage::metric`")]
pub enum Metric {
    Requests,
    Ok,
    Errors,
    Throttled,
    ErrorRate,
    SuccessRate,
    ThrottleRate,
    InputTokens,
    OutputTokens,
    CacheReadTokens,
    CacheWriteTokens,
    TotalTokens,
    CostUsd,
    UnpricedRequests,
    PricedShare,
    CostPerRequestUsd,
    LatencyMeanMs,
    LatencyP50Ms,
    LatencyP90Ms,
    LatencyP95Ms,
    LatencyP99Ms,
    LatencyKnown,
    FirstByteP50Ms,
    Principals,
    Models,
    InputBytes,
    OutputBytes,
    GuardrailInterventions,
}

/// What a metric's number counts; terminals and charts format by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Requests, models, principals: `Int64`.
    Count,
    /// Tokens: `Int64`.
    Tokens,
    /// 0.0 to 1.0: `Float64`.
    Share,
    /// US dollars: `Int128` in 10⁻¹⁴ USD.
    Usd,
    /// Milliseconds: `Int64`, the mean `Float64`.
    Ms,
    /// Bytes: `Int64`.
    Bytes,
}

/// How a metric is computed.
#[derive(Debug, Clone)]
pub(crate) enum Definition {
    /// One aggregate over the group's cells.
    Measure(Expr),
    /// A rank among the group's values.
    Rank(Percentile),
    /// How many different values the group has.
    Distinct(Values),
}

impl Metric {
    /// All metrics, in the order of [`metric::ALL`].
    pub const ALL: [Self; 28] = [
        Self::Requests,
        Self::Ok,
        Self::Errors,
        Self::Throttled,
        Self::ErrorRate,
        Self::SuccessRate,
        Self::ThrottleRate,
        Self::InputTokens,
        Self::OutputTokens,
        Self::CacheReadTokens,
        Self::CacheWriteTokens,
        Self::TotalTokens,
        Self::CostUsd,
        Self::UnpricedRequests,
        Self::PricedShare,
        Self::CostPerRequestUsd,
        Self::LatencyMeanMs,
        Self::LatencyP50Ms,
        Self::LatencyP90Ms,
        Self::LatencyP95Ms,
        Self::LatencyP99Ms,
        Self::LatencyKnown,
        Self::FirstByteP50Ms,
        Self::Principals,
        Self::Models,
        Self::InputBytes,
        Self::OutputBytes,
        Self::GuardrailInterventions,
    ];

    /// The name, as typed and as the key of a JSON row.
    pub fn name(self) -> &'static str {
        match self {
            Self::Requests => metric::REQUESTS,
            Self::Ok => metric::OK,
            Self::Errors => metric::ERRORS,
            Self::Throttled => metric::THROTTLED,
            Self::ErrorRate => metric::ERROR_RATE,
            Self::SuccessRate => metric::SUCCESS_RATE,
            Self::ThrottleRate => metric::THROTTLE_RATE,
            Self::InputTokens => metric::INPUT_TOKENS,
            Self::OutputTokens => metric::OUTPUT_TOKENS,
            Self::CacheReadTokens => metric::CACHE_READ_TOKENS,
            Self::CacheWriteTokens => metric::CACHE_WRITE_TOKENS,
            Self::TotalTokens => metric::TOTAL_TOKENS,
            Self::CostUsd => metric::COST_USD,
            Self::UnpricedRequests => metric::UNPRICED_REQUESTS,
            Self::PricedShare => metric::PRICED_SHARE,
            Self::CostPerRequestUsd => metric::COST_PER_REQUEST_USD,
            Self::LatencyMeanMs => metric::LATENCY_MEAN_MS,
            Self::LatencyP50Ms => metric::LATENCY_P50_MS,
            Self::LatencyP90Ms => metric::LATENCY_P90_MS,
            Self::LatencyP95Ms => metric::LATENCY_P95_MS,
            Self::LatencyP99Ms => metric::LATENCY_P99_MS,
            Self::LatencyKnown => metric::LATENCY_KNOWN,
            Self::FirstByteP50Ms => metric::FIRST_BYTE_P50_MS,
            Self::Principals => metric::PRINCIPALS,
            Self::Models => metric::MODELS,
            Self::InputBytes => metric::INPUT_BYTES,
            Self::OutputBytes => metric::OUTPUT_BYTES,
            Self::GuardrailInterventions => metric::GUARDRAIL_INTERVENTIONS,
        }
    }

    /// The column of a usage frame: the name, but money stands under its `_units` name until it
    /// becomes text.
    pub fn column(self) -> &'static str {
        match self {
            Self::CostUsd => COST_UNITS,
            Self::CostPerRequestUsd => derived::COST_PER_REQUEST_UNITS,
            plain => plain.name(),
        }
    }

    /// What the number counts.
    pub fn unit(self) -> Unit {
        match self {
            Self::ErrorRate | Self::SuccessRate | Self::ThrottleRate | Self::PricedShare => {
                Unit::Share
            }
            Self::InputTokens
            | Self::OutputTokens
            | Self::CacheReadTokens
            | Self::CacheWriteTokens
            | Self::TotalTokens => Unit::Tokens,
            Self::CostUsd | Self::CostPerRequestUsd => Unit::Usd,
            Self::LatencyMeanMs
            | Self::LatencyP50Ms
            | Self::LatencyP90Ms
            | Self::LatencyP95Ms
            | Self::LatencyP99Ms
            | Self::FirstByteP50Ms => Unit::Ms,
            Self::InputBytes | Self::OutputBytes => Unit::Bytes,
            Self::Requests
            | Self::Ok
            | Self::Errors
            | Self::Throttled
            | Self::UnpricedRequests
            | Self::LatencyKnown
            | Self::Principals
            | Self::Models
            | Self::GuardrailInterventions => Unit::Count,
        }
    }

    /// Whether it reads a column that only pricing adds.
    pub fn needs_cost(self) -> bool {
        matches!(
            self,
            Self::TotalTokens
                | Self::CostUsd
                | Self::UnpricedRequests
                | Self::PricedShare
                | Self::CostPerRequestUsd
        )
    }

    /// The sums that it is made of, beside the number of requests and what pricing adds.
    pub(crate) fn parts(self) -> &'static [Part] {
        match self {
            Self::Ok | Self::SuccessRate => &[Part::Ok],
            Self::Errors | Self::ErrorRate => &[Part::Errors],
            Self::Throttled | Self::ThrottleRate => &[Part::Throttled],
            Self::InputTokens => &[Part::InputTokens],
            Self::OutputTokens => &[Part::OutputTokens],
            Self::CacheReadTokens => &[Part::CacheReadTokens],
            Self::CacheWriteTokens => &[Part::CacheWriteTokens],
            Self::LatencyMeanMs => &[Part::LatencySum, Part::LatencyKnown],
            Self::LatencyKnown => &[Part::LatencyKnown],
            Self::InputBytes => &[Part::InputBytes],
            Self::OutputBytes => &[Part::OutputBytes],
            Self::GuardrailInterventions => &[Part::GuardrailInterventions],
            _ => &[],
        }
    }

    /// The values that it needs one by one.
    pub(crate) fn values(self) -> Option<Values> {
        match self.definition() {
            Definition::Measure(_) => None,
            Definition::Rank(percentile) => Some(Values::ranked(percentile)),
            Definition::Distinct(values) => Some(values),
        }
    }

    pub(crate) fn definition(self) -> Definition {
        let measure = match self {
            Self::Requests => measures::requests(),
            Self::Ok => measures::ok(),
            Self::Errors => measures::errors(),
            Self::Throttled => measures::throttled(),
            Self::ErrorRate => measures::error_rate(),
            Self::SuccessRate => measures::success_rate(),
            Self::ThrottleRate => measures::throttle_rate(),
            Self::InputTokens => measures::input_tokens(),
            Self::OutputTokens => measures::output_tokens(),
            Self::CacheReadTokens => measures::cache_read_tokens(),
            Self::CacheWriteTokens => measures::cache_write_tokens(),
            Self::TotalTokens => measures::total_tokens(),
            Self::CostUsd => measures::cost(),
            Self::UnpricedRequests => measures::unpriced_requests(),
            Self::PricedShare => measures::priced_share(),
            Self::CostPerRequestUsd => measures::cost_per_request(),
            Self::LatencyMeanMs => measures::latency_mean(),
            Self::LatencyP50Ms => return Definition::Rank(Percentile::LATENCY_P50),
            Self::LatencyP90Ms => return Definition::Rank(Percentile::LATENCY_P90),
            Self::LatencyP95Ms => return Definition::Rank(Percentile::LATENCY_P95),
            Self::LatencyP99Ms => return Definition::Rank(Percentile::LATENCY_P99),
            Self::LatencyKnown => measures::latency_known(),
            Self::FirstByteP50Ms => return Definition::Rank(Percentile::FIRST_BYTE_P50),
            Self::Principals => return Definition::Distinct(Values::Principals),
            Self::Models => return Definition::Distinct(Values::Models),
            Self::InputBytes => measures::input_bytes(),
            Self::OutputBytes => measures::output_bytes(),
            Self::GuardrailInterventions => measures::guardrail_interventions(),
        };
        Definition::Measure(measure)
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Metric {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let named = Self::ALL.into_iter().find(|metric| metric.name() == name);
        named.ok_or_else(|| UnknownName::new("metric", name, &metric::ALL))
    }
}

#[cfg(test)]
mod tests {
    use super::Metric;
    use crate::schema::usage::metric;

    #[test]
    fn every_listed_metric_is_known_in_the_listed_order() {
        assert_eq!(Metric::ALL.map(Metric::name), metric::ALL);
        for name in metric::ALL {
            assert_eq!(name.parse::<Metric>().map(Metric::name), Ok(name));
        }
    }

    #[test]
    fn a_misspelt_metric_is_refused_with_a_suggestion() {
        let error = "latency_p95".parse::<Metric>().unwrap_err();
        assert_eq!(error.nearest.as_deref(), Some("latency_p95_ms"));
        assert_eq!(error.known.len(), metric::ALL.len());
    }
}

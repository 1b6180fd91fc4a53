//! The metrics that are published: their names, dimensions and units, and what each one means.
//!
//! The dashboards draw these and `AWS/Bedrock`'s own, and nothing else.

use super::Unit;

/// The namespace, unless the user names another.
pub const NAMESPACE: &str = "BedrockLens";

/// How a figure that changes after it was published is mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// A number of things: the difference is published as well, and `Sum` is right.
    Count,
    /// A state: the new figure is published as well; `CloudWatch` keeps both.
    Gauge,
}

/// A metric that is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Its name.
    pub name: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// How it is mended.
    pub nature: Nature,
    /// By which dimension, one at a time; an empty name is the metric without a dimension.
    pub dimensions: &'static [&'static str],
}

const EVERY: &[&str] = &["", "Model", "Principal", "Team"];
const MODEL: &[&str] = &["", "Model"];
const TOTAL: &[&str] = &[""];

const fn count(name: &'static str, dimensions: &'static [&'static str]) -> Known {
    Known { name, unit: Unit::Count, nature: Nature::Count, dimensions }
}

const fn gauge(name: &'static str, unit: Unit, dimensions: &'static [&'static str]) -> Known {
    Known { name, unit, nature: Nature::Gauge, dimensions }
}

/// All metrics, in the order of the documentation (docs/operating.md).
pub const METRICS: [Known; 26] = [
    count("Requests", EVERY),
    count("Errors", &["", "Model", "ErrorCode"]),
    count("Throttled", MODEL),
    count("InputTokens", EVERY),
    count("OutputTokens", EVERY),
    count("CacheReadTokens", TOTAL),
    count("CacheWriteTokens", TOTAL),
    Known { name: "CostUSD", unit: Unit::None, nature: Nature::Count, dimensions: EVERY },
    count("UnpricedRequests", TOTAL),
    count("GuardrailInterventions", TOTAL),
    gauge("LatencyP50", Unit::Milliseconds, TOTAL),
    gauge("LatencyP95", Unit::Milliseconds, MODEL),
    gauge("LatencyP99", Unit::Milliseconds, TOTAL),
    gauge("ActivePrincipals", Unit::Count, TOTAL),
    gauge("ActiveModels", Unit::Count, TOTAL),
    count("ApiCalls", &["", "SourceIp", "UserAgent"]),
    count("DeniedCalls", TOTAL),
    count("FailedAuthentications", TOTAL),
    count("ManagementActions", &["", "Action"]),
    count("ExternalCalls", TOTAL),
    count("Rejects", TOTAL),
    gauge("LogAgeHours", Unit::None, TOTAL),
    gauge("MonthToDateUSD", Unit::None, TOTAL),
    gauge("MonthEndForecastUSD", Unit::None, TOTAL),
    gauge("BudgetUsedPercent", Unit::Percent, &["Budget"]),
    gauge("SavingUSD", Unit::None, &["Saving"]),
];

/// The metric of this name.
pub fn known(name: &str) -> Option<Known> {
    METRICS.into_iter().find(|known| known.name == name)
}

/// Metrics that Bedrock itself publishes to `AWS/Bedrock`, by `ModelId`:
/// <https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring.html>.
pub const OF_BEDROCK: [&str; 7] = [
    "Invocations",
    "InvocationLatency",
    "InvocationClientErrors",
    "InvocationServerErrors",
    "InvocationThrottles",
    "InputTokenCount",
    "OutputTokenCount",
];

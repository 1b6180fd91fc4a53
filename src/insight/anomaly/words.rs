//! What an incident is called, in a sentence. Ratios and rates only: figures stay figures.

use super::departure::Departure;
use super::findings::{FirstSeenKind, IncidentKind};
use super::hourly::{Hourly, Metric};

/// The name of a kind.
pub(super) fn kind(kind: IncidentKind) -> &'static str {
    match kind {
        IncidentKind::LoggingGap => "logging gap",
        IncidentKind::NoLogs => "no logs",
        IncidentKind::Outage => "outage",
        IncidentKind::Throttling => "throttling",
        IncidentKind::Errors => "errors",
        IncidentKind::LevelShift => "level shift",
        IncidentKind::Ramp => "ramp",
        IncidentKind::Spike => "spike",
        IncidentKind::Slow => "slow",
    }
}

impl FirstSeenKind {
    /// The name for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Principal => "new principal",
            Self::Model => "new model",
            Self::Region => "new region",
            Self::PrincipalModel => "new model for the principal",
        }
    }
}

impl IncidentKind {
    /// The name for people.
    pub fn words(self) -> &'static str {
        kind(self)
    }
}

/// The sentence.
pub(super) fn title(kind: IncidentKind, main: &Departure, hourly: &Hourly) -> String {
    let what = subject(main.metric);
    let about = hourly.name(main.scope).map_or_else(
        || "overall".to_owned(),
        |(dimension, value)| format!("of {dimension} `{}`", value.unwrap_or("none")),
    );
    let times = times(main);
    match kind {
        IncidentKind::LoggingGap => {
            format!("Calls without logs: CloudTrail has calls {about}, the invocation log has none")
        }
        IncidentKind::NoLogs => {
            format!("No logs {about}: nothing says whether calls stopped or logs are missing")
        }
        IncidentKind::Outage => format!("Requests {about} stopped"),
        IncidentKind::Throttling => format!("Throttled requests {about} at {times} the usual"),
        IncidentKind::Errors => format!("Errors {about} at {times} the usual"),
        IncidentKind::LevelShift if main.is_up => {
            format!("{what} {about} stays at {times} the usual")
        }
        IncidentKind::LevelShift => format!("{what} {about} stays at {times} the usual (lower)"),
        IncidentKind::Ramp if main.is_up => {
            format!("{what} {about} climbs, by now {times} the usual")
        }
        IncidentKind::Ramp => format!("{what} {about} falls, by now {times} the usual"),
        IncidentKind::Spike | IncidentKind::Slow => format!("{what} {about} at {times} the usual"),
    }
}

fn subject(metric: Metric) -> &'static str {
    match metric {
        Metric::Cost => "Spend",
        Metric::Requests => "Requests",
        Metric::Tokens => "Tokens",
        Metric::Errors => "Errors",
        Metric::Throttled => "Throttled requests",
        Metric::LatencyP50 => "Median latency",
        Metric::LatencyP95 => "95th percentile of latency",
    }
}

/// `3.6 times`, `half as much` has no place here: 0.5 times.
fn times(main: &Departure) -> String {
    let ratio = main.observed / main.expected;
    if !ratio.is_finite() {
        "many times".to_owned()
    } else if ratio >= 100.0 {
        "over 100 times".to_owned()
    } else if ratio >= 10.0 {
        format!("{ratio:.0} times")
    } else {
        format!("{ratio:.1} times")
    }
}

//! What came out: incidents, first-seen events, and what could not be judged. Data only.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::period::Period;
use crate::units::Usd;

/// The anomalies of a range.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Anomalies {
    /// The range asked for.
    pub period: Period,
    /// The part of it that was judged: whole hours that the store knows about.
    pub judged: Period,
    /// The zone of its days and hours.
    pub timezone: String,
    /// What the usual was learnt from.
    pub history: History,
    /// Series with enough history to be judged for at least a day.
    pub series_tested: usize,
    /// By time, the gravest of the same hour first.
    pub incidents: Vec<Incident>,
    /// What the history against which things are new begins with.
    pub first_seen_history: History,
    /// Principals, models, Regions and pairs that had not called before, by time.
    pub first_seen: Vec<FirstSeen>,
    /// What could not be judged, and why.
    pub skipped: Vec<Skipped>,
    /// All requests per judged hour against their usual range, for drawing; empty where they could
    /// not be judged.
    #[serde(skip)]
    pub requests: Vec<JudgedHour>,
}

/// All requests of an hour, and what would have been usual.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JudgedHour {
    /// Its start.
    pub at: DateTime<Utc>,
    /// Logged requests; none where the log may have gaps.
    pub observed: Option<f64>,
    /// The usual range; none where it is not known.
    pub usual: Option<(f64, f64)>,
}

/// A stretch of history in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct History {
    /// The first request; none where there is no request before the range.
    pub from: Option<DateTime<Utc>>,
    /// The start of the range.
    pub to: DateTime<Utc>,
    /// Whole days.
    pub days: i64,
}

/// Departures that belong together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Incident {
    /// Name that stays the same from run to run.
    pub id: String,
    /// How grave it is.
    pub severity: Severity,
    /// What it is.
    pub kind: IncidentKind,
    /// In a sentence.
    pub title: String,
    /// First hour.
    pub from: DateTime<Utc>,
    /// End of the last hour.
    pub to: DateTime<Utc>,
    /// Whether the last judged hour belongs to it.
    pub is_ongoing: bool,
    /// The series that depart, the one it is called after first.
    pub metrics: Vec<DepartingSeries>,
    /// Who or what made the change, by dimension, the largest change first.
    pub drivers: Vec<Driver>,
    /// The command that shows it.
    pub query: String,
}

/// How grave an incident is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Look now.
    Critical,
    /// Look today.
    Warning,
    /// Good to know.
    Notice,
}

/// What an incident is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentKind {
    /// CloudTrail has calls, the log has not.
    LoggingGap,
    /// No logs, and nothing that says whether there were calls.
    NoLogs,
    /// No calls, though logs were being delivered or CloudTrail was.
    Outage,
    /// More throttled requests than usual.
    Throttling,
    /// More failed requests than usual.
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

/// A series that departs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DepartingSeries {
    /// The metric, as `query` names it.
    pub metric: String,
    /// What the series is about.
    pub scope: ScopeName,
    /// First hour.
    pub from: DateTime<Utc>,
    /// End of the last hour.
    pub to: DateTime<Utc>,
    /// Whether there is more than usual.
    pub direction: Direction,
    /// Amounts: exact sum over the hours. Latencies: of the hour with the highest score.
    pub observed: Figure,
    /// What would have been usual.
    pub expected: Figure,
    /// Below this it would have been unusual.
    pub low: Figure,
    /// Above this it would have been unusual.
    pub high: Figure,
    /// Robust standard deviations between observed and expected, in the worst hour.
    pub score: f64,
}

/// What a series is about: one value of a dimension, or everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScopeName {
    /// The dimension; none for everything.
    pub dimension: Option<String>,
    /// Its value; none for everything.
    pub value: Option<String>,
}

/// Which way a series departs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More than usual.
    Up,
    /// Less than usual.
    Down,
}

/// What one value of a dimension did to an incident.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Driver {
    /// The dimension.
    pub dimension: String,
    /// Its value; none where requests have none.
    pub value: Option<String>,
    /// The metric that changed.
    pub metric: String,
    /// In the incident; exact.
    pub observed: Figure,
    /// Median of the same hours of up to four earlier weeks; exact.
    pub usual: Figure,
    /// Observed − usual; exact.
    pub change: Figure,
    /// Share of the whole change; none for latencies.
    pub change_share: Option<f64>,
}

/// A figure in the unit of its metric.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Figure {
    /// US dollars, as exact decimal text.
    Usd(Usd),
    /// A count.
    Count(i128),
    /// An estimate, or milliseconds.
    Number(f64),
}

/// Something that had not called before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FirstSeen {
    /// What is new.
    pub kind: FirstSeenKind,
    /// Its first request.
    pub at: DateTime<Utc>,
    /// Account of the first request.
    pub account: Option<String>,
    /// The principal, where the kind is about one.
    pub principal: Option<String>,
    /// The model, where the kind is about one.
    pub model: Option<String>,
    /// The Region, where the kind is about one.
    pub region: Option<String>,
    /// Its requests in the range.
    pub requests: i64,
    /// The command that shows it.
    pub query: String,
}

/// What is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FirstSeenKind {
    /// A principal of an account.
    Principal,
    /// A model.
    Model,
    /// A Region.
    Region,
    /// A model that a known principal had not called.
    PrincipalModel,
}

/// What could not be judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// The series, or what they have in common.
    pub series: String,
    /// Why.
    pub reason: String,
}

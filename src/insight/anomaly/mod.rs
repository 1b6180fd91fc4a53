//! Anomalies: hours and days that depart from what a series usually does.
//!
//! ```text
//! invocations ─▶ hourly cells ─▶ series ─▶ departures ─▶ incidents
//!                (one group-by)  (sums)    (judged day    (grouped, with drivers
//!                                           by day)        and a query)
//! ```
//!
//! Series are spend, requests, tokens, errors, throttles and latencies, of everything and of each
//! value of each dimension. A day is judged by the days before it and by nothing else. What can't be
//! judged is said, never left out. Thresholds are data: [`Rules`].

mod amounts;
mod departure;
mod drivers;
mod failures;
mod findings;
mod first_seen;
mod grid;
mod grouping;
mod hourly;
mod incident;
mod judge;
mod kinship;
mod latency;
mod question;
mod rates;
pub mod read;
mod robust;
mod rules;
mod scan;
mod shift;
mod silence;
#[cfg(test)]
mod tests;
mod usual;
mod words;

pub use findings::{
    Anomalies, DepartingSeries, Direction, Driver, Figure, FirstSeen, FirstSeenKind, History,
    Incident, IncidentKind, JudgedHour, ScopeName, Severity, Skipped,
};
pub use first_seen::FirstCall;
pub use grid::Grid;
pub use hourly::{Cells, Hourly, LatencyHour, Metric, Place, Values};
pub use judge::{Request, anomalies};
pub use question::Question;
pub use rules::{Rules, RulesError};

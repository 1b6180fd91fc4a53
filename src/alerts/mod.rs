//! Alerts: rules over batch windows → what is wrong, since when, and what is to be told to whom.
//!
//! ```text
//! rule       what is looked at, from when on it is told, how grave it is (data: alert-rules.toml)
//! windows    sums per window → stretches of time in which a rule's limit was crossed
//! findings   what other stages found (anomalies, budgets, loads, detections, silence) → the same
//! breach     such a stretch, with its figures
//! ledger     stretches → alerts with a beginning, an end and a state, each told once
//! routing    which channel is told which change, and when
//! message    the change in words, for every kind of channel
//! ```
//!
//! Nothing here is a monitor: a rule sees what the logs hold, when a check runs. What the store doesn't
//! know about is not judged, and an alert stays open until the logs show that it ended.

mod breach;
mod findings;
mod ledger;
mod message;
mod routing;
mod rule;
#[cfg(test)]
mod tests;
mod windows;

pub use breach::{Amount, Breach};
pub use findings::{Quietness, anomalies, budgets, detections, quotas, range, silence};
pub use ledger::{Alert, Change, Changed, Judged, State, Update, update};
pub use message::{Item, Message, message};
pub use routing::{Channel, Due, Mute, Quiet, due};
pub use rule::{Direction, Kind, Measure, Override, Rule, RuleError, RuleSet, Severity, Silent};
pub use windows::{Grid, concurrent, crossed, without_success};

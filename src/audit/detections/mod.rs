//! Detections as data: rules in YAML over `api_events` and `invocations`, and what they find.
//!
//! ```text
//! read          rule files → rules; what is wrong with one, by file, line and rule
//! rule          what a rule is: words, severity, techniques, one of five kinds of logic
//! condition     which rows: SQL with the user's settings in braces
//! values        the settings as SQL
//! places        country and operator of addresses, where the user names a database
//! requirements  what the period must hold for a rule to say anything
//! rows          the tables, and sums of them that most rules are asked of
//! logic         from rows to findings, by kind
//! sequence      rows of one kind that follow rows of another
//! kept          what may have been kept of days
//! evidence      the rows that findings rest on
//! command       the query that shows them
//! evaluate      the whole
//! period_rows   the same rows and settings, for others
//! finding       what comes out
//! ```

mod command;
mod condition;
mod evaluate;
mod evidence;
mod finding;
mod kept;
mod logic;
mod narrow;
mod period_rows;
mod places;
mod read;
mod requirements;
mod rows;
mod rule;
mod sequence;
#[cfg(test)]
mod tests;
mod values;

pub use condition::{Condition, Term};
pub use evaluate::{DetectionQuestion, detections, history_days};
pub use finding::{Detections, Evidence, Finding, RuleOutcome, RuleVerdict};
pub use kept::Kept;
pub(in crate::audit) use narrow::narrowed;
pub(in crate::audit) use period_rows::PeriodRows;
pub use places::{Place, Places};
pub use read::{RuleError, RuleSet};
pub use rows::{PickedRows, TableRows, counted_apart};
pub use rule::{Logic, Requirement, Rule, Severity};
pub use sequence::FollowedRule;

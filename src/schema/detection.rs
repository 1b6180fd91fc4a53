//! Columns of the frames that detection rules are evaluated over.

pub use super::usage::cell::ROWS;

/// Rows that these are a share of; null where the rule tells no share.
pub const OF_ROWS: &str = "of_rows";
/// Different values among the rows; null where the rule counts none.
pub const DISTINCT: &str = "distinct_values";
/// When the first of the rows happened, milliseconds since the epoch.
pub const FIRST_MS: &str = "first_ms";
/// When the last of them happened.
pub const LAST_MS: &str = "last_ms";
/// Whether the rows are of the period asked about, not of the history before it.
pub const IN_PERIOD: &str = "in_period";
/// A row's time, milliseconds since the epoch.
pub const TIME_MS: &str = "time_ms";
/// When the rows of the first kind began that one of the second kind follows, milliseconds since the epoch.
pub const BEGAN_MS: &str = "began_ms";
/// What a rule counts the different values of.
pub const VALUE: &str = "counted_value";
/// Number of a finding among those of its rule.
pub const FINDING: &str = "finding";
/// Number of a burst among those of its group.
pub const BURST: &str = "burst";
/// Number of a group among those of its rule, or of a row among those of its finding.
pub const NUMBER: &str = "number";
/// When a window of time begins.
pub const WINDOW: &str = "window";
/// Whether a row is one that some rule asks for, one of a burst, or of the second kind of a sequence.
pub const HIT: &str = "hit";
/// What the terms of a group are called inside, so that no name of a rule meets one of these.
pub const GROUP: &str = "group:";

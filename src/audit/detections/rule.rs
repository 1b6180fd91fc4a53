//! What a detection rule is: words for people, and one of five kinds of logic over one table.

use std::fmt;
use std::str::FromStr;

use chrono::Duration;
use serde::{Deserialize, Serialize};

use super::condition::{Condition, Term};
use crate::schema::Table;

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Look at it when there is time.
    Low,
    /// Look at it.
    Medium,
    /// Look at it today.
    High,
    /// Look at it now.
    Critical,
}

impl Severity {
    /// All, gravest first.
    pub const ALL: [Self; 5] = [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Info];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Severity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.as_str() == text)
            .ok_or_else(|| format!("`{text}` is no severity (critical, high, medium, low, info)"))
    }
}

/// A detection rule, checked: its conditions parse and name columns of its table.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its name, in lower case with dashes; unique.
    pub id: String,
    /// What was found, as a heading.
    pub title: String,
    /// How grave a finding is.
    pub severity: Severity,
    /// MITRE ATT&CK and ATLAS techniques.
    pub techniques: Vec<String>,
    /// What it looks for and why.
    pub description: String,
    /// When a finding is harmless.
    pub false_positives: String,
    /// Whose rows it reads.
    pub table: Table,
    /// What makes one finding: columns, or named SQL expressions.
    pub by: Vec<Term>,
    /// What the period must hold for the rule to say anything.
    pub requires: Vec<Requirement>,
    /// How it decides.
    pub logic: Logic,
}

/// Rows that the period must hold for a rule to say anything.
#[derive(Debug, Clone, PartialEq)]
pub struct Requirement {
    /// At least one of these.
    pub any: Condition,
    /// What is said where there is none.
    pub missing: String,
}

/// How a rule decides.
#[derive(Debug, Clone)]
pub enum Logic {
    /// At least so many rows of a group hold for a condition.
    Match {
        /// The condition.
        condition: Condition,
        /// Rows, at least; mostly 1.
        at_least: i64,
    },
    /// So many rows of a group within a stretch of time.
    Threshold {
        /// Which rows.
        condition: Condition,
        /// Rows, or distinct values of `distinct`, at least.
        count: i64,
        /// The stretch.
        within: Duration,
        /// Count the values of this instead of rows.
        distinct: Option<Term>,
    },
    /// A group that was not there before.
    FirstSeen {
        /// Which rows.
        condition: Condition,
        /// Days before the period in which it was not there.
        history_days: i64,
        /// Of the group's terms, those that must have been there: a known key from a new network.
        anchor: Vec<Term>,
    },
    /// Rows of one kind, then rows of another, of one group.
    Sequence {
        /// What comes first.
        first: Condition,
        /// So many of it within the stretch.
        first_count: i64,
        /// What follows.
        then: Condition,
        /// So many of it, each within the stretch after the first kind.
        then_count: i64,
        /// The stretch.
        within: Duration,
    },
    /// A share of a group's rows.
    Ratio {
        /// The rows that count.
        condition: Condition,
        /// The rows they are a share of.
        of: Condition,
        /// Share, at least.
        at_least: f64,
        /// Rows that the share is of, at least.
        minimum: i64,
    },
}

impl Logic {
    /// The word for the kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Match { .. } => "match",
            Self::Threshold { .. } => "threshold",
            Self::FirstSeen { .. } => "first_seen",
            Self::Sequence { .. } => "sequence",
            Self::Ratio { .. } => "ratio",
        }
    }

    /// The conditions, the deciding one last.
    pub fn conditions(&self) -> Vec<&Condition> {
        match self {
            Self::Match { condition, .. }
            | Self::Threshold { condition, .. }
            | Self::FirstSeen { condition, .. } => vec![condition],
            Self::Sequence { first, then, .. } => vec![first, then],
            Self::Ratio { condition, of, .. } => vec![of, condition],
        }
    }
}

impl Rule {
    /// The settings it takes, each once.
    pub fn needs(&self) -> Vec<&'static str> {
        let mut needs: Vec<&'static str> =
            self.logic.conditions().iter().flat_map(|condition| condition.needs()).collect();
        needs.sort_unstable();
        needs.dedup();
        needs
    }

    /// What it does, in one line for people.
    pub fn in_words(&self) -> String {
        let by = || self.by.iter().map(Term::name).collect::<Vec<_>>().join(", ");
        match &self.logic {
            Logic::Match { at_least: 1, .. } => format!("any, by {}", by()),
            Logic::Match { at_least, .. } => format!("at least {at_least}, by {}", by()),
            Logic::Threshold { count, within, distinct, .. } => {
                let what = distinct.as_ref().map_or_else(String::new, |term| {
                    format!(" different values of {}", term.name())
                });
                format!("{count}{what} within {}, by {}", span(*within), by())
            }
            Logic::FirstSeen { history_days, anchor, .. } => {
                let known = if anchor.is_empty() {
                    String::new()
                } else {
                    let names: Vec<&str> = anchor.iter().map(Term::name).collect();
                    format!(" of a known {}", names.join(", "))
                };
                format!("{}{known} not seen in the {history_days} days before", by())
            }
            Logic::Sequence { first_count, then_count, within, .. } => format!(
                "{first_count} of the first kind, then {then_count} of the second within {}, by {}",
                span(*within),
                by()
            ),
            Logic::Ratio { at_least, minimum, .. } => {
                format!("{:.0} % or more of at least {minimum}, by {}", at_least * 100.0, by())
            }
        }
    }
}

/// A stretch of time as rules write it.
pub(super) fn span(duration: Duration) -> String {
    let seconds = duration.num_seconds();
    match seconds {
        s if s % 86_400 == 0 => format!("{}d", s / 86_400),
        s if s % 3_600 == 0 => format!("{}h", s / 3_600),
        s if s % 60 == 0 => format!("{}m", s / 60),
        s => format!("{s}s"),
    }
}

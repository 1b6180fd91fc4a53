//! What a framework is, as data: controls, each with tests that logs can answer, and what they can't.

use serde::{Deserialize, Serialize};

use crate::audit::detections::Condition;
use crate::schema::Table;

/// A compliance framework, as far as logs of Bedrock can say anything about it.
#[derive(Debug, Clone)]
pub struct Framework {
    /// Its name on the command line: `soc2`.
    pub id: String,
    /// Its name and edition.
    pub title: String,
    /// The controls, in the framework's order.
    pub controls: Vec<Control>,
}

/// A control of a framework.
#[derive(Debug, Clone)]
pub struct Control {
    /// The framework's own number: `CC7.2`.
    pub id: String,
    /// What it asks for, in our words.
    pub title: String,
    /// What is tested.
    pub tested: String,
    /// The tests; all have to pass.
    pub tests: Vec<Test>,
    /// What the tests can't say.
    pub limits: String,
}

/// A test over the tables of a period.
#[derive(Debug, Clone)]
pub enum Test {
    /// Share of the runtime calls in CloudTrail that are in the invocation log.
    LogCoverage {
        /// Share, at least.
        at_least: f64,
    },
    /// Nothing that records was stopped or silent.
    NoOutage {
        /// What records.
        recorders: Vec<RecorderName>,
    },
    /// CloudTrail's digests prove the period's log files.
    IntegrityVerified,
    /// Rules that were asked and found nothing.
    NoFindings {
        /// Their ids.
        rules: Vec<String>,
    },
    /// Rules that were asked, whatever they found: somebody is told.
    RulesEvaluated {
        /// Their ids.
        rules: Vec<String>,
    },
    /// The logs go back so far.
    Retention {
        /// Days before the end of the period.
        days: i64,
        /// Of which table.
        table: Table,
    },
    /// Every UTC day of the period has rows.
    EveryDay {
        /// Of which table.
        table: Table,
    },
    /// Share of rows for which a condition holds.
    Share(Share),
    /// The scan of bodies found nothing of these kinds.
    NoSensitive {
        /// Kinds of sensitive data.
        kinds: Vec<String>,
        /// Share of the period's requests that was scanned, at least.
        scanned: f64,
    },
    /// Logs can't show it.
    NotVisible {
        /// Why.
        reason: String,
    },
}

/// Share of rows for which a condition holds.
#[derive(Debug, Clone)]
pub struct Share {
    /// Of which table.
    pub table: Table,
    /// What is counted, for people.
    pub what: String,
    /// The rows that have to hold.
    pub holds: Condition,
    /// The rows they are a share of.
    pub of: Condition,
    /// Share, at least.
    pub at_least: f64,
}

/// What records, as the data names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecorderName {
    /// Bedrock model invocation logging.
    InvocationLogging,
    /// A CloudTrail trail.
    Trail,
    /// A bucket that holds logs.
    LogBucket,
}

impl RecorderName {
    /// The words for it.
    pub fn words(self) -> &'static str {
        match self {
            Self::InvocationLogging => "invocation logging",
            Self::Trail => "a trail",
            Self::LogBucket => "a log bucket",
        }
    }
}

impl Test {
    /// The word for the kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::LogCoverage { .. } => "log_coverage",
            Self::NoOutage { .. } => "no_outage",
            Self::IntegrityVerified => "integrity_verified",
            Self::NoFindings { .. } => "no_findings",
            Self::RulesEvaluated { .. } => "rules_evaluated",
            Self::Retention { .. } => "retention",
            Self::EveryDay { .. } => "every_day",
            Self::Share(_) => "share",
            Self::NoSensitive { .. } => "no_sensitive",
            Self::NotVisible { .. } => "not_visible",
        }
    }

    /// The rules it takes.
    pub fn rules(&self) -> &[String] {
        match self {
            Self::NoFindings { rules } | Self::RulesEvaluated { rules } => rules,
            _ => &[],
        }
    }

    /// What it takes to pass, in one line for people.
    pub fn in_words(&self) -> String {
        let percent = |share: f64| format!("{} %", (share * 1000.0).round() / 10.0);
        match self {
            Self::LogCoverage { at_least } => {
                format!("at least {} of the calls in CloudTrail are logged", percent(*at_least))
            }
            Self::NoOutage { recorders } => {
                let words: Vec<&str> = recorders.iter().map(|name| name.words()).collect();
                format!("no outage of {}", words.join(", "))
            }
            Self::IntegrityVerified => "CloudTrail's digests prove the log files".to_owned(),
            Self::NoFindings { rules } => format!("no finding of {}", rules.join(", ")),
            Self::RulesEvaluated { rules } => format!("asked: {}", rules.join(", ")),
            Self::Retention { days, table } => {
                format!("{} go back {days} days", table.name())
            }
            Self::EveryDay { table } => format!("{} on every day", table.name()),
            Self::Share(share) => format!("at least {} of {}", percent(share.at_least), share.what),
            Self::NoSensitive { kinds, scanned } => format!(
                "no {} in bodies, of which at least {} were scanned",
                kinds.join(", "),
                percent(*scanned)
            ),
            Self::NotVisible { .. } => "not visible in logs".to_owned(),
        }
    }
}

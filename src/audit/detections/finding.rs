//! What a detection run says: findings with evidence, and what each rule came to.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::places::Place;
use super::rule::Severity;
use crate::period::Period;

/// What the rules found in a period, and what could not be asked.
#[derive(Debug, Clone, Serialize)]
pub struct Detections {
    /// The period.
    #[serde(flatten)]
    pub period: Period,
    /// Every rule, in the order of the rules.
    pub rules: Vec<RuleOutcome>,
    /// Gravest first, then by rule, time and group.
    pub findings: Vec<Finding>,
    /// Whether addresses were looked up in a database.
    pub geoip: bool,
}

impl Detections {
    /// What a rule came to; `None` when it was not asked.
    pub fn outcome(&self, rule: &str) -> Option<&RuleOutcome> {
        self.rules.iter().find(|outcome| outcome.rule == rule)
    }
}

/// What a rule came to.
#[derive(Debug, Clone, Serialize)]
pub struct RuleOutcome {
    /// Its id.
    pub rule: String,
    /// Its title.
    pub title: String,
    /// Its severity.
    pub severity: Severity,
    /// Whether it could be asked.
    pub verdict: RuleVerdict,
    /// Why not, where it could not: `needs security.internal_networks`.
    pub reason: Option<String>,
    /// Its findings.
    pub findings: usize,
}

/// Whether a rule could be asked, and found something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleVerdict {
    /// It found something.
    Fired,
    /// It was asked and found nothing.
    Quiet,
    /// It could not be asked.
    NotEvaluated,
}

/// Something a rule found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// The rule's id.
    pub rule: String,
    /// The rule's title.
    pub title: String,
    /// How grave it is.
    pub severity: Severity,
    /// MITRE ATT&CK and ATLAS techniques.
    pub techniques: Vec<String>,
    /// When the first of the rows happened.
    pub from: DateTime<Utc>,
    /// When the last of them happened.
    pub to: DateTime<Utc>,
    /// Who, where the rule tells callers apart.
    pub principal: Option<String>,
    /// Whose account, where the rule tells accounts apart.
    pub account_id: Option<String>,
    /// What makes it one finding: names and values, in the rule's order.
    #[serde(serialize_with = "as_map")]
    pub group: Vec<(String, Option<String>)>,
    /// Rows that hold for the rule; of a sequence, rows of the second kind.
    pub rows: i64,
    /// Rows that these are a share of, where the rule tells a share.
    pub of_rows: Option<i64>,
    /// Different values, where the rule counts them.
    pub distinct_values: Option<i64>,
    /// Where the source address is, where the rule tells addresses apart and a database is given.
    pub place: Option<Place>,
    /// The first of the rows, at most ten.
    pub evidence: Vec<Evidence>,
    /// The command that shows all of them.
    pub query: String,
}

/// A row that a finding rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// When.
    pub event_time: DateTime<Utc>,
    /// `eventID` of the CloudTrail event, `requestId` of the invocation; null where it has none.
    pub id: Option<String>,
    /// The log object.
    pub object: String,
    /// The record's number in it, from 1.
    pub record: i64,
}

/// Rows of evidence that a finding shows, at most.
pub(super) const SHOWN: i64 = 10;

fn as_map<S: serde::Serializer>(
    group: &[(String, Option<String>)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(group.iter().map(|(name, value)| (name, value)))
}

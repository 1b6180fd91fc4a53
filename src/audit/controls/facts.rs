//! What tests are asked of, beside the tables: what other parts of the audit found.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;

use super::control::RecorderName;
use crate::period::Period;
use crate::schema::Table;

/// What is known of a period.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Log coverage.
    pub coverage: CoverageFacts,
    /// Stops and silences of what records, that touch the period.
    pub outages: Vec<OutageFact>,
    /// What `audit verify` came to; `None` when nobody gave it.
    pub verification: Option<VerificationFacts>,
    /// The first day with rows of `invocations` and of `api_events` in the store.
    pub first_days: [Option<NaiveDate>; 2],
    /// UTC days of the period with rows of `invocations` and of `api_events`.
    pub days_with_rows: [u64; 2],
    /// What the scan of bodies found.
    pub sensitive: SensitiveFacts,
}

/// Runtime calls in CloudTrail, and which of them were logged.
#[derive(Debug, Clone, Default)]
pub struct CoverageFacts {
    /// Distinct calls.
    pub called: i64,
    /// Of these, in the invocation log.
    pub logged: i64,
    /// Why the two can't be compared, if they can't.
    pub unknown: Option<String>,
}

/// A stretch of time in which something did not record.
#[derive(Debug, Clone)]
pub struct OutageFact {
    /// What.
    pub recorder: RecorderName,
    /// In words, with account and Region.
    pub what: String,
    /// From when; `None` when it began before the period.
    pub from: Option<DateTime<Utc>>,
    /// Until when; `None` while open.
    pub to: Option<DateTime<Utc>>,
    /// The event that began it.
    pub event_id: Option<String>,
}

/// What `audit verify --json` printed, as far as tests need it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct VerificationFacts {
    /// The verdict's word.
    pub verdict: String,
    /// Hours of its range, and those that are proven.
    pub hours: VerifiedHours,
    /// Start of its range; null when it found nothing.
    pub from: Option<DateTime<Utc>>,
    /// End of its range.
    pub to: Option<DateTime<Utc>>,
}

/// Hours of a verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct VerifiedHours {
    /// Of its range.
    pub expected: u64,
    /// Of these, proven.
    pub proven: u64,
}

impl VerificationFacts {
    /// Whether it speaks of the whole period.
    pub fn covers(&self, period: Period) -> bool {
        let (from, to) = (self.from, self.to);
        from.is_some_and(|from| from <= period.from) && to.is_some_and(|to| to >= period.to)
    }
}

/// What the scan of bodies found.
#[derive(Debug, Clone, Default)]
pub struct SensitiveFacts {
    /// Requests of the period.
    pub requests: i64,
    /// Of these, scanned.
    pub scanned: i64,
    /// Requests in which something was found, by kind.
    pub by_kind: Vec<(String, i64)>,
}

impl Facts {
    /// The place of a table in the pairs of facts.
    pub(super) fn of<T: Copy>(pair: [T; 2], table: Table) -> T {
        let [invocations, api_events] = pair;
        if table == Table::Invocations { invocations } else { api_events }
    }
}

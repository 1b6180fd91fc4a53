//! The journey of a check: what the rules find in the logs, taken into the ledger of alerts.
//!
//! `gather` asks the other stages; the alerts stage judges; `record` keeps what came of it; `tell` hands
//! it to the channels, each change once.

mod gather;
mod record;
mod summary;
mod tell;

use std::path::PathBuf;

use chrono::{DateTime, Duration, NaiveTime, Utc};
use chrono_tz::Tz;
use polars::prelude::col;
use serde::Serialize;

use super::detections::texts;
use super::{Basis, Error, figures};
use crate::alerts::{Alert, Changed, Judged, RuleSet, update};
use crate::audit::controls::Framework;
use crate::audit::detections::{Places, RuleSet as DetectionRules};
use crate::insight::anomaly::{Rules, read};
use crate::period::Period;
use crate::schema::Table;
use crate::schema::budget::Budget;
use crate::schema::invocation::EVENT_TIME;
use crate::schema::quota::Quota;
use crate::schema::security::Security;
use crate::store::{AlertLedger, Reader};

pub use record::{acknowledge, alerts_since};
pub use tell::{Destination, Told, Way, tell};

/// Log objects come minutes after the calls: younger time isn't judged yet.
const DELIVERY: Duration = Duration::minutes(15);
/// Time before the last check that is judged again, for logs that came late.
const TRAILING: Duration = Duration::hours(2);
/// What the first check judges.
const FIRST: Duration = Duration::hours(24);
/// Alerts that ended longer ago than this are history.
const REMEMBERED: Duration = Duration::days(35);

/// Changes of alerts that began this long ago are still told to a channel that wasn't told.
pub const RETOLD: Duration = Duration::days(7);

/// What a check is made with.
pub struct AlertQuestion<'a> {
    /// The rules.
    pub rules: &'a RuleSet,
    /// The time to judge; none: since the last check.
    pub window: Option<Period>,
    /// When a departure from the usual is told.
    pub anomaly_rules: &'a Rules,
    /// Detection rules, and what they need.
    pub detection_rules: &'a DetectionRules,
    /// Frameworks of controls that a summary may name.
    pub frameworks: &'a [Framework],
    /// What the user says is allowed.
    pub security: &'a Security,
    /// Databases that addresses are looked up in.
    pub places: &'a Places,
    /// Monthly budgets.
    pub budgets: &'a [Budget],
    /// Quotas per minute.
    pub quotas: &'a [Quota],
    /// The zone of days, weeks and months.
    pub timezone: Tz,
    /// When the check runs.
    pub now: DateTime<Utc>,
}

/// What a check came to.
#[derive(Debug, Clone, Serialize)]
pub struct AlertCheck {
    /// What was judged.
    #[serde(flatten)]
    pub judged: Judged,
    /// When the check before this one ran.
    pub previous: Option<DateTime<Utc>>,
    /// Alerts that are open, or that this check changed; by start.
    pub alerts: Vec<Alert>,
    /// What this check changed.
    pub changes: Vec<Changed>,
    /// Rules that could not be asked, and why.
    pub skipped: Vec<SkippedRule>,
}

/// A rule that could not be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SkippedRule {
    /// Its id.
    pub rule: String,
    /// Why.
    pub reason: String,
}

/// The alert rules that come with the tool, with the user's on top.
///
/// # Errors
/// When a file can't be read, or a rule is wrong.
pub fn alert_rules(files: &[PathBuf]) -> Result<RuleSet, Error> {
    RuleSet::read(&texts(files)?).map_err(Error::AlertRules)
}

/// Asks the rules of the logs since the last check; with `keep`, what changed is kept.
///
/// # Errors
/// When the store holds no logs, or can't be read.
pub fn check_alerts(
    basis: Basis<'_>,
    question: &AlertQuestion<'_>,
    ledger: &mut AlertLedger,
    keep: bool,
) -> Result<AlertCheck, Error> {
    let newest = newest(basis.store)?;
    let judged = judged(question, ledger, newest)?;
    let last = ledger.last_check().map_err(Error::Store)?;
    let found = gather::breaches(basis, question, &judged, last)?;
    let rules = question.rules;
    let since = (judged.at.max(judged.period.to) - REMEMBERED).timestamp_millis();
    let make = |known: Vec<Alert>| update(known, found.breaches, rules, judged);
    let update = if keep {
        record::keep(ledger, since, judged, make)?
    } else {
        make(record::alerts_since(ledger, since)?)
    };
    let is_told = |alert: &Alert| {
        let is_open = alert.resolved.is_none();
        is_open || update.changes.iter().any(|change| change.alert == alert.id)
    };
    Ok(AlertCheck {
        judged,
        previous: last.and_then(|check| DateTime::from_timestamp_millis(check.at_ms)),
        alerts: update.alerts.iter().filter(|alert| is_told(alert)).cloned().collect(),
        changes: update.changes,
        skipped: found.skipped,
    })
}

/// What a check judges: whole minutes from some time before the end of what was judged last, to the
/// newest record.
fn judged(
    question: &AlertQuestion<'_>,
    ledger: &AlertLedger,
    newest: DateTime<Utc>,
) -> Result<Judged, Error> {
    let known_to = newest.min(question.now - DELIVERY);
    let period = if let Some(window) = question.window {
        Period { from: window.from, to: window.to.min(known_to.max(window.from)) }
    } else {
        let last = ledger.last_check().map_err(Error::Store)?;
        let last = last.and_then(|check| DateTime::from_timestamp_millis(check.to_ms));
        let from = last.map_or(known_to - FIRST, |to| to.min(known_to) - TRAILING);
        Period { from, to: known_to }
    };
    // Windows of any length that divides a day begin at midnight.
    let midnight = period.from.date_naive().and_time(NaiveTime::MIN).and_utc();
    Ok(Judged { period: Period { from: midnight, to: period.to }, at: question.now })
}

/// Just after the newest record of calls.
fn newest(store: &Reader) -> Result<DateTime<Utc>, Error> {
    let mut newest = None;
    for table in [Table::Invocations, Table::ApiEvents] {
        let Some((_, last)) = store.days(table).map_err(Error::Store)? else { continue };
        let from = last.and_time(NaiveTime::MIN).and_utc();
        let day = Period { from, to: from + Duration::days(1) };
        let rows = store.scan(table, Some(day)).map_err(Error::Store)?.select([col(EVENT_TIME)]);
        let frame = figures::collect(read::newest(rows))?;
        newest = newest.max(read::newest_ms(&frame).map_err(Error::Compute)?);
    }
    newest
        .and_then(|ms| DateTime::from_timestamp_millis(ms + 1))
        .ok_or(Error::NoData { what: "logs", period: String::new() })
}

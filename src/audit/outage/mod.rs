//! The ledger of outages: when something kept calls from being recorded, who caused it, until when.
//!
//! ```text
//! CloudTrail events ─▶ acts (what each does to recording) ─▶ spans (from a stop to what ends it) ─┐
//! hours of log coverage ─▶ silence (calls and no log, without an act that explains it) ───────────┴▶ outages
//! ```
//!
//! What an act does is read from its event alone: the ledger knows when a trail was stopped, not
//! whether another one went on recording. How many calls went unrecorded meanwhile is counted apart
//! ([`metrics::spans`](crate::metrics::spans)).

mod acts;
mod bucket;
mod bucket_policy;
mod place;
mod read;
mod selectors;
mod spans;
mod trail;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::period::Period;

pub use place::{HourCounts, PlaceState, State};
pub use read::{candidates, is_candidate, read_acts, read_hours};

/// What records calls, or keeps the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Recorder {
    /// Bedrock model invocation logging of an account and Region.
    InvocationLogging,
    /// A CloudTrail trail.
    Trail,
    /// A bucket that logs are delivered to.
    LogBucket,
    /// A `CloudWatch` log group that invocation logs are delivered to.
    LogGroup,
}

/// Which part of a recorder an act concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Aspect {
    /// Whether anything is recorded, or can be delivered.
    Recording,
    /// Whether a trail takes in model calls, which are read-only management events.
    ModelCalls,
    /// Whether invocation logs hold request and response text.
    Bodies,
    /// Whether a trail records all Regions.
    AllRegions,
    /// Whether a trail records global services such as IAM and STS.
    GlobalServices,
    /// Whether a trail writes digests.
    Validation,
    /// Where logs are delivered to.
    Destination,
    /// Who may write to and read from a log bucket.
    Policy,
    /// How long logs are kept.
    Retention,
    /// How logs are encrypted.
    Encryption,
    /// Whether deleted logs can be got back.
    Versioning,
    /// Whether a log bucket may be public.
    PublicAccess,
    /// The log files themselves.
    LogFiles,
}

/// What an act does to recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// From here on nothing is recorded.
    Stops,
    /// From here on less is recorded, or what is recorded is less safe.
    Reduces,
    /// The aspect is as it should be from here on.
    Restores,
    /// Something else than before; whether that matters, the event doesn't tell.
    Changes,
    /// Log files were deleted.
    Deletes,
    /// The call failed and changed nothing.
    Refused,
}

/// One CloudTrail event, as far as it concerns recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Act {
    /// When.
    pub time: DateTime<Utc>,
    /// The event.
    pub event_id: Option<String>,
    /// What was called.
    pub event_name: String,
    /// What it concerns.
    pub recorder: Recorder,
    /// Which trail, bucket or log group; null for invocation logging, of which a Region has one.
    pub target: Option<String>,
    /// Which part of it.
    pub aspect: Aspect,
    /// What it does.
    pub effect: Effect,
    /// What the event tells of it, for people.
    pub detail: String,
    /// Account that it concerns.
    pub account: Option<String>,
    /// Region that it was called in.
    pub region: Option<String>,
    /// Who called: role or user.
    pub principal: Option<String>,
    /// The same as an ARN.
    pub identity_arn: Option<String>,
    /// With what kind of credential.
    pub credential_class: Option<String>,
    /// From where.
    pub source_ip_address: Option<String>,
    /// With what.
    pub user_agent: Option<String>,
    /// Why it failed; null when it did not.
    pub error_code: Option<String>,
}

/// What kind of outage it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OutageKind {
    /// Recording was stopped by an act.
    Stopped,
    /// Less was recorded, or kept less safe, by an act.
    Reduced,
    /// CloudTrail shows calls that succeeded, the invocation log none, and no act explains it.
    Silent,
}

/// How an outage ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// By an act.
    Restored,
    /// No act is known, but calls were logged again.
    LogsAgain,
    /// Another outage of the same recorder follows.
    Followed,
    /// Nothing known ends it.
    Open,
}

/// A stretch of time in which something was not recorded, or less safely.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outage {
    /// What kind.
    pub kind: OutageKind,
    /// What did not record.
    pub recorder: Recorder,
    /// Which trail, bucket or log group.
    pub target: Option<String>,
    /// Which part of it.
    pub aspect: Aspect,
    /// Account.
    pub account: Option<String>,
    /// Region; null where all Regions of the account may be concerned.
    pub region: Option<String>,
    /// The act that began it; of a silent one the last logged request before it. Null when the
    /// period holds none: it began before.
    pub from: Option<DateTime<Utc>>,
    /// What ended it; null while open.
    pub to: Option<DateTime<Utc>>,
    /// How it ended.
    pub ending: Ending,
    /// The act that began it; null for a silent one.
    pub begun_by: Option<Act>,
    /// The act that ended it.
    pub ended_by: Option<Act>,
}

impl Outage {
    /// The part of it that lies in a period.
    pub fn within(&self, period: Period) -> Option<Period> {
        let from = self.from.map_or(period.from, |from| from.max(period.from));
        let to = self.to.map_or(period.to, |to| to.min(period.to));
        (from < to).then_some(Period { from, to })
    }

    /// Whether invocation logs are not written meanwhile.
    pub fn is_of_logging(&self) -> bool {
        self.recorder == Recorder::InvocationLogging && self.kind != OutageKind::Reduced
    }

    /// Whether CloudTrail may not write model calls meanwhile.
    pub fn is_of_a_trail(&self) -> bool {
        let aspects = [Aspect::Recording, Aspect::ModelCalls, Aspect::AllRegions];
        self.recorder == Recorder::Trail && aspects.contains(&self.aspect)
    }
}

/// An hour with calls or logged requests in an account and Region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hour {
    /// Account.
    pub account: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Its start, UTC.
    pub start: DateTime<Utc>,
    /// Calls in CloudTrail.
    pub called: i64,
    /// Of these, calls that succeeded.
    pub succeeded: i64,
    /// Of these, calls in the invocation log.
    pub logged: i64,
    /// Requests in the invocation log.
    pub requests: i64,
    /// The first of them.
    pub first_logged: Option<DateTime<Utc>>,
    /// The last of them.
    pub last_logged: Option<DateTime<Utc>>,
}

impl Hour {
    /// Whether calls succeeded and none of them, nor any other, was logged. A call that failed may have
    /// ended before it reached what logs it.
    fn is_silent(&self) -> bool {
        self.succeeded > 0 && self.logged == 0 && self.requests == 0
    }

    fn is_recorded(&self) -> bool {
        self.logged > 0 || self.requests > 0
    }
}

/// What the ledger is made from.
#[derive(Debug, Clone)]
pub struct Evidence<'a> {
    /// The period asked about.
    pub period: Period,
    /// All acts known, also from before and after the period, in any order.
    pub acts: Vec<Act>,
    /// Hours of the period with calls or requests, in any order.
    pub hours: Vec<Hour>,
    /// Buckets that are known to hold logs, beside those that the acts name.
    pub buckets: &'a BTreeSet<String>,
}

/// Outages and what they are read from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Ledger {
    /// Outages that touch the period, by time.
    pub outages: Vec<Outage>,
    /// Acts of the period, by time; of changes to buckets only those that hold logs.
    pub acts: Vec<Act>,
    /// What is known of invocation logging, by account and Region.
    pub places: Vec<PlaceState>,
    /// Buckets that are known to hold logs.
    pub buckets: BTreeSet<String>,
}

/// The ledger of a period.
pub fn ledger(evidence: Evidence<'_>) -> Ledger {
    let Evidence { period, acts, mut hours, buckets } = evidence;
    let (acts, buckets) = acts::concerning(acts, buckets);
    hours.sort_by(|a, b| (&a.account, &a.region, a.start).cmp(&(&b.account, &b.region, b.start)));
    let mut outages = spans::of(&acts, &hours);
    outages.extend(place::silences(&hours, &outages, period));
    outages.retain(|outage| outage.within(period).is_some());
    outages.sort_by(|a, b| {
        (a.from, a.recorder, &a.account, &a.region, &a.target, a.aspect)
            .cmp(&(b.from, b.recorder, &b.account, &b.region, &b.target, b.aspect))
    });
    let places = place::states(&acts, &hours, period);
    let acts = acts.into_iter().filter(|act| period.from <= act.time && act.time < period.to);
    Ledger { outages, acts: acts.collect(), places, buckets }
}

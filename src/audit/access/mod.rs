//! Access review: who used Bedrock, with what, and what a policy by that use would allow.
//!
//! Reads use, never grants: what a principal *may* do is not in these logs. What it did, what it was
//! refused and what it no longer does is.
//!
//! ```text
//! api_events, invocations ─ uses ─▶ some thousand sums ─ review ─▶ AccessReview
//!                                                          └ policy ─▶ Policy
//! ```

mod policy;
mod read;
mod review;
mod uses;

use chrono::{DateTime, Duration, Utc};
use polars::prelude::{LazyFrame, PolarsResult};
use serde::Serialize;

use crate::period::Period;
use crate::units::Usd;

pub use policy::{Policy, Statement, SuggestedPolicy};
pub use read::is_denial;

/// Days of use that a policy is suggested from.
pub const POLICY_DAYS: i64 = 90;

/// The times that are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    /// The period that is reviewed; nothing after it counts.
    pub review: Period,
    /// The days before the review's end that a policy is suggested from.
    pub policy: Period,
    /// What was last used before this time is called unused.
    pub unused_since: DateTime<Utc>,
}

impl Windows {
    /// Stretches of time, up to the review's end, that begin and end where a window does.
    pub fn stretches(self) -> Vec<Period> {
        let ends = [self.review.from, self.policy.from, self.policy.to, self.review.to];
        let mut ends: Vec<DateTime<Utc>> = [DateTime::UNIX_EPOCH]
            .into_iter()
            .chain(ends)
            .filter(|end| *end <= self.review.to)
            .collect();
        ends.sort_unstable();
        ends.dedup();
        ends.windows(2).map(|pair| Period { from: pair[0], to: pair[1] }).collect()
    }

    /// The windows of a review that calls unused what was not used in the last days. Of a period that
    /// is not over, days count back from the present time.
    pub fn new(review: Period, unused_days: u32, now: DateTime<Utc>) -> Self {
        let end = review.to.min(now.max(review.from));
        let before = |days| end - Duration::days(days);
        Self {
            review,
            policy: Period { from: before(POLICY_DAYS), to: end },
            unused_since: before(unused_days.into()),
        }
    }
}

/// A principal: a role or user of an account. Roles of the same name in two accounts are two.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Who {
    /// Role or user without the session, or a service; null where the logs don't say.
    pub principal: Option<String>,
    /// The account it belongs to.
    pub account: Option<String>,
}

/// Where a use was seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Source {
    #[default]
    CloudTrail,
    Log,
}

/// What a use says about permission.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Outcome {
    #[default]
    Allowed,
    /// Refused for want of permission.
    Denied,
    /// Refused for its content; says nothing about permission.
    Faulty,
}

/// Alike uses of a principal, added up.
#[derive(Debug, Clone, Default)]
struct Use {
    who: Who,
    source: Source,
    credential_class: Option<String>,
    principal_type: Option<String>,
    /// IAM's prefix of the service.
    service: String,
    /// Event name or operation.
    action: Option<String>,
    read_only: Option<bool>,
    region: Option<String>,
    model_id: Option<String>,
    guardrail_id: Option<String>,
    outcome: Outcome,
    identity_arn: Option<String>,
    first: Option<DateTime<Utc>>,
    last: Option<DateTime<Utc>>,
    in_review: u64,
    in_policy_days: u64,
}

/// Something that a principal used: an action, a model, a Region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Used {
    /// Which.
    pub name: String,
    /// First use in the store.
    pub first_seen: Option<DateTime<Utc>>,
    /// Last use up to the end of the review.
    pub last_seen: Option<DateTime<Utc>>,
    /// CloudTrail events of Bedrock in the review, denied ones included.
    pub calls: u64,
    /// Logged model calls in the review, failed ones included.
    pub requests: u64,
    /// Of both, those refused for want of permission.
    pub denied: u64,
}

/// What kind of thing a hint is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HintKind {
    /// The principal itself.
    Principal,
    /// An action.
    Action,
    /// A model id.
    Model,
    /// A Region.
    Region,
}

/// Something that was used before and no longer is: perhaps a grant that nobody needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnusedHint {
    /// What kind of thing.
    pub kind: HintKind,
    /// Which.
    pub name: String,
    /// When it was last used.
    pub last_seen: DateTime<Utc>,
    /// Whole days from then to the end of the review, or to the present time if that is earlier.
    pub days_unused: i64,
}

/// Calls refused for want of permission.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Denial {
    /// Event name or operation.
    pub action: String,
    /// Model id; null where the call had none.
    pub model_id: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// How many in CloudTrail.
    pub calls: u64,
    /// How many in the invocation log.
    pub requests: u64,
    /// The last one.
    pub last_seen: Option<DateTime<Utc>>,
}

/// A principal and what it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PrincipalAccess {
    /// Who.
    #[serde(flatten)]
    pub who: Who,
    /// Kinds of principal by the log's ARN: `role`, `user`, `sso`, …
    pub principal_types: Vec<String>,
    /// Classes of the credentials used, by CloudTrail; empty where no event says.
    pub credential_classes: Vec<String>,
    /// First use in the store.
    pub first_seen: Option<DateTime<Utc>>,
    /// Last use up to the end of the review.
    pub last_seen: Option<DateTime<Utc>>,
    /// UTC days of the review with use.
    pub active_days: u64,
    /// CloudTrail events of Bedrock in the review.
    pub calls: u64,
    /// Of these, the ones refused for want of permission.
    pub denied_calls: u64,
    /// Of these, the ones that change something (`readOnly` is false).
    pub admin_actions: u64,
    /// Logged model calls in the review.
    pub requests: u64,
    /// Of these, the ones refused for want of permission.
    pub denied_requests: u64,
    /// List cost of the requests, exact; null when none is priced.
    pub cost_usd: Option<Usd>,
    /// Billed requests without a full price.
    pub unpriced_requests: u64,
    /// Actions, by name.
    pub actions: Vec<Used>,
    /// Model ids, by name.
    pub models: Vec<Used>,
    /// Regions, by name.
    pub regions: Vec<Used>,
    /// Used before, not used any more.
    pub unused: Vec<UnusedHint>,
    /// Refused calls of the review.
    pub denials: Vec<Denial>,
}

impl PrincipalAccess {
    /// Whether it did anything in the review.
    pub fn is_active(&self) -> bool {
        self.calls + self.requests > 0
    }
}

/// What a principal's requests cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spend {
    /// List cost; none when nothing is priced.
    pub cost_usd: Option<Usd>,
    /// Billed requests without a full price.
    pub unpriced_requests: u64,
}

/// The review.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AccessReview {
    /// The period reviewed.
    pub period: Period,
    /// The days that policies are suggested from.
    pub policy_period: Period,
    /// First time that the store holds an event of Bedrock or a logged call; null without any.
    pub held_from: Option<DateTime<Utc>>,
    /// Whole days that the store holds of the policy period's [`POLICY_DAYS`].
    pub policy_days_held: i64,
    /// What was last used before this time is called unused.
    pub unused_since: DateTime<Utc>,
    /// Principals with use in the period, by name; and those that were used before it only.
    pub principals: Vec<PrincipalAccess>,
}

/// The review and, for each of its principals, the policy that its use suggests.
///
/// In: all rows of the store, any order; costs by principal.
///
/// # Errors
/// When a frame can't be read.
pub fn access_review(
    api_events: &LazyFrame,
    invocations: &LazyFrame,
    spend: &std::collections::BTreeMap<Who, Spend>,
    windows: Windows,
) -> PolarsResult<(AccessReview, Vec<SuggestedPolicy>)> {
    let read = read::Uses::read(api_events, invocations, windows)?;
    let policies = policy::suggested(&read.uses);
    Ok((review::review(read, spend, windows), policies))
}

#[cfg(test)]
mod tests;

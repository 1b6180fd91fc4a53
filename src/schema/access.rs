//! Columns of uses: what each principal did with what, added up; derived on reading, never stored.

/// First time, UTC.
pub const FIRST_SEEN: &str = "first_seen";
/// Last time, UTC.
pub const LAST_SEEN: &str = "last_seen";
/// How often in the period that is reviewed.
pub const IN_REVIEW: &str = "in_review";
/// How often in the days that a policy is suggested from.
pub const IN_POLICY_DAYS: &str = "in_policy_days";
/// Different UTC days with use in the period that is reviewed.
pub const ACTIVE_DAYS: &str = "active_days";

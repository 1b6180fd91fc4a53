//! Columns of what CloudTrail saw of Bedrock by the hour.

/// Start of the hour, UTC.
pub const HOUR: &str = "hour";
/// What the hour's events are grouped by; the column of a group.
pub const KEY: &str = "key";
/// Events of Bedrock.
pub const API_CALLS: &str = "api_calls";
/// Of these, refused for want of permission.
pub const DENIED_CALLS: &str = "denied_calls";
/// Of these, refused since it was not known who calls.
pub const FAILED_AUTHENTICATIONS: &str = "failed_authentications";
/// Of these, changes to what Bedrock manages: not read-only, and no use of a model.
pub const MANAGEMENT_ACTIONS: &str = "management_actions";
/// Of these, from an address outside of private networks.
pub const EXTERNAL_CALLS: &str = "external_calls";
/// Records that could not be read.
pub const REJECTS: &str = "rejects";

//! Columns of the three counts of calls that there are, side by side.

/// Start of the hour or day, UTC.
pub const FROM: &str = "from";
/// Account.
pub const ACCOUNT: &str = "account";
/// Region that was called.
pub const REGION: &str = "region";
/// Requests in the invocation log; null where it has none.
pub const LOGGED_REQUESTS: &str = "logged_requests";
/// Runtime calls in CloudTrail; null where it has none.
pub const CLOUDTRAIL_CALLS: &str = "cloudtrail_calls";
/// Calls by CloudWatch: succeeded, failed and throttled together; null where it has no data point.
pub const CLOUDWATCH_CALLS: &str = "cloudwatch_calls";

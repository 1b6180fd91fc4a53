//! bedrock-lens: from archived Amazon Bedrock and CloudTrail logs to numbers that can be trusted.

pub mod metrics;
pub mod prices;
pub mod records;
pub mod report;
pub mod schema;
pub mod units;

//! bedrock-lens: from archived Amazon Bedrock and CloudTrail logs to numbers that can be trusted.

pub mod period;
pub mod records;
pub mod report;
pub mod schema;
pub mod store;
pub mod settings;
pub mod units;

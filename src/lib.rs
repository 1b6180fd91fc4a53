//! bedrock-lens: from archived Amazon Bedrock and CloudTrail logs to numbers that can be trusted.
//!
//! Data flows one way; each stage knows only the ones before it:
//!
//! ```text
//! sources → records → store → metrics → insight → report → render
//!                        prices ─┘
//! ```
//!
//! [`pipeline`] strings the stages into journeys, [`cli`] is the thin shell around it, [`settings`]
//! resolves what the user wants. [`schema`], [`units`] and [`period`] are the shared vocabulary.

pub mod cli;
pub mod pipeline;
pub mod settings;

pub mod sources;

pub mod records;

pub mod store;

pub mod prices;

pub mod metrics;

pub mod insight;

pub mod report;

pub mod render;

pub mod period;
pub mod schema;
pub mod units;

//! bedrock-lens: from archived Amazon Bedrock and CloudTrail logs to numbers that can be trusted.
//!
//! Data flows one way; each stage knows only the ones before it:
//!
//! ```text
//! sources → records → store → metrics → insight → report → render → deliver
//!                        prices ─┘    audit ──┘      alerts ─┘
//! ```
//!
//! [`pipeline`] strings the stages into journeys, [`cli`] is the thin shell around it, [`settings`]
//! resolves what the user wants. [`aws`] is the way to AWS for the stages at the edge. [`schema`],
//! [`units`], [`period`], [`shell`] and [`likeness`] are the shared vocabulary.

pub mod cli;
pub mod pipeline;
pub mod settings;

pub mod aws;
pub mod setup;

pub mod sources;

pub mod records;

pub mod store;

pub mod prices;

pub mod metrics;

pub mod audit;
pub mod insight;

pub mod alerts;

pub mod report;

pub mod render;

pub mod deliver;

pub mod likeness;
pub mod period;
pub mod schema;
pub mod shell;
pub mod units;

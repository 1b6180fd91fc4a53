//! The `Report` value for each kind and audience: data only, serialisable.
//!
//! Builders read metrics out of lazy frames and fill [`parts`]; they round nothing, know no output
//! format and read no clock. [`kind`] says which sections a report is made of, [`build`](fn@build)
//! makes it; `sections` and `trust` are shared by all kinds.

pub mod access;
pub mod answer;
mod build;
mod compare;
mod facts;
mod followed;
pub mod grain;
pub mod happened;
mod headline;
mod inputs;
mod json;
pub mod kind;
mod kpis;
pub mod ledger;
pub mod model_name;
pub mod pack;
pub mod parts;
mod read;
mod sections;
mod topic;
mod trust;
mod words;

pub use build::build;
pub use inputs::{
    Address, Ahead, Budgets, CachedInside, Estimate, Freshness, Ingestion, Inputs, Insights, Loads,
    Objects, Outlook, PriceFacts, Scope, Stop, Worth,
};
pub use kind::{Audience, Kind};
pub use kpis::kpi_value;
pub use topic::Topic;
pub use trust::{DaysWithLogs, Footing, footing};

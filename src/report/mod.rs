//! The `Report` value for each cadence and audience: data only, serialisable.
//!
//! Builders read metrics out of lazy frames and fill [`parts`]; they round nothing, know no output
//! format and read no clock. [`weekly`] is the business report; `sections` and `trust` are shared
//! by all kinds.

pub mod access;
pub mod answer;
mod compare;
pub mod grain;
mod headline;
mod json;
mod kpis;
pub mod model_name;
pub mod pack;
pub mod parts;
mod read;
mod sections;
mod trust;
mod weekly;
mod words;

pub use trust::{DaysWithLogs, Footing, footing};
pub use weekly::{CachedInside, Inputs, Objects, PriceFacts, weekly};

//! The `Report` value for each cadence and audience: data only, serialisable.
//!
//! Builders read metrics and fill [`parts`]; they round nothing and know no output format.

pub mod parts;

//! What figures mean over time: series in, findings out. Pure; knows no store, clock or format.
//!
//! [`anomaly`] finds what departs from the usual, and names it.

pub mod anomaly;

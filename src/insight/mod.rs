//! What figures mean: series in, findings out. Pure; knows no store, clock or format.
//!
//! [`anomaly`] finds what departs from the usual, and names it; [`budget`] says whether a month's
//! budget lasts; [`savings`] what the same work could have cost.

pub mod anomaly;
pub mod budget;
pub mod savings;

//! What figures mean: series in, findings out. Pure; knows no store, clock or format.
//!
//! [`anomaly`] finds what departs from the usual, and names it. [`trend`] tells whether a series rises
//! or falls, [`changepoint`] from which day it stays on another level, [`forecast`] what is to come.
//! [`series`] is what they read. [`drivers`] splits a change in spend into what made it, [`budget`]
//! says whether a month's budget lasts, [`savings`] what the same work could have cost, [`kpi`] whether
//! targets are met.

pub mod anomaly;
pub mod budget;
pub mod capacity;
pub mod changepoint;
pub mod comparable;
pub mod drivers;
pub mod forecast;
pub mod kpi;
pub mod logged_days;
pub mod savings;
pub mod series;
pub mod trend;
mod weekday;

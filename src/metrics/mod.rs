//! KPIs and cost as named expressions: lazy frame in, lazy frame out.
//!
//! [`usage`] answers "these metrics by these dimensions" from [`cells`]; [`measures`] and [`percentiles`] define
//! each metric, [`dimensions`] each grouping; [`coverage`] joins the log with CloudTrail;
//! [`efficiency`] and [`activity`] hold the KPIs that need more than one aggregate.
//!
//! Nothing here reads a clock or rounds for print, and nothing but `known_ids` collects a frame: which ids
//! there are it reads out. Order of input rows never shows: results are sorted by their dimensions,
//! nulls last. Null means unknown, never zero.

pub mod activity;
pub mod allocation;
pub mod api_activity;
pub mod both_logs;
pub mod calendar;
pub mod callers;
pub mod capacity;
pub mod cells;
mod combinations;
pub mod cost;
pub mod coverage;
pub mod dimensions;
pub mod efficiency;
pub mod event_summary;
pub mod filter;
mod grouping;
pub(crate) mod kept;
mod known_ids;
pub mod load;
pub mod measures;
pub mod metric;
pub mod moments;
pub mod names;
mod numbered;
pub mod percentiles;
pub mod presence;
pub mod price_coverage;
pub mod rejected;
pub mod sensitive;
pub mod service_latency;
pub(crate) mod small_frame;
pub mod spans;
pub mod summary;
pub mod tags;
pub mod three_counts;
pub mod unlogged;
pub mod usage;
pub mod what_if;
pub mod window;
pub mod windows;

#[cfg(test)]
mod tests;

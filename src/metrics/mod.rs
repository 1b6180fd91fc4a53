//! KPIs and cost as named expressions: lazy frame in, lazy frame out.
//!
//! Pure: no file, network, clock or environment; nothing is collected here.

pub mod cost;

//! The price book: model id, Region, tier and day → model, routing and price row, with provenance.
//!
//! [`book`] holds the dated prices, exact; [`resolve`] reads a model id's form; [`quote`] finds the
//! price row or says why there is none; [`charge`] costs one request; [`frame`] quotes the distinct
//! price keys of a frame, so that `metrics` can cost millions of rows by a join.
//!
//! Nothing is guessed: no price of a sibling model, another Region, another tier or another routing
//! stands in for one that isn't published. Prices are data: `bedrock-prices.json`, beside a README
//! that says how to amend it.

pub mod book;
mod catalogue;
pub mod charge;
pub mod check;
pub mod diff;
pub mod explain;
pub mod frame;
pub mod import;
pub mod list;
mod overlap;
pub mod overrides;
mod price_row;
pub mod provisioned;
pub mod quote;
pub mod resolve;
mod row_reader;
pub mod synced;
#[cfg(test)]
mod tests;
pub mod units;
mod write;

pub use book::{BookError, PriceBook, PriceRow};
pub use charge::{CacheConvention, Cost, Usage, cost_of};
pub use frame::quotes;
pub use overrides::{Overrides, OverridesError};
pub use quote::{Query, Quote};

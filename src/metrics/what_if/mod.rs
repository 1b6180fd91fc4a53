//! What the same requests would have cost otherwise: other tier, routing or model, without the cache.
//!
//! Requests are read once, as [`calls`] of a few numbers each. Their token counts are summed per price key
//! ([`groups`]), so that a month of requests becomes a few hundred rows; everything after that is exact
//! arithmetic over these in plain Rust. What the figures mean, and how far they can be trusted, is for
//! `insight::savings` to say.

pub mod caching;
pub mod calls;
pub mod capacity;
mod combinations;
pub mod groups;
mod nearest;
pub mod prompts;
pub mod repeats;
pub mod reprice;
#[cfg(test)]
mod tests;

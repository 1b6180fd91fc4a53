//! What the same requests would have cost otherwise: other tier, routing or model, without the cache.
//!
//! Token counts are summed per price key first ([`groups`]), so that a month of requests becomes a
//! few hundred rows; everything after that is exact arithmetic over these in plain Rust. What the
//! figures mean, and how far they can be trusted, is for `insight::savings` to say.

pub mod caching;
pub mod capacity;
pub mod groups;
pub mod prompts;
pub mod repeats;
pub mod reprice;
#[cfg(test)]
mod tests;

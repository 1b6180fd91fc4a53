//! What the same requests would have cost otherwise: other tier, routing or model, without the cache.
//!
//! What is next to each other in time is looked at call by call ([`calls`]); what that tells, and all that
//! adds up, is summed by UTC hour ([`hours`]), which a store can keep. Hours are summed per [`cells`] of
//! one price, and their token counts per price key ([`groups`]), so that a month of requests becomes a few
//! hundred rows; everything after that is exact arithmetic over these in plain Rust. What the figures
//! mean, and how far they can be trusted, is for `insight::savings` to say.

pub mod caching;
pub mod calls;
pub mod capacity;
pub mod cells;
pub mod groups;
pub mod hours;
mod nearest;
pub mod prompts;
pub mod repeats;
pub mod reprice;
#[cfg(test)]
mod tests;

//! What can be proven from the logs: their integrity, and when nothing was recorded.
//!
//! Pure: documents, keys and hashes in, verdicts out; no file, network or clock.

pub mod integrity;
pub mod outage;

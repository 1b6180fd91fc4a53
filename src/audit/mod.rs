//! What can be proven from the logs: their integrity, when nothing was recorded, and who used what.
//!
//! Pure: documents, keys and hashes in, verdicts out; no file, network or clock.

pub mod access;
pub mod integrity;
pub mod outage;
pub mod seal;

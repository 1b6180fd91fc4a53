//! What can be proven from the logs: their integrity.
//!
//! Pure: documents, keys and hashes in, verdicts out; no file, network or clock.

pub mod integrity;

//! What can be proven from the logs, and what in them is to be looked at.
//!
//! Pure: documents, keys, hashes and rows in, verdicts and findings out; no file, network or clock.

pub mod detections;
pub mod integrity;

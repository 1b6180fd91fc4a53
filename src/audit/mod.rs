//! What can be proven from the logs, when nothing was recorded, and what is to be looked at.
//!
//! Pure: documents, keys, hashes and rows in, verdicts and findings out; no file, network or clock.

pub mod detections;
pub mod integrity;
pub mod outage;

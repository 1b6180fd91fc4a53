//! What can be proven from the logs, when nothing was recorded, who used what, and what is to be looked at.
//!
//! Pure: documents, keys, hashes and rows in, verdicts and findings out; no file, network or clock.

pub mod access;
pub mod detections;
pub mod integrity;
pub mod outage;
pub mod seal;

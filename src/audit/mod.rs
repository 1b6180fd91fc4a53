//! What can be proven from the logs, when nothing was recorded, what is to be looked at, and what
//! it says of controls.
//!
//! Pure: documents, keys, hashes and rows in, verdicts and findings out; no file, network or clock.

pub mod controls;
pub mod detections;
pub mod integrity;
pub mod outage;

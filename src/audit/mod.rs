//! What the logs prove and tell: integrity, outages, who used what, what is to be looked at, and
//! what all of it says of controls.
//!
//! Pure: documents, keys, hashes and rows in, verdicts and findings out; no file, network or clock.

pub mod access;
pub mod controls;
pub mod detections;
pub mod integrity;
pub mod outage;
pub mod seal;

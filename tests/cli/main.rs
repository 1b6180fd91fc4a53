//! What users see: the binary run as they run it, against data whose truth is known.
//!
//! One test binary; a module per subject. Needs the binary and `python3`, which writes the synthetic
//! logs and their truth (`sample-data/generate.py`) and runs stand-ins for AWS (`tests/standins`).

mod access;
mod agreement;
mod alerts;
mod allocation;
mod anomalies;
mod capacity;
mod coverage;
mod damage;
mod help;
mod ingest;
mod insight;
mod kill;
mod outages;
mod pack;
mod query;
mod query_forms;
mod query_rows;
mod report;
mod s3;
mod samples;
mod savings;
mod shape;
mod store;
mod support;
mod truth;
mod verify;
mod week;

#[path = "../standins/mod.rs"]
mod standins;

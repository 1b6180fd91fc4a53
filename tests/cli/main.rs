//! What users see: the binary run as they run it, against data whose truth is known.
//!
//! One test binary; a module per subject. Needs the binary and `python3`, which writes the synthetic
//! logs and their truth (`sample-data/generate.py`) and runs stand-ins for AWS (`tests/standins`).

mod access;
mod agreement;
mod alerts;
mod allocation;
mod anomalies;
mod browser;
mod capacity;
mod controls;
mod coverage;
mod damage;
mod detections;
mod event_history;
mod forms;
mod help;
mod incident;
mod ingest;
mod insight;
mod kept;
mod kill;
mod mail;
mod operate;
mod outages;
mod pack;
mod query;
mod query_forms;
mod query_rows;
mod report;
mod report_kinds;
mod s3;
mod samples;
mod savings;
mod sensitive;
mod settings;
mod shape;
mod store;
mod support;
mod truth;
mod unknown;
mod verify;
mod week;

#[path = "../standins/mod.rs"]
mod standins;

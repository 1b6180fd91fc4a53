//! What users see: the binary run as they run it, against data whose truth is known.
//!
//! One test binary; a module per subject. Needs nothing but the binary and `python3`, which writes
//! the synthetic logs and their truth (`sample-data/generate.py`).

mod coverage;
mod damage;
mod help;
mod ingest;
mod kill;
mod query;
mod report;
mod samples;
mod store;
mod support;
mod truth;
mod verify;
mod week;

//! `ingest s3://…` and `audit verify s3://…`: against a real server, and through a proxy that has bad days.

mod access;
mod bucket;
mod config;
mod faults;
mod listing;
mod many;
mod verify;

//! Running unattended: the account around the tool, against a stand-in for AWS of its own.

mod account;
mod cloudwatch;
mod deploy;
mod doctor;
mod logging;
mod metrics;
mod template;

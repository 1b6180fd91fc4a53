//! The account around the tool: checks, logging configuration, templates, `CloudWatch`, profiles.

pub mod doctor;
pub mod logging;
pub mod metrics;
pub mod profiles;
pub mod template;

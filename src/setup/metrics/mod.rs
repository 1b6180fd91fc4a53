//! Figures as `CloudWatch` custom metrics: what a datum is, `CloudWatch`'s limits, sending, dashboards.
//!
//! ```text
//! catalogue   which metrics there are, and how they are mended
//! datum       a figure of an hour, checked against the limits that CloudWatch sets
//! publish     datums in as few requests as the limits allow
//! dashboards  the boards and alarms over these metrics and Bedrock's own
//! ```

pub mod catalogue;
mod dashboards;
mod datum;
mod publish;

pub use dashboards::{
    Alarm, Dashboard, Placeholders, alarms, dashboards, put_alarm, put_dashboard,
};
pub use datum::{Datum, Problem, Unit, batches, is_publishable_name};
pub use publish::put;

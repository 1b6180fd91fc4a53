//! The one figure at the top, the sentence that explains it, and what needs attention.
//!
//! Says only what is computed. It names no cause.

mod attention;
mod incident;
mod service;
mod spend;

use polars::prelude::PolarsResult;

use super::facts::Facts;
use super::kind::Focus;
use super::parts::Headline;

pub(super) use attention::attention;

/// The headline of a report with this focus.
pub(super) fn headline(facts: &Facts<'_>, focus: Focus) -> PolarsResult<Headline> {
    match focus {
        Focus::Spend => spend::spend(facts),
        Focus::Health => Ok(service::health(facts)),
        Focus::Speed => Ok(service::speed(facts)),
        Focus::Load => Ok(service::load(facts)),
        Focus::Security => Ok(service::security(facts)),
        Focus::Incident => Ok(incident::headline(facts)),
    }
}

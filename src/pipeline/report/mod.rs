//! The journey of a report: choose the period, scan and price, build the value, render, write, keep.

mod forms;
mod inputs;
mod insights;
mod kept;
mod period;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::savings::Candidate;
use super::{Basis, Error};
use crate::metrics::filter::Filter;
use crate::report::parts::Report;
use crate::report::{self, Audience, Kind, Worth};
use crate::schema::budget::Budget;
use crate::schema::quota::Quota;

pub use forms::{ReportForm, headline, rendered, write};
pub use inputs::Chosen;
pub use kept::keep;
pub use period::{Comparison, PeriodChoice};

/// What report to make.
#[derive(Debug, Clone)]
pub struct ReportRequest {
    /// Its kind.
    pub kind: Kind,
    /// For whom; none: the kind's own sections.
    pub audience: Option<Audience>,
    /// The period.
    pub choice: PeriodChoice,
    /// What it is compared with.
    pub comparison: Comparison,
    /// Which requests, as chosen.
    pub chosen: Chosen,
    /// The same as one condition.
    pub filter: Option<Filter>,
    /// The zone that days and hours are cut in.
    pub timezone: Tz,
    /// The present time.
    pub now: DateTime<Utc>,
    /// The source of a one-shot report, for the command that repeats it.
    pub source: Option<String>,
}

/// What reports are made from: figures, and what the user configures beside them.
#[derive(Clone, Copy)]
pub struct ReportBasis<'a> {
    /// The rows, their prices, and whose calls they were.
    pub of: Basis<'a>,
    /// Budgets.
    pub budgets: &'a [Budget],
    /// Quotas.
    pub quotas: &'a [Quota],
    /// Models that could take another's place.
    pub candidates: &'a [Candidate],
    /// What a request is worth.
    pub worth: Option<&'a Worth>,
    /// Whether the store lasts: then reports of it are compared with the ones before.
    pub keeps: bool,
}

/// The report.
///
/// # Errors
/// When the store holds nothing for the period, or can't be read.
pub fn report(basis: ReportBasis<'_>, request: &ReportRequest) -> Result<Report, Error> {
    let (period, previous_period) = period::periods(basis.of.store, request)?;
    let inputs = inputs::inputs(basis, request, period, previous_period)?;
    report::build(request.kind, request.audience, &inputs).map_err(Error::Compute)
}

//! The journey of a report: choose the period, scan and price, build the value, keep.

mod inputs;
mod insights;
mod kept;
mod period;
mod security;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::savings::Candidate;
use super::{Basis, Error};
use crate::audit::controls::Framework;
use crate::audit::detections::{Places, RuleSet};
use crate::insight::anomaly::Rules;
use crate::metrics::filter::Filter;
use crate::period::Period;
use crate::report::parts::Report;
use crate::report::{self, Audience, Kind, Worth};
use crate::schema::budget::Budget;
use crate::schema::quota::Quota;
use crate::schema::security::Security;
use crate::schema::target::Target;
use crate::store::Reader;

pub use inputs::Chosen;
pub use kept::keep;
pub use period::{Comparison, PeriodChoice, report_range};

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
    /// The time that an incident report is about, if one is named.
    pub around: Option<DateTime<Utc>>,
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
    /// What key figures should be, by name, in place of the targets that come with the tool.
    pub targets: &'a BTreeMap<String, Target>,
    /// When a departure from the usual is told.
    pub anomaly_rules: &'a Rules,
    /// What a request is worth.
    pub worth: Option<&'a Worth>,
    /// The detection rules.
    pub rules: &'a RuleSet,
    /// The frameworks of controls.
    pub frameworks: &'a [Framework],
    /// What the user says is allowed.
    pub security: &'a Security,
    /// Databases that addresses are looked up in.
    pub places: &'a Places,
    /// Whether the store lasts: then reports of it are compared with the ones before.
    pub keeps: bool,
}

/// The period that a report would be about.
///
/// # Errors
/// When the store holds nothing, or can't be read.
pub fn report_period(store: &Reader, request: &ReportRequest) -> Result<Period, Error> {
    period::periods(store, request).map(|(period, _)| period)
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

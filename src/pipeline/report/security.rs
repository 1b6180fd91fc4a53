//! What a report says of security: detections, outages of logging, access.

use polars::prelude::{DataFrame, PolarsResult};

use super::super::access::{AccessRequest, UNUSED_DAYS, access as review};
use super::super::compared::Compared;
use super::super::controls::{ControlsAnswer, ControlsRequest, audit_controls};
use super::super::coverage::{CoverageAnswer, CoverageRequest, coverage_of};
use super::super::day_sums::event_counts;
use super::super::detections::{DetectionsRequest, SecurityBasis, audit_detections};
use super::super::outages::{CountedOutage, OutageAnswer, OutageRequest, outages_of};
use super::super::pack::outages::{cause, recorder_of};
use super::super::{Error, figures};
use super::{ReportBasis, ReportRequest};
use crate::audit::access::AccessReview;
use crate::audit::detections::{Detections, Severity};
use crate::audit::outage::OutageKind;
use crate::metrics::callers::by_address;
use crate::metrics::small_frame::{integers, texts};
use crate::period::Period;
use crate::report::{Address, Stop, Topic};
use crate::schema::api_event::SOURCE_IP_ADDRESS;
use crate::schema::security::Security;
use crate::schema::usage::metric::{ERRORS, REQUESTS};

/// What all rules find in the period.
pub(super) fn detections(basis: ReportBasis<'_>, period: Period) -> Result<Detections, Error> {
    let request = DetectionsRequest {
        rules: basis.rules,
        only: &[],
        severity: Severity::Info,
        basis: held_against(basis, period),
    };
    audit_detections(basis.of.store, basis.of.book, &request)
}

fn held_against(basis: ReportBasis<'_>, period: Period) -> SecurityBasis<'_> {
    SecurityBasis { security: basis.security, places: basis.places, period }
}

/// Sections that show something of [`Ledger`].
pub(super) const OF_LEDGER: [Topic; 2] = [Topic::Security, Topic::Compliance];

/// Log coverage and outages of the period, as far as they are asked for.
#[derive(Default)]
pub(super) struct Ledger {
    pub(super) coverage: Option<CoverageAnswer>,
    pub(super) outages: Option<OutageAnswer>,
}

impl Ledger {
    /// The outages, and the coverage that controls ask for beside them.
    pub(super) fn read(
        basis: ReportBasis<'_>,
        compared: &Compared<'_>,
        with_coverage: bool,
    ) -> Result<Self, Error> {
        let (period, as_of) = (compared.period, compared.as_of);
        let by = Vec::new();
        let asked = CoverageRequest { period, by, timezone: chrono_tz::UTC, as_of };
        let coverage = with_coverage.then(|| coverage_of(compared, basis.of.book, &asked));
        let buckets = basis.security.log_buckets.iter().flatten().cloned().collect();
        let asked = OutageRequest { period, as_of, buckets };
        let outages = Some(outages_of(compared, basis.of.book, &asked)?);
        Ok(Self { coverage: coverage.transpose()?, outages })
    }
}

/// What the controls of all frameworks come to, and what all rules find.
pub(super) fn controls(
    basis: ReportBasis<'_>,
    request: &ReportRequest,
    period: Period,
    ledger: &Ledger,
) -> Result<ControlsAnswer, Error> {
    let asked = ControlsRequest {
        frameworks: basis.frameworks.iter().collect(),
        rules: basis.rules,
        asks_all_rules: true,
        basis: held_against(basis, period),
        ledger: ledger.coverage.as_ref().zip(ledger.outages.as_ref()),
        verification: None,
        as_of: request.now,
    };
    audit_controls(basis.of.store, basis.of.book, &asked)
}

/// Stretches in which logging or a trail recorded nothing.
pub(super) fn stops(answer: &OutageAnswer) -> Vec<Stop> {
    let stop = |counted: &CountedOutage| {
        let outage = &counted.outage;
        let is_stop = outage.is_of_logging()
            || (outage.is_of_a_trail() && outage.kind == OutageKind::Stopped);
        Some(Stop {
            recorder: recorder_of(outage),
            account: outage.account.clone(),
            region: outage.region.clone(),
            period: outage.within(answer.period).filter(|_| is_stop)?,
            is_open: outage.to.is_none(),
            cause: cause(outage),
            unlogged: counted.unrecorded.calls.unsigned_abs(),
        })
    };
    answer.outages.iter().filter_map(stop).collect()
}

/// Who used what in the period.
pub(super) fn access(
    basis: ReportBasis<'_>,
    request: &ReportRequest,
    period: Period,
) -> Result<AccessReview, Error> {
    let asked = AccessRequest { period, unused_days: UNUSED_DAYS, now: request.now };
    review(basis.of.store, basis.of.book, asked).map(|(review, _)| review)
}

/// Where calls came from.
pub(super) fn addresses(basis: ReportBasis<'_>, period: Period) -> Result<Vec<Address>, Error> {
    let events = event_counts(basis.of.store, Some(period))?;
    let found = figures::collect(by_address(events))?;
    read(&found, basis.security).map_err(Error::Compute)
}

fn read(found: &DataFrame, security: &Security) -> PolarsResult<Vec<Address>> {
    let addresses = texts(found, SOURCE_IP_ADDRESS)?;
    let (calls, failed) = (integers(found, REQUESTS)?, integers(found, ERRORS)?);
    let rows = addresses.into_iter().zip(calls.into_iter().zip(failed));
    let count = |n: Option<i64>| n.unwrap_or_default().unsigned_abs();
    Ok(rows
        .map(|(address, (calls, failed))| Address {
            kind: kind(address.as_deref(), security),
            address,
            calls: count(calls),
            refused: count(failed),
        })
        .collect())
}

/// What an address is, by the user's networks.
fn kind(address: Option<&str>, security: &Security) -> &'static str {
    let Some(text) = address else { return "unknown" };
    let Ok(address) = text.parse::<std::net::IpAddr>() else { return "AWS service" };
    match &security.internal_networks {
        Some(networks) if networks.iter().any(|network| network.contains(&address)) => "internal",
        Some(_) => "external",
        None => "not known: no internal_networks",
    }
}

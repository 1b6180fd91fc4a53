//! What a report says of security: detections, outages of logging, access.

use polars::prelude::{DataFrame, PolarsResult};

use super::super::access::{AccessRequest, UNUSED_DAYS, access as review};
use super::super::controls::{ControlsRequest, audit_controls};
use super::super::detections::{DetectionsRequest, SecurityBasis, audit_detections};
use super::super::outages::{CountedOutage, OutageRequest, audit_outages};
use super::super::pack::outages::{cause, recorder_of};
use super::super::{Error, figures};
use super::{ReportBasis, ReportRequest};
use crate::audit::access::AccessReview;
use crate::audit::controls::ControlsResult;
use crate::audit::detections::{Detections, Severity};
use crate::audit::outage::OutageKind;
use crate::metrics::callers::by_address;
use crate::metrics::small_frame::{integers, texts};
use crate::period::Period;
use crate::report::{Address, Stop};
use crate::schema::Table;
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
    audit_detections(basis.of.store, &request)
}

fn held_against(basis: ReportBasis<'_>, period: Period) -> SecurityBasis<'_> {
    SecurityBasis { security: basis.security, places: basis.places, period }
}

/// What the controls of all frameworks come to.
pub(super) fn controls(
    basis: ReportBasis<'_>,
    request: &ReportRequest,
    period: Period,
    detections: Option<&Detections>,
) -> Result<Vec<ControlsResult>, Error> {
    let asked = ControlsRequest {
        frameworks: basis.frameworks.iter().collect(),
        rules: basis.rules,
        detections,
        basis: held_against(basis, period),
        ledger: None,
        verification: None,
        as_of: request.now,
    };
    Ok(audit_controls(basis.of.store, basis.of.book, &asked)?.frameworks)
}

/// Stretches in which logging or a trail recorded nothing.
pub(super) fn stops(
    basis: ReportBasis<'_>,
    request: &ReportRequest,
    period: Period,
) -> Result<Vec<Stop>, Error> {
    let asked = OutageRequest {
        period,
        as_of: request.now,
        buckets: basis.security.log_buckets.iter().flatten().cloned().collect(),
    };
    let answer = audit_outages(basis.of.store, basis.of.book, &asked)?;
    let stop = |counted: &CountedOutage| {
        let outage = &counted.outage;
        let is_stop = outage.is_of_logging()
            || (outage.is_of_a_trail() && outage.kind == OutageKind::Stopped);
        Some(Stop {
            recorder: recorder_of(outage),
            account: outage.account.clone(),
            region: outage.region.clone(),
            period: outage.within(period).filter(|_| is_stop)?,
            is_open: outage.to.is_none(),
            cause: cause(outage),
            unlogged: counted.unrecorded.calls.unsigned_abs(),
        })
    };
    Ok(answer.outages.iter().filter_map(stop).collect())
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
    let events = basis.of.store.scan(Table::ApiEvents, Some(period))?;
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

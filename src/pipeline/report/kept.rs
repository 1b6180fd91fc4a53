//! What is kept of reports in the store, and the last one of a kind.

use sha2::{Digest, Sha256};

use super::super::Error;
use super::{ReportBasis, ReportRequest};
use crate::period::Period;
use crate::render::format::{Format, Script};
use crate::report::Scope;
use crate::report::ledger::{Entry, Since};
use crate::report::parts::Report;
use crate::store;

/// The last report of this kind, audience, scope and zone whose period ended before this one did.
pub(super) fn since(
    basis: ReportBasis<'_>,
    request: &ReportRequest,
    scope: &Scope,
    period: Period,
) -> Result<Since, Error> {
    if !basis.keeps {
        return Ok(Since::NotKept);
    }
    let audience = request.audience.map(crate::report::Audience::name);
    let zone = request.timezone.name();
    let prefix = prefix(request.kind.name(), audience, scope.filter.as_deref(), zone);
    let texts = store::reports::read(basis.of.store.root(), &prefix)?;
    // A text that can't be read is of another version: taken for none.
    let entries = texts.iter().filter_map(|text| serde_json::from_str::<Entry>(text).ok());
    let earlier = entries.filter(|entry| entry.is_readable() && entry.to < period.to);
    let last = earlier.max_by_key(|entry| (entry.to, entry.from));
    Ok(last.map_or(Since::First, |entry| Since::Report(Box::new(entry))))
}

/// Keeps what the next report of this kind is compared with.
///
/// # Errors
/// When the store can't be written.
pub fn keep(store: &store::Reader, report: &Report, scope: Option<&str>) -> Result<(), Error> {
    let format = Format::for_report(report, Script::Unicode);
    let entry = Entry::of(report, scope, |title| format.prose(title));
    let text = serde_json::to_string_pretty(&entry).map_err(Error::Json)?;
    let prefix = prefix(report.kind, report.audience, scope, &report.timezone);
    let name = format!("{prefix}{}", report.period_name);
    store::reports::write(store.root(), &name, &text).map_err(Error::Store)
}

/// `weekly-` or `weekly-finance-1f2e3d4c-`: kind, audience, and a hash of scope and zone.
fn prefix(kind: &str, audience: Option<&str>, scope: Option<&str>, zone: &str) -> String {
    let audience = audience.map(|audience| format!("{audience}-")).unwrap_or_default();
    let is_plain = scope.is_none() && zone == "UTC";
    let hash = Sha256::digest(format!("{}\n{zone}", scope.unwrap_or_default()));
    let hash = if is_plain { "all".to_owned() } else { hex::encode(&hash[..6]) };
    format!("{kind}-{audience}{hash}-")
}

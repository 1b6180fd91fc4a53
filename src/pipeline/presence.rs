//! The days that the log tells of, from sums where those can answer.

use chrono_tz::Tz;
use polars::prelude::DataFrame;

use super::Error;
use super::day_sums::{self, RequestSums};
use super::figures::{self, Basis, collect};
use super::summed::has_whole_hours;
use crate::metrics::presence::{logged_days as of_rows, logged_days_of_sums as of_sums};
use crate::period::Period;

/// The days of a zone with logs of any request in the period; without one, in all data.
pub(super) fn logged_days(
    basis: Basis<'_>,
    period: Option<Period>,
    zone: Tz,
) -> Result<DataFrame, Error> {
    let may_have = period.is_none_or(|period| has_whole_hours(zone, period.utc_days()));
    let sums = RequestSums::new(basis.store, basis.book);
    let sums = may_have.then(|| day_sums::days(&sums, period)).transpose()?.flatten();
    let days = match sums.filter(|days| has_whole_hours(zone, days.ends)) {
        Some(days) => of_sums(days.sums, zone),
        None => of_rows(figures::invocations(basis.store, period)?, zone),
    };
    collect(days.map_err(Error::Compute)?)
}

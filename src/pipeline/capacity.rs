//! The journey to capacity: rows of a period, summed per minute, against the quotas configured.

use chrono_tz::Tz;
use polars::prelude::IntoLazy;
use serde::Serialize;

use super::error::phrase;
use super::{Basis, Error, figures};
use crate::insight::capacity::{Frames, Load, loads, without_requests};
use crate::metrics::capacity as metrics;
use crate::metrics::filter::Filter;
use crate::metrics::presence::logged_days;
use crate::period::Period;
use crate::schema::quota::Quota;

/// Which load is asked about.
#[derive(Debug, Clone)]
pub struct CapacityQuestion<'q> {
    /// The period.
    pub period: Period,
    /// Which requests.
    pub filter: Option<&'q Filter>,
    /// Quotas that the user states.
    pub quotas: &'q [Quota],
    /// Minutes and principals to name for each quota that throttled.
    pub most: usize,
    /// The zone that a filter's days are cut in.
    pub timezone: Tz,
}

/// Load per minute against quotas.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CapacityAnswer {
    /// The period.
    pub period: Period,
    /// One entry per account, Region, model and routing, sorted by these.
    pub loads: Vec<Load>,
    /// Quotas of the configuration that no request of the period falls under.
    pub quotas_without_requests: Vec<Quota>,
}

/// Requests and tokens per minute, throttling and headroom.
///
/// # Errors
/// When the period has no logs at all, or the store can't be read.
pub fn capacity(
    basis: Basis<'_>,
    question: &CapacityQuestion<'_>,
) -> Result<CapacityAnswer, Error> {
    let CapacityQuestion { period, filter, quotas, most, timezone } = *question;
    let logs = figures::invocations(basis.store, Some(period))?;
    let days = logged_days(logs, timezone).map_err(Error::Compute)?;
    if figures::collect(days)?.height() == 0 {
        return Err(Error::NoData { what: "logs", period: phrase(period) });
    }
    let rows = figures::selected(basis, Some(period), filter, &[], timezone)?;
    let priced = figures::priced(rows, basis.book)?;
    let sums = figures::collect(metrics::loads(priced, quotas))?;
    let minutes = figures::collect(metrics::minutes(sums.clone().lazy()))?;
    let pools = figures::collect(metrics::pools(minutes.clone().lazy()))?;
    let throttled = figures::collect(metrics::throttled_minutes(minutes.clone().lazy()))?;
    let consumers = figures::collect(metrics::consumers(sums.lazy(), minutes.lazy()))?;
    let frames = Frames { pools: &pools, throttled: &throttled, consumers: &consumers };
    let loads = loads(frames, quotas, most).map_err(Error::Compute)?;
    let quotas_without_requests = without_requests(quotas, &loads);
    Ok(CapacityAnswer { period, loads, quotas_without_requests })
}

//! The journey of an access review: all uses up to the review's end, costs of its period, policies.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use polars::prelude::{DataFrame, LazyFrame, UnionArgs, concat};

use super::Error;
use super::day_sums::{event_counts, request_counts};
use super::error::phrase;
use super::figures::Basis;
use super::summed::Wanted;
use crate::audit::access::{AccessReview, Spend, SuggestedPolicy, Who, Windows, access_review};
use crate::metrics::dimensions::Dimension;
use crate::metrics::metric::Metric;
use crate::metrics::small_frame::{integers, money, texts};
use crate::metrics::usage::UsageQuery;
use crate::period::Period;
use crate::prices::PriceBook;
use crate::schema::allocation::Allocation;
use crate::store::Reader;

/// What to review.
#[derive(Debug, Clone, Copy)]
pub struct AccessRequest {
    /// The period.
    pub period: Period,
    /// What was not used in so many days before its end is called unused.
    pub unused_days: u32,
    /// The present time.
    pub now: DateTime<Utc>,
}

/// Days without use after which something is called unused, where nobody says otherwise.
pub const UNUSED_DAYS: u32 = 30;

/// Who used Bedrock in the period, and what policies that suggests.
///
/// # Errors
/// When the store holds no use up to the period's end, or can't be read.
pub fn access(
    store: &Reader,
    book: &PriceBook,
    request: AccessRequest,
) -> Result<(AccessReview, Vec<SuggestedPolicy>), Error> {
    let found = review_of(store, book, request)?;
    if found.0.principals.iter().all(|one| !one.is_active()) {
        return Err(Error::NoData { what: "use of Bedrock", period: phrase(request.period) });
    }
    Ok(found)
}

/// As [`access`], also where nothing was used.
pub(super) fn review_of(
    store: &Reader,
    book: &PriceBook,
    request: AccessRequest,
) -> Result<(AccessReview, Vec<SuggestedPolicy>), Error> {
    let windows = Windows::new(request.period, request.unused_days, request.now);
    let all = |counts: &dyn Fn(Period) -> Result<LazyFrame, Error>| {
        let parts = windows.stretches().into_iter().map(counts);
        concat(parts.collect::<Result<Vec<_>, _>>()?, UnionArgs::default()).map_err(Error::Compute)
    };
    let events = all(&|period| event_counts(store, Some(period)))?;
    let invocations = all(&|period| request_counts(store, book, Some(period)))?;
    let spend = spend(store, book, request.period)?;
    access_review(&events, &invocations, &spend, windows).map_err(Error::Compute)
}

fn spend(store: &Reader, book: &PriceBook, period: Period) -> Result<BTreeMap<Who, Spend>, Error> {
    let query = UsageQuery {
        by: vec![Dimension::Account, Dimension::Principal],
        metrics: vec![Metric::CostUsd, Metric::UnpricedRequests],
        timezone: chrono_tz::UTC,
    };
    let rules = Allocation::default();
    let basis = Basis { store, book, rules: &rules };
    let usage = Wanted { basis, period: Some(period), filter: None }.answered(&query)?;
    by_principal(&usage).map_err(Error::Compute)
}

fn by_principal(usage: &DataFrame) -> polars::prelude::PolarsResult<BTreeMap<Who, Spend>> {
    let accounts = texts(usage, &Dimension::Account.name())?;
    let principals = texts(usage, &Dimension::Principal.name())?;
    let costs = money(usage, Metric::CostUsd.column())?;
    let unpriced = integers(usage, Metric::UnpricedRequests.column())?;
    let who = accounts.into_iter().zip(principals);
    let who = who.map(|(account, principal)| Who { principal, account });
    let spend = costs.into_iter().zip(unpriced).map(|(cost_usd, unpriced)| Spend {
        cost_usd,
        unpriced_requests: unpriced.unwrap_or_default().unsigned_abs(),
    });
    Ok(who.zip(spend).collect())
}

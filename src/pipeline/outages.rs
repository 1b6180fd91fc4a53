//! The journey of the outage ledger: acts and silences, and what went unrecorded meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use polars::prelude::{DataFrame, IntoLazy, LazyFrame, col};
use serde::Serialize;

use super::compared::Compared;
use super::coverage::Estimate;
use super::day_sums::event_counts;
use super::ingest::LOG_DELIVERY;
use super::{Error, Join, figures};
use crate::audit::outage::{
    Act, Evidence, Hour, Outage, PlaceState, candidates, is_candidate, ledger, read_acts,
    read_hours,
};
use crate::metrics::spans::{Span, number_by_span, unlogged_by_span, unlogged_rows, unseen_rows};
use crate::metrics::unlogged::unlogged_cost;
use crate::period::Period;
use crate::prices::PriceBook;
use crate::schema::Table;
use crate::schema::api_event::EVENT_TIME;
use crate::schema::usage::cell::LAST_TIME;
use crate::schema::usage::coverage::{FIRST_UNLOGGED, LAST_UNLOGGED, SPAN};
use crate::schema::usage::derived::{FROM, TO};
use crate::schema::usage::metric::REQUESTS;
use crate::store::Reader;
use crate::units::Usd;

/// Which outages.
#[derive(Debug, Clone)]
pub struct OutageRequest {
    /// Those that touch this period.
    pub period: Period,
    /// The present time: what is younger than the delivery delay is not called silent.
    pub as_of: DateTime<Utc>,
    /// Buckets that hold logs, beside those that events and the store name.
    pub buckets: BTreeSet<String>,
}

/// The ledger of a period.
#[derive(Debug, Clone, Serialize)]
pub struct OutageAnswer {
    /// The period.
    #[serde(flatten)]
    pub period: Period,
    /// Whether calls and logs could be compared by request id.
    pub join: Join,
    /// What invocation logging did not record while it was stopped or silent; stretches of different
    /// outages don't overlap.
    pub unrecorded: Unrecorded,
    /// Outages, by time.
    pub outages: Vec<CountedOutage>,
    /// Every event of the period that concerns recording, failed ones included, by time.
    pub acts: Vec<Act>,
    /// What is known of invocation logging, by account and Region.
    pub places: Vec<PlaceState>,
    /// Buckets that are known to hold logs; changes to others are not judged.
    pub buckets: BTreeSet<String>,
}

/// An outage and what it hid.
#[derive(Debug, Clone, Serialize)]
pub struct CountedOutage {
    /// The outage.
    #[serde(flatten)]
    pub outage: Outage,
    /// What is missing for it, in the part that lies in the period.
    pub unrecorded: Unrecorded,
}

/// What was not recorded in a stretch of time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Unrecorded {
    /// Calls in CloudTrail that were not logged, failed ones included.
    pub calls: i64,
    /// The first of them.
    pub first_call: Option<DateTime<Utc>>,
    /// The last of them.
    pub last_call: Option<DateTime<Utc>>,
    /// Of these, calls that failed, taken to have cost nothing.
    pub failed_calls: i64,
    /// What the others may have cost: an estimate, by the mean of logged calls of the same model and
    /// principal in the period, else of the same model. Null when there is none to go by.
    pub cost_usd: Option<Usd>,
    /// Calls that the estimate covers.
    pub estimated_calls: i64,
    /// Calls without a fully priced one like them to go by.
    pub unestimated_calls: i64,
    /// Of a trail: logged requests that no CloudTrail event names. Null for other outages, and where
    /// ids can't be compared.
    pub requests_without_event: Option<i64>,
}

/// Reads the ledger of a period out of the store.
///
/// # Errors
/// When the store can't be read.
pub fn audit_outages(
    store: &Reader,
    book: &PriceBook,
    request: &OutageRequest,
) -> Result<OutageAnswer, Error> {
    outages_of(&Compared::read(store, request.period, request.as_of)?, book, request)
}

/// As [`audit_outages`], of what was compared before, of the same period and present time.
pub(super) fn outages_of(
    compared: &Compared<'_>,
    book: &PriceBook,
    request: &OutageRequest,
) -> Result<OutageAnswer, Error> {
    let store = compared.store;
    let hours = settled_hours(compared)?;
    let sum = |of: fn(&Hour) -> i64| hours.iter().map(of).sum::<i64>();
    let join =
        Join::of(sum(|hour| hour.called), sum(|hour| hour.logged), sum(|hour| hour.requests));
    let events = figures::collect(candidates(days_with_candidates(store)?))?;
    let buckets: BTreeSet<String> =
        store.buckets()?.into_iter().chain(request.buckets.clone()).collect();
    let found = ledger(Evidence {
        period: request.period,
        acts: read_acts(&events).map_err(Error::Compute)?,
        hours,
        buckets: &buckets,
    });
    let mut unrecorded = unlogged(compared, book, &found.outages)?;
    if join != Join::NotPossible {
        add_requests_without_event(compared, &found.outages, &mut unrecorded)?;
    }
    let outages: Vec<CountedOutage> = found
        .outages
        .into_iter()
        .zip(unrecorded)
        .map(|(outage, unrecorded)| CountedOutage { outage, unrecorded })
        .collect();
    Ok(OutageAnswer {
        period: request.period,
        join,
        unrecorded: total(&outages),
        outages,
        acts: found.acts,
        places: found.places,
        buckets: found.buckets,
    })
}

/// The events of the days that have some that may concern recording, by what was counted of them.
fn days_with_candidates(store: &Reader) -> Result<LazyFrame, Error> {
    let times = event_counts(store, None)?.filter(is_candidate());
    let ends = times.select([col(EVENT_TIME).min().alias(FROM), col(LAST_TIME).max().alias(TO)]);
    let ends = figures::collect(ends)?;
    let period = time(&ends, FROM, 0)?.zip(time(&ends, TO, 0)?);
    // Without any, a period that holds nothing.
    let (from, last) = period.unwrap_or((DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH));
    let period = Period { from, to: last + Duration::milliseconds(1) };
    Ok(store.scan(Table::ApiEvents, Some(period))?)
}

/// Hours with calls or requests, without those whose logs may still come.
fn settled_hours(compared: &Compared<'_>) -> Result<Vec<Hour>, Error> {
    let mut hours = read_hours(&compared.hours).map_err(Error::Compute)?;
    let settled = compared.as_of - LOG_DELIVERY - Duration::hours(1);
    hours.retain(|hour| hour.requests > 0 || hour.logged > 0 || hour.start <= settled);
    Ok(hours)
}

/// The calls that were not logged in each outage, and what they may have cost.
fn unlogged(
    compared: &Compared<'_>,
    book: &PriceBook,
    outages: &[Outage],
) -> Result<Vec<Unrecorded>, Error> {
    let mut found = vec![Unrecorded::default(); outages.len()];
    if outages.is_empty() {
        return Ok(found);
    }
    let spans = spans(outages, compared.period);
    let unlogged = figures::collect(unlogged_rows(&compared.both))?;
    let by_span = unlogged_by_span(unlogged.lazy(), &spans).map_err(Error::Compute)?;
    let by_span = figures::collect(by_span)?;
    if by_span.height() == 0 {
        return Ok(found);
    }
    let priced = compared.costs(book)?;
    let costs = figures::collect(unlogged_cost(by_span.clone().lazy(), priced, &[col(SPAN)]))?;
    for row in 0..costs.height() {
        let estimate = Estimate::read(&costs, row)?;
        if let Some(unrecorded) = number(&costs, SPAN, row)?.and_then(|at| found.get_mut(at)) {
            unrecorded.calls =
                estimate.estimated_calls + estimate.unestimated_calls + estimate.failed_calls;
            unrecorded.failed_calls = estimate.failed_calls;
            unrecorded.cost_usd = estimate.cost_usd;
            unrecorded.estimated_calls = estimate.estimated_calls;
            unrecorded.unestimated_calls = estimate.unestimated_calls;
        }
    }
    let times = by_span.lazy().group_by([col(SPAN)]);
    let times = times.agg([col(FIRST_UNLOGGED).min(), col(LAST_UNLOGGED).max()]);
    let times = figures::collect(times)?;
    for row in 0..times.height() {
        if let Some(unrecorded) = number(&times, SPAN, row)?.and_then(|at| found.get_mut(at)) {
            unrecorded.first_call = time(&times, FIRST_UNLOGGED, row)?;
            unrecorded.last_call = time(&times, LAST_UNLOGGED, row)?;
        }
    }
    Ok(found)
}

/// The logged requests that no event names, in each outage of a trail.
fn add_requests_without_event(
    compared: &Compared<'_>,
    outages: &[Outage],
    unrecorded: &mut [Unrecorded],
) -> Result<(), Error> {
    if !outages.iter().any(Outage::is_of_a_trail) {
        return Ok(());
    }
    let unseen = figures::collect(unseen_rows(&compared.both))?;
    let spans = spans(outages, compared.period);
    let numbers = number_by_span(unseen.lazy(), &spans).map_err(Error::Compute)?;
    let numbers = figures::collect(numbers)?;
    let mut by_span = BTreeMap::new();
    for row in 0..numbers.height() {
        if let Some(at) = number(&numbers, SPAN, row)? {
            by_span.insert(at, number(&numbers, REQUESTS, row)?.unwrap_or_default());
        }
    }
    for (at, (outage, unrecorded)) in outages.iter().zip(unrecorded).enumerate() {
        let count = by_span.get(&at).copied().unwrap_or_default();
        unrecorded.requests_without_event =
            outage.is_of_a_trail().then(|| i64::try_from(count).unwrap_or(i64::MAX));
    }
    Ok(())
}

/// The parts of outages that lie in the period; all of them touch it.
fn spans(outages: &[Outage], period: Period) -> Vec<Span> {
    let nothing = Period { from: period.from, to: period.from };
    let span = |outage: &Outage| Span {
        period: outage.within(period).unwrap_or(nothing),
        account: outage.account.clone(),
        region: outage.region.clone().map(Some),
    };
    outages.iter().map(span).collect()
}

/// The sum over outages of invocation logging.
fn total(outages: &[CountedOutage]) -> Unrecorded {
    let of_logging = outages.iter().filter(|counted| counted.outage.is_of_logging());
    of_logging.map(|counted| &counted.unrecorded).fold(Unrecorded::default(), |sum, one| {
        let either = |a: Option<Usd>, b: Option<Usd>| match (a, b) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        };
        Unrecorded {
            calls: sum.calls + one.calls,
            first_call: sum.first_call.into_iter().chain(one.first_call).min(),
            last_call: sum.last_call.max(one.last_call),
            failed_calls: sum.failed_calls + one.failed_calls,
            cost_usd: either(sum.cost_usd, one.cost_usd),
            estimated_calls: sum.estimated_calls + one.estimated_calls,
            unestimated_calls: sum.unestimated_calls + one.unestimated_calls,
            requests_without_event: None,
        }
    })
}

fn number(frame: &DataFrame, column: &str, row: usize) -> Result<Option<usize>, Error> {
    let value = frame.column(column).and_then(|column| column.get(row)).map_err(Error::Compute)?;
    Ok(value.extract::<usize>())
}

fn time(frame: &DataFrame, column: &str, row: usize) -> Result<Option<DateTime<Utc>>, Error> {
    let value = frame.column(column).and_then(|column| column.get(row)).map_err(Error::Compute)?;
    Ok(value.extract::<i64>().and_then(DateTime::from_timestamp_millis))
}

//! The journey to capacity: rows of a period, summed per minute, against the quotas configured.

use chrono_tz::Tz;
use polars::prelude::{IntoLazy, LazyFrame, Schema, UniqueKeepStrategy, col};
use serde::Serialize;

use super::day_sums::{self, DaySums, can_be_added_up};
use super::error::phrase;
use super::presence::logged_days;
use super::{Basis, Error, figures};
use crate::insight::capacity::{Frames, Load, loads, without_requests};
use crate::metrics::capacity as metrics;
use crate::metrics::filter::Filter;
use crate::metrics::small_frame::texts;
use crate::period::Period;
use crate::prices::{PriceBook, Query};
use crate::schema::cost::UNCACHED_INPUT_TOKENS;
use crate::schema::invocation::{INPUT_TOKENS, MODEL_ID};
use crate::schema::quota::Quota;
use crate::store::{Reader, Summed};

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
    if logged_days(basis, Some(period), timezone)?.height() == 0 {
        return Err(Error::NoData { what: "logs", period: phrase(period) });
    }
    let loads_of = Loads { store: basis.store, book: basis.book };
    let (minutes, consumers) = if filter.is_none() {
        let of_minutes = LoadSums::Minutes(loads_of);
        let minutes = match day_sums::days(&of_minutes, Some(period))? {
            Some(days) => days.sums,
            None => figures::collect(of_minutes.of_rows(period)?)?.lazy(),
        };
        let consumers = day_sums::sums(&LoadSums::Consumers(loads_of), period)?;
        (metrics::minutes_kept(minutes), consumers)
    } else {
        let rows = figures::selected(basis, Some(period), filter, &[], timezone)?;
        let rows = with_uncached_input(rows, basis.book)?;
        let minutes = figures::collect(metrics::minute_sums(rows.clone()))?.lazy();
        (minutes.clone(), metrics::consumer_sums(rows, minutes))
    };
    // Read again for each: held in memory, a month of minutes can take hundreds of megabytes.
    let minutes = metrics::minutes(minutes, quotas);
    let pools = figures::collect(metrics::pools(minutes.clone()))?;
    let ranks = metrics::ranks(&minutes).map_err(Error::Compute)?;
    let pools = figures::collect(metrics::with_ranks(pools.lazy(), ranks))?;
    let throttled = figures::collect(metrics::throttled_minutes(minutes))?;
    let consumers = figures::collect(metrics::consumers(consumers, quotas))?;
    let frames = Frames { pools: &pools, throttled: &throttled, consumers: &consumers };
    let loads = loads(frames, quotas, most).map_err(Error::Compute)?;
    let quotas_without_requests = without_requests(quotas, &loads);
    Ok(CapacityAnswer { period, loads, quotas_without_requests })
}

/// What loads are read from.
#[derive(Clone, Copy)]
struct Loads<'a> {
    store: &'a Reader,
    book: &'a PriceBook,
}

impl Loads<'_> {
    fn rows(&self, period: Period) -> Result<LazyFrame, Error> {
        with_uncached_input(figures::invocations(self.store, Some(period))?, self.book)
    }

    /// What the input outside the cache depends on: which ids name models that log the cache inside it.
    fn how(&self) -> String {
        let book = self.book;
        let cached = book.models().iter().filter(|model| model.input_includes_cache);
        let names: Vec<_> = cached.map(|model| (&model.model_id, &model.aliases)).collect();
        let profiles = (book.application_profiles(), book.synced());
        format!("{} {names:?} {profiles:?} {:?}", metrics::VERSION, book.cache_convention())
    }
}

/// Sums of the load.
#[derive(Clone, Copy)]
enum LoadSums<'a> {
    /// Per minute.
    Minutes(Loads<'a>),
    /// Per principal, of minutes in which a quota throttled.
    Consumers(Loads<'a>),
}

impl<'a> LoadSums<'a> {
    fn loads(&self) -> &Loads<'a> {
        match self {
            Self::Minutes(loads) | Self::Consumers(loads) => loads,
        }
    }
}

impl DaySums for LoadSums<'_> {
    fn kept(&self) -> Summed {
        match self {
            Self::Minutes(_) => Summed::Minutes,
            Self::Consumers(_) => Summed::Consumers,
        }
    }

    fn store(&self) -> &Reader {
        self.loads().store
    }

    fn how(&self) -> String {
        self.loads().how()
    }

    fn schema(&self) -> Schema {
        match self {
            Self::Minutes(_) => metrics::kept_minutes_schema(),
            Self::Consumers(_) => metrics::kept_consumers_schema(),
        }
    }

    fn of_rows(&self, period: Period) -> Result<LazyFrame, Error> {
        let rows = self.loads().rows(period)?;
        let minutes = metrics::minute_sums(rows.clone());
        Ok(match self {
            Self::Minutes(_) => metrics::kept_minutes(minutes),
            Self::Consumers(_) => metrics::kept_consumers(metrics::consumer_sums(rows, minutes)),
        })
    }

    fn can_sum(&self, day: Period) -> Result<bool, Error> {
        can_be_added_up(self.store(), day)
    }
}

/// The rows with their input outside the cache. It takes the model's rule for cached tokens, and no
/// price: where no model logs them inside the input, nothing needs to be looked up row by row.
fn with_uncached_input(rows: LazyFrame, book: &PriceBook) -> Result<LazyFrame, Error> {
    let ids = rows.clone().select([col(MODEL_ID)]).unique(None, UniqueKeepStrategy::Any);
    let ids = figures::collect(ids)?;
    let ids = texts(&ids, MODEL_ID).map_err(Error::Compute)?;
    let includes_cache = |id: &Option<String>| {
        let query = Query { model_id: id.as_deref(), ..Query::default() };
        book.quote(&query).model.is_some_and(|model| model.input_includes_cache)
    };
    if ids.iter().any(includes_cache) {
        return figures::priced(rows, book);
    }
    Ok(rows.with_columns([col(INPUT_TOKENS).alias(UNCACHED_INPUT_TOKENS)]))
}

//! The journey of the what-ifs: read calls with margins, sum, price the sums, price again, weigh.

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use polars::prelude::{DataFrame, IntoLazy, LazyFrame, PolarsResult};

use super::error::phrase;
use super::{Basis, Error, figures};
use crate::insight::savings::{Inputs, Saving, Substitution, savings as weigh};
use crate::metrics::efficiency::REPEAT_WINDOW_MS;
use crate::metrics::filter::Filter;
use crate::metrics::small_frame::{integers, money};
use crate::metrics::what_if::caching::{
    Cached, LONGEST_TTL_MS, cache_effect, read_unread, unread_writes,
};
use crate::metrics::what_if::calls::{Calls, Sieve};
use crate::metrics::what_if::capacity::{minutes, offers, read_loads};
use crate::metrics::what_if::groups::{Classes, Group, groups, read_groups};
use crate::metrics::what_if::prompts::{long_prompts, read_long_prompts};
use crate::metrics::what_if::repeats::{SentAgain, by_caller, read_repeats, repeats};
use crate::metrics::what_if::reprice::{Alternative, Repricing, bare};
use crate::metrics::{cost, measures};
use crate::period::Period;
use crate::prices::PriceBook;
use crate::prices::book::{Model, Tier};
use crate::schema::cost::COST_UNITS;
use crate::schema::usage::metric;
use crate::units::Usd;

/// A model and the candidate for its place, ids in any form that names a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The model in use.
    pub from: String,
    /// The candidate.
    pub to: String,
}

/// The what-ifs of a period, and what they are measured against.
#[derive(Debug, Clone, PartialEq)]
pub struct SavingsAnswer {
    /// The time that the data of the period covers.
    pub period: Period,
    /// Logged calls.
    pub requests: i64,
    /// Billed requests without a price, or not for all they used: no what-if counts them.
    pub unpriced_requests: i64,
    /// List cost of the priced parts; null when nothing has a price.
    pub cost: Option<Usd>,
    /// The what-ifs, in a fixed order.
    pub savings: Vec<Saving>,
}

/// All what-ifs over a period; without one, over all data.
///
/// # Errors
/// When a candidate is no model of the book, the period has no data, or the store can't be read.
pub fn savings(
    basis: Basis<'_>,
    period: Option<Period>,
    filter: Option<&Filter>,
    candidates: &[Candidate],
    zone: Tz,
) -> Result<SavingsAnswer, Error> {
    let book = basis.book;
    let known = candidates.iter().map(|one| Ok((known(book, &one.from)?, known(book, &one.to)?)));
    let models = known.collect::<Result<Vec<_>, Error>>()?;
    let around = period.map(|asked| Period {
        from: asked.from - Duration::milliseconds(REPEAT_WINDOW_MS),
        to: asked.to + Duration::milliseconds(LONGEST_TTL_MS),
    });
    let rows = figures::selected(basis, around, filter, &[], zone)?;
    let windows = models.iter().filter_map(|(_, to)| to.context_window);
    let classes = Classes::of(book, windows);
    let no_data =
        || Error::NoData { what: "invocations", period: period.map(phrase).unwrap_or_default() };
    let calls = calls(&rows, book, &classes)?.ok_or_else(no_data)?;
    let ends = |period| calls.ends(period).map_err(Error::Compute);
    let (first, last) = ends(period)?.ok_or_else(no_data)?;
    let past = |last| last + Duration::milliseconds(1);
    let data = Period { from: first, to: past(last) };
    let asked = period.unwrap_or(data);
    let priced = priced(calls.sums(calls.inside(asked), &[]), book)?;
    let repricing = Repricing { book, classes: &classes };
    let groups = read(groups(priced.clone().lazy()), read_groups)?;
    let asked = Asked {
        data_to: ends(None)?.map_or(data.to, |(_, last)| past(last)),
        rows,
        calls,
        priced,
        period: asked,
        data,
    };
    let inputs = inputs(&asked, repricing, &groups, candidates, &models)?;
    let totals = totals(&asked.priced)?;
    Ok(SavingsAnswer {
        period: data,
        requests: totals.0,
        unpriced_requests: totals.1,
        cost: totals.2,
        savings: weigh(&inputs),
    })
}

/// What the what-ifs are computed from.
struct Asked {
    /// The period with a margin for what its requests are compared with, as stored.
    rows: LazyFrame,
    /// The same, read out.
    calls: Calls,
    /// Sums of the calls of the period, priced.
    priced: DataFrame,
    period: Period,
    /// From the first record of the period to past the last.
    data: Period,
    /// Past the last record of all.
    data_to: DateTime<Utc>,
}

/// Reads the rows out as calls; none of no rows.
fn calls(rows: &LazyFrame, book: &PriceBook, classes: &Classes) -> Result<Option<Calls>, Error> {
    let extremes = figures::collect(cost::cells::extremes(rows.clone()))?;
    let sieve =
        Sieve::new(&extremes, figures::steps(book), classes.clone()).map_err(Error::Compute)?;
    let sieved = figures::collect(sieve.sieved(rows.clone()))?;
    if sieved.height() == 0 {
        return Ok(None);
    }
    Calls::new(sieve, sieved, book).map(Some).map_err(Error::Compute)
}

fn priced(sums: LazyFrame, book: &PriceBook) -> Result<DataFrame, Error> {
    figures::collect(figures::with_cost(&figures::collect(sums)?, book)?)
}

fn inputs<'g>(
    asked: &Asked,
    repricing: Repricing<'_>,
    groups: &'g [Group],
    candidates: &[Candidate],
    models: &[(&Model, &Model)],
) -> Result<Inputs<'g>, Error> {
    let tier = |from, to| repricing.apply(groups, Alternative::Tier(from, to));
    let priced = || asked.priced.clone().lazy();
    let unread = unread_writes(cached(asked)?, priced(), asked.period, asked.data_to);
    let prompts = long_prompts(&asked.calls, &asked.priced, asked.period);
    let prompts = prompts.map_err(Error::Compute)?;
    let offers = offers(&asked.priced, repricing.book).map_err(Error::Compute)?;
    let minutes = minutes(&asked.calls, &offers, asked.period).map_err(Error::Compute)?;
    let minutes = figures::collect(minutes)?;
    let (loads, without_capacity) = read_loads(&minutes, offers).map_err(Error::Compute)?;
    let substitutions = candidates.iter().zip(models).map(|(candidate, (from, to))| Substitution {
        from: from.model_id.clone(),
        to: candidate.to.clone(),
        context_window: to.context_window,
        repriced: repricing.apply(groups, Alternative::Model(&candidate.from, &candidate.to)),
    });
    Ok(Inputs {
        cache: cache_effect(repricing, groups),
        unread: read(unread, |df| read_unread(df, repricing))?,
        batch: tier(Tier::Standard, Tier::Batch),
        flex: tier(Tier::Standard, Tier::Flex),
        priority: tier(Tier::Priority, Tier::Standard),
        global: repricing.apply(groups, Alternative::Global),
        substitutions: substitutions.collect(),
        prompts: read(prompts, |df| read_long_prompts(df, repricing))?,
        repeats: read(repeated(asked, repricing.book)?, read_repeats)?,
        loads,
        without_capacity,
        minutes: (asked.data.to - asked.data.from).num_minutes(),
    })
}

/// Reads and writes of the cache; ids are read only of instants where they matter, which are few.
fn cached(asked: &Asked) -> Result<Cached, Error> {
    let cached = Cached::of(&asked.calls).map_err(Error::Compute)?;
    let undecided = cached.undecided().map_err(Error::Compute)?;
    match at(asked, &undecided)? {
        Some(at) => Cached::in_order(&asked.calls, &at, &undecided).map_err(Error::Compute),
        None => Ok(cached),
    }
}

/// Repeats by caller; ids are read only of instants where they matter.
fn repeated(asked: &Asked, book: &PriceBook) -> Result<LazyFrame, Error> {
    let mut again = SentAgain::of(&asked.calls).map_err(Error::Compute)?;
    let undecided = again.undecided().map_err(Error::Compute)?;
    if let Some(at) = at(asked, &undecided)? {
        again = SentAgain::in_order(&asked.calls, &at, &undecided).map_err(Error::Compute)?;
    }
    let repeats = priced(repeats(&asked.calls, again, asked.period), book)?;
    Ok(by_caller(asked.priced.clone().lazy(), repeats.lazy()))
}

/// The calls of some instants, with their ids; none of no instants.
fn at(asked: &Asked, instants: &[i64]) -> Result<Option<DataFrame>, Error> {
    if instants.is_empty() {
        return Ok(None);
    }
    figures::collect(asked.calls.sieve().sieved_at(asked.rows.clone(), instants)).map(Some)
}

fn read<T>(lf: LazyFrame, read: impl Fn(&DataFrame) -> PolarsResult<T>) -> Result<T, Error> {
    read(&figures::collect(lf)?).map_err(Error::Compute)
}

/// Requests, unpriced requests and cost.
fn totals(priced: &DataFrame) -> Result<(i64, i64, Option<Usd>), Error> {
    let totals = [measures::requests(), measures::unpriced_requests(), measures::cost()];
    let df = figures::collect(priced.clone().lazy().select(totals))?;
    let count = |name: &str| integers(&df, name).map(|one| one.first().copied().flatten());
    let read = || {
        let requests = count(metric::REQUESTS)?.unwrap_or(0);
        let unpriced = count(metric::UNPRICED_REQUESTS)?.unwrap_or(0);
        Ok((requests, unpriced, money(&df, COST_UNITS)?.first().copied().flatten()))
    };
    read().map_err(Error::Compute)
}

fn known<'b>(book: &'b PriceBook, id: &str) -> Result<&'b Model, Error> {
    book.model(bare(id)).ok_or_else(|| Error::NoSuchModel {
        id: id.to_owned(),
        nearest: crate::prices::list::nearest_model(book, bare(id)),
    })
}

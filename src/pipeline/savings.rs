//! The journey of the what-ifs: calls summed per cell, priced, priced again, weighed.

use chrono::Duration;
use chrono_tz::Tz;
use polars::prelude::{DataFrame, IntoLazy, LazyFrame, PolarsResult};

use super::call_hours::Asked;
use super::error::phrase;
use super::{Basis, Error, figures};
use crate::insight::savings::{Inputs, Saving, Substitution, savings as weigh};
use crate::metrics::filter::Filter;
use crate::metrics::measures;
use crate::metrics::small_frame::{integers, money};
use crate::metrics::what_if::caching::{cache_effect, read_unread, unread_writes};
use crate::metrics::what_if::capacity::{minutes, offers, read_loads};
use crate::metrics::what_if::cells::Cells;
use crate::metrics::what_if::groups::{Classes, Group, groups, read_groups};
use crate::metrics::what_if::prompts::{long_prompts, read_long_prompts};
use crate::metrics::what_if::repeats::{by_caller, read_repeats};
use crate::metrics::what_if::reprice::{Alternative, Repricing, bare};
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
    let windows = models.iter().filter_map(|(_, to)| to.context_window);
    let classes = Classes::of(book, windows);
    let cells = Asked { basis, filter, zone, classes: &classes }.cells(period)?;
    let (first, last) = cells.ends().map_err(Error::Compute)?.ok_or_else(|| Error::NoData {
        what: "invocations",
        period: period.map(phrase).unwrap_or_default(),
    })?;
    let data = Period { from: first, to: last + Duration::milliseconds(1) };
    let priced = figures::collect(figures::with_cost(cells.sums(), book)?)?;
    let groups = read(groups(priced.clone().lazy()), read_groups)?;
    let told = Told { cells, priced, minutes: (data.to - data.from).num_minutes() };
    let repricing = Repricing { book, classes: &classes };
    let inputs = inputs(&told, repricing, &groups, candidates, &models)?;
    let totals = totals(&told.priced)?;
    Ok(SavingsAnswer {
        period: data,
        requests: totals.0,
        unpriced_requests: totals.1,
        cost: totals.2,
        savings: weigh(&inputs),
    })
}

/// What the what-ifs are computed from.
struct Told {
    cells: Cells,
    /// The sums of the cells, priced.
    priced: DataFrame,
    /// From the first record of the period to past the last.
    minutes: i64,
}

fn inputs<'g>(
    told: &Told,
    repricing: Repricing<'_>,
    groups: &'g [Group],
    candidates: &[Candidate],
    models: &[(&Model, &Model)],
) -> Result<Inputs<'g>, Error> {
    let tier = |from, to| repricing.apply(groups, Alternative::Tier(from, to));
    let priced = || told.priced.clone().lazy();
    let prompts = long_prompts(&told.cells, &told.priced).map_err(Error::Compute)?;
    let offers = offers(&told.priced, repricing.book).map_err(Error::Compute)?;
    let minutes = minutes(&told.cells, &offers).map_err(Error::Compute)?;
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
        unread: read(unread_writes(priced()), |df| read_unread(df, repricing))?,
        batch: tier(Tier::Standard, Tier::Batch),
        flex: tier(Tier::Standard, Tier::Flex),
        priority: tier(Tier::Priority, Tier::Standard),
        global: repricing.apply(groups, Alternative::Global),
        substitutions: substitutions.collect(),
        prompts: read(prompts, |df| read_long_prompts(df, repricing))?,
        repeats: read(by_caller(priced()), read_repeats)?,
        loads,
        without_capacity,
        minutes: told.minutes,
    })
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

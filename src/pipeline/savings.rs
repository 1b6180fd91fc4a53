//! The journey of the what-ifs: scan with margins, price, sum per price key, price again, weigh.

use chrono::Duration;
use chrono_tz::Tz;
use polars::prelude::{DataFrame, LazyFrame, PolarsResult};

use super::allocation::extent;
use super::error::phrase;
use super::{Basis, Error, figures};
use crate::insight::savings::{Inputs, Saving, Substitution, savings as weigh};
use crate::metrics::efficiency::REPEAT_WINDOW_MS;
use crate::metrics::filter::Filter;
use crate::metrics::metric::Metric;
use crate::metrics::small_frame::{integers, money};
use crate::metrics::usage::UsageQuery;
use crate::metrics::what_if::caching::{LONGEST_TTL_MS, cache_effect, read_unread, unread_writes};
use crate::metrics::what_if::capacity::{minutes, read_loads};
use crate::metrics::what_if::groups::{Classes, Group, groups, read_groups};
use crate::metrics::what_if::prompts::{long_prompts, read_long_prompts};
use crate::metrics::what_if::repeats::{read_repeats, repeats};
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
    let rows = |period| figures::selected(basis, period, filter, &[], zone);
    let known = candidates.iter().map(|one| Ok((known(book, &one.from)?, known(book, &one.to)?)));
    let models = known.collect::<Result<Vec<_>, Error>>()?;
    let data = extent(rows(period)?)?.ok_or_else(|| Error::NoData {
        what: "invocations",
        period: period.map(phrase).unwrap_or_default(),
    })?;
    let asked = period.unwrap_or(data);
    let around = Period {
        from: asked.from - Duration::milliseconds(REPEAT_WINDOW_MS),
        to: asked.to + Duration::milliseconds(LONGEST_TTL_MS),
    };
    let frames = Frames {
        inside: figures::priced(rows(Some(asked))?, book)?,
        around: figures::priced(rows(Some(around))?, book)?,
        asked,
        data,
    };
    let windows = models.iter().filter_map(|(_, to)| to.context_window);
    let classes = Classes::of(book, windows);
    let repricing = Repricing { book, classes: &classes };
    let totals = totals(rows(Some(asked))?, book)?;
    let groups = read(groups(frames.inside.clone(), &classes), read_groups)?;
    let inputs = inputs(&frames, repricing, &groups, candidates, &models)?;
    Ok(SavingsAnswer {
        period: data,
        requests: totals.0,
        unpriced_requests: totals.1,
        cost: totals.2,
        savings: weigh(&inputs),
    })
}

/// The rows of the period, and with a margin for what they are compared with.
struct Frames {
    inside: LazyFrame,
    around: LazyFrame,
    asked: Period,
    /// From the first record to past the last.
    data: Period,
}

fn inputs<'g>(
    frames: &Frames,
    repricing: Repricing<'_>,
    groups: &'g [Group],
    candidates: &[Candidate],
    models: &[(&Model, &Model)],
) -> Result<Inputs<'g>, Error> {
    let tier = |from, to| repricing.apply(groups, Alternative::Tier(from, to));
    let data_to = extent(frames.around.clone())?.map_or(frames.data.to, |data| data.to);
    let unread = unread_writes(frames.around.clone(), repricing.classes, frames.asked, data_to)
        .map_err(Error::Compute)?;
    let repeated = repeats(frames.around.clone(), frames.asked).map_err(Error::Compute)?;
    let prompts = long_prompts(frames.inside.clone(), repricing.classes);
    let (loads, without_capacity) =
        read(minutes(frames.inside.clone()), |df| read_loads(df, repricing.book))?;
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
        repeats: read(repeated, read_repeats)?,
        loads,
        without_capacity,
        minutes: (frames.data.to - frames.data.from).num_minutes(),
    })
}

fn read<T>(lf: LazyFrame, read: impl Fn(&DataFrame) -> PolarsResult<T>) -> Result<T, Error> {
    read(&figures::collect(lf)?).map_err(Error::Compute)
}

/// Requests, unpriced requests and cost.
fn totals(rows: LazyFrame, book: &PriceBook) -> Result<(i64, i64, Option<Usd>), Error> {
    let metrics = vec![Metric::Requests, Metric::UnpricedRequests, Metric::CostUsd];
    let query = UsageQuery { by: Vec::new(), metrics, timezone: Tz::UTC };
    let df = figures::answered(rows, book, &query)?;
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

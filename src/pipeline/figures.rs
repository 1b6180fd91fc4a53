//! Frames that the figures are computed from: invocations of a period, priced and tagged.
//!
//! Reads out only what the next stage needs as values: distinct price keys and metadata texts.

use chrono_tz::Tz;
use polars::prelude::{IntoLazy, LazyFrame, by_name, col, lit};

use super::Error;
use crate::metrics::allocation;
use crate::metrics::cost;
use crate::metrics::dimensions::Dimension;
use crate::metrics::filter::Filter;
use crate::metrics::tags::{self, tag_keys};
use crate::period::Period;
use crate::prices::{self, CacheConvention, PriceBook};
use crate::schema::allocation::Allocation;
use crate::schema::cost::quote::INPUT_INCLUDES_CACHE;
use crate::schema::invocation::{CACHE_READ_INPUT_TOKENS, CACHE_WRITE_INPUT_TOKENS};
use crate::schema::{Table, cost as columns};
use crate::store::Reader;
use crate::units::Usd;

/// Invocations of a period with the columns of [`schema::cost`](crate::schema::cost).
pub(super) fn priced(invocations: LazyFrame, book: &PriceBook) -> Result<LazyFrame, Error> {
    let keys = cost::price_keys(invocations.clone()).collect().map_err(Error::Compute)?;
    let quotes = prices::quotes(book, &keys).map_err(Error::Compute)?;
    Ok(cost::with_cost_by(invocations, quotes.lazy(), book.cache_convention()))
}

/// Cost of the requests whose logged input includes cached tokens, by the documented rule and as logged;
/// none where there are none.
pub(super) fn cached_inside(
    invocations: LazyFrame,
    book: &PriceBook,
) -> Result<Option<(Usd, Usd)>, Error> {
    let any = |column| col(column).gt(lit(0));
    let cached = invocations.filter(any(CACHE_READ_INPUT_TOKENS).or(any(CACHE_WRITE_INPUT_TOKENS)));
    let keys = cost::price_keys(cached.clone()).collect().map_err(Error::Compute)?;
    let quotes = prices::quotes(book, &keys).map_err(Error::Compute)?;
    let inside =
        quotes.lazy().filter(col(INPUT_INCLUDES_CACHE)).collect().map_err(Error::Compute)?;
    if inside.height() == 0 {
        return Ok(None);
    }
    // Requests of other models have no quote here, so they cost nothing.
    let total = |convention| {
        let costs = cost::with_cost_by(cached.clone(), inside.clone().lazy(), convention);
        let sum = costs.select([col(columns::COST_UNITS).sum()]).collect()?;
        sum.column(columns::COST_UNITS)?.get(0)?.try_extract().map(Usd)
    };
    let both = total(CacheConvention::Documented)
        .and_then(|documented| Ok((documented, total(CacheConvention::AsLogged)?)));
    both.map(Some).map_err(Error::Compute)
}

/// Invocations with a column per request-metadata key.
pub(super) fn tagged(invocations: LazyFrame, keys: &[String]) -> Result<LazyFrame, Error> {
    if keys.is_empty() {
        return Ok(invocations);
    }
    let distinct =
        tags::distinct_metadata(invocations.clone()).collect().map_err(Error::Compute)?;
    let lookup = tags::tag_lookup(&distinct, keys).map_err(Error::Compute)?;
    Ok(tags::with_tags(invocations, lookup))
}

/// What figures are made from: the rows, their prices, and whose calls they were.
#[derive(Clone, Copy)]
pub struct Basis<'a> {
    /// The rows.
    pub store: &'a Reader,
    /// Their prices.
    pub book: &'a PriceBook,
    /// The rules for `team` and `cost_center`.
    pub rules: &'a Allocation,
}

/// Invocations of a period that a filter selects, each call once, with every column that the
/// dimensions of `by` read: tags, `team` and `cost_center` too.
///
/// Costs are added only to test them, and are gone from the result: whoever needs them asks for
/// [`priced`] rows of it.
pub(super) fn selected(
    basis: Basis<'_>,
    period: Option<Period>,
    filter: Option<&Filter>,
    by: &[Dimension],
    zone: Tz,
) -> Result<LazyFrame, Error> {
    let mut dimensions = by.to_vec();
    dimensions.extend(filter.map(Filter::dimensions).unwrap_or_default());
    let tags = tag_keys(&dimensions);
    let mut rows = tagged(invocations(basis.store, period)?, &tags)?;
    if dimensions.iter().any(|one| matches!(one, Dimension::Team | Dimension::CostCenter)) {
        rows = allocated(rows, basis.rules, &tags)?;
    }
    let Some(filter) = filter else { return Ok(rows) };
    let condition = filter.expr(zone).map_err(Error::Compute)?;
    if !filter.needs_cost() {
        return Ok(rows.filter(condition));
    }
    Ok(priced(rows, basis.book)?.filter(condition).drop(by_name(columns::COLUMNS, true, false)))
}

/// Invocations of a period, each call once.
pub(super) fn invocations(store: &Reader, period: Option<Period>) -> Result<LazyFrame, Error> {
    Ok(store.scan(Table::Invocations, period)?)
}

/// Invocations with `team` and `cost_center` by the allocation rules; `tags` are the metadata keys
/// that they have a column for already.
fn allocated(
    invocations: LazyFrame,
    rules: &Allocation,
    tags: &[String],
) -> Result<LazyFrame, Error> {
    let mut keys = allocation::tag_keys(rules);
    keys.retain(|key| !tags.contains(key));
    let tagged = tagged(invocations, &keys)?;
    let distinct =
        allocation::allocation_keys(tagged.clone(), rules).collect().map_err(Error::Compute)?;
    let lookup = allocation::allocation_lookup(&distinct, rules).map_err(Error::Compute)?;
    Ok(allocation::with_allocation(tagged, lookup, rules))
}

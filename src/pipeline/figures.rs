//! Frames that the figures are computed from: invocations of a period, priced and tagged.
//!
//! Reads out only what the next stage needs as values: distinct price keys and metadata texts.

use chrono_tz::Tz;
use polars::prelude::{IntoLazy, LazyFrame, by_name};

use super::Error;
use crate::metrics::allocation;
use crate::metrics::cost;
use crate::metrics::dimensions::Dimension;
use crate::metrics::filter::Filter;
use crate::metrics::tags::{self, tag_keys};
use crate::period::Period;
use crate::prices::{self, PriceBook};
use crate::schema::allocation::Allocation;
use crate::schema::{Table, cost as columns};
use crate::store::Reader;

/// Invocations of a period with the columns of [`schema::cost`](crate::schema::cost).
pub(super) fn priced(invocations: LazyFrame, book: &PriceBook) -> Result<LazyFrame, Error> {
    let keys = cost::price_keys(invocations.clone()).collect().map_err(Error::Compute)?;
    let quotes = prices::quotes(book, &keys).map_err(Error::Compute)?;
    Ok(cost::with_cost(invocations, quotes.lazy()))
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

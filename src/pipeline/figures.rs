//! Frames that the figures are computed from: invocations of a period, priced and tagged.
//!
//! Reads out only what the next stage needs as values: distinct price keys and metadata texts.

use polars::prelude::{IntoLazy, LazyFrame};

use super::Error;
use crate::metrics::cost;
use crate::metrics::tags;
use crate::period::Period;
use crate::prices::{self, PriceBook};
use crate::schema::Table;
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

/// Invocations of a period, each call once.
pub(super) fn invocations(store: &Reader, period: Option<Period>) -> Result<LazyFrame, Error> {
    Ok(store.scan(Table::Invocations, period)?)
}

//! List cost of every request, as expressions: distinct price keys out, quotes in, cost columns added.
//!
//! ```text
//! invocations ─ price_keys ─▶ prices::quotes ─▶ with_cost ◀─ invocations
//! ```
//!
//! Millions of rows are better added up first: [`cells`] prices sums, with the same result.
//!
//! Adds the columns of [`cost`](crate::schema::cost) and no rows; input order doesn't matter. Exact:
//! products and sums are 128-bit integers in 10⁻¹⁴ USD. What each rule means, in words and for one
//! request, is [`cost_of`](crate::prices::cost_of); tests hold the two against each other.

pub mod cells;
mod expressions;
mod shape;
#[cfg(test)]
pub(crate) mod tests;

use polars::prelude::{DataType, Expr, JoinType, LazyFrame, UniqueKeepStrategy, by_name, col};

use crate::prices::CacheConvention;
use crate::schema::cost::quote::{IMAGE_PIXELS, PRICE_DAY};
use crate::schema::invocation::{
    EVENT_TIME, MODEL_ID, OUTPUT_IMAGE_HEIGHT, OUTPUT_IMAGE_QUALITY, OUTPUT_IMAGE_WIDTH, REGION,
    SERVICE_TIER,
};

use expressions::{
    billing_columns, cost_columns, missing_columns, priced_columns, status_columns, usage_columns,
    working_columns,
};

/// What a price depends on, apart from counts.
const KEY: [&str; 6] =
    [MODEL_ID, REGION, SERVICE_TIER, PRICE_DAY, OUTPUT_IMAGE_QUALITY, IMAGE_PIXELS];

/// The distinct price keys of the invocations, in any order; nulls are keys too.
pub fn price_keys(invocations: LazyFrame) -> LazyFrame {
    distinct_keys(invocations.with_columns([price_day(), image_pixels()]))
}

fn distinct_keys(keyed: LazyFrame) -> LazyFrame {
    keyed.select(KEY.map(col)).unique(None, UniqueKeepStrategy::Any)
}

/// Adds the cost columns, by the documented rule for cached tokens.
///
/// `quotes` is [`quotes`](crate::prices::quotes) of at least the keys of these invocations; a row
/// whose key is missing there would be unpriced without a reason.
pub fn with_cost(invocations: LazyFrame, quotes: LazyFrame) -> LazyFrame {
    with_cost_by(invocations, quotes, CacheConvention::Documented)
}

/// As [`with_cost`], with the rule for cached tokens of families that report them inside the input.
pub fn with_cost_by(
    invocations: LazyFrame,
    quotes: LazyFrame,
    convention: CacheConvention,
) -> LazyFrame {
    let rows = invocations
        .with_columns([price_day(), image_pixels()])
        .with_columns(billing_columns(&DataType::Int128));
    costed(rows, quotes, convention)
}

/// Rows or sums of rows, with their price keys and what they say about themselves, priced.
fn costed(keyed: LazyFrame, quotes: LazyFrame, convention: CacheConvention) -> LazyFrame {
    let with_quotes = keyed
        .join_builder()
        .with(quotes)
        .on(KEY.map(col))
        .how(JoinType::Left)
        .join_nulls(true)
        .finish();
    usage_columns(convention)
        .into_iter()
        .fold(with_quotes, LazyFrame::with_columns)
        .with_columns(priced_columns())
        .with_columns(missing_columns())
        .with_columns(status_columns())
        .with_columns(cost_columns())
        .drop(by_name(working_columns(), false, false))
}

/// UTC day of the call: prices change at midnight UTC, whatever zone a report is in.
fn price_day() -> Expr {
    col(EVENT_TIME).dt().date().alias(PRICE_DAY)
}

fn image_pixels() -> Expr {
    (col(OUTPUT_IMAGE_WIDTH) * col(OUTPUT_IMAGE_HEIGHT)).alias(IMAGE_PIXELS)
}

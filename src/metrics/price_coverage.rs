//! Price coverage: how much of what is billed has a price, and which models have none.

use polars::prelude::{DataType, Expr, LazyFrame, SortMultipleOptions, col, len, lit};

use super::measures::number_of;
use crate::schema::cost::{COST_REASON, COST_STATUS, TOTAL_TOKENS, UNPRICED_TOKENS, status};
use crate::schema::invocation::MODEL;
use crate::schema::usage::{metric, price_coverage as names};

/// One row: billed, not billed and fully priced requests; tokens of billed requests, and those of
/// them without a price. Tokens count where they are known.
///
/// In: `invocations` with the columns of [`schema::cost`](crate::schema::cost).
pub fn price_coverage(priced: LazyFrame) -> LazyFrame {
    let tokens = |column| col(column).filter(is_billed()).sum().cast(DataType::Int64);
    priced.select([
        number_of(is_billed()).alias(names::BILLED_REQUESTS),
        number_of(is_billed().not()).alias(names::NOT_BILLED_REQUESTS),
        number_of(is(status::PRICED)).alias(names::PRICED_REQUESTS),
        tokens(TOTAL_TOKENS).alias(names::BILLED_TOKENS),
        tokens(UNPRICED_TOKENS).alias(names::UNPRICED_TOKENS),
    ])
}

/// Billed requests that are not fully priced: `model`, `cost_reason`, `requests`, `total_tokens`
/// (null when no row knows its tokens); most requests first.
pub fn unpriced_models(priced: LazyFrame) -> LazyFrame {
    let tokens = col(TOTAL_TOKENS);
    let known = polars::prelude::when(tokens.clone().count().gt(lit(0)))
        .then(tokens.sum().cast(DataType::Int64))
        .otherwise(lit(polars::prelude::NULL));
    let order = SortMultipleOptions::default().with_order_descending_multi([true, false, false]);
    priced
        .filter(is_billed().and(is(status::PRICED).not()))
        .group_by([col(MODEL), col(COST_REASON)])
        .agg([len().cast(DataType::Int64).alias(metric::REQUESTS), known.alias(TOTAL_TOKENS)])
        .sort([metric::REQUESTS, MODEL, COST_REASON], order)
}

fn is_billed() -> Expr {
    is(status::NOT_BILLED).not()
}

fn is(status: &'static str) -> Expr {
    col(COST_STATUS).eq(lit(status))
}

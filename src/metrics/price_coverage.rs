//! Price coverage: how much of what is billed has a price, and which models have none.

use polars::prelude::{DataType, Expr, LazyFrame, SortMultipleOptions, col, lit};

use super::measures::requests_where;
use crate::schema::cost::{COST_REASON, COST_STATUS, TOTAL_TOKENS, UNPRICED_TOKENS, status};
use crate::schema::invocation::MODEL;
use crate::schema::usage::{metric, price_coverage as names};

/// One row: billed, not billed and fully priced requests; tokens of billed requests, and those of
/// them without a price. Tokens count where they are known.
///
/// In: cells with the columns of [`schema::cost`](crate::schema::cost) ([`cells`](super::cells)).
pub fn price_coverage(cells: LazyFrame) -> LazyFrame {
    let tokens =
        |column| col(column).cast(DataType::Int128).filter(is_billed()).sum().cast(DataType::Int64);
    cells.select([
        requests_where(is_billed()).alias(names::BILLED_REQUESTS),
        requests_where(is_billed().not()).alias(names::NOT_BILLED_REQUESTS),
        requests_where(is(status::PRICED)).alias(names::PRICED_REQUESTS),
        tokens(TOTAL_TOKENS).alias(names::BILLED_TOKENS),
        tokens(UNPRICED_TOKENS).alias(names::UNPRICED_TOKENS),
    ])
}

/// Billed requests that are not fully priced: `model`, `cost_reason`, `requests`, `total_tokens`
/// (null when no row knows its tokens); most requests first.
pub fn unpriced_models(cells: LazyFrame) -> LazyFrame {
    let tokens = col(TOTAL_TOKENS);
    let known = polars::prelude::when(tokens.clone().count().gt(lit(0)))
        .then(tokens.cast(DataType::Int128).sum().cast(DataType::Int64))
        .otherwise(lit(polars::prelude::NULL));
    let order = SortMultipleOptions::default().with_order_descending_multi([true, false, false]);
    cells
        .filter(is_billed().and(is(status::PRICED).not()))
        .group_by([col(MODEL), col(COST_REASON)])
        .agg([col(metric::REQUESTS).sum(), known.alias(TOTAL_TOKENS)])
        .sort([metric::REQUESTS, MODEL, COST_REASON], order)
}

fn is_billed() -> Expr {
    is(status::NOT_BILLED).not()
}

fn is(status: &'static str) -> Expr {
    col(COST_STATUS).eq(lit(status))
}

//! What scans of bodies found, counted: requests and places, by kind and group.

use polars::prelude::{
    DataType, Expr, JoinBuilder, JoinType, LazyFrame, SortMultipleOptions, col, concat_str, lit,
    when,
};

use crate::schema::sensitive::{KIND, MATCHES, OBJECT, RECORD, SCANNED};
use crate::schema::usage::metric::REQUESTS;

/// The rows of calls that count: a call that was read twice was scanned twice.
pub fn of_calls(sensitive: LazyFrame, invocations: LazyFrame) -> LazyFrame {
    let lineage = || [col(OBJECT), col(RECORD)];
    JoinBuilder::new(sensitive)
        .with(invocations.select(lineage()))
        .on(lineage())
        .how(JoinType::Semi)
        .finish()
}

/// Requests that were scanned, and those in which something was found, of all rows.
pub fn totals(of_calls: LazyFrame) -> LazyFrame {
    let found = when(col(KIND).is_not_null()).then(request());
    of_calls.select([
        count(request()).alias(SCANNED),
        count(found.otherwise(lit(NONE))).alias(REQUESTS),
    ])
}

/// Requests in which something was found, and places, by kind and these columns.
pub fn by_kind(of_calls: LazyFrame, by: &[&str], groups: &[Expr]) -> LazyFrame {
    let keys = || [KIND].into_iter().chain(by.iter().copied()).map(col).collect::<Vec<Expr>>();
    of_calls
        .filter(col(KIND).is_not_null())
        .with_columns(groups)
        .group_by(keys())
        .agg([count(request()).alias(REQUESTS), col(MATCHES).sum()])
        .sort_by_exprs(keys(), SortMultipleOptions::default().with_nulls_last(true))
}

/// Stands for no request.
const NONE: polars::prelude::Null = polars::prelude::NULL;

/// Different values; unknown is none.
fn count(expr: Expr) -> Expr {
    expr.drop_nulls().n_unique().cast(DataType::Int64)
}

/// What tells requests apart.
fn request() -> Expr {
    concat_str([col(OBJECT), col(RECORD).cast(DataType::String)], "#", false)
}

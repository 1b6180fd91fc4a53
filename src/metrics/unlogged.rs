//! What unlogged calls may have cost: an estimate from logged calls like them.
//!
//! A call without a log has no token counts. It is taken to have cost what a fully priced request
//! of the same model and principal cost on average in the period, else one of the same model. Calls
//! that failed are taken to have cost nothing. The model is the base model: the same profile comes as
//! an ARN in one log and as a bare id in the other.

use polars::prelude::{
    DataType, Expr, JoinType, LazyFrame, NULL, PolarsResult, coalesce, col, lit, when,
};

use super::both_logs::BothLogs;
use super::coverage::CoverageQuery;
use super::dimensions::Dimension;
use super::grouping::{Grouping, aggregate};
use super::measures::rows_of;
use crate::schema::api_event::ERROR_CODE;
use crate::schema::cost::{COST_STATUS, COST_UNITS, status};
use crate::schema::invocation::{MODEL, PRINCIPAL};
use crate::schema::usage::coverage::{
    ESTIMATED_CALLS, ESTIMATED_UNITS, FAILED_CALLS, UNESTIMATED_CALLS, UNLOGGED,
};
use crate::schema::usage::metric::{ERRORS, REQUESTS};

const PAIR_UNITS: &str = "pair_units";
const PAIR_NUMBER: &str = "pair_number";
const MODEL_UNITS: &str = "model_units";
const MODEL_NUMBER: &str = "model_number";

/// Unlogged calls of the period per group of the query, `model` and `principal`: those that succeeded
/// as `unlogged`, the failed ones as `errors`.
///
/// # Errors
/// As [`coverage`](super::coverage::coverage).
pub fn unlogged_calls(both: &BothLogs, query: &CoverageQuery<'_>) -> PolarsResult<LazyFrame> {
    let by: Vec<Dimension> = query.by.iter().map(|dimension| dimension.dimension()).collect();
    let grouping = Grouping { by: &by, timezone: query.timezone };
    let names: Vec<String> = by.iter().map(Dimension::name).collect();
    let more = [MODEL, PRINCIPAL].into_iter().filter(|name| !names.iter().any(|by| by == name));
    let keys: Vec<Expr> = grouping.keys().into_iter().chain(more.map(col)).collect();
    let failed = || col(ERROR_CODE).is_not_null();
    Ok(grouping
        .keyed(both.unlogged())?
        .group_by(keys)
        .agg([rows_of(failed().not()).alias(UNLOGGED), rows_of(failed()).alias(ERRORS)]))
}

/// As [`unlogged_calls`] without a dimension, of those with some.
pub fn unlogged_in_all(unlogged: LazyFrame) -> LazyFrame {
    let sums = [UNLOGGED, ERRORS].map(|count| col(count).sum());
    unlogged.group_by([MODEL, PRINCIPAL].map(col)).agg(sums)
}

/// The columns of [`unlogged_cost`] for each group of the query, under the labels of its dimensions;
/// groups without an unlogged call are absent.
pub fn labelled_cost(
    unlogged: LazyFrame,
    priced: LazyFrame,
    query: &CoverageQuery<'_>,
) -> LazyFrame {
    let by: Vec<Dimension> = query.by.iter().map(|dimension| dimension.dimension()).collect();
    let grouping = Grouping { by: &by, timezone: query.timezone };
    let figures = [ESTIMATED_UNITS, ESTIMATED_CALLS, UNESTIMATED_CALLS, FAILED_CALLS].map(col);
    let columns: Vec<Expr> = grouping.labels().chain(figures).collect();
    unlogged_cost(unlogged, priced, &grouping.keys()).select(columns)
}

/// Per group, without `keys` in one row: `estimated_units` (null when no call could be estimated),
/// `estimated_calls`, `unestimated_calls` and `failed_calls`.
///
/// In: [`unlogged_calls`], or the like with the columns of `keys`
/// beside, and priced [`cells`](super::cells) by model and principal to go by.
pub fn unlogged_cost(unlogged: LazyFrame, priced: LazyFrame, keys: &[Expr]) -> LazyFrame {
    let priced = priced.filter(col(COST_STATUS).eq(lit(status::PRICED)));
    let by_pair = sums(priced.clone(), &[MODEL, PRINCIPAL], PAIR_UNITS, PAIR_NUMBER);
    let by_model = sums(priced, &[MODEL], MODEL_UNITS, MODEL_NUMBER);
    let calls = || col(UNLOGGED).cast(DataType::Int128);
    let units = coalesce(&[col(PAIR_UNITS), col(MODEL_UNITS)]);
    let number = || coalesce(&[col(PAIR_NUMBER), col(MODEL_NUMBER)]);
    let two = || lit(2_i64).cast(DataType::Int128);
    // To the nearest unit, half up.
    let estimate = (units * calls() * two() + number()).floor_div(number() * two());
    let joined = left(left(unlogged, by_pair, &[MODEL, PRINCIPAL]), by_model, &[MODEL]);
    let known = || col(MODEL_NUMBER).is_not_null();
    let sum_where =
        |is: Expr| when(is).then(col(UNLOGGED)).otherwise(lit(0_i64)).sum().cast(DataType::Int64);
    let estimated = when(known()).then(estimate).otherwise(lit(NULL)).sum();
    let measures = vec![
        when(sum_where(known()).gt(lit(0_i64)))
            .then(estimated)
            .otherwise(lit(NULL))
            .alias(ESTIMATED_UNITS),
        sum_where(known()).alias(ESTIMATED_CALLS),
        sum_where(known().not()).alias(UNESTIMATED_CALLS),
        col(ERRORS).sum().cast(DataType::Int64).alias(FAILED_CALLS),
    ];
    aggregate(joined, keys, measures)
}

fn sums(
    priced: LazyFrame,
    keys: &[&'static str],
    units: &'static str,
    number: &'static str,
) -> LazyFrame {
    let keys: Vec<Expr> = keys.iter().map(|key| col(*key)).collect();
    priced.group_by(keys).agg([
        col(COST_UNITS).cast(DataType::Int128).sum().alias(units),
        col(REQUESTS).cast(DataType::Int128).sum().alias(number),
    ])
}

/// Null keys meet nothing: an unknown model is not like another unknown model.
fn left(rows: LazyFrame, sums: LazyFrame, keys: &[&'static str]) -> LazyFrame {
    let keys: Vec<Expr> = keys.iter().map(|key| col(*key)).collect();
    rows.join_builder().with(sums).on(keys).how(JoinType::Left).finish()
}

#[cfg(test)]
mod tests {
    use polars::prelude::{IntoLazy, df};

    use super::unlogged_cost;

    #[test]
    fn the_mean_is_of_model_and_principal_else_of_the_model() {
        let unlogged = df![
            "model" => [Some("a"), Some("a"), Some("b"), None],
            "principal" => [Some("p"), Some("q"), Some("p"), Some("p")],
            "unlogged" => [3_i64, 2, 5, 7],
            "errors" => [1_i64, 0, 2, 0],
        ];
        let priced = df![
            "model" => [Some("a"), Some("a"), Some("a"), Some("a"), None],
            "principal" => ["p", "p", "r", "p", "p"],
            "requests" => [1_i64, 1, 1, 1, 1],
            "cost_status" => ["priced", "priced", "priced", "unpriced", "priced"],
            "cost_units" => [Some(10_i64), Some(11), Some(100), None, Some(1000)],
        ];
        let (unlogged, priced) = (unlogged.unwrap().lazy(), priced.unwrap().lazy());
        let found = unlogged_cost(unlogged, priced, &[]).collect().unwrap();
        let value = |name: &str| found.column(name).unwrap().get(0).unwrap().extract::<i128>();
        // a by p: 3 x 21/2 = 31.5, up to 32; a by q: 2 x 121/3 = 80.67, up to 81.
        assert_eq!(value("estimated_units"), Some(32 + 81));
        assert_eq!(value("estimated_calls"), Some(5));
        assert_eq!(value("unestimated_calls"), Some(5 + 7));
        assert_eq!(value("failed_calls"), Some(3));
    }

    #[test]
    fn without_a_call_to_go_by_the_estimate_is_unknown() {
        let unlogged = df![
            "model" => ["a"], "principal" => ["p"], "unlogged" => [3_i64], "errors" => [0_i64],
        ];
        let priced = df![
            "model" => ["b"], "principal" => ["p"], "requests" => [1_i64], "cost_status" => ["priced"],
            "cost_units" => [1_i64],
        ];
        let (unlogged, priced) = (unlogged.unwrap().lazy(), priced.unwrap().lazy());
        let found = unlogged_cost(unlogged, priced, &[]).collect().unwrap();
        assert!(found.column("estimated_units").unwrap().get(0).unwrap().is_null());
    }
}

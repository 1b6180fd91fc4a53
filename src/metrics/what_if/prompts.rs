//! What the longest prompts of a caller cost beyond its median prompt.

use polars::prelude::{
    DataFrame, DataType, Expr, JoinType, LazyFrame, PolarsResult, SortMultipleOptions, col, len,
    lit, when,
};

use super::groups::{Classes, KEY, is_priced_by_tokens, key_columns, read_keys, sum};
use super::reprice::Repricing;
use crate::metrics::measures::number_of;
use crate::metrics::percentiles::{Percentile, nearest_ranks};
use crate::metrics::small_frame::{integers, texts, wide};
use crate::schema::cost::UNCACHED_INPUT_TOKENS;
use crate::schema::invocation::{MODEL, PRINCIPAL};
use crate::schema::usage::metric::REQUESTS;
use crate::schema::what_if::{
    EXCESS_P90, EXCESS_P95, LONG_P90, LONG_P95, MEDIAN_PROMPT, P90_PROMPT, P95_PROMPT,
};
use crate::units::Usd;

/// A caller with fewer requests to a model has no longest prompts worth the name.
pub const LEAST_REQUESTS: i64 = 20;

/// The long prompts of one principal to one model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LongPrompts {
    /// Role or user.
    pub principal: String,
    /// Base model id.
    pub model: String,
    /// Median length, tokens outside the cache.
    pub median: i64,
    /// Prompts among the longest tenth.
    pub longest_tenth: i64,
    /// What their tokens beyond the median cost.
    pub tenth_cost: Usd,
    /// Prompts among the longest twentieth.
    pub longest_twentieth: i64,
    /// What their tokens beyond the median cost.
    pub twentieth_cost: Usd,
}

/// Tokens beyond the median of the longest prompts, per principal, model and price key.
///
/// A prompt is the request's input outside the cache; the longest tenth are those longer than the
/// 90th percentile (nearest rank), of principals with at least [`LEAST_REQUESTS`] to the model.
///
/// In: `invocations` with the columns of [`schema::cost`](crate::schema::cost).
pub fn long_prompts(priced: LazyFrame, classes: &Classes) -> LazyFrame {
    let caller = [col(PRINCIPAL), col(MODEL)];
    let prompts = priced
        .filter(is_priced_by_tokens().and(col(PRINCIPAL).is_not_null()))
        .with_columns(key_columns(classes));
    let rank = |percent, name| Percentile { column: UNCACHED_INPUT_TOKENS, percent, name };
    let ranks = [rank(50, MEDIAN_PROMPT), rank(90, P90_PROMPT), rank(95, P95_PROMPT)];
    let lengths = nearest_ranks(prompts.clone(), &caller, UNCACHED_INPUT_TOKENS, &ranks);
    let many = prompts
        .clone()
        .group_by(&caller)
        .agg([len().cast(DataType::Int64).alias(REQUESTS)])
        .filter(col(REQUESTS).gt_eq(lit(LEAST_REQUESTS)));
    let join = |lf: LazyFrame, other: LazyFrame| {
        lf.join_builder().with(other).on(&caller).how(JoinType::Inner).finish()
    };
    let excess = |bound: &str| {
        let beyond = col(UNCACHED_INPUT_TOKENS) - col(MEDIAN_PROMPT);
        when(longer(bound)).then(beyond).otherwise(lit(0_i64))
    };
    let keys: Vec<Expr> =
        caller.iter().cloned().chain(KEY.map(col)).chain([col(MEDIAN_PROMPT)]).collect();
    join(prompts, join(lengths, many))
        .filter(longer(P90_PROMPT))
        .with_columns([excess(P90_PROMPT).alias(EXCESS_P90), excess(P95_PROMPT).alias(EXCESS_P95)])
        .group_by(&keys)
        .agg([
            sum(EXCESS_P90),
            sum(EXCESS_P95),
            number_of(longer(P90_PROMPT)).alias(LONG_P90),
            number_of(longer(P95_PROMPT)).alias(LONG_P95),
        ])
        .sort_by_exprs(keys, SortMultipleOptions::default().with_nulls_last(true))
}

fn longer(bound: &str) -> Expr {
    col(UNCACHED_INPUT_TOKENS).gt(col(bound))
}

/// What collected [`long_prompts`] cost, per principal and model.
///
/// # Errors
/// When a column is missing or of another type.
pub fn read_long_prompts(
    df: &DataFrame,
    repricing: Repricing<'_>,
) -> PolarsResult<Vec<LongPrompts>> {
    let (principals, models) = (texts(df, PRINCIPAL)?, texts(df, MODEL)?);
    let medians = integers(df, MEDIAN_PROMPT)?;
    let (tenth, twentieth) = (wide(df, EXCESS_P90)?, wide(df, EXCESS_P95)?);
    let (tenth_requests, twentieth_requests) = (integers(df, LONG_P90)?, integers(df, LONG_P95)?);
    let mut found: Vec<LongPrompts> = Vec::new();
    for (row, key) in read_keys(df)?.iter().enumerate() {
        let Some(price) = repricing.current_prices(key).and_then(|prices| prices.input) else {
            continue; // input that was priced has a price
        };
        let (principal, model) =
            (principals[row].clone().unwrap_or_default(), models[row].clone().unwrap_or_default());
        if found.last().is_none_or(|last| last.principal != principal || last.model != model) {
            let median = medians[row].unwrap_or(0);
            found.push(LongPrompts { principal, model, median, ..LongPrompts::default() });
        }
        if let Some(caller) = found.last_mut() {
            caller.longest_tenth += tenth_requests[row].unwrap_or(0);
            caller.tenth_cost += Usd(tenth[row].unwrap_or(0) * price.0);
            caller.longest_twentieth += twentieth_requests[row].unwrap_or(0);
            caller.twentieth_cost += Usd(twentieth[row].unwrap_or(0) * price.0);
        }
    }
    Ok(found)
}

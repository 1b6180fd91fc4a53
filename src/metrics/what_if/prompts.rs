//! What the longest prompts of a caller cost beyond its median prompt.

use polars::prelude::{
    DataFrame, DataType, Engine, Expr, IntoLazy, JoinType, LazyFrame, PolarsResult,
    SortMultipleOptions, col, lit, when,
};

use super::calls::OfCells;
use super::cells::{Cells, one_by_one};
use super::groups::{KEY, is_priced_by_tokens, read_keys, sum};
use super::reprice::Repricing;
use crate::metrics::measures::number_of;
use crate::metrics::percentiles::{Percentile, nearest_ranks_of_lists};
use crate::metrics::small_frame::{integers, texts, wide};
use crate::schema::cost::UNCACHED_INPUT_TOKENS;
use crate::schema::invocation::{MODEL, PRINCIPAL};
use crate::schema::usage::metric::REQUESTS;
use crate::schema::what_if::{
    CALLER, CELL, EXCESS_P90, EXCESS_P95, LONG_P90, LONG_P95, MEDIAN_PROMPT, P90_PROMPT, P95_PROMPT,
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
/// `priced` are the priced `cells`.
///
/// # Errors
/// When the frame is another one.
pub fn long_prompts(cells: &Cells, priced: &DataFrame) -> PolarsResult<LazyFrame> {
    let callers = callers(priced)?;
    let lengths = cells.inputs().alias(UNCACHED_INPUT_TOKENS);
    let rank = |percent, name| Percentile { column: UNCACHED_INPUT_TOKENS, percent, name };
    let ranks = [rank(50, MEDIAN_PROMPT), rank(90, P90_PROMPT), rank(95, P95_PROMPT)];
    let caller = OfCells::of(&callers, CALLER)?.value().alias(CALLER);
    let of_callers = cells.hours().select([caller, lengths.clone()]);
    let of_callers = of_callers.filter(col(CALLER).is_not_null());
    let ranked = nearest_ranks_of_lists(of_callers, &[col(CALLER)], UNCACHED_INPUT_TOKENS, &ranks);
    let bounds = join(callers.lazy(), ranked, CALLER);
    let bounds = bounds.collect_with_engine(Engine::Streaming)?.unwrap_single();
    let bound = |name| Ok(OfCells::of(&bounds, name)?.value().alias(name));
    let excess = |bound: &str| {
        let beyond = col(UNCACHED_INPUT_TOKENS) - col(MEDIAN_PROMPT);
        when(longer(bound)).then(beyond).otherwise(lit(0_i64))
    };
    let prompts = cells.hours().select([col(CELL), lengths, bound(P90_PROMPT)?]);
    let long = one_by_one(prompts.filter(col(P90_PROMPT).is_not_null()), [UNCACHED_INPUT_TOKENS])
        .with_columns([col(UNCACHED_INPUT_TOKENS).cast(DataType::Int64)])
        .filter(longer(P90_PROMPT))
        .with_columns(
            [MEDIAN_PROMPT, P95_PROMPT].map(bound).into_iter().collect::<PolarsResult<Vec<_>>>()?,
        )
        .with_columns([excess(P90_PROMPT).alias(EXCESS_P90), excess(P95_PROMPT).alias(EXCESS_P95)])
        .group_by([col(CELL)])
        .agg([
            col(MEDIAN_PROMPT).first(),
            sum(EXCESS_P90),
            sum(EXCESS_P95),
            number_of(longer(P90_PROMPT)).alias(LONG_P90),
            number_of(longer(P95_PROMPT)).alias(LONG_P95),
        ]);
    let keys: Vec<Expr> = [PRINCIPAL, MODEL].into_iter().chain(KEY).map(col).collect();
    let names = [col(CELL)].into_iter().chain(keys.clone()).collect::<Vec<_>>();
    Ok(join(long, priced.clone().lazy().select(names), CELL)
        .sort_by_exprs(keys, SortMultipleOptions::default().with_nulls_last(true)))
}

/// The cells of callers with enough requests: the number of the cell, and of principal and model.
fn callers(priced: &DataFrame) -> PolarsResult<DataFrame> {
    let caller = [PRINCIPAL, MODEL].map(col);
    let cells = priced.clone().lazy();
    let cells = cells.filter(is_priced_by_tokens().and(col(PRINCIPAL).is_not_null()));
    let many = cells
        .clone()
        .group_by(&caller)
        .agg([col(REQUESTS).sum()])
        .filter(col(REQUESTS).gt_eq(lit(LEAST_REQUESTS)))
        .select(&caller)
        .with_row_index(CALLER, None);
    let cells = cells.join_builder().with(many).on(&caller).how(JoinType::Inner).finish();
    let number = col(CALLER).cast(DataType::Int64);
    cells.select([col(CELL), number]).collect()
}

fn join(lf: LazyFrame, other: LazyFrame, on: &str) -> LazyFrame {
    lf.join_builder().with(other).on([col(on)]).how(JoinType::Inner).finish()
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

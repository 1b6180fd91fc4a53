//! Prompts sent and paid for again within ten minutes.

use polars::prelude::{
    DataFrame, DataType, Expr, LazyFrame, NULL, PolarsResult, SortMultipleOptions, col, len, lit,
    when,
};

use crate::metrics::efficiency::{REPEAT_WINDOW_MS, with_repeated_prompt};
use crate::metrics::grouping::join_groups;
use crate::metrics::known_ids::comes_again;
use crate::metrics::measures::number_of;
use crate::metrics::small_frame::{integers, money, texts};
use crate::metrics::window::in_period;
use crate::period::Period;
use crate::schema::cost::COST_UNITS;
use crate::schema::invocation::{EVENT_TIME, MODEL, PRINCIPAL, PROMPT_HASH, STATUS, status};
use crate::schema::usage::efficiency::REPEATED_PROMPT;
use crate::schema::usage::metric::REQUESTS;
use crate::schema::what_if::{
    ANSWERED, ANSWERED_BEFORE, ANSWERED_UNITS, COMPARABLE, REPEATED, REPEATED_UNITS,
};
use crate::units::Usd;

/// What one principal paid for prompts sent again to one model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repeats {
    /// Role or user.
    pub principal: Option<String>,
    /// Base model id.
    pub model: Option<String>,
    /// All requests.
    pub requests: i64,
    /// Requests whose prompt hash and principal are known.
    pub comparable: i64,
    /// Requests that repeat a prompt of the ten minutes before and cost something.
    pub repeated: i64,
    /// Their cost.
    pub repeated_cost: Usd,
    /// Of these, requests whose prompt this model had already answered.
    pub answered: i64,
    /// Their cost.
    pub answered_cost: Usd,
}

/// Repeats of the period per principal and model, in order of both.
///
/// In: `invocations` with the columns of [`schema::cost`](crate::schema::cost), best with ten
/// minutes' margin before the period.
///
/// # Errors
/// Never in practice: Polars refuses only an empty partition.
pub fn repeats(priced: LazyFrame, period: Period) -> PolarsResult<LazyFrame> {
    let time = || col(EVENT_TIME).cast(DataType::Int64);
    let known = || col(PRINCIPAL).is_not_null().and(col(PROMPT_HASH).is_not_null());
    let answer_time =
        when(col(STATUS).eq(lit(status::OK))).then(time()).otherwise(lit(LONG_BEFORE));
    let answered = answer_time
        .shift(lit(1_i64))
        .fill_null(lit(LONG_BEFORE))
        .cum_max(false)
        .over([col(PRINCIPAL), col(PROMPT_HASH), col(MODEL)])?;
    let is_answered = known().and((time() - answered).lt_eq(lit(REPEAT_WINDOW_MS)));
    let keys = [col(PRINCIPAL), col(MODEL)];
    let all = in_period(priced.clone(), period)
        .group_by(&keys)
        .agg([len().cast(DataType::Int64).alias(REQUESTS), number_of(known()).alias(COMPARABLE)]);
    // Few prompts come again: only their order is looked at.
    let again = with_repeated_prompt(priced.clone().filter(comes_again(priced)?))?;
    let marked = again.with_columns([is_answered.alias(ANSWERED_BEFORE)]);
    let paid = || col(COST_UNITS).cast(DataType::Int128).gt(lit(0_i64).cast(DataType::Int128));
    let repeated = || col(REPEATED_PROMPT).and(paid()).fill_null(lit(false));
    let answered = || repeated().and(col(ANSWERED_BEFORE).fill_null(lit(false)));
    let cost_where = |condition: Expr| {
        when(condition).then(col(COST_UNITS).cast(DataType::Int128)).otherwise(lit(NULL)).sum()
    };
    let again = in_period(marked, period).group_by(&keys).agg([
        number_of(repeated()).alias(REPEATED),
        cost_where(repeated()).alias(REPEATED_UNITS),
        number_of(answered()).alias(ANSWERED),
        cost_where(answered()).alias(ANSWERED_UNITS),
    ]);
    Ok(join_groups(all, again, &keys)
        .sort_by_exprs(keys, SortMultipleOptions::default().with_nulls_last(true)))
}

/// An instant before all others whose distance to any still fits 64 bits.
const LONG_BEFORE: i64 = i64::MIN / 2;

/// Reads collected [`repeats`].
///
/// # Errors
/// When a column is missing or of another type.
pub fn read_repeats(df: &DataFrame) -> PolarsResult<Vec<Repeats>> {
    let (principals, models) = (texts(df, PRINCIPAL)?, texts(df, MODEL)?);
    let (requests, comparable) = (integers(df, REQUESTS)?, integers(df, COMPARABLE)?);
    let (repeated, repeated_cost) = (integers(df, REPEATED)?, money(df, REPEATED_UNITS)?);
    let (answered, answered_cost) = (integers(df, ANSWERED)?, money(df, ANSWERED_UNITS)?);
    let row = |row: usize| Repeats {
        principal: principals[row].clone(),
        model: models[row].clone(),
        requests: requests[row].unwrap_or(0),
        comparable: comparable[row].unwrap_or(0),
        repeated: repeated[row].unwrap_or(0),
        repeated_cost: repeated_cost[row].unwrap_or_default(),
        answered: answered[row].unwrap_or(0),
        answered_cost: answered_cost[row].unwrap_or_default(),
    };
    Ok((0..df.height()).map(row).collect())
}

//! How well tokens are used: efficiency, truncation, cache hits.

use chrono_tz::Tz;
use polars::prelude::{
    DataType, Expr, LazyFrame, NULL, PolarsResult, SortMultipleOptions, col, lit, when,
};

use super::dimensions::Dimension;
use super::grouping::{Grouping, aggregate};
use super::measures::{number_of, share};
use super::window::in_period;
use crate::period::Period;
use crate::schema::cost::UNCACHED_INPUT_TOKENS;
use crate::schema::invocation::{
    CACHE_READ_INPUT_TOKENS, CACHE_WRITE_INPUT_TOKENS, EVENT_TIME, OUTPUT_TOKENS, PRINCIPAL,
    PROMPT_HASH, REQUEST_ID, STOP_REASON,
};
use crate::schema::usage::efficiency::{
    CACHE_HIT_SHARE, REPEATED_PROMPT, TOKEN_EFFICIENCY, TOKEN_EFFICIENCY_COVERAGE, TRUNCATED_SHARE,
};

/// Stop reasons of responses that came to their end, in the providers' words.
pub const NORMAL_STOP_REASONS: [&str; 9] = [
    "end_turn",
    "stop_sequence",
    "tool_use",
    "FINISH",
    "stop",
    "COMPLETE",
    "tool_calls",
    "endoftext",
    "STOP_CRITERIA_MET",
];

/// Stop reasons of responses cut off by the token limit, in the providers' words.
pub const TRUNCATED_STOP_REASONS: [&str; 4] = ["max_tokens", "LENGTH", "length", "MAX_TOKENS"];

/// A prompt sent again within this time is a repeat.
pub const REPEAT_WINDOW_MS: i64 = 10 * 60 * 1000;

/// The four figures of this module per group, over the requests of the period.
///
/// In: `invocations` with the columns of [`schema::cost`](crate::schema::cost), best with a margin
/// of [`REPEAT_WINDOW_MS`] before the period, so that repeats of what came before it are known.
/// Out: dimensions, then `token_efficiency`, `token_efficiency_coverage`, `truncated_share` and
/// `cache_hit_share`; sorted by the dimensions; without any, exactly one row.
///
/// # Errors
/// When Polars doesn't know the time zone.
pub fn efficiency(
    priced: LazyFrame,
    period: Period,
    by: &[Dimension],
    timezone: Tz,
) -> PolarsResult<LazyFrame> {
    let grouping = Grouping { by, timezone };
    let keyed = grouping.keyed(in_period(with_repeated_prompt(priced)?, period))?;
    let shares = [TOKEN_EFFICIENCY, TOKEN_EFFICIENCY_COVERAGE, TRUNCATED_SHARE, CACHE_HIT_SHARE];
    let measures =
        vec![token_efficiency(), token_efficiency_coverage(), truncated_share(), cache_hit_share()];
    let groups = aggregate(keyed, &grouping.keys(), measures);
    let columns: Vec<Expr> = grouping.labels().chain(shares.map(col)).collect();
    Ok(grouping.sorted(groups).select(columns))
}

/// Adds `repeated_prompt`: the same principal sent the same prompt at most ten minutes before.
///
/// Any earlier request counts, failed ones too, if it is in the frame. Without a prompt hash or a
/// principal nothing is known to repeat: false. Of requests at one instant all but one repeat,
/// chosen by request id, not by input order.
///
/// # Errors
/// Never in practice: Polars refuses only an empty partition.
pub fn with_repeated_prompt(invocations: LazyFrame) -> PolarsResult<LazyFrame> {
    let order = [EVENT_TIME, REQUEST_ID, STOP_REASON, OUTPUT_TOKENS].map(col);
    let time = || col(EVENT_TIME).cast(DataType::Int64);
    let earlier = time().shift(lit(1_i64)).over([col(PRINCIPAL), col(PROMPT_HASH)])?;
    let known = col(PRINCIPAL).is_not_null().and(col(PROMPT_HASH).is_not_null());
    let repeats = (time() - earlier).lt_eq(lit(REPEAT_WINDOW_MS)).fill_null(lit(false));
    Ok(invocations
        .sort_by_exprs(order, SortMultipleOptions::default().with_nulls_last(true))
        .with_columns([known.and(repeats).alias(REPEATED_PROMPT)]))
}

/// Output tokens of responses that ended normally and were no repeat ÷ output tokens, both over
/// responses whose stop reason is known; needs [`with_repeated_prompt`].
pub fn token_efficiency() -> Expr {
    let useful = one_of(STOP_REASON, &NORMAL_STOP_REASONS).and(col(REPEATED_PROMPT).not());
    let known = col(STOP_REASON).is_not_null();
    share(output_tokens_where(useful), output_tokens_where(known)).alias(TOKEN_EFFICIENCY)
}

/// Output tokens with a known stop reason ÷ all output tokens.
pub fn token_efficiency_coverage() -> Expr {
    let known = col(STOP_REASON).is_not_null();
    share(output_tokens_where(known), output_tokens_where(lit(true)))
        .alias(TOKEN_EFFICIENCY_COVERAGE)
}

/// Requests cut off by the token limit ÷ requests with a known stop reason.
pub fn truncated_share() -> Expr {
    let truncated = number_of(one_of(STOP_REASON, &TRUNCATED_STOP_REASONS));
    share(truncated, col(STOP_REASON).count().cast(DataType::Int64)).alias(TRUNCATED_SHARE)
}

/// Cache-read tokens ÷ input tokens in and outside the cache.
///
/// Null where no request of the group has a cache count: then the log says nothing about a cache.
pub fn cache_hit_share() -> Expr {
    let sum = |column| col(column).cast(DataType::Int128).sum();
    let read = || sum(CACHE_READ_INPUT_TOKENS);
    let all_input = read() + sum(CACHE_WRITE_INPUT_TOKENS) + sum(UNCACHED_INPUT_TOKENS);
    when(col(CACHE_READ_INPUT_TOKENS).count().gt(lit(0)))
        .then(share(read(), all_input))
        .otherwise(lit(NULL))
        .alias(CACHE_HIT_SHARE)
}

fn output_tokens_where(condition: Expr) -> Expr {
    let tokens = col(OUTPUT_TOKENS).cast(DataType::Int128);
    when(condition).then(tokens).otherwise(lit(NULL)).sum()
}

fn one_of(column: &'static str, values: &[&'static str]) -> Expr {
    values.iter().fold(lit(false), |any, &value| any.or(col(column).eq(lit(value))))
}

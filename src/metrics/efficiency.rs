//! How well tokens are used: efficiency, truncation, cache hits.

use chrono_tz::Tz;
use polars::prelude::{
    DataType, Expr, LazyFrame, NULL, PolarsResult, Schema, SortMultipleOptions, col, len, lit, when,
};

use super::calendar::Every;
use super::dimensions::Dimension;
use super::grouping::{Grouping, aggregate, join_groups};
use super::kept::{counts, schema_of};
use super::known_ids::comes_again;
use super::measures::share;
use super::window::in_period;
use crate::period::Period;
use crate::schema::Table;
use crate::schema::cost::UNCACHED_INPUT_TOKENS;
use crate::schema::invocation::{
    CACHE_READ_INPUT_TOKENS, CACHE_WRITE_INPUT_TOKENS, EVENT_TIME, OUTPUT_TOKENS, PRINCIPAL,
    PROMPT_HASH, REQUEST_ID, STOP_REASON,
};
use crate::schema::usage::efficiency::{
    ALL_TOKENS, CACHE_HIT_SHARE, ENDED_TOKENS, REPEATED_PROMPT, TOKEN_EFFICIENCY,
    TOKEN_EFFICIENCY_COVERAGE, TRUNCATED_SHARE, USEFUL_TOKENS,
};

/// Responses that ended for one reason.
const RESPONSES: &str = "responses";
/// Output tokens of repeats among them.
const REPEATED_TOKENS: &str = "repeated_tokens";

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

/// Tokens by how their responses ended, over the requests of the period: `output_tokens` and `responses`
/// per stretch of time, `stop_reason` and the columns of `by`, and the tokens of repeats among them.
///
/// In: `invocations`, best with a margin of [`REPEAT_WINDOW_MS`] before the period, so that repeats of
/// what came before it are known. Only prompts that occur more than once can repeat, and those are few:
/// the rest of the rows is added up without looking at their order.
///
/// # Errors
/// When the prompts can't be read.
pub fn endings(
    rows: &LazyFrame,
    period: Period,
    every: Every,
    by: &[&'static str],
) -> PolarsResult<LazyFrame> {
    let keys: Vec<Expr> =
        by.iter().chain(&[EVENT_TIME, STOP_REASON]).map(|key| col(*key)).collect();
    let timed = |rows: LazyFrame| in_period(rows, period).with_columns([every.start()]);
    let tokens = || col(OUTPUT_TOKENS).cast(DataType::Int128).sum();
    let all = timed(rows.clone())
        .group_by(&keys)
        .agg([tokens(), len().cast(DataType::Int64).alias(RESPONSES)]);
    let again = with_repeated_prompt(sent_more_than_once(rows)?)?;
    let again = timed(again.filter(col(REPEATED_PROMPT)))
        .group_by(&keys)
        .agg([tokens().alias(REPEATED_TOKENS)]);
    Ok(join_groups(all, again, &keys))
}

/// To be raised when [`endings`] has other columns, or the same with another meaning.
pub const ENDINGS_VERSION: u32 = 1;

/// The columns of [`endings`] by time, as they are kept: sums of tokens fit 64 bits where they are.
pub fn endings_schema() -> Schema {
    let numbers = counts([OUTPUT_TOKENS, RESPONSES, REPEATED_TOKENS]);
    schema_of(Table::Invocations, [EVENT_TIME, STOP_REASON], numbers)
}

/// The four figures of this module per group.
///
/// In: [`endings`] that the dimensions can be cut from; and the requests of the period with the columns
/// of [`schema::cost`](crate::schema::cost), as [`cells`](super::cells) or row by row.
/// Out: dimensions, then `token_efficiency`, `token_efficiency_coverage`, `truncated_share` and
/// `cache_hit_share`; sorted by the dimensions; without any, exactly one row.
///
/// # Errors
/// When Polars doesn't know the time zone.
pub fn efficiency(
    endings: LazyFrame,
    priced: LazyFrame,
    by: &[Dimension],
    timezone: Tz,
) -> PolarsResult<LazyFrame> {
    let grouping = Grouping { by, timezone };
    let keys = grouping.keys();
    let tokens = tokens(endings, &grouping)?;
    let hits = aggregate(grouping.keyed(priced)?, &keys, vec![cache_hit_share()]);
    let groups = join_groups(tokens, hits, &keys);
    let shares = [token_efficiency(), token_efficiency_coverage()];
    let columns = grouping.labels().chain(shares);
    let columns = columns.chain([TRUNCATED_SHARE, CACHE_HIT_SHARE].map(col)).collect::<Vec<_>>();
    Ok(grouping.sorted(groups).select(columns))
}

/// What token efficiency and its coverage are made of, per group: `useful_tokens`, `ended_tokens` and
/// `all_tokens`, `Int64`, which add up over groups.
///
/// In: [`endings`] that the dimensions can be cut from.
///
/// # Errors
/// When Polars doesn't know the time zone.
pub fn useful_tokens(
    endings: LazyFrame,
    by: &[Dimension],
    timezone: Tz,
) -> PolarsResult<LazyFrame> {
    let grouping = Grouping { by, timezone };
    let sums = [USEFUL_TOKENS, ENDED_TOKENS, ALL_TOKENS].map(|sum| col(sum).cast(DataType::Int64));
    let columns: Vec<Expr> = grouping.labels().chain(sums).collect();
    Ok(grouping.sorted(tokens(endings, &grouping)?).select(columns))
}

/// The sums of tokens by how their responses ended, and the share of responses that were cut off.
fn tokens(endings: LazyFrame, grouping: &Grouping<'_>) -> PolarsResult<LazyFrame> {
    let known =
        |condition: Expr| when(condition).then(tokens_of(OUTPUT_TOKENS)).otherwise(lit(NULL));
    let repeated = when(ended_normally()).then(tokens_of(REPEATED_TOKENS)).otherwise(lit(NULL));
    let sums = aggregate(
        grouping.keyed(endings)?,
        &grouping.keys(),
        vec![
            (known(ended_normally()).sum() - repeated.sum()).alias(USEFUL_TOKENS),
            known(col(STOP_REASON).is_not_null()).sum().alias(ENDED_TOKENS),
            known(lit(true)).sum().alias(ALL_TOKENS),
            truncated_share(),
        ],
    );
    Ok(sums)
}

fn tokens_of(column: &str) -> Expr {
    col(column).cast(DataType::Int128)
}

fn ended_normally() -> Expr {
    one_of(STOP_REASON, &NORMAL_STOP_REASONS)
}

/// Rows whose prompt other rows have too, at nearly the same time.
fn sent_more_than_once(rows: &LazyFrame) -> PolarsResult<LazyFrame> {
    Ok(rows.clone().filter(comes_again(rows.clone())?))
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

/// Useful tokens ÷ tokens of responses whose stop reason is known.
fn token_efficiency() -> Expr {
    share(col(USEFUL_TOKENS), col(ENDED_TOKENS)).alias(TOKEN_EFFICIENCY)
}

/// Output tokens with a known stop reason ÷ all output tokens.
fn token_efficiency_coverage() -> Expr {
    share(col(ENDED_TOKENS), col(ALL_TOKENS)).alias(TOKEN_EFFICIENCY_COVERAGE)
}

/// Requests cut off by the token limit ÷ requests with a known stop reason; of sums per stop reason.
fn truncated_share() -> Expr {
    let responses = |condition: Expr| col(RESPONSES).filter(condition).sum();
    let truncated = responses(one_of(STOP_REASON, &TRUNCATED_STOP_REASONS));
    share(truncated, responses(col(STOP_REASON).is_not_null())).alias(TRUNCATED_SHARE)
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

fn one_of(column: &'static str, values: &[&'static str]) -> Expr {
    values.iter().fold(lit(false), |any, &value| any.or(col(column).eq(lit(value))))
}

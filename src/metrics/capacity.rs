//! Load per clock minute, as quotas count it: per account, Region, model and routing.
//!
//! Rows are summed once, per minute ([`minute_sums`]); everything but who used a quota is made of those
//! sums.
//! Tokens count as AWS counts them against a quota: input outside the cache, tokens written to the
//! cache, and output times its burndown; cache reads don't count.
//! Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/quotas-token-burndown.html>.

use polars::prelude::{
    DataFrame, DataType, Engine, Expr, IntoLazy, JoinType, LazyFrame, NULL, PolarsResult, Schema,
    SortMultipleOptions, SortOptions, by_name, col, len, lit, when,
};

use super::calendar::Every;
use super::combinations::Combinations;
use super::grouping::join_groups;
use super::kept::{columns, counts, schema_of};
use super::measures::{known_sum, number_of};
use super::percentiles::Percentile;
use crate::schema::Table;
use crate::schema::capacity::{
    KINDS, MINUTE, MINUTES, PerMinute, QUOTA_TOKENS, REQUESTS, RPM, RPM_PEAK_SERVED, THROTTLED,
    THROTTLED_MINUTES, TOKEN_MINUTES, TOKENS_UNKNOWN, TPM,
};
use crate::schema::cost::UNCACHED_INPUT_TOKENS;
use crate::schema::invocation::{
    ACCOUNT_ID, CACHE_WRITE_INPUT_TOKENS, EVENT_TIME, MODEL, OUTPUT_TOKENS, PRINCIPAL, REGION,
    ROUTING, STATUS, status,
};
use crate::schema::quota::Quota;

/// Number of a quota, while its minutes are ranked.
const NUMBER: &str = "pool_number";

/// What a quota is for.
const POOL: [&str; 4] = [ACCOUNT_ID, REGION, MODEL, ROUTING];

/// To be raised when sums of rows have other columns, or the same with another meaning.
pub const VERSION: u32 = 1;

/// Sums of rows per quota and minute: account, Region, model, routing, minute, then counts (`Int64`) and
/// sums of tokens (`Int128`), null when no count is known; in no order.
///
/// In: `invocations` with [`UNCACHED_INPUT_TOKENS`].
pub fn minute_sums(invocations: LazyFrame) -> LazyFrame {
    let keys = POOL.into_iter().chain([MINUTE]).map(col).collect::<Vec<_>>();
    invocations.with_columns([minute()]).group_by(keys).agg(sums_of_rows())
}

/// Loads per quota and minute: [`minute_sums`] with `quota_tokens` (`Int64`).
pub fn minutes(minute_sums: LazyFrame, quotas: &[Quota]) -> LazyFrame {
    minute_sums.with_columns([quota_tokens(quotas).cast(DataType::Int64)])
}

/// [`minute_sums`] as a store keeps them: the minute as `event_time`.
pub fn kept_minutes(minute_sums: LazyFrame) -> LazyFrame {
    minute_sums
        .with_columns([col(MINUTE).alias(EVENT_TIME)])
        .select(columns(&kept_minutes_schema()))
}

/// What was kept by [`kept_minutes`].
pub fn minutes_kept(kept: LazyFrame) -> LazyFrame {
    kept.with_columns([col(EVENT_TIME).alias(MINUTE)])
}

/// The columns of [`kept_minutes`]; sums of tokens fit 64 bits where they are kept.
pub fn kept_minutes_schema() -> Schema {
    kept_schema(&POOL)
}

/// The columns of [`consumer_sums`] by hour as a store keeps them.
pub fn kept_consumers_schema() -> Schema {
    kept_schema(&[ACCOUNT_ID, REGION, MODEL, ROUTING, PRINCIPAL])
}

/// [`consumer_sums`] as a store keeps them.
pub fn kept_consumers(consumer_sums: LazyFrame) -> LazyFrame {
    consumer_sums.select(columns(&kept_consumers_schema()))
}

fn kept_schema(texts: &[&'static str]) -> Schema {
    let sums = KINDS.iter().flat_map(|kind| [kind.sum, kind.known]);
    let numbers = counts([REQUESTS, THROTTLED, TOKENS_UNKNOWN].into_iter().chain(sums));
    schema_of(Table::Invocations, texts.iter().copied().chain([EVENT_TIME]), numbers)
}

fn minute() -> Expr {
    col(EVENT_TIME).dt().truncate(lit("1m")).alias(MINUTE)
}

/// Counts and sums of rows; what they come to against a quota is [`quota_tokens`] of them.
fn sums_of_rows() -> Vec<Expr> {
    let throttled = || col(STATUS).eq(lit(status::THROTTLED)).fill_null(lit(false));
    let counts = [UNCACHED_INPUT_TOKENS, CACHE_WRITE_INPUT_TOKENS, OUTPUT_TOKENS];
    let none = counts.iter().fold(lit(true), |none, &count| none.and(col(count).is_null()));
    let mut sums = vec![
        len().cast(DataType::Int64).alias(REQUESTS),
        number_of(throttled()).alias(THROTTLED),
        number_of(none.and(throttled().not())).alias(TOKENS_UNKNOWN),
    ];
    for kind in KINDS {
        sums.push(known_sum(kind.counts).alias(kind.sum));
        sums.push(col(kind.counts).count().cast(DataType::Int64).alias(kind.known));
    }
    sums
}

/// Tokens of calls against their quota, of sums of calls that fall under one; null when no count is
/// known.
fn quota_tokens(quotas: &[Quota]) -> Expr {
    let [input, output, _, written] = KINDS;
    let none = [input, output, written]
        .iter()
        .fold(lit(true), |none, kind| none.and(col(kind.known).eq(lit(0_i64))));
    let known = |sum: &str| col(sum).cast(DataType::Int128).fill_null(zero());
    let burnt = known(output.sum) * output_burndown(quotas);
    when(none)
        .then(lit(NULL))
        .otherwise(known(input.sum) + known(written.sum) + burnt)
        .cast(DataType::Int128)
        .alias(QUOTA_TOKENS)
}

fn zero() -> Expr {
    lit(0_i64).cast(DataType::Int128)
}

/// The burndown of the quota that a call falls under: the most precise one is asked first.
fn output_burndown(quotas: &[Quota]) -> Expr {
    let mut in_order: Vec<&Quota> = quotas.iter().collect();
    in_order.sort_by_key(|quota| quota.precision());
    let factor = in_order.into_iter().fold(lit(1_i64), |otherwise, quota| {
        let optional = [(ACCOUNT_ID, &quota.account), (ROUTING, &quota.routing)];
        let named =
            optional.into_iter().filter_map(|(column, name)| Some((column, name.as_ref()?)));
        let fixed = [(REGION, &quota.region), (MODEL, &quota.model)];
        let fits = fixed
            .into_iter()
            .chain(named)
            .fold(lit(true), |fits, (column, name)| fits.and(col(column).eq(lit(name.clone()))));
        when(fits).then(lit(i64::from(quota.output_burndown))).otherwise(otherwise)
    });
    factor.cast(DataType::Int128)
}

/// Loads per quota: totals, and what the minutes with requests come to at most; in no order.
pub fn pools(minutes: LazyFrame) -> LazyFrame {
    let mut figures = sums();
    figures.extend([
        len().cast(DataType::Int64).alias(MINUTES),
        col(QUOTA_TOKENS).count().cast(DataType::Int64).alias(TOKEN_MINUTES),
        number_of(was_throttled()).alias(THROTTLED_MINUTES),
        (col(REQUESTS) - col(THROTTLED)).max().alias(RPM_PEAK_SERVED),
    ]);
    figures.extend([RPM, TPM].into_iter().flat_map(distribution));
    minutes.group_by(POOL.map(col)).agg(figures)
}

/// The distribution over the minutes with requests per quota, of requests and of tokens: one after the
/// other, so that only one's values are in memory.
///
/// Percentiles are nearest rank. Tokens: only minutes with a known count are counted.
///
/// # Errors
/// When the minutes can't be read.
pub fn ranks(minutes: &LazyFrame) -> PolarsResult<[DataFrame; 2]> {
    Ok([ranks_of(RPM, minutes)?, ranks_of(TPM, minutes)?])
}

fn ranks_of(of: PerMinute, minutes: &LazyFrame) -> PolarsResult<DataFrame> {
    let pools = Combinations::of(POOL.to_vec(), NUMBER);
    // Numbers of pools in place of their names: a quarter of the memory.
    let series = minutes.clone().select([pools.number(), col(of.series)]);
    let series = series.collect_with_engine(Engine::Streaming)?.unwrap_single();
    let rank = |percent, name| Percentile { column: of.series, percent, name };
    let ranks = [rank(50, of.median), rank(95, of.p95)].map(|rank| rank.of_sorted(of.values));
    let keys = [col(NUMBER)];
    series
        .lazy()
        .group_by(&keys)
        .agg([col(of.series).drop_nulls().sort(SortOptions::default()).alias(of.values)])
        .select(keys.iter().cloned().chain(ranks).collect::<Vec<_>>())
        .join_builder()
        .with(pools.frame()?.lazy())
        .on(&keys)
        .how(JoinType::Inner)
        .finish()
        .drop(by_name([NUMBER], true, false))
        .collect()
}

/// [`pools`] with their [`ranks`], sorted.
pub fn with_ranks(pools: LazyFrame, ranks: [DataFrame; 2]) -> LazyFrame {
    let keys = POOL.map(col).to_vec();
    let both = |pools, ranks: DataFrame| join_groups(pools, ranks.lazy(), &keys);
    ranks.into_iter().fold(pools, both).sort_by_exprs(&keys, in_order())
}

/// Sums of rows per quota, principal and hour, in the minutes in which the quota throttled.
///
/// In: what [`minute_sums`] reads, and those or the throttled ones of them.
pub fn consumer_sums(invocations: LazyFrame, minute_sums: LazyFrame) -> LazyFrame {
    let on: Vec<Expr> = POOL.into_iter().chain([MINUTE]).map(col).collect();
    let keys = POOL.into_iter().chain([PRINCIPAL, EVENT_TIME]).map(col).collect::<Vec<_>>();
    let throttled = minute_sums.filter(was_throttled());
    invocations
        .with_columns([minute()])
        .join_builder()
        .with(throttled.select(on.clone()))
        .on(on)
        .how(JoinType::Semi)
        .join_nulls(true)
        .finish()
        .with_columns([Every::Hour.start()])
        .group_by(keys)
        .agg(sums_of_rows())
}

/// Who used each quota in the minutes in which it throttled; most requests first. Of [`consumer_sums`].
pub fn consumers(consumer_sums: LazyFrame, quotas: &[Quota]) -> LazyFrame {
    let keys = POOL.into_iter().chain([PRINCIPAL]).map(col).collect::<Vec<_>>();
    let served = col(REQUESTS) - col(THROTTLED);
    consumer_sums
        .group_by(keys)
        .agg(sums_of_sums())
        .with_columns([quota_tokens(quotas)])
        .sort_by_exprs(
            [served, col(REQUESTS), col(PRINCIPAL)],
            in_order().with_order_descending_multi([true, true, false]),
        )
}

/// Minutes with throttled calls, those with most of them first.
pub fn throttled_minutes(minutes: LazyFrame) -> LazyFrame {
    minutes.filter(was_throttled()).sort_by_exprs(
        [col(THROTTLED), col(REQUESTS), col(MINUTE)],
        in_order().with_order_descending_multi([true, true, false]),
    )
}

fn was_throttled() -> Expr {
    col(THROTTLED).gt(lit(0_i64))
}

fn in_order() -> SortMultipleOptions {
    SortMultipleOptions::default().with_nulls_last(true)
}

/// Sums of loads under the same names.
fn sums() -> Vec<Expr> {
    let mut sums = sums_of_sums();
    sums.push(known_sum(QUOTA_TOKENS).alias(QUOTA_TOKENS));
    sums
}

/// Sums of [`sums_of_rows`].
fn sums_of_sums() -> Vec<Expr> {
    let counts = [REQUESTS, THROTTLED, TOKENS_UNKNOWN].into_iter();
    let counts = counts.chain(KINDS.map(|kind| kind.known)).map(|count| col(count).sum());
    counts.chain(KINDS.map(|kind| known_sum(kind.sum).alias(kind.sum))).collect()
}

/// Peak, and what stands out in throttled minutes.
fn distribution(of: PerMinute) -> [Expr; 4] {
    let series = || col(of.series);
    let throttled = || series().filter(was_throttled());
    [
        series().max().alias(of.peak),
        col(MINUTE).filter(series().eq(series().max())).min().alias(of.peak_at),
        throttled().min().alias(of.throttled_low),
        throttled().max().alias(of.throttled_high),
    ]
}

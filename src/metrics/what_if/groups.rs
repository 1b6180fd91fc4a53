//! Requests priced by the token, summed per price key.

use chrono::NaiveDate;
use polars::prelude::{
    DataFrame, DataType, Expr, LazyFrame, PolarsResult, SortMultipleOptions, col, lit, when,
};

use crate::metrics::small_frame::{days, flags, integers, money, texts, wide};
use crate::prices::PriceBook;
use crate::schema::cost::{
    COST_OTHER_UNITS, COST_STATUS, COST_UNITS, TOTAL_TOKENS, UNCACHED_INPUT_TOKENS, status,
};
use crate::schema::invocation::{
    CACHE_READ_INPUT_TOKENS, MODEL, MODEL_ID, OPERATION, OUTPUT_TOKENS, PRINCIPAL_TYPE, REGION,
    ROUTING, SERVICE_TIER,
};
use crate::schema::usage::cell;
use crate::schema::usage::metric::REQUESTS;
use crate::schema::what_if::{
    CONTEXT_CLASS, FOOTPRINT_CLASS, KEY_DAY, LIFETIME_UNKNOWN, STREAMED, TOKEN_KINDS, WRITTEN,
    WRITTEN_1H, WRITTEN_UNKNOWN,
};
use crate::units::Usd;

/// Bounds on a request's size, each list ascending and without repeats.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Classes {
    /// Long-context thresholds of the price book, over the input.
    pub context: Vec<i64>,
    /// Context windows of candidate models, over input and output.
    pub footprint: Vec<i64>,
}

impl Classes {
    /// The book's thresholds, and these context windows.
    pub fn of(book: &PriceBook, windows: impl IntoIterator<Item = i64>) -> Self {
        let thresholds = book.rows().iter().filter_map(|row| row.long_context);
        Self {
            context: ascending(thresholds.map(|long| long.above_input_tokens)),
            footprint: ascending(windows),
        }
    }

    /// How many of the footprint bounds there are to exceed, none among them.
    pub(super) fn footprints(&self) -> i64 {
        i64::try_from(self.footprint.len()).unwrap_or(i64::MAX - 1) + 1
    }
}

fn ascending(bounds: impl IntoIterator<Item = i64>) -> Vec<i64> {
    let mut bounds: Vec<i64> = bounds.into_iter().collect();
    bounds.sort_unstable();
    bounds.dedup();
    bounds
}

/// What a price depends on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PriceKey {
    /// Model id as logged.
    pub model_id: Option<String>,
    /// Region that received the call.
    pub region: Option<String>,
    /// Service tier.
    pub service_tier: Option<String>,
    /// UTC day, or another one with the same prices.
    pub day: Option<NaiveDate>,
    /// How many of [`Classes::context`] the input exceeds.
    pub context_class: usize,
}

/// Token counts, each token in one of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Input outside the cache.
    pub input: i128,
    /// Output.
    pub output: i128,
    /// Read from the cache.
    pub cache_read: i128,
    /// Written to the cache for the default time.
    pub cache_write: i128,
    /// Written to the cache for an hour.
    pub cache_write_1h: i128,
}

/// Requests that cost the same per token and have the same kinds of token, and who made them, as far as what-ifs ask.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// Their price key.
    pub key: PriceKey,
    /// Base model id.
    pub model: String,
    /// `in_region`, geography or `global`.
    pub routing: Option<String>,
    /// Kind of principal.
    pub principal_type: Option<String>,
    /// Whether answers were streamed.
    pub is_streamed: bool,
    /// How many of [`Classes::footprint`] the tokens exceed.
    pub footprint_class: usize,
    /// Their number.
    pub requests: i64,
    /// Their tokens.
    pub tokens: Tokens,
    /// Of the tokens written for the default time, those whose time to live the record doesn't say.
    pub unknown_writes: i128,
    /// Their list cost.
    pub cost: Usd,
}

/// Whether requests are fully priced, and by tokens alone.
pub(super) fn is_priced_by_tokens() -> Expr {
    col(COST_STATUS)
        .eq(lit(status::PRICED))
        .and(col(COST_OTHER_UNITS).is_null())
        .and(col(TOTAL_TOKENS).is_not_null())
}

/// The columns of [`PriceKey`].
pub(super) const KEY: [&str; 5] = [MODEL_ID, REGION, SERVICE_TIER, KEY_DAY, CONTEXT_CLASS];

/// How many of the bounds the count exceeds.
pub(super) fn exceeded(count: &Expr, bounds: &[i64]) -> Expr {
    bounds.iter().fold(lit(0_i64), |sum, bound| {
        sum + count.clone().gt(lit(*bound)).cast(DataType::Int64).fill_null(lit(0_i64))
    })
}

/// Requests that are fully priced by their tokens, summed per [`Group`], in order of their keys.
///
/// In: priced [cells](super::cells::Cells).
pub fn groups(priced: LazyFrame) -> LazyFrame {
    let zero = || lit(0_i64);
    let written = || col(cell::WRITTEN).fill_null(zero());
    let written_1h = || col(cell::WRITTEN_1H).fill_null(zero());
    let unknown = when(col(LIFETIME_UNKNOWN)).then(written()).otherwise(zero());
    let streamed = col(OPERATION).str().contains_literal(lit("Stream")).fill_null(lit(true));
    let kinds = [
        col(UNCACHED_INPUT_TOKENS),
        col(OUTPUT_TOKENS),
        col(CACHE_READ_INPUT_TOKENS),
        written() - written_1h(),
        written_1h(),
    ];
    let more = [
        streamed.alias(STREAMED),
        token_kinds(kinds).alias(TOKEN_KINDS),
        written().alias(WRITTEN),
        written_1h().alias(WRITTEN_1H),
        unknown.alias(WRITTEN_UNKNOWN),
    ];
    let others = [MODEL, ROUTING, PRINCIPAL_TYPE, STREAMED, FOOTPRINT_CLASS, TOKEN_KINDS];
    let keys: Vec<Expr> = KEY.into_iter().chain(others).map(col).collect();
    let sums = [
        UNCACHED_INPUT_TOKENS,
        OUTPUT_TOKENS,
        CACHE_READ_INPUT_TOKENS,
        WRITTEN,
        WRITTEN_1H,
        WRITTEN_UNKNOWN,
        COST_UNITS,
        REQUESTS,
    ];
    priced
        .filter(is_priced_by_tokens())
        .with_columns(more)
        .group_by(&keys)
        .agg(sums.map(sum))
        .sort_by_exprs(keys, SortMultipleOptions::default().with_nulls_last(true))
}

/// A bit for each kind of token that a cell's requests have, all of them or none.
fn token_kinds(counts: [Expr; 5]) -> Expr {
    counts.into_iter().fold(lit(0_i64), |bits, count| {
        let has = count.gt(lit(0_i64)).fill_null(lit(false)).cast(DataType::Int64);
        bits * lit(2_i64) + has
    })
}

/// Sum of the known values, in 128 bits.
pub(super) fn sum(column: &str) -> Expr {
    col(column).cast(DataType::Int128).sum().alias(column)
}

/// Reads collected [`groups`].
///
/// # Errors
/// When a column is missing or of another type.
pub fn read_groups(df: &DataFrame) -> PolarsResult<Vec<Group>> {
    let keys = read_keys(df)?;
    let (models, routings) = (texts(df, MODEL)?, texts(df, ROUTING)?);
    let (types, streamed) = (texts(df, PRINCIPAL_TYPE)?, flags(df, STREAMED)?);
    let (footprints, requests) = (integers(df, FOOTPRINT_CLASS)?, integers(df, REQUESTS)?);
    let (input, output) = (wide(df, UNCACHED_INPUT_TOKENS)?, wide(df, OUTPUT_TOKENS)?);
    let (reads, written) = (wide(df, CACHE_READ_INPUT_TOKENS)?, wide(df, WRITTEN)?);
    let (hours, unknown) = (wide(df, WRITTEN_1H)?, wide(df, WRITTEN_UNKNOWN)?);
    let costs = money(df, COST_UNITS)?;
    let group = |(row, key): (usize, PriceKey)| {
        let hour = hours[row].unwrap_or(0);
        Group {
            key,
            model: models[row].clone().unwrap_or_default(),
            routing: routings[row].clone(),
            principal_type: types[row].clone(),
            is_streamed: streamed[row].unwrap_or(true),
            footprint_class: class(footprints[row]),
            requests: requests[row].unwrap_or(0),
            tokens: Tokens {
                input: input[row].unwrap_or(0),
                output: output[row].unwrap_or(0),
                cache_read: reads[row].unwrap_or(0),
                cache_write: written[row].unwrap_or(0) - hour,
                cache_write_1h: hour,
            },
            unknown_writes: unknown[row].unwrap_or(0),
            cost: costs[row].unwrap_or_default(),
        }
    };
    Ok(keys.into_iter().enumerate().map(group).collect())
}

/// The price key of every row.
pub(super) fn read_keys(df: &DataFrame) -> PolarsResult<Vec<PriceKey>> {
    let (model_ids, regions) = (texts(df, MODEL_ID)?, texts(df, REGION)?);
    let (tiers, days) = (texts(df, SERVICE_TIER)?, days(df, KEY_DAY)?);
    let classes = integers(df, CONTEXT_CLASS)?;
    let key = |row: usize| PriceKey {
        model_id: model_ids[row].clone(),
        region: regions[row].clone(),
        service_tier: tiers[row].clone(),
        day: days[row],
        context_class: class(classes[row]),
    };
    Ok((0..df.height()).map(key).collect())
}

fn class(number: Option<i64>) -> usize {
    number.and_then(|number| usize::try_from(number).ok()).unwrap_or(0)
}

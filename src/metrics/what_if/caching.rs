//! What the prompt cache saved, what writing to it cost, and writes that nobody read.
//!
//! Cached tokens would else have been input tokens of the same request, at the row's input price.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use polars::prelude::{
    DataFrame, DataType, Expr, LazyFrame, PolarsResult, SortMultipleOptions, col, lit, when,
};

use super::groups::{Classes, Group, KEY, is_priced_by_tokens, key_columns, read_keys, sum};
use super::reprice::Repricing;
use crate::metrics::measures::number_of;
use crate::metrics::small_frame::{integers, texts, wide};
use crate::metrics::window::in_period;
use crate::period::Period;
use crate::prices::book::TokenPrices;
use crate::schema::invocation::{
    ACCOUNT_ID, CACHE_READ_INPUT_TOKENS, EVENT_TIME, MODEL, PRINCIPAL, REGION, REQUEST_ID,
};
use crate::schema::what_if::{
    NEXT_READ_BY_ANY, NEXT_READ_BY_OWN, UNREAD, UNREAD_1H, UNREAD_BY_OWN, UNREAD_BY_OWN_1H,
    UNREAD_BY_OWN_REQUESTS, UNREAD_REQUESTS, WRITTEN, WRITTEN_1H,
};
use crate::units::Usd;

/// The longest time to live: a write that nothing read for an hour is lost in any case.
pub const LONGEST_TTL_MS: i64 = 60 * 60 * 1000;
/// The shortest: the default of Claude and Nova models.
pub const SHORTEST_TTL_MS: i64 = 5 * 60 * 1000;

/// What caching did to the bill of one model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheEffect {
    /// Requests that read or wrote.
    pub requests: i64,
    /// Input price less cache price, of the tokens read.
    pub saved: Usd,
    /// Write price less input price, of the tokens written.
    pub write_premium: Usd,
    /// The same, if every write whose time to live the record doesn't say had been for an hour.
    pub write_premium_if_1h: Usd,
    /// Requests that read or wrote and have no price to compare with.
    pub left_out: i64,
}

/// The effect per base model; models without cached tokens have no entry.
pub fn cache_effect(repricing: Repricing<'_>, groups: &[Group]) -> BTreeMap<String, CacheEffect> {
    let mut effects: BTreeMap<String, CacheEffect> = BTreeMap::new();
    for group in groups {
        let tokens = &group.tokens;
        if tokens.cache_read + tokens.cache_write + tokens.cache_write_1h == 0 {
            continue;
        }
        let effect = effects.entry(group.model.clone()).or_default();
        let of_group = repricing.current_prices(&group.key).and_then(|prices| of(group, &prices));
        match of_group {
            Some((saved, premium, premium_if_1h)) => {
                effect.requests += group.requests;
                effect.saved += saved;
                effect.write_premium += premium;
                effect.write_premium_if_1h += premium_if_1h;
            }
            None => effect.left_out += group.requests,
        }
    }
    effects
}

fn of(group: &Group, prices: &TokenPrices) -> Option<(Usd, Usd, Usd)> {
    let tokens = &group.tokens;
    let saved =
        Usd(tokens.cache_read * difference(tokens.cache_read, prices.input, prices.cache_read)?);
    let default = difference(tokens.cache_write, prices.cache_write, prices.input)?;
    let hours = tokens.cache_write_1h + group.unknown_writes;
    let hour = difference(hours, prices.cache_write_1h(), prices.input)?;
    let premium = Usd(tokens.cache_write * default + tokens.cache_write_1h * hour);
    let if_1h = premium.0 + group.unknown_writes * (hour - default);
    Some((saved, premium, Usd(if_1h)))
}

/// `from − less`, where there are tokens to multiply with; else 0.
fn difference(tokens: i128, from: Option<Usd>, less: Option<Usd>) -> Option<i128> {
    if tokens == 0 { Some(0) } else { Some(from?.0 - less?.0) }
}

/// Writes that nobody read, in two readings, and what they cost beyond plain input.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unread {
    /// Requests whose writes surely nobody read.
    pub requests: i64,
    /// What these writes cost beyond plain input.
    pub wasted: Usd,
    /// Requests whose writes the same principal didn't read.
    pub requests_by_own: i64,
    /// What these writes cost beyond plain input.
    pub wasted_by_own: Usd,
}

/// Unread writes of the period, summed per price key and model.
///
/// *Surely unread*: nobody of the account read from the cache of that model in that Region within an
/// hour, and the data goes on for that long. *Unread by the same principal*: it didn't read from it
/// within 5 minutes, or an hour for the tokens written for one.
///
/// In: `invocations` with the columns of [`schema::cost`](crate::schema::cost), best with an hour's
/// margin after the period; `data_to` is where the data ends.
///
/// # Errors
/// Never in practice: Polars refuses only an empty partition.
pub fn unread_writes(
    priced: LazyFrame,
    classes: &Classes,
    period: Period,
    data_to: DateTime<Utc>,
) -> PolarsResult<LazyFrame> {
    let time = || col(EVENT_TIME).cast(DataType::Int64);
    let never = || lit(i64::MAX);
    let reads = col(CACHE_READ_INPUT_TOKENS).gt(lit(0_i64));
    let read_time = when(reads.clone()).then(time()).otherwise(never());
    let next = |by: &[&'static str]| -> PolarsResult<Expr> {
        let by: Vec<Expr> = by.iter().map(|column| col(*column)).collect();
        let later = read_time.clone().shift(lit(-1_i64)).fill_null(never()).cum_min(true);
        later.over(by)
    };
    let order = [EVENT_TIME, REQUEST_ID].map(col);
    let cached = priced
        .with_columns(key_columns(classes))
        .filter(reads.or(col(WRITTEN).gt(lit(0_i64))))
        .sort_by_exprs(order, SortMultipleOptions::default().with_nulls_last(true))
        .with_columns([
            next(&[ACCOUNT_ID, REGION, MODEL])?.alias(NEXT_READ_BY_ANY),
            next(&[ACCOUNT_ID, REGION, MODEL, PRINCIPAL])?.alias(NEXT_READ_BY_OWN),
        ]);
    let later_than = |next: &str, ttl: i64| (col(next) - time()).gt(lit(ttl));
    let known = (time() + lit(LONGEST_TTL_MS)).lt_eq(lit(data_to.timestamp_millis()));
    let surely = later_than(NEXT_READ_BY_ANY, LONGEST_TTL_MS).and(known);
    let default = || col(WRITTEN) - col(WRITTEN_1H);
    let tokens = |unread: Expr, tokens: Expr| when(unread).then(tokens).otherwise(lit(0_i64));
    let flagged = in_period(cached, period)
        .filter(is_priced_by_tokens().and(col(WRITTEN).gt(lit(0_i64))))
        .with_columns([
            tokens(surely.clone(), default()).alias(UNREAD),
            tokens(surely, col(WRITTEN_1H)).alias(UNREAD_1H),
            tokens(later_than(NEXT_READ_BY_OWN, SHORTEST_TTL_MS), default()).alias(UNREAD_BY_OWN),
            tokens(later_than(NEXT_READ_BY_OWN, LONGEST_TTL_MS), col(WRITTEN_1H))
                .alias(UNREAD_BY_OWN_1H),
        ]);
    let counts = |default: &str, hour: &str| {
        number_of(col(default).gt(lit(0_i64)).or(col(hour).gt(lit(0_i64))))
    };
    let mut measures: Vec<Expr> =
        [UNREAD, UNREAD_1H, UNREAD_BY_OWN, UNREAD_BY_OWN_1H].map(sum).into();
    measures.push(counts(UNREAD, UNREAD_1H).alias(UNREAD_REQUESTS));
    measures.push(counts(UNREAD_BY_OWN, UNREAD_BY_OWN_1H).alias(UNREAD_BY_OWN_REQUESTS));
    let keys: Vec<Expr> = KEY.into_iter().chain([MODEL]).map(col).collect();
    Ok(flagged.group_by(&keys).agg(measures))
}

/// What collected [`unread_writes`] cost beyond plain input, per base model.
///
/// # Errors
/// When a column is missing or of another type.
pub fn read_unread(
    df: &DataFrame,
    repricing: Repricing<'_>,
) -> PolarsResult<BTreeMap<String, Unread>> {
    let models = texts(df, MODEL)?;
    let (sure, sure_1h) = (wide(df, UNREAD)?, wide(df, UNREAD_1H)?);
    let (own, own_1h) = (wide(df, UNREAD_BY_OWN)?, wide(df, UNREAD_BY_OWN_1H)?);
    let (requests, by_own) =
        (integers(df, UNREAD_REQUESTS)?, integers(df, UNREAD_BY_OWN_REQUESTS)?);
    let mut found: BTreeMap<String, Unread> = BTreeMap::new();
    for (row, key) in read_keys(df)?.iter().enumerate() {
        let prices = repricing.current_prices(key).unwrap_or_default();
        let wasted = |default: Option<i128>, hour: Option<i128>| {
            let (default, hour) = (default.unwrap_or(0), hour.unwrap_or(0));
            // A write that costs no more than plain input wastes nothing.
            let more = |tokens, price| Some(difference(tokens, price, prices.input)?.max(0));
            let of_default = default * more(default, prices.cache_write)?;
            let of_hour = hour * more(hour, prices.cache_write_1h())?;
            Some(Usd(of_default + of_hour)).filter(|wasted| *wasted > Usd(0))
        };
        let unread = found.entry(models[row].clone().unwrap_or_default()).or_default();
        if let Some(wasted) = wasted(sure[row], sure_1h[row]) {
            unread.wasted += wasted;
            unread.requests += requests[row].unwrap_or(0);
        }
        if let Some(wasted) = wasted(own[row], own_1h[row]) {
            unread.wasted_by_own += wasted;
            unread.requests_by_own += by_own[row].unwrap_or(0);
        }
    }
    found.retain(|_, unread| unread.requests_by_own > 0 || unread.requests > 0);
    Ok(found)
}

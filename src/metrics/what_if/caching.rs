//! What the prompt cache saved, what writing to it cost, and writes that nobody read.
//!
//! Cached tokens would else have been input tokens of the same request, at the row's input price.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use polars::polars_utils::aliases::PlHashMap;
use polars::prelude::{
    DataFrame, DataType, Engine, Expr, IntoLazy, JoinType, LazyFrame, NamedFrom, PolarsResult,
    Series, SortMultipleOptions, UniqueKeepStrategy, col, len, lit, when,
};

use super::calls::Calls;
use super::groups::{Group, KEY, is_priced_by_tokens, read_keys};
use super::nearest::{Nearest, places};
use super::reprice::Repricing;
use crate::metrics::measures::number_of;
use crate::metrics::small_frame::{integers, texts, wide};
use crate::prices::book::TokenPrices;
use crate::schema::cost::billing;
use crate::schema::invocation::{
    ACCOUNT_ID, CACHE_READ_INPUT_TOKENS, EVENT_TIME, MODEL, PRINCIPAL, REGION,
};
use crate::schema::usage::metric::REQUESTS;
use crate::schema::what_if::{
    ANY_READER, CALL, CELL, NEXT_READ_BY_ANY, NEXT_READ_BY_OWN, OWN_READER, READS, UNREAD,
    UNREAD_1H, UNREAD_BY_OWN, UNREAD_BY_OWN_1H, UNREAD_BY_OWN_REQUESTS, UNREAD_REQUESTS, WRITTEN,
    WRITTEN_1H,
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

/// Calls that read from the cache or wrote to it, in order of time, with the times of the next reads.
#[derive(Debug, Clone)]
pub struct Cached(DataFrame);

impl Cached {
    /// Of all calls; those of one instant are not next to each other, unless their ids are known.
    ///
    /// # Errors
    /// When Polars finds fault with the frame.
    pub fn of(calls: &Calls) -> PolarsResult<Self> {
        let order = calls.order();
        let cached = cached(calls, &order)?
            .sort(order, SortMultipleOptions::default().with_nulls_last(true))
            .collect_with_engine(Engine::Streaming)?
            .unwrap_single();
        Self::with_next_reads(cached, calls.has_ids())
    }

    /// Instants at which a call wrote what its principal didn't read soon, and another one read: whether
    /// that read came after the write is for their ids to say.
    ///
    /// # Errors
    /// Never in practice.
    pub fn undecided(&self) -> PolarsResult<Vec<i64>> {
        let all = self.0.clone().lazy();
        let keys = [EVENT_TIME, ANY_READER].map(col);
        let written = all.clone().filter(is_unread_write());
        let other = all
            .join_builder()
            .with(written.select(&keys).unique(None, UniqueKeepStrategy::Any))
            .on(&keys)
            .how(JoinType::Semi)
            .finish()
            .group_by(&keys)
            .agg([number_of(col(READS)).alias(READS), len().alias(REQUESTS)])
            .filter(col(REQUESTS).gt(lit(1)).and(col(READS).gt(lit(0))))
            .select([col(EVENT_TIME)])
            .unique(None, UniqueKeepStrategy::Any)
            .collect()?;
        Ok(integers(&other, EVENT_TIME)?.into_iter().flatten().collect())
    }

    /// Reads at later places are next; calls that share one are not next to each other.
    fn with_next_reads(mut cached: DataFrame, each_has_a_place: bool) -> PolarsResult<Self> {
        let times: Vec<i64> = cached.column(EVENT_TIME)?.i64()?.into_no_null_iter().collect();
        let places = places(&times, each_has_a_place);
        let reads: Vec<Option<bool>> = cached.column(READS)?.bool()?.iter().collect();
        for (readers, name) in [(ANY_READER, NEXT_READ_BY_ANY), (OWN_READER, NEXT_READ_BY_OWN)] {
            let readers: Vec<Option<i64>> = cached.column(readers)?.i64()?.iter().collect();
            let mut nearest: PlHashMap<Option<i64>, Nearest> = PlHashMap::default();
            let backwards = (0..times.len()).rev().map(|row| {
                let nearest = nearest.entry(readers[row]).or_default();
                nearest.at(places[row], times[row], reads[row] == Some(true)).unwrap_or(NEVER)
            });
            let mut next: Vec<i64> = backwards.collect();
            next.reverse();
            cached.with_column(Series::new(name.into(), next).into())?;
        }
        Ok(Self(cached))
    }

    /// Writes that nobody read, by the number of the call: tokens, and whether the call counts.
    ///
    /// *Surely unread*: nobody of the account read from the cache of that model in that Region within an
    /// hour, and the data goes on for that long. *Unread by the same principal*: it didn't read from it
    /// within 5 minutes, or an hour for the tokens written for one.
    ///
    /// `data_to` is where the data ends; none: further on than anybody looks.
    pub(super) fn unread(&self, data_to: Option<DateTime<Utc>>) -> LazyFrame {
        let surely = later_than(NEXT_READ_BY_ANY, LONGEST_TTL_MS);
        let surely = match data_to {
            Some(end) => surely
                .and((col(EVENT_TIME) + lit(LONGEST_TTL_MS)).lt_eq(lit(end.timestamp_millis()))),
            None => surely,
        };
        let default = || col(WRITTEN) - col(WRITTEN_1H);
        let tokens = |unread: Expr, tokens: Expr| when(unread).then(tokens).otherwise(lit(0_i64));
        let counts = |default: &str, hour: &str| {
            let any = col(default).gt(lit(0_i64)).or(col(hour).gt(lit(0_i64)));
            any.cast(DataType::Int64)
        };
        let all = self.0.clone().lazy().filter(is_unread_write());
        all.select([
            col(CALL),
            tokens(surely.clone(), default()).alias(UNREAD),
            tokens(surely, col(WRITTEN_1H)).alias(UNREAD_1H),
            default().alias(UNREAD_BY_OWN),
            tokens(later_than(NEXT_READ_BY_OWN, LONGEST_TTL_MS), col(WRITTEN_1H))
                .alias(UNREAD_BY_OWN_1H),
        ])
        .with_columns([
            counts(UNREAD, UNREAD_1H).alias(UNREAD_REQUESTS),
            counts(UNREAD_BY_OWN, UNREAD_BY_OWN_1H).alias(UNREAD_BY_OWN_REQUESTS),
        ])
    }
}

/// A time after all others.
const NEVER: i64 = i64::MAX;

fn later_than(next: &str, ttl: i64) -> Expr {
    (col(next) - col(EVENT_TIME)).gt(lit(ttl))
}

fn is_unread_write() -> Expr {
    col(WRITTEN).gt(lit(0_i64)).and(later_than(NEXT_READ_BY_OWN, SHORTEST_TTL_MS))
}

fn cached(calls: &Calls, order: &[&'static str]) -> PolarsResult<LazyFrame> {
    let own = [ACCOUNT_ID, REGION, MODEL, PRINCIPAL];
    let columns = [
        col(CALL),
        col(CELL),
        col(EVENT_TIME).cast(DataType::Int64),
        calls.count(CACHE_READ_INPUT_TOKENS).gt(lit(0_i64)).alias(READS),
        calls.count(billing::WRITTEN).alias(WRITTEN),
        calls.count(billing::WRITTEN_1H).alias(WRITTEN_1H),
    ];
    let more = order.iter().filter(|name| **name != EVENT_TIME).map(|name| col(*name));
    Ok(calls
        .rows()
        .select(columns.into_iter().chain(more).collect::<Vec<_>>())
        .filter(col(READS).or(col(WRITTEN).gt(lit(0_i64))))
        .with_columns([
            calls.coded(&own[..3], ANY_READER)?.value().alias(ANY_READER),
            calls.coded(&own, OWN_READER)?.value().alias(OWN_READER),
        ]))
}

/// What [`Cached::unread`] tells of a call, summed per cell.
pub(super) const UNREAD_SUMS: [&str; 6] =
    [UNREAD, UNREAD_1H, UNREAD_BY_OWN, UNREAD_BY_OWN_1H, UNREAD_REQUESTS, UNREAD_BY_OWN_REQUESTS];

/// Unread writes per cell. In: priced [cells](super::cells::Cells).
pub fn unread_writes(priced: LazyFrame) -> LazyFrame {
    let keys = [MODEL].into_iter().chain(KEY).chain(UNREAD_SUMS).map(col);
    let is_unread = col(UNREAD_BY_OWN).gt(lit(0_i64)).or(col(UNREAD_BY_OWN_1H).gt(lit(0_i64)));
    priced.filter(is_priced_by_tokens().and(is_unread)).select(keys.collect::<Vec<_>>())
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

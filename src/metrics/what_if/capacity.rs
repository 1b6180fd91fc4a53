//! The real load per minute beside the catalogue's prices of reserved capacity.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use polars::prelude::{DataFrame, Expr, LazyFrame, PolarsResult, col, lit};

use super::groups::{Classes, PriceKey, is_priced_by_tokens, key_columns, sum};
use crate::metrics::small_frame::{days, texts, wide};
pub use crate::prices::book::Capacity as CapacityRow;
use crate::prices::book::{Capacity, Routing, Tier};
use crate::prices::{PriceBook, Query};
use crate::schema::cost::quote::PRICE_DAY;
use crate::schema::cost::{COST_UNITS, UNCACHED_INPUT_TOKENS};
use crate::schema::invocation::{
    ACCOUNT_ID, EVENT_TIME, MODEL_ID, OUTPUT_TOKENS, REGION, SERVICE_TIER,
};
use crate::schema::what_if::{MINUTE, MINUTE_INPUT, MINUTE_OUTPUT, WRITTEN};
use crate::units::Usd;

/// The on-demand load of one model in one account and Region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    /// Account that made the calls.
    pub account: Option<String>,
    /// Region that received them.
    pub region: String,
    /// Base model id.
    pub model: String,
    /// Which price list they are on.
    pub routing: Routing,
    /// Input tokens of each minute with calls: outside the cache, and written to it.
    pub input: Vec<i128>,
    /// Output tokens of each of these minutes.
    pub output: Vec<i128>,
    /// Price of an input token on demand, on the last day with calls.
    pub input_price: Option<Usd>,
    /// Price of an output token, as above.
    pub output_price: Option<Usd>,
    /// What all of it cost.
    pub cost: Usd,
    /// The catalogue's prices of capacity that could carry it.
    pub capacity: Vec<Capacity>,
}

/// Tokens per minute, UTC day, account, Region and model id, of requests on the standard tier.
///
/// In: `invocations` with the columns of [`schema::cost`](crate::schema::cost).
pub fn minutes(priced: LazyFrame) -> LazyFrame {
    let standard = col(SERVICE_TIER)
        .is_null()
        .or(col(SERVICE_TIER).eq(lit("default")))
        .or(col(SERVICE_TIER).eq(lit(Tier::Standard.as_str())));
    let input = col(UNCACHED_INPUT_TOKENS).fill_null(lit(0_i64)) + col(WRITTEN);
    let minute = col(EVENT_TIME).dt().truncate(lit("1m"));
    let keys: Vec<Expr> = [ACCOUNT_ID, REGION, MODEL_ID, PRICE_DAY, MINUTE].map(col).into();
    priced
        .filter(is_priced_by_tokens().and(standard))
        .with_columns(key_columns(&Classes::default()))
        .with_columns([
            input.alias(MINUTE_INPUT),
            col(OUTPUT_TOKENS).fill_null(lit(0_i64)).alias(MINUTE_OUTPUT),
            minute.alias(MINUTE),
        ])
        .group_by(&keys)
        .agg([sum(MINUTE_INPUT), sum(MINUTE_OUTPUT), sum(COST_UNITS)])
        .sort_by_exprs(keys, polars::prelude::SortMultipleOptions::default().with_nulls_last(true))
}

/// The loads of collected [`minutes`] that the catalogue has prices of capacity for, in order of
/// account, Region, model and routing; and the models it has none for.
///
/// Minutes of several ids of one model are one load.
///
/// # Errors
/// When a column is missing or of another type.
pub fn read_loads(df: &DataFrame, book: &PriceBook) -> PolarsResult<(Vec<Load>, Vec<String>)> {
    let mut without: Vec<String> = Vec::new();
    let mut found = Vec::new();
    for ((account, region, model, routing), load) in collected(df, book)? {
        let capacity = capacity_for(book, &model, &region, routing);
        if capacity.is_empty() {
            without.push(model);
            continue;
        }
        let prices = load.last.as_ref().and_then(|key| on_demand(book, key)).unwrap_or_default();
        let (input, output) = load.tokens.into_values().unzip();
        found.push(Load {
            account,
            region,
            model,
            routing,
            input,
            output,
            input_price: prices.input,
            output_price: prices.output,
            cost: load.cost,
            capacity,
        });
    }
    without.sort();
    without.dedup();
    Ok((found, without))
}

/// Account, Region, base model id and routing of a load.
type LoadKey = (Option<String>, String, String, Routing);

/// The minutes by load; those of ids that the book doesn't know are left out.
fn collected(df: &DataFrame, book: &PriceBook) -> PolarsResult<BTreeMap<LoadKey, Minutes>> {
    let (accounts, regions) = (texts(df, ACCOUNT_ID)?, texts(df, REGION)?);
    let (model_ids, days) = (texts(df, MODEL_ID)?, days(df, PRICE_DAY)?);
    let instants = wide(df, MINUTE)?;
    let (input, output) = (wide(df, MINUTE_INPUT)?, wide(df, MINUTE_OUTPUT)?);
    let costs = wide(df, COST_UNITS)?;
    let mut loads: BTreeMap<LoadKey, Minutes> = BTreeMap::new();
    for row in 0..df.height() {
        let key = PriceKey {
            model_id: model_ids[row].clone(),
            region: regions[row].clone(),
            day: days[row],
            ..PriceKey::default()
        };
        let Some((model, routing)) = addressed(book, &key) else { continue };
        let region = key.region.clone().unwrap_or_default();
        let load = loads.entry((accounts[row].clone(), region, model, routing)).or_default();
        let minute = load.tokens.entry(instants[row].unwrap_or(0)).or_default();
        minute.0 += input[row].unwrap_or(0);
        minute.1 += output[row].unwrap_or(0);
        load.cost += Usd(costs[row].unwrap_or(0));
        if load.last.as_ref().is_none_or(|last| last.day < key.day) {
            load.last = Some(key);
        }
    }
    Ok(loads)
}

/// What is collected of a load before it is complete.
#[derive(Default)]
struct Minutes {
    /// Input and output tokens by minute.
    tokens: BTreeMap<i128, (i128, i128)>,
    cost: Usd,
    /// A price key of the last day with calls.
    last: Option<PriceKey>,
}

fn addressed(book: &PriceBook, key: &PriceKey) -> Option<(String, Routing)> {
    let quote = book.quote(&query(key, key.day));
    Some((quote.model?.model_id.clone(), quote.routing?))
}

fn on_demand(book: &PriceBook, key: &PriceKey) -> Option<crate::prices::book::TokenPrices> {
    book.quote(&query(key, key.day)).price.ok().map(|row| row.tokens)
}

fn query(key: &PriceKey, day: Option<NaiveDate>) -> Query<'_> {
    Query {
        model_id: key.model_id.as_deref(),
        region: key.region.as_deref(),
        service_tier: None,
        day,
    }
}

/// Provisioned throughput of the Region, or the reserved tier of the routing.
fn capacity_for(book: &PriceBook, model: &str, region: &str, routing: Routing) -> Vec<Capacity> {
    let is_for = |row: &&Capacity| {
        row.model_id == model
            && match row.kind.as_str() {
                "provisioned_throughput" => row.region == "*" || row.region == region,
                "reserved_tier_input" | "reserved_tier_output" => row.region == routing.as_str(),
                _ => false,
            }
    };
    book.capacity().iter().filter(is_for).cloned().collect()
}

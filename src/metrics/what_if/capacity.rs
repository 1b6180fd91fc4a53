//! The real load per minute beside the catalogue's prices of reserved capacity.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use polars::prelude::{
    DataFrame, DataType, Expr, IntoColumn, IntoLazy, LazyFrame, NamedFrom, PolarsResult, Series,
    SortMultipleOptions, col, lit,
};

use super::calls::OfCells;
use super::cells::{Cells, one_by_one};
use super::groups::{PriceKey, is_priced_by_tokens, read_keys};
use crate::metrics::small_frame::{integers, texts, wide};
pub use crate::prices::book::Capacity as CapacityRow;
use crate::prices::book::{Capacity, Routing, Tier};
use crate::prices::{PriceBook, Query};
use crate::schema::cost::COST_UNITS;
use crate::schema::invocation::{ACCOUNT_ID, MODEL_ID, REGION, SERVICE_TIER};
use crate::schema::what_if::{
    CELL, KEY_DAY, LOAD, MINUTE, MINUTE_INPUT, MINUTE_OUTPUT, MINUTES, OUTPUTS, WRITES,
};
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

/// Loads without their minutes, and which cells are whose.
#[derive(Debug)]
pub struct Offers {
    /// In order of account, Region, model and routing.
    loads: Vec<Load>,
    /// Number of a cell and of its load.
    cells: DataFrame,
    /// Models that the catalogue has no price of capacity for.
    without: Vec<String>,
}

/// The loads that the catalogue has prices of capacity for, of collected priced
/// [cells](Cells) on the standard tier; those of ids that the book doesn't know are
/// left out.
///
/// # Errors
/// When a column is missing or of another type.
pub fn offers(priced: &DataFrame, book: &PriceBook) -> PolarsResult<Offers> {
    let standard = standard(priced)?;
    let accounts = texts(&standard, ACCOUNT_ID)?;
    let (cells, costs) = (integers(&standard, CELL)?, wide(&standard, COST_UNITS)?);
    let mut loads: BTreeMap<LoadKey, (Vec<Option<i64>>, Usd, PriceKey)> = BTreeMap::new();
    for (row, key) in read_keys(&standard)?.into_iter().enumerate() {
        let key = PriceKey { service_tier: None, context_class: 0, ..key };
        let Some((model, routing)) = addressed(book, &key) else { continue };
        let region = key.region.clone().unwrap_or_default();
        let load = (accounts[row].clone(), region, model, routing);
        let (of_load, cost, last) =
            loads.entry(load).or_insert_with(|| (Vec::new(), Usd(0), key.clone()));
        of_load.push(cells[row]);
        *cost += Usd(costs[row].unwrap_or(0));
        if last.day < key.day {
            *last = key;
        }
    }
    let mut offers = Offers { loads: Vec::new(), cells: DataFrame::empty(), without: Vec::new() };
    let (mut of_loads, mut numbers) = (Vec::new(), Vec::new());
    for ((account, region, model, routing), (cells, cost, last)) in loads {
        let capacity = capacity_for(book, &model, &region, routing);
        if capacity.is_empty() {
            offers.without.push(model);
            continue;
        }
        let by_token = on_demand(book, &last).unwrap_or_default();
        numbers.extend(cells.iter().map(|_| offers.loads.len() as u64));
        of_loads.extend(cells);
        offers.loads.push(Load {
            account,
            region,
            model,
            routing,
            input: Vec::new(),
            output: Vec::new(),
            input_price: by_token.input,
            output_price: by_token.output,
            cost,
            capacity,
        });
    }
    offers.without.sort();
    offers.without.dedup();
    let cells = Series::new(CELL.into(), of_loads).cast(&DataType::UInt32)?;
    let numbers = Series::new(LOAD.into(), numbers).cast(&DataType::Int64)?;
    offers.cells = DataFrame::new(cells.len(), vec![cells.into_column(), numbers.into_column()])?;
    Ok(offers)
}

/// Account, Region, base model id and routing of a load.
type LoadKey = (Option<String>, String, String, Routing);

/// The cells on the standard tier that are priced by tokens, in order of their keys.
fn standard(priced: &DataFrame) -> PolarsResult<DataFrame> {
    let is_standard = col(SERVICE_TIER)
        .is_null()
        .or(col(SERVICE_TIER).eq(lit("default")))
        .or(col(SERVICE_TIER).eq(lit(Tier::Standard.as_str())));
    let order = [ACCOUNT_ID, REGION, MODEL_ID, KEY_DAY].map(col);
    priced
        .clone()
        .lazy()
        .filter(is_priced_by_tokens().and(is_standard))
        .sort_by_exprs(order, SortMultipleOptions::default().with_nulls_last(true))
        .collect()
}

/// Tokens per load and minute; the loads that have an offer only.
///
/// # Errors
/// Never in practice.
pub fn minutes(cells: &Cells, offers: &Offers) -> PolarsResult<LazyFrame> {
    let load = OfCells::of(&offers.cells, LOAD)?.value().alias(LOAD);
    let lists = [MINUTES, MINUTE_INPUT, WRITES, OUTPUTS];
    let hours = cells.hours().select([
        load,
        col(MINUTES),
        cells.inputs().alias(MINUTE_INPUT),
        col(WRITES),
        col(OUTPUTS),
    ]);
    let wide = |tokens: Expr| tokens.cast(cells.wide());
    let none = lit(0_i64).cast(cells.wide());
    let input = wide(col(MINUTE_INPUT)).fill_null(none) + wide(col(WRITES));
    let sums = one_by_one(hours.filter(col(LOAD).is_not_null()), lists)
        .select([
            (col(LOAD) * lit(LOAD_STEP) + col(MINUTES).cast(DataType::Int64)).alias(MINUTE),
            input.alias(MINUTE_INPUT),
            wide(col(OUTPUTS)).alias(MINUTE_OUTPUT),
        ])
        .group_by([col(MINUTE)])
        .agg([MINUTE_INPUT, MINUTE_OUTPUT].map(|tokens| col(tokens).sum()));
    Ok(sums.sort([MINUTE], SortMultipleOptions::default()))
}

/// More minutes than time has, so that a load's number and a minute make one.
const LOAD_STEP: i64 = 1 << 40;

/// The offers' loads with the minutes of collected [`minutes`]; and the models that the catalogue has
/// no price of capacity for.
///
/// Minutes of several ids of one model are one load.
///
/// # Errors
/// When a column is missing or of another type.
pub fn read_loads(df: &DataFrame, offers: Offers) -> PolarsResult<(Vec<Load>, Vec<String>)> {
    let minutes = integers(df, MINUTE)?;
    let (input, output) = (wide(df, MINUTE_INPUT)?, wide(df, MINUTE_OUTPUT)?);
    let Offers { mut loads, without, .. } = offers;
    for (row, minute) in minutes.into_iter().enumerate() {
        let load = minute.and_then(|minute| usize::try_from(minute / LOAD_STEP).ok());
        if let Some(load) = load.and_then(|load| loads.get_mut(load)) {
            load.input.push(input[row].unwrap_or(0));
            load.output.push(output[row].unwrap_or(0));
        }
    }
    Ok((loads, without))
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

//! The sums that a change in spend is split by, from priced invocations.

use polars::prelude::{
    DataFrame, DataType, Expr, LazyFrame, PolarsResult, SortMultipleOptions, coalesce, col, lit,
    when,
};

use crate::schema::cost::{
    COST_CACHE_READ_UNITS, COST_CACHE_WRITE_UNITS, COST_INPUT_UNITS, COST_OTHER_UNITS,
    COST_OUTPUT_UNITS, COST_UNITS, LONG_CONTEXT,
};
use crate::schema::drivers::{COSTS, OTHER_COST, PRICED_REQUESTS, TOKENS};
use crate::schema::invocation::{
    CACHE_READ_INPUT_TOKENS, CACHE_WRITE_1H_INPUT_TOKENS, CACHE_WRITE_INPUT_TOKENS, MODEL,
    OUTPUT_TOKENS, REGION, ROUTING, SERVICE_TIER,
};
use crate::schema::usage::metric::REQUESTS;

/// Kinds of token that have their own price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Input outside the cache.
    Input,
    /// Output.
    Output,
    /// Read from the cache.
    CacheRead,
    /// Written to the cache with the default time to live.
    CacheWrite,
    /// Written to the cache for an hour.
    CacheWrite1h,
    /// Written by requests that write with both times to live.
    CacheWriteBoth,
}

impl Kind {
    /// All kinds, in the order of [`TOKENS`].
    pub const ALL: [Self; 6] = [
        Self::Input,
        Self::Output,
        Self::CacheRead,
        Self::CacheWrite,
        Self::CacheWrite1h,
        Self::CacheWriteBoth,
    ];
}

/// Tokens with a price and what they cost, in 10⁻¹⁴ USD.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TokenSum {
    /// Tokens.
    pub tokens: i128,
    /// Cost.
    pub cost: i128,
}

/// The sums of a model on one price line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cell {
    /// Base model id.
    pub model: Option<String>,
    /// Routing, Region and service tier.
    pub line: [Option<String>; 3],
    /// Whether the long-context prices held.
    pub long_context: bool,
    /// Requests with a cost.
    pub requests: i128,
    /// Tokens by kind, in the order of [`Kind::ALL`].
    pub tokens: [TokenSum; 6],
    /// Cost of images, video and queries.
    pub other_cost: i128,
}

impl Cell {
    /// The cost of everything in it.
    pub fn cost(&self) -> i128 {
        self.tokens.iter().map(|kind| kind.cost).sum::<i128>() + self.other_cost
    }
}

/// What a cell is of.
const KEYS: [&str; 5] = [MODEL, ROUTING, REGION, SERVICE_TIER, LONG_CONTEXT];

/// One row per model and price line, with the columns of [`schema::drivers`](crate::schema::drivers).
///
/// In: invocations that are added up ([`cells_to_price`](crate::metrics::cells::cells_to_price)) and
/// priced, with the logged columns of written tokens; sums without a cost are left out.
/// `charged_input` is the column of the input tokens that the price book charges at the input price:
/// those outside the cache, or all that are logged.
pub fn cells(priced: LazyFrame, charged_input: &'static str) -> LazyFrame {
    let requests = col(REQUESTS).sum().alias(PRICED_REQUESTS);
    let mut sums = vec![requests, total(col(COST_OTHER_UNITS)).alias(OTHER_COST)];
    let kinds = kinds(charged_input).into_iter().zip(TOKENS.into_iter().zip(COSTS));
    for ((tokens, cost, condition), (tokens_name, cost_name)) in kinds {
        let counts = condition.and(cost.clone().is_not_null());
        sums.push(total(tokens.filter(counts.clone())).alias(tokens_name));
        sums.push(total(cost.filter(counts)).alias(cost_name));
    }
    priced
        .filter(col(COST_UNITS).is_not_null())
        .group_by(KEYS.map(col))
        .agg(sums)
        .sort(KEYS, SortMultipleOptions::default().with_nulls_last(true))
}

/// Tokens, cost and the condition under which they are of the kind.
fn kinds(charged_input: &'static str) -> [(Expr, Expr, Expr); 6] {
    let written = || coalesce(&[col(CACHE_WRITE_INPUT_TOKENS), col(CACHE_WRITE_1H_INPUT_TOKENS)]);
    let for_an_hour = || {
        let hour = || col(CACHE_WRITE_1H_INPUT_TOKENS).fill_null(lit(0_i64));
        when(hour().gt(written())).then(written()).otherwise(hour())
    };
    let none = || for_an_hour().eq(lit(0_i64));
    let all = || for_an_hour().eq(written()).and(none().not());
    let any = || lit(true);
    let write =
        |condition: Expr| (written(), col(COST_CACHE_WRITE_UNITS), condition.fill_null(lit(false)));
    [
        (col(charged_input), col(COST_INPUT_UNITS), any()),
        (col(OUTPUT_TOKENS), col(COST_OUTPUT_UNITS), any()),
        (col(CACHE_READ_INPUT_TOKENS), col(COST_CACHE_READ_UNITS), any()),
        write(none()),
        write(all()),
        write(none().not().and(all().not())),
    ]
}

fn total(values: Expr) -> Expr {
    values.cast(DataType::Int128).sum()
}

/// The rows of [`cells`] as values.
///
/// # Errors
/// When a column is missing or mistyped.
pub fn read(frame: &DataFrame) -> PolarsResult<Vec<Cell>> {
    let texts = |name: &str| -> PolarsResult<Vec<Option<String>>> {
        Ok(frame.column(name)?.str()?.iter().map(|text| text.map(str::to_owned)).collect())
    };
    let numbers = |name: &str| -> PolarsResult<Vec<i128>> {
        let column = frame.column(name)?.cast(&DataType::Int128)?;
        Ok(column.i128()?.iter().map(Option::unwrap_or_default).collect())
    };
    let (models, routings) = (texts(MODEL)?, texts(ROUTING)?);
    let (regions, tiers) = (texts(REGION)?, texts(SERVICE_TIER)?);
    let long: Vec<bool> =
        frame.column(LONG_CONTEXT)?.bool()?.iter().map(Option::unwrap_or_default).collect();
    let (requests, other) = (numbers(PRICED_REQUESTS)?, numbers(OTHER_COST)?);
    let tokens = TOKENS.map(numbers).into_iter().collect::<PolarsResult<Vec<_>>>()?;
    let costs = COSTS.map(numbers).into_iter().collect::<PolarsResult<Vec<_>>>()?;
    Ok((0..frame.height())
        .map(|row| Cell {
            model: models[row].clone(),
            line: [routings[row].clone(), regions[row].clone(), tiers[row].clone()],
            long_context: long[row],
            requests: requests[row],
            tokens: std::array::from_fn(|kind| TokenSum {
                tokens: tokens[kind][row],
                cost: costs[kind][row],
            }),
            other_cost: other[row],
        })
        .collect())
}

//! Hours of calls, summed per cell: what is priced, and what single calls are found by.

use chrono::{DateTime, Utc};
use polars::prelude::{
    DataFrame, DataType, Engine, ExplodeOptions, Expr, IntoLazy, JoinType, LazyFrame, NamedFrom,
    PolarsResult, Series, by_name, col, lit, when,
};

use super::caching::UNREAD_SUMS;
use super::calls::OfCells;
use super::groups::{Classes, exceeded};
use super::hours::keys;
use crate::metrics::combinations::Combinations;
use crate::metrics::cost::cells::{self as priced_by, Found, Steps};
use crate::metrics::small_frame::{days, integers, texts};
use crate::prices::{PriceBook, Query};
use crate::schema::cost::billing::{INPUT_BESIDE_CACHE, INPUT_WITH_CACHE};
use crate::schema::cost::quote::PRICE_DAY;
use crate::schema::invocation::{EVENT_TIME, MODEL_ID, REGION, SERVICE_TIER};
use crate::schema::usage::cell::LAST_TIME;
use crate::schema::usage::metric::REQUESTS;
use crate::schema::what_if::{
    CELL, CONTEXT_CLASS, FOOTPRINT, FOOTPRINT_CLASS, INCLUDES_CACHE, INPUTS, INPUTS_OUTSIDE,
    KEY_DAY, PROMPTS,
};

/// Calls of some time, by what they share.
pub struct Cells {
    /// With the number of their cell.
    hours: LazyFrame,
    sums: DataFrame,
    /// Whether the model of a cell logs the cached tokens inside its input; none where none does.
    includes_cache: Option<OfCells>,
    wide: DataType,
}

impl Cells {
    /// Of [`hours`](super::hours::hours) that hold what was found, or less; they are read once for the sums,
    /// and again for what single calls are asked for.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn of(
        hours: LazyFrame,
        (found, steps, classes): (&Found, &Steps, &Classes),
        book: &PriceBook,
    ) -> PolarsResult<Self> {
        let cells = Combinations::of(keys(found, steps), CELL);
        let hours = priced_by::with_price_day(hours, found, steps).with_columns([cells.number()]);
        let mut sums: Vec<Expr> =
            priced_by::sums(found).into_iter().map(|(name, sum)| sum.alias(name)).collect();
        sums.extend([REQUESTS, PROMPTS].map(|name| col(name).sum()));
        sums.extend(UNREAD_SUMS.map(|name| col(name).cast(DataType::Int128).sum()));
        sums.extend([col(EVENT_TIME).min(), col(LAST_TIME).max()]);
        let sums = hours.clone().group_by([col(CELL)]).agg(sums);
        let sums = sums.collect_with_engine(Engine::Streaming)?.unwrap_single();
        let wide = if found.holds_beyond() { DataType::Int128 } else { DataType::Int64 };
        if sums.height() == 0 {
            return Ok(Self { hours, sums, includes_cache: None, wide });
        }
        let keyed = cells.frame()?.lazy();
        let keyed = keyed.join_builder().with(sums.lazy()).on([col(CELL)]).how(JoinType::Inner);
        let keyed = priced_by::with_unknown(keyed.finish(), found, steps).collect()?;
        let (sums, includes_cache) = with_includes_cache(keyed, book)?;
        let sums = with_classes(sums.lazy(), classes).collect()?;
        Ok(Self { hours, sums, includes_cache, wide })
    }

    /// The first and the last instant of calls; none without any.
    ///
    /// # Errors
    /// Never in practice.
    pub fn ends(&self) -> PolarsResult<Option<(DateTime<Utc>, DateTime<Utc>)>> {
        if self.sums.height() == 0 {
            return Ok(None);
        }
        let first = integers(&self.sums, EVENT_TIME)?.into_iter().flatten().min();
        let last = integers(&self.sums, LAST_TIME)?.into_iter().flatten().max();
        let time = |ms: Option<i64>| ms.and_then(DateTime::from_timestamp_millis);
        Ok(time(first).zip(time(last)))
    }

    /// A row per cell, to be priced ([`cost::cells::with_cost`](priced_by::with_cost)).
    pub fn sums(&self) -> &DataFrame {
        &self.sums
    }

    pub(super) fn hours(&self) -> LazyFrame {
        self.hours.clone()
    }

    /// What holds the sum of the counts of a call, and of many calls.
    pub(super) fn wide(&self) -> DataType {
        self.wide.clone()
    }

    /// Lists of the input tokens of calls outside the cache, null where unknown.
    pub(super) fn inputs(&self) -> Expr {
        match &self.includes_cache {
            Some(includes) => when(includes.value().gt(lit(0_i64)))
                .then(col(INPUTS_OUTSIDE))
                .otherwise(col(INPUTS)),
            None => col(INPUTS),
        }
    }
}

/// Rows with lists of the same lengths, a row per value.
pub(super) fn one_by_one<const N: usize>(rows: LazyFrame, lists: [&str; N]) -> LazyFrame {
    let values = ExplodeOptions { empty_as_null: false, keep_nulls: false };
    rows.explode(by_name(lists, true, false), values)
}

fn with_includes_cache(
    mut cells: DataFrame,
    book: &PriceBook,
) -> PolarsResult<(DataFrame, Option<OfCells>)> {
    let (model_ids, regions) = (texts(&cells, MODEL_ID)?, texts(&cells, REGION)?);
    let (tiers, days) = (texts(&cells, SERVICE_TIER)?, days(&cells, PRICE_DAY)?);
    let includes_cache = (0..cells.height()).map(|cell| {
        let quote = book.quote(&Query {
            model_id: model_ids[cell].as_deref(),
            region: regions[cell].as_deref(),
            service_tier: tiers[cell].as_deref(),
            day: days[cell],
        });
        quote.model.is_some_and(|model| model.input_includes_cache)
    });
    let includes_cache: Vec<bool> = includes_cache.collect();
    let any = includes_cache.contains(&true);
    cells.with_column(Series::new(INCLUDES_CACHE.into(), includes_cache).into())?;
    let of_cells = any.then(|| OfCells::of(&cells, INCLUDES_CACHE)).transpose()?;
    Ok((cells, of_cells))
}

/// With the columns of [`PriceKey`](super::groups::PriceKey), and how many of the bounds are exceeded.
fn with_classes(cells: LazyFrame, classes: &Classes) -> LazyFrame {
    let includes = || when(col(INCLUDES_CACHE));
    let input = includes().then(col(INPUT_WITH_CACHE)).otherwise(col(INPUT_BESIDE_CACHE));
    let (both, number) = (|| col(FOOTPRINT), lit(classes.footprints()));
    let footprint = includes().then(both() % number.clone()).otherwise(both().floor_div(number));
    cells.with_columns([
        col(PRICE_DAY).alias(KEY_DAY),
        exceeded(&input, &classes.context).alias(CONTEXT_CLASS),
        footprint.alias(FOOTPRINT_CLASS),
    ])
}

//! Requests as what-ifs read them: each a few numbers, and the *cell* that it shares the rest with.
//!
//! A cell is what requests have in common that their cost depends on
//! ([`cost::cells`](crate::metrics::cost::cells)), and who made them. Sums of a cell are priced as one,
//! and what depends on names is asked of hundreds of cells in place of millions of requests.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use polars::prelude::{
    Column, DataFrame, DataType, Expr, Field, Int64Chunked, IntoColumn, IntoLazy, JoinType,
    LazyFrame, NULL, NamedFrom, PolarsResult, Series, UnionArgs, UniqueKeepStrategy, col, concat,
    len, lit, when,
};

use super::combinations::Combinations;
use super::groups::{Classes, exceeded};
use crate::metrics::cost::cells::{self as priced_by, Found, Steps};
use crate::metrics::numbered::numbered;
use crate::metrics::small_frame::{days, integers, texts};
use crate::metrics::window::in_period;
use crate::period::Period;
use crate::prices::{PriceBook, Query};
use crate::schema::cost::billing::{
    INPUT_BESIDE_CACHE, INPUT_WITH_CACHE, WRITTEN, WRITTEN_1H, WRITTEN_DEFAULT,
};
use crate::schema::cost::quote::PRICE_DAY;
use crate::schema::invocation::{
    ACCOUNT_ID, CACHE_READ_INPUT_TOKENS, CACHE_WRITE_1H_INPUT_TOKENS, EVENT_TIME, INPUT_TOKENS,
    MODEL, MODEL_ID, OPERATION, OUTPUT_TOKENS, PRINCIPAL, PRINCIPAL_TYPE, PROMPT_HASH, REGION,
    REQUEST_ID, ROUTING, SERVICE_TIER, STOP_REASON,
};
use crate::schema::usage::derived::{FROM, TO};
use crate::schema::usage::metric::REQUESTS;
use crate::schema::what_if::{
    CELL, CONTEXT_CLASS, FOOTPRINT, FOOTPRINT_CLASS, INCLUDES_CACHE, KEY_DAY, LIFETIME_UNKNOWN,
    PROMPT, PROMPTS,
};

/// Who made a request of whom, beside what its price depends on.
const NAMES: [&str; 6] = [ACCOUNT_ID, MODEL, ROUTING, PRINCIPAL, PRINCIPAL_TYPE, OPERATION];

/// Sums that follow from others.
const DERIVED: [&str; 3] = [WRITTEN_DEFAULT, INPUT_BESIDE_CACHE, INPUT_WITH_CACHE];

/// Makes [`Calls`] of rows.
#[derive(Debug)]
pub struct Sieve {
    found: Found,
    steps: Steps,
    classes: Classes,
    /// The counts that are known of some rows.
    counts: Vec<&'static str>,
    /// What each of them fits.
    count_type: DataType,
    cells: Combinations,
}

impl Sieve {
    /// For rows that hold what [`extremes`](priced_by::extremes) has found, or less.
    ///
    /// # Errors
    /// When the frame is another one.
    pub fn new(extremes: &DataFrame, steps: Steps, classes: Classes) -> PolarsResult<Self> {
        let found = Found::read(extremes)?;
        let counts = priced_by::sums(&found).into_iter().map(|(name, _)| name);
        let counts: Vec<_> = counts.filter(|name| !DERIVED.contains(name)).collect();
        let mut is_small = true;
        for column in extremes.columns().iter().map(|column| column.name().as_str()) {
            let most = integers(extremes, column)?.first().copied().flatten();
            let is_count = column != FROM && column != TO;
            is_small &= !is_count || most.is_none_or(|most| u32::try_from(most).is_ok());
        }
        let keys = NAMES.into_iter().chain(priced_by::keys(&found, &steps));
        let keys = keys.chain([FOOTPRINT, LIFETIME_UNKNOWN]).collect();
        let count_type = if is_small { DataType::UInt32 } else { DataType::Int64 };
        let cells = Combinations::of(keys);
        Ok(Self { found, steps, classes, counts, count_type, cells })
    }

    /// Rows as calls: cell, time, counts, and the prompt's hash as a number. Rows without a time are
    /// left out.
    pub fn sieved(&self, rows: LazyFrame) -> LazyFrame {
        self.keyed(rows).select(self.columns())
    }

    /// As [`Self::sieved`], of these instants only, with what calls of one instant are put in order by.
    pub fn sieved_at(&self, rows: LazyFrame, instants: &[i64]) -> LazyFrame {
        let mut columns = self.columns();
        columns.extend([REQUEST_ID, STOP_REASON].map(col));
        self.keyed(rows.filter(is_at(instants))).select(columns)
    }

    fn keyed(&self, rows: LazyFrame) -> LazyFrame {
        let unknown = col(CACHE_WRITE_1H_INPUT_TOKENS).is_null().alias(LIFETIME_UNKNOWN);
        let rows = rows.filter(col(EVENT_TIME).is_not_null());
        priced_by::with_keys(rows, &self.found, &self.steps)
            .with_columns([self.footprint(), unknown])
    }

    fn columns(&self) -> Vec<Expr> {
        let mut columns = vec![self.cells.number(), col(EVENT_TIME)];
        columns.extend(self.counts.iter().map(|count| col(*count).cast(self.count_type.clone())));
        columns.push(numbered(col(PROMPT_HASH)).alias(PROMPT));
        columns
    }

    /// How many of the bounds all tokens exceed, counted with and beside the cached ones.
    fn footprint(&self) -> Expr {
        let bounds = &self.classes.footprint;
        let over = |input: &str| {
            exceeded(&(col(input) + col(OUTPUT_TOKENS).fill_null(lit(0_i64))), bounds)
        };
        let both = over(INPUT_BESIDE_CACHE) * self.footprints() + over(INPUT_WITH_CACHE);
        both.alias(FOOTPRINT)
    }

    fn footprints(&self) -> Expr {
        lit(i64::try_from(self.classes.footprint.len()).unwrap_or(i64::MAX - 1) + 1)
    }
}

/// The requests of some time.
#[derive(Debug)]
pub struct Calls {
    rows: DataFrame,
    /// The first and the last instant.
    ends: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// By their number.
    cells: DataFrame,
    sieve: Sieve,
}

impl Calls {
    /// Of collected [`Sieve::sieved`] rows, at least one.
    ///
    /// # Errors
    /// When the frame is another one.
    pub fn new(sieve: Sieve, rows: DataFrame, book: &PriceBook) -> PolarsResult<Self> {
        let keys = priced_by::other_keys(&sieve.found, &sieve.steps);
        let mut cells = sieve.cells.frame()?.lazy().with_columns(keys).collect()?;
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
        let includes_cache = includes_cache.collect::<Vec<_>>();
        cells.with_column(Series::new(INCLUDES_CACHE.into(), includes_cache).into())?;
        let ends = ends(rows.clone().lazy())?;
        Ok(Self { rows, ends, cells, sieve })
    }

    /// What makes calls of rows.
    pub fn sieve(&self) -> &Sieve {
        &self.sieve
    }

    /// The first and the last instant of calls in the period, or of all; none without any.
    ///
    /// # Errors
    /// When the frame is another one.
    pub fn ends(
        &self,
        period: Option<Period>,
    ) -> PolarsResult<Option<(DateTime<Utc>, DateTime<Utc>)>> {
        match period {
            Some(period) => ends(self.inside(period)),
            None => Ok(self.ends),
        }
    }

    pub(super) fn rows(&self) -> LazyFrame {
        self.rows.clone().lazy()
    }

    /// As [`Self::rows`], those of these instants as given, which are [`Sieve::sieved_at`] rows.
    pub(super) fn rows_with(&self, at: &DataFrame, instants: &[i64]) -> PolarsResult<LazyFrame> {
        let unknown = [REQUEST_ID, STOP_REASON];
        let unknown = unknown.map(|name| lit(NULL).cast(DataType::String).alias(name));
        let others = self.rows().filter(is_at(instants).not()).with_columns(unknown);
        concat([others, at.clone().lazy()], UnionArgs::default())
    }

    /// The calls of a period.
    pub fn inside(&self, period: Period) -> LazyFrame {
        let all = self.ends.is_some_and(|(first, last)| period.from <= first && last < period.to);
        if all { self.rows() } else { in_period(self.rows(), period) }
    }

    /// What calls are put in order by, of rows that [`Self::rows_with`] has given ids.
    pub(super) fn order(&self) -> Vec<Expr> {
        let output = self.sieve.counts.contains(&OUTPUT_TOKENS).then_some(OUTPUT_TOKENS);
        let order = [EVENT_TIME, REQUEST_ID, STOP_REASON].into_iter().chain(output);
        order.map(col).collect()
    }

    pub(super) fn columns(&self) -> &DataFrame {
        &self.rows
    }

    /// The cells by number, with the names of `invocations`.
    pub(super) fn cells(&self) -> LazyFrame {
        self.cells.clone().lazy()
    }

    /// Cells with a number for each combination of these columns, `Int64`.
    pub(super) fn coded(&self, by: &[&'static str], name: &'static str) -> PolarsResult<OfCells> {
        let keys: Vec<Expr> = by.iter().map(|column| col(*column)).collect();
        let distinct = self.cells().select(&keys).unique(None, UniqueKeepStrategy::Any);
        let coded = self.cells().join_builder().with(distinct.with_row_index(name, None)).on(&keys);
        let coded = coded.how(JoinType::Inner).join_nulls(true).finish();
        OfCells::of(&coded.select([CELL, name].map(col)).collect()?, name)
    }

    /// A count of a call, 0 where it is unknown.
    pub(super) fn count(&self, count: &str) -> Expr {
        if self.sieve.counts.contains(&count) {
            col(count).cast(DataType::Int64).fill_null(lit(0_i64))
        } else {
            lit(0_i64)
        }
    }

    /// Input tokens outside the cache of a call, `Int64`, null where unknown.
    ///
    /// # Errors
    /// Never in practice.
    pub(super) fn uncached_input(&self) -> PolarsResult<Expr> {
        if !self.sieve.counts.contains(&INPUT_TOKENS) {
            return Ok(lit(NULL).cast(DataType::Int64));
        }
        let logged = col(INPUT_TOKENS).cast(DataType::Int64);
        if !self.cells.column(INCLUDES_CACHE)?.bool()?.any() {
            return Ok(logged);
        }
        let wide = |count: &str| self.count(count).cast(self.wide());
        let input = || col(INPUT_TOKENS).cast(self.wide());
        let rest = || input() - wide(CACHE_READ_INPUT_TOKENS) - wide(WRITTEN);
        let zero = lit(0_i64).cast(self.wide());
        let outside = when(rest().lt(zero.clone())).then(zero).otherwise(rest());
        let includes = OfCells::of(&self.cells, INCLUDES_CACHE)?.value().gt(lit(0_i64));
        Ok(when(includes).then(outside.cast(DataType::Int64)).otherwise(logged))
    }

    /// What holds the sum of the counts of a call, and of many calls whose counts are small.
    pub(super) fn wide(&self) -> DataType {
        match self.sieve.count_type {
            DataType::UInt32 => DataType::Int64,
            _ => DataType::Int128,
        }
    }

    /// Sum of a 64-bit number of calls that is made of their counts.
    pub(super) fn sum(&self, column: &str) -> Expr {
        col(column).cast(self.wide()).sum().alias(column)
    }

    /// Sums of calls per cell, and more columns of theirs, to be priced
    /// ([`cost::cells::with_cost`](priced_by::with_cost)).
    pub fn sums(&self, calls: LazyFrame, by: &[&'static str]) -> LazyFrame {
        let found = &self.sieve.found;
        let known = &self.sieve.counts;
        let widened = known.iter().map(|count| col(*count).cast(DataType::Int64));
        let mut measures: Vec<Expr> =
            priced_by::sums(found).into_iter().map(|(name, sum)| sum.alias(name)).collect();
        measures.push(len().cast(DataType::Int64).alias(REQUESTS));
        measures.push(col(PROMPT).count().cast(DataType::Int64).alias(PROMPTS));
        let keys: Vec<Expr> = [CELL].iter().chain(by).map(|key| col(*key)).collect();
        let sums = calls
            .with_columns(widened.collect::<Vec<_>>())
            .with_columns(self.derived())
            .group_by(keys)
            .agg(measures);
        let on = [col(CELL)];
        let summed = sums.join_builder().with(self.cells()).on(on).how(JoinType::Inner).finish();
        let includes = || when(col(INCLUDES_CACHE));
        let input = includes().then(col(INPUT_WITH_CACHE)).otherwise(col(INPUT_BESIDE_CACHE));
        let (both, number) = (|| col(FOOTPRINT), self.sieve.footprints());
        let footprint =
            includes().then(both() % number.clone()).otherwise(both().floor_div(number));
        priced_by::with_unknown(summed, found, &self.sieve.steps).with_columns([
            col(PRICE_DAY).alias(KEY_DAY),
            exceeded(&input, &self.sieve.classes.context).alias(CONTEXT_CLASS),
            footprint.alias(FOOTPRINT_CLASS),
        ])
    }

    /// The columns of [`DERIVED`] that the others allow for.
    fn derived(&self) -> Vec<Expr> {
        let wide = |count: &str| self.count(count).cast(self.wide());
        let cached = || wide(CACHE_READ_INPUT_TOKENS) + wide(WRITTEN);
        let input = || wide(INPUT_TOKENS);
        let larger = when(input().gt(cached())).then(input()).otherwise(cached());
        let mut derived =
            vec![(input() + cached()).alias(INPUT_BESIDE_CACHE), larger.alias(INPUT_WITH_CACHE)];
        if self.sieve.counts.contains(&WRITTEN) {
            derived.push((col(WRITTEN) - self.count(WRITTEN_1H)).alias(WRITTEN_DEFAULT));
        }
        derived
    }
}

/// A number per cell, to be looked up for calls: a join of millions of rows takes ten times as long.
#[derive(Debug, Clone)]
pub(super) struct OfCells(Arc<Vec<Option<i64>>>);

impl OfCells {
    /// Of a small frame with the cells' numbers and this column, which is cast to 64 bits.
    pub(super) fn of(df: &DataFrame, column: &str) -> PolarsResult<Self> {
        let mut numbers: Vec<Option<i64>> = Vec::new();
        for (cell, number) in integers(df, CELL)?.into_iter().zip(integers(df, column)?) {
            let Some(cell) = cell.and_then(|cell| usize::try_from(cell).ok()) else { continue };
            if cell >= numbers.len() {
                numbers.resize(cell + 1, None);
            }
            numbers[cell] = number;
        }
        Ok(Self(Arc::new(numbers)))
    }

    /// The number of a call's cell, `Int64`; null where the frame doesn't have the cell.
    pub(super) fn value(&self) -> Expr {
        let numbers = Arc::clone(&self.0);
        let value = move |cells: Column| -> PolarsResult<Column> {
            let values = cells.u32()?.iter().map(|cell| {
                cell.and_then(|cell| numbers.get(usize::try_from(cell).ok()?).copied().flatten())
            });
            let values: Int64Chunked = values.collect();
            Ok(values.with_name(CELL.into()).into_column())
        };
        let field = |_: &_, field: &Field| Ok(Field::new(field.name().clone(), DataType::Int64));
        col(CELL).map(value, field)
    }
}

fn ends(calls: LazyFrame) -> PolarsResult<Option<(DateTime<Utc>, DateTime<Utc>)>> {
    let ends = [col(EVENT_TIME).min().alias(FROM), col(EVENT_TIME).max().alias(TO)];
    let ends = calls.select(ends).collect()?;
    let end = |name| -> PolarsResult<Option<DateTime<Utc>>> {
        let time = integers(&ends, name)?.first().copied().flatten();
        Ok(time.and_then(DateTime::from_timestamp_millis))
    };
    Ok(end(FROM)?.zip(end(TO)?))
}

fn is_at(instants: &[i64]) -> Expr {
    let instants = Series::new(EVENT_TIME.into(), instants);
    col(EVENT_TIME).cast(DataType::Int64).is_in(lit(instants).implode(false), false)
}

//! Requests as those that look at one after the other read them: each a few numbers, and the *cell* that
//! it shares the rest with.
//!
//! A cell is what requests have in common that their cost depends on
//! ([`cost::cells`](crate::metrics::cost::cells)), and who made them. What depends on names is asked of
//! hundreds of cells in place of millions of requests.

use std::sync::Arc;

use polars::prelude::{
    Column, DataFrame, DataType, Expr, Field, Int64Chunked, IntoColumn, IntoLazy, JoinType,
    LazyFrame, NULL, NamedFrom, PolarsResult, Series, UnionArgs, UniqueKeepStrategy, col, concat,
    lit, when,
};

use super::groups::{Classes, exceeded};
use crate::metrics::combinations::Combinations;
use crate::metrics::cost::cells::{self as priced_by, Found, Steps};
use crate::metrics::numbered::numbered;
use crate::metrics::small_frame::integers;
use crate::schema::cost::billing::{
    INPUT_BESIDE_CACHE, INPUT_WITH_CACHE, WRITTEN, WRITTEN_1H, WRITTEN_DEFAULT,
};
use crate::schema::invocation::{
    ACCOUNT_ID, CACHE_READ_INPUT_TOKENS, CACHE_WRITE_1H_INPUT_TOKENS, EVENT_TIME, INPUT_TOKENS,
    MODEL, OBJECT, OPERATION, OUTPUT_TOKENS, PRINCIPAL, PRINCIPAL_TYPE, PROMPT_HASH, RECORD,
    REQUEST_ID, ROUTING,
};
use crate::schema::what_if::{CALL, CELL, FOOTPRINT, LIFETIME_UNKNOWN, PROMPT};

/// Who made a request of whom, beside what its price depends on.
const NAMES: [&str; 6] = [ACCOUNT_ID, MODEL, ROUTING, PRINCIPAL, PRINCIPAL_TYPE, OPERATION];

/// What calls of one instant are put in order by, behind the id where they lie: those of old logs have none.
const IN_ORDER: [(&str, DataType); 3] =
    [(REQUEST_ID, DataType::String), (OBJECT, DataType::String), (RECORD, DataType::Int64)];

/// Sums that follow from others.
const DERIVED: [&str; 3] = [WRITTEN_DEFAULT, INPUT_BESIDE_CACHE, INPUT_WITH_CACHE];

/// What requests of one cell agree in.
pub(super) fn keys(found: &Found, steps: &Steps) -> Vec<&'static str> {
    let keys = NAMES.into_iter().chain(priced_by::keys(found, steps));
    keys.chain([FOOTPRINT, LIFETIME_UNKNOWN]).collect()
}

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
    /// For rows that hold what was found, or less.
    pub fn new(found: Found, steps: Steps, classes: Classes) -> Self {
        let counts = priced_by::sums(&found).into_iter().map(|(name, _)| name);
        let counts: Vec<_> = counts.filter(|name| !DERIVED.contains(name)).collect();
        let is_small = found.holds_at_most(i64::from(u32::MAX));
        let count_type = if is_small { DataType::UInt32 } else { DataType::Int64 };
        let cells = Combinations::of(keys(&found, &steps), CELL);
        Self { found, steps, classes, counts, count_type, cells }
    }

    /// Rows as calls: cell, time, counts, and the prompt's hash as a number. Rows without a time are
    /// left out.
    pub fn sieved(&self, rows: LazyFrame) -> LazyFrame {
        self.keyed(rows).select(self.columns())
    }

    /// As [`Self::sieved`], of these instants only, with what calls of one instant are put in order by.
    pub fn sieved_at(&self, rows: LazyFrame, instants: &[i64]) -> LazyFrame {
        let mut columns = self.columns();
        columns.extend(IN_ORDER.map(|(name, _)| col(name)));
        // Keyed as all rows were: some are numbered.
        self.keyed(rows).filter(is_at(instants)).select(columns)
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
        let both =
            over(INPUT_BESIDE_CACHE) * lit(self.classes.footprints()) + over(INPUT_WITH_CACHE);
        both.alias(FOOTPRINT)
    }
}

/// The requests of some time, each with its number as [`CALL`].
#[derive(Debug)]
pub struct Calls {
    rows: DataFrame,
    /// By their number.
    cells: DataFrame,
    sieve: Sieve,
    /// Whether calls of one instant can be put in order by their ids.
    has_ids: bool,
}

impl Calls {
    /// Of collected [`Sieve::sieved`] rows.
    ///
    /// # Errors
    /// When the frame is another one.
    pub fn new(sieve: Sieve, rows: &DataFrame) -> PolarsResult<Self> {
        let keys = priced_by::other_keys(&sieve.found, &sieve.steps);
        let cells = sieve.cells.frame()?.lazy().with_columns(keys).collect()?;
        Ok(Self { rows: rows.with_row_index(CALL.into(), None)?, cells, sieve, has_ids: false })
    }

    /// The same, with ids for the calls of these instants; `at` are the collected
    /// [`Sieve::sieved_at`] rows of them.
    ///
    /// # Errors
    /// When the frame is another one.
    pub fn with_ids(self, at: &DataFrame, instants: &[i64]) -> PolarsResult<Self> {
        let unknown = IN_ORDER.map(|(name, data_type)| lit(NULL).cast(data_type).alias(name));
        let others = self.rows().filter(is_at(instants).not()).with_columns(unknown);
        let names = at.get_column_names_owned().into_iter().map(col).collect::<Vec<_>>();
        let rows = concat([others.select(names), at.clone().lazy()], UnionArgs::default())?;
        Ok(Self { has_ids: true, ..Self::new(self.sieve, &rows.collect()?)? })
    }

    /// What makes calls of rows.
    pub fn sieve(&self) -> &Sieve {
        &self.sieve
    }

    pub(super) fn found(&self) -> &Found {
        &self.sieve.found
    }

    pub(super) fn has_ids(&self) -> bool {
        self.has_ids
    }

    pub(super) fn rows(&self) -> LazyFrame {
        self.rows.clone().lazy()
    }

    /// What calls are put in order by.
    pub(super) fn order(&self) -> Vec<&'static str> {
        if !self.has_ids {
            return vec![EVENT_TIME];
        }
        [EVENT_TIME].into_iter().chain(IN_ORDER.map(|(name, _)| name)).collect()
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

    /// Input tokens outside the cache of a call, `Int64`, where the model logs the cached ones inside its
    /// input; null where unknown.
    pub(super) fn input_outside_cache(&self) -> Expr {
        let wide = |count: &str| self.count(count).cast(self.wide());
        let rest = || wide(INPUT_TOKENS) - wide(CACHE_READ_INPUT_TOKENS) - wide(WRITTEN);
        let zero = lit(0_i64).cast(self.wide());
        let outside = when(rest().lt(zero.clone())).then(zero).otherwise(rest());
        when(self.logged_input().is_null()).then(lit(NULL)).otherwise(outside).cast(DataType::Int64)
    }

    /// Input tokens of a call as logged, `Int64`, null where unknown.
    pub(super) fn logged_input(&self) -> Expr {
        if self.sieve.counts.contains(&INPUT_TOKENS) {
            col(INPUT_TOKENS).cast(DataType::Int64)
        } else {
            lit(NULL).cast(DataType::Int64)
        }
    }

    /// What holds the sum of the counts of a call, and of many calls whose counts are small.
    pub(super) fn wide(&self) -> DataType {
        match self.sieve.count_type {
            DataType::UInt32 => DataType::Int64,
            _ => DataType::Int128,
        }
    }

    /// Calls with every count that is added up.
    pub(super) fn with_counts(&self, calls: LazyFrame) -> LazyFrame {
        let known = self.sieve.counts.iter();
        let widened = known.map(|count| col(*count).cast(DataType::Int64));
        calls.with_columns(widened.collect::<Vec<_>>()).with_columns(self.derived())
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

fn is_at(instants: &[i64]) -> Expr {
    let instants = Series::new(EVENT_TIME.into(), instants);
    col(EVENT_TIME).cast(DataType::Int64).is_in(lit(instants).implode(false), false)
}

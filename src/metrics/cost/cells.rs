//! Costing sums instead of rows: what rows must have in common for their sum to be priced as one.
//!
//! Cost is a sum of products, count × price, so rows with the same prices can be added up first. What
//! is not linear becomes part of the key, so that within a cell it is the same for every row: which
//! counts are unknown, zero or more ([`cell::SHAPE`]), whether the cached tokens exceed the input
//! that may include them, on which side of every long-context threshold the input lies
//! ([`cell::BAND`]), whether the call failed or a guardrail intervened. Then the expressions that
//! cost a row cost a cell, to the last digit; a test holds the two against each other.
//!
//! Most logs never use most counts. [`extremes`] finds out which they use, and nothing is computed
//! for the others: with 3 million requests that halves the time.

use chrono::{DateTime, NaiveDate};
use polars::prelude::{
    AnyValue, DataFrame, DataType, Expr, LazyFrame, Literal, NULL, PolarsResult, Scalar, col, lit,
    when,
};

use super::expressions::{any, billing_columns, is_over};
use super::{costed, image_pixels, price_day};
use crate::prices::CacheConvention;
use crate::schema::cost::billing::{
    FAILED, INPUT_BESIDE_CACHE, INPUT_WITH_CACHE, INTERVENED, QUERIES, TEXT_REQUESTS, WRITTEN,
    WRITTEN_1H, WRITTEN_DEFAULT,
};
use crate::schema::cost::quote::{IMAGE_PIXELS, PRICE_DAY};
use crate::schema::invocation::{
    CACHE_READ_INPUT_TOKENS, CACHE_WRITE_1H_INPUT_TOKENS, CACHE_WRITE_INPUT_TOKENS, EVENT_TIME,
    INPUT_IMAGES, INPUT_TOKENS, MODEL_ID, OUTPUT_IMAGE_QUALITY, OUTPUT_IMAGE_WIDTH, OUTPUT_IMAGES,
    OUTPUT_TOKENS, OUTPUT_VIDEO_MS, REGION, RERANK_DOCUMENTS, SERVICE_TIER,
};
use crate::schema::usage::cell;
use crate::schema::usage::derived::{FROM, TO};

/// The largest count of a row that shares a cell: more is no request that anybody has made, and up to
/// here the sum of two thousand million rows fits 64 bits. A row with more is a cell of its own.
const MOST: i64 = 1 << 32;

/// Counts as logged, all of which a cost may depend on. They are never negative: such a count in a
/// record is an unknown one.
const COUNTS: [&str; 9] = [
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    CACHE_READ_INPUT_TOKENS,
    CACHE_WRITE_INPUT_TOKENS,
    CACHE_WRITE_1H_INPUT_TOKENS,
    OUTPUT_IMAGES,
    INPUT_IMAGES,
    RERANK_DOCUMENTS,
    OUTPUT_VIDEO_MS,
];

/// A count that is added up, and the logged count without which there is none of it.
struct Summed {
    name: &'static str,
    of: &'static str,
    /// Whether rows are told apart by its being unknown, zero or more. The others follow from these.
    is_told_apart: bool,
}

const fn told_apart(name: &'static str, of: &'static str) -> Summed {
    Summed { name, of, is_told_apart: true }
}

const SUMMED: [Summed; 11] = [
    told_apart(INPUT_TOKENS, INPUT_TOKENS),
    told_apart(OUTPUT_TOKENS, OUTPUT_TOKENS),
    told_apart(CACHE_READ_INPUT_TOKENS, CACHE_READ_INPUT_TOKENS),
    told_apart(WRITTEN, WRITTEN),
    told_apart(WRITTEN_1H, CACHE_WRITE_1H_INPUT_TOKENS),
    told_apart(WRITTEN_DEFAULT, WRITTEN),
    told_apart(OUTPUT_IMAGES, OUTPUT_IMAGES),
    told_apart(INPUT_IMAGES, INPUT_IMAGES),
    told_apart(QUERIES, RERANK_DOCUMENTS),
    told_apart(OUTPUT_VIDEO_MS, OUTPUT_VIDEO_MS),
    Summed { name: TEXT_REQUESTS, of: INPUT_IMAGES, is_told_apart: false },
];

/// Where prices take a step.
#[derive(Debug, Clone)]
pub struct Steps {
    /// Input tokens above which long-context prices hold.
    pub thresholds: Vec<i64>,
    /// UTC days from which on some price is another, in order.
    pub days: Vec<NaiveDate>,
}

/// One row for [`Found::read`]: the largest of each count, null where a count is never known, how
/// often an image has a quality or a size, and the first and the last day.
pub fn extremes(rows: LazyFrame) -> LazyFrame {
    let most = COUNTS.map(|count| col(count).max());
    let known = [OUTPUT_IMAGE_QUALITY, OUTPUT_IMAGE_WIDTH];
    let known = known.map(|column| col(column).count().cast(DataType::Int64));
    let time = || col(EVENT_TIME).cast(DataType::Int64);
    let ends = [time().min().alias(FROM), time().max().alias(TO)];
    rows.select(most.into_iter().chain(known).chain(ends).collect::<Vec<_>>())
}

/// What rows hold of the counts that a cost may depend on.
#[derive(Debug, Clone)]
pub struct Found {
    /// Columns with a known value.
    known: Vec<&'static str>,
    /// The largest counts, by column.
    most: Vec<(&'static str, i64)>,
    /// The first and the last UTC day; none where no time is known.
    days: Option<(NaiveDate, NaiveDate)>,
}

impl Found {
    /// Reads [`extremes`].
    ///
    /// # Errors
    /// When the frame is another one.
    pub fn read(extremes: &DataFrame) -> PolarsResult<Self> {
        let first =
            |name: &str| -> PolarsResult<Option<i64>> { Ok(extremes.column(name)?.i64()?.get(0)) };
        let day = |name| -> PolarsResult<Option<NaiveDate>> {
            let time = first(name)?.and_then(DateTime::from_timestamp_millis);
            Ok(time.map(|time| time.date_naive()))
        };
        let days = day(FROM)?.zip(day(TO)?);
        let mut found = Self { known: Vec::new(), most: Vec::new(), days };
        for count in COUNTS {
            if let Some(most) = first(count)? {
                found.known.push(count);
                found.most.push((count, most));
            }
        }
        for column in [OUTPUT_IMAGE_QUALITY, OUTPUT_IMAGE_WIDTH] {
            if first(column)? > Some(0) {
                found.known.push(column);
            }
        }
        Ok(found)
    }

    /// Whether some rows hold a count beyond [`MOST`]: those must not be added up.
    fn holds_beyond(&self) -> bool {
        self.most.iter().any(|(_, most)| *most > MOST)
    }

    fn knows(&self, column: &str) -> bool {
        match column {
            WRITTEN => {
                self.knows(CACHE_WRITE_INPUT_TOKENS) || self.knows(CACHE_WRITE_1H_INPUT_TOKENS)
            }
            IMAGE_PIXELS => self.knows(OUTPUT_IMAGE_WIDTH),
            logged => self.known.contains(&logged),
        }
    }

    fn has_cache(&self) -> bool {
        self.knows(CACHE_READ_INPUT_TOKENS) || self.knows(WRITTEN)
    }

    /// No row has more input than this, cached tokens included.
    fn most_input(&self) -> i64 {
        let input = [
            INPUT_TOKENS,
            CACHE_READ_INPUT_TOKENS,
            CACHE_WRITE_INPUT_TOKENS,
            CACHE_WRITE_1H_INPUT_TOKENS,
        ];
        let most = self.most.iter().filter(|(count, _)| input.contains(count));
        most.fold(0, |sum, (_, most)| sum.saturating_add(*most))
    }

    fn summed(&self) -> impl Iterator<Item = &'static Summed> {
        SUMMED.iter().filter(|summed| self.knows(summed.of))
    }

    /// With the weight of each in the shape.
    fn told_apart(&self) -> impl Iterator<Item = (&'static Summed, u32)> {
        let weights = std::iter::successors(Some(1_u32), |weight| Some(weight * 3));
        self.summed().filter(|summed| summed.is_told_apart).zip(weights)
    }
}

/// Rows with everything they are told apart by.
pub(crate) fn with_keys(rows: LazyFrame, found: &Found, steps: &Steps) -> LazyFrame {
    let mut priced_by = vec![day_of_same_prices(found, &steps.days)];
    if found.knows(IMAGE_PIXELS) {
        priced_by.push(image_pixels());
    }
    let reachable: Vec<i64> =
        steps.thresholds.iter().copied().filter(|above| *above < found.most_input()).collect();
    let rows = rows.with_columns(priced_by);
    let rows = if found.holds_beyond() {
        let alone = when(is_beyond()).then(col(cell::ALONE) + lit(1)).otherwise(lit(0));
        rows.with_row_index(cell::ALONE, None)
            .with_columns([alone.alias(cell::ALONE)])
            .with_columns(billing_columns(&DataType::Int128))
    } else {
        rows.with_columns(billing_columns(&DataType::Int64))
    };
    rows.with_columns([shape(found), band(&reachable)])
}

/// A day with the prices of the row's day: the first of the rows, or that of the last step until then.
/// Most ranges lie between two steps, and then their rows need not be told apart by day.
fn day_of_same_prices(found: &Found, steps: &[NaiveDate]) -> Expr {
    let day = |day: NaiveDate| {
        let days = (day - NaiveDate::default()).num_days();
        let days = i32::try_from(days).unwrap_or_default();
        Scalar::new(DataType::Date, AnyValue::Date(days)).lit()
    };
    let Some((first, last)) = found.days else { return price_day() };
    let earliest = when(col(EVENT_TIME).is_not_null()).then(day(first)).otherwise(lit(NULL));
    let between = steps.iter().filter(|step| first < **step && **step <= last);
    let of_row = || col(EVENT_TIME).dt().date();
    between
        .fold(earliest, |otherwise, step| {
            when(of_row().gt_eq(day(*step))).then(day(*step)).otherwise(otherwise)
        })
        .alias(PRICE_DAY)
}

/// Columns that rows of a cell agree in.
pub(crate) fn keys(found: &Found) -> impl Iterator<Item = &'static str> {
    let always = [MODEL_ID, REGION, SERVICE_TIER, PRICE_DAY];
    let images = [OUTPUT_IMAGE_QUALITY, IMAGE_PIXELS];
    let images = images.into_iter().filter(|column| found.knows(column));
    let alone = [cell::ALONE].into_iter().filter(|_| found.holds_beyond());
    let numbers = [FAILED, INTERVENED, cell::SHAPE, cell::BAND];
    always.into_iter().chain(images).chain(numbers).chain(alone)
}

/// Sums that pricing needs, with their names: 0 where nothing is known, until
/// [`with_unknown`] tells.
pub(crate) fn sums(found: &Found) -> Vec<(&'static str, Expr)> {
    let sums = found.summed().map(|summed| (summed.name, col(summed.name).sum()));
    // One side of every threshold, so any row of the cell speaks for all.
    let most = [INPUT_BESIDE_CACHE, INPUT_WITH_CACHE].map(|name| (name, col(name).max()));
    sums.chain(most).collect()
}

/// Cells with null for what their rows don't know, and with the columns that no row has.
pub(crate) fn with_unknown(cells: LazyFrame, found: &Found) -> LazyFrame {
    let is_known = |weight: u32| col(cell::SHAPE).floor_div(lit(weight)) % lit(3_u32);
    let known = found.told_apart().map(|(summed, weight)| {
        let sum = col(summed.name);
        when(is_known(weight).gt(lit(0_u32))).then(sum).otherwise(lit(NULL)).alias(summed.name)
    });
    let images = when(col(INPUT_IMAGES).is_not_null()).then(col(TEXT_REQUESTS));
    let images = images.otherwise(lit(NULL)).alias(TEXT_REQUESTS);
    let nothing = |name: &str, data_type| lit(NULL).cast(data_type).alias(name);
    let absent = SUMMED.iter().filter(|summed| !found.knows(summed.of)).map(|summed| {
        match summed.name {
            WRITTEN_1H => lit(0_i64).alias(WRITTEN_1H), // as of a row that doesn't say
            name => nothing(name, DataType::Int64),
        }
    });
    let mut absent: Vec<Expr> = absent.collect();
    if !found.knows(OUTPUT_IMAGE_QUALITY) {
        absent.push(nothing(OUTPUT_IMAGE_QUALITY, DataType::String));
    }
    if !found.knows(IMAGE_PIXELS) {
        absent.push(nothing(IMAGE_PIXELS, DataType::Int64));
    }
    let cells = cells.with_columns(known.collect::<Vec<_>>());
    let cells = if found.knows(INPUT_IMAGES) { cells.with_columns([images]) } else { cells };
    let written = [(WRITTEN, cell::WRITTEN), (WRITTEN_1H, cell::WRITTEN_1H)];
    let written = written.map(|(working, lasting)| col(working).alias(lasting));
    cells.with_columns(absent).with_columns(written)
}

/// The distinct price keys of cells, in any order.
pub fn price_keys(cells: LazyFrame) -> LazyFrame {
    super::distinct_keys(cells)
}

/// Adds the cost columns to cells, by the documented rule for cached tokens. Sums, where there are
/// costs; status and reason hold for each of a cell's rows.
pub fn with_cost(cells: LazyFrame, quotes: LazyFrame) -> LazyFrame {
    with_cost_by(cells, quotes, CacheConvention::Documented)
}

/// As [`with_cost`], with the rule for cached tokens of families that report them inside the input.
pub fn with_cost_by(cells: LazyFrame, quotes: LazyFrame, convention: CacheConvention) -> LazyFrame {
    costed(cells, quotes, convention)
}

fn is_beyond() -> Expr {
    any(COUNTS.into_iter().map(|count| is_over(count, MOST)))
}

/// What the cost of a row depends on beside prices and counts: a digit to the base of three for each
/// count, 0 for unknown, 1 for none, 2 for some, and how the input compares with the cached tokens.
fn shape(found: &Found) -> Expr {
    let digits = found.told_apart().map(|(summed, weight)| {
        let some = col(summed.name).gt(lit(0_i64)).cast(DataType::UInt32);
        (some + lit(1_u32)).fill_null(lit(0_u32)) * lit(weight)
    });
    let shape = digits.reduce(|a, b| a + b).unwrap_or_else(|| lit(0_u32));
    if !found.has_cache() {
        return shape.alias(cell::SHAPE);
    }
    let beyond = 3_u32.pow(u32::try_from(found.told_apart().count()).unwrap_or(u32::MAX));
    // The larger of input and cached tokens is more than the one, the other, or neither.
    let larger = || col(INPUT_WITH_CACHE);
    let input = || col(INPUT_TOKENS).fill_null(lit(0_i64));
    let cached_is_more = larger().gt(input()).cast(DataType::UInt32);
    let input_is_more = larger().gt(col(INPUT_BESIDE_CACHE) - input()).cast(DataType::UInt32);
    let sides = cached_is_more + input_is_more * lit(2_u32);
    (shape + sides * lit(beyond)).alias(cell::SHAPE)
}

/// How many thresholds the input exceeds, counted with and beside the cached tokens.
fn band(thresholds: &[i64]) -> Expr {
    let over = |input: &'static str| {
        let over = thresholds.iter().map(|&above| col(input).gt(lit(above)).cast(DataType::UInt32));
        over.reduce(|a, b| a + b).unwrap_or_else(|| lit(0_u32))
    };
    let width = u32::try_from(thresholds.len() + 1).unwrap_or(u32::MAX);
    (over(INPUT_BESIDE_CACHE) * lit(width) + over(INPUT_WITH_CACHE)).alias(cell::BAND)
}

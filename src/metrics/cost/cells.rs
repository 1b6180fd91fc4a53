//! Costing sums instead of rows: what rows must have in common for their sum to be priced as one.
//!
//! Cost is a sum of products, count × price, so rows with the same prices can be added up first. What
//! is not linear becomes part of the key, so that within a cell it is the same for every row: which
//! counts are unknown, zero or more, whether the cached tokens exceed the input that may include
//! them, on which side of every long-context threshold the input lies, whether the call failed or a
//! guardrail intervened. The module `shape` makes one number of all that. Then the expressions
//! that cost a row cost a cell, to the last digit; a test holds the two against each other.
//!
//! Most logs never use most counts. [`extremes`] finds out which they use, and nothing is computed
//! for the others: with 3 million requests that halves the time.

use chrono::{DateTime, NaiveDate};
use polars::prelude::{
    AnyValue, DataFrame, DataType, Expr, LazyFrame, Literal, NULL, PolarsResult, Scalar, col, lit,
    when,
};

use super::expressions::{any, billing_columns, is_over};
use super::shape::Shape;
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
/// here it fits 32 bits and the sum of two thousand million rows 64. A row with more is a cell of its own.
pub(crate) const MOST: i64 = (1 << 32) - 1;

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

/// Other columns that a price depends on, most of which most logs never know.
const OTHER_KEYS: [&str; 3] = [SERVICE_TIER, OUTPUT_IMAGE_QUALITY, OUTPUT_IMAGE_WIDTH];

/// One row for [`Found::read`]: the largest of each count, null where a count is never known, how
/// often the other columns are known, how often the time is not, and the first and the last time.
pub fn extremes(rows: LazyFrame) -> LazyFrame {
    let most = COUNTS.map(|count| col(count).max());
    let known = OTHER_KEYS.map(|column| col(column).count().cast(DataType::Int64));
    let time = || col(EVENT_TIME).cast(DataType::Int64);
    let ends = [time().min().alias(FROM), time().max().alias(TO)];
    let untimed = [col(EVENT_TIME).null_count().cast(DataType::Int64)];
    rows.select(most.into_iter().chain(known).chain(ends).chain(untimed).collect::<Vec<_>>())
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
    /// Whether some time is unknown.
    holds_untimed: bool,
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
        let holds_untimed = first(EVENT_TIME)? != Some(0);
        let mut found = Self { known: Vec::new(), most: Vec::new(), days, holds_untimed };
        for count in COUNTS {
            if let Some(most) = first(count)? {
                found.known.push(count);
                found.most.push((count, most));
            }
        }
        for column in OTHER_KEYS {
            if first(column)? > Some(0) {
                found.known.push(column);
            }
        }
        Ok(found)
    }

    /// Of rows that may hold anything but counts beyond [`MOST`], of some UTC days.
    pub(crate) fn anything(days: (NaiveDate, NaiveDate)) -> Self {
        Self {
            known: COUNTS.into_iter().chain(OTHER_KEYS).collect(),
            most: COUNTS.map(|count| (count, MOST)).to_vec(),
            days: Some(days),
            holds_untimed: false,
        }
    }

    /// Whether some rows hold a count beyond [`MOST`]: those must not be added up.
    pub(crate) fn holds_beyond(&self) -> bool {
        !self.holds_at_most(MOST)
    }

    /// Whether no row holds a count beyond this.
    pub(crate) fn holds_at_most(&self, bound: i64) -> bool {
        self.most.iter().all(|(_, most)| *most <= bound)
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

    /// The steps that prices take between the first and the last day.
    fn steps_within<'s>(&self, steps: &'s Steps) -> impl Iterator<Item = NaiveDate> + use<'s> {
        let days = self.days;
        let is_within = move |(first, last), step: NaiveDate| first < step && step <= last;
        let steps = steps.days.iter().copied();
        steps.filter(move |step| days.is_some_and(|days| is_within(days, *step)))
    }

    /// The day whose prices hold for all rows, if there is one.
    fn only_day(&self, steps: &Steps) -> Option<NaiveDate> {
        let (first, _) = self.days.filter(|_| !self.holds_untimed)?;
        self.steps_within(steps).next().is_none().then_some(first)
    }

    /// Thresholds that some row's input may exceed.
    fn reachable(&self, steps: &Steps) -> Vec<i64> {
        let most = self.most_input();
        steps.thresholds.iter().copied().filter(|above| *above < most).collect()
    }

    /// What tells rows apart, as one number.
    fn shape(&self, steps: &Steps) -> Shape {
        let told_apart = self.summed().filter(|summed| summed.is_told_apart);
        Shape {
            counts: told_apart.map(|summed| summed.name).collect(),
            cached: [CACHE_READ_INPUT_TOKENS, WRITTEN]
                .into_iter()
                .filter(|c| self.knows(c))
                .collect(),
            has_input: self.knows(INPUT_TOKENS),
            thresholds: self.reachable(steps),
        }
    }
}

/// Rows with everything they are told apart by.
pub(crate) fn with_keys(rows: LazyFrame, found: &Found, steps: &Steps) -> LazyFrame {
    let rows = with_price_day(rows, found, steps);
    let rows = if found.knows(IMAGE_PIXELS) { rows.with_columns([image_pixels()]) } else { rows };
    let rows = if found.holds_beyond() {
        let alone = when(is_beyond()).then(col(cell::ALONE) + lit(1)).otherwise(lit(0));
        rows.with_row_index(cell::ALONE, None)
            .with_columns([alone.alias(cell::ALONE)])
            .with_columns(billing_columns(&DataType::Int128))
    } else {
        rows.with_columns(billing_columns(&DataType::Int64))
    };
    let rows = if found.knows(CACHE_WRITE_1H_INPUT_TOKENS) {
        rows
    } else {
        // All that is written is written for the usual time.
        let written = || col(CACHE_WRITE_INPUT_TOKENS);
        rows.with_columns([written().alias(WRITTEN), written().alias(WRITTEN_DEFAULT)])
    };
    rows.with_columns([found.shape(steps).number().alias(cell::SHAPE)])
}

/// Rows, or sums of rows of one hour, with the day whose prices hold for them, if it isn't the same for all.
pub(crate) fn with_price_day(rows: LazyFrame, found: &Found, steps: &Steps) -> LazyFrame {
    match found.only_day(steps) {
        Some(_) => rows,
        None => rows.with_columns([day_of_same_prices(found, steps)]),
    }
}

/// A day with the prices of the row's day: the first of the rows, or that of the last step until then.
/// Most ranges lie between two steps, and then their rows need not be told apart by day.
fn day_of_same_prices(found: &Found, steps: &Steps) -> Expr {
    let Some((first, _)) = found.days else { return price_day() };
    let earliest = when(col(EVENT_TIME).is_not_null()).then(date(first)).otherwise(lit(NULL));
    let of_row = || col(EVENT_TIME).dt().date();
    found
        .steps_within(steps)
        .fold(earliest, |otherwise, step| {
            when(of_row().gt_eq(date(step))).then(date(step)).otherwise(otherwise)
        })
        .alias(PRICE_DAY)
}

fn date(day: NaiveDate) -> Expr {
    let days = (day - NaiveDate::default()).num_days();
    let days = i32::try_from(days).unwrap_or_default();
    Scalar::new(DataType::Date, AnyValue::Date(days)).lit()
}

/// Columns that rows of a cell agree in.
pub(crate) fn keys(found: &Found, steps: &Steps) -> Vec<&'static str> {
    let mut keys = vec![MODEL_ID, REGION, cell::SHAPE];
    let images = [SERVICE_TIER, OUTPUT_IMAGE_QUALITY, IMAGE_PIXELS];
    keys.extend(images.into_iter().filter(|column| found.knows(column)));
    if found.only_day(steps).is_none() {
        keys.push(PRICE_DAY);
    }
    if found.holds_beyond() {
        keys.push(cell::ALONE);
    }
    keys
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
pub(crate) fn with_unknown(cells: LazyFrame, found: &Found, steps: &Steps) -> LazyFrame {
    let shape = found.shape(steps);
    let known = shape.counts.iter().enumerate().map(|(at, name)| {
        when(Shape::is_known(at)).then(col(*name)).otherwise(lit(NULL)).alias(*name)
    });
    let images = when(col(INPUT_IMAGES).is_not_null()).then(col(TEXT_REQUESTS));
    let images = images.otherwise(lit(NULL)).alias(TEXT_REQUESTS);
    let cells = cells.with_columns(known.collect::<Vec<_>>());
    let cells = if found.knows(INPUT_IMAGES) { cells.with_columns([images]) } else { cells };
    let written = [(WRITTEN, cell::WRITTEN), (WRITTEN_1H, cell::WRITTEN_1H)];
    let written = written.map(|(working, lasting)| col(working).alias(lasting));
    let mut absent = other_keys(found, steps);
    absent.extend(absent_sums(found));
    cells.with_columns(absent).with_columns(written)
}

fn nothing(name: &str, data_type: DataType) -> Expr {
    lit(NULL).cast(data_type).alias(name)
}

/// Counts that no row has.
fn absent_sums(found: &Found) -> impl Iterator<Item = Expr> {
    SUMMED.iter().filter(|summed| !found.knows(summed.of)).map(|summed| {
        match summed.name {
            WRITTEN_1H => lit(0_i64).alias(WRITTEN_1H), // as of a row that doesn't say
            name => nothing(name, DataType::Int64),
        }
    })
}

/// What cost depends on beside [`keys`]: columns that no row has, that are the same in all, or that the
/// shape tells.
pub(crate) fn other_keys(found: &Found, steps: &Steps) -> Vec<Expr> {
    let others = [
        (SERVICE_TIER, DataType::String),
        (OUTPUT_IMAGE_QUALITY, DataType::String),
        (IMAGE_PIXELS, DataType::Int64),
    ];
    let others = others.into_iter().filter(|(name, _)| !found.knows(name));
    let others = others.map(|(name, data_type)| nothing(name, data_type));
    let shape = found.shape(steps);
    let outcome = [shape.failed().alias(FAILED), shape.intervened().alias(INTERVENED)];
    let day = found.only_day(steps).map(|day| date(day).alias(PRICE_DAY));
    others.chain(outcome).chain(day).collect()
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

/// Whether a row holds a count beyond [`MOST`].
pub(crate) fn is_beyond() -> Expr {
    any(COUNTS.into_iter().map(|count| is_over(count, MOST)))
}

//! Quotes for the distinct price keys of a frame: a few thousand rows at most, joined back by key.

use polars::prelude::{DataFrame, DataType, IntoColumn, NamedFrom, PolarsResult, Series};

use crate::schema::cost::PRICE_ROW;
use crate::schema::cost::quote as column;
use crate::schema::invocation::{MODEL_ID, OUTPUT_IMAGE_QUALITY, REGION, SERVICE_TIER};
use crate::units::Usd;

use super::book::{PriceBook, TokenPrices};
use super::quote::{Query, Quote};
use super::units::{ImageSize, UnitPrices};

/// One row per key, in the keys' order: the key, then the columns of
/// [`quote`](crate::schema::cost::quote) and the price row's id.
///
/// # Errors
/// When a key column is missing or mistyped.
pub fn quotes(book: &PriceBook, keys: &DataFrame) -> PolarsResult<DataFrame> {
    let model_ids = keys.column(MODEL_ID)?.str()?;
    let regions = keys.column(REGION)?.str()?;
    let tiers = keys.column(SERVICE_TIER)?.str()?;
    let days = keys.column(column::PRICE_DAY)?.date()?;
    let qualities = keys.column(OUTPUT_IMAGE_QUALITY)?.str()?;
    let pixels = keys.column(column::IMAGE_PIXELS)?.i64()?;

    let mut rows = QuoteColumns::default();
    let records = model_ids.iter().zip(regions.iter()).zip(tiers.iter()).zip(days.as_date_iter());
    let images = qualities.iter().zip(pixels.iter());
    for ((((model_id, region), service_tier), day), (quality, pixels)) in records.zip(images) {
        let quote = book.quote(&Query { model_id, region, service_tier, day });
        rows.push(&quote, ImageSize { quality, pixels, resolution: None });
    }
    rows.beside(keys)
}

/// The quote columns being filled, row by row.
#[derive(Default)]
struct QuoteColumns {
    reason: Vec<Option<&'static str>>,
    price_row: Vec<Option<String>>,
    includes_cache: Vec<bool>,
    bills_tokens: Vec<bool>,
    bills_input_images: Vec<bool>,
    long_context_above: Vec<Option<i64>>,
    tokens: Vec<TokenPrices>,
    long_tokens: Vec<TokenPrices>,
    units: Vec<UnitPrices>,
}

impl QuoteColumns {
    fn push(&mut self, quote: &Quote<'_>, image: ImageSize<'_>) {
        let row = quote.price.ok();
        let long = row.and_then(|row| row.long_context);
        self.reason.push(quote.price.err());
        self.price_row.push(row.map(|row| row.id.clone()));
        self.includes_cache.push(quote.model.is_some_and(|model| model.input_includes_cache));
        self.bills_tokens.push(row.is_some_and(|row| row.tokens.any()));
        self.bills_input_images.push(row.is_some_and(super::PriceRow::bills_input_images));
        self.long_context_above.push(long.map(|long| long.above_input_tokens));
        self.tokens.push(row.map(|row| row.tokens).unwrap_or_default());
        self.long_tokens.push(long.map(|long| long.tokens).unwrap_or_default());
        self.units.push(row.map(|row| row.unit_prices(image)).unwrap_or_default());
    }

    fn beside(self, keys: &DataFrame) -> PolarsResult<DataFrame> {
        let names = [MODEL_ID, REGION, SERVICE_TIER, column::PRICE_DAY];
        let image_names = [OUTPUT_IMAGE_QUALITY, column::IMAGE_PIXELS];
        let mut columns = keys.select(names.into_iter().chain(image_names))?.into_columns();
        let mut add = |series: Series| columns.push(series.into_column());
        add(Series::new(column::QUOTE_REASON.into(), self.reason));
        add(Series::new(PRICE_ROW.into(), self.price_row));
        add(Series::new(column::INPUT_INCLUDES_CACHE.into(), self.includes_cache));
        add(Series::new(column::BILLS_TOKENS.into(), self.bills_tokens));
        add(Series::new(column::BILLS_INPUT_IMAGES.into(), self.bills_input_images));
        add(Series::new(column::LONG_CONTEXT_ABOVE.into(), self.long_context_above));
        for (name, price) in TOKEN_COLUMNS {
            add(price_column(name, self.tokens.iter().map(price))?);
        }
        for (name, price) in LONG_TOKEN_COLUMNS {
            add(price_column(name, self.long_tokens.iter().map(price))?);
        }
        for (name, price) in UNIT_COLUMNS {
            add(price_column(name, self.units.iter().map(price))?);
        }
        DataFrame::new(keys.height(), columns)
    }
}

type TokenColumn = (&'static str, fn(&TokenPrices) -> Option<Usd>);

const TOKEN_COLUMNS: [TokenColumn; 5] = [
    (column::INPUT_PRICE, |prices| prices.input),
    (column::OUTPUT_PRICE, |prices| prices.output),
    (column::CACHE_READ_PRICE, |prices| prices.cache_read),
    (column::CACHE_WRITE_PRICE, |prices| prices.cache_write),
    (column::CACHE_WRITE_1H_PRICE, TokenPrices::cache_write_1h),
];

const LONG_TOKEN_COLUMNS: [TokenColumn; 5] = [
    (column::LONG_INPUT_PRICE, |prices| prices.input),
    (column::LONG_OUTPUT_PRICE, |prices| prices.output),
    (column::LONG_CACHE_READ_PRICE, |prices| prices.cache_read),
    (column::LONG_CACHE_WRITE_PRICE, |prices| prices.cache_write),
    (column::LONG_CACHE_WRITE_1H_PRICE, TokenPrices::cache_write_1h),
];

type UnitColumn = (&'static str, fn(&UnitPrices) -> Option<Usd>);

const UNIT_COLUMNS: [UnitColumn; 5] = [
    (column::OUTPUT_IMAGE_PRICE, |prices| prices.output_image),
    (column::INPUT_IMAGE_PRICE, |prices| prices.input_image),
    (column::RERANK_QUERY_PRICE, |prices| prices.rerank_query),
    (column::TEXT_REQUEST_PRICE, |prices| prices.text_request),
    (column::OUTPUT_VIDEO_MS_PRICE, |prices| prices.output_video_ms),
];

/// Prices in 10⁻¹⁴ USD; the book's bound on prices keeps each within 64 bits.
fn price_column(name: &str, prices: impl Iterator<Item = Option<Usd>>) -> PolarsResult<Series> {
    let units: Vec<Option<i128>> = prices.map(|price| price.map(|usd| usd.0)).collect();
    Series::new(name.into(), units).strict_cast(&DataType::Int64)
}

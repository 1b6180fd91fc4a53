//! Which of a row's prices per image, query or second a call gets.

use crate::units::Usd;

use super::book::{PriceRow, UnitPrice};
use super::row_reader::divide;

/// Documents that one rerank query covers; more count as further queries (pricing page footnote).
pub const DOCUMENTS_PER_QUERY: i64 = 100;

/// Quality and size of a generated image, as far as the record has them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImageSize<'r> {
    /// Requested quality.
    pub quality: Option<&'r str>,
    /// Width × height.
    pub pixels: Option<i64>,
}

/// Prices per single unit; `None` where the row has none, or the record can't select one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UnitPrices {
    /// One generated image.
    pub output_image: Option<Usd>,
    /// One image sent.
    pub input_image: Option<Usd>,
    /// One rerank query.
    pub rerank_query: Option<Usd>,
    /// One request that holds text.
    pub text_request: Option<Usd>,
    /// One millisecond of generated video.
    pub output_video_ms: Option<Usd>,
}

impl PriceRow {
    /// The prices that a call with such images gets.
    ///
    /// A price per image holds for its quality and for images of at most its pixel count; the
    /// smallest that fits is taken. Where it depends on something the record doesn't hold, there is
    /// none. Speech tokens and seconds of input aren't logged and select nothing.
    pub fn unit_prices(&self, image: ImageSize<'_>) -> UnitPrices {
        UnitPrices {
            output_image: self.image_price(image),
            input_image: self.only_price("input_image"),
            rerank_query: self.only_price("1k_queries").and_then(|price| divide(price, 1000)),
            text_request: self.only_price("text_request"),
            output_video_ms: self
                .only_price("output_video_second")
                .and_then(|price| divide(price, 1000)),
        }
    }

    /// True when images sent are billed beside the tokens.
    pub fn bills_input_images(&self) -> bool {
        self.units.iter().any(|unit| unit.unit.starts_with("input_image"))
    }

    /// The row's price for `unit` if it has exactly one.
    fn only_price(&self, unit: &str) -> Option<Usd> {
        let mut prices = self.units.iter().filter(|price| price.unit == unit);
        let first = prices.next()?;
        prices.next().is_none().then_some(first.price)
    }

    fn image_price(&self, image: ImageSize<'_>) -> Option<Usd> {
        let quality_fits = |unit: &UnitPrice| {
            unit.quality.as_deref().is_none_or(|quality| image.quality == Some(quality))
        };
        let size_fits = |unit: &UnitPrice| {
            unit.max_pixels.is_none_or(|most| image.pixels.is_some_and(|pixels| pixels <= most))
        };
        self.units
            .iter()
            .filter(|unit| unit.unit == "image" && quality_fits(unit) && size_fits(unit))
            .min_by_key(|unit| unit.max_pixels.unwrap_or(i64::MAX))
            .map(|unit| unit.price)
    }
}

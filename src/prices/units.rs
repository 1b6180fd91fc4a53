//! Which of a row's prices per image, query or second a call gets.

use crate::units::Usd;

use super::book::{PriceRow, UnitPrice};
use super::row_reader::divide;

/// Documents that one rerank query covers; more count as further queries (pricing page footnote).
pub const DOCUMENTS_PER_QUERY: i64 = 100;

/// Quality and size of what is made or sent, as far as they are known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImageSize<'r> {
    /// Quality of an image made, `document` or `standard` for one sent.
    pub quality: Option<&'r str>,
    /// Width × height of an image made.
    pub pixels: Option<i64>,
    /// Resolution of a video made, e.g. `720p`; no log holds it.
    pub resolution: Option<&'r str>,
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
    /// One millisecond of video sent.
    pub input_video_ms: Option<Usd>,
    /// One millisecond of sound sent.
    pub input_audio_ms: Option<Usd>,
    /// One token of speech sent.
    pub input_speech_token: Option<Usd>,
    /// One token of speech made.
    pub output_speech_token: Option<Usd>,
}

impl PriceRow {
    /// The prices that a call with such images gets.
    ///
    /// A price per image holds for its quality and for images of at most its pixel count; the
    /// smallest that fits is taken. Where it depends on something that isn't known, there is none.
    /// Speech tokens and seconds of input aren't logged: only `prices explain` asks for them.
    pub fn unit_prices(&self, image: ImageSize<'_>) -> UnitPrices {
        let part = |unit: &str, by| self.only_price(unit).and_then(|price| divide(price, by));
        let kind = image.quality.unwrap_or_default();
        UnitPrices {
            output_image: self.image_price(image),
            input_image: self
                .only_price("input_image")
                .or_else(|| self.only_price(&format!("input_image_{kind}"))),
            rerank_query: part("1k_queries", 1000),
            text_request: self.only_price("text_request"),
            output_video_ms: self.video_price(image).and_then(|price| divide(price, 1000)),
            input_video_ms: part("input_video_second", 1000),
            input_audio_ms: part("input_audio_second", 1000),
            input_speech_token: part("1m_input_speech_tokens", 1_000_000),
            output_speech_token: part("1m_output_speech_tokens", 1_000_000),
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

    /// Price of a second of video made, of that resolution where it is known.
    fn video_price(&self, image: ImageSize<'_>) -> Option<Usd> {
        let is_it = |unit: &&UnitPrice| {
            let fits = image.resolution.is_none_or(|own| unit.resolution.as_deref() == Some(own));
            unit.unit == "output_video_second" && fits
        };
        let mut prices = self.units.iter().filter(is_it);
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

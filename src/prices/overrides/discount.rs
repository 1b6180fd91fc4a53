//! A percentage off catalogue prices, by provider or model, for a range of days.

use chrono::NaiveDate;

use crate::units::{UNITS_PER_USD, Usd};

use super::super::book::{Origin, PriceRow, TokenPrices, UnitPrice};

/// A discount on the catalogue's prices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discount {
    /// Makers whose models it is for; none where it is for one model.
    pub provider: Option<String>,
    /// The base model it is for; none where it is for all models of a provider.
    pub model_id: Option<String>,
    /// Percent, decimal text as written.
    pub percent: String,
    /// The same in 10⁻¹⁴ percent: above 0, at most 100 %.
    pub(super) share: i128,
    /// First UTC day it holds; none means open.
    pub from: Option<NaiveDate>,
    /// First UTC day it no longer holds; none means open.
    pub to: Option<NaiveDate>,
}

/// 100 %.
pub(super) const WHOLE: i128 = 100 * UNITS_PER_USD;

impl Discount {
    /// True when it is for this model, days aside.
    pub(super) fn is_for(&self, model_id: &str, provider: &str) -> bool {
        match &self.model_id {
            Some(own) => own == model_id,
            None => self.provider.as_deref() == Some(provider),
        }
    }

    fn covers(&self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day < to)
    }

    /// The row at the discounted price.
    pub(super) fn off(&self, row: PriceRow) -> PriceRow {
        let long_context = row.long_context.map(|mut long| {
            long.tokens = self.off_tokens(&long.tokens);
            long
        });
        PriceRow {
            tokens: self.off_tokens(&row.tokens),
            long_context,
            units: row.units.iter().map(|unit| self.off_unit(unit)).collect(),
            origin: Origin::Discount { percent: self.percent.clone() },
            ..row
        }
    }

    fn off_tokens(&self, prices: &TokenPrices) -> TokenPrices {
        let off = |price: Option<Usd>| price.map(|price| self.off_price(price, 1));
        TokenPrices {
            input: off(prices.input),
            output: off(prices.output),
            cache_read: off(prices.cache_read),
            cache_write: off(prices.cache_write),
            cache_write_1h: off(prices.cache_write_1h),
        }
    }

    /// Prices of a thousand queries and of a second are kept divisible: it is the price of one query or
    /// millisecond that is rounded.
    fn off_unit(&self, unit: &UnitPrice) -> UnitPrice {
        let whole = match unit.unit.as_str() {
            "1k_queries" => 1000,
            unit if unit.ends_with("_second") => 1000,
            unit if unit.ends_with("_speech_tokens") => 1_000_000,
            _ => 1,
        };
        UnitPrice { price: self.off_price(unit.price, whole), ..unit.clone() }
    }

    /// Rounded half up, to a multiple of `whole` × 10⁻¹⁴ USD.
    fn off_price(&self, price: Usd, whole: i128) -> Usd {
        let step = WHOLE * whole;
        Usd((price.0 * (WHOLE - self.share) * 2 + step) / (step * 2) * whole)
    }
}

/// The discount that holds on a day: one for the model before one for its provider.
pub(super) fn best<'d>(discounts: &[&'d Discount], day: NaiveDate) -> Option<&'d Discount> {
    let holding = || discounts.iter().copied().filter(|one| one.covers(day));
    holding().find(|one| one.model_id.is_some()).or_else(|| holding().next())
}

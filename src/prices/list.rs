//! Price rows for people and programs: chosen by what a call has, prices per million tokens.

use chrono::NaiveDate;
use serde::Serialize;

use crate::likeness::{ALIKE, nearest};
use crate::units::Usd;

use super::book::{Model, PriceBook, PriceRow, Routing, Tier, UnitPrice};
use super::explain::UnitPrices;
use super::quote::is_commercial;
use super::resolve::{Resolved, resolve};

/// Which rows to list; none lets all through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter<'f> {
    /// Who makes the model, in any case.
    pub provider: Option<&'f str>,
    /// A model id in any form, or part of one.
    pub model: Option<&'f str>,
    /// A Region: its own rows and those of every Region. `*`: only the latter.
    pub region: Option<&'f str>,
    /// A tier.
    pub tier: Option<Tier>,
    /// A routing.
    pub routing: Option<Routing>,
    /// Rows in effect on this UTC day.
    pub day: Option<NaiveDate>,
}

/// A price row as listed; US dollars per 1,000,000 tokens, as decimal text in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Id of the row.
    pub price_row: String,
    /// Base model id.
    pub model_id: String,
    /// Who makes the model.
    pub provider: String,
    /// `regional` or `global`.
    pub routing: &'static str,
    /// A Region, or `*`.
    pub region: String,
    /// The tier.
    pub tier: &'static str,
    /// First UTC day; null is open.
    pub effective_from: Option<NaiveDate>,
    /// First UTC day it no longer holds; null is open.
    pub effective_to: Option<NaiveDate>,
    /// Prices per token.
    #[serde(flatten)]
    pub prices: UnitPrices,
    /// The prices above a number of input tokens.
    pub long_context: Option<ListedLongContext>,
    /// Prices of what isn't tokens.
    pub units: Vec<ListedUnit>,
    /// `catalogue`, `prices_file` or `discount`.
    pub origin: &'static str,
    /// `high`, `medium` or `low`.
    pub confidence: Option<String>,
    /// Ids of the sources.
    pub sources: Vec<String>,
}

/// Prices of long requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ListedLongContext {
    /// They hold above this many input tokens.
    pub above_input_tokens: i64,
    /// The prices.
    #[serde(flatten)]
    pub prices: UnitPrices,
}

/// A price of something that isn't a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedUnit {
    /// What is counted.
    pub unit: String,
    /// US dollars.
    pub price: Usd,
    /// What the price depends on, as words; empty if on nothing.
    pub when: String,
}

/// The rows that the filter lets through, in the book's order; provisioned throughput isn't a row.
pub fn list(book: &PriceBook, filter: &Filter<'_>) -> Vec<Listed> {
    book.rows().iter().filter_map(|row| listed(book, row, filter)).collect()
}

/// The model that an id in any form names, application profiles of the prices file included.
pub fn named<'b>(book: &'b PriceBook, id: &str) -> Option<&'b Model> {
    match resolve(id) {
        Resolved::Model { id, .. } => book.model(id),
        Resolved::ApplicationProfile { arn } => match resolve(book.application_profile(arn)?) {
            Resolved::Model { id, .. } => book.model(id),
            _ => None,
        },
        Resolved::Unpriced(_) => None,
    }
}

/// The known model id most like this one, if any is close.
pub fn nearest_model(book: &PriceBook, id: &str) -> Option<String> {
    let known = book.models().iter().map(|model| model.model_id.as_str());
    nearest(id, known, ALIKE).map(str::to_owned)
}

fn listed(book: &PriceBook, row: &PriceRow, filter: &Filter<'_>) -> Option<Listed> {
    let model = book.model(&row.model_id)?;
    let by_model = filter.model.is_none_or(|text| match named(book, text) {
        Some(wanted) => wanted.model_id == row.model_id,
        None => row.model_id.contains(&text.to_lowercase()),
    });
    let by_provider =
        filter.provider.is_none_or(|provider| provider.eq_ignore_ascii_case(&model.provider));
    let by_region = filter.region.is_none_or(|region| match &row.region {
        Some(own) => own == region,
        None => region == "*" || is_commercial(region),
    });
    let rest = filter.tier.is_none_or(|tier| tier == row.tier)
        && filter.routing.is_none_or(|routing| routing == row.routing)
        && filter.day.is_none_or(|day| row.covers(day));
    (by_model && by_provider && by_region && rest).then(|| Listed {
        price_row: row.id.clone(),
        model_id: row.model_id.clone(),
        provider: model.provider.clone(),
        routing: row.routing.as_str(),
        region: row.region.clone().unwrap_or_else(|| "*".to_owned()),
        tier: row.tier.as_str(),
        effective_from: row.effective_from,
        effective_to: row.effective_to,
        prices: UnitPrices::of(&row.tokens),
        long_context: row.long_context.map(|long| ListedLongContext {
            above_input_tokens: long.above_input_tokens,
            prices: UnitPrices::of(&long.tokens),
        }),
        units: row.units.iter().map(unit).collect(),
        origin: row.origin.as_str(),
        confidence: row.confidence.clone(),
        sources: row.sources.clone(),
    })
}

pub(super) fn unit(unit: &UnitPrice) -> ListedUnit {
    let pixels = unit.max_pixels.map(|pixels| match pixels {
        i64::MAX => String::from("larger"),
        pixels => format!("up to {pixels} pixels"),
    });
    let fps = unit.fps.map(|fps| format!("{fps} fps"));
    let when = [unit.quality.clone(), pixels, unit.resolution.clone(), fps];
    ListedUnit {
        unit: unit.unit.clone(),
        price: unit.price,
        when: when.into_iter().flatten().collect::<Vec<_>>().join(", "),
    }
}

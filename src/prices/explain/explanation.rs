//! What an explained cost consists of: data only, as JSON shows it.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use crate::prices::book::{PriceBook, TokenPrices};
use crate::prices::list::ListedUnit;
use crate::units::Usd;

/// Everything a cost rests on. Amounts are exact US dollars, as decimal text in JSON; null is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// One of [`status`](crate::schema::cost::status).
    pub status: &'static str,
    /// Why it isn't (fully) priced; several are joined by commas.
    pub reason: Option<String>,
    /// The base model, where the book knows it.
    pub resolved_model: Option<String>,
    /// `regional` or `global`, where the id says it.
    pub routing: Option<&'static str>,
    /// Prices that hold for this request.
    pub unit_prices: Option<UnitPrices>,
    /// The row's prices of what isn't tokens.
    pub other_unit_prices: Vec<ListedUnit>,
    /// The priced part of the cost; null when unpriced or not billed.
    pub cost_usd: Option<Usd>,
    /// Where the price comes from.
    pub source: Option<PriceSource>,
    /// The id of the price row.
    pub price_row: Option<String>,
    /// What the quote was asked for.
    pub request: Request,
    /// What an application profile stands for, where anything says it.
    pub application_profile_target: Option<String>,
    /// Who says it: `prices_file` or `synced`.
    pub application_profile_source: Option<&'static str>,
    /// When AWS last listed the profile, where it was synced.
    pub application_profile_last_seen: Option<DateTime<Utc>>,
    /// True when the id is an ARN of another Region than the request's, which is believed.
    pub arn_region_differs: bool,
    /// Name of the model for people.
    pub display_name: Option<String>,
    /// Who makes the model.
    pub provider: Option<String>,
    /// Counts × prices, one line per kind of token that the request has.
    pub lines: Vec<Line>,
    /// Every token once; null without counts.
    pub total_tokens: Option<i64>,
    /// Tokens without a price.
    pub unpriced_tokens: Option<i64>,
    /// The row's long-context rule, where it has one.
    pub long_context: Option<LongContextRule>,
    /// How cached tokens are charged.
    pub cached_tokens: CachedTokens,
    /// US dollars per hour of all its model units, where the prices file knows this provisioned model.
    pub provisioned_usd_per_hour: Option<Usd>,
    /// The model that provisioned throughput serves, by the prices file or what was synced.
    pub provisioned_model: Option<String>,
    /// Its model units.
    pub provisioned_model_units: Option<i64>,
    /// Age of the price book.
    pub book: BookAge,
}

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Request {
    /// As given.
    pub model_id: Option<String>,
    /// As given.
    pub region: Option<String>,
    /// As given; none means standard.
    pub tier: Option<String>,
    /// UTC day.
    pub day: Option<NaiveDate>,
}

/// Prices in US dollars per 1,000,000 tokens; null is *no published price*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct UnitPrices {
    /// Input outside the cache.
    pub input: Option<Usd>,
    /// Output.
    pub output: Option<Usd>,
    /// Read from the prompt cache.
    pub cache_read: Option<Usd>,
    /// Written to the prompt cache, default time to live.
    pub cache_write: Option<Usd>,
    /// Written for an hour; that of every other write where the row has no own price.
    pub cache_write_1h: Option<Usd>,
}

impl UnitPrices {
    /// Prices per token, as prices per million.
    pub fn of(tokens: &TokenPrices) -> Self {
        let per_million = |price: Option<Usd>| price.map(|price| Usd(price.0 * 1_000_000));
        Self {
            input: per_million(tokens.input),
            output: per_million(tokens.output),
            cache_read: per_million(tokens.cache_read),
            cache_write: per_million(tokens.cache_write),
            cache_write_1h: per_million(tokens.cache_write_1h()),
        }
    }
}

/// Where a price row comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PriceSource {
    /// `catalogue`, `prices_file` or `discount` (the catalogue's price less a discount).
    pub origin: &'static str,
    /// The discount taken off the catalogue's price.
    pub discount_percent: Option<String>,
    /// The sources; the first carries the number.
    pub sources: Vec<SourceFacts>,
    /// `high`, `medium` or `low`.
    pub confidence: Option<String>,
    /// First UTC day the row holds.
    pub effective_from: Option<NaiveDate>,
    /// First UTC day it no longer holds.
    pub effective_to: Option<NaiveDate>,
    /// How a computed price was computed.
    pub derivation: Option<String>,
    /// Caveats.
    pub note: Option<String>,
}

/// One source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceFacts {
    /// Short id.
    pub id: String,
    /// What it is.
    pub what: Option<String>,
    /// How new it is.
    pub date: Option<String>,
}

/// A quantity × a price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// `input`, `output`, `cache_read`, `cache_write`, `cache_write_1h`, or what isn't such a token:
    /// `output_image`, `rerank_query`, `output_video`, …
    pub part: &'static str,
    /// Tokens charged; null where it is something else.
    pub tokens: Option<i64>,
    /// How much is charged: tokens, images, queries, seconds; decimal text.
    pub quantity: String,
    /// What the price is for: `1M tokens`, `image`, `query`, `request`, `second`.
    pub unit: &'static str,
    /// US dollars per unit; null is *no published price*.
    pub unit_price: Option<Usd>,
    /// The product.
    pub cost_usd: Option<Usd>,
}

/// A row's prices for long requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LongContextRule {
    /// They hold above this many input tokens.
    pub above_input_tokens: i64,
    /// Input tokens of this request, cached ones once.
    pub input_tokens: i128,
    /// True when they hold here.
    pub applies: bool,
}

/// How cached tokens are charged, and what the other way would cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CachedTokens {
    /// True for families whose logged input tokens include the cached ones.
    pub inside_input: bool,
    /// `documented` (they are taken out of the input) or `as_logged`; the same for other families.
    pub charged: &'static str,
    /// Cost by the documented rule.
    pub documented_cost_usd: Option<Usd>,
    /// Cost of the counts as logged.
    pub as_logged_cost_usd: Option<Usd>,
}

impl CachedTokens {
    /// True when it matters which way is taken.
    pub fn differ(&self) -> bool {
        self.documented_cost_usd != self.as_logged_cost_usd
    }
}

/// How old the prices are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct BookAge {
    /// Date of the newest fact in the catalogue.
    pub newest_source_date: NaiveDate,
    /// Days from then to the present day.
    pub age_days: i64,
    /// True when prices may well have changed since.
    pub stale: bool,
}

impl BookAge {
    /// The book's age on a day.
    pub fn of(book: &PriceBook, today: NaiveDate) -> Self {
        Self {
            newest_source_date: book.newest_source_date(),
            age_days: book.age_days(today),
            stale: book.is_stale(today),
        }
    }
}

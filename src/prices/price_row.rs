//! What a price row says: for which calls it is, from when to when, and each price in it.

use chrono::NaiveDate;

use crate::units::Usd;

/// Which price list a call belongs to: its profile decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Routing {
    /// Bare model id or a geography's profile.
    Regional,
    /// The `global.` profile.
    Global,
}

impl Routing {
    /// As the catalogue writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Regional => "regional",
            Self::Global => "global",
        }
    }
}

/// How a call was served, as far as its price depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// On demand; also what a record without a tier gets.
    Standard,
    /// A batch job.
    Batch,
    /// Cheaper, may wait.
    Flex,
    /// Dearer, comes first.
    Priority,
    /// Latency-optimised inference.
    LatencyOptimized,
}

impl Tier {
    /// The tier that a record's text names; `None` for a tier without per-token prices.
    pub fn from_log(service_tier: Option<&str>) -> Option<Self> {
        match service_tier.unwrap_or_default() {
            "" | "default" | "standard" => Some(Self::Standard),
            "batch" => Some(Self::Batch),
            "flex" => Some(Self::Flex),
            "priority" => Some(Self::Priority),
            "latency_optimized" | "optimized" => Some(Self::LatencyOptimized),
            _ => None,
        }
    }

    /// As the catalogue writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Batch => "batch",
            Self::Flex => "flex",
            Self::Priority => "priority",
            Self::LatencyOptimized => "latency_optimized",
        }
    }
}

/// Prices per token; `None` is *no published price*, `Some(0)` is *published as free*.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TokenPrices {
    /// Uncached input.
    pub input: Option<Usd>,
    /// Output.
    pub output: Option<Usd>,
    /// Read from the prompt cache.
    pub cache_read: Option<Usd>,
    /// Written to the prompt cache with the model's default time to live.
    pub cache_write: Option<Usd>,
    /// Written to the prompt cache for an hour, where that differs.
    pub cache_write_1h: Option<Usd>,
}

impl TokenPrices {
    /// Price of a token written for an hour: its own, else that of every other write.
    pub fn cache_write_1h(&self) -> Option<Usd> {
        self.cache_write_1h.or(self.cache_write)
    }

    /// True when some kind of token has a price.
    pub fn any(&self) -> bool {
        [self.input, self.output, self.cache_read, self.cache_write, self.cache_write_1h]
            .iter()
            .any(Option::is_some)
    }
}

/// Prices that replace the row's for the whole request, output included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LongContext {
    /// They hold when the input tokens, cached ones counted once, are more than this.
    pub above_input_tokens: i64,
    /// The prices.
    pub tokens: TokenPrices,
}

/// A price for something that isn't a text token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitPrice {
    /// What is counted: `image`, `1k_queries`, `output_video_second`, …
    pub unit: String,
    /// US dollars per `unit`, as listed.
    pub price: Usd,
    /// Image quality the price is for; none means any.
    pub quality: Option<String>,
    /// Most pixels of one image the price is for; none means any size.
    pub max_pixels: Option<i64>,
    /// Video resolution the price is for.
    pub resolution: Option<String>,
    /// Video frame rate the price is for.
    pub fps: Option<i64>,
}

/// Who set a price.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Origin {
    /// The catalogue: a list price.
    #[default]
    Catalogue,
    /// A row of the prices file.
    PricesFile,
    /// The catalogue, less a discount of the prices file.
    Discount {
        /// Decimal text.
        percent: String,
    },
}

impl Origin {
    /// One word: `catalogue`, `prices_file` or `discount`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Catalogue => "catalogue",
            Self::PricesFile => "prices_file",
            Self::Discount { .. } => "discount",
        }
    }
}

/// One dated price row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceRow {
    /// Text that names the row: model, scope, tier, dates, and who set it if not the catalogue.
    pub id: String,
    /// Base model id.
    pub model_id: String,
    /// Which profiles it is for.
    pub routing: Routing,
    /// The Region it is for; none means every commercial Region.
    pub region: Option<String>,
    /// The tier it is for.
    pub tier: Tier,
    /// First UTC day it holds; none means open.
    pub effective_from: Option<NaiveDate>,
    /// First UTC day it no longer holds; none means open.
    pub effective_to: Option<NaiveDate>,
    /// Prices per token.
    pub tokens: TokenPrices,
    /// Prices of requests with a long context.
    pub long_context: Option<LongContext>,
    /// Prices per image, second, query, …
    pub units: Vec<UnitPrice>,
    /// Ids of the sources; the first carries the number.
    pub sources: Vec<String>,
    /// `high`, `medium` or `low`.
    pub confidence: Option<String>,
    /// How a computed price was computed.
    pub derivation: Option<String>,
    /// Caveats.
    pub note: Option<String>,
    /// Who set the price.
    pub origin: Origin,
}

impl PriceRow {
    /// The same row with its id made from its fields.
    pub(super) fn named(mut self) -> Self {
        let from = self.effective_from.map_or_else(String::new, |from| format!(" from {from}"));
        let to = self.effective_to.map_or_else(String::new, |to| format!(" to {to}"));
        let origin = match &self.origin {
            Origin::Catalogue => String::new(),
            Origin::PricesFile => String::from(" (prices file)"),
            Origin::Discount { percent } => format!(" ({percent} % discount)"),
        };
        let (model_id, tier) = (&self.model_id, self.tier.as_str());
        self.id = format!("{model_id} {} {tier}{from}{to}{origin}", self.scope());
        self
    }

    /// Routing and Region in one word: `*`, `eu-west-2`, `global`, `global:ap-northeast-1`.
    pub fn scope(&self) -> String {
        match (self.routing, self.region.as_deref()) {
            (Routing::Regional, region) => region.unwrap_or("*").to_owned(),
            (Routing::Global, None) => String::from("global"),
            (Routing::Global, Some(region)) => format!("global:{region}"),
        }
    }

    /// True when both rows are for the same calls, dates aside.
    pub(super) fn same_calls(&self, other: &Self) -> bool {
        self.model_id == other.model_id
            && self.routing == other.routing
            && self.region == other.region
            && self.tier == other.tier
    }

    /// True when the row's dates cover the UTC day.
    pub fn covers(&self, day: NaiveDate) -> bool {
        self.effective_from.is_none_or(|from| from <= day)
            && self.effective_to.is_none_or(|to| day < to)
    }
}

//! Columns that pricing adds to `invocations`; derived on reading, never stored.
//!
//! Costs are *list cost*: logged tokens × list price. They are exact, in 10⁻¹⁴ USD
//! ([`Usd`](crate::units::Usd)), as 128-bit integers.

/// List cost of the priced parts of the request, `Int128`, 10⁻¹⁴ USD; null when unpriced or not billed.
pub const COST_UNITS: &str = "cost_units";
/// List cost of the input tokens outside the cache, as [`COST_UNITS`]; null where that part has no
/// count or no price, and on rows that are unpriced or not billed. The parts add up to the cost.
pub const COST_INPUT_UNITS: &str = "cost_input_units";
/// List cost of the output tokens; see [`COST_INPUT_UNITS`].
pub const COST_OUTPUT_UNITS: &str = "cost_output_units";
/// List cost of the tokens read from the prompt cache; see [`COST_INPUT_UNITS`].
pub const COST_CACHE_READ_UNITS: &str = "cost_cache_read_units";
/// List cost of the tokens written to the prompt cache, both times to live; see [`COST_INPUT_UNITS`].
pub const COST_CACHE_WRITE_UNITS: &str = "cost_cache_write_units";
/// List cost of what isn't tokens: images, seconds of video, queries; see [`COST_INPUT_UNITS`].
pub const COST_OTHER_UNITS: &str = "cost_other_units";
/// One of [`status`].
pub const COST_STATUS: &str = "cost_status";
/// Why the request isn't (fully) priced: one of [`reason`]; null when priced. Where several kinds of
/// token have no price, their reasons are joined by commas.
pub const COST_REASON: &str = "cost_reason";
/// Which price row was used, as text a person can find in the price book; null when none.
pub const PRICE_ROW: &str = "price_row";
/// Input tokens outside the cache, `Int64`: as logged, less cached tokens where the model family
/// reports them inside; null when the record has no input count.
pub const UNCACHED_INPUT_TOKENS: &str = "uncached_input_tokens";
/// Input, output, cache read and cache write tokens, each once, `Int64`; null when no count is known
/// (or the sum exceeds 64 bits).
pub const TOTAL_TOKENS: &str = "total_tokens";
/// Tokens of a billed request for which there is no price, `Int64`; 0 when fully priced, null when
/// the request isn't billed or has no counts.
pub const UNPRICED_TOKENS: &str = "unpriced_tokens";

/// True when the long-context prices hold for the request, `Boolean`; false without a price row.
pub const LONG_CONTEXT: &str = "long_context";

/// All columns that pricing adds.
pub const COLUMNS: [&str; 13] = [
    COST_UNITS,
    COST_INPUT_UNITS,
    COST_OUTPUT_UNITS,
    COST_CACHE_READ_UNITS,
    COST_CACHE_WRITE_UNITS,
    COST_OTHER_UNITS,
    COST_STATUS,
    COST_REASON,
    PRICE_ROW,
    UNCACHED_INPUT_TOKENS,
    TOTAL_TOKENS,
    UNPRICED_TOKENS,
    LONG_CONTEXT,
];

/// Values of [`COST_STATUS`].
pub mod status {
    /// Every kind of token the request has is priced.
    pub const PRICED: &str = "priced";
    /// Some kinds are priced, some are not.
    pub const PARTLY_PRICED: &str = "partly_priced";
    /// Billed, but nothing is priced.
    pub const UNPRICED: &str = "unpriced";
    /// Not billed: an error without token counts, input blocked by a guardrail.
    pub const NOT_BILLED: &str = "not_billed";
}

/// Values of [`COST_REASON`].
pub mod reason {
    /// The record names no model.
    pub const NO_MODEL_ID: &str = "no_model_id";
    /// The record has no Region.
    pub const NO_REGION: &str = "no_region";
    /// The record has no time, so no price can be in effect.
    pub const NO_EVENT_TIME: &str = "no_event_time";
    /// The id is of no known form, or the price book doesn't know the model.
    pub const UNKNOWN_MODEL: &str = "unknown_model";
    /// An application inference profile that nothing maps to a model.
    pub const APPLICATION_PROFILE_UNMAPPED: &str = "application_profile_unmapped";
    /// Provisioned throughput: paid by the hour.
    pub const PROVISIONED: &str = "provisioned";
    /// A custom model or its deployment.
    pub const CUSTOM: &str = "custom";
    /// An imported model: paid by the minute.
    pub const IMPORTED: &str = "imported";
    /// A prompt router: the record doesn't say which model answered.
    pub const PROMPT_ROUTER: &str = "prompt_router";
    /// A Bedrock Marketplace endpoint: paid by the instance hour.
    pub const MARKETPLACE: &str = "marketplace";
    /// A `SageMaker` endpoint: paid by the instance hour.
    pub const SAGEMAKER: &str = "sagemaker";
    /// An ARN of another service.
    pub const OTHER_SERVICE: &str = "other_service";
    /// The model has no price for calls through a global profile.
    pub const NO_GLOBAL_PRICE: &str = "no_global_price";
    /// The model has prices, none for this Region.
    pub const NO_REGION_PRICE: &str = "no_region_price";
    /// The Region has prices, none for this service tier.
    pub const NO_TIER_PRICE: &str = "no_tier_price";
    /// The tier has prices, none in effect on the day of the call.
    pub const NO_PRICE_ON_DATE: &str = "no_price_on_date";
    /// The record doesn't hold what selects a price per image, query or second.
    pub const NO_UNIT_MATCH: &str = "no_unit_match";
    /// A successful call without token counts.
    pub const NO_TOKEN_COUNTS: &str = "no_token_counts";
    /// The price row has no price for input tokens, and the request has some.
    pub const NO_INPUT_PRICE: &str = "no_input_price";
    /// As [`NO_INPUT_PRICE`], for output tokens.
    pub const NO_OUTPUT_PRICE: &str = "no_output_price";
    /// As [`NO_INPUT_PRICE`], for tokens read from the cache.
    pub const NO_CACHE_READ_PRICE: &str = "no_cache_read_price";
    /// As [`NO_INPUT_PRICE`], for tokens written to the cache.
    pub const NO_CACHE_WRITE_PRICE: &str = "no_cache_write_price";
    /// Not billed: an error record without counts.
    pub const ERROR_WITHOUT_COUNTS: &str = "error_without_counts";
    /// Not billed: a guardrail blocked the input before the model saw it.
    pub const GUARDRAIL_BLOCKED_INPUT: &str = "guardrail_blocked_input";
}

/// Columns of the quotes: one row per distinct price key, joined to the invocations by the key.
///
/// The key is `model_id`, `region`, `service_tier`, [`PRICE_DAY`](quote::PRICE_DAY), and what selects a
/// price per image. Prices are `Int64` in 10⁻¹⁴ USD per token, image, query, …; null where the price
/// row has none.
pub mod quote {
    /// Key: UTC day of the call, `Date`.
    pub const PRICE_DAY: &str = "price_day";
    /// Key: pixels of one generated image (width × height), `Int64`; null for all but image calls.
    pub const IMAGE_PIXELS: &str = "image_pixels";
    /// Why there is no price row, one of [`reason`](super::reason); null when there is one.
    pub const QUOTE_REASON: &str = "quote_reason";
    /// True where the family's `input_tokens` include the cached tokens.
    pub const INPUT_INCLUDES_CACHE: &str = "input_includes_cache";
    /// True where the price row has a price for some kind of token: calls are billed by tokens.
    pub const BILLS_TOKENS: &str = "bills_tokens";
    /// True where the price row bills input images beside the tokens.
    pub const BILLS_INPUT_IMAGES: &str = "bills_input_images";
    /// Price of an uncached input token.
    pub const INPUT_PRICE: &str = "input_price";
    /// Price of an output token.
    pub const OUTPUT_PRICE: &str = "output_price";
    /// Price of a token read from the cache.
    pub const CACHE_READ_PRICE: &str = "cache_read_price";
    /// Price of a token written to the cache with the default time to live.
    pub const CACHE_WRITE_PRICE: &str = "cache_write_price";
    /// Price of a token written to the cache for an hour.
    pub const CACHE_WRITE_1H_PRICE: &str = "cache_write_1h_price";
    /// The whole request moves to the long-context prices above this many input tokens; null if never.
    pub const LONG_CONTEXT_ABOVE: &str = "long_context_above";
    /// [`INPUT_PRICE`] above the threshold.
    pub const LONG_INPUT_PRICE: &str = "long_input_price";
    /// [`OUTPUT_PRICE`] above the threshold.
    pub const LONG_OUTPUT_PRICE: &str = "long_output_price";
    /// [`CACHE_READ_PRICE`] above the threshold.
    pub const LONG_CACHE_READ_PRICE: &str = "long_cache_read_price";
    /// [`CACHE_WRITE_PRICE`] above the threshold.
    pub const LONG_CACHE_WRITE_PRICE: &str = "long_cache_write_price";
    /// [`CACHE_WRITE_1H_PRICE`] above the threshold.
    pub const LONG_CACHE_WRITE_1H_PRICE: &str = "long_cache_write_1h_price";
    /// Price of one generated image of the key's quality and size.
    pub const OUTPUT_IMAGE_PRICE: &str = "output_image_price";
    /// Price of one image sent.
    pub const INPUT_IMAGE_PRICE: &str = "input_image_price";
    /// Price of one rerank query of up to 100 documents.
    pub const RERANK_QUERY_PRICE: &str = "rerank_query_price";
    /// Price of one request that holds text.
    pub const TEXT_REQUEST_PRICE: &str = "text_request_price";
    /// Price of one millisecond of generated video.
    pub const OUTPUT_VIDEO_MS_PRICE: &str = "output_video_ms_price";
}

/// Columns that costing makes of a row before it knows the prices.
pub mod billing {
    /// Tokens written to the cache, whichever of the two counts is known.
    pub const WRITTEN: &str = "cost_written";
    /// The part of [`WRITTEN`] that lives for an hour; 0 when unknown.
    pub const WRITTEN_1H: &str = "cost_written_1h";
    /// The rest of [`WRITTEN`].
    pub const WRITTEN_DEFAULT: &str = "cost_written_default";
    /// All input tokens where cached ones are reported beside the others: their sum.
    pub const INPUT_BESIDE_CACHE: &str = "cost_input_beside_cache";
    /// All input tokens where cached ones are among the others: the larger count.
    pub const INPUT_WITH_CACHE: &str = "cost_input_with_cache";
    /// Rerank queries billed.
    pub const QUERIES: &str = "cost_queries";
    /// 1 for a request without an image, 0 for one with; null where that is unknown.
    pub const TEXT_REQUESTS: &str = "cost_text_requests";
    /// Whether the call failed; null where that is unknown.
    pub const FAILED: &str = "cost_failed";
    /// Whether a guardrail intervened.
    pub const INTERVENED: &str = "cost_intervened";
}

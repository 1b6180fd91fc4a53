//! Columns that pricing adds to `invocations`; derived on reading, never stored.
//!
//! Costs are *list cost*: logged tokens × list price. They are exact, in 10⁻¹⁴ USD
//! ([`Usd`](crate::units::Usd)), as 128-bit integers.

/// List cost of the priced parts of the request, `Int128`, 10⁻¹⁴ USD; null when unpriced or not billed.
pub const COST_UNITS: &str = "cost_units";
/// One of [`status`].
pub const COST_STATUS: &str = "cost_status";
/// Why the request isn't (fully) priced: `unknown_model`, `no_region_price`, …; null when priced.
pub const COST_REASON: &str = "cost_reason";
/// Which price row was used, as text a person can find in the price book; null when none.
pub const PRICE_ROW: &str = "price_row";
/// Input tokens outside the cache, `Int64`: as logged, less cached tokens where the model family
/// reports them inside; null when the record has no input count.
pub const UNCACHED_INPUT_TOKENS: &str = "uncached_input_tokens";
/// Input, output, cache read and cache write tokens, each once, `Int64`; null when no count is known.
pub const TOTAL_TOKENS: &str = "total_tokens";
/// Tokens of a billed request for which there is no price, `Int64`; 0 when fully priced.
pub const UNPRICED_TOKENS: &str = "unpriced_tokens";

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

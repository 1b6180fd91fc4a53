//! Columns of the sums that a change in spend is split by: one row per model and price line.
//!
//! Only requests with a cost count, and of their tokens only those that have a price. Sums are
//! 128-bit integers; costs in 10⁻¹⁴ USD.

/// Requests with a cost, `Int64`.
pub const PRICED_REQUESTS: &str = "priced_requests";

/// Sum of the tokens of each kind that have a price; kinds in the order of [`COSTS`].
pub const TOKENS: [&str; 6] = [
    "input_tokens_priced",
    "output_tokens_priced",
    "cache_read_tokens_priced",
    "cache_write_tokens_priced",
    "cache_write_1h_tokens_priced",
    "cache_write_both_tokens_priced",
];

/// Sum of the costs of each kind of token.
pub const COSTS: [&str; 6] = [
    "input_cost",
    "output_cost",
    "cache_read_cost",
    "cache_write_cost",
    "cache_write_1h_cost",
    "cache_write_both_cost",
];

/// Sum of the costs that aren't of tokens: images, video, queries.
pub const OTHER_COST: &str = "other_cost";

//! Columns of load per minute, for comparing with quotas; derived on reading, never stored.

/// The clock minute, UTC, that the record's time is in.
pub const MINUTE: &str = "minute";
/// Logged calls, throttled ones included.
pub const REQUESTS: &str = "requests";
/// Calls with status `throttled`.
pub const THROTTLED: &str = "throttled";
/// Calls that were not throttled and have no token count at all.
pub const TOKENS_UNKNOWN: &str = "tokens_unknown_requests";
/// Tokens that count against a quota: input outside the cache, cache writes, and output times its
/// burndown; null where none of the counts is known.
pub const QUOTA_TOKENS: &str = "quota_tokens";
/// Minutes with requests.
pub const MINUTES: &str = "minutes";
/// Minutes with known tokens.
pub const TOKEN_MINUTES: &str = "token_minutes";
/// Minutes in which a call was throttled.
pub const THROTTLED_MINUTES: &str = "throttled_minutes";

/// A kind of token: its sum and the number of calls whose count is known.
#[derive(Debug, Clone, Copy)]
pub struct TokenKind {
    /// Column of the counts.
    pub counts: &'static str,
    /// Sum of the known counts.
    pub sum: &'static str,
    /// Calls with a known count.
    pub known: &'static str,
}

/// Input outside the cache, output, cache reads, cache writes.
pub const KINDS: [TokenKind; 4] = [
    TokenKind {
        counts: super::cost::UNCACHED_INPUT_TOKENS,
        sum: "input_sum",
        known: "input_known",
    },
    TokenKind {
        counts: super::invocation::OUTPUT_TOKENS,
        sum: "output_sum",
        known: "output_known",
    },
    TokenKind {
        counts: super::invocation::CACHE_READ_INPUT_TOKENS,
        sum: "cache_read_sum",
        known: "cache_read_known",
    },
    TokenKind {
        counts: super::invocation::CACHE_WRITE_INPUT_TOKENS,
        sum: "cache_write_sum",
        known: "cache_write_known",
    },
];

/// Columns of a series per minute over the minutes of a group.
#[derive(Debug, Clone, Copy)]
pub struct PerMinute {
    /// The series.
    pub series: &'static str,
    /// All its values.
    pub values: &'static str,
    /// Highest.
    pub peak: &'static str,
    /// First minute with the highest.
    pub peak_at: &'static str,
    /// Nearest-rank median.
    pub median: &'static str,
    /// Nearest-rank 95th percentile.
    pub p95: &'static str,
    /// Lowest of the minutes in which a call was throttled.
    pub throttled_low: &'static str,
    /// Highest of them.
    pub throttled_high: &'static str,
}

/// Requests per minute.
pub const RPM: PerMinute = PerMinute {
    series: REQUESTS,
    values: "rpm_values",
    peak: "rpm_peak",
    peak_at: "rpm_peak_at",
    median: "rpm_median",
    p95: "rpm_p95",
    throttled_low: "rpm_throttled_low",
    throttled_high: "rpm_throttled_high",
};

/// Tokens per minute, as they count against a quota.
pub const TPM: PerMinute = PerMinute {
    series: QUOTA_TOKENS,
    values: "tpm_values",
    peak: "tpm_peak",
    peak_at: "tpm_peak_at",
    median: "tpm_median",
    p95: "tpm_p95",
    throttled_low: "tpm_throttled_low",
    throttled_high: "tpm_throttled_high",
};

/// Most requests per minute that were not throttled.
pub const RPM_PEAK_SERVED: &str = "rpm_peak_served";

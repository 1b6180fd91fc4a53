//! Dimensions and metrics that `query` and the reports know by name.
//!
//! The names are a contract: other tools read them. What each metric means, over which
//! denominator, stands here; how it is computed stands in `metrics`.

/// Dimensions: what rows are grouped by. A row without the dimension has null there.
pub mod dimension {
    /// Base model id.
    pub const MODEL: &str = "model";
    /// Model id as logged.
    pub const MODEL_ID: &str = "model_id";
    /// Provider.
    pub const PROVIDER: &str = "provider";
    /// Operation.
    pub const OPERATION: &str = "operation";
    /// Account that made the call.
    pub const ACCOUNT: &str = "account";
    /// Region that received the call.
    pub const REGION: &str = "region";
    /// Region that did the work.
    pub const INFERENCE_REGION: &str = "inference_region";
    /// `in_region`, geography or `global`.
    pub const ROUTING: &str = "routing";
    /// Role or user.
    pub const PRINCIPAL: &str = "principal";
    /// Identity ARN as logged.
    pub const IDENTITY_ARN: &str = "identity_arn";
    /// Kind of principal.
    pub const PRINCIPAL_TYPE: &str = "principal_type";
    /// Outcome class.
    pub const STATUS: &str = "status";
    /// Error name.
    pub const ERROR_CODE: &str = "error_code";
    /// Why generation ended.
    pub const STOP_REASON: &str = "stop_reason";
    /// What a guardrail did.
    pub const GUARDRAIL_ACTION: &str = "guardrail_action";
    /// Service tier.
    pub const SERVICE_TIER: &str = "service_tier";
    /// Keyed hash of the prompt.
    pub const PROMPT_HASH: &str = "prompt_hash";
    /// Hour in the chosen time zone, `2026-11-09T14:00:00+01:00` (`Z` for UTC).
    pub const HOUR: &str = "hour";
    /// Day in the chosen time zone, `2026-11-09`.
    pub const DAY: &str = "day";
    /// ISO week in the chosen time zone, `2026-W46`.
    pub const WEEK: &str = "week";
    /// Month in the chosen time zone, `2026-11`.
    pub const MONTH: &str = "month";
    /// Day of the week in the chosen time zone, 1 (Monday) to 7.
    pub const WEEKDAY: &str = "weekday";
    /// Hour of the day in the chosen time zone, 0 to 23.
    pub const HOUR_OF_DAY: &str = "hour_of_day";
    /// Team, by the user's allocation rules.
    pub const TEAM: &str = "team";
    /// Cost centre, by the user's allocation rules.
    pub const COST_CENTER: &str = "cost_center";
    /// Prefix of a request-metadata key: `tag:team`.
    pub const TAG_PREFIX: &str = "tag:";
    /// All dimensions but `tag:KEY`, in the order they are listed to users.
    pub const ALL: [&str; 25] = [
        MODEL,
        MODEL_ID,
        PROVIDER,
        OPERATION,
        ACCOUNT,
        REGION,
        INFERENCE_REGION,
        ROUTING,
        PRINCIPAL,
        IDENTITY_ARN,
        PRINCIPAL_TYPE,
        STATUS,
        ERROR_CODE,
        STOP_REASON,
        GUARDRAIL_ACTION,
        SERVICE_TIER,
        PROMPT_HASH,
        HOUR,
        DAY,
        WEEK,
        MONTH,
        WEEKDAY,
        HOUR_OF_DAY,
        TEAM,
        COST_CENTER,
    ];
}

/// Metrics: what is computed per group. Over `invocations` only, never CloudTrail.
pub mod metric {
    /// Logged calls, failed ones included.
    pub const REQUESTS: &str = "requests";
    /// Requests with status `ok`; guardrail interventions are `ok`.
    pub const OK: &str = "ok";
    /// Requests with every other status, throttled included.
    pub const ERRORS: &str = "errors";
    /// Requests with status `throttled`.
    pub const THROTTLED: &str = "throttled";
    /// errors ÷ requests.
    pub const ERROR_RATE: &str = "error_rate";
    /// ok ÷ requests.
    pub const SUCCESS_RATE: &str = "success_rate";
    /// throttled ÷ requests.
    pub const THROTTLE_RATE: &str = "throttle_rate";
    /// Sum of the known input token counts, as logged.
    pub const INPUT_TOKENS: &str = "input_tokens";
    /// Sum of the known output token counts.
    pub const OUTPUT_TOKENS: &str = "output_tokens";
    /// Sum of the known cache-read token counts.
    pub const CACHE_READ_TOKENS: &str = "cache_read_tokens";
    /// Sum of the known cache-write token counts.
    pub const CACHE_WRITE_TOKENS: &str = "cache_write_tokens";
    /// input + output + cache read + cache write, cached tokens once.
    pub const TOTAL_TOKENS: &str = "total_tokens";
    /// List cost of the priced tokens, US dollars; null when nothing in the group has a price.
    pub const COST_USD: &str = "cost_usd";
    /// Billed requests of which nothing, or not everything, could be priced.
    pub const UNPRICED_REQUESTS: &str = "unpriced_requests";
    /// Requests fully priced ÷ requests that are billed.
    pub const PRICED_SHARE: &str = "priced_share";
    /// Cost of the fully priced requests ÷ their number.
    pub const COST_PER_REQUEST_USD: &str = "cost_per_request_usd";
    /// Mean of the known latencies, milliseconds.
    pub const LATENCY_MEAN_MS: &str = "latency_mean_ms";
    /// Nearest-rank percentile of the known latencies, milliseconds.
    pub const LATENCY_P50_MS: &str = "latency_p50_ms";
    /// See [`LATENCY_P50_MS`].
    pub const LATENCY_P90_MS: &str = "latency_p90_ms";
    /// See [`LATENCY_P50_MS`].
    pub const LATENCY_P95_MS: &str = "latency_p95_ms";
    /// See [`LATENCY_P50_MS`].
    pub const LATENCY_P99_MS: &str = "latency_p99_ms";
    /// Requests whose latency is known.
    pub const LATENCY_KNOWN: &str = "latency_known";
    /// Nearest-rank median of the known first-byte latencies, milliseconds.
    pub const FIRST_BYTE_P50_MS: &str = "first_byte_p50_ms";
    /// Distinct known principals.
    pub const PRINCIPALS: &str = "principals";
    /// Distinct known models.
    pub const MODELS: &str = "models";
    /// Sum of the known request body sizes, bytes.
    pub const INPUT_BYTES: &str = "input_bytes";
    /// Sum of the known response body sizes, bytes.
    pub const OUTPUT_BYTES: &str = "output_bytes";
    /// Requests in which a guardrail intervened.
    pub const GUARDRAIL_INTERVENTIONS: &str = "guardrail_interventions";
    /// All metrics, in the order they are listed to users.
    pub const ALL: [&str; 28] = [
        REQUESTS,
        OK,
        ERRORS,
        THROTTLED,
        ERROR_RATE,
        SUCCESS_RATE,
        THROTTLE_RATE,
        INPUT_TOKENS,
        OUTPUT_TOKENS,
        CACHE_READ_TOKENS,
        CACHE_WRITE_TOKENS,
        TOTAL_TOKENS,
        COST_USD,
        UNPRICED_REQUESTS,
        PRICED_SHARE,
        COST_PER_REQUEST_USD,
        LATENCY_MEAN_MS,
        LATENCY_P50_MS,
        LATENCY_P90_MS,
        LATENCY_P95_MS,
        LATENCY_P99_MS,
        LATENCY_KNOWN,
        FIRST_BYTE_P50_MS,
        PRINCIPALS,
        MODELS,
        INPUT_BYTES,
        OUTPUT_BYTES,
        GUARDRAIL_INTERVENTIONS,
    ];
}

/// Columns that metrics derive, beside the dimensions and metrics themselves.
pub mod derived {
    /// `cost_per_request_usd` before it becomes text: `Int128`, 10⁻¹⁴ USD.
    pub const COST_PER_REQUEST_UNITS: &str = "cost_per_request_units";
    /// Rows that share the values beside it.
    pub const COUNT: &str = "count";
    /// Invocations that repeat a request id and yet are different calls.
    pub const CONFLICTING_IDS: &str = "conflicting_ids";
    /// Prefix of the labels that rows are matched with groups by.
    pub const KEY: &str = "group_key_";
    /// First instant of an interval, UTC; it belongs to the interval.
    pub const FROM: &str = "from";
    /// End of an interval, UTC; it doesn't belong to the interval.
    pub const TO: &str = "to";
}

/// Columns of cells and values, beside what they are grouped by and the metrics they hold.
pub mod cell {
    /// Sum of the known latencies, milliseconds; null when none is known.
    pub const LATENCY_SUM_MS: &str = "latency_sum_ms";
    /// The hour or day of the cell.
    pub const TIME: &str = "cell_time";
    /// Rows that a row of a summary stands for.
    pub const ROWS: &str = "rows";
    /// The latest time of the cell, where `event_time` is the earliest.
    pub const LAST_TIME: &str = "last_time";
    /// The same for all rows, where there is nothing to group by.
    pub const ALL: &str = "cell_all";
    /// What the cost of the cell's rows depends on beside prices and the size of counts, as a number.
    pub const SHAPE: &str = "cell_shape";
    /// A number of its own for a request whose counts are too large to be added up; 0 for all others.
    pub const ALONE: &str = "cell_alone";
    /// Sum of the tokens written to the cache, whichever of the two counts is known.
    pub const WRITTEN: &str = "cell_written";
    /// The part of them that lives for an hour; in a cell all rows have none, some or only such.
    pub const WRITTEN_1H: &str = "cell_written_1h";
    /// The known latencies, in any order.
    pub const LATENCIES: &str = "latency_ms_values";
    /// The known first-byte latencies, in any order.
    pub const FIRST_BYTES: &str = "first_byte_ms_values";
    /// The different known principals.
    pub const PRINCIPALS: &str = "principal_values";
    /// The different known models.
    pub const MODELS: &str = "model_values";
}

/// Columns of sums per window of time, beside the metrics they hold.
pub mod window {
    /// First instant of the window, milliseconds UTC.
    pub const START: &str = "window_start";
    /// Requests with status `access_denied`.
    pub const ACCESS_DENIED: &str = "access_denied";
    /// Longest time between the starts of two windows that follow each other, milliseconds.
    pub const LONGEST_SILENCE_MS: &str = "longest_silence_ms";
}

/// Log coverage: what CloudTrail saw against what was logged.
pub mod coverage {
    /// Whether a row is of calls, by CloudTrail, not of logged requests.
    pub const IS_CALL: &str = "is_call";
    /// Whether the other source has the request ids of the row.
    pub const IS_MET: &str = "is_met";
    /// Distinct runtime-call events of the four operations, failed ones included.
    pub const CALLED: &str = "called";
    /// Calls whose request id is in the invocation log.
    pub const LOGGED: &str = "logged";
    /// called − logged.
    pub const UNLOGGED: &str = "unlogged";
    /// Of the unlogged, calls so young that their log may still come.
    pub const LATE: &str = "late";
    /// Logged requests whose id no runtime-call event has.
    pub const LOG_ONLY: &str = "log_only";
    /// logged ÷ called; null without calls.
    pub const COVERAGE: &str = "coverage";
    /// Calls that succeeded; a failed one may never reach the invocation log.
    pub const SUCCEEDED: &str = "succeeded";
    /// The first logged request of an hour.
    pub const FIRST_LOGGED: &str = "first_logged";
    /// The last logged request of an hour.
    pub const LAST_LOGGED: &str = "last_logged";
    /// Number of the span of time that a row lies in.
    pub const SPAN: &str = "span";
    /// The first unlogged call of a span.
    pub const FIRST_UNLOGGED: &str = "first_unlogged";
    /// The last unlogged call of a span.
    pub const LAST_UNLOGGED: &str = "last_unlogged";
    /// Hours in which a call was seen.
    pub const HOURS: &str = "hours";
    /// What the unlogged calls may have cost, 10⁻¹⁴ USD: an estimate.
    pub const ESTIMATED_UNITS: &str = "estimated_units";
    /// The same as decimal text in US dollars.
    pub const ESTIMATED_COST_USD: &str = "estimated_cost_usd";
    /// Unlogged calls that the estimate covers.
    pub const ESTIMATED_CALLS: &str = "estimated_calls";
    /// Unlogged calls of models without a fully priced request to go by.
    pub const UNESTIMATED_CALLS: &str = "unestimated_calls";
    /// Unlogged calls that failed; assumed to cost nothing.
    pub const FAILED_CALLS: &str = "failed_calls";
}

/// KPIs on how well tokens are used.
pub mod efficiency {
    /// Output tokens of responses that ended normally and didn't repeat the caller's own prompt
    /// within ten minutes ÷ all output tokens; over responses whose stop reason is known.
    pub const TOKEN_EFFICIENCY: &str = "token_efficiency";
    /// Output tokens with a known stop reason ÷ all output tokens: what the KPI above is based on.
    pub const TOKEN_EFFICIENCY_COVERAGE: &str = "token_efficiency_coverage";
    /// Requests cut off by the token limit ÷ requests with a known stop reason.
    pub const TRUNCATED_SHARE: &str = "truncated_share";
    /// Cache-read tokens ÷ all input tokens (outside the cache, read, written).
    pub const CACHE_HIT_SHARE: &str = "cache_hit_share";
    /// Output tokens of responses that ended normally and were no repeat.
    pub const USEFUL_TOKENS: &str = "useful_tokens";
    /// Output tokens of responses whose stop reason is known.
    pub const ENDED_TOKENS: &str = "ended_tokens";
    /// All output tokens.
    pub const ALL_TOKENS: &str = "all_tokens";
    /// Whether the request repeats one of the ten minutes before it.
    pub const REPEATED_PROMPT: &str = "repeated_prompt";
}

/// KPIs per day.
pub mod activity {
    /// Distinct models with at least one `ok` request on the day.
    pub const ACTIVE_MODELS: &str = "active_models";
    /// Distinct principals with a request on the day.
    pub const ACTIVE_PRINCIPALS: &str = "active_principals";
    /// Mean of [`ACTIVE_MODELS`] over the days of the period.
    pub const MEAN_DAILY_MODELS: &str = "mean_daily_models";
    /// Mean of [`ACTIVE_PRINCIPALS`] over the days of the period.
    pub const MEAN_DAILY_PRINCIPALS: &str = "mean_daily_principals";
}

/// Columns of price coverage.
pub mod price_coverage {
    /// Requests that are billed.
    pub const BILLED_REQUESTS: &str = "billed_requests";
    /// Requests that are not billed.
    pub const NOT_BILLED_REQUESTS: &str = "not_billed_requests";
    /// Requests fully priced.
    pub const PRICED_REQUESTS: &str = "priced_requests";
    /// Known tokens of billed requests, each once.
    pub const BILLED_TOKENS: &str = "billed_tokens";
    /// Of these, tokens without a price.
    pub const UNPRICED_TOKENS: &str = "unpriced_tokens";
}

/// How hard the service was used.
pub mod load {
    /// Highest error rate of any clock minute with enough requests.
    pub const WORST_MINUTE_ERROR_RATE: &str = "worst_minute_error_rate";
    /// Share of requests in minutes with enough requests.
    pub const JUDGED_SHARE: &str = "judged_share";
    /// Tokens in the clock hour that has most of them.
    pub const PEAK_HOUR_TOKENS: &str = "peak_hour_tokens";
    /// Bytes of bodies in the clock hour that has most of them.
    pub const PEAK_HOUR_BYTES: &str = "peak_hour_bytes";
    /// Distinct application inference profiles.
    pub const ACTIVE_APPLICATIONS: &str = "active_applications";
    /// Requests through an application inference profile ÷ requests.
    pub const APPLICATION_SHARE: &str = "application_share";
    /// Most principals with a request running at one instant.
    pub const CONCURRENT_PRINCIPALS: &str = "concurrent_principals";
}

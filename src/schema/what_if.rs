//! Columns of the small frames that what-ifs are computed from; derived on reading, never stored.

/// Number of a cell: of what requests have in common beside counts, time and prompt.
pub const CELL: &str = "call_cell";
/// Number of a call among those that are looked at together.
pub const CALL: &str = "call";
/// The hash of a request's prompt as a number, `Int128`.
pub const PROMPT: &str = "prompt_number";
/// Requests whose prompt hash is known.
pub const PROMPTS: &str = "prompts";
/// Whether the logged input tokens of the model include the cached ones.
pub const INCLUDES_CACHE: &str = "logged_input_includes_cache";
/// Whether the record doesn't say how many of the tokens written to the cache live for an hour.
pub const LIFETIME_UNKNOWN: &str = "lifetime_unknown";
/// How many context windows of candidates all tokens exceed, by both rules for cached input.
pub const FOOTPRINT: &str = "footprint";
/// A UTC day with the prices of the request's day.
pub const KEY_DAY: &str = "key_day";
/// Number of an account, Region and model.
pub const ANY_READER: &str = "any_reader";
/// Number of an account, Region, model and principal.
pub const OWN_READER: &str = "own_reader";
/// Whether the request read from the cache.
pub const READS: &str = "reads";
/// Number of a principal.
pub const CALLER: &str = "caller";
/// Number of a model.
pub const ANSWERER: &str = "answerer";
/// Number of a load.
pub const LOAD: &str = "load";
/// Whether the answer was streamed; true where the operation isn't known.
pub const STREAMED: &str = "streamed";
/// How many of the price book's long-context thresholds the request's input exceeds.
pub const CONTEXT_CLASS: &str = "context_class";
/// How many of the candidates' context windows the request's tokens, output included, exceed.
pub const FOOTPRINT_CLASS: &str = "footprint_class";
/// Which kinds of token the request has, a bit each: whether an alternative can price it depends on
/// them.
pub const TOKEN_KINDS: &str = "token_kinds";
/// Tokens written to the cache, both times to live.
pub const WRITTEN: &str = "written_tokens";
/// The part of [`WRITTEN`] that is known to live for an hour.
pub const WRITTEN_1H: &str = "written_1h_tokens";
/// The part of [`WRITTEN`] whose time to live the record doesn't say.
pub const WRITTEN_UNKNOWN: &str = "written_unknown_tokens";
/// When the account, Region and model next read from the cache, milliseconds.
pub const NEXT_READ_BY_ANY: &str = "next_read_by_any";
/// When the same principal next did.
pub const NEXT_READ_BY_OWN: &str = "next_read_by_own";
/// Writes that surely nobody read, of the default time to live.
pub const UNREAD: &str = "unread_tokens";
/// As [`UNREAD`], written for an hour.
pub const UNREAD_1H: &str = "unread_1h_tokens";
/// Requests with such writes.
pub const UNREAD_REQUESTS: &str = "unread_requests";
/// Writes that the same principal didn't read, of the default time to live.
pub const UNREAD_BY_OWN: &str = "unread_by_own_tokens";
/// As [`UNREAD_BY_OWN`], written for an hour.
pub const UNREAD_BY_OWN_1H: &str = "unread_by_own_1h_tokens";
/// Requests with such writes.
pub const UNREAD_BY_OWN_REQUESTS: &str = "unread_by_own_requests";
/// Whether the same prompt was answered by the same model shortly before.
pub const ANSWERED_BEFORE: &str = "answered_before";
/// Requests whose prompt hash and principal are known.
pub const COMPARABLE: &str = "comparable_requests";
/// Requests that repeat a prompt and cost something.
pub const REPEATED: &str = "repeated_requests";
/// Their cost, `Int128`, 10⁻¹⁴ USD.
pub const REPEATED_UNITS: &str = "repeated_units";
/// Of these, requests whose prompt had been answered.
pub const ANSWERED: &str = "answered_requests";
/// Their cost.
pub const ANSWERED_UNITS: &str = "answered_units";
/// Median of a caller's prompt lengths, tokens outside the cache.
pub const MEDIAN_PROMPT: &str = "median_prompt_tokens";
/// Length that nine of ten prompts of a caller stay within.
pub const P90_PROMPT: &str = "p90_prompt_tokens";
/// Length that nineteen of twenty do.
pub const P95_PROMPT: &str = "p95_prompt_tokens";
/// Tokens beyond the median, of prompts longer than [`P90_PROMPT`].
pub const EXCESS_P90: &str = "excess_p90_tokens";
/// As [`EXCESS_P90`], longer than [`P95_PROMPT`].
pub const EXCESS_P95: &str = "excess_p95_tokens";
/// Prompts longer than [`P90_PROMPT`].
pub const LONG_P90: &str = "long_p90_requests";
/// Prompts longer than [`P95_PROMPT`].
pub const LONG_P95: &str = "long_p95_requests";
/// The minutes of a cell's calls, since the epoch: a list.
pub const MINUTES: &str = "minutes";
/// Their input tokens as logged.
pub const INPUTS: &str = "inputs";
/// Their input tokens outside the cache, where the model logs the cached ones inside its input.
pub const INPUTS_OUTSIDE: &str = "inputs_outside_cache";
/// The tokens that they wrote to the cache.
pub const WRITES: &str = "writes";
/// Their output tokens.
pub const OUTPUTS: &str = "outputs";
/// The minute of the call, since the epoch, with the number of its load.
pub const MINUTE: &str = "minute";
/// Input tokens of a minute that count against a reserved rate: outside the cache and written to it.
pub const MINUTE_INPUT: &str = "minute_input_tokens";
/// Output tokens of a minute.
pub const MINUTE_OUTPUT: &str = "minute_output_tokens";

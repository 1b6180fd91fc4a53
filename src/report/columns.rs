//! The columns of priced invocations that reports read, so that a caller can read them once.

use crate::schema::{cost, invocation};

/// All columns that [`weekly`](super::weekly) and its metrics read of the priced invocations.
pub const READ: [&str; 24] = [
    invocation::EVENT_TIME,
    invocation::REQUEST_ID,
    invocation::ACCOUNT_ID,
    invocation::REGION,
    invocation::PRINCIPAL,
    invocation::MODEL,
    invocation::STATUS,
    invocation::STOP_REASON,
    invocation::GUARDRAIL_ACTION,
    invocation::PROMPT_HASH,
    invocation::INPUT_TOKENS,
    invocation::OUTPUT_TOKENS,
    invocation::CACHE_READ_INPUT_TOKENS,
    invocation::CACHE_WRITE_INPUT_TOKENS,
    invocation::INPUT_BYTES,
    invocation::OUTPUT_BYTES,
    invocation::LATENCY_MS,
    invocation::FIRST_BYTE_MS,
    cost::COST_UNITS,
    cost::COST_STATUS,
    cost::COST_REASON,
    cost::UNCACHED_INPUT_TOKENS,
    cost::TOTAL_TOKENS,
    cost::UNPRICED_TOKENS,
];

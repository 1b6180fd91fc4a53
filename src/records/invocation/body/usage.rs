//! Token counts, from wherever a body has them.

use crate::records::wire::{Count, List, Text, object};

object! {
    /// `usage` of Converse, Anthropic and OpenAI-style bodies.
    struct Usage<'a> {
        // Converse
        "inputTokens" => input_tokens: Count,
        "outputTokens" => output_tokens: Count,
        "cacheReadInputTokens" => cache_read_tokens: Count,
        "cacheWriteInputTokens" => cache_write_tokens: Count,
        "cacheReadInputTokenCount" => cache_read_count: Count,
        "cacheWriteInputTokenCount" => cache_write_count: Count,
        "cacheDetails" => cache_details: List<CacheDetail<'a>>,
        // Anthropic
        "input_tokens" => anthropic_input: Count,
        "output_tokens" => anthropic_output: Count,
        "cache_read_input_tokens" => anthropic_cache_read: Count,
        "cache_creation_input_tokens" => anthropic_cache_write: Count,
        "cache_creation" => cache_creation: CacheCreation,
        // OpenAI, Mistral, AI21
        "prompt_tokens" => prompt_tokens: Count,
        "completion_tokens" => completion_tokens: Count,
    }
}

object! {
    /// Cache writes of one time-to-live class (Converse).
    struct CacheDetail<'a> {
        "ttl" => ttl: Text<'a>,
        "inputTokens" => tokens: Count,
    }
}

object! {
    /// Cache writes by time-to-live class (Anthropic).
    struct CacheCreation {
        "ephemeral_5m_input_tokens" => five_minutes: Count,
        "ephemeral_1h_input_tokens" => one_hour: Count,
    }
}

object! {
    /// `amazon-bedrock-invocationMetrics` of a stream's last chunk.
    struct InvocationMetrics {
        "inputTokenCount" => input: Count,
        "outputTokenCount" => output: Count,
        "cacheReadInputTokenCount" => cache_read: Count,
        "cacheWriteInputTokenCount" => cache_write: Count,
        "invocationLatency" => latency_ms: Count,
        "firstByteLatency" => first_byte_ms: Count,
    }
}

/// Token counts of one call, as far as one source knows them.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(in crate::records::invocation) struct Counts {
    pub(in crate::records::invocation) input: Option<i64>,
    pub(in crate::records::invocation) output: Option<i64>,
    pub(in crate::records::invocation) cache_read: Option<i64>,
    pub(in crate::records::invocation) cache_write: Option<i64>,
    /// Part of `cache_write` with a time to live of one hour.
    pub(in crate::records::invocation) cache_write_1h: Option<i64>,
}

impl Counts {
    pub(in crate::records::invocation) const NONE: Self = Self {
        input: None,
        output: None,
        cache_read: None,
        cache_write: None,
        cache_write_1h: None,
    };

    /// These counts, and where they are unknown those of a less trusted source.
    pub(in crate::records::invocation) fn or(self, other: Self) -> Self {
        Self {
            input: self.input.or(other.input),
            output: self.output.or(other.output),
            cache_read: self.cache_read.or(other.cache_read),
            cache_write: self.cache_write.or(other.cache_write),
            cache_write_1h: self.cache_write_1h.or(other.cache_write_1h),
        }
    }

    /// Whether any count is known.
    pub(in crate::records::invocation) fn any(self) -> bool {
        self != Self::default()
    }

    pub(super) fn of_metrics(metrics: &InvocationMetrics) -> Self {
        Self {
            input: metrics.input.0,
            output: metrics.output.0,
            cache_read: metrics.cache_read.0,
            cache_write: metrics.cache_write.0,
            cache_write_1h: None,
        }
    }

    pub(super) fn of_usage(usage: &Usage<'_>) -> Self {
        let (details_total, details_1h) = cache_details(&usage.cache_details.0);
        let creation = &usage.cache_creation;
        let creation_total = sum([creation.five_minutes.0, creation.one_hour.0]);
        Self {
            input: first([usage.input_tokens, usage.anthropic_input, usage.prompt_tokens]),
            output: first([usage.output_tokens, usage.anthropic_output, usage.completion_tokens]),
            cache_read: first([
                usage.cache_read_tokens,
                usage.anthropic_cache_read,
                usage.cache_read_count,
            ]),
            cache_write: first([
                usage.cache_write_tokens,
                usage.anthropic_cache_write,
                usage.cache_write_count,
            ])
            .or(details_total)
            .or(creation_total),
            cache_write_1h: details_1h.or(creation.one_hour.0),
        }
    }
}

fn first(counts: [Count; 3]) -> Option<i64> {
    counts.into_iter().find_map(|count| count.0)
}

/// The sum of the known parts; `None` when none is known.
fn sum(parts: [Option<i64>; 2]) -> Option<i64> {
    parts.into_iter().flatten().reduce(i64::saturating_add)
}

/// All cache writes, and those of one hour; `None` without any detail, or with an unreadable one.
fn cache_details(details: &[CacheDetail<'_>]) -> (Option<i64>, Option<i64>) {
    let known: Option<Vec<_>> = details.iter().map(|d| Some((d.ttl.get()?, d.tokens.0?))).collect();
    match known {
        Some(known) if !known.is_empty() => {
            let total = |only: fn(&str) -> bool| {
                let counts = known.iter().filter(|(ttl, _)| only(ttl)).map(|(_, tokens)| *tokens);
                Some(counts.fold(0, i64::saturating_add))
            };
            (total(|_| true), total(|ttl| ttl == "1h"))
        }
        _ => (None, None),
    }
}

//! The response body: one object, or the chunks of a stream.

use std::borrow::Cow;

use super::stop::Stop;
use super::usage::{InvocationMetrics, Usage};
use super::{Counts, encoded, owned, size, tier_of};
use crate::records::invocation::guardrail::{Seen, Trace};
use crate::records::invocation::wire::Performance;
use crate::records::json::{Cursor, Fault, Like};
use crate::records::wire::{Count, Length, Object, Raw, Read, Text, fill_object, object, parse};

/// A response body: what it tells.
#[derive(Debug, Default)]
pub(in crate::records) struct ResponseBody<'a> {
    pub(in crate::records::invocation) response: Response<'a>,
    /// Size of its JSON text.
    pub(in crate::records::invocation) size_bytes: i64,
}

impl<'a> Read<'a> for ResponseBody<'a> {
    fn read_into(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
        let kind = cursor.peek()?;
        let from = cursor.at();
        self.response = Response::NOTHING;
        match kind {
            b'[' => self.response.add_stream(cursor)?,
            b'{' => self.response.add_object(cursor)?,
            _ => {
                cursor.skip()?;
                *self = Self::of_text(cursor.since(from));
                return Ok(());
            }
        }
        self.size_bytes = size(cursor.since(from));
        Ok(())
    }
}

impl<'a> ResponseBody<'a> {
    /// A body that is neither object nor list, or one in a string.
    fn of_text(json: &'a str) -> Self {
        let Some(inner) = encoded(json) else {
            return Self { response: Response::NOTHING, size_bytes: size(json) };
        };
        let body = parse::<ResponseBody<'_>>(&inner);
        let response = body.map_or(Response::NOTHING, |body| body.response.owned());
        Self { response, size_bytes: size(&inner) }
    }
}

/// What a response tells.
#[derive(Debug, Default)]
pub(in crate::records::invocation) struct Response<'a> {
    /// From `amazon-bedrock-invocationMetrics`.
    pub(in crate::records::invocation) metrics_counts: Counts,
    /// From the provider's own usage figures.
    pub(in crate::records::invocation) usage_counts: Counts,
    pub(in crate::records::invocation) latency: Option<Latency>,
    pub(in crate::records::invocation) first_byte_ms: Option<i64>,
    pub(in crate::records::invocation) stop_reason: Option<Cow<'a, str>>,
    pub(in crate::records::invocation) guardrail: Seen,
    pub(in crate::records::invocation) service_tier: Option<Cow<'a, str>>,
    /// Whether the body says which latency class it was served with.
    pub(in crate::records::invocation) tells_performance: bool,
    pub(in crate::records::invocation) images: Option<i64>,
    /// The model that a prompt router chose.
    pub(in crate::records::invocation) invoked_model: Option<Cow<'a, str>>,
}

/// A latency and the value of its [`LATENCY_SOURCE`](crate::schema::invocation::LATENCY_SOURCE).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::records::invocation) struct Latency {
    pub(in crate::records::invocation) ms: i64,
    pub(in crate::records::invocation) source: &'static str,
}

object! {
    /// Keys of a response, or of one chunk, beside those of [`Stop`].
    struct Facts<'a> {
        // Converse
        "metrics" => metrics: Metrics,
        "usage" => usage: Option<Box<Usage<'a>>>,
        "trace" => trace: Option<Box<ConverseTrace<'a>>>,
        "serviceTier" => service_tier: Option<Raw<'a>>,
        "performanceConfig" => performance: Performance<'a>,
        // Anthropic's and Nova's chunks
        "message" => message: MessageStart<'a>,
        "metadata" => metadata: Metadata<'a>,
        // Titan, Llama
        "inputTextTokenCount" => titan_input: Count,
        "totalOutputTextTokenCount" => titan_output: Count,
        "prompt_token_count" => llama_input: Count,
        "generation_token_count" => llama_output: Count,
        // Images
        "images" => images: Length,
        // What Bedrock adds
        "service_tier" => service_tier_text: Option<Raw<'a>>,
        "amazon-bedrock-invocationMetrics" => invocation_metrics: Option<Box<InvocationMetrics>>,
        "amazon-bedrock-guardrailAction" => guardrail_action: Text<'a>,
        "amazon-bedrock-trace" => bedrock_trace: Option<Box<ConverseTrace<'a>>>,
    }
}

object! {
    struct Metrics {
        "latencyMs" => latency_ms: Count,
    }
}

object! {
    struct ConverseTrace<'a> {
        "guardrail" => guardrail: Option<Trace<'a>>,
        "promptRouter" => prompt_router: PromptRouter<'a>,
    }
}

object! {
    struct PromptRouter<'a> {
        "invokedModelId" => invoked_model: Text<'a>,
    }
}

object! {
    /// `message` of Anthropic's `message_start`.
    struct MessageStart<'a> {
        "usage" => usage: Option<Box<Usage<'a>>>,
    }
}

object! {
    /// `metadata` of Nova's last chunk.
    struct Metadata<'a> {
        "usage" => usage: Option<Box<Usage<'a>>>,
        "metrics" => metrics: Metrics,
        "trace" => trace: Option<Box<ConverseTrace<'a>>>,
        "serviceTier" => service_tier: Option<Raw<'a>>,
        "performanceConfig" => performance: Performance<'a>,
    }
}

/// A body, or one chunk of a stream.
#[derive(Debug, Default)]
struct Chunk<'a> {
    stop: Stop<'a>,
    facts: Facts<'a>,
}

impl<'a> Object<'a> for Chunk<'a> {
    fn entry(&mut self, key: &str, cursor: &mut Cursor<'a>) -> Result<bool, Fault> {
        Ok(self.facts.entry(key, cursor)? || self.stop.entry(key, cursor)?)
    }
}

impl<'a> Response<'a> {
    /// Of a body that isn't there.
    pub(in crate::records::invocation) const NOTHING: Response<'static> = Response {
        metrics_counts: Counts::NONE,
        usage_counts: Counts::NONE,
        latency: None,
        first_byte_ms: None,
        stop_reason: None,
        guardrail: Seen::NOTHING,
        service_tier: None,
        tells_performance: false,
        images: None,
        invoked_model: None,
    };

    fn owned(self) -> Response<'static> {
        Response {
            stop_reason: owned(self.stop_reason),
            service_tier: owned(self.service_tier),
            invoked_model: owned(self.invoked_model),
            metrics_counts: self.metrics_counts,
            usage_counts: self.usage_counts,
            latency: self.latency,
            first_byte_ms: self.first_byte_ms,
            guardrail: self.guardrail,
            tells_performance: self.tells_performance,
            images: self.images,
        }
    }

    fn add_object(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
        let mut chunk = Chunk::default();
        fill_object(&mut chunk, cursor)?;
        self.add(&chunk);
        Ok(())
    }

    /// Folds the chunks of a stream as they are read: there can be thousands.
    ///
    /// Most of them are like the one before but for a piece of text. Where a chunk told nothing,
    /// those like it tell nothing either, and are only crossed.
    fn add_stream(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
        let mut silent: Option<Like<'_>> = None;
        cursor.list(|cursor| {
            cursor.peek()?;
            if silent.is_some_and(|silent| cursor.skip_like(&silent)) {
                return Ok(());
            }
            let (from, taken) = (cursor.at(), cursor.taken());
            let mut chunk = Chunk::default();
            fill_object(&mut chunk, cursor)?;
            if cursor.taken() == taken {
                silent = cursor.like(from);
            } else {
                self.add(&chunk);
            }
            Ok(())
        })
    }

    /// Adds a chunk; what it knows replaces what earlier chunks said.
    fn add(&mut self, chunk: &Chunk<'a>) {
        let facts = &chunk.facts;
        self.add_usage(chunk);
        self.add_metrics(facts);
        for trace in [&facts.trace, &facts.bedrock_trace, &facts.metadata.trace] {
            self.add_trace(trace.as_deref());
        }
        if let Some(action) = facts.guardrail_action.get() {
            self.guardrail.add_action(action);
        }
        replace(&mut self.stop_reason, chunk.stop.reason());
        self.guardrail.intervened |= self.stop_reason.as_deref() == Some("guardrail_intervened");
        replace(&mut self.images, facts.images.0.or(chunk.stop.artifacts()));
        let tiers = [facts.service_tier, facts.service_tier_text];
        replace(&mut self.service_tier, tier_of(&facts.performance, tiers));
        let metadata = &facts.metadata;
        replace(
            &mut self.service_tier,
            tier_of(&metadata.performance, [metadata.service_tier, None]),
        );
        self.tells_performance |= facts.performance.latency.get().is_some()
            || metadata.performance.latency.get().is_some();
    }

    fn add_usage(&mut self, chunk: &Chunk<'_>) {
        let facts = &chunk.facts;
        let of = |usage: Option<&Usage<'_>>| usage.map(Counts::of_usage).unwrap_or_default();
        // The output count at the start of a message is a placeholder, never the total.
        let start = Counts { output: None, ..of(facts.message.usage.as_deref()) };
        let totals = Counts {
            input: facts.titan_input.0.or(facts.llama_input.0),
            output: facts.titan_output.0.or(facts.llama_output.0).or(chunk.stop.titan_tokens()),
            ..Counts::default()
        };
        self.usage_counts = of(facts.usage.as_deref())
            .or(of(facts.metadata.usage.as_deref()))
            .or(totals)
            .or(start)
            .or(self.usage_counts);
    }

    fn add_metrics(&mut self, facts: &Facts<'_>) {
        let converse = facts.metrics.latency_ms.0.or(facts.metadata.metrics.latency_ms.0);
        replace(&mut self.latency, converse.map(|ms| Latency { ms, source: "metrics" }));
        if let Some(metrics) = &facts.invocation_metrics {
            self.metrics_counts = Counts::of_metrics(metrics).or(self.metrics_counts);
            let latency = metrics.latency_ms.0;
            replace(
                &mut self.latency,
                latency.map(|ms| Latency { ms, source: "invocation_metrics" }),
            );
            replace(&mut self.first_byte_ms, metrics.first_byte_ms.0);
        }
    }

    fn add_trace(&mut self, trace: Option<&ConverseTrace<'a>>) {
        let Some(trace) = trace else { return };
        if let Some(guardrail) = &trace.guardrail {
            self.guardrail.add_trace(guardrail);
        }
        replace(&mut self.invoked_model, trace.prompt_router.invoked_model.0.clone());
    }
}

/// A later known value replaces an earlier one.
fn replace<T>(place: &mut Option<T>, value: Option<T>) {
    if value.is_some() {
        *place = value;
    }
}

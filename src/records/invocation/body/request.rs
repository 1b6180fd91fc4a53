//! The request body: limits and priced units that the caller asked for.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem;

use super::{encoded, owned, size, tier_of};
use crate::records::invocation::prompt_hash::Prompt;
use crate::records::invocation::wire::Performance;
use crate::records::json::{Cursor, Fault};
use crate::records::wire::{Count, Length, List, Object, Raw, Read, Text, object, parse};

/// A request body: what it tells, and its prompt, which is only to be hashed.
#[derive(Debug, Default)]
pub(in crate::records) struct RequestBody<'a> {
    pub(in crate::records::invocation) request: Request<'a>,
    pub(in crate::records::invocation) prompt: Prompt<'a>,
    /// Size of its JSON text.
    pub(in crate::records::invocation) size_bytes: i64,
}

impl<'a> Read<'a> for RequestBody<'a> {
    fn read_into(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
        let kind = cursor.peek()?;
        let from = cursor.at();
        if kind == b'{' {
            let mut body = Body::default();
            self.prompt = Prompt::read_entries(cursor, |key, cursor| body.entry(key, cursor))?;
            self.request = Request::of(&body);
            self.size_bytes = size(cursor.since(from));
            return Ok(());
        }
        cursor.skip()?;
        *self = Self::of_text(cursor.since(from));
        Ok(())
    }
}

impl<'a> RequestBody<'a> {
    /// A body that is no object, or one in a string.
    fn of_text(json: &'a str) -> Self {
        let Some(inner) = encoded(json) else {
            let prompt = Prompt::Json(json.into());
            return Self { request: Request::NOTHING, prompt, size_bytes: size(json) };
        };
        let body = parse::<RequestBody<'_>>(&inner);
        let request = body.map_or(Request::NOTHING, |body| body.request.owned());
        let size_bytes = size(&inner);
        Self { request, prompt: Prompt::Json(inner), size_bytes }
    }
}

/// What a request tells.
#[derive(Debug, Default)]
pub(in crate::records::invocation) struct Request<'a> {
    pub(in crate::records::invocation) max_tokens: Option<i64>,
    pub(in crate::records::invocation) service_tier: Option<Cow<'a, str>>,
    pub(in crate::records::invocation) input_images: Option<i64>,
    pub(in crate::records::invocation) image_quality: Option<Cow<'a, str>>,
    pub(in crate::records::invocation) rerank_documents: Option<i64>,
    pub(in crate::records::invocation) guardrail_id: Option<Cow<'a, str>>,
    pub(in crate::records::invocation) guardrail_version: Option<Cow<'a, str>>,
}

object! {
    struct Body<'a> {
        "messages" => messages: Option<Raw<'a>>,
        "inputImage" => titan_image: Option<Raw<'a>>,
        "max_tokens" => max_tokens: Count,
        "maxTokens" => max_tokens_camel: Count,
        "max_tokens_to_sample" => max_tokens_to_sample: Count,
        "max_completion_tokens" => max_completion_tokens: Count,
        "max_gen_len" => max_gen_len: Count,
        "inferenceConfig" => inference: InferenceConfig,
        "textGenerationConfig" => titan_text: TitanTextConfig,
        "imageGenerationConfig" => titan_image_config: TitanImageConfig<'a>,
        "serviceTier" => service_tier: Option<Raw<'a>>,
        "service_tier" => service_tier_text: Option<Raw<'a>>,
        "performanceConfig" => performance: Performance<'a>,
        "guardrailConfig" => guardrail: GuardrailConfig<'a>,
        "query" => query: Option<Raw<'a>>,
        "documents" => documents: Length,
    }
}

object! {
    /// Converse's and Nova's limits.
    struct InferenceConfig {
        "maxTokens" => max_tokens: Count,
        "max_new_tokens" => max_new_tokens: Count,
    }
}

object! {
    struct TitanTextConfig {
        "maxTokenCount" => max_tokens: Count,
    }
}

object! {
    /// Titan's and Nova Canvas' image settings.
    struct TitanImageConfig<'a> {
        "quality" => quality: Text<'a>,
    }
}

object! {
    struct GuardrailConfig<'a> {
        "guardrailIdentifier" => id: Text<'a>,
        "guardrailVersion" => version: Text<'a>,
    }
}

object! {
    struct Message<'a> {
        "content" => content: List<Block<'a>>,
    }
}

object! {
    /// One part of a message: text, an image, or a tool's result with parts of its own.
    struct Block<'a> {
        "type" => kind: Text<'a>,
        "image" => image: Option<Raw<'a>>,
        "toolResult" => tool_result: ToolResult<'a>,
        "content" => anthropic_tool_result: List<Part<'a>>,
    }
}

object! {
    struct ToolResult<'a> {
        "content" => content: List<Part<'a>>,
    }
}

object! {
    struct Part<'a> {
        "type" => kind: Text<'a>,
        "image" => image: Option<Raw<'a>>,
    }
}

impl<'a> Request<'a> {
    /// Of a body that isn't there.
    pub(in crate::records::invocation) const NOTHING: Request<'static> = Request {
        max_tokens: None,
        service_tier: None,
        input_images: None,
        image_quality: None,
        rerank_documents: None,
        guardrail_id: None,
        guardrail_version: None,
    };

    fn of(body: &Body<'a>) -> Self {
        let limits = [
            body.inference.max_tokens,
            body.inference.max_new_tokens,
            body.max_tokens,
            body.max_completion_tokens,
            body.max_tokens_to_sample,
            body.max_gen_len,
            body.max_tokens_camel,
            body.titan_text.max_tokens,
        ];
        let tiers = [body.service_tier, body.service_tier_text];
        Self {
            max_tokens: limits.into_iter().find_map(|limit| limit.0),
            service_tier: tier_of(&body.performance, tiers),
            input_images: images(body),
            image_quality: body.titan_image_config.quality.0.clone(),
            rerank_documents: body.query.and(body.documents.0),
            guardrail_id: body.guardrail.id.0.clone(),
            guardrail_version: body.guardrail.version.0.clone(),
        }
    }

    fn owned(self) -> Request<'static> {
        Request {
            service_tier: owned(self.service_tier),
            image_quality: owned(self.image_quality),
            guardrail_id: owned(self.guardrail_id),
            guardrail_version: owned(self.guardrail_version),
            max_tokens: self.max_tokens,
            input_images: self.input_images,
            rerank_documents: self.rerank_documents,
        }
    }
}

/// How the parts that are images, and their types, begin.
static IMAGE: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new("\"image"));

/// Images in the messages; `None` when none shows, since logging may leave media out.
fn images(body: &Body<'_>) -> Option<i64> {
    let messages = body.messages.map_or("", Raw::get);
    // Few messages hold images; a search is cheaper than a look at every part.
    let in_messages = if IMAGE.find(messages.as_bytes()).is_some() {
        let messages: List<Message<'_>> = parse(messages).unwrap_or_default();
        messages.0.iter().flat_map(|message| &message.content.0).map(Block::images).sum()
    } else {
        0
    };
    let images = in_messages + i64::from(body.titan_image.is_some());
    (images > 0).then_some(images)
}

impl Block<'_> {
    fn images(&self) -> i64 {
        let parts = self.tool_result.content.0.iter().chain(&self.anthropic_tool_result.0);
        let in_tools = parts.filter(|part| is_image(&part.kind, part.image)).count();
        let own = usize::from(is_image(&self.kind, self.image));
        i64::try_from(own + in_tools).unwrap_or(i64::MAX)
    }
}

/// Converse names the part `image`, Anthropic and `OpenAI` say so in its `type`.
fn is_image(kind: &Text<'_>, image: Option<Raw<'_>>) -> bool {
    image.is_some() || matches!(kind.get(), Some("image" | "image_url"))
}

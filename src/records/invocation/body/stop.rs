//! Why generation ended, in the provider's own words.

use std::borrow::Cow;

use crate::records::wire::{Count, List, Raw, Text, object, parse, text};

object! {
    /// The keys that hold a stop reason, in a body or in one chunk of a stream.
    struct Stop<'a> {
        "stopReason" => converse: Text<'a>,
        "stop_reason" => anthropic_llama: Text<'a>,
        "completionReason" => titan_chunk: Text<'a>,
        "finish_reason" => cohere: Text<'a>,
        "delta" => anthropic_delta: Delta<'a>,
        "messageStop" => nova_chunk: MessageStop<'a>,
        "results" => titan: List<TitanResult<'a>>,
        "outputs" => mistral: List<Delta<'a>>,
        "choices" => openai: List<Choice<'a>>,
        "generations" => cohere_generations: List<Choice<'a>>,
        "completions" => ai21: List<Completion<'a>>,
        "finish_reasons" => stability: List<Text<'a>>,
        "artifacts" => stability_artifacts: List<Completion<'a>>,
    }
}

object! {
    /// `delta` of an Anthropic chunk; an element of Mistral's `outputs`.
    struct Delta<'a> {
        "stop_reason" => reason: Text<'a>,
    }
}

object! {
    /// `messageStop` of a Nova chunk.
    struct MessageStop<'a> {
        "stopReason" => reason: Text<'a>,
    }
}

object! {
    /// Element of Titan's `results`.
    struct TitanResult<'a> {
        "completionReason" => reason: Text<'a>,
        "tokenCount" => tokens: Count,
    }
}

object! {
    /// Element of `OpenAI`'s `choices` and Cohere's `generations`.
    struct Choice<'a> {
        "finish_reason" => reason: Text<'a>,
    }
}

object! {
    /// Element of AI21's `completions` (an object) and Stability's `artifacts` (a string).
    struct Completion<'a> {
        "finishReason" => reason: Option<Raw<'a>>,
    }
}

object! {
    /// AI21's `finishReason`.
    struct Ai21Reason<'a> {
        "reason" => reason: Text<'a>,
    }
}

impl<'a> Stop<'a> {
    /// The reason; of several results the first that has one.
    pub(super) fn reason(&self) -> Option<Cow<'a, str>> {
        let single = [
            &self.converse,
            &self.anthropic_llama,
            &self.titan_chunk,
            &self.cohere,
            &self.anthropic_delta.reason,
            &self.nova_chunk.reason,
        ];
        let listed = (self.titan.0.iter().map(|result| &result.reason))
            .chain(self.mistral.0.iter().map(|output| &output.reason))
            .chain(self.openai.0.iter().map(|choice| &choice.reason))
            .chain(self.cohere_generations.0.iter().map(|choice| &choice.reason))
            .chain(&self.stability.0);
        let nested =
            || self.ai21.0.iter().chain(&self.stability_artifacts.0).find_map(Completion::reason);
        single.into_iter().chain(listed).find_map(|text| text.0.clone()).or_else(nested)
    }

    /// Number of Stability's images.
    pub(super) fn artifacts(&self) -> Option<i64> {
        i64::try_from(self.stability_artifacts.0.len()).ok().filter(|images| *images > 0)
    }

    /// Titan's output tokens, all results together; `None` unless every result has a count.
    pub(super) fn titan_tokens(&self) -> Option<i64> {
        let counts: Option<Vec<i64>> = self.titan.0.iter().map(|result| result.tokens.0).collect();
        counts
            .filter(|counts| !counts.is_empty())
            .map(|counts| counts.into_iter().fold(0, i64::saturating_add))
    }
}

impl<'a> Completion<'a> {
    fn reason(&self) -> Option<Cow<'a, str>> {
        let json = self.reason?.get();
        let nested = || parse::<Ai21Reason<'_>>(json).ok()?.reason.0;
        text(json).or_else(nested)
    }
}

//! Keyed hash of a request body: equal prompts can be counted and never read.

use serde_json::value::RawValue;

use crate::records::PromptKey;
use crate::records::wire::{Object, read_object};

/// Top-level entries of a request body that steer the answer and are not the prompt. Two calls that
/// differ in nothing else have the same hash.
pub(super) const PARAMETERS: [&str; 40] = [
    // Converse
    "additionalModelRequestFields",
    "additionalModelResponseFieldPaths",
    "guardrailConfig",
    "inferenceConfig",
    "performanceConfig",
    "requestMetadata",
    "serviceTier",
    // Addressing and framing
    "amazon-bedrock-guardrailConfig",
    "anthropic_beta",
    "anthropic_version",
    "metadata",
    "model",
    "modelId",
    "schemaVersion",
    "service_tier",
    "stream",
    "stream_options",
    // Sampling and limits, by provider
    "frequency_penalty",
    "imageGenerationConfig",
    "k",
    "maxTokens",
    "max_completion_tokens",
    "max_gen_len",
    "max_new_tokens",
    "max_tokens",
    "max_tokens_to_sample",
    "numResults",
    "p",
    "presence_penalty",
    "reasoning_effort",
    "seed",
    "stop",
    "stopSequences",
    "stop_sequences",
    "temperature",
    "textGenerationConfig",
    "topK",
    "topP",
    "top_k",
    "top_p",
];

/// An object's entries, values as written.
#[derive(Default)]
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Object<'de> for Entries<'de> {
    fn entry<A: serde::de::MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
    ) -> Result<bool, A::Error> {
        let wanted = !PARAMETERS.contains(&key);
        if wanted {
            self.0.push((key.to_owned(), map.next_value()?));
        }
        Ok(wanted)
    }
}

impl<'de> serde::Deserialize<'de> for Entries<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        read_object(input)
    }
}

/// The hash of a request body's JSON text as 32 hex digits; `None` when nothing but parameters is
/// in it.
///
/// The entries that are no parameters go in sorted by key, without the blanks between tokens: order
/// and layout of the body don't matter. Bodies that are no object are hashed as a whole.
pub(super) fn prompt_hash(body: &str, key: &PromptKey) -> Option<String> {
    let mut plain = Vec::with_capacity(body.len());
    if body.starts_with('{') {
        let Entries(mut entries) = serde_json::from_str(body).ok()?;
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        for (name, value) in entries {
            plain.extend_from_slice(name.as_bytes());
            plain.push(0); // no JSON text holds it, so entries can't run into each other
            append_compact(value.get(), &mut plain);
            plain.push(0);
        }
    } else {
        append_compact(body, &mut plain);
    }
    let hash = || hex::encode(&blake3::keyed_hash(&key.0, &plain).as_bytes()[..16]);
    (!plain.is_empty()).then(hash)
}

/// Appends JSON text without the blanks outside strings.
fn append_compact(json: &str, plain: &mut Vec<u8>) {
    let mut rest = json.as_bytes();
    while let Some(quote) = memchr::memchr(b'"', rest) {
        plain.extend(rest[..quote].iter().filter(|byte| !byte.is_ascii_whitespace()));
        let end = string_end(rest, quote);
        plain.extend_from_slice(&rest[quote..end]);
        rest = &rest[end..];
    }
    plain.extend(rest.iter().filter(|byte| !byte.is_ascii_whitespace()));
}

/// The end of the string that starts at `quote`, its closing quote included.
fn string_end(json: &[u8], quote: usize) -> usize {
    let mut at = quote + 1;
    while let Some(found) = json.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found + 1;
        if json[at - 1] == b'"' {
            return at;
        }
        at += 1; // the escaped character
    }
    json.len()
}

#[cfg(test)]
mod tests {
    use super::prompt_hash;
    use crate::records::PromptKey;

    fn hash(body: &str) -> Option<String> {
        prompt_hash(body, &PromptKey([7; 32]))
    }

    #[test]
    fn parameters_order_and_layout_do_not_matter() {
        let plain = hash(r#"{"system":"s","messages":[{"a":"x \" y"}]}"#);
        assert!(plain.as_ref().is_some_and(|hash| hash.len() == 32));
        let laid_out = "{ \"max_tokens\": 5,\n\"messages\" : [ { \"a\":\t\"x \\\" y\" } ],\n\
                        \"temperature\":1, \"system\":\"s\" }";
        assert_eq!(hash(laid_out), plain);
    }

    #[test]
    fn every_other_difference_matters() {
        let bodies = [
            r#"{"messages":["a b"]}"#,
            r#"{"messages":["ab"]}"#,
            r#"{"messages":["a b"],"system":""}"#,
            r#"{"prompt":["a b"]}"#,
            r#"{"messages":["a","b"]}"#,
            r#"["a b"]"#,
        ];
        let mut hashes: Vec<_> = bodies.iter().map(|body| hash(body)).collect();
        hashes.sort();
        hashes.dedup();
        assert_eq!(hashes.len(), bodies.len());
    }

    #[test]
    fn the_key_decides_the_hash() {
        let body = r#"{"prompt":"x"}"#;
        assert_ne!(hash(body), prompt_hash(body, &PromptKey([8; 32])));
    }

    #[test]
    fn parameters_alone_have_no_hash() {
        assert_eq!(hash(r#"{"temperature":1,"top_p":0.5}"#), None);
        assert_eq!(hash("{}"), None);
    }
}

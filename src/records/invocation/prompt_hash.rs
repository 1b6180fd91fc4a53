//! Keyed hash of a request body: equal prompts can be counted and never read.

use std::borrow::Cow;

use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use crate::records::PromptKey;
use crate::records::json::{Cursor, Fault};

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

fn is_parameter(key: &str) -> bool {
    // The entries that nearly every body has need no search.
    !matches!(key, "messages" | "system" | "prompt") && PARAMETERS.contains(&key)
}

/// What of a request body is hashed.
#[derive(Debug)]
pub(in crate::records) enum Prompt<'a> {
    /// The top-level entries that are no parameters, by key.
    Entries {
        entries: Vec<(Cow<'a, str>, &'a str)>,
        /// Blanks stand between the tokens of some value.
        blanks: bool,
    },
    /// A body's JSON text that was not looked into yet.
    Json(Cow<'a, str>),
}

impl Default for Prompt<'_> {
    fn default() -> Self {
        Self::Json(Cow::Borrowed(""))
    }
}

impl<'a> Prompt<'a> {
    /// Reads a body that is an object. `entry` is shown every entry; where it wants none of a value
    /// it answers false.
    pub(super) fn read_entries(
        cursor: &mut Cursor<'a>,
        mut entry: impl FnMut(&str, &mut Cursor<'a>) -> Result<bool, Fault>,
    ) -> Result<Self, Fault> {
        let (mut entries, mut blanks) = (Vec::with_capacity(4), false);
        let outside = cursor.forget_blanks();
        cursor.object(|cursor, key| {
            cursor.peek()?;
            let from = cursor.at();
            cursor.forget_blanks();
            if !entry(key, cursor)? {
                cursor.skip()?;
            }
            if !is_parameter(key) {
                entries.push((key.clone(), cursor.since(from)));
                blanks |= cursor.forget_blanks();
            }
            Ok(())
        })?;
        cursor.note_blanks(outside || blanks);
        entries.sort_by(|a, b| a.0.cmp(&b.0)); // stable: a repeated key keeps its order
        Ok(Self::Entries { entries, blanks })
    }
}

/// Hashes prompts with one key.
///
/// In two steps, as prompts are most of the bytes of a log: the code that AES-GCM authenticates a
/// message with, a universal hash that processors have instructions for, makes 16 bytes of a prompt;
/// BLAKE3 makes the hash of those. To tell two prompts by equal hashes takes luck of 2⁻¹¹⁵ even for
/// texts of 100 KB; to learn anything from a hash takes the key (Wegman and Carter, 1981).
pub(in crate::records) struct PromptHasher {
    universal: Option<LessSafeKey>,
    finish: [u8; 32],
    /// The text that is being hashed; kept for its memory.
    plain: Vec<u8>,
}

impl PromptHasher {
    /// The hasher of a store's prompts.
    pub(in crate::records) fn new(key: &PromptKey) -> Self {
        let universal = blake3::derive_key("bedrock-lens 2026 prompt hash, AES-GCM part", &key.0);
        let (universal, _) = universal.split_at(AES_128_GCM.key_len());
        Self {
            universal: UnboundKey::new(&AES_128_GCM, universal).map(LessSafeKey::new).ok(),
            finish: blake3::derive_key("bedrock-lens 2026 prompt hash, last part", &key.0),
            plain: Vec::new(),
        }
    }

    /// The hash of a request body as 32 hex digits; `None` when nothing but parameters is in it.
    ///
    /// The entries that are no parameters go in sorted by key, without the blanks between tokens:
    /// order and layout of the body don't matter. Bodies that are no object are hashed as a whole.
    pub(super) fn hash(&mut self, prompt: &Prompt<'_>) -> Option<String> {
        self.plain.clear();
        append(prompt, &mut self.plain);
        if self.plain.is_empty() {
            return None;
        }
        let hex = self.digest().to_hex();
        hex.get(..32).map(str::to_owned)
    }

    /// The hash of `plain`, which is enciphered for it: a cipher that is the same for all prompts keeps
    /// different ones different. As additional data, which isn't enciphered, `ring` would take it
    /// sixteen bytes at a time.
    fn digest(&mut self) -> blake3::Hash {
        // The one-time part of the code is always the same and hidden by the last step.
        let nonce = Nonce::assume_unique_for_key([0; 12]);
        let plain = &mut self.plain;
        let universal = self.universal.as_ref().and_then(|universal| {
            universal.seal_in_place_separate_tag(nonce, Aad::empty(), plain).ok()
        });
        match &universal {
            Some(code) => blake3::keyed_hash(&self.finish, code.as_ref()),
            None => blake3::keyed_hash(&self.finish, &self.plain), // as good a hash, only slower
        }
    }
}

/// Appends the bytes that are hashed.
fn append(prompt: &Prompt<'_>, plain: &mut Vec<u8>) {
    match prompt {
        Prompt::Entries { entries, blanks } => {
            for (name, value) in entries {
                plain.extend_from_slice(name.as_bytes());
                plain.push(0); // no JSON text holds it, so entries can't run into each other
                if *blanks {
                    append_compact(value, plain);
                } else {
                    plain.extend_from_slice(value.as_bytes());
                }
                plain.push(0);
            }
        }
        Prompt::Json(json) if json.starts_with('{') => {
            let mut cursor = Cursor::new(json);
            // What only looked like an object has no hash.
            if let Ok(entries) = Prompt::read_entries(&mut cursor, |_, _| Ok(false))
                && cursor.at() == json.len()
            {
                append(&entries, plain);
            }
        }
        Prompt::Json(json) => append_compact(json, plain),
    }
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
    use super::{Prompt, PromptHasher};
    use crate::records::PromptKey;
    use crate::records::invocation::body::request::RequestBody;
    use crate::records::wire::parse;

    fn hash(body: &str) -> Option<String> {
        hash_with([7; 32], body)
    }

    /// The hash, which must be the same whether the body was looked into or not.
    fn hash_with(key: [u8; 32], body: &str) -> Option<String> {
        let mut hasher = PromptHasher::new(&PromptKey(key));
        let unread = hasher.hash(&Prompt::Json(body.into()));
        let read = hasher.hash(&parse::<RequestBody<'_>>(body).expect("JSON").prompt);
        assert_eq!(read, unread, "{body}");
        read
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
        assert_ne!(hash(body), hash_with([8; 32], body));
    }

    #[test]
    fn parameters_alone_have_no_hash() {
        assert_eq!(hash(r#"{"temperature":1,"top_p":0.5}"#), None);
        assert_eq!(hash("{}"), None);
    }
}

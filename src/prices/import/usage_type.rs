//! What a usage type of the price list means: kind of token or unit, routing, tier, long context.
//!
//! Usage types are words joined by `-` and `_`, after a Region code: the model, then the kind
//! (`input-tokens`, `CacheReadInputTokenCount`, …), then suffixes. Cache kinds are looked for before
//! input, since they contain its name. A word that isn't known is told, never skipped.

use crate::prices::book::{Routing, Tier};

use super::problem::{UNKNOWN_UNIT, UNKNOWN_USAGE_TYPE};
use super::skip;

/// A kind of token with a price of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TokenKind {
    Input,
    Output,
    CacheRead,
    CacheWrite,
    CacheWrite1h,
}

/// What is priced.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Priced {
    /// Tokens; `long` is the price above the model's long-context threshold.
    Token { kind: TokenKind, long: bool },
    /// Something else, as the catalogue's `units` name it.
    Unit {
        unit: &'static str,
        quality: Option<String>,
        side: Option<i64>,
        resolution: Option<String>,
    },
}

/// A usage type, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Meaning {
    /// The words before the kind, joined by `-`, in lower case: names the model where nothing else does.
    pub(super) head: String,
    pub(super) priced: Priced,
    pub(super) routing: Routing,
    pub(super) tier: Tier,
}

/// Why a usage type gives no price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoPrice {
    /// Not a price of logged model inference, by nature: one of [`skip`].
    Skipped(&'static str),
    /// It may be one, and can't be read: a code and details.
    Problem(&'static str, String),
}

/// Starts of words that only other things than logged inference have.
const OTHER: &[(&str, &[&str])] = &[
    (skip::MANTLE_ENDPOINT, &["mantle"]),
    (skip::PROVISIONED_THROUGHPUT, &["provisionedthroughput", "provisioned", "modelunits"]),
    (skip::RESERVED_CAPACITY, &["reserved", "inputtpm", "outputtpm", "tpm"]),
    (
        skip::CUSTOM_MODEL,
        &[
            "custom",
            "customization",
            "training",
            "finetuning",
            "distillation",
            "storage",
            "importedmodel",
        ],
    ),
    (
        skip::NOT_MODEL_INFERENCE,
        &[
            "guardrail",
            "dataautomation",
            "agent",
            "flow",
            "knowledgebase",
            "evaluation",
            "modeleval",
            "promptrouting",
            "promptoptimization",
            "optimization",
            "grounding",
            "webgrounding",
            "sql",
        ],
    ),
];

/// Whose tokens a word before the kind means.
const OTHER_TOKENS: [&str; 3] = ["audio", "image", "video"];

/// The usage type without its Region code: `USE1-…` and `USE1-MP:USE1_…-Units`.
pub(super) fn without_region(usage_type: &str) -> (Option<&str>, &str) {
    let Some((code, rest)) = usage_type.split_once('-') else { return (None, usage_type) };
    let is_code = !code.is_empty()
        && code.len() <= 5
        && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if !is_code {
        return (None, usage_type);
    }
    let rest = rest.strip_prefix("MP:").map_or(rest, |rest| {
        let rest = rest.strip_suffix("-Units").unwrap_or(rest);
        rest.strip_prefix(code).and_then(|rest| rest.strip_prefix('_')).unwrap_or(rest)
    });
    (Some(code), rest)
}

/// Reads a usage type; `unit` is that of its price, `named` whether an attribute names the model.
pub(super) fn read(usage_type: &str, unit: &str, named: bool) -> Result<Meaning, NoPrice> {
    let lower = without_region(usage_type).1.to_lowercase();
    let words: Vec<&str> = lower.split(['-', '_', ' ']).filter(|word| !word.is_empty()).collect();
    for (reason, starts) in OTHER {
        if words.iter().any(|word| starts.iter().any(|start| word.starts_with(start))) {
            return Err(NoPrice::Skipped(reason));
        }
    }
    let unit = unit.to_lowercase();
    match find_kind(&words) {
        Some(found) => tokens(&words, &found, named),
        None => other_unit(&words, &unit, usage_type),
    }
}

/// A kind of token in the words: where it begins and ends.
struct Found {
    kind: TokenKind,
    start: usize,
    end: usize,
}

fn find_kind(words: &[&str]) -> Option<Found> {
    (0..words.len()).find_map(|start| {
        kind_at(&words[start..]).map(|(kind, length)| Found { kind, start, end: start + length })
    })
}

/// The kind that the words begin with, and how many words it takes.
fn kind_at(words: &[&str]) -> Option<(TokenKind, usize)> {
    let is_tokens =
        |word: Option<&&str>| word.is_some_and(|word| matches!(*word, "tokens" | "token"));
    match *words.first()? {
        "inputtokencount" | "inputtokens" => Some((TokenKind::Input, 1)),
        "outputtokencount" | "outputtokens" => Some((TokenKind::Output, 1)),
        "cachereadinputtokencount" => Some((TokenKind::CacheRead, 1)),
        "cachewriteinputtokencount" | "cachewrite5minputtokencount" => {
            Some((TokenKind::CacheWrite, 1))
        }
        "cachewrite1hinputtokencount" => Some((TokenKind::CacheWrite1h, 1)),
        "input" if is_tokens(words.get(1)) => Some((TokenKind::Input, 2)),
        "output" if is_tokens(words.get(1)) => Some((TokenKind::Output, 2)),
        "cache" => match *words.get(1)? {
            "read" => Some((TokenKind::CacheRead, 2)),
            "write" => Some((TokenKind::CacheWrite, 2)),
            _ => None,
        },
        _ => None,
    }
}

fn tokens(words: &[&str], found: &Found, named: bool) -> Result<Meaning, NoPrice> {
    let (head, tail) = (&words[..found.start], &words[found.end..]);
    let suffixes = Suffixes::read(tail)?;
    let mut kind = found.kind;
    if suffixes.one_hour {
        if kind != TokenKind::CacheWrite {
            return Err(unknown_word("1h"));
        }
        kind = TokenKind::CacheWrite1h;
    }
    let mut priced = Priced::Token { kind, long: suffixes.long };
    let mut name = head;
    if let Some((last, rest)) = head.split_last().filter(|_| named) {
        if OTHER_TOKENS.contains(last) {
            return Err(NoPrice::Skipped(skip::TOKENS_NOT_LOGGED_APART));
        }
        if *last == "speech" {
            priced = speech(kind)?;
        }
        if matches!(*last, "speech" | "text") {
            name = rest;
        }
    }
    Ok(Meaning { head: name.join("-"), priced, routing: suffixes.routing, tier: suffixes.tier })
}

fn speech(kind: TokenKind) -> Result<Priced, NoPrice> {
    let unit = match kind {
        TokenKind::Input => "1m_input_speech_tokens",
        TokenKind::Output => "1m_output_speech_tokens",
        _ => return Err(NoPrice::Skipped(skip::TOKENS_NOT_LOGGED_APART)),
    };
    Ok(Priced::Unit { unit, quality: None, side: None, resolution: None })
}

/// What the words after the kind say.
struct Suffixes {
    routing: Routing,
    tier: Tier,
    long: bool,
    one_hour: bool,
}

impl Suffixes {
    fn read(tail: &[&str]) -> Result<Self, NoPrice> {
        let mut read =
            Self { routing: Routing::Regional, tier: Tier::Standard, long: false, one_hour: false };
        let mut words = tail.iter().copied().peekable();
        while let Some(word) = words.next() {
            match word {
                // Rest of the kind's name, and words that change nothing: 5 and 30 minutes are the
                // default life of the models that have such a price.
                "input" | "output" | "token" | "tokens" | "count" | "standard" | "units"
                | "text" | "5m" | "30m" | "cross" | "region" | "geo" => {}
                "1h" => read.one_hour = true,
                "global" => read.routing = Routing::Global,
                "batch" => read.tier = Tier::Batch,
                "flex" => read.tier = Tier::Flex,
                "priority" => read.tier = Tier::Priority,
                "latencyoptimized" => read.tier = Tier::LatencyOptimized,
                "latency" if words.next_if_eq(&"optimized").is_some() => {
                    read.tier = Tier::LatencyOptimized;
                }
                "longctx" | "longcontext" => read.long = true,
                "long" if words.next_if(|next| matches!(*next, "ctx" | "context")).is_some() => {
                    read.long = true;
                }
                other => return Err(unknown_word(other)),
            }
        }
        Ok(read)
    }
}

fn unknown_word(word: &str) -> NoPrice {
    NoPrice::Problem(UNKNOWN_USAGE_TYPE, format!("`{word}` in it isn't known"))
}

/// Images, queries, seconds and requests, told by the unit of the price.
fn other_unit(words: &[&str], unit: &str, usage_type: &str) -> Result<Meaning, NoPrice> {
    let has = |wanted: &str| words.contains(&wanted);
    let tier = if has("batch") { Tier::Batch } else { Tier::Standard };
    let routing = if has("global") { Routing::Global } else { Routing::Regional };
    let plain = |unit| Priced::Unit { unit, quality: None, side: None, resolution: None };
    let priced = match unit {
        "search units" | "search unit" => plain("1k_queries"),
        "text requests" | "text request" => plain("text_request"),
        "input images" | "images processed" => plain("input_image"),
        "image" | "images" => return generated_image(words, routing, tier),
        "second" | "seconds" => seconds(words),
        // A marketplace offer whose unit says nothing: the usage type must.
        "units" if has("searchunits") || (has("search") && has("units")) => plain("1k_queries"),
        "units" if words == ["createdimage"] || words == ["created", "image"] => plain("image"),
        "units" => {
            let problem = format!("`{usage_type}` doesn't say what its units are");
            return Err(NoPrice::Problem(UNKNOWN_USAGE_TYPE, problem));
        }
        other if other.contains("token") => {
            let problem = String::from("it names no kind of token");
            return Err(NoPrice::Problem(UNKNOWN_USAGE_TYPE, problem));
        }
        "hrs" | "hour" | "hours" | "month" | "months" | "minutes" => {
            return Err(NoPrice::Skipped(skip::NOT_MODEL_INFERENCE));
        }
        other => return Err(NoPrice::Problem(UNKNOWN_UNIT, format!("`{other}`"))),
    };
    let kinds = ["searchunits", "search", "input", "output", "text", "requests", "image", "images"];
    let head: Vec<&str> = words.iter().copied().take_while(|word| !kinds.contains(word)).collect();
    Ok(Meaning { head: head.join("-"), priced, routing, tier })
}

/// `NovaCanvas-T2I-1024-Standard`: made from text or an image, side in pixels, quality.
fn generated_image(words: &[&str], routing: Routing, tier: Tier) -> Result<Meaning, NoPrice> {
    let from = words.iter().position(|word| matches!(*word, "t2i" | "i2i"));
    let (head, form) = words.split_at(from.unwrap_or(words.len()));
    let (side, quality) = match form {
        [] => (None, None),
        [_, side, quality @ ("standard" | "premium")] => {
            let side = side.parse().map_err(|_| unknown_word(side))?;
            (Some(side), Some((*quality).to_owned()))
        }
        [_, rest @ ..] => return Err(unknown_word(&rest.join("-"))),
    };
    let priced = Priced::Unit { unit: "image", quality, side, resolution: None };
    let head: Vec<&str> = head
        .iter()
        .copied()
        .filter(|word| !matches!(*word, "createdimage" | "created" | "image"))
        .collect();
    Ok(Meaning { head: head.join("-"), priced, routing, tier })
}

fn seconds(words: &[&str]) -> Priced {
    let has = |wanted: &str| words.iter().any(|word| word.contains(wanted));
    let unit = match (has("audio"), has("input")) {
        (true, _) => "input_audio_second",
        (false, true) => "input_video_second",
        (false, false) => "output_video_second",
    };
    let is_resolution =
        |word: &&&str| word.strip_suffix('p').is_some_and(|lines| lines.parse::<u32>().is_ok());
    let resolution = words.iter().find(is_resolution).map(|word| (*word).to_owned());
    Priced::Unit { unit, quality: None, side: None, resolution }
}

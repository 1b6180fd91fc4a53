//! The list cost of one request: the definition that `prices explain` shows.
//!
//! `metrics::cost` computes the same for whole frames as Polars expressions. The two share the price
//! book and no arithmetic, on purpose: tests run both over random requests and compare every column,
//! so each is the other's check.

use crate::schema::cost::{reason, status};
use crate::units::Usd;

use super::book::{PriceRow, TokenPrices};
use super::quote::Quote;
use super::units::{DOCUMENTS_PER_QUERY, ImageSize};

/// How cached tokens are charged for model families whose `input_tokens` include them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CacheConvention {
    /// Cached tokens, read and written, are taken out of the input before it is charged. Where they
    /// exceed it, nothing is left: more input never costs less.
    #[default]
    Documented,
    /// The logged input is charged whole, beside the cached tokens.
    AsLogged,
}

/// What a record says about a request, as far as its cost depends on it. `None` is unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage<'r> {
    /// Input tokens as logged.
    pub input_tokens: Option<i64>,
    /// Output tokens.
    pub output_tokens: Option<i64>,
    /// Tokens read from the cache.
    pub cache_read_tokens: Option<i64>,
    /// Tokens written to the cache, all times to live.
    pub cache_write_tokens: Option<i64>,
    /// The part of them written for an hour.
    pub cache_write_1h_tokens: Option<i64>,
    /// Images generated.
    pub output_images: Option<i64>,
    /// Their quality and size.
    pub image: ImageSize<'r>,
    /// Images sent.
    pub input_images: Option<i64>,
    /// Documents given to a rerank call.
    pub rerank_documents: Option<i64>,
    /// Rerank queries, where they are known rather than the documents.
    pub rerank_queries: Option<i64>,
    /// Length of generated video.
    pub output_video_ms: Option<i64>,
    /// Length of video sent; not logged.
    pub input_video_ms: Option<i64>,
    /// Length of sound sent; not logged.
    pub input_audio_ms: Option<i64>,
    /// Tokens of speech sent; not logged.
    pub input_speech_tokens: Option<i64>,
    /// Tokens of speech made; not logged.
    pub output_speech_tokens: Option<i64>,
    /// True when the call failed.
    pub failed: bool,
    /// True when a guardrail intervened.
    pub guardrail_intervened: bool,
}

/// What a request costs at list prices, and how sure that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    /// One of [`status`].
    pub status: &'static str,
    /// Why it isn't (fully) priced; several are joined by commas.
    pub reason: Option<String>,
    /// Cost of the priced parts; none when unpriced or not billed.
    pub total: Option<Usd>,
    /// The parts; they add up to the total.
    pub parts: Parts<Option<Usd>>,
    /// Input tokens outside the cache.
    pub uncached_input_tokens: Option<i64>,
    /// Every token once.
    pub total_tokens: Option<i64>,
    /// Tokens without a price.
    pub unpriced_tokens: Option<i64>,
}

/// One value per part of a cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Parts<T> {
    /// Uncached input tokens.
    pub input: T,
    /// Output tokens.
    pub output: T,
    /// Tokens read from the cache.
    pub cache_read: T,
    /// Tokens written to the cache.
    pub cache_write: T,
    /// Images, queries, requests, video.
    pub other: T,
}

/// Costs one request.
pub fn cost_of(quote: &Quote<'_>, usage: &Usage<'_>, convention: CacheConvention) -> Cost {
    let includes_cache = quote.model.is_some_and(|model| model.input_includes_cache);
    let counts = Counts::new(usage, includes_cache, convention);
    match (not_billed(usage, &counts), quote.price) {
        (Some(reason), _) => unpriced(status::NOT_BILLED, reason, None, &counts),
        (None, Err(reason)) => unpriced(status::UNPRICED, reason, counts.total, &counts),
        (None, Ok(row)) => priced(row, usage, &counts),
    }
}

/// Token counts, each token once.
struct Counts {
    uncached_input: Option<i64>,
    charged_input: Option<i64>,
    output: Option<i64>,
    cache_read: Option<i64>,
    cache_write: Option<i64>,
    cache_write_1h: i64,
    /// True when any count is known.
    known: bool,
    /// `None` without counts, and beyond 64 bits.
    total: Option<i64>,
}

impl Counts {
    fn new(usage: &Usage<'_>, includes_cache: bool, convention: CacheConvention) -> Self {
        let cache_write = usage.cache_write_tokens.or(usage.cache_write_1h_tokens);
        let cached = wide(usage.cache_read_tokens) + wide(cache_write);
        let uncached_input = match usage.input_tokens {
            Some(input) if includes_cache => narrow((i128::from(input) - cached).max(0)),
            input => input,
        };
        let known = [usage.input_tokens, usage.output_tokens, usage.cache_read_tokens, cache_write]
            .iter()
            .any(Option::is_some);
        let total = cached + wide(uncached_input) + wide(usage.output_tokens);
        Self {
            uncached_input,
            charged_input: match convention {
                CacheConvention::Documented => uncached_input,
                CacheConvention::AsLogged => usage.input_tokens,
            },
            output: usage.output_tokens,
            cache_read: usage.cache_read_tokens,
            cache_write,
            cache_write_1h: usage.cache_write_1h_tokens.min(cache_write).unwrap_or(0),
            known,
            total: if known { narrow(total) } else { None },
        }
    }

    /// Input tokens that count towards a long context.
    fn input(&self) -> i128 {
        wide(self.uncached_input) + wide(self.cache_read) + wide(self.cache_write)
    }
}

fn not_billed(usage: &Usage<'_>, counts: &Counts) -> Option<&'static str> {
    let units = [usage.output_images, usage.output_video_ms];
    if usage.failed && !counts.known && units.iter().all(Option::is_none) {
        return Some(reason::ERROR_WITHOUT_COUNTS);
    }
    let no_tokens = !counts.known || counts.total == Some(0);
    let no_units = units.iter().all(|count| count.unwrap_or(0) == 0);
    (usage.guardrail_intervened && no_tokens && no_units).then_some(reason::GUARDRAIL_BLOCKED_INPUT)
}

fn unpriced(
    status: &'static str,
    reason: &str,
    unpriced_tokens: Option<i64>,
    counts: &Counts,
) -> Cost {
    Cost {
        status,
        reason: Some(reason.to_owned()),
        total: None,
        parts: Parts::default(),
        uncached_input_tokens: counts.uncached_input,
        total_tokens: counts.total,
        unpriced_tokens,
    }
}

fn priced(row: &PriceRow, usage: &Usage<'_>, counts: &Counts) -> Cost {
    let long = row.long_context.filter(|long| counts.input() > i128::from(long.above_input_tokens));
    let prices = long.map_or(row.tokens, |long| long.tokens);
    let other = other_cost(row, usage);
    let bills_tokens = row.tokens.any();
    if bills_tokens && other.is_none() && !counts.known {
        return unpriced(status::UNPRICED, reason::NO_TOKEN_COUNTS, None, counts);
    }
    let missing = if bills_tokens { missing_prices(&prices, counts) } else { Vec::new() };
    let image_unmatched = row.bills_input_images()
        && row.unit_prices(usage.image).input_image.is_none()
        && usage.input_images.unwrap_or(0) > 0;
    let unit_unmatched = image_unmatched
        || (!bills_tokens && other.is_none())
        || not_logged(row, usage).into_iter().any(|(count, price)| count > 0 && price.is_none());
    if missing.is_empty() && !unit_unmatched {
        return with_parts(status::PRICED, None, &prices, other, counts, Some(0));
    }
    let mut reasons: Vec<&str> = missing.iter().map(|(reason, _)| *reason).collect();
    if unit_unmatched {
        reasons.push(reason::NO_UNIT_MATCH);
    }
    let reasons = reasons.join(",");
    if other.is_none() && !any_priced_token(&prices, counts) {
        return unpriced(status::UNPRICED, &reasons, counts.total, counts);
    }
    let unpriced_tokens = narrow(missing.iter().map(|(_, tokens)| i128::from(*tokens)).sum());
    with_parts(status::PARTLY_PRICED, Some(reasons), &prices, other, counts, unpriced_tokens)
}

/// Each kind of token: its reason when unpriced, its tokens, its price. Input here is what is left of
/// it outside the cache: no token is missed twice.
fn kinds(prices: &TokenPrices, counts: &Counts) -> [(&'static str, i64, Option<Usd>); 5] {
    let write_1h = counts.cache_write_1h;
    let write_default = counts.cache_write.unwrap_or(0).saturating_sub(write_1h);
    [
        (reason::NO_INPUT_PRICE, counts.uncached_input.unwrap_or(0), prices.input),
        (reason::NO_OUTPUT_PRICE, counts.output.unwrap_or(0), prices.output),
        (reason::NO_CACHE_READ_PRICE, counts.cache_read.unwrap_or(0), prices.cache_read),
        (reason::NO_CACHE_WRITE_PRICE, write_default, prices.cache_write),
        (reason::NO_CACHE_WRITE_PRICE, write_1h, prices.cache_write_1h()),
    ]
}

/// Reason and tokens of each kind that has tokens and no price.
fn missing_prices(prices: &TokenPrices, counts: &Counts) -> Vec<(&'static str, i64)> {
    let mut missing: Vec<(&'static str, i64)> = Vec::new();
    for (reason, tokens, price) in kinds(prices, counts) {
        if tokens > 0 && price.is_none() {
            match missing.last_mut().filter(|(last, _)| *last == reason) {
                Some((_, sum)) => *sum += tokens,
                None => missing.push((reason, tokens)),
            }
        }
    }
    missing
}

fn any_priced_token(prices: &TokenPrices, counts: &Counts) -> bool {
    kinds(prices, counts).iter().any(|(_, tokens, price)| *tokens > 0 && price.is_some())
}

fn with_parts(
    status: &'static str,
    reason: Option<String>,
    prices: &TokenPrices,
    other: Option<Usd>,
    counts: &Counts,
    unpriced_tokens: Option<i64>,
) -> Cost {
    let write_1h = counts.cache_write.map(|_| counts.cache_write_1h);
    let write_default = counts.cache_write.map(|all| all.saturating_sub(counts.cache_write_1h));
    let parts = Parts {
        input: product(counts.charged_input, prices.input),
        output: product(counts.output, prices.output),
        cache_read: product(counts.cache_read, prices.cache_read),
        cache_write: add([
            product(write_default, prices.cache_write),
            product(write_1h, prices.cache_write_1h()),
        ]),
        other,
    };
    let all = [parts.input, parts.output, parts.cache_read, parts.cache_write, parts.other];
    Cost {
        status,
        reason,
        total: Some(add(all).unwrap_or_default()),
        parts,
        uncached_input_tokens: counts.uncached_input,
        total_tokens: counts.total,
        unpriced_tokens,
    }
}

/// Cost of what isn't tokens; none when the record or the row has nothing of the kind.
fn other_cost(row: &PriceRow, usage: &Usage<'_>) -> Option<Usd> {
    let parts = other_parts(row, usage);
    parts.into_iter().map(|part| Usd(i128::from(part.count) * part.price.0)).reduce(|a, b| a + b)
}

/// Something that isn't a token and has a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OtherPart {
    /// What it is: `output_image`, `rerank_query`, …
    pub(super) part: &'static str,
    /// How many: images, queries, requests, tokens; milliseconds.
    pub(super) count: i64,
    /// Price of one.
    pub(super) price: Usd,
}

/// What isn't tokens, as far as both the record and the row have it.
pub(super) fn other_parts(row: &PriceRow, usage: &Usage<'_>) -> Vec<OtherPart> {
    let prices = row.unit_prices(usage.image);
    let queries = usage.rerank_queries.or(usage.rerank_documents.map(queries));
    let text_requests = usage.input_images.map(|images| i64::from(images == 0));
    let all = [
        ("output_image", usage.output_images, prices.output_image),
        ("input_image", usage.input_images, prices.input_image),
        ("rerank_query", queries, prices.rerank_query),
        ("text_request", text_requests, prices.text_request),
        ("output_video", usage.output_video_ms, prices.output_video_ms),
        ("input_video", usage.input_video_ms, prices.input_video_ms),
        ("input_audio", usage.input_audio_ms, prices.input_audio_ms),
        ("input_speech", usage.input_speech_tokens, prices.input_speech_token),
        ("output_speech", usage.output_speech_tokens, prices.output_speech_token),
    ];
    let known = |(part, count, price): (_, Option<i64>, Option<Usd>)| {
        Some(OtherPart { part, count: count?, price: price? })
    };
    all.into_iter().filter_map(known).collect()
}

/// Counts that no log holds, with their prices.
fn not_logged(row: &PriceRow, usage: &Usage<'_>) -> [(i64, Option<Usd>); 4] {
    let prices = row.unit_prices(usage.image);
    let all = [
        (usage.input_video_ms, prices.input_video_ms),
        (usage.input_audio_ms, prices.input_audio_ms),
        (usage.input_speech_tokens, prices.input_speech_token),
        (usage.output_speech_tokens, prices.output_speech_token),
    ];
    all.map(|(count, price)| (count.unwrap_or(0), price))
}

/// Rerank queries billed for so many documents.
fn queries(documents: i64) -> i64 {
    documents / DOCUMENTS_PER_QUERY + i64::from(documents % DOCUMENTS_PER_QUERY > 0)
}

fn product(count: Option<i64>, price: Option<Usd>) -> Option<Usd> {
    Some(Usd(i128::from(count?) * price?.0))
}

/// Sum of what is known; none when nothing is.
fn add<const N: usize>(amounts: [Option<Usd>; N]) -> Option<Usd> {
    amounts.into_iter().flatten().reduce(|a, b| a + b)
}

fn wide(count: Option<i64>) -> i128 {
    i128::from(count.unwrap_or(0))
}

fn narrow(count: i128) -> Option<i64> {
    i64::try_from(count).ok()
}

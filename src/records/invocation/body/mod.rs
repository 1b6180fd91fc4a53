//! What request and response bodies tell, whichever provider's shape they have.
//!
//! The shapes don't contradict each other, so one object per direction names the keys of all of
//! them; text, media and embeddings have no field and are skipped.

pub(super) mod request;
pub(super) mod response;
mod stop;
mod usage;

use std::borrow::Cow;

pub(super) use usage::Counts;

use crate::records::wire::{Raw, Text, object, parse, text};

object! {
    /// A service tier as Converse writes it.
    struct TierObject<'a> {
        "type" => kind: Text<'a>,
    }
}

/// The JSON text that this string, as written, holds: some tools re-encode bodies so. `None` where
/// it is another text.
fn encoded(json: &str) -> Option<Cow<'_, str>> {
    let inner = text(json).filter(|inner| inner.trim_start().starts_with(['{', '[']))?;
    Some(match inner {
        Cow::Borrowed(inner) => Cow::Borrowed(inner.trim()),
        Cow::Owned(inner) => Cow::Owned(inner.trim().to_owned()),
    })
}

/// Size of JSON text, bytes.
fn size(json: &str) -> i64 {
    i64::try_from(json.len()).unwrap_or(i64::MAX)
}

/// A text that no longer borrows from the body.
fn owned(text: Option<Cow<'_, str>>) -> Option<Cow<'static, str>> {
    text.map(|text| Cow::Owned(text.into_owned()))
}

/// A service tier: `{"type": tier}` or the tier itself.
fn tier(raw: Option<Raw<'_>>) -> Option<Cow<'_, str>> {
    let json = raw?.get();
    let in_object = || parse::<TierObject<'_>>(json).ok()?.kind.0;
    text(json).or_else(in_object)
}

/// Value of [`SERVICE_TIER`](crate::schema::invocation::SERVICE_TIER) for
/// `performanceConfig.latency`: `optimized`.
pub(super) const LATENCY_OPTIMIZED: &str = "latency_optimized";

/// A service tier from the two fields of one body that may hold it, or from its performance
/// configuration.
fn tier_of<'a>(
    performance: &super::wire::Performance<'a>,
    tiers: [Option<Raw<'a>>; 2],
) -> Option<Cow<'a, str>> {
    if performance.latency.get() == Some("optimized") {
        return Some(Cow::Borrowed(LATENCY_OPTIMIZED));
    }
    tiers.into_iter().find_map(tier)
}

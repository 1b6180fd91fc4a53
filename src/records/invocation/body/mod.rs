//! What request and response bodies tell, whichever provider's shape they have.
//!
//! The shapes don't contradict each other, so one object per direction names the keys of all of
//! them; text, media and embeddings have no field and are skipped.

pub(super) mod request;
pub(super) mod response;
mod stop;
mod usage;

use std::borrow::Cow;

use serde_json::value::RawValue;

pub(super) use usage::Counts;

use crate::records::wire::{self, Text, object};

object! {
    /// A service tier as Converse writes it.
    struct TierObject<'a> {
        "type" => kind: Text<'a>,
    }
}

/// The JSON text of a body. Some tools re-encode it as a string: then the text in the string.
pub(super) fn body_text(raw: &RawValue) -> Cow<'_, str> {
    let json = raw.get();
    match wire::text(json) {
        Some(inner) if inner.trim_start().starts_with(['{', '[']) => match inner {
            Cow::Borrowed(inner) => Cow::Borrowed(inner.trim()),
            Cow::Owned(inner) => Cow::Owned(inner.trim().to_owned()),
        },
        _ => Cow::Borrowed(json),
    }
}

/// A service tier: `{"type": tier}` or the tier itself.
fn tier(raw: Option<&RawValue>) -> Option<String> {
    let json = raw?.get();
    let in_object = || serde_json::from_str::<TierObject<'_>>(json).ok()?.kind.to_column();
    wire::text(json).map(Cow::into_owned).or_else(in_object)
}

/// Value of [`SERVICE_TIER`](crate::schema::invocation::SERVICE_TIER) for
/// `performanceConfig.latency`: `optimized`.
pub(super) const LATENCY_OPTIMIZED: &str = "latency_optimized";

/// A service tier from the two fields of one body that may hold it, or from its performance
/// configuration.
fn tier_of(
    performance: &super::wire::Performance<'_>,
    tiers: [Option<&RawValue>; 2],
) -> Option<String> {
    if performance.latency.get() == Some("optimized") {
        return Some(LATENCY_OPTIMIZED.to_owned());
    }
    tiers.into_iter().find_map(tier)
}

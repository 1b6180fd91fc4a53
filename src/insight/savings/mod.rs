//! Savings, computed and never quoted: what the same work could have cost, each with its assumptions
//! and a range, or the reason why the data can't say.
//!
//! A figure is list cost, exact. The low end counts only what is safe to change by the rule that the
//! saving states, the high end everything that could be; neither is a forecast. Savings overlap:
//! they must not be added up.

mod caching;
mod capacity;
mod prompts;
mod repeats;
mod repriced;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::metrics::what_if::caching::{CacheEffect, Unread};
use crate::metrics::what_if::capacity::Load;
use crate::metrics::what_if::prompts::LongPrompts;
use crate::metrics::what_if::repeats::Repeats;
use crate::metrics::what_if::reprice::Repriced;
use crate::units::Usd;

/// Whether money was saved, could have been, or was spent for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Nature {
    /// Saved already.
    Realized,
    /// Could have been saved.
    Potential,
    /// Spent, and of no use.
    Wasted,
}

impl Nature {
    /// As JSON writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Realized => "realized",
            Self::Potential => "potential",
            Self::Wasted => "wasted",
        }
    }
}

/// One what-if.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Saving {
    /// Its name, e.g. `batch`.
    pub kind: &'static str,
    /// What it is about, in words.
    pub title: String,
    /// What kind of money it is.
    pub nature: Nature,
    /// Low end of the range; null when the data can't say. Negative: it costs more.
    pub low_usd: Option<Usd>,
    /// High end of the range.
    pub high_usd: Option<Usd>,
    /// Why there is no figure; null when there is one.
    pub reason: Option<String>,
    /// Requests that the high end counts.
    pub requests: i64,
    /// What these cost now; null where that isn't the question.
    pub now_usd: Option<Usd>,
    /// What must be true for the figure to hold.
    pub assumptions: Vec<String>,
    /// Requests that are in neither end, by reason.
    pub left_out: BTreeMap<&'static str, i64>,
    /// More figures, by name.
    pub facts: Facts,
    /// The figure by model, caller or load; the parts add up to it.
    pub parts: Vec<Part>,
}

/// Figures by name.
pub type Facts = BTreeMap<&'static str, Fact>;

/// A figure beside the range.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Fact {
    /// Money.
    Usd(Usd),
    /// A count.
    Count(i64),
    /// A ratio.
    Share(f64),
    /// Words.
    Text(String),
}

/// A part of a saving.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Part {
    /// Base model id.
    pub model: Option<String>,
    /// Role or user, where the parts are callers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// Low end.
    pub low_usd: Usd,
    /// High end.
    pub high_usd: Usd,
    /// Requests.
    pub requests: i64,
    /// More figures, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: Facts,
}

/// A candidate and what the requests would have cost with it.
#[derive(Debug, Clone)]
pub struct Substitution<'g> {
    /// The model in use.
    pub from: String,
    /// The candidate.
    pub to: String,
    /// The candidate's context window; none where the catalogue has none.
    pub context_window: Option<i64>,
    /// The requests.
    pub repriced: Vec<Repriced<'g>>,
}

/// What savings are computed from.
#[derive(Debug, Clone)]
pub struct Inputs<'g> {
    /// Cache effect by model.
    pub cache: BTreeMap<String, CacheEffect>,
    /// Unread cache writes by model.
    pub unread: BTreeMap<String, Unread>,
    /// Standard requests at batch prices.
    pub batch: Vec<Repriced<'g>>,
    /// Standard requests at flex prices.
    pub flex: Vec<Repriced<'g>>,
    /// Priority requests at standard prices.
    pub priority: Vec<Repriced<'g>>,
    /// Regional requests at the prices of the global profile.
    pub global: Vec<Repriced<'g>>,
    /// One per candidate.
    pub substitutions: Vec<Substitution<'g>>,
    /// Long prompts by caller.
    pub prompts: Vec<LongPrompts>,
    /// Repeated prompts by caller.
    pub repeats: Vec<Repeats>,
    /// Loads that the catalogue has prices of capacity for.
    pub loads: Vec<Load>,
    /// Models that it has none for.
    pub without_capacity: Vec<String>,
    /// Minutes from the first to the last record of the period.
    pub minutes: i64,
}

/// All what-ifs, in a fixed order.
pub fn savings(inputs: &Inputs<'_>) -> Vec<Saving> {
    let mut savings = vec![
        caching::cache(&inputs.cache),
        caching::unread(&inputs.unread, &inputs.cache),
        repriced::batch(&inputs.batch),
        repriced::flex(&inputs.flex),
        repriced::priority(&inputs.priority),
        repriced::global(&inputs.global),
    ];
    if inputs.substitutions.is_empty() {
        savings.push(repriced::no_candidates());
    }
    savings.extend(inputs.substitutions.iter().map(repriced::substitution));
    savings.extend([
        prompts::long_prompts(&inputs.prompts),
        repeats::repeated(&inputs.repeats),
        off_peak(),
        capacity::reserved(&inputs.loads, &inputs.without_capacity, inputs.minutes),
        capacity::provisioned(&inputs.loads, &inputs.without_capacity, inputs.minutes),
    ]);
    savings
}

/// No price of the catalogue depends on the hour, so there is nothing to compute.
fn off_peak() -> Saving {
    let title = "Requests moved to quiet hours";
    let reason = "no price in the catalogue depends on the time of day; batch and flex are the \
                  prices of work that may wait";
    Saving::nothing("off_peak", title, Nature::Potential, reason)
}

impl Saving {
    /// A what-if that the data can't answer.
    fn nothing(
        kind: &'static str,
        title: impl Into<String>,
        nature: Nature,
        reason: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            title: title.into(),
            nature,
            low_usd: None,
            high_usd: None,
            reason: Some(reason.into()),
            requests: 0,
            now_usd: None,
            assumptions: Vec::new(),
            left_out: BTreeMap::new(),
            facts: Facts::new(),
            parts: Vec::new(),
        }
    }

    /// A what-if whose range is the sum of its parts; dearest part first.
    fn of_parts(
        kind: &'static str,
        title: impl Into<String>,
        nature: Nature,
        mut parts: Vec<Part>,
    ) -> Self {
        parts.sort_by(|a, b| {
            (b.high_usd, &a.model, &a.principal).cmp(&(a.high_usd, &b.model, &b.principal))
        });
        Self {
            low_usd: Some(parts.iter().map(|part| part.low_usd).sum()),
            high_usd: Some(parts.iter().map(|part| part.high_usd).sum()),
            reason: None,
            requests: parts.iter().map(|part| part.requests).sum(),
            parts,
            ..Self::nothing(kind, title, nature, "")
        }
    }

    fn assuming<const N: usize>(mut self, assumptions: [&str; N]) -> Self {
        self.assumptions = assumptions.map(str::to_owned).into();
        self
    }
}

/// `part ÷ whole` for reading; 0 of nothing is none.
#[expect(clippy::cast_precision_loss, reason = "a ratio for reading")]
fn share(part: i64, whole: i64) -> Option<Fact> {
    (whole > 0).then(|| Fact::Share(part as f64 / whole as f64))
}

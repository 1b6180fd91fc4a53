//! A stretch of time in which a rule's limit was crossed, with the figures that say so.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::rule::{Rule, Severity};
use crate::units::Usd;

/// A figure with its unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "unit", content = "value", rename_all = "snake_case")]
pub enum Amount {
    /// 0.0 to 1.0 and beyond.
    Share(f64),
    /// Milliseconds.
    Milliseconds(f64),
    /// Minutes.
    Minutes(f64),
    /// A number of things.
    Count(f64),
    /// Times what is usual.
    Times(f64),
    /// US dollars.
    Usd(Usd),
}

impl Amount {
    /// For telling which of two amounts of one unit is larger.
    pub fn size(self) -> f64 {
        match self {
            Self::Share(n)
            | Self::Milliseconds(n)
            | Self::Minutes(n)
            | Self::Count(n)
            | Self::Times(n) => n,
            Self::Usd(usd) => usd.to_f64(),
        }
    }
}

/// A stretch in which a rule's limit was crossed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Breach {
    /// The rule's id.
    pub rule: String,
    /// In a few words.
    pub title: String,
    /// How grave it is.
    pub severity: Severity,
    /// What it is about, beside the rule: names and values of dimensions; empty for everything.
    #[serde(with = "pairs")]
    pub group: Vec<(String, Option<String>)>,
    /// Start of the first window.
    pub from: DateTime<Utc>,
    /// End of the last window.
    pub to: DateTime<Utc>,
    /// The worst window's figure; none where the finding is no figure.
    pub value: Option<Amount>,
    /// The limit.
    pub limit: Option<Amount>,
    /// What the worst window's figure rests on: requests, events or findings.
    pub sample: Option<i64>,
    /// A sentence beyond the figures; may be empty.
    pub detail: String,
    /// What it is mostly made of; may be empty.
    pub drivers: Vec<String>,
    /// The command that shows it.
    pub query: String,
}

impl Breach {
    /// A breach of a rule without figures yet.
    pub fn about(rule: &Rule, group: Vec<(String, Option<String>)>) -> Self {
        Self {
            rule: rule.id.clone(),
            title: rule.title.clone(),
            severity: rule.severity,
            group,
            from: DateTime::UNIX_EPOCH,
            to: DateTime::UNIX_EPOCH,
            value: None,
            limit: None,
            sample: None,
            detail: String::new(),
            drivers: Vec::new(),
            query: String::new(),
        }
    }

    /// Rule and group: what makes two breaches one alert when they meet in time.
    pub fn key(&self) -> String {
        let group = self
            .group
            .iter()
            .map(|(name, value)| format!("/{name}={}", value.as_deref().unwrap_or("\u{2014}")));
        std::iter::once(self.rule.clone()).chain(group).collect()
    }

    /// Takes in a later or earlier stretch of the same thing; the worse figure stays.
    pub(super) fn take_in(&mut self, other: &Self) {
        let worse = match (self.value, other.value) {
            (Some(own), Some(new)) => new.size() > own.size(),
            (None, Some(_)) => true,
            _ => false,
        };
        if worse {
            self.value = other.value;
            self.limit = other.limit;
            self.sample = other.sample;
        }
        if other.to >= self.to {
            self.detail.clone_from(&other.detail);
        }
        if !other.drivers.is_empty() && (worse || self.drivers.is_empty()) {
            self.drivers.clone_from(&other.drivers);
        }
        self.severity = self.severity.max(other.severity);
        self.from = self.from.min(other.from);
        self.to = self.to.max(other.to);
    }
}

/// Names and values as one JSON object, in their order.
mod pairs {
    use std::fmt;

    use serde::de::{MapAccess, Visitor};
    use serde::{Deserializer, Serializer};

    type Pairs = Vec<(String, Option<String>)>;

    pub(super) fn serialize<S: Serializer>(
        pairs: &Pairs,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(pairs.iter().map(|(name, value)| (name, value)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Pairs, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("names with their values")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Pairs::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(pairs)
            }
        }
        input.deserialize_map(Read)
    }
}

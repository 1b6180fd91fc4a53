//! Values and words: exact, typed, spelled only by the renderer.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use crate::units::Usd;

/// A typed, exact, unrounded value.
///
/// In JSON: numbers, decimal strings for money, RFC 3339 for times, null when missing.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing to show, and why.
    Missing(Missing),
    /// A count, printed in full.
    Count(u64),
    /// A whole number of any meaning, as queries have them.
    Integer(i64),
    /// A number of any meaning.
    Number(f64),
    /// A mean count such as models per day, two decimals.
    Mean(f64),
    /// A number of tokens, k/M/B.
    Tokens(u64),
    /// A number of bytes, kB/MB/GB.
    Bytes(u64),
    /// Measured money, to the cent.
    Usd(Usd),
    /// Estimated money, to the dollar.
    Estimate(Usd),
    /// A range of estimated money, from and to.
    EstimateRange(Usd, Usd),
    /// A change of estimated money.
    EstimateChange(Usd),
    /// Money per unit, three significant digits.
    UnitUsd(Usd),
    /// A share or rate, 0.0–1.0, as a percentage.
    Share(f64),
    /// The rate of rare events such as errors, 0.0–1.0, as a percentage that keeps small rates
    /// readable.
    Rate(f64),
    /// A duration in milliseconds.
    DurationMs(f64),
    /// Seconds with two decimals and no unit, for columns whose head says seconds.
    SecondsOf(f64),
    /// A change of a count.
    CountChange(i64),
    /// A change of a mean.
    MeanChange(f64),
    /// A change of money.
    UsdChange(Usd),
    /// A relative change: 0.078 is +7.8%.
    RelativeChange(f64),
    /// A difference of two shares: 0.0018 is +0.18 pp.
    PointChange(f64),
    /// A change of a duration, milliseconds.
    DurationChange(f64),
    /// A change in seconds with two decimals and no unit.
    SecondsChange(f64),
    /// A time, UTC.
    Time(DateTime<Utc>),
    /// A day.
    Day(NaiveDate),
    /// Words.
    Text(String),
    /// An identifier: escaped, capped, never broken.
    Id(String),
    /// A model id: in full in JSON, as its [short name](crate::report::model_name::short) elsewhere.
    Model(String),
    /// A command or a code.
    Code(String),
    /// The result of a test, told by a shape too: its word; the cell's tone judges it.
    Status(&'static str),
    /// Words, and quieter ones below them.
    Lines(String, String),
}

/// Why there is no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// Not applicable, or cannot be known: `—`.
    NotApplicable,
    /// A count exists, but was not recorded.
    Unknown,
    /// The log doesn't carry it.
    NotInLog,
    /// There is no price for it.
    NotPriced,
    /// Nothing to compare with.
    New,
    /// Deliberately empty, e.g. the share of something not in the sum.
    Blank,
}

/// Words with figures in them: the renderer formats the figures.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Prose(pub Vec<Span>);

/// A run of prose.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "span", content = "value", rename_all = "snake_case")]
pub enum Span {
    /// Plain words; a log's own text goes into [`Value::Id`] or [`Value::Code`].
    Text(String),
    /// A figure or an identifier.
    Value(Value),
    /// A figure said with weight.
    Strong(Value),
    /// A link to a section: id and words.
    Link(&'static str, String),
}

impl Prose {
    /// Prose of plain words.
    pub fn text(words: impl Into<String>) -> Self {
        Self(vec![Span::Text(words.into())])
    }

    /// Prose of words in which what stands between backticks is a command or a key.
    pub fn marked(words: &str) -> Self {
        let spans = words.split('`').enumerate().filter(|(_, part)| !part.is_empty());
        Self(
            spans
                .map(|(place, part)| match place % 2 {
                    0 => Span::Text(part.to_owned()),
                    _ => Span::Value(Value::Code(part.to_owned())),
                })
                .collect(),
        )
    }

    /// Adds words.
    #[must_use]
    pub fn say(mut self, words: impl Into<String>) -> Self {
        self.0.push(Span::Text(words.into()));
        self
    }

    /// Adds other words.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Adds a figure.
    #[must_use]
    pub fn value(mut self, value: Value) -> Self {
        self.0.push(Span::Value(value));
        self
    }

    /// Adds a figure with weight.
    #[must_use]
    pub fn strong(mut self, value: Value) -> Self {
        self.0.push(Span::Strong(value));
        self
    }

    /// Adds a link to a section.
    #[must_use]
    pub fn link(mut self, section: &'static str, words: impl Into<String>) -> Self {
        self.0.push(Span::Link(section, words.into()));
        self
    }
}

//! What a filter can ask about: the dimensions, and columns of single requests.

use std::fmt;

use polars::prelude::{Expr, PolarsResult, col};

use chrono_tz::Tz;

use super::lexer::{is_word, quoted};
use crate::likeness::{ALIKE, nearest};
use crate::metrics::dimensions::Dimension;
use crate::schema::usage::{dimension, metric};
use crate::schema::{cost, invocation};

/// A field of a request.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Field {
    /// What requests are grouped by.
    Dimension(Dimension),
    /// A column of the row.
    Column(&'static RowColumn),
}

/// A column of a request that is no dimension.
#[derive(Debug, PartialEq)]
pub(super) struct RowColumn {
    name: &'static str,
    column: &'static str,
    kind: Kind,
    needs_cost: bool,
}

/// What values a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// One of few texts.
    OneOf(&'static [&'static str]),
    Number,
    /// A whole number between two.
    Range(i64, i64),
    Usd,
    Time,
    Hour,
    Day,
    Week,
    Month,
}

/// A name that is no field.
#[derive(Debug, Clone)]
pub(super) struct Unknown {
    pub(super) problem: String,
    pub(super) hint: String,
}

const GUARDRAIL_ACTIONS: &[&str] =
    &[invocation::guardrail_action::INTERVENED, invocation::guardrail_action::NONE];
const COST_STATUSES: &[&str] = &[
    cost::status::PRICED,
    cost::status::PARTLY_PRICED,
    cost::status::UNPRICED,
    cost::status::NOT_BILLED,
];

/// Columns under the names that `query` gives their sums, where there are such.
static COLUMNS: [RowColumn; 23] = [
    logged(metric::INPUT_TOKENS, invocation::INPUT_TOKENS, Kind::Number),
    logged(metric::OUTPUT_TOKENS, invocation::OUTPUT_TOKENS, Kind::Number),
    logged(metric::CACHE_READ_TOKENS, invocation::CACHE_READ_INPUT_TOKENS, Kind::Number),
    logged(metric::CACHE_WRITE_TOKENS, invocation::CACHE_WRITE_INPUT_TOKENS, Kind::Number),
    priced(metric::TOTAL_TOKENS, cost::TOTAL_TOKENS, Kind::Number),
    priced(metric::COST_USD, cost::COST_UNITS, Kind::Usd),
    priced(cost::COST_STATUS, cost::COST_STATUS, Kind::OneOf(COST_STATUSES)),
    priced(cost::COST_REASON, cost::COST_REASON, Kind::Text),
    logged(invocation::LATENCY_MS, invocation::LATENCY_MS, Kind::Number),
    logged(invocation::FIRST_BYTE_MS, invocation::FIRST_BYTE_MS, Kind::Number),
    logged(invocation::MAX_TOKENS, invocation::MAX_TOKENS, Kind::Number),
    logged(metric::INPUT_BYTES, invocation::INPUT_BYTES, Kind::Number),
    logged(metric::OUTPUT_BYTES, invocation::OUTPUT_BYTES, Kind::Number),
    logged(invocation::INPUT_IMAGES, invocation::INPUT_IMAGES, Kind::Number),
    logged(invocation::OUTPUT_IMAGES, invocation::OUTPUT_IMAGES, Kind::Number),
    logged(invocation::EVENT_TIME, invocation::EVENT_TIME, Kind::Time),
    logged(invocation::REQUEST_ID, invocation::REQUEST_ID, Kind::Text),
    logged(invocation::SESSION, invocation::SESSION, Kind::Text),
    logged(invocation::INFERENCE_PROFILE, invocation::INFERENCE_PROFILE, Kind::Text),
    logged(invocation::GUARDRAIL_ID, invocation::GUARDRAIL_ID, Kind::Text),
    logged(invocation::GUARDRAIL_POLICIES, invocation::GUARDRAIL_POLICIES, Kind::Text),
    logged(invocation::TOKENS_SOURCE, invocation::TOKENS_SOURCE, Kind::Text),
    logged(invocation::OBJECT, invocation::OBJECT, Kind::Text),
];

impl RowColumn {
    pub(super) fn column(&self) -> &'static str {
        self.column
    }
}

const fn logged(name: &'static str, column: &'static str, kind: Kind) -> RowColumn {
    RowColumn { name, column, kind, needs_cost: false }
}

const fn priced(name: &'static str, column: &'static str, kind: Kind) -> RowColumn {
    RowColumn { name, column, kind, needs_cost: true }
}

impl Field {
    /// The field with this name.
    pub(super) fn named(name: &str) -> Result<Self, Unknown> {
        if let Ok(dimension) = name.parse() {
            return Ok(Self::Dimension(dimension));
        }
        let column = COLUMNS.iter().find(|column| column.name == name);
        column.map(Self::Column).ok_or_else(|| Unknown::new(name))
    }

    /// What values it holds.
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Column(column) => column.kind,
            Self::Dimension(Dimension::Hour) => Kind::Hour,
            Self::Dimension(Dimension::Day) => Kind::Day,
            Self::Dimension(Dimension::Week) => Kind::Week,
            Self::Dimension(Dimension::Month) => Kind::Month,
            Self::Dimension(Dimension::Weekday) => Kind::Range(1, 7),
            Self::Dimension(Dimension::HourOfDay) => Kind::Range(0, 23),
            Self::Dimension(Dimension::Status) => Kind::OneOf(&invocation::status::ALL),
            Self::Dimension(Dimension::GuardrailAction) => Kind::OneOf(GUARDRAIL_ACTIONS),
            Self::Dimension(_) => Kind::Text,
        }
    }

    /// Whether patterns apply: to text, and to the ISO text of calendar fields.
    pub(super) fn has_text(&self) -> bool {
        !matches!(self.kind(), Kind::Number | Kind::Range(..) | Kind::Usd | Kind::Time)
    }

    pub(super) fn needs_cost(&self) -> bool {
        matches!(self, Self::Column(column) if column.needs_cost)
    }

    /// The value that comparisons see: dates and instants for calendar dimensions.
    pub(super) fn key(&self, zone: Tz) -> PolarsResult<Expr> {
        match self {
            Self::Dimension(dimension) => dimension.key(zone),
            Self::Column(column) => Ok(col(column.column)),
        }
    }

    /// The text that patterns see.
    pub(super) fn text(&self, zone: Tz) -> PolarsResult<Expr> {
        match self {
            Self::Dimension(dimension) => dimension.expr(zone),
            Self::Column(column) => Ok(col(column.column)),
        }
    }
}

/// The name as a filter spells it; quoted where a tag's key needs it.
impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dimension(Dimension::Tag(key)) if !is_word(key) => {
                write!(f, "{}{}", dimension::TAG_PREFIX, quoted(key, '"'))
            }
            Self::Dimension(dimension) => dimension.fmt(f),
            Self::Column(column) => f.write_str(column.name),
        }
    }
}

impl Unknown {
    fn new(name: &str) -> Self {
        if metric::ALL.contains(&name) {
            return Self {
                problem: format!("`{name}` is a figure of many requests; filters test single ones"),
                hint: list_of_fields(),
            };
        }
        let list = list_of_fields();
        let hint = match nearest(name, names(), ALIKE) {
            Some(meant) => format!("did you mean `{meant}`? {list}"),
            None => list,
        };
        Self { problem: format!("unknown field `{name}`"), hint }
    }
}

fn names() -> impl Iterator<Item = &'static str> {
    dimension::ALL.into_iter().chain(COLUMNS.iter().map(|column| column.name))
}

/// All fields, as they are listed to users.
pub(super) fn list_of_fields() -> String {
    let columns: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
    format!(
        "fields: {}, {}KEY, {}",
        dimension::ALL.join(", "),
        dimension::TAG_PREFIX,
        columns.join(", ")
    )
}

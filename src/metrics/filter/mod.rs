//! `--where`: which requests are meant, in a small language over the columns of `invocations`.
//!
//! ```text
//! status != ok and (model like '%claude%' or latency_ms > 5000) and tag:team is not null
//! ```
//!
//! | form | meaning |
//! | --- | --- |
//! | `field = value`, `!=`, `<`, `<=`, `>`, `>=` | comparison; text by its characters |
//! | `field in (a, b)`, `field not in (a, b)` | one of them, none of them |
//! | `field like 'x%_'`, `not like` | the whole text; `%` any characters, `_` one; `\` before them: themselves |
//! | `field ~ 'regex'`, `!~` | a regular expression found anywhere in the text |
//! | `field is null`, `is not null` | unknown, known |
//! | `and`, `or`, `not`, `( )` | `not` binds tightest, then `and` |
//!
//! Values stand in single or double quotes (a quote inside is doubled) or bare where they hold no
//! blank, quote, bracket, comma or operator sign. Three-valued logic: a comparison with an unknown
//! value is unknown, as is its `not`; only rows for which the whole is true are selected.
//!
//! Names and values are checked when the text is parsed. The printed filter is canonical text: it
//! parses to the same filter, so commands that repeat a figure can be built with it.

mod error;
mod field;
mod lexer;
mod parser;
mod test;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use chrono_tz::Tz;
use polars::prelude::{Expr, PolarsResult, lit};

pub use error::FilterError;

use super::dimensions::Dimension;
use field::Field;
use test::Test;

/// A condition on single requests.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter(Node);

/// A condition made of conditions.
#[derive(Debug, Clone, PartialEq)]
enum Node {
    /// All of two or more.
    And(Vec<Node>),
    /// Any of two or more.
    Or(Vec<Node>),
    /// The opposite.
    Not(Box<Node>),
    /// One field, tested.
    Test(Field, Test),
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// When the text isn't one; the error knows where and suggests the nearest name.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        parser::parse(text).map(Self)
    }

    /// The condition over rows of `invocations`; null where it is unknown, which `filter` drops.
    ///
    /// The frame needs a column per tag among [`dimensions`](Self::dimensions), and the columns of
    /// [`schema::cost`](crate::schema::cost) if [`needs_cost`](Self::needs_cost). Dates without a
    /// time mean midnight in `zone`, calendar fields are its days and hours.
    ///
    /// # Errors
    /// When Polars doesn't know the time zone.
    pub fn expr(&self, zone: Tz) -> PolarsResult<Expr> {
        self.0.expr(zone)
    }

    /// The dimensions that are tested, each once: what the frame may lack columns for.
    pub fn dimensions(&self) -> Vec<Dimension> {
        let mut found = Vec::new();
        self.0.each_field(&mut |field| {
            if let Field::Dimension(dimension) = field
                && !found.contains(dimension)
            {
                found.push(dimension.clone());
            }
        });
        found
    }

    /// The columns of single requests that are tested, dimensions apart, each as often as it is.
    pub fn columns(&self) -> Vec<&'static str> {
        let mut found = Vec::new();
        self.0.each_field(&mut |field| {
            if let Field::Column(column) = field {
                found.push(column.column());
            }
        });
        found
    }

    /// Whether a column is tested that only pricing adds.
    pub fn needs_cost(&self) -> bool {
        let mut needs = false;
        self.0.each_field(&mut |field| needs |= field.needs_cost());
        needs
    }

    /// Rows that this filter and the other one select.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let parts = |node| match node {
            Node::And(parts) => parts,
            single => vec![single],
        };
        Self(Node::And(parts(self.0).into_iter().chain(parts(other.0)).collect()))
    }

    /// Rows that this filter or the other one selects.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let parts = |node| match node {
            Node::Or(parts) => parts,
            single => vec![single],
        };
        Self(Node::Or(parts(self.0).into_iter().chain(parts(other.0)).collect()))
    }

    /// Rows whose dimension has this value; `None`: whose dimension is unknown.
    ///
    /// For commands that repeat a figure of one group. Calendar dimensions take their ISO text.
    ///
    /// # Errors
    /// When the text is no value of the dimension.
    pub fn equals(dimension: &Dimension, value: Option<&str>) -> Result<Self, FilterError> {
        let field = Field::Dimension(dimension.clone());
        let test = match value {
            Some(value) => format!("{field} = {}", lexer::quoted(value, '\'')),
            None => format!("{field} is null"),
        };
        Self::parse(&test)
    }
}

impl Node {
    fn expr(&self, zone: Tz) -> PolarsResult<Expr> {
        match self {
            Self::And(parts) => Ok(balanced(exprs(parts, zone)?, Expr::and)),
            Self::Or(parts) => Ok(balanced(exprs(parts, zone)?, Expr::or)),
            Self::Not(inner) => inner.expr(zone).map(Expr::not),
            Self::Test(field, test) => test.expr(field, zone),
        }
    }

    fn each_field<'n>(&'n self, see: &mut impl FnMut(&'n Field)) {
        match self {
            Self::And(parts) | Self::Or(parts) => {
                for part in parts {
                    part.each_field(see);
                }
            }
            Self::Not(inner) => inner.each_field(see),
            Self::Test(field, _) => see(field),
        }
    }

    /// How tightly it binds; what binds less stands in brackets inside.
    fn binding(&self) -> u8 {
        match self {
            Self::Or(_) => 1,
            Self::And(_) => 2,
            Self::Not(_) => 3,
            Self::Test(..) => 4,
        }
    }

    fn within(&self, binding: u8) -> String {
        if self.binding() <= binding { format!("({self})") } else { self.to_string() }
    }
}

fn exprs(parts: &[Node], zone: Tz) -> PolarsResult<Vec<Expr>> {
    parts.iter().map(|part| part.expr(zone)).collect()
}

/// A tree of low depth: a list of thousands would else be nested as deep as it is long.
fn balanced(mut parts: Vec<Expr>, join: fn(Expr, Expr) -> Expr) -> Expr {
    while parts.len() > 1 {
        let mut pairs = Vec::with_capacity(parts.len().div_ceil(2));
        let mut rest = parts.into_iter();
        while let Some(left) = rest.next() {
            pairs.push(match rest.next() {
                Some(right) => join(left, right),
                None => left,
            });
        }
        parts = pairs;
    }
    parts.pop().unwrap_or_else(|| lit(true))
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |parts: &[Node], word: &str| -> String {
            let parts: Vec<String> = parts.iter().map(|part| part.within(self.binding())).collect();
            parts.join(word)
        };
        match self {
            Self::And(parts) => f.write_str(&list(parts, " and ")),
            Self::Or(parts) => f.write_str(&list(parts, " or ")),
            Self::Not(inner) => write!(f, "not {}", inner.within(self.binding() - 1)),
            Self::Test(field, test) => test.write(field, f),
        }
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        Self::parse(text)
    }
}

//! The answer to an ad hoc question: typed, exact cells in ordered rows, knowing no format.
//!
//! ```text
//! usage frame ─ read ─▶ groups ─ fill ─▶ + empty periods ─ compare ─▶ + previous ─ rows ─▶ ordered
//! ```

mod change;
mod groups;
mod order;
mod question;
mod read;
#[cfg(test)]
mod tests;

pub use change::with_previous;
pub use groups::{Calendar, Group, SlotLimit, filled, groups_of};
pub use order::{SortBy, ordered};
pub use question::{EmptyPeriods, Question};
pub use read::{read_out, value_of};

pub use crate::metrics::metric::Unit;

use super::parts::{Missing, RowRole, Value};

/// A table of typed cells, unrounded.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// Names and types, in order.
    pub columns: Vec<AnswerColumn>,
    /// Rows, in order: groups, then *other*, then the total.
    pub rows: Vec<AnswerRow>,
    /// How many groups the *other* row holds.
    pub others: usize,
}

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerColumn {
    /// The dimension's, metric's or SQL column's name.
    pub name: String,
    /// The type of its values.
    pub kind: CellKind,
    /// What its figures count; `None` for dimensions and SQL columns.
    pub unit: Option<Unit>,
    /// What the figures are in a comparison.
    pub side: Side,
}

/// The types of cells. Every value of a column has its type or is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellKind {
    /// Text.
    Text,
    /// A whole number of 64 bits.
    Whole,
    /// A whole number of 128 bits, as text.
    Wide,
    /// A floating point number.
    Number,
    /// Exact money.
    Usd,
    /// True or false, as text.
    Bool,
    /// An instant.
    Time,
    /// A day.
    Day,
}

/// What a column holds in a comparison.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Side {
    /// The period asked about.
    #[default]
    Current,
    /// The period it is compared with.
    Previous,
    /// Current less previous.
    Change,
    /// The change ÷ the size of the previous value.
    Relative,
}

/// A row of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerRow {
    /// A group is `Body`, *other* `Note`, the total `Total`.
    pub role: RowRole,
    /// One cell per column.
    pub cells: Vec<Value>,
}

impl CellKind {
    /// Whether its cells stand right.
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Whole | Self::Wide | Self::Number | Self::Usd)
    }
}

/// Name of the column that says what a row is, where rows are not all groups.
pub const ROW: &str = "row";

impl Answer {
    /// The answer with a last column [`ROW`]: `group`, `other` or `total`, so that programs can tell
    /// the summary rows from the groups.
    #[must_use]
    pub fn with_row_column(mut self) -> Self {
        self.columns.push(AnswerColumn {
            name: ROW.to_owned(),
            kind: CellKind::Text,
            unit: None,
            side: Side::Current,
        });
        for row in &mut self.rows {
            let name = match row.role {
                RowRole::Note => OTHER,
                RowRole::Total => TOTAL,
                RowRole::Body | RowRole::Aside | RowRole::Group => "group",
            };
            row.cells.push(Value::Text(name.to_owned()));
        }
        self
    }

    /// Adds a summary row: its name stands in the first dimension's cell.
    pub fn push_summary(&mut self, role: RowRole, dimensions: usize, figures: Vec<Value>) {
        let name = if role == RowRole::Total { TOTAL } else { OTHER };
        let mut cells = vec![Value::Missing(Missing::Blank); dimensions];
        if let Some(first) = cells.first_mut() {
            *first = Value::Text(name.to_owned());
        }
        cells.extend(figures);
        self.rows.push(AnswerRow { role, cells });
    }
}

const OTHER: &str = "other";
const TOTAL: &str = "total";

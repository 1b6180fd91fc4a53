//! The rows of a period and the user's settings, for others who ask conditions of them.

use polars::prelude::{Expr, LazyFrame, PolarsResult, col, lit};

use super::command::rows_command;
use super::condition::{Condition, expression};
use super::evaluate::DetectionQuestion;
use super::values::Values;
use crate::schema::{Kind, Table, api_event, invocation};

/// The rows of a period, and what the user says is allowed.
pub(in crate::audit) struct PeriodRows<'a> {
    question: &'a DetectionQuestion<'a>,
    values: Values<'a>,
}

impl<'a> PeriodRows<'a> {
    /// # Errors
    /// When the rows can't be read.
    pub(in crate::audit) fn new(question: &'a DetectionQuestion<'a>) -> PolarsResult<Self> {
        Ok(Self { question, values: Values::of(question)? })
    }

    /// The period's rows of a table.
    pub(in crate::audit) fn of(&self, table: Table) -> LazyFrame {
        let (rows, time) = match table {
            Table::Invocations => (&self.question.invocations, invocation::EVENT_TIME),
            _ => (&self.question.api_events, api_event::EVENT_TIME),
        };
        let instant = |ms: i64| lit(ms).cast(Kind::Time.data_type());
        let period = self.question.period;
        let from = col(time).gt_eq(instant(period.from.timestamp_millis()));
        let to = col(time).lt(instant(period.to.timestamp_millis()));
        rows.rows.clone().filter(from.and(to))
    }

    /// A condition as an expression.
    ///
    /// # Errors
    /// Never, for a condition that was read.
    pub(in crate::audit) fn expr(&self, condition: &Condition) -> PolarsResult<Expr> {
        expression(&self.values.sql(condition))
    }

    /// The first setting of these that is not said.
    pub(in crate::audit) fn missing(&self, needs: &[&'static str]) -> Option<&'static str> {
        self.values.missing(needs)
    }

    /// The command that shows the rows for which a condition holds.
    pub(in crate::audit) fn command(&self, table: Table, condition: &Condition) -> String {
        rows_command(table, &self.values.sql(condition), self.question.period)
    }
}

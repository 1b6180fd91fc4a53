//! The rows of a period and the user's settings, for others who ask conditions of them.

use chrono::Duration;
use polars::prelude::{Expr, LazyFrame, PolarsResult, col};

use super::command::rows_command;
use super::condition::{Condition, expression};
use super::evaluate::DetectionQuestion;
use super::rows::{TableRows, is_counted_by};
use super::values::Values;
use crate::metrics::window::in_window;
use crate::period::Period;
use crate::schema::Table;
use crate::schema::api_event::EVENT_TIME; // both tables call it so
use crate::schema::detection::IN_PERIOD;

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

    /// Counts of the period's rows of a table.
    pub(in crate::audit) fn counts(&self, table: Table) -> LazyFrame {
        self.table(table).counts.clone().filter(col(IN_PERIOD))
    }

    /// Whether the counts of a table tell these conditions. A row of a period has a time, so that
    /// whether it is known needs no row.
    pub(in crate::audit) fn are_counted(table: Table, conditions: [&Condition; 2]) -> bool {
        let is_told = |condition: &Condition, name: &str| {
            let is_time = name == EVENT_TIME && condition.only_asks_whether_known(name);
            is_time || is_counted_by(table, name)
        };
        conditions.iter().all(|one| one.columns().all(|name| is_told(one, name)))
    }

    fn table(&self, table: Table) -> &TableRows {
        match table {
            Table::Invocations => &self.question.invocations,
            _ => &self.question.api_events,
        }
    }

    /// The period's rows of a table.
    pub(in crate::audit) fn of(&self, table: Table) -> LazyFrame {
        self.table(table).rows.clone()
    }

    /// The rows of the period's first 24 hours, where it has more.
    pub(in crate::audit) fn of_first_day(&self, table: Table) -> Option<LazyFrame> {
        let Period { from, to } = self.question.period;
        let first = Period { from, to: from + Duration::days(1) };
        (first.to < to).then(|| self.of(table).filter(in_window(first)))
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

//! The rows that rules read: a table over history and period, and sums of its rows for the many
//! rules that ask nothing of single ones.
//!
//! A rule that reads only columns of few values is asked of *cells*: rows that agree in all such
//! columns, summed in one pass over the table's sums for all rules together. Rows that the other rules
//! want are few, and picked in a pass over the rows, for all of them together as well.

mod picked;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use polars::prelude::{
    DataFrame, DataType, Engine, Expr, IntoLazy, LazyFrame, PolarsResult, UnionArgs, col, concat,
    len, lit,
};

use super::condition::{Condition, Term, expression};
use super::kept::Kept;
use super::rule::{Logic, Rule};
use super::values::Values;
use crate::metrics::{event_summary, summary};
use crate::period::Period;
use crate::schema::detection::{FIRST_MS, GROUP, HIT, IN_PERIOD, LAST_MS, ROWS};
use crate::schema::usage::cell::LAST_TIME;
use crate::schema::{Kind, Table, api_event, invocation};
use picked::Picked;
pub use picked::PickedRows;

/// A table, and how far back it goes.
#[derive(Clone)]
pub struct TableRows {
    /// Rows of the period.
    pub rows: LazyFrame,
    /// The same, and those of the history before it that rules look at.
    pub with_history: LazyFrame,
    /// All of these counted, of history and period apart: `counted_apart` makes them.
    pub counts: LazyFrame,
    /// The first day that the table holds anything of; `None` when it is empty.
    pub known_from: Option<DateTime<Utc>>,
}

#[cfg(test)]
impl TableRows {
    /// Of a frame's rows, each counted as one.
    pub(in crate::audit) fn of(
        table: Table,
        frame: DataFrame,
        period: Period,
        known_from: Option<DateTime<Utc>>,
    ) -> Self {
        let with_history = frame.lazy();
        let counts = match table {
            Table::Invocations => summary::each_counted(with_history.clone()),
            _ => event_summary::each_counted(with_history.clone()),
        };
        let in_period = crate::metrics::window::in_window(period);
        let rows = with_history.clone().filter(in_period.clone());
        let counts = counts.with_column(in_period.alias(IN_PERIOD));
        Self { rows, with_history, counts, known_from }
    }
}

/// Counts of history and period, as [`summary`] and [`event_summary`] have them, in one frame and
/// without their hours: few rows, of which many things are asked.
///
/// # Errors
/// When the two have different columns.
pub fn counted_apart(
    table: Table,
    history: LazyFrame,
    period: LazyFrame,
) -> PolarsResult<LazyFrame> {
    let flagged = |rows: LazyFrame, is_in: bool| rows.with_column(lit(is_in).alias(IN_PERIOD));
    let both = concat([flagged(history, false), flagged(period, true)], UnionArgs::default())?;
    let keys = counted_columns(table).iter().copied().chain([IN_PERIOD]).map(col);
    Ok(both.group_by(keys.collect::<Vec<_>>()).agg([
        col(ROWS).sum(),
        col(time_column(table)).min(),
        col(LAST_TIME).max(),
    ]))
}

fn time_column(table: Table) -> &'static str {
    match table {
        Table::Invocations => invocation::EVENT_TIME,
        _ => api_event::EVENT_TIME,
    }
}

/// A table as the rules are asked of it.
pub(super) struct Rows<'a> {
    table: Table,
    /// Rows of the period.
    in_period: LazyFrame,
    /// Rows of history and period.
    with_history: LazyFrame,
    /// Counts of both.
    counts: LazyFrame,
    period: Period,
    values: &'a Values<'a>,
    cells: Option<Cells>,
    picked: Vec<Picked>,
}

/// Sums of rows that agree in these columns.
struct Cells {
    columns: BTreeSet<String>,
    frame: DataFrame,
}

impl Cells {
    /// Whether they tell of a condition by these terms.
    fn tell(&self, condition: &Condition, by: &[Term]) -> bool {
        columns_of(condition, by).is_subset(&self.columns)
    }
}

impl<'a> Rows<'a> {
    /// Sums the table for those of the rules that can be asked of sums.
    pub(super) fn new(
        table: Table,
        of: &TableRows,
        period: Period,
        values: &'a Values<'a>,
        rules: &[&Rule],
        kept: Option<&dyn Kept>,
    ) -> PolarsResult<Self> {
        let TableRows { rows: in_period, with_history, counts, .. } = of.clone();
        let (cells, picked) = (None, Vec::new());
        let mut rows =
            Self { table, in_period, with_history, counts, period, values, cells, picked };
        rows.cells = rows.summed(rules)?;
        rows.picked = Picked::pick(&rows, of, rules, kept)?;
        Ok(rows)
    }

    /// Rows of the period, among which are all for which the condition holds; with those of the history
    /// where asked for, and maybe where not.
    fn holding(&self, condition: &Condition, with_history: bool) -> LazyFrame {
        match self.picked.iter().find_map(|picked| picked.of(condition)) {
            Some(picked) => picked,
            None if with_history => self.with_history.clone(),
            None => self.in_period.clone(),
        }
    }

    fn summed(&self, rules: &[&Rule]) -> PolarsResult<Option<Cells>> {
        let mut columns = BTreeSet::new();
        let mut wanted: Option<Expr> = None;
        for rule in rules {
            for condition in rule.logic.conditions() {
                let read = columns_of(condition, &rule.by);
                if !read.iter().all(|name| is_counted_by(self.table, name)) {
                    continue;
                }
                columns.extend(read);
                let this = match rule.logic {
                    Logic::FirstSeen { .. } => self.expr(condition)?,
                    _ => col(IN_PERIOD).and(self.expr(condition)?),
                };
                wanted = Some(match wanted {
                    Some(others) => others.or(this),
                    None => this,
                });
            }
        }
        let Some(wanted) = wanted else { return Ok(None) };
        let keys: Vec<Expr> = columns.iter().map(col).collect();
        let ms = |time: &str| col(time).cast(DataType::Int64);
        let cells = self
            .counts
            .clone()
            // A column first: conditions have much in common, which a filter would compute for each.
            .with_column(wanted.alias(HIT))
            .filter(col(HIT))
            .group_by(keys.into_iter().chain([col(IN_PERIOD)]).collect::<Vec<_>>())
            .agg([
                col(ROWS).sum(),
                ms(self.time_column()).min().alias(FIRST_MS),
                ms(LAST_TIME).max().alias(LAST_MS),
            ]);
        Ok(Some(Cells { columns, frame: read(cells)? }))
    }

    /// A condition as an expression, with the user's settings in it.
    pub(super) fn expr(&self, condition: &Condition) -> PolarsResult<Expr> {
        expression(&self.values.sql(condition))
    }

    /// The rows of the period for which the condition holds.
    ///
    /// # Errors
    /// Never, for a condition that was read.
    pub(super) fn of_period(&self, condition: &Condition) -> PolarsResult<LazyFrame> {
        Ok(self.holding(condition, false).filter(self.is_in_period().and(self.expr(condition)?)))
    }

    /// A row's time, milliseconds since the epoch.
    pub(super) fn time_ms(&self) -> Expr {
        col(self.time_column()).cast(DataType::Int64)
    }

    /// Whether a column holds texts.
    pub(super) fn has_text(&self, column: &str) -> bool {
        self.table.schema().get(column) == Some(&DataType::String)
    }

    fn time_column(&self) -> &'static str {
        time_column(self.table)
    }

    fn is_in_period(&self) -> Expr {
        let last = self.period.to.timestamp_millis() - 1;
        self.is_within(self.period.from.timestamp_millis(), last)
    }

    /// Whether a row lies between two times, ends included, in milliseconds since the epoch.
    pub(super) fn is_within(&self, first_ms: i64, last_ms: i64) -> Expr {
        let instant = |ms: i64| lit(ms).cast(Kind::Time.data_type());
        let time = || col(self.time_column());
        time().gt_eq(instant(first_ms)).and(time().lt_eq(instant(last_ms)))
    }

    /// Rows, first and last time of every group in which this condition holds, from history and
    /// period apart (`IN_PERIOD`): from the sums where they tell it, else from the rows.
    pub(super) fn grouped(
        &self,
        by: &[Term],
        condition: &Condition,
        with_history: bool,
    ) -> PolarsResult<LazyFrame> {
        let holds = self.expr(condition)?;
        let keys = group_exprs(by)?;
        let summed = self.cells.as_ref().filter(|cells| cells.tell(condition, by));
        let (rows, counted) = match summed {
            Some(cells) => (
                cells.frame.clone().lazy().filter(holds),
                [col(ROWS).sum(), col(FIRST_MS).min(), col(LAST_MS).max()],
            ),
            None => (
                self.holding(condition, with_history)
                    .with_column(self.is_in_period().alias(IN_PERIOD))
                    .filter(holds),
                [
                    len().cast(DataType::Int64).alias(ROWS),
                    self.time_ms().min().alias(FIRST_MS),
                    self.time_ms().max().alias(LAST_MS),
                ],
            ),
        };
        let rows = if with_history { rows } else { rows.filter(col(IN_PERIOD)) };
        Ok(rows.group_by(keys.into_iter().chain([col(IN_PERIOD)]).collect::<Vec<_>>()).agg(counted))
    }
}

/// Reads a frame out, a part of its rows at a time: there may be millions.
pub(super) fn read(frame: LazyFrame) -> PolarsResult<DataFrame> {
    Ok(frame.collect_with_engine(Engine::Streaming)?.unwrap_single())
}

/// The terms of a group, under names that meet no column.
pub(super) fn group_exprs(by: &[Term]) -> PolarsResult<Vec<Expr>> {
    by.iter().map(|term| Ok(term.expr()?.cast(DataType::String).alias(group_name(term)))).collect()
}

/// The columns that these expressions make.
pub(super) fn group_columns(by: &[Term]) -> Vec<Expr> {
    by.iter().map(|term| col(group_name(term))).collect()
}

/// What a term of a group is called inside.
pub(super) fn group_name(term: &Term) -> String {
    format!("{GROUP}{}", term.name())
}

fn columns_of(condition: &Condition, by: &[Term]) -> BTreeSet<String> {
    let of_terms = by.iter().flat_map(Term::columns);
    condition.columns().chain(of_terms).map(str::to_owned).collect()
}

/// What tells a row apart, and where it lies: id, object, record.
pub(super) fn lineage(table: Table) -> [&'static str; 3] {
    match table {
        Table::Invocations => [invocation::REQUEST_ID, invocation::OBJECT, invocation::RECORD],
        _ => [api_event::EVENT_ID, api_event::OBJECT, api_event::RECORD],
    }
}

/// The columns by which the counts of a table tell its rows apart.
pub(super) fn counted_columns(table: Table) -> &'static [&'static str] {
    match table {
        Table::Invocations => &summary::COLUMNS,
        _ => &event_summary::COLUMNS,
    }
}

/// Whether the counts of a table tell its rows apart by a column.
pub(super) fn is_counted_by(table: Table, column: &str) -> bool {
    counted_columns(table).contains(&column)
}

//! The rows that rules read: a table over history and period, and sums of its rows for the many
//! rules that ask nothing of single ones.
//!
//! A rule that reads only columns of few values is asked of *cells*: rows that agree in all such
//! columns, summed in one pass over the table for all rules together. Rows that the other rules want
//! are few, and picked in a second pass, for all of them together as well.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use polars::prelude::{
    DataFrame, DataType, Engine, Expr, IntoLazy, LazyFrame, PolarsResult, col, len, lit,
};

use super::condition::{Condition, Term, expression};
use super::rule::{Logic, Rule};
use super::values::Values;
use crate::period::Period;
use crate::schema::detection::{FIRST_MS, GROUP, HIT, IN_PERIOD, LAST_MS, ROWS};
use crate::schema::{Kind, Table, api_event, invocation};

/// A table, and how far back it goes.
#[derive(Clone)]
pub struct TableRows {
    /// Rows of the period, and of the history before it that rules look at.
    pub rows: LazyFrame,
    /// The first day that the table holds anything of; `None` when it is empty.
    pub known_from: Option<DateTime<Utc>>,
}

/// Columns of `api_events` whose values repeat.
const EVENT_CELLS: [&str; 21] = [
    api_event::ACCOUNT_ID,
    api_event::RECIPIENT_ACCOUNT_ID,
    api_event::REGION,
    api_event::EVENT_SOURCE,
    api_event::EVENT_NAME,
    api_event::EVENT_TYPE,
    api_event::USER_IDENTITY_TYPE,
    api_event::PRINCIPAL,
    api_event::INVOKED_BY,
    api_event::ACCESS_KEY_ID,
    api_event::MFA_AUTHENTICATED,
    api_event::CREDENTIAL_CLASS,
    api_event::FROM_CONSOLE,
    api_event::SOURCE_IP_ADDRESS,
    api_event::USER_AGENT,
    api_event::TLS_VERSION,
    api_event::VPC_ENDPOINT_ID,
    api_event::ERROR_CODE,
    api_event::MODEL_ID,
    api_event::GUARDRAIL_ID,
    api_event::INFERENCE_REGION,
];

/// Columns of `invocations` whose values repeat.
const CALL_CELLS: [&str; 12] = [
    invocation::ACCOUNT_ID,
    invocation::REGION,
    invocation::INFERENCE_REGION,
    invocation::OPERATION,
    invocation::PRINCIPAL,
    invocation::PRINCIPAL_TYPE,
    invocation::MODEL,
    invocation::ROUTING,
    invocation::STATUS,
    invocation::ERROR_CODE,
    invocation::GUARDRAIL_ACTION,
    invocation::GUARDRAIL_POLICIES,
];

/// A table as the rules are asked of it.
pub(super) struct Rows<'a> {
    table: Table,
    /// Rows of history and period.
    all: LazyFrame,
    period: Period,
    values: &'a Values<'a>,
    cells: Option<Cells>,
    picked: Option<Picked>,
}

/// The rows for which one of these conditions holds, in the columns that their rules read.
struct Picked {
    conditions: BTreeSet<String>,
    frame: DataFrame,
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

/// So many rows of a condition are picked though sums tell it.
const FEW: i64 = 100_000;

impl<'a> Rows<'a> {
    /// Sums the table for those of the rules that can be asked of sums.
    pub(super) fn new(
        table: Table,
        all: LazyFrame,
        period: Period,
        values: &'a Values<'a>,
        rules: &[&Rule],
    ) -> PolarsResult<Self> {
        let mut rows = Self { table, all, period, values, cells: None, picked: None };
        rows.cells = rows.summed(rules)?;
        rows.picked = rows.picked(rules)?;
        Ok(rows)
    }

    /// The rows of conditions that are asked first of a rule, where sums can't tell them or where single
    /// rows are looked at and the sums say that there are few: what follows in a sequence may be any
    /// call.
    fn picked(&self, rules: &[&Rule]) -> PolarsResult<Option<Picked>> {
        let asked = rules.iter().filter_map(|rule| Some((*rule, asked_first(rule)?)));
        let asked: Vec<(&Rule, &Condition)> = asked.collect();
        let mut conditions = BTreeSet::new();
        for (rule, condition) in &asked {
            if !self.is_told(rule, condition) || self.has_few(rule, condition)? {
                conditions.insert(condition.text().to_owned());
            }
        }
        let mut columns: BTreeSet<String> = lineage(self.table).map(str::to_owned).into();
        columns.insert(self.time_column().to_owned());
        let mut wanted: Option<Expr> = None;
        for (rule, condition) in asked {
            if !conditions.contains(condition.text()) {
                continue;
            }
            columns.extend(columns_of(condition, &rule.by));
            if let Logic::Threshold { distinct: Some(value), .. } = &rule.logic {
                columns.extend(value.columns().map(str::to_owned));
            }
            let this = self.in_time(rule).and(self.expr(condition)?);
            wanted = Some(match wanted {
                Some(others) => others.or(this),
                None => this,
            });
        }
        let Some(wanted) = wanted else { return Ok(None) };
        let columns: Vec<Expr> = columns.iter().map(col).collect();
        let frame = read(self.all.clone().filter(wanted).select(columns))?;
        Ok(Some(Picked { conditions, frame }))
    }

    /// Whether a rule's condition and groups can be told without single rows, their times apart.
    fn is_told(&self, rule: &Rule, condition: &Condition) -> bool {
        columns_of(condition, &rule.by).iter().all(|name| {
            cell_columns(self.table).contains(&name.as_str()) || name == self.time_column()
        })
    }

    /// Whether single rows of a condition are looked at that sums tell, and are few.
    fn has_few(&self, rule: &Rule, condition: &Condition) -> PolarsResult<bool> {
        let by_row = matches!(rule.logic, Logic::Threshold { .. } | Logic::Sequence { .. });
        let cells = self.cells.as_ref().filter(|cells| by_row && cells.tell(condition, &rule.by));
        let Some(cells) = cells else { return Ok(false) };
        let counted = cells.frame.clone().lazy().filter(self.expr(condition)?);
        let counted = counted.select([col(ROWS).sum()]).collect()?;
        let number = counted.column(ROWS)?.i64()?.get(0).unwrap_or_default();
        Ok(number > 0 && number <= FEW)
    }

    /// Rows of history and period, among which are all for which the condition holds.
    fn holding(&self, condition: &Condition) -> LazyFrame {
        let picked = self.picked.as_ref();
        match picked.filter(|picked| picked.conditions.contains(condition.text())) {
            Some(picked) => picked.frame.clone().lazy(),
            None => self.all.clone(),
        }
    }

    fn summed(&self, rules: &[&Rule]) -> PolarsResult<Option<Cells>> {
        let mut columns = BTreeSet::new();
        let mut wanted: Option<Expr> = None;
        for rule in rules {
            for condition in rule.logic.conditions() {
                let read = columns_of(condition, &rule.by);
                if !read.iter().all(|name| cell_columns(self.table).contains(&name.as_str())) {
                    continue;
                }
                columns.extend(read);
                let this = self.in_time(rule).and(self.expr(condition)?);
                wanted = Some(match wanted {
                    Some(others) => others.or(this),
                    None => this,
                });
            }
        }
        let Some(wanted) = wanted else { return Ok(None) };
        let keys: Vec<Expr> = columns.iter().map(col).collect();
        let cells = self
            .all
            .clone()
            // A column first: conditions have much in common, which a filter would compute for each.
            .with_column(wanted.alias(HIT))
            .filter(col(HIT))
            .with_column(self.is_in_period().alias(IN_PERIOD))
            .group_by(keys.into_iter().chain([col(IN_PERIOD)]).collect::<Vec<_>>())
            .agg([
                len().cast(DataType::Int64).alias(ROWS),
                self.time_ms().min().alias(FIRST_MS),
                self.time_ms().max().alias(LAST_MS),
            ]);
        Ok(Some(Cells { columns, frame: read(cells)? }))
    }

    /// Which rows a rule reads at all: those of the period, and its history where it looks at one.
    fn in_time(&self, rule: &Rule) -> Expr {
        match rule.logic {
            Logic::FirstSeen { .. } => lit(true),
            _ => self.is_in_period(),
        }
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
        Ok(self.holding(condition).filter(self.is_in_period().and(self.expr(condition)?)))
    }

    /// A row's time, milliseconds since the epoch.
    pub(super) fn time_ms(&self) -> Expr {
        col(self.time_column()).cast(DataType::Int64)
    }

    fn time_column(&self) -> &'static str {
        match self.table {
            Table::Invocations => invocation::EVENT_TIME,
            _ => api_event::EVENT_TIME,
        }
    }

    fn is_in_period(&self) -> Expr {
        let instant = |at: DateTime<Utc>| lit(at.timestamp_millis()).cast(Kind::Time.data_type());
        let time = || col(self.time_column());
        time().gt_eq(instant(self.period.from)).and(time().lt(instant(self.period.to)))
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
                self.holding(condition)
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

/// The condition that is asked first of a rule; of shares none is.
fn asked_first(rule: &Rule) -> Option<&Condition> {
    match &rule.logic {
        Logic::Match { condition, .. }
        | Logic::FirstSeen { condition, .. }
        | Logic::Threshold { condition, .. } => Some(condition),
        Logic::Sequence { first, .. } => Some(first),
        Logic::Ratio { .. } => None,
    }
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

fn cell_columns(table: Table) -> &'static [&'static str] {
    match table {
        Table::Invocations => &CALL_CELLS,
        _ => &EVENT_CELLS,
    }
}

//! Rows that rules look at one by one, picked for all of them in one pass over the table, or from days of
//! which they were picked before.

use std::collections::BTreeSet;

use polars::prelude::{DataFrame, Expr, IntoLazy, LazyFrame, PolarsResult, Schema, col};

use super::{Rows, TableRows, columns_of, is_counted_by, lineage, read};
use crate::audit::detections::condition::{Condition, Term, expression};
use crate::audit::detections::kept::Kept;
use crate::audit::detections::narrow::narrowed;
use crate::audit::detections::rule::{Logic, Rule};
use crate::schema::Table;
use crate::schema::detection::{IN_PERIOD, ROWS};

/// So many rows of a condition are picked though counts tell it.
const FEW: i64 = 100_000;

/// To be raised when the same conditions pick other rows.
const VERSION: u32 = 1;

/// Which rows of a table: those for which one of these conditions holds, in some columns.
pub struct PickedRows {
    /// The table.
    pub table: Table,
    /// Whether rows of the history before the period are wanted too.
    pub with_history: bool,
    /// SQL, with the user's settings in it.
    conditions: Vec<String>,
    columns: BTreeSet<String>,
}

impl PickedRows {
    /// What the rows depend on beside the table.
    pub fn text(&self) -> String {
        format!("{VERSION} {:?} {:?}", self.conditions, self.columns)
    }

    /// The rows of a period, which are among these.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn of(&self, rows: &TableRows) -> PolarsResult<LazyFrame> {
        let (all, counts) = if self.with_history {
            (rows.with_history.clone(), rows.counts.clone())
        } else {
            (rows.rows.clone(), rows.counts.clone().filter(col(IN_PERIOD)))
        };
        let holds = self.conditions.iter().map(|sql| expression(sql));
        let holds = holds.collect::<PolarsResult<Vec<Expr>>>()?;
        let narrowed = narrowed(self.table, &counts, &holds)?;
        let possible = narrowed.of(all, self.columns.iter().map(col).collect())?;
        let wanted = holds.into_iter().zip(narrowed.is_possible);
        let wanted = wanted.filter(|(_, is_possible)| *is_possible).map(|(holds, _)| holds);
        Ok(match wanted.reduce(Expr::or) {
            Some(wanted) => possible.filter(wanted),
            None => possible,
        })
    }

    /// The columns of the rows.
    pub fn schema(&self) -> Schema {
        let of_table = self.table.schema();
        let mut schema = Schema::default();
        for name in &self.columns {
            if let Some(data_type) = of_table.get(name.as_str()) {
                schema.with_column(name.as_str().into(), data_type.clone());
            }
        }
        schema
    }
}

/// The rows for which one of these conditions holds, in the columns that their rules read.
pub(super) struct Picked {
    conditions: BTreeSet<String>,
    frame: DataFrame,
}

impl Picked {
    /// The rows of conditions that are asked first of a rule, where counts can't tell them or where
    /// single rows are looked at and the counts say that there are few: what follows in a sequence may be
    /// any call. Those of rules that look at the history before the period are apart from the others.
    pub(super) fn pick(
        rows: &Rows<'_>,
        of: &TableRows,
        rules: &[&Rule],
        kept: Option<&dyn Kept>,
    ) -> PolarsResult<Vec<Self>> {
        let asked = rules.iter().filter_map(|rule| Some((*rule, asked_first(rule)?)));
        let asked: Vec<(&Rule, &Condition)> = asked.collect();
        let (mut back, mut others) = (BTreeSet::new(), BTreeSet::new());
        for (rule, condition) in &asked {
            if !is_told(rows, rule, condition) || has_few(rows, rule, condition)? {
                let set = if looks_back(rule) { &mut back } else { &mut others };
                set.insert(condition.text().to_owned());
            }
        }
        others.retain(|text| !back.contains(text));
        let sets = [(back, true), (others, false)].into_iter().filter(|(set, _)| !set.is_empty());
        sets.map(|(conditions, with_history)| {
            let asked = asked.iter().copied().filter(|(_, one)| conditions.contains(one.text()));
            let asked: Vec<(&Rule, &Condition)> = asked.collect();
            let sql: BTreeSet<String> =
                asked.iter().map(|(_, condition)| rows.values.sql(condition)).collect();
            let wanted = PickedRows {
                table: rows.table,
                with_history,
                conditions: sql.into_iter().collect(),
                columns: columns_read(rows, rules, &asked, &conditions),
            };
            let lasts = asked.iter().all(|(_, condition)| !condition.depends_on_the_period());
            let kept = kept.filter(|_| lasts).map(|kept| kept.picked(&wanted)).transpose()?;
            let picked = match kept.flatten() {
                Some(picked) => picked,
                None => wanted.of(of)?,
            };
            Ok(Self { conditions, frame: read(picked)? })
        })
        .collect()
    }

    /// Rows among which are all for which this condition holds, if it was one of those asked.
    pub(super) fn of(&self, condition: &Condition) -> Option<LazyFrame> {
        self.conditions.contains(condition.text()).then(|| self.frame.clone().lazy())
    }
}

/// What is read of the rows: by those who ask the conditions first, and by all who ask the same.
fn columns_read(
    rows: &Rows<'_>,
    rules: &[&Rule],
    asked: &[(&Rule, &Condition)],
    conditions: &BTreeSet<String>,
) -> BTreeSet<String> {
    let mut columns: BTreeSet<String> = lineage(rows.table).map(str::to_owned).into();
    columns.insert(rows.time_column().to_owned());
    for (rule, condition) in asked {
        columns.extend(columns_of(condition, &rule.by));
    }
    let same =
        |rule: &&&Rule| rule.logic.conditions().iter().any(|one| conditions.contains(one.text()));
    for rule in rules.iter().filter(same) {
        columns.extend(rule.by.iter().flat_map(Term::columns).map(str::to_owned));
        if let Logic::Threshold { distinct: Some(value), .. } = &rule.logic {
            columns.extend(value.columns().map(str::to_owned));
        }
    }
    columns
}

/// Whether a rule looks at the history before the period.
fn looks_back(rule: &Rule) -> bool {
    matches!(rule.logic, Logic::FirstSeen { .. })
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

/// Whether a rule's condition and groups can be told without single rows, their times apart.
fn is_told(rows: &Rows<'_>, rule: &Rule, condition: &Condition) -> bool {
    columns_of(condition, &rule.by)
        .iter()
        .all(|name| is_counted_by(rows.table, name) || name == rows.time_column())
}

/// Whether single rows of a condition are looked at that counts tell, and are few.
fn has_few(rows: &Rows<'_>, rule: &Rule, condition: &Condition) -> PolarsResult<bool> {
    let by_row = matches!(rule.logic, Logic::Threshold { .. } | Logic::Sequence { .. });
    let cells = rows.cells.as_ref().filter(|cells| by_row && cells.tell(condition, &rule.by));
    let Some(cells) = cells else { return Ok(false) };
    let counted = cells.frame.clone().lazy().filter(rows.expr(condition)?);
    let counted = counted.select([col(ROWS).sum()]).collect()?;
    let number = counted.column(ROWS)?.i64()?.get(0).unwrap_or_default();
    Ok(number <= FEW)
}

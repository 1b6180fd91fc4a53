//! Rows that rules look at one by one, picked for all of them in one pass over the table.

use std::collections::BTreeSet;

use polars::prelude::{DataFrame, Expr, IntoLazy, LazyFrame, PolarsResult, col};

use super::{Rows, columns_of, is_counted_by, lineage, read};
use crate::audit::detections::condition::{Condition, Term};
use crate::audit::detections::narrow::narrowed;
use crate::audit::detections::rule::{Logic, Rule};
use crate::schema::detection::{IN_PERIOD, ROWS};

/// So many rows of a condition are picked though counts tell it.
const FEW: i64 = 100_000;

/// The rows for which one of these conditions holds, in the columns that their rules read.
pub(super) struct Picked {
    conditions: BTreeSet<String>,
    frame: DataFrame,
}

impl Picked {
    /// The rows of conditions that are asked first of a rule, where counts can't tell them or where
    /// single rows are looked at and the counts say that there are few: what follows in a sequence may be
    /// any call. None where there is no such rule.
    pub(super) fn pick(rows: &Rows<'_>, rules: &[&Rule]) -> PolarsResult<Option<Self>> {
        let asked = rules.iter().filter_map(|rule| Some((*rule, asked_first(rule)?)));
        let asked: Vec<(&Rule, &Condition)> = asked.collect();
        let mut conditions = BTreeSet::new();
        for (rule, condition) in &asked {
            if !is_told(rows, rule, condition) || has_few(rows, rule, condition)? {
                conditions.insert(condition.text().to_owned());
            }
        }
        let asked = asked.into_iter().filter(|(_, one)| conditions.contains(one.text()));
        let asked: Vec<(&Rule, &Condition)> = asked.collect();
        if asked.is_empty() {
            return Ok(None);
        }
        let looks_back = asked.iter().any(|(rule, _)| looks_back(rule));
        let counts = rows.counts.clone();
        let (all, counts) = if looks_back {
            (rows.with_history.clone(), counts)
        } else {
            (rows.in_period.clone(), counts.filter(col(IN_PERIOD)))
        };
        let mut columns: BTreeSet<String> = lineage(rows.table).map(str::to_owned).into();
        columns.insert(rows.time_column().to_owned());
        for (rule, condition) in &asked {
            columns.extend(columns_of(condition, &rule.by));
        }
        // Whoever asks the same finds what it groups and counts by, asked first or not.
        let same = |rule: &&&Rule| {
            rule.logic.conditions().iter().any(|one| conditions.contains(one.text()))
        };
        for rule in rules.iter().filter(same) {
            columns.extend(rule.by.iter().flat_map(Term::columns).map(str::to_owned));
            if let Logic::Threshold { distinct: Some(value), .. } = &rule.logic {
                columns.extend(value.columns().map(str::to_owned));
            }
        }
        let holds = asked.iter().map(|(_, condition)| rows.expr(condition));
        let holds = holds.collect::<PolarsResult<Vec<Expr>>>()?;
        let narrowed = narrowed(rows.table, &counts, &holds)?;
        let possible = narrowed.of(all, columns.iter().map(col).collect())?;
        let wanted = asked.iter().zip(holds).zip(narrowed.is_possible);
        let wanted =
            wanted.filter(|(_, is_possible)| *is_possible).map(|(((rule, _), holds), _)| {
                let in_time = looks_back && !self::looks_back(rule);
                if in_time { rows.is_in_period().and(holds) } else { holds }
            });
        let chosen = match wanted.reduce(Expr::or) {
            Some(wanted) => possible.filter(wanted),
            None => possible,
        };
        Ok(Some(Self { conditions, frame: read(chosen)? }))
    }

    /// Rows among which are all for which this condition holds, if it was one of those asked.
    pub(super) fn of(&self, condition: &Condition) -> Option<LazyFrame> {
        self.conditions.contains(condition.text()).then(|| self.frame.clone().lazy())
    }
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
    Ok(number > 0 && number <= FEW)
}

//! What the period must hold for a rule to say anything: rows at all, and rows of the kind it reads.

use polars::prelude::{DataType, Expr, LazyFrame, PolarsResult, col, len, lit};

use super::condition::expression;
use super::rule::{Requirement, Rule};
use crate::period::Period;
use crate::schema::detection::ROWS;
use crate::schema::{Kind, Table, api_event};

/// What a table holds of the period.
pub(super) struct Held {
    table: Table,
    rows: i64,
    /// Every requirement of the rules, and whether it is met.
    met: Vec<(Requirement, bool)>,
}

/// Counts the period's rows, and those that each requirement of the table's rules asks for.
pub(super) fn held(
    table: Table,
    rows: &LazyFrame,
    period: Period,
    rules: &[&Rule],
) -> PolarsResult<Held> {
    let mut asked: Vec<Requirement> = Vec::new();
    for requirement in rules.iter().filter(|rule| rule.table == table).flat_map(|r| &r.requires) {
        if !asked.contains(requirement) {
            asked.push(requirement.clone());
        }
    }
    let mut counts: Vec<Expr> = vec![len().cast(DataType::Int64).alias(ROWS)];
    for (index, requirement) in asked.iter().enumerate() {
        let any = expression(requirement.any.text())?.fill_null(lit(false));
        counts.push(any.cast(DataType::Int64).max().alias(format!("{ROWS}{index}")));
    }
    let time = || col(api_event::EVENT_TIME); // both tables call it so
    let instant = |ms: i64| lit(ms).cast(Kind::Time.data_type());
    let in_period = time()
        .gt_eq(instant(period.from.timestamp_millis()))
        .and(time().lt(instant(period.to.timestamp_millis())));
    let frame = rows.clone().filter(in_period).select(counts).collect()?;
    let first = |name: &str| -> PolarsResult<i64> {
        Ok(frame.column(name)?.i64()?.get(0).unwrap_or_default())
    };
    let mut met = Vec::with_capacity(asked.len());
    for (index, requirement) in asked.into_iter().enumerate() {
        met.push((requirement, first(&format!("{ROWS}{index}"))? > 0));
    }
    Ok(Held { table, rows: first(ROWS)?, met })
}

impl Held {
    /// What is not there that the rule needs, if anything.
    pub(super) fn missing(&self, rule: &Rule) -> Option<String> {
        if self.rows == 0 {
            let what = match self.table {
                Table::Invocations => "invocation logs",
                _ => "CloudTrail events",
            };
            return Some(format!("the store holds no {what} of the period"));
        }
        let unmet = |requirement: &&Requirement| {
            self.met.iter().any(|(known, met)| known == *requirement && !met)
        };
        rule.requires.iter().find(unmet).map(|requirement| requirement.missing.clone())
    }
}

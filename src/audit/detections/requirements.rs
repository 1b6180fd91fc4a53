//! What the period must hold for a rule to say anything: rows at all, and rows of the kind it reads.

use polars::prelude::{LazyFrame, PolarsResult, col};

use super::condition::expression;
use super::rows::{TableRows, is_counted_by, read};
use super::rule::{Requirement, Rule};
use crate::schema::detection::IN_PERIOD;
use crate::schema::{Table, api_event};

/// What a table holds of the period.
pub(super) struct Held {
    table: Table,
    /// Whether there is any row.
    any: bool,
    /// Every requirement of the rules, and whether it is met.
    met: Vec<(Requirement, bool)>,
}

/// Looks for a row of the period, and for one that each requirement of the table's rules asks for.
pub(super) fn held(table: Table, of: &TableRows, rules: &[&Rule]) -> PolarsResult<Held> {
    let mut asked: Vec<Requirement> = Vec::new();
    for requirement in rules.iter().filter(|rule| rule.table == table).flat_map(|r| &r.requires) {
        if !asked.contains(requirement) {
            asked.push(requirement.clone());
        }
    }
    let time = || col(api_event::EVENT_TIME); // both tables call it so
    let (rows, counts) = (of.rows.clone(), of.counts.clone().filter(col(IN_PERIOD)));
    // One row will do.
    let any = |rows: LazyFrame| -> PolarsResult<bool> {
        Ok(read(rows.select([time()]).limit(1))?.height() > 0)
    };
    let any_row = any(counts.clone())?;
    let mut met = Vec::with_capacity(asked.len());
    for requirement in asked {
        let holds = expression(requirement.any.text())?;
        let is_counted = requirement.any.columns().all(|name| is_counted_by(table, name));
        let of = if is_counted { &counts } else { &rows };
        let is_met = any_row && any(of.clone().filter(holds))?;
        met.push((requirement, is_met));
    }
    Ok(Held { table, any: any_row, met })
}

impl Held {
    /// What is not there that the rule needs, if anything.
    pub(super) fn missing(&self, rule: &Rule) -> Option<String> {
        if !self.any {
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

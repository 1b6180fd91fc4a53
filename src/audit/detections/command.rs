//! The `bedrock-lens query …` that shows the rows of a finding, ready for a shell.

use chrono::{DateTime, SecondsFormat, Utc};

use super::condition::{Condition, EXTERNAL_SOURCE, FOREIGN_COUNTRY, Term, literal};
use super::rule::{Logic, Rule};
use super::values::Values;
use crate::period::Period;
use crate::schema::api_event::SOURCE_IP_ADDRESS;
use crate::schema::detection::{OF_ROWS, ROWS};
use crate::schema::{Table, api_event, invocation};

/// The command that repeats a finding: its rows, or the counts of its share.
pub(super) fn command(
    rule: &Rule,
    values: &Values<'_>,
    period: Period,
    group: &[(String, Option<String>)],
) -> String {
    let is_pinned = |term: &Term| term.sql() == SOURCE_IP_ADDRESS;
    let pinned = rule.by.iter().any(is_pinned);
    let sql = |condition: &Condition| {
        let text = if pinned { without_addresses(condition) } else { condition.clone() };
        format!("({})", values.sql(&text))
    };
    let tests: Vec<String> =
        rule.by.iter().zip(group).map(|(term, (_, value))| same(term, value.as_deref())).collect();
    let same = tests.join(" AND ");
    let table = rule.table.name();
    let statement = match &rule.logic {
        Logic::Ratio { condition, of, .. } => format!(
            "SELECT SUM(CASE WHEN {} THEN 1 ELSE 0 END) AS {ROWS}, COUNT(*) AS {OF_ROWS} \
             FROM {table} WHERE {} AND {same}",
            sql(condition),
            sql(of)
        ),
        logic => {
            let conditions: Vec<String> = logic.conditions().into_iter().map(sql).collect();
            let any = match conditions.as_slice() {
                [one] => one.clone(),
                several => format!("({})", several.join(" OR ")),
            };
            rows_statement(rule.table, &format!("{any} AND {same}"))
        }
    };
    asking(period, &statement)
}

/// The command that shows the rows of a period for which a condition holds.
pub(super) fn rows_command(table: Table, condition: &str, period: Period) -> String {
    asking(period, &rows_statement(table, condition))
}

fn rows_statement(table: Table, condition: &str) -> String {
    format!(
        "SELECT {} FROM {} WHERE {condition} ORDER BY {}",
        columns(table).join(", "),
        table.name(),
        time_column(table)
    )
}

fn asking(period: Period, statement: &str) -> String {
    format!(
        "bedrock-lens query --from {} --to {} --sql {}",
        time(period.from),
        time(period.to),
        quoted(statement)
    )
}

/// A condition on one address that the group names needs no list of all of them.
fn without_addresses(condition: &Condition) -> Condition {
    condition.with([EXTERNAL_SOURCE, FOREIGN_COUNTRY], "TRUE")
}

fn same(term: &Term, value: Option<&str>) -> String {
    match value {
        Some(value) => format!("{} = {}", term.sql(), literal(value)),
        None => format!("{} IS NULL", term.sql()),
    }
}

fn time_column(table: Table) -> &'static str {
    match table {
        Table::Invocations => invocation::EVENT_TIME,
        _ => api_event::EVENT_TIME,
    }
}

/// What is shown of a row.
fn columns(table: Table) -> Vec<&'static str> {
    match table {
        Table::Invocations => vec![
            invocation::EVENT_TIME,
            invocation::REQUEST_ID,
            invocation::PRINCIPAL,
            invocation::REGION,
            invocation::MODEL,
            invocation::STATUS,
            invocation::GUARDRAIL_ACTION,
            invocation::OBJECT,
            invocation::RECORD,
        ],
        _ => vec![
            api_event::EVENT_TIME,
            api_event::EVENT_ID,
            api_event::EVENT_NAME,
            api_event::PRINCIPAL,
            api_event::SOURCE_IP_ADDRESS,
            api_event::REGION,
            api_event::MODEL_ID,
            api_event::ERROR_CODE,
            api_event::OBJECT,
            api_event::RECORD,
        ],
    }
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// A word as a POSIX shell reads it whole. In double quotes, as SQL is full of single ones; not with
/// an exclamation mark, which calls up the history there.
fn quoted(word: &str) -> String {
    if word.contains('!') {
        return format!("'{}'", word.replace('\'', r"'\''"));
    }
    let escaped = word.chars().fold(String::new(), |mut done, c| {
        if matches!(c, '"' | '\\' | '$' | '`') {
            done.push('\\');
        }
        done.push(c);
        done
    });
    format!("\"{escaped}\"")
}

//! The rows that findings rest on: the first ten of each, with where they lie in the logs.

use std::collections::BTreeMap;

use chrono::DateTime;
use polars::prelude::{
    BooleanChunked, Column, DataFrame, DataType, Expr, Field, IntoColumn, IntoLazy, JoinType,
    PolarsResult, SortMultipleOptions, col, lit,
};

use super::condition::Condition;
use super::finding::{Evidence, SHOWN};
use super::logic::joined;
use super::rows::{Rows, group_columns, group_exprs, lineage, read};
use super::rule::{Logic, Rule};
use crate::schema::detection::{FINDING, FIRST_MS, LAST_MS, NUMBER, ROWS, TIME_MS};

/// Findings of more rows show those of their first instant only: to sort the others out takes as
/// long as to find them.
const MANY: i64 = 10_000;

/// With more stretches than this, all that lies between them is looked at.
const FEW_SPANS: usize = 32;

/// The first rows of every finding, by its number in the frame.
pub(super) fn evidence(
    rule: &Rule,
    rows: &Rows<'_>,
    findings: &DataFrame,
) -> PolarsResult<BTreeMap<usize, Vec<Evidence>>> {
    let [id, object, record] = lineage(rule.table);
    let mut shown = group_exprs(&rule.by)?;
    shown.extend([rows.time_ms().alias(TIME_MS), col(id), col(object), col(record)]);
    let numbered = findings.clone().lazy().with_row_index(FINDING, None);
    let numbers = group_columns(&rule.by)
        .into_iter()
        .chain([FINDING, ROWS, FIRST_MS, LAST_MS].map(col))
        .collect::<Vec<_>>();
    let spans = spans(findings)?;
    let selected = rows.of_period(&condition(rule))?;
    let selected = match near(rows, &spans) {
        Some(near) => selected.filter(near),
        None => selected,
    };
    let selected = selected.filter(in_spans(rows.time_ms(), spans)).select(shown);
    let is_shown = col(TIME_MS)
        .gt_eq(col(FIRST_MS))
        .and(col(TIME_MS).lt_eq(col(LAST_MS)))
        .and(col(ROWS).lt_eq(lit(MANY)).or(col(TIME_MS).eq(col(FIRST_MS))));
    let order = [FINDING, TIME_MS, id, object, record].map(col).to_vec();
    let number = col(TIME_MS).cum_count(false).over([col(FINDING)])?;
    let frame = joined(selected, numbered.select(numbers), &rule.by, JoinType::Inner)
        .filter(is_shown)
        .sort_by_exprs(order, SortMultipleOptions::default())
        .with_column(number.alias(NUMBER))
        .filter(col(NUMBER).lt_eq(lit(SHOWN)))
        .with_column(col(FINDING).cast(DataType::Int64));
    read_rows(&read(frame)?, id, object, record)
}

/// The stretches in which rows to be shown lie, ends included, by time; they don't overlap.
fn spans(findings: &DataFrame) -> PolarsResult<Vec<(i64, i64)>> {
    let column = |name: &str| -> PolarsResult<Vec<i64>> {
        Ok(findings.column(name)?.i64()?.iter().map(Option::unwrap_or_default).collect())
    };
    let (counts, firsts, lasts) = (column(ROWS)?, column(FIRST_MS)?, column(LAST_MS)?);
    let ends = firsts.into_iter().zip(lasts).zip(counts);
    let mut all: Vec<(i64, i64)> = ends
        .map(|((first, last), count)| (first, if count <= MANY { last } else { first }))
        .collect();
    all.sort_unstable();
    let mut apart: Vec<(i64, i64)> = Vec::with_capacity(all.len());
    for (first, last) in all {
        match apart.last_mut() {
            Some(before) if first <= before.1 => before.1 = before.1.max(last),
            _ => apart.push((first, last)),
        }
    }
    Ok(apart)
}

/// A test that files answer without being read: of the few rows in the stretches, most hold none.
fn near(rows: &Rows<'_>, spans: &[(i64, i64)]) -> Option<Expr> {
    let (first, last) = spans.first().zip(spans.last())?;
    if spans.len() > FEW_SPANS {
        return Some(rows.is_within(first.0, last.1));
    }
    spans.iter().map(|(first, last)| rows.is_within(*first, *last)).reduce(Expr::or)
}

/// Whether a time lies in one of the stretches.
fn in_spans(time: Expr, spans: Vec<(i64, i64)>) -> Expr {
    let boolean = |_: &_, field: &Field| Ok(Field::new(field.name().clone(), DataType::Boolean));
    let holds = move |time: i64| {
        let before = spans.partition_point(|(first, _)| *first <= time);
        before > 0 && time <= spans[before - 1].1
    };
    let flags = move |times: Column| {
        let flags = times.i64()?.iter().map(|time| Some(time.is_some_and(&holds)));
        let flags: BooleanChunked = flags.collect();
        Ok(flags.with_name(times.name().clone()).into_column())
    };
    time.map(flags, boolean)
}

fn read_rows(
    frame: &DataFrame,
    id: &str,
    object: &str,
    record: &str,
) -> PolarsResult<BTreeMap<usize, Vec<Evidence>>> {
    let numbers = frame.column(FINDING)?.i64()?;
    let times = frame.column(TIME_MS)?.i64()?;
    let (ids, objects) = (frame.column(id)?.str()?, frame.column(object)?.str()?);
    let records = frame.column(record)?.i64()?;
    let mut found: BTreeMap<usize, Vec<Evidence>> = BTreeMap::new();
    for row in 0..frame.height() {
        let number = numbers.get(row).and_then(|number| usize::try_from(number).ok());
        let (Some(number), Some(time)) = (number, times.get(row)) else { continue };
        found.entry(number).or_default().push(Evidence {
            event_time: DateTime::from_timestamp_millis(time).unwrap_or_default(),
            id: ids.get(row).map(str::to_owned),
            object: objects.get(row).unwrap_or_default().to_owned(),
            record: records.get(row).unwrap_or_default(),
        });
    }
    Ok(found)
}

/// The rows that make a finding; of a sequence, both kinds.
fn condition(rule: &Rule) -> Condition {
    match &rule.logic {
        Logic::Match { condition, .. }
        | Logic::Threshold { condition, .. }
        | Logic::FirstSeen { condition, .. } => condition.clone(),
        Logic::Sequence { first, then, .. } => first.or(then),
        Logic::Ratio { condition, of, .. } => condition.and(of),
    }
}

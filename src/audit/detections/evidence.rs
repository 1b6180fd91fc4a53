//! The rows that findings rest on: the first ten of each, with where they lie in the logs.

use std::collections::BTreeMap;

use chrono::DateTime;
use polars::prelude::{
    BooleanChunked, Column, DataFrame, DataType, Expr, Field, IntoColumn, IntoLazy, JoinType,
    LazyFrame, NamedFrom, PolarsResult, Series, SortMultipleOptions, col, lit,
};

use super::condition::Condition;
use super::finding::{Evidence, SHOWN};
use super::logic::joined;
use super::rows::{Rows, group_columns, group_exprs, lineage, read};
use super::rule::{Logic, Rule};
use crate::schema::detection::{FINDING, FIRST_MS, LAST_MS, NUMBER, TIME_MS};

/// How far behind a finding's first row the next ones are looked for first, milliseconds: those of most
/// findings lie there, and what is further away need not be read.
const NEAR_MS: i64 = 60 * 60 * 1000;

/// With more stretches than this, all that lies between them is looked at.
const FEW_SPANS: usize = 32;

/// The first rows of every finding, by its number in the frame.
pub(super) fn evidence(
    rule: &Rule,
    rows: &Rows<'_>,
    findings: &DataFrame,
) -> PolarsResult<BTreeMap<usize, Vec<Evidence>>> {
    let first: Vec<i64> = findings.column(FIRST_MS)?.i64()?.into_no_null_iter().collect();
    let last: Vec<i64> = findings.column(LAST_MS)?.i64()?.into_no_null_iter().collect();
    let near = |index: usize| last[index].min(first[index].saturating_add(NEAR_MS));
    let all: Vec<usize> = (0..findings.height()).collect();
    let spans: Vec<(i64, i64)> = all.iter().map(|index| (first[*index], near(*index))).collect();
    let mut found = first_rows(rule, rows, findings, (&all, &spans))?;
    let is_open = |index: &usize| {
        let shown = found.get(index).map_or(0, Vec::len);
        near(*index) < last[*index] && shown < usize::try_from(SHOWN).unwrap_or(usize::MAX)
    };
    let open: Vec<usize> = all.into_iter().filter(is_open).collect();
    if !open.is_empty() {
        let spans: Vec<(i64, i64)> =
            open.iter().map(|index| (first[*index], last[*index])).collect();
        found.extend(first_rows(rule, rows, findings, (&open, &spans))?);
    }
    Ok(found)
}

/// The first rows of some findings, each in a stretch of time, ends included.
fn first_rows(
    rule: &Rule,
    rows: &Rows<'_>,
    findings: &DataFrame,
    (chosen, spans): (&[usize], &[(i64, i64)]),
) -> PolarsResult<BTreeMap<usize, Vec<Evidence>>> {
    let [id, object, record] = lineage(rule.table);
    let mut shown = group_exprs(&rule.by)?;
    shown.extend([rows.time_ms().alias(TIME_MS), col(id), col(object), col(record)]);
    let apart = apart(spans.to_vec());
    let selected = rows.of_period(&condition(rule))?;
    let selected = match near(rows, &apart) {
        Some(near) => selected.filter(near),
        None => selected,
    };
    let selected = selected.filter(in_spans(rows.time_ms(), apart)).select(shown);
    let is_shown = col(TIME_MS).gt_eq(col(FIRST_MS)).and(col(TIME_MS).lt_eq(col(LAST_MS)));
    let order = [FINDING, TIME_MS, id, object, record].map(col).to_vec();
    let number = col(TIME_MS).cum_count(false).over([col(FINDING)])?;
    let frame =
        joined(selected, stretches(rule, findings, chosen, spans)?, &rule.by, JoinType::Inner)
            .filter(is_shown)
            .sort_by_exprs(order, SortMultipleOptions::default())
            .with_column(number.alias(NUMBER))
            .filter(col(NUMBER).lt_eq(lit(SHOWN)));
    read_rows(&read(frame)?, id, object, record)
}

/// The groups of findings, with the numbers of these and the stretches.
fn stretches(
    rule: &Rule,
    findings: &DataFrame,
    chosen: &[usize],
    spans: &[(i64, i64)],
) -> PolarsResult<LazyFrame> {
    let numbers = chosen.iter().map(|index| i64::try_from(*index).unwrap_or(i64::MAX));
    let numbers: Vec<i64> = numbers.collect();
    let (first, last): (Vec<i64>, Vec<i64>) = spans.iter().copied().unzip();
    let columns = [(FINDING, numbers), (FIRST_MS, first), (LAST_MS, last)];
    let columns = columns.map(|(name, values)| Series::new(name.into(), values).into_column());
    let spans = DataFrame::new(chosen.len(), columns.into())?.lazy();
    let groups = findings.clone().lazy().select(group_columns(&rule.by));
    let number = [col(FINDING).cast(DataType::Int64)];
    let groups = groups.with_row_index(FINDING, None).with_columns(number);
    Ok(groups.join_builder().with(spans).on([col(FINDING)]).how(JoinType::Inner).finish())
}

/// Stretches by time, those that meet as one.
fn apart(mut spans: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    spans.sort_unstable();
    let mut apart: Vec<(i64, i64)> = Vec::with_capacity(spans.len());
    for (first, last) in spans {
        match apart.last_mut() {
            Some(before) if first <= before.1 => before.1 = before.1.max(last),
            _ => apart.push((first, last)),
        }
    }
    apart
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

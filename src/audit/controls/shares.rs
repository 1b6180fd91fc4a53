//! Tests on shares of rows: all of a table are counted in one pass over it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;
use polars::prelude::{
    DataFrame, DataType, Engine, Expr, LazyFrame, PolarsResult, SortMultipleOptions, col, lit,
};

use super::control::{Share, Test};
use super::evaluate::{Found, share};
use crate::audit::detections::{Condition, DetectionQuestion, Evidence, PeriodRows, narrowed};
use crate::schema::detection::{OF_ROWS, ROWS, TIME_MS};
use crate::schema::{Table, api_event, invocation};

/// Rows that speak against a test, at most so many.
const SHOWN: u32 = 10;

/// What every share came to.
pub(super) struct Shares<'a> {
    rows: PeriodRows<'a>,
    /// Rows that hold, and rows they are a share of, by the texts of both conditions.
    counts: BTreeMap<(String, String), (i64, i64)>,
}

impl<'a> Shares<'a> {
    /// Counts the rows of all tests on shares that can be asked.
    pub(super) fn count<'t>(
        question: &'a DetectionQuestion<'a>,
        tests: impl Iterator<Item = &'t Test>,
    ) -> PolarsResult<Self> {
        let rows = PeriodRows::new(question)?;
        let mut counts = BTreeMap::new();
        let shares: Vec<&Share> = tests
            .filter_map(|test| match test {
                Test::Share(share) if missing(&rows, share).is_none() => Some(share),
                _ => None,
            })
            .collect();
        for table in [Table::Invocations, Table::ApiEvents] {
            let of_table = shares.iter().copied().filter(|one| one.table == table);
            let (told, others): (Vec<&Share>, Vec<&Share>) =
                of_table.partition(|one| PeriodRows::are_counted(table, [&one.of, &one.holds]));
            if !told.is_empty() {
                let counted = counted(&rows, &told, rows.counts(table), true)?;
                counts.extend(told.into_iter().map(key).zip(counted));
            }
            if !others.is_empty() {
                let counted =
                    counted(&rows, &others, narrowed_rows(&rows, table, &others)?, false)?;
                counts.extend(others.into_iter().map(key).zip(counted));
            }
        }
        Ok(Self { rows, counts })
    }

    /// What a test on a share came to.
    pub(super) fn answer(&self, asked: &Share) -> PolarsResult<Found> {
        if let Some(setting) = missing(&self.rows, asked) {
            return Ok(Found::unknown(&format!("needs {setting}")));
        }
        let (holds, of) = self.counts.get(&key(asked)).copied().unwrap_or_default();
        if of == 0 {
            return Ok(Found::unknown(&format!("the period has no {}", asked.what)));
        }
        let mut found = Found::judged(
            share(holds, of) >= asked.at_least,
            format!("{holds} of {of} {}", asked.what),
        );
        if holds < of {
            let against = asked.of.but_not(&asked.holds);
            found.evidence = self.evidence(asked.table, &against)?;
            found.queries = vec![self.rows.command(asked.table, &against)];
        }
        Ok(found)
    }

    fn evidence(&self, table: Table, against: &Condition) -> PolarsResult<Vec<Evidence>> {
        let (id, time, object, record) = match table {
            Table::Invocations => (
                invocation::REQUEST_ID,
                invocation::EVENT_TIME,
                invocation::OBJECT,
                invocation::RECORD,
            ),
            _ => (api_event::EVENT_ID, api_event::EVENT_TIME, api_event::OBJECT, api_event::RECORD),
        };
        let columns = against.columns().chain([time, id, object, record]);
        let columns: BTreeSet<&str> = columns.collect();
        let columns: Vec<Expr> = columns.into_iter().map(col).collect();
        let against = self.rows.expr(against)?;
        let narrowed = narrowed(table, &self.rows.counts(table), std::slice::from_ref(&against))?;
        let shown =
            [col(time).cast(DataType::Int64).alias(TIME_MS), col(id), col(object), col(record)];
        let first_of = |rows: LazyFrame| {
            let rows = narrowed.of(rows, columns.clone())?.filter(against.clone()).select(&shown);
            let order = [TIME_MS, id, object, record];
            read(rows.sort(order, SortMultipleOptions::default()).limit(SHOWN))
        };
        // Mostly there are enough on the first day.
        let of_first_day = self.rows.of_first_day(table).map(first_of).transpose()?;
        let enough = usize::try_from(SHOWN).unwrap_or(usize::MAX);
        let frame = match of_first_day.filter(|frame| frame.height() >= enough) {
            Some(frame) => frame,
            None => first_of(self.rows.of(table))?,
        };
        let times = frame.column(TIME_MS)?.i64()?;
        let (ids, objects) = (frame.column(id)?.str()?, frame.column(object)?.str()?);
        let records = frame.column(record)?.i64()?;
        let row = |index: usize| Evidence {
            event_time: times
                .get(index)
                .and_then(DateTime::from_timestamp_millis)
                .unwrap_or_default(),
            id: ids.get(index).map(str::to_owned),
            object: objects.get(index).unwrap_or_default().to_owned(),
            record: records.get(index).unwrap_or_default(),
        };
        Ok((0..frame.height()).map(row).collect())
    }
}

/// The rows that shares can be of, in the columns that they read.
fn narrowed_rows(rows: &PeriodRows<'_>, table: Table, asked: &[&Share]) -> PolarsResult<LazyFrame> {
    let of = asked.iter().map(|one| rows.expr(&one.of)).collect::<PolarsResult<Vec<Expr>>>()?;
    let columns: BTreeSet<&str> =
        asked.iter().flat_map(|one| one.of.columns().chain(one.holds.columns())).collect();
    let columns = columns.into_iter().map(col).collect();
    narrowed(table, &rows.counts(table), &of)?.of(rows.of(table), columns)
}

/// Rows that hold, and rows they are a share of, for each of these; `by_count` says that the rows are
/// counts.
fn counted(
    rows: &PeriodRows<'_>,
    asked: &[&Share],
    of: LazyFrame,
    by_count: bool,
) -> PolarsResult<Vec<(i64, i64)>> {
    let weight = || if by_count { col(ROWS) } else { lit(1_i64) };
    let (mut flags, mut sums): (Vec<Expr>, Vec<Expr>) = (vec![weight().alias(WEIGHT)], Vec::new());
    for (index, one) in asked.iter().enumerate() {
        let of = rows.expr(&one.of)?.fill_null(lit(false));
        let holds = rows.expr(&one.holds)?.fill_null(lit(false)).and(of.clone());
        for (flag, name) in [(holds, HOLD), (of, OF_ROWS)] {
            let name = format!("{name}{index}");
            flags.push(flag.alias(name.as_str()));
            sums.push((col(name).cast(DataType::Int64) * col(WEIGHT)).sum());
        }
    }
    // Columns first: the conditions have much in common, which sums would compute for each.
    let frame = read(of.select(flags).select(sums))?;
    let number = |name: String| -> PolarsResult<i64> {
        Ok(frame.column(&name)?.i64()?.get(0).unwrap_or_default())
    };
    (0..asked.len())
        .map(|index| Ok((number(format!("{HOLD}{index}"))?, number(format!("{OF_ROWS}{index}"))?)))
        .collect()
}

/// Rows that hold, and how many rows a row stands for.
const HOLD: &str = "hold";
const WEIGHT: &str = "weight";

/// A part of the rows at a time: there may be millions.
fn read(rows: LazyFrame) -> PolarsResult<DataFrame> {
    Ok(rows.collect_with_engine(Engine::Streaming)?.unwrap_single())
}

fn key(share: &Share) -> (String, String) {
    (share.holds.text().to_owned(), share.of.text().to_owned())
}

fn missing(rows: &PeriodRows<'_>, share: &Share) -> Option<&'static str> {
    let needs = [share.holds.needs(), share.of.needs()].concat();
    rows.missing(&needs)
}

//! Tests of the metrics over small frames, counted by hand, and laws over random ones.

mod activity;
mod calendar;
mod coverage;
mod efficiency;
mod laws;
mod usage;

use chrono::DateTime;
use polars::prelude::{AnyValue, DataFrame, Engine, LazyFrame, NamedFrom, Series};

use crate::period::Period;
use crate::schema::invocation::Invocation;
use crate::schema::{Row, TimeMs, allocation, cost};

/// The instant of an RFC 3339 time.
#[expect(clippy::unnecessary_wraps, reason = "rows hold options")]
pub(super) fn at(time: &str) -> Option<TimeMs> {
    let time = DateTime::parse_from_rfc3339(time).expect("an RFC 3339 time");
    Some(TimeMs(time.timestamp_millis()))
}

/// The period between two RFC 3339 times.
fn period_between(from: &str, to: &str) -> Period {
    let time = |text: &str| DateTime::parse_from_rfc3339(text).expect("an RFC 3339 time").to_utc();
    Period { from: time(from), to: time(to) }
}

#[expect(clippy::unnecessary_wraps, reason = "rows hold options")]
pub(super) fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

/// An invocation and what pricing says about it.
#[derive(Debug, Clone, Default)]
pub(super) struct Priced {
    pub(super) invocation: Invocation,
    pub(super) cost_units: Option<i128>,
    pub(super) cost_status: &'static str,
    pub(super) uncached_input_tokens: Option<i64>,
    pub(super) total_tokens: Option<i64>,
}

impl Priced {
    pub(super) fn frame(rows: &[Self]) -> DataFrame {
        let invocations = rows.iter().map(|row| row.invocation.clone()).collect();
        let mut frame = Invocation::frame(invocations).unwrap();
        let units: Vec<Option<i128>> = rows.iter().map(|row| row.cost_units).collect();
        let status: Vec<&str> = rows.iter().map(|row| row.cost_status).collect();
        let uncached: Vec<Option<i64>> = rows.iter().map(|row| row.uncached_input_tokens).collect();
        let total: Vec<Option<i64>> = rows.iter().map(|row| row.total_tokens).collect();
        for series in [
            Series::new(cost::COST_UNITS.into(), units),
            Series::new(cost::COST_STATUS.into(), status),
            Series::new(cost::UNCACHED_INPUT_TOKENS.into(), uncached),
            Series::new(cost::TOTAL_TOKENS.into(), total),
            Series::new(allocation::TEAM.into(), vec![None::<&str>; rows.len()]),
            Series::new(allocation::COST_CENTER.into(), vec![None::<&str>; rows.len()]),
        ] {
            frame.with_column(series.into()).unwrap();
        }
        frame
    }
}

/// Each row of the collected frame as text, cells joined by ` | `, null as `-`.
///
/// Both engines must agree: callers choose the one that suits the frame's size.
fn rows(lf: LazyFrame) -> Vec<String> {
    let collected = |lf: LazyFrame, engine| lf.collect_with_engine(engine).unwrap().unwrap_single();
    let in_memory = table(&collected(lf.clone(), Engine::InMemory));
    assert_eq!(table(&collected(lf, Engine::Streaming)), in_memory, "streaming and in memory");
    in_memory
}

fn table(df: &DataFrame) -> Vec<String> {
    let row = |index| {
        let cells = df.columns().iter().map(|column| cell(&column.get(index).unwrap()));
        cells.collect::<Vec<_>>().join(" | ")
    };
    (0..df.height()).map(row).collect()
}

fn cell(value: &AnyValue) -> String {
    match value {
        AnyValue::Null => "-".to_owned(),
        AnyValue::String(text) => (*text).to_owned(),
        AnyValue::StringOwned(text) => text.to_string(),
        AnyValue::Float64(number) => format!("{number}"),
        other => other.to_string(),
    }
}

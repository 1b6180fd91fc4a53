//! Calls that one source has and the other lacks, within spans of time: what an outage hid.

use polars::prelude::{Expr, LazyFrame, PolarsResult, UnionArgs, col, concat, lit};

use super::both_logs::BothLogs;
use super::measures::rows_of;
use super::window::in_window;
use crate::period::Period;
use crate::schema::api_event::{ACCOUNT_ID, ERROR_CODE, EVENT_TIME, PRINCIPAL, REGION};
use crate::schema::invocation::MODEL;
use crate::schema::usage::cell::ROWS;
use crate::schema::usage::coverage::{FIRST_UNLOGGED, LAST_UNLOGGED, SPAN, UNLOGGED};
use crate::schema::usage::metric::{ERRORS, REQUESTS};

/// A stretch of time in an account, or in a Region of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The stretch.
    pub period: Period,
    /// Whose calls; those of no known account are their own.
    pub account: Option<String>,
    /// Where; `None` for all Regions of the account.
    pub region: Option<Option<String>>,
}

/// Runtime calls of the period that were not logged, one row per so many `rows` of an instant:
/// `account_id`, `region`, `event_time`, `model`, `principal`, `error_code`.
pub fn unlogged_rows(both: &BothLogs) -> LazyFrame {
    let columns = [ACCOUNT_ID, REGION, EVENT_TIME, MODEL, PRINCIPAL, ERROR_CODE, ROWS].map(col);
    both.unlogged().select(columns)
}

/// Logged requests of the period that no event names, likewise: `account_id`, `region`, `event_time`.
pub fn unseen_rows(both: &BothLogs) -> LazyFrame {
    both.unseen().select([ACCOUNT_ID, REGION, EVENT_TIME, ROWS].map(col))
}

/// Of [`unlogged_rows`], per number of a span, `model` and `principal`: calls that succeeded as
/// `unlogged`, failed ones as `errors`, and the times of the first and the last of both.
///
/// # Errors
/// Never in practice: Polars refuses only frames of different columns.
pub fn unlogged_by_span(unlogged: LazyFrame, spans: &[Span]) -> PolarsResult<LazyFrame> {
    let failed = || col(ERROR_CODE).is_not_null();
    Ok(in_spans(unlogged, spans)?.group_by([SPAN, MODEL, PRINCIPAL].map(col)).agg([
        rows_of(failed().not()).alias(UNLOGGED),
        rows_of(failed()).alias(ERRORS),
        col(EVENT_TIME).min().alias(FIRST_UNLOGGED),
        col(EVENT_TIME).max().alias(LAST_UNLOGGED),
    ]))
}

/// How many rows lie in each span, of [`unseen_rows`], as `requests` per number of a span; spans without any are absent.
///
/// # Errors
/// As [`unlogged_by_span`].
pub fn number_by_span(rows: LazyFrame, spans: &[Span]) -> PolarsResult<LazyFrame> {
    let number = col(ROWS).sum().alias(REQUESTS);
    Ok(in_spans(rows, spans)?.group_by([col(SPAN)]).agg([number]))
}

/// The rows of each span with its number; a row of two spans is there twice.
fn in_spans(rows: LazyFrame, spans: &[Span]) -> PolarsResult<LazyFrame> {
    let number = |at: usize| lit(i64::try_from(at).unwrap_or(i64::MAX)).alias(SPAN);
    if spans.is_empty() {
        return Ok(rows.filter(lit(false)).with_columns([number(0)]));
    }
    let parts = spans.iter().enumerate().map(|(at, span)| {
        let mut is_in = in_window(span.period).and(is(ACCOUNT_ID, span.account.as_deref()));
        if let Some(region) = &span.region {
            is_in = is_in.and(is(REGION, region.as_deref()));
        }
        rows.clone().filter(is_in).with_columns([number(at)])
    });
    concat(parts.collect::<Vec<_>>(), UnionArgs::default())
}

fn is(column: &'static str, value: Option<&str>) -> Expr {
    match value {
        Some(value) => col(column).eq(lit(value.to_owned())),
        None => col(column).is_null(),
    }
}

//! CloudTrail's calls and logged requests under each other, each with whether the other log has it.
//!
//! Rows are counted in a period only, but may meet rows just outside it: give both frames with a margin,
//! so that a call at the edge whose log record falls beyond it isn't called unlogged. An event without
//! a request id meets nothing, and events that share a request id each count.
//!
//! What meets is summed up by the hour. What doesn't keeps its time, and is rare where logging works: it is
//! looked at more closely, to the minute.

use std::sync::Arc;

use polars::prelude::{
    DataType, Expr, JoinType, LazyFrame, NULL, PolarsResult, Schema, UnionArgs, col, concat, len,
    lit, when,
};

use super::calendar::Every;
use super::coverage::is_runtime_call;
use super::kept::{columns, schema_of};
use super::known_ids::KnownIds;
use super::window::in_window;
use crate::period::Period;
use crate::schema::api_event::{ACCOUNT_ID, ERROR_CODE, EVENT_TIME, MODEL_ID, PRINCIPAL, REGION};
use crate::schema::invocation::MODEL;
use crate::schema::usage::cell;
use crate::schema::usage::coverage::{IS_CALL, IS_MET};
use crate::schema::{Kind, Table};

/// To be raised when the sums hold other columns, or the same with another meaning.
pub const VERSION: u32 = 1;

/// What is read of both tables: the same names in both.
const BOTH: [&str; 5] = [ACCOUNT_ID, REGION, MODEL_ID, PRINCIPAL, ERROR_CODE];

/// The model of a logged request; that of an event is looked up.
const LOGGED_MODEL: &str = "logged_model";
/// The time of what meets nothing.
const UNMET_TIME: &str = "unmet_time";

/// Calls and logged requests of a period, and which of them meet.
#[derive(Clone)]
pub struct BothLogs {
    /// As [`sums`] has them.
    rows: LazyFrame,
}

impl BothLogs {
    /// Of [`sums`].
    pub fn of(sums: LazyFrame) -> Self {
        Self { rows: sums }
    }

    /// Calls of the period that were not logged, each [`cell::ROWS`] of the same instant.
    pub(super) fn unlogged(&self) -> LazyFrame {
        self.rows().filter(col(IS_CALL).and(col(IS_MET).not()))
    }

    /// Logged requests of the period that no event names, likewise.
    pub(super) fn unseen(&self) -> LazyFrame {
        self.rows().filter(col(IS_CALL).not().and(col(IS_MET).not()))
    }

    /// All of both.
    pub(super) fn rows(&self) -> LazyFrame {
        self.rows.clone()
    }
}

/// Both logs of a period: [`cell::ROWS`] calls or logged requests from `event_time` to
/// [`cell::LAST_TIME`], which agree in account, Region, model, principal and error.
///
/// In: `api_events` and `invocations`, any order, best with a margin around the period; `model` of
/// each distinct `model_id` of the events, which have no such column. What meets is summed up by `every`.
///
/// # Errors
/// When the ids can't be read.
pub fn sums(
    api_events: LazyFrame,
    invocations: LazyFrame,
    models: LazyFrame,
    period: Period,
    every: Every,
) -> PolarsResult<LazyFrame> {
    let calls = api_events.filter(is_runtime_call());
    let called = Arc::new(KnownIds::of(calls.clone())?);
    let logged = Arc::new(KnownIds::of(invocations.clone())?);
    let flagged = |rows: LazyFrame, model: Expr, is_call: bool, others: &Arc<KnownIds>| {
        let own = [
            col(EVENT_TIME),
            model.alias(LOGGED_MODEL),
            lit(is_call).alias(IS_CALL),
            others.hold().alias(IS_MET),
        ];
        rows.filter(in_window(period))
            .select(BOTH.map(col).into_iter().chain(own).collect::<Vec<_>>())
    };
    let no_model = lit(NULL).cast(DataType::String);
    let both =
        [flagged(calls, no_model, true, &logged), flagged(invocations, col(MODEL), false, &called)];
    let unmet = when(col(IS_MET)).then(lit(NULL)).otherwise(col(EVENT_TIME)).alias(UNMET_TIME);
    let time = every.start().alias(cell::TIME);
    let keys = BOTH.into_iter().chain([LOGGED_MODEL, IS_CALL, IS_MET, UNMET_TIME, cell::TIME]);
    let sums = concat(both, UnionArgs::default())?
        .with_columns([unmet, time])
        .group_by(keys.map(col).collect::<Vec<_>>())
        .agg([
            len().cast(DataType::Int64).alias(cell::ROWS),
            col(EVENT_TIME).max().alias(cell::LAST_TIME),
            col(EVENT_TIME).min(),
        ]);
    let looked_up = sums.join_builder().with(models).on([col(MODEL_ID)]).how(JoinType::Left);
    let model = when(col(IS_CALL)).then(col(MODEL)).otherwise(col(LOGGED_MODEL)).alias(MODEL);
    Ok(looked_up.finish().with_columns([model]).select(columns(&schema())))
}

/// The columns of [`sums`].
pub fn schema() -> Schema {
    let own = [
        (cell::LAST_TIME, Kind::Time.data_type()),
        (cell::ROWS, DataType::Int64),
        (IS_CALL, DataType::Boolean),
        (IS_MET, DataType::Boolean),
    ];
    schema_of(Table::Invocations, BOTH.into_iter().chain([MODEL, EVENT_TIME]), own)
}

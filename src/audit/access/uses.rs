//! Uses as lazy frames: CloudTrail's events of Bedrock and the log's calls, by who did what.
//!
//! Both frames are counts, as [`summary`](crate::metrics::summary) and
//! [`event_summary`](crate::metrics::event_summary) have them, none of which reaches over an end of the
//! [`Windows`]. They may be of any time: those after the review's end are left out, those before it
//! tell when something was last used. One row per principal, action, Region, model, guardrail and
//! outcome.

use polars::prelude::{DataType, Expr, LazyFrame, UnionArgs, UniqueKeepStrategy, col, concat, lit};

use super::Windows;
use crate::metrics::measures::rows_of;
use crate::metrics::window::{in_window, instant};
use crate::period::Period;
use crate::schema::access::{ACTIVE_DAYS, FIRST_SEEN, IN_POLICY_DAYS, IN_REVIEW, LAST_SEEN};
use crate::schema::api_event::{
    CREDENTIAL_CLASS, EVENT_NAME, EVENT_SOURCE, INSIGHT_DETAILS, READ_ONLY,
};
use crate::schema::invocation::{
    ACCOUNT_ID, ERROR_CODE, EVENT_TIME, GUARDRAIL_ID, IDENTITY_ARN, MODEL_ID, OPERATION, PRINCIPAL,
    PRINCIPAL_TYPE, REGION,
};
use crate::schema::usage::cell::LAST_TIME;

/// What all services of Bedrock begin with: `bedrock`, `bedrock-mantle`, `bedrock-agentcore`.
const BEDROCK: &str = "bedrock";

/// Columns that both tables are grouped by.
const SHARED: [&str; 6] = [ACCOUNT_ID, PRINCIPAL, REGION, MODEL_ID, GUARDRAIL_ID, ERROR_CODE];

/// Uses in CloudTrail: its events of Bedrock, Insights apart.
///
/// Out: the shared columns, `credential_class`, `event_source`, `event_name`, `read_only`, and the
/// columns of [`schema::access`](crate::schema::access) but the days. In no order.
pub(super) fn event_uses(api_events: LazyFrame, windows: Windows) -> LazyFrame {
    let own = [CREDENTIAL_CLASS, EVENT_SOURCE, EVENT_NAME, READ_ONLY];
    added_up(of_bedrock(api_events), &own, windows)
}

/// Uses in the invocation log.
///
/// Out: as [`event_uses`], with `principal_type` and `operation` for the event's columns.
pub(super) fn request_uses(invocations: LazyFrame, windows: Windows) -> LazyFrame {
    added_up(invocations, &[PRINCIPAL_TYPE, OPERATION], windows)
}

/// Days with use in the period: `account_id`, `principal`, `active_days`, in no order.
///
/// # Errors
/// Never in practice: Polars refuses only frames of different columns.
pub(super) fn active_days(
    api_events: LazyFrame,
    invocations: LazyFrame,
    review: Period,
) -> polars::prelude::PolarsResult<LazyFrame> {
    let days = |rows: LazyFrame| {
        let day = col(EVENT_TIME).dt().date().alias(ACTIVE_DAYS);
        rows.filter(in_window(review))
            .select([col(ACCOUNT_ID), col(PRINCIPAL), day])
            .unique(None, UniqueKeepStrategy::Any)
    };
    let both = [days(of_bedrock(api_events)), days(invocations)];
    Ok(concat(both, UnionArgs::default())?
        .unique(None, UniqueKeepStrategy::Any)
        .group_by([col(ACCOUNT_ID), col(PRINCIPAL)])
        .agg([col(ACTIVE_DAYS).count().cast(DataType::Int64)]))
}

fn of_bedrock(api_events: LazyFrame) -> LazyFrame {
    let of_bedrock = col(EVENT_SOURCE).str().starts_with(lit(BEDROCK));
    api_events.filter(of_bedrock.and(col(INSIGHT_DETAILS).is_null()))
}

fn added_up(rows: LazyFrame, own: &[&'static str], windows: Windows) -> LazyFrame {
    let keys: Vec<Expr> = SHARED.iter().chain(own).map(|key| col(*key)).collect();
    let times = |condition: Expr, name| rows_of(condition).alias(name);
    rows.filter(col(EVENT_TIME).lt(instant(windows.review.to))).group_by(keys).agg([
        col(EVENT_TIME).min().alias(FIRST_SEEN),
        col(LAST_TIME).max().alias(LAST_SEEN),
        times(in_window(windows.review), IN_REVIEW),
        times(in_window(windows.policy), IN_POLICY_DAYS),
        // Any one tells the partition.
        col(IDENTITY_ARN).min(),
    ])
}

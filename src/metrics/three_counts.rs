//! The same calls counted by three systems, side by side: invocation log, CloudTrail, CloudWatch.
//!
//! No count is taken for another, and none is filled in: where a system has nothing, its count is null.

use polars::prelude::{
    DataType, Expr, LazyFrame, PolarsResult, SortMultipleOptions, UnionArgs, col, concat, lit,
};

use super::coverage::is_runtime_call;
use crate::schema::invocation::{ACCOUNT_ID, EVENT_TIME};
use crate::schema::service_metric::{
    CLIENT_ERRORS, HOUR_TIME, INVOCATIONS, SERVER_ERRORS, THROTTLES,
};
use crate::schema::three_counts::{
    ACCOUNT, CLOUDTRAIL_CALLS, CLOUDWATCH_CALLS, FROM, LOGGED_REQUESTS, REGION,
};

/// How finely calls are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grain {
    /// By UTC hour, the finest that CloudWatch has here.
    Hour,
    /// By UTC day.
    Day,
}

impl Grain {
    fn length(self) -> Expr {
        lit(match self {
            Self::Hour => "1h",
            Self::Day => "1d",
        })
    }
}

/// The counts per account, Region and hour or day with anything in any of the three, sorted.
///
/// In: `invocations`, `api_events`, `service_metrics`, all of one period. Out: `from`, `account`,
/// `region`, `logged_requests`, `cloudtrail_calls`, `cloudwatch_calls`.
///
/// # Errors
/// When the frames have no such columns.
pub fn three_counts(
    invocations: LazyFrame,
    api_events: LazyFrame,
    service_metrics: LazyFrame,
    grain: Grain,
) -> PolarsResult<LazyFrame> {
    let one = || lit(1_i64);
    let parts = [
        part(invocations, EVENT_TIME, grain, LOGGED_REQUESTS, &one()),
        part(api_events.filter(is_runtime_call()), EVENT_TIME, grain, CLOUDTRAIL_CALLS, &one()),
        part(service_metrics, HOUR_TIME, grain, CLOUDWATCH_CALLS, &attempts()),
    ];
    let key = [FROM, ACCOUNT, REGION].map(col);
    // Polars sums nothing but nulls to 0.
    let sum = |name: &'static str| {
        let known = col(name).count().gt(lit(0));
        polars::prelude::when(known)
            .then(col(name).sum())
            .otherwise(lit(polars::prelude::NULL))
            .alias(name)
    };
    Ok(concat(parts, UnionArgs::default())?
        .group_by(&key)
        .agg([LOGGED_REQUESTS, CLOUDTRAIL_CALLS, CLOUDWATCH_CALLS].map(sum))
        .sort_by_exprs(&key, SortMultipleOptions::default().with_nulls_last(true)))
}

/// The calls of a row of `service_metrics`: succeeded, failed and throttled together.
pub(super) fn attempts() -> Expr {
    [INVOCATIONS, CLIENT_ERRORS, SERVER_ERRORS, THROTTLES]
        .map(|count| col(count).fill_null(lit(0_i64)))
        .into_iter()
        .fold(lit(0_i64), |sum, count| sum + count)
}

/// One system's counts under its name; the others' are null.
fn part(
    rows: LazyFrame,
    time: &'static str,
    grain: Grain,
    name: &'static str,
    count: &Expr,
) -> LazyFrame {
    let columns = [LOGGED_REQUESTS, CLOUDTRAIL_CALLS, CLOUDWATCH_CALLS].map(|other| {
        let value = if other == name { count.clone() } else { lit(polars::prelude::NULL) };
        value.cast(DataType::Int64).alias(other)
    });
    let key = [
        col(time).dt().truncate(grain.length()).alias(FROM),
        col(ACCOUNT_ID).alias(ACCOUNT),
        col(REGION),
    ];
    rows.filter(col(time).is_not_null()).select([key.as_slice(), columns.as_slice()].concat())
}

#[cfg(test)]
mod tests {
    use polars::prelude::IntoLazy;

    use super::{Grain, three_counts};
    use crate::metrics::small_frame::integers;
    use crate::schema::api_event::ApiEvent;
    use crate::schema::invocation::Invocation;
    use crate::schema::service_metric::ServiceMetric;
    use crate::schema::three_counts::{CLOUDTRAIL_CALLS, CLOUDWATCH_CALLS, LOGGED_REQUESTS};
    use crate::schema::{Row, TimeMs};

    const HOUR: i64 = 3_600_000;

    fn call(at: i64) -> Invocation {
        Invocation {
            event_time: Some(TimeMs(at)),
            account_id: Some("1".to_owned()),
            region: Some("us-east-1".to_owned()),
            ..Invocation::default()
        }
    }

    fn event(at: i64, name: &str) -> ApiEvent {
        ApiEvent {
            event_time: Some(TimeMs(at)),
            account_id: Some("1".to_owned()),
            region: Some("us-east-1".to_owned()),
            event_source: Some("bedrock.amazonaws.com".to_owned()),
            event_name: Some(name.to_owned()),
            ..ApiEvent::default()
        }
    }

    #[test]
    fn where_a_system_has_nothing_its_count_is_null() {
        let calls = vec![call(0), call(HOUR - 1), call(HOUR)];
        let events =
            vec![event(5, "Converse"), event(6, "ListGuardrails"), event(2 * HOUR, "InvokeModel")];
        let counted = vec![ServiceMetric {
            hour_time: Some(TimeMs(0)),
            account_id: Some("1".to_owned()),
            region: Some("us-east-1".to_owned()),
            invocations: Some(3),
            throttles: Some(2),
            ..ServiceMetric::default()
        }];
        let found = |grain| {
            three_counts(
                Invocation::frame(calls.clone()).expect("a frame").lazy(),
                ApiEvent::frame(events.clone()).expect("a frame").lazy(),
                ServiceMetric::frame(counted.clone()).expect("a frame").lazy(),
                grain,
            )
            .and_then(polars::prelude::LazyFrame::collect)
            .expect("counts")
        };
        let hours = found(Grain::Hour);
        let column = |name: &str| integers(&hours, name).expect("a column");
        assert_eq!(column(LOGGED_REQUESTS), [Some(2), Some(1), None]);
        assert_eq!(column(CLOUDTRAIL_CALLS), [Some(1), None, Some(1)]);
        assert_eq!(column(CLOUDWATCH_CALLS), [Some(5), None, None]);
        let days = found(Grain::Day);
        assert_eq!(integers(&days, LOGGED_REQUESTS).expect("a column"), [Some(3)]);
    }
}

//! How hard the service was used: worst minutes, busiest hours, principals at the same time.

use polars::polars_utils::aliases::PlHashMap;
use polars::prelude::{
    Categories, DataFrame, DataType, Engine, Expr, IntoColumn, IntoLazy, LazyFrame, NULL,
    NamedFrom, PolarsResult, Series, col, lit, when,
};

use super::cells::each_a_cell;
use super::measures::{distinct, errors, requests, requests_where, share};
use crate::schema::invocation::{
    EVENT_TIME, INFERENCE_PROFILE, INPUT_BYTES, LATENCY_MS, MODEL_ID, OUTPUT_BYTES, PRINCIPAL,
};
use crate::schema::usage::load::{
    ACTIVE_APPLICATIONS, APPLICATION_SHARE, CONCURRENT_PRINCIPALS, JUDGED_SHARE, PEAK_HOUR_BYTES,
    PEAK_HOUR_TOKENS, WORST_MINUTE_ERROR_RATE,
};
use crate::schema::usage::metric::{ERRORS, REQUESTS, TOTAL_TOKENS};

const MINUTE: &str = "minute";
const START: &str = "start";
const LASTS: &str = "lasts";

/// The highest error rate of any clock minute with at least `least` requests, and the share of
/// requests in such minutes: one row.
pub fn worst_minute(invocations: LazyFrame, least: i64) -> LazyFrame {
    let minute = col(EVENT_TIME).cast(DataType::Int64).floor_div(lit(60_000_i64)).alias(MINUTE);
    let enough = || col(REQUESTS).gt_eq(lit(least));
    let rate = col(ERRORS).cast(DataType::Float64) / col(REQUESTS).cast(DataType::Float64);
    let judged = when(enough()).then(col(REQUESTS)).otherwise(lit(0_i64)).sum();
    let rows = each_a_cell(invocations).with_columns([minute]);
    rows.group_by([col(MINUTE)]).agg([requests(), errors()]).select([
        when(enough()).then(rate).otherwise(lit(NULL)).max().alias(WORST_MINUTE_ERROR_RATE),
        share(judged, col(REQUESTS).sum()).alias(JUDGED_SHARE),
    ])
}

/// Tokens and bytes of bodies, each in the clock hour that has most of them: one row, null when none is
/// known. In: total tokens, input and output bytes per hour.
pub fn busiest_hour(hours: LazyFrame) -> LazyFrame {
    let bytes = || col(INPUT_BYTES).fill_null(lit(0_i64)) + col(OUTPUT_BYTES).fill_null(lit(0_i64));
    let known = col(INPUT_BYTES).is_not_null().or(col(OUTPUT_BYTES).is_not_null());
    hours.select([
        col(TOTAL_TOKENS).max().alias(PEAK_HOUR_TOKENS),
        when(known).then(bytes()).otherwise(lit(NULL)).max().alias(PEAK_HOUR_BYTES),
    ])
}

/// The share of requests made through an application inference profile: one row; of cells that tell
/// model ids apart.
pub fn application_share(cells: LazyFrame) -> LazyFrame {
    cells.select([share(requests_where(is_through_profile()), requests()).alias(APPLICATION_SHARE)])
}

/// Distinct application inference profiles: one row.
pub fn active_applications(invocations: LazyFrame) -> LazyFrame {
    let profiles = invocations.filter(is_through_profile());
    profiles.select([distinct(col(INFERENCE_PROFILE)).alias(ACTIVE_APPLICATIONS)])
}

fn is_through_profile() -> Expr {
    let id = col(MODEL_ID).str();
    id.contains_literal(lit(":application-inference-profile/")).fill_null(lit(false))
}

/// The most principals with a request running at one instant: one row; 0 without requests.
///
/// A request runs from its logged time for its latency, at least a millisecond. Requests of one
/// principal that overlap count once: they are joined into runs first.
///
/// # Errors
/// When the rows can't be read.
pub fn concurrent_principals(invocations: LazyFrame) -> PolarsResult<LazyFrame> {
    let lasts = when(col(LATENCY_MS).gt(lit(1_i64))).then(col(LATENCY_MS)).otherwise(lit(1_i64));
    // Numbers, not long texts, are told apart and put in order.
    let names = DataType::from_categories(Categories::global());
    let rows = invocations
        .filter(col(PRINCIPAL).is_not_null().and(col(EVENT_TIME).is_not_null()))
        .select([
            col(PRINCIPAL).cast(names).to_physical(),
            col(EVENT_TIME).cast(DataType::Int64).alias(START),
            lasts.alias(LASTS),
        ])
        .collect_with_engine(Engine::Streaming)?
        .unwrap_single();
    let principals = rows.column(PRINCIPAL)?.u32()?;
    let (starts, lasts) = (rows.column(START)?.i64()?, rows.column(LASTS)?.i64()?);
    let requests = principals.iter().zip(starts.iter().zip(lasts.iter()));
    let requests = requests.filter_map(|(principal, (start, lasts))| {
        let (start, lasts) = start.zip(lasts)?;
        Some((principal?, (start, start.wrapping_add(lasts))))
    });
    let most = most_at_once(by_principal(requests));
    let most = Series::new(CONCURRENT_PRINCIPALS.into(), [most]).into_column();
    Ok(DataFrame::new(1, vec![most])?.lazy())
}

/// Start and end of each principal's requests.
fn by_principal(
    requests: impl Iterator<Item = (u32, (i64, i64))>,
) -> impl Iterator<Item = Vec<(i64, i64)>> {
    let mut of_each: PlHashMap<u32, Vec<(i64, i64)>> = PlHashMap::default();
    for (principal, span) in requests {
        of_each.entry(principal).or_default().push(span);
    }
    of_each.into_values()
}

/// How many groups have a span that holds one instant, at most; the end is no part of a span.
fn most_at_once(groups: impl Iterator<Item = Vec<(i64, i64)>>) -> i64 {
    let (mut starts, mut ends) = (Vec::new(), Vec::new());
    for mut spans in groups {
        spans.sort_unstable();
        let mut run: Option<(i64, i64)> = None;
        for (start, end) in spans {
            run = match run {
                Some((from, to)) if start <= to => Some((from, to.max(end))),
                before => {
                    starts.extend(before.map(|(from, _)| from));
                    ends.extend(before.map(|(_, to)| to));
                    Some((start, end))
                }
            };
        }
        starts.extend(run.map(|(from, _)| from));
        ends.extend(run.map(|(_, to)| to));
    }
    starts.sort_unstable();
    ends.sort_unstable();
    // At one instant what ends goes before what begins.
    let mut ended = 0;
    let running = (1_i64..).zip(&starts).map(|(begun, start)| {
        while ends.get(ended).is_some_and(|end| end <= start) {
            ended += 1;
        }
        begun - i64::try_from(ended).unwrap_or(i64::MAX)
    });
    running.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use polars::prelude::{DataFrame, IntoLazy};

    use super::{concurrent_principals, worst_minute};
    use crate::schema::invocation::Invocation;
    use crate::schema::{Row, TimeMs};

    fn call(principal: &str, at: i64, latency: Option<i64>, status: &str) -> Invocation {
        Invocation {
            event_time: Some(TimeMs(at)),
            principal: Some(principal.to_owned()),
            latency_ms: latency,
            status: Some(status.to_owned()),
            ..Invocation::default()
        }
    }

    fn frame(rows: Vec<Invocation>) -> DataFrame {
        Invocation::frame(rows).expect("a frame")
    }

    #[track_caller]
    fn assert_concurrent(calls: &[(&str, i64, Option<i64>)], expected: i64) {
        let rows = calls.iter().map(|(who, at, latency)| call(who, *at, *latency, "ok")).collect();
        let found = concurrent_principals(frame(rows).lazy()).expect("a plan").collect();
        let found = found.expect("figures");
        let most = found.column("concurrent_principals").expect("there").i64().expect("a number");
        assert_eq!(most.get(0), Some(expected), "{calls:?}");
    }

    #[test]
    fn principals_count_once_while_their_requests_overlap() {
        assert_concurrent(&[], 0);
        assert_concurrent(&[("a", 0, Some(100)), ("a", 50, Some(100)), ("a", 60, Some(5))], 1);
        assert_concurrent(&[("a", 0, Some(100)), ("b", 99, Some(1))], 2);
        // The end belongs to the next.
        assert_concurrent(&[("a", 0, Some(100)), ("b", 100, Some(1))], 1);
        assert_concurrent(&[("a", 0, None), ("b", 0, None), ("c", 1, None)], 2);
        // A long request spans short ones that end before it.
        assert_concurrent(&[("a", 0, Some(1000)), ("a", 10, Some(5)), ("b", 900, Some(5))], 2);
    }

    #[test]
    fn a_minute_with_few_requests_is_not_judged() {
        let mut rows: Vec<Invocation> = (0..20).map(|at| call("a", at, None, "ok")).collect();
        rows[3].status = Some("throttled".to_owned());
        rows.push(call("a", 60_000, None, "server_error"));
        let found = worst_minute(frame(rows).lazy(), 20).collect().expect("figures");
        let number = |name: &str| found.column(name).expect("there").f64().expect("a share").get(0);
        assert_eq!(number("worst_minute_error_rate"), Some(0.05));
        assert_eq!(number("judged_share"), Some(20.0 / 21.0));
    }
}

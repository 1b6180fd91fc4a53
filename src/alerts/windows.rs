//! From sums per window to breaches: neighbouring windows over the limit are one stretch.

use chrono::{DateTime, Duration, Utc};
use polars::prelude::{DataFrame, PolarsResult};

use super::breach::{Amount, Breach};
use super::rule::{Measure, Rule};
use crate::metrics::small_frame::{integers, texts};
use crate::schema::usage::{cell, load, metric, window};

/// Sums per window and group, and what the windows are.
#[derive(Debug, Clone)]
pub struct Grid<'f> {
    /// One row per window with requests and group:
    /// [`metrics::windows::windows`](crate::metrics::windows::windows).
    pub frame: &'f DataFrame,
    /// Names of the dimensions that it is grouped by.
    pub by: Vec<String>,
    /// Length of a window.
    pub minutes: i64,
}

/// A window of a group.
struct Window<'g> {
    group: &'g [Option<String>],
    start: i64,
    requests: i64,
    figures: Figures,
}

#[derive(Clone, Copy)]
struct Figures {
    ok: i64,
    errors: i64,
    throttled: i64,
    denied: i64,
    latency_sum_ms: Option<i64>,
    latency_known: i64,
    latency_p99_ms: Option<i64>,
}

impl Figures {
    /// The figure, and what it rests on; none where it isn't known.
    #[expect(clippy::cast_precision_loss, reason = "counts of a window are far below 2⁵³")]
    fn measure(self, measure: Measure, requests: i64) -> Option<(Amount, i64)> {
        let share =
            |part: i64| (requests > 0).then(|| Amount::Share(part as f64 / requests as f64));
        let known = self.latency_known;
        Some(match measure {
            Measure::ErrorRate => (share(self.errors)?, requests),
            Measure::ThrottleRate => (share(self.throttled)?, requests),
            Measure::AccessDenied => (Amount::Count(self.denied as f64), requests),
            Measure::Requests => (Amount::Count(requests as f64), requests),
            Measure::LatencyMeanMs if known == 0 => return None,
            Measure::LatencyMeanMs => {
                (Amount::Milliseconds(self.latency_sum_ms? as f64 / known as f64), known)
            }
            Measure::LatencyP99Ms => (Amount::Milliseconds(self.latency_p99_ms? as f64), known),
        })
    }
}

/// The stretches in which a window rule's limit was crossed.
///
/// # Errors
/// When the frame is not of the form that `metrics::windows` gives.
pub fn crossed(rule: &Rule, grid: &Grid<'_>) -> PolarsResult<Vec<Breach>> {
    let Some(measure) = rule.measure() else { return Ok(Vec::new()) };
    let least = rule.least_requests.unwrap_or(1);
    breaches(rule, grid, |group, window| {
        let limit = rule.limit(group)?;
        let (value, sample) = window.figures.measure(measure, window.requests)?;
        (sample >= least && value.size() > limit).then(|| Found {
            value: Some(value),
            limit: Some(same_unit(value, limit)),
            sample,
            detail: said(measure, window),
        })
    })
}

/// The stretches without any success while calls arrived.
///
/// # Errors
/// As [`crossed`].
pub fn without_success(rule: &Rule, grid: &Grid<'_>) -> PolarsResult<Vec<Breach>> {
    let least = rule.least_requests.unwrap_or(1);
    breaches(rule, grid, |_, window| {
        (window.requests >= least && window.figures.ok == 0).then(|| Found {
            value: None,
            limit: None,
            sample: window.requests,
            detail: format!("all of {} requests failed in the last window", window.requests),
        })
    })
}

/// More principals at one instant than the rule allows; the frame is of one row.
///
/// # Errors
/// When the frame lacks the column.
#[expect(clippy::cast_precision_loss, reason = "a number of principals")]
pub fn concurrent(
    rule: &Rule,
    frame: &DataFrame,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> PolarsResult<Option<Breach>> {
    let most = integers(frame, load::CONCURRENT_PRINCIPALS)?.into_iter().flatten().max();
    let above = rule.above.unwrap_or(f64::INFINITY);
    Ok(most.map(|most| most as f64).filter(|most| *most > above).map(|most| Breach {
        from,
        to,
        value: Some(Amount::Count(most)),
        limit: Some(Amount::Count(above)),
        ..Breach::about(rule, Vec::new())
    }))
}

fn said(measure: Measure, window: &Window<'_>) -> String {
    let Figures { errors, throttled, denied, latency_known, .. } = window.figures;
    let requests = window.requests;
    match measure {
        Measure::ErrorRate => format!(
            "{errors} of {requests} requests failed in the worst window, {throttled} of them throttled"
        ),
        Measure::ThrottleRate => {
            format!("{throttled} of {requests} requests were throttled in the worst window")
        }
        Measure::AccessDenied => format!("{denied} of {requests} requests were denied"),
        Measure::LatencyMeanMs | Measure::LatencyP99Ms => {
            format!("over {latency_known} of {requests} requests, whose latency is known")
        }
        Measure::Requests => String::new(),
    }
}

fn same_unit(value: Amount, limit: f64) -> Amount {
    match value {
        Amount::Share(_) => Amount::Share(limit),
        Amount::Milliseconds(_) => Amount::Milliseconds(limit),
        Amount::Minutes(_) => Amount::Minutes(limit),
        Amount::Times(_) => Amount::Times(limit),
        Amount::Count(_) | Amount::Usd(_) => Amount::Count(limit),
    }
}

/// What a window says against a rule.
struct Found {
    value: Option<Amount>,
    limit: Option<Amount>,
    sample: i64,
    detail: String,
}

type Group = Vec<(String, Option<String>)>;

/// Joins windows that follow each other, with at most one between them that says nothing, and leaves
/// out stretches with fewer windows than the rule asks for.
fn breaches(
    rule: &Rule,
    grid: &Grid<'_>,
    judge: impl Fn(&[(String, Option<String>)], &Window<'_>) -> Option<Found>,
) -> PolarsResult<Vec<Breach>> {
    let length = Duration::minutes(grid.minutes);
    let least = rule.windows.unwrap_or(1);
    let mut done: Vec<Breach> = Vec::new();
    let mut open: Option<(Breach, usize)> = None;
    let groups = groups(grid)?;
    for window in windows(grid, &groups)? {
        let group: Group = grid.by.iter().cloned().zip(window.group.iter().cloned()).collect();
        let Some(found) = judge(&group, &window) else { continue };
        let Some(from) = DateTime::from_timestamp_millis(window.start) else { continue };
        let new = Breach {
            from,
            to: from + length,
            value: found.value,
            limit: found.limit,
            sample: Some(found.sample),
            detail: found.detail,
            ..Breach::about(rule, group)
        };
        open = Some(match open.take() {
            Some((mut breach, windows))
                if breach.group == new.group && new.from <= breach.to + length =>
            {
                breach.take_in(&new);
                (breach, windows + 1)
            }
            before => {
                done.extend(before.filter(|(_, n)| *n >= least).map(|(breach, _)| breach));
                (new, 1)
            }
        });
    }
    done.extend(open.filter(|(_, n)| *n >= least).map(|(breach, _)| breach));
    done.sort_by_cached_key(|breach| (breach.from, breach.key()));
    Ok(done)
}

/// The values of the dimensions, row by row.
fn groups(grid: &Grid<'_>) -> PolarsResult<Vec<Vec<Option<String>>>> {
    let columns: Vec<Vec<Option<String>>> =
        grid.by.iter().map(|name| texts(grid.frame, name)).collect::<PolarsResult<_>>()?;
    let row = |row: usize| columns.iter().map(|column| column[row].clone()).collect();
    Ok((0..grid.frame.height()).map(row).collect())
}

/// The windows by group and time.
fn windows<'g>(
    grid: &Grid<'_>,
    groups: &'g [Vec<Option<String>>],
) -> PolarsResult<Vec<Window<'g>>> {
    let column = |name: &str| integers(grid.frame, name);
    let (starts, requests) = (column(window::START)?, column(metric::REQUESTS)?);
    let (ok, errors) = (column(metric::OK)?, column(metric::ERRORS)?);
    let (throttled, denied) = (column(metric::THROTTLED)?, column(window::ACCESS_DENIED)?);
    let (sums, known) = (column(cell::LATENCY_SUM_MS)?, column(metric::LATENCY_KNOWN)?);
    let p99 = column(metric::LATENCY_P99_MS)?;
    let mut found: Vec<Window<'g>> = groups
        .iter()
        .enumerate()
        .filter_map(|(row, group)| {
            Some(Window {
                group,
                start: starts[row]?,
                requests: requests[row].unwrap_or(0),
                figures: Figures {
                    ok: ok[row].unwrap_or(0),
                    errors: errors[row].unwrap_or(0),
                    throttled: throttled[row].unwrap_or(0),
                    denied: denied[row].unwrap_or(0),
                    latency_sum_ms: sums[row],
                    latency_known: known[row].unwrap_or(0),
                    latency_p99_ms: p99[row],
                },
            })
        })
        .collect();
    found.sort_by(|a, b| (a.group, a.start).cmp(&(b.group, b.start)));
    Ok(found)
}

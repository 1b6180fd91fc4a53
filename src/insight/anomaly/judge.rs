//! The whole pass: series judged, departures grouped, incidents made, gaps in knowledge named.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::amounts::Judged;
use super::findings::{Anomalies, History, Incident, JudgedHour, Skipped};
use super::first_seen::{FirstCall, first_seen};
use super::grouping::group;
use super::hourly::Hourly;
use super::incident::Making;
use super::kinship::Kinship;
use super::rules::Rules;
use super::scan::{Scan, Skip, scan};
use crate::period::Period;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The range asked for.
    pub period: Period,
    /// The thresholds.
    pub rules: &'a Rules,
    /// The condition that the figures were selected by, if any.
    pub filter: Option<&'a str>,
}

/// Finds the anomalies of a range.
///
/// `hourly` holds the history and the range, and nothing after: what is said about a day never
/// depends on later days.
pub fn anomalies(hourly: &Hourly, calls: &[FirstCall], request: Request<'_>) -> Anomalies {
    let Request { period, rules, filter } = request;
    let grid = &hourly.grid;
    let first_hour = grid.first_hour_from(period.from);
    let scan = scan(hourly, Judged { grid, first_hour, rules });
    let making = Making { hourly, rules, filter };
    let requests = judged_hours(&scan, hourly, first_hour);
    let kinship = Kinship::of(hourly, &scan.departures);
    let groups = group(scan.departures, rules.incident.join_hours, &kinship);
    let mut incidents: Vec<Incident> =
        groups.iter().filter_map(|group| making.incident(group)).collect();
    incidents.sort_by(|a, b| (a.from, a.severity, &a.id).cmp(&(b.from, b.severity, &b.id)));
    number_same_ids(&mut incidents);

    let learnt_from = hourly.cells.hour.first().filter(|hour| **hour < first_hour);
    let history = history(learnt_from.map(|hour| grid.instant(*hour)), period.from);
    let oldest = calls.iter().map(|call| call.first_ms).min();
    let oldest = oldest.and_then(DateTime::from_timestamp_millis);
    let known_since = oldest.filter(|first| *first < period.from);
    let first_seen_history = self::history(known_since, period.from);
    let mut skipped: Vec<Skipped> = skips(hourly, &scan.skipped, rules);
    let judged_to = grid.instant(grid.len());
    if judged_to < period.to {
        skipped.push(not_judged(judged_to.max(period.from), period.to));
    }
    let needed = i64::try_from(rules.history.minimum_days).unwrap_or(i64::MAX);
    let first_seen = if first_seen_history.days >= needed {
        let range = Period { from: period.from, to: judged_to.max(period.from) };
        first_seen(calls, range, grid.zone().name(), filter)
    } else {
        skipped.push(Skipped {
            series: "first seen".to_owned(),
            reason: short(first_seen_history.days, needed),
        });
        Vec::new()
    };
    Anomalies {
        period,
        judged: Period { from: period.from, to: judged_to.max(period.from) },
        timezone: grid.zone().name().to_owned(),
        history,
        series_tested: scan.series_tested,
        incidents,
        first_seen_history,
        first_seen,
        skipped,
        requests,
    }
}

/// All requests per hour of the range, where they were judged.
fn judged_hours(scan: &Scan, hourly: &Hourly, first_hour: usize) -> Vec<JudgedHour> {
    let hours = scan.requests.iter().zip(&scan.bands).enumerate().skip(first_hour);
    hours
        .map(|(hour, (observed, usual))| JudgedHour {
            at: hourly.grid.instant(hour),
            observed: Some(*observed).filter(|observed| observed.is_finite()),
            usual: *usual,
        })
        .collect()
}

fn history(from: Option<DateTime<Utc>>, to: DateTime<Utc>) -> History {
    History { from, to, days: from.map_or(0, |from| (to - from).num_days()) }
}

/// Two incidents that would have the same name get a number.
fn number_same_ids(incidents: &mut [Incident]) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for incident in incidents {
        let times = seen.entry(incident.id.clone()).or_default();
        *times += 1;
        if *times > 1 {
            incident.id = format!("{}-{times}", incident.id);
        }
    }
}

fn not_judged(from: DateTime<Utc>, to: DateTime<Utc>) -> Skipped {
    let time = |at: DateTime<Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    Skipped {
        series: format!("hours from {} to {}", time(from), time(to)),
        reason: "not over yet, or nothing in the store after it".to_owned(),
    }
}

fn short(days: i64, needed: i64) -> String {
    format!("insufficient history: {days} whole days, {needed} needed")
}

fn skips(hourly: &Hourly, skipped: &[Skip], rules: &Rules) -> Vec<Skipped> {
    let needed = rules.history.minimum_days;
    let name = |scope| match hourly.name(scope) {
        None => "everything".to_owned(),
        Some((dimension, value)) => format!("{dimension} `{}`", value.unwrap_or("none")),
    };
    let values = |dimension: &usize, number: &usize| {
        let values = if *number == 1 { "value" } else { "values" };
        format!("{number} {values} of {}", hourly.dimensions[*dimension].dimension)
    };
    let told = skipped.iter().map(|skip| match skip {
        Skip::ShortHistory { scope, days } => Skipped {
            series: name(*scope),
            reason: format!("insufficient history: {days} whole days, {needed} needed"),
        },
        Skip::FewRequests { dimension, values: number } => Skipped {
            series: values(dimension, number),
            reason: format!("fewer than {} requests", rules.series.minimum_requests),
        },
        Skip::BeyondMost { dimension, values: number } => Skipped {
            series: values(dimension, number),
            reason: format!("beyond the {} with most requests", rules.series.per_dimension),
        },
        Skip::Unknown { scope, metric } => Skipped {
            series: format!("{} of {}", metric.name(), name(*scope)),
            reason: "unknown, or known on too few days".to_owned(),
        },
    });
    told.collect()
}

//! What other stages found, as breaches of the rules that ask for it.

use chrono::{DateTime, Duration, Utc};

use super::breach::{Amount, Breach};
use super::rule::{Direction, Rule};
use crate::audit::detections::{Detections, Severity as DetectionSeverity};
use crate::insight::anomaly::{
    self, Anomalies, DepartingSeries, Driver, Figure, Incident, IncidentKind,
};
use crate::insight::budget::BudgetState;
use crate::insight::capacity::Load;
use crate::period::Period;

/// Drivers that a breach names.
const NAMED: usize = 3;

/// The incidents that a rule asks for: those with a series of its metric that went its way, far enough.
/// A rule without a metric asks for the grave ones that no other rule tells (`told`). Incidents of
/// silence are left to the rules that ask for silence.
pub fn anomalies(rule: &Rule, found: &Anomalies, told: &[&str]) -> Vec<Breach> {
    let is_silence = |incident: &Incident| {
        matches!(incident.kind, IncidentKind::LoggingGap | IncidentKind::NoLogs)
    };
    let incidents = found.incidents.iter().filter(|incident| !is_silence(incident));
    let asked = incidents.filter_map(|incident| Some((incident, series(rule, incident, told)?)));
    asked.map(|(incident, series)| of_incident(rule, incident, series)).collect()
}

/// The series of an incident that a rule asks for.
fn series<'i>(rule: &Rule, incident: &'i Incident, told: &[&str]) -> Option<&'i DepartingSeries> {
    let is_asked = |series: &&DepartingSeries| {
        let is_way = rule.direction.is_none_or(|direction| {
            (direction == Direction::Up) == (series.direction == anomaly::Direction::Up)
        });
        let ratio = times(series);
        is_way && rule.ratio.is_none_or(|least| ratio.is_some_and(|ratio| ratio >= least))
    };
    match rule.metric.as_deref() {
        Some(metric) => {
            incident.metrics.iter().find(|series| series.metric == metric && is_asked(series))
        }
        None => incident.metrics.first().filter(|main| {
            incident.severity != anomaly::Severity::Notice
                && !told.contains(&main.metric.as_str())
                && is_asked(main)
        }),
    }
}

/// Observed ÷ expected; none where nothing was expected.
fn times(series: &DepartingSeries) -> Option<f64> {
    let expected = number(series.expected);
    (expected > 0.0).then(|| number(series.observed) / expected)
}

fn of_incident(rule: &Rule, incident: &Incident, series: &DepartingSeries) -> Breach {
    let scope = series.scope.dimension.clone().zip(Some(&series.scope.value));
    let group = scope.map(|(name, value)| vec![(name, value.clone())]).unwrap_or_default();
    Breach {
        from: incident.from,
        to: incident.to,
        value: times(series).map(Amount::Times),
        limit: rule.ratio.map(Amount::Times),
        detail: incident.title.clone(),
        drivers: incident.drivers.iter().take(NAMED).map(driver).collect(),
        query: incident.query.clone(),
        ..Breach::about(rule, group)
    }
}

fn driver(driver: &Driver) -> String {
    let share = driver
        .change_share
        .map_or_else(String::new, |share| format!(", {:.0}% of the change", share * 100.0));
    format!("{} {}{share}", driver.dimension, driver.value.as_deref().unwrap_or("unknown"))
}

#[expect(clippy::cast_precision_loss, reason = "for a ratio")]
fn number(figure: Figure) -> f64 {
    match figure {
        Figure::Usd(usd) => usd.to_f64(),
        Figure::Count(count) => count as f64,
        Figure::Number(number) => number,
    }
}

/// The budgets of which more than the rule's share is spent.
///
/// `name` is the month's: each month has an alert of its own.
pub fn budgets(
    rule: &Rule,
    states: &[BudgetState],
    (name, month): (&str, Period),
    now: DateTime<Utc>,
) -> Vec<Breach> {
    let above = rule.above.unwrap_or(1.0);
    let crossed = |state: &&BudgetState| {
        let spent = state.spent_usd.map_or(0.0, crate::units::Usd::to_f64);
        spent > 0.0 && spent >= above * state.amount_usd.to_f64()
    };
    states
        .iter()
        .filter(crossed)
        .map(|state| {
            let spent = state.spent_usd.unwrap_or_default();
            let end = state
                .exhaustion_date
                .map_or_else(String::new, |day| format!("; at this rate it is spent on {day}"));
            let unpriced = match state.unpriced_requests {
                0 => String::new(),
                n => format!("; {n} requests have no full price and are not in it"),
            };
            Breach {
                from: month.from,
                to: now.min(month.to),
                value: Some(Amount::Share(spent.to_f64() / state.amount_usd.to_f64())),
                limit: Some(Amount::Share(above)),
                sample: Some(state.requests),
                detail: format!(
                    "{} USD of {} USD spent{end}{unpriced}",
                    spent.round_to(2),
                    state.amount_usd
                ),
                query: format!(
                    "bedrock-lens budgets --as-of {}",
                    now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
                ),
                ..Breach::about(rule, vec![pair("budget", &state.name), pair("month", name)])
            }
        })
        .collect()
}

fn pair(name: &str, value: &str) -> (String, Option<String>) {
    (name.to_owned(), Some(value.to_owned()))
}

/// The loads that came nearer to a quota than the rule allows.
pub fn quotas(rule: &Rule, loads: &[Load], period: Period) -> Vec<Breach> {
    let above = rule.above.unwrap_or(1.0);
    let mut found = Vec::new();
    for load in loads {
        let Some(quota) = &load.quota else { continue };
        let peaks = [
            ("requests", quota.rpm_peak_share, load.rpm.peak_at, load.rpm.peak),
            ("tokens", quota.tpm_peak_share, load.tpm.peak_at, load.tpm.peak),
        ];
        for (what, share, at, peak) in peaks {
            let Some(share) = share.filter(|share| *share > above) else { continue };
            let from = at.unwrap_or(period.from);
            let group = [
                ("quota", Some(what.to_owned())),
                ("account", load.pool.account.clone()),
                ("region", load.pool.region.clone()),
                ("model", load.pool.model.clone()),
            ];
            let group = group.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            found.push(Breach {
                from,
                to: from + Duration::minutes(1),
                value: Some(Amount::Share(share)),
                limit: Some(Amount::Share(above)),
                sample: Some(load.requests),
                detail: format!("{} {what} in the busiest minute", peak.unwrap_or_default()),
                query: format!("bedrock-lens capacity {}", range(period)),
                ..Breach::about(rule, group)
            });
        }
    }
    found
}

/// The findings of the detection rules that an alert rule asks for. Of two alert rules that ask for one
/// finding, the graver one should tell it: `most` leaves out findings as grave as this or graver.
pub fn detections(rule: &Rule, found: &Detections, most: Option<DetectionSeverity>) -> Vec<Breach> {
    let least = rule.detection_severity.unwrap_or(DetectionSeverity::Info);
    found
        .findings
        .iter()
        .filter(|one| one.severity >= least && most.is_none_or(|most| one.severity < most))
        .filter(|one| rule.detections.is_empty() || rule.detections.contains(&one.rule))
        .map(|one| {
            let mut group = vec![("detection".to_owned(), Some(one.rule.clone()))];
            group.extend(one.group.iter().cloned());
            Breach {
                from: one.from,
                to: one.to,
                sample: Some(one.rows),
                detail: one.title.clone(),
                query: one.query.clone(),
                ..Breach::about(rule, group)
            }
        })
        .collect()
}

/// A place that has said nothing for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quietness {
    /// Account and Region.
    pub place: [Option<String>; 2],
    /// When the last record before the silence was.
    pub since: DateTime<Utc>,
    /// The longest silence of the weeks before.
    pub usual: Duration,
}

/// Places that are silent for longer than usual.
///
/// `above` of the rule is how many times the longest silence of the history it takes, and at least an
/// hour.
pub fn silence(rule: &Rule, places: &[Quietness], now: DateTime<Utc>) -> Vec<Breach> {
    let times = rule.above.unwrap_or(1.0);
    let minutes = |length: Duration| length.as_seconds_f64() / 60.0;
    places
        .iter()
        .filter_map(|quiet| {
            let silent = minutes(now - quiet.since);
            let limit = (minutes(quiet.usual) * times).max(60.0);
            let [account, region] = quiet.place.clone();
            (silent > limit).then(|| Breach {
                from: quiet.since,
                to: now,
                value: Some(Amount::Minutes(silent)),
                limit: Some(Amount::Minutes(limit)),
                detail: format!(
                    "the newest record is of {}; the longest silence of the weeks before was {:.0} minutes",
                    quiet.since.format("%Y-%m-%d %H:%M UTC"),
                    minutes(quiet.usual)
                ),
                query: "bedrock-lens store info".to_owned(),
                ..Breach::about(
                    rule,
                    vec![("account".to_owned(), account), ("region".to_owned(), region)],
                )
            })
        })
        .collect()
}

/// `--from … --to …` of a period.
pub fn range(period: Period) -> String {
    let text = |at: DateTime<Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    format!("--from {} --to {}", text(period.from), text(period.to))
}

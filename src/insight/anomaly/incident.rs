//! Turns a group of departures into an incident: kind, severity, title, drivers, query.

use std::ops::Range;

use super::departure::{Departure, Nature};
use super::drivers::{self, exact, usually};
use super::findings::{
    DepartingSeries, Direction, Driver, Figure, Incident, IncidentKind, ScopeName, Severity,
};
use super::grouping::Group;
use super::hourly::{Hourly, Metric, Scope};
use super::question::{Question, window};
use super::rules::Rules;
use super::silence;
use super::words;
use crate::schema::usage::metric;
use crate::units::{UNITS_PER_USD, Usd};

/// What incidents are made with, besides the departures.
#[derive(Debug, Clone, Copy)]
pub(super) struct Making<'a> {
    pub(super) hourly: &'a Hourly,
    pub(super) rules: &'a Rules,
    /// The condition that the figures were selected by, if any.
    pub(super) filter: Option<&'a str>,
}

impl Making<'_> {
    /// The incident of a group; its id is still without a number.
    pub(super) fn incident(self, group: &Group) -> Option<Incident> {
        let main = group.departures.first()?;
        let (hourly, rules) = (self.hourly, self.rules);
        let kind = kind(hourly, main);
        let drivers = match main.metric {
            Metric::LatencyP50 | Metric::LatencyP95 => {
                drivers::of_latency(hourly, main.metric, main.scope, main.peak, rules)
            }
            metric => drivers::of_amounts(hourly, metric, main.scope, &main.hours, rules),
        };
        let title = words::title(kind, main, hourly);
        Some(Incident {
            id: id(hourly, kind, main, &group.hours),
            severity: self.severity(kind, main),
            kind,
            title,
            from: hourly.grid.instant(group.hours.start),
            to: hourly.grid.instant(group.hours.end),
            is_ongoing: group.hours.end == hourly.grid.len(),
            query: self.query(main, group, &drivers),
            metrics: group.departures.iter().map(|one| series(hourly, one)).collect(),
            drivers,
        })
    }

    /// By the change as a share of everything in its hours.
    fn severity(self, kind: IncidentKind, main: &Departure) -> Severity {
        let rules = &self.rules.severity;
        let of = |share: f64, critical: f64, warning: f64| {
            if share >= critical {
                Severity::Critical
            } else if share >= warning {
                Severity::Warning
            } else {
                Severity::Notice
            }
        };
        let excess = (main.observed - main.expected).abs();
        let amount = |amount: i128| float(main.metric, amount);
        match kind {
            IncidentKind::Throttling | IncidentKind::Errors => {
                let all = exact(self.hourly, Metric::Requests, Scope::All, &main.hours);
                let share = excess / float(Metric::Requests, all).max(1.0);
                of(share, rules.critical_failure_rate, rules.warning_failure_rate)
            }
            IncidentKind::Slow => {
                of(self.share_of_requests(main), f64::INFINITY, rules.warning_share)
            }
            _ if is_latency(main.metric) => {
                of(self.share_of_requests(main), f64::INFINITY, rules.warning_share)
            }
            kind => {
                let usual = usually(self.hourly, main.metric, Scope::All, &main.hours);
                let all = usual.map_or(main.expected, amount).max(main.expected);
                let severity = of(
                    excess / all.max(f64::MIN_POSITIVE),
                    rules.critical_share,
                    rules.warning_share,
                );
                // Without logs nobody knows what happened; and who fell silent may be down.
                let silent = matches!(
                    kind,
                    IncidentKind::LoggingGap | IncidentKind::NoLogs | IncidentKind::Outage
                );
                if silent { severity.min(Severity::Warning) } else { severity }
            }
        }
    }

    fn share_of_requests(self, main: &Departure) -> f64 {
        let sum = |scope| {
            float(Metric::Requests, exact(self.hourly, Metric::Requests, scope, &main.hours))
        };
        sum(main.scope) / sum(Scope::All).max(1.0)
    }

    fn query(self, main: &Departure, group: &Group, drivers: &[Driver]) -> String {
        let grid = &self.hourly.grid;
        let (hours, grain) = window(&group.hours, grid.len());
        let mut by = vec![grain.to_owned()];
        by.extend(drivers.first().map(|driver| driver.dimension.clone()));
        let mut metrics = vec![metric::REQUESTS.to_owned()];
        let mut add = |name: &str| {
            if !metrics.iter().any(|known| known == name) {
                metrics.push(name.to_owned());
            }
        };
        add(main.metric.name());
        group.departures.iter().for_each(|one| add(one.metric.name()));
        let scope = self.hourly.name(main.scope);
        let wheres =
            scope.map(|(dimension, value)| (dimension.to_owned(), value.map(str::to_owned)));
        Question {
            from: grid.instant(hours.start),
            to: grid.instant(hours.end),
            by,
            metrics,
            wheres: wheres.into_iter().collect(),
            timezone: grid.zone().name().to_owned(),
            filter: self.filter.map(str::to_owned),
        }
        .command()
    }
}

fn kind(hourly: &Hourly, main: &Departure) -> IncidentKind {
    match main.nature {
        Nature::Silence => silence::verdict(hourly, main.scope, &main.hours),
        Nature::Throttling => IncidentKind::Throttling,
        Nature::Errors => IncidentKind::Errors,
        Nature::LevelShift => IncidentKind::LevelShift,
        Nature::Ramp => IncidentKind::Ramp,
        Nature::Spike => IncidentKind::Spike,
        Nature::Slow => IncidentKind::Slow,
    }
}

/// `2026-11-12T14Z-throttling-principal-app`: start, kind and what it is about.
fn id(hourly: &Hourly, kind: IncidentKind, main: &Departure, hours: &Range<usize>) -> String {
    let start = hourly.grid.instant(hours.start).format("%Y-%m-%dT%H%MZ");
    let kind = words::kind(kind).replace(' ', "-");
    match hourly.name(main.scope) {
        None => format!("{start}-{kind}"),
        Some((dimension, value)) => {
            format!("{start}-{kind}-{dimension}-{}", value.unwrap_or("none"))
        }
    }
}

fn series(hourly: &Hourly, one: &Departure) -> DepartingSeries {
    let estimate = |value: f64| estimate(one.metric, value);
    let observed = if is_latency(one.metric) {
        estimate(one.observed)
    } else {
        drivers::figure(one.metric, exact(hourly, one.metric, one.scope, &one.hours))
    };
    let name = hourly.name(one.scope);
    DepartingSeries {
        metric: one.metric.name().to_owned(),
        scope: ScopeName {
            dimension: name.map(|(dimension, _)| dimension.to_owned()),
            value: name.and_then(|(_, value)| value).map(str::to_owned),
        },
        from: hourly.grid.instant(one.hours.start),
        to: hourly.grid.instant(one.hours.end),
        direction: if one.is_up { Direction::Up } else { Direction::Down },
        observed,
        expected: estimate(one.expected),
        low: estimate(one.low),
        high: estimate(one.high),
        score: (one.score * 10.0).round() / 10.0,
    }
}

fn is_latency(metric: Metric) -> bool {
    matches!(metric, Metric::LatencyP50 | Metric::LatencyP95)
}

/// An estimate to no more digits than it is worth: a ten-thousandth of a dollar, a tenth of the rest.
#[expect(clippy::cast_possible_truncation, reason = "estimates are far below 128 bits")]
fn estimate(metric: Metric, value: f64) -> Figure {
    const PARTS: f64 = 10_000.0;
    if metric == Metric::Cost {
        let parts = (value * PARTS).round() as i128;
        Figure::Usd(Usd(parts * (UNITS_PER_USD / 10_000)))
    } else {
        Figure::Number((value * 10.0).round() / 10.0)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share")]
fn float(metric: Metric, amount: i128) -> f64 {
    if metric == Metric::Cost { Usd(amount).to_f64() } else { amount as f64 }
}

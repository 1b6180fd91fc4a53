//! Rules asked of sums per window, and of the principals that call at one instant.

use std::collections::BTreeMap;

use chrono::DateTime;
use polars::prelude::{DataFrame, PolarsResult};

use super::{Asked, Found};
use crate::alerts::{self, Breach, Grid, Kind, Measure, Rule};
use crate::insight::anomaly::Question;
use crate::metrics::dimensions::Dimension;
use crate::metrics::filter::Filter;
use crate::metrics::load::concurrent_principals;
use crate::metrics::metric::Metric;
use crate::metrics::small_frame::{integers, texts};
use crate::metrics::usage::UsageQuery;
use crate::metrics::windows::windows;
use crate::period::Period;
use crate::pipeline::summed::Wanted;
use crate::pipeline::{Error, figures};
use crate::schema::usage::{dimension, metric};

/// Breaches of window rules that are looked into for what they are made of.
const LOOKED_INTO: usize = 20;
/// Drivers that are named.
const NAMED: usize = 3;

impl Asked<'_> {
    pub(super) fn windows(&self, found: &mut Found) -> Result<(), Error> {
        let mut frames: BTreeMap<(i64, Vec<String>), DataFrame> = BTreeMap::new();
        let mut breaches = Vec::new();
        let rules = self.rules(Kind::Window).chain(self.rules(Kind::NoSuccess));
        for rule in rules {
            let key = (rule.minutes.unwrap_or(5), rule.by.clone());
            let frame = match frames.entry(key) {
                std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
                std::collections::btree_map::Entry::Vacant(place) => {
                    let frame = self.window_sums(place.key().0, &rule.dimensions())?;
                    place.insert(frame)
                }
            };
            let minutes = rule.minutes.unwrap_or(5);
            let grid = Grid { frame, by: rule.by.clone(), minutes };
            let crossed = match rule.kind {
                Kind::Window => alerts::crossed(rule, &grid),
                _ => alerts::without_success(rule, &grid),
            };
            let crossed = crossed.map_err(Error::Compute)?;
            breaches.extend(crossed.into_iter().map(|breach| (rule, breach)));
        }
        for (place, (rule, mut breach)) in breaches.into_iter().enumerate() {
            breach.query = self.query(rule, &breach);
            if place < LOOKED_INTO {
                breach.drivers = self.drivers(rule, &breach)?;
            }
            found.breaches.push(breach);
        }
        Ok(())
    }

    /// Sums of the windows that are over.
    fn window_sums(&self, minutes: i64, by: &[Dimension]) -> Result<DataFrame, Error> {
        let length = minutes * 60_000;
        let end = self.judged.period.to.timestamp_millis().div_euclid(length) * length;
        let end = DateTime::from_timestamp_millis(end).unwrap_or(self.judged.period.to);
        let period = Period { from: self.judged.period.from, to: end.max(self.judged.period.from) };
        let zone = self.question.timezone;
        let rows = figures::selected(self.basis, Some(period), None, by, zone)?;
        let sums = windows(rows, minutes, by, zone).map_err(Error::Compute)?;
        figures::collect(sums)
    }

    fn query(&self, rule: &Rule, breach: &Breach) -> String {
        let (by, metrics): (&[&str], &[&str]) = match rule.measure() {
            Some(Measure::LatencyMeanMs | Measure::LatencyP99Ms) => (
                &[dimension::MODEL, dimension::PRINCIPAL],
                &[
                    metric::REQUESTS,
                    metric::LATENCY_KNOWN,
                    metric::LATENCY_MEAN_MS,
                    metric::LATENCY_P99_MS,
                    metric::OUTPUT_TOKENS,
                ],
            ),
            _ => (
                &[dimension::ERROR_CODE, dimension::MODEL, dimension::PRINCIPAL],
                &[metric::REQUESTS, metric::ERRORS, metric::THROTTLED],
            ),
        };
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Question {
            from: breach.from,
            to: breach.to,
            by: owned(by),
            metrics: owned(metrics),
            wheres: breach.group.clone(),
            timezone: self.question.timezone.name().to_owned(),
            filter: None,
        }
        .command()
    }

    /// Who or what most of the failed, or of all, requests of a breach were of.
    fn drivers(&self, rule: &Rule, breach: &Breach) -> Result<Vec<String>, Error> {
        let period = Period { from: breach.from, to: breach.to };
        let is_slow =
            matches!(rule.measure(), Some(Measure::LatencyMeanMs | Measure::LatencyP99Ms));
        let counted = if is_slow { Metric::Requests } else { Metric::Errors };
        let mut by = vec![Dimension::Model, Dimension::Principal];
        if !is_slow {
            by.insert(0, Dimension::ErrorCode);
        }
        let tests = breach.group.iter().filter_map(|(name, value)| {
            let dimension = name.parse::<Dimension>().ok()?;
            Filter::equals(&dimension, value.as_deref()).ok().map(|filter| filter.to_string())
        });
        let condition = tests.collect::<Vec<_>>().join(" and ");
        let filter = if condition.is_empty() { None } else { Filter::parse(&condition).ok() };
        let zone = self.question.timezone;
        let query = UsageQuery { by: by.clone(), metrics: vec![counted], timezone: zone };
        let wanted = Wanted { basis: self.basis, period: Some(period), filter: filter.as_ref() };
        let groups = wanted.answered(&query)?;
        largest(&groups, &by, counted).map_err(Error::Compute)
    }

    pub(super) fn concurrent(&self, found: &mut Found) -> Result<(), Error> {
        for rule in self.rules(Kind::Concurrent) {
            let period = self.judged.period;
            let rows = figures::invocations(self.basis.store, Some(period))?;
            let most = concurrent_principals(rows).map_err(Error::Compute)?;
            let most = figures::collect(most)?;
            let breach = alerts::concurrent(rule, &most, (period.from, period.to));
            found.breaches.extend(breach.map_err(Error::Compute)?.map(|breach| Breach {
                query: format!(
                    "bedrock-lens query {} --by hour --metrics principals,requests",
                    alerts::range(period)
                ),
                ..breach
            }));
        }
        Ok(())
    }
}

/// The groups with most of what is counted.
fn largest(groups: &DataFrame, by: &[Dimension], counted: Metric) -> PolarsResult<Vec<String>> {
    let counts = integers(groups, counted.name())?;
    let names: Vec<Vec<Option<String>>> =
        by.iter().map(|one| texts(groups, &one.name())).collect::<PolarsResult<_>>()?;
    let mut rows: Vec<(i64, String)> = counts
        .iter()
        .enumerate()
        .filter_map(|(row, count)| {
            let count = count.filter(|count| *count > 0)?;
            let words: Vec<&str> =
                names.iter().filter_map(|column| column[row].as_deref()).collect();
            Some((count, words.join(", ")))
        })
        .collect();
    rows.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let what = if counted == Metric::Errors { "failed" } else { "requests" };
    Ok(rows
        .into_iter()
        .take(NAMED)
        .map(|(count, name)| format!("{name}: {count} {what}"))
        .collect())
}

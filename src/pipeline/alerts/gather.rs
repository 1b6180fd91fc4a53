//! What the rules find: each kind of rule asked of the stage that knows.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Duration, Utc};
use polars::prelude::{DataFrame, IntoLazy, PolarsResult};

use super::{AlertQuestion, SkippedRule, summary};
use crate::alerts::{self, Breach, Grid, Judged, Kind, Measure, Quietness, Rule, Silent};
use crate::audit::detections::Severity as DetectionSeverity;
use crate::insight::anomaly::Question;
use crate::metrics::coverage::gaps_in;
use crate::metrics::dimensions::Dimension;
use crate::metrics::filter::Filter;
use crate::metrics::load::concurrent_principals;
use crate::metrics::metric::Metric;
use crate::metrics::small_frame::{integers, texts};
use crate::metrics::usage::{UsageQuery, usage_of};
use crate::metrics::windows::{silences, windows};
use crate::period::{Cadence, Period, midnight};
use crate::pipeline::compared::Compared;
use crate::pipeline::ingest::LOG_DELIVERY;
use crate::pipeline::{
    AnomalyQuestion, Basis, CapacityQuestion, DetectionsRequest, Error, SecurityBasis, anomalies,
    audit_detections, budgets, capacity, figures,
};
use crate::schema::Table;
use crate::schema::api_event::{ACCOUNT_ID, REGION};
use crate::schema::usage::coverage::UNLOGGED;
use crate::schema::usage::derived::{FROM, TO};
use crate::schema::usage::{dimension, metric, window};
use crate::store::KeptCheck;

/// Breaches of window rules that are looked into for what they are made of.
const LOOKED_INTO: usize = 20;
/// Drivers that are named.
const NAMED: usize = 3;
/// Time in which it is learnt how long places are silent.
const LEARNT: Duration = Duration::days(14);
/// Less history than this says nothing of it.
const LEAST_LEARNT: Duration = Duration::days(2);
/// Unlogged calls that an hour without logs takes, so that it is told.
const LEAST_UNLOGGED: i64 = 5;

/// What was found, and what could not be asked.
#[derive(Default)]
pub(super) struct Found {
    pub(super) breaches: Vec<Breach>,
    pub(super) skipped: Vec<SkippedRule>,
}

impl Found {
    fn skip(&mut self, rule: &Rule, reason: impl Into<String>) {
        self.skipped.push(SkippedRule { rule: rule.id.clone(), reason: reason.into() });
    }
}

/// Everything the rules find.
pub(super) fn breaches(
    basis: Basis<'_>,
    question: &AlertQuestion<'_>,
    judged: &Judged,
    last: Option<KeptCheck>,
) -> Result<Found, Error> {
    let asked = Asked { basis, question, judged };
    let mut found = Found::default();
    asked.windows(&mut found)?;
    asked.concurrent(&mut found)?;
    asked.anomalies(&mut found)?;
    asked.silence(&mut found)?;
    asked.unlogged(&mut found)?;
    asked.budgets(&mut found)?;
    asked.quotas(&mut found)?;
    asked.detections(&mut found)?;
    for rule in question.rules.of_kind(Kind::Summary) {
        found.breaches.extend(summary::week(basis, question, rule, last)?);
    }
    Ok(found)
}

struct Asked<'a> {
    basis: Basis<'a>,
    question: &'a AlertQuestion<'a>,
    judged: &'a Judged,
}

impl Asked<'_> {
    fn rules(&self, kind: Kind) -> impl Iterator<Item = &Rule> {
        self.question.rules.of_kind(kind)
    }

    fn windows(&self, found: &mut Found) -> Result<(), Error> {
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
        let rows = figures::selected(self.basis, Some(period), filter.as_ref(), &by, zone)?;
        let requests = figures::requests(rows, self.basis.book, &query.grain())?;
        let groups = usage_of(&requests, &query).map_err(Error::Compute)?;
        let groups = figures::collect(groups)?;
        largest(&groups, &by, counted).map_err(Error::Compute)
    }

    fn concurrent(&self, found: &mut Found) -> Result<(), Error> {
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

    fn anomalies(&self, found: &mut Found) -> Result<(), Error> {
        let rules: Vec<&Rule> = self.rules(Kind::Anomaly).collect();
        if rules.is_empty() {
            return Ok(());
        }
        let zone = self.question.timezone;
        let from = self.judged.period.from;
        let question = AnomalyQuestion {
            period: Period { from, to: self.judged.period.to.max(from + Duration::hours(1)) },
            filter: None,
            rules: self.question.anomaly_rules,
            dimensions: vec![Dimension::Model, Dimension::Account, Dimension::Principal],
            timezone: zone,
            now: self.question.now,
        };
        let incidents = match anomalies(self.basis, &question) {
            Ok(incidents) => incidents,
            Err(Error::NoData { .. }) => {
                for rule in rules {
                    found.skip(rule, "the store holds no requests to learn the usual from");
                }
                return Ok(());
            }
            Err(other) => return Err(other),
        };
        if incidents.series_tested == 0 {
            for rule in rules {
                let days = incidents.history.days;
                found.skip(rule, format!("{days} days of history are too few to know the usual"));
            }
            return Ok(());
        }
        let told: Vec<&str> = rules.iter().filter_map(|rule| rule.metric.as_deref()).collect();
        for rule in rules {
            found.breaches.extend(alerts::anomalies(rule, &incidents, &told));
        }
        Ok(())
    }

    /// Places whose logs don't come any more.
    fn silence(&self, found: &mut Found) -> Result<(), Error> {
        let is_asked = |rule: &&Rule| rule.silent == Some(Silent::Objects);
        let rules: Vec<&Rule> = self.rules(Kind::Silence).filter(is_asked).collect();
        if rules.is_empty() {
            return Ok(());
        }
        let end = self.judged.period.to;
        let learnt = Period { from: end - LEARNT, to: end };
        let by = [Dimension::Account, Dimension::Region];
        let rows = figures::invocations(self.basis.store, Some(learnt))?;
        let sums = windows(rows, 5, &by, self.question.timezone).map_err(Error::Compute)?;
        let frame = figures::collect(silences(sums))?;
        let first = self.basis.store.days(Table::Invocations).map_err(Error::Store)?;
        let first = first.map(|(first, _)| midnight(first, chrono_tz::UTC));
        if first.is_none_or(|first| end - first < LEAST_LEARNT) {
            for rule in rules {
                found.skip(rule, "two days of logs are needed to know how long silence is usual");
            }
            return Ok(());
        }
        let places = quiet_places(&frame).map_err(Error::Compute)?;
        for rule in rules {
            found.breaches.extend(alerts::silence(rule, &places, self.question.now));
        }
        Ok(())
    }

    /// Hours with calls in CloudTrail and none of them logged.
    fn unlogged(&self, found: &mut Found) -> Result<(), Error> {
        let is_asked = |rule: &&Rule| rule.silent == Some(Silent::Logging);
        let rules: Vec<&Rule> = self.rules(Kind::Silence).filter(is_asked).collect();
        if rules.is_empty() {
            return Ok(());
        }
        let to = self.judged.period.to.min(self.question.now - LOG_DELIVERY);
        let period = Period { from: self.judged.period.from, to };
        if period.to <= period.from {
            return Ok(());
        }
        let hours = Compared::read(self.basis.store, period, self.question.now)?.hours;
        let gaps = gaps_in(hours.lazy()).map_err(Error::Compute)?;
        let gaps = unlogged(&figures::collect(gaps)?).map_err(Error::Compute)?;
        for rule in rules {
            found.breaches.extend(gaps.iter().filter(|gap| gap.calls >= LEAST_UNLOGGED).map(
                |gap| Breach {
                    from: gap.from,
                    to: gap.to,
                    sample: Some(gap.calls),
                    detail: format!("{} calls and not one of them logged", gap.calls),
                    query: format!(
                        "bedrock-lens audit coverage {} --by account,region,hour",
                        alerts::range(Period { from: gap.from, to: gap.to })
                    ),
                    ..Breach::about(rule, gap.place.clone())
                },
            ));
        }
        Ok(())
    }

    fn budgets(&self, found: &mut Found) -> Result<(), Error> {
        if self.rules(Kind::Budget).next().is_none() {
            return Ok(());
        }
        if self.question.budgets.is_empty() {
            for rule in self.rules(Kind::Budget) {
                found.skip(rule, "no [[budget]] is configured");
            }
            return Ok(());
        }
        let (zone, now) = (self.question.timezone, self.question.now);
        let today = now.with_timezone(&zone).date_naive();
        let month = Cadence::Monthly.period_of(today, zone);
        let (_, states) = budgets(self.basis, self.question.budgets, month, (zone, now))?;
        let name = format!("{}-{:02}", today.year(), today.month());
        for rule in self.rules(Kind::Budget) {
            found.breaches.extend(alerts::budgets(rule, &states, (&name, month), now));
        }
        Ok(())
    }

    fn quotas(&self, found: &mut Found) -> Result<(), Error> {
        if self.rules(Kind::Quota).next().is_none() {
            return Ok(());
        }
        if self.question.quotas.is_empty() {
            for rule in self.rules(Kind::Quota) {
                found.skip(rule, "no [[quota]] is configured");
            }
            return Ok(());
        }
        let period = self.judged.period;
        let asked = CapacityQuestion {
            period,
            filter: None,
            quotas: self.question.quotas,
            most: NAMED,
            timezone: self.question.timezone,
        };
        let answer = match capacity(self.basis, &asked) {
            Ok(answer) => answer,
            Err(Error::NoData { .. }) => return Ok(()),
            Err(other) => return Err(other),
        };
        for rule in self.rules(Kind::Quota) {
            found.breaches.extend(alerts::quotas(rule, &answer.loads, period));
        }
        Ok(())
    }

    fn detections(&self, found: &mut Found) -> Result<(), Error> {
        let rules: Vec<&Rule> = self.rules(Kind::Detection).collect();
        let least = rules.iter().filter_map(|rule| rule.detection_severity).min();
        let Some(_) = rules.first() else { return Ok(()) };
        let request = DetectionsRequest {
            rules: self.question.detection_rules,
            only: &[],
            severity: least.unwrap_or(DetectionSeverity::Info),
            basis: SecurityBasis {
                security: self.question.security,
                places: self.question.places,
                period: self.judged.period,
            },
        };
        let detections = audit_detections(self.basis.store, &request)?;
        for rule in &rules {
            // A graver alert rule that asks for all findings of a severity tells those.
            let graver = rules
                .iter()
                .filter(|other| other.severity > rule.severity && other.detections.is_empty());
            let most = graver.filter_map(|other| other.detection_severity).min();
            found.breaches.extend(alerts::detections(rule, &detections, most));
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

fn quiet_places(frame: &DataFrame) -> PolarsResult<Vec<Quietness>> {
    let (accounts, regions) = (texts(frame, dimension::ACCOUNT)?, texts(frame, dimension::REGION)?);
    let newest = integers(frame, window::START)?;
    let longest = integers(frame, window::LONGEST_SILENCE_MS)?;
    let places = (0..frame.height()).filter_map(|row| {
        Some(Quietness {
            place: [accounts[row].clone(), regions[row].clone()],
            since: DateTime::from_timestamp_millis(newest[row]?)? + Duration::minutes(5),
            usual: Duration::milliseconds(longest[row]?),
        })
    });
    Ok(places.collect())
}

struct Gap {
    place: Vec<(String, Option<String>)>,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    calls: i64,
}

fn unlogged(frame: &DataFrame) -> PolarsResult<Vec<Gap>> {
    let (accounts, regions) = (texts(frame, ACCOUNT_ID)?, texts(frame, REGION)?);
    let (from, to, calls) =
        (integers(frame, FROM)?, integers(frame, TO)?, integers(frame, UNLOGGED)?);
    let place = |row: usize| {
        let names = [(dimension::ACCOUNT, &accounts), (dimension::REGION, &regions)];
        names.map(|(name, values)| (name.to_owned(), values[row].clone())).to_vec()
    };
    let gaps = (0..frame.height()).filter_map(|row| {
        Some(Gap {
            place: place(row),
            from: DateTime::from_timestamp_millis(from[row]?)?,
            to: DateTime::from_timestamp_millis(to[row]?)?,
            calls: calls[row]?,
        })
    });
    Ok(gaps.collect())
}

//! What the rules find: each kind of rule asked of the stage that knows.

mod silence;
mod windows;

use chrono::{Datelike, Duration};

use super::{AlertQuestion, SkippedRule, summary};
use crate::alerts::{self, Breach, Judged, Kind, Rule};
use crate::audit::detections::Severity as DetectionSeverity;
use crate::metrics::dimensions::Dimension;
use crate::period::{Cadence, Period};
use crate::pipeline::{
    AnomalyQuestion, Basis, CapacityQuestion, DetectionsRequest, Error, SecurityBasis, anomalies,
    audit_detections, budgets, capacity,
};
use crate::store::KeptCheck;

/// Throttled minutes and principals that a load names.
const NAMED: usize = 3;

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
        found.breaches.extend(summary::week(basis, question, rule, judged, last)?);
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
        let detections = audit_detections(self.basis.store, self.basis.book, &request)?;
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

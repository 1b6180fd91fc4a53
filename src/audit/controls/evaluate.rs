//! Asks a framework's tests of a period.

use chrono::{Duration, NaiveDate};
use polars::prelude::PolarsResult;

use super::control::{Control, Framework, RecorderName, Test};
use super::facts::{Facts, OutageFact};
use super::result::{ControlResult, ControlsResult, Counts, STATEMENT, TestResult, Verdict};
use super::shares::Shares;
use crate::audit::detections::{DetectionQuestion, Detections, Evidence, RuleVerdict};
use crate::period::Period;
use crate::schema::Table;

/// What controls are asked of.
pub struct ControlQuestion<'a> {
    /// The tables, the user's settings and the period.
    pub rows: &'a DetectionQuestion<'a>,
    /// What the detection rules came to.
    pub detections: &'a Detections,
    /// What the rest of the audit found.
    pub facts: &'a Facts,
}

/// Asks the tests of frameworks.
///
/// # Errors
/// When the rows can't be read.
pub fn controls(
    frameworks: &[&Framework],
    question: &ControlQuestion<'_>,
) -> PolarsResult<Vec<ControlsResult>> {
    let tests = frameworks.iter().flat_map(|framework| &framework.controls);
    let shares = Shares::count(question.rows, tests.flat_map(|control| &control.tests))?;
    let asked = Asked { question, shares, period: question.rows.period };
    frameworks.iter().map(|framework| asked.framework(framework)).collect()
}

struct Asked<'a> {
    question: &'a ControlQuestion<'a>,
    shares: Shares<'a>,
    period: Period,
}

impl Asked<'_> {
    fn framework(&self, framework: &Framework) -> PolarsResult<ControlsResult> {
        let controls: Vec<ControlResult> =
            framework.controls.iter().map(|one| self.control(one)).collect::<PolarsResult<_>>()?;
        let count = |verdict| controls.iter().filter(|one| one.verdict == verdict).count();
        Ok(ControlsResult {
            period: self.period,
            framework: framework.id.clone(),
            title: framework.title.clone(),
            statement: STATEMENT,
            counts: Counts {
                pass: count(Verdict::Pass),
                fail: count(Verdict::Fail),
                not_evaluated: count(Verdict::NotEvaluated),
            },
            controls,
        })
    }

    fn control(&self, control: &Control) -> PolarsResult<ControlResult> {
        let tests: Vec<TestResult> =
            control.tests.iter().map(|test| self.test(test)).collect::<PolarsResult<_>>()?;
        let verdict = tests.iter().map(|test| test.verdict).max().unwrap_or(Verdict::NotEvaluated);
        let reasons: Vec<&str> = tests
            .iter()
            .filter(|test| test.verdict == verdict && verdict != Verdict::Pass)
            .map(|test| test.because.as_str())
            .collect();
        Ok(ControlResult {
            id: control.id.clone(),
            title: control.title.clone(),
            tested: control.tested.clone(),
            verdict,
            reason: (!reasons.is_empty()).then(|| reasons.join("; ")),
            tests,
            limits: control.limits.clone(),
        })
    }

    fn test(&self, test: &Test) -> PolarsResult<TestResult> {
        let found = match test {
            Test::LogCoverage { at_least } => self.coverage(*at_least),
            Test::NoOutage { recorders } => self.outages(recorders),
            Test::IntegrityVerified => self.integrity(),
            Test::NoFindings { rules } => self.findings(rules),
            Test::RulesEvaluated { rules } => self.evaluated(rules),
            Test::Retention { days, table } => self.retention(*days, *table),
            Test::EveryDay { table } => self.every_day(*table),
            Test::Share(share) => self.shares.answer(share)?,
            Test::NoSensitive { kinds, scanned } => self.sensitive(kinds, *scanned),
            Test::NotVisible { reason } => Found::unknown(reason),
        };
        Ok(TestResult {
            test: test.kind(),
            expects: test.in_words(),
            verdict: found.verdict,
            because: found.because,
            evidence: found.evidence,
            queries: found.queries,
        })
    }

    fn coverage(&self, at_least: f64) -> Found {
        let coverage = &self.question.facts.coverage;
        if let Some(reason) = &coverage.unknown {
            return Found::unknown(reason);
        }
        let (called, logged) = (coverage.called, coverage.logged);
        let period = self.period;
        Found::judged(
            share(logged, called) >= at_least,
            format!("{logged} of {called} calls in CloudTrail are logged"),
        )
        .with_query(format!(
            "bedrock-lens audit coverage --from {} --to {}",
            text(period.from),
            text(period.to)
        ))
    }

    fn outages(&self, recorders: &[RecorderName]) -> Found {
        let is_of = |outage: &&OutageFact| recorders.contains(&outage.recorder);
        let of: Vec<&OutageFact> = self.question.facts.outages.iter().filter(is_of).collect();
        if of.is_empty() {
            let shows = if recorders.contains(&RecorderName::InvocationLogging) {
                Table::Invocations
            } else {
                Table::ApiEvents
            };
            if Facts::of(self.question.facts.days_with_rows, Table::ApiEvents) == 0 {
                return Found::unknown(
                    "the store holds no CloudTrail events of the period, so acts that stop logs can't be seen",
                );
            }
            if Facts::of(self.question.facts.days_with_rows, shows) == 0 {
                return Found::unknown("the store holds no invocation logs of the period");
            }
            return Found::judged(true, "no outage is known".to_owned());
        }
        let told: Vec<String> = of.iter().map(|outage| outage.what.clone()).collect();
        Found::judged(false, told.join("; ")).with_query(format!(
            "bedrock-lens audit outages --from {} --to {}",
            text(self.period.from),
            text(self.period.to)
        ))
    }

    fn integrity(&self) -> Found {
        let Some(verified) = &self.question.facts.verification else {
            return Found::unknown(
                "no result of `bedrock-lens audit verify --json` was given (`--verification FILE`)",
            );
        };
        let hours = verified.hours;
        let proven = format!("{} of {} hours are proven", hours.proven, hours.expected);
        if matches!(verified.verdict.as_str(), "failed") {
            return Found::judged(false, format!("verification failed; {proven}"));
        }
        if !verified.covers(self.period) {
            return Found::unknown("the verification given does not span the period");
        }
        match verified.verdict.as_str() {
            "verified" => Found::judged(true, proven),
            verdict => Found::unknown(&format!("the verdict is {verdict}; {proven}")),
        }
    }

    fn findings(&self, rules: &[String]) -> Found {
        let detections = self.question.detections;
        let of: Vec<_> =
            detections.findings.iter().filter(|finding| rules.contains(&finding.rule)).collect();
        if !of.is_empty() {
            let fired = self.with_verdict(rules, RuleVerdict::Fired);
            let evidence = of.iter().flat_map(|finding| finding.evidence.iter().take(1).cloned());
            return Found {
                verdict: Verdict::Fail,
                because: format!("{} findings of {}", of.len(), fired.join(", ")),
                evidence: evidence.take(10).collect(),
                queries: of.iter().take(10).map(|finding| finding.query.clone()).collect(),
            };
        }
        match self.unasked(rules) {
            Some(reason) => Found::unknown(&reason),
            None => Found::judged(true, "every rule was asked and found nothing".to_owned()),
        }
    }

    fn evaluated(&self, rules: &[String]) -> Found {
        if let Some(reason) = self.unasked(rules) {
            return Found::unknown(&reason);
        }
        let fired = self.with_verdict(rules, RuleVerdict::Fired);
        let found = if fired.is_empty() { "nothing".to_owned() } else { fired.join(", ") };
        Found::judged(true, format!("every rule was asked; found: {found}"))
    }

    fn with_verdict(&self, rules: &[String], verdict: RuleVerdict) -> Vec<String> {
        let is_so = |id: &&String| {
            self.question.detections.outcome(id).is_some_and(|outcome| outcome.verdict == verdict)
        };
        rules.iter().filter(is_so).cloned().collect()
    }

    /// Which of the rules could not be asked, and why.
    fn unasked(&self, rules: &[String]) -> Option<String> {
        let told: Vec<String> = rules
            .iter()
            .filter_map(|id| match self.question.detections.outcome(id) {
                Some(outcome) => outcome.reason.as_ref().map(|reason| format!("`{id}`: {reason}")),
                None => Some(format!("`{id}` was not asked")),
            })
            .collect();
        (!told.is_empty()).then(|| told.join("; "))
    }

    fn retention(&self, days: i64, table: Table) -> Found {
        let Some(first) = Facts::of(self.question.facts.first_days, table) else {
            return Found::unknown(&format!("the store holds no {}", table.name()));
        };
        let asked = (self.period.to - Duration::days(days)).date_naive();
        if first <= asked {
            return Found::judged(true, format!("the store holds {} from {first}", table.name()));
        }
        Found::unknown(&format!(
            "the store holds {} from {first}, not from {asked}; older logs may lie elsewhere",
            table.name()
        ))
    }

    fn every_day(&self, table: Table) -> Found {
        let with_rows = Facts::of(self.question.facts.days_with_rows, table);
        let all = utc_days(self.period);
        if with_rows == 0 {
            return Found::unknown(&format!("the store holds no {} of the period", table.name()));
        }
        Found::judged(
            with_rows >= all,
            format!("{with_rows} of {all} UTC days have {}", table.name()),
        )
    }

    fn sensitive(&self, kinds: &[String], least: f64) -> Found {
        let facts = &self.question.facts.sensitive;
        let found: Vec<String> = facts
            .by_kind
            .iter()
            .filter(|(kind, requests)| kinds.contains(kind) && *requests > 0)
            .map(|(kind, requests)| format!("{kind} in {requests} requests"))
            .collect();
        if !found.is_empty() {
            return Found::judged(false, found.join(", ")).with_query(format!(
                "bedrock-lens audit sensitive --from {} --to {}",
                text(self.period.from),
                text(self.period.to)
            ));
        }
        let scanned =
            format!("{} of {} requests had their bodies scanned", facts.scanned, facts.requests);
        if facts.requests == 0 || share(facts.scanned, facts.requests) < least {
            return Found::unknown(&format!("{scanned} (`ingest --scan-bodies`)"));
        }
        Found::judged(true, format!("nothing found; {scanned}"))
    }
}

/// What a test found.
pub(super) struct Found {
    pub(super) verdict: Verdict,
    pub(super) because: String,
    pub(super) evidence: Vec<Evidence>,
    pub(super) queries: Vec<String>,
}

impl Found {
    pub(super) fn judged(passes: bool, because: String) -> Self {
        let verdict = if passes { Verdict::Pass } else { Verdict::Fail };
        Self { verdict, because, evidence: Vec::new(), queries: Vec::new() }
    }

    pub(super) fn unknown(reason: &str) -> Self {
        let because = reason.to_owned();
        let verdict = Verdict::NotEvaluated;
        Self { verdict, because, evidence: Vec::new(), queries: Vec::new() }
    }

    fn with_query(self, query: String) -> Self {
        Self { queries: vec![query], ..self }
    }
}

/// A share; of nothing it is none.
#[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2⁵³")]
pub(super) fn share(part: i64, whole: i64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn utc_days(period: Period) -> u64 {
    let (first, last): (NaiveDate, NaiveDate) = period.utc_days();
    u64::try_from((last - first).num_days() + 1).unwrap_or_default()
}

fn text(at: chrono::DateTime<chrono::Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

//! The journey of controls: detections, coverage, outages and the store's rows to verdicts.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, Utc};

use super::compared::Compared;
use super::coverage::coverage_of;
use super::detections::{kept_findings, question, texts, with_buckets};
use super::outages::outages_of;
use super::{
    CoverageAnswer, CoverageRequest, Error, Join, OutageAnswer, OutageRequest, SecurityBasis,
    audit_sensitive,
};
use crate::audit::controls::{
    ControlQuestion, ControlsResult, CoverageFacts, Facts, Framework, OutageFact, RecorderName,
    SensitiveFacts, Test, VerificationFacts, controls, frameworks,
};
use crate::audit::detections::{DetectionQuestion, Detections, Rule, RuleSet, detections};
use crate::audit::outage::{OutageKind, Recorder};
use crate::period::Period;
use crate::prices::PriceBook;
use crate::schema::Table;
use crate::store::Reader;

/// Which frameworks are asked of which period.
#[derive(Clone)]
pub struct ControlsRequest<'a> {
    /// The frameworks.
    pub frameworks: Vec<&'a Framework>,
    /// The detection rules that their tests name.
    pub rules: &'a RuleSet,
    /// Whether all rules are asked, for their findings; else those that tests name.
    pub asks_all_rules: bool,
    /// The period, and what in it is held against what.
    pub basis: SecurityBasis<'a>,
    /// Log coverage and outages, where they were read of the same period before.
    pub ledger: Option<(&'a CoverageAnswer, &'a OutageAnswer)>,
    /// What `audit verify` came to.
    pub verification: Option<VerificationFacts>,
    /// The present time.
    pub as_of: DateTime<Utc>,
}

/// What frameworks came to, and the detections behind it.
#[derive(Debug, Clone)]
pub struct ControlsAnswer {
    /// The frameworks, as asked.
    pub frameworks: Vec<ControlsResult>,
    /// What the rules came to.
    pub detections: Detections,
}

/// The frameworks that come with the tool, with the user's on top.
///
/// # Errors
/// When a file can't be read, or a control is wrong.
pub fn control_frameworks(files: &[PathBuf], rules: &RuleSet) -> Result<Vec<Framework>, Error> {
    frameworks(&texts(files)?, rules).map_err(Error::Controls)
}

/// What `audit verify --json` wrote to a file.
///
/// # Errors
/// When the file can't be read or is something else.
pub fn verification(path: &Path) -> Result<VerificationFacts, Error> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| Error::RuleFile { path: path.to_owned(), source })?;
    serde_json::from_str(&text)
        .map_err(|source| Error::Verification { path: path.to_owned(), source })
}

/// Asks the controls of frameworks, and the rules that their tests name or all, of the store's rows.
///
/// # Errors
/// When the store can't be read.
pub fn audit_controls(
    store: &Reader,
    book: &PriceBook,
    request: &ControlsRequest<'_>,
) -> Result<ControlsAnswer, Error> {
    let security = with_buckets(store, request.basis.security)?;
    let all = request.asks_all_rules;
    let rules = if all { request.rules.rules().iter().collect() } else { named_rules(request) };
    let kept = kept_findings((store, book), &rules, request.basis.period, all);
    let rows = DetectionQuestion {
        kept: Some(&kept),
        ..question((store, book), rules, &security, request.basis)?
    };
    let detections = detections(&rows).map_err(Error::Compute)?;
    let facts = facts(store, book, request)?;
    let question = ControlQuestion { rows: &rows, detections: &detections, facts: &facts };
    let frameworks = controls(&request.frameworks, &question).map_err(Error::Compute)?;
    Ok(ControlsAnswer { frameworks, detections })
}

/// The rules that tests of the frameworks name.
fn named_rules<'a>(request: &ControlsRequest<'a>) -> Vec<&'a Rule> {
    let tests = request.frameworks.iter().flat_map(|framework| &framework.controls);
    let named: BTreeSet<&str> = tests
        .flat_map(|control| &control.tests)
        .flat_map(Test::rules)
        .map(String::as_str)
        .collect();
    request.rules.rules().iter().filter(|rule| named.contains(rule.id.as_str())).collect()
}

fn facts(store: &Reader, book: &PriceBook, request: &ControlsRequest<'_>) -> Result<Facts, Error> {
    let period = request.basis.period;
    let coverage =
        CoverageRequest { period, by: Vec::new(), timezone: chrono_tz::UTC, as_of: request.as_of };
    let buckets = request.basis.security.log_buckets.iter().flatten().cloned().collect();
    let outages = OutageRequest { period, as_of: request.as_of, buckets };
    let (coverage, outages) = if let Some((coverage, outages)) = request.ledger {
        (coverage_facts(coverage), outage_facts(outages))
    } else {
        let compared = Compared::read(store, period, request.as_of)?;
        let coverage = coverage_of(&compared, book, &coverage)?;
        (coverage_facts(&coverage), outage_facts(&outages_of(&compared, book, &outages)?))
    };
    let first = |table| Ok::<_, Error>(store.days(table)?.map(|(first, _)| first));
    let days = |table| Ok::<_, Error>(store.days_with_rows(table, period)?);
    Ok(Facts {
        coverage,
        outages,
        verification: request.verification.clone(),
        first_days: [first(Table::Invocations)?, first(Table::ApiEvents)?],
        days_with_rows: [days(Table::Invocations)?, days(Table::ApiEvents)?],
        sensitive: sensitive_facts(store, book, period)?,
    })
}

fn sensitive_facts(
    store: &Reader,
    book: &PriceBook,
    period: Period,
) -> Result<SensitiveFacts, Error> {
    let found = audit_sensitive(store, book, period, &[], chrono_tz::UTC)?;
    let kinds = found.rows.iter().filter_map(|row| Some((row.kind.clone()?, row.requests)));
    Ok(SensitiveFacts {
        requests: found.requests,
        scanned: found.scanned,
        by_kind: kinds.collect(),
    })
}

fn coverage_facts(answer: &CoverageAnswer) -> CoverageFacts {
    let unknown = match answer.join {
        Join::NoEvents => Some("CloudTrail shows no runtime call of the period"),
        Join::NotPossible => Some("no request id of CloudTrail is in the invocation log"),
        Join::ByRequestId | Join::NothingLogged => None,
    };
    CoverageFacts {
        called: answer.called,
        logged: answer.logged,
        unknown: unknown.map(str::to_owned),
    }
}

/// Stops and silences; what only recorded less is no outage here.
fn outage_facts(answer: &OutageAnswer) -> Vec<OutageFact> {
    let fact = |counted: &super::CountedOutage| {
        let outage = &counted.outage;
        let recorder = match outage.recorder {
            Recorder::InvocationLogging => RecorderName::InvocationLogging,
            Recorder::Trail => RecorderName::Trail,
            Recorder::LogBucket | Recorder::LogGroup => RecorderName::LogBucket,
        };
        let time = |at: Option<DateTime<Utc>>, unknown: &str| {
            at.map_or_else(
                || unknown.to_owned(),
                |at| at.to_rfc3339_opts(SecondsFormat::Secs, true),
            )
        };
        let place: Vec<&str> = [&outage.target, &outage.account, &outage.region]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        let kind = match outage.kind {
            OutageKind::Stopped => "stopped",
            _ => "silent",
        };
        OutageFact {
            recorder,
            what: format!(
                "{} of {} {kind} from {} to {}, {} calls not logged",
                recorder.words(),
                place.join(" "),
                time(outage.from, "before the period"),
                time(outage.to, "now"),
                counted.unrecorded.calls
            ),
            from: outage.from,
            to: outage.to,
            event_id: outage.begun_by.as_ref().and_then(|act| act.event_id.clone()),
        }
    };
    let is_outage = |counted: &&super::CountedOutage| counted.outage.kind != OutageKind::Reduced;
    answer.outages.iter().filter(is_outage).map(fact).collect()
}

//! The journey of detections: rule files, the store's rows and the user's settings to findings.

use std::path::PathBuf;

use chrono::{DateTime, Duration, Utc};
use polars::prelude::IntoLazy;

use super::day_sums::{event_counts, request_counts};
use super::kept_findings::KeptFindings;
use super::{Error, figures};
use crate::audit::detections::{
    DetectionQuestion, Detections, Places, Rule, RuleSet, Severity, TableRows, counted_apart,
    detections, history_days,
};
use crate::likeness::{ALIKE, nearest};
use crate::period::{Period, midnight};
use crate::prices::PriceBook;
use crate::schema::Table;
use crate::schema::security::Security;
use crate::store::Reader;

/// Which rules are asked of which period.
#[derive(Clone)]
pub struct DetectionsRequest<'a> {
    /// All rules there are.
    pub rules: &'a RuleSet,
    /// Ids of the rules to ask; empty: all.
    pub only: &'a [String],
    /// Rules less grave than this are not asked.
    pub severity: Severity,
    /// What is held against what.
    pub basis: SecurityBasis<'a>,
}

/// The period, and what in it is held against what.
#[derive(Clone, Copy)]
pub struct SecurityBasis<'a> {
    /// What the user says is allowed.
    pub security: &'a Security,
    /// Databases that addresses are looked up in.
    pub places: &'a Places,
    /// The period.
    pub period: Period,
}

/// The rules that come with the tool, with the user's on top.
///
/// # Errors
/// When a file can't be read, or a rule is wrong.
pub fn detection_rules(files: &[PathBuf]) -> Result<RuleSet, Error> {
    RuleSet::read(&texts(files)?).map_err(Error::DetectionRules)
}

/// The texts of files that hold rules or controls.
pub(super) fn texts(files: &[PathBuf]) -> Result<Vec<(PathBuf, String)>, Error> {
    let read = |path: &PathBuf| {
        std::fs::read_to_string(path)
            .map(|text| (path.clone(), text))
            .map_err(|source| Error::RuleFile { path: path.clone(), source })
    };
    files.iter().map(read).collect()
}

/// The `GeoIP` databases that the user names.
///
/// # Errors
/// When one can't be read or is no `MaxMind` database.
pub fn places(databases: &[PathBuf]) -> Result<Places, Error> {
    let read = |path: &PathBuf| {
        std::fs::read(path).map_err(|source| Error::RuleFile { path: path.clone(), source })
    };
    let bytes = databases.iter().map(read).collect::<Result<_, _>>()?;
    Places::open(bytes).map_err(|(index, source)| Error::GeoIp {
        path: databases.get(index).cloned().unwrap_or_default(),
        source,
    })
}

/// Asks detection rules of the store's rows.
///
/// # Errors
/// When an id names no rule, or the store can't be read.
pub fn audit_detections(
    store: &Reader,
    book: &PriceBook,
    request: &DetectionsRequest<'_>,
) -> Result<Detections, Error> {
    let security = with_buckets(store, request.basis.security)?;
    let chosen = chosen(request)?;
    let asks_all = chosen.len() == request.rules.rules().len();
    let kept = kept_findings((store, book), &chosen, request.basis.period, asks_all);
    let question = DetectionQuestion {
        kept: Some(&kept),
        ..question((store, book), chosen, &security, request.basis)?
    };
    detections(&question).map_err(Error::Compute)
}

/// The settings; where they name no log buckets, those that the store read logs from.
pub(super) fn with_buckets(store: &Reader, security: &Security) -> Result<Security, Error> {
    let mut security = security.clone();
    if security.log_buckets.is_none() {
        let known: Vec<String> = store.buckets()?.into_iter().collect();
        security.log_buckets = Some(known).filter(|buckets| !buckets.is_empty());
    }
    Ok(security)
}

/// The rules, and the rows that they are asked of.
pub(super) fn question<'a>(
    (store, book): (&Reader, &PriceBook),
    rules: Vec<&'a Rule>,
    security: &'a Security,
    basis: SecurityBasis<'a>,
) -> Result<DetectionQuestion<'a>, Error> {
    let from = basis.period.from - Duration::days(history_days(&rules));
    let table = |table| table_rows((store, book), table, basis.period, from);
    Ok(DetectionQuestion {
        rules,
        security,
        places: basis.places,
        period: basis.period,
        invocations: table(Table::Invocations)?,
        api_events: table(Table::ApiEvents)?,
        kept: None,
    })
}

/// What is kept for these rules.
pub(super) fn kept_findings<'a>(
    (store, book): (&'a Reader, &'a PriceBook),
    rules: &[&Rule],
    period: Period,
    asks_all: bool,
) -> KeptFindings<'a> {
    let history_from = period.from - Duration::days(history_days(rules));
    KeptFindings { store, book, period, history_from, asks_all }
}

/// A table's rows of a period and of the time before it from an instant on, and their counts.
pub(super) fn table_rows(
    (store, book): (&Reader, &PriceBook),
    table: Table,
    period: Period,
    from: DateTime<Utc>,
) -> Result<TableRows, Error> {
    let counts = |period: Period| match table {
        Table::Invocations => request_counts(store, book, Some(period)),
        _ => event_counts(store, Some(period)),
    };
    let known_from = store.days(table)?.map(|(first, _)| midnight(first, chrono_tz::UTC));
    let history = counts(Period { from, to: period.from })?;
    let counts = counted_apart(table, history, counts(period)?);
    let counts = counts.map_err(Error::Compute).and_then(figures::collect)?.lazy();
    let scan = |period| store.scan(table, Some(period));
    let with_history = scan(Period { from, to: period.to })?;
    Ok(TableRows { rows: scan(period)?, with_history, counts, known_from })
}

fn chosen<'a>(request: &DetectionsRequest<'a>) -> Result<Vec<&'a Rule>, Error> {
    let rules = request.rules;
    if let Some(id) = request.only.iter().find(|id| rules.rule(id).is_none()) {
        let known = rules.rules().iter().map(|rule| rule.id.as_str());
        let nearest = nearest(id, known, ALIKE).map(str::to_owned);
        return Err(Error::NoSuchRule { id: id.clone(), nearest });
    }
    let is_asked = |rule: &&Rule| {
        let named = request.only.is_empty() || request.only.contains(&rule.id);
        named && rule.severity >= request.severity
    };
    Ok(rules.rules().iter().filter(is_asked).collect())
}

//! What the last complete week was like, told once, after its end.

use chrono::DateTime;

use super::AlertQuestion;
use crate::alerts::{Breach, Judged, Rule, range};
use crate::audit::controls::{Counts, Framework};
use crate::audit::detections::{RuleOutcome, Severity};
use crate::insight::savings::Nature;
use crate::period::{Cadence, Period};
use crate::pipeline::kpis::key_figures_with_targets;
use crate::pipeline::{
    Basis, ControlsRequest, DetectionsRequest, Error, KpiAnswer, SecurityBasis, audit_controls,
    audit_detections, savings,
};
use crate::schema::target::Outcome;
use crate::store::KeptCheck;

/// Findings at least so grave are counted.
const TOLD: Severity = Severity::Medium;

/// The summary of the week that ended since the last check; none when none did, or it holds no logs.
/// The first check sums up a week that ended in the time that it judges.
pub(super) fn week(
    basis: Basis<'_>,
    question: &AlertQuestion<'_>,
    rule: &Rule,
    judged: &Judged,
    last: Option<KeptCheck>,
) -> Result<Option<Breach>, Error> {
    let frameworks = named(&rule.frameworks, question.frameworks)?;
    let (zone, now) = (question.timezone, question.now);
    let cadence = Cadence::Weekly;
    let today = now.with_timezone(&zone).date_naive();
    let week = cadence.before(cadence.period_of(today, zone), zone);
    let last = last.and_then(|check| DateTime::from_timestamp_millis(check.at_ms));
    let is_told_or_past = match last {
        Some(last) => last >= week.to && last <= now,
        None => week.to <= judged.period.from,
    };
    if is_told_or_past {
        return Ok(None);
    }
    let figures = key_figures_with_targets(basis, week, zone)?;
    let value = |name: &str| figures.kpis.iter().find(|kpi| kpi.kpi.name == name)?.value;
    if value("success_rate").is_none() {
        return Ok(None);
    }
    let name = week.from.with_timezone(&zone).format("%G-W%V").to_string();
    let mut detail = vec![performance(&figures), saved(basis, week, question)?];
    detail.extend(security(basis, week, question, frameworks)?);
    Ok(Some(Breach {
        from: week.from,
        to: week.to,
        detail: detail.join("; "),
        query: format!("bedrock-lens kpis {}", range(week)),
        ..Breach::about(rule, vec![("week".to_owned(), Some(name))])
    }))
}

/// The frameworks that a rule names.
fn named<'a>(ids: &[String], known: &'a [Framework]) -> Result<Vec<&'a Framework>, Error> {
    let one = |id: &String| {
        let found = known.iter().find(|framework| framework.id == *id);
        found.ok_or_else(|| Error::NoSuchFramework {
            id: id.clone(),
            known: known.iter().map(|framework| framework.id.clone()).collect(),
        })
    };
    ids.iter().map(one).collect()
}

/// Targets met and missed, each missed one by name.
fn performance(figures: &KpiAnswer) -> String {
    let of = |outcome| figures.kpis.iter().filter(move |kpi| kpi.outcome == outcome);
    let missed: Vec<&str> = of(Outcome::Missed).map(|kpi| kpi.kpi.title.as_str()).collect();
    let met = of(Outcome::Met).count();
    let missed = match missed.as_slice() {
        [] => "none missed".to_owned(),
        some => format!("missed: {}", some.join(", ")),
    };
    format!("{met} targets met, {missed}")
}

/// The largest what-if that could still be had.
fn saved(basis: Basis<'_>, week: Period, question: &AlertQuestion<'_>) -> Result<String, Error> {
    let answer = match savings(basis, Some(week), None, &[], question.timezone) {
        Ok(answer) => answer,
        Err(Error::NoData { .. }) => return Ok("no savings: no requests".to_owned()),
        Err(other) => return Err(other),
    };
    let cost = answer.cost.map_or("unknown".to_owned(), |cost| format!("{} USD", cost.round_to(2)));
    let open = answer.savings.iter().filter(|one| one.nature == Nature::Potential);
    let best = open.filter_map(|one| one.high_usd.map(|high| (high, &one.title))).max();
    let best = match best {
        Some((high, title)) if high.0 > 0 => {
            format!("largest saving to look at: {title}, up to {} USD", high.round_to(2))
        }
        _ => "no saving found".to_owned(),
    };
    let requests = answer.requests;
    Ok(format!("{requests} requests, list cost {cost}; {best}"))
}

/// What detections found, and what the controls of the frameworks came to.
fn security(
    basis: Basis<'_>,
    week: Period,
    question: &AlertQuestion<'_>,
    frameworks: Vec<&Framework>,
) -> Result<Vec<String>, Error> {
    let rows = SecurityBasis { security: question.security, places: question.places, period: week };
    let (found, frameworks) = if frameworks.is_empty() {
        let rules = question.detection_rules;
        let request = DetectionsRequest { rules, only: &[], severity: TOLD, basis: rows };
        (audit_detections(basis.store, basis.book, &request)?, Vec::new())
    } else {
        let request = ControlsRequest {
            frameworks,
            rules: question.detection_rules,
            asks_all_rules: true,
            basis: rows,
            ledger: None,
            verification: None,
            as_of: question.now,
        };
        let answer = audit_controls(basis.store, basis.book, &request)?;
        (answer.detections, answer.frameworks)
    };
    let told = found.findings.iter().filter(|one| one.severity >= TOLD);
    let (told, grave) = told.fold((0, 0), |(told, grave), one| {
        (told + 1, grave + usize::from(one.severity >= Severity::High))
    });
    let is_unasked = |rule: &&RuleOutcome| rule.severity >= TOLD && rule.reason.is_some();
    let unasked = found.rules.iter().filter(is_unasked).count();
    let mut detail = vec![format!(
        "{told} security findings, {grave} of them high or critical, {unasked} rules not evaluated"
    )];
    detail.extend(frameworks.iter().map(|framework| {
        let Counts { pass, fail, not_evaluated } = framework.counts;
        let title = &framework.title;
        format!("{title}: {pass} controls pass, {fail} fail, {not_evaluated} not evaluated")
    }));
    Ok(detail)
}

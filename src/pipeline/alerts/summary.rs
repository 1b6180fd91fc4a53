//! What the last complete week was like, told once, after its end.

use std::collections::BTreeMap;

use chrono::DateTime;

use super::AlertQuestion;
use crate::alerts::{Breach, Rule, range};
use crate::audit::detections::Severity;
use crate::insight::savings::Nature;
use crate::period::{Cadence, Period};
use crate::pipeline::{
    Basis, DetectionsRequest, Error, KpiAnswer, SecurityBasis, audit_detections, key_figures,
    savings,
};
use crate::schema::target::Outcome;
use crate::store::KeptCheck;

/// The summary of the week that ended since the last check; none when none did, or it holds no logs.
pub(super) fn week(
    basis: Basis<'_>,
    question: &AlertQuestion<'_>,
    rule: &Rule,
    last: Option<KeptCheck>,
) -> Result<Option<Breach>, Error> {
    let (zone, now) = (question.timezone, question.now);
    let cadence = Cadence::Weekly;
    let today = now.with_timezone(&zone).date_naive();
    let week = cadence.before(cadence.period_of(today, zone), zone);
    let last = last.and_then(|check| DateTime::from_timestamp_millis(check.at_ms));
    if last.is_some_and(|last| last >= week.to && last <= now) {
        return Ok(None);
    }
    let figures = key_figures(basis, week, None, &BTreeMap::new(), zone)?;
    let value = |name: &str| figures.kpis.iter().find(|kpi| kpi.kpi.name == name)?.value;
    if value("success_rate").is_none() {
        return Ok(None);
    }
    let name = week.from.with_timezone(&zone).format("%G-W%V").to_string();
    let detail =
        [performance(&figures), saved(basis, week, question)?, security(basis, week, question)?];
    Ok(Some(Breach {
        from: week.from,
        to: week.to,
        detail: detail.join("; "),
        query: format!("bedrock-lens kpis {}", range(week)),
        ..Breach::about(rule, vec![("week".to_owned(), Some(name))])
    }))
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

fn security(basis: Basis<'_>, week: Period, question: &AlertQuestion<'_>) -> Result<String, Error> {
    let request = DetectionsRequest {
        rules: question.detection_rules,
        only: &[],
        severity: Severity::Medium,
        basis: SecurityBasis { security: question.security, places: question.places, period: week },
    };
    let found = audit_detections(basis.store, &request)?;
    let grave = found.findings.iter().filter(|one| one.severity >= Severity::High).count();
    let unasked = found.rules.iter().filter(|rule| rule.reason.is_some()).count();
    Ok(format!(
        "{} security findings, {grave} of them high or critical, {unasked} rules not evaluated",
        found.findings.len()
    ))
}

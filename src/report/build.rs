//! One builder for every kind of report: facts first, then the kind's sections, then what stands
//! above them.

use polars::prelude::PolarsResult;

use super::facts::Facts;
use super::inputs::Inputs;
use super::kind::{Audience, Kind};
use super::ledger::Since;
use super::parts::{Report, Totals};
use super::read::{Usage, figures};
use super::topic::Topic;
use super::{headline, kpis, sections, trust, words};
use crate::metrics::dimensions::Dimension;
use crate::metrics::metric::Metric;

/// Most accounts or regions that the masthead names.
const LISTED: usize = 6;

/// Version of the report's layout in JSON; `docs/report-json.md` says what is in it.
const SCHEMA: u32 = 1;

/// The report of a kind, for an audience.
///
/// # Errors
/// When a frame can't be read.
pub fn build(kind: Kind, audience: Option<Audience>, inputs: &Inputs) -> PolarsResult<Report> {
    let facts = Facts::gather(inputs)?;
    let topics = kind.topics(audience);
    // Key figures are of days and weeks; of an hour they would say nothing.
    let kpis = if kind == Kind::Incident { Vec::new() } else { kpis::tiles(&facts)? };
    let sections = sections::all(&facts, topics, &kpis)?;
    let headline = headline::headline(&facts, kind.focus(audience))?;
    let mut report = Report {
        schema: SCHEMA,
        kind: kind.name(),
        audience: audience.map(Audience::name),
        title: title(kind, audience),
        subtitle: subtitle(kind, inputs),
        period_name: file_part(kind, inputs),
        period: inputs.period,
        previous_period: inputs.previous_period,
        timezone: inputs.timezone.name().to_owned(),
        generated: inputs.generated,
        meta: masthead(&facts)?,
        totals: totals(&facts),
        trust: trust::bar(&facts),
        headline,
        attention: headline::attention(&facts, &kpis),
        kpis,
        sections,
        anomalies: sections::all_anomalies(&facts),
        findings: sections::all_findings(&facts),
        reproduce: inputs.reproduce.clone(),
    };
    if topics.contains(&Topic::Changes) {
        let changes = sections::changes::section(&facts, &report);
        mark_new(&mut report, &inputs.since);
        // Where there is nothing to compare with, the reason stands last but the method.
        let place = match changes.empty {
            None => 0,
            Some(_) => report.sections.len().saturating_sub(1),
        };
        report.sections.insert(place, changes);
    }
    Ok(report)
}

/// Says which findings the last report did not name, where they stand.
fn mark_new(report: &mut Report, since: &Since) {
    let Since::Report(entry) = since else { return };
    let in_sections = report.sections.iter_mut().flat_map(|section| &mut section.findings);
    let listed = [&mut report.anomalies, &mut report.findings].into_iter().flatten().flatten();
    for finding in in_sections.chain(listed).filter(|finding| finding.state.is_none()) {
        let is_known = entry.findings.iter().any(|kept| kept.id == finding.id);
        finding.state = Some(if is_known { "open" } else { "new" });
    }
}

/// An incident is of hours, all else of days.
fn subtitle(kind: Kind, inputs: &Inputs) -> String {
    match kind {
        Kind::Incident => {
            let span = words::span(inputs.period.from, inputs.period.to, inputs.timezone);
            format!("{span} {}, {}", inputs.timezone.name(), inputs.period.from.format("%Y"))
        }
        _ => words::subtitle(inputs.period, inputs.timezone),
    }
}

fn file_part(kind: Kind, inputs: &Inputs) -> String {
    let name = words::file_part(inputs.period, inputs.timezone);
    match kind {
        Kind::Incident => format!("{name}-{}", inputs.period.from.format("%H%M")),
        _ => name,
    }
}

fn title(kind: Kind, audience: Option<Audience>) -> String {
    let title = kind.title();
    match audience {
        Some(Audience::Technical) => format!("{title} for engineers"),
        Some(Audience::Management) => format!("{title} for management"),
        Some(Audience::Security) => format!("{title} for security"),
        Some(Audience::Finance) => format!("{title} for finance"),
        None => title.to_owned(),
    }
}

fn totals(facts: &Facts<'_>) -> Totals {
    Totals {
        requests: facts.current.count(Metric::Requests),
        errors: facts.current.count(Metric::Errors),
        cost_usd: facts.current.usd(Metric::CostUsd),
        log_coverage: facts.coverage.share(),
        price_coverage: facts.pricing.share(),
    }
}

fn masthead(facts: &Facts<'_>) -> PolarsResult<Vec<(String, String)>> {
    let names = |dimension: Dimension| -> PolarsResult<String> {
        let groups =
            figures(&facts.inputs.current, &[dimension], &[Metric::Requests], facts.zone())?;
        let known: Vec<&str> = groups.iter().filter_map(Usage::key).collect();
        Ok(match known.as_slice() {
            [] => "none".to_owned(),
            few if few.len() <= LISTED => few.join(", "),
            many => format!("{} and {} more", many[..LISTED].join(", "), many.len() - LISTED),
        })
    };
    let line = |label: &str, value: String| (label.to_owned(), value);
    let mut meta = Vec::new();
    let chosen = &facts.inputs.scope.words;
    meta.extend(chosen.iter().map(|(label, value)| line(&format!("Only {label}"), value.clone())));
    meta.extend([
        line("Accounts", names(Dimension::Account)?),
        line("Regions", names(Dimension::Region)?),
        line("Version", format!("bedrock-lens {}", facts.inputs.version)),
    ]);
    Ok(meta)
}

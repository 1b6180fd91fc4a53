//! Detections as evidence, and as lines of the report.

use super::super::Error;
use super::evidence;
use super::outages::moment;
use super::target::Target;
use crate::audit::detections::{Detections, Finding, RuleVerdict, Severity};
use crate::period::Period;
use crate::report::pack::{FindingLine, RuleCounts};

/// Heads of a finding's row.
const FINDING: [&str; 12] = [
    "rule",
    "title",
    "severity",
    "techniques",
    "from",
    "to",
    "principal",
    "account_id",
    "group",
    "rows",
    "of_rows",
    "query",
];

/// Heads of a row of evidence.
const EVIDENCE: [&str; 6] = ["finding", "group", "event_time", "id", "object", "record"];

/// Writes rules, findings, and the rows behind the findings of each rule.
///
/// # Errors
/// When a file can't be written.
pub(super) fn write(target: &mut Target, found: &Detections) -> Result<(), Error> {
    let rows = found.rules.iter().map(|rule| {
        vec![
            rule.rule.clone(),
            rule.title.clone(),
            rule.severity.as_str().to_owned(),
            super::outages::name(&rule.verdict),
            rule.reason.clone().unwrap_or_default(),
            rule.findings.to_string(),
        ]
    });
    let heads = ["rule", "title", "severity", "verdict", "reason", "findings"];
    evidence::table(target, "evidence/detection-rules.csv", &heads, rows)?;
    evidence::table(target, "evidence/findings.csv", &FINDING, found.findings.iter().map(finding))?;
    for rule in &found.rules {
        let of_rule = |(_, finding): &(usize, &Finding)| finding.rule == rule.rule;
        let mut findings = (1..).zip(&found.findings).filter(of_rule).peekable();
        if findings.peek().is_none() {
            continue;
        }
        let rows = findings.flat_map(|(number, finding)| {
            let row = move |row: &crate::audit::detections::Evidence| {
                vec![
                    number.to_string(),
                    group(finding),
                    moment(Some(row.event_time)),
                    row.id.clone().unwrap_or_default(),
                    row.object.clone(),
                    row.record.to_string(),
                ]
            };
            finding.evidence.iter().map(row)
        });
        let path = format!("evidence/detections/{}.csv", rule.rule);
        evidence::table(target, &path, &EVIDENCE, rows)?;
    }
    Ok(())
}

fn finding(finding: &Finding) -> Vec<String> {
    vec![
        finding.rule.clone(),
        finding.title.clone(),
        finding.severity.as_str().to_owned(),
        finding.techniques.join(" "),
        moment(Some(finding.from)),
        moment(Some(finding.to)),
        finding.principal.clone().unwrap_or_default(),
        finding.account_id.clone().unwrap_or_default(),
        group(finding),
        finding.rows.to_string(),
        finding.of_rows.map(|rows| rows.to_string()).unwrap_or_default(),
        finding.query.clone(),
    ]
}

fn group(finding: &Finding) -> String {
    let parts = finding
        .group
        .iter()
        .map(|(name, value)| format!("{name}={}", value.as_deref().unwrap_or_default()));
    parts.collect::<Vec<_>>().join("; ")
}

/// The findings as the report shows them.
pub(super) fn lines(found: &Detections) -> Vec<FindingLine> {
    let line = |finding: &Finding| FindingLine {
        rule: finding.rule.clone(),
        title: finding.title.clone(),
        severity: finding.severity.as_str(),
        is_grave: finding.severity >= Severity::High,
        principal: finding.principal.clone(),
        period: Period { from: finding.from, to: finding.to },
        rows: finding.rows.unsigned_abs(),
    };
    found.findings.iter().map(line).collect()
}

/// Rules by what became of them.
pub(super) fn rules(found: &Detections) -> RuleCounts {
    let number = |verdict| found.rules.iter().filter(|rule| rule.verdict == verdict).count() as u64;
    RuleCounts {
        fired: number(RuleVerdict::Fired),
        quiet: number(RuleVerdict::Quiet),
        not_evaluated: number(RuleVerdict::NotEvaluated),
    }
}

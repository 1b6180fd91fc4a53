//! Findings of the detections, gravest first.

use chrono::{DateTime, Utc};

use super::super::parts::{Prose, RowRole, Tone, Value};
use super::Sheet;
use super::inputs::{FindingLine, PackInputs};
use super::table::{count, figure, id, row, table, text, toned, words};

/// Most findings that the sheet shows.
const SHOWN: usize = 25;

/// The sheet.
pub(super) fn sheet(inputs: &PackInputs<'_>) -> Sheet {
    let rules = inputs.rules;
    let asked = rules.fired + rules.quiet;
    let mut sheet = Sheet {
        id: "findings",
        label: "Findings",
        heading: heading(inputs, asked),
        figure: None,
        tables: Vec::new(),
        notes: vec![
            Prose::default()
                .value(Value::Count(asked + rules.not_evaluated))
                .say(" detection rules: ")
                .value(Value::Count(rules.fired))
                .say(" found something, ")
                .value(Value::Count(rules.quiet))
                .say(" found nothing, ")
                .value(Value::Count(rules.not_evaluated))
                .say(
                    " could not be asked. Every rule with its reason stands in \
                     evidence/detection-rules.csv, every finding with the command that shows all of \
                     its rows in evidence/findings.csv, the first ten rows of each in \
                     evidence/detections.",
                ),
        ],
        empty: None,
    };
    if asked == 0 {
        sheet.empty = Some(Prose::text("No detection rule could be asked."));
    } else if inputs.findings.is_empty() {
        sheet.empty = Some(Prose::text(
            "The rules ran over all events and calls of the period and found nothing.",
        ));
    } else {
        sheet.tables.push(listed(&inputs.findings));
    }
    sheet
}

fn heading(inputs: &PackInputs<'_>, asked: u64) -> Prose {
    let grave = inputs.findings.iter().filter(|one| one.is_grave).count() as u64;
    let all = inputs.findings.len() as u64;
    if asked == 0 {
        return Prose::text("Detections were not evaluated.");
    }
    match all {
        0 => Prose::default()
            .value(Value::Count(asked))
            .say(" detection rules were asked and found nothing."),
        all => Prose::default()
            .value(Value::Count(all))
            .say(if all == 1 { " finding, " } else { " findings, " })
            .value(Value::Count(grave))
            .say(" of high severity or above."),
    }
}

fn listed(findings: &[FindingLine]) -> super::super::parts::Table {
    let columns = vec![
        text("severity", "Severity"),
        text("title", "What was found"),
        text("principal", "Principal"),
        text("when", "First and last, UTC"),
        figure("rows", "Rows"),
    ];
    let mut rows: Vec<_> = findings.iter().take(SHOWN).map(line).collect();
    let rest = findings.len().saturating_sub(SHOWN);
    if rest > 0 {
        let left_out: u64 = findings[SHOWN..].iter().map(|one| one.rows).sum();
        rows.push(row(
            RowRole::Note,
            vec![
                words(format!("{rest} more")),
                words("in evidence/findings.csv"),
                words(""),
                words(""),
                count(left_out),
            ],
        ));
    }
    table("Findings", columns, rows)
}

fn line(finding: &FindingLine) -> super::super::parts::TableRow {
    let show = |at: DateTime<Utc>| at.format("%Y-%m-%d %H:%M").to_string();
    let (from, to) = (show(finding.period.from), show(finding.period.to));
    let when = if from == to { from } else { format!("{from} to {to}") };
    let tone = if finding.is_grave { Tone::Bad } else { Tone::Neutral };
    row(
        RowRole::Body,
        vec![
            toned(Value::Text(finding.severity.to_owned()), tone),
            Value::Lines(finding.title.clone(), finding.rule.clone()).into(),
            id(finding.principal.as_deref()),
            words(when),
            count(finding.rows),
        ],
    )
}

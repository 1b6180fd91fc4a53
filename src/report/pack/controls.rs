//! Controls: what was tested over the period, with what result, by framework.

use std::collections::BTreeMap;

use super::super::parts::{Missing, Prose, RowRole, Table, TableCell, TableRow, Tone, Value};
use super::Sheet;
use super::inputs::{ControlLine, ControlVerdict, PackInputs};
use super::table::{bad_if_any, count, figure, row, table, text, toned, words};

/// Results by framework, for the cover.
pub(super) fn by_framework(inputs: &PackInputs<'_>) -> Option<Table> {
    if inputs.controls.is_empty() {
        return None;
    }
    let columns = vec![
        text("framework", "Framework"),
        figure("controls", "Controls"),
        figure("pass", "Pass"),
        figure("fail", "Fail"),
        figure("not_evaluated", "Not evaluated"),
    ];
    let rows = frameworks(inputs).into_iter().map(|(framework, lines)| {
        row(
            RowRole::Body,
            vec![
                words(framework),
                count(lines.len() as u64),
                count(number(&lines, ControlVerdict::Pass)),
                bad_if_any(number(&lines, ControlVerdict::Fail)),
                count(number(&lines, ControlVerdict::NotEvaluated)),
            ],
        )
    });
    Some(table("Result by framework", columns, rows.collect()))
}

/// Lines by framework, both in the order given.
fn frameworks<'a>(inputs: &'a PackInputs<'_>) -> Vec<(&'a str, Vec<&'a ControlLine>)> {
    let mut order: Vec<&str> = Vec::new();
    let mut lines: BTreeMap<&str, Vec<&ControlLine>> = BTreeMap::new();
    for line in &inputs.controls {
        if !lines.contains_key(line.framework.as_str()) {
            order.push(&line.framework);
        }
        lines.entry(&line.framework).or_default().push(line);
    }
    order.into_iter().map(|name| (name, lines.remove(name).unwrap_or_default())).collect()
}

fn number(lines: &[&ControlLine], verdict: ControlVerdict) -> u64 {
    lines.iter().filter(|line| line.verdict == verdict).count() as u64
}

/// What results are, and are not.
pub(super) fn note(inputs: &PackInputs<'_>) -> Prose {
    if inputs.controls.is_empty() {
        return Prose::text("No control was tested.");
    }
    let all: Vec<&ControlLine> = inputs.controls.iter().collect();
    let counted = |verdict| Value::Count(number(&all, verdict));
    Prose::text("Of ")
        .value(Value::Count(all.len() as u64))
        .say(" mapped controls ")
        .value(counted(ControlVerdict::Pass))
        .say(" pass, ")
        .value(counted(ControlVerdict::Fail))
        .say(" fail and ")
        .value(counted(ControlVerdict::NotEvaluated))
        .say(" are not evaluated, see ")
        .link("controls", "section 2")
        .say(
            ". A test result is evidence for a control, not an attestation; the mapping is a \
             proposal for your auditor to confirm.",
        )
}

/// The sheet: every control, framework by framework.
pub(super) fn sheet(inputs: &PackInputs<'_>) -> Sheet {
    let all: Vec<&ControlLine> = inputs.controls.iter().collect();
    let mut sheet = Sheet {
        id: "controls",
        label: "Control matrix",
        heading: Prose::text("No control was tested."),
        figure: None,
        tables: Vec::new(),
        notes: Vec::new(),
        empty: Some(Prose::text("No control is mapped.")),
    };
    if all.is_empty() {
        return sheet;
    }
    let failed = number(&all, ControlVerdict::Fail);
    let open = number(&all, ControlVerdict::NotEvaluated);
    sheet.heading = Prose::default()
        .value(Value::Count(failed))
        .say(" of ")
        .value(Value::Count(all.len() as u64))
        .say(if failed == 1 { " control tests fails; " } else { " control tests fail; " })
        .value(Value::Count(open))
        .say(" cannot be answered from these logs alone.");
    let columns = vec![
        text("control", "Control"),
        text("test", "What it asks for, and what was tested over the period"),
        text("result", "Result"),
        figure("evidence_rows", "Evidence rows"),
    ];
    let mut rows = Vec::new();
    for (framework, lines) in frameworks(inputs) {
        rows.push(row(RowRole::Group, vec![words(framework), words(""), words(""), words("")]));
        rows.extend(lines.into_iter().map(line));
    }
    sheet.tables.push(table("Control tests", columns, rows));
    sheet.notes.push(Prose::text(
        "Evidence rows: rows in evidence/controls behind the result. 0 means that the search ran over \
         all rows of the period and found none; a dash means that nothing could be searched.",
    ));
    sheet.empty = None;
    sheet
}

fn line(line: &ControlLine) -> TableRow {
    let evidence: TableCell = match line.evidence_rows {
        Some(rows) => Value::Count(rows).into(),
        None => Value::Missing(Missing::NotApplicable).into(),
    };
    row(
        RowRole::Body,
        vec![
            words(&line.control),
            Value::Lines(line.title.clone(), told(line)).into(),
            result(line.verdict),
            evidence,
        ],
    )
}

/// What was tested, and what came of it.
fn told(line: &ControlLine) -> String {
    let parts = [line.test.as_str(), line.reason.as_str()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ")
}

fn result(verdict: ControlVerdict) -> TableCell {
    let (word, tone) = match verdict {
        ControlVerdict::Pass => ("Pass", Tone::Good),
        ControlVerdict::Fail => ("Fail", Tone::Bad),
        ControlVerdict::NotEvaluated => ("Not evaluated", Tone::Mute),
    };
    toned(Value::Status(word), tone)
}

//! Controls as evidence, and as lines of the report.

use super::super::{ControlsAnswer, Error};
use super::evidence;
use super::outages::{moment, name};
use super::target::Target;
use crate::audit::controls::{
    ControlResult, ControlsResult, Verdict, VerificationFacts, VerifiedHours,
};
use crate::audit::detections::Evidence;
use crate::audit::integrity::Verification;
use crate::report::pack::{ControlLine, ControlVerdict};

/// Heads of a control's row.
const CONTROL: [&str; 8] =
    ["framework", "framework_title", "control", "title", "tested", "verdict", "reason", "limits"];

/// Heads of a test's row.
const TEST: [&str; 7] =
    ["framework", "control", "test", "expects", "verdict", "because", "queries"];

/// Heads of a row of evidence.
const EVIDENCE: [&str; 5] = ["test", "event_time", "id", "object", "record"];

/// Writes every control, every test, and the rows behind each control.
///
/// # Errors
/// When a file can't be written.
pub(super) fn write(target: &mut Target, answer: &ControlsAnswer) -> Result<(), Error> {
    let all = || {
        let frameworks = answer.frameworks.iter();
        frameworks.flat_map(|one| one.controls.iter().map(move |control| (one, control)))
    };
    let rows = all().map(|(framework, control)| control_cells(framework, control));
    evidence::table(target, "evidence/controls.csv", &CONTROL, rows)?;
    let rows = all().flat_map(|(framework, control)| {
        control.tests.iter().map(|test| {
            vec![
                framework.framework.clone(),
                control.id.clone(),
                test.test.to_owned(),
                test.expects.clone(),
                name(&test.verdict),
                test.because.clone(),
                test.queries.join(" ; "),
            ]
        })
    });
    evidence::table(target, "evidence/control-tests.csv", &TEST, rows)?;
    for (framework, control) in all().filter(|(_, control)| evidence_rows(control) > 0) {
        let rows = control.tests.iter().flat_map(|test| {
            let row = |row: &Evidence| {
                vec![
                    test.test.to_owned(),
                    moment(Some(row.event_time)),
                    row.id.clone().unwrap_or_default(),
                    row.object.clone(),
                    row.record.to_string(),
                ]
            };
            test.evidence.iter().map(row).collect::<Vec<_>>()
        });
        let path =
            format!("evidence/controls/{}-{}.csv", plain(&framework.framework), plain(&control.id));
        evidence::table(target, &path, &EVIDENCE, rows)?;
    }
    Ok(())
}

fn control_cells(framework: &ControlsResult, control: &ControlResult) -> Vec<String> {
    vec![
        framework.framework.clone(),
        framework.title.clone(),
        control.id.clone(),
        control.title.clone(),
        control.tested.clone(),
        name(&control.verdict),
        control.reason.clone().unwrap_or_default(),
        control.limits.clone(),
    ]
}

/// A name as part of a file's: letters, digits, dots and dashes.
fn plain(name: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
    name.chars().map(kept).collect::<String>().trim_matches('-').to_owned()
}

fn evidence_rows(control: &ControlResult) -> u64 {
    control.tests.iter().map(|test| test.evidence.len() as u64).sum()
}

/// The controls as the report shows them.
pub(super) fn lines(answer: &ControlsAnswer) -> Vec<ControlLine> {
    let line = |framework: &ControlsResult, control: &ControlResult| ControlLine {
        framework: framework.title.clone(),
        control: control.id.clone(),
        title: control.title.clone(),
        test: control.tested.clone(),
        verdict: match control.verdict {
            Verdict::Pass => ControlVerdict::Pass,
            Verdict::Fail => ControlVerdict::Fail,
            Verdict::NotEvaluated => ControlVerdict::NotEvaluated,
        },
        // Marks of code that only a terminal shows as such.
        reason: control.reason.as_deref().unwrap_or_default().replace('`', ""),
        evidence_rows: (control.verdict != Verdict::NotEvaluated).then(|| evidence_rows(control)),
    };
    let frameworks = answer.frameworks.iter();
    frameworks.flat_map(|one| one.controls.iter().map(move |control| line(one, control))).collect()
}

/// What a check of the digests tells controls.
pub(super) fn facts(verification: &Verification) -> VerificationFacts {
    VerificationFacts {
        verdict: name(&verification.verdict),
        hours: VerifiedHours {
            expected: verification.hours.expected,
            proven: verification.hours.proven,
        },
        from: verification.range.map(|range| range.from),
        to: verification.range.map(|range| range.to),
    }
}

//! Compliance: what the controls of frameworks come to, as far as logs can show them.

use crate::audit::controls::{ControlResult, ControlsResult, STATEMENT, Verdict};
use crate::report::facts::Facts;
use crate::report::parts::{
    Empty, Finding, Missing, Prose, RowRole, Section, Severity, Table, TableRow, Tone, Value,
};
use crate::report::words::{self, parts_column, text_column};

/// Most failed controls listed; the commands show all.
const LISTED: usize = 20;

pub(super) fn section(facts: &Facts<'_>) -> Section {
    let frameworks = &facts.insights().controls;
    let command =
        |framework: &str| facts.command_of_all(&format!("audit controls --framework {framework}"));
    if frameworks.is_empty() {
        return not_asked(command("soc2"));
    }
    let mut section = super::bare("compliance", "Controls", takeaway(frameworks));
    section.tables = vec![by_framework(frameworks)];
    section.findings = frameworks
        .iter()
        .flat_map(|framework| {
            let query = command(&framework.framework);
            let failed = framework.controls.iter().filter(|one| one.verdict == Verdict::Fail);
            failed.map(move |control| finding(framework, control, &query)).collect::<Vec<_>>()
        })
        .take(LISTED)
        .collect();
    section.notes = vec![Prose::text(STATEMENT)];
    section.queries = frameworks.iter().map(|framework| command(&framework.framework)).collect();
    section
}

fn not_asked(query: String) -> Section {
    let takeaway =
        Prose::text("Not reported: controls are tested over everything, not over a part.");
    let mut section = super::bare("compliance", "Controls", takeaway);
    section.empty = Some(Empty {
        why: Prose::text("The report is about a part of the requests."),
        fill: Prose::marked(
            "The report without `--account`, `--region`, `--team`, `--model` and `--where`.",
        ),
        check: query,
    });
    section
}

fn sum(frameworks: &[ControlsResult], of: fn(&ControlsResult) -> usize) -> u64 {
    frameworks.iter().map(|framework| of(framework) as u64).sum()
}

fn takeaway(frameworks: &[ControlsResult]) -> Prose {
    let all = sum(frameworks, |one| one.controls.len());
    let (failed, open) =
        (sum(frameworks, |one| one.counts.fail), sum(frameworks, |one| one.counts.not_evaluated));
    Prose::default()
        .value(Value::Count(failed))
        .say(" of ")
        .value(Value::Count(all))
        .say(words::counted(failed, " control tests fails; ", " control tests fail; "))
        .value(Value::Count(open))
        .say(" can’t be answered from these logs.")
}

fn by_framework(frameworks: &[ControlsResult]) -> Table {
    let row = |role, name: Value, counts: [u64; 4]| TableRow {
        role,
        swatch: None,
        cells: std::iter::once(name).chain(counts.map(Value::Count)).map(Into::into).collect(),
    };
    let counts = |one: &ControlsResult| {
        [one.controls.len(), one.counts.pass, one.counts.fail, one.counts.not_evaluated]
            .map(|n| n as u64)
    };
    let mut rows: Vec<TableRow> = frameworks
        .iter()
        .map(|one| {
            let mut row = row(RowRole::Body, Value::Text(one.title.clone()), counts(one));
            if one.counts.fail > 0 {
                row.cells[3].tone = Tone::Bad;
            }
            row
        })
        .collect();
    let total = frameworks
        .iter()
        .map(counts)
        .fold([0; 4], |sum, one| [0, 1, 2, 3].map(|n| sum[n] + one[n]));
    rows.push(row(RowRole::Total, Value::Text("Total".to_owned()), total));
    Table {
        caption: "Controls by framework".to_owned(),
        show_caption: false,
        wide: true,
        columns: vec![
            text_column("framework", "Framework"),
            parts_column("controls", "Controls", None),
            parts_column("pass", "Pass", None),
            parts_column("fail", "Fail", None),
            parts_column("not_evaluated", "Not evaluated", None),
        ],
        rows,
    }
}

fn finding(framework: &ControlsResult, control: &ControlResult, query: &str) -> Finding {
    let reason = control.reason.clone().map_or(Value::Missing(Missing::Unknown), Value::Text);
    Finding {
        id: format!("control {} {}", framework.framework, control.id),
        severity: Severity::Medium,
        title: Prose::text(format!("{} {}: {}", framework.title, control.id, control.title)),
        period: None,
        detail: Prose::text(format!("{}: ", control.tested)).value(reason),
        state: None,
        query: query.to_owned(),
    }
}

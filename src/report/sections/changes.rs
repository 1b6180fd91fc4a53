//! What changed since the last report of this kind: figures, targets, findings.

use crate::report::compare::quiet;
use crate::report::facts::Facts;
use crate::report::ledger::{self, Entry, KeptFinding, Since};
use crate::report::parts::{
    Empty, Finding, Missing, Prose, Report, RowRole, Section, Table, TableCell, TableRow, Value,
};
use crate::report::words::{self, figure_column, text_column};

/// Most findings named.
const LISTED: usize = 8;

/// The section, of a report that is otherwise finished.
pub(in crate::report) fn section(facts: &Facts<'_>, report: &Report) -> Section {
    let entry = match &facts.inputs.since {
        Since::Report(entry) => entry,
        since => return nothing_earlier(report, since),
    };
    let findings = ledger::findings(report);
    let is_known = |id: &str| entry.findings.iter().any(|kept| kept.id == id);
    let new: Vec<&Finding> =
        findings.iter().filter(|finding| !is_known(&finding.id)).copied().collect();
    let closed: Vec<&KeptFinding> = entry
        .findings
        .iter()
        .filter(|kept| !findings.iter().any(|finding| finding.id == kept.id))
        .collect();
    let crossed = crossed(report, entry);
    let takeaway = takeaway(facts, entry, (&new, &closed), &crossed);
    let mut section = super::bare("changes", "Since the last report", takeaway);
    section.tables = vec![table(report, entry)];
    section.findings = of_findings(report, &new, &closed);
    section.notes = vec![
        Prose::text("The last report: ")
            .say(words::dates(
                crate::period::Period { from: entry.from, to: entry.to },
                facts.zone(),
            ))
            .say(", made ")
            .value(Value::Time(entry.generated))
            .say(format!(", grade {}. A new finding is one that it did not name.", entry.grade)),
    ];
    section.queries = vec![report.reproduce.clone()];
    section
}

fn nothing_earlier(report: &Report, since: &Since) -> Section {
    let (why, fill) = match since {
        Since::NotKept => (
            "The report is made without a store, so nothing is kept from run to run.",
            "`bedrock-lens ingest SOURCE`, then reports from the store.",
        ),
        _ => (
            "The store knows no earlier report of this kind, audience and scope.",
            "The next one: the figures and findings of this report are kept in the store.",
        ),
    };
    let takeaway = Prose::text("Not reported: there is no earlier report to compare with.");
    let mut section = super::bare("changes", "Since the last report", takeaway);
    section.empty = Some(Empty {
        why: Prose::text(why),
        fill: Prose::marked(fill),
        check: report.reproduce.clone(),
    });
    section
}

/// Targets that were met and are missed, or the other way round: label, and whether met now.
fn crossed(report: &Report, entry: &Entry) -> Vec<(String, bool)> {
    ledger::figures(report)
        .into_iter()
        .filter_map(|now| {
            let then = entry.figure(&now.key)?.met?;
            now.met.filter(|met| *met != then).map(|met| (now.label, met))
        })
        .collect()
}

fn takeaway(
    facts: &Facts<'_>,
    entry: &Entry,
    (new, closed): (&[&Finding], &[&KeptFinding]),
    crossed: &[(String, bool)],
) -> Prose {
    let last = words::period_name(
        crate::period::Period { from: entry.from, to: entry.to },
        facts.zone(),
        "the last report",
    );
    let (opened, gone) = (new.len() as u64, closed.len() as u64);
    let sentence = Prose::text(format!("Since {last}: "))
        .value(Value::Count(opened))
        .say(words::counted(opened, " new finding, ", " new findings, "))
        .value(Value::Count(gone))
        .say(" no longer found");
    let names = |met: bool| -> Vec<&str> {
        crossed.iter().filter(|(_, now)| *now == met).map(|(label, _)| label.as_str()).collect()
    };
    let said = |sentence: Prose, names: &[&str], what: &str| match names {
        [] => sentence,
        names => sentence.say(format!("; {what}: {}", words::list(names).to_lowercase())),
    };
    let sentence = said(sentence, &names(false), "now missed");
    said(sentence, &names(true), "now met").say(".")
}

fn table(report: &Report, entry: &Entry) -> Table {
    let rows = ledger::figures(report).into_iter().map(|now| {
        let then = entry.figure(&now.key);
        let change: TableCell =
            then.map_or_else(|| quiet(Missing::New), |then| now.value.change(then.value).into());
        let word = |met: Option<bool>| match met {
            Some(true) => "met",
            Some(false) => "missed",
            None => "",
        };
        let target = match (then.and_then(|then| then.met), now.met) {
            (Some(then), Some(met)) if then != met => {
                format!("{}, was {}", word(Some(met)), word(Some(then)))
            }
            (_, met) => word(met).to_owned(),
        };
        TableRow {
            role: RowRole::Body,
            swatch: None,
            cells: vec![
                Value::Text(now.label).into(),
                then.map_or_else(|| quiet(Missing::Unknown), |then| then.value.value().into()),
                now.value.value().into(),
                change,
                Value::Text(target).into(),
            ],
        }
    });
    Table {
        caption: "Figures, then and now".to_owned(),
        show_caption: false,
        wide: true,
        columns: vec![
            text_column("figure", "Figure"),
            figure_column("then", "Last report", None),
            figure_column("now", "This report", None),
            figure_column("change", "Change", None),
            text_column("target", "Target"),
        ],
        rows: rows.collect(),
    }
}

/// New findings, then those that are no longer found.
fn of_findings(report: &Report, new: &[&Finding], closed: &[&KeptFinding]) -> Vec<Finding> {
    let opened =
        new.iter().take(LISTED).map(|finding| Finding { state: Some("new"), ..(*finding).clone() });
    let gone = closed.iter().take(LISTED).map(|kept| Finding {
        id: kept.id.clone(),
        severity: kept.severity,
        title: Prose::text(kept.title.clone()),
        period: None,
        detail: Prose::text("Named by the last report, not found in this period."),
        state: Some("closed"),
        query: report.reproduce.clone(),
    });
    opened.chain(gone).collect()
}

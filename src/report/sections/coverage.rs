//! Log coverage: calls that CloudTrail saw, and which of them have an invocation log.

use super::label;
use crate::report::compare::{or_missing, share};
use crate::report::facts::Facts;
use crate::report::parts::{
    Empty, Event, Figure, Missing, Prose, RowRole, Section, Severity, Table, TableRow, Value,
};
use crate::report::trust::{Gap, PlaceCoverage, Verdict};
use crate::report::words::{self, figure_column, parts_column, text_column};

/// Most places listed.
const ROWS: usize = 15;

pub(super) fn section(facts: &Facts<'_>) -> Section {
    let coverage = &facts.coverage;
    let query = facts.command_of_all("audit coverage --by account,region");
    if coverage.verdict() != Verdict::Known {
        return not_known(facts, query);
    }
    let mut section = super::bare("coverage", "Log coverage", takeaway(facts));
    let gaps = coverage.known_gaps();
    section.figure = (!gaps.is_empty()).then(|| strip(facts, gaps));
    section.tables = vec![table(&coverage.places)];
    if let Some(counts) = super::cloudwatch::three_counts(facts) {
        section.tables.push(counts);
        section.queries.push(facts.command_of_all("audit counts --by day"));
    }
    section.notes = vec![Prose::text(
        "Called: Converse and InvokeModel calls in CloudTrail, failed ones included. A call without a log \
         was made where logging was off, or its log was not delivered.",
    )];
    section.queries.insert(0, query);
    section
}

fn not_known(facts: &Facts<'_>, query: String) -> Section {
    let coverage = &facts.coverage;
    let (why, fill) = match coverage.verdict() {
        Verdict::OtherScope => (
            "CloudTrail knows accounts and Regions of calls, not what this report selects by.",
            "The report without `--team`, `--model` and `--where`.",
        ),
        Verdict::NoJoin => (
            "No request id of CloudTrail is in the invocation log, so the two can’t be matched.",
            "Logs and events of the same accounts and days.",
        ),
        Verdict::NoEvents | Verdict::Known => (
            "CloudTrail shows no model call of this period, so unlogged calls can’t be seen.",
            "CloudTrail logs with management events of Bedrock: `bedrock-lens ingest SOURCE`.",
        ),
    };
    let takeaway = Prose::text("Not reported: log coverage can’t be known.");
    let mut section = super::bare("coverage", "Log coverage", takeaway);
    section.empty = Some(Empty { why: Prose::text(why), fill: Prose::marked(fill), check: query });
    section
}

fn takeaway(facts: &Facts<'_>) -> Prose {
    let coverage = &facts.coverage;
    let gaps = coverage.known_gaps().len() as u64;
    let sentence = Prose::default()
        .value(Value::Count(coverage.unlogged))
        .say(" of ")
        .value(Value::Count(coverage.called))
        .say(words::counted(coverage.called, " call has", " calls have"))
        .say(" no invocation log");
    match gaps {
        0 => sentence.say("; no hour of an account and Region is without any."),
        n => sentence.say("; ").value(Value::Count(n)).say(words::counted(
            n,
            " gap of whole hours.",
            " gaps of whole hours.",
        )),
    }
}

fn strip(facts: &Facts<'_>, gaps: &[Gap]) -> Figure {
    let mut places: Vec<(String, Vec<&Gap>)> = Vec::new();
    for gap in gaps {
        let name = format!("{} {}", gap.account, gap.region);
        match places.iter_mut().find(|(known, _)| *known == name) {
            Some((_, of_place)) => of_place.push(gap),
            None => places.push((name, vec![gap])),
        }
    }
    let rows = places
        .into_iter()
        .take(ROWS)
        .map(|(label, gaps)| Event {
            id: String::new(),
            label,
            severity: Severity::Medium,
            spans: gaps.iter().map(|gap| (gap.from, gap.to)).collect(),
        })
        .collect();
    let figure = super::events(facts, "Hours with calls and without any log", rows);
    Figure {
        caption: Prose::text(
            "Per account and Region: stretches of whole hours with calls in CloudTrail and no log.",
        ),
        ..figure
    }
}

fn table(places: &[PlaceCoverage]) -> Table {
    let (shown, rest) = places.split_at(if places.len() > ROWS { ROWS - 1 } else { places.len() });
    let row = |role, names: [Value; 2], counts: [u64; 3]| {
        let [called, logged, unlogged] = counts;
        let [account, region] = names;
        TableRow {
            role,
            swatch: None,
            cells: vec![
                account.into(),
                region.into(),
                Value::Count(called).into(),
                Value::Count(logged).into(),
                Value::Count(unlogged).into(),
                or_missing(share(logged, called), Value::Share, Missing::NotApplicable),
            ],
        }
    };
    let counts = |place: &PlaceCoverage| [place.called, place.logged, place.unlogged];
    let sum = |places: &[PlaceCoverage]| {
        places.iter().map(counts).fold([0; 3], |sum, one| [0, 1, 2].map(|n| sum[n] + one[n]))
    };
    let mut rows: Vec<TableRow> = shown
        .iter()
        .map(|place| {
            let names = [&place.account, &place.region].map(|name| label(name.as_deref()));
            row(RowRole::Body, names, counts(place))
        })
        .collect();
    let blank = || Value::Missing(Missing::Blank);
    if !rest.is_empty() {
        let name = Value::Text(format!("{} other", rest.len()));
        rows.push(row(RowRole::Note, [name, blank()], sum(rest)));
    }
    rows.push(row(RowRole::Total, [Value::Text("Total".to_owned()), blank()], sum(places)));
    Table {
        caption: "Log coverage by account and Region".to_owned(),
        show_caption: false,
        wide: false,
        columns: vec![
            text_column("account", "Account"),
            text_column("region", "Region"),
            parts_column("called", "Called", None),
            parts_column("logged", "Logged", None),
            parts_column("unlogged", "No log", None),
            figure_column("coverage", "Coverage", None),
        ],
        rows,
    }
}

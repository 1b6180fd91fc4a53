//! What the same work could have cost: each what-if with its range, or why there is none.

use crate::insight::savings::{Nature, Saving};
use crate::metrics::metric::Metric;
use crate::report::compare::{or_missing, quiet};
use crate::report::facts::Facts;
use crate::report::parts::{
    Chart, Empty, Figure, Missing, Prose, RangeRow, Ranges, RowRole, Section, Table, TableCell,
    TableRow, Value,
};
use crate::report::words::{figure_column, text_column};
use crate::units::Usd;

/// Most ranges drawn.
const DRAWN: usize = 8;

pub(super) fn section(facts: &Facts<'_>) -> Section {
    let query = facts.command("savings");
    let Some(savings) = &facts.insights().savings else { return no_data(query) };
    let mut known: Vec<&Saving> = savings.iter().filter(|one| one.high_usd.is_some()).collect();
    known.sort_by_key(|saving| (std::cmp::Reverse(saving.high_usd), saving.kind));
    let mut section = super::bare("savings", "Savings opportunities", takeaway(facts, &known));
    section.figure = figure(&known);
    section.tables = vec![table(facts, &known)];
    section.tables.extend(without_figure(savings));
    section.notes = notes(&known);
    section.queries = vec![query];
    section
}

fn no_data(query: String) -> Section {
    let takeaway = Prose::text("Not reported: there is no request to compute what-ifs from.");
    let mut section = super::bare("savings", "Savings opportunities", takeaway);
    section.empty = Some(Empty {
        why: Prose::text("The log holds no request of this period."),
        fill: Prose::marked("Logs of the period: `bedrock-lens ingest SOURCE` reads more."),
        check: query,
    });
    section
}

/// The most that one change could have saved.
fn best<'s>(known: &[&'s Saving]) -> Option<&'s Saving> {
    let potential = |saving: &&&Saving| {
        saving.nature == Nature::Potential && saving.high_usd.is_some_and(|high| high.0 > 0)
    };
    known.iter().filter(potential).max_by_key(|saving| saving.high_usd).copied()
}

fn takeaway(facts: &Facts<'_>, known: &[&Saving]) -> Prose {
    let spend = facts.current.cost();
    let Some((saving, low, high)) =
        best(known).and_then(|best| Some((best, best.low_usd?, best.high_usd?)))
    else {
        return Prose::text("No change that the data can judge would have cost less.");
    };
    let sentence =
        Prose::text("The largest what-if would have saved ").value(Value::EstimateRange(low, high));
    let sentence = if spend.0 > 0 {
        sentence
            .say(", up to ")
            .value(Value::Share(high.to_f64() / spend.to_f64()))
            .say(" of the spend: ")
    } else {
        sentence.say(": ")
    };
    sentence.say(lower(&saving.title)).say(".")
}

/// A title inside a sentence.
fn lower(title: &str) -> String {
    let mut letters = title.chars();
    let is_name =
        title.split(' ').next().is_some_and(|word| word.chars().skip(1).any(char::is_uppercase));
    match letters.next() {
        Some(first) if !is_name => first.to_lowercase().chain(letters).collect(),
        _ => title.to_owned(),
    }
}

fn figure(known: &[&Saving]) -> Option<Figure> {
    let drawn: Vec<&&Saving> = known
        .iter()
        .filter(|saving| saving.high_usd.is_some_and(|high| high.0 > 0))
        .take(DRAWN)
        .collect();
    let row = |saving: &&&Saving| RangeRow {
        label: saving.title.clone(),
        low: Value::Estimate(saving.low_usd.unwrap_or_default().max(Usd(0))),
        likely: None,
        high: Value::Estimate(saving.high_usd.unwrap_or_default()),
    };
    let rows: Vec<RangeRow> = drawn.iter().map(row).collect();
    let mut description = Prose::text("A bar from low to high per what-if. ");
    for row in &rows {
        description = description
            .say(format!("{} ", row.label))
            .value(row.low.clone())
            .say(" to ")
            .value(row.high.clone())
            .say("; ");
    }
    (!rows.is_empty()).then(|| Figure {
        title: "Range of each what-if".to_owned(),
        description,
        caption: Prose::text(
            "USD of this period’s list cost. Left end: what is safe by the rule that the what-if states; \
             right end: everything that could be. They overlap and must not be added up.",
        ),
        chart: Chart::Ranges(Ranges { rows, limit: None }),
    })
}

fn nature(nature: Nature) -> &'static str {
    match nature {
        Nature::Realized => "saved already",
        Nature::Potential => "could be saved",
        Nature::Wasted => "spent in vain",
    }
}

fn table(facts: &Facts<'_>, known: &[&Saving]) -> Table {
    let spend = facts.current.cost();
    let share = |amount: Option<Usd>| -> TableCell {
        match amount {
            Some(amount) if spend.0 > 0 => Value::Share(amount.to_f64() / spend.to_f64()).into(),
            _ => quiet(Missing::NotApplicable),
        }
    };
    let money = |amount| or_missing(amount, Value::Usd, Missing::NotApplicable);
    let mut rows: Vec<TableRow> = known
        .iter()
        .map(|saving| TableRow {
            role: RowRole::Body,
            swatch: None,
            cells: vec![
                Value::Text(saving.title.clone()).into(),
                Value::Text(nature(saving.nature).to_owned()).into(),
                Value::Count(u64::try_from(saving.requests).unwrap_or(0)).into(),
                money(saving.low_usd),
                money(saving.high_usd),
                share(saving.high_usd),
            ],
        })
        .collect();
    rows.push(TableRow {
        role: RowRole::Aside,
        swatch: None,
        cells: vec![
            Value::Text("Spend of the period".to_owned()).into(),
            Value::Missing(Missing::Blank).into(),
            Value::Count(facts.current.count(Metric::Requests)).into(),
            Value::Missing(Missing::Blank).into(),
            money(facts.current.usd(Metric::CostUsd)),
            Value::Missing(Missing::Blank).into(),
        ],
    });
    Table {
        caption: "What-ifs".to_owned(),
        show_caption: false,
        wide: true,
        columns: vec![
            text_column("what_if", "What-if"),
            text_column("nature", "Money"),
            figure_column("requests", "Requests", None),
            figure_column("low_usd", "Low", Some("USD")),
            figure_column("high_usd", "High", Some("USD")),
            figure_column("share", "High of spend", None),
        ],
        rows,
    }
}

/// What-ifs that the data can't answer, and why.
fn without_figure(savings: &[Saving]) -> Option<Table> {
    let rows: Vec<TableRow> = savings
        .iter()
        .filter_map(|saving| {
            let reason = saving.reason.clone()?;
            let cells = vec![Value::Text(saving.title.clone()).into(), Value::Text(reason).into()];
            Some(TableRow { role: RowRole::Body, swatch: None, cells })
        })
        .collect();
    (!rows.is_empty()).then(|| Table {
        caption: "Not computed".to_owned(),
        show_caption: true,
        wide: true,
        columns: vec![text_column("what_if", "What-if"), text_column("reason", "Why")],
        rows,
    })
}

/// What must be true for the figures to hold, of those that matter most.
fn notes(known: &[&Saving]) -> Vec<Prose> {
    let potential = known.iter().filter(|one| {
        one.nature != Nature::Realized && one.high_usd.is_some_and(|high| high.0 > 0)
    });
    potential
        .take(3)
        .filter(|saving| !saving.assumptions.is_empty())
        .map(|saving| Prose::text(format!("{}: {}.", saving.title, saving.assumptions.join("; "))))
        .collect()
}

//! Budgets of the month that the period ends in: spent, projected, and the day they run out.

use crate::insight::budget::{BudgetState, Standing};
use crate::report::compare::{judged, or_missing};
use crate::report::facts::Facts;
use crate::report::inputs::Budgets;
use crate::report::parts::{
    Bar, Chart, Empty, Figure, HorizontalBars, Missing, Prose, RowRole, Section, Table, TableRow,
    Tone, Value,
};
use crate::report::words::{self, figure_column, text_column};

pub(super) fn section(facts: &Facts<'_>) -> Section {
    let budgets = facts.insights().budgets.as_ref().filter(|budgets| !budgets.states.is_empty());
    let Some(budgets) = budgets else { return none_configured(facts) };
    let month = month(facts, budgets);
    let mut section = super::bare("budgets", "Budgets", takeaway(budgets, &month));
    section.figure = figure(budgets, &month);
    section.tables = vec![table(budgets, &month)];
    section.notes = notes(budgets);
    let as_of = budgets.month.to.min(facts.inputs.period.to).min(facts.inputs.generated);
    let zone = facts.zone();
    let first = budgets.month.from.with_timezone(&zone).format("%Y-%m");
    let zone_words = if zone == chrono_tz::Tz::UTC {
        String::new()
    } else {
        format!(" --timezone {}", zone.name())
    };
    section.queries = vec![format!(
        "bedrock-lens budgets --month {first} --as-of {}{zone_words}",
        words::argument(as_of)
    )];
    section
}

fn month(facts: &Facts<'_>, budgets: &Budgets) -> String {
    budgets.month.from.with_timezone(&facts.zone()).format("%B %Y").to_string()
}

fn none_configured(facts: &Facts<'_>) -> Section {
    let takeaway = Prose::text("Not reported: no budget is configured.");
    let mut section = super::bare("budgets", "Budgets", takeaway);
    section.empty = Some(Empty {
        why: Prose::marked("The configuration has no `[[budget]]`."),
        fill: Prose::marked(
            "`[[budget]]` with an `amount` per month, for everything or for a team, cost centre, account or model.",
        ),
        check: facts.query("month", "cost_usd"),
    });
    section
}

fn takeaway(budgets: &Budgets, month: &str) -> Prose {
    let of = |standing| {
        budgets.states.iter().filter(|state| state.standing == standing).collect::<Vec<_>>()
    };
    let (spent, over) = (of(Standing::Exhausted), of(Standing::ProjectedOver));
    let sentence = match (spent.as_slice(), over.as_slice()) {
        ([state, rest @ ..], _) => named(state, "is spent").say(more(rest.len() + over.len())),
        ([], [state, rest @ ..]) => {
            let words = "is heading beyond its amount";
            let said = named(state, words).say(more(rest.len()));
            match state.exhaustion_date {
                Some(day) => said.say("; it runs out on ").value(Value::Day(day)),
                None => said,
            }
        }
        ([], []) if of(Standing::Within).len() == budgets.states.len() => {
            Prose::text(format!("Every budget of {month} lasts at the present rate"))
        }
        ([], []) => Prose::text(format!(
            "No budget of {month} is known to be at risk; some can’t be judged"
        )),
    };
    sentence.say(".")
}

fn named(state: &BudgetState, what: &str) -> Prose {
    Prose::text("The budget ").value(Value::Id(state.name.clone())).say(format!(" {what}"))
}

fn more(others: usize) -> String {
    match others {
        0 => String::new(),
        1 => ", and 1 other is at risk".to_owned(),
        n => format!(", and {n} others are at risk"),
    }
}

fn figure(budgets: &Budgets, month: &str) -> Option<Figure> {
    let bar = |state: &BudgetState| {
        let amount = state.projected_usd.or(state.spent_usd)?;
        Some(Bar {
            label: state.name.clone(),
            value: Value::Usd(amount),
            previous: Some(Value::Usd(state.amount_usd)),
            hatched: state.projected_usd.is_none(),
        })
    };
    let rows: Vec<Bar> = budgets.states.iter().filter_map(bar).collect();
    let mut description = Prose::text("Bars from zero, one per budget. ");
    for row in &rows {
        description = description.value(Value::Id(row.label.clone())).say(" ");
        description = description.value(row.value.clone()).say("; ");
    }
    (!rows.is_empty()).then(|| Figure {
        title: format!("Budgets, {month}"),
        description,
        caption: Prose::text(format!(
            "Bar: list cost projected for {month} at the present rate, USD; hatched: spent so far, no \
             projection. Tick: the budget."
        )),
        chart: Chart::HorizontalBars(HorizontalBars { rows }),
    })
}

fn notes(budgets: &Budgets) -> Vec<Prose> {
    let mut gaps: Vec<&String> = budgets.states.iter().flat_map(|state| &state.partial).collect();
    gaps.sort();
    gaps.dedup();
    let mut notes = vec![Prose::text(
        "Projection: cost of the time with data ÷ that time, carried on to the month’s end.",
    )];
    notes.extend(gaps.into_iter().map(|gap| Prose::text(format!("Partial: {gap}."))));
    notes
}

fn table(budgets: &Budgets, month: &str) -> Table {
    let rows = budgets.states.iter().map(|state| {
        let (word, tone) = standing(state.standing);
        let money = |amount| or_missing(amount, Value::Usd, Missing::Unknown);
        TableRow {
            role: RowRole::Body,
            swatch: None,
            cells: vec![
                Value::Id(state.name.clone()).into(),
                Value::Usd(state.amount_usd).into(),
                money(state.spent_usd),
                money(state.projected_usd),
                or_missing(state.exhaustion_date, Value::Day, Missing::NotApplicable),
                judged(Value::Text(word.to_owned()), tone),
            ],
        }
    });
    Table {
        caption: format!("Budgets, {month}"),
        show_caption: false,
        wide: false,
        columns: vec![
            text_column("budget", "Budget"),
            figure_column("amount_usd", "Budget", Some("USD")),
            figure_column("spent_usd", "Spent", Some("USD")),
            figure_column("projected_usd", "Projected", Some("USD")),
            figure_column("exhaustion_date", "Runs out", None),
            text_column("standing", "Standing"),
        ],
        rows: rows.collect(),
    }
}

fn standing(standing: Standing) -> (&'static str, Tone) {
    match standing {
        Standing::Within => ("within", Tone::Good),
        Standing::ProjectedOver => ("heading over", Tone::Warn),
        Standing::Exhausted => ("spent", Tone::Bad),
        Standing::Unknown => ("not known", Tone::Mute),
    }
}

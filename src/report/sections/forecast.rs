//! What spend will come to: days that were, days to come in their band, and the budget.

use crate::report::compare::judged;
use crate::report::facts::Facts;
use crate::report::inputs::{Ahead, Outlook};
use crate::report::parts::{
    Chart, Empty, Figure, ForecastDay, ForecastLine, Prose, RowRole, Section, Table, TableCell,
    TableRow, Tone, Value,
};
use crate::report::words::{self, figure_column, text_column};
use crate::schema::budget::BudgetScope;
use crate::units::Usd;

/// Days that were, in the chart.
const DRAWN: usize = 42;

pub(super) fn section(facts: &Facts<'_>) -> Section {
    let outlook = facts.insights().outlook.as_ref();
    let ahead = outlook.and_then(|outlook| Some((outlook, outlook.ahead.as_ref()?)));
    let Some((outlook, ahead)) = ahead else { return too_short(facts, outlook) };
    let budget = total_budget(facts, ahead);
    let mut section = super::bare("forecast", "Forecast", takeaway(ahead, budget));
    section.figure = Some(figure(facts, outlook, ahead, budget));
    section.tables = vec![table(ahead, budget)];
    section.notes = vec![
        Prose::text("Weekday profile with a damped trend, learnt from ")
            .value(Value::Count(outlook.known_days as u64))
            .say(" known days; the bands are as wide as its errors in the back-test were. An estimate."),
    ];
    section.queries = vec![command(facts)];
    section
}

/// The forecast as it was possible at the end of the period.
fn command(facts: &Facts<'_>) -> String {
    let as_of = facts.inputs.period.to.min(facts.inputs.generated);
    let zone = facts.zone();
    let filter = facts.inputs.scope.filter.as_deref();
    let filter =
        filter.map(|text| format!(" --where {}", crate::shell::word(text))).unwrap_or_default();
    let zone = if zone == chrono_tz::Tz::UTC {
        String::new()
    } else {
        format!(" --timezone {}", zone.name())
    };
    format!("bedrock-lens forecast --as-of {}{filter}{zone}", words::argument(as_of))
}

fn too_short(facts: &Facts<'_>, outlook: Option<&Outlook>) -> Section {
    let takeaway = Prose::text("Not reported: the history is too short to forecast spend.");
    let mut section = super::bare("forecast", "Forecast", takeaway);
    let (known, needed) = outlook.map_or((0, 28), |one| (one.known_days, one.needed_days));
    section.empty = Some(Empty {
        why: Prose::default()
            .value(Value::Count(known as u64))
            .say(" complete days with known spend before the end of the period; a forecast needs ")
            .value(Value::Count(needed as u64))
            .say("."),
        fill: Prose::marked("Logs of earlier days: `bedrock-lens ingest SOURCE` reads more."),
        check: command(facts),
    });
    section
}

/// The budget for everything, if the forecast is for its month.
fn total_budget(facts: &Facts<'_>, ahead: &Ahead) -> Option<Usd> {
    let budgets = facts.insights().budgets.as_ref()?;
    let month = budgets.month.from.with_timezone(&facts.zone()).format("%Y-%m").to_string();
    let total = budgets.states.iter().find(|state| state.scope == BudgetScope::Total.kind())?;
    // A monthly amount holds for the next month as well.
    let is_near = month <= ahead.month && facts.inputs.scope.filter.is_none();
    is_near.then_some(total.amount_usd)
}

fn month_name(ahead: &Ahead) -> String {
    let first = format!("{}-01", ahead.month).parse::<chrono::NaiveDate>();
    first.map_or_else(|_| ahead.month.clone(), |day| day.format("%B %Y").to_string())
}

fn takeaway(ahead: &Ahead, budget: Option<Usd>) -> Prose {
    let sentence = Prose::text(format!("{} is heading for about ", month_name(ahead)))
        .value(Value::Estimate(ahead.month_end.expected));
    let Some(budget) = budget else { return sentence.say(".") };
    let over = ahead.month_end.expected - budget;
    let word = if over.0 > 0 { " over" } else { " under" };
    sentence
        .say(", ")
        .value(Value::Estimate(Usd(over.0.abs())))
        .say(format!("{word} the budget of "))
        .value(Value::Usd(budget))
        .say(".")
}

fn figure(facts: &Facts<'_>, outlook: &Outlook, ahead: &Ahead, budget: Option<Usd>) -> Figure {
    let period_days = facts.inputs.period.local_days(facts.zone()).count();
    let drawn = DRAWN.max((period_days + 14).min(100));
    let past = &outlook.past[outlook.past.len().saturating_sub(drawn)..];
    let days = u32::try_from(days_of_month(ahead)).unwrap_or(30).max(1);
    let mut description =
        Prose::text("A line of spend per day, then the forecast in its 80% band. ");
    for (day, estimate) in &ahead.days {
        description = description
            .value(Value::Day(*day))
            .say(" about ")
            .value(Value::Estimate(estimate.expected))
            .say("; ");
    }
    let dashed =
        if budget.is_some() { " Red dashes: the budget per day of the month." } else { "" };
    Figure {
        title: "Spend per day and forecast".to_owned(),
        description,
        caption: Prose::text(format!(
            "List cost per day, USD, {} days. Grey: before the period; blue: the period. Dashed: \
             forecast, its 80% interval shaded.{dashed}",
            facts.zone().name()
        )),
        chart: Chart::ForecastLine(ForecastLine {
            past: past.to_vec(),
            period_from: facts.inputs.period.from.with_timezone(&facts.zone()).date_naive(),
            ahead: ahead
                .days
                .iter()
                .map(|(day, estimate)| ForecastDay {
                    day: *day,
                    expected: estimate.expected,
                    low: estimate.of_80.0,
                    high: estimate.of_80.1,
                })
                .collect(),
            budget_per_day: budget.map(|budget| Usd(budget.0 / i128::from(days))),
        }),
    }
}

fn days_of_month(ahead: &Ahead) -> usize {
    let first = format!("{}-01", ahead.month).parse::<chrono::NaiveDate>();
    first.map_or(30, |day| {
        use chrono::Datelike;
        day.iter_days().take_while(|other| other.month() == day.month()).count()
    })
}

fn table(ahead: &Ahead, budget: Option<Usd>) -> Table {
    let month = month_name(ahead);
    let line = |role, name: String, value: TableCell| TableRow {
        role,
        swatch: None,
        cells: vec![Value::Text(name).into(), value],
    };
    let body = |name: String, value: Value| line(RowRole::Body, name, value.into());
    let (actual, days) = ahead.actual;
    let to_come = ahead.month_end.expected - actual - ahead.filled_in;
    let mut rows = vec![body(format!("Spent in {month}, {days} known days"), Value::Usd(actual))];
    if ahead.unknown_days > 0 {
        let name = format!("Put in for {} days that are not known", ahead.unknown_days);
        rows.push(body(name, Value::Estimate(ahead.filled_in)));
    }
    rows.extend([
        body("Forecast of its other days".to_owned(), Value::Estimate(to_come)),
        line(
            RowRole::Total,
            format!("{month} at its end"),
            Value::Estimate(ahead.month_end.expected).into(),
        ),
    ]);
    let aside = |name: &str, value: TableCell| line(RowRole::Aside, name.to_owned(), value);
    let interval = |of: (Usd, Usd)| Value::EstimateRange(of.0, of.1).into();
    rows.push(aside("80% interval", interval(ahead.month_end.of_80)));
    rows.push(aside("95% interval", interval(ahead.month_end.of_95)));
    if let Some(budget) = budget {
        let over = ahead.month_end.expected - budget;
        let tone = if over.0 > 0 { Tone::Bad } else { Tone::Neutral };
        rows.push(aside("Budget of the month", Value::Usd(budget).into()));
        rows.push(aside("Forecast against the budget", judged(Value::EstimateChange(over), tone)));
    }
    rows.extend([
        aside("Mean error of a day, back-test", Value::Estimate(ahead.mean_error).into()),
        aside("… of repeating the week before", Value::Estimate(ahead.naive_error).into()),
    ]);
    Table {
        caption: format!("Forecast, {month}"),
        show_caption: false,
        wide: false,
        columns: vec![
            text_column("item", &month),
            figure_column("amount_usd", "Amount", Some("USD")),
        ],
        rows,
    }
}

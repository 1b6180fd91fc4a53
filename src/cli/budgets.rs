//! `budgets`: how monthly budgets stand.

use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::answer::{DASH, Form, FormArgs, aligned, csv, exact, fixed, json, plain};
use super::range::month;
use super::{Context, Exit, Failure, output};
use crate::insight::budget::{BudgetState, Month, Standing};
use crate::period::Cadence;
use crate::pipeline;
use crate::render::format::words::identifier;
use crate::render::format::{Format as ValueFormat, Script};
use crate::render::table::Row;
use crate::report::parts::{Align, Value};
use crate::store::Reader;

/// Show how monthly budgets stand: spent, run rate, projection, day of exhaustion
///
/// Budgets are the `[[budget]]` tables of the configuration (docs/allocation.md); months are the
/// calendar's in --timezone. The run rate is the cost per day of the time that the data covers; what
/// the store doesn't hold isn't made up, but said.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bedrock-lens budgets
  bedrock-lens budgets --month 2026-10 --json
  bedrock-lens budgets --fail-on projected        exit 4 if a budget won't last the month")]
pub(super) struct BudgetsArgs {
    /// The calendar month, 2026-10 [default: the present one]
    #[arg(long = "month", value_name = "MONTH")]
    of_month: Option<String>,
    /// Exit with 4 when a budget is spent, or (projected) also when it won't last the month
    #[arg(long, value_name = "WHAT")]
    fail_on: Option<FailOn>,
    #[command(flatten)]
    form: FormArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Exhausted,
    Projected,
}

/// The budgets as JSON.
#[derive(Serialize)]
struct Answer<'s> {
    month: String,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    as_of: DateTime<Utc>,
    timezone: &'static str,
    data_from: Option<DateTime<Utc>>,
    data_to: Option<DateTime<Utc>>,
    budgets: &'s [BudgetState],
}

pub(super) fn run(args: &BudgetsArgs, context: &Context) -> Result<Exit, Failure> {
    let (zone, now) = (context.settings.timezone, context.now);
    let period = match &args.of_month {
        Some(text) => month(text, zone)?,
        None => Cadence::Monthly.period_of(now.with_timezone(&zone).date_naive(), zone),
    };
    if context.settings.budgets.is_empty() {
        return Err(Failure::usage(
            "no budgets: write `[[budget]]` tables with an `amount` into the configuration file",
        ));
    }
    let store = Reader::open(&context.settings.store)?;
    let book = context.price_book()?;
    let basis = context.basis(&store, &book);
    let (month, states) = pipeline::budgets(basis, &context.settings.budgets, period, (zone, now))?;
    let text = match args.form.form() {
        Form::Table => shown(&month, &states, context),
        Form::Csv => as_csv(&month, &states)?,
        Form::Json => json(&Answer {
            month: name(&month),
            from: month.period.from,
            to: month.period.to,
            as_of: now,
            timezone: zone.name(),
            data_from: month.data.map(|data| data.from),
            data_to: month.data.map(|data| data.to),
            budgets: &states,
        })?,
    };
    output::result(&text)?;
    let fails = |state: &BudgetState| match args.fail_on {
        None => false,
        Some(FailOn::Exhausted) => state.standing == Standing::Exhausted,
        Some(FailOn::Projected) => {
            matches!(state.standing, Standing::Exhausted | Standing::ProjectedOver)
        }
    };
    Ok(if states.iter().any(fails) { Exit::NotPassed } else { Exit::Done })
}

fn name(month: &Month) -> String {
    month.period.from.with_timezone(&month.timezone).format("%Y-%m").to_string()
}

fn as_csv(month: &Month, states: &[BudgetState]) -> Result<String, Failure> {
    const HEADS: [&str; 15] = [
        "month",
        "name",
        "scope",
        "value",
        "amount_usd",
        "spent_usd",
        "remaining_usd",
        "run_rate_usd_per_day",
        "projected_usd",
        "projected_by",
        "exhaustion_date",
        "standing",
        "requests",
        "unpriced_requests",
        "partial",
    ];
    let row = |state: &BudgetState| {
        [
            name(month),
            state.name.clone(),
            state.scope.to_owned(),
            state.value.clone().unwrap_or_default(),
            exact(Some(state.amount_usd)),
            exact(state.spent_usd),
            exact(state.remaining_usd),
            exact(state.run_rate_usd_per_day),
            exact(state.projected_usd),
            state.projected_by.as_str().to_owned(),
            plain(state.exhaustion_date),
            state.standing.as_str().to_owned(),
            state.requests.to_string(),
            state.unpriced_requests.to_string(),
            state.partial.join("; "),
        ]
    };
    csv(&HEADS, states.iter().map(row))
}

fn shown(month: &Month, states: &[BudgetState], context: &Context) -> String {
    const HEADS: [(&str, Align); 9] = [
        ("budget", Align::Left),
        ("amount USD", Align::Right),
        ("spent USD", Align::Right),
        ("spent", Align::Right),
        ("per day USD", Align::Right),
        ("projected USD", Align::Right),
        ("by", Align::Left),
        ("exhausted", Align::Left),
        ("standing", Align::Left),
    ];
    let format = ValueFormat { script: Script::Unicode, ..ValueFormat::default() };
    let share = |state: &BudgetState| match state.spent_usd {
        Some(spent) => format.value(&Value::Share(spent.to_f64() / state.amount_usd.to_f64())),
        None => DASH.to_owned(),
    };
    let row = |state: &BudgetState| {
        Row::from(vec![
            identifier(&state.name),
            fixed(Some(state.amount_usd), 2),
            fixed(state.spent_usd, 2),
            share(state),
            fixed(state.run_rate_usd_per_day, 2),
            fixed(state.projected_usd, 2),
            state.projected_by.as_str().replace('_', " "),
            state.exhaustion_date.map_or_else(|| DASH.to_owned(), |day| day.to_string()),
            state.standing.as_str().replace('_', " "),
        ])
    };
    let head = format!("{} ({})\n", name(month), month.timezone.name());
    let rows = aligned(&HEADS, &states.iter().map(row).collect::<Vec<_>>(), context);
    let partial = |state: &BudgetState| {
        format!("partial: {}: {}\n", identifier(&state.name), state.partial.join("; "))
    };
    let partial: Vec<String> =
        states.iter().filter(|state| !state.partial.is_empty()).map(partial).collect();
    head + &rows + &partial.concat()
}

//! `forecast`: what the days to come will bring.

use clap::Args;

use super::drivers::json;
use super::figures::{aligned, figure, row, text};
use super::followed::{FollowedArgs, days_read, warn_of_gaps};
use super::{Context, Exit, Failure, output};
use crate::pipeline::{
    self, BackTestFigures, BudgetOutlook, ForecastAnswer, ForecastFigures, Horizon, Interval,
    MonthEnd,
};
use crate::report::parts::{Column, RowRole, Value};
use crate::store::Reader;
use crate::units::Usd;

/// Forecast spend, tokens or requests, with 80 % and 95 % intervals
///
/// Learns from the complete days before the present (--as-of); days without any log are unknown, not
/// zero. Forecasts of the past are made first, and their errors give the intervals. Below 21 known
/// days there is no number. docs/insight.md says how, and how good it is on generated series.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bedrock-lens forecast                                     spend of the next 30 days, and of the month
  bedrock-lens forecast --horizon month-end --budget 5000   when does the month's budget run out?
  bedrock-lens forecast --metric total_tokens --where \"model like '%claude%'\" --json")]
pub(super) struct ForecastArgs {
    #[command(flatten)]
    followed: FollowedArgs,
    /// How far ahead: a number of days (30d, at most 92d) or month-end
    #[arg(long, value_name = "HORIZON", default_value = "30d")]
    horizon: String,
    /// The budget of the month in US dollars: say when it runs out
    #[arg(long, value_name = "USD")]
    budget: Option<String>,
}

pub(super) fn run(args: &ForecastArgs, context: &Context) -> Result<Exit, Failure> {
    let question = args.followed.question(context)?;
    let horizon = horizon(&args.horizon)?;
    let budget = args.budget.as_deref().map(budget).transpose()?;
    if budget.is_some() && question.followed != pipeline::Followed::CostUsd {
        return Err(Failure::usage("`--budget` is in US dollars; it needs `--metric cost_usd`"));
    }
    let store = Reader::open(&context.settings.store)?;
    let book = context.price_book()?;
    let answer = pipeline::forecast_of(context.basis(&store, &book), &question, horizon, budget)?;
    warn_of_gaps(&answer.history, context);
    if answer.forecast.is_none() {
        context.output.warn(&format!(
            "insufficient history: {} of the {} known days that a forecast needs",
            answer.history.known_days, answer.needed_days
        ));
        context.output.hint("`bedrock-lens ingest SOURCE` adds earlier logs");
    }
    output::result(&if args.followed.json { json(&answer)? } else { shown(&answer, context) })?;
    Ok(Exit::Done)
}

fn horizon(text: &str) -> Result<Horizon, Failure> {
    if text == "month-end" {
        return Ok(Horizon::MonthEnd);
    }
    let days = text.strip_suffix('d').and_then(|digits| digits.parse::<usize>().ok());
    match days.filter(|days| (1..=pipeline::LONGEST_HORIZON).contains(days)) {
        Some(days) => Ok(Horizon::Days(days)),
        None => Err(Failure::usage(format!(
            "`{text}` in `--horizon` is neither a number of days from 1d to {}d nor `month-end`",
            pipeline::LONGEST_HORIZON
        ))),
    }
}

fn budget(text: &str) -> Result<Usd, Failure> {
    Usd::parse(text).filter(|amount| amount.0 > 0).ok_or_else(|| {
        Failure::usage(format!("`{text}` in `--budget` is not an amount of US dollars (5000.00)"))
    })
}

fn shown(answer: &ForecastAnswer, context: &Context) -> String {
    let read =
        format!("{} by day, {} ({})\n", answer.metric, days_read(&answer.history), answer.timezone);
    match &answer.forecast {
        None => read + "insufficient history\n",
        Some(figures) => read + "\n" + &tables(figures, context),
    }
}

fn tables(figures: &ForecastFigures, context: &Context) -> String {
    let month = &figures.month_end;
    let span = &figures.horizon;
    let line = |name: String, expected: &Interval| {
        let mut values = vec![Value::Text(name)];
        values.extend(ends(expected));
        row(RowRole::Body, values)
    };
    let rows = vec![
        line(format!("{} until {}", span.from, span.to), &span.expected),
        line(format!("{} as a whole", month.month), &month.expected),
    ];
    let days = figures.days.iter().map(|day| line(day.day.to_string(), &day.expected)).collect();
    [
        aligned(columns("period"), rows, context),
        so_far(month),
        tested(&figures.back_test),
        figures.budget.as_ref().map_or_else(String::new, |budget| outlook(budget, &month.month)),
        "\n".to_owned(),
        aligned(columns("day"), days, context),
    ]
    .concat()
}

fn so_far(month: &MonthEnd) -> String {
    let unknown = match month.unknown_days.len() {
        0 => String::new(),
        days => {
            format!(", {} are put in for {days} days that are not known", words(&month.filled_in))
        }
    };
    let (actual, days) = (words(&month.actual), month.actual_days);
    format!("\nOf {}, {actual} are of {days} complete days{unknown}.\n", month.month)
}

fn tested(test: &BackTestFigures) -> String {
    let mase = test.mase.map_or_else(String::new, |mase| format!(" (MASE {mase:.2})"));
    format!(
        "Forecasts from {} days of the past were off by {} a day; repeating each weekday by {}{mase}.\n",
        test.origins,
        words(&test.mae),
        words(&test.seasonal_naive_mae),
    )
}

fn words(value: &Value) -> String {
    crate::render::format::Format::default().value(value)
}

fn columns(first: &str) -> Vec<Column> {
    vec![
        text("period", first),
        figure("expected", "expected"),
        figure("low_80", "80 % from"),
        figure("high_80", "to"),
        figure("low_95", "95 % from"),
        figure("high_95", "to"),
    ]
}

fn ends(interval: &Interval) -> [Value; 5] {
    [
        interval.expected.clone(),
        interval.low_80.clone(),
        interval.high_80.clone(),
        interval.low_95.clone(),
        interval.high_95.clone(),
    ]
}

fn outlook(budget: &BudgetOutlook, month: &str) -> String {
    if budget.exhausted {
        return format!("The budget of {} USD for {month} is spent.\n", budget.budget_usd);
    }
    let date = |day: Option<chrono::NaiveDate>| {
        day.map_or_else(|| "not this month".to_owned(), |day| day.to_string())
    };
    format!(
        "The budget of {} USD for {month} runs out: expected {}, at the earliest {}, at the latest {} (95 %).\n",
        budget.budget_usd,
        date(budget.expected),
        date(budget.earliest),
        date(budget.latest)
    )
}

//! `trends`: whether a figure rises or falls, and from which day it is on another level.

use clap::Args;

use super::drivers::json;
use super::figures::{aligned, figure, row, text};
use super::followed::{FollowedArgs, days_read, warn_of_gaps};
use super::{Context, Exit, Failure, output};
use crate::pipeline::{self, NamedComparison, ShiftFigures, SlopeFigures, TrendsAnswer};
use crate::report::parts::{Missing, RowRole, TableRow, Value};
use crate::store::Reader;
use crate::units::{UNITS_PER_USD, Usd};

/// Say whether spend, tokens or requests rise or fall, and name days on which their level shifted
///
/// Compares recent days with earlier ones, weekday by weekday, and gives the slope of the last
/// thirteen weeks with its 95 % interval. Only complete days count; days without any log are left
/// out. docs/insight.md defines slope, comparison and level shift.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bedrock-lens trends
  bedrock-lens trends --metric total_tokens --where \"tag:team = search\"
  bedrock-lens trends --metric requests --from 2026-08-01 --to 2026-11-01 --json")]
pub(super) struct TrendsArgs {
    #[command(flatten)]
    followed: FollowedArgs,
}

pub(super) fn run(args: &TrendsArgs, context: &Context) -> Result<Exit, Failure> {
    let question = args.followed.question(context)?;
    let store = Reader::open(&context.settings.store)?;
    let book = context.price_book()?;
    let answer = pipeline::trends(context.basis(&store, &book), &question)?;
    warn_of_gaps(&answer.history, context);
    output::result(&if args.followed.json { json(&answer)? } else { shown(&answer, context) })?;
    Ok(Exit::Done)
}

fn shown(answer: &TrendsAnswer, context: &Context) -> String {
    let amount = |number: f64| amount(answer.metric, number);
    let head = format!(
        "{} by day, {} ({})\n\n",
        answer.metric,
        days_read(&answer.history),
        answer.timezone
    );
    let slope = answer.slope.as_ref().map_or_else(
        || {
            format!(
                "No slope: it needs {} known days of the last thirteen weeks.\n",
                answer.needed_days
            )
        },
        |slope| sentence(slope, &amount),
    );
    [head, slope, shifts(answer, &amount), comparisons(answer, &amount, context)].concat()
}

fn comparisons(answer: &TrendsAnswer, amount: &dyn Fn(f64) -> Value, context: &Context) -> String {
    if answer.comparisons.is_empty() {
        return String::new();
    }
    let columns = vec![
        text("name", "per day"),
        figure("now", "now"),
        figure("before", "before"),
        figure("change", "change"),
        text("days", "days"),
    ];
    let rows = answer.comparisons.iter().map(|found| comparison(found, amount)).collect();
    format!("\n{}", aligned(columns, rows, context))
}

fn sentence(slope: &SlopeFigures, amount: &dyn Fn(f64) -> Value) -> String {
    let verdict = match (slope.differs_from_zero, slope.per_day > 0.0) {
        (false, _) => "Neither rises nor falls by more than chance explains",
        (true, true) => "Rises",
        (true, false) => "Falls",
    };
    let figures = [slope.per_day, slope.low_95, slope.high_95].map(|number| words(&amount(number)));
    let [per_day, low, high] = figures;
    format!("{verdict}: {per_day} per day from one day to the next (95 %: {low} to {high}).\n")
}

fn shifts(answer: &TrendsAnswer, amount: &dyn Fn(f64) -> Value) -> String {
    let line = |shift: &ShiftFigures| {
        let change =
            shift.relative_change.map_or(Value::Missing(Missing::New), Value::RelativeChange);
        format!(
            "Level shift on {}: {} to {} per day ({}).\n",
            shift.day,
            words(&amount(shift.level_before)),
            words(&amount(shift.level_after)),
            words(&change)
        )
    };
    match &answer.level_shifts {
        None => String::new(),
        Some(shifts) if shifts.is_empty() => "No level shift in the last half year.\n".to_owned(),
        Some(shifts) => shifts.iter().map(line).collect(),
    }
}

fn comparison(named: &NamedComparison, amount: &dyn Fn(f64) -> Value) -> TableRow {
    let found = &named.found;
    let change = found.relative_change.map_or(Value::Missing(Missing::New), Value::RelativeChange);
    let partly = if found.complete { "" } else { " that are known on both sides" };
    let days = format!("{}{partly}", found.compared_days);
    row(
        RowRole::Body,
        vec![
            Value::Text(named.name.replace('_', " ")),
            amount(found.per_day),
            amount(found.previous_per_day),
            change,
            Value::Text(days),
        ],
    )
}

fn words(value: &Value) -> String {
    crate::render::format::Format::default().value(value)
}

/// An estimate as a value of the metric's kind.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "an estimate, rounded for people"
)]
fn amount(metric: &str, number: f64) -> Value {
    if metric == crate::schema::usage::metric::COST_USD {
        Value::Usd(Usd((number * UNITS_PER_USD as f64).round() as i128))
    } else {
        Value::Integer(number.round() as i64)
    }
}

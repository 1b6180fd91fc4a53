//! `kpis`: key figures against their targets.

use clap::Args;

use super::figures::{aligned, figure, row, text};
use super::range::{FilterArgs, RangeArgs, store_for};
use super::{Context, Exit, Failure, output, time};
use crate::insight::kpi::KpiUnit;
use crate::period::Cadence;
use crate::pipeline::{self, KpiAnswer, KpiFigure};
use crate::report::parts::{Missing, RowRole, Value};
use crate::schema::target::{Outcome, Target};
use crate::units::Usd;

/// Show the key figures of a period against their targets
///
/// Each has one definition and denominator (--json prints them). A figure that can't be known is not
/// judged. Targets that name a trend compare with the period of the same length before.
#[derive(Debug, Args)]
#[command(after_help = "\
Targets are data; set your own in bedrock-lens.toml:
  [targets]
  success_rate = { above = 0.999 }
  response_time_mean_ms = { below = 3000 }
  cost_per_request_usd = \"falling\"        # falling, growing or not_falling

Examples:
  bedrock-lens kpis                         the last complete week
  bedrock-lens kpis --month 2026-10 --json
  bedrock-lens kpis --last 7d --where \"account = '111122223333'\"")]
pub(super) struct KpisArgs {
    #[command(flatten)]
    range: RangeArgs,
    #[command(flatten)]
    filter: FilterArgs,
    /// Print one JSON object, with every definition
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &KpisArgs, context: &Context) -> Result<Exit, Failure> {
    let zone = context.settings.timezone;
    let filter = args.filter.filter()?;
    let last_week = || {
        let today = context.now.with_timezone(&zone).date_naive();
        Cadence::Weekly.before(Cadence::Weekly.period_of(today, zone), zone)
    };
    let period = args.range.period(context)?.unwrap_or_else(last_week);
    let store = store_for(Some(period), context)?;
    let book = context.price_book()?;
    let basis = context.basis(&store, &book);
    let targets = &context.settings.targets;
    let answer = pipeline::key_figures(basis, period, filter.as_ref(), targets, zone)?;
    if args.json {
        let text = serde_json::to_string(&answer)
            .map_err(|error| Failure { error: error.into(), exit: Exit::Failed })?;
        output::result(&(text + "\n"))?;
    } else {
        output::result(&shown(&answer, context))?;
    }
    Ok(Exit::Done)
}

fn shown(answer: &KpiAnswer, context: &Context) -> String {
    let columns = vec![
        text("title", "key figure"),
        figure("value", "value"),
        figure("previous", "period before"),
        figure("coverage", "known for"),
        text("target", "target"),
        text("outcome", ""),
    ];
    let rows = answer.kpis.iter().map(|kpi| {
        let coverage = kpi.coverage.map_or(Value::Missing(Missing::Unknown), Value::Share);
        let outcome = match kpi.outcome {
            Outcome::Met => "met",
            Outcome::Missed => "MISSED",
            Outcome::NotEvaluated if kpi.kpi.target.is_some() => "not evaluated",
            Outcome::NotEvaluated => "",
        };
        let values = vec![
            Value::Text(kpi.kpi.title.clone()),
            value(kpi, kpi.value, kpi.value_usd),
            value(kpi, kpi.previous, kpi.previous_usd),
            coverage,
            Value::Text(kpi.kpi.target.map_or_else(String::new, |target| words(kpi, target))),
            Value::Text(outcome.to_owned()),
        ];
        row(RowRole::Body, values)
    });
    format!(
        "{} to {}, against {} to {}\n\n{}",
        time::text(answer.period.from),
        time::text(answer.period.to),
        time::text(answer.previous.from),
        time::text(answer.previous.to),
        aligned(columns, rows.collect(), context)
    )
}

fn value(kpi: &KpiFigure, value: Option<f64>, usd: Option<Usd>) -> Value {
    let Some(value) = value else { return Value::Missing(Missing::Unknown) };
    match (kpi.kpi.unit, usd) {
        (KpiUnit::Usd, Some(usd)) => Value::UnitUsd(usd),
        (KpiUnit::Usd, None) | (KpiUnit::Mean, _) => Value::Mean(value),
        (KpiUnit::Share, _) => Value::Rate(value),
        (KpiUnit::Milliseconds, _) => Value::DurationMs(value),
        (KpiUnit::Count, _) => Value::Count(whole(value)),
        (KpiUnit::Tokens, _) => Value::Tokens(whole(value)),
        (KpiUnit::Bytes, _) => Value::Bytes(whole(value)),
    }
}

fn words(kpi: &KpiFigure, target: Target) -> String {
    let limit = |limit: f64| match kpi.kpi.unit {
        KpiUnit::Share => format!("{} %", rounded(limit * 100.0)),
        KpiUnit::Milliseconds => format!("{} s", rounded(limit / 1000.0)),
        _ => rounded(limit),
    };
    match target {
        Target::Below(most) => format!("under {}", limit(most)),
        Target::Above(least) => format!("over {}", limit(least)),
        Target::Falling => "falling".to_owned(),
        Target::Growing => "growing".to_owned(),
        Target::NotFalling => "not falling".to_owned(),
    }
}

/// Up to six decimals, as short as it goes.
fn rounded(number: f64) -> String {
    let text = format!("{number:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count, or a mean of counts shown as one"
)]
fn whole(number: f64) -> u64 {
    number.max(0.0).round() as u64
}

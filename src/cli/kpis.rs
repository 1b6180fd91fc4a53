//! `kpis`: key figures against their targets.

use clap::Args;

use super::figures::{aligned, figure, row, text};
use super::range::{FilterArgs, RangeArgs, store_for};
use super::{Context, Exit, Failure, output, time};
use crate::period::Cadence;
use crate::pipeline::{self, KpiAnswer, KpiFigure};
use crate::report::kpi_value;
use crate::report::parts::{Missing, RowRole, Value};
use crate::schema::target::Outcome;
use crate::units::Usd;

/// Show the key figures of a period against their targets
///
/// Each has one definition and denominator (--json prints them). A figure that can't be known is not
/// judged. Targets that name a trend compare with the period before.
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
        let coverage = kpi.coverage.map_or(Value::Missing(Missing::Blank), Value::Share);
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
            Value::Text(kpi.kpi.target_in_words().unwrap_or_default()),
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
    match (value, usd) {
        (None, _) => Value::Missing(Missing::Unknown),
        (Some(_), Some(usd)) => Value::UnitUsd(usd),
        (Some(value), None) => kpi_value(kpi.kpi.unit, value),
    }
}

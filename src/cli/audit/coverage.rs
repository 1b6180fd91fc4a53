//! `audit coverage`: which calls that CloudTrail saw are in the invocation log.

use clap::Args;
use serde_json::Value;

use super::{Context, Exit, Failure, output, time};
use crate::cli::range::{RangeArgs, store_for};
use crate::metrics::coverage::CoverageDimension;
use crate::metrics::names::UnknownName;
use crate::period::{Period, midnight};
use crate::pipeline::{self, CoverageAnswer, CoverageRequest, CoverageRow, Estimate, Join};
use crate::render::format::Script;
use crate::render::format::number::grouped;
use crate::render::table::{Fit, Head, Row, TableOptions, table};
use crate::report::parts::{Align, RowRole};
use crate::schema::Table;
use crate::store::Reader;

/// Compare the calls that CloudTrail saw with the calls that were logged, by request id
///
/// Calls are distinct CloudTrail events of the four runtime operations, failed ones included.
#[derive(Debug, Args)]
#[command(after_help = "\
Figures:
  called    distinct runtime calls in CloudTrail
  logged    of these, calls whose request id is in the invocation log
  unlogged  called - logged
  late      of the unlogged, calls of the last hour before --as-of: their log may still come
  log_only  logged requests that no CloudTrail event names
  coverage  logged / called; null without calls

Examples:
  bedrock-lens audit coverage --month 2026-10
  bedrock-lens audit coverage --last 7d --by account,region --json
  bedrock-lens audit coverage --from 2026-11-12 --to 2026-11-13 --by hour")]
pub(in crate::cli) struct CoverageArgs {
    #[command(flatten)]
    range: RangeArgs,
    /// Dimensions to group by: account, region, model, `model_id`, principal, hour, day
    #[arg(long, value_name = "DIM,…", value_delimiter = ',')]
    by: Vec<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &CoverageArgs, context: &Context) -> Result<Exit, Failure> {
    let by: Vec<CoverageDimension> =
        args.by.iter().map(|name| name.trim().parse()).collect::<Result<_, UnknownName>>()?;
    let asked = args.range.period(context)?;
    let store = store_for(asked, context)?;
    let period = match asked {
        Some(period) => period,
        None => held(&store)?,
    };
    let request =
        CoverageRequest { period, by, timezone: context.settings.timezone, as_of: context.now };
    let book = context.price_book()?;
    let answer = pipeline::audit_coverage(&store, &book, &request)?;
    if args.json {
        let text = serde_json::to_string(&answer)
            .map_err(|error| Failure { error: error.into(), exit: Exit::Failed })?;
        output::result(&(text + "\n"))?;
    } else {
        output::result(&described(&answer, context))?;
    }
    Ok(Exit::Done)
}

/// All days that the store holds calls of.
pub(super) fn held(store: &Reader) -> Result<Period, Failure> {
    let info = store.info()?;
    let tables = info.tables.iter().filter(|table| {
        [Table::Invocations, Table::ApiEvents].iter().any(|calls| calls.name() == table.table)
    });
    let days: Vec<_> =
        tables.flat_map(|table| [table.first_day, table.last_day]).flatten().collect();
    let (Some(first), Some(last)) = (days.iter().min(), days.iter().max()) else {
        return Err(pipeline::Error::NoData { what: "calls", period: String::new() }.into());
    };
    let after = last.succ_opt().unwrap_or(*last);
    Ok(Period { from: midnight(*first, chrono_tz::UTC), to: midnight(after, chrono_tz::UTC) })
}

fn described(answer: &CoverageAnswer, context: &Context) -> String {
    let number = |n: i64| grouped(n.unsigned_abs().into());
    let share = answer
        .coverage
        .map_or_else(|| "unknown".to_owned(), |share| format!("{:.2} %", share * 100.0));
    let join = match answer.join {
        Join::ByRequestId => "",
        Join::NotPossible => {
            "\njoin not possible: no request id of CloudTrail is in the log, so the two are compared by \
             number per hour, below"
        }
        Join::NoEvents => "\nCloudTrail shows no runtime call: nothing to check the log against",
        Join::NothingLogged => "\nthe invocation log holds nothing: was logging on?",
    };
    let mut text = format!(
        "period    {} to {}\ncoverage  {share} of called{join}\ncalled    {}\nlogged    {}\n\
         unlogged  {}, {} of them late\ncost      {}\nlog only  {}\n",
        time::text(answer.period.from),
        time::text(answer.period.to),
        number(answer.called),
        number(answer.logged),
        number(answer.unlogged),
        number(answer.late),
        estimated(answer.estimate.as_ref()),
        number(answer.log_only),
    );
    for (title, rows) in [
        ("Accounts and regions that logged nothing", &answer.silent_places),
        ("No logs while calls were made", &answer.gaps),
        ("Calls and logged requests by hour", &answer.hours),
        ("Calls that invocation logging never covers", &answer.outside),
        ("By group", &answer.rows),
    ] {
        if !rows.is_empty() {
            text.extend(["\n", title, "\n", &aligned(rows, context)]);
        }
    }
    text
}

/// What the unlogged calls may have cost, as a phrase.
fn estimated(estimate: Option<&Estimate>) -> String {
    let Some(estimate) = estimate else { return "unknown".to_owned() };
    let number = |n: i64| grouped(n.unsigned_abs().into());
    let cost = estimate.cost_usd.map_or_else(
        || "unknown".to_owned(),
        |usd| format!("about {} USD (an estimate)", usd.round_to(2)),
    );
    format!(
        "{cost} for {} unlogged calls; {} without a call like them to go by; {} failed, taken to \
         have cost nothing",
        number(estimate.estimated_calls),
        number(estimate.unestimated_calls),
        number(estimate.failed_calls),
    )
}

fn aligned(rows: &[CoverageRow], context: &Context) -> String {
    let Some(first) = rows.first() else { return String::new() };
    let heads: Vec<Head> = first
        .0
        .iter()
        .map(|(name, value)| Head {
            label: name.clone(),
            unit: None,
            align: if value.is_number() { Align::Right } else { Align::Left },
        })
        .collect();
    let body: Vec<Row> = rows
        .iter()
        .map(|row| Row {
            cells: row.0.iter().map(|(_, value)| shown(value)).collect(),
            role: RowRole::Body,
        })
        .collect();
    let fit = output::table_width().map_or(Fit::Never, Fit::Cut);
    let color = context.output.color_stdout;
    table(&heads, &body, TableOptions { fit, color, script: Script::Unicode })
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "\u{2014}".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.as_i64().map_or_else(
            || number.as_f64().map_or_else(String::new, |share| format!("{:.2} %", share * 100.0)),
            |count| grouped(count.unsigned_abs().into()),
        ),
        other => other.to_string(),
    }
}

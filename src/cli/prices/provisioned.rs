//! `prices provisioned`: what provisioned throughput costs in a period.

use clap::Args;
use serde::Serialize;

use super::json;
use crate::cli::output;
use crate::cli::{Context, Exit, Failure, time};
use crate::period::{Cadence, Period};
use crate::prices::provisioned::{ProvisionedCost, provisioned_costs};
use crate::render::format::words::clean;
use crate::units::Usd;

/// Show what provisioned throughput costs in a period, by the hour
///
/// Commitments stand as `[[provisioned]]` in the prices file. Their cost isn't part of any other cost:
/// requests on them are unpriced (`provisioned`). Nothing is counted after the present time.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bedrock-lens --config lens.toml prices provisioned
  bedrock-lens --config lens.toml prices provisioned --from 2026-11-01 --to 2026-12-01 --json")]
pub(in crate::cli) struct ProvisionedArgs {
    /// Start of the range, inclusive [default: the month so far]
    #[arg(long, value_name = "TIME", requires = "to")]
    from: Option<String>,
    /// End of the range, exclusive
    #[arg(long, value_name = "TIME", requires = "from")]
    to: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Answer {
    period: Period,
    commitments: Vec<ProvisionedCost>,
    /// The sum; null when the prices file names no commitment.
    provisioned_cost_usd: Option<Usd>,
}

pub(super) fn run(args: &ProvisionedArgs, context: &Context) -> Result<Exit, Failure> {
    let zone = context.settings.timezone;
    let asked = match (&args.from, &args.to) {
        (Some(from), Some(to)) => time::period(from, to, zone)?,
        _ => Cadence::Monthly.period_of(context.now.with_timezone(&zone).date_naive(), zone),
    };
    let to = asked.to.min(context.now);
    if to <= asked.from {
        return Err(Failure::usage("the range lies in the future: nothing of it is paid for yet"));
    }
    let period = Period { from: asked.from, to };
    let book = context.price_book()?;
    let commitments = provisioned_costs(&book, period);
    let known = !book.provisioned().is_empty();
    if !known {
        context.output.note("the prices file names no provisioned throughput");
    }
    let total = commitments.iter().map(|one| one.cost_usd).sum();
    let answer = Answer { period, commitments, provisioned_cost_usd: known.then_some(total) };
    output::result(&if args.json { json(&answer)? } else { describe(&answer) })?;
    Ok(Exit::Done)
}

fn describe(answer: &Answer) -> String {
    let time = |at: chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%d %H:%M UTC");
    let mut lines =
        vec![format!("period       {} to {}", time(answer.period.from), time(answer.period.to))];
    for one in &answer.commitments {
        let model = one.model_id.as_deref().map_or_else(String::new, |id| format!(" ({id})"));
        lines.push(format!("provisioned  {}{model}", one.arn));
        lines.push(format!(
            "             {} units × {} USD × {} hours = {} USD",
            one.model_units, one.usd_per_hour, one.hours, one.cost_usd
        ));
    }
    let total = answer.provisioned_cost_usd;
    lines.push(total.map_or_else(
        || String::from("total        none named in the prices file"),
        |total| format!("total        {total} USD, beside the cost of tokens"),
    ));
    lines.iter().map(|line| clean(line) + "\n").collect()
}

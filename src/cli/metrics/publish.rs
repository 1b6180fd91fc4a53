//! `metrics publish`: the figures of complete hours as CloudWatch custom metrics.

use clap::Args;

use super::{Context, Exit, Failure, namespace};
use crate::cli::account::AccountArgs;
use crate::cli::answer::{aligned, json};
use crate::cli::output;
use crate::cli::range::RangeArgs;
use crate::pipeline::{PublishRequest, PublishSummary, publish, publish_dry_run};
use crate::render::format::number::grouped;
use crate::render::format::words::clean;
use crate::render::table::Row;
use crate::report::parts::Align;
use crate::setup::metrics::Datum;
use crate::setup::metrics::catalogue::NAMESPACE;
use crate::store::{OnLocked, Reader, Writer};

/// Publish the figures of complete hours as CloudWatch custom metrics
///
/// One figure per metric, dimension and UTC hour (docs/operating.md lists them). Hours of the last two
/// weeks are looked at, which is what CloudWatch takes. The store keeps what was published: a second
/// run sends what is new, and of counts that late logs have changed the difference, so that sums are
/// right. CloudWatch never replaces what it has. It charges for every metric, every month.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bedrock-lens metrics publish --dry-run
  bedrock-lens metrics publish --region us-east-1
  bedrock-lens metrics publish --last 24h --namespace Acme/Bedrock --top 5 --json

Exit codes: 1 when nothing could be sent, 3 when some figures could not.")]
#[expect(clippy::struct_excessive_bools, reason = "one for each flag of the command line")]
pub(in crate::cli) struct PublishArgs {
    #[command(flatten)]
    range: RangeArgs,
    /// The namespace to publish to
    #[arg(long, value_name = "NAME", default_value = NAMESPACE)]
    namespace: String,
    /// Principals, teams and the like with most requests that get series of their own; of
    /// addresses, user agents and actions those with most calls
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
    /// Show what would be sent, and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Send again what an interrupted run may or may not have sent; if it had, sums are too high
    #[arg(long)]
    resend: bool,
    /// Wait for another writer of the store to end instead of failing
    #[arg(long)]
    wait: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    account: AccountArgs,
}

pub(super) fn run(args: &PublishArgs, context: &Context) -> Result<Exit, Failure> {
    let request = PublishRequest {
        access: args.account.access(context),
        namespace: namespace(&args.namespace)?.to_owned(),
        period: args.range.period(context)?,
        top: args.top,
        resend: args.resend,
        timezone: context.settings.timezone,
        now: context.now,
    };
    let budgets = &context.settings.budgets;
    let book = context.price_book()?;
    if args.dry_run {
        let store = Reader::open(&context.settings.store)?;
        let (summary, datums) = publish_dry_run(context.basis(&store, &book), budgets, &request)?;
        output::result(&if args.json {
            json(&summary)?
        } else {
            listed(&datums, context) + &sentence(&summary, "would send")
        })?;
        return Ok(Exit::Done);
    }
    // A wrong path must not leave an empty store behind.
    drop(Reader::open(&context.settings.store)?);
    let on_locked = if args.wait { OnLocked::Wait } else { OnLocked::Fail };
    let mut writer = Writer::open(&context.settings.store, on_locked)?;
    let made_from = (&*book, &context.settings.allocation);
    let summary = publish(&mut writer, made_from, budgets, &request)?;
    if args.json {
        output::result(&json(&summary)?)?;
    } else {
        context.output.note(sentence(&summary, "sent").trim_end());
    }
    warn(&summary, context);
    Ok(match (summary.failed, summary.sent) {
        (0, _) => Exit::Done,
        (_, 0) => Exit::Failed,
        _ => Exit::Partial,
    })
}

fn warn(summary: &PublishSummary, context: &Context) {
    if let Some(error) = &summary.error {
        let text = format!("{} figures could not be sent: {error}", summary.failed);
        context.output.warn(&clean(&text));
    }
    if let Some(hint) = &summary.hint {
        context.output.hint(&clean(hint));
    }
    if summary.unknown > 0 {
        context.output.warn(&format!(
            "an interrupted run may or may not have sent {} of the figures; they were left as they are",
            summary.unknown
        ));
        context
            .output
            .hint("`--resend` sends them again, and counts them twice if they had arrived");
    }
    for (why, count) in &summary.refused {
        context.output.warn(&format!("{count} figures left out: {why}"));
    }
}

fn sentence(summary: &PublishSummary, verb: &str) -> String {
    let count = |number: usize| grouped(number as u128);
    let hour = |at: chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%d %H:%M").to_string();
    format!(
        "{verb} {} figures of {} metrics, {} of them corrections; {} are there as they are ({} to {} UTC)\n",
        count(summary.sent),
        count(summary.metrics),
        count(summary.corrections),
        count(summary.unchanged),
        hour(summary.from),
        hour(summary.to),
    )
}

fn listed(datums: &[Datum], context: &Context) -> String {
    const HEADS: [(&str, Align); 5] = [
        ("hour (UTC)", Align::Left),
        ("metric", Align::Left),
        ("dimension", Align::Left),
        ("value", Align::Right),
        ("unit", Align::Left),
    ];
    let row = |datum: &Datum| {
        let dimensions = datum.dimensions.iter().map(|(name, value)| format!("{name}={value}"));
        Row::from(vec![
            datum.at.format("%Y-%m-%d %H:%M").to_string(),
            datum.metric.clone(),
            clean(&dimensions.collect::<Vec<_>>().join(", ")),
            datum.value.to_string(),
            datum.unit.as_str().to_owned(),
        ])
    };
    aligned(&HEADS, &datums.iter().map(row).collect::<Vec<_>>(), context) + "\n"
}

//! `ingest`: read log objects into the store.

use std::num::NonZeroU64;
use std::time::Instant;

use chrono::Duration;
use clap::Args;

use super::progress::Bar;
use super::sources::{LogKind, S3Args, requests};
use super::{Context, Exit, Failure, output, time};
use crate::period::Period;
use crate::pipeline::{
    History, Plan, ReadOptions, Selection, SourceRequest, Summary, request_cost_usd,
};
use crate::records::Limits;
use crate::render::format::number::{bytes, grouped};
use crate::sources::{Bounds, is_cloudtrail_url};
use crate::store::{OnLocked, Reader, Writer};

/// Read log objects into the store
///
/// SOURCE is a folder, a file, `s3://bucket/prefix`, `cloudtrail:REGION` for CloudTrail's event history
/// of 90 days, `cloudwatch:REGION` for what CloudWatch counted of Bedrock by the hour, or the name of a
/// source in the configuration file; without one, all of the configuration's are read. Every object is
/// read once: a second run takes only what is new or changed. What can't be read is counted by reason
/// and never stops the rest. Of S3, a run without `--from` and `--to` lists what was written since the last complete
/// ingest of the same source and two days before it (`trailing_days`); the first one lists all.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bedrock-lens ingest ~/logs
  bedrock-lens ingest ~/logs --from 2026-11-09 --to 2026-11-16 --kind invocations
  bedrock-lens ingest s3://acme-logs/AWSLogs --profile audit
  bedrock-lens ingest s3://acme-logs --from 2026-11-09 --to 2026-11-16 --dry-run
  bedrock-lens ingest cloudtrail:us-east-1 --profile audit
  bedrock-lens ingest cloudtrail:us-east-1/bedrock.amazonaws.com --from 2026-11-09 --to 2026-11-16
  bedrock-lens ingest cloudwatch:us-east-1
  bedrock-lens ingest --json --quiet        all sources of the configuration, as from cron")]
#[expect(clippy::struct_excessive_bools, reason = "one for each flag of the command line")]
pub(super) struct IngestArgs {
    /// Folders, files, `s3://bucket/prefix`, `cloudtrail:REGION`, `cloudwatch:REGION`, or names
    /// of configured sources [default: all of these]
    #[arg(value_name = "SOURCE")]
    sources: Vec<String>,
    #[command(flatten)]
    selection: SelectionArgs,
    /// List, say what would be read and what the requests cost, and read nothing
    #[arg(long)]
    dry_run: bool,
    /// Also fetch responses that were too large for the log (`data/`), for their latency and stop
    /// reason; of objects that are read from now on
    #[arg(long)]
    bodies: bool,
    /// Also look through bodies for credentials, card numbers, national ids and e-mail addresses
    /// (`audit sensitive`): counts and keyed hashes are kept, never the content; of objects that are
    /// read from now on
    #[arg(long)]
    scan_bodies: bool,
    /// Keep the SHA-256 of every object that is read from now on, for the input list of an audit pack
    #[arg(long)]
    hash: bool,
    /// Print the summary as one JSON object
    #[arg(long)]
    json: bool,
    /// Wait for another writer to end instead of failing
    #[arg(long)]
    wait: bool,
    /// Most bytes one object may inflate to [default: 1 GiB]
    #[arg(long, value_name = "BYTES")]
    max_object_bytes: Option<NonZeroU64>,
    // Last: its heading holds for whatever follows.
    #[command(flatten)]
    s3: S3Args,
}

/// Which objects to read.
#[derive(Debug, Args)]
struct SelectionArgs {
    /// Objects written from this date or time on
    #[arg(long, value_name = "TIME", requires = "to")]
    from: Option<String>,
    /// Objects written before this date or time; logs are delivered late, so folders of the hour
    /// after (invocation logs) and the day after (CloudTrail) are read too
    #[arg(long, value_name = "TIME", requires = "from")]
    to: Option<String>,
    /// Only these accounts, where the path names one
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    account: Vec<String>,
    /// Only these regions, where the path names one
    #[arg(long, value_name = "REGION", value_delimiter = ',')]
    region: Vec<String>,
    /// Only these kinds of log, where the path names one
    #[arg(long, value_delimiter = ',')]
    kind: Vec<LogKind>,
}

pub(super) fn run(args: &IngestArgs, context: &Context) -> Result<Exit, Failure> {
    let started = Instant::now();
    let selection = args.selection.resolve(context)?;
    let sources = requests(&args.sources, &selection, &args.s3, context)?;
    if args.dry_run {
        return dry_run(&sources, args, context);
    }
    if sources.iter().any(|request| is_cloudtrail_url(&request.source.name())) {
        context.output.note(
            "CloudTrail's event history holds management events of the last 90 days, of one account \
             and Region; data events (agents, knowledge bases, asynchronous calls) and Insights are \
             not in it",
        );
    }
    let on_locked = if args.wait { OnLocked::Wait } else { OnLocked::Fail };
    // List before the store is touched, so that a wrong path doesn't leave an empty store behind.
    let found = plan(&sources, context)?;
    let mut writer = Writer::open(&context.settings.store, on_locked)?;
    let plan = found.without_known(writer.reader())?;
    let bar = Bar::new(context.output);
    let mut options = read_options(context);
    options.with_bodies = args.bodies;
    options.scan_bodies = args.scan_bodies;
    options.with_hashes = args.hash;
    if let Some(bytes) = args.max_object_bytes {
        options.limits.max_object_bytes = bytes.get();
    }
    let mut summary = plan.carry_out(&mut writer, options, &bar)?;
    bar.finish();
    summary.seconds = started.elapsed().as_secs_f64();
    tell(&summary, args, context)?;
    Ok(ending(&summary))
}

/// Lists the sources, from their last complete ingest on where that saves listing.
fn plan<'a>(sources: &'a [SourceRequest], context: &Context) -> Result<Plan<'a>, Failure> {
    let path = &context.settings.store;
    let store = Reader::open_if_any(path)?;
    let trailing = Duration::days(context.settings.ingest.trailing_days.into());
    let history = History { store: store.as_ref(), trailing, now: context.now };
    Ok(Plan::list(sources, history)?)
}

/// How objects are read, as configured.
pub(super) fn read_options(context: &Context) -> ReadOptions {
    let settings = context.settings.ingest;
    ReadOptions {
        limits: Limits { max_object_bytes: settings.max_object_bytes },
        bounds: Bounds { bytes: settings.bytes_in_flight, requests: settings.requests_in_flight },
        with_bodies: false,
        scan_bodies: false,
        with_hashes: false,
    }
}

/// How a run ends that came this far.
pub(super) fn ending(summary: &Summary) -> Exit {
    if summary.is_failure() {
        Exit::Failed
    } else if summary.is_partial() {
        Exit::Partial
    } else {
        Exit::Done
    }
}

impl SelectionArgs {
    fn resolve(&self, context: &Context) -> Result<Selection, Failure> {
        let range: Option<Period> = match (&self.from, &self.to) {
            (Some(from), Some(to)) => Some(time::period(from, to, context.settings.timezone)?),
            _ => None,
        };
        Ok(Selection {
            range,
            accounts: self.account.clone(),
            regions: self.region.clone(),
            kinds: self.kind.iter().flat_map(|kind| kind.kinds()).copied().collect(),
        })
    }
}

fn dry_run(
    sources: &[SourceRequest],
    args: &IngestArgs,
    context: &Context,
) -> Result<Exit, Failure> {
    let mut plan = plan(sources, context)?;
    if let Some(store) = Reader::open_if_any(&context.settings.store)? {
        plan = plan.without_known(&store)?;
    }
    let summary = plan.summary();
    let requests = plan.requests();
    let cost = request_cost_usd(requests);
    let line = if args.json {
        serde_json::json!({
            "objects_listed": summary.objects_listed,
            "objects_skipped": summary.objects_skipped,
            "objects_failed": summary.objects_failed,
            "sources_failed": summary.sources_failed,
            "objects_to_read": plan.objects(),
            "bytes_compressed": plan.bytes(),
            "requests": requests,
            "estimated_cost_usd": cost,
        })
        .to_string()
    } else {
        let mut text = format!(
            "would read {} of {} objects, {}",
            grouped(plan.objects().into()),
            grouped(summary.objects_listed.into()),
            bytes(plan.bytes())
        );
        if requests.list + requests.get > 0 {
            text = format!(
                "{text}; {} listing and {} object requests, about ${cost} at the prices of us-east-1",
                grouped(requests.list.into()),
                grouped(requests.get.into()),
            );
        }
        text
    };
    warn_of_troubles(summary, context);
    output::result(&format!("{line}\n"))?;
    Ok(ending(summary))
}

fn tell(summary: &Summary, args: &IngestArgs, context: &Context) -> Result<(), Failure> {
    warn_of_troubles(summary, context);
    if summary.is_partial() {
        context.output.hint(&what_now(summary));
    }
    if args.json {
        let line = serde_json::to_string(summary)
            .map_err(|error| Failure { error: error.into(), exit: Exit::Failed })?;
        output::result(&format!("{line}\n"))?;
    } else {
        context.output.note(&sentence(summary));
    }
    Ok(())
}

/// Says what was rejected or could not be read, and where it first happened.
pub(super) fn warn_of_troubles(summary: &Summary, context: &Context) {
    if !summary.is_partial() {
        return;
    }
    let rejects: Vec<String> = summary
        .rejects
        .iter()
        .map(|(reason, count)| format!("{} {reason}", grouped((*count).into())))
        .collect();
    let mut parts = Vec::new();
    if !rejects.is_empty() {
        parts.push(format!("rejected: {}", rejects.join(", ")));
    }
    if summary.objects_failed > 0 {
        parts.push(format!("objects not readable: {}", grouped(summary.objects_failed.into())));
    }
    if summary.sources_failed > 0 {
        parts.push(format!("sources not readable: {}", grouped(summary.sources_failed.into())));
    }
    context.output.warn(&parts.join("; "));
    for trouble in &summary.first_troubles {
        context.output.warn(trouble);
    }
    for hint in &summary.hints {
        context.output.hint(hint);
    }
}

fn what_now(summary: &Summary) -> String {
    if summary.is_failure() {
        return "nothing could be read".to_owned();
    }
    let mut text = "everything else was kept".to_owned();
    if summary.objects_failed + summary.sources_failed > 0 {
        text.push_str("; what was not readable is tried again next time");
    }
    if !summary.rejects.is_empty() {
        text.push_str("; `bedrock-lens query --sql \"select * from rejects\"` lists every reject");
    }
    text
}

fn sentence(summary: &Summary) -> String {
    let count = |number: i64| grouped(u128::from(number.unsigned_abs()));
    let mut text = format!(
        "ingested {} of {} objects ({}): {} invocations, {} API events",
        grouped(summary.objects_ingested.into()),
        grouped(summary.objects_listed.into()),
        bytes(summary.bytes_compressed),
        count(summary.invocations),
        count(summary.api_events),
    );
    if summary.service_metrics > 0 {
        let hours = grouped(summary.service_metrics.into());
        text = format!("{text}, {hours} hours of models as CloudWatch counted them");
    }
    let repeats = summary.duplicates.invocations + summary.duplicates.api_events;
    if repeats > 0 {
        text = format!("{text}; {} duplicates counted once", count(repeats));
    }
    let pruned = summary.pruned.invocations + summary.pruned.api_events;
    if pruned > 0 {
        text = format!("{text}; {} rows of pruned days left out", grouped(pruned.into()));
    }
    if summary.objects_skipped > 0 {
        text = format!(
            "{text}; {} objects skipped (no logs, or read before)",
            grouped(summary.objects_skipped.into())
        );
    }
    text
}

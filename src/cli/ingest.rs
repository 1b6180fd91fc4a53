//! `ingest`: read log objects into the store.

use std::num::NonZeroU64;
use std::time::Instant;

use clap::{Args, ValueEnum};

use super::progress::Bar;
use super::{Context, Exit, Failure, output, time};
use crate::period::Period;
use crate::pipeline::{Plan, Selection, Summary};
use crate::records::Limits;
use crate::records::key::ObjectKind;
use crate::render::format::number::{bytes, grouped};
use crate::sources::{Local, Source};
use crate::store::{OnLocked, Reader, Writer};

/// Read log objects into the store
///
/// SOURCE is a folder or a file. Every object is read once: a second run takes only what is new or
/// changed. What can't be read is counted by reason and never stops the rest.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bedrock-lens ingest ~/logs
  bedrock-lens ingest ~/logs --from 2026-11-09 --to 2026-11-16 --kind invocations
  bedrock-lens ingest ~/logs --json --quiet")]
pub(super) struct IngestArgs {
    /// Folders or files to read
    #[arg(required = true, value_name = "SOURCE")]
    sources: Vec<String>,
    #[command(flatten)]
    selection: SelectionArgs,
    /// Say what would be read, and read nothing
    #[arg(long)]
    dry_run: bool,
    /// Print the summary as one JSON object
    #[arg(long)]
    json: bool,
    /// Wait for another writer to end instead of failing
    #[arg(long)]
    wait: bool,
    /// Most bytes one object may inflate to [default: 1 GiB]
    #[arg(long, value_name = "BYTES")]
    max_object_bytes: Option<NonZeroU64>,
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

/// Kinds of log, as users name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogKind {
    /// Bedrock model invocation logs.
    Invocations,
    /// CloudTrail events, Insights included.
    #[value(name = "cloudtrail")]
    CloudTrail,
}

impl LogKind {
    fn kinds(self) -> &'static [ObjectKind] {
        match self {
            Self::Invocations => &[ObjectKind::Invocations],
            Self::CloudTrail => &[ObjectKind::CloudTrail, ObjectKind::CloudTrailInsight],
        }
    }
}

pub(super) fn run(args: &IngestArgs, context: &Context) -> Result<Exit, Failure> {
    let started = Instant::now();
    let sources = open_sources(&args.sources);
    let selection = args.selection.resolve(context)?;
    if args.dry_run {
        return dry_run(&sources, &selection, args, context);
    }
    let on_locked = if args.wait { OnLocked::Wait } else { OnLocked::Fail };
    // List before the store is touched, so that a wrong path doesn't leave an empty store behind.
    let found = Plan::list(&sources, &selection)?;
    let mut writer = Writer::open(&context.settings.store, on_locked)?;
    let plan = found.without_known(writer.reader())?;
    let bar = Bar::new(context.output);
    let max_object_bytes =
        args.max_object_bytes.map_or(context.settings.max_object_bytes, NonZeroU64::get);
    let limits = Limits { max_object_bytes };
    let mut summary = plan.carry_out(&mut writer, limits, context.now, &bar)?;
    bar.finish();
    summary.seconds = started.elapsed().as_secs_f64();
    tell(&summary, args, context)?;
    Ok(if summary.is_partial() { Exit::Partial } else { Exit::Done })
}

/// The sources that the user named.
pub(super) fn open_sources(names: &[String]) -> Vec<Box<dyn Source>> {
    names.iter().map(|name| Box::new(Local::new(name)) as Box<dyn Source>).collect()
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
    sources: &[Box<dyn Source>],
    selection: &Selection,
    args: &IngestArgs,
    context: &Context,
) -> Result<Exit, Failure> {
    let mut plan = Plan::list(sources, selection)?;
    if Reader::exists(&context.settings.store) {
        plan = plan.without_known(&Reader::open(&context.settings.store)?)?;
    }
    let line = if args.json {
        serde_json::json!({
            "objects_listed": plan.summary().objects_listed,
            "objects_skipped": plan.summary().objects_skipped,
            "objects_to_read": plan.objects(),
            "bytes_compressed": plan.bytes(),
        })
        .to_string()
    } else {
        format!(
            "would read {} of {} objects, {}",
            grouped(plan.objects().into()),
            grouped(plan.summary().objects_listed.into()),
            bytes(plan.bytes())
        )
    };
    output::result(&format!("{line}\n"))?;
    Ok(Exit::Done)
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
    context.output.warn(&parts.join("; "));
    for trouble in &summary.first_troubles {
        context.output.warn(trouble);
    }
}

fn what_now(summary: &Summary) -> String {
    let mut text = "everything else was kept".to_owned();
    if summary.objects_failed > 0 {
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

//! `store`: what is held, and whether it is whole.

use clap::{Args, Subcommand};

use super::{Context, Exit, Failure, output, time};
use crate::render::format::number::{bytes, grouped};
use crate::store::{Compaction, Info, OnLocked, Pruning, Reader, Verification, Writer};

/// Look at the store and keep it in shape: what it holds, whether it is whole, its size
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  bedrock-lens store info
  bedrock-lens store verify
  bedrock-lens store prune --before 2026-01-01")]
pub(super) enum StoreCommand {
    /// What the store holds: objects, rows, days, freshness, rejects
    #[command(after_help = "\
Examples:
  bedrock-lens store info
  bedrock-lens store info --json")]
    Info(FormArgs),
    /// Check every file of the store against the catalogue; exit 4 when something is wrong
    #[command(after_help = "\
Examples:
  bedrock-lens store verify
  bedrock-lens store verify --json --quiet")]
    Verify(FormArgs),
    /// List the live Parquet files, for DuckDB, Polars, Spark or Athena
    #[command(after_help = "\
Examples:
  bedrock-lens store files
  bedrock-lens store files --json

Rows that repeat another row's call are listed in the store's `repeats` folder by (object, record).")]
    Files(FormArgs),
    /// Merge the small files of each day into few; no answer changes
    #[command(after_help = "\
Examples:
  bedrock-lens store compact --dry-run
  bedrock-lens store compact

Every ingest already merges some: a day that is added to has at most eight small files, and the days
before become one file each as time goes on. Others may read meanwhile. Killed, it loses nothing.")]
    Compact(ChangeArgs),
    /// Drop whole days, and keep them from being ingested again
    #[command(after_help = "\
Examples:
  bedrock-lens store prune --before 2026-01-01 --dry-run
  bedrock-lens store prune --before 2026-01-01

Days are UTC days. Rows of dropped days that come again are counted as `pruned` and left out; queries
and reports that reach back before the date say so. Rows without a known time stay.")]
    Prune(PruneArgs),
}

/// How to change the store.
#[derive(Debug, Args)]
pub(super) struct ChangeArgs {
    /// Say what would be done, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Wait for another writer to end instead of failing
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    form: FormArgs,
}

/// What to drop.
#[derive(Debug, Args)]
pub(super) struct PruneArgs {
    /// The first day to keep
    #[arg(long, value_name = "DATE")]
    before: String,
    #[command(flatten)]
    change: ChangeArgs,
}

/// How to print.
#[derive(Debug, Args)]
pub(super) struct FormArgs {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &StoreCommand, context: &Context) -> Result<Exit, Failure> {
    let store = || Reader::open(&context.settings.store);
    match command {
        StoreCommand::Info(form) => info(&store()?, form),
        StoreCommand::Verify(form) => verify(&store()?, form, context),
        StoreCommand::Files(form) => files(&store()?, form),
        StoreCommand::Compact(change) => compact(store()?, change, context),
        StoreCommand::Prune(args) => prune(store()?, args, context),
    }
}

fn writer(change: &ChangeArgs, context: &Context) -> Result<Writer, Failure> {
    let on_locked = if change.wait { OnLocked::Wait } else { OnLocked::Fail };
    Ok(Writer::open(&context.settings.store, on_locked)?)
}

/// The reader shows that there is a store. It goes before a writer comes: merged files are deleted
/// only where nobody reads.
fn compact(store: Reader, change: &ChangeArgs, context: &Context) -> Result<Exit, Failure> {
    let done = if change.dry_run {
        store.compaction()?
    } else {
        drop(store);
        writer(change, context)?.compact()?
    };
    told(&done, &merged(&done, change.dry_run), &change.form, context)
}

fn merged(done: &Compaction, dry_run: bool) -> String {
    if done.rows_moved == 0 {
        return format!("nothing to merge: {} files", grouped(done.files_before.into()));
    }
    let verb = if dry_run { "would merge" } else { "merged" };
    let size = done.bytes_after.map_or_else(String::new, |after| {
        format!(", {} into {}", bytes(done.bytes_before), bytes(after))
    });
    format!(
        "{verb} {} files into {}{size}",
        grouped(done.files_before.into()),
        grouped(done.files_after.into())
    )
}

fn prune(store: Reader, args: &PruneArgs, context: &Context) -> Result<Exit, Failure> {
    let before = time::day(&args.before, "--before")?;
    if before > context.now.date_naive() {
        return Err(Failure::usage(format!(
            "`{before}` in `--before` is later than today ({}): nothing could be ingested any more",
            context.now.date_naive()
        )));
    }
    let done = if args.change.dry_run {
        store.pruning(before)?
    } else {
        drop(store);
        writer(&args.change, context)?.prune(before)?
    };
    told(&done, &dropped(&done, args.change.dry_run), &args.change.form, context)
}

fn dropped(done: &Pruning, dry_run: bool) -> String {
    let number = |n: u64| grouped(n.into());
    if done.files == 0 {
        return format!("nothing to drop: the store holds no day before {}", done.before);
    }
    format!(
        "{} {} days before {}: {} invocations, {} API events, {} rejects in {} files, {}",
        if dry_run { "would drop" } else { "dropped" },
        number(done.days),
        done.before,
        number(done.invocations),
        number(done.api_events),
        number(done.rejects),
        number(done.files),
        bytes(done.bytes)
    )
}

/// The outcome as JSON on stdout, or in words on stderr.
fn told(
    outcome: &impl serde::Serialize,
    words: &str,
    form: &FormArgs,
    context: &Context,
) -> Result<Exit, Failure> {
    if form.json {
        output::result(&json(outcome)?)?;
    } else {
        context.output.note(words);
    }
    Ok(Exit::Done)
}

fn info(store: &Reader, form: &FormArgs) -> Result<Exit, Failure> {
    let info = store.info()?;
    let text = if form.json { json(&info)? } else { describe(&info) };
    output::result(&text)?;
    Ok(Exit::Done)
}

fn describe(info: &Info) -> String {
    let number = |n: u64| grouped(n.into());
    let mut lines = vec![
        format!("store       {}", info.store),
        format!(
            "objects     {} read, {} of them hold no log; {} compressed, {} inflated",
            number(info.objects),
            number(info.objects_skipped),
            bytes(info.bytes_compressed),
            bytes(info.bytes_uncompressed)
        ),
    ];
    for table in &info.tables {
        let days = match (table.first_day, table.last_day) {
            (Some(first), Some(last)) => format!("{first} to {last}"),
            _ => "no days".to_owned(),
        };
        lines.push(format!(
            "{:<12}{} rows, {} duplicates counted once; {days}; {} files, {}",
            table.table,
            number(table.rows),
            number(table.duplicates),
            number(table.files),
            bytes(table.size_bytes)
        ));
    }
    for (reason, count) in &info.rejects {
        lines.push(format!("rejected    {} {reason}", number(*count)));
    }
    for place in &info.freshness {
        let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
        lines.push(format!(
            "newest      {}  {} {} {} ({} objects)",
            place.newest.map_or_else(|| "unknown".to_owned(), |at| at.to_rfc3339()),
            known(&place.kind),
            known(&place.account),
            known(&place.region),
            number(place.objects)
        ));
    }
    if let Some(day) = info.pruned_before {
        lines.push(format!("pruned      all days before {day}"));
    }
    if let Some(at) = info.last_ingest {
        lines.push(format!("ingested    {}", at.to_rfc3339()));
    }
    lines.join("\n") + "\n"
}

fn verify(store: &Reader, form: &FormArgs, context: &Context) -> Result<Exit, Failure> {
    let verification = store.verify()?;
    if form.json {
        output::result(&json(&verification)?)?;
    } else {
        say(&verification, context);
    }
    Ok(if verification.problems.is_empty() { Exit::Done } else { Exit::NotPassed })
}

fn say(verification: &Verification, context: &Context) {
    for problem in &verification.problems {
        context.output.warn(&format!("`{}`: {}", problem.path, problem.what));
    }
    if !verification.problems.is_empty() {
        context.output.hint(
            "damaged rows can be had again: delete the store, or ingest their objects into a new one",
        );
    }
    context.output.note(&format!(
        "checked {} files, {} rows: {} problems; {} leftover files",
        grouped(verification.files.into()),
        grouped(verification.rows.into()),
        verification.problems.len(),
        verification.leftovers.len()
    ));
}

fn files(store: &Reader, form: &FormArgs) -> Result<Exit, Failure> {
    let files = store.live_files()?;
    let text = if form.json {
        json(&files)?
    } else {
        files.iter().fold(String::new(), |text, file| {
            text + &store.root().join(&file.path).display().to_string() + "\n"
        })
    };
    output::result(&text)?;
    Ok(Exit::Done)
}

fn json(value: &impl serde::Serialize) -> Result<String, Failure> {
    serde_json::to_string(value)
        .map(|text| text + "\n")
        .map_err(|error| Failure { error: error.into(), exit: Exit::Failed })
}

//! `store`: what is held, and whether it is whole.

use clap::{Args, Subcommand};

use super::{Context, Exit, Failure, output};
use crate::render::format::number::{bytes, grouped};
use crate::store::{Info, Reader, Verification};

/// Look at the store: what it holds, and whether it is whole
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  bedrock-lens store info
  bedrock-lens store verify")]
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
}

/// How to print.
#[derive(Debug, Args)]
pub(super) struct FormArgs {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &StoreCommand, context: &Context) -> Result<Exit, Failure> {
    let store = Reader::open(&context.settings.store)?;
    match command {
        StoreCommand::Info(form) => info(&store, form),
        StoreCommand::Verify(form) => verify(&store, form, context),
        StoreCommand::Files(form) => files(&store, form),
    }
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

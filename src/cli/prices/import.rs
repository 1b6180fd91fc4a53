//! `prices import`: from AWS price lists to a catalogue file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::json;
use crate::cli::output;
use crate::cli::{Context, Exit, Failure};
use crate::pipeline::{self, PriceImport};
use crate::prices::import::{Imported, SkuFinding};
use crate::render::format::words::clean;

/// How many unusable products of one kind are named in words; `--json` names all.
const NAMED: usize = 5;

/// Take prices from AWS Price List files into a catalogue of your own
///
/// Reads files of the Price List bulk API (`AmazonBedrock`, `AmazonBedrockFoundationModels`,
/// `AmazonBedrockService`) and writes a whole catalogue: the one in use with the listed prices laid
/// over it, from their effective dates on. `[prices] book` in the configuration then takes it in place
/// of the one that comes with the tool. Every product is accounted for: taken, confirmed, no price of
/// logged calls, or unusable; exit code 3 when any is unusable.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  curl -O https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonBedrock/current/us-east-1/index.json
  bedrock-lens prices import index.json -o bedrock-prices.json
  bedrock-lens prices import ~/price-lists -o new.json --name 'Nova 3 Lite=amazon.nova-3-lite-v1:0'
  bedrock-lens prices diff embedded new.json")]
pub(in crate::cli) struct ImportArgs {
    /// Price list files, or folders of them
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The catalogue file to write
    #[arg(short, long, value_name = "FILE", required_unless_present = "dry_run")]
    output: Option<PathBuf>,
    /// Which model a name in the price list stands for; may be given again
    #[arg(long = "name", value_name = "NAME=MODEL_ID", value_parser = name)]
    names: Vec<(String, String)>,
    /// Say what would be done and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

fn name(text: &str) -> Result<(String, String), String> {
    let both = text.rsplit_once('=').map(|(name, id)| (name.trim(), id.trim()));
    let both = both.filter(|(name, id)| !name.is_empty() && !id.is_empty());
    let (name, id) = both.ok_or("must be like `Nova 3 Lite=amazon.nova-3-lite-v1:0`")?;
    Ok((name.to_owned(), id.to_owned()))
}

#[derive(Serialize)]
struct Answer<'a> {
    /// The file written; null when nothing was.
    written: Option<&'a PathBuf>,
    /// JSON files in folders that are none of Bedrock's price lists.
    files_passed_over: &'a [PathBuf],
    #[serde(flatten)]
    done: &'a Imported,
}

pub(super) fn run(args: &ImportArgs, context: &Context) -> Result<Exit, Failure> {
    let output = args.output.as_ref().filter(|_| !args.dry_run);
    let request = PriceImport {
        sources: args.files.clone(),
        book: context.settings.price_book.clone(),
        names: args.names.iter().cloned().collect::<BTreeMap<_, _>>(),
        output: output.cloned(),
    };
    let (passed_over, done) = pipeline::import_prices(&request)?;
    let answer = Answer { written: output, files_passed_over: &passed_over, done: &done };
    output::result(&if args.json { json(&answer)? } else { describe(&answer) })?;
    if done.problems.is_empty() {
        return Ok(Exit::Done);
    }
    let count = done.problems.len();
    context.output.warn(&format!("{count} of {} products could not be used", done.skus));
    Ok(Exit::Partial)
}

fn describe(answer: &Answer<'_>) -> String {
    let done = answer.done;
    let mut lines: Vec<String> = Vec::new();
    for list in &done.lists {
        let version = list.version.as_deref().map_or_else(String::new, |text| format!(" {text}"));
        lines.push(format!(
            "list         {}: {}{version}, published {}, {} products",
            list.file, list.service, list.published, list.skus
        ));
    }
    lines.extend(
        answer
            .files_passed_over
            .iter()
            .map(|file| format!("passed over  {}: no price list of Bedrock", file.display())),
    );
    lines.push(format!(
        "recognised   {} of {} products: {} prices added, {} changed, {} as they were",
        done.recognised, done.skus, done.calls_added, done.calls_changed, done.calls_confirmed
    ));
    lines.extend(done.models_added.iter().map(|id| format!("new model    {id}")));
    lines.extend(
        done.skipped.iter().map(|(reason, count)| format!("skipped      {count} {reason}")),
    );
    for (reason, count) in &done.unusable {
        lines.push(format!("unusable     {count} {reason}"));
        // Most share what is wrong, such as a name: the first of each is named.
        let mut alike: BTreeMap<&str, Vec<&SkuFinding>> = BTreeMap::new();
        for one in done.problems.iter().filter(|one| one.reason == *reason) {
            alike.entry(&one.detail).or_default().push(one);
        }
        lines.extend(alike.values().take(NAMED).map(|all| finding(all)));
        if alike.len() > NAMED {
            lines.push(format!("             … {} more; `--json` names all", alike.len() - NAMED));
        }
    }
    lines.push(match answer.written {
        Some(path) => format!("written      {}", path.display()),
        None => String::from("written      nothing"),
    });
    lines.iter().map(|line| clean(line) + "\n").collect()
}

fn finding(alike: &[&SkuFinding]) -> String {
    let Some(one) = alike.first() else { return String::new() };
    let usage_type = one.usage_type.as_deref().unwrap_or("no usage type");
    let more = match alike.len() {
        1 => String::new(),
        count => format!(", and {} more", count - 1),
    };
    format!("             {} {usage_type} in {}{more}: {}", one.sku, one.file, one.detail)
}

//! `prices diff`: what changed between two catalogues.

use std::path::PathBuf;

use clap::Args;

use super::json;
use crate::cli::output;
use crate::cli::{Exit, Failure};
use crate::pipeline;
use crate::prices::diff::{Difference, RowSeen, diff};
use crate::render::format::words::clean;

/// Compare two catalogues: models and price rows added, removed, changed
///
/// Both are JSON in the layout of the catalogue that comes with the tool; `embedded` stands for that
/// one itself.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bedrock-lens prices diff embedded bedrock-prices.json
  bedrock-lens prices diff old.json new.json --json")]
pub(in crate::cli) struct DiffArgs {
    /// The older catalogue
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The newer catalogue
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &DiffArgs) -> Result<Exit, Failure> {
    let (old, new) = (pipeline::catalogue(&args.old)?, pipeline::catalogue(&args.new)?);
    let difference = diff(&old, &new);
    output::result(&if args.json { json(&difference)? } else { describe(&difference) })?;
    Ok(Exit::Done)
}

fn describe(difference: &Difference) -> String {
    if difference.is_empty() {
        return String::from("no difference that changes a cost\n");
    }
    let models = |sign: &str, ids: &[String]| -> Vec<String> {
        ids.iter().map(|id| format!("{sign} model {id}")).collect()
    };
    let rows = |sign: &str, rows: &[RowSeen]| -> Vec<String> {
        rows.iter().map(|row| format!("{sign} {}: {}", row.price_row, prices(row))).collect()
    };
    let changed = difference.changed.iter().map(|change| {
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
        let (old, new) = (shown(&change.old), shown(&change.new));
        format!("~ {}: {} {old} → {new}", change.of, change.field)
    });
    let mut lines = models("+", &difference.models_added);
    lines.extend(models("-", &difference.models_removed));
    lines.extend(rows("+", &difference.rows_added));
    lines.extend(rows("-", &difference.rows_removed));
    lines.extend(changed);
    lines.iter().map(|line| clean(line) + "\n").collect()
}

fn prices(row: &RowSeen) -> String {
    let all = [
        ("input", row.prices.input),
        ("output", row.prices.output),
        ("cache read", row.prices.cache_read),
        ("cache write", row.prices.cache_write),
    ];
    let known: Vec<String> = all
        .into_iter()
        .filter_map(|(kind, price)| price.map(|price| format!("{kind} {price}")))
        .collect();
    if known.is_empty() { String::from("no token price") } else { known.join(", ") }
}

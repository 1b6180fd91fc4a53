//! `prices check`: whether the catalogue and the prices file are sound.

use clap::Args;

use super::json;
use crate::cli::output;
use crate::cli::{Context, Exit, Failure};
use crate::pipeline::{self, PriceCheck, PriceFinding};
use crate::render::format::words::clean;

/// Check the catalogue and the prices file: overlaps, gaps, unknown keys, absurd values
///
/// Lists everything that is wrong and exits with 4 if anything is; remarks are not mistakes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bedrock-lens prices check
  bedrock-lens --config lens.toml prices check --json")]
pub(in crate::cli) struct CheckArgs {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &CheckArgs, context: &Context) -> Result<Exit, Failure> {
    let found = pipeline::check_prices(context.price_files(), context.now.date_naive())?;
    output::result(&if args.json { json(&found)? } else { describe(&found) })?;
    Ok(if found.ok { Exit::Done } else { Exit::NotPassed })
}

fn describe(found: &PriceCheck) -> String {
    let catalogue = &found.catalogue;
    let stale = if catalogue.age.stale { ": old, check for newer prices" } else { "" };
    let mut lines = vec![format!(
        "catalogue    {} models, {} rows; newest fact {}, {} days ago{stale}",
        catalogue.models, catalogue.rows, catalogue.age.newest_source_date, catalogue.age.age_days
    )];
    match &found.prices_file {
        None => lines.push(String::from("prices file  none named in the configuration")),
        Some(own) => {
            let count = |count: Option<usize>| count.unwrap_or_default();
            let held = own.rows.map_or_else(
                || String::from("not usable"),
                |rows| {
                    format!(
                        "{rows} rows, {} private models, {} discounts, {} profiles, {} provisioned",
                        count(own.models),
                        count(own.discounts),
                        count(own.profiles),
                        count(own.provisioned)
                    )
                },
            );
            lines.push(format!("prices file  {}: {held}", own.file));
        }
    }
    if let Some(file) = &catalogue.file {
        lines.insert(0, format!("book         {file}, in place of the embedded catalogue"));
    }
    if let Some(synced) = &found.synced {
        let since = synced.synced_since.map_or_else(
            || String::from("no Region answered in full"),
            |at| {
                format!(
                    "{} answers, the oldest of {}",
                    synced.answers,
                    at.format("%Y-%m-%d %H:%M UTC")
                )
            },
        );
        lines.push(format!(
            "synced       {}: {} profiles ({} with a known model), {} provisioned; {since}",
            synced.file, synced.profiles, synced.profiles_priced, synced.provisioned
        ));
    }
    lines.extend(found.problems.iter().map(|one| line("problem", one)));
    lines.extend(found.remarks.iter().map(|one| line("remark", one)));
    lines.push(match found.problems.len() {
        0 => String::from("result       nothing wrong"),
        1 => String::from("result       1 problem"),
        count => format!("result       {count} problems"),
    });
    lines.join("\n") + "\n"
}

fn line(kind: &str, one: &PriceFinding) -> String {
    let file = one.file.as_ref().map_or_else(String::new, |file| format!("{file}: "));
    let line = one.line.map_or_else(String::new, |line| format!("line {line}: "));
    let place = Some(&one.place).filter(|place| !place.is_empty());
    let place = place.map_or_else(String::new, |place| format!("{place}: "));
    let key = one.key.as_ref().map_or_else(String::new, |key| format!("`{key}` "));
    clean(&format!("{kind:<13}{file}{line}{place}{key}{}", one.finding))
}

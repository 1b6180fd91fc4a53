//! `audit sensitive`: what scans of bodies found.

use clap::Args;

use super::coverage::held;
use super::detections::{aligned, json, shown};
use super::{Context, Exit, Failure, output, time};
use crate::cli::range::RangeArgs;
use crate::pipeline::{self, SensitiveAnswer, SensitiveDimension};
use crate::render::format::number::grouped;
use crate::store::Reader;

/// Count the credentials, card numbers, national ids and e-mail addresses that were found in bodies
///
/// Bodies are looked through while they are read, when `ingest --scan-bodies` asks for it. The store
/// keeps counts, keyed hashes and where the records lie; never the content.
#[derive(Debug, Args)]
#[command(after_help = "\
Requests that were read without --scan-bodies were not scanned: nothing is known of them.

Examples:
  bedrock-lens ingest ~/logs --scan-bodies
  bedrock-lens audit sensitive --month 2026-10
  bedrock-lens audit sensitive --last 7d --by principal,model --json")]
pub(in crate::cli) struct SensitiveArgs {
    #[command(flatten)]
    range: RangeArgs,
    /// Dimensions to count by, beside the kind: account, region, model, principal, hour, day
    #[arg(long, value_name = "DIM,…", value_delimiter = ',')]
    by: Vec<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &SensitiveArgs, context: &Context) -> Result<Exit, Failure> {
    let by: Vec<SensitiveDimension> =
        args.by.iter().map(|name| dimension(name)).collect::<Result<_, _>>()?;
    let store = Reader::open(&context.settings.store)?;
    let period = match args.range.period(context)? {
        Some(period) => period,
        None => held(&store)?,
    };
    let book = context.price_book()?;
    let found = pipeline::audit_sensitive(&store, &book, period, &by, context.settings.timezone)?;
    let text = if args.json { json(&found)? } else { described(&found, &by, context) };
    output::result(&text)?;
    if found.scanned < found.requests {
        context.output.hint(
            "`ingest --scan-bodies` looks through objects that are read from then on; into a new store \
             it looks through all",
        );
    }
    Ok(Exit::Done)
}

fn dimension(name: &str) -> Result<SensitiveDimension, Failure> {
    SensitiveDimension::named(name.trim()).ok_or_else(|| {
        let known: Vec<String> = SensitiveDimension::ALL.iter().map(ToString::to_string).collect();
        Failure::usage(format!("`{name}` in `--by` is none of {}", known.join(", ")))
    })
}

fn described(found: &SensitiveAnswer, by: &[SensitiveDimension], context: &Context) -> String {
    let number = |n: i64| grouped(n.unsigned_abs().into());
    let summary = format!(
        "period    {} to {}\nscanned   {} of {} requests\nfound     in {} requests\n",
        time::text(found.period.from),
        time::text(found.period.to),
        number(found.scanned),
        number(found.requests),
        number(found.requests_with_findings),
    );
    if found.rows.is_empty() {
        return summary;
    }
    let names: Vec<String> = by.iter().map(SensitiveDimension::name).collect();
    let heads: Vec<&str> = ["kind"]
        .into_iter()
        .chain(names.iter().map(String::as_str))
        .chain(["requests", "places"])
        .collect();
    let rows = found
        .rows
        .iter()
        .map(|row| {
            let unknown = || "\u{2014}".to_owned();
            let text = |text: &Option<String>| text.as_deref().map_or_else(unknown, shown);
            let mut cells = vec![text(&row.kind)];
            cells.extend(row.group.iter().map(|(_, value)| text(value)));
            cells.extend([number(row.requests), number(row.matches)]);
            cells
        })
        .collect();
    summary + "\n" + &aligned(&heads, rows, context)
}

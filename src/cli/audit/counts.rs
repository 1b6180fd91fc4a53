//! `audit counts`: how many calls three systems counted, side by side.

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::coverage::held;
use super::{Context, Exit, Failure, output, time};
use crate::cli::answer::{DASH, Form, FormArgs, aligned, csv, json, plain};
use crate::cli::range::RangeArgs;
use crate::metrics::three_counts::Grain;
use crate::period::Period;
use crate::pipeline::{CountedCalls, counted_calls};
use crate::render::format::number::grouped;
use crate::render::format::words::identifier;
use crate::render::table::Row;
use crate::report::parts::Align;
use crate::store::Reader;

/// Show how many calls the invocation log, CloudTrail and CloudWatch counted, side by side
///
/// Three systems see the same calls, each in its own way: the log what it was delivered, CloudTrail the
/// events of the four runtime operations, CloudWatch (`ingest cloudwatch:REGION`) what Bedrock reports of
/// itself, other operations and endpoints perhaps included. None is filled in by another, and a
/// difference is a question, not an error. A dash (null) is nothing seen, or nothing read.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bedrock-lens audit counts --last 7d
  bedrock-lens audit counts --from 2026-11-12 --to 2026-11-13 --by hour --json")]
pub(in crate::cli) struct CountsArgs {
    #[command(flatten)]
    range: RangeArgs,
    /// By UTC day or hour
    #[arg(long, default_value = "day")]
    by: By,
    #[command(flatten)]
    form: FormArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    Day,
    Hour,
}

#[derive(Serialize)]
struct Answer<'c> {
    #[serde(flatten)]
    period: Period,
    counts: &'c [CountedCalls],
}

pub(super) fn run(args: &CountsArgs, context: &Context) -> Result<Exit, Failure> {
    let asked = args.range.period(context)?;
    let store = Reader::open(&context.settings.store)?;
    let period = asked.map_or_else(|| held(&store), Ok)?;
    let grain = match args.by {
        By::Day => Grain::Day,
        By::Hour => Grain::Hour,
    };
    let counts = counted_calls(&store, period, grain)?;
    output::result(&match args.form.form() {
        Form::Table => shown(&counts, context),
        Form::Csv => as_csv(&counts)?,
        Form::Json => json(&Answer { period, counts: &counts })?,
    })?;
    Ok(Exit::Done)
}

fn start(one: &CountedCalls) -> String {
    one.from.map(time::text).unwrap_or_default()
}

fn shown(counts: &[CountedCalls], context: &Context) -> String {
    const HEADS: [(&str, Align); 6] = [
        ("from (UTC)", Align::Left),
        ("account", Align::Left),
        ("region", Align::Left),
        ("log", Align::Right),
        ("CloudTrail", Align::Right),
        ("CloudWatch", Align::Right),
    ];
    let number = |count: Option<i64>| {
        count.map_or_else(|| DASH.to_owned(), |count| grouped(count.unsigned_abs().into()))
    };
    let text = |text: &Option<String>| text.as_deref().map_or_else(|| DASH.to_owned(), identifier);
    let row = |one: &CountedCalls| {
        Row::from(vec![
            start(one),
            text(&one.account),
            text(&one.region),
            number(one.logged_requests),
            number(one.cloudtrail_calls),
            number(one.cloudwatch_calls),
        ])
    };
    aligned(&HEADS, &counts.iter().map(row).collect::<Vec<_>>(), context)
}

fn as_csv(counts: &[CountedCalls]) -> Result<String, Failure> {
    const HEADS: [&str; 6] =
        ["from", "account", "region", "logged_requests", "cloudtrail_calls", "cloudwatch_calls"];
    let row = |one: &CountedCalls| {
        [
            start(one),
            plain(one.account.as_ref()),
            plain(one.region.as_ref()),
            plain(one.logged_requests),
            plain(one.cloudtrail_calls),
            plain(one.cloudwatch_calls),
        ]
    };
    csv(&HEADS, counts.iter().map(row))
}

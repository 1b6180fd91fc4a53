//! `report`: the finished page, from the store or in one shot from a source.

use clap::{Args, Subcommand, ValueEnum};

use super::delivery::{self, DeliveryArgs};
use super::ingest::{read_options, warn_of_troubles};
use super::progress::Bar;
use super::sources::{S3Args, requests};
use super::{Context, Exit, Failure, time};
use crate::pipeline::{self, History, Look, PeriodChoice, Plan, ReportRequest, Selection};
use crate::render::{Templates, Theme};
use crate::store::{OnLocked, Reader, Writer};

/// Write a report
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bedrock-lens report weekly
  bedrock-lens report weekly --source sample-data -o reports/")]
pub(super) struct ReportArgs {
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Debug, Subcommand)]
enum Kind {
    /// Weekly business report: spend, usage, speed and errors against the week before
    #[command(after_help = "\
Examples:
  bedrock-lens report weekly                               the last complete week in the store
  bedrock-lens report weekly --date 2026-11-11             the week that holds this day
  bedrock-lens report weekly --source sample-data          read a folder, report, keep nothing
  bedrock-lens report weekly --format text -o -            as text, to standard output")]
    Weekly(WeeklyArgs),
}

#[derive(Debug, Args)]
struct WeeklyArgs {
    /// Read this folder, file, `s3://bucket/prefix` or configured source into a temporary store and
    /// report on it
    #[arg(long, value_name = "SOURCE")]
    source: Option<String>,
    /// Report on the week that holds this day
    #[arg(long, value_name = "DATE", conflicts_with_all = ["from", "to"])]
    date: Option<String>,
    /// Start of the period, inclusive
    #[arg(long, value_name = "TIME", requires = "to")]
    from: Option<String>,
    /// End of the period, exclusive
    #[arg(long, value_name = "TIME", requires = "from")]
    to: Option<String>,
    /// Colours of the page
    #[arg(long, default_value = "auto")]
    theme: ThemeChoice,
    #[command(flatten)]
    delivery: DeliveryArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ThemeChoice {
    /// As the reader's system.
    Auto,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

pub(super) fn run(args: &ReportArgs, context: &Context) -> Result<Exit, Failure> {
    let Kind::Weekly(args) = &args.kind;
    args.delivery.check("weekly", None, context)?;
    let request = request(args, context)?;
    if let Some(source) = &args.source {
        return one_shot(source, &request, args, context);
    }
    let store = Reader::open(&context.settings.store)?;
    finish(&store, &request, args, Exit::Done, context)
}

fn request(args: &WeeklyArgs, context: &Context) -> Result<ReportRequest, Failure> {
    let zone = context.settings.timezone;
    let choice = match (&args.date, &args.from, &args.to) {
        (Some(date), ..) => PeriodChoice::Holding(time::day(date, "--date")?),
        (None, Some(from), Some(to)) => PeriodChoice::Range(time::period(from, to, zone)?),
        _ if args.source.is_some() => PeriodChoice::LastInData,
        _ => PeriodChoice::LastComplete,
    };
    Ok(ReportRequest { choice, timezone: zone, now: context.now, source: args.source.clone() })
}

/// Reads a source into a store that vanishes, and reports on it.
fn one_shot(
    source: &str,
    request: &ReportRequest,
    args: &WeeklyArgs,
    context: &Context,
) -> Result<Exit, Failure> {
    let s3 = S3Args::default();
    let sources = requests(&[source.to_owned()], &Selection::default(), &s3, context)?;
    let plan = Plan::list(&sources, History::none(context.now))?;
    let folder = tempfile::tempdir().map_err(pipeline::Error::Temporary)?;
    let mut writer = Writer::open(folder.path(), OnLocked::Fail)?;
    let bar = Bar::new(context.output);
    let summary = plan.carry_out(&mut writer, read_options(context), &bar)?;
    bar.finish();
    warn_of_troubles(&summary, context);
    if summary.is_partial() {
        context
            .output
            .hint("everything else was read; the report's data quality counts what was not");
    }
    let so_far = if summary.is_partial() { Exit::Partial } else { Exit::Done };
    finish(writer.reader(), request, args, so_far, context)
}

/// Makes the report and puts it where it should go.
fn finish(
    store: &Reader,
    request: &ReportRequest,
    args: &WeeklyArgs,
    so_far: Exit,
    context: &Context,
) -> Result<Exit, Failure> {
    if args.delivery.if_complete {
        let period = pipeline::report_period(store, request)?;
        if !delivery::is_complete(store, ("weekly", period), &args.delivery, context)? {
            return Ok(Exit::NotPassed);
        }
    }
    let book = context.price_book()?;
    let report = pipeline::weekly(store, &book, request)?;
    let templates = Templates::default();
    let look = Look {
        theme: args.theme.into(),
        templates: &templates,
        browser: context.settings.browser.as_deref(),
        search: &context.settings.search,
    };
    delivery::deliver(&report, &args.delivery, (&look, None), so_far, context)
}

impl From<ThemeChoice> for Theme {
    fn from(choice: ThemeChoice) -> Self {
        match choice {
            ThemeChoice::Auto => Self::Auto,
            ThemeChoice::Light => Self::Light,
            ThemeChoice::Dark => Self::Dark,
        }
    }
}

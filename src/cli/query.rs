//! `query`: ad hoc figures from the store.

use std::io::IsTerminal;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::range::{Against, FilterArgs, RangeArgs, store_for};
use super::{Context, Exit, Failure, output};
use crate::metrics::calendar::is_grain;
use crate::metrics::names::UnknownName;
use crate::pipeline::{self, QueryRequest};
use crate::render::answer as form;
use crate::render::format::Script;
use crate::render::table::{Fit, TableOptions};
use crate::report::answer::{Answer, EmptyPeriods, Question, SortBy};

/// Ask for metrics by dimensions over a range, or run SQL
///
/// Without --by there is one row for the whole range. Rates are shares from 0 to 1, money is exact
/// list cost, latencies are milliseconds; an unknown value is empty (null in JSON), never 0.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct QueryArgs {
    #[command(flatten)]
    range: RangeArgs,
    #[command(flatten)]
    filter: FilterArgs,
    /// Dimensions to group by
    #[arg(long, value_name = "DIM,…", value_delimiter = ',', conflicts_with = "sql")]
    by: Vec<String>,
    /// Metrics to compute
    #[arg(
        long,
        value_name = "M,…",
        value_delimiter = ',',
        conflicts_with = "sql",
        default_value = "requests,error_rate,total_tokens,cost_usd"
    )]
    metrics: Vec<String>,
    #[command(flatten)]
    shape: ShapeArgs,
    /// A SQL query over `invocations`, `api_events`, `rejects` and `costs`
    #[arg(long, value_name = "SQL", conflicts_with_all = ["condition", "chart"])]
    sql: Option<String>,
    /// Form of the answer
    #[arg(long, default_value = "table")]
    format: Format,
    /// Draw bars beside the groups, or lines over the periods
    #[arg(long)]
    chart: bool,
    /// File to write to, whole or not at all; `-` is standard output
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
}

/// Which rows there are, and in which order.
#[derive(Debug, Args)]
struct ShapeArgs {
    /// Order of the rows: columns, each with `:desc` or `:asc` or a `-` before it for largest
    /// first [default: by the dimensions; with --limit by the first metric, largest first]
    #[arg(long, value_name = "COL,…", value_delimiter = ',', allow_hyphen_values = true)]
    #[arg(conflicts_with = "sql")]
    sort: Vec<String>,
    /// Keep the first N groups and make one row, *other*, of all the rest
    #[arg(long, value_name = "N", conflicts_with = "sql")]
    limit: Option<NonZeroUsize>,
    /// End with a row for all requests together
    #[arg(long, conflicts_with = "sql")]
    totals: bool,
    /// Set another period beside the range: its value, the change, and the relative change
    #[arg(long, value_name = "WITH", conflicts_with = "sql")]
    compare: Option<Against>,
    /// Rows for hours, days, weeks and months without calls
    #[arg(long, value_name = "WHEN", default_value = "auto", conflicts_with = "sql")]
    empty: Empty,
}

const AFTER_HELP: &str = "\
Dimensions: model, model_id, provider, operation, account, region, inference_region, routing,
principal, identity_arn, principal_type, status, error_code, stop_reason, guardrail_action,
service_tier, prompt_hash, hour, day, week, month, weekday, hour_of_day, team and
cost_center (by `[allocation]` in the configuration), tag:KEY (request metadata)

Metrics: requests, ok, errors, throttled, error_rate, success_rate, throttle_rate, input_tokens,
output_tokens, cache_read_tokens, cache_write_tokens, total_tokens, cost_usd, unpriced_requests,
priced_share, cost_per_request_usd, latency_mean_ms, latency_p50_ms, latency_p90_ms,
latency_p95_ms, latency_p99_ms, latency_known, first_byte_p50_ms, principals, models, input_bytes,
output_bytes, guardrail_interventions

Examples:
  bedrock-lens query --from 2026-11-09 --to 2026-11-16 --by model --metrics requests,cost_usd
  bedrock-lens query --last 7d --by principal --sort -cost_usd --limit 10 --totals
  bedrock-lens query --month 2026-10 --compare previous --by tag:team --metrics cost_usd
  bedrock-lens query --last 24h --where \"status = throttled and region = us-east-1\" --by hour
  bedrock-lens query --last 4w --by day --chart
  bedrock-lens query --last 7d --by day,tag:team --format xlsx -o teams.xlsx
  bedrock-lens query --sql \"select model, sum(cost_units) from costs group by model\" --format json

In SQL, `costs` is `invocations` with `cost_units` (exact, in 1e-14 US dollars), `cost_status`,
`cost_reason` and `price_row`. docs/query.md describes everything.";

/// Forms of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Aligned columns for people.
    Table,
    /// Comma-separated values, formulas neutralised.
    Csv,
    /// One array of row objects.
    Json,
    /// One row object per line.
    Ndjson,
    /// A Parquet file with typed columns.
    Parquet,
    /// A workbook with typed cells.
    Xlsx,
}

impl Format {
    fn is_binary(self) -> bool {
        matches!(self, Self::Parquet | Self::Xlsx)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Empty {
    /// When --by names hours, days, weeks or months and nothing that is not of the calendar.
    Auto,
    /// For every group that has calls at some time in the range.
    Show,
    /// Never.
    Hide,
}

pub(super) fn run(args: &QueryArgs, context: &Context) -> Result<Exit, Failure> {
    let asked = asked(args, context)?;
    if args.format.is_binary() && to_stdout(args) && std::io::stdout().is_terminal() {
        return Err(Failure::usage(
            "this form is not for terminals: name a file with `-o PATH`, or pipe it on",
        ));
    }
    if args.chart && args.format != Format::Table {
        return Err(Failure::usage("`--chart` is for `--format table`"));
    }
    let earliest = match &asked {
        Asked::Sql(_) => args.range.period(context)?,
        Asked::Request(request) => request.previous.or(request.period),
    };
    let store = store_for(earliest, context)?;
    let book = context.price_book()?;
    let request = match &asked {
        Asked::Sql(sql) => {
            let answer = pipeline::sql(&store, &book, args.range.period(context)?, sql)?;
            put(&written(&answer, &asked, args, context)?, args, context)?;
            return Ok(Exit::Done);
        }
        Asked::Request(request) => request,
    };
    let queried = pipeline::query(context.basis(&store, &book), request)?;
    put(&written(&queried.answer, &asked, args, context)?, args, context)?;
    if args.format == Format::Table && !context.output.quiet {
        let footing = pipeline::query_footing((&store, &book), request, &queried)?;
        context.output.note(&crate::render::trust_line(&footing, None, Script::Ascii));
    }
    Ok(Exit::Done)
}

/// What is asked, with all names checked before the store is opened.
enum Asked<'a> {
    Sql(&'a str),
    Request(Box<QueryRequest>),
}

fn asked<'a>(args: &'a QueryArgs, context: &Context) -> Result<Asked<'a>, Failure> {
    let period = args.range.period(context)?;
    if let Some(sql) = &args.sql {
        return Ok(Asked::Sql(sql));
    }
    let shape = &args.shape;
    let previous = match (shape.compare, period) {
        (Some(against), Some(period)) => Some(args.range.against(against, period, context)?),
        (Some(_), None) => {
            return Err(Failure::usage(
                "`--compare` needs a range: `--from` and `--to`, `--last` or `--month`",
            ));
        }
        (None, _) => None,
    };
    let Ok(sort) = shape.sort.iter().map(|text| text.parse::<SortBy>()).collect();
    let question = Question {
        by: parse(&args.by)?,
        metrics: parse(&args.metrics)?,
        timezone: context.settings.timezone,
        sort,
        limit: shape.limit.map(NonZeroUsize::get),
        totals: shape.totals,
        compares: previous.is_some(),
        empty: match shape.empty {
            // A line over time falls to nothing where nothing happened.
            Empty::Auto if args.chart => EmptyPeriods::Show,
            Empty::Auto => EmptyPeriods::Auto,
            Empty::Show => EmptyPeriods::Show,
            Empty::Hide => EmptyPeriods::Hide,
        },
    };
    Ok(Asked::Request(Box::new(QueryRequest {
        question: question.checked()?,
        period,
        previous,
        filter: args.filter.filter()?,
        now: context.now,
    })))
}

fn parse<T: std::str::FromStr<Err = UnknownName>>(names: &[String]) -> Result<Vec<T>, Failure> {
    names.iter().map(|name| Ok(name.trim().parse()?)).collect()
}

/// The answer in its form.
fn written(
    answer: &Answer,
    asked: &Asked<'_>,
    args: &QueryArgs,
    context: &Context,
) -> Result<Vec<u8>, Failure> {
    if args.format == Format::Table {
        return Ok(for_people(answer, asked, args, context).into_bytes());
    }
    let summaries = args.shape.totals || args.shape.limit.is_some();
    let with_column = summaries.then(|| answer.clone().with_row_column());
    let answer = with_column.as_ref().unwrap_or(answer);
    let bytes = match args.format {
        Format::Csv => form::csv(answer).map(String::into_bytes),
        Format::Json => form::json(answer).map(String::into_bytes),
        Format::Ndjson | Format::Table => form::ndjson(answer).map(String::into_bytes),
        Format::Parquet => form::parquet(answer),
        Format::Xlsx => form::xlsx(answer, context.now.timestamp()),
    };
    bytes.map_err(|error| Failure { error: error.into(), exit: Exit::Failed })
}

/// Columns or lines; cut to the terminal's width, never when piped.
fn for_people(answer: &Answer, asked: &Asked<'_>, args: &QueryArgs, context: &Context) -> String {
    let width = if to_stdout(args) { output::table_width() } else { None };
    let options = TableOptions {
        fit: width.map_or(Fit::Never, Fit::Cut),
        color: context.output.color_stdout && to_stdout(args),
        script: Script::Unicode,
    };
    let Asked::Request(request) = asked else { return form::table(answer, None, options) };
    if !args.chart {
        return form::table(answer, None, options);
    }
    let by = &request.question.by;
    match by.iter().position(is_grain) {
        Some(time) => {
            let groups: Vec<usize> = (0..by.len()).filter(|at| *at != time).collect();
            let room = width.unwrap_or(WIDE).saturating_sub(BESIDE_LINES).max(NARROW);
            form::chart(answer, time, &groups, room)
        }
        None => form::table(answer, Some(&form::with_bars(answer, by.len())), options),
    }
}

/// Columns of output where no terminal tells its width.
const WIDE: usize = 120;
/// What labels and extremes need beside a line of columns.
const BESIDE_LINES: usize = 56;
/// Lines are never shorter.
const NARROW: usize = 24;

fn to_stdout(args: &QueryArgs) -> bool {
    args.output.as_ref().is_none_or(|path| path.as_os_str() == "-")
}

fn put(bytes: &[u8], args: &QueryArgs, context: &Context) -> Result<(), Failure> {
    match &args.output {
        Some(path) if !to_stdout(args) => {
            pipeline::write_whole(path, bytes)?;
            context.output.note(&format!("wrote {}", path.display()));
        }
        _ => output::bytes(bytes)?,
    }
    Ok(())
}

//! `query`: ad hoc figures from the store.

use clap::{Args, ValueEnum};
use serde::ser::{SerializeMap, Serializer};

use super::range::{FilterArgs, RangeArgs};
use super::{Context, Exit, Failure, output};
use crate::metrics::dimensions::Dimension;
use crate::metrics::metric::Metric;
use crate::metrics::names::UnknownName;
use crate::pipeline::{self, AnswerColumn, QueryAnswer};
use crate::render::csv::csv;
use crate::render::format::{Format as ValueFormat, Script};
use crate::render::table::{Fit, Head, Row, TableOptions, table};
use crate::report::parts::{Align, RowRole, Value};
use crate::schema::allocation::{COST_CENTER, TEAM, UNATTRIBUTED};
use crate::store::Reader;

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
    /// A SQL query over `invocations`, `api_events`, `rejects` and `costs`
    #[arg(long, value_name = "SQL")]
    sql: Option<String>,
    /// Form of the answer
    #[arg(long, default_value = "table")]
    format: Format,
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
  bedrock-lens query --from 2026-11-09 --to 2026-11-16 --by day,tag:team --format csv
  bedrock-lens query --sql \"select model, sum(cost_units) from costs group by model\" --format json

In SQL, `costs` is `invocations` with `cost_units` (exact, in 1e-14 US dollars), `cost_status`,
`cost_reason` and `price_row`.";

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
}

pub(super) fn run(args: &QueryArgs, context: &Context) -> Result<Exit, Failure> {
    let zone = context.settings.timezone;
    let period = args.range.period(context)?;
    let filter = args.filter.filter()?;
    let question = match &args.sql {
        Some(sql) => Question::Sql(sql),
        None => Question::Metrics(parse(&args.by)?, parse(&args.metrics)?),
    };
    let store = Reader::open(&context.settings.store)?;
    let book = context.price_book()?;
    let answer = match question {
        Question::Sql(sql) => pipeline::sql(&store, &book, period, sql)?,
        Question::Metrics(by, metrics) => {
            let basis = context.basis(&store, &book);
            pipeline::query(basis, period, filter.as_ref(), &by, &metrics, zone)?
        }
    };
    output::result(&written(&answer, args.format, context)?)?;
    Ok(Exit::Done)
}

/// What is asked, with all names checked before the store is opened.
enum Question<'a> {
    Sql(&'a str),
    Metrics(Vec<Dimension>, Vec<Metric>),
}

fn parse<T: std::str::FromStr<Err = UnknownName>>(names: &[String]) -> Result<Vec<T>, Failure> {
    names.iter().map(|name| Ok(name.trim().parse()?)).collect()
}

fn written(answer: &QueryAnswer, format: Format, context: &Context) -> Result<String, Failure> {
    let json = |error: serde_json::Error| Failure { error: error.into(), exit: Exit::Failed };
    match format {
        Format::Table => Ok(aligned(answer, context)),
        Format::Csv => {
            let names: Vec<&str> = answer.columns.iter().map(|c| c.name.as_str()).collect();
            csv(names, answer.rows.iter().map(|row| row.iter().map(exact)))
                .map_err(|error| Failure { error: error.into(), exit: Exit::Failed })
        }
        Format::Json => {
            let rows: Vec<RowObject<'_>> = row_objects(answer).collect();
            serde_json::to_string_pretty(&rows).map(|text| text + "\n").map_err(json)
        }
        Format::Ndjson => row_objects(answer)
            .map(|row| serde_json::to_string(&row).map(|text| text + "\n").map_err(json))
            .collect(),
    }
}

/// A row as a JSON object, keys in column order.
struct RowObject<'a> {
    answer: &'a QueryAnswer,
    row: &'a [Value],
}

impl serde::Serialize for RowObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.row.len()))?;
        for (column, value) in self.answer.columns.iter().zip(self.row) {
            map.serialize_entry(&column.name, value)?;
        }
        map.end()
    }
}

fn row_objects(answer: &QueryAnswer) -> impl Iterator<Item = RowObject<'_>> {
    answer.rows.iter().map(move |row| RowObject { answer, row })
}

/// The answer in aligned columns; cut to the terminal's width, never when piped.
fn aligned(answer: &QueryAnswer, context: &Context) -> String {
    let align = |numeric| if numeric { Align::Right } else { Align::Left };
    let heads: Vec<Head> = answer
        .columns
        .iter()
        .map(|column| Head { label: column.name.clone(), unit: None, align: align(column.numeric) })
        .collect();
    let format = ValueFormat::default();
    let rows: Vec<Row> = answer
        .rows
        .iter()
        .map(|row| Row { cells: cells(answer, row, &format), role: RowRole::Body })
        .collect();
    let fit = output::table_width().map_or(Fit::Never, Fit::Cut);
    table(
        &heads,
        &rows,
        TableOptions { fit, color: context.output.color_stdout, script: Script::Unicode },
    )
}

/// A row for people; what nobody is charged for says so.
fn cells(answer: &QueryAnswer, row: &[Value], format: &ValueFormat) -> Vec<String> {
    let columns = answer.columns.iter().zip(row);
    let cell = |(column, value): (&AnswerColumn, &Value)| match (column.name.as_str(), value) {
        (TEAM | COST_CENTER, Value::Missing(_)) => UNATTRIBUTED.to_owned(),
        _ => shown(value, format),
    };
    columns.map(cell).collect()
}

/// A cell for people: money with six decimals, so that single requests can be told apart, and times
/// in full.
fn shown(value: &Value, format: &ValueFormat) -> String {
    const DECIMALS: usize = 6;
    match value {
        Value::Missing(_) => "\u{2014}".to_owned(),
        Value::Usd(amount) => {
            let text = amount.round_to(6).to_string();
            let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
            format!("{whole}.{fraction:0<DECIMALS$}")
        }
        Value::Time(_) | Value::Day(_) => exact(value),
        other => format.value(other),
    }
}

/// A cell for programs: exact, unknown empty.
fn exact(value: &Value) -> String {
    match value {
        Value::Missing(_) => String::new(),
        Value::Text(text) | Value::Id(text) | Value::Code(text) => text.clone(),
        other => serde_json::to_string(other)
            .map(|json| json.trim_matches('"').to_owned())
            .unwrap_or_default(),
    }
}

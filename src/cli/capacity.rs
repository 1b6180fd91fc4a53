//! `capacity`: load per minute against quotas.

use chrono::{DateTime, Utc};
use clap::Args;

use super::drivers::json;
use super::figures::{aligned, figure, row, text};
use super::range::{FilterArgs, RangeArgs, store_for};
use super::{Context, Exit, Failure, output, time};
use crate::insight::capacity::{Distribution, Load, Part};
use crate::period::Cadence;
use crate::pipeline::{self, CapacityAnswer, CapacityQuestion};
use crate::report::parts::{Column, Missing, RowRole, TableRow, Value};

/// Show requests and tokens per minute against quotas, throttling, and who used the quota
///
/// Per account, Region, model and routing, as AWS grants quotas. Requests count whether they were
/// served or not; tokens are input outside the cache, cache writes and output. docs/capacity.md
/// defines each figure. The last table answers the questions of a quota increase.
#[derive(Debug, Args)]
#[command(after_help = "\
Quotas are yours to state, in bedrock-lens.toml (`account` and `routing` are optional):
  [[quota]]
  region = \"eu-west-1\"
  model = \"anthropic.claude-sonnet-4-5-20250929-v1:0\"
  routing = \"eu\"              # in_region, a geography (us, eu, …) or global
  rpm = 200
  tpm = 200000
  output_burndown = 5         # quota tokens per output token; 1 if not given

Examples:
  bedrock-lens capacity                              the last complete week
  bedrock-lens capacity --month 2026-10 --json
  bedrock-lens capacity --last 7d --where \"region = eu-west-1\" --limit 3")]
pub(super) struct CapacityArgs {
    #[command(flatten)]
    range: RangeArgs,
    #[command(flatten)]
    filter: FilterArgs,
    /// Throttled minutes and principals to name for each quota
    #[arg(long, value_name = "N", default_value_t = 10)]
    limit: usize,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &CapacityArgs, context: &Context) -> Result<Exit, Failure> {
    let zone = context.settings.timezone;
    let last_week = || {
        let today = context.now.with_timezone(&zone).date_naive();
        Cadence::Weekly.before(Cadence::Weekly.period_of(today, zone), zone)
    };
    let filter = args.filter.filter()?;
    let question = CapacityQuestion {
        period: args.range.period(context)?.unwrap_or_else(last_week),
        filter: filter.as_ref(),
        quotas: &context.settings.quotas,
        most: args.limit,
        timezone: zone,
    };
    let store = store_for(Some(question.period), context)?;
    let book = context.price_book()?;
    let answer = pipeline::capacity(context.basis(&store, &book), &question)?;
    let shown = if args.json { json(&answer)? } else { shown(&answer, context) };
    output::result(&shown)?;
    for warning in warnings(&answer) {
        context.output.warn(&warning);
    }
    Ok(Exit::Done)
}

fn warnings(answer: &CapacityAnswer) -> Vec<String> {
    let unknown: i64 = answer.loads.iter().map(|load| load.tokens_unknown_requests).sum();
    let mut warnings = Vec::new();
    if unknown > 0 {
        warnings.push(format!(
            "{unknown} requests, throttled ones apart, have no token count: they are in RPM, and missing \
             from TPM"
        ));
    }
    for quota in &answer.quotas_without_requests {
        warnings.push(format!(
            "no request of the period falls under the quota for `{}` in `{}`{}",
            quota.model,
            quota.region,
            if answer.loads.is_empty() {
                ""
            } else {
                "; is it the model id as `query --by model` shows it?"
            }
        ));
    }
    warnings
}

fn shown(answer: &CapacityAnswer, context: &Context) -> String {
    let head = format!(
        "{} to {}; minutes are UTC clock minutes with requests\n",
        time::text(answer.period.from),
        time::text(answer.period.to),
    );
    if answer.loads.is_empty() {
        return head + "\nNo requests.\n";
    }
    let with_quota = answer.loads.iter().filter(|load| load.quota.is_some());
    let throttled = || answer.loads.iter().filter(|load| load.throttling.is_some());
    let sections = [
        ("Requests per minute (RPM)", rpm_columns(), answer.loads.iter().map(rpm_row).collect()),
        ("Tokens per minute (TPM)", tpm_columns(), answer.loads.iter().map(tpm_row).collect()),
        ("Quotas", quota_columns(), with_quota.flat_map(quota_rows).collect()),
        ("Minutes with throttling", minute_columns(), throttled().flat_map(minute_rows).collect()),
        (
            "Who used the quota in these minutes",
            consumer_columns(),
            throttled().flat_map(consumer_rows).collect(),
        ),
        (
            "Answers for a quota increase",
            sheet_columns(),
            answer.loads.iter().map(sheet_row).collect::<Vec<_>>(),
        ),
    ];
    let sections = sections.into_iter().filter(|(.., rows)| !rows.is_empty());
    sections.fold(head, |shown, (title, columns, rows)| {
        format!("{shown}\n{title}\n{}", aligned(pool_columns(columns), rows, context))
    })
}

fn pool_columns(more: Vec<Column>) -> Vec<Column> {
    let pool = [text("model", "model"), text("routing", "routing"), text("region", "region")];
    pool.into_iter().chain([text("account", "account")]).chain(more).collect()
}

fn pool_row(load: &Load, more: Vec<Value>) -> TableRow {
    let pool = &load.pool;
    let id =
        |name: &Option<String>| name.clone().map_or(Value::Missing(Missing::Unknown), Value::Id);
    let model = pool.model.clone().map_or(Value::Missing(Missing::Unknown), Value::Model);
    let pool = [model, id(&pool.routing), id(&pool.region), id(&pool.account)];
    row(RowRole::Body, pool.into_iter().chain(more).collect())
}

fn rpm_columns() -> Vec<Column> {
    vec![
        figure("requests", "requests"),
        figure("throttled", "throttled"),
        figure("minutes", "minutes"),
        figure("peak", "peak"),
        text("peak_at", "at"),
        figure("served", "peak served"),
        figure("p95", "p95"),
        figure("mean", "mean"),
    ]
}

fn rpm_row(load: &Load) -> TableRow {
    let values = vec![
        Value::Integer(load.requests),
        Value::Integer(load.throttled),
        Value::Integer(load.minutes),
        integer(load.rpm.peak),
        at(load.rpm.peak_at),
        integer(load.peak_served_rpm),
        integer(load.rpm.p95),
        mean(load.rpm.mean),
    ];
    pool_row(load, values)
}

fn tpm_columns() -> Vec<Column> {
    vec![
        figure("unknown", "requests without counts"),
        figure("minutes", "minutes with counts"),
        figure("peak", "peak"),
        text("peak_at", "at"),
        figure("p95", "p95"),
        figure("mean", "mean"),
        figure("burndown", "output counts"),
    ]
}

fn tpm_row(load: &Load) -> TableRow {
    let values = vec![
        Value::Integer(load.tokens_unknown_requests),
        Value::Integer(load.token_minutes),
        integer(load.tpm.peak),
        at(load.tpm.peak_at),
        integer(load.tpm.p95),
        mean(load.tpm.mean),
        Value::Text(format!("{}x", load.output_burndown)),
    ];
    pool_row(load, values)
}

fn quota_columns() -> Vec<Column> {
    vec![
        text("unit", "per minute"),
        figure("quota", "quota"),
        figure("peak", "peak"),
        figure("headroom", "headroom"),
        figure("peak_share", "peak of quota"),
        figure("p95_share", "p95 of quota"),
    ]
}

fn quota_rows(load: &Load) -> Vec<TableRow> {
    let Some(quota) = &load.quota else { return Vec::new() };
    let line = |unit: &str, granted: Option<u64>, of: &Distribution, headroom, peak, p95| {
        granted.map(|granted| {
            let values = vec![
                Value::Text(unit.to_owned()),
                Value::Count(granted),
                integer(of.peak),
                integer(headroom),
                share(peak),
                share(p95),
            ];
            pool_row(load, values)
        })
    };
    let (rpm, tpm) = (
        line(
            "requests",
            quota.rpm,
            &load.rpm,
            quota.rpm_headroom,
            quota.rpm_peak_share,
            quota.rpm_p95_share,
        ),
        line(
            "tokens",
            quota.tpm,
            &load.tpm,
            quota.tpm_headroom,
            quota.tpm_peak_share,
            quota.tpm_p95_share,
        ),
    );
    rpm.into_iter().chain(tpm).collect()
}

fn minute_columns() -> Vec<Column> {
    vec![
        text("minute", "minute"),
        figure("throttled", "throttled"),
        figure("requests", "RPM"),
        figure("tokens", "TPM"),
    ]
}

fn minute_rows(load: &Load) -> Vec<TableRow> {
    let worst = load.throttling.iter().flat_map(|throttling| &throttling.worst);
    let rows = worst.map(|minute| {
        let values = vec![
            at(minute.minute),
            Value::Integer(minute.throttled),
            Value::Integer(minute.requests),
            integer(minute.tokens),
        ];
        pool_row(load, values)
    });
    rows.collect()
}

fn consumer_columns() -> Vec<Column> {
    vec![
        text("principal", "principal"),
        figure("requests", "requests"),
        figure("throttled", "throttled"),
        figure("request_share", "of requests"),
        figure("served_share", "of served"),
        figure("tokens", "tokens"),
        figure("token_share", "of tokens"),
    ]
}

fn consumer_rows(load: &Load) -> Vec<TableRow> {
    let line = |name: Value, part: &Part| {
        let values = vec![
            name,
            Value::Integer(part.requests),
            Value::Integer(part.throttled),
            share(part.request_share),
            share(part.served_share),
            integer(part.tokens),
            share(part.token_share),
        ];
        pool_row(load, values)
    };
    let Some(throttling) = &load.throttling else { return Vec::new() };
    let named = throttling.principals.iter().map(|one| {
        let name = one.principal.clone().map_or(Value::Missing(Missing::Unknown), Value::Id);
        line(name, &one.part)
    });
    let others = throttling
        .other_principals
        .iter()
        .map(|others| line(Value::Text(format!("other ({})", others.principals)), &others.part));
    named.chain(others).collect()
}

fn sheet_columns() -> Vec<Column> {
    vec![
        figure("rpm_median", "steady RPM"),
        figure("rpm_p95", "p95 RPM"),
        figure("rpm_peak", "peak RPM"),
        figure("tpm_median", "steady TPM"),
        figure("tpm_p95", "p95 TPM"),
        figure("tpm_peak", "peak TPM"),
        figure("input", "input/request"),
        figure("output", "output/request"),
        figure("cache_write", "cache write/request"),
    ]
}

fn sheet_row(load: &Load) -> TableRow {
    let of = |series: &Distribution| [series.median, series.p95, series.peak].map(integer);
    let tokens = &load.per_request;
    let means = [tokens.input_tokens, tokens.output_tokens, tokens.cache_write_tokens].map(mean);
    pool_row(load, of(&load.rpm).into_iter().chain(of(&load.tpm)).chain(means).collect())
}

fn integer(value: Option<i64>) -> Value {
    value.map_or(Value::Missing(Missing::Unknown), Value::Integer)
}

fn mean(value: Option<f64>) -> Value {
    value.map_or(Value::Missing(Missing::Unknown), Value::Mean)
}

fn share(value: Option<f64>) -> Value {
    value.map_or(Value::Missing(Missing::Unknown), Value::Share)
}

fn at(minute: Option<DateTime<Utc>>) -> Value {
    minute.map_or(Value::Missing(Missing::Unknown), |minute| {
        Value::Text(minute.format("%Y-%m-%d %H:%M").to_string())
    })
}

//! `allocation`: the statement of who pays what.

use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::answer::{DASH, Form, FormArgs, aligned, csv, exact, fixed, json, plain};
use super::range::{FilterArgs, RangeArgs, store_for};
use super::{Context, Exit, Failure, output};
use crate::metrics::allocation::{Line, LineKind, Statement, StatementBy};
use crate::pipeline;
use crate::render::format::words::identifier;
use crate::render::format::{Format as ValueFormat, Script};
use crate::render::table::Row;
use crate::report::parts::{Align, RowRole, Value};
use crate::schema::allocation::UNATTRIBUTED;
use crate::units::Usd;

/// Charge back: cost by team or cost centre, to the last digit of the total
///
/// Whose call it was is said by the rules of `[[allocation.rule]]` in the configuration, how shared
/// cost is split by `[allocation.shared]` (docs/allocation.md). What no rule gives to anyone has a
/// line of its own. Costs are list cost of what has a price.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bedrock-lens allocation --month 2026-11
  bedrock-lens allocation --by cost_center --last 1m --format csv
  bedrock-lens allocation --from 2026-11-09 --to 2026-11-16 --decimals 2 --json")]
pub(super) struct AllocationArgs {
    #[command(flatten)]
    range: RangeArgs,
    #[command(flatten)]
    filter: FilterArgs,
    /// What to make lines for
    #[arg(long, default_value = "team")]
    by: By,
    /// Round to so many decimals, by largest remainder: the lines still add up to the total
    /// [default: 2 in a table, exact otherwise]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=14))]
    decimals: Option<u32>,
    #[command(flatten)]
    form: FormArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum By {
    Team,
    CostCenter,
}

/// The statement as JSON.
#[derive(Serialize)]
struct Answer<'s> {
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    by: &'static str,
    split: &'static str,
    /// Why shared cost was not split although a split was asked for.
    not_split: Option<&'static str>,
    lines: &'s [Line],
    total: &'s Line,
}

pub(super) fn run(args: &AllocationArgs, context: &Context) -> Result<Exit, Failure> {
    let period = args.range.period(context)?;
    let filter = args.filter.filter()?;
    let by = match args.by {
        By::Team => StatementBy::Team,
        By::CostCenter => StatementBy::CostCenter,
    };
    let store = store_for(period, context)?;
    let book = context.price_book()?;
    let basis = context.basis(&store, &book);
    let zone = context.settings.timezone;
    let statement = pipeline::allocation(basis, period, filter.as_ref(), by, zone)?;
    let form = args.form.form();
    let decimals = args.decimals.or((form == Form::Table).then_some(2));
    let statement = match decimals {
        Some(decimals) => statement.rounded(decimals),
        None => statement,
    };
    let text = match form {
        Form::Table => shown(&statement, decimals.unwrap_or_default(), context),
        Form::Csv => as_csv(&statement)?,
        Form::Json => json(&Answer {
            from: period.map(|period| period.from),
            to: period.map(|period| period.to),
            by: statement.by.as_str(),
            split: statement.split.as_str(),
            not_split: statement.not_split,
            lines: &statement.lines,
            total: &statement.total,
        })?,
    };
    output::result(&text)?;
    remarks(&statement, context);
    Ok(Exit::Done)
}

fn remarks(statement: &Statement, context: &Context) {
    if context.settings.allocation.rules.is_empty() {
        context.output.note(
            "no allocation rules: write `[[allocation.rule]]` tables into the configuration file",
        );
    }
    if let Some(reason) = statement.not_split {
        context.output.warn(&format!("shared cost was not split: there is {reason}"));
    }
    if statement.total.unpriced_requests > 0 {
        context.output.note(&format!(
            "{} requests have no price, or not for all they used: the cost leaves them out",
            statement.total.unpriced_requests
        ));
    }
}

fn lines(statement: &Statement) -> impl Iterator<Item = &Line> {
    statement.lines.iter().chain([&statement.total])
}

fn as_csv(statement: &Statement) -> Result<String, Failure> {
    let heads = [
        "line",
        statement.by.as_str(),
        "requests",
        "total_tokens",
        "unpriced_requests",
        "direct_cost_usd",
        "shared_cost_usd",
        "total_cost_usd",
    ];
    let row = |line: &Line| {
        [
            kind(line.line).to_owned(),
            line.name.clone().unwrap_or_default(),
            line.requests.to_string(),
            plain(line.total_tokens),
            line.unpriced_requests.to_string(),
            exact(line.direct),
            exact(Some(line.shared)),
            exact(line.total),
        ]
    };
    csv(&heads, lines(statement).map(row))
}

fn kind(kind: LineKind) -> &'static str {
    match kind {
        LineKind::Attributed => "attributed",
        LineKind::Shared => "shared",
        LineKind::Unattributed => UNATTRIBUTED,
        LineKind::Total => "total",
    }
}

fn shown(statement: &Statement, decimals: u32, context: &Context) -> String {
    let heads = [
        (statement.by.as_str(), Align::Left),
        ("requests", Align::Right),
        ("tokens", Align::Right),
        ("unpriced", Align::Right),
        ("direct USD", Align::Right),
        ("shared USD", Align::Right),
        ("total USD", Align::Right),
        ("share", Align::Right),
    ];
    let format = ValueFormat { script: Script::Unicode, ..ValueFormat::default() };
    let number = |number: i64| format.value(&Value::Integer(number));
    let whole = statement.total.total;
    let row = |line: &Line| {
        let name = match (&line.name, line.line) {
            (Some(name), LineKind::Shared) => format!("{} (shared)", identifier(name)),
            (Some(name), _) => identifier(name),
            (None, kind_of_line) => kind(kind_of_line).to_owned(),
        };
        Row {
            cells: vec![
                name,
                number(line.requests),
                line.total_tokens.map_or_else(|| DASH.to_owned(), number),
                number(line.unpriced_requests),
                fixed(line.direct, decimals),
                fixed(Some(line.shared), decimals),
                fixed(line.total, decimals),
                share(line.total, whole, &format),
            ],
            role: if line.line == LineKind::Total { RowRole::Total } else { RowRole::Body },
        }
    };
    aligned(&heads, &lines(statement).map(row).collect::<Vec<_>>(), context)
}

fn share(part: Option<Usd>, whole: Option<Usd>, format: &ValueFormat) -> String {
    match part.zip(whole.filter(|whole| *whole > Usd(0))) {
        Some((part, whole)) => format.value(&Value::Share(part.to_f64() / whole.to_f64())),
        None => DASH.to_owned(),
    }
}

//! `prices list` and `prices show`: price rows as a table, JSON or CSV; all about one model.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::explain::utc_day;
use super::json;
use crate::cli::output;
use crate::cli::{Context, Exit, Failure};
use crate::pipeline;
use crate::prices::PriceBook;
use crate::prices::book::{Model, Routing, Tier};
use crate::prices::list::{Filter, Listed, list, named, nearest_model};
use crate::prices::provisioned::Provisioned;
use crate::render::csv::csv;
use crate::render::table::{Fit, Head, Row, TableOptions, table};
use crate::report::parts::Align;
use crate::units::Usd;

/// List price rows, in US dollars per 1,000,000 tokens
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bedrock-lens prices list --provider Anthropic --region eu-west-1 --at 2026-11-01
  bedrock-lens prices list --model sonnet-4-5 --tier standard --format csv
  bedrock-lens prices list --routing global --format json")]
pub(in crate::cli) struct ListArgs {
    /// Models of this maker
    #[arg(long)]
    provider: Option<String>,
    /// A model id in any form, or part of one
    #[arg(long)]
    model: Option<String>,
    /// Rows that can hold in this Region: its own and those for every Region
    #[arg(long)]
    region: Option<String>,
    /// Service tier
    #[arg(long)]
    tier: Option<TierChoice>,
    /// Regional (bare id or a geography's profile) or global profile
    #[arg(long)]
    routing: Option<RoutingChoice>,
    /// Rows in effect at a UTC day or an RFC 3339 time [default: all]
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Form of the list
    #[arg(long, default_value = "table")]
    format: Format,
}

/// Show a model: its names, how its cached tokens are counted, and all its prices
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bedrock-lens prices show us.anthropic.claude-sonnet-4-5-20250929-v1:0
  bedrock-lens prices show amazon.nova-lite-v1:0 --json")]
pub(in crate::cli) struct ShowArgs {
    /// A model id: bare, with a profile prefix, or an ARN
    model: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Aligned columns for people.
    Table,
    /// One array of row objects.
    Json,
    /// Comma-separated values, formulas neutralised.
    Csv,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum TierChoice {
    Standard,
    Batch,
    Flex,
    Priority,
    LatencyOptimized,
}

impl From<TierChoice> for Tier {
    fn from(choice: TierChoice) -> Self {
        match choice {
            TierChoice::Standard => Self::Standard,
            TierChoice::Batch => Self::Batch,
            TierChoice::Flex => Self::Flex,
            TierChoice::Priority => Self::Priority,
            TierChoice::LatencyOptimized => Self::LatencyOptimized,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RoutingChoice {
    Regional,
    Global,
}

impl From<RoutingChoice> for Routing {
    fn from(choice: RoutingChoice) -> Self {
        match choice {
            RoutingChoice::Regional => Self::Regional,
            RoutingChoice::Global => Self::Global,
        }
    }
}

pub(super) fn run(args: &ListArgs, context: &Context) -> Result<Exit, Failure> {
    let book = context.price_book()?;
    let filter = Filter {
        provider: args.provider.as_deref(),
        model: args.model.as_deref(),
        region: args.region.as_deref(),
        tier: args.tier.map(Tier::from),
        routing: args.routing.map(Routing::from),
        day: args.at.as_deref().map(utc_day).transpose()?,
    };
    let rows = list(&book, &filter);
    if rows.is_empty() {
        context.output.note("no price rows match");
        if let Some(provider) = &args.provider
            && !book.models().iter().any(|model| model.provider.eq_ignore_ascii_case(provider))
        {
            let known: BTreeSet<&str> =
                book.models().iter().map(|model| model.provider.as_str()).collect();
            let known: Vec<&str> = known.into_iter().collect();
            context
                .output
                .hint(&format!("`{provider}` makes no model; these do: {}", known.join(", ")));
        }
    }
    let text = match args.format {
        Format::Table => aligned(&rows, context) + &hourly(book.provisioned()),
        Format::Json => json(&rows)?,
        Format::Csv => {
            let heads = COLUMNS.map(|column| column.name);
            csv(heads, rows.iter().map(exact)).map_err(pipeline::Error::Render)?
        }
    };
    output::result(&text)?;
    Ok(Exit::Done)
}

/// Provisioned throughput of the prices file, below the rows: it has no price per token.
fn hourly(provisioned: &[Provisioned]) -> String {
    let line = |one: &Provisioned| {
        let rate = format!("{} USD per model unit and hour", one.usd_per_hour);
        format!("provisioned  {}: {rate}, {} units; not costed\n", one.arn, one.model_units)
    };
    let lines: Vec<String> = provisioned.iter().map(line).collect();
    if lines.is_empty() { String::new() } else { format!("\n{}", lines.concat()) }
}

/// A model with its prices.
#[derive(Serialize)]
struct Shown<'b> {
    model_id: &'b str,
    aliases: &'b [String],
    provider: &'b str,
    display_name: &'b str,
    modality: &'b str,
    /// True where logged input tokens include the cached ones.
    input_includes_cache: bool,
    /// Application inference profiles that stand for it, by the prices file.
    application_profiles: Vec<&'b str>,
    /// Those that stand for it by what was synced from AWS.
    synced_profiles: Vec<SyncedProfile<'b>>,
    /// Provisioned throughput of it, by the prices file.
    provisioned: Vec<Rate<'b>>,
    prices: Vec<Listed>,
}

/// An application inference profile as AWS listed it.
#[derive(Serialize)]
struct SyncedProfile<'b> {
    arn: &'b str,
    name: &'b str,
    /// When AWS last listed it.
    last_seen: DateTime<Utc>,
}

/// Provisioned throughput, listed and not costed.
#[derive(Serialize)]
struct Rate<'b> {
    arn: &'b str,
    usd_per_hour: Usd,
    model_units: i64,
}

pub(super) fn show(args: &ShowArgs, context: &Context) -> Result<Exit, Failure> {
    let book = context.price_book()?;
    let Some(model) = named(&book, &args.model) else {
        let nearest = nearest_model(&book, &args.model);
        let nearest = nearest.map_or_else(String::new, |id| format!(": did you mean `{id}`?"));
        let part = args.model.to_lowercase();
        let like = book.models().iter().filter(|model| model.model_id.contains(&part)).count();
        let like = match like {
            0 => String::new(),
            count => format!("; {count} contain it: `prices list --model {}`", args.model),
        };
        let message = format!("the price book has no model `{}`{nearest}{like}", args.model);
        return Err(Failure::usage(message));
    };
    let shown = shown(&book, model);
    let text = if args.json { json(&shown)? } else { describe(&shown, context) };
    output::result(&text)?;
    Ok(Exit::Done)
}

fn shown<'b>(book: &'b PriceBook, model: &'b Model) -> Shown<'b> {
    let is_it = |id: &str| named(book, id).is_some_and(|other| other.model_id == model.model_id);
    let profiles = book.application_profiles().iter();
    let synced = book.synced().profiles.iter().filter(|(arn, one)| {
        book.own_profile(arn).is_none() && one.model_id.as_deref().is_some_and(is_it)
    });
    let serves = |one: &&Provisioned| one.model_id.as_deref().is_some_and(is_it);
    let filter = Filter { model: Some(&model.model_id), ..Filter::default() };
    Shown {
        model_id: &model.model_id,
        aliases: &model.aliases,
        provider: &model.provider,
        display_name: &model.display_name,
        modality: &model.modality,
        input_includes_cache: model.input_includes_cache,
        application_profiles: profiles
            .filter(|(_, target)| is_it(target))
            .map(|(profile, _)| profile.as_str())
            .collect(),
        synced_profiles: synced
            .map(|(arn, one)| SyncedProfile { arn, name: &one.name, last_seen: one.last_seen })
            .collect(),
        provisioned: book
            .provisioned()
            .iter()
            .filter(serves)
            .map(|one| Rate {
                arn: &one.arn,
                usd_per_hour: one.usd_per_hour,
                model_units: one.model_units,
            })
            .collect(),
        prices: list(book, &filter),
    }
}

fn describe(shown: &Shown<'_>, context: &Context) -> String {
    let cached = if shown.input_includes_cache {
        "inside the logged input tokens; taken out of them before they are charged"
    } else {
        "outside the logged input tokens"
    };
    let mut lines = vec![
        format!("model          {} ({}, {})", shown.model_id, shown.display_name, shown.provider),
        format!("modality       {}", shown.modality),
        format!("cached tokens  {cached}"),
    ];
    lines.extend(shown.aliases.iter().map(|alias| format!("alias          {alias}")));
    lines.extend(shown.application_profiles.iter().map(|id| format!("profile        {id}")));
    lines.extend(shown.synced_profiles.iter().map(|one| {
        let seen = one.last_seen.format("%Y-%m-%d %H:%M UTC");
        format!("profile        {} ({}; AWS, {seen})", one.arn, one.name)
    }));
    lines.extend(shown.provisioned.iter().map(|one| {
        format!(
            "provisioned    {}: {} USD per model unit and hour, {} units; not costed",
            one.arn, one.usd_per_hour, one.model_units
        )
    }));
    format!("{}\n\n{}", lines.join("\n"), aligned(&shown.prices, context))
}

/// A column of the list.
#[derive(Clone, Copy)]
struct Column {
    name: &'static str,
    align: Align,
    value: fn(&Listed) -> Option<String>,
}

const fn words(name: &'static str, value: fn(&Listed) -> Option<String>) -> Column {
    Column { name, align: Align::Left, value }
}

const fn usd(name: &'static str, value: fn(&Listed) -> Option<String>) -> Column {
    Column { name, align: Align::Right, value }
}

const COLUMNS: [Column; 15] = [
    words("model_id", |row| Some(row.model_id.clone())),
    words("provider", |row| Some(row.provider.clone())),
    words("routing", |row| Some(row.routing.to_owned())),
    words("region", |row| Some(row.region.clone())),
    words("tier", |row| Some(row.tier.to_owned())),
    words("effective_from", |row| row.effective_from.map(|from| from.to_string())),
    words("effective_to", |row| row.effective_to.map(|to| to.to_string())),
    usd("input", |row| row.prices.input.map(|usd| usd.to_string())),
    usd("output", |row| row.prices.output.map(|usd| usd.to_string())),
    usd("cache_read", |row| row.prices.cache_read.map(|usd| usd.to_string())),
    usd("cache_write", |row| row.prices.cache_write.map(|usd| usd.to_string())),
    usd("cache_write_1h", |row| row.prices.cache_write_1h.map(|usd| usd.to_string())),
    words("long_context", long_context),
    words("units", units),
    words("origin", |row| Some(row.origin.to_owned())),
];

/// `above 200000: 6 / 22.5`: input and output prices of long requests.
fn long_context(row: &Listed) -> Option<String> {
    let long = row.long_context?;
    let price =
        |price: Option<Usd>| price.map_or_else(|| "none".to_owned(), |price| price.to_string());
    let (input, output) = (price(long.prices.input), price(long.prices.output));
    Some(format!("above {}: {input} / {output}", long.above_input_tokens))
}

fn units(row: &Listed) -> Option<String> {
    let unit = |unit: &crate::prices::list::ListedUnit| {
        let when = if unit.when.is_empty() { String::new() } else { format!(" ({})", unit.when) };
        format!("{}{when} {}", unit.unit, unit.price)
    };
    let all: Vec<String> = row.units.iter().map(unit).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

fn exact(row: &Listed) -> Vec<String> {
    COLUMNS.iter().map(|column| (column.value)(row).unwrap_or_default()).collect()
}

/// For people: columns without a value in any row are left out.
fn aligned(rows: &[Listed], context: &Context) -> String {
    let used: Vec<Column> = COLUMNS
        .into_iter()
        .filter(|column| rows.iter().any(|row| (column.value)(row).is_some()))
        .collect();
    let heads: Vec<Head> = used
        .iter()
        .map(|column| Head {
            label: column.name.replace('_', " "),
            unit: None,
            align: column.align,
        })
        .collect();
    let cells = |row: &Listed| -> Vec<String> {
        used.iter()
            .map(|column| (column.value)(row).unwrap_or_else(|| "\u{2014}".to_owned()))
            .collect()
    };
    let rows: Vec<Row> = rows.iter().map(|row| Row::from(cells(row))).collect();
    let fit = output::table_width().map_or(Fit::Never, Fit::Cut);
    let color = context.output.color_stdout;
    table(&heads, &rows, TableOptions { fit, color, ..TableOptions::default() })
}

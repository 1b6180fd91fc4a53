//! `prices explain`: the cost of one request, line by line.

use chrono::{DateTime, NaiveDate, Utc};
use clap::Args;

use super::json;
use crate::cli::output;
use crate::cli::{Context, Exit, Failure};
use crate::prices::explain::{CachedTokens, Explanation, Line, PriceSource, reason_in_words};
use crate::prices::units::ImageSize;
use crate::prices::{CacheConvention, Query, Usage};
use crate::render::format::number::grouped;
use crate::render::table::{Head, Row, TableOptions, table};
use crate::report::parts::{Align, RowRole};

/// Show what one request costs at list prices, and why: model, price row, arithmetic, source
///
/// A count that isn't given is unknown, not 0. Prices change at midnight UTC.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bedrock-lens prices explain --model-id us.anthropic.claude-sonnet-4-5-20250929-v1:0 \\
      --region us-east-1 --input-tokens 1200 --output-tokens 300
  bedrock-lens prices explain --model-id openai.gpt-5.6-luna --region us-east-1 --at 2026-10-09 \\
      --input-tokens 5000 --cache-read-tokens 3000 --as-logged --json
  bedrock-lens prices explain --model-id amazon.nova-canvas-v1:0 --region us-east-1 \\
      --images 2 --image-width 1024 --image-height 1024 --image-quality premium
  bedrock-lens prices explain --model-id cohere.rerank-v3-5:0 --region us-east-1 --search-units 3
  bedrock-lens prices explain --model-id luma.ray-v2:0 --region us-west-2 \\
      --seconds 5 --resolution 720p")]
pub(in crate::cli) struct ExplainArgs {
    /// The model id as logged: bare, with a profile prefix, or an ARN
    #[arg(long, value_name = "ID")]
    model_id: String,
    /// The Region that received the call
    #[arg(long)]
    region: Option<String>,
    /// A UTC day or an RFC 3339 time [default: the present time]
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Service tier: standard, batch, flex, priority or `latency_optimized`
    #[arg(long, default_value = "standard")]
    tier: String,
    /// Input tokens as logged
    #[arg(long, value_name = "N", value_parser = count())]
    input_tokens: Option<i64>,
    /// Output tokens
    #[arg(long, value_name = "N", value_parser = count())]
    output_tokens: Option<i64>,
    /// Tokens read from the prompt cache
    #[arg(long, value_name = "N", value_parser = count())]
    cache_read_tokens: Option<i64>,
    /// Tokens written to the prompt cache, for five minutes or an hour
    #[arg(long, value_name = "N", value_parser = count())]
    cache_write_tokens: Option<i64>,
    /// The part of them written for an hour
    #[arg(long, value_name = "N", value_parser = count())]
    cache_write_1h_tokens: Option<i64>,
    /// The call failed: without counts it isn't billed
    #[arg(long)]
    failed: bool,
    /// Charge the counts as they are logged, for models whose input tokens include the cached ones
    /// [default: `[prices] cached_tokens`, else take the cached ones out, as documented]
    #[arg(long)]
    as_logged: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    units: UnitArgs,
}

/// What isn't a text token.
#[derive(Debug, Args)]
#[command(next_help_heading = "Images, queries, seconds")]
struct UnitArgs {
    /// Images made
    #[arg(long, value_name = "N", value_parser = count())]
    images: Option<i64>,
    /// Width of an image made, in pixels
    #[arg(long, value_name = "PIXELS", value_parser = count(), requires = "image_height")]
    image_width: Option<i64>,
    /// Height of an image made, in pixels
    #[arg(long, value_name = "PIXELS", value_parser = count(), requires = "image_width")]
    image_height: Option<i64>,
    /// Quality of images: standard or premium; standard or document for images sent
    #[arg(long, value_name = "QUALITY")]
    image_quality: Option<String>,
    /// Images sent; 0 is a request of text alone
    #[arg(long, value_name = "N", value_parser = count())]
    input_images: Option<i64>,
    /// Rerank queries
    #[arg(long, value_name = "N", value_parser = count())]
    search_units: Option<i64>,
    /// Documents given to a rerank call, a hundred of which make a query
    #[arg(long, value_name = "N", value_parser = count(), conflicts_with = "search_units")]
    documents: Option<i64>,
    /// Seconds of video made
    #[arg(long, value_name = "SECONDS", value_parser = milliseconds)]
    seconds: Option<i64>,
    /// Resolution of the video made, e.g. 720p
    #[arg(long, value_name = "RESOLUTION")]
    resolution: Option<String>,
    /// Seconds of video sent
    #[arg(long, value_name = "SECONDS", value_parser = milliseconds)]
    input_video_seconds: Option<i64>,
    /// Seconds of sound sent
    #[arg(long, value_name = "SECONDS", value_parser = milliseconds)]
    input_audio_seconds: Option<i64>,
    /// Tokens of speech sent
    #[arg(long, value_name = "N", value_parser = count())]
    input_speech_tokens: Option<i64>,
    /// Tokens of speech made
    #[arg(long, value_name = "N", value_parser = count())]
    output_speech_tokens: Option<i64>,
}

/// Seconds with at most three decimals, as milliseconds.
fn milliseconds(text: &str) -> Result<i64, String> {
    let seconds = crate::units::Usd::parse(text).filter(|seconds| seconds.0 >= 0);
    let per_ms = crate::units::UNITS_PER_USD / 1000;
    let whole = seconds.filter(|seconds| seconds.0 % per_ms == 0).map(|seconds| seconds.0 / per_ms);
    whole
        .and_then(|ms| i64::try_from(ms).ok())
        .ok_or_else(|| String::from("must be seconds like `6.5`, with at most three decimals"))
}

fn count() -> clap::builder::RangedI64ValueParser {
    clap::value_parser!(i64).range(0..)
}

pub(super) fn run(args: &ExplainArgs, context: &Context) -> Result<Exit, Failure> {
    let day = args.at.as_deref().map_or_else(|| Ok(context.now.date_naive()), utc_day)?;
    let book = context.price_book()?;
    let query = Query {
        model_id: Some(&args.model_id),
        region: args.region.as_deref(),
        service_tier: Some(&args.tier),
        day: Some(day),
    };
    let usage = usage(args)?;
    let convention =
        if args.as_logged { CacheConvention::AsLogged } else { book.cache_convention() };
    let today = context.now.date_naive();
    let explanation = crate::prices::explain::explain(&book, &query, &usage, convention, today);
    let text = if args.json { json(&explanation)? } else { describe(&explanation, context) };
    output::result(&text)?;
    Ok(Exit::Done)
}

fn usage(args: &ExplainArgs) -> Result<Usage<'_>, Failure> {
    let units = &args.units;
    let pixels = units.image_width.zip(units.image_height);
    let pixels = pixels.map(|(width, height)| {
        width.checked_mul(height).ok_or_else(|| Failure::usage("an image can't be that large"))
    });
    Ok(Usage {
        input_tokens: args.input_tokens,
        output_tokens: args.output_tokens,
        cache_read_tokens: args.cache_read_tokens,
        cache_write_tokens: args.cache_write_tokens,
        cache_write_1h_tokens: args.cache_write_1h_tokens,
        output_images: units.images,
        image: ImageSize {
            quality: units.image_quality.as_deref(),
            pixels: pixels.transpose()?,
            resolution: units.resolution.as_deref(),
        },
        input_images: units.input_images,
        rerank_documents: units.documents,
        rerank_queries: units.search_units,
        output_video_ms: units.seconds,
        input_video_ms: units.input_video_seconds,
        input_audio_ms: units.input_audio_seconds,
        input_speech_tokens: units.input_speech_tokens,
        output_speech_tokens: units.output_speech_tokens,
        failed: args.failed,
        guardrail_intervened: false,
    })
}

/// A date is that UTC day, since prices change at midnight UTC; a time falls on its UTC day.
pub(super) fn utc_day(text: &str) -> Result<NaiveDate, Failure> {
    let time = || DateTime::parse_from_rfc3339(text).map(|at| at.with_timezone(&Utc).date_naive());
    text.parse().or_else(|_| time()).map_err(|_| {
        Failure::usage(format!(
            "`{text}` in `--at` is neither a date (2026-11-09) nor an RFC 3339 time (2026-11-09T14:00:00Z)"
        ))
    })
}

fn describe(explanation: &Explanation, context: &Context) -> String {
    let mut facts = Facts::default();
    addressed(explanation, &mut facts);
    price(explanation, &mut facts);
    let mut text = facts.text();
    if !explanation.lines.is_empty() {
        text.push('\n');
        text.push_str(&arithmetic(explanation, context));
    }
    text.push('\n');
    text.push_str(&outcome(explanation).text());
    text
}

/// Named facts, one per line.
#[derive(Default)]
struct Facts(Vec<(&'static str, String)>);

impl Facts {
    fn add(&mut self, name: &'static str, text: impl Into<String>) {
        self.0.push((name, text.into()));
    }

    fn text(&self) -> String {
        let lines: Vec<String> =
            self.0.iter().map(|(name, text)| format!("{name:<14}{text}\n")).collect();
        lines.concat()
    }
}

fn addressed(explanation: &Explanation, facts: &mut Facts) {
    let request = &explanation.request;
    let given = |text: &Option<String>| text.clone().unwrap_or_else(|| "not given".to_owned());
    facts.add("model id", given(&request.model_id));
    if explanation.application_profile_source.is_some() {
        let target = explanation.application_profile_target.as_deref();
        let said = explanation.application_profile_last_seen.map_or_else(
            || String::from("by the prices file"),
            |at| format!("AWS said {}", at.format("%Y-%m-%d %H:%M UTC")),
        );
        facts.add("profile of", format!("{} ({said})", target.unwrap_or("several models")));
    }
    if let Some(model) = &explanation.provisioned_model {
        facts.add("serves", model.as_str());
    }
    if let Some(units) = explanation.provisioned_model_units {
        facts.add("model units", units.to_string());
    }
    if let Some(model) = &explanation.resolved_model {
        let name = explanation.display_name.as_deref().unwrap_or_default();
        let provider = explanation.provider.as_deref().unwrap_or_default();
        facts.add("model", format!("{model} ({name}, {provider})"));
    }
    if let Some(routing) = explanation.routing {
        facts.add("routing", routing);
    }
    facts.add("region", given(&request.region));
    if explanation.arn_region_differs {
        facts.add("", "the ARN names another Region; the given one decides the price");
    }
    facts.add("tier", given(&request.tier));
    facts.add("day", request.day.map_or_else(String::new, |day| format!("{day} UTC")));
}

fn price(explanation: &Explanation, facts: &mut Facts) {
    if let Some(row) = &explanation.price_row {
        facts.add("price row", row.as_str());
    }
    for unit in &explanation.other_unit_prices {
        let when = if unit.when.is_empty() { String::new() } else { format!(" ({})", unit.when) };
        facts.add("unit price", format!("{} USD per {}{when}", unit.price, unit.unit));
    }
    if let Some(source) = &explanation.source {
        dates(source, facts);
        sources(source, facts);
    }
    let book = explanation.book;
    let stale = if book.stale { ": old, check for newer prices" } else { "" };
    facts.add(
        "price book",
        format!("newest fact {}, {} days ago{stale}", book.newest_source_date, book.age_days),
    );
    if let Some(rule) = explanation.long_context {
        let (relation, effect) = if rule.applies {
            ("more than", "its long-context prices hold for the whole request")
        } else {
            ("not more than", "its long-context prices don't hold")
        };
        facts.add(
            "long context",
            format!(
                "{} input tokens are {relation} {}: {effect}",
                grouped(rule.input_tokens.unsigned_abs()),
                tokens(rule.above_input_tokens)
            ),
        );
    }
}

/// The days the row holds, where it says so.
fn dates(source: &PriceSource, facts: &mut Facts) {
    let words = match (source.effective_from, source.effective_to) {
        (None, None) => return,
        (Some(from), None) => format!("from {from} on"),
        (None, Some(to)) => format!("until {to}, exclusive"),
        (Some(from), Some(to)) => format!("from {from} until {to}, exclusive"),
    };
    facts.add("in effect", words);
}

fn sources(source: &PriceSource, facts: &mut Facts) {
    if let Some(percent) = &source.discount_percent {
        facts.add("discount", format!("{percent} % off the catalogue's prices"));
    }
    for one in &source.sources {
        let what = one.what.as_deref().unwrap_or("not described");
        let date = one.date.as_deref().map_or_else(String::new, |date| format!(" ({date})"));
        facts.add("source", format!("{} {what}{date}", one.id));
    }
    if let Some(confidence) = &source.confidence {
        facts.add("confidence", confidence.as_str());
    }
    if let Some(derivation) = &source.derivation {
        facts.add("derivation", derivation.as_str());
    }
    if let Some(note) = &source.note {
        facts.add("note", note.as_str());
    }
}

fn arithmetic(explanation: &Explanation, context: &Context) -> String {
    let head = |label: &str, align| Head { label: label.to_owned(), unit: None, align };
    let heads = [
        head("part", Align::Left),
        head("tokens", Align::Right),
        head("", Align::Left),
        head("USD per 1M", Align::Right),
        head("", Align::Left),
        head("USD", Align::Left),
    ];
    let mut rows: Vec<Row> = explanation.lines.iter().map(|line| Row::from(cells(line))).collect();
    let total = explanation.cost_usd.map_or_else(|| "\u{2014}".to_owned(), |usd| usd.to_string());
    let empty = String::new;
    rows.push(Row {
        cells: vec!["total".to_owned(), empty(), empty(), empty(), "=".to_owned(), total],
        role: RowRole::Total,
    });
    let color = context.output.color_stdout;
    table(&heads, &rows, TableOptions { color, ..TableOptions::default() })
}

fn cells(line: &Line) -> Vec<String> {
    let per = if line.tokens.is_some() { String::new() } else { format!(" per {}", line.unit) };
    let price = line.unit_price.map_or_else(|| "no price".to_owned(), |usd| format!("{usd}{per}"));
    let cost = line.cost_usd.map_or_else(|| "\u{2014}".to_owned(), |usd| usd.to_string());
    let part = line.part.replace('_', " ");
    let quantity = line.tokens.map_or_else(|| line.quantity.clone(), tokens);
    vec![part, quantity, "\u{d7}".to_owned(), price, "=".to_owned(), cost]
}

/// A count with its thousands apart.
fn tokens(count: i64) -> String {
    grouped(u128::from(count.unsigned_abs()))
}

fn outcome(explanation: &Explanation) -> Facts {
    let mut facts = Facts::default();
    facts.add("status", explanation.status);
    for reason in explanation.reason.iter().flat_map(|reasons| reasons.split(',')) {
        facts.add("reason", format!("{reason}: {}", reason_in_words(reason)));
    }
    if let Some(rate) = explanation.provisioned_usd_per_hour {
        facts.add(
            "rate",
            format!("{rate} USD per hour, by the prices file; `prices provisioned` adds it up"),
        );
    }
    if let Some(tokens) = explanation.unpriced_tokens.filter(|tokens| *tokens > 0) {
        facts.add("unpriced", format!("{} tokens", self::tokens(tokens)));
    }
    if explanation.cached_tokens.differ() {
        both_ways(&explanation.cached_tokens, &mut facts);
    }
    facts
}

fn both_ways(cached: &CachedTokens, facts: &mut Facts) {
    let usd = |amount: Option<crate::units::Usd>| {
        amount.map_or_else(|| "\u{2014}".to_owned(), |usd| format!("{usd} USD"))
    };
    let chosen = |name| if cached.charged == name { ", used here" } else { "" };
    facts.add("cached", "this model's logged input tokens include the cached ones");
    facts.add(
        "",
        format!(
            "documented: cached tokens taken out of the input: {}{}",
            usd(cached.documented_cost_usd),
            chosen("documented")
        ),
    );
    facts.add(
        "",
        format!(
            "as logged: the input charged whole: {}{}",
            usd(cached.as_logged_cost_usd),
            chosen("as_logged")
        ),
    );
}

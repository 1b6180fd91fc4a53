//! `savings`: what the same work could have cost.

use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;

use super::answer::{DASH, Form, FormArgs, aligned, csv, exact, fixed, json, plain};
use super::range::{FilterArgs, RangeArgs, store_for};
use super::{Context, Exit, Failure, output};
use crate::insight::savings::{Part, Saving};
use crate::pipeline::{self, Candidate, SavingsAnswer};
use crate::render::format::words::{clean, identifier};
use crate::render::format::{Format as ValueFormat, Script};
use crate::render::table::{Row, wrap};
use crate::report::parts::{Align, Value};
use crate::units::Usd;

/// Compute what could have been saved, or say why the data can't tell
///
/// Cache, batch, flex and priority tier, routing, other models, prompt length, repeated prompts,
/// reserved capacity: every what-if prices the logged tokens again by the price book, with a range and
/// its assumptions (docs/savings.md); where the data or the book can't say, it says why instead.
/// Savings overlap: don't add them up.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bedrock-lens savings --month 2026-11
  bedrock-lens savings --last 4w --where \"principal = 'svc-chat'\" --json
  bedrock-lens savings --substitute \\
    anthropic.claude-sonnet-4-5-20250929-v1:0=anthropic.claude-haiku-4-5-20251001-v1:0")]
pub(super) struct SavingsArgs {
    #[command(flatten)]
    range: RangeArgs,
    #[command(flatten)]
    filter: FilterArgs,
    /// A model in use and a candidate for its place; may be repeated, and comes before those of
    /// `[[savings.substitute]]` in the configuration
    #[arg(long, value_name = "FROM=TO")]
    substitute: Vec<String>,
    #[command(flatten)]
    form: FormArgs,
}

/// The what-ifs as JSON.
#[derive(Serialize)]
struct Answer<'s> {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    requests: i64,
    unpriced_requests: i64,
    cost_usd: Option<Usd>,
    prices_of: chrono::NaiveDate,
    savings: &'s [Saving],
}

pub(super) fn run(args: &SavingsArgs, context: &Context) -> Result<Exit, Failure> {
    let period = args.range.period(context)?;
    let filter = args.filter.filter()?;
    let candidates = candidates(args, context)?;
    let store = store_for(period, context)?;
    let book = context.price_book()?;
    let basis = context.basis(&store, &book);
    let zone = context.settings.timezone;
    let answer = pipeline::savings(basis, period, filter.as_ref(), &candidates, zone)?;
    let text = match args.form.form() {
        Form::Table => shown(&answer, context),
        Form::Csv => as_csv(&answer)?,
        Form::Json => json(&Answer {
            from: answer.period.from,
            to: answer.period.to,
            requests: answer.requests,
            unpriced_requests: answer.unpriced_requests,
            cost_usd: answer.cost,
            prices_of: book.newest_source_date(),
            savings: &answer.savings,
        })?,
    };
    output::result(&text)?;
    Ok(Exit::Done)
}

fn candidates(args: &SavingsArgs, context: &Context) -> Result<Vec<Candidate>, Failure> {
    let typed = args.substitute.iter().map(|text| {
        let (from, to) = text.split_once('=').unwrap_or((text, ""));
        if from.is_empty() || to.is_empty() {
            let message = format!("`{text}` in `--substitute` is not two model ids: FROM=TO");
            return Err(Failure::usage(message));
        }
        Ok(Candidate { from: from.to_owned(), to: to.to_owned() })
    });
    let written = context
        .settings
        .substitutes
        .iter()
        .map(|one| Ok(Candidate { from: one.from.clone(), to: one.to.clone() }));
    let mut all = typed.chain(written).collect::<Result<Vec<_>, _>>()?;
    let mut seen: Vec<Candidate> = Vec::new();
    all.retain(|one| {
        let is_new = !seen.contains(one);
        seen.push(one.clone());
        is_new
    });
    Ok(all)
}

fn as_csv(answer: &SavingsAnswer) -> Result<String, Failure> {
    const HEADS: [&str; 11] = [
        "kind",
        "title",
        "nature",
        "model",
        "principal",
        "low_usd",
        "high_usd",
        "requests",
        "now_usd",
        "reason",
        "assumptions",
    ];
    let mut rows: Vec<[String; 11]> = Vec::new();
    for saving in &answer.savings {
        let row = |model: &Option<String>, principal: &Option<String>| {
            [
                saving.kind.to_owned(),
                saving.title.clone(),
                saving.nature.as_str().to_owned(),
                plain(model.as_ref()),
                plain(principal.as_ref()),
            ]
        };
        let figures = [
            exact(saving.low_usd),
            exact(saving.high_usd),
            saving.requests.to_string(),
            exact(saving.now_usd),
            plain(saving.reason.as_ref()),
            saving.assumptions.join("; "),
        ];
        rows.push(joined(row(&None, &None), figures));
        for part in &saving.parts {
            let figures = [
                exact(Some(part.low_usd)),
                exact(Some(part.high_usd)),
                part.requests.to_string(),
                String::new(),
                String::new(),
                String::new(),
            ];
            rows.push(joined(row(&part.model, &part.principal), figures));
        }
    }
    csv(&HEADS, rows)
}

fn joined(left: [String; 5], right: [String; 6]) -> [String; 11] {
    let mut cells = left.into_iter().chain(right);
    std::array::from_fn(|_| cells.next().unwrap_or_default())
}

fn shown(answer: &SavingsAnswer, context: &Context) -> String {
    const HEADS: [(&str, Align); 6] = [
        ("what-if", Align::Left),
        ("money", Align::Left),
        ("low USD", Align::Right),
        ("high USD", Align::Right),
        ("requests", Align::Right),
        ("cost now USD", Align::Right),
    ];
    let format = ValueFormat { script: Script::Unicode, ..ValueFormat::default() };
    let number = |number: i64| format.value(&Value::Integer(number));
    let time = |at: DateTime<Utc>| at.format("%Y-%m-%d %H:%M").to_string();
    let computed = answer.savings.iter().filter(|saving| saving.reason.is_none());
    let row = |saving: &Saving| {
        let has_requests = saving.requests > 0;
        Row::from(vec![
            saving.kind.to_owned(),
            saving.nature.as_str().to_owned(),
            fixed(saving.low_usd, 4),
            fixed(saving.high_usd, 4),
            if has_requests { number(saving.requests) } else { DASH.to_owned() },
            fixed(saving.now_usd, 4),
        ])
    };
    let mut text = format!(
        "{} requests from {} to {} UTC, list cost {} USD, {} requests not or not fully priced\n\n",
        number(answer.requests),
        time(answer.period.from),
        time(answer.period.to),
        fixed(answer.cost, 2),
        number(answer.unpriced_requests),
    );
    text += &aligned(&HEADS, &computed.clone().map(row).collect::<Vec<_>>(), context);
    for saving in computed {
        text += &paragraph(saving);
    }
    text += "\nnot computed\n";
    for saving in answer.savings.iter().filter(|saving| saving.reason.is_some()) {
        let reason = saving.reason.as_deref().unwrap_or_default();
        text += &indented(&format!("{}: {}", saving.kind, clean(reason)));
    }
    text + "\nsavings overlap: don't add them up\n"
}

/// What a figure is about, whom it concerns most, and what it assumes.
fn paragraph(saving: &Saving) -> String {
    const SHOWN: usize = 3;
    let part = |part: &Part| {
        let names = [&part.principal, &part.model];
        let names: Vec<String> = names.into_iter().flatten().map(|name| identifier(name)).collect();
        let (low, high) = (fixed(Some(part.low_usd), 4), fixed(Some(part.high_usd), 4));
        format!("{}: {low} to {high}", names.join(", "))
    };
    let dearest = saving.parts.iter().filter(|part| part.high_usd != Usd(0)).take(SHOWN);
    let mut lines: Vec<String> = dearest.map(part).collect();
    lines.extend(saving.assumptions.iter().map(|assumption| format!("- {assumption}")));
    lines.extend(saving.left_out.iter().map(|(reason, requests)| {
        format!("- left out: {requests} requests, {}", reason.replace('_', " "))
    }));
    let lines: Vec<String> = lines.iter().map(|line| indented(line)).collect();
    format!("\n{}: {}\n{}", saving.kind, clean(&saving.title), lines.concat())
}

/// Words indented, further where they go on.
fn indented(words: &str) -> String {
    format!("  {}\n", wrap(words, 94).join("\n    "))
}

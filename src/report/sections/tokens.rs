//! Tokens by model, and what a million of them cost.

use polars::prelude::PolarsResult;

use super::{chart_model, model};
use crate::metrics::dimensions::Dimension;
use crate::metrics::metric::Metric;
use crate::report::compare::{Pair, or_missing, pairs, quiet};
use crate::report::facts::Facts;
use crate::report::parts::{
    Bar, Chart, Empty, Figure, HorizontalBars, Missing, Prose, RowRole, Section, Table, TableCell,
    TableRow, Value,
};
use crate::report::read::Usage;
use crate::report::words::{figure_column, text_column};
use crate::units::Usd;

/// Most models shown one by one.
const ROWS: usize = 10;

const KINDS: [Metric; 4] =
    [Metric::InputTokens, Metric::OutputTokens, Metric::CacheReadTokens, Metric::CacheWriteTokens];
const METRICS: [Metric; 8] = [
    Metric::Requests,
    Metric::InputTokens,
    Metric::OutputTokens,
    Metric::CacheReadTokens,
    Metric::CacheWriteTokens,
    Metric::TotalTokens,
    Metric::CostUsd,
    Metric::UnpricedRequests,
];
const ASKED: &str = "requests,input_tokens,output_tokens,cache_read_tokens,cache_write_tokens,\
                     total_tokens,cost_usd,unpriced_requests";

pub(super) fn section(facts: &Facts<'_>) -> PolarsResult<Section> {
    let (current, previous) = facts.compare(&[Dimension::Model], &METRICS)?;
    let mut models = pairs(current, previous);
    models.retain(|pair| total(pair.current.as_ref()).is_some());
    models.sort_by(|a, b| {
        let size = |pair: &Pair| total(pair.current.as_ref());
        size(b).cmp(&size(a)).then_with(|| a.key.cmp(&b.key))
    });
    let query = facts.query("model", ASKED);
    if models.is_empty() {
        return Ok(no_counts(facts, query));
    }
    let mut section = super::bare("tokens", "Tokens and unit cost", takeaway(facts, &models));
    section.figure = Some(figure(facts, &models));
    section.tables = vec![table(facts, &models)];
    section.notes = vec![Prose::text(
        "Per million: list cost of the model’s priced requests ÷ all their tokens, cached ones \
         included; a mean over kinds of tokens that are priced apart, not a price. It stands only \
         where every request with tokens is priced.",
    )];
    section.queries = vec![query];
    Ok(section)
}

fn no_counts(facts: &Facts<'_>, query: String) -> Section {
    let mut section = super::bare(
        "tokens",
        "Tokens and unit cost",
        Prose::text("Not reported: no log record of this period holds a token count."),
    );
    section.empty = Some(Empty {
        why: Prose::text("0 of ")
            .value(Value::Count(facts.current.count(Metric::Requests)))
            .say(" records carry token counts. This is missing data, not zero tokens."),
        fill: Prose::text("Invocation logging with text delivery; failed calls have no counts."),
        check: query,
    });
    section
}

fn total(usage: Option<&Usage>) -> Option<u64> {
    usage.and_then(|usage| usage.known(Metric::TotalTokens)).filter(|tokens| *tokens > 0)
}

/// Cost of a million tokens, where all of the cost is known.
fn per_million(usage: Option<&Usage>) -> Option<Usd> {
    let usage = usage?;
    let tokens = i128::from(total(Some(usage))?);
    let whole = usage.count(Metric::UnpricedRequests) == 0;
    usage.usd(Metric::CostUsd).filter(|_| whole).map(|cost| Usd(cost.0 * 1_000_000 / tokens))
}

#[expect(clippy::cast_precision_loss, reason = "a share of tokens for people")]
fn of_all(facts: &Facts<'_>, pair: &Pair) -> f64 {
    let all = total(Some(&facts.current)).unwrap_or(1);
    total(pair.current.as_ref()).unwrap_or(0) as f64 / all as f64
}

fn takeaway(facts: &Facts<'_>, models: &[Pair]) -> Prose {
    let all = total(Some(&facts.current)).unwrap_or(0);
    let mut sentence = Prose::text("The log holds ").value(Value::Tokens(all)).say(" tokens");
    if let Some(first) = models.first() {
        sentence = sentence
            .say("; ")
            .value(Value::Share(of_all(facts, first)))
            .say(" of them are of ")
            .value(model(first.key.as_deref()));
    }
    sentence.say(".")
}

fn figure(facts: &Facts<'_>, models: &[Pair]) -> Figure {
    let bar = |label: String, now: &[&Pair]| {
        let sum = |of: fn(&Pair) -> Option<u64>| now.iter().filter_map(|pair| of(pair)).sum();
        let before: u64 = sum(|pair| total(pair.previous.as_ref()));
        Bar {
            label,
            value: Value::Tokens(sum(|pair| total(pair.current.as_ref()))),
            previous: facts.has_previous().then_some(Value::Tokens(before)),
            hatched: false,
        }
    };
    let (shown, rest) = split(models);
    let mut rows: Vec<Bar> = shown.iter().map(|pair| bar(chart_model(pair), &[pair])).collect();
    if !rest.is_empty() {
        let all: Vec<&Pair> = rest.iter().collect();
        rows.push(bar(format!("{} other", rest.len()), &all));
    }
    let mut description = Prose::text("Bars from zero, one per model. ");
    for row in &rows {
        description = description.say(format!("{} ", row.label)).value(row.value.clone()).say("; ");
    }
    let tick = if facts.has_previous() {
        format!(" Tick: {}.", facts.last_period())
    } else {
        String::new()
    };
    Figure {
        title: format!("Tokens by model, {}", facts.this_period()),
        description,
        caption: Prose::text(format!(
            "Known tokens per model, cached ones once. Bar: {}.{tick}",
            facts.this_period()
        )),
        chart: Chart::HorizontalBars(HorizontalBars { rows }),
    }
}

fn split(models: &[Pair]) -> (&[Pair], &[Pair]) {
    models.split_at(if models.len() > ROWS { ROWS - 1 } else { models.len() })
}

fn table(facts: &Facts<'_>, models: &[Pair]) -> Table {
    let (shown, rest) = split(models);
    let mut rows: Vec<TableRow> = shown
        .iter()
        .map(|pair| row(RowRole::Body, model(pair.key.as_deref()), pair.current.as_ref()))
        .collect();
    if !rest.is_empty() {
        rows.push(other(rest));
    }
    rows.push(row(RowRole::Total, Value::Text("Total".to_owned()), Some(&facts.current)));
    Table {
        caption: "Tokens by model".to_owned(),
        show_caption: false,
        wide: true,
        columns: vec![
            text_column("model", "Model"),
            figure_column("input_tokens", "Input", None),
            figure_column("output_tokens", "Output", None),
            figure_column("cache_read_tokens", "Cache read", None),
            figure_column("cache_write_tokens", "Cache write", None),
            figure_column("total_tokens", "Total", None),
            figure_column("cost_per_mtok_usd", "Per million", Some("USD")),
        ],
        rows,
    }
}

fn row(role: RowRole, name: Value, usage: Option<&Usage>) -> TableRow {
    let tokens = |metric| {
        let known = usage.and_then(|usage| usage.known(metric));
        or_missing(known, Value::Tokens, Missing::NotInLog)
    };
    let mut cells: Vec<TableCell> = vec![name.into()];
    cells.extend(KINDS.map(tokens));
    cells.push(or_missing(total(usage), Value::Tokens, Missing::NotInLog));
    cells.push(or_missing(per_million(usage), Value::UnitUsd, Missing::NotApplicable));
    TableRow { role, swatch: None, cells }
}

fn other(rest: &[Pair]) -> TableRow {
    let sum = |of: &dyn Fn(&Usage) -> Option<u64>| {
        rest.iter().filter_map(|pair| pair.current.as_ref().and_then(of)).sum::<u64>()
    };
    let mut cells: Vec<TableCell> = vec![Value::Text(format!("{} other", rest.len())).into()];
    cells.extend(
        KINDS.map(|metric| {
            TableCell::from(Value::Tokens(sum(&|usage: &Usage| usage.known(metric))))
        }),
    );
    cells.push(Value::Tokens(sum(&|usage: &Usage| total(Some(usage)))).into());
    cells.push(quiet(Missing::NotApplicable));
    TableRow { role: RowRole::Note, swatch: None, cells }
}

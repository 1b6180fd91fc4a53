//! API calls: requests over time, and by operation with their outcomes.

use polars::prelude::PolarsResult;

use super::timeline::{Slot, Timeline};
use crate::metrics::dimensions::Dimension;
use crate::metrics::metric::Metric;
use crate::report::compare::{Pair, or_missing, pairs, share};
use crate::report::facts::Facts;
use crate::report::parts::{
    Chart, Figure, HourlyColumns, Missing, Prose, RowRole, Section, Table, TableRow, Tone, Value,
};
use crate::report::words::{self, figure_column, parts_column, text_column};

const METRICS: [Metric; 4] = [Metric::Requests, Metric::Ok, Metric::Errors, Metric::Throttled];

pub(super) fn section(facts: &Facts<'_>) -> PolarsResult<Section> {
    let (current, previous) = facts.compare(&[Dimension::Operation], &METRICS)?;
    let mut operations = pairs(current, previous);
    operations.retain(|pair| pair.current.is_some());
    operations.sort_by(|a, b| {
        let size = |pair: &Pair| pair.count(Metric::Requests);
        size(b).cmp(&size(a)).then_with(|| a.key.cmp(&b.key))
    });
    let timeline = Timeline::read(facts, &[Metric::Requests, Metric::Errors])?;
    let mut section = super::bare("requests", "API calls", takeaway(facts, &timeline));
    section.figure = Some(figure(facts, &timeline));
    section.tables = vec![table(facts, &operations)];
    section.notes = vec![Prose::text(
        "Failed: every status but ok, throttled included. An intervention of a guardrail is ok.",
    )];
    section.queries = vec![
        facts.query(
            "operation",
            "requests,ok,errors,throttled,success_rate,error_rate,throttle_rate",
        ),
        facts.query(timeline.step.name(), "requests,errors"),
    ];
    Ok(section)
}

fn takeaway(facts: &Facts<'_>, timeline: &Timeline) -> Prose {
    let requests = facts.current.count(Metric::Requests);
    let Some(rate) = facts.current.number(Metric::SuccessRate) else {
        return Prose::text("No request was logged in this period.");
    };
    let silent = timeline.slots.iter().filter(|slot| requests_of(slot) == 0).count() as u64;
    let sentence = Prose::default()
        .value(Value::Share(rate))
        .say(" of ")
        .value(Value::Count(requests))
        .say(words::counted(requests, " request", " requests"))
        .say(" succeeded");
    if silent == 0 {
        return sentence.say(".");
    }
    let step = timeline.step.name();
    sentence
        .say("; ")
        .value(Value::Count(silent))
        .say(words::counted(silent, &format!(" {step}"), &format!(" {step}s")))
        .say(words::counted(silent, " has", " have"))
        .say(" no request in the log.")
}

fn requests_of(slot: &Slot) -> u64 {
    slot.usage.count(Metric::Requests)
}

fn figure(facts: &Facts<'_>, timeline: &Timeline) -> Figure {
    let step = timeline.step.name();
    let failed = |slot: &Slot| slot.usage.count(Metric::Errors);
    let busiest = timeline.slots.iter().map(requests_of).max().unwrap_or(0);
    Figure {
        title: format!("Requests per {step}"),
        description: Prose::text(format!("Stacked columns, one per {step}. In all "))
            .value(Value::Count(facts.current.count(Metric::Requests)))
            .say(" requests, ")
            .value(Value::Count(facts.current.count(Metric::Errors)))
            .say(format!(" failed; most in one {step} "))
            .value(Value::Count(busiest))
            .say("."),
        caption: Prose::text(format!(
            "Logged requests per {step}, {}. Failed ones stand at the bottom.{}",
            facts.zone().name(),
            timeline.gap_words()
        )),
        chart: Chart::HourlyColumns(HourlyColumns {
            series: vec![("failed".to_owned(), Tone::Bad), ("succeeded".to_owned(), Tone::Neutral)],
            hours: timeline
                .slots
                .iter()
                .map(|slot| {
                    let counts = || vec![failed(slot), requests_of(slot) - failed(slot)];
                    (slot.start, slot.is_logged.then(counts))
                })
                .collect(),
            days: timeline.labels(facts),
            burst: None,
        }),
    }
}

fn table(facts: &Facts<'_>, operations: &[Pair]) -> Table {
    let row = |role, name: Value, counts: [u64; 4]| {
        let [requests, ok, errors, throttled] = counts;
        let rate = |part| or_missing(share(part, requests), Value::Rate, Missing::NotApplicable);
        TableRow {
            role,
            swatch: None,
            cells: vec![
                name.into(),
                Value::Count(requests).into(),
                or_missing(share(ok, requests), Value::Share, Missing::NotApplicable),
                Value::Count(errors).into(),
                rate(errors),
                rate(throttled),
            ],
        }
    };
    let mut rows: Vec<TableRow> = operations
        .iter()
        .map(|pair| {
            row(
                RowRole::Body,
                super::label(pair.key.as_deref()),
                METRICS.map(|metric| pair.count(metric)),
            )
        })
        .collect();
    let all = METRICS.map(|metric| facts.current.count(metric));
    rows.push(row(RowRole::Total, Value::Text("Total".to_owned()), all));
    Table {
        caption: "API calls by operation".to_owned(),
        show_caption: false,
        wide: false,
        columns: vec![
            text_column("operation", "Operation"),
            parts_column("requests", "Requests", None),
            figure_column("success_rate", "Succeeded", None),
            parts_column("errors", "Failed", None),
            figure_column("error_rate", "Failed", Some("rate")),
            figure_column("throttle_rate", "Throttled", Some("rate")),
        ],
        rows,
    }
}

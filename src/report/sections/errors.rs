//! Errors and throttles: failed requests per hour, the largest burst, and the table by class.

use chrono::{DateTime, Utc};
use polars::prelude::PolarsResult;

use super::timeline::{Slot, Timeline};
use crate::metrics::dimensions::Dimension;
use crate::metrics::metric::Metric;
use crate::report::compare::{
    beyond_chance, difference, judged, or_missing, share, tone_where_more_is_worse,
};
use crate::report::facts::Facts;
use crate::report::parts::{
    Chart, Figure, HourlyColumns, Missing, Prose, RowRole, Section, Table, TableRow, Tone, Value,
};
use crate::report::read::Usage;
use crate::report::words::{self, figure_column, parts_column, text_column};
use crate::schema::invocation::status;

/// Failed classes, as shown: throttled stands at the bottom of the columns.
const CLASSES: [(&str, &str); 4] = [
    (status::THROTTLED, "Throttled"),
    (status::ACCESS_DENIED, "Access denied"),
    (status::CLIENT_ERROR, "Client error"),
    (status::SERVER_ERROR, "Server error, model timeout"),
];
/// A burst is worth a label when it holds this share of all failures …
const BURST_SHARE: f64 = 0.2;
/// … and at least this many.
const BURST_LEAST: u64 = 10;
/// Neighbouring hours belong to the burst while they have this share of its peak.
const BURST_EDGE: f64 = 0.25;
/// A change of a rate below this is noise: 0.05 percentage points.
const NOISE: f64 = 0.0005;

/// Failed requests of one hour, or day: throttled, and the rest.
struct Hour {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    /// Whether the log holds anything of its day.
    is_logged: bool,
    throttled: u64,
    other: u64,
}

impl Hour {
    fn failed(&self) -> u64 {
        self.throttled + self.other
    }
}

pub(super) fn section(facts: &Facts<'_>) -> PolarsResult<Section> {
    let timeline = Timeline::read(facts, &[Metric::Errors, Metric::Throttled])?;
    let hours: Vec<Hour> = timeline.slots.iter().map(hour).collect();
    let burst = largest_burst(&hours, facts.current.count(Metric::Errors));
    let mut section = super::bare("errors", "Errors and throttles", takeaway(facts, &hours, burst));
    if facts.current.count(Metric::Errors) > 0 {
        section.figure = Some(figure(facts, &timeline, &hours, burst));
    }
    section.tables = vec![table(facts)?];
    section.queries =
        vec![facts.query("status", "requests"), facts.query("status,error_code,model", "requests")];
    Ok(section)
}

fn hour(slot: &Slot) -> Hour {
    let throttled = slot.usage.count(Metric::Throttled);
    let other = slot.usage.count(Metric::Errors).saturating_sub(throttled);
    Hour { start: slot.start, end: slot.end, is_logged: slot.is_logged, throttled, other }
}

/// The peak hour and its neighbours that are nearly as high: first hour and number of hours.
#[expect(clippy::cast_precision_loss, reason = "counts compared as shares")]
fn largest_burst(hours: &[Hour], failed: u64) -> Option<(usize, usize)> {
    let (peak, most) = hours
        .iter()
        .enumerate()
        .map(|(index, hour)| (index, hour.failed()))
        .max_by_key(|(index, failed)| (*failed, std::cmp::Reverse(*index)))?;
    let belongs = |hour: &Hour| hour.failed() as f64 >= most as f64 * BURST_EDGE;
    let before = hours[..peak].iter().rev().take_while(|hour| belongs(hour)).count();
    let after = hours[peak..].iter().take_while(|hour| belongs(hour)).count();
    let (first, length) = (peak - before, before + after);
    let held: u64 = hours[first..first + length].iter().map(Hour::failed).sum();
    (held >= BURST_LEAST && held as f64 >= failed as f64 * BURST_SHARE).then_some((first, length))
}

/// The largest burst in words.
struct Burst {
    failed: u64,
    kind: &'static str,
    when: String,
}

fn describe(facts: &Facts<'_>, hours: &[Hour], (first, length): (usize, usize)) -> Burst {
    let burst = &hours[first..first + length];
    let failed: u64 = burst.iter().map(Hour::failed).sum();
    let throttled: u64 = burst.iter().map(|hour| hour.throttled).sum();
    let kind = if throttled * 2 > failed { "mostly throttled" } else { "mostly not throttled" };
    let end = burst.last().map_or(burst[0].start, |hour| hour.end);
    Burst { failed, kind, when: words::span(burst[0].start, end, facts.zone()) }
}

fn takeaway(facts: &Facts<'_>, hours: &[Hour], burst: Option<(usize, usize)>) -> Prose {
    let (errors, requests) =
        (facts.current.count(Metric::Errors), facts.current.count(Metric::Requests));
    let Some(rate) = facts.current.number(Metric::ErrorRate) else {
        return Prose::text("No request was logged in this period.");
    };
    if errors == 0 {
        return Prose::text("None of ")
            .value(Value::Count(requests))
            .say(" logged requests failed.");
    }
    let sentence = Prose::default()
        .value(Value::Count(errors))
        .say(" of ")
        .value(Value::Count(requests))
        .say(" requests failed (")
        .value(Value::Rate(rate))
        .say(")");
    let Some(burst) = burst.map(|burst| describe(facts, hours, burst)) else {
        return sentence.say(".");
    };
    sentence
        .say("; ")
        .value(Value::Count(burst.failed))
        .say(format!(" of them on {}, {}.", burst.when, burst.kind))
}

fn figure(
    facts: &Facts<'_>,
    timeline: &Timeline,
    hours: &[Hour],
    burst: Option<(usize, usize)>,
) -> Figure {
    let throttled = facts.current.count(Metric::Throttled);
    let errors = facts.current.count(Metric::Errors);
    let (zone, step) = (facts.zone(), timeline.step.name());
    Figure {
        title: format!("Failed requests per {step}"),
        description: Prose::text(format!("Stacked columns, one per {step}. Throttled "))
            .value(Value::Count(throttled))
            .say(", other failures ")
            .value(Value::Count(errors - throttled))
            .say("."),
        caption: Prose::text(format!(
            "Failed requests per {step}, {}.{} Rates are shares of all ",
            zone.name(),
            timeline.gap_words()
        ))
        .value(Value::Count(facts.current.count(Metric::Requests)))
        .say(" logged requests, failed ones included. A change within chance is not coloured."),
        chart: Chart::HourlyColumns(HourlyColumns {
            series: vec![
                ("throttled".to_owned(), Tone::Bad),
                ("other failures".to_owned(), Tone::Mute),
            ],
            hours: hours
                .iter()
                .map(|hour| {
                    let counts = || vec![hour.throttled, hour.other];
                    (hour.start, hour.is_logged.then(counts))
                })
                .collect(),
            days: timeline.labels(facts),
            burst: burst.map(|(first, length)| {
                let words = describe(facts, hours, (first, length));
                let label = Prose::default()
                    .value(Value::Count(words.failed))
                    .say(format!(" failed, {}, {}", words.kind, words.when));
                (first, length, label)
            }),
        }),
    }
}

fn table(facts: &Facts<'_>) -> PolarsResult<Table> {
    let (current, previous) = facts.compare(&[Dimension::Status], &[Metric::Requests])?;
    let before = facts.last_period();
    let columns = vec![
        text_column("class", "Class"),
        parts_column("requests", "Requests", None),
        figure_column("rate", "Rate", None),
        figure_column("previous_rate", &format!("Rate, {before}"), None),
        figure_column("rate_change_points", "Change", None),
    ];
    let count = |groups: &[Usage], class: &str| {
        groups
            .iter()
            .find(|group| group.key() == Some(class))
            .map_or(0, |group| group.count(Metric::Requests))
    };
    let mut rows: Vec<TableRow> = CLASSES
        .iter()
        .map(|(class, name)| {
            row(facts, RowRole::Body, name, count(&current, class), count(&previous, class))
        })
        .collect();
    rows.push(row(
        facts,
        RowRole::Total,
        "All failed",
        facts.current.count(Metric::Errors),
        facts.previous.count(Metric::Errors),
    ));
    Ok(Table {
        caption: "Failed requests by class".to_owned(),
        show_caption: false,
        wide: false,
        columns,
        rows,
    })
}

fn row(facts: &Facts<'_>, role: RowRole, name: &str, now: u64, before: u64) -> TableRow {
    let rate = share(now, facts.current.count(Metric::Requests));
    let previous = share(before, facts.previous.count(Metric::Requests));
    let change = rate.zip(previous).map_or(0.0, |(now, before)| now - before);
    let all = [&facts.current, &facts.previous].map(|usage| usage.count(Metric::Requests));
    let tone = if beyond_chance((now, all[0]), (before, all[1])) {
        tone_where_more_is_worse(change, NOISE)
    } else {
        Tone::Neutral
    };
    TableRow {
        role,
        swatch: None,
        cells: vec![
            Value::Text(name.to_owned()).into(),
            Value::Count(now).into(),
            or_missing(rate, Value::Rate, Missing::NotApplicable),
            or_missing(previous, Value::Rate, Missing::NotInLog),
            judged(difference(rate, previous, Value::PointChange), tone),
        ],
    }
}

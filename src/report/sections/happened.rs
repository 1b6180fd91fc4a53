//! One timeline of an incident: CloudTrail's events, logged calls, guardrails and cost.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};

use crate::audit::detections;
use crate::period::Period;
use crate::report::facts::Facts;
use crate::report::happened::{Moment, Seen, Timeline};
use crate::report::model_name;
use crate::report::parts::{
    Chart, Figure, Finding, HourlyColumns, Missing, Prose, RowRole, Section, Severity, Table,
    TableCell, TableRow, Tone, Value,
};
use crate::report::words::{self, figure_column, text_column};
use crate::units::Usd;

/// Most lines of the table: those that are notable first, then the earliest.
const SHOWN: usize = 120;

pub(super) fn section(facts: &Facts<'_>) -> Section {
    let Some(timeline) = &facts.insights().timeline else {
        return super::bare("timeline", "Timeline", Prose::text("Not reported: nothing was read."));
    };
    let mut section = super::bare("timeline", "Timeline", takeaway(facts, timeline));
    section.figure = Some(figure(facts, timeline));
    section.tables = vec![table(facts, timeline)];
    section.notes = notes(timeline);
    section.findings = findings(timeline);
    section.queries = vec![
        facts.query("hour,principal,model,status", "requests,cost_usd"),
        "bedrock-lens query --sql \"select event_time, principal, event_name, error_code, \
         source_ip_address from api_events order by event_time\""
            .to_owned(),
    ];
    section
}

fn takeaway(facts: &Facts<'_>, timeline: &Timeline) -> Prose {
    let changes = timeline.number(|one| one.changes && one.error.is_none());
    let denied = timeline.number(|one| one.denied);
    let intervened = timeline.number(|one| one.intervened);
    let calls = timeline.number(|one| one.seen == Seen::Log);
    let part = |prose: Prose, n: u64, one: &str, many: &str| {
        prose.value(Value::Count(n)).say(words::counted(n, one, many))
    };
    let period = facts.inputs.period;
    let prose = Prose::text(format!("{}: ", words::span(period.from, period.to, facts.zone())));
    let prose = part(prose, changes, " change, ", " changes, ");
    let prose = part(prose, denied, " refused call, ", " refused calls, ");
    let prose =
        part(prose, intervened, " guardrail intervention and ", " guardrail interventions and ");
    part(prose, calls, " logged call.", " logged calls.")
}

fn figure(facts: &Facts<'_>, timeline: &Timeline) -> Figure {
    let period = facts.inputs.period;
    let mut stretches: BTreeMap<DateTime<Utc>, [u64; 3]> = BTreeMap::new();
    let first = timeline.moments.iter().map(|one| one.bucket).min().unwrap_or(period.from);
    let mut start = first;
    while start > period.from {
        start -= timeline.step;
    }
    while start < period.to {
        stretches.insert(start, [0; 3]);
        start += timeline.step;
    }
    for one in timeline.moments.iter().filter(|one| one.seen == Seen::Log) {
        let counts = stretches.entry(one.bucket).or_default();
        let class = match one {
            Moment { error: Some(_), .. } => 0,
            Moment { intervened: true, .. } => 1,
            _ => 2,
        };
        counts[class] += one.number;
    }
    let total: u64 = stretches.values().flatten().sum();
    let busiest = stretches.iter().max_by_key(|(_, counts)| counts.iter().sum::<u64>());
    let step = step_words(timeline.step);
    let mut description = Prose::text(format!("Stacked columns, one per {step}. "))
        .value(Value::Count(total))
        .say(" logged calls");
    if let Some((at, counts)) = busiest.filter(|_| total > 0) {
        description = description
            .say("; most, ")
            .value(Value::Count(counts.iter().sum()))
            .say(", from ")
            .value(Value::Time(*at));
    }
    let hours: Vec<(DateTime<Utc>, Option<Vec<u64>>)> =
        stretches.into_iter().map(|(at, counts)| (at, Some(counts.to_vec()))).collect();
    Figure {
        title: format!("Logged calls per {step}"),
        description,
        caption: Prose::text(format!(
            "Logged calls per {step}, by outcome, {}. CloudTrail’s events are in the table.",
            facts.zone().name()
        )),
        chart: Chart::HourlyColumns(HourlyColumns {
            series: vec![
                ("Failed".to_owned(), Tone::Bad),
                ("Guardrail intervened".to_owned(), Tone::Warn),
                ("Other".to_owned(), Tone::Neutral),
            ],
            days: labels(&hours, facts),
            hours,
            burst: None,
        }),
    }
}

/// About eight labels along the time.
fn labels(hours: &[(DateTime<Utc>, Option<Vec<u64>>)], facts: &Facts<'_>) -> Vec<(usize, String)> {
    let every = hours.len().div_ceil(8).max(1);
    let span = facts.inputs.period.to - facts.inputs.period.from;
    let format = if span > Duration::days(2) { "%-d %b" } else { "%H:%M" };
    let label = |at: DateTime<Utc>| at.with_timezone(&facts.zone()).format(format).to_string();
    hours.iter().enumerate().step_by(every).map(|(index, (at, _))| (index, label(*at))).collect()
}

fn step_words(step: Duration) -> String {
    match step.num_minutes() {
        1 => "minute".to_owned(),
        60 => "hour".to_owned(),
        1_440 => "day".to_owned(),
        minutes if minutes % 60 == 0 => format!("{} hours", minutes / 60),
        minutes => format!("{minutes} minutes"),
    }
}

/// `a minute`, `5 minutes`.
fn a_step(step: Duration) -> String {
    let words = step_words(step);
    match words.as_str() {
        "hour" => format!("an {words}"),
        "minute" | "day" => format!("a {words}"),
        _ => words,
    }
}

fn table(facts: &Facts<'_>, timeline: &Timeline) -> Table {
    let columns = vec![
        text_column("time", "Time"),
        text_column("seen_in", "Seen in"),
        text_column("principal", "Who"),
        text_column("what", "What"),
        text_column("outcome", "Outcome"),
        figure_column("number", "Number", None),
        figure_column("cost_usd", "Cost", Some("USD")),
    ];
    let (shown, rest) = chosen(&timeline.moments);
    let mut rows: Vec<TableRow> = shown.iter().map(|one| line(facts, one)).collect();
    if !rest.is_empty() {
        let number = rest.iter().map(|one| one.number).sum();
        let label = format!("{} more lines", rest.len());
        let cost = sum(&rest).map_or(Value::Missing(Missing::NotApplicable), Value::Usd);
        rows.push(row(
            RowRole::Note,
            [
                Value::Text(label).into(),
                Value::Missing(Missing::Blank).into(),
                Value::Missing(Missing::Blank).into(),
                Value::Text("calls that succeeded".to_owned()).into(),
                Value::Missing(Missing::Blank).into(),
                Value::Count(number).into(),
                cost.into(),
            ],
        ));
    }
    let all: Vec<&Moment> = timeline.moments.iter().collect();
    let cost = sum(&all).map_or(Value::Missing(Missing::NotApplicable), Value::Usd);
    rows.push(row(
        RowRole::Total,
        [
            Value::Text("Total".to_owned()).into(),
            Value::Missing(Missing::Blank).into(),
            Value::Missing(Missing::Blank).into(),
            Value::Missing(Missing::Blank).into(),
            Value::Missing(Missing::Blank).into(),
            Value::Count(timeline.number(|_| true)).into(),
            cost.into(),
        ],
    ));
    Table {
        caption: "Timeline of events and calls".to_owned(),
        show_caption: false,
        wide: true,
        columns,
        rows,
    }
}

/// The lines to show, by time, and the rest: what is notable is shown before what is not.
fn chosen(moments: &[Moment]) -> (Vec<&Moment>, Vec<&Moment>) {
    let mut order: Vec<(usize, &Moment)> = moments.iter().enumerate().collect();
    order.sort_by_key(|(place, one)| (!one.is_notable(), *place));
    let (shown, rest) = order.split_at(order.len().min(SHOWN));
    (in_time(shown), in_time(rest))
}

fn in_time<'m>(part: &[(usize, &'m Moment)]) -> Vec<&'m Moment> {
    let mut part = part.to_vec();
    part.sort_by_key(|(place, _)| *place);
    part.into_iter().map(|(_, one)| one).collect()
}

fn sum(moments: &[&Moment]) -> Option<Usd> {
    let costs: Vec<Usd> = moments.iter().filter_map(|one| one.cost_usd).collect();
    let total = costs.iter().fold(0_i128, |sum, usd| sum.saturating_add(usd.0));
    (!costs.is_empty()).then_some(Usd(total))
}

fn row(role: RowRole, cells: [TableCell; 7]) -> TableRow {
    TableRow { role, swatch: None, cells: Vec::from(cells) }
}

fn line(facts: &Facts<'_>, one: &Moment) -> TableRow {
    let zone = facts.zone();
    let span = facts.inputs.period.to - facts.inputs.period.from;
    let format = if span > Duration::days(1) { "%-d %b %H:%M:%S" } else { "%H:%M:%S" };
    let show = |at: DateTime<Utc>| at.with_timezone(&zone).format(format).to_string();
    let last = if one.number > 1 && one.last != one.first {
        format!("to {}", one.last.with_timezone(&zone).format("%H:%M:%S"))
    } else {
        String::new()
    };
    let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
    let cost = match (one.cost_usd, one.seen) {
        (Some(cost), _) => Value::Usd(cost),
        (None, Seen::Log) if one.unpriced > 0 => Value::Missing(Missing::NotPriced),
        _ => Value::Missing(Missing::NotApplicable),
    };
    let seen = match one.seen {
        Seen::CloudTrail => "CloudTrail",
        Seen::Log => "log",
    };
    row(
        RowRole::Body,
        [
            Value::Lines(show(one.first), last).into(),
            Value::Text(seen.to_owned()).into(),
            Value::Lines(known(&one.principal), whence(one)).into(),
            what(one).into(),
            outcome(one),
            Value::Count(one.number).into(),
            cost.into(),
        ],
    )
}

/// Credential and address, as far as known.
fn whence(one: &Moment) -> String {
    let address = one.address.as_ref().map(|(address, number)| match number {
        0 | 1 => address.clone(),
        more => format!("{address} and {} more", more - 1),
    });
    let credential = one.credential.as_ref().map(|class| class.replace('_', " "));
    let parts: Vec<String> = [credential, address].into_iter().flatten().collect();
    parts.join(", ")
}

fn what(one: &Moment) -> Value {
    let region = one.region.clone().unwrap_or_default();
    let model = one.model_id.as_deref().map(model_name::short_addressed);
    match (&one.event, model) {
        (Some((service, name)), Some(model)) => {
            Value::Lines(name.clone(), format!("{service}, {model}, {region}"))
        }
        (Some((service, name)), None) => Value::Lines(name.clone(), format!("{service}, {region}")),
        (None, Some(model)) => Value::Lines(format!("calls of {model}"), region),
        (None, None) => Value::Lines("calls without a model id".to_owned(), region),
    }
}

fn outcome(one: &Moment) -> TableCell {
    let (words, tone) = match one {
        Moment { error: Some(error), .. } => (error.clone(), Tone::Bad),
        Moment { intervened: true, .. } => ("guardrail intervened".to_owned(), Tone::Warn),
        Moment { changes: true, .. } => ("changed".to_owned(), Tone::Warn),
        Moment { seen: Seen::CloudTrail, model_id: Some(_), .. } => {
            ("not in the log".to_owned(), Tone::Neutral)
        }
        _ => ("ok".to_owned(), Tone::Mute),
    };
    TableCell { value: Value::Id(words), tone }
}

fn notes(timeline: &Timeline) -> Vec<Prose> {
    let mut notes = vec![Prose::text(format!(
        "One line for what is alike within {}: same principal, event or model, and outcome. Model \
         calls that CloudTrail and the log both hold stand once, as logged calls; those of CloudTrail \
         alone say so. Cost is list cost.",
        a_step(timeline.step)
    ))];
    if timeline.left_out > 0 {
        let left_out = Prose::default().value(Value::Count(timeline.left_out)).say(words::counted(
            timeline.left_out,
            " event of another service that only reads is left out; ",
            " events of other services that only read are left out; ",
        ));
        notes.push(left_out.and(Prose::marked("`--principal` shows what a principal did there.")));
    }
    notes
}

/// What the detections found, as far as the report's three steps of gravity go.
pub(in crate::report) fn findings(timeline: &Timeline) -> Vec<Finding> {
    let found = timeline.detections.iter().flat_map(|found| &found.findings);
    let finding = |one: &detections::Finding| Finding {
        id: one.rule.clone(),
        severity: severity(one.severity),
        title: Prose::text(one.title.clone()),
        period: Some(Period { from: one.from, to: one.to }),
        detail: detail(one),
        state: None,
        query: one.query.clone(),
    };
    found.map(finding).collect()
}

fn severity(severity: detections::Severity) -> Severity {
    match severity {
        detections::Severity::Critical | detections::Severity::High => Severity::High,
        detections::Severity::Medium => Severity::Medium,
        detections::Severity::Low | detections::Severity::Info => Severity::Low,
    }
}

fn detail(one: &detections::Finding) -> Prose {
    let rows = one.rows.unsigned_abs();
    let detail =
        Prose::default().value(Value::Count(rows)).say(words::counted(rows, " row", " rows"));
    match &one.principal {
        Some(principal) => detail.say(" of ").value(Value::Id(principal.clone())),
        None => detail,
    }
}

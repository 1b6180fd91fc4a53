//! Hours and days that depart from the usual: what, since when, who made it, how to look.

use crate::insight::anomaly::{
    Anomalies, DepartingSeries, Driver, Figure as Amount, Incident, JudgedHour, Severity as Grave,
};
use crate::report::facts::Facts;
use crate::report::parts::{
    Chart, Empty, Event, Figure, Finding, Mark, MarkedLine, Missing, Prose, RowRole, Section,
    Severity, Table, TableRow, Value,
};
use crate::report::words::{self, parts_column, text_column};
use crate::units::Usd;

use super::timeline::{Step, labels};

/// Most incidents listed; the command shows all.
const LISTED: usize = 12;
/// Hours that a line can show.
const MOST_HOURS: usize = 24 * 35;

pub(super) fn section(facts: &Facts<'_>) -> Section {
    let query = facts.command("anomalies");
    let Some(found) = &facts.insights().anomalies else { return nothing_judged(query, None) };
    if !is_judged(found) {
        return nothing_judged(query, Some(found));
    }
    let incidents = ranked(found);
    let mut section = super::bare("anomalies", "Anomalies", takeaway(found));
    section.figure = line(facts, found, &incidents).or_else(|| strip(facts, &incidents));
    section.tables = vec![table(found)];
    section.findings = incidents.iter().take(LISTED).enumerate().map(finding).collect();
    if incidents.len() > LISTED {
        section.notes.push(
            Prose::default()
                .value(Value::Count((incidents.len() - LISTED) as u64))
                .say(" more are in the answer of the command below."),
        );
    }
    section.notes.push(
        Prose::text("Usual: level and weekday profile of up to eight weeks before each day. ")
            .value(Value::Count(found.skipped.len() as u64))
            .say(" series or groups could not be judged; the command says why."),
    );
    section.queries = vec![query];
    section
}

/// All of them, gravest first; none where nothing could be judged.
pub(in crate::report) fn all(facts: &Facts<'_>) -> Option<Vec<Finding>> {
    let found = facts.insights().anomalies.as_ref().filter(|found| is_judged(found))?;
    Some(ranked(found).iter().enumerate().map(finding).collect())
}

fn is_judged(found: &Anomalies) -> bool {
    found.series_tested > 0 || !found.incidents.is_empty()
}

fn nothing_judged(query: String, found: Option<&Anomalies>) -> Section {
    let takeaway = Prose::text("Not reported: the history is too short to say what is usual.");
    let mut section = super::bare("anomalies", "Anomalies", takeaway);
    let why = found.and_then(|found| found.skipped.first()).map_or_else(
        || "The store holds no request in the period and the weeks before it.".to_owned(),
        |skipped| format!("{}: {}.", words::capitalised(&skipped.series), skipped.reason),
    );
    section.empty = Some(Empty {
        why: Prose::text(why).say(" Nothing was judged, which is not the same as nothing found."),
        fill: Prose::marked(
            "14 days of logs before the period, better eight weeks: `bedrock-lens ingest SOURCE`.",
        ),
        check: query,
    });
    section
}

/// Gravest first, then by time.
fn ranked(found: &Anomalies) -> Vec<&Incident> {
    let mut incidents: Vec<&Incident> = found.incidents.iter().collect();
    incidents.sort_by(|a, b| (a.severity, a.from, &a.id).cmp(&(b.severity, b.from, &b.id)));
    incidents
}

/// Grave, as reports say it.
pub(in crate::report) fn severity(grave: Grave) -> Severity {
    match grave {
        Grave::Critical => Severity::High,
        Grave::Warning => Severity::Medium,
        Grave::Notice => Severity::Low,
    }
}

fn takeaway(found: &Anomalies) -> Prose {
    let all = found.incidents.len() as u64;
    let tested = found.series_tested as u64;
    if all == 0 {
        return Prose::text("Nothing departs from the usual in ")
            .value(Value::Count(tested))
            .say(words::counted(tested, " series.", " series."));
    }
    let high = found.incidents.iter().filter(|one| one.severity == Grave::Critical).count() as u64;
    let sentence = Prose::default().value(Value::Count(all)).say(words::counted(
        all,
        " anomaly",
        " anomalies",
    ));
    let sentence = match high {
        0 => sentence.say(", none of them high"),
        n if n == all => {
            sentence.say(words::counted(n, ", of high severity", ", all of them high"))
        }
        n => sentence.say(", ").value(Value::Count(n)).say(" of them high"),
    };
    match found.incidents.iter().min_by_key(|one| (one.severity, one.from)) {
        Some(first) => sentence.say(format!(": {}.", first.title.trim_end_matches('.'))),
        None => sentence.say("."),
    }
}

/// `A1`, `A2`: by the order in which they are listed.
fn name(index: usize) -> String {
    format!("A{}", index + 1)
}

fn finding((index, incident): (usize, &&Incident)) -> Finding {
    let series = incident.metrics.first();
    let mut detail = series.map_or_else(Prose::default, observed);
    let drivers: Vec<&Driver> = incident.drivers.iter().take(3).collect();
    for (place, driver) in drivers.iter().enumerate() {
        let value = driver.value.clone().unwrap_or_else(|| "unknown".to_owned());
        let lead = if place == 0 { " Mostly " } else { ", " };
        detail = detail
            .say(format!("{lead}{} ", driver.dimension))
            .value(Value::Id(value))
            .say(" (")
            .value(change(driver.change))
            .say(")");
    }
    if !drivers.is_empty() {
        detail = detail.say(".");
    }
    Finding {
        id: incident.id.clone(),
        severity: severity(incident.severity),
        title: Prose::text(format!("{} ", name(index))).say(incident.title.clone()),
        period: Some(crate::period::Period { from: incident.from, to: incident.to }),
        detail,
        state: incident.is_ongoing.then_some("ongoing"),
        query: incident.query.clone(),
    }
}

/// `requests: 4,200, usual 900 to 1,300.`
fn observed(series: &DepartingSeries) -> Prose {
    Prose::text(format!("{}: ", series.metric.replace('_', " ")))
        .strong(amount(series.observed, &series.metric))
        .say(", usual ")
        .value(amount(series.low, &series.metric))
        .say(" to ")
        .value(amount(series.high, &series.metric))
        .say(".")
}

fn amount(figure: Amount, metric: &str) -> Value {
    match figure {
        Amount::Usd(amount) => Value::Usd(amount),
        Amount::Count(count) => Value::Count(u64::try_from(count).unwrap_or(0)),
        Amount::Number(ms) if metric.ends_with("_ms") => Value::DurationMs(ms),
        Amount::Number(dollars) if metric.ends_with("_usd") => Value::Estimate(usd(dollars)),
        Amount::Number(number) => Value::Count(whole(number)),
    }
}

fn change(figure: Amount) -> Value {
    match figure {
        Amount::Usd(amount) => Value::UsdChange(amount),
        Amount::Count(count) => Value::CountChange(i64::try_from(count).unwrap_or(i64::MAX)),
        Amount::Number(number) => Value::MeanChange(number),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "an estimate, printed to the dollar")]
fn usd(dollars: f64) -> Usd {
    Usd((dollars * 1e6).round() as i128 * 100_000_000)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an estimated count, printed in whole numbers"
)]
fn whole(number: f64) -> u64 {
    number.max(0.0).round() as u64
}

/// All requests per hour over their usual range, with the incidents marked.
fn line(facts: &Facts<'_>, found: &Anomalies, incidents: &[&Incident]) -> Option<Figure> {
    let hours = &found.requests;
    if hours.is_empty() || hours.len() > MOST_HOURS {
        return None;
    }
    let place = |at| hours.iter().position(|hour| hour.at >= at);
    let marks: Vec<Mark> = incidents
        .iter()
        .take(LISTED)
        .enumerate()
        .filter_map(|(index, one)| Some(Mark { at: place(one.from)?, label: name(index) }))
        .collect();
    let highest = hours.iter().filter_map(|hour| hour.observed).fold(0.0, f64::max);
    let mut description = Prose::text("A line of requests per hour over its usual range; highest ")
        .value(Value::Count(whole(highest)))
        .say(". ");
    for (index, one) in incidents.iter().take(LISTED).enumerate() {
        description = description.say(format!("{}: ", name(index))).say(format!("{}; ", one.title));
    }
    Some(Figure {
        title: "Requests per hour and their usual range".to_owned(),
        description,
        caption: Prose::text(format!(
            "Requests per hour, {}. Shaded: the range within which an hour is usual. Rings: where the \
             anomalies below begin. Grey blocks: logging was partial; nothing is judged there.",
            facts.zone().name()
        )),
        chart: Chart::MarkedLine(MarkedLine {
            unit: "requests per hour".to_owned(),
            points: hours.iter().map(|hour| (hour.at, hour.observed)).collect(),
            band: hours.iter().map(|hour| hour.usual).collect(),
            marks,
            partial: partial(hours),
            days: labels(hours.iter().map(|hour| hour.at), Step::Hour, facts),
        }),
    })
}

/// Runs of hours that were not judged for gaps.
fn partial(hours: &[JudgedHour]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (index, _) in hours.iter().enumerate().filter(|(_, hour)| hour.observed.is_none()) {
        match runs.last_mut() {
            Some((first, count)) if *first + *count == index => *count += 1,
            _ => runs.push((index, 1)),
        }
    }
    runs
}

/// When each incident was, for periods too long for a line.
fn strip(facts: &Facts<'_>, incidents: &[&Incident]) -> Option<Figure> {
    let rows: Vec<Event> = incidents
        .iter()
        .take(LISTED)
        .enumerate()
        .map(|(index, one)| Event {
            id: name(index),
            label: one.title.clone(),
            severity: severity(one.severity),
            spans: vec![(one.from, one.to)],
        })
        .collect();
    (!rows.is_empty()).then(|| super::events(facts, "When each anomaly was", rows))
}

fn table(found: &Anomalies) -> Table {
    let count = |grave| found.incidents.iter().filter(|one| one.severity == grave).count() as u64;
    let row = |role, name: &str, n: u64| TableRow {
        role,
        swatch: None,
        cells: vec![Value::Text(name.to_owned()).into(), Value::Count(n).into()],
    };
    let history = TableRow {
        role: RowRole::Aside,
        swatch: None,
        cells: vec![
            Value::Text("Days of history before the period".to_owned()).into(),
            u64::try_from(found.history.days)
                .map_or(Value::Missing(Missing::Unknown), Value::Count)
                .into(),
        ],
    };
    Table {
        caption: "Anomalies by severity".to_owned(),
        show_caption: false,
        wide: false,
        columns: vec![
            text_column("severity", "Severity"),
            parts_column("anomalies", "Anomalies", None),
        ],
        rows: vec![
            row(RowRole::Body, "High", count(Grave::Critical)),
            row(RowRole::Body, "Medium", count(Grave::Warning)),
            row(RowRole::Body, "Low", count(Grave::Notice)),
            row(RowRole::Total, "Total", found.incidents.len() as u64),
            row(RowRole::Aside, "Series tested", found.series_tested as u64),
            history,
        ],
    }
}

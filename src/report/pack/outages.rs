//! Log coverage, and the ledger of outages: when recording was off, by whom, and what went unrecorded.

use chrono::{DateTime, Utc};

use super::super::parts::{Missing, Prose, RowRole, Table, TableCell, TableRow, Value};
use super::Sheet;
use super::inputs::{OutageLine, PackInputs};
use super::table::{count, figure, row, table, text, words};

/// Most outages that the sheet shows.
const SHOWN: usize = 30;

/// The sheet.
pub(super) fn sheet(inputs: &PackInputs<'_>) -> Sheet {
    let mut tables = vec![coverage(inputs)];
    if !inputs.outages.is_empty() {
        tables.push(ledger(&inputs.outages));
    }
    Sheet {
        id: "outages",
        label: "Log coverage and outages",
        heading: heading(inputs),
        figure: None,
        tables,
        notes: vec![Prose::text(
            "A stop is read from the event that made it. Whether another trail went on recording, and \
             calls made while CloudTrail itself was silent, these logs can’t tell. The cost of calls \
             without a log is an estimate by the mean of logged calls like them. All acts stand in \
             evidence/outages.csv, gaps in evidence/coverage-gaps.csv.",
        )],
        empty: None,
    }
}

fn heading(inputs: &PackInputs<'_>) -> Prose {
    let coverage = &inputs.coverage;
    let known = match (coverage.share, coverage.unknown_because) {
        (Some(share), _) => Prose::default()
            .value(Value::Share(share))
            .say(" of the calls that CloudTrail saw have an invocation log; "),
        (None, Some(reason)) => Prose::text(format!("Log coverage is not known ({reason}); ")),
        (None, None) => Prose::text("Log coverage is not known; "),
    };
    let stops = inputs.outages.iter().filter(|one| one.is_stop);
    let (number, length) = stops.fold((0_u64, 0), |(n, ms), one| (n + 1, ms + one.length_ms));
    match number {
        0 => known.say("no outage is known."),
        1 => known.say(format!("recording was off once, for {}.", duration(length))),
        n => known
            .say("recording was off ")
            .value(Value::Count(n))
            .say(format!(" times, {} in all.", duration(length))),
    }
}

fn coverage(inputs: &PackInputs<'_>) -> Table {
    let coverage = &inputs.coverage;
    let line = |label: &str, value: TableCell, remark: &str| {
        row(RowRole::Body, vec![words(label), value, words(remark)])
    };
    let share = coverage.share.map_or(Value::Missing(Missing::Unknown), Value::Share);
    let estimate = coverage.estimate.map_or(Value::Missing(Missing::Unknown), Value::Usd);
    let rows = vec![
        line(
            "Calls in CloudTrail",
            count(coverage.called),
            "runtime operations, failed ones included",
        ),
        line(
            "Of these, logged",
            count(coverage.logged),
            "their request id is in the invocation log",
        ),
        line("Not logged", count(coverage.unlogged), ""),
        line("Log coverage", share.into(), coverage.unknown_because.unwrap_or("logged ÷ calls")),
        line("Logged requests", count(coverage.requests), ""),
        line("Cost of calls not logged", estimate.into(), "an estimate"),
    ];
    let columns = vec![text("what", "Log coverage"), figure("value", ""), text("remark", "")];
    table("Log coverage", columns, rows)
}

fn ledger(outages: &[OutageLine]) -> Table {
    let columns = vec![
        text("id", "Id"),
        text("place", "Where"),
        text("period", "From and to, UTC"),
        figure("duration", "Duration"),
        text("cause", "Cause, from CloudTrail"),
        figure("unlogged", "Calls not logged"),
        text("ended_by", "Ended by"),
    ];
    let mut rows: Vec<TableRow> =
        (1..).zip(outages.iter().take(SHOWN)).map(|(number, one)| line(number, one)).collect();
    let rest = outages.len().saturating_sub(SHOWN);
    if rest > 0 {
        let mut cells = vec![words(format!("{rest} more")), words("in evidence/outages.csv")];
        cells.extend((0..5).map(|_| words("")));
        rows.push(row(RowRole::Note, cells));
    }
    let shown = table("Outages", columns, rows);
    Table { show_caption: true, ..shown }
}

fn line(number: u64, outage: &OutageLine) -> TableRow {
    let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "\u{2014}".to_owned());
    let place = format!("{} {}", part(&outage.account), part(&outage.region));
    let unlogged = outage.unlogged.map_or(Value::Missing(Missing::Unknown), Value::Count);
    row(
        RowRole::Body,
        vec![
            words(format!("O{number}")),
            Value::Lines(outage.recorder.clone(), place).into(),
            Value::Lines(
                moment(outage.from, "before the period"),
                moment(outage.to, "open at its end"),
            )
            .into(),
            words(duration(outage.length_ms)),
            words(&outage.cause),
            unlogged.into(),
            words(&outage.ended_by),
        ],
    )
}

fn moment(at: Option<DateTime<Utc>>, otherwise: &str) -> String {
    at.map_or_else(|| otherwise.to_owned(), |at| at.format("%Y-%m-%d %H:%M:%S").to_string())
}

/// `4 h 28 min 46 s`: a ledger rounds nothing.
pub(super) fn duration(ms: i64) -> String {
    let seconds = ms.max(0) / 1_000;
    let (hours, minutes, rest) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest}\u{a0}s"),
        (0, _) => format!("{minutes}\u{a0}min {rest:02}\u{a0}s"),
        _ => format!("{hours}\u{a0}h {minutes:02}\u{a0}min {rest:02}\u{a0}s"),
    }
}

//! Integrity of the archive: the verdict of the cover, its figures, and the sheet.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Duration, Utc};

use super::super::parts::{
    ChainStrip, Chart, Figure, Prose, RowRole, Strip, TableCell, TableRow, Tone, Value,
};
use super::inputs::PackInputs;
use super::table::{bad_if_any, count, figure, id, row, table, text, words};
use super::{Sheet, Tile, Verdict};
use crate::audit::integrity::{
    FileStatus, HourVerdict, Problem, Trail, Verdict as Word, Verification,
};
use crate::period::Period;

const SCALE: &str = "verified, partly verified, failed, unverifiable, not evaluated";
/// Where a key doesn't tell.
const UNKNOWN: &str = "unknown";
/// Most exceptions and chains that the sheet shows.
const SHOWN: usize = 12;

/// The verdict on integrity.
pub(super) fn verdict(inputs: &PackInputs<'_>) -> Verdict {
    let Some(facts) = &inputs.integrity else {
        return Verdict {
            word: "Not evaluated",
            tone: Tone::Mute,
            scale: SCALE,
            lead: Prose::text(
                "The digests of CloudTrail were not checked: no source with digests was named \
                 (--verify SOURCE --keys FILE). Nothing is said about whether the archive is \
                 unchanged. ",
            )
            .and(logging(inputs)),
        };
    };
    let (word, tone) = match facts.verification.verdict {
        Word::Verified => ("Verified", Tone::Good),
        Word::PartlyVerified => ("Partly verified", Tone::Warn),
        Word::Failed => ("Failed", Tone::Bad),
        Word::Unverifiable => ("Unverifiable", Tone::Bad),
    };
    let lead = altered(facts.verification).and(proven(facts.verification)).and(logging(inputs));
    Verdict { word, tone, scale: SCALE, lead }
}

fn altered(verification: &Verification) -> Prose {
    let invalid = verification.logs.invalid + verification.digests.invalid;
    match (verification.verdict, invalid) {
        (Word::Unverifiable, _) => Prose::text(
            "Nothing could be proven: there are no digests, or no public keys for them. ",
        ),
        (_, 0) => Prose::text("No archived file was found to be altered. "),
        (_, one) => Prose::default().value(Value::Count(one)).say(if one == 1 {
            " archived file is not as it was delivered. "
        } else {
            " archived files are not as they were delivered. "
        }),
    }
}

fn proven(verification: &Verification) -> Prose {
    let logs = verification.logs;
    let known = logs.valid + logs.invalid + logs.missing + logs.uncovered + logs.unchecked;
    if known == 0 || verification.verdict == Word::Unverifiable {
        return Prose::default();
    }
    Prose::default()
        .value(Value::Count(logs.valid))
        .say(" of ")
        .value(Value::Count(known))
        .say(" known log files are proven unchanged by the CloudTrail digest chain; ")
        .value(Value::Count(logs.uncovered + logs.unchecked))
        .say(" cannot be proven and ")
        .value(Value::Count(logs.missing))
        .say(if logs.missing == 1 { " is absent. " } else { " are absent. " })
        .value(Value::Count(verification.hours.proven))
        .say(" of ")
        .value(Value::Count(verification.hours.expected))
        .say(" hours are proven. ")
}

/// What the outage ledger adds to the verdict.
fn logging(inputs: &PackInputs<'_>) -> Prose {
    let stops: Vec<_> = inputs.outages.iter().filter(|outage| outage.is_stop).collect();
    let length: i64 = stops.iter().map(|outage| outage.length_ms).sum();
    match stops.len() {
        0 => Prose::text("The logs show no time at which recording was stopped."),
        number => Prose::text("Recording was stopped for ")
            .say(super::outages::duration(length))
            .say(if number == 1 { " in one outage, listed in " } else { " in " })
            .and(if number == 1 {
                Prose::default()
            } else {
                Prose::default().value(Value::Count(number as u64)).say(" outages, listed in ")
            })
            .link("outages", "section 4")
            .say("."),
    }
}

/// The five figures of the cover.
pub(super) fn tiles(inputs: &PackInputs<'_>) -> Vec<Tile> {
    let verification = inputs.integrity.as_ref().map(|facts| facts.verification);
    let tile = |label, value: Option<Vec<u64>>, detail: Prose, judged: bool| {
        let bad = judged && value.as_ref().is_some_and(|numbers| numbers.iter().any(|n| *n > 0));
        let shown = value.map_or_else(
            || Prose::text("\u{2014}"),
            |numbers| {
                let mut prose = Prose::default();
                for (index, number) in numbers.into_iter().enumerate() {
                    if index > 0 {
                        prose = prose.say(" / ");
                    }
                    prose = prose.value(Value::Count(number));
                }
                prose
            },
        );
        Tile { label, value: shown, detail, tone: if bad { Tone::Bad } else { Tone::Neutral } }
    };
    let of = |number: Option<u64>, words: &str| match number {
        Some(number) => Prose::text("of ").value(Value::Count(number)).say(format!(" {words}")),
        None => Prose::text("not evaluated"),
    };
    let digests = verification.map(|v| v.digests);
    let logs = verification.map(|v| v.logs);
    let expected = digests.map(|d| d.valid + d.invalid + d.missing + d.unproven);
    let known = logs.map(|l| l.valid + l.invalid + l.missing + l.uncovered + l.unchecked);
    let hours = verification.map(|v| v.hours);
    vec![
        tile("Digest files valid", digests.map(|d| vec![d.valid]), of(expected, "expected"), false),
        tile(
            "Digests invalid / missing",
            digests.map(|d| vec![d.invalid, d.missing]),
            of(expected, "expected"),
            true,
        ),
        tile("Log files verified", logs.map(|l| vec![l.valid]), of(known, "known"), false),
        tile(
            "Not covered / absent",
            logs.map(|l| vec![l.uncovered + l.unchecked, l.missing]),
            of(known, "known"),
            true,
        ),
        tile(
            "Hours proven",
            hours.map(|h| vec![h.proven]),
            of(hours.map(|h| h.expected), "hours"),
            false,
        ),
    ]
}

/// The sheet.
pub(super) fn sheet(inputs: &PackInputs<'_>) -> Sheet {
    let sheet = Sheet {
        id: "integrity",
        label: "Integrity of the archive",
        heading: Prose::text("The digest chains were not evaluated."),
        figure: None,
        tables: Vec::new(),
        notes: Vec::new(),
        empty: None,
    };
    let Some(facts) = &inputs.integrity else {
        return Sheet {
            empty: Some(
                Prose::text("No source with CloudTrail digests was named: ")
                    .value(Value::Code("audit pack --verify SOURCE --keys FILE".to_owned()))
                    .say(" checks them and fills this sheet; ")
                    .value(Value::Code("audit verify".to_owned()))
                    .say(" does so on its own."),
            ),
            ..sheet
        };
    };
    let verification = facts.verification;
    let chains = chains(verification);
    let whole = chains.values().filter(|hours| hours.iter().all(|hour| hour.proven)).count();
    let mut tables = vec![by_chain(&chains)];
    if !verification.problems.is_empty() {
        tables.push(exceptions(&verification.problems));
    }
    Sheet {
        heading: heading(whole as u64, chains.len() as u64),
        figure: verification.range.map(|range| strip(range, &chains, verification)),
        tables,
        notes: vec![Prose::text("Checked: ").value(Value::Code(facts.source.clone())).say(
            ". An hour is proven when valid digests cover it wholly and all log files they name \
                 are there with the content they name. Digests are checked against the public \
                 keys that were given. Every file and hour stands in integrity/.",
        )],
        ..sheet
    }
}

fn heading(whole: u64, chains: u64) -> Prose {
    match (whole, chains) {
        (_, 0) => Prose::text("No digest chain was found."),
        (whole, chains) if whole == chains => Prose::text("Every hour of ")
            .say(if chains == 1 { "the one chain" } else { "all chains" })
            .say(" is proven."),
        (whole, chains) => Prose::default()
            .value(Value::Count(whole))
            .say(" of ")
            .value(Value::Count(chains))
            .say(if chains == 1 { " chain is" } else { " chains are" })
            .say(" complete; the others have hours without proof."),
    }
}

type Chains<'v> = BTreeMap<&'v Trail, Vec<&'v HourVerdict>>;

fn chains(verification: &Verification) -> Chains<'_> {
    let mut chains: Chains<'_> = BTreeMap::new();
    for hour in &verification.hour_verdicts {
        chains.entry(&hour.trail).or_default().push(hour);
    }
    for hours in chains.values_mut() {
        hours.sort_by_key(|hour| hour.hour);
    }
    chains
}

fn by_chain(chains: &Chains<'_>) -> super::super::parts::Table {
    let columns = vec![
        text("account", "Account"),
        text("region", "Region"),
        text("trail", "Trail"),
        figure("hours", "Hours"),
        figure("proven", "Proven"),
        figure("unproven", "Not proven"),
    ];
    let counts = |hours: &[&HourVerdict]| {
        let proven = hours.iter().filter(|hour| hour.proven).count() as u64;
        (hours.len() as u64, proven)
    };
    let mut rows: Vec<TableRow> = chains
        .iter()
        .map(|(trail, hours)| {
            let (all, proven) = counts(hours);
            row(
                RowRole::Body,
                vec![
                    id(trail.account.as_deref()),
                    id(trail.region.as_deref()),
                    id(trail.trail.as_deref()),
                    count(all),
                    count(proven),
                    bad_if_any(all - proven),
                ],
            )
        })
        .collect();
    let total: Vec<&HourVerdict> = chains.values().flatten().copied().collect();
    let (all, proven) = counts(&total);
    rows.push(row(
        RowRole::Total,
        vec![words("Total"), words(""), words(""), count(all), count(proven), count(all - proven)],
    ));
    table("Hours by digest chain", columns, rows)
}

fn exceptions(problems: &[Problem]) -> super::super::parts::Table {
    let columns = vec![
        text("id", "Id"),
        text("when", "When, UTC"),
        text("object", "File or trail"),
        text("effect", "Effect on proof"),
    ];
    let mut rows: Vec<TableRow> = (1..)
        .zip(problems.iter().take(SHOWN))
        .map(|(number, problem)| {
            row(
                RowRole::Body,
                vec![
                    words(format!("X{number}")),
                    words(when(problem)),
                    object(&problem.object),
                    words(problem.effect.clone()),
                ],
            )
        })
        .collect();
    if problems.len() > SHOWN {
        let rest = format!("{} more", problems.len() - SHOWN);
        rows.push(row(
            RowRole::Note,
            vec![words(rest), words(""), words(""), words("in integrity/problems.csv")],
        ));
    }
    let shown = table("Exceptions", columns, rows);
    super::super::parts::Table { show_caption: true, ..shown }
}

/// A file by its name, a trail in words.
fn object(object: &str) -> TableCell {
    match object.rsplit_once('/') {
        Some((_, name)) => id(Some(name)),
        None => words(object),
    }
}

fn when(problem: &Problem) -> String {
    let show = |at: DateTime<Utc>| at.format("%Y-%m-%d %H:%M").to_string();
    match (problem.from, problem.to) {
        (Some(from), Some(to)) => format!("{} to {}", show(from), show(to)),
        (Some(at), None) | (None, Some(at)) => show(at),
        (None, None) => "\u{2014}".to_owned(),
    }
}

/// One bar per chain, broken where hours are not proven.
fn strip(range: Period, chains: &Chains<'_>, verification: &Verification) -> Figure {
    let rows: Vec<Strip> = chains
        .iter()
        .take(SHOWN)
        .map(|(trail, hours)| Strip {
            label: trail.account.clone().unwrap_or_else(|| UNKNOWN.to_owned()),
            detail: trail.region.clone().unwrap_or_else(|| UNKNOWN.to_owned()),
            good: runs(hours, true),
            bad: runs(hours, false),
        })
        .collect();
    let left_out = chains.len().saturating_sub(SHOWN);
    let mut caption = Prose::text(
        "One bar per chain: filled where the hour is proven, red where it is not. Time runs in UTC.",
    );
    if left_out > 0 {
        caption = caption.say(format!(" {left_out} more chains are in the table."));
    }
    let bad = verification.files.iter().filter(|file| file.status == FileStatus::Invalid).count();
    Figure {
        title: "Digest chains by hour".to_owned(),
        description: Prose::default()
            .value(Value::Count(chains.len() as u64))
            .say(" chains; ")
            .value(Value::Count(verification.hours.proven))
            .say(" of ")
            .value(Value::Count(verification.hours.expected))
            .say(" hours proven; ")
            .value(Value::Count(bad as u64))
            .say(" files invalid"),
        caption,
        chart: Chart::ChainStrip(ChainStrip {
            from: range.from,
            to: range.to,
            rows,
            ticks: ticks(range),
        }),
    }
}

/// Stretches of hours alike, neighbours merged.
fn runs(hours: &[&HourVerdict], proven: bool) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
    let mut runs: Vec<(DateTime<Utc>, DateTime<Utc>)> = Vec::new();
    for hour in hours.iter().filter(|hour| hour.proven == proven) {
        let end = hour.hour + Duration::hours(1);
        match runs.last_mut() {
            Some((_, to)) if *to == hour.hour => *to = end,
            _ => runs.push((hour.hour, end)),
        }
    }
    runs
}

/// First days of months in a long range, days in a short one, hours in a day.
fn ticks(range: Period) -> Vec<(DateTime<Utc>, String)> {
    let days = (range.to - range.from).num_days();
    if days < 2 {
        let hour = range.from.date_naive().and_hms_opt(0, 0, 0).map(|midnight| midnight.and_utc());
        let first = hour.unwrap_or(range.from);
        let every = (0..=48).step_by(4).map(|hours| first + Duration::hours(hours));
        return every
            .filter(|at| range.from <= *at && *at < range.to)
            .map(|at| (at, at.format("%H:%M").to_string()))
            .collect();
    }
    let every = if days <= 14 { 1 } else { 7 };
    let all = range.from.date_naive().iter_days().take_while(|day| *day < range.to.date_naive());
    let wanted = all.enumerate().filter(|(number, day)| {
        *number == 0 || if days > 45 { day.day() == 1 } else { number % every == 0 }
    });
    wanted
        .filter_map(|(_, day)| {
            let at = day.and_hms_opt(0, 0, 0)?.and_utc().max(range.from);
            Some((at, day.format("%-d %b").to_string()))
        })
        .collect()
}

//! What is said of an alert, in words that every form shares.

use chrono::{DateTime, Utc};

use crate::alerts::{Alert, Item};
use crate::alerts::{Amount, Change, State};
use crate::render::format::number::{decimals, grouped, percent};
use crate::render::format::time::duration;
use crate::render::format::words::{cap, clean};
use crate::render::table::wrap;

/// Longest text from a log that is shown.
const LONGEST: usize = 160;
/// Width of a line of text.
const WIDTH: usize = 78;

/// What happened to it, in a word.
pub(super) fn state(item: &Item) -> &'static str {
    match (item.change, item.alert.state) {
        (Change::Ended, _) => "ENDED",
        (Change::Began, State::New) => "NEW",
        (Change::Began, _) => "OPEN",
    }
}

/// The rule's title and what it is about.
pub fn title(item: &Item) -> String {
    about(&item.alert)
}

fn about(alert: &Alert) -> String {
    let breach = &alert.breach;
    let group: Vec<String> = breach
        .group
        .iter()
        .map(|(name, value)| format!("{name} {}", shown(value.as_deref().unwrap_or("unknown"))))
        .collect();
    if group.is_empty() {
        breach.title.clone()
    } else {
        format!("{} \u{2014} {}", breach.title, group.join(", "))
    }
}

/// What is known of it: names and values in a fixed order.
pub(super) fn facts(item: &Item) -> Vec<(&'static str, String)> {
    let breach = &item.alert.breach;
    let mut facts = vec![("severity", breach.severity.as_str().to_owned())];
    facts.push(("when", when(&item.alert)));
    if let Some(value) = breach.value {
        let limit = breach
            .limit
            .map_or_else(String::new, |limit| format!(" (told above {})", amount(limit)));
        facts.push(("figure", format!("{}{limit}", amount(value))));
    }
    if let Some(sample) = breach.sample {
        facts.push((
            "rests on",
            format!("{} requests or events", grouped(sample.unsigned_abs().into())),
        ));
    }
    if !breach.detail.is_empty() {
        facts.push(("detail", shown(&breach.detail)));
    }
    if !breach.drivers.is_empty() {
        let drivers: Vec<String> = breach.drivers.iter().map(|driver| shown(driver)).collect();
        facts.push(("made of", drivers.join("; ")));
    }
    if !item.advice.is_empty() {
        facts.push(("advice", item.advice.clone()));
    }
    if let Some(note) = &item.alert.note {
        facts.push(("looked at", shown(note)));
    }
    facts.push(("alert", item.alert.id.clone()));
    if !breach.query.is_empty() {
        facts.push(("query", clean(&breach.query)));
    }
    facts
}

/// From when to when, and whether it goes on.
pub fn when(alert: &Alert) -> String {
    let (from, to) = (alert.breach.from, alert.breach.to);
    let time = |at: DateTime<Utc>| at.format("%Y-%m-%d %H:%M").to_string();
    let end = if from.date_naive() == to.date_naive() {
        to.format("%H:%M").to_string()
    } else {
        time(to)
    };
    let open = if alert.state == State::Resolved { "" } else { ", not known to have ended" };
    format!("{} to {end} UTC{open}", time(from))
}

/// A figure with its unit.
pub fn amount(amount: Amount) -> String {
    match amount {
        Amount::Share(share) if share.abs() < 0.01 => percent(share, 2),
        Amount::Share(share) => percent(share, 1),
        Amount::Milliseconds(ms) => duration(ms),
        Amount::Minutes(minutes) => duration(minutes * 60_000.0),
        Amount::Count(count) => decimals(count, 0),
        Amount::Times(times) => format!("{} times the usual", decimals(times, 1)),
        Amount::Usd(usd) => format!("{} USD", usd.round_to(2)),
    }
}

fn shown(text: &str) -> String {
    cap(&clean(text), LONGEST)
}

/// A text in lines, the later ones below where the first begins.
pub(super) fn folded(head: &str, text: &str) -> String {
    let indent = head.chars().count();
    let lines = wrap(text, WIDTH.saturating_sub(indent));
    format!("{head}{}", lines.join(&format!("\n{}", " ".repeat(indent))))
}

//! The cover: period, scope, and who made it when.

use chrono::{DateTime, Datelike, Utc};

use super::inputs::PackInputs;
use crate::period::Cadence;

/// Most accounts or Regions that the cover names.
const LISTED: usize = 8;

/// `third quarter 2026`, or the dates of another range.
pub(super) fn period_words(inputs: &PackInputs<'_>) -> String {
    match quarter(inputs) {
        Some((number, year)) => {
            let name = ["first", "second", "third", "fourth"][number.min(3)];
            format!("{name} quarter {year}")
        }
        None => days(inputs),
    }
}

/// `Q3 2026`, or the dates of another range.
pub(super) fn period_name(inputs: &PackInputs<'_>) -> String {
    quarter(inputs).map_or_else(|| days(inputs), |(number, year)| format!("Q{} {year}", number + 1))
}

fn days(inputs: &PackInputs<'_>) -> String {
    let (first, last) = inputs.period.utc_days();
    format!("{first} to {last}")
}

/// The quarter's number from 0, and its year, if the period is one in UTC.
fn quarter(inputs: &PackInputs<'_>) -> Option<(usize, i32)> {
    let day = inputs.period.from.date_naive();
    let whole = Cadence::Quarterly.period_of(day, chrono_tz::UTC) == inputs.period;
    whole.then(|| (usize::try_from(day.month0() / 3).unwrap_or_default(), day.year()))
}

/// Label and value pairs.
pub(super) fn scope(inputs: &PackInputs<'_>) -> Vec<(&'static str, String)> {
    let period = inputs.period;
    let length = match (period.to - period.from).num_days() {
        0 => format!("{} hours", (period.to - period.from).num_hours()),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    };
    let show = |at: DateTime<Utc>| at.format("%Y-%m-%d %H:%M").to_string();
    let (from, to) = (show(period.from), show(period.to));
    vec![
        ("Period", format!("{from} to {to} UTC, {length}")),
        ("Generated", inputs.generated.format("%Y-%m-%d %H:%M:%S UTC").to_string()),
        ("Accounts", listed(&inputs.accounts)),
        ("Version", format!("bedrock-lens {}", inputs.version)),
        ("Regions", listed(&inputs.regions)),
        ("Pack id", inputs.pack_id.clone()),
        ("Out of scope", "accounts and Regions without a call in these logs".to_owned()),
        ("Content", "no prompt or response text".to_owned()),
    ]
}

fn listed(names: &[String]) -> String {
    match names {
        [] => "none".to_owned(),
        few if few.len() <= LISTED => few.join(", "),
        many => format!("{} and {} more", many[..LISTED].join(", "), many.len() - LISTED),
    }
}

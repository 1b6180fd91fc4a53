//! Durations, days and times in words. Times are UTC.

use chrono::{DateTime, Datelike, NaiveDate, Utc};

use super::number::{decimals, signed};

/// A duration in the unit that fits: `840 ms`, `1.44 s`, `11.8 s`, `4 min 28 s`, `2 h 30 min`.
pub fn duration(ms: f64) -> String {
    if !ms.is_finite() {
        return "unknown".to_owned();
    }
    let size = ms.abs();
    let sign = if ms < 0.0 && size >= 0.05 { super::number::MINUS } else { "" };
    format!("{sign}{}", unsigned(size))
}

fn unsigned(ms: f64) -> String {
    let seconds = ms / 1_000.0;
    match ms {
        _ if ms < 9.95 && ms > 0.0 => format!("{}\u{a0}ms", decimals(ms, 1)),
        _ if ms < 999.5 => format!("{}\u{a0}ms", decimals(ms, 0)),
        _ if seconds < 9.995 => format!("{}\u{a0}s", decimals(seconds, 2)),
        _ if seconds < 59.95 => format!("{}\u{a0}s", decimals(seconds, 1)),
        _ if seconds < 3_599.5 => pair(seconds.round(), "min", "s"),
        _ => pair((seconds / 60.0).round(), "h", "min"),
    }
}

/// `small` counts the lower unit; sixty of them are one of the higher.
fn pair(small: f64, higher: &str, lower: &str) -> String {
    let whole = (small / 60.0).floor();
    let rest = small - whole * 60.0;
    let head = format!("{}\u{a0}{higher}", decimals(whole, 0));
    if rest < 0.5 { head } else { format!("{head} {}\u{a0}{lower}", decimals(rest, 0)) }
}

/// A change of a duration: `+90 ms`.
pub fn duration_change(ms: f64) -> String {
    if !ms.is_finite() {
        return "unknown".to_owned();
    }
    signed(i8::from(ms > 0.0) - i8::from(ms < 0.0), &unsigned(ms.abs()))
}

/// A day: `Wed 11 Nov`, with its year when it isn't the one that goes without saying.
pub fn day(day: NaiveDate, year: Option<i32>) -> String {
    let year = year.filter(|year| *year != day.year()).map(|_| format!(" {}", day.year()));
    format!("{}{}", day.format("%a %-d %b"), year.unwrap_or_default())
}

/// A time to the minute, with its zone when `zoned`.
pub fn instant(at: DateTime<Utc>, year: Option<i32>, zoned: bool) -> String {
    let zone = if zoned { " UTC" } else { "" };
    format!("{} {}{zone}", day(at.date_naive(), year), at.format("%H:%M"))
}

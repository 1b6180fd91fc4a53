//! Times as the user types them, and the one place that asks the clock.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use super::Failure;
use crate::period::{Period, midnight};

/// The present time; everything else takes it as a value (`--as-of`).
#[expect(clippy::disallowed_methods, reason = "the command line's clock, asked once per run")]
pub(super) fn now() -> DateTime<Utc> {
    Utc::now()
}

/// An instant: RFC 3339, or a date, which means midnight in the zone.
pub(super) fn instant(text: &str, zone: Tz, option: &str) -> Result<DateTime<Utc>, Failure> {
    day(text, option).map(|day| midnight(day, zone)).or_else(|_| {
        DateTime::parse_from_rfc3339(text).map(|time| time.with_timezone(&Utc)).map_err(|_| {
            Failure::usage(format!(
                "`{text}` in `{option}` is neither a date (2026-11-09) nor an RFC 3339 time (2026-11-09T14:00:00Z)"
            ))
        })
    })
}

/// A calendar day.
pub(super) fn day(text: &str, option: &str) -> Result<NaiveDate, Failure> {
    text.parse()
        .map_err(|_| Failure::usage(format!("`{text}` in `{option}` is not a date (2026-11-09)")))
}

/// A half-open range from two options.
pub(super) fn period(from: &str, to: &str, zone: Tz) -> Result<Period, Failure> {
    period_of(from, to, zone, ["--from", "--to"])
}

/// A half-open range from two options of these names.
pub(super) fn period_of(
    from: &str,
    to: &str,
    zone: Tz,
    [start, end]: [&str; 2],
) -> Result<Period, Failure> {
    let (from, to) = (instant(from, zone, start)?, instant(to, zone, end)?);
    if from >= to {
        return Err(Failure::usage(format!(
            "`{start}` ({from}) must be before `{end}` ({to}), which is exclusive"
        )));
    }
    Ok(Period { from, to })
}

/// An instant as people and programs read it: RFC 3339 in UTC, to the second.
pub(super) fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

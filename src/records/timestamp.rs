//! The times that logs write, as milliseconds since the epoch.
//!
//! Knows the written forms only; reads no clock. A time without an offset is UTC, as in every AWS log.

use chrono::{NaiveDate, NaiveDateTime};

use crate::schema::TimeMs;

/// Reads RFC 3339 (`2026-01-02T03:04:05Z`, with or without fraction and offset) and
/// `2026-01-02 03:04:05[.fraction]`.
///
/// Digits below the millisecond are cut off. `None` for anything else, and outside the years 2000
/// to 2099: such a time is a mistake of the writer and would open a partition of its own.
pub(crate) fn parse(text: &str) -> Option<TimeMs> {
    let (date_time, rest) = text.trim().split_at_checked(19)?;
    let local = date_and_time(date_time.as_bytes())?;
    let (fraction_ms, offset) = fraction(rest)?;
    let millis = local.and_utc().timestamp_millis() + fraction_ms - offset_ms(offset)?;
    in_range(millis)
}

/// The instant of a UTC date and time; `None` where there is no such time or it is out of range.
pub(crate) fn from_parts(date: [u32; 3], time: [u32; 3]) -> Option<TimeMs> {
    in_range(civil(date, time)?.and_utc().timestamp_millis())
}

fn in_range(millis: i64) -> Option<TimeMs> {
    const YEAR_2000_MS: i64 = 946_684_800_000;
    const YEAR_2100_MS: i64 = 4_102_444_800_000;
    (YEAR_2000_MS..YEAR_2100_MS).contains(&millis).then_some(TimeMs(millis))
}

/// `YYYY-MM-DD?HH:MM:SS`, where `?` is `T`, `t` or a blank.
fn date_and_time(bytes: &[u8]) -> Option<NaiveDateTime> {
    let separators = [(4, b"-"), (7, b"-"), (13, b":"), (16, b":")];
    if separators.iter().any(|(at, sign)| bytes[*at] != sign[0]) || !b"Tt ".contains(&bytes[10]) {
        return None;
    }
    let part = |from: usize, to: usize| digits(&bytes[from..to]);
    civil([part(0, 4)?, part(5, 7)?, part(8, 10)?], [part(11, 13)?, part(14, 16)?, part(17, 19)?])
}

/// A leap second (`23:59:60`) counts as the second after it.
fn civil([year, month, day]: [u32; 3], [hour, minute, second]: [u32; 3]) -> Option<NaiveDateTime> {
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    let leap = second == 60;
    let time = date.and_hms_opt(hour, minute, if leap { 59 } else { second })?;
    time.checked_add_signed(chrono::TimeDelta::seconds(i64::from(leap)))
}

/// Milliseconds of a leading `.123456`, and what follows it.
fn fraction(text: &str) -> Option<(i64, &str)> {
    let Some(after_point) = text.strip_prefix('.') else {
        return Some((0, text));
    };
    let end = after_point.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(after_point.len());
    if end == 0 {
        return None;
    }
    let place =
        |at: usize| after_point.as_bytes()[..end].get(at).map_or(0, |b| i64::from(b - b'0'));
    Some((place(0) * 100 + place(1) * 10 + place(2), &after_point[end..]))
}

/// `Z`, nothing (UTC), `±HH:MM`, `±HHMM` or `±HH`, as milliseconds east of UTC.
fn offset_ms(text: &str) -> Option<i64> {
    if matches!(text, "" | "Z" | "z") {
        return Some(0);
    }
    let sign = match text.as_bytes()[0] {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes): (&[u8], &[u8]) = match &text.as_bytes()[1..] {
        [h1, h2] => (&[*h1, *h2], b"00"),
        [h1, h2, m1, m2] | [h1, h2, b':', m1, m2] => (&[*h1, *h2], &[*m1, *m2]),
        _ => return None,
    };
    let (hours, minutes) = (digits(hours)?, digits(minutes)?);
    (hours < 24 && minutes < 60).then(|| sign * i64::from(hours * 60 + minutes) * 60_000)
}

/// The number that these ASCII digits write; `None` if one of them is no digit.
pub(crate) fn digits(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0_u32, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| u32::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{TimeMs, parse};

    #[test]
    fn every_written_form_is_read() {
        let noon = 1_767_355_445_000; // 2026-01-02T12:04:05Z
        for (text, expected) in [
            ("2026-01-02T12:04:05Z", noon),
            ("2026-01-02t12:04:05z", noon),
            ("2026-01-02T12:04:05", noon),
            ("2026-01-02 12:04:05", noon),
            (" 2026-01-02T12:04:05Z\n", noon),
            ("2026-01-02T12:04:05.7Z", noon + 700),
            ("2026-01-02T12:04:05.123999999Z", noon + 123),
            ("2026-01-02 12:04:05.050000000", noon + 50),
            ("2026-01-02T14:04:05+02:00", noon),
            ("2026-01-02T14:04:05.001+0200", noon + 1),
            ("2026-01-02T06:34:05-05:30", noon),
            ("2026-01-02 12:04:05+00", noon),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000),
        ] {
            assert_eq!(parse(text), Some(TimeMs(expected)), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_time_is_none() {
        for text in [
            "",
            "2026-01-02",
            "2026-01-02T12:04Z",
            "2026-13-02T12:04:05Z",
            "2026-02-29T12:04:05Z",
            "2026-01-02T24:04:05Z",
            "2026-01-02T12:04:61Z",
            "2026-01-02T12:04:05.Z",
            "2026-01-02T12:04:05+24:00",
            "2026-01-02T12:04:05Zulu",
            "2026/01/02T12:04:05Z",
            "2026-01-02X12:04:05Z",
            "1767355445",
            "２026-01-02T12:04:05Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn times_outside_the_years_2000_to_2099_are_none() {
        assert_eq!(parse("1999-12-31T23:59:59.999Z"), None);
        assert!(parse("2000-01-01T00:00:00Z").is_some());
        assert!(parse("2099-12-31T23:59:59Z").is_some());
        assert_eq!(parse("2100-01-01T00:00:00Z"), None);
        assert_eq!(parse("2000-01-01T00:00:00+01:00"), None);
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "\\PC*", tail in "[-+.:0-9TZ é]{0,12}") {
            let _ = parse(&text);
            let _ = parse(&format!("2026-01-02T12:04:05{tail}"));
        }
    }
}

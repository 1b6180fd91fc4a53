//! The time that a key tells, as the span `[written, written_end)`.

use crate::records::timestamp::{digits, from_parts};
use crate::schema::TimeMs;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// The time in the name, else the date (and hour) of the folders.
pub(super) fn written(folders: &[&str], name: &str) -> Option<(TimeMs, TimeMs)> {
    let in_name = || name.split(['_', '.']).rev().find_map(from_compact);
    in_name().or_else(|| from_firehose(name)).or_else(|| from_folders(folders))
}

/// `YYYYMMDDTHHMMZ` (rounded to five minutes by CloudTrail), with seconds, or with milliseconds.
pub(super) fn from_compact(text: &str) -> Option<(TimeMs, TimeMs)> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let (date, time) = (date.as_bytes(), time.as_bytes());
    let (seconds, millis, span) = match time.len() {
        4 => (0, 0, 5 * MINUTE_MS),
        6 => (digits(&time[4..])?, 0, 1000),
        9 => (digits(&time[4..6])?, digits(&time[6..])?, 1),
        _ => return None,
    };
    if date.len() != 8 {
        return None;
    }
    let day = [digits(&date[..4])?, digits(&date[4..6])?, digits(&date[6..])?];
    let start = from_parts(day, [digits(&time[..2])?, digits(&time[2..4])?, seconds])?;
    Some(span_of(TimeMs(start.0 + i64::from(millis)), span))
}

/// `STREAM-VERSION-YYYY-MM-DD-HH-MM-SS-UUID`: when Firehose began to fill the object.
fn from_firehose(name: &str) -> Option<(TimeMs, TimeMs)> {
    let parts: Vec<&str> = name.split('-').collect();
    parts.windows(6).find_map(|window| {
        let part = |at: usize, length: usize| number(window[at], length);
        let date = [part(0, 4)?, part(1, 2)?, part(2, 2)?];
        let start = from_parts(date, [part(3, 2)?, part(4, 2)?, part(5, 2)?])?;
        Some(span_of(start, 1000))
    })
}

/// The last `YYYY/MM/DD[/HH]` among the folders, also in the Hive form `year=YYYY/month=MM/…`.
fn from_folders(folders: &[&str]) -> Option<(TimeMs, TimeMs)> {
    let value = |at: usize, length: usize| {
        let folder: &str = folders.get(at)?;
        number(folder.split_once('=').map_or(folder, |(_, value)| value), length)
    };
    (0..folders.len()).rev().find_map(|at| {
        let date = [value(at, 4)?, value(at + 1, 2)?, value(at + 2, 2)?];
        let hour = value(at + 3, 2).and_then(|hour| from_parts(date, [hour, 0, 0]));
        hour.map(|start| span_of(start, HOUR_MS))
            .or_else(|| Some(span_of(from_parts(date, [0, 0, 0])?, DAY_MS)))
    })
}

/// The time of a folder by its year, month, day and hour, as many as there are; `None` without a
/// year, or where there is no such day.
pub(super) fn span_of_parts(parts: &[u32]) -> Option<(TimeMs, TimeMs)> {
    let start = |parts: [u32; 4]| from_parts([parts[0], parts[1], parts[2]], [parts[3], 0, 0]);
    match *parts {
        [year] => Some((start([year, 1, 1, 0])?, start([year + 1, 1, 1, 0])?)),
        [year, month] => {
            let next = if month == 12 { [year + 1, 1, 1, 0] } else { [year, month + 1, 1, 0] };
            Some((start([year, month, 1, 0])?, start(next)?))
        }
        [year, month, day] => Some(span_of(start([year, month, day, 0])?, DAY_MS)),
        [year, month, day, hour] => Some(span_of(start([year, month, day, hour])?, HOUR_MS)),
        _ => None,
    }
}

/// The year of a time, at least 1 and at most 9999.
pub(super) fn year(time: TimeMs) -> u32 {
    use chrono::Datelike as _;
    let time = chrono::DateTime::from_timestamp_millis(time.0).unwrap_or_default();
    time.year().clamp(1, 9999).unsigned_abs()
}

pub(super) fn number(text: &str, length: usize) -> Option<u32> {
    (text.len() == length).then(|| digits(text.as_bytes()))?
}

fn span_of(start: TimeMs, length_ms: i64) -> (TimeMs, TimeMs) {
    (start, TimeMs(start.0 + length_ms))
}

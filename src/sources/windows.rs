//! Places that are asked by time, as objects: one for each window of time.
//!
//! An API that answers for a range of time (CloudTrail's LookupEvents, CloudWatch Logs) has no objects.
//! Its source lists windows instead, named like log objects and in the same layout, so that the store
//! remembers which were read: a killed run carries on where it was, a later run asks for the rest. A
//! window that is not over yet, or just over, has another fingerprint each time and is read again: its
//! rows are replaced.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration as Wait, Instant};

use chrono::{DateTime, Duration, DurationRound, Utc};

use super::ObjectEntry;
use crate::period::Period;
use crate::schema::TimeMs;

/// How a range of time is cut.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cut {
    /// Length of a window; windows begin at multiples of it.
    pub(super) length: Duration,
    /// How long after its end a window may still get events.
    pub(super) settles_after: Duration,
    /// The present time.
    pub(super) now: DateTime<Utc>,
    /// How far back the place remembers.
    pub(super) remembers: Duration,
}

/// A part of time that is asked for as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    /// What is asked for.
    pub(super) period: Period,
    /// Where the window ends, which may lie in the future.
    pub(super) end: DateTime<Utc>,
    /// Whether nothing more will come.
    pub(super) is_settled: bool,
}

impl Cut {
    /// The windows that a range touches, in order; all that the place remembers without a range.
    pub(super) fn windows(&self, range: Option<Period>) -> Vec<Window> {
        let oldest = self.now - self.remembers;
        let from = range.map_or(oldest, |range| range.from.max(oldest));
        let to = range.map_or(self.now, |range| range.to.min(self.now));
        let Ok(first) = from.duration_trunc(self.length) else { return Vec::new() };
        std::iter::successors(Some(first), |start| Some(*start + self.length))
            .take_while(|start| *start < to)
            .map(|start| {
                let end = start + self.length;
                let period = Period { from: start.max(oldest), to: end.min(self.now) };
                Window { period, end, is_settled: end + self.settles_after <= self.now }
            })
            .filter(|window| window.period.from < window.period.to)
            .collect()
    }

    /// The object that stands for a window: `place` as the user named it, `key` as a log would have.
    /// Its size is not known before it was read.
    pub(super) fn entry(&self, window: &Window, place: &str, key: String) -> ObjectEntry {
        let fingerprint = if window.is_settled {
            "settled".to_owned()
        } else {
            format!("as of {}", self.now.timestamp_millis())
        };
        ObjectEntry {
            origin: place.to_owned(),
            location: format!("{place} {} to {}", text(window.period.from), text(window.period.to)),
            key,
            size_bytes: 0,
            modified: Some(TimeMs(window.period.to.timestamp_millis())),
            fingerprint,
            is_named: false,
        }
    }
}

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// Keeps requests apart by a least time, whichever thread makes them.
#[derive(Debug)]
pub(super) struct Pace {
    apart: Wait,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// At most one request in this time.
    pub(super) fn new(apart: Wait) -> Self {
        Self { apart, next: Mutex::new(None) }
    }

    /// Waits until the next request may be made, and takes its turn.
    pub(super) async fn turn(&self) {
        let wait = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            let at = next.map_or(now, |next| next.max(now));
            *next = Some(at + self.apart);
            at - now
        };
        tokio::time::sleep(wait).await;
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::{Cut, Period};

    fn at(text: &str) -> chrono::DateTime<chrono::Utc> {
        format!("2026-11-{text}:00Z").parse().expect("a time")
    }

    fn cut() -> Cut {
        Cut {
            length: Duration::hours(4),
            settles_after: Duration::hours(1),
            now: at("17T06:10"),
            remembers: Duration::days(1),
        }
    }

    #[test]
    fn windows_cover_what_is_remembered_and_the_last_is_not_settled() {
        let windows = cut().windows(None);
        let spans: Vec<_> = windows.iter().map(|window| window.period).collect();
        assert_eq!(spans[0], Period { from: at("16T06:10"), to: at("16T08:00") });
        assert_eq!(spans[1], Period { from: at("16T08:00"), to: at("16T12:00") });
        assert_eq!(spans[6], Period { from: at("17T04:00"), to: at("17T06:10") });
        assert_eq!(spans.len(), 7);
        assert!(spans.windows(2).all(|pair| pair[0].to == pair[1].from));
        let settled: Vec<bool> = windows.iter().map(|window| window.is_settled).collect();
        assert_eq!(settled, [true, true, true, true, true, true, false]);
    }

    #[test]
    fn a_range_takes_the_windows_it_touches_and_the_future_has_none() {
        let range = |from, to| Some(Period { from: at(from), to: at(to) });
        let windows = cut().windows(range("16T11:00", "16T12:30"));
        let ends: Vec<_> = windows.iter().map(|window| window.end).collect();
        assert_eq!(ends, [at("16T12:00"), at("16T16:00")]);
        assert_eq!(cut().windows(range("18T00:00", "19T00:00")), []);
        assert_eq!(cut().windows(range("01T00:00", "02T00:00")), []);
    }

    #[test]
    fn only_a_settled_window_keeps_its_fingerprint() {
        let (cut, windows) = (cut(), cut().windows(None));
        let later = Cut { now: at("17T06:20"), ..cut };
        let prints = |cut: &Cut, window| cut.entry(window, "cloudtrail:us-east-1", String::new());
        let (first, last) = (&windows[1], &windows[6]);
        assert_eq!(prints(&cut, first).fingerprint, prints(&later, first).fingerprint);
        assert_ne!(prints(&cut, last).fingerprint, prints(&later, last).fingerprint);
    }
}

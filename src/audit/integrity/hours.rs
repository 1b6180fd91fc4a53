//! Which clock hours of the range are proven: a sweep over windows of time.

use chrono::{DateTime, Duration, DurationRound, Utc};

use crate::period::Period;

/// The clock hours (UTC) that a range touches, as their starts.
pub(super) fn clock_hours(range: Period) -> impl Iterator<Item = DateTime<Utc>> {
    let first = range.from.duration_trunc(Duration::hours(1)).unwrap_or(range.from);
    std::iter::successors(Some(first), |hour| Some(*hour + Duration::hours(1)))
        .take_while(move |hour| *hour < range.to)
}

/// Sorted windows, overlapping ones merged.
pub(super) fn merged(mut windows: Vec<Period>) -> Vec<Period> {
    windows.retain(|window| window.from < window.to);
    windows.sort_by_key(|window| (window.from, window.to));
    let mut merged: Vec<Period> = Vec::with_capacity(windows.len());
    for window in windows {
        match merged.last_mut() {
            Some(last) if window.from <= last.to => last.to = last.to.max(window.to),
            _ => merged.push(window),
        }
    }
    merged
}

/// Whether the part of an hour that lies in the range is wholly inside `proven` (merged) and touches
/// none of `doubtful` (merged).
pub(super) fn is_proven(
    hour: DateTime<Utc>,
    range: Period,
    proven: &[Period],
    doubtful: &[Period],
) -> bool {
    let from = hour.max(range.from);
    let to = (hour + Duration::hours(1)).min(range.to);
    let after = proven.partition_point(|window| window.from <= from);
    let covered = after.checked_sub(1).is_some_and(|at| proven[at].to >= to);
    let next = doubtful.partition_point(|window| window.to <= from);
    covered && doubtful.get(next).is_none_or(|window| window.from >= to)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::{clock_hours, is_proven, merged};
    use crate::period::Period;

    fn at(text: &str) -> DateTime<Utc> {
        format!("2026-11-09T{text}:00Z").parse().expect("a time")
    }

    fn window(from: &str, to: &str) -> Period {
        Period { from: at(from), to: at(to) }
    }

    #[test]
    fn an_hour_needs_all_of_its_part_in_the_range() {
        let range = window("10:30", "13:00");
        assert_eq!(clock_hours(range).collect::<Vec<_>>(), [at("10:00"), at("11:00"), at("12:00")]);
        let proven = merged(vec![window("10:30", "11:20"), window("11:20", "12:50")]);
        assert_eq!(proven, [window("10:30", "12:50")]);
        assert!(is_proven(at("10:00"), range, &proven, &[]));
        assert!(is_proven(at("11:00"), range, &proven, &[]));
        assert!(!is_proven(at("12:00"), range, &proven, &[]), "ten minutes are not covered");
    }

    #[test]
    fn doubt_takes_the_hour_it_touches() {
        let range = window("10:00", "13:00");
        let proven = [range];
        let doubtful = [window("11:59", "12:01")];
        let proven_hours: Vec<bool> =
            clock_hours(range).map(|hour| is_proven(hour, range, &proven, &doubtful)).collect();
        assert_eq!(proven_hours, [true, false, false]);
    }
}

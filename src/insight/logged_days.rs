//! Which days a log tells all of: a day without a log is unknown, a day half logged is no day.

use chrono::NaiveDate;

/// A day with at least one log, and how far into the local day the first and the last are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoggedDay {
    /// The local day.
    pub day: NaiveDate,
    /// Seconds from midnight to the first log.
    pub first_s: i64,
    /// Seconds from midnight to the last log.
    pub last_s: i64,
}

/// Days on each side whose hours say when a day usually starts and ends.
const USUAL_DAYS: usize = 28;
/// Fewer of them say nothing.
const FEWEST_DAYS: usize = 7;
/// How much later or earlier than on any other day logs may start or end.
const MARGIN_S: i64 = 3600;

/// The days that are over and wholly logged, in order.
///
/// Left out: `today` and later; and the first and the last day with logs when their logs start an
/// hour later, or end an hour earlier, than on every one of the 28 days next to them, which is what an
/// archive that starts or ends during a day looks like.
pub fn complete(logged: &[LoggedDay], today: NaiveDate) -> Vec<NaiveDate> {
    let mut days: Vec<LoggedDay> = logged.iter().filter(|day| day.day < today).copied().collect();
    days.sort_by_key(|day| day.day);
    if let Some((first, others)) = days.split_first() {
        let latest = others.iter().take(USUAL_DAYS).map(|day| day.first_s).max();
        if others.len() >= FEWEST_DAYS && latest.is_some_and(|s| first.first_s > s + MARGIN_S) {
            days.remove(0);
        }
    }
    // Without a log of a later day nothing shows that the last one is whole.
    let is_last_log = logged.iter().all(|day| day.day < today);
    if let Some((last, others)) = days.split_last().filter(|_| is_last_log) {
        let earliest = others.iter().rev().take(USUAL_DAYS).map(|day| day.last_s).min();
        if others.len() >= FEWEST_DAYS && earliest.is_some_and(|s| last.last_s < s - MARGIN_S) {
            days.pop();
        }
    }
    days.into_iter().map(|day| day.day).collect()
}

#[cfg(test)]
mod tests {
    use chrono::{Days, NaiveDate};

    use super::{LoggedDay, complete};

    fn day(number: u64) -> NaiveDate {
        "2026-11-01".parse::<NaiveDate>().unwrap() + Days::new(number)
    }

    fn logged(hours: &[(i64, i64)]) -> Vec<LoggedDay> {
        (0..)
            .zip(hours)
            .map(|(number, (first, last))| LoggedDay {
                day: day(number),
                first_s: first * 3600,
                last_s: last * 3600,
            })
            .collect()
    }

    #[test]
    fn today_is_never_complete() {
        let days = logged(&[(0, 23); 10]);
        assert_eq!(complete(&days, day(9)).len(), 9);
        assert_eq!(complete(&days, day(0)), []);
    }

    #[test]
    fn an_archive_that_starts_and_ends_during_a_day_loses_both() {
        let mut hours = vec![(1, 22); 10];
        hours[0] = (13, 22);
        hours[9] = (1, 9);
        let days = complete(&logged(&hours), day(20));
        assert_eq!((days.len(), days[0], days[7]), (8, day(1), day(8)));
        // Logs of today show that yesterday's were all there.
        assert_eq!(complete(&logged(&hours), day(9)).len(), 8);
        hours.push((1, 9));
        assert!(complete(&logged(&hours), day(10)).contains(&day(9)));
    }

    #[test]
    fn where_days_differ_or_are_few_nothing_can_be_told() {
        let mut hours = vec![(6, 23); 10];
        hours[4] = (13, 9);
        hours[9] = (6, 9);
        assert_eq!(complete(&logged(&hours), day(20)).len(), 10);
        assert_eq!(complete(&logged(&[(1, 23), (1, 4)]), day(20)).len(), 2);
    }
}

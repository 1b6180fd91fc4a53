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

/// Nearest days on each side whose hours say when logs usually start and end.
const NEIGHBOURS: usize = 14;
/// Fewer days than this say nothing.
const FEWEST_DAYS: usize = 7;
/// How much later or earlier than on its neighbours a day's logs may start or end.
const MARGIN_S: i64 = 3600;

/// The days that are over and wholly logged, in order.
///
/// Left out: `today` and later; and days whose logs start an hour later, or end an hour earlier, than
/// on every other of the nearest two weeks on both sides (of more than two weeks, on all but one).
/// That is what a day looks like on which an archive starts or ends, or whose objects are missing but
/// for a few records that another day's object holds.
pub fn complete(logged: &[LoggedDay], today: NaiveDate) -> Vec<NaiveDate> {
    let mut days: Vec<LoggedDay> = logged.iter().filter(|day| day.day < today).copied().collect();
    days.sort_by_key(|day| day.day);
    let whole = (0..days.len()).filter(|index| is_whole(&days, *index));
    whole.map(|index| days[index].day).collect()
}

fn is_whole(days: &[LoggedDay], index: usize) -> bool {
    let near = index.saturating_sub(NEIGHBOURS)..(index + NEIGHBOURS + 1).min(days.len());
    let others = near.filter(|other| *other != index).map(|other| days[other]);
    let (mut starts, mut ends): (Vec<i64>, Vec<i64>) =
        others.map(|day| (day.first_s, day.last_s)).unzip();
    if starts.len() < FEWEST_DAYS {
        return true;
    }
    starts.sort_unstable();
    ends.sort_unstable();
    // One other day may be broken too.
    let spared = usize::from(starts.len() > NEIGHBOURS);
    days[index].first_s <= starts[starts.len() - 1 - spared] + MARGIN_S
        && days[index].last_s >= ends[spared] - MARGIN_S
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
    }

    #[test]
    fn days_with_a_few_stray_records_are_lost_even_where_there_are_two() {
        let mut hours = vec![(1, 22); 30];
        hours[12] = (23, 23);
        hours[13] = (1, 1);
        hours[14] = (23, 23);
        let days = complete(&logged(&hours), day(40));
        assert_eq!(days.len(), 27);
        assert!(!days.contains(&day(12)) && !days.contains(&day(13)) && !days.contains(&day(14)));
    }

    #[test]
    fn where_days_differ_or_are_few_nothing_can_be_told() {
        let mut hours = vec![(6, 23); 10];
        hours[4] = (13, 15);
        hours[9] = (14, 15);
        assert_eq!(complete(&logged(&hours), day(20)).len(), 10);
        assert_eq!(complete(&logged(&[(1, 23), (1, 4)]), day(20)).len(), 2);
    }
}

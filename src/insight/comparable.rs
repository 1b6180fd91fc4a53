//! The period that a period is rightly compared with.
//!
//! Whole calendar months, so also quarters and years, are set against as many months before; everything
//! else against the same weekdays, a whole number of weeks earlier: as much time just before, which
//! [`Period::counterpart`] gives, could hold other weekdays, and they would pass for a change of volume. A period that isn't over is cut to its complete days,
//! and so is the one before.

use chrono::{DateTime, Datelike, Days, Duration, NaiveDate, Utc};
use chrono_tz::Tz;

use crate::period::{Period, midnight};

/// What to compare a period with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Against {
    /// The period before.
    Previous,
    /// The same period a year before: 52 weeks, or the same months.
    YearBefore,
    /// Exactly this one.
    Period(Period),
}

/// Two periods to set against each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Compared {
    /// The later one, cut to what is over.
    pub current: Period,
    /// The earlier one, cut alike.
    pub against: Period,
    /// Whether the later one was over.
    pub complete: bool,
    /// Length of the later and of the earlier one: local days where both start and end at midnight,
    /// else hours ÷ 24.
    pub days: (f64, f64),
    /// Whether both hold every weekday as often.
    pub same_weekdays: bool,
}

/// The two periods to compare; `None` when nothing of the later one is over.
pub fn compared(asked: Period, against: Against, zone: Tz, now: DateTime<Utc>) -> Option<Compared> {
    let current = over(asked, zone, now)?;
    let against = match against {
        Against::Period(period) => period,
        Against::Previous => cut(before(asked, zone), asked, current, zone),
        Against::YearBefore => cut(year_before(asked, zone), asked, current, zone),
    };
    Some(Compared {
        current,
        against,
        complete: asked == current,
        days: lengths(current, against, zone),
        same_weekdays: weekdays(current, zone) == weekdays(against, zone),
    })
}

/// What of the period is over: its complete days, or its part of the first.
fn over(asked: Period, zone: Tz, now: DateTime<Utc>) -> Option<Period> {
    if asked.to <= now {
        return Some(asked);
    }
    let today = midnight(now.with_timezone(&zone).date_naive(), zone);
    let to = if today > asked.from { today } else { now };
    (to > asked.from).then_some(Period { from: asked.from, to })
}

fn before(asked: Period, zone: Tz) -> Period {
    match asked.whole_months(zone) {
        Some(months) => asked.months_before(months, zone),
        None => weeks_earlier(asked, weeks_that_hold(asked, zone), zone),
    }
}

fn year_before(asked: Period, zone: Tz) -> Period {
    match asked.whole_months(zone) {
        Some(_) => asked.months_before(12, zone),
        None => weeks_earlier(asked, 52, zone),
    }
}

/// The fewest weeks that are as long as the period; by local days where it is made of them, since a
/// clock change makes a week an hour longer.
fn weeks_that_hold(period: Period, zone: Tz) -> u32 {
    let days = if is_midnight(period.from, zone) && is_midnight(period.to, zone) {
        period.local_days(zone).count()
    } else {
        let hours = (period.to - period.from + Duration::minutes(59)).num_hours();
        usize::try_from(hours).unwrap_or(0).div_ceil(24)
    };
    u32::try_from(days.div_ceil(7).max(1)).unwrap_or(1)
}

/// The period some weeks earlier on the clocks of the zone.
fn weeks_earlier(period: Period, weeks: u32, zone: Tz) -> Period {
    let days = u64::from(weeks) * 7;
    let earlier = |at: DateTime<Utc>| {
        let local = at.with_timezone(&zone);
        let day = local.date_naive();
        let into = at - midnight(day, zone);
        midnight(day.checked_sub_days(Days::new(days)).unwrap_or(day), zone) + into
    };
    Period { from: earlier(period.from), to: earlier(period.to) }
}

/// The earlier period, cut like the later one: to as many local days, or to the same length.
fn cut(whole: Period, asked: Period, current: Period, zone: Tz) -> Period {
    if current == asked {
        return whole;
    }
    let first = whole.from.with_timezone(&zone).date_naive();
    let days = u64::try_from(current.local_days(zone).count()).unwrap_or(0);
    let to = if is_midnight(current.to, zone) && is_midnight(whole.from, zone) {
        midnight(first.checked_add_days(Days::new(days)).unwrap_or(first), zone)
    } else {
        whole.from + (current.to - current.from)
    };
    Period { from: whole.from, to: to.min(whole.to) }
}

/// Lengths of both in days: local days where all ends are midnights, else hours ÷ 24.
pub fn lengths(current: Period, against: Period, zone: Tz) -> (f64, f64) {
    let whole = |period: Period| is_midnight(period.from, zone) && is_midnight(period.to, zone);
    if whole(current) && whole(against) {
        let days = |period: Period| super::series::number(period.local_days(zone).count());
        return (days(current), days(against));
    }
    let days = |period: Period| (period.to - period.from).as_seconds_f64() / 86_400.0;
    (days(current), days(against))
}

fn is_midnight(at: DateTime<Utc>, zone: Tz) -> bool {
    midnight(at.with_timezone(&zone).date_naive(), zone) == at
}

/// How often each weekday is touched.
fn weekdays(period: Period, zone: Tz) -> [u32; 7] {
    let mut counts = [0; 7];
    for day in period.local_days(zone) {
        let weekday = usize::try_from(NaiveDate::weekday(&day).num_days_from_monday()).unwrap_or(0);
        counts[weekday] += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use chrono_tz::{Europe::Berlin, Tz, UTC};

    use super::{Against, Compared, compared};
    use crate::period::Period;

    const NOW: &str = "2026-11-17T06:00:00Z";

    fn at(text: &str) -> DateTime<Utc> {
        let time = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
        DateTime::parse_from_rfc3339(&time).expect("a time").to_utc()
    }

    fn period(from: &str, to: &str) -> Period {
        Period { from: at(from), to: at(to) }
    }

    #[track_caller]
    fn check(asked: Period, against: Against, zone: Tz, expected: Period) -> Compared {
        let found = compared(asked, against, zone, at(NOW)).expect("something is over");
        assert_eq!(found.against, expected);
        found
    }

    #[test]
    fn days_and_weeks_are_compared_with_the_same_weekdays() {
        let previous = Against::Previous;
        let week = period("2026-11-09", "2026-11-16");
        let found = check(week, previous, UTC, period("2026-11-02", "2026-11-09"));
        assert_eq!((found.days, found.same_weekdays, found.complete), ((7.0, 7.0), true, true));
        let monday = period("2026-11-16", "2026-11-17");
        assert!(check(monday, previous, UTC, period("2026-11-09", "2026-11-10")).same_weekdays);
        let ten_days = period("2026-11-06", "2026-11-16");
        assert!(check(ten_days, previous, UTC, period("2026-10-23", "2026-11-02")).same_weekdays);
        let hours = period("2026-11-16T08:00:00Z", "2026-11-16T14:00:00Z");
        let found =
            check(hours, previous, UTC, period("2026-11-09T08:00:00Z", "2026-11-09T14:00:00Z"));
        assert_eq!(found.days, (0.25, 0.25));
    }

    #[test]
    fn months_are_compared_with_months_and_their_lengths_told() {
        let october = period("2026-10-01", "2026-11-01");
        let found = check(october, Against::Previous, UTC, period("2026-09-01", "2026-10-01"));
        assert_eq!((found.days, found.same_weekdays), ((31.0, 30.0), false));
        let year = Against::YearBefore;
        check(october, year, UTC, period("2025-10-01", "2025-11-01"));
        let week = period("2026-11-09", "2026-11-16");
        assert!(check(week, year, UTC, period("2025-11-10", "2025-11-17")).same_weekdays);
    }

    #[test]
    fn a_period_that_is_not_over_is_cut_and_so_is_the_one_before() {
        let november = period("2026-11-01", "2026-12-01");
        let found = check(november, Against::Previous, UTC, period("2026-10-01", "2026-10-17"));
        assert_eq!(found.current, period("2026-11-01", "2026-11-17"));
        assert_eq!((found.complete, found.days), (false, (16.0, 16.0)));
        let today = period("2026-11-17", "2026-11-18");
        let found = check(
            today,
            Against::Previous,
            UTC,
            period("2026-11-10T00:00:00Z", "2026-11-10T06:00:00Z"),
        );
        assert_eq!(found.current.to, at(NOW));
        let to_come = period("2026-11-18", "2026-11-19");
        assert_eq!(compared(to_come, Against::Previous, UTC, at(NOW)), None);
    }

    #[test]
    fn a_clock_change_makes_no_week_longer() {
        // Monday 19 to Monday 26 October in Berlin has 169 hours.
        let week = period("2026-10-18T22:00:00Z", "2026-10-25T23:00:00Z");
        let expected = period("2026-10-11T22:00:00Z", "2026-10-18T22:00:00Z");
        assert_eq!(check(week, Against::Previous, Berlin, expected).days, (7.0, 7.0));
    }

    #[test]
    fn a_period_of_the_user_s_own_stays_as_it_is() {
        let own = period("2026-01-01", "2026-01-04");
        let week = period("2026-11-09", "2026-11-16");
        let found = check(week, Against::Period(own), UTC, own);
        assert_eq!((found.days, found.same_weekdays), ((7.0, 3.0), false));
    }
}

//! Hours in a row and the local days they belong to.

use std::ops::Range;

use chrono::{DateTime, Datelike, Duration, NaiveDate, Timelike, Utc};
use chrono_tz::Tz;

use crate::period::Period;

/// Hours of a week.
pub(super) const WEEK: usize = 168;

const HOUR_MS: i64 = 3_600_000;

/// Consecutive hours from a whole local hour on, and the local days they make up.
#[derive(Debug, Clone)]
pub struct Grid {
    start: DateTime<Utc>,
    zone: Tz,
    /// Hour of the local week per hour, Monday 0:00 is 0.
    slots: Vec<usize>,
    /// Index of its day per hour.
    day_of: Vec<usize>,
    days: Vec<Day>,
}

/// A local day of a [`Grid`].
#[derive(Debug, Clone)]
pub(super) struct Day {
    pub(super) date: NaiveDate,
    /// Its hours; 23 or 25 where the clock changes, fewer at the ends of the grid.
    pub(super) hours: Range<usize>,
    /// Whether all its hours are on the grid.
    pub(super) is_whole: bool,
}

impl Grid {
    /// When its first hour begins.
    pub fn start(&self) -> DateTime<Utc> {
        self.start
    }

    /// The hours that lie wholly within the period.
    pub fn new(period: Period, zone: Tz) -> Self {
        let start = whole_hour(period.from, zone);
        let count = usize::try_from((period.to - start).num_hours()).unwrap_or(0);
        let mut grid = Self { start, zone, slots: vec![], day_of: vec![], days: vec![] };
        for hour in 0..count {
            let local = grid.instant(hour).with_timezone(&zone);
            let weekday = usize::try_from(local.weekday().num_days_from_monday()).unwrap_or(0);
            let hour_of_day = usize::try_from(local.hour()).unwrap_or(0);
            if grid.days.last().is_none_or(|day| day.date != local.date_naive()) {
                let is_whole = hour > 0 || hour_of_day == 0;
                let day = Day { date: local.date_naive(), hours: hour..hour, is_whole };
                grid.days.push(day);
            }
            if let Some(day) = grid.days.last_mut() {
                day.hours.end = hour + 1;
            }
            grid.slots.push(weekday * 24 + hour_of_day);
            grid.day_of.push(grid.days.len() - 1);
        }
        let after = grid.instant(count).with_timezone(&zone).date_naive();
        if let Some(last) = grid.days.last_mut() {
            last.is_whole &= last.date != after;
        }
        grid
    }

    /// Number of hours.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether no whole hour lies in the period.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The zone of its days.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// When an hour starts; also for the hour after the last.
    pub fn instant(&self, hour: usize) -> DateTime<Utc> {
        self.start + Duration::hours(i64::try_from(hour).unwrap_or(i64::MAX / HOUR_MS))
    }

    /// The hour that holds an instant, if it is on the grid.
    pub fn hour(&self, at_ms: i64) -> Option<usize> {
        let since = at_ms - self.start.timestamp_millis();
        usize::try_from(since.div_euclid(HOUR_MS)).ok().filter(|hour| *hour < self.len())
    }

    /// The first hour that starts at or after an instant; the number of hours when none does.
    pub fn first_hour_from(&self, at: DateTime<Utc>) -> usize {
        let since = (at - self.start).num_milliseconds();
        usize::try_from((since + HOUR_MS - 1).div_euclid(HOUR_MS)).unwrap_or(0).min(self.len())
    }

    pub(super) fn days(&self) -> &[Day] {
        &self.days
    }

    pub(super) fn day_of(&self, hour: usize) -> usize {
        self.day_of[hour]
    }

    pub(super) fn slot(&self, hour: usize) -> usize {
        self.slots[hour]
    }

    /// Monday is 0.
    pub(super) fn weekday(&self, day: usize) -> usize {
        usize::try_from(self.days[day].date.weekday().num_days_from_monday()).unwrap_or(0)
    }
}

/// The first start of a local hour at or after the instant.
fn whole_hour(at: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
    let local = at.with_timezone(&zone);
    let past = Duration::minutes(local.minute().into())
        + Duration::seconds(local.second().into())
        + Duration::nanoseconds(local.nanosecond().into());
    if past.is_zero() { at } else { at - past + Duration::hours(1) }
}

#[cfg(test)]
mod tests {
    use super::Grid;
    use crate::period::{Period, midnight};
    use chrono_tz::{Asia::Kolkata, Europe::Berlin, Tz, UTC};

    fn grid(from: &str, to: &str, zone: Tz) -> Grid {
        let at = |day: &str| midnight(day.parse().expect("a day"), zone);
        Grid::new(Period { from: at(from), to: at(to) }, zone)
    }

    #[test]
    fn a_day_of_a_clock_change_has_an_hour_more() {
        let grid = grid("2026-10-24", "2026-10-27", Berlin);
        let hours: Vec<usize> = grid.days().iter().map(|day| day.hours.len()).collect();
        assert_eq!(hours, [24, 25, 24]);
        assert!(grid.days().iter().all(|day| day.is_whole));
        // 24 October 2026 is a Saturday; the hour from two to three comes twice on the 25th.
        assert_eq!(grid.slot(0), 5 * 24);
        assert_eq!((grid.slot(26), grid.slot(27)), (6 * 24 + 2, 6 * 24 + 2));
    }

    #[test]
    fn hours_start_when_the_local_clock_says_so() {
        let grid = grid("2026-11-09", "2026-11-10", Kolkata);
        assert_eq!(grid.instant(0).to_rfc3339(), "2026-11-08T18:30:00+00:00");
        assert_eq!(grid.slot(0), 0);
        assert_eq!(grid.hour(grid.instant(5).timestamp_millis() + 1), Some(5));
        assert_eq!(grid.hour(grid.instant(0).timestamp_millis() - 1), None);
        assert_eq!(grid.hour(grid.instant(24).timestamp_millis()), None);
    }

    #[test]
    fn a_cut_hour_and_a_cut_day_are_left_out() {
        let at = |text: &str| text.parse().expect("a time");
        let period = Period { from: at("2026-11-09T03:20:00Z"), to: at("2026-11-10T10:59:00Z") };
        let grid = Grid::new(period, UTC);
        assert_eq!(grid.instant(0).to_rfc3339(), "2026-11-09T04:00:00+00:00");
        assert_eq!(grid.instant(grid.len()).to_rfc3339(), "2026-11-10T10:00:00+00:00");
        assert!(grid.days().iter().all(|day| !day.is_whole));
    }
}

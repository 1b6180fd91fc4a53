//! Half-open ranges of time and the calendar periods reports are made for.
//!
//! A leaf: knows no store and no clock. Days, weeks and months are cut at midnight in a named zone,
//! so a week that holds a clock change has 167 or 169 hours.

use chrono::{DateTime, Datelike, Days, Duration, Months, NaiveDate, TimeZone, Utc};
use chrono_tz::Tz;
use serde::Serialize;

/// A range of time, `from` inclusive, `to` exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Period {
    /// First instant.
    pub from: DateTime<Utc>,
    /// First instant after.
    pub to: DateTime<Utc>,
}

impl Period {
    /// The UTC days the period touches, first and last; the same day when the period is empty.
    pub fn utc_days(self) -> (NaiveDate, NaiveDate) {
        let first = self.from.date_naive();
        let last = (self.to - Duration::milliseconds(1)).date_naive();
        (first, last.max(first))
    }

    /// Length in whole hours.
    pub fn hours(self) -> i64 {
        (self.to - self.from).num_hours()
    }

    /// The range just before, as long as this one: by local days where both ends are midnights of
    /// the zone, so that clock changes don't shift it; else to the second.
    #[must_use]
    pub fn preceding(self, zone: Tz) -> Self {
        match self.whole_days(zone) {
            Some((first, end)) => {
                let days = Days::new((end - first).num_days().unsigned_abs());
                let start = first.checked_sub_days(days).unwrap_or(first);
                Self { from: midnight(start, zone), to: self.from }
            }
            None => Self { from: self.from - (self.to - self.from), to: self.from },
        }
    }

    /// The range that this one is compared with: of whole calendar months as many months before, of
    /// anything else as much time just before.
    #[must_use]
    pub fn counterpart(self, zone: Tz) -> Self {
        match self.whole_months(zone) {
            Some(months) => self.months_before(months, zone),
            None => self.preceding(zone),
        }
    }

    /// How many calendar months the range is, if it is made of nothing else.
    pub fn whole_months(self, zone: Tz) -> Option<u32> {
        let (first, end) = self.whole_days(zone)?;
        let months = (end.year() - first.year()) * 12 + end.month().cast_signed()
            - first.month().cast_signed();
        (first.day() == 1 && end.day() == 1).then(|| u32::try_from(months).ok()).flatten()
    }

    /// The same dates (and times of day) some months earlier; a date that the month lacks is its
    /// last day.
    #[must_use]
    pub fn months_before(self, months: u32, zone: Tz) -> Self {
        let earlier = |at: DateTime<Utc>| {
            let local = at.with_timezone(&zone).naive_local();
            let day = local.date().checked_sub_months(Months::new(months));
            let start = midnight(day.unwrap_or_else(|| local.date()), zone);
            start + local.time().signed_duration_since(chrono::NaiveTime::MIN)
        };
        Self { from: earlier(self.from), to: earlier(self.to) }
    }

    /// The same weekdays some weeks earlier, by local days where both ends are midnights.
    #[must_use]
    pub fn weeks_before(self, weeks: u32, zone: Tz) -> Self {
        let Some((first, end)) = self.whole_days(zone) else {
            let length = Duration::weeks(i64::from(weeks));
            return Self { from: self.from - length, to: self.to - length };
        };
        let days = Days::new(7 * u64::from(weeks));
        let earlier = |day: NaiveDate| midnight(day.checked_sub_days(days).unwrap_or(day), zone);
        Self { from: earlier(first), to: earlier(end) }
    }

    /// The first local day and the day after the last, if both ends are midnights of the zone.
    fn whole_days(self, zone: Tz) -> Option<(NaiveDate, NaiveDate)> {
        let day = |at: DateTime<Utc>| {
            let day = at.with_timezone(&zone).date_naive();
            (midnight(day, zone) == at).then_some(day)
        };
        Some((day(self.from)?, day(self.to)?))
    }

    /// The local days the period touches, in order.
    pub fn local_days(self, zone: Tz) -> impl Iterator<Item = NaiveDate> {
        let first = self.from.with_timezone(&zone).date_naive();
        let last = (self.to - Duration::milliseconds(1)).with_timezone(&zone).date_naive();
        first.iter_days().take_while(move |day| *day <= last)
    }
}

/// Midnight at the start of a day in a zone; where the clock skips it, the first instant after.
pub fn midnight(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let midnight = day.and_time(chrono::NaiveTime::MIN);
    (0..=4)
        .find_map(|half_hours| {
            zone.from_local_datetime(&(midnight + Duration::minutes(30 * half_hours))).earliest()
        })
        .map_or_else(|| midnight.and_utc(), |start| start.with_timezone(&Utc))
}

/// How often a report is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cadence {
    /// Midnight to midnight.
    Daily,
    /// ISO week, Monday to Monday.
    Weekly,
    /// Calendar month.
    Monthly,
    /// Calendar quarter.
    Quarterly,
    /// Calendar year.
    Annual,
}

impl Cadence {
    /// All of them, shortest first.
    pub const ALL: [Self; 5] =
        [Self::Daily, Self::Weekly, Self::Monthly, Self::Quarterly, Self::Annual];

    /// The period of this cadence that holds the day.
    pub fn period_of(self, day: NaiveDate, zone: Tz) -> Period {
        let first = self.first_day(day);
        Period { from: midnight(first, zone), to: midnight(self.next(first), zone) }
    }

    /// The period before the one that starts on the local day of `period.from`.
    pub fn before(self, period: Period, zone: Tz) -> Period {
        let day = period.from.with_timezone(&zone).date_naive();
        self.period_of(day.pred_opt().unwrap_or(day), zone)
    }

    fn first_day(self, day: NaiveDate) -> NaiveDate {
        let of_month = |month| NaiveDate::from_ymd_opt(day.year(), month, 1).unwrap_or(day);
        match self {
            Self::Daily => day,
            Self::Weekly => day.week(chrono::Weekday::Mon).first_day(),
            Self::Monthly => of_month(day.month()),
            Self::Quarterly => of_month((day.month0() / 3) * 3 + 1),
            Self::Annual => of_month(1),
        }
    }

    fn next(self, first: NaiveDate) -> NaiveDate {
        let next = match self {
            Self::Daily => first.checked_add_days(Days::new(1)),
            Self::Weekly => first.checked_add_days(Days::new(7)),
            Self::Monthly => first.checked_add_months(Months::new(1)),
            Self::Quarterly => first.checked_add_months(Months::new(3)),
            Self::Annual => first.checked_add_months(Months::new(12)),
        };
        next.unwrap_or(first)
    }
}

#[cfg(test)]
mod tests {
    use super::{Cadence, midnight};
    use chrono::NaiveDate;
    use chrono_tz::{Africa::Cairo, Europe::Berlin, UTC};

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn a_week_runs_from_monday_to_monday() {
        let week = Cadence::Weekly.period_of(day("2026-11-15"), UTC);
        assert_eq!(week.from.to_rfc3339(), "2026-11-09T00:00:00+00:00");
        assert_eq!(week.to.to_rfc3339(), "2026-11-16T00:00:00+00:00");
        assert_eq!(
            Cadence::Weekly.before(week, UTC).from.to_rfc3339(),
            "2026-11-02T00:00:00+00:00"
        );
    }

    #[test]
    fn a_week_with_a_clock_change_has_an_hour_more() {
        let week = Cadence::Weekly.period_of(day("2026-10-25"), Berlin);
        assert_eq!(week.hours(), 169);
        assert_eq!(week.local_days(Berlin).count(), 7);
    }

    #[test]
    fn a_midnight_that_the_clock_skips_is_the_first_instant_after() {
        // Egypt moved its clocks from 00:00 to 01:00 on Friday 24 April 2026.
        let start = midnight(day("2026-04-24"), Cairo);
        assert_eq!(start.to_rfc3339(), "2026-04-23T22:00:00+00:00");
    }

    #[test]
    fn the_range_before_keeps_its_length_in_days() {
        let week = Cadence::Weekly.period_of(day("2026-10-25"), Berlin);
        let before = week.preceding(Berlin);
        assert_eq!((before.to, before.hours()), (week.from, 168));
        let hours = super::Period {
            from: midnight(day("2026-11-10"), UTC) + chrono::Duration::hours(6),
            to: midnight(day("2026-11-10"), UTC) + chrono::Duration::hours(9),
        };
        assert_eq!(hours.preceding(UTC).from.to_rfc3339(), "2026-11-10T03:00:00+00:00");
    }

    #[test]
    fn months_and_weeks_before_are_by_the_calendar() {
        let march = Cadence::Monthly.period_of(day("2026-03-15"), Berlin);
        let february = march.months_before(1, Berlin);
        assert_eq!(february, Cadence::Monthly.period_of(day("2026-02-01"), Berlin));
        let year = march.months_before(12, Berlin);
        assert_eq!(year, Cadence::Monthly.period_of(day("2025-03-01"), Berlin));
        let leap = Cadence::Daily.period_of(day("2024-02-29"), UTC).months_before(12, UTC);
        assert_eq!(leap.from.to_rfc3339(), "2023-02-28T00:00:00+00:00");
        let week = Cadence::Weekly.period_of(day("2026-11-15"), Berlin);
        let year = Cadence::Weekly.period_of(day("2025-11-16"), Berlin);
        assert_eq!(week.weeks_before(52, Berlin), year);
    }

    #[test]
    fn whole_months_are_compared_with_as_many_months_before_and_all_else_with_as_many_days() {
        let range = |from: &str, to: &str| super::Period {
            from: midnight(day(from), Berlin),
            to: midnight(day(to), Berlin),
        };
        for (asked, before) in [
            (range("2026-10-01", "2026-11-01"), range("2026-09-01", "2026-10-01")),
            (range("2026-03-01", "2026-05-01"), range("2026-01-01", "2026-03-01")),
            (range("2026-01-01", "2027-01-01"), range("2025-01-01", "2026-01-01")),
            (range("2026-10-01", "2026-10-31"), range("2026-09-01", "2026-10-01")),
            (range("2026-10-02", "2026-11-02"), range("2026-09-01", "2026-10-02")),
        ] {
            assert_eq!(asked.counterpart(Berlin), before, "{asked:?}");
        }
        assert_eq!(range("2026-11-01", "2027-02-01").whole_months(Berlin), Some(3));
        assert_eq!(range("2026-11-01", "2027-02-02").whole_months(Berlin), None);
    }

    #[test]
    fn quarters_and_years_are_the_calendar_s() {
        let quarter = Cadence::Quarterly.period_of(day("2026-11-15"), UTC);
        assert_eq!(quarter.utc_days(), (day("2026-10-01"), day("2026-12-31")));
        let year = Cadence::Annual.period_of(day("2026-11-15"), UTC);
        assert_eq!(year.utc_days(), (day("2026-01-01"), day("2026-12-31")));
    }
}

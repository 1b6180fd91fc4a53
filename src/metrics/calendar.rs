//! The hours, days, weeks and months of a period, whether anything happened in them or not.
//!
//! Labels are those of [`Dimension::label`], so that they meet the groups of a usage frame.

use std::collections::HashMap;

use chrono::{DateTime, Datelike, Duration, Timelike, Utc};
use chrono_tz::Tz;
use polars::prelude::{Expr, col, lit};

use super::dimensions::{Dimension, is_utc};
use crate::period::{Period, midnight};
use crate::schema::invocation::EVENT_TIME;

/// A value of a calendar dimension.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Label {
    /// ISO text of hours, days, weeks and months.
    Text(String),
    /// Day of the week or hour of the day.
    Number(i64),
}

/// Stretches of UTC that sums are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Every {
    /// Hours.
    Hour,
    /// Quarters of them, of which the hours and days of every zone are made.
    Quarter,
}

impl Every {
    /// When the stretch of a row's `event_time` begins, under that name.
    pub(crate) fn start(self) -> Expr {
        let length = match self {
            Self::Hour => "1h",
            Self::Quarter => "15m",
        };
        col(EVENT_TIME).dt().truncate(lit(length))
    }
}

/// One combination of calendar labels that the period touches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// One label per dimension.
    pub labels: Vec<Label>,
    /// Whether some of it lies within what is known: there, no calls means none were logged.
    pub is_known: bool,
}

/// Whether the dimension is about when a call was made.
pub fn is_calendar(dimension: &Dimension) -> bool {
    use Dimension::{Day, Hour, HourOfDay, Month, Week, Weekday};
    matches!(dimension, Hour | Day | Week | Month | Weekday | HourOfDay)
}

/// Whether the dimension's labels follow each other through the period and never come back.
pub fn is_grain(dimension: &Dimension) -> bool {
    use Dimension::{Day, Hour, Month, Week};
    matches!(dimension, Hour | Day | Week | Month)
}

/// Every combination of the calendar dimensions in the period, in order of first occurrence.
///
/// What begins at `now` or later is left out; `known` is the range that logs were read for. Other
/// dimensions than calendar ones have no label and are ignored.
pub fn slots(
    period: Period,
    known: Option<Period>,
    now: DateTime<Utc>,
    dimensions: &[Dimension],
    zone: Tz,
) -> Vec<Slot> {
    let mut slots: Vec<Slot> = Vec::new();
    let mut places: HashMap<Vec<Label>, usize> = HashMap::new();
    let overlaps =
        |step: &Period| known.is_some_and(|known| step.from < known.to && known.from < step.to);
    for step in steps(period, dimensions, zone).filter(|step| step.from < now) {
        let labels: Vec<Label> =
            dimensions.iter().filter_map(|dimension| label(dimension, step.from, zone)).collect();
        let is_known = overlaps(&step);
        if let Some(place) = places.get(&labels) {
            slots[*place].is_known |= is_known;
        } else {
            places.insert(labels.clone(), slots.len());
            slots.push(Slot { labels, is_known });
        }
    }
    slots
}

/// The period in steps that no label changes within.
fn steps(period: Period, dimensions: &[Dimension], zone: Tz) -> Box<dyn Iterator<Item = Period>> {
    let by_hours = dimensions.iter().any(|d| matches!(d, Dimension::Hour | Dimension::HourOfDay));
    if by_hours {
        // Clocks move by hours or half hours.
        let first = start_of_hour(period.from, zone);
        let after = |at: &DateTime<Utc>| at.checked_add_signed(Duration::minutes(30));
        let starts =
            std::iter::successors(Some(first), after).take_while(move |at| *at < period.to);
        return Box::new(starts.map(|from| Period { from, to: from + Duration::minutes(30) }));
    }
    Box::new(period.local_days(zone).map(move |day| Period {
        from: midnight(day, zone),
        to: midnight(day.succ_opt().unwrap_or(day), zone),
    }))
}

fn label(dimension: &Dimension, at: DateTime<Utc>, zone: Tz) -> Option<Label> {
    let local = at.with_timezone(&zone);
    let text = |format: &str| Some(Label::Text(local.format(format).to_string()));
    match dimension {
        Dimension::Hour => {
            let start = start_of_hour(at, zone).with_timezone(&zone);
            let format = if is_utc(zone) { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S%:z" };
            Some(Label::Text(start.format(format).to_string()))
        }
        Dimension::Day => text("%Y-%m-%d"),
        Dimension::Week => text("%G-W%V"),
        Dimension::Month => text("%Y-%m"),
        Dimension::Weekday => Some(Label::Number(local.weekday().number_from_monday().into())),
        Dimension::HourOfDay => Some(Label::Number(local.hour().into())),
        _ => None,
    }
}

/// The instant at which the hour on the zone's clocks began.
fn start_of_hour(at: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
    let local = at.with_timezone(&zone);
    let seconds = i64::from(local.minute()) * 60 + i64::from(local.second());
    at - Duration::seconds(seconds) - Duration::nanoseconds(i64::from(local.nanosecond()))
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use chrono_tz::{Europe::Berlin, Tz, UTC};
    use polars::prelude::IntoLazy;

    use super::{Label, slots};
    use crate::metrics::dimensions::Dimension;
    use crate::period::Period;
    use crate::schema::invocation::Invocation;
    use crate::schema::{Row, TimeMs};

    fn instant(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).expect("a time").to_utc()
    }

    fn between(from: &str, to: &str) -> Period {
        Period { from: instant(from), to: instant(to) }
    }

    fn labels(period: Period, dimensions: &[Dimension], zone: Tz) -> Vec<Vec<String>> {
        let text = |label: &Label| match label {
            Label::Text(text) => text.clone(),
            Label::Number(number) => number.to_string(),
        };
        slots(period, Some(period), instant("2030-01-01T00:00:00Z"), dimensions, zone)
            .iter()
            .map(|slot| slot.labels.iter().map(text).collect())
            .collect()
    }

    #[test]
    fn a_day_with_a_clock_change_has_its_hours() {
        let day = between("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z");
        let hours = labels(day, &[Dimension::Hour], Berlin);
        assert_eq!(hours.len(), 25);
        assert_eq!(hours[2], ["2026-10-25T02:00:00+02:00"]);
        assert_eq!(hours[3], ["2026-10-25T02:00:00+01:00"]);
        assert_eq!(labels(day, &[Dimension::HourOfDay], Berlin).len(), 24);
    }

    #[test]
    fn combinations_are_those_that_exist() {
        let weeks = between("2026-11-08T00:00:00Z", "2026-11-10T00:00:00Z");
        let found = labels(weeks, &[Dimension::Week, Dimension::Day, Dimension::Weekday], UTC);
        assert_eq!(found, [["2026-W45", "2026-11-08", "7"], ["2026-W46", "2026-11-09", "1"]]);
        assert_eq!(labels(weeks, &[Dimension::Month, Dimension::Model], UTC), [["2026-11"]]);
    }

    #[test]
    fn the_future_has_no_slots_and_the_unread_past_is_not_known() {
        let week = between("2026-11-09T00:00:00Z", "2026-11-16T00:00:00Z");
        let read = between("2026-11-10T00:00:00Z", "2026-11-12T00:00:00Z");
        let now = instant("2026-11-13T06:00:00Z");
        let days = slots(week, Some(read), now, &[Dimension::Day], UTC);
        let known: Vec<bool> = days.iter().map(|slot| slot.is_known).collect();
        assert_eq!(known, [false, true, true, false, false]);
        assert!(slots(week, None, now, &[Dimension::Week], UTC).iter().all(|slot| !slot.is_known));
    }

    #[test]
    fn labels_are_those_of_the_groups() {
        use Dimension::{Day, Hour, HourOfDay, Month, Week, Weekday};
        let period = between("2026-12-27T22:10:00Z", "2027-01-04T05:00:00Z");
        for zone in [UTC, Berlin, Tz::Asia__Kolkata, Tz::America__New_York] {
            for dimension in [Hour, Day, Week, Month, Weekday, HourOfDay] {
                let times = (0..).map(|n| period.from.timestamp_millis() + n * 1_800_000);
                let rows = times
                    .take_while(|ms| *ms < period.to.timestamp_millis())
                    .map(|ms| Invocation { event_time: Some(TimeMs(ms)), ..Default::default() });
                let frame = Invocation::frame(rows.collect()).unwrap().lazy();
                let text = dimension.expr(zone).unwrap().cast(polars::prelude::DataType::String);
                let found = frame.select([text]).collect().unwrap();
                let found = found.column(&dimension.name()).unwrap().str().unwrap().clone();
                let mut expected: Vec<String> = Vec::new();
                for label in found.iter().flatten() {
                    if !expected.iter().any(|known| known == label) {
                        expected.push(label.to_owned());
                    }
                }
                let labels: Vec<String> = labels(period, std::slice::from_ref(&dimension), zone)
                    .into_iter()
                    .flatten()
                    .collect();
                assert_eq!(labels, expected, "{dimension} in {zone}");
            }
        }
    }
}

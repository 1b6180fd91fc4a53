//! Daily values as they are drawn: by day, or over long periods by week, so that a line stays a line.

use chrono::{Datelike, NaiveDate};

use super::facts::Facts;
use super::parts::Step;

/// Most days of a period that are drawn one by one.
const MOST_DAYS: usize = 62;

/// Values in a row, those of the earlier period first.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Followed {
    pub(super) step: Step,
    /// One per day or week; none where unknown.
    pub(super) values: Vec<Option<f64>>,
    /// How many of them belong to the earlier period.
    pub(super) previous: usize,
    /// First and last day that they are of.
    pub(super) days: Option<(NaiveDate, NaiveDate)>,
}

/// What the values of the report's periods are drawn by.
pub(super) fn step(facts: &Facts<'_>) -> Step {
    let of = |period: crate::period::Period| period.local_days(facts.zone()).count();
    step_of(of(facts.inputs.previous_period), of(facts.inputs.period))
}

fn step_of(previous: usize, current: usize) -> Step {
    if previous.max(current) > MOST_DAYS { Step::Week } else { Step::Day }
}

/// Daily values, the first `previous` of them of the earlier period. By week, each is the mean of the
/// week's known days, and weeks before the first and after the last known one are left out.
pub(super) fn followed(days: &[(NaiveDate, Option<f64>)], previous: usize) -> Followed {
    let previous = previous.min(days.len());
    let step = step_of(previous, days.len() - previous);
    if step == Step::Day {
        return Followed {
            step,
            values: days.iter().map(|(_, value)| *value).collect(),
            previous,
            days: days.first().zip(days.last()).map(|(first, last)| (first.0, last.0)),
        };
    }
    let (before, now) = days.split_at(previous);
    let by_week = |(a, _): &(NaiveDate, _), (b, _): &(NaiveDate, _)| a.iso_week() == b.iso_week();
    let weeks = |days: &'_ [(NaiveDate, Option<f64>)]| -> Vec<Week> {
        days.chunk_by(by_week).filter_map(Week::of).collect()
    };
    let (before, now) = (weeks(before), weeks(now));
    let all = || before.iter().chain(&now);
    let is_known = |week: &Week| week.mean.is_some();
    let first = all().position(is_known).unwrap_or(0);
    let end = all().count() - all().rev().position(is_known).unwrap_or(0);
    let drawn: Vec<&Week> = all().take(end).skip(first).collect();
    Followed {
        step,
        values: drawn.iter().map(|week| week.mean).collect(),
        previous: before.len().min(end).saturating_sub(first),
        days: drawn.first().zip(drawn.last()).map(|(first, last)| (first.first, last.last)),
    }
}

/// The days of an ISO week that lie in a period.
struct Week {
    first: NaiveDate,
    last: NaiveDate,
    /// Of the known days; none where none is.
    mean: Option<f64>,
}

impl Week {
    fn of(days: &[(NaiveDate, Option<f64>)]) -> Option<Self> {
        let known: Vec<f64> = days.iter().filter_map(|(_, value)| *value).collect();
        let count = u32::try_from(known.len()).map_or(0.0, f64::from);
        let mean = (!known.is_empty()).then(|| known.iter().sum::<f64>() / count);
        Some(Self { first: days.first()?.0, last: days.last()?.0, mean })
    }
}

#[cfg(test)]
mod tests {
    use chrono::{Days, NaiveDate};

    use super::{Step, followed};

    fn days(from: &str, values: &[Option<f64>]) -> Vec<(NaiveDate, Option<f64>)> {
        let from: NaiveDate = from.parse().expect("a day");
        (0..).zip(values).map(|(n, value)| (from + Days::new(n), *value)).collect()
    }

    #[test]
    fn a_few_days_are_drawn_as_they_are_with_the_unknown_ones() {
        let of = days("2026-11-02", &[None, Some(1.0), None, Some(3.0), None]);
        let drawn = followed(&of, 2);
        assert_eq!((drawn.step, drawn.previous), (Step::Day, 2));
        assert_eq!(drawn.values, [None, Some(1.0), None, Some(3.0), None]);
        assert_eq!(drawn.days, Some((of[0].0, of[4].0)));
    }

    #[test]
    fn long_periods_are_drawn_by_the_means_of_their_weeks_without_empty_ends() {
        // Two years from Thursday 2026-01-01; known: Wed 2026-12-30 to Mon 2027-01-11.
        let mut values = vec![None; 730];
        for (place, value) in (363..).zip([2.0, 4.0, 10.0, 20.0, 30.0]) {
            values[place] = Some(value);
        }
        values[375] = Some(7.0);
        let drawn = followed(&days("2026-01-01", &values), 365);
        assert_eq!(drawn.step, Step::Week);
        // The week of the turn of the year is cut where the year is; the week after it is unknown.
        assert_eq!(drawn.values, [Some(3.0), Some(20.0), None, Some(7.0)]);
        assert_eq!(drawn.previous, 1);
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        assert_eq!(drawn.days, Some((day("2026-12-28"), day("2027-01-17"))));
    }

    #[test]
    fn a_long_period_of_which_nothing_is_known_has_no_value() {
        let drawn = followed(&days("2026-01-01", &[None; 200]), 100);
        assert!(drawn.values.iter().all(Option::is_none));
    }
}

//! A daily series with gaps: what trends, level shifts and forecasts are computed from.
//!
//! A day whose value is not known is `None`, which is not zero: a day without a single log says
//! nothing about spend.

use chrono::{Datelike, Days, NaiveDate};

/// Days in a week.
pub const WEEK: usize = 7;

/// One value per day, without skipped days; `None` where the value is not known.
#[derive(Debug, Clone, PartialEq)]
pub struct Daily {
    /// The day of the first value.
    pub first: NaiveDate,
    /// The values in order of time; finite where known.
    pub values: Vec<Option<f64>>,
}

impl Daily {
    /// The series of known values by day; days between that are missing become `None`.
    ///
    /// Returns `None` without any value. A day given twice keeps the later value.
    pub fn of(known: impl IntoIterator<Item = (NaiveDate, f64)>) -> Option<Self> {
        let by_day: std::collections::BTreeMap<NaiveDate, f64> =
            known.into_iter().filter(|(_, value)| value.is_finite()).collect();
        let (first, last) = (*by_day.keys().next()?, *by_day.keys().next_back()?);
        let days = first.iter_days().take_while(|day| *day <= last);
        Some(Self { first, values: days.map(|day| by_day.get(&day).copied()).collect() })
    }

    /// The day at an index; the first day where the calendar ends.
    pub fn day(&self, index: usize) -> NaiveDate {
        let days = u64::try_from(index).unwrap_or(u64::MAX);
        self.first.checked_add_days(Days::new(days)).unwrap_or(self.first)
    }

    /// The day after the last value.
    pub fn end(&self) -> NaiveDate {
        self.day(self.values.len())
    }

    /// Weekday of an index, 0 (Monday) to 6; indices beyond the end are days to come.
    pub fn weekday(&self, index: usize) -> usize {
        let first = usize::try_from(self.first.weekday().num_days_from_monday()).unwrap_or(0);
        (first + index) % WEEK
    }

    /// How many values are known.
    pub fn known(&self) -> usize {
        self.values.iter().flatten().count()
    }

    /// The values up to an index, that one not included.
    #[must_use]
    pub fn before(&self, index: usize) -> Self {
        let end = index.min(self.values.len());
        Self { first: self.first, values: self.values[..end].to_vec() }
    }

    /// At most the last `days` values.
    #[must_use]
    pub fn last(&self, days: usize) -> Self {
        let skip = self.values.len().saturating_sub(days);
        Self { first: self.day(skip), values: self.values[skip..].to_vec() }
    }
}

/// A count as a number for statistics; exact below 2³².
pub(super) fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

/// Mean; `None` of nothing.
pub(super) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / number(values.len()))
}

/// Median, the mean of the middle two where there are two; `None` of nothing.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        n if n % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}

/// The smallest value with at least `share` of the values at or below it; `None` of nothing.
pub(super) fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let wanted = share * number(sorted.len());
    let rank = (1..=sorted.len()).find(|rank| number(*rank) >= wanted).unwrap_or(sorted.len());
    sorted.get(rank.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::{Daily, median, quantile};

    #[test]
    fn days_between_known_ones_are_unknown_not_zero() {
        let day = |text: &str| text.parse().expect("a day");
        let series = Daily::of([(day("2026-11-12"), 2.0), (day("2026-11-09"), 1.0)]).unwrap();
        assert_eq!(series.first, day("2026-11-09"));
        assert_eq!(series.values, [Some(1.0), None, None, Some(2.0)]);
        assert_eq!(series.known(), 2);
        assert_eq!((series.weekday(0), series.weekday(6), series.weekday(7)), (0, 6, 0));
        assert_eq!(series.end(), day("2026-11-13"));
    }

    #[test]
    fn middle_and_rank_of_few_values() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0]), Some(2.0));
        assert_eq!(median(&[3.0, 1.0, 9.0]), Some(3.0));
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0], 0.5), Some(2.0));
        assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0], 0.95), Some(4.0));
    }
}

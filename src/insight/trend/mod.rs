//! Whether a daily series rises or falls: its slope with an interval, and like-for-like comparisons.
//!
//! The slope is the seasonal Kendall slope (Hirsch, Slack & Smith 1982): the median of the changes
//! between days of the same weekday, so that neither the week nor a few odd days bend it. Its interval
//! is Sen's (1968), with the variance that allows for neighbouring days being alike (Hirsch & Slack
//! 1984). Comparisons never set a Monday against a Sunday, nor a part of a period against a whole.

use chrono::{Datelike, Days, NaiveDate};
use serde::Serialize;

use crate::insight::series::{Daily, WEEK, mean, number};

/// Known days without which there is no slope: four weeks.
pub const SHORTEST_SLOPE: usize = 4 * WEEK;

/// Days that a slope is read from: the last thirteen weeks.
const SLOPE_DAYS: usize = 13 * WEEK;

/// Half the width of a 95 % interval of the normal distribution, in standard deviations.
const NORMAL_95: f64 = 1.959_964;

/// A change per day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slope {
    /// Change per day.
    pub per_day: f64,
    /// Ends of its 95 % interval.
    pub of_95: (f64, f64),
    /// First day it is read from.
    pub from: NaiveDate,
    /// The day after the last it is read from.
    pub to: NaiveDate,
    /// Known days in between.
    pub known: usize,
}

impl Slope {
    /// Whether the interval leaves out 0: the series rises, or falls, by more than chance explains.
    pub fn differs_from_zero(&self) -> bool {
        self.of_95.0 > 0.0 || self.of_95.1 < 0.0
    }
}

/// The slope of the last thirteen weeks; `None` below [`SHORTEST_SLOPE`] known days.
pub fn slope(series: &Daily) -> Option<Slope> {
    let recent = series.last(SLOPE_DAYS);
    let known = recent.known();
    if known < SHORTEST_SLOPE {
        return None;
    }
    let by_weekday = by_weekday(&recent);
    let mut slopes: Vec<f64> = by_weekday.iter().flat_map(|weeks| pair_slopes(weeks)).collect();
    slopes.sort_by(f64::total_cmp);
    let per_day = crate::insight::series::median(&slopes)?;
    let reach = NORMAL_95 * kendall_variance(&by_weekday).sqrt();
    let pairs = number(slopes.len());
    let low = ranked(&slopes, (pairs - reach) / 2.0);
    let high = ranked(&slopes, f64::midpoint(pairs, reach) + 1.0);
    let (from, to) = (recent.first, recent.end());
    Some(Slope { per_day, of_95: (low, high), from, to, known })
}

/// The values of each weekday in order of weeks.
fn by_weekday(series: &Daily) -> [Vec<Option<f64>>; WEEK] {
    let weeks = series.values.len().div_ceil(WEEK);
    std::array::from_fn(|offset| {
        (0..weeks).map(|week| series.values.get(week * WEEK + offset).copied().flatten()).collect()
    })
}

fn pair_slopes(weeks: &[Option<f64>]) -> Vec<f64> {
    let known = || weeks.iter().enumerate().filter_map(|(week, value)| Some((week, (*value)?)));
    known()
        .flat_map(|(early, before)| {
            known()
                .filter(move |(late, _)| *late > early)
                .map(move |(late, after)| (after - before) / number((late - early) * WEEK))
        })
        .collect()
}

/// Variance of the number of rises less falls over all weekdays, covariances of weekdays included.
fn kendall_variance(by_weekday: &[Vec<Option<f64>>; WEEK]) -> f64 {
    let mut variance = 0.0;
    for (index, one) in by_weekday.iter().enumerate() {
        let n = number(one.iter().flatten().count());
        variance += n * (n - 1.0) * (2.0 * n + 5.0) / 18.0;
        for other in &by_weekday[index + 1..] {
            variance += 2.0 * kendall_covariance(one, other);
        }
    }
    variance.max(0.0)
}

/// Hirsch & Slack's estimate; a week that is not known takes the middle rank.
fn kendall_covariance(one: &[Option<f64>], other: &[Option<f64>]) -> f64 {
    let (mut concordant, mut ranks) = (0.0, 0.0);
    let (of_one, of_other) = (doubled_ranks(one), doubled_ranks(other));
    for late in 0..one.len() {
        ranks += of_one[late] * of_other[late] / 4.0;
        for early in 0..late {
            concordant += sign(one[early], one[late]) * sign(other[early], other[late]);
        }
    }
    let count = |weeks: &[Option<f64>]| number(weeks.iter().flatten().count());
    let middle = number(one.len()) * (count(one) + 1.0) * (count(other) + 1.0);
    (concordant + 4.0 * ranks - middle) / 3.0
}

/// Twice the rank of each week among the known ones, ties in the middle.
fn doubled_ranks(weeks: &[Option<f64>]) -> Vec<f64> {
    let known = number(weeks.iter().flatten().count());
    let rank = |week: usize| {
        known + 1.0 + (0..weeks.len()).map(|other| sign(weeks[other], weeks[week])).sum::<f64>()
    };
    (0..weeks.len()).map(rank).collect()
}

/// 1 for a rise, −1 for a fall, 0 for neither and where a value is not known.
fn sign(before: Option<f64>, after: Option<f64>) -> f64 {
    match (before, after) {
        (Some(before), Some(after)) if after > before => 1.0,
        (Some(before), Some(after)) if after < before => -1.0,
        _ => 0.0,
    }
}

/// The value at a rank from 1, ranks between taken outwards by the caller; ends at the ends.
fn ranked(sorted: &[f64], rank: f64) -> f64 {
    let index = (1..=sorted.len()).find(|at| number(*at) >= rank).unwrap_or(sorted.len());
    sorted.get(index - 1).copied().unwrap_or(0.0)
}

/// Two runs of days set against each other, weekday by weekday.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Comparison {
    /// First day of the later run.
    pub from: NaiveDate,
    /// The day after its last.
    pub to: NaiveDate,
    /// First day of the earlier run.
    pub previous_from: NaiveDate,
    /// The day after its last.
    pub previous_to: NaiveDate,
    /// Days that were compared; days not known on either side are left out on both.
    pub compared_days: usize,
    /// Whether that is every day of the later run.
    pub complete: bool,
    /// Mean of the compared days.
    pub per_day: f64,
    /// Mean of their counterparts: the same weekdays earlier.
    pub previous_per_day: f64,
    /// `per_day` ÷ `previous_per_day` − 1; `None` where there was nothing before.
    pub relative_change: Option<f64>,
}

/// The last `days` days (whole weeks) against the same number before them, each day against the day
/// that many days earlier; `None` when fewer than half of them can be compared.
pub fn against_days_before(series: &Daily, days: usize) -> Option<Comparison> {
    let end = series.values.len();
    let start = end.checked_sub(days)?;
    let previous = start.checked_sub(days)?;
    let pairs: Vec<(f64, f64)> = (start..end)
        .filter_map(|index| Some((series.values[index]?, series.values[index - days]?)))
        .collect();
    comparison(&pairs, days, [start, end, previous, start].map(|index| series.day(index)))
}

/// The days so far of the month that holds the last day, against the month before: each day against
/// the mean of its weekday there, as far as the series reaches back. `None` when fewer than half of them can be compared.
pub fn month_to_date(series: &Daily) -> Option<Comparison> {
    let end = series.values.len();
    let last = series.day(end.checked_sub(1)?);
    let first = last.with_day(1)?;
    let before = first.checked_sub_days(Days::new(1))?.with_day(1)?;
    let index_of = |day: NaiveDate| usize::try_from((day - series.first).num_days()).ok();
    let start = index_of(first)?;
    // A series that starts within the month before tells its weekdays all the same.
    let previous = index_of(before).unwrap_or(0);
    let usual: Vec<Option<f64>> = (0..WEEK)
        .map(|weekday| {
            let same = (previous..start).filter(|index| series.weekday(*index) == weekday);
            mean(&same.filter_map(|index| series.values[index]).collect::<Vec<_>>())
        })
        .collect();
    let pairs: Vec<(f64, f64)> = (start..end)
        .filter_map(|index| Some((series.values[index]?, usual[series.weekday(index)]?)))
        .collect();
    comparison(&pairs, end - start, [first, series.end(), series.day(previous), first])
}

fn comparison(pairs: &[(f64, f64)], days: usize, bounds: [NaiveDate; 4]) -> Option<Comparison> {
    let [from, to, previous_from, previous_to] = bounds;
    if pairs.is_empty() || pairs.len() * 2 < days {
        return None;
    }
    let of = |one: fn(&(f64, f64)) -> f64| mean(&pairs.iter().map(one).collect::<Vec<_>>());
    let (per_day, previous_per_day) = (of(|pair| pair.0)?, of(|pair| pair.1)?);
    Some(Comparison {
        from,
        to,
        previous_from,
        previous_to,
        compared_days: pairs.len(),
        complete: pairs.len() == days,
        per_day,
        previous_per_day,
        relative_change: (previous_per_day > 0.0).then(|| per_day / previous_per_day - 1.0),
    })
}

#[cfg(test)]
mod tests;

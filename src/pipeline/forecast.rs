//! The journey to a forecast: complete days in, what the days to come will bring out.

use chrono::{Datelike, Days as CalendarDays, NaiveDate};
use serde::Serialize;

use super::daily::{self, DayFigure, Days, DaysRead, Followed, SeriesQuestion};
use super::{Basis, Error};
use crate::insight::forecast::{
    DaysAhead, Exhaustion, Expected, Forecast, Quality, SHORTEST_HISTORY, exhaustion, forecast,
};
use crate::insight::series::Daily;
use crate::report::parts::Value;
use crate::units::Usd;

/// How far ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Horizon {
    /// A number of days.
    Days(usize),
    /// To the end of the month that the first day to come is in.
    MonthEnd,
    /// To the end of that month, and at least this number of days.
    AtLeast(usize),
}

/// What a forecast says, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ForecastAnswer {
    /// `cost_usd`, `total_tokens` or `requests`.
    pub metric: &'static str,
    /// IANA name of the zone that days are cut in.
    pub timezone: &'static str,
    /// The days it was learnt from.
    pub history: DaysRead,
    /// Known days without which there is no forecast.
    pub needed_days: usize,
    /// The forecast; null when the history is too short.
    pub forecast: Option<ForecastFigures>,
}

/// A forecast in figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ForecastFigures {
    /// The days to come together.
    pub horizon: SpanForecast,
    /// Each of them.
    pub days: Vec<DayForecast>,
    /// The calendar month of the first day to come.
    pub month_end: MonthEnd,
    /// How far forecasts of the past were off.
    pub back_test: BackTestFigures,
    /// When the budget runs out; null without one.
    pub budget: Option<BudgetOutlook>,
}

/// What is expected of days together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SpanForecast {
    /// First day.
    pub from: NaiveDate,
    /// The day after the last.
    pub to: NaiveDate,
    /// What is expected.
    #[serde(flatten)]
    pub expected: Interval,
}

/// What is expected of a day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DayForecast {
    /// The day.
    pub day: NaiveDate,
    /// What is expected.
    #[serde(flatten)]
    pub expected: Interval,
}

/// An expected value with its intervals.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Interval {
    /// What is expected.
    pub expected: Value,
    /// Lower end of the 80 % interval.
    pub low_80: Value,
    /// Upper end of the 80 % interval.
    pub high_80: Value,
    /// Lower end of the 95 % interval.
    pub low_95: Value,
    /// Upper end of the 95 % interval.
    pub high_95: Value,
}

/// What a calendar month will come to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MonthEnd {
    /// `2026-11`.
    pub month: String,
    /// Sum of the complete days so far, exact.
    pub actual: Value,
    /// How many these are.
    pub actual_days: usize,
    /// What is put in for days so far that are not known: the mean of the known same weekdays of the
    /// four weeks before each. The intervals don't cover it.
    pub filled_in: Value,
    /// Days so far that are not known.
    pub unknown_days: Vec<NaiveDate>,
    /// Actual, filled in and forecast together.
    #[serde(flatten)]
    pub expected: Interval,
}

/// How far forecasts of the past were off.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BackTestFigures {
    /// Days from which a forecast was tried.
    pub origins: usize,
    /// Mean absolute error of a day.
    pub mae: Value,
    /// The same of the forecast that every weekday repeats itself.
    pub seasonal_naive_mae: Value,
    /// `mae` ÷ the mean absolute difference of days a week apart; null where weeks never differ.
    pub mase: Option<f64>,
}

/// When a monthly budget runs out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BudgetOutlook {
    /// The budget of the month.
    pub budget_usd: Usd,
    /// Spent of it, days filled in included.
    pub spent_usd: Usd,
    /// Whether it is spent already.
    pub exhausted: bool,
    /// The day on which it is expected to run out; null when not within this month.
    pub expected: Option<NaiveDate>,
    /// The same by the upper end of the 95 % interval.
    pub earliest: Option<NaiveDate>,
    /// The same by the lower end of the 95 % interval.
    pub latest: Option<NaiveDate>,
}

/// Longest horizon, days; the back-test can't vouch for more.
pub const LONGEST_HORIZON: usize = 92;

/// What the days after the last complete one will bring.
///
/// # Errors
/// When the store holds no logs, or can't be read.
pub fn forecast_of(
    basis: Basis<'_>,
    question: &SeriesQuestion,
    horizon: Horizon,
    budget: Option<Usd>,
) -> Result<ForecastAnswer, Error> {
    forecast_from(&daily::days(basis, question)?, question, horizon, budget)
}

/// As [`forecast_of`], from days that were read already.
pub(super) fn forecast_from(
    days: &Days,
    question: &SeriesQuestion,
    horizon: Horizon,
    budget: Option<Usd>,
) -> Result<ForecastAnswer, Error> {
    let series = days.series.as_ref().ok_or_else(|| no_logs(question))?;
    let to_month_end = days_left_in_month(series.end());
    let wanted = match horizon {
        Horizon::Days(days) => days.clamp(1, LONGEST_HORIZON),
        Horizon::MonthEnd => to_month_end,
        Horizon::AtLeast(days) => to_month_end.max(days.clamp(1, LONGEST_HORIZON)),
    };
    let made = forecast(series, wanted.max(to_month_end)).ok();
    let shown = Shown { followed: question.followed, days, series };
    Ok(ForecastAnswer {
        metric: question.followed.name(),
        timezone: question.timezone.name(),
        needed_days: SHORTEST_HISTORY,
        forecast: made.map(|made| shown.figures(&made, wanted, to_month_end, budget)),
        history: days.history.clone(),
    })
}

/// There is no complete day to learn from.
pub(super) fn no_logs(question: &SeriesQuestion) -> Error {
    let period = question.period.map(super::error::phrase).unwrap_or_default();
    Error::NoData { what: "complete day of invocation logs", period }
}

/// Days from this one to the end of its month, this one included.
fn days_left_in_month(day: NaiveDate) -> usize {
    day.iter_days().take_while(|other| other.month() == day.month()).count()
}

/// A forecast being put into figures.
struct Shown<'a> {
    followed: Followed,
    days: &'a Days,
    series: &'a Daily,
}

impl Shown<'_> {
    fn figures(
        &self,
        made: &Forecast,
        wanted: usize,
        to_month_end: usize,
        budget: Option<Usd>,
    ) -> ForecastFigures {
        let first = self.series.end();
        let day = |ahead: usize| self.series.day(self.series.values.len() + ahead);
        let month = self.month(first);
        let of_day = |(ahead, expected): (usize, &Expected)| DayForecast {
            day: day(ahead),
            expected: self.interval(expected, 0),
        };
        ForecastFigures {
            horizon: SpanForecast {
                from: first,
                to: day(wanted),
                expected: self.interval(&made.sums[wanted - 1], 0),
            },
            days: made.days.iter().take(wanted).enumerate().map(of_day).collect(),
            budget: budget
                .map(|budget| outlook(budget, Usd(month.spent()), &cut(made, to_month_end), day)),
            month_end: MonthEnd {
                month: first.format("%Y-%m").to_string(),
                actual: self.exact(month.actual),
                actual_days: month.actual_days,
                filled_in: self.exact(month.filled_in),
                expected: self.interval(&made.sums[to_month_end - 1], month.spent()),
                unknown_days: month.unknown_days,
            },
            back_test: self.back_test(&made.back_test),
        }
    }

    /// The days of the month before the first day to come.
    fn month(&self, first: NaiveDate) -> MonthSoFar {
        let start = first.with_day(1).unwrap_or(first);
        let known: Vec<&DayFigure> =
            self.days.known.iter().filter(|figure| figure.day >= start).collect();
        let so_far = start.iter_days().take_while(|day| *day < first);
        let unknown_days: Vec<NaiveDate> =
            so_far.filter(|day| !known.iter().any(|figure| figure.day == *day)).collect();
        let filled_in = unknown_days.iter().map(|day| self.usual(*day)).sum();
        MonthSoFar {
            actual: known.iter().map(|figure| figure.amount).sum(),
            actual_days: known.len(),
            filled_in,
            unknown_days,
        }
    }

    /// Mean of the known same weekdays of the four weeks before a day; 0 without any.
    fn usual(&self, day: NaiveDate) -> i128 {
        let earlier =
            (1..=4).filter_map(|weeks| day.checked_sub_days(CalendarDays::new(7 * weeks)));
        let same: Vec<i128> = earlier
            .filter_map(|day| self.days.known.iter().find(|figure| figure.day == day))
            .map(|figure| figure.amount)
            .collect();
        let count = i128::try_from(same.len()).unwrap_or(1).max(1);
        same.iter().sum::<i128>() / count
    }

    /// A forecast on top of an exact amount.
    fn interval(&self, expected: &Expected, exact: i128) -> Interval {
        let value = |number: f64| self.exact(exact.saturating_add(self.units(number)));
        Interval {
            expected: value(expected.mean),
            low_80: value(expected.of_80.0),
            high_80: value(expected.of_80.1),
            low_95: value(expected.of_95.0),
            high_95: value(expected.of_95.1),
        }
    }

    fn back_test(&self, quality: &Quality) -> BackTestFigures {
        BackTestFigures {
            origins: quality.origins,
            mae: self.exact(self.units(quality.mae)),
            seasonal_naive_mae: self.exact(self.units(quality.seasonal_naive_mae)),
            mase: quality.mase,
        }
    }

    /// An estimate in exact units: millionths of a dollar, or whole tokens and requests.
    #[expect(clippy::cast_possible_truncation, reason = "saturates far beyond any figure")]
    fn units(&self, number: f64) -> i128 {
        match self.followed {
            Followed::CostUsd => ((number * 1e6).round() as i128).saturating_mul(100_000_000),
            Followed::TotalTokens | Followed::Requests => number.round() as i128,
        }
    }

    fn exact(&self, amount: i128) -> Value {
        let count = || u64::try_from(amount.max(0)).unwrap_or(u64::MAX);
        match self.followed {
            Followed::CostUsd => Value::Usd(Usd(amount)),
            Followed::TotalTokens => Value::Tokens(count()),
            Followed::Requests => Value::Count(count()),
        }
    }
}

struct MonthSoFar {
    actual: i128,
    actual_days: usize,
    filled_in: i128,
    unknown_days: Vec<NaiveDate>,
}

impl MonthSoFar {
    fn spent(&self) -> i128 {
        self.actual + self.filled_in
    }
}

/// The forecast of the first days only.
fn cut(made: &Forecast, days: usize) -> Forecast {
    Forecast {
        days: made.days[..days].to_vec(),
        sums: made.sums[..days].to_vec(),
        back_test: made.back_test,
    }
}

fn outlook(
    budget: Usd,
    spent: Usd,
    month: &Forecast,
    day: impl Fn(usize) -> NaiveDate,
) -> BudgetOutlook {
    let (exhausted, ahead) = match exhaustion(budget, spent, month) {
        Exhaustion::Reached => (true, DaysAhead::default()),
        Exhaustion::Ahead(ahead) => (false, ahead),
    };
    BudgetOutlook {
        budget_usd: budget,
        spent_usd: spent,
        exhausted,
        expected: ahead.expected.map(&day),
        earliest: ahead.earliest.map(&day),
        latest: ahead.latest.map(&day),
    }
}

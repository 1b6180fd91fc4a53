//! The journey to daily series: which days the log tells all of, and what they add up to.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use polars::prelude::{DataFrame, DataType, PolarsResult};
use serde::Serialize;

use super::presence::logged_days;
use super::summed::Wanted;
use super::{Basis, Error};
use crate::insight::logged_days::{LoggedDay, complete};
use crate::insight::series::Daily;
use crate::metrics::dimensions::Dimension;
use crate::metrics::filter::Filter;
use crate::metrics::metric::Metric;
use crate::metrics::usage::UsageQuery;
use crate::period::{Period, midnight};
use crate::schema::cost::COST_UNITS;
use crate::schema::usage::{derived, dimension, metric};
use crate::units::Usd;

/// What is followed over days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Followed {
    /// Spend.
    CostUsd,
    /// Tokens, cached ones once.
    TotalTokens,
    /// Requests.
    Requests,
}

impl Followed {
    /// The metric's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::CostUsd => metric::COST_USD,
            Self::TotalTokens => metric::TOTAL_TOKENS,
            Self::Requests => metric::REQUESTS,
        }
    }
}

/// Which requests are followed, how far back, and what the present time is.
#[derive(Debug, Clone)]
pub struct SeriesQuestion {
    /// What is followed.
    pub followed: Followed,
    /// The days looked at; none is the 400 days before the present.
    pub period: Option<Period>,
    /// Which requests.
    pub filter: Option<Filter>,
    /// The zone that days are cut in.
    pub timezone: Tz,
    /// The present time: its day is not complete.
    pub now: DateTime<Utc>,
}

/// The days that a series was read from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DaysRead {
    /// First complete day; null without any.
    pub from: Option<NaiveDate>,
    /// The day after the last complete one.
    pub to: Option<NaiveDate>,
    /// Days whose value is known.
    pub known_days: usize,
    /// Days in between that are not: without logs, or with requests of which none has a price.
    pub unknown_days: Vec<NaiveDate>,
    /// Days with logs that are left out because they are not complete.
    pub incomplete_days: Vec<NaiveDate>,
    /// Billed requests of the known days that have no full price, and are not, or not fully, in spend.
    pub unpriced_requests: u64,
}

/// Days looked back at where the question names no period.
const LOOKED_BACK_DAYS: u64 = 400;

/// A day's exact figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DayFigure {
    pub(super) day: NaiveDate,
    /// 10⁻¹⁴ USD, tokens or requests.
    pub(super) amount: i128,
    unpriced_requests: u64,
}

/// The complete days of a store, for one question.
pub(super) struct Days {
    /// Known days in order.
    pub(super) known: Vec<DayFigure>,
    /// The same as a series, in US dollars where it is money.
    pub(super) series: Option<Daily>,
    pub(super) history: DaysRead,
}

/// Follows the figure over the complete days before the present.
pub(super) fn days(basis: Basis<'_>, question: &SeriesQuestion) -> Result<Days, Error> {
    let zone = question.timezone;
    let today = question.now.with_timezone(&zone).date_naive();
    let earliest = today.checked_sub_days(chrono::Days::new(LOOKED_BACK_DAYS)).unwrap_or(today);
    let looked_back = Period { from: midnight(earliest, zone), to: question.now };
    let question =
        &SeriesQuestion { period: question.period.or(Some(looked_back)), ..question.clone() };
    let logged = logged_days(basis, question.period, zone)?;
    let logged = read_logged(&logged, zone).map_err(Error::Compute)?;
    let complete = complete(&logged, today);
    let figures = day_figures(basis, question)?;
    let mut known = Vec::new();
    for day in &complete {
        match figures.iter().find(|figure| figure.0 == *day) {
            // No such request on a day with logs of others: nothing, and known.
            None => known.push(DayFigure { day: *day, amount: 0, unpriced_requests: 0 }),
            Some((_, Some(amount), unpriced)) => {
                known.push(DayFigure { day: *day, amount: *amount, unpriced_requests: *unpriced });
            }
            Some((_, None, _)) => {}
        }
    }
    let series = Daily::of(known.iter().map(|day| (day.day, question.followed.number(day.amount))));
    let history = history(&complete, &logged, &known);
    Ok(Days { known, series, history })
}

impl Followed {
    /// An exact amount as a number for statistics.
    #[expect(clippy::cast_precision_loss, reason = "statistics; exact sums stay beside it")]
    fn number(self, amount: i128) -> f64 {
        match self {
            Self::CostUsd => Usd(amount).to_f64(),
            Self::TotalTokens | Self::Requests => amount as f64,
        }
    }

    fn metric(self) -> Metric {
        match self {
            Self::CostUsd => Metric::CostUsd,
            Self::TotalTokens => Metric::TotalTokens,
            Self::Requests => Metric::Requests,
        }
    }
}

fn history(complete: &[NaiveDate], logged: &[LoggedDay], known: &[DayFigure]) -> DaysRead {
    let (from, last) = (complete.first().copied(), complete.last().copied());
    let between = from
        .zip(last)
        .into_iter()
        .flat_map(|(from, last)| from.iter_days().take_while(move |day| *day <= last));
    let is_known = |day: &NaiveDate| known.binary_search_by_key(day, |figure| figure.day).is_ok();
    let left_out = logged.iter().map(|day| day.day).filter(|day| !complete.contains(day));
    DaysRead {
        from,
        to: last.and_then(|day| day.succ_opt()),
        known_days: known.len(),
        unknown_days: between.filter(|day| !is_known(day)).collect(),
        incomplete_days: left_out.collect(),
        unpriced_requests: known.iter().map(|day| day.unpriced_requests).sum(),
    }
}

fn read_logged(frame: &DataFrame, zone: Tz) -> PolarsResult<Vec<LoggedDay>> {
    let days = frame.column(dimension::DAY)?.date()?.clone();
    let first = frame.column(derived::FROM)?.i64()?.clone();
    let last = frame.column(derived::TO)?.i64()?.clone();
    let rows = days.as_date_iter().zip(first.iter().zip(last.iter()));
    let read = rows.filter_map(|(day, (first, last))| {
        let day: NaiveDate = day?;
        let start = midnight(day, zone).timestamp_millis();
        Some(LoggedDay { day, first_s: (first? - start) / 1000, last_s: (last? - start) / 1000 })
    });
    Ok(read.collect())
}

/// Day, amount (none when nothing of a billed day has a price), requests without a full price.
type DayRow = (NaiveDate, Option<i128>, u64);

fn day_figures(basis: Basis<'_>, question: &SeriesQuestion) -> Result<Vec<DayRow>, Error> {
    let (zone, period) = (question.timezone, question.period);
    let metrics = vec![question.followed.metric(), Metric::UnpricedRequests];
    let query = UsageQuery { by: vec![Dimension::Day], metrics, timezone: zone };
    let wanted = Wanted { basis, period, filter: question.filter.as_ref() };
    let frame = wanted.answered(&query)?;
    read_figures(&frame, question.followed).map_err(Error::Compute)
}

fn read_figures(frame: &DataFrame, followed: Followed) -> PolarsResult<Vec<DayRow>> {
    let column = match followed {
        Followed::CostUsd => COST_UNITS,
        other => other.name(),
    };
    let amounts = frame.column(column)?.cast(&DataType::Int128)?;
    let unpriced = frame.column(metric::UNPRICED_REQUESTS)?.cast(&DataType::UInt64)?;
    let (days, amounts, unpriced) =
        (frame.column(dimension::DAY)?.str()?, amounts.i128()?, unpriced.u64()?);
    let rows = days.iter().zip(amounts.iter().zip(unpriced.iter()));
    let read = rows.filter_map(|(day, (amount, unpriced))| {
        let day = day?.parse().ok()?;
        let unpriced = unpriced.unwrap_or(0);
        // Requests that are not billed cost nothing; requests without a price are unknown.
        Some((day, amount.or((unpriced == 0).then_some(0)), unpriced))
    });
    Ok(read.collect())
}

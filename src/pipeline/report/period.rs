//! Which period a report is about, and which it is compared with.

use chrono::{DateTime, NaiveDate, Utc};
use polars::prelude::col;

use super::super::Error;
use super::ReportRequest;
use crate::period::{Cadence, Period};
use crate::report::Kind;
use crate::schema::Table;
use crate::schema::invocation::EVENT_TIME;
use crate::store::Reader;

/// Which period a report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeriodChoice {
    /// The last one that was over at the present time.
    LastComplete,
    /// The last one, over at the present time, to whose last day the data reaches.
    LastInData,
    /// The one that holds this day.
    Holding(NaiveDate),
    /// Exactly this range; compared with as many months, or as long a time, before.
    Range(Period),
}

/// What a report's period is compared with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Comparison {
    /// The period just before.
    #[default]
    Previous,
    /// The same period a year before: for weeks and days the same weekdays.
    Year,
    /// Exactly this range.
    Range(Period),
}

/// The time that a report is about: its period and the one it is compared with. `None` where only the
/// data tells the period.
pub fn report_range(request: &ReportRequest) -> Option<Period> {
    let period = chosen(request)?;
    let other = compared(request, period);
    Some(Period { from: period.from.min(other.from), to: period.to.max(other.to) })
}

/// The period asked for and the one it is compared with.
pub(super) fn periods(store: &Reader, request: &ReportRequest) -> Result<(Period, Period), Error> {
    let period = match chosen(request) {
        Some(period) => period,
        None => last_in_data(store, request.kind, request.timezone)?,
    };
    Ok((period, compared(request, period)))
}

fn chosen(request: &ReportRequest) -> Option<Period> {
    let zone = request.timezone;
    let cadence = request.kind.cadence();
    let today = request.now.with_timezone(&zone).date_naive();
    match request.choice {
        PeriodChoice::LastComplete => Some(cadence.before(cadence.period_of(today, zone), zone)),
        PeriodChoice::Holding(day) => Some(cadence.period_of(day, zone)),
        PeriodChoice::Range(period) => Some(period),
        PeriodChoice::LastInData => None,
    }
}

fn compared(request: &ReportRequest, period: Period) -> Period {
    against(request, period, !matches!(request.choice, PeriodChoice::Range(_)))
}

fn against(request: &ReportRequest, period: Period, is_calendar: bool) -> Period {
    let zone = request.timezone;
    let cadence = request.kind.cadence();
    match request.comparison {
        Comparison::Range(range) => range,
        Comparison::Previous if is_calendar => cadence.before(period, zone),
        Comparison::Previous => period.counterpart(zone),
        Comparison::Year => match cadence {
            Cadence::Daily | Cadence::Weekly => period.weeks_before(52, zone),
            _ => period.months_before(12, zone),
        },
    }
}

fn last_in_data(store: &Reader, kind: Kind, zone: chrono_tz::Tz) -> Result<Period, Error> {
    let cadence = kind.cadence();
    let newest = newest(store)?.with_timezone(&zone).date_naive();
    let period = cadence.period_of(newest, zone);
    let before = cadence.before(period, zone);
    let is_whole = period.local_days(zone).last() == Some(newest);
    Ok(if is_whole || !has_logs(store, before)? { period } else { before })
}

fn newest(store: &Reader) -> Result<DateTime<Utc>, Error> {
    let newest = store
        .scan(Table::Invocations, None)?
        .select([col(EVENT_TIME).max().cast(polars::prelude::DataType::Int64)])
        .collect()
        .and_then(|frame| Ok(frame.column(EVENT_TIME)?.i64()?.get(0)))
        .map_err(Error::Compute)?;
    newest
        .and_then(DateTime::from_timestamp_millis)
        .ok_or(Error::NoData { what: "invocation logs", period: String::new() })
}

fn has_logs(store: &Reader, period: Period) -> Result<bool, Error> {
    let rows = store.scan(Table::Invocations, Some(period))?.limit(1).collect();
    Ok(rows.map_err(Error::Compute)?.height() > 0)
}

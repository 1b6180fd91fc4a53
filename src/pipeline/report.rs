//! The journey of a report: choose the period, scan and price, build the value.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use chrono_tz::Tz;
use polars::prelude::{IntoLazy, col};

use super::drivers::driver_tree;
use super::error::phrase;
use super::{Error, figures};
use crate::metrics::cells::{self, Requests};
use crate::metrics::efficiency::REPEAT_WINDOW_MS;
use crate::period::{Cadence, Period};
use crate::prices::{CacheConvention, PriceBook};
use crate::report::parts::Report;
use crate::report::{self, Inputs, PriceFacts};
use crate::schema::Table;
use crate::schema::invocation::EVENT_TIME;
use crate::store::Reader;

/// How far the join with CloudTrail looks beyond the period.
const JOIN_MARGIN: Duration = Duration::days(1);

/// Which period a report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeriodChoice {
    /// The last one that was over at the present time.
    LastComplete,
    /// The last one, over at the present time, to whose last day the data reaches.
    LastInData,
    /// The one that holds this day.
    Holding(NaiveDate),
    /// Exactly this range; compared with the range of the same length before.
    Range(Period),
}

/// What report to make.
#[derive(Debug, Clone)]
pub struct ReportRequest {
    /// The period.
    pub choice: PeriodChoice,
    /// The zone that days and hours are cut in.
    pub timezone: Tz,
    /// The present time.
    pub now: DateTime<Utc>,
    /// The source of a one-shot report, for the command that repeats it.
    pub source: Option<String>,
}

/// The weekly business report.
///
/// # Errors
/// When the store holds nothing for the period, or can't be read.
pub fn weekly(store: &Reader, book: &PriceBook, request: &ReportRequest) -> Result<Report, Error> {
    let (period, previous_period) = periods(store, request)?;
    let inputs = inputs(store, book, request, period, previous_period)?;
    report::weekly(&inputs).map_err(Error::Compute)
}

/// The period that a report would be about.
///
/// # Errors
/// When the store holds nothing, or can't be read.
pub fn report_period(store: &Reader, request: &ReportRequest) -> Result<Period, Error> {
    periods(store, request).map(|(period, _)| period)
}

fn inputs(
    store: &Reader,
    book: &PriceBook,
    request: &ReportRequest,
    period: Period,
    previous_period: Period,
) -> Result<Inputs, Error> {
    let around = Period { from: period.from - JOIN_MARGIN, to: period.to + JOIN_MARGIN };
    let objects = store.objects_in(period)?;
    if objects.read == 0 {
        return Err(Error::NoData { what: "logs", period: phrase(period) });
    }
    let today = request.now.date_naive();
    Ok(Inputs {
        period,
        previous_period,
        timezone: request.timezone,
        generated: request.now,
        current: summed_up(store, book, request.timezone, period)?,
        previous: summed_up(store, book, request.timezone, previous_period)?,
        previous_invocations: figures::invocations(store, Some(before(previous_period)))?,
        drivers: driver_tree(store, book, request.timezone, [previous_period, period])?,
        invocations: store.scan(Table::Invocations, Some(around))?,
        api_events: store.scan(Table::ApiEvents, Some(around))?,
        rejects: store.scan(Table::Rejects, Some(period))?,
        objects: report::Objects { read: objects.read, duplicates: objects.duplicates },
        prices: PriceFacts {
            newest_source: book.newest_source_date(),
            age_days: book.age_days(today),
            is_stale: book.is_stale(today),
            models: book.models().len(),
            rows: book.rows().len(),
            cached_inside: figures::cached_inside(
                figures::invocations(store, Some(period))?,
                book,
            )?
            .map(|(documented, as_logged)| report::CachedInside {
                documented,
                as_logged,
                charged_as_logged: book.cache_convention() == CacheConvention::AsLogged,
            }),
        },
        version: env!("CARGO_PKG_VERSION"),
        reproduce: reproduce(request, period),
    })
}

/// Reads the rows of a period once: a report asks some thirty questions, all of their sums.
fn summed_up(
    store: &Reader,
    book: &PriceBook,
    timezone: Tz,
    period: Period,
) -> Result<Requests, Error> {
    let rows = figures::invocations(store, Some(period))?;
    let cells = figures::priced_cells(rows.clone(), book, &report::grain::sums(timezone))?;
    let values = cells::values(rows, &report::grain::values(timezone)).map_err(Error::Compute)?;
    let read = |frame| figures::collect(frame).map(IntoLazy::lazy);
    Ok(Requests { cells: read(cells)?, values: read(values)? })
}

/// The period with the time before it in which a prompt may have been sent first.
fn before(period: Period) -> Period {
    Period { from: period.from - Duration::milliseconds(REPEAT_WINDOW_MS), to: period.to }
}

/// The period asked for and the one before it.
fn periods(store: &Reader, request: &ReportRequest) -> Result<(Period, Period), Error> {
    let zone = request.timezone;
    let cadence = Cadence::Weekly;
    let of_day = |day: NaiveDate| {
        let period = cadence.period_of(day, zone);
        (period, cadence.before(period, zone))
    };
    let today = request.now.with_timezone(&zone).date_naive();
    let last_complete = cadence.before(cadence.period_of(today, zone), zone);
    Ok(match request.choice {
        PeriodChoice::LastComplete => (last_complete, cadence.before(last_complete, zone)),
        PeriodChoice::Holding(day) => of_day(day),
        PeriodChoice::Range(period) => {
            let length = period.to - period.from;
            (period, Period { from: period.from - length, to: period.from })
        }
        PeriodChoice::LastInData => {
            let newest = newest(store)?.with_timezone(&zone).date_naive();
            let (period, before) = of_day(newest);
            let last_day = period.local_days(zone).last();
            if last_day == Some(newest) || !has_logs(store, before)? {
                (period, before)
            } else {
                (before, cadence.before(before, zone))
            }
        }
    })
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

fn reproduce(request: &ReportRequest, period: Period) -> String {
    let time = |at: DateTime<Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let mut command = format!(
        "bedrock-lens report weekly --from {} --to {} --as-of {}",
        time(period.from),
        time(period.to),
        time(request.now)
    );
    if request.timezone != Tz::UTC {
        command = format!("{command} --timezone {}", request.timezone.name());
    }
    if let Some(source) = &request.source {
        command = format!("{command} --source {source}");
    }
    command
}

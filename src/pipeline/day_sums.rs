//! Days summed up: kept by the store, made where they are missing, with the rows of a period's edges
//! summed up the same way.

use chrono::{DateTime, Duration, DurationRound, NaiveDate, Utc};
use chrono_tz::Tz;
use polars::prelude::{IntoLazy, LazyFrame, Schema, UnionArgs, concat};

use super::Error;
use super::figures::{self, collect};
use crate::metrics::cost::cells::Steps;
use crate::metrics::kept::cast_to;
use crate::metrics::window::in_period;
use crate::metrics::{event_summary, summary};
use crate::period::{Period, midnight};
use crate::prices::PriceBook;
use crate::schema::Table;
use crate::store::{Reader, Summed, SummedDay};

/// Days of so many rows in all are summed up together: what is looked at beside them is read once, and
/// memory stays bounded.
const MOST_ROWS: u64 = 700_000;

/// A shorter period is read from rows: less than a day of them, where a summary is of a whole one.
const LEAST: Duration = Duration::days(1);

/// What days are summed up to, and how.
pub(super) trait DaySums {
    /// What the store keeps.
    fn kept(&self) -> Summed;

    /// The rows.
    fn store(&self) -> &Reader;

    /// What the sums depend on beside the rows.
    fn how(&self) -> String;

    /// The columns of the sums, as they are kept: those of rows may be wider.
    fn schema(&self) -> Schema;

    /// The sums of a period's rows, by UTC hour at least.
    fn of_rows(&self, period: Period) -> Result<LazyFrame, Error>;

    /// Whether a day's rows can be summed up at all.
    fn can_sum(&self, _day: Period) -> Result<bool, Error> {
        Ok(true)
    }
}

/// The days of a period, summed up.
pub(super) struct Days {
    /// The sums, of several days and hours.
    pub(super) sums: LazyFrame,
    /// The first and the last UTC day with rows.
    pub(super) ends: Ends,
}

/// The first and the last day.
pub(super) type Ends = (NaiveDate, NaiveDate);

/// The days of a period from what is kept; none where the store can't keep them, a day can't be summed
/// up, or there are fewer rows to be read than to be summed up.
pub(super) fn days(of: &impl DaySums, period: Option<Period>) -> Result<Option<Days>, Error> {
    if period.is_some_and(|period| period.to - period.from < LEAST) {
        return Ok(None);
    }
    let store = of.store();
    let days = store.days_to_sum(of.kept(), period, &of.how())?;
    let Some((first, last)) = days.first().zip(days.last()) else { return Ok(None) };
    let ends = (first.day, last.day);
    let missing = days.iter().filter(|day| !store.is_summed(day)).cloned().collect::<Vec<_>>();
    if !missing.is_empty() && !store.can_keep_summaries() {
        return Ok(None);
    }
    for days in together(missing) {
        if !sum_up(of, &days)? {
            return Ok(None);
        }
    }
    let summed = store.scan_summaries(&days, of.schema())?;
    let Some(period) = period else { return Ok(Some(Days { sums: summed, ends })) };
    let whole = whole_hours(period);
    let mut sums = vec![in_period(summed, whole)];
    for (from, to) in [(period.from, whole.from), (whole.to, period.to)] {
        if from < to {
            sums.push(of.of_rows(Period { from, to })?);
        }
    }
    let widened = UnionArgs { to_supertypes: true, ..UnionArgs::default() };
    let sums = concat(sums, widened).map_err(Error::Compute)?;
    Ok(Some(Days { sums, ends }))
}

/// The sums of a period, from its rows where there is nothing kept to read them from.
pub(super) fn sums(of: &impl DaySums, period: Period) -> Result<LazyFrame, Error> {
    match days(of, Some(period))? {
        Some(days) => Ok(days.sums),
        None => of.of_rows(period),
    }
}

/// Counts of a period's events, by what [`event_summary`] tells them apart by.
pub(super) fn event_counts(store: &Reader, period: Option<Period>) -> Result<LazyFrame, Error> {
    if let Some(days) = days(&EventSums { store }, period)? {
        return Ok(days.sums);
    }
    Ok(event_summary::each_counted(store.scan(Table::ApiEvents, period)?))
}

/// Counts of a period's requests, by what [`summary`] tells them apart by.
pub(super) fn request_counts(
    store: &Reader,
    book: &PriceBook,
    period: Option<Period>,
) -> Result<LazyFrame, Error> {
    match days(&RequestSums::new(store, book), period)? {
        Some(days) => Ok(summary::counted(days.sums)),
        None => Ok(summary::each_counted(figures::invocations(store, period)?)),
    }
}

/// Days that follow one another, a bounded number of rows each.
fn together(days: Vec<SummedDay>) -> Vec<Vec<SummedDay>> {
    let mut all: Vec<Vec<SummedDay>> = Vec::new();
    for day in days {
        if let Some(before) = all.last_mut()
            && before.last().and_then(|last| last.day.succ_opt()) == Some(day.day)
            && before.iter().map(|one| one.rows).sum::<u64>() + day.rows <= MOST_ROWS
        {
            before.push(day);
        } else {
            all.push(vec![day]);
        }
    }
    all
}

/// Sums days up that follow one another, and keeps that; false where that can't be.
fn sum_up(of: &impl DaySums, days: &[SummedDay]) -> Result<bool, Error> {
    let Some((first, last)) = days.first().zip(days.last()) else { return Ok(true) };
    let period = Period { from: of_day(first).from, to: of_day(last).to };
    if !of.can_sum(period)? {
        return Ok(false);
    }
    let sums = collect(of.of_rows(period)?.select(cast_to(&of.schema())))?;
    for day in days {
        let summary = collect(in_period(sums.clone().lazy(), of_day(day)))?;
        if !of.store().keep_summary(day, summary) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn of_day(day: &SummedDay) -> Period {
    let from = midnight(day.day, Tz::UTC);
    Period { from, to: from + Duration::days(1) }
}

/// The whole UTC hours of a period.
fn whole_hours(period: Period) -> Period {
    let hour = Duration::hours(1);
    let down = |at: DateTime<Utc>| at.duration_trunc(hour).unwrap_or(at);
    let first = down(period.from);
    let from = if first < period.from { first + hour } else { first };
    Period { from, to: down(period.to) }
}

/// Whether no request of a day holds a number that is too large to be added up with others.
pub(super) fn can_be_added_up(store: &Reader, day: Period) -> Result<bool, Error> {
    let beyond = collect(summary::beyond(figures::invocations(store, Some(day))?))?;
    Ok(figures::only_count(&beyond)? == 0)
}

/// Requests, as finely as most questions ask.
pub(super) struct RequestSums<'a> {
    store: &'a Reader,
    steps: Steps,
}

impl<'a> RequestSums<'a> {
    pub(super) fn new(store: &'a Reader, book: &PriceBook) -> Self {
        Self { store, steps: figures::steps(book) }
    }
}

impl DaySums for RequestSums<'_> {
    fn kept(&self) -> Summed {
        Summed::Requests
    }

    fn store(&self) -> &Reader {
        self.store
    }

    fn how(&self) -> String {
        format!("{} {:?}", summary::VERSION, self.steps.thresholds)
    }

    fn schema(&self) -> Schema {
        summary::schema()
    }

    fn of_rows(&self, period: Period) -> Result<LazyFrame, Error> {
        Ok(summary::summary(figures::invocations(self.store, Some(period))?, &self.steps))
    }

    fn can_sum(&self, day: Period) -> Result<bool, Error> {
        can_be_added_up(self.store, day)
    }
}

/// CloudTrail's events.
struct EventSums<'a> {
    store: &'a Reader,
}

impl DaySums for EventSums<'_> {
    fn kept(&self) -> Summed {
        Summed::Events
    }

    fn store(&self) -> &Reader {
        self.store
    }

    fn how(&self) -> String {
        event_summary::VERSION.to_string()
    }

    fn schema(&self) -> Schema {
        event_summary::schema()
    }

    fn of_rows(&self, period: Period) -> Result<LazyFrame, Error> {
        Ok(event_summary::summary(self.store.scan(Table::ApiEvents, Some(period))?))
    }
}

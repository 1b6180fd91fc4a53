//! The journey to what what-ifs read: calls by the hour, from days that were summed up before where those
//! can answer, with what is nearer to the end of the data than an answer needs read from rows.

use chrono::{DateTime, Duration, DurationRound, NaiveDate, Utc};
use chrono_tz::Tz;
use polars::prelude::{DataFrame, IntoLazy, LazyFrame, Schema, UnionArgs, concat};

use super::allocation::extent;
use super::day_sums::{self, DaySums, can_be_added_up};
use super::figures::{self, Basis};
use super::{Error, error::phrase};
use crate::metrics::cost::cells::{Found, Steps, extremes};
use crate::metrics::efficiency::REPEAT_WINDOW_MS;
use crate::metrics::filter::Filter;
use crate::metrics::kept::cast_to;
use crate::metrics::what_if::caching::{Cached, LONGEST_TTL_MS};
use crate::metrics::what_if::calls::{Calls, Sieve};
use crate::metrics::what_if::cells::Cells;
use crate::metrics::what_if::groups::Classes;
use crate::metrics::what_if::hours::{self, VERSION};
use crate::metrics::what_if::repeats::SentAgain;
use crate::period::{Period, midnight};
use crate::schema::Table;
use crate::store::{Reader, Summed};

/// Which calls, and what they are told apart by.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    /// What figures are made from.
    pub(super) basis: Basis<'a>,
    /// Which calls; none: all.
    pub(super) filter: Option<&'a Filter>,
    /// The zone that a filter's days are cut in.
    pub(super) zone: Tz,
    /// Bounds on the size of requests.
    pub(super) classes: &'a Classes,
}

impl Asked<'_> {
    /// The calls of a period per cell; without one, all.
    pub(super) fn cells(self, period: Option<Period>) -> Result<Cells, Error> {
        let steps = figures::steps(self.basis.book);
        let (hours, found) = self.hours(period, &steps)?;
        let of = (&found, &steps, self.classes);
        Cells::of(hours, of, self.basis.book).map_err(Error::Compute)
    }

    fn hours(self, period: Option<Period>, steps: &Steps) -> Result<(LazyFrame, Found), Error> {
        let store = self.basis.store;
        let no_data = || Error::NoData {
            what: "invocations",
            period: period.map(phrase).unwrap_or_default(),
        };
        let Some((first, last)) = store.days(Table::Invocations)? else { return Err(no_data()) };
        let (first, after) =
            (midnight(first, Tz::UTC), midnight(last, Tz::UTC) + Duration::days(1));
        let period = period.unwrap_or(Period { from: first, to: after });
        if self.filter.is_none() {
            let kept = CallHours { store, steps, classes: self.classes };
            if let Some(hours) = kept.of_period(period)? {
                return Ok(hours);
            }
        }
        let rows =
            figures::selected(self.basis, Some(around(period)), self.filter, &[], self.zone)?;
        let found = Found::read(&figures::collect(extremes(rows.clone()))?);
        let found = found.map_err(Error::Compute)?;
        let data_to = extent(rows.clone())?.map(|extent| extent.to);
        let sieve = Sieve::new(found.clone(), steps.clone(), self.classes.clone());
        let hours = summed_up(rows, sieve, period, data_to)?.ok_or_else(no_data)?;
        Ok((hours.lazy(), found))
    }
}

/// The period with what its calls are compared with: prompts sent before, reads from the cache after.
fn around(period: Period) -> Period {
    Period {
        from: period.from - Duration::milliseconds(REPEAT_WINDOW_MS),
        to: period.to + Duration::milliseconds(LONGEST_TTL_MS),
    }
}

/// The hours of rows; none of no rows.
fn summed_up(
    rows: LazyFrame,
    sieve: Sieve,
    period: Period,
    data_to: Option<DateTime<Utc>>,
) -> Result<Option<DataFrame>, Error> {
    let sieved = figures::collect(sieve.sieved(rows.clone()))?;
    if sieved.height() == 0 {
        return Ok(None);
    }
    let told = |calls: &Calls| Ok((Cached::of(calls)?, SentAgain::of(calls)?));
    let mut calls = Calls::new(sieve, &sieved).map_err(Error::Compute)?;
    let (mut cached, mut again) = told(&calls).map_err(Error::Compute)?;
    // Ids are read only of instants where the order of calls matters, which are few.
    let mut undecided = cached.undecided().map_err(Error::Compute)?;
    undecided.extend(again.undecided().map_err(Error::Compute)?);
    if !undecided.is_empty() {
        let at = figures::collect(calls.sieve().sieved_at(rows, &undecided))?;
        calls = calls.with_ids(&at, &undecided).map_err(Error::Compute)?;
        (cached, again) = told(&calls).map_err(Error::Compute)?;
    }
    let hours = hours::hours(&calls, &cached, &again, period, data_to);
    hours.collect().map(Some).map_err(Error::Compute)
}

/// Calls by the hour, as a store keeps them.
struct CallHours<'a> {
    store: &'a Reader,
    steps: &'a Steps,
    classes: &'a Classes,
}

impl CallHours<'_> {
    /// The hours of a period, and what they may hold; none where they can't be kept.
    ///
    /// What is kept of a write to the cache takes the data to go on for an hour. The hours in which it
    /// doesn't are read from rows.
    fn of_period(&self, period: Period) -> Result<Option<(LazyFrame, Found)>, Error> {
        let Some(data_to) = self.data_to(period)? else { return Ok(None) };
        let last_known = data_to - Duration::milliseconds(LONGEST_TTL_MS - 1);
        let hour = Duration::hours(1);
        let known_to = last_known.duration_trunc(hour).unwrap_or(last_known).min(period.to);
        let Some(days) = day_sums::days(self, Some(Period { to: known_to, ..period }))? else {
            return Ok(None);
        };
        let mut hours = days.sums;
        if known_to < period.to {
            let last = Period { from: known_to, ..period };
            if !can_be_added_up(self.store, last)? {
                return Ok(None);
            }
            let last = self.of_rows_until(last, Some(data_to))?;
            let widened = UnionArgs { to_supertypes: true, ..UnionArgs::default() };
            hours = concat([hours, last], widened).map_err(Error::Compute)?;
        }
        let last_day = (period.to - Duration::milliseconds(1)).date_naive();
        Ok(Some((hours, Found::anything((days.ends.0, days.ends.1.max(last_day))))))
    }

    /// Where the data ends, as far as an hour after the period; none where it has none.
    fn data_to(&self, period: Period) -> Result<Option<DateTime<Utc>>, Error> {
        let after = Period { from: period.to, to: around(period).to };
        if let Some(after) = extent(figures::invocations(self.store, Some(after))?)? {
            return Ok(Some(after.to));
        }
        let Some(last) = self.store.last_day(Table::Invocations, period)? else { return Ok(None) };
        let from = midnight(last, Tz::UTC).max(period.from);
        match extent(figures::invocations(self.store, Some(Period { from, ..period }))?)? {
            Some(last) => Ok(Some(last.to)),
            // What counts on that day lies outside of the period, or counts on another.
            None => Ok(extent(figures::invocations(self.store, Some(period))?)?.map(|all| all.to)),
        }
    }

    fn of_rows_until(
        &self,
        period: Period,
        data_to: Option<DateTime<Utc>>,
    ) -> Result<LazyFrame, Error> {
        let rows = figures::invocations(self.store, Some(around(period)))?;
        let day = NaiveDate::MIN;
        let found = Found::anything((day, day)); // the day is told when hours are priced
        let sieve = Sieve::new(found, self.steps.clone(), self.classes.clone());
        Ok(match summed_up(rows, sieve, period, data_to)? {
            Some(hours) => hours.lazy().select(cast_to(&self.schema())),
            None => DataFrame::empty_with_schema(&self.schema()).lazy(),
        })
    }
}

impl DaySums for CallHours<'_> {
    fn kept(&self) -> Summed {
        Summed::WhatIfs
    }

    fn store(&self) -> &Reader {
        self.store
    }

    fn how(&self) -> String {
        format!("{VERSION} {:?} {:?}", self.steps.thresholds, self.classes)
    }

    fn schema(&self) -> Schema {
        hours::schema(self.steps)
    }

    fn of_rows(&self, period: Period) -> Result<LazyFrame, Error> {
        self.of_rows_until(period, None)
    }

    fn can_sum(&self, day: Period) -> Result<bool, Error> {
        can_be_added_up(self.store, day)
    }
}

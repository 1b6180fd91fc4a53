//! Requests of a period, added up: from days that were summed up before where those can answer, else
//! from rows. The answers are the same.

use chrono::{DateTime, Duration, DurationRound, NaiveDate, NaiveTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;
use polars::prelude::{DataFrame, IntoLazy, LazyFrame, UnionArgs, concat};

use super::Error;
use super::figures::{self, Basis, collect};
use crate::metrics::cells::{self, Grain, Requests, Rows};
use crate::metrics::cost::cells::{Found, Steps};
use crate::metrics::dimensions::Dimension;
use crate::metrics::filter::Filter;
use crate::metrics::usage::{UsageQuery, usage_of};
use crate::metrics::window::in_period;
use crate::metrics::{allocation, summary};
use crate::period::{Period, midnight};
use crate::schema::Table;
use crate::store::SummedDay;

/// A shorter period is read from rows: less than a day of them, where a summary is of a whole one.
const LEAST: Duration = Duration::days(1);

/// Which requests.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// What figures are made from.
    pub(super) basis: Basis<'a>,
    /// The period; none: everything.
    pub(super) period: Option<Period>,
    /// Which of its requests; none: all.
    pub(super) filter: Option<&'a Filter>,
}

impl Wanted<'_> {
    /// Added up, and the sums priced if money is asked for; read out, so that many questions cost one
    /// reading.
    pub(super) fn requests(self, grain: &Grain) -> Result<Requests, Error> {
        self.with_values(grain, grain)
    }

    /// As [`requests`](Self::requests), with values of another grain than the sums.
    pub(super) fn with_values(self, sums: &Grain, values: &Grain) -> Result<Requests, Error> {
        let cells = match self.unpriced(sums)? {
            cells if sums.needs_cost() => collect(figures::with_cost(&cells, self.basis.book)?)?,
            cells => cells,
        };
        Ok(Requests { cells: cells.lazy(), by: sums.by.clone(), values: self.values(values)? })
    }

    /// The metrics of a query.
    pub(super) fn answered(self, query: &UsageQuery) -> Result<DataFrame, Error> {
        let requests = self.requests(&query.grain())?;
        collect(usage_of(&requests, query).map_err(Error::Compute)?)
    }

    /// The values of single requests.
    pub(super) fn values(self, grain: &Grain) -> Result<LazyFrame, Error> {
        let rows = if grain.lists() {
            self.rows(grain)?
        } else {
            DataFrame::empty_with_schema(&Table::Invocations.schema()).lazy()
        };
        let values = cells::values(rows, grain).map_err(Error::Compute)?;
        collect(values).map(IntoLazy::lazy)
    }

    /// Added up; to be priced if money is asked for.
    pub(super) fn unpriced(self, grain: &Grain) -> Result<DataFrame, Error> {
        let Some((sums, days)) = self.summed_days(grain)? else {
            let rows = self.rows(grain)?;
            if grain.needs_cost() {
                return figures::unpriced_cells(rows, self.basis.book, grain);
            }
            return cells::cells(rows, grain).map_err(Error::Compute).and_then(collect);
        };
        let sums = figures::selected_of(sums, self.basis, self.filter, &grain.by, grain.timezone)?;
        let cells = if grain.needs_cost() {
            let found = Found::anything(days);
            let steps = figures::steps(self.basis.book);
            cells::cells_to_price(sums, Rows::Sums, grain, &found, &steps)
        } else {
            cells::cells_of_sums(sums, grain)
        };
        cells.map_err(Error::Compute).and_then(collect)
    }

    fn rows(self, grain: &Grain) -> Result<LazyFrame, Error> {
        figures::selected(self.basis, self.period, self.filter, &grain.by, grain.timezone)
    }

    /// The days of the period, summed up, and the first and the last of them; none where the question
    /// is about more than summaries tell, or the store can't keep them.
    fn summed_days(self, grain: &Grain) -> Result<Option<(LazyFrame, Ends)>, Error> {
        if !self.is_told(grain) || self.period.is_some_and(|period| period.to - period.from < LEAST)
        {
            return Ok(None);
        }
        let whole = self.period.map(whole_hours);
        let store = self.basis.store;
        let steps = figures::steps(self.basis.book);
        let how = format!("{} {:?}", summary::VERSION, steps.thresholds);
        let days = store.days_to_sum(Table::Invocations, self.period, &how)?;
        let ends = days.first().zip(days.last()).map(|(first, last)| (first.day, last.day));
        let Some(ends) = ends.filter(|ends| has_whole_hours(grain.timezone, *ends)) else {
            return Ok(None);
        };
        for day in &days {
            if !store.is_summed(day) && !self.sum_up(day, &steps)? {
                return Ok(None);
            }
        }
        let mut sums = vec![store.scan_summaries(&days, summary::schema())?];
        if let (Some(period), Some(whole)) = (self.period, whole) {
            let summed = sums.remove(0);
            sums.push(in_period(summed, whole));
            for edge in [(period.from, whole.from), (whole.to, period.to)] {
                if edge.0 < edge.1 {
                    let edge = Period { from: edge.0, to: edge.1 };
                    let rows = figures::invocations(store, Some(edge))?;
                    sums.push(summary::summary(rows, ends.0, &steps));
                }
            }
        }
        let sums = concat(sums, UnionArgs::default()).map_err(Error::Compute)?;
        Ok(Some((sums, ends)))
    }

    /// Sums a day up and keeps that; false where that can't be.
    fn sum_up(self, day: &SummedDay, steps: &Steps) -> Result<bool, Error> {
        let start = midnight(day.day, Tz::UTC);
        let period = Period { from: start, to: start + Duration::days(1) };
        let rows = figures::invocations(self.basis.store, Some(period))?;
        let beyond = collect(summary::beyond(rows.clone()))?;
        if figures::only_count(&beyond)? > 0 {
            return Ok(false);
        }
        let summary = collect(summary::summary(rows, day.day, steps))?;
        Ok(self.basis.store.keep_summary(day, summary))
    }

    /// Whether summaries hold everything that the question looks at.
    fn is_told(self, grain: &Grain) -> bool {
        let filter = self.filter;
        if filter.is_some_and(Filter::needs_cost) {
            return false;
        }
        let mut by = grain.by.clone();
        by.extend(filter.map(Filter::dimensions).unwrap_or_default());
        let mut columns: Vec<String> = filter
            .map(Filter::columns)
            .unwrap_or_default()
            .into_iter()
            .map(str::to_owned)
            .collect();
        for dimension in &by {
            match dimension {
                Dimension::Tag(_) => {}
                Dimension::Team | Dimension::CostCenter => {
                    columns.extend(allocation::columns(self.basis.rules));
                }
                calendar if calendar.is_calendar() => {}
                other => columns.push(other.column_name()),
            }
        }
        columns.iter().all(|column| summary::COLUMNS.contains(&column.as_str()))
    }
}

/// Whether the zone's hours begin where UTC's do, on all of the days and on those beside them.
fn has_whole_hours(zone: Tz, (first, last): Ends) -> bool {
    let is_whole = |day: NaiveDate| {
        zone.offset_from_utc_datetime(&day.and_time(NaiveTime::MIN)).fix().local_minus_utc() % 3600
            == 0
    };
    let days = first.iter_days().take_while(|day| *day <= last);
    days.chain(first.pred_opt()).chain(last.succ_opt()).all(is_whole)
}

/// The first and the last day.
type Ends = (NaiveDate, NaiveDate);

/// The whole UTC hours of a period.
fn whole_hours(period: Period) -> Period {
    let hour = Duration::hours(1);
    let down = |at: DateTime<Utc>| at.duration_trunc(hour).unwrap_or(at);
    let first = down(period.from);
    let from = if first < period.from { first + hour } else { first };
    Period { from, to: down(period.to) }
}

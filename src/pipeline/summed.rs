//! Requests of a period, added up: from days that were summed up before where those can answer, else
//! from rows. The answers are the same.

use chrono::{NaiveDate, NaiveTime, Offset, TimeZone};
use chrono_tz::Tz;
use polars::prelude::{DataFrame, IntoLazy, LazyFrame};

use super::Error;
use super::day_sums::{self, Days, Ends, RequestSums};
use super::figures::{self, Basis, collect};
use crate::metrics::cells::{self, Grain, Requests, Rows};
use crate::metrics::cost::cells::Found;
use crate::metrics::dimensions::Dimension;
use crate::metrics::filter::Filter;
use crate::metrics::usage::{UsageQuery, usage_of};
use crate::metrics::{allocation, summary};
use crate::period::Period;
use crate::schema::Table;

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
        let values = if !grain.lists() {
            cells::values(DataFrame::empty_with_schema(&Table::Invocations.schema()).lazy(), grain)
        } else if let Some(days) = self.summed_days(grain)? {
            cells::values_of_sums(self.selected_of(days.sums, grain)?, grain)
        } else {
            cells::values(self.rows(grain)?, grain)
        };
        collect(values.map_err(Error::Compute)?).map(IntoLazy::lazy)
    }

    /// Added up; to be priced if money is asked for.
    pub(super) fn unpriced(self, grain: &Grain) -> Result<DataFrame, Error> {
        let Some(Days { sums, ends }) = self.summed_days(grain)? else {
            let rows = self.rows(grain)?;
            if grain.needs_cost() {
                return figures::unpriced_cells(rows, self.basis.book, grain);
            }
            return cells::cells(rows, grain).map_err(Error::Compute).and_then(collect);
        };
        let sums = self.selected_of(sums, grain)?;
        let cells = if grain.needs_cost() {
            let found = Found::anything(ends);
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

    fn selected_of(self, sums: LazyFrame, grain: &Grain) -> Result<LazyFrame, Error> {
        figures::selected_of(sums, self.basis, self.filter, &grain.by, grain.timezone)
    }

    /// The days of the period, summed up; none where the question is about more than summaries tell, or
    /// the store can't keep them.
    fn summed_days(self, grain: &Grain) -> Result<Option<Days>, Error> {
        let zone = grain.timezone;
        let has_whole_hours_then = |period: Period| has_whole_hours(zone, period.utc_days());
        if !self.is_told(grain) || !self.period.is_none_or(has_whole_hours_then) {
            return Ok(None);
        }
        let sums = RequestSums::new(self.basis.store, self.basis.book);
        let days = day_sums::days(&sums, self.period)?;
        Ok(days.filter(|days| has_whole_hours(zone, days.ends)))
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
pub(super) fn has_whole_hours(zone: Tz, (first, last): Ends) -> bool {
    let is_whole = |day: NaiveDate| {
        zone.offset_from_utc_datetime(&day.and_time(NaiveTime::MIN)).fix().local_minus_utc() % 3600
            == 0
    };
    let days = first.iter_days().take_while(|day| *day <= last);
    days.chain(first.pred_opt()).chain(last.succ_opt()).all(is_whole)
}

//! What detections look for, of days that were looked through before.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use polars::prelude::{LazyFrame, PolarsError, PolarsResult, Schema};

use super::Error;
use super::day_sums::{self, DaySums, Days};
use super::detections::table_rows;
use crate::audit::detections::{FollowedRule, Kept, PickedRows, Rule};
use crate::metrics::kept::columns;
use crate::period::Period;
use crate::prices::PriceBook;
use crate::schema::Table;
use crate::store::{Reader, Summed};

/// What is kept for the rules of a period.
pub(super) struct KeptFindings<'a> {
    pub(super) store: &'a Reader,
    pub(super) book: &'a PriceBook,
    pub(super) period: Period,
    /// Where the history before the period begins.
    pub(super) history_from: DateTime<Utc>,
    /// Whether all rules are asked: the rows of some are not worth being kept for themselves.
    pub(super) asks_all: bool,
}

impl Kept for KeptFindings<'_> {
    fn followers(&self, rule: &Rule) -> PolarsResult<Option<LazyFrame>> {
        let begins = self.period.from;
        // What began in the hour before the period is told apart from what began in it.
        let is_whole = begins.duration_trunc(TimeDelta::hours(1)).is_ok_and(|hour| hour == begins);
        let Some(followed) = FollowedRule::of(rule).filter(|_| is_whole) else { return Ok(None) };
        sums(day_sums::days(&Followers { of: self, rule, followed }, Some(self.period)))
    }

    fn picked(&self, wanted: &PickedRows) -> PolarsResult<Option<LazyFrame>> {
        if !self.asks_all {
            return Ok(None);
        }
        let from = if wanted.with_history { self.history_from } else { self.period.from };
        let period = Period { from, to: self.period.to };
        sums(day_sums::days(&Picks { of: self, wanted }, Some(period)))
    }
}

fn sums(days: Result<Option<Days>, Error>) -> PolarsResult<Option<LazyFrame>> {
    match days {
        Ok(days) => Ok(days.map(|days| days.sums)),
        Err(Error::Compute(error)) => Err(error),
        Err(error) => Err(PolarsError::ComputeError(error.to_string().into())),
    }
}

/// Rows that follow in a sequence, by hour.
struct Followers<'a> {
    of: &'a KeptFindings<'a>,
    rule: &'a Rule,
    followed: FollowedRule<'a>,
}

impl DaySums for Followers<'_> {
    fn kept(&self) -> Summed {
        match self.rule.table {
            Table::Invocations => Summed::CallSequences,
            _ => Summed::EventSequences,
        }
    }

    fn store(&self) -> &Reader {
        self.of.store
    }

    fn how(&self) -> String {
        self.followed.text()
    }

    fn schema(&self) -> Schema {
        self.followed.schema()
    }

    fn of_rows(&self, period: Period) -> Result<LazyFrame, Error> {
        let around = self.followed.around(period);
        let of = (self.of.store, self.of.book);
        let rows = table_rows(of, self.rule.table, around, around.from)?;
        let followers = self.followed.followers(&rows, period).map_err(Error::Compute)?;
        Ok(followers.select(columns(&self.schema())))
    }
}

/// Rows that rules look at one by one.
struct Picks<'a> {
    of: &'a KeptFindings<'a>,
    wanted: &'a PickedRows,
}

impl DaySums for Picks<'_> {
    fn kept(&self) -> Summed {
        match self.wanted.table {
            Table::Invocations => Summed::CallPicks,
            _ => Summed::EventPicks,
        }
    }

    fn store(&self) -> &Reader {
        self.of.store
    }

    fn how(&self) -> String {
        self.wanted.text()
    }

    fn schema(&self) -> Schema {
        self.wanted.schema()
    }

    fn of_rows(&self, period: Period) -> Result<LazyFrame, Error> {
        let of = (self.of.store, self.of.book);
        let rows = table_rows(of, self.wanted.table, period, period.from)?;
        self.wanted.of(&rows).map_err(Error::Compute)
    }
}

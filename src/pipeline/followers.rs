//! What follows in sequences that detections look for, of days that were summed up before.

use chrono::{DurationRound, TimeDelta};
use polars::prelude::{LazyFrame, PolarsError, PolarsResult, Schema};

use super::Error;
use super::day_sums::{self, DaySums};
use super::detections::table_rows;
use crate::audit::detections::{FollowedRule, KeptFollowers, Rule};
use crate::metrics::kept::columns;
use crate::period::Period;
use crate::prices::PriceBook;
use crate::schema::Table;
use crate::store::{Reader, Summed};

/// The followers in the rows of a period.
pub(super) struct Followers<'a> {
    pub(super) store: &'a Reader,
    pub(super) book: &'a PriceBook,
    pub(super) period: Period,
}

impl KeptFollowers for Followers<'_> {
    fn of(&self, rule: &Rule) -> PolarsResult<Option<LazyFrame>> {
        let begins = self.period.from;
        // What began in the hour before the period is told apart from what began in it.
        let is_whole = begins.duration_trunc(TimeDelta::hours(1)).is_ok_and(|hour| hour == begins);
        let Some(followed) = FollowedRule::of(rule).filter(|_| is_whole) else { return Ok(None) };
        let of_rule = OfRule { of: self, rule, followed };
        match day_sums::days(&of_rule, Some(self.period)) {
            Ok(days) => Ok(days.map(|days| days.sums)),
            Err(Error::Compute(error)) => Err(error),
            Err(error) => Err(PolarsError::ComputeError(error.to_string().into())),
        }
    }
}

struct OfRule<'a> {
    of: &'a Followers<'a>,
    rule: &'a Rule,
    followed: FollowedRule<'a>,
}

impl DaySums for OfRule<'_> {
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

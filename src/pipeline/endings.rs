//! Tokens by how their responses ended, of days that were summed up before where those can answer.

use chrono::Duration;
use chrono_tz::Tz;
use polars::prelude::{LazyFrame, Schema};

use super::Error;
use super::day_sums::{self, DaySums, can_be_added_up};
use super::figures::{self, Basis};
use super::summed::has_whole_hours;
use crate::metrics::calendar::Every;
use crate::metrics::efficiency::{
    ENDINGS_VERSION, REPEAT_WINDOW_MS, endings as endings_of, endings_schema,
};
use crate::metrics::filter::Filter;
use crate::metrics::kept::columns;
use crate::period::Period;
use crate::store::{Reader, Summed};

/// Endings of the requests that a filter selects, as finely as days of the zone ask. A repeat is one of
/// what was selected.
pub(super) fn endings(
    basis: Basis<'_>,
    period: Period,
    filter: Option<&Filter>,
    zone: Tz,
) -> Result<LazyFrame, Error> {
    if filter.is_none() && has_whole_hours(zone, period.utc_days()) {
        return day_sums::sums(&EndingSums { store: basis.store }, period);
    }
    let rows = figures::selected(basis, Some(before(period)), filter, &[], zone)?;
    endings_of(&rows, period, Every::Quarter, &[]).map_err(Error::Compute)
}

/// The period with the time before it in which a prompt may have been sent first.
fn before(period: Period) -> Period {
    Period { from: period.from - Duration::milliseconds(REPEAT_WINDOW_MS), to: period.to }
}

struct EndingSums<'a> {
    store: &'a Reader,
}

impl DaySums for EndingSums<'_> {
    fn kept(&self) -> Summed {
        Summed::Endings
    }

    fn store(&self) -> &Reader {
        self.store
    }

    fn how(&self) -> String {
        ENDINGS_VERSION.to_string()
    }

    fn schema(&self) -> Schema {
        endings_schema()
    }

    fn of_rows(&self, period: Period) -> Result<LazyFrame, Error> {
        let rows = figures::invocations(self.store, Some(before(period)))?;
        let endings = endings_of(&rows, period, Every::Hour, &[]).map_err(Error::Compute)?;
        Ok(endings.select(columns(&self.schema())))
    }

    fn can_sum(&self, day: Period) -> Result<bool, Error> {
        can_be_added_up(self.store, day)
    }
}

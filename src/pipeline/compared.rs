//! CloudTrail's calls and the invocation log of a period, compared once for all who ask: log coverage,
//! outages, the bar of a report.

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use polars::prelude::{
    DataFrame, IntoLazy, JoinType, LazyFrame, NamedFrom, Schema, Series, UniqueKeepStrategy, col,
};

use super::Error;
use super::day_sums::{self, DaySums, event_counts};
use super::figures::{self, Basis};
use super::ingest::LOG_DELIVERY;
use super::summed::Wanted;
use crate::metrics::both_logs::{self, BothLogs, sums};
use crate::metrics::calendar::Every;
use crate::metrics::cells::Grain;
use crate::metrics::coverage::{hourly, outside};
use crate::metrics::dimensions::Dimension;
use crate::metrics::metric::Metric;
use crate::period::{Period, midnight};
use crate::prices::PriceBook;
use crate::records::base_model;
use crate::schema::Table;
use crate::schema::allocation::Allocation;
use crate::schema::api_event::MODEL_ID;
use crate::schema::invocation::MODEL;
use crate::store::{Reader, Summed};

/// Both logs of a period.
pub(super) struct Compared<'a> {
    pub(super) store: &'a Reader,
    pub(super) period: Period,
    /// The present time: what is younger than the delivery delay may still come.
    pub(super) as_of: DateTime<Utc>,
    /// Rows, and which of them meet.
    pub(super) both: BothLogs,
    /// The counts of each hour, as [`hourly`] has them.
    pub(super) hours: DataFrame,
}

impl<'a> Compared<'a> {
    /// Reads both logs out of the store.
    ///
    /// # Errors
    /// When the store can't be read.
    pub(super) fn read(
        store: &'a Reader,
        period: Period,
        as_of: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let sums = day_sums::sums(&CoverageSums { store }, period)?;
        let both = BothLogs::of(figures::collect(sums)?.lazy());
        let hours = hourly(&both, Some(as_of - LOG_DELIVERY)).map_err(Error::Compute)?;
        Ok(Self { store, period, as_of, hours: figures::collect(hours)?, both })
    }

    /// Both logs by quarters of hours, for zones whose hours begin within those of UTC.
    pub(super) fn by_quarter(&self) -> Result<BothLogs, Error> {
        let sums = of_store(self.store, self.period, Every::Quarter)?;
        Ok(BothLogs::of(figures::collect(sums)?.lazy()))
    }

    /// Uses of models that invocation logging never covers.
    pub(super) fn outside(&self) -> Result<LazyFrame, Error> {
        Ok(outside(event_counts(self.store, Some(self.period))?))
    }

    /// What logged requests of the period cost, by model and principal.
    pub(super) fn costs(&self, book: &PriceBook) -> Result<LazyFrame, Error> {
        let grain = Grain {
            by: vec![Dimension::Model, Dimension::Principal],
            metrics: vec![Metric::CostUsd],
            timezone: chrono_tz::UTC,
        };
        let rules = Allocation::default();
        let basis = Basis { store: self.store, book, rules: &rules };
        let wanted = Wanted { basis, period: Some(self.period), filter: None };
        Ok(wanted.requests(&grain)?.cells)
    }
}

/// Both logs, day by day.
struct CoverageSums<'a> {
    store: &'a Reader,
}

impl DaySums for CoverageSums<'_> {
    fn kept(&self) -> Summed {
        Summed::Coverage
    }

    fn store(&self) -> &Reader {
        self.store
    }

    fn how(&self) -> String {
        both_logs::VERSION.to_string()
    }

    fn schema(&self) -> Schema {
        both_logs::schema()
    }

    fn of_rows(&self, period: Period) -> Result<LazyFrame, Error> {
        of_store(self.store, period, Every::Hour)
    }
}

fn of_store(store: &Reader, period: Period, every: Every) -> Result<LazyFrame, Error> {
    let scan = |table| store.scan(table, Some(wide(period)));
    both(scan(Table::ApiEvents)?, scan(Table::Invocations)?, period, every)
}

/// The period with what may hold the other half of a call: its UTC days and those beside them.
pub(super) fn wide(period: Period) -> Period {
    let (first, last) = period.utc_days();
    let day = Duration::days(1);
    Period { from: midnight(first, Tz::UTC) - day, to: midnight(last, Tz::UTC) + day * 2 }
}

/// Both logs of a period, summed up; best given with a margin around it.
pub(super) fn both(
    api_events: LazyFrame,
    invocations: LazyFrame,
    period: Period,
    every: Every,
) -> Result<LazyFrame, Error> {
    let models = models(api_events.clone())?;
    sums(api_events, invocations, models, period, every).map_err(Error::Compute)
}

/// Rows with the base model that their model id addresses, for tables that have no such column.
pub(super) fn with_models(rows: LazyFrame) -> Result<LazyFrame, Error> {
    let models = models(rows.clone())?;
    Ok(rows.join_builder().with(models).on([col(MODEL_ID)]).how(JoinType::Left).finish())
}

/// The base model that each distinct model id of the rows addresses.
fn models(events: LazyFrame) -> Result<LazyFrame, Error> {
    let ids = events
        .select([col(MODEL_ID)])
        .filter(col(MODEL_ID).is_not_null())
        .unique(None, UniqueKeepStrategy::Any);
    let mut lookup = figures::collect(ids)?;
    let models = lookup.column(MODEL_ID).and_then(|ids| {
        let models = ids.str()?.iter().map(|id| id.map(base_model));
        Ok(Series::new(MODEL.into(), models.collect::<Vec<Option<String>>>()))
    });
    let models = models.map_err(Error::Compute)?;
    lookup.with_column(models.into()).map_err(Error::Compute)?;
    Ok(lookup.lazy())
}

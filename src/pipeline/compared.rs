//! CloudTrail's calls and the invocation log of a period, compared once for all who ask: log coverage,
//! outages, the bar of a report.

use chrono::{DateTime, Duration, Utc};
use polars::prelude::{
    DataFrame, IntoLazy, IntoSeries, JoinType, LazyFrame, NamedFrom, Series, UniqueKeepStrategy,
    col, lit,
};

use super::ingest::LOG_DELIVERY;
use super::{Error, figures};
use crate::metrics::cells::Grain;
use crate::metrics::coverage::{BothLogs, hourly, outside};
use crate::metrics::dimensions::Dimension;
use crate::metrics::metric::Metric;
use crate::period::Period;
use crate::prices::PriceBook;
use crate::records::base_model;
use crate::schema::Table;
use crate::schema::api_event::MODEL_ID;
use crate::schema::invocation::MODEL;
use crate::store::Reader;

/// Rows this far outside the period may be the other half of a call at its edge.
const MARGIN: Duration = Duration::days(1);

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
        let scan = |table| store.scan(table, Some(wide(period)));
        let both = both(scan(Table::ApiEvents)?, scan(Table::Invocations)?, period)?;
        let hours = hourly(&both, Some(as_of - LOG_DELIVERY)).map_err(Error::Compute)?;
        Ok(Self { store, period, as_of, hours: figures::collect(hours)?, both })
    }

    /// Uses of models that invocation logging never covers.
    pub(super) fn outside(&self) -> Result<LazyFrame, Error> {
        Ok(outside(self.store.scan(Table::ApiEvents, Some(self.period))?, self.period))
    }

    /// What logged requests of the period cost, by model and principal, for the models of unlogged calls.
    pub(super) fn costs(&self, unlogged: &DataFrame, book: &PriceBook) -> Result<LazyFrame, Error> {
        let grain = Grain {
            by: vec![Dimension::Model, Dimension::Principal],
            metrics: vec![Metric::CostUsd],
            timezone: chrono_tz::UTC,
        };
        let models = unlogged.clone().lazy().select([col(MODEL)]);
        let models = figures::collect(models.unique(None, UniqueKeepStrategy::Any))?;
        let models = models.column(MODEL).and_then(|models| {
            Ok(models.as_materialized_series().drop_nulls().implode()?.into_series())
        });
        let is_asked = col(MODEL).is_in(lit(models.map_err(Error::Compute)?), false);
        let rows = figures::invocations(self.store, Some(self.period))?.filter(is_asked);
        figures::priced_cells(rows, book, &grain)
    }
}

/// The period with what may hold the other half of a call at its edge.
pub(super) fn wide(period: Period) -> Period {
    Period { from: period.from - MARGIN, to: period.to + MARGIN }
}

/// Both logs, best with a margin around the period.
pub(super) fn both(
    api_events: LazyFrame,
    invocations: LazyFrame,
    period: Period,
) -> Result<BothLogs, Error> {
    let models = models(api_events.clone())?;
    BothLogs::read(api_events, invocations, models, period).map_err(Error::Compute)
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

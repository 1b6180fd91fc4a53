//! The journey to the drivers of a change: two periods, priced and summed, split exactly.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use polars::prelude::{DataFrame, DataType, LazyFrame, PolarsResult, col};
use serde::Serialize;

use super::presence::logged_days;
use super::summed::Wanted;
use super::{Basis, Error, error::phrase, figures};
use crate::insight::comparable::{Against, compared, lengths};
use crate::insight::drivers::{
    Contributions, DriverTree, GroupSpend, Side, cells, contributions, read, split,
};
use crate::metrics::cells::{Grain, Requests};
use crate::metrics::dimensions::Dimension;
use crate::metrics::filter::Filter;
use crate::metrics::metric::Metric;
use crate::metrics::usage::{UsageQuery, usage_of};
use crate::period::Period;
use crate::prices::{CacheConvention, PriceBook};
use crate::schema::cost::{COST_UNITS, UNCACHED_INPUT_TOKENS};
use crate::schema::invocation::{
    CACHE_WRITE_1H_INPUT_TOKENS, CACHE_WRITE_INPUT_TOKENS, INPUT_TOKENS,
};
use crate::schema::usage::{cell, metric};
use crate::units::Usd;

/// Which change is asked about.
#[derive(Debug, Clone)]
pub struct DriversQuestion {
    /// The later period.
    pub period: Period,
    /// What it is compared with.
    pub against: Against,
    /// Which requests.
    pub filter: Option<Filter>,
    /// Dimensions to split the change by as well.
    pub by: Vec<Dimension>,
    /// Groups named per dimension; the rest is one row.
    pub most: usize,
    /// The zone that days are cut in.
    pub timezone: Tz,
    /// The present time.
    pub now: DateTime<Utc>,
}

/// A change in spend, its parts, and what they rest on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DriversAnswer {
    /// The later period.
    pub period: PeriodFacts,
    /// The earlier period.
    pub against: PeriodFacts,
    /// Whether the later period was over; if not, both are cut to what was.
    pub complete: bool,
    /// Whether both hold every weekday as often; if not, part of the volume effect may be weekdays.
    pub same_weekdays: bool,
    /// IANA name of the zone that days are cut in.
    pub timezone: &'static str,
    /// The change and its effects.
    #[serde(flatten)]
    pub tree: DriverTree,
    /// The same change by each dimension.
    pub by: BTreeMap<String, Contributions>,
}

/// A period and how far its figures can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PeriodFacts {
    /// First instant.
    pub from: DateTime<Utc>,
    /// First instant after.
    pub to: DateTime<Utc>,
    /// Length in days.
    pub days: f64,
    /// Local days that it touches.
    pub touched_days: usize,
    /// Local days with at least one log, of any request.
    pub logged_days: usize,
    /// Requests, failed ones included.
    pub requests: u64,
    /// Billed requests without a full price: not, or not fully, in spend.
    pub unpriced_requests: u64,
}

/// What made spend change between two periods.
///
/// # Errors
/// When one of the periods has no logs at all, or lies wholly ahead, or the store can't be read.
pub fn drivers(basis: Basis<'_>, question: &DriversQuestion) -> Result<DriversAnswer, Error> {
    let zone = question.timezone;
    let periods = compared(question.period, question.against, zone, question.now)
        .ok_or_else(|| Error::NoData { what: "logs", period: phrase(question.period) })?;
    let after = Priced::of(basis, question, periods.current)?;
    let before = Priced::of(basis, question, periods.against)?;
    let sides = [(periods.days.1, &before.requests.cells), (periods.days.0, &after.requests.cells)];
    let tree = tree(basis.book, sides)?;
    let by = question.by.iter().map(|dimension| {
        let groups = |priced: &Priced| priced.groups(dimension, zone);
        let split = contributions(&groups(&before)?, &groups(&after)?, question.most);
        Ok((dimension.name(), split))
    });
    Ok(DriversAnswer {
        by: by.collect::<Result<_, Error>>()?,
        period: after.facts(periods.current, periods.days.0, zone)?,
        against: before.facts(periods.against, periods.days.1, zone)?,
        complete: periods.complete,
        same_weekdays: periods.same_weekdays,
        timezone: zone.name(),
        tree,
    })
}

/// The drivers alone, between two periods as they are: of priced sums of each, by model, routing,
/// Region and tier at least.
pub(super) fn driver_tree(
    book: &PriceBook,
    zone: Tz,
    [before, after]: [(Period, &LazyFrame); 2],
) -> Result<DriverTree, Error> {
    let days = lengths(after.0, before.0, zone);
    tree(book, [(days.1, before.1), (days.0, after.1)])
}

/// Splits the change between priced sums, each with the length of its period in days.
fn tree(book: &PriceBook, [before, after]: [(f64, &LazyFrame); 2]) -> Result<DriverTree, Error> {
    let of = |(days, sums): (f64, &LazyFrame)| -> Result<Side, Error> {
        let written = [
            col(cell::WRITTEN).alias(CACHE_WRITE_INPUT_TOKENS),
            col(cell::WRITTEN_1H).alias(CACHE_WRITE_1H_INPUT_TOKENS),
        ];
        let sums = sums.clone().with_columns(written);
        let frame = figures::collect(cells(sums, charged_input(book)))?;
        Ok(Side { days, cells: read(&frame).map_err(Error::Compute)? })
    };
    Ok(split(&of(before)?, &of(after)?))
}

fn charged_input(book: &PriceBook) -> &'static str {
    match book.cache_convention() {
        CacheConvention::Documented => UNCACHED_INPUT_TOKENS,
        CacheConvention::AsLogged => INPUT_TOKENS,
    }
}

/// What is asked of the requests of a period.
const METRICS: [Metric; 3] = [Metric::Requests, Metric::UnpricedRequests, Metric::CostUsd];

/// A period's requests added up, with their costs.
struct Priced {
    requests: Requests,
    logged_days: usize,
}

impl Priced {
    fn of(basis: Basis<'_>, question: &DriversQuestion, period: Period) -> Result<Self, Error> {
        let zone = question.timezone;
        let logged_days = logged_days(basis, Some(period), zone)?.height();
        if logged_days == 0 {
            return Err(Error::NoData { what: "invocation logs", period: phrase(period) });
        }
        let mut by = question.by.clone();
        by.extend([
            Dimension::Model,
            Dimension::Routing,
            Dimension::Region,
            Dimension::ServiceTier,
        ]);
        let grain = Grain { by, metrics: METRICS.to_vec(), timezone: zone };
        let filter = question.filter.as_ref();
        let wanted = Wanted { basis, period: Some(period), filter };
        Ok(Self { requests: wanted.requests(&grain)?, logged_days })
    }

    fn facts(&self, period: Period, days: f64, zone: Tz) -> Result<PeriodFacts, Error> {
        let metrics = vec![Metric::Requests, Metric::UnpricedRequests];
        let query = UsageQuery { by: Vec::new(), metrics, timezone: zone };
        let total =
            usage_of(&self.requests, &query).and_then(LazyFrame::collect).and_then(|frame| {
                let count = |name: &str| -> PolarsResult<u64> {
                    let column = frame.column(name)?.cast(&DataType::UInt64)?;
                    Ok(column.u64()?.get(0).unwrap_or(0))
                };
                Ok((count(metric::REQUESTS)?, count(metric::UNPRICED_REQUESTS)?))
            });
        let (requests, unpriced_requests) = total.map_err(Error::Compute)?;
        let Period { from, to } = period;
        Ok(PeriodFacts {
            from,
            to,
            days,
            touched_days: period.local_days(zone).count(),
            logged_days: self.logged_days,
            requests,
            unpriced_requests,
        })
    }

    /// Spend by a dimension.
    fn groups(&self, by: &Dimension, zone: Tz) -> Result<Vec<GroupSpend>, Error> {
        let metrics = METRICS.to_vec();
        let query = UsageQuery { by: vec![by.clone()], metrics, timezone: zone };
        let groups = usage_of(&self.requests, &query).and_then(LazyFrame::collect);
        groups.and_then(|groups| read_groups(&groups, &by.name())).map_err(Error::Compute)
    }
}

fn read_groups(groups: &DataFrame, name: &str) -> PolarsResult<Vec<GroupSpend>> {
    let names = groups.column(name)?.cast(&DataType::String)?;
    let requests = groups.column(metric::REQUESTS)?.cast(&DataType::UInt64)?;
    let unpriced = groups.column(metric::UNPRICED_REQUESTS)?.cast(&DataType::UInt64)?;
    let costs = groups.column(COST_UNITS)?.cast(&DataType::Int128)?;
    let figures = requests.u64()?.iter().zip(unpriced.u64()?.iter()).zip(costs.i128()?.iter());
    let group = |(name, ((requests, unpriced), cost)): (Option<&str>, _)| GroupSpend {
        name: name.map(str::to_owned),
        requests: Option::unwrap_or(requests, 0),
        // What isn't billed costs nothing.
        cost: Option::or(cost, (unpriced == Some(0)).then_some(0)).map(Usd),
    };
    Ok(names.str()?.iter().zip(figures).map(group).collect())
}

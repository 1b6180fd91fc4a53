//! The journey of log coverage: CloudTrail's calls against the invocation log, and what the
//! unlogged ones may have cost.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use polars::prelude::{AnyValue, DataFrame, IntoLazy, LazyFrame};
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::compared::Compared;
use super::ingest::LOG_DELIVERY;
use super::summed::has_whole_hours;
use super::{Error, figures};
use crate::metrics::both_logs::BothLogs;
use crate::metrics::coverage::{
    CoverageDimension, CoverageQuery, counts_by_hour, coverage, coverage_of_hours, gaps_in,
    silent_places,
};
use crate::metrics::unlogged::{labelled_cost, unlogged_calls, unlogged_in_all};
use crate::period::Period;
use crate::prices::PriceBook;
use crate::schema::usage::coverage as names;
use crate::schema::usage::derived::{FROM, TO};
use crate::store::Reader;
use crate::units::Usd;

/// Whose coverage, by what, as of when.
#[derive(Debug, Clone)]
pub struct CoverageRequest {
    /// Calls made in this period.
    pub period: Period,
    /// Columns of the groups.
    pub by: Vec<CoverageDimension>,
    /// Time zone of calendar dimensions.
    pub timezone: Tz,
    /// The present time: what is younger than the delivery delay may still come.
    pub as_of: DateTime<Utc>,
}

/// Whether calls and logs could be compared by request id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Join {
    /// Ids of both sides meet.
    ByRequestId,
    /// Both sides have calls and no id meets: compare the counts per hour instead.
    NotPossible,
    /// CloudTrail shows no runtime call: there is nothing to check the log against.
    NoEvents,
    /// There are calls, and the log holds nothing.
    NothingLogged,
}

/// Names and values in the order of the columns.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CoverageRow(pub Vec<(String, Value)>);

impl Serialize for CoverageRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// Log coverage of a period.
#[derive(Debug, Clone, Serialize)]
pub struct CoverageAnswer {
    /// The period.
    #[serde(flatten)]
    pub period: Period,
    /// How the two logs could be compared.
    pub join: Join,
    /// Distinct runtime calls in CloudTrail, failed ones included.
    pub called: i64,
    /// Of these, calls in the invocation log.
    pub logged: i64,
    /// Of these, calls that are not.
    pub unlogged: i64,
    /// Of the unlogged, calls so young that their log may still come.
    pub late: i64,
    /// Logged requests without a CloudTrail event.
    pub log_only: i64,
    /// Logged requests.
    pub requests: i64,
    /// logged ÷ called; null without calls, and where ids can't be compared.
    pub coverage: Option<f64>,
    /// What the unlogged calls may have cost; null where ids can't be compared, and without calls.
    pub estimate: Option<Estimate>,
    /// Stretches of whole hours in which an account and region called and logged nothing.
    pub gaps: Vec<CoverageRow>,
    /// Accounts and regions that called and logged nothing at all in the period.
    pub silent_places: Vec<CoverageRow>,
    /// Where ids can't be compared: calls and logged requests per account, region and hour.
    pub hours: Vec<CoverageRow>,
    /// Uses of models that invocation logging never covers.
    pub outside: Vec<CoverageRow>,
    /// The groups asked for, each with the estimate of its unlogged calls.
    pub rows: Vec<CoverageRow>,
}

/// What unlogged calls may have cost: the mean of logged calls of the same model and principal, else
/// of the same model.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Estimate {
    /// US dollars, as decimal text in JSON; null when no call could be estimated.
    pub cost_usd: Option<Usd>,
    /// Calls that the figure covers.
    pub estimated_calls: i64,
    /// Calls of models without a fully priced request to go by.
    pub unestimated_calls: i64,
    /// Calls that failed, assumed to cost nothing.
    pub failed_calls: i64,
}

/// Compares CloudTrail's calls with the invocation log.
///
/// # Errors
/// When the store can't be read.
pub fn audit_coverage(
    store: &Reader,
    book: &PriceBook,
    request: &CoverageRequest,
) -> Result<CoverageAnswer, Error> {
    let compared = Compared::read(store, request.period, request.as_of)?;
    coverage_of(&compared, book, request)
}

/// As [`audit_coverage`], of what was compared before, of the same period and present time.
pub(super) fn coverage_of(
    compared: &Compared<'_>,
    book: &PriceBook,
    request: &CoverageRequest,
) -> Result<CoverageAnswer, Error> {
    let hours = || compared.hours.clone().lazy();
    let late_from = Some(request.as_of - LOG_DELIVERY);
    let whole = CoverageQuery { by: &[], timezone: request.timezone, late_from };
    let totals = coverage_of_hours(hours(), &whole).map_err(Error::Compute)?;
    let totals = figures::collect(totals)?;
    let count = |name: &str| count(&totals, name);
    let (called, logged, requests) =
        (count(names::CALLED)?, count(names::LOGGED)?, count("requests")?);
    let join = Join::of(called, logged, requests);
    let known = join != Join::NotPossible && called > 0;
    let grouped = CoverageQuery { by: &request.by, ..whole };
    let both = asked(compared, &grouped)?;
    let estimates = known.then(|| Estimates::read((compared, &both), book, grouped));
    let estimates = estimates.transpose()?;
    let mut groups = Vec::new();
    if !request.by.is_empty() {
        let counted = coverage(&both, &grouped).map_err(Error::Compute)?;
        groups = objects(&figures::collect(counted)?)?;
        if let Some(estimates) = &estimates {
            estimates.add_to(&mut groups)?;
        }
    }
    Ok(CoverageAnswer {
        period: request.period,
        join,
        called,
        logged,
        unlogged: count(names::UNLOGGED)?,
        late: count(names::LATE)?,
        log_only: count(names::LOG_ONLY)?,
        requests,
        #[expect(clippy::cast_precision_loss, reason = "counts of calls are far below 2⁵³")]
        coverage: known.then(|| logged as f64 / called as f64),
        estimate: estimates.map(|estimates| estimates.total()).transpose()?,
        gaps: if known { rows(gaps_in(hours()))? } else { Vec::new() },
        silent_places: rows(Ok(silent_places(hours())))?,
        hours: if join == Join::NotPossible {
            rows(Ok(counts_by_hour(hours())))?
        } else {
            Vec::new()
        },
        outside: rows(Ok(compared.outside()?))?,
        rows: groups,
    })
}

/// Both logs as finely as a query asks.
fn asked(compared: &Compared<'_>, query: &CoverageQuery<'_>) -> Result<BothLogs, Error> {
    let is_timed = |dimension: &CoverageDimension| {
        matches!(dimension, CoverageDimension::Hour | CoverageDimension::Day)
    };
    if query.by.iter().any(is_timed) && !has_whole_hours(query.timezone, compared.period.utc_days())
    {
        return compared.by_quarter();
    }
    Ok(compared.both.clone())
}

impl Join {
    /// As the counts of a period tell.
    pub(super) fn of(called: i64, logged: i64, requests: i64) -> Self {
        match (called, logged, requests) {
            (0, ..) => Self::NoEvents,
            (_, 0, 0) => Self::NothingLogged,
            (_, 0, _) => Self::NotPossible,
            _ => Self::ByRequestId,
        }
    }
}

/// What estimates are made from.
struct Estimates<'a> {
    query: CoverageQuery<'a>,
    /// Unlogged calls by the query's groups, model and principal.
    unlogged: DataFrame,
    /// Priced requests to go by; none where nothing is unlogged.
    costs: Option<LazyFrame>,
}

impl<'a> Estimates<'a> {
    fn read(
        (compared, both): (&Compared<'_>, &BothLogs),
        book: &PriceBook,
        query: CoverageQuery<'a>,
    ) -> Result<Self, Error> {
        let unlogged = unlogged_calls(both, &query).map_err(Error::Compute)?;
        let unlogged = figures::collect(unlogged)?;
        let costs = (unlogged.height() > 0).then(|| compared.costs(book)).transpose()?;
        Ok(Self { query, unlogged, costs })
    }

    fn total(&self) -> Result<Estimate, Error> {
        let Some(costs) = &self.costs else { return Ok(Estimate::default()) };
        let whole = CoverageQuery { by: &[], ..self.query };
        let unlogged = unlogged_in_all(self.unlogged.clone().lazy());
        let made = figures::collect(labelled_cost(unlogged, costs.clone(), &whole))?;
        Estimate::read(&made, 0)
    }

    /// Puts the estimate of each group behind its figures.
    fn add_to(&self, groups: &mut [CoverageRow]) -> Result<(), Error> {
        let dimensions = self.query.by.len();
        let mut by_labels = BTreeMap::new();
        if let Some(costs) = &self.costs {
            let unlogged = self.unlogged.clone().lazy();
            let found = figures::collect(labelled_cost(unlogged, costs.clone(), &self.query))?;
            for (row, labels) in objects(&found)?.iter().enumerate() {
                by_labels.insert(labels.label(dimensions), Estimate::read(&found, row)?);
            }
        }
        for group in groups {
            let estimate = by_labels.get(&group.label(dimensions));
            let cost = estimate.and_then(|estimate| estimate.cost_usd);
            let cost = cost.map_or(Value::Null, |usd| Value::from(usd.to_string()));
            let without = estimate.map_or(0, |estimate| estimate.unestimated_calls);
            group.0.push((names::ESTIMATED_COST_USD.to_owned(), cost));
            group.0.push((names::UNESTIMATED_CALLS.to_owned(), Value::from(without)));
        }
        Ok(())
    }
}

impl CoverageRow {
    /// The values of the first columns, as one text.
    fn label(&self, columns: usize) -> String {
        let values: Vec<&Value> = self.0.iter().take(columns).map(|(_, value)| value).collect();
        format!("{values:?}")
    }
}

impl Estimate {
    /// A row of [`unlogged_cost`](crate::metrics::unlogged::unlogged_cost).
    pub(super) fn read(frame: &DataFrame, row: usize) -> Result<Self, Error> {
        let units = frame.column(names::ESTIMATED_UNITS).and_then(|column| column.get(row));
        let units = units.map_err(Error::Compute)?;
        let count = |name: &str| {
            let value = frame.column(name).and_then(|column| column.get(row));
            value.map(|value| value.extract::<i64>().unwrap_or_default()).map_err(Error::Compute)
        };
        Ok(Self {
            cost_usd: units.extract::<i128>().map(Usd),
            estimated_calls: count(names::ESTIMATED_CALLS)?,
            unestimated_calls: count(names::UNESTIMATED_CALLS)?,
            failed_calls: count(names::FAILED_CALLS)?,
        })
    }
}

fn rows(frame: polars::prelude::PolarsResult<LazyFrame>) -> Result<Vec<CoverageRow>, Error> {
    objects(&figures::collect(frame.map_err(Error::Compute)?)?)
}

fn count(frame: &DataFrame, column: &str) -> Result<i64, Error> {
    let value = frame.column(column).and_then(|column| Ok(column.get(0)?.extract::<i64>()));
    Ok(value.map_err(Error::Compute)?.unwrap_or_default())
}

/// A frame's rows as JSON objects, keys in column order; intervals as RFC 3339.
fn objects(frame: &DataFrame) -> Result<Vec<CoverageRow>, Error> {
    let mut rows = vec![CoverageRow::default(); frame.height()];
    for column in frame.columns() {
        for (index, row) in rows.iter_mut().enumerate() {
            let value = column.get(index).map_err(Error::Compute)?;
            row.0.push((column.name().to_string(), json(&value, column.name())));
        }
    }
    Ok(rows)
}

fn json(value: &AnyValue<'_>, column: &str) -> Value {
    match value {
        AnyValue::Null => Value::Null,
        AnyValue::String(text) => Value::from(*text),
        AnyValue::StringOwned(text) => Value::from(text.as_str()),
        AnyValue::Float64(number) => Value::from(*number),
        AnyValue::Datetime(ms, ..) | AnyValue::DatetimeOwned(ms, ..)
            if [FROM, TO].contains(&column) =>
        {
            DateTime::from_timestamp_millis(*ms).map_or(Value::Null, |at| {
                Value::from(at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
            })
        }
        other => other.extract::<i64>().map_or(Value::Null, Value::from),
    }
}

//! The journey of log coverage: CloudTrail's calls against the invocation log, and what the
//! unlogged ones may have cost.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use polars::prelude::{AnyValue, DataFrame, IntoLazy, JoinType, LazyFrame, NamedFrom, Series, col};
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::ingest::LOG_DELIVERY;
use super::{Error, figures};
use crate::metrics::coverage::{
    CoverageDimension, CoverageQuery, counts_by_hour, coverage, gaps_in, hourly, outside,
    silent_places,
};
use crate::metrics::unlogged::{labelled_cost, unlogged_calls};
use crate::period::Period;
use crate::prices::PriceBook;
use crate::records::base_model;
use crate::schema::Table;
use crate::schema::api_event::MODEL_ID;
use crate::schema::invocation::MODEL;
use crate::schema::usage::coverage as names;
use crate::schema::usage::derived::{FROM, TO};
use crate::store::Reader;
use crate::units::Usd;

/// Rows this far outside the period may be the other half of a call at its edge.
pub(super) const MARGIN: Duration = Duration::days(1);

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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
    let period = request.period;
    let wide = Period { from: period.from - MARGIN, to: period.to + MARGIN };
    let events = with_models(store.scan(Table::ApiEvents, Some(wide))?)?;
    let logs = store.scan(Table::Invocations, Some(wide))?;
    let late_from = Some(request.as_of - LOG_DELIVERY);
    let whole = CoverageQuery { period, by: &[], timezone: request.timezone, late_from };
    let grouped = CoverageQuery { by: &request.by, ..whole.clone() };
    let answer = |query| coverage(events.clone(), logs.clone(), query).and_then(LazyFrame::collect);
    let totals = answer(&whole).map_err(Error::Compute)?;
    let count = |name: &str| count(&totals, name);
    let (called, logged, requests) =
        (count(names::CALLED)?, count(names::LOGGED)?, count("requests")?);
    let join = Join::of(called, logged, requests);
    let known = join != Join::NotPossible && called > 0;
    let hours = hourly(events.clone(), logs.clone(), period).map_err(Error::Compute)?;
    let hours = figures::collect(hours)?.lazy();
    let estimates = Estimates { store, book, events: &events, logs: &logs, period };
    let mut groups = Vec::new();
    if !request.by.is_empty() {
        groups = objects(&answer(&grouped).map_err(Error::Compute)?)?;
        if known {
            estimates.add_to(&mut groups, &grouped)?;
        }
    }
    Ok(CoverageAnswer {
        period,
        join,
        called,
        logged,
        unlogged: count(names::UNLOGGED)?,
        late: count(names::LATE)?,
        log_only: count(names::LOG_ONLY)?,
        requests,
        #[expect(clippy::cast_precision_loss, reason = "counts of calls are far below 2⁵³")]
        coverage: known.then(|| logged as f64 / called as f64),
        estimate: known.then(|| estimates.total(&whole)).transpose()?,
        gaps: if known { rows(gaps_in(hours.clone()))? } else { Vec::new() },
        silent_places: rows(Ok(silent_places(hours.clone())))?,
        hours: if join == Join::NotPossible {
            rows(Ok(counts_by_hour(hours)))?
        } else {
            Vec::new()
        },
        outside: rows(Ok(outside(events.clone(), period)))?,
        rows: groups,
    })
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
    store: &'a Reader,
    book: &'a PriceBook,
    events: &'a LazyFrame,
    logs: &'a LazyFrame,
    period: Period,
}

impl Estimates<'_> {
    fn made(&self, query: &CoverageQuery<'_>) -> Result<DataFrame, Error> {
        let priced =
            figures::priced(figures::invocations(self.store, Some(self.period))?, self.book)?;
        let unlogged = unlogged_calls(self.events.clone(), self.logs.clone(), query);
        let unlogged = unlogged.map_err(Error::Compute)?;
        labelled_cost(unlogged, priced, query).collect().map_err(Error::Compute)
    }

    fn total(&self, query: &CoverageQuery<'_>) -> Result<Estimate, Error> {
        Estimate::read(&self.made(query)?, 0)
    }

    /// Puts the estimate of each group behind its figures.
    fn add_to(&self, groups: &mut [CoverageRow], query: &CoverageQuery<'_>) -> Result<(), Error> {
        let found = self.made(query)?;
        let dimensions = query.by.len();
        let labels: Vec<CoverageRow> = objects(&found)?;
        let mut by_labels = BTreeMap::new();
        for (row, labels) in labels.iter().enumerate() {
            let estimate = Estimate::read(&found, row)?;
            by_labels.insert(labels.label(dimensions), estimate);
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

/// Events with the base model that their model id addresses: once per distinct id.
pub(super) fn with_models(events: LazyFrame) -> Result<LazyFrame, Error> {
    let distinct = events
        .clone()
        .select([col(MODEL_ID)])
        .filter(col(MODEL_ID).is_not_null())
        .unique(None, polars::prelude::UniqueKeepStrategy::Any)
        .collect()
        .map_err(Error::Compute)?;
    let ids = distinct.column(MODEL_ID).and_then(|column| Ok(column.str()?.clone()));
    let ids = ids.map_err(Error::Compute)?;
    let models: Vec<Option<String>> = ids.iter().map(|id| id.map(base_model)).collect();
    let models = Series::new(MODEL.into(), models);
    let lookup = distinct.lazy().collect().and_then(|mut frame| {
        frame.with_column(models.into())?;
        Ok(frame)
    });
    let lookup = lookup.map_err(Error::Compute)?.lazy();
    Ok(events.join_builder().with(lookup).on([col(MODEL_ID)]).how(JoinType::Left).finish())
}

fn rows(frame: polars::prelude::PolarsResult<LazyFrame>) -> Result<Vec<CoverageRow>, Error> {
    objects(&frame.and_then(LazyFrame::collect).map_err(Error::Compute)?)
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

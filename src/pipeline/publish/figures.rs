//! The figures that are published: what the hours of the store come to, and how things stand now.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use polars::prelude::{DataFrame, DataType, LazyFrame, PolarsResult};

use super::super::summed::Wanted;
use super::super::{
    Basis, Error, Followed, Horizon, SeriesQuestion, budgets, figures, forecast_of, savings,
};
use super::PublishRequest;
use crate::metrics::api_activity::{EventKey, hourly_activity, hourly_by, hourly_rejects};
use crate::metrics::dimensions::Dimension;
use crate::metrics::metric::Metric;
use crate::metrics::small_frame::{integers, money, texts};
use crate::metrics::usage::{UsageQuery, usage_of};
use crate::period::{Cadence, Period};
use crate::report::parts::Value;
use crate::schema::Table;
use crate::schema::api_activity as columns;
use crate::schema::budget::Budget;
use crate::schema::usage::dimension;
use crate::setup::metrics::catalogue::known;
use crate::store::FigureKey;
use crate::units::Usd;

/// A figure of an hour.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Figure {
    /// Name of the metric.
    pub(super) metric: &'static str,
    /// The dimension and its value; none for the total.
    pub(super) dimension: Option<(String, String)>,
    /// The start of the hour.
    pub(super) at: DateTime<Utc>,
    /// Its value.
    pub(super) value: f64,
}

impl Figure {
    pub(super) fn key(&self) -> FigureKey {
        let dimensions = self.dimension.as_ref();
        FigureKey {
            metric: self.metric.to_owned(),
            dimensions: dimensions
                .map_or_else(String::new, |(name, value)| format!("{name}={value}")),
            hour_ms: self.at.timestamp_millis(),
        }
    }
}

/// The metrics of requests; by which dimensions stands in the catalogue.
const OF_REQUESTS: [(&str, Metric); 15] = [
    ("Requests", Metric::Requests),
    ("Errors", Metric::Errors),
    ("Throttled", Metric::Throttled),
    ("InputTokens", Metric::InputTokens),
    ("OutputTokens", Metric::OutputTokens),
    ("CacheReadTokens", Metric::CacheReadTokens),
    ("CacheWriteTokens", Metric::CacheWriteTokens),
    ("CostUSD", Metric::CostUsd),
    ("UnpricedRequests", Metric::UnpricedRequests),
    ("GuardrailInterventions", Metric::GuardrailInterventions),
    ("LatencyP50", Metric::LatencyP50Ms),
    ("LatencyP95", Metric::LatencyP95Ms),
    ("LatencyP99", Metric::LatencyP99Ms),
    ("ActivePrincipals", Metric::Principals),
    ("ActiveModels", Metric::Models),
];

/// The metrics of requests that are published by a dimension; an empty name is the total.
fn by_dimension(name: &str) -> Vec<(&'static str, Metric)> {
    let has = |metric: &&(&'static str, Metric)| {
        known(metric.0).is_some_and(|known| known.dimensions.contains(&name))
    };
    OF_REQUESTS.iter().filter(has).copied().collect()
}

/// All figures of these hours.
pub(super) fn figures(
    basis: Basis<'_>,
    budgeted: &[Budget],
    request: &PublishRequest,
    hours: Period,
) -> Result<Vec<Figure>, Error> {
    let mut found = Vec::new();
    let of = Requested { basis, hours, top: request.top };
    of.add(None, &mut found)?;
    of.add(Some(("Model", Dimension::Model)), &mut found)?;
    of.add(Some(("Principal", Dimension::Principal)), &mut found)?;
    if !basis.rules.rules.is_empty() {
        of.add(Some(("Team", Dimension::Team)), &mut found)?;
    }
    of.add(Some(("ErrorCode", Dimension::ErrorCode)), &mut found)?;
    found.extend(of.events()?);
    found.extend(standing(basis, budgeted, request)?);
    Ok(found)
}

/// Figures of the hours.
#[derive(Clone, Copy)]
struct Requested<'a> {
    basis: Basis<'a>,
    hours: Period,
    top: usize,
}

impl Requested<'_> {
    /// Adds figures of requests, by a dimension or in all.
    fn add(&self, by: Option<(&str, Dimension)>, found: &mut Vec<Figure>) -> Result<(), Error> {
        let metrics = by_dimension(by.as_ref().map_or("", |(name, _)| name));
        let mut dimensions = vec![Dimension::Hour];
        dimensions.extend(by.as_ref().map(|(_, dimension)| dimension.clone()));
        let asked = metrics.iter().map(|(_, metric)| *metric);
        let query = UsageQuery {
            by: dimensions.clone(),
            metrics: asked.chain([Metric::Requests]).collect(),
            timezone: chrono_tz::UTC,
        };
        let wanted = Wanted { basis: self.basis, period: Some(self.hours), filter: None };
        let requests = wanted.requests(&query.grain())?;
        let frame = figures::collect(usage_of(&requests, &query).map_err(Error::Compute)?)?;
        let label = by.map(|(name, dimension)| (name, dimension.name()));
        let read = read_requests(&frame, label.as_ref(), &metrics).map_err(Error::Compute)?;
        // By the first of them: requests, or errors by their names.
        found.extend(self.largest(read, metrics.first().map_or("", |(name, _)| *name)));
        Ok(())
    }

    /// The figures of the groups that have most of a metric; of totals all.
    fn largest(&self, figures: Vec<Figure>, metric: &str) -> Vec<Figure> {
        let mut sizes: BTreeMap<&(String, String), f64> = BTreeMap::new();
        for figure in figures.iter().filter(|figure| figure.metric == metric) {
            if let Some(dimension) = &figure.dimension {
                *sizes.entry(dimension).or_default() += figure.value;
            }
        }
        let mut sizes: Vec<(&(String, String), f64)> = sizes.into_iter().collect();
        sizes.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        let kept: Vec<(String, String)> =
            sizes.into_iter().take(self.top).map(|(dimension, _)| dimension.clone()).collect();
        let is_kept =
            |figure: &Figure| figure.dimension.as_ref().is_none_or(|one| kept.contains(one));
        figures.into_iter().filter(is_kept).collect()
    }

    /// Figures of CloudTrail's events, and of records that could not be read.
    fn events(&self) -> Result<Vec<Figure>, Error> {
        let events = || self.basis.store.scan(Table::ApiEvents, Some(self.hours));
        let collect = |lf: LazyFrame| lf.collect().map_err(Error::Compute);
        let counts = [
            ("ApiCalls", columns::API_CALLS),
            ("DeniedCalls", columns::DENIED_CALLS),
            ("FailedAuthentications", columns::FAILED_AUTHENTICATIONS),
            ("ManagementActions", columns::MANAGEMENT_ACTIONS),
            ("ExternalCalls", columns::EXTERNAL_CALLS),
        ];
        let hourly = collect(hourly_activity(events()?))?;
        let mut found = read_counts(&hourly, None, &counts).map_err(Error::Compute)?;
        for (metric, name, key) in [
            ("ApiCalls", "SourceIp", EventKey::SourceIp),
            ("ApiCalls", "UserAgent", EventKey::Program),
            ("ManagementActions", "Action", EventKey::Action),
        ] {
            let frame = collect(hourly_by(events()?, key))?;
            let counts = [(metric, columns::API_CALLS)];
            let read = read_counts(&frame, Some(name), &counts).map_err(Error::Compute)?;
            found.extend(self.largest(read, metric));
        }
        let rejects = self.basis.store.scan(Table::Rejects, Some(self.hours))?;
        let rejects = collect(hourly_rejects(rejects))?;
        found.extend(
            read_counts(&rejects, None, &[("Rejects", columns::REJECTS)])
                .map_err(Error::Compute)?,
        );
        Ok(found)
    }
}

/// Figures of requests out of a usage frame; unknown ones are left out. `by` is the dimension's name
/// in `CloudWatch`, and its column.
fn read_requests(
    frame: &DataFrame,
    by: Option<&(&str, String)>,
    metrics: &[(&'static str, Metric)],
) -> PolarsResult<Vec<Figure>> {
    let hours = texts(frame, dimension::HOUR)?;
    let labels = by.map(|(_, column)| texts(frame, column)).transpose()?;
    let mut found = Vec::new();
    for (name, metric) in metrics {
        let values: Vec<Option<f64>> = if *metric == Metric::CostUsd {
            money(frame, metric.column())?.into_iter().map(|usd| usd.map(dollars)).collect()
        } else {
            let column = frame.column(metric.column())?.cast(&DataType::Float64)?;
            column.f64()?.iter().collect()
        };
        for (row, value) in values.into_iter().enumerate() {
            let hour = hours[row].as_deref().and_then(|text| text.parse::<DateTime<Utc>>().ok());
            let (Some(value), Some(at)) = (value, hour) else { continue };
            let dimension = match (by, &labels) {
                (Some((name, _)), Some(labels)) => {
                    // What has no label (a call that didn't fail has no error) has no series.
                    let Some(label) = labels[row].clone() else { continue };
                    Some(((*name).to_owned(), label))
                }
                _ => None,
            };
            found.push(Figure { metric: name, dimension, at, value });
        }
    }
    Ok(found)
}

/// Figures out of a frame of counts by hour.
fn read_counts(
    frame: &DataFrame,
    by: Option<&str>,
    counts: &[(&'static str, &str)],
) -> PolarsResult<Vec<Figure>> {
    let hours = integers(frame, columns::HOUR)?;
    let labels = by.map(|_| texts(frame, columns::KEY)).transpose()?;
    let mut found = Vec::new();
    for (metric, column) in counts {
        for (row, count) in integers(frame, column)?.into_iter().enumerate() {
            let at = hours[row].and_then(DateTime::from_timestamp_millis);
            let (Some(count), Some(at)) = (count, at) else { continue };
            let label = labels.as_ref().and_then(|labels| labels[row].clone());
            let dimension = by.map(str::to_owned).zip(label);
            found.push(Figure { metric, dimension, at, value: number(count) });
        }
    }
    Ok(found)
}

/// How things stand at the present hour: freshness, spend, budgets, savings. What isn't known is left
/// out.
fn standing(
    basis: Basis<'_>,
    budgeted: &[Budget],
    request: &PublishRequest,
) -> Result<Vec<Figure>, Error> {
    let (now, zone) = (request.now, request.timezone);
    let seconds = now.timestamp();
    let at = DateTime::from_timestamp(seconds - seconds.rem_euclid(3600), 0).unwrap_or(now);
    let mut found = Vec::new();
    let mut add = |metric: &'static str, dimension: Option<(&str, &str)>, value: f64| {
        let dimension = dimension.map(|(name, value)| (name.to_owned(), value.to_owned()));
        found.push(Figure { metric, dimension, at, value });
    };
    let newest = basis.store.info()?.freshness.into_iter().filter_map(|one| one.newest).max();
    if let Some(newest) = newest {
        // To a tenth: else it would change, and be sent, with every run.
        let minutes = (now - newest).num_minutes().max(0);
        add("LogAgeHours", None, number(minutes / 6) / 10.0);
    }
    let month = Cadence::Monthly.period_of(now.with_timezone(&zone).date_naive(), zone);
    let (_, states) = budgets(basis, budgeted, month, (zone, now))?;
    for state in states {
        if let Some(spent) = state.spent_usd.filter(|_| state.amount_usd.0 > 0) {
            let used = 100.0 * dollars(spent) / dollars(state.amount_usd);
            add("BudgetUsedPercent", Some(("Budget", &state.name)), used);
        }
    }
    let question = SeriesQuestion {
        followed: Followed::CostUsd,
        period: None,
        filter: None,
        timezone: zone,
        now,
    };
    match forecast_of(basis, &question, Horizon::MonthEnd, None) {
        Ok(answer) => {
            if let Some(figures) = answer.forecast {
                let month = figures.month_end;
                for (metric, value) in [
                    ("MonthToDateUSD", &month.actual),
                    ("MonthEndForecastUSD", &month.expected.expected),
                ] {
                    if let Some(value) = usd_of(value) {
                        add(metric, None, value);
                    }
                }
            }
        }
        Err(Error::NoData { .. }) => {}
        Err(other) => return Err(other),
    }
    let four_weeks = Period { from: at - Duration::days(28), to: at };
    match savings(basis, Some(four_weeks), None, &[], zone) {
        Ok(answer) => {
            for saving in answer.savings {
                if let Some(high) = saving.high_usd {
                    add("SavingUSD", Some(("Saving", saving.kind)), dollars(high));
                }
            }
        }
        Err(Error::NoData { .. }) => {}
        Err(other) => return Err(other),
    }
    Ok(found)
}

fn usd_of(value: &Value) -> Option<f64> {
    match value {
        Value::Usd(usd) => Some(dollars(*usd)),
        _ => None,
    }
}

/// US dollars as `CloudWatch` keeps them: to some 15 digits.
fn dollars(usd: Usd) -> f64 {
    // Through its text, which rounds once: 10⁻¹⁴ USD divided as numbers would round twice.
    usd.to_string().parse().unwrap_or(f64::NAN)
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵³")]
fn number(count: i64) -> f64 {
    count as f64
}

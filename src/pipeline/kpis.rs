//! The journey to key figures: a period and the one before it, each figure against its target.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use polars::prelude::{DataFrame, LazyFrame};
use serde::Serialize;

use super::endings::endings;
use super::summed::Wanted;
use super::{Basis, Error, figures};
use crate::insight::kpi::{Kpi, kpis};
use crate::metrics::activity::mean_daily_active;
use crate::metrics::cells::{Grain, Requests};
use crate::metrics::dimensions::Dimension;
use crate::metrics::efficiency::efficiency;
use crate::metrics::filter::Filter;
use crate::metrics::load::{
    active_applications, application_share, busiest_hour, concurrent_principals, worst_minute,
};
use crate::metrics::metric::Metric;
use crate::metrics::presence::logged_days;
use crate::metrics::usage::{UsageQuery, usage_of};
use crate::period::Period;
use crate::schema::target::{Outcome, Target};
use crate::schema::usage::activity::MEAN_DAILY_MODELS;
use crate::schema::usage::load::CONCURRENT_PRINCIPALS as CONCURRENT;
use crate::schema::usage::{efficiency as tokens, load};
use crate::units::Usd;

/// Fewer requests in a minute say nothing about its error rate: 1 failed call of 2 is no incident.
const LEAST_PER_MINUTE: i64 = 20;

/// Key figures of a period.
#[derive(Debug, Clone, Serialize)]
pub struct KpiAnswer {
    /// The period.
    pub period: Period,
    /// The one that trends are judged against.
    pub previous: Period,
    /// Every figure, in the order of the list.
    pub kpis: Vec<KpiFigure>,
}

/// One key figure.
#[derive(Debug, Clone, Serialize)]
pub struct KpiFigure {
    /// What it is.
    #[serde(flatten)]
    pub kpi: Kpi,
    /// Its value; null when unknown. Money is in `value_usd` too, exact.
    pub value: Option<f64>,
    /// Its value in the period before.
    pub previous: Option<f64>,
    /// Exact money, where the figure is money.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_usd: Option<Usd>,
    /// Likewise of the period before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_usd: Option<Usd>,
    /// The share of what it should be based on that it is based on, where it is not all.
    pub coverage: Option<f64>,
    /// The busiest clock hour, for figures per hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak: Option<f64>,
    /// Whether it is what it should be.
    pub outcome: Outcome,
}

/// A value with what stands beside it.
#[derive(Debug, Clone, Copy, Default)]
struct Figure {
    value: Option<f64>,
    usd: Option<Usd>,
    coverage: Option<f64>,
    peak: Option<f64>,
}

/// Whether every target is for a key figure.
///
/// # Errors
/// When one isn't.
pub fn known_targets(targets: &BTreeMap<String, Target>) -> Result<(), Error> {
    kpis(targets).map(drop).map_err(Error::Kpis)
}

/// All key figures of a period, judged by their targets.
///
/// # Errors
/// When a target is for no figure, or the store can't be read.
pub fn key_figures(
    basis: Basis<'_>,
    period: Period,
    filter: Option<&Filter>,
    targets: &BTreeMap<String, Target>,
    zone: Tz,
) -> Result<KpiAnswer, Error> {
    let list = kpis(targets).map_err(Error::Kpis)?;
    let previous = period.counterpart(zone);
    let now = figures_of(basis, period, filter, zone, &|_| true)?;
    let before = figures_of(basis, previous, filter, zone, &|_| true)?;
    Ok(KpiAnswer { period, previous, kpis: judged(list, &now, &before) })
}

/// As [`key_figures`], but only with what tells whether the tool's own targets are met: a figure
/// without a target has no value, and one that is held against a number none of the period before.
///
/// # Errors
/// When the store can't be read.
pub(super) fn key_figures_with_targets(
    basis: Basis<'_>,
    period: Period,
    zone: Tz,
) -> Result<KpiAnswer, Error> {
    let list = kpis(&BTreeMap::new()).map_err(Error::Kpis)?;
    let target = |name: &str| list.iter().find(|kpi| kpi.name == name)?.target;
    let previous = period.counterpart(zone);
    let now = figures_of(basis, period, None, zone, &|name| target(name).is_some())?;
    let is_compared = |name: &str| target(name).is_some_and(|target| target.limit().is_none());
    let before = figures_of(basis, previous, None, zone, &is_compared)?;
    Ok(KpiAnswer { period, previous, kpis: judged(list, &now, &before) })
}

/// Each figure of the list against its target.
fn judged(
    list: Vec<Kpi>,
    now: &BTreeMap<&str, Figure>,
    before: &BTreeMap<&str, Figure>,
) -> Vec<KpiFigure> {
    let judge = |kpi: Kpi| {
        let of = |figures: &BTreeMap<&str, Figure>| {
            figures.get(kpi.name.as_str()).copied().unwrap_or_default()
        };
        let (figure, earlier) = (of(now), of(before));
        let outcome = kpi.judge(figure.value, earlier.value);
        KpiFigure {
            value: figure.value,
            previous: earlier.value,
            value_usd: figure.usd,
            previous_usd: earlier.usd,
            coverage: figure.coverage,
            peak: figure.peak,
            outcome,
            kpi,
        }
    };
    list.into_iter().map(judge).collect()
}

/// Whether a figure is asked for, by its name.
type IsAsked<'a> = &'a dyn Fn(&str) -> bool;

/// The figures of one period by name. A period without any log has none: missing is not zero.
///
/// What takes a pass of its own over the requests is left out unless it is asked for.
fn figures_of(
    basis: Basis<'_>,
    period: Period,
    filter: Option<&Filter>,
    zone: Tz,
    is_asked: IsAsked<'_>,
) -> Result<BTreeMap<&'static str, Figure>, Error> {
    let rows = figures::selected(basis, Some(period), filter, &[], zone)?;
    let by = [
        Dimension::Hour,
        Dimension::Principal,
        Dimension::Model,
        Dimension::ModelId,
        Dimension::Status,
    ];
    let sums = Grain { by: by.to_vec(), metrics: METRICS.to_vec(), timezone: zone };
    let values = Grain { by: Vec::new(), ..sums.clone() };
    let requests = Wanted { basis, period: Some(period), filter }.with_values(&sums, &values)?;
    let logs = match filter {
        None => requests.cells.clone(), // hours are enough to tell days apart
        Some(_) => figures::invocations(basis.store, Some(period))?,
    };
    let days = figures::collect(logged_days(logs, zone).map_err(Error::Compute)?)?.height();
    if days == 0 {
        return Ok(BTreeMap::new());
    }
    let mut found = of_usage(&requests, period, zone)?;
    if TOKEN_FIGURES.into_iter().any(is_asked) {
        let endings = endings(basis, period, filter, zone)?;
        found.extend(of_tokens(endings, requests.cells.clone(), zone)?);
    }
    found.extend(of_load(&rows, &requests.cells, days, zone, is_asked)?);
    if !is_asked("concurrent_principals") {
        return Ok(found);
    }
    let concurrent = figures::collect(concurrent_principals(rows).map_err(Error::Compute)?)?;
    let concurrent = Figure {
        value: number(&concurrent, CONCURRENT)?,
        coverage: found.get("response_time_mean_ms").and_then(|figure| figure.coverage),
        ..Figure::default()
    };
    found.insert("concurrent_principals", concurrent);
    Ok(found)
}

const TOKEN_FIGURES: [&str; 3] = ["token_efficiency", "truncated_share", "cache_hit_share"];

const METRICS: [Metric; 15] = [
    Metric::Requests,
    Metric::SuccessRate,
    Metric::ThrottleRate,
    Metric::LatencyMeanMs,
    Metric::LatencyP99Ms,
    Metric::LatencyKnown,
    Metric::CostPerRequestUsd,
    Metric::PricedShare,
    Metric::Principals,
    Metric::OutputTokens,
    Metric::CacheWriteTokens,
    Metric::TotalTokens,
    Metric::InputBytes,
    Metric::OutputBytes,
    Metric::Models,
];

/// Figures that are metrics of the whole period, or of its busiest hour.
fn of_usage(
    requests: &Requests,
    period: Period,
    zone: Tz,
) -> Result<BTreeMap<&'static str, Figure>, Error> {
    let query = UsageQuery { by: Vec::new(), metrics: METRICS.to_vec(), timezone: zone };
    let totals = figures::collect(usage_of(requests, &query).map_err(Error::Compute)?)?;
    let number = |metric: Metric| number(&totals, metric.column());
    let hourly = UsageQuery {
        by: vec![Dimension::Hour],
        metrics: vec![Metric::TotalTokens, Metric::InputBytes, Metric::OutputBytes],
        timezone: zone,
    };
    let hours = usage_of(requests, &hourly).map(busiest_hour).map_err(Error::Compute)?;
    let busiest = figures::collect(hours)?;
    let all = number(Metric::Requests)?.unwrap_or_default();
    let ratio = |part: Option<f64>, whole: Option<f64>| {
        part.zip(whole).filter(|(_, whole)| *whole > 0.0).map(|(part, whole)| part / whole)
    };
    #[expect(clippy::cast_precision_loss, reason = "hours of a period")]
    let hours_long = Some(period.hours() as f64);
    let latency_known = ratio(number(Metric::LatencyKnown)?, Some(all));
    let plain = |value| Figure { value, ..Figure::default() };
    let timed = |value| Figure { value, coverage: latency_known, ..Figure::default() };
    let usd = usd(&totals, Metric::CostPerRequestUsd.column())?;
    let bytes = [number(Metric::InputBytes)?, number(Metric::OutputBytes)?];
    let bytes = bytes.iter().any(Option::is_some).then(|| bytes.into_iter().flatten().sum());
    let total_tokens = number(Metric::TotalTokens)?;
    Ok(BTreeMap::from([
        ("response_time_mean_ms", timed(number(Metric::LatencyMeanMs)?)),
        ("latency_p99_ms", timed(number(Metric::LatencyP99Ms)?)),
        ("success_rate", plain(number(Metric::SuccessRate)?)),
        ("throttle_rate", plain(number(Metric::ThrottleRate)?)),
        (
            "cost_per_request_usd",
            Figure {
                value: usd.map(Usd::to_f64),
                usd,
                coverage: number(Metric::PricedShare)?,
                peak: None,
            },
        ),
        ("active_principals", plain(number(Metric::Principals)?)),
        ("output_share", plain(ratio(number(Metric::OutputTokens)?, total_tokens))),
        (
            "tokens_per_hour",
            Figure {
                value: ratio(total_tokens, hours_long),
                peak: self::number(&busiest, load::PEAK_HOUR_TOKENS)?,
                ..Figure::default()
            },
        ),
        (
            "data_transfer_per_hour",
            Figure {
                value: ratio(bytes, hours_long),
                peak: self::number(&busiest, load::PEAK_HOUR_BYTES)?,
                ..Figure::default()
            },
        ),
    ]))
}

/// Figures of how well tokens are used.
fn of_tokens(
    endings: LazyFrame,
    cells: LazyFrame,
    zone: Tz,
) -> Result<BTreeMap<&'static str, Figure>, Error> {
    let found = efficiency(endings, cells, &[], zone).map_err(Error::Compute)?;
    let found = figures::collect(found)?;
    let plain = |name| -> Result<Figure, Error> {
        Ok(Figure { value: number(&found, name)?, ..Figure::default() })
    };
    let coverage = number(&found, tokens::TOKEN_EFFICIENCY_COVERAGE)?;
    let efficient = Figure { coverage, ..plain(tokens::TOKEN_EFFICIENCY)? };
    Ok(BTreeMap::from([
        ("token_efficiency", efficient),
        ("truncated_share", plain(tokens::TRUNCATED_SHARE)?),
        ("cache_hit_share", plain(tokens::CACHE_HIT_SHARE)?),
    ]))
}

/// Figures of load and activity.
fn of_load(
    rows: &LazyFrame,
    cells: &LazyFrame,
    days: usize,
    zone: Tz,
    is_asked: IsAsked<'_>,
) -> Result<BTreeMap<&'static str, Figure>, Error> {
    let days = u32::try_from(days).unwrap_or(u32::MAX);
    let active = mean_daily_active(cells.clone(), zone, days).map_err(Error::Compute)?;
    let active = figures::collect(active)?;
    let models = Figure { value: number(&active, MEAN_DAILY_MODELS)?, ..Figure::default() };
    let mut found = BTreeMap::from([("daily_active_models", models)]);
    if is_asked("active_applications") {
        found.insert("active_applications", applications(rows, cells)?);
    }
    if is_asked("error_rate_per_minute") {
        let minutes = worst_minute(rows.clone(), LEAST_PER_MINUTE);
        let minutes = figures::collect(minutes)?;
        let rate = Figure {
            value: number(&minutes, load::WORST_MINUTE_ERROR_RATE)?,
            coverage: number(&minutes, load::JUDGED_SHARE)?,
            ..Figure::default()
        };
        found.insert("error_rate_per_minute", rate);
    }
    Ok(found)
}

/// Single requests are looked at only where some went through a profile.
fn applications(rows: &LazyFrame, cells: &LazyFrame) -> Result<Figure, Error> {
    let share = figures::collect(application_share(cells.clone()))?;
    let coverage = number(&share, load::APPLICATION_SHARE)?;
    let value = match coverage {
        Some(share) if share > 0.0 => {
            let profiles = figures::collect(active_applications(rows.clone()))?;
            number(&profiles, load::ACTIVE_APPLICATIONS)?
        }
        _ => Some(0.0),
    };
    Ok(Figure { value, coverage, ..Figure::default() })
}

fn number(frame: &DataFrame, column: &str) -> Result<Option<f64>, Error> {
    let value = frame.column(column).and_then(|column| Ok(column.get(0)?.extract::<f64>()));
    value.map_err(Error::Compute)
}

fn usd(frame: &DataFrame, column: &str) -> Result<Option<Usd>, Error> {
    let value = frame.column(column).and_then(|column| Ok(column.get(0)?.extract::<i128>()));
    Ok(value.map_err(Error::Compute)?.map(Usd))
}

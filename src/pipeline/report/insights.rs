//! What the insights find for a report: each asked only where a section shows it.

use chrono::{DateTime, NaiveDate, Utc};

use super::super::Error;
use super::super::allocation::{allocation, budgets};
use super::super::anomalies::{AnomalyQuestion, anomalies, usual_dimensions};
use super::super::capacity::{CapacityQuestion, capacity};
use super::super::compared::Compared;
use super::super::daily::{self, Followed, SeriesQuestion};
use super::super::figures;
use super::super::forecast::{ForecastFigures, Horizon, Interval, forecast_from};
use super::super::savings::savings;
use super::{ReportBasis, ReportRequest, security};
use crate::audit::detections::Detections;
use crate::metrics::allocation::StatementBy;
use crate::period::{Cadence, Period};
use crate::report::happened::{Frames, Timeline};
use crate::report::parts::Value;
use crate::report::{
    Ahead, Budgets, Estimate, Freshness, Ingestion, Insights, Loads, Outlook, Topic,
};
use crate::units::Usd;

/// Minutes and principals named for each quota that throttled.
const NAMED: usize = 3;
/// Days of a forecast that a chart shows, at most and where the month has fewer left.
const LEAST_AHEAD: usize = 14;

/// Everything that the report's sections show of the insights.
pub(super) fn insights(
    basis: ReportBasis<'_>,
    request: &ReportRequest,
    period: Period,
    previous: Period,
    compared: Option<&Compared<'_>>,
) -> Result<Insights, Error> {
    let topics = request.kind.topics(request.audience);
    let asks = |any: &[Topic]| any.iter().any(|topic| topics.contains(topic));
    let risks = asks(&[Topic::Risks]);
    let everything = request.filter.is_none();
    let ledger = compared
        .filter(|_| asks(&security::OF_LEDGER))
        .map(|compared| security::Ledger::read(basis, compared, asks(&[Topic::Compliance])));
    let ledger = ledger.transpose()?.unwrap_or_default();
    let [asks_detections, asks_controls] =
        [Topic::Security, Topic::Compliance].map(|topic| asks(&[topic]) && everything);
    let judged = when(asks_controls, || security::controls(basis, request, period, &ledger))?;
    let (detections, controls) = match judged {
        Some(answer) => (asks_detections.then_some(answer.detections), answer.frameworks),
        None => (when(asks_detections, || security::detections(basis, period))?, Vec::new()),
    };
    Ok(Insights {
        anomalies: when(risks || asks(&[Topic::Anomalies, Topic::FirstSeen]), || {
            found(basis, request, period)
        })?,
        outlook: when(asks(&[Topic::Forecast]), || outlook(basis, request, period))?,
        budgets: when(!basis.budgets.is_empty() && request.filter.is_none(), || {
            month_budgets(basis, request, period)
        })?,
        savings: when(asks(&[Topic::Savings]), || {
            let filter = request.filter.as_ref();
            savings(basis.of, Some(period), filter, basis.candidates, request.timezone)
                .map(|answer| answer.savings)
        })?,
        loads: when(risks || asks(&[Topic::Load]), || loads(basis, request, period))?,
        teams: when(asks(&[Topic::Teams]) && !basis.of.rules.rules.is_empty(), || {
            let of = |period| {
                let filter = request.filter.as_ref();
                allocation(basis.of, Some(period), filter, StatementBy::Team, request.timezone)
            };
            Ok([of(period)?, of(previous)?])
        })?,
        controls,
        stops: ledger
            .outages
            .as_ref()
            .filter(|_| asks(&[Topic::Security]))
            .map(security::stops)
            .unwrap_or_default(),
        access: when(asks(&[Topic::Access]) && everything, || {
            security::access(basis, request, period)
        })?,
        addresses: when(asks(&[Topic::Access]) && everything, || {
            security::addresses(basis, period)
        })?
        .unwrap_or_default(),
        worth: basis.worth.cloned(),
        ingestion: when(asks(&[Topic::Ingestion]) && basis.keeps, || ingestion(basis, request))?,
        timeline: when(asks(&[Topic::Timeline]), || {
            timeline(basis, request, period, detections.as_ref())
        })?,
        detections,
    })
}

/// The answer where it is asked for and there is data to answer from.
fn when<T>(asked: bool, answer: impl FnOnce() -> Result<T, Error>) -> Result<Option<T>, Error> {
    if !asked {
        return Ok(None);
    }
    match answer() {
        Ok(answer) => Ok(Some(answer)),
        Err(Error::NoData { .. } | Error::NotIngested { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The time at which the period was over, or the present.
fn as_of(request: &ReportRequest, period: Period) -> DateTime<Utc> {
    period.to.min(request.now)
}

fn found(
    basis: ReportBasis<'_>,
    request: &ReportRequest,
    period: Period,
) -> Result<crate::insight::anomaly::Anomalies, Error> {
    let question = AnomalyQuestion {
        period,
        filter: request.filter.as_ref(),
        rules: basis.anomaly_rules,
        dimensions: usual_dimensions(basis.of.rules),
        timezone: request.timezone,
        now: request.now,
    };
    anomalies(basis.of, &question)
}

fn month_budgets(
    basis: ReportBasis<'_>,
    request: &ReportRequest,
    period: Period,
) -> Result<Budgets, Error> {
    let zone = request.timezone;
    let last = (as_of(request, period) - chrono::Duration::milliseconds(1)).with_timezone(&zone);
    let month = Cadence::Monthly.period_of(last.date_naive(), zone);
    let now = as_of(request, period);
    let (_, states) = budgets(basis.of, basis.budgets, month, (zone, now))?;
    Ok(Budgets { month, states })
}

fn loads(basis: ReportBasis<'_>, request: &ReportRequest, period: Period) -> Result<Loads, Error> {
    let question = CapacityQuestion {
        period,
        filter: request.filter.as_ref(),
        quotas: basis.quotas,
        most: NAMED,
        timezone: request.timezone,
    };
    let answer = capacity(basis.of, &question)?;
    Ok(Loads { loads: answer.loads, unused_quotas: answer.quotas_without_requests.len() })
}

/// Spend per day up to the end of the period, and what is to come after it.
fn outlook(
    basis: ReportBasis<'_>,
    request: &ReportRequest,
    period: Period,
) -> Result<Outlook, Error> {
    let question = SeriesQuestion {
        followed: Followed::CostUsd,
        period: None,
        filter: request.filter.clone(),
        timezone: request.timezone,
        now: as_of(request, period),
    };
    let days = daily::days(basis.of, &question)?;
    let answer = forecast_from(&days, &question, Horizon::AtLeast(LEAST_AHEAD), None)?;
    let known: Vec<(NaiveDate, Usd)> =
        days.known.iter().map(|figure| (figure.day, Usd(figure.amount))).collect();
    let past = match (known.first(), known.last()) {
        (Some((first, _)), Some((last, _))) => first
            .iter_days()
            .take_while(|day| day <= last)
            .map(|day| {
                let place = known.binary_search_by_key(&day, |(known, _)| *known);
                (day, place.ok().map(|place| known[place].1))
            })
            .collect(),
        _ => Vec::new(),
    };
    Ok(Outlook {
        past,
        needed_days: answer.needed_days,
        known_days: answer.history.known_days,
        ahead: answer.forecast.as_ref().map(ahead),
    })
}

fn ahead(forecast: &ForecastFigures) -> Ahead {
    let month = &forecast.month_end;
    Ahead {
        days: forecast.days.iter().map(|day| (day.day, estimate(&day.expected))).collect(),
        sum: estimate(&forecast.horizon.expected),
        month: month.month.clone(),
        actual: (money(&month.actual), month.actual_days),
        filled_in: money(&month.filled_in),
        unknown_days: month.unknown_days.len(),
        month_end: estimate(&month.expected),
        mean_error: money(&forecast.back_test.mae),
        naive_error: money(&forecast.back_test.seasonal_naive_mae),
        origins: forecast.back_test.origins,
    }
}

fn estimate(interval: &Interval) -> Estimate {
    Estimate {
        expected: money(&interval.expected),
        of_80: (money(&interval.low_80), money(&interval.high_80)),
        of_95: (money(&interval.low_95), money(&interval.high_95)),
    }
}

/// An amount of a forecast of spend, which is always money.
fn money(value: &Value) -> Usd {
    match value {
        Value::Usd(amount) => *amount,
        _ => Usd::default(),
    }
}

fn ingestion(basis: ReportBasis<'_>, request: &ReportRequest) -> Result<Ingestion, Error> {
    let info = basis.of.store.info()?;
    let chosen = &request.chosen;
    let is_chosen = |known: Option<&String>, among: &[String]| {
        among.is_empty() || known.is_none_or(|known| among.contains(known))
    };
    let places = info.freshness.into_iter().filter(|place| {
        is_chosen(place.account.as_ref(), &chosen.accounts)
            && is_chosen(place.region.as_ref(), &chosen.regions)
    });
    let place = |place: crate::store::Freshness| Freshness {
        kind: place.kind.unwrap_or_else(|| "unknown".to_owned()),
        account: place.account,
        region: place.region,
        objects: place.objects,
        newest: place.newest,
    };
    Ok(Ingestion { last_ingest: info.last_ingest, places: places.map(place).collect() })
}

/// What happened in the period, moment by moment, and what the detections find in it.
fn timeline(
    basis: ReportBasis<'_>,
    request: &ReportRequest,
    period: Period,
    detections: Option<&Detections>,
) -> Result<Timeline, Error> {
    let margin = chrono::Duration::days(1);
    let around = Period { from: period.from - margin, to: period.to + margin };
    let rows =
        |range, filter| figures::selected(basis.of, Some(range), filter, &[], request.timezone);
    let frames = Frames {
        api_events: super::inputs::events(basis, request, around)?,
        invocations: rows(around, None)?,
        priced: figures::priced(rows(period, request.filter.as_ref())?, basis.of.book)?,
    };
    let all = !request.chosen.principals.is_empty();
    let read = Timeline::read(&frames, period, request.around, all);
    let mut timeline = read.map_err(Error::Compute)?;
    let mut found = match detections {
        Some(found) => found.clone(),
        None => security::detections(basis, period)?,
    };
    let wanted = &request.chosen.principals;
    found.findings.retain(|one| {
        wanted.is_empty() || one.principal.as_ref().is_some_and(|name| wanted.contains(name))
    });
    timeline.detections = Some(found);
    Ok(timeline)
}

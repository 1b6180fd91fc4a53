//! What a report is made of, read from the store: summed rows, facts, and the last report.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, NaiveDate, Utc};
use polars::prelude::{IntoLazy, LazyFrame};

use super::super::compared::{Compared, both, wide, with_models};
use super::super::drivers::driver_tree;
use super::super::endings::endings;
use super::super::error::phrase;
use super::super::presence::logged_days;
use super::super::summed::Wanted;
use super::super::{Error, figures};
use super::insights::insights;
use super::{ReportBasis, ReportRequest, kept};
use crate::insight::kpi::kpis;
use crate::metrics::both_logs::BothLogs;
use crate::metrics::calendar::Every;
use crate::metrics::cells::Requests;
use crate::metrics::coverage::{calls, hourly};
use crate::metrics::dimensions::Dimension;
use crate::metrics::filter::Filter;
use crate::metrics::small_frame::integers;
use crate::period::Period;
use crate::prices::CacheConvention;
use crate::report::{self, Inputs, PriceFacts, Scope};
use crate::schema::usage::coverage::CALLED;
use crate::schema::usage::dimension;
use crate::schema::{Table, api_event};
use crate::units::Usd;

/// Reads everything that the report of a kind is made of.
pub(super) fn inputs(
    basis: ReportBasis<'_>,
    request: &ReportRequest,
    period: Period,
    previous_period: Period,
) -> Result<Inputs, Error> {
    let (store, book, zone) = (basis.of.store, basis.of.book, request.timezone);
    let objects = store.objects_in(period)?;
    if objects.read == 0 {
        return Err(empty(basis, period)?);
    }
    let filter = request.filter.as_ref();
    let today = request.now.date_naive();
    let scope = scope(request);
    let reproduce = reproduce(request, period, previous_period);
    let current = summed_up(basis, request, period)?;
    let previous = summed_up(basis, request, previous_period)?;
    let sides = [(previous_period, &previous.requests.cells), (period, &current.requests.cells)];
    let compared = compared(basis, request, period)?;
    Ok(Inputs {
        period,
        previous_period,
        timezone: zone,
        generated: request.now,
        previous_endings: endings(basis.of, previous_period, filter, zone)?,
        logged_days: filter
            .map(|_| logged_in(basis, request, [previous_period, period]))
            .transpose()?,
        service_metrics: service_metrics(basis, request, period)?,
        drivers: driver_tree(book, zone, sides)?,
        endings: endings(basis.of, period, filter, zone)?,
        coverage_hours: coverage_hours(basis, request, &scope, period, compared.as_ref())?,
        rejects: store.scan(Table::Rejects, Some(period))?,
        objects: report::Objects { read: objects.read, duplicates: objects.duplicates },
        prices: PriceFacts {
            newest_source: book.newest_source_date(),
            age_days: book.age_days(today),
            is_stale: book.is_stale(today),
            models: book.models().len(),
            rows: book.rows().len(),
            cached_inside: current.cached_inside.map(|(documented, as_logged)| {
                report::CachedInside {
                    documented,
                    as_logged,
                    charged_as_logged: book.cache_convention() == CacheConvention::AsLogged,
                }
            }),
        },
        current: current.requests,
        previous: previous.requests,
        key_figures: kpis(basis.targets).map_err(Error::Kpis)?,
        insights: insights(basis, request, period, previous_period, compared.as_ref())?,
        since: kept::since(basis, request, &scope, period)?,
        scope,
        version: env!("CARGO_PKG_VERSION"),
        reproduce,
    })
}

/// CloudTrail's calls and the log of a report about everything.
fn compared<'a>(
    basis: ReportBasis<'a>,
    request: &ReportRequest,
    period: Period,
) -> Result<Option<Compared<'a>>, Error> {
    request
        .filter
        .is_none()
        .then(|| Compared::read(basis.of.store, period, request.now))
        .transpose()
}

/// Calls against logs by hour; none where there is no call, or they can't be narrowed as the report is.
fn coverage_hours(
    basis: ReportBasis<'_>,
    request: &ReportRequest,
    scope: &Scope,
    period: Period,
    compared: Option<&Compared<'_>>,
) -> Result<Option<LazyFrame>, Error> {
    if let Some(compared) = compared {
        let called = integers(&compared.hours, CALLED).map_err(Error::Compute)?;
        let any = called.into_iter().flatten().any(|called| called > 0);
        return Ok(any.then(|| compared.hours.clone().lazy()));
    }
    if scope.filter.is_some() && !scope.narrows_events {
        return Ok(None);
    }
    let around = wide(period);
    let events = events(basis, request, around)?;
    let found = figures::collect(calls(events.clone()))?;
    let called = integers(&found, CALLED).map_err(Error::Compute)?;
    if called.iter().flatten().all(|called| *called == 0) {
        return Ok(None); // nothing to join with
    }
    let filter = request.filter.as_ref();
    let logs = figures::selected(basis.of, Some(around), filter, &[], request.timezone)?;
    let both = BothLogs::of(both(events, logs, period, Every::Hour)?);
    let hours = hourly(&both, None).map_err(Error::Compute)?;
    Ok(Some(figures::collect(hours)?.lazy()))
}

/// Why there is no report: nothing of the period, and what the store holds in its place.
fn empty(basis: ReportBasis<'_>, period: Period) -> Result<Error, Error> {
    let held = basis.of.store.days(Table::Invocations)?;
    let Some((first, last)) = held else {
        return Ok(Error::NoData { what: "logs", period: phrase(period) });
    };
    let start = |day: chrono::NaiveDate| day.and_time(chrono::NaiveTime::MIN).and_utc();
    let known = Period { from: start(first), to: start(last) + Duration::days(1) };
    Ok(Error::NotIngested { period, known })
}

/// The rows of a period, added up.
struct SummedUp {
    requests: Requests,
    /// What cached tokens inside the input make of the cost, by the documented rule and as logged.
    cached_inside: Option<(Usd, Usd)>,
}

/// Reads the rows of a period once: a report asks some thirty questions, all of their sums.
fn summed_up(
    basis: ReportBasis<'_>,
    request: &ReportRequest,
    period: Period,
) -> Result<SummedUp, Error> {
    let (book, zone) = (basis.of.book, request.timezone);
    let filter = request.filter.as_ref();
    let wanted = Wanted { basis: basis.of, period: Some(period), filter };
    let grain = report::grain::sums(zone);
    let sums = wanted.unpriced(&grain)?;
    let cells = figures::collect(figures::with_cost(&sums, book)?)?.lazy();
    let values = wanted.values(&report::grain::values(zone))?;
    Ok(SummedUp {
        requests: Requests { cells, by: grain.by, values },
        cached_inside: figures::cached_inside(&sums, book)?,
    })
}

/// The local days of these periods with a log of any request.
fn logged_in(
    basis: ReportBasis<'_>,
    request: &ReportRequest,
    periods: [Period; 2],
) -> Result<BTreeSet<NaiveDate>, Error> {
    let mut days = BTreeSet::new();
    for period in periods {
        let frame = logged_days(basis.of, Some(period), request.timezone)?;
        let read = frame.column(dimension::DAY).and_then(|column| Ok(column.date()?.clone()));
        days.extend(read.map_err(Error::Compute)?.as_date_iter().flatten());
    }
    Ok(days)
}

/// What CloudWatch counted, with base models beside, narrowed as the report is; none where CloudWatch
/// can't tell what the report is about: it knows accounts, Regions and models.
fn service_metrics(
    basis: ReportBasis<'_>,
    request: &ReportRequest,
    period: Period,
) -> Result<Option<LazyFrame>, Error> {
    use crate::schema::{invocation, service_metric};
    let chosen = &request.chosen;
    let is_told =
        chosen.teams.is_empty() && chosen.principals.is_empty() && chosen.condition.is_none();
    if !is_told || basis.of.store.days(Table::ServiceMetrics)?.is_none() {
        return Ok(None);
    }
    let counts = with_models(basis.of.store.scan(Table::ServiceMetrics, Some(period))?)?;
    Ok(Some(narrowed(
        counts,
        [
            (service_metric::ACCOUNT_ID, &chosen.accounts),
            (service_metric::REGION, &chosen.regions),
            (invocation::MODEL, &chosen.models),
        ],
    )))
}

/// The rows whose columns hold one of the values chosen of each; all where none is.
fn narrowed(mut rows: LazyFrame, chosen: [(&'static str, &Vec<String>); 3]) -> LazyFrame {
    use polars::prelude::{col, lit};
    for (column, values) in chosen {
        let tests = values.iter().map(|value| col(column).eq(lit(value.as_str())));
        if let Some(any) = tests.reduce(polars::prelude::Expr::or) {
            rows = rows.filter(any);
        }
    }
    rows
}

/// CloudTrail's events, narrowed by account and Region where the report is.
pub(super) fn events(
    basis: ReportBasis<'_>,
    request: &ReportRequest,
    period: Period,
) -> Result<LazyFrame, Error> {
    let events = basis.of.store.scan(Table::ApiEvents, Some(period))?;
    Ok(narrowed(
        events,
        [
            (api_event::ACCOUNT_ID, &request.chosen.accounts),
            (api_event::REGION, &request.chosen.regions),
            (api_event::PRINCIPAL, &request.chosen.principals),
        ],
    ))
}

/// What the report selects, in words.
fn scope(request: &ReportRequest) -> Scope {
    let chosen = &request.chosen;
    let lists = [
        ("accounts", &chosen.accounts),
        ("Regions", &chosen.regions),
        ("teams", &chosen.teams),
        ("models", &chosen.models),
        ("principals", &chosen.principals),
    ];
    let lists = lists.into_iter().filter(|(_, values)| !values.is_empty());
    let mut words: Vec<(&'static str, String)> =
        lists.map(|(label, values)| (label, values.join(", "))).collect();
    if let Some(condition) = &chosen.condition {
        words.push(("requests", format!("where {condition}")));
    }
    Scope {
        words,
        filter: request.filter.as_ref().map(ToString::to_string),
        narrows_events: chosen.teams.is_empty()
            && chosen.models.is_empty()
            && chosen.condition.is_none(),
    }
}

/// What a report is about: the user's choice of accounts, Regions, teams, models and conditions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Chosen {
    /// Accounts; none: all.
    pub accounts: Vec<String>,
    /// Regions; none: all.
    pub regions: Vec<String>,
    /// Teams; none: all.
    pub teams: Vec<String>,
    /// Base models; none: all.
    pub models: Vec<String>,
    /// Roles or users; none: all.
    pub principals: Vec<String>,
    /// A condition.
    pub condition: Option<Filter>,
}

impl Chosen {
    /// The condition that selects what was chosen; none for everything.
    ///
    /// # Errors
    /// When a value is none of its dimension.
    pub fn filter(&self) -> Result<Option<Filter>, crate::metrics::filter::FilterError> {
        let lists = [
            (Dimension::Account, &self.accounts),
            (Dimension::Region, &self.regions),
            (Dimension::Team, &self.teams),
            (Dimension::Model, &self.models),
            (Dimension::Principal, &self.principals),
        ];
        let mut all = self.condition.clone();
        for (dimension, values) in lists {
            let mut any: Option<Filter> = None;
            for value in values {
                let one = Filter::equals(&dimension, Some(value))?;
                any = Some(match any {
                    Some(any) => any.or(one),
                    None => one,
                });
            }
            all = match (all, any) {
                (Some(all), Some(any)) => Some(all.and(any)),
                (all, any) => all.or(any),
            };
        }
        Ok(all)
    }
}

fn reproduce(request: &ReportRequest, period: Period, previous: Period) -> String {
    use crate::shell::word;
    let time = |at: DateTime<Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let mut words = vec![format!(
        "bedrock-lens report {} --from {} --to {} --as-of {}",
        request.kind.name(),
        time(period.from),
        time(period.to),
        time(request.now)
    )];
    if request.comparison != super::Comparison::Previous {
        words.push(format!(
            "--compare-from {} --compare-to {}",
            time(previous.from),
            time(previous.to)
        ));
    }
    if let Some(audience) = request.audience {
        words.push(format!("--audience {}", audience.name()));
    }
    let chosen = &request.chosen;
    let lists = [
        ("--account", &chosen.accounts),
        ("--region", &chosen.regions),
        ("--team", &chosen.teams),
        ("--model", &chosen.models),
        ("--principal", &chosen.principals),
    ];
    for (option, values) in lists.into_iter().filter(|(_, values)| !values.is_empty()) {
        words.push(format!("{option} {}", word(&values.join(","))));
    }
    if let Some(condition) = &chosen.condition {
        words.push(format!("--where {}", word(&condition.to_string())));
    }
    if request.timezone != chrono_tz::Tz::UTC {
        words.push(format!("--timezone {}", request.timezone.name()));
    }
    if let Some(source) = &request.source {
        words.push(format!("--source {}", word(source)));
    }
    words.join(" ")
}

//! The journey of an anomaly pass: history and range, aggregated by the hour, judged.

use std::path::Path;

use chrono::{DateTime, Days, Duration, Utc};
use chrono_tz::Tz;
use polars::prelude::{DataFrame, IntoLazy, LazyFrame, Schema};

use super::Error;
use super::day_sums::{self, DaySums, event_counts, request_counts};
use super::error::phrase;
use super::figures::{self, Basis};
use super::summed::{Wanted, has_whole_hours};
use crate::insight::anomaly::read::{self, Frames};
use crate::insight::anomaly::{self, Anomalies, FirstCall, Grid, Request, Rules};
use crate::metrics::dimensions::Dimension;
use crate::metrics::filter::Filter;
use crate::metrics::{event_summary, summary};
use crate::period::{Period, midnight};
use crate::schema::Table;
use crate::schema::allocation::Allocation;
use crate::store::{Reader, Summed};

/// Logs are delivered within minutes; an hour is judged this long after its end.
const DELIVERY: Duration = Duration::minutes(15);

/// What is asked.
#[derive(Debug, Clone)]
pub struct AnomalyQuestion<'a> {
    /// The range that is judged.
    pub period: Period,
    /// Which requests, if not all.
    pub filter: Option<&'a Filter>,
    /// When a departure from the usual is told.
    pub rules: &'a Rules,
    /// The dimensions whose values are judged, besides everything together.
    pub dimensions: Vec<Dimension>,
    /// The zone of days and hours.
    pub timezone: Tz,
    /// The present time.
    pub now: DateTime<Utc>,
}

/// The thresholds of a file, or those that come with the tool.
///
/// # Errors
/// When the file can't be read or holds no usable thresholds.
pub fn anomaly_rules(file: Option<&Path>) -> Result<Rules, Error> {
    let Some(path) = file else { return Rules::embedded().map_err(Error::AnomalyRules) };
    let unreadable = |source| Error::AnomalyRulesUnreadable { path: path.to_owned(), source };
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    Rules::read(&text).map_err(|source| Error::AnomalyRulesFile { path: path.to_owned(), source })
}

/// The request-metadata key that names teams where no rules do.
const TEAM: &str = "team";

/// The dimensions whose values are judged where nobody names others.
pub fn usual_dimensions(rules: &Allocation) -> Vec<Dimension> {
    let has_rules = !rules.rules.is_empty();
    let team = if has_rules { Dimension::Team } else { Dimension::Tag(TEAM.to_owned()) };
    vec![Dimension::Model, Dimension::Account, Dimension::Region, Dimension::Principal, team]
}

/// The anomalies of a range, against the weeks before it.
///
/// # Errors
/// When the store can't be read, or holds no request in the range and the weeks before it.
pub fn anomalies(basis: Basis<'_>, question: &AnomalyQuestion<'_>) -> Result<Anomalies, Error> {
    let AnomalyQuestion { period, timezone, rules, .. } = *question;
    let seen = Period { from: first_instant(question, rules), to: period.to };
    let grid = Grid::new(seen, timezone);
    let dimensions = cell_dimensions(question);
    let wanted = Wanted { basis, period: Some(seen), filter: question.filter };
    let requests = wanted.requests(&read::grain(&dimensions, timezone))?;
    let cells = read::cells(requests.cells, &dimensions, &grid, timezone);
    let cells = cells.map_err(Error::Compute).and_then(figures::collect)?;
    let known_to = known_to(basis.store, seen, question)?;
    let Some(known_to) = known_to else {
        return Err(Error::NoData { what: "invocations", period: phrase(seen) });
    };
    let logged = match question.filter {
        None => read::logged_of_cells(cells.clone().lazy()),
        Some(_) => read::logged(logged(basis, seen, timezone)?, &grid),
    };
    let logged = figures::collect(logged)?;
    if logged.height() == 0 {
        return Err(Error::NoData { what: "invocations", period: phrase(seen) });
    }
    let called = figures::collect(read::called(events(basis, seen, timezone)?, &grid))?;
    let latencies = latencies((basis, question), seen, &grid, &dimensions)?;
    let grid = Grid::new(Period { to: known_to, ..seen }, timezone);
    let first_calls = first_calls(basis, question, seen, &grid, &cells)?;
    let frames = Frames { cells, latencies, logged, called };
    let hourly = read::hourly(grid, &dimensions, question.dimensions.len(), &frames)
        .map_err(Error::Compute)?;
    let filter = question.filter.map(ToString::to_string);
    let request = Request { period, rules, filter: filter.as_deref() };
    Ok(anomaly::anomalies(&hourly, &first_calls, request))
}

/// Midnight, the weeks of history before the range.
fn first_instant(question: &AnomalyQuestion<'_>, rules: &Rules) -> DateTime<Utc> {
    let day = question.period.from.with_timezone(&question.timezone).date_naive();
    let weeks = Days::new(u64::from(rules.history.weeks) * 7);
    day.checked_sub_days(weeks).map_or(question.period.from, |day| midnight(day, question.timezone))
}

/// The dimensions asked for, and those that say where logs come from and what is new.
fn cell_dimensions(question: &AnomalyQuestion<'_>) -> Vec<Dimension> {
    let mut dimensions = question.dimensions.clone();
    let others = [Dimension::Account, Dimension::Region, Dimension::Model, Dimension::Principal];
    for dimension in others {
        if !dimensions.contains(&dimension) {
            dimensions.push(dimension);
        }
    }
    dimensions
}

/// Counted invocations by hours of a zone.
fn logged(basis: Basis<'_>, seen: Period, zone: Tz) -> Result<LazyFrame, Error> {
    if has_whole_hours(zone, seen.utc_days()) {
        return request_counts(basis.store, basis.book, Some(seen));
    }
    Ok(summary::each_counted(figures::invocations(basis.store, Some(seen))?))
}

/// Counted events by hours of a zone.
fn events(basis: Basis<'_>, seen: Period, zone: Tz) -> Result<LazyFrame, Error> {
    if has_whole_hours(zone, seen.utc_days()) {
        return event_counts(basis.store, Some(seen));
    }
    Ok(event_summary::each_counted(basis.store.scan(Table::ApiEvents, Some(seen))?))
}

/// Percentiles of everything, and per value of each dimension.
fn latencies(
    (basis, question): (Basis<'_>, &AnomalyQuestion<'_>),
    seen: Period,
    grid: &Grid,
    dimensions: &[Dimension],
) -> Result<Vec<(Option<usize>, DataFrame)>, Error> {
    let is_kept = question.filter.is_none()
        && has_whole_hours(question.timezone, seen.utc_days())
        && !dimensions.iter().any(Dimension::is_calendar); // whose values the zone decides
    let all = if is_kept {
        day_sums::sums(&LatencySums::new(basis, dimensions), seen)?
    } else {
        let wanted = Wanted { basis, period: Some(seen), filter: question.filter };
        let values = wanted.values(&read::latency_grain(dimensions, question.timezone))?;
        read::latencies(values, dimensions, grid.start(), question.timezone)
            .map_err(Error::Compute)?
    };
    let all = figures::collect(all)?;
    let places = (0..dimensions.len()).map(Some);
    std::iter::once(None)
        .chain(places)
        .map(|place| {
            let of = place.and_then(|place| dimensions.get(place));
            let frame = read::latencies_of(all.clone().lazy(), of, grid);
            Ok((place, figures::collect(frame)?))
        })
        .collect()
}

/// Percentiles of latency by hour, day by day.
struct LatencySums<'a> {
    basis: Basis<'a>,
    dimensions: Vec<Dimension>,
}

impl<'a> LatencySums<'a> {
    /// Of the usual dimensions if those are enough, so that the same is kept for all who ask.
    fn new(basis: Basis<'a>, dimensions: &[Dimension]) -> Self {
        let usual = usual_dimensions(basis.rules);
        let is_usual = dimensions.iter().all(|one| usual.contains(one));
        Self { basis, dimensions: if is_usual { usual } else { dimensions.to_vec() } }
    }
}

impl DaySums for LatencySums<'_> {
    fn kept(&self) -> Summed {
        Summed::Latencies
    }

    fn store(&self) -> &Reader {
        self.basis.store
    }

    fn how(&self) -> String {
        let names: Vec<String> = self.dimensions.iter().map(Dimension::name).collect();
        let of_rules = [Dimension::Team, Dimension::CostCenter];
        let rules = self.dimensions.iter().any(|one| of_rules.contains(one));
        let rules = rules.then_some(self.basis.rules);
        format!("{} {names:?} {rules:?}", read::LATENCIES_VERSION)
    }

    fn schema(&self) -> Schema {
        read::latencies_schema()
    }

    fn of_rows(&self, period: Period) -> Result<LazyFrame, Error> {
        let wanted = Wanted { basis: self.basis, period: Some(period), filter: None };
        let values = wanted.values(&read::latency_grain(&self.dimensions, Tz::UTC))?;
        read::latencies(values, &self.dimensions, DateTime::UNIX_EPOCH, Tz::UTC)
            .map_err(Error::Compute)
    }
}

/// The end of the last hour that is over and that the store knows whole; none without any event.
///
/// The hour of the newest event is taken for whole when the event lies in its last quarter: else
/// nobody can tell silence from what has not been ingested yet.
fn known_to(
    store: &Reader,
    seen: Period,
    question: &AnomalyQuestion<'_>,
) -> Result<Option<DateTime<Utc>>, Error> {
    let mut newest = None;
    for table in [Table::Invocations, Table::ApiEvents] {
        newest = newest.max(newest_ms(store, table, seen)?);
    }
    let Some(newest) = newest.and_then(DateTime::from_timestamp_millis) else { return Ok(None) };
    let hour = Duration::hours(1);
    let since = newest.timestamp_millis().rem_euclid(hour.num_milliseconds());
    let start = newest - Duration::milliseconds(since);
    let is_whole = since >= hour.num_milliseconds() * 3 / 4;
    let evident = if is_whole { start + hour } else { start };
    Ok(Some(evident.min(question.period.to).min(question.now - DELIVERY)))
}

/// The last instant that a table knows of in the range; where its last day says it, no other is read.
fn newest_ms(store: &Reader, table: Table, seen: Period) -> Result<Option<i64>, Error> {
    let Some((_, last)) = store.days(table)? else { return Ok(None) };
    let end = seen.to - Duration::milliseconds(1);
    let last = midnight(last.min(end.date_naive()), Tz::UTC).max(seen.from);
    for from in [last, seen.from] {
        let rows = store.scan(table, Some(Period { from, ..seen }))?;
        let frame = figures::collect(read::newest(rows))?;
        let newest = read::newest_ms(&frame).map_err(Error::Compute)?;
        if newest.is_some() {
            return Ok(newest);
        }
    }
    Ok(None)
}

/// First calls over everything that the store holds before the end of the range.
fn first_calls(
    basis: Basis<'_>,
    question: &AnomalyQuestion<'_>,
    seen: Period,
    grid: &Grid,
    cells: &DataFrame,
) -> Result<Vec<FirstCall>, Error> {
    let before = Period { from: DateTime::UNIX_EPOCH, to: seen.from };
    let rows = match question.filter {
        None => request_counts(basis.store, basis.book, Some(before))?,
        some => figures::selected(basis, Some(before), some, &[], question.timezone)?,
    };
    let first_hour = grid.first_hour_from(question.period.from);
    let recent = read::first_calls_of_cells(cells.clone().lazy(), grid, first_hour);
    let mut found = Vec::new();
    for frame in [read::first_calls(rows), recent] {
        found.extend(read::read_first_calls(&figures::collect(frame)?).map_err(Error::Compute)?);
    }
    Ok(found)
}

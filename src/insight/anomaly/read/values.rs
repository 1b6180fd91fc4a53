//! Reading the aggregates out: values by name, cells by hour and value.

use std::collections::HashMap;

use polars::prelude::{Column, DataFrame, DataType, PolarsResult};

use crate::insight::anomaly::first_seen::FirstCall;
use crate::insight::anomaly::grid::Grid;
use crate::insight::anomaly::hourly::{Cells, Hourly, LatencyHour, Place, Values};
use crate::metrics::dimensions::Dimension;
use crate::schema::cost::COST_UNITS;
use crate::schema::invocation::{ACCOUNT_ID, REGION};
use crate::schema::usage::derived::{FROM, TO};
use crate::schema::usage::{coverage, dimension, metric};

/// Collected aggregates.
#[derive(Debug, Clone)]
pub struct Frames {
    /// Of [`cells`](super::cells).
    pub cells: DataFrame,
    /// Of [`latencies_of`](super::latencies_of), each with the place of its dimension.
    pub latencies: Vec<(Option<usize>, DataFrame)>,
    /// Of [`logged`](super::logged).
    pub logged: DataFrame,
    /// Of [`called`](super::called).
    pub called: DataFrame,
}

/// Reads the aggregates out.
///
/// `judged` of the dimensions, the first ones, are judged; the others say who made a change.
///
/// # Errors
/// When a column is missing or mistyped.
pub fn hourly(
    grid: Grid,
    dimensions: &[Dimension],
    judged: usize,
    frames: &Frames,
) -> PolarsResult<Hourly> {
    let mut codes: Vec<Codes> =
        dimensions.iter().map(|dimension| Codes::of(dimension.name())).collect();
    let cells = read_cells(&grid, &frames.cells, &mut codes)?;
    let mut latency = Vec::new();
    for (dimension, frame) in &frames.latencies {
        read_latencies(&grid, frame, *dimension, &mut codes, &mut latency)?;
    }
    let places = read_places(&grid, &frames.logged, &frames.called)?;
    let dimensions = codes.into_iter().map(|codes| codes.values).collect();
    Ok(in_order(Hourly { grid, dimensions, judged_dimensions: judged, cells, latency, places }))
}

/// Values by name and cells by hour and value, so that the order of rows never shows.
fn in_order(mut hourly: Hourly) -> Hourly {
    let mut renamed: Vec<Vec<u32>> = Vec::with_capacity(hourly.dimensions.len());
    for values in &mut hourly.dimensions {
        let mut order: Vec<usize> = (0..values.values.len()).collect();
        order.sort_by(|a, b| values.values[*a].cmp(&values.values[*b]));
        let mut new_codes = vec![0; order.len()];
        for (new, old) in (0_u32..).zip(&order) {
            new_codes[*old] = new;
        }
        values.values = order.iter().map(|old| values.values[*old].clone()).collect();
        renamed.push(new_codes);
    }
    let renamed = |dimension: usize, code: u32| {
        let place = usize::try_from(code).unwrap_or(usize::MAX);
        renamed[dimension].get(place).copied().unwrap_or(code)
    };
    for latency in &mut hourly.latency {
        if let Some(dimension) = latency.dimension {
            latency.code = renamed(dimension, latency.code);
        }
    }
    hourly.latency.sort_unstable_by_key(|l| (l.hour, l.dimension, l.code));
    let cells = &hourly.cells;
    let code = |dimension: usize, cell: usize| renamed(dimension, cells.codes[dimension][cell]);
    let mut order: Vec<usize> = (0..cells.hour.len()).collect();
    order.sort_by(|a, b| {
        let by_value = || {
            let values = (0..cells.codes.len()).map(|d| code(d, *a).cmp(&code(d, *b)));
            values.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
        };
        cells.hour[*a].cmp(&cells.hour[*b]).then_with(by_value)
    });
    let pick = |column: &[i64]| order.iter().map(|cell| column[*cell]).collect();
    let sorted = Cells {
        hour: order.iter().map(|cell| cells.hour[*cell]).collect(),
        codes: (0..cells.codes.len())
            .map(|dimension| order.iter().map(|cell| code(dimension, *cell)).collect())
            .collect(),
        requests: pick(&cells.requests),
        errors: pick(&cells.errors),
        throttled: pick(&cells.throttled),
        tokens: order.iter().map(|cell| cells.tokens[*cell]).collect(),
        cost_units: order.iter().map(|cell| cells.cost_units[*cell]).collect(),
    };
    Hourly { cells: sorted, ..hourly }
}

/// Reads [`first_calls`](super::first_calls) out; rows without a time can't be placed and are left out.
///
/// # Errors
/// When a column is missing or mistyped.
pub fn read_first_calls(frame: &DataFrame) -> PolarsResult<Vec<FirstCall>> {
    let text = |name: &str| frame.column(name)?.str();
    let (account, region) = (text(dimension::ACCOUNT)?, text(dimension::REGION)?);
    let (model, principal) = (text(dimension::MODEL)?, text(dimension::PRINCIPAL)?);
    let (first, requests) = (frame.column(FROM)?.i64()?, frame.column(metric::REQUESTS)?.i64()?);
    let owned = |value: Option<&str>| value.map(str::to_owned);
    let mut calls = Vec::with_capacity(frame.height());
    for row in 0..frame.height() {
        if let Some(first_ms) = first.get(row) {
            calls.push(FirstCall {
                account: owned(account.get(row)),
                region: owned(region.get(row)),
                model: owned(model.get(row)),
                principal: owned(principal.get(row)),
                first_ms,
                requests: requests.get(row).unwrap_or(0),
            });
        }
    }
    Ok(calls)
}

/// Reads [`newest`](super::newest) out, milliseconds since the epoch.
///
/// # Errors
/// When the column is missing or mistyped.
pub fn newest_ms(frame: &DataFrame) -> PolarsResult<Option<i64>> {
    Ok(frame.column(TO)?.i64()?.iter().flatten().max())
}

/// Numbers given to the values of a dimension in order of first use.
#[derive(Debug, Default)]
struct Codes {
    values: Values,
    known: HashMap<Option<String>, u32>,
}

impl Codes {
    fn of(dimension: String) -> Self {
        Self { values: Values { dimension, values: Vec::new() }, known: HashMap::new() }
    }

    fn code(&mut self, value: Option<&str>) -> u32 {
        let value = value.map(str::to_owned);
        if let Some(code) = self.known.get(&value) {
            return *code;
        }
        let code = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        self.values.values.push(value.clone());
        self.known.insert(value, code);
        code
    }

    fn column(&mut self, frame: &DataFrame) -> PolarsResult<Vec<u32>> {
        let text = frame.column(&self.values.dimension)?.cast(&DataType::String)?;
        Ok(text.str()?.iter().map(|value| self.code(value)).collect())
    }
}

fn hours(grid: &Grid, frame: &DataFrame) -> PolarsResult<Vec<Option<usize>>> {
    let hours = frame.column(dimension::HOUR)?.i32()?;
    let on_grid = |hour: i32| usize::try_from(hour).ok().filter(|hour| *hour < grid.len());
    Ok(hours.iter().map(|hour| hour.and_then(on_grid)).collect())
}

fn read_cells(grid: &Grid, frame: &DataFrame, codes: &mut [Codes]) -> PolarsResult<Cells> {
    let hours = hours(grid, frame)?;
    let columns =
        codes.iter_mut().map(|codes| codes.column(frame)).collect::<PolarsResult<Vec<_>>>()?;
    let int =
        |name: &str| Ok::<_, polars::prelude::PolarsError>(frame.column(name)?.i64()?.clone());
    let (requests, errors) = (int(metric::REQUESTS)?, int(metric::ERRORS)?);
    let (throttled, tokens) = (int(metric::THROTTLED)?, int(metric::TOTAL_TOKENS)?);
    let cost = frame.column(COST_UNITS)?.cast(&DataType::Int128)?;
    let cost = cost.i128()?;
    let mut cells =
        Cells { codes: vec![Vec::with_capacity(hours.len()); codes.len()], ..Cells::default() };
    for (row, hour) in hours.into_iter().enumerate() {
        let Some(hour) = hour else { continue };
        cells.hour.push(hour);
        for (codes, column) in cells.codes.iter_mut().zip(&columns) {
            codes.push(column[row]);
        }
        cells.requests.push(requests.get(row).unwrap_or(0));
        cells.errors.push(errors.get(row).unwrap_or(0));
        cells.throttled.push(throttled.get(row).unwrap_or(0));
        cells.tokens.push(tokens.get(row));
        cells.cost_units.push(cost.get(row));
    }
    Ok(cells)
}

fn read_latencies(
    grid: &Grid,
    frame: &DataFrame,
    dimension: Option<usize>,
    codes: &mut [Codes],
    into: &mut Vec<LatencyHour>,
) -> PolarsResult<()> {
    let hours = hours(grid, frame)?;
    let values = match dimension {
        Some(dimension) => codes[dimension].column(frame)?,
        None => vec![0; frame.height()],
    };
    let known = frame.column(metric::LATENCY_KNOWN)?.i64()?;
    let p50 = whole_ms(frame.column(metric::LATENCY_P50_MS)?)?;
    let p95 = whole_ms(frame.column(metric::LATENCY_P95_MS)?)?;
    for (row, hour) in hours.into_iter().enumerate() {
        if let (Some(hour), Some(known), Some(p50_ms), Some(p95_ms)) =
            (hour, known.get(row), p50[row], p95[row])
        {
            into.push(LatencyHour { dimension, code: values[row], hour, known, p50_ms, p95_ms });
        }
    }
    Ok(())
}

fn whole_ms(column: &Column) -> PolarsResult<Vec<Option<i64>>> {
    Ok(column.cast(&DataType::Int64)?.i64()?.iter().collect())
}

/// Places that log, in order, with what CloudTrail says of them.
fn read_places(grid: &Grid, logged: &DataFrame, called: &DataFrame) -> PolarsResult<Vec<Place>> {
    let mut places: Vec<Place> = Vec::new();
    each_place_hour(grid, logged, metric::REQUESTS, |account, region, hour, count| {
        let known = places
            .iter()
            .position(|p| p.account.as_deref() == account && p.region.as_deref() == region);
        let at = known.unwrap_or_else(|| {
            let nothing = vec![0; grid.len()];
            places.push(Place {
                account: account.map(str::to_owned),
                region: region.map(str::to_owned),
                logged: nothing.clone(),
                called: nothing.clone(),
                events: nothing,
            });
            places.len() - 1
        });
        places[at].logged[hour] += count;
    })?;
    each_place_hour(grid, called, coverage::CALLED, |account, region, hour, count| {
        let here = places
            .iter_mut()
            .filter(|p| p.account.as_deref() == account && p.region.as_deref() == region);
        here.for_each(|place| place.called[hour] += count);
    })?;
    each_place_hour(grid, called, metric::REQUESTS, |account, _, hour, count| {
        let of_account = places.iter_mut().filter(|p| p.account.as_deref() == account);
        of_account.for_each(|place| place.events[hour] += count);
    })?;
    places.sort_by(|a, b| (&a.account, &a.region).cmp(&(&b.account, &b.region)));
    Ok(places)
}

fn each_place_hour(
    grid: &Grid,
    frame: &DataFrame,
    counted: &str,
    mut see: impl FnMut(Option<&str>, Option<&str>, usize, i64),
) -> PolarsResult<()> {
    let (accounts, regions) = (frame.column(ACCOUNT_ID)?.str()?, frame.column(REGION)?.str()?);
    let counts = frame.column(counted)?.i64()?;
    for (row, hour) in hours(grid, frame)?.into_iter().enumerate() {
        if let (Some(hour), Some(count)) = (hour, counts.get(row)) {
            see(accounts.get(row), regions.get(row), hour, count);
        }
    }
    Ok(())
}

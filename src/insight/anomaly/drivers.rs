//! Who or what made a change: exact sums by value, in the incident and in the weeks before.

use std::collections::BTreeMap;
use std::ops::Range;

use super::findings::{Driver, Figure};
use super::hourly::{Hourly, LatencyHour, Metric, Scope};
use super::rules::Rules;
use crate::units::Usd;

/// Earlier weeks that the usual is the median of, at most.
const WEEKS_BEFORE: usize = 4;
/// A driver made at least this share of the change.
const LEAST_SHARE: f64 = 0.05;
const WEEK_HOURS: usize = 168;

/// The exact sum of an amount over hours; in units of 10⁻¹⁴ USD for costs.
pub(super) fn exact(hourly: &Hourly, metric: Metric, scope: Scope, hours: &Range<usize>) -> i128 {
    hourly
        .cells_in(hours)
        .filter(|cell| hourly.is_in(scope, *cell))
        .map(|cell| hourly.amount(metric, cell))
        .sum()
}

/// The usual of the same hours: the median over the same stretch of up to four earlier weeks.
///
/// None without any earlier week in the store.
pub(super) fn usually(
    hourly: &Hourly,
    metric: Metric,
    scope: Scope,
    hours: &Range<usize>,
) -> Option<i128> {
    let earlier = earlier_stretches(hourly, hours);
    median(earlier.iter().map(|hours| exact(hourly, metric, scope, hours)).collect())
}

/// A sum of a metric as the figure people read.
pub(super) fn figure(metric: Metric, amount: i128) -> Figure {
    if metric == Metric::Cost { Figure::Usd(Usd(amount)) } else { Figure::Count(amount) }
}

/// The values that changed most within a scope, per dimension.
pub(super) fn of_amounts(
    hourly: &Hourly,
    metric: Metric,
    scope: Scope,
    hours: &Range<usize>,
    rules: &Rules,
) -> Vec<Driver> {
    let earlier = earlier_stretches(hourly, hours);
    if earlier.is_empty() {
        return Vec::new();
    }
    let mut drivers = Vec::new();
    for dimension in (0..hourly.dimensions.len()).filter(|d| Some(*d) != scope.dimension()) {
        let observed = by_value(hourly, metric, scope, dimension, hours);
        let before: Vec<BTreeMap<u32, i128>> =
            earlier.iter().map(|hours| by_value(hourly, metric, scope, dimension, hours)).collect();
        let total = exact(hourly, metric, scope, hours)
            - usually(hourly, metric, scope, hours).unwrap_or(0);
        let codes = observed.keys().chain(before.iter().flat_map(BTreeMap::keys));
        let codes: std::collections::BTreeSet<u32> = codes.copied().collect();
        let mut changes: Vec<(u32, i128, i128)> = codes
            .into_iter()
            .map(|code| {
                let of = |sums: &BTreeMap<u32, i128>| sums.get(&code).copied().unwrap_or(0);
                (code, of(&observed), median(before.iter().map(of).collect()).unwrap_or(0))
            })
            .filter(|(_, now, usual)| share(now - usual, total).is_some_and(|s| s >= LEAST_SHARE))
            .collect();
        let name =
            |code: u32| hourly.name(Scope::Value { dimension, code }).and_then(|name| name.1);
        changes.sort_by(|a, b| {
            let size = |change: &(u32, i128, i128)| (change.1 - change.2).abs();
            size(b).cmp(&size(a)).then_with(|| name(a.0).cmp(&name(b.0)))
        });
        changes.truncate(rules.incident.drivers_per_dimension);
        drivers.extend(changes.into_iter().map(|(code, now, usual)| Driver {
            dimension: hourly.dimensions[dimension].dimension.clone(),
            value: name(code).map(str::to_owned),
            metric: metric.name().to_owned(),
            observed: figure(metric, now),
            usual: figure(metric, usual),
            change: figure(metric, now - usual),
            change_share: share(now - usual, total),
        }));
    }
    drivers
}

/// A percentile of latency of one value in an hour, and in the same hour of earlier weeks.
#[derive(Debug, Default)]
struct LatencyNow {
    /// Milliseconds, and requests with known latency.
    now: Option<(i64, i64)>,
    before: Vec<i128>,
}

/// The values that are slowest against their usual in an hour, weighed by their requests.
pub(super) fn of_latency(
    hourly: &Hourly,
    metric: Metric,
    scope: Scope,
    hour: usize,
    rules: &Rules,
) -> Vec<Driver> {
    let value_of = |latency: &LatencyHour| match metric {
        Metric::LatencyP50 => latency.p50_ms,
        _ => latency.p95_ms,
    };
    let mut found: BTreeMap<(usize, u32), LatencyNow> = BTreeMap::new();
    for latency in &hourly.latency {
        let Some(dimension) = latency.dimension.filter(|d| Some(*d) != scope.dimension()) else {
            continue;
        };
        let entry = found.entry((dimension, latency.code)).or_default();
        if latency.hour == hour {
            entry.now = Some((value_of(latency), latency.known));
        } else if latency.hour < hour && (hour - latency.hour).is_multiple_of(WEEK_HOURS) {
            entry.before.push(value_of(latency).into());
        }
    }
    let mut drivers = Vec::new();
    for dimension in 0..hourly.dimensions.len() {
        let mut slower: Vec<(i128, u32, i128, i128)> = Vec::new();
        for ((_, code), latency) in found.iter().filter(|((d, _), _)| *d == dimension) {
            let recent = latency.before.iter().rev().take(WEEKS_BEFORE).copied().collect();
            if let (Some((now, known)), Some(usual)) = (latency.now, median(recent)) {
                let now = i128::from(now);
                if now > usual + usual / 5 {
                    slower.push(((now - usual) * i128::from(known), *code, now, usual));
                }
            }
        }
        slower.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        slower.truncate(rules.incident.drivers_per_dimension);
        drivers.extend(slower.into_iter().map(|(_, code, now, usual)| {
            Driver {
                dimension: hourly.dimensions[dimension].dimension.clone(),
                value: hourly
                    .name(Scope::Value { dimension, code })
                    .and_then(|name| name.1)
                    .map(str::to_owned),
                metric: metric.name().to_owned(),
                observed: Figure::Count(now),
                usual: Figure::Count(usual),
                change: Figure::Count(now - usual),
                change_share: None,
            }
        }));
    }
    drivers
}

fn by_value(
    hourly: &Hourly,
    metric: Metric,
    scope: Scope,
    dimension: usize,
    hours: &Range<usize>,
) -> BTreeMap<u32, i128> {
    let mut sums = BTreeMap::new();
    for cell in hourly.cells_in(hours).filter(|cell| hourly.is_in(scope, *cell)) {
        let code = hourly.cells.codes[dimension][cell];
        *sums.entry(code).or_insert(0) += hourly.amount(metric, cell);
    }
    sums
}

/// The same hours of earlier weeks that don't overlap the incident and are in the store.
fn earlier_stretches(hourly: &Hourly, hours: &Range<usize>) -> Vec<Range<usize>> {
    let step = hours.len().div_ceil(WEEK_HOURS).max(1) * WEEK_HOURS;
    let first = hourly.cells.hour.first().copied().unwrap_or(usize::MAX);
    (1..=WEEKS_BEFORE)
        .filter_map(|weeks| {
            let start = hours.start.checked_sub(weeks * step)?;
            (start >= first).then(|| start..hours.end - weeks * step)
        })
        .collect()
}

/// The middle value, the lower of two.
fn median(mut values: Vec<i128>) -> Option<i128> {
    values.sort_unstable();
    values.get(values.len().checked_sub(1)? / 2).copied()
}

/// Part ÷ whole; none where nothing changed.
#[expect(clippy::cast_precision_loss, reason = "a share")]
fn share(part: i128, whole: i128) -> Option<f64> {
    (whole != 0).then(|| part as f64 / whole as f64)
}

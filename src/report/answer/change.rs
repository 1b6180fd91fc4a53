//! A second period beside the first: groups matched, differences with the right meaning.

use std::collections::HashMap;

use super::groups::{Calendar, Group, text_of, unknown};
use super::question::Question;
use crate::metrics::metric::{Metric, Unit};
use crate::report::parts::{Missing, Value};
use crate::units::Usd;

/// The groups with the figures of the previous period beside them.
///
/// Hours, days, weeks and months meet by their place in the period: the first day the first day.
/// What the previous period has beyond the current one's length has no row. A group that one side
/// lacks has there the figures of no requests (`empty`), or none at all if the previous period is
/// not known.
pub fn with_previous(
    mut groups: Vec<Group>,
    previous: Vec<Group>,
    calendars: [&Calendar; 2],
    empty: &[Value],
    previous_is_known: bool,
) -> Vec<Group> {
    let [current_calendar, previous_calendar] = calendars;
    let texts = |key: &[Value]| -> Vec<Option<String>> { key.iter().map(text_of).collect() };
    let mut places: HashMap<Vec<Option<String>>, usize> = HashMap::new();
    let absent = if previous_is_known { empty.to_vec() } else { unknown(empty.len()) };
    for (place, group) in groups.iter_mut().enumerate() {
        places.insert(texts(&group.key), place);
        group.previous = Some(absent.clone());
    }
    for earlier in previous {
        let Some(key) = previous_calendar.moved(&earlier.key, current_calendar) else { continue };
        if let Some(place) = places.get(&texts(&key)) {
            groups[*place].previous = Some(earlier.figures);
        } else {
            groups.push(Group { key, figures: empty.to_vec(), previous: Some(earlier.figures) });
        }
    }
    groups
}

impl Question {
    /// The cells of a group, in the order of [`Question::columns`].
    pub fn cells(&self, group: Group) -> Vec<Value> {
        let mut cells = group.key;
        let metrics = self.metrics.iter().enumerate();
        let Some(previous) = group.previous.filter(|_| self.compares) else {
            cells.extend(metrics.filter_map(|(at, _)| group.figures.get(at).cloned()));
            return cells;
        };
        for (at, metric) in metrics {
            let side = |figures: &[Value]| {
                let value = figures.get(at).cloned().unwrap_or(Value::Missing(Missing::Unknown));
                let counted = self.counted(*metric, &value, figures);
                (value, counted)
            };
            let ((now, now_counted), (before, before_counted)) =
                (side(&group.figures), side(&previous));
            let (change, relative) = change(metric.unit(), &now_counted, &before_counted);
            cells.extend([now, before, change, relative]);
        }
        cells
    }

    /// The value that a difference counts with: no requests cost nothing.
    fn counted(&self, metric: Metric, value: &Value, figures: &[Value]) -> Value {
        let none = matches!(figures.get(self.requests_at()), Some(Value::Integer(0)));
        if metric == Metric::CostUsd && none { Value::Usd(Usd(0)) } else { value.clone() }
    }
}

/// The difference and its ratio to the size of the value before; missing where a side is.
fn change(unit: Unit, now: &Value, before: &Value) -> (Value, Value) {
    let missing = || Value::Missing(Missing::Unknown);
    let difference = match (now, before) {
        (Value::Integer(now), Value::Integer(before)) => {
            now.checked_sub(*before).map_or_else(missing, Value::CountChange)
        }
        (Value::Usd(now), Value::Usd(before)) => Value::UsdChange(*now - *before),
        _ => match (number(now), number(before)) {
            (Some(now), Some(before)) if unit == Unit::Share => Value::PointChange(now - before),
            (Some(now), Some(before)) => Value::DurationChange(now - before),
            _ => missing(),
        },
    };
    let relative = match (number(&difference), number(before)) {
        (Some(difference), Some(before)) if before.abs() > 0.0 => {
            Value::RelativeChange(difference / before.abs())
        }
        _ => missing(),
    };
    (difference, relative)
}

/// A value as a float, to order, draw and divide; never to add up.
#[expect(clippy::cast_precision_loss, reason = "drawn, ordered or divided")]
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Count(n) | Value::Tokens(n) | Value::Bytes(n) => Some(*n as f64),
        Value::Integer(n) | Value::CountChange(n) => Some(*n as f64),
        Value::Usd(amount)
        | Value::UnitUsd(amount)
        | Value::UsdChange(amount)
        | Value::Estimate(amount)
        | Value::EstimateChange(amount) => Some(amount.to_f64()),
        Value::Number(x)
        | Value::Mean(x)
        | Value::Share(x)
        | Value::Rate(x)
        | Value::DurationMs(x)
        | Value::RelativeChange(x)
        | Value::PointChange(x)
        | Value::DurationChange(x) => Some(*x).filter(|x| x.is_finite()),
        _ => None,
    }
}

impl Value {
    /// The value as a float, to draw or to compare; `None` for text, times and missing values.
    pub fn as_number(&self) -> Option<f64> {
        number(self)
    }
}

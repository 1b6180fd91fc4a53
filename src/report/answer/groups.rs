//! Groups and the periods among them in which nothing happened.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use polars::prelude::{DataFrame, PolarsResult};

use super::question::Question;
use super::read::value_of;
use crate::metrics::calendar::{Label, Slot, is_calendar, is_grain, slots};
use crate::metrics::dimensions::Dimension;
use crate::period::Period;
use crate::report::parts::{Missing, Value};

/// One group: its labels and its figures.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// One value per dimension; missing where the rows don't have it.
    pub key: Vec<Value>,
    /// One value per metric asked for, then the requests if they are not among them.
    pub figures: Vec<Value>,
    /// The same of the period compared with.
    pub previous: Option<Vec<Value>>,
}

/// The labels of the calendar dimensions of a question, over one period.
#[derive(Debug, Clone, Default)]
pub struct Calendar {
    slots: Vec<Slot>,
    /// Per dimension, the place of each label in time; empty where it is no grain.
    places: Vec<HashMap<String, usize>>,
    labels: Vec<Vec<String>>,
}

/// A period holds too many empty hours to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the range holds {slots} periods, more than the {MOST_SLOTS} that can be shown")]
pub struct SlotLimit {
    slots: usize,
}

/// Most rows that empty periods may add up to.
const MOST_SLOTS: usize = 500_000;

impl Calendar {
    /// The calendar of a question over a period. `known` is the range that logs were read for.
    pub fn new(
        question: &Question,
        period: Period,
        known: Option<Period>,
        now: DateTime<Utc>,
    ) -> Self {
        let by: Vec<Dimension> = question.by.iter().filter(|d| is_calendar(d)).cloned().collect();
        if by.is_empty() {
            return Self::default();
        }
        let slots = slots(period, known, now, &by, question.timezone);
        let mut calendar = Self { slots, places: Vec::new(), labels: Vec::new() };
        for dimension in &question.by {
            let labels =
                match by.iter().position(|d| d == dimension).filter(|_| is_grain(dimension)) {
                    Some(at) => calendar.labels_at(at),
                    None => Vec::new(),
                };
            calendar.places.push(labels.iter().cloned().zip(0..).collect());
            calendar.labels.push(labels);
        }
        calendar
    }

    fn labels_at(&self, at: usize) -> Vec<String> {
        let mut labels: Vec<String> = Vec::new();
        let mut seen = HashSet::new();
        for slot in &self.slots {
            if let Some(Label::Text(label)) = slot.labels.get(at)
                && seen.insert(label)
            {
                labels.push(label.clone());
            }
        }
        labels
    }

    /// The place of a label in time, if the dimension is a grain and the label in the period.
    pub(super) fn place(&self, dimension: usize, label: &Value) -> Option<usize> {
        let (Value::Id(label) | Value::Text(label)) = label else { return None };
        self.places.get(dimension)?.get(label).copied()
    }

    /// The key that stands at the same place of another calendar; `None` when that is shorter.
    pub fn moved(&self, key: &[Value], to: &Self) -> Option<Vec<Value>> {
        let moved =
            key.iter().enumerate().map(|(dimension, label)| match self.place(dimension, label) {
                Some(place) => to.labels.get(dimension)?.get(place).cloned().map(Value::Id),
                None => Some(label.clone()),
            });
        moved.collect()
    }
}

/// The groups of a usage frame of [`Question::usage`].
///
/// # Errors
/// When a cell can't be read.
pub fn groups_of(
    frame: &DataFrame,
    question: &Question,
    by: &[Dimension],
) -> PolarsResult<Vec<Group>> {
    let metrics = question.asked_metrics();
    let mut groups =
        vec![Group { key: Vec::new(), figures: Vec::new(), previous: None }; frame.height()];
    for dimension in by {
        let column = frame.column(&dimension.name())?;
        for (index, group) in groups.iter_mut().enumerate() {
            group.key.push(value_of(&column.get(index)?, None));
        }
    }
    for metric in metrics {
        let column = frame.column(metric.column())?;
        for (index, group) in groups.iter_mut().enumerate() {
            group.figures.push(value_of(&column.get(index)?, Some(metric.unit())));
        }
    }
    Ok(groups)
}

/// The groups, and one more for every period of the calendar that a group lacks.
///
/// With dimensions beside the calendar, each of their combinations that has a group gets every
/// period. `empty` are the figures of no requests; where nothing is known, all figures are missing.
///
/// # Errors
/// When that is too many rows to be of use.
pub fn filled(
    mut groups: Vec<Group>,
    question: &Question,
    calendar: &Calendar,
    empty: &[Value],
) -> Result<Vec<Group>, SlotLimit> {
    let rest = |key: &[Value]| -> Vec<Value> {
        let kept = question.by.iter().zip(key).filter(|(dimension, _)| !is_calendar(dimension));
        kept.map(|(_, value)| value.clone()).collect()
    };
    let mut present: HashSet<Vec<Option<String>>> = HashSet::new();
    let mut seen = HashSet::new();
    let mut combinations: Vec<Vec<Value>> = Vec::new();
    if question.by.iter().all(is_calendar) {
        combinations.push(Vec::new());
    }
    for group in &groups {
        present.insert(group.key.iter().map(text_of).collect());
        let rest = rest(&group.key);
        if !rest.is_empty() && seen.insert(rest.iter().map(text_of).collect::<Vec<_>>()) {
            combinations.push(rest);
        }
    }
    let slots = calendar.slots.len().saturating_mul(combinations.len());
    if slots > MOST_SLOTS {
        return Err(SlotLimit { slots });
    }
    for combination in &combinations {
        for slot in &calendar.slots {
            let key = key_of(question, slot, combination);
            if !present.contains(&key.iter().map(text_of).collect::<Vec<_>>()) {
                let figures = if slot.is_known { empty.to_vec() } else { unknown(empty.len()) };
                groups.push(Group { key, figures, previous: None });
            }
        }
    }
    Ok(groups)
}

/// Figures of which nothing is known.
pub(super) fn unknown(count: usize) -> Vec<Value> {
    vec![Value::Missing(Missing::Unknown); count]
}

fn key_of(question: &Question, slot: &Slot, rest: &[Value]) -> Vec<Value> {
    let (mut labels, mut rest) = (slot.labels.iter(), rest.iter());
    let value = |dimension: &Dimension| {
        if !is_calendar(dimension) {
            return rest.next().cloned();
        }
        labels.next().map(|label| match label {
            Label::Text(text) => Value::Id(text.clone()),
            Label::Number(number) => Value::Integer(*number),
        })
    };
    question.by.iter().filter_map(value).collect()
}

/// A label as text, to tell labels apart.
pub(super) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Id(text) | Value::Text(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        _ => None,
    }
}

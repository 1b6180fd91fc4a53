//! The order of an answer's rows.

use std::cmp::Ordering;
use std::str::FromStr;

use super::groups::{Calendar, Group};
use super::question::Question;
use crate::report::parts::Value;

/// A column to sort by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortBy {
    /// Its name.
    pub column: String,
    /// Largest first.
    pub descending: bool,
}

/// Reads `cost_usd`, `cost_usd:desc`, `cost_usd:asc` or `-cost_usd`.
impl FromStr for SortBy {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        // `tag:desc` is the tag named so.
        let with = |column: &str, descending| Self { column: column.to_owned(), descending };
        Ok(match (text.strip_prefix('-'), text.rsplit_once(':')) {
            (Some(column), _) => with(column, true),
            (_, Some((column, "desc"))) if column != "tag" => with(column, true),
            (_, Some((column, "asc"))) if column != "tag" => with(column, false),
            _ => with(text, false),
        })
    }
}

/// The rows in order: as asked for, then by the dimensions; periods by time, missing values last.
///
/// Without an order asked for, a limit keeps the groups with most of the first metric.
pub fn ordered(
    groups: Vec<Group>,
    question: &Question,
    calendar: &Calendar,
) -> Vec<(Vec<Value>, Vec<Value>)> {
    let names: Vec<String> = question.columns().into_iter().map(|column| column.name).collect();
    let at = |name: &str| names.iter().position(|known| known == name);
    let dimensions = question.by.len();
    let mut keys: Vec<(usize, bool)> = question
        .sort
        .iter()
        .filter_map(|sort| Some((at(&sort.column)?, sort.descending)))
        .collect();
    if keys.is_empty() && question.limit.is_some() {
        keys.push((dimensions, true));
    }
    keys.extend((0..dimensions).map(|dimension| (dimension, false)));
    let mut rows: Vec<(Vec<Value>, Vec<Value>)> =
        groups.into_iter().map(|group| (group.key.clone(), question.cells(group))).collect();
    rows.sort_by(|(_, left), (_, right)| {
        let orders = keys.iter().map(|(column, descending)| {
            let (left, right) = (&left[*column], &right[*column]);
            let place = |value| calendar.place(*column, value).filter(|_| *column < dimensions);
            match (place(left), place(right)) {
                (Some(left), Some(right)) if *descending => right.cmp(&left),
                (Some(left), Some(right)) => left.cmp(&right),
                _ => compare(left, right, *descending),
            }
        });
        orders.fold(Ordering::Equal, Ordering::then)
    });
    rows
}

fn compare(left: &Value, right: &Value, descending: bool) -> Ordering {
    let is_missing = |value: &Value| matches!(value, Value::Missing(_));
    match (is_missing(left), is_missing(right)) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) if descending => known(right, left),
        (false, false) => known(left, right),
    }
}

fn known(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Usd(left), Value::Usd(right))
        | (Value::UsdChange(left), Value::UsdChange(right)) => left.cmp(right),
        (Value::Integer(left), Value::Integer(right))
        | (Value::CountChange(left), Value::CountChange(right)) => left.cmp(right),
        (Value::Id(left), Value::Id(right)) => left.cmp(right),
        _ => match (left.as_number(), right.as_number()) {
            (Some(left), Some(right)) => left.total_cmp(&right),
            _ => Ordering::Equal,
        },
    }
}

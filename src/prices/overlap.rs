//! Two price rows may not both apply to one call.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::book::PriceRow;

/// Two rows of the same model, routing, Region and tier with a day in common; `None` if there are none.
pub(super) fn first_overlap(rows: &[PriceRow]) -> Option<(&PriceRow, &PriceRow)> {
    let mut same_calls: BTreeMap<_, Vec<&PriceRow>> = BTreeMap::new();
    for row in rows {
        let key = (&row.model_id, row.routing, &row.region, row.tier);
        same_calls.entry(key).or_default().push(row);
    }
    same_calls.into_values().find_map(|mut group| {
        group.sort_by_key(|row| start(row));
        let pairs = group.iter().zip(group.iter().skip(1));
        pairs.map(|(a, b)| (*a, *b)).find(|(a, b)| start(b) < end(a))
    })
}

fn start(row: &PriceRow) -> NaiveDate {
    row.effective_from.unwrap_or(NaiveDate::MIN)
}

fn end(row: &PriceRow) -> NaiveDate {
    row.effective_to.unwrap_or(NaiveDate::MAX)
}

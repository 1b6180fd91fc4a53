//! Rounding of values that must add up: largest remainder, so printed parts sum to the total.

use super::Format;
use crate::report::parts::{Align, Column, RowRole, Table, Value};
use crate::units::{UNITS_PER_USD, Usd};

const UNITS_PER_CENT: i128 = UNITS_PER_USD / 100;

/// The cells of a table in words, rows and columns as in the table.
///
/// Columns whose values are parts of the total row are rounded together.
pub fn cells(table: &Table, format: &Format) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = table
        .rows
        .iter()
        .map(|row| {
            let cell = |(i, column): (usize, &Column)| {
                row.cells.get(i).map_or_else(String::new, |c| one(&c.value, column, format))
            };
            table.columns.iter().enumerate().map(cell).collect()
        })
        .collect();
    for (index, column) in table.columns.iter().enumerate() {
        if column.parts && column.align == Align::Right {
            round_together(table, index, column, format, &mut rows);
        }
    }
    rows
}

fn one(value: &Value, column: &Column, format: &Format) -> String {
    if column.unit.is_some() { format.bare(value) } else { format.value(value) }
}

fn round_together(
    table: &Table,
    index: usize,
    column: &Column,
    format: &Format,
    rows: &mut [Vec<String>],
) {
    let value_at = |row: usize| table.rows[row].cells.get(index).map(|cell| &cell.value);
    let is_part = |row: &usize| matches!(table.rows[*row].role, RowRole::Body | RowRole::Note);
    let total = table.rows.iter().position(|row| row.role == RowRole::Total);
    let parts: Vec<usize> = (0..table.rows.len()).filter(is_part).collect();

    let money: Vec<(usize, i128)> =
        parts.iter().filter_map(|&row| Some((row, money_units(value_at(row)?)?))).collect();
    let shares: Vec<(usize, f64)> =
        parts.iter().filter_map(|&row| Some((row, share_of(value_at(row)?)?))).collect();

    if !money.is_empty() {
        let sum = money.iter().fold(0_i128, |sum, (_, units)| sum.saturating_add(*units));
        let total = total.and_then(value_at).and_then(money_units).unwrap_or(sum);
        let units: Vec<i128> = money.iter().map(|(_, units)| *units).collect();
        let Some(cents) = largest_remainder(&units, UNITS_PER_CENT, total) else { return };
        for ((row, exact), cents) in money.iter().zip(cents) {
            let Some(value) = value_at(*row) else { continue };
            rows[*row][index] = rounded_money(value, *exact, cents, column, format);
        }
    } else if !shares.is_empty() {
        let sum: f64 = shares.iter().map(|(_, share)| share).sum();
        let total = total.and_then(value_at).and_then(share_of).unwrap_or(sum);
        let exact: Vec<i128> = shares.iter().map(|(_, share)| to_units(*share)).collect();
        let Some(tenths) = largest_remainder(&exact, SHARE_STEP, to_units(total)) else { return };
        for ((row, share), tenths) in shares.iter().zip(tenths) {
            rows[*row][index] = rounded_share(*share, tenths, format);
        }
    }
}

fn money_units(value: &Value) -> Option<i128> {
    match value {
        Value::Usd(amount) | Value::UsdChange(amount) => Some(amount.0),
        _ => None,
    }
}

fn share_of(value: &Value) -> Option<f64> {
    match value {
        Value::Share(share) if share.is_finite() => Some(*share),
        _ => None,
    }
}

/// Shares in 10⁻¹², so that they can be rounded as whole numbers.
#[expect(clippy::cast_possible_truncation, reason = "shares are finite and near 0 to 1")]
fn to_units(share: f64) -> i128 {
    (share * 1e12).round() as i128
}

/// A tenth of a percent in units of 10⁻¹².
const SHARE_STEP: i128 = 1_000_000_000;

fn rounded_money(
    value: &Value,
    exact: i128,
    cents: i128,
    column: &Column,
    format: &Format,
) -> String {
    if cents == 0 && exact != 0 {
        // Prints as `<0.01`: the exact amount isn't nothing.
        let least = Usd(exact.signum());
        return match value {
            Value::UsdChange(_) => one(&Value::UsdChange(least), column, format),
            _ => one(&Value::Usd(least), column, format),
        };
    }
    let amount = Usd(cents.saturating_mul(UNITS_PER_CENT));
    match value {
        Value::UsdChange(_) => one(&Value::UsdChange(amount), column, format),
        _ => one(&Value::Usd(amount), column, format),
    }
}

#[expect(clippy::cast_precision_loss, reason = "tenths of a percent are small")]
fn rounded_share(exact: f64, tenths: i128, format: &Format) -> String {
    if tenths == 0 && exact > 0.0 {
        return format.value(&Value::Share(f64::MIN_POSITIVE));
    }
    format.script.apply(super::number::percent(tenths as f64 / 1_000.0, 1))
}

/// Whole steps for each part, so that they sum to the rounded total.
///
/// Returns `None` when the parts don't add up to the total before rounding: then there is nothing
/// to preserve, and each is rounded on its own.
pub fn largest_remainder(parts: &[i128], step: i128, total: i128) -> Option<Vec<i128>> {
    let sum = parts.iter().try_fold(0_i128, |sum, part| sum.checked_add(*part))?;
    let tolerance = step / 100 * i128::try_from(parts.len()).ok()?.max(1);
    if sum.abs_diff(total) > tolerance.unsigned_abs() {
        return None;
    }
    let target = round_half_away(total, step);
    let mut steps: Vec<i128> = parts.iter().map(|part| part.div_euclid(step)).collect();
    let missing = target - steps.iter().sum::<i128>();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|&i| (std::cmp::Reverse(parts[i].rem_euclid(step)), i));
    let missing = usize::try_from(missing).ok()?;
    for &i in order.iter().take(missing) {
        steps[i] += 1;
    }
    Some(steps)
}

fn round_half_away(x: i128, step: i128) -> i128 {
    (x + step / 2 * x.signum()) / step
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::largest_remainder;

    #[test]
    fn thirds_sum_to_the_whole() {
        assert_eq!(largest_remainder(&[333, 333, 334], 10, 1_000), Some(vec![33, 33, 34]));
        assert_eq!(largest_remainder(&[5, 5, 5, 5], 10, 20), Some(vec![1, 1, 0, 0]));
        assert_eq!(largest_remainder(&[-15, 5], 10, -10), Some(vec![-1, 0]));
        assert_eq!(largest_remainder(&[], 10, 0), Some(vec![]));
    }

    #[test]
    fn parts_that_do_not_add_up_are_left_alone() {
        assert_eq!(largest_remainder(&[100, 100], 10, 500), None);
    }

    proptest! {
        #[test]
        fn rounded_parts_sum_to_the_rounded_total_and_move_less_than_a_step(
            parts in prop::collection::vec(-1_000_000_i128..1_000_000, 0..20),
        ) {
            let total: i128 = parts.iter().sum();
            let steps = largest_remainder(&parts, 1_000, total).expect("parts add up");
            prop_assert_eq!(steps.iter().sum::<i128>(), super::round_half_away(total, 1_000));
            for (part, step) in parts.iter().zip(&steps) {
                prop_assert!((part - step * 1_000).abs() <= 1_000);
            }
        }
    }
}

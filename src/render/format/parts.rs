//! Rounding of values that must add up: largest remainder, so printed parts sum to the total.

use super::Format;
use crate::report::parts::{Align, Column, RowRole, Table, TableRow, Value};
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
    subtract_as_printed(table, format, &mut rows);
    rows
}

/// Where a table has spend, spend before and change, each printed change is the difference of the
/// two printed amounts beside it, so that both rows and columns add up.
///
/// Not done where the printed totals themselves differ by another cent than the total change: then
/// the column adds up and a row may be a cent off.
fn subtract_as_printed(table: &Table, format: &Format, rows: &mut [Vec<String>]) {
    let find = |key: &str| table.columns.iter().position(|column| column.key == key);
    let (Some(now), Some(before), Some(change)) =
        (find("cost_usd"), find("previous_cost_usd"), find("cost_change_usd"))
    else {
        return;
    };
    let printed = |row: &[String], index: usize| cents_of(row.get(index)?);
    let differences: Vec<Option<i128>> =
        rows.iter().map(|row| Some(printed(row, now)? - printed(row, before)?)).collect();
    let is_change = |row: usize| {
        table.rows[row].cells.get(change).is_some_and(|cell| money_units(&cell.value).is_some())
    };
    let fits = (0..rows.len()).filter(|row| is_change(*row)).all(|row| {
        differences[row].is_some()
            && (table.rows[row].role != RowRole::Total
                || differences[row] == printed(&rows[row], change))
    });
    if !fits {
        return;
    }
    for row in 0..rows.len() {
        if let (true, Some(cents)) = (is_change(row), differences[row]) {
            let amount = Usd(cents.saturating_mul(UNITS_PER_CENT));
            rows[row][change] = one(&Value::UsdChange(amount), &table.columns[change], format);
        }
    }
}

/// A printed amount in cents; `None` for what isn't a whole number of them, such as `<0.01`.
fn cents_of(text: &str) -> Option<i128> {
    let negative = text.starts_with(['−', '-']);
    let digits = text.trim_start_matches(['+', '−', '-']).replace(['$', ',', '.'], "");
    let cents: i128 = digits.parse().ok()?;
    Some(if negative { -cents } else { cents })
}

/// Amounts of money in words with their symbol, rounded together so that they sum to the rounded sum.
pub fn amounts(values: &[Value], format: &Format) -> Vec<String> {
    let column = Column {
        key: "amount",
        label: String::new(),
        unit: None,
        align: Align::Right,
        parts: true,
    };
    let row = |value: &Value| TableRow {
        role: RowRole::Body,
        swatch: None,
        cells: vec![value.clone().into()],
    };
    let table = Table {
        caption: String::new(),
        show_caption: false,
        wide: false,
        columns: vec![column],
        rows: values.iter().map(row).collect(),
    };
    cells(&table, format).into_iter().flatten().collect()
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
/// The largest part is rounded on its own, since headings name it and must not differ from the
/// table; the others share what is left.
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
    let largest = (0..parts.len()).rev().max_by_key(|i| parts[*i].abs());
    share_out(parts, step, target, largest).or_else(|| share_out(parts, step, target, None))
}

/// Whole steps that sum to `target`: the `fixed` part to the nearest, of the others those with the
/// largest remainders up. `None` where that can't be met.
fn share_out(parts: &[i128], step: i128, target: i128, fixed: Option<usize>) -> Option<Vec<i128>> {
    let mut steps: Vec<i128> = parts.iter().map(|part| part.div_euclid(step)).collect();
    if let Some(fixed) = fixed {
        steps[fixed] = round_half_away(parts[fixed], step);
    }
    let missing = usize::try_from(target - steps.iter().sum::<i128>()).ok()?;
    let mut order: Vec<usize> = (0..parts.len()).filter(|i| Some(*i) != fixed).collect();
    order.sort_by_key(|&i| (std::cmp::Reverse(parts[i].rem_euclid(step)), i));
    if missing > order.len() {
        return None;
    }
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

    use super::{cells, cents_of, largest_remainder};
    use crate::render::format::Format;
    use crate::report::parts::{Align, Column, RowRole, Table, TableRow, Value};
    use crate::units::Usd;

    #[test]
    fn thirds_sum_to_the_whole() {
        assert_eq!(largest_remainder(&[333, 333, 334], 10, 1_000), Some(vec![34, 33, 33]));
        assert_eq!(largest_remainder(&[5, 5, 5, 5], 10, 20), Some(vec![1, 1, 0, 0]));
        assert_eq!(largest_remainder(&[-15, 5], 10, -10), Some(vec![-2, 1]));
        assert_eq!(largest_remainder(&[], 10, 0), Some(vec![]));
    }

    #[test]
    fn parts_that_do_not_add_up_are_left_alone() {
        assert_eq!(largest_remainder(&[100, 100], 10, 500), None);
    }

    /// A table of spend, spend before and change, with its total; amounts in thousandths of a dollar.
    fn spend(days: &[(i128, i128)]) -> Table {
        let usd = |thousandths: i128| Usd(crate::units::UNITS_PER_USD / 1_000 * thousandths);
        let column = |key| Column {
            key,
            label: key.to_owned(),
            unit: Some("USD"),
            align: Align::Right,
            parts: true,
        };
        let row = |role, (now, before): (i128, i128)| TableRow {
            role,
            swatch: None,
            cells: vec![
                Value::Usd(usd(now)).into(),
                Value::Usd(usd(before)).into(),
                Value::UsdChange(usd(now - before)).into(),
            ],
        };
        let total = days.iter().fold((0, 0), |sum, day| (sum.0 + day.0, sum.1 + day.1));
        let body = days.iter().map(|day| row(RowRole::Body, *day));
        Table {
            caption: String::new(),
            show_caption: false,
            wide: false,
            columns: ["cost_usd", "previous_cost_usd", "cost_change_usd"].map(column).to_vec(),
            rows: body.chain([row(RowRole::Total, total)]).collect(),
        }
    }

    #[test]
    fn a_printed_change_is_the_difference_of_the_printed_amounts() {
        // 43.326 − 2.684 = 40.642, printed 43.33 − 2.68 = 40.65.
        let table = spend(&[(43_326, 2_684), (1_004, 1_006)]);
        let printed = cells(&table, &Format::default());
        assert_eq!(printed[0], ["43.33", "2.68", "+40.65"]);
        assert_eq!(printed[1], ["1.00", "1.01", "−0.01"]);
        assert_eq!(printed[2], ["44.33", "3.69", "+40.64"]);
    }

    #[test]
    fn printed_amounts_are_read_back_in_cents() {
        assert_eq!(cents_of("+$1,040.64"), Some(104_064));
        assert_eq!(cents_of("−0.22"), Some(-22));
        assert_eq!(cents_of("<0.01"), None);
        assert_eq!(cents_of("not in log"), None);
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

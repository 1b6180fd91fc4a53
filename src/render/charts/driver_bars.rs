//! Bars from zero in both directions, thin ones for the parts of each driver, the total last.

use super::canvas::{Anchor, Canvas, DrawError, Label};
use super::style::{self, Ink, WIDTH};
use super::svg::{self, Words};
use super::{mark_label, scale, tinted};
use crate::render::format::{Format, parts};
use crate::report::parts::{DriverBar, DriverBars, Value};

const DRIVER: f64 = 25.0;
const PART: f64 = 19.0;
const INDENT: f64 = 14.0;
const GAP: f64 = 9.0;

struct Plan {
    /// Where names end.
    left: f64,
    /// Where zero is, and how many pixels a dollar takes.
    zero: f64,
    per_dollar: f64,
    height: f64,
}

impl Plan {
    fn x(&self, dollars: f64) -> f64 {
        self.zero + dollars * self.per_dollar
    }
}

pub(super) fn draw(
    chart: &DriverBars,
    words: &Words,
    format: &Format,
) -> Result<String, DrawError> {
    let amounts = amounts(chart, format);
    let plan = plan(chart, &amounts);
    svg::draw(words, (WIDTH, plan.height), |canvas| {
        let mut top = 2.0;
        let total = chart.rows.iter().position(|row| row.is_total);
        for (index, (row, amount)) in chart.rows.iter().zip(&amounts).enumerate() {
            if total == Some(index) {
                let y = top + GAP / 2.0 - 2.0;
                canvas.line((0.0, y), (WIDTH, y), style::LINE_2, 1.0)?;
                top += GAP;
            }
            let height = height(row);
            draw_row(canvas, (row, amount), top + height / 2.0, &plan)?;
            top += height;
        }
        canvas.line((plan.zero, 0.0), (plan.zero, plan.height), style::AXIS, 1.0)
    })
}

/// The printed amounts: drivers rounded together as in the table beside the chart, and the parts of
/// each among themselves.
fn amounts(chart: &DriverBars, format: &Format) -> Vec<String> {
    let value = |row: &DriverBar| Value::UsdChange(row.amount);
    let mut shown: Vec<String> = chart.rows.iter().map(|row| format.value(&value(row))).collect();
    let is_driver = |row: &DriverBar| !row.is_part && !row.is_total;
    let mut groups: Vec<Vec<usize>> =
        vec![(0..chart.rows.len()).filter(|n| is_driver(&chart.rows[*n])).collect()];
    for (index, row) in chart.rows.iter().enumerate() {
        match groups.last_mut() {
            Some(parts) if row.is_part => parts.push(index),
            _ => groups.push(Vec::new()),
        }
    }
    for group in groups {
        let values: Vec<Value> = group.iter().map(|n| value(&chart.rows[*n])).collect();
        for (place, text) in group.into_iter().zip(parts::amounts(&values, format)) {
            shown[place] = text;
        }
    }
    shown
}

fn height(row: &DriverBar) -> f64 {
    if row.is_part { PART } else { DRIVER }
}

fn plan(chart: &DriverBars, amounts: &[String]) -> Plan {
    let name = |row: &DriverBar| {
        let indent = if row.is_part { INDENT } else { 0.0 };
        style::bold_width(&row.label, style::LABEL) + indent
    };
    let left = chart.rows.iter().map(name).fold(0.0, f64::max).min(220.0) + 12.0;
    let room = |negative: bool| {
        let of = chart.rows.iter().zip(amounts).filter(|(row, _)| (row.amount.0 < 0) == negative);
        of.map(|(_, text)| style::bold_width(text, style::LABEL) + 10.0).fold(0.0, f64::max)
    };
    let dollars = || chart.rows.iter().map(|row| row.amount.to_f64()).filter(|x| x.is_finite());
    let (low, high) = (dollars().fold(0.0, f64::min), dollars().fold(0.0, f64::max));
    let (from, to) = (left + room(true), WIDTH - room(false));
    let zero = scale(0.0, (low, high), (from, to.max(from + 40.0)));
    let span = (high - low).max(f64::MIN_POSITIVE);
    let total = if chart.rows.iter().any(|row| row.is_total) { GAP } else { 0.0 };
    Plan {
        left,
        zero: if high > low { zero } else { from },
        per_dollar: if high > low { (to.max(from + 40.0) - from) / span } else { 0.0 },
        height: chart.rows.iter().map(height).sum::<f64>() + total + 4.0,
    }
}

fn ink(row: &DriverBar) -> Ink {
    match (row.is_total, row.is_part, row.amount.0 < 0) {
        (true, ..) => style::INK_2,
        (_, false, false) => style::C1,
        (_, false, true) => style::C3,
        (_, true, false) => style::C1_SOFT,
        (_, true, true) => style::C3_SOFT,
    }
}

fn draw_row(
    canvas: &Canvas,
    (row, amount): (&DriverBar, &str),
    y: f64,
    plan: &Plan,
) -> Result<(), DrawError> {
    let indent = if row.is_part { INDENT } else { 0.0 };
    let name = style::fit_name(&row.label, style::LABEL, (plan.left - 12.0 - indent) / 1.07);
    let label = mark_label(&name, Anchor::Start);
    let label = if row.is_part { tinted(label, style::INK_2) } else { label };
    canvas.text((indent, y), &Label { bold: !row.is_part, ..label })?;
    let half = if row.is_part { 3.5 } else { 7.0 };
    let end = plan.x(row.amount.to_f64());
    let (from, to) = (end.min(plan.zero), end.max(plan.zero));
    if to - from > 0.1 {
        canvas.rect((from, y - half), (to, y + half), ink(row), 1.0)?;
    }
    let is_less = row.amount.0 < 0;
    let (at, anchor) = if is_less { (from - 6.0, Anchor::End) } else { (to + 6.0, Anchor::Start) };
    let label = mark_label(amount, anchor);
    canvas.text((at, y), &Label { bold: !row.is_part, ..label })
}

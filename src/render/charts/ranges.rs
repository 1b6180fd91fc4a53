//! A stretch from low to high per row, a dot for what is likely, a limit dashed.

use super::canvas::{Anchor, Canvas, DrawError};
use super::style::{self, WIDTH};
use super::svg::{self, Words};
use super::{amount, axis_label, axis_value, mark_label, position, scale, ticks, tinted};
use crate::render::format::Format;
use crate::report::parts::{RangeRow, Ranges, Value};

const ROW: f64 = 30.0;
const FOOT: f64 = 28.0;
/// Room above the rows for the label of the limit.
const HEAD: f64 = 16.0;

struct Plan {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    highest: f64,
    ticks: Vec<f64>,
    form: Value,
}

impl Plan {
    fn x(&self, value: f64) -> f64 {
        scale(value.clamp(0.0, self.highest), (0.0, self.highest), (self.left, self.right))
    }
}

pub(super) fn draw(chart: &Ranges, words: &Words, format: &Format) -> Result<String, DrawError> {
    let ends: Vec<String> = chart.rows.iter().map(|row| ends(row, format)).collect();
    let plan = plan(chart, &ends);
    svg::draw(words, (WIDTH, plan.bottom + FOOT), |canvas| {
        axis(canvas, &plan)?;
        if let Some((limit, label)) = &chart.limit {
            draw_limit(canvas, amount(limit), label, &plan)?;
        }
        for (index, (row, ends)) in chart.rows.iter().zip(&ends).enumerate() {
            draw_row(canvas, (row, ends), plan.top + ROW * (position(index) + 0.5), &plan)?;
        }
        Ok(())
    })
}

fn ends(row: &RangeRow, format: &Format) -> String {
    let (low, high) = (format.value(&row.low), format.value(&row.high));
    if low == high { low } else { format!("{low} to {high}") }
}

fn plan(chart: &Ranges, ends: &[String]) -> Plan {
    let label = |row: &RangeRow| style::text_width(&row.label, style::LABEL);
    let left = chart.rows.iter().map(label).fold(0.0, f64::max).min(235.0) + 14.0;
    let value = |text: &String| style::text_width(text, style::LABEL);
    let room = ends.iter().map(value).fold(0.0, f64::max) + 14.0;
    let limit = chart.limit.iter().map(|(limit, _)| amount(limit));
    let max = chart.rows.iter().map(|row| amount(&row.high)).chain(limit).fold(0.0, f64::max);
    let top = if chart.limit.is_some() { HEAD } else { 2.0 };
    Plan {
        left,
        right: (WIDTH - room).max(left + 60.0),
        top,
        bottom: top + ROW * position(chart.rows.len()),
        highest: if max > 0.0 { max } else { 1.0 },
        ticks: ticks::below(max),
        form: chart.rows.first().map_or(Value::Number(0.0), |row| row.high.clone()),
    }
}

fn axis(canvas: &Canvas, plan: &Plan) -> Result<(), DrawError> {
    let step = plan.ticks.get(1).copied().unwrap_or(1.0);
    for tick in &plan.ticks {
        let x = plan.x(*tick);
        let ink = if *tick == 0.0 { style::AXIS } else { style::LINE };
        canvas.line((x, plan.top), (x, plan.bottom), ink, 1.0)?;
        let text = axis_value(*tick, step, &plan.form);
        canvas.text((x, plan.bottom + 13.0), &axis_label(&text, Anchor::Middle))?;
    }
    Ok(())
}

fn draw_limit(canvas: &Canvas, limit: f64, label: &str, plan: &Plan) -> Result<(), DrawError> {
    let x = plan.x(limit);
    canvas.dashed((x, plan.top - 4.0), (x, plan.bottom), style::BAD, 1.25, (5.0, 3.5))?;
    let text = style::fit(label, style::AXIS_TEXT, 200.0);
    let width = style::text_width(&text, style::AXIS_TEXT);
    let (x, anchor) =
        if x + 6.0 + width > WIDTH { (x - 6.0, Anchor::End) } else { (x + 6.0, Anchor::Start) };
    canvas.text((x, 6.0), &tinted(axis_label(&text, anchor), style::BAD))
}

fn draw_row(
    canvas: &Canvas,
    (row, ends): (&RangeRow, &str),
    y: f64,
    plan: &Plan,
) -> Result<(), DrawError> {
    let label = style::fit_name(&row.label, style::LABEL, plan.left - 12.0);
    canvas.text((0.0, y), &mark_label(&label, Anchor::Start))?;
    let (low, high) = (plan.x(amount(&row.low)), plan.x(amount(&row.high)));
    canvas.rect((low, y - 4.0), (high.max(low + 1.0), y + 4.0), style::C1_SOFT, 1.0)?;
    for end in [low, high] {
        canvas.line((end, y - 7.0), (end, y + 7.0), style::C1, 2.0)?;
    }
    if let Some(likely) = &row.likely {
        canvas.disc((plan.x(amount(likely)), y), 5.0, style::C1)?;
    }
    let width = style::text_width(ends, style::LABEL);
    canvas.rect((high + 6.0, y - 7.0), (high + 12.0 + width, y + 7.0), style::SURFACE, 1.0)?;
    canvas.text((high + 9.0, y), &mark_label(ends, Anchor::Start))
}

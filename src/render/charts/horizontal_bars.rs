//! Sorted bars with the value at the end and the previous period as a tick.

use super::canvas::{Anchor, Canvas, DrawError};
use super::style::{self, WIDTH};
use super::svg::{self, Words};
use super::{amount, axis_label, axis_value, mark_label, position, scale, ticks};
use crate::render::format::{Format, parts};
use crate::report::parts::{Bar, HorizontalBars, Value};

const ROW: f64 = 26.0;
const BAR: f64 = 14.0;
const FOOT: f64 = 28.0;
/// Distance between the strokes of a hatched bar.
const HATCH: f64 = 5.0;

struct Plan {
    left: f64,
    right: f64,
    bottom: f64,
    /// The largest amount, where the plot ends.
    top: f64,
    ticks: Vec<f64>,
    /// A value of the chart, for the form of the axis.
    form: Value,
}

impl Plan {
    fn x(&self, value: f64) -> f64 {
        scale(value.clamp(0.0, self.top), (0.0, self.top), (self.left, self.right))
    }
}

pub(super) fn draw(
    chart: &HorizontalBars,
    words: &Words,
    format: &Format,
) -> Result<String, DrawError> {
    let amounts = amounts(chart, format);
    let plan = plan(chart, &amounts);
    svg::draw(words, (WIDTH, plan.bottom + FOOT), |canvas| {
        axis(canvas, &plan)?;
        for (index, (bar, amount)) in chart.rows.iter().zip(&amounts).enumerate() {
            draw_bar(canvas, (bar, amount), ROW * (position(index) + 0.5) + 2.0, &plan)?;
        }
        Ok(())
    })
}

/// The printed amounts, rounded together as in the table beside the chart.
fn amounts(chart: &HorizontalBars, format: &Format) -> Vec<String> {
    let values: Vec<Value> = chart.rows.iter().map(|bar| bar.value.clone()).collect();
    parts::amounts(&values, format)
}

fn plan(chart: &HorizontalBars, amounts: &[String]) -> Plan {
    let label = |bar: &Bar| style::text_width(&bar.label, style::LABEL);
    let value = |amount: &String| style::text_width(amount, style::LABEL);
    let left = chart.rows.iter().map(label).fold(0.0, f64::max).min(200.0) + 14.0;
    let room = amounts.iter().map(value).fold(0.0, f64::max) + 14.0;
    let larger = |bar: &Bar| amount(&bar.value).max(bar.previous.as_ref().map_or(0.0, amount));
    let max = chart.rows.iter().map(larger).fold(0.0, f64::max);
    Plan {
        left,
        right: (WIDTH - room).max(left + 60.0),
        bottom: ROW * position(chart.rows.len()) + 4.0,
        top: if max > 0.0 { max } else { 1.0 },
        ticks: ticks::below(max),
        form: chart.rows.first().map_or(Value::Number(0.0), |bar| bar.value.clone()),
    }
}

fn axis(canvas: &Canvas, plan: &Plan) -> Result<(), DrawError> {
    let step = plan.ticks.get(1).copied().unwrap_or(1.0);
    for tick in &plan.ticks {
        let x = plan.x(*tick);
        let ink = if *tick == 0.0 { style::AXIS } else { style::LINE };
        canvas.line((x, 0.0), (x, plan.bottom), ink, 1.0)?;
        let text = axis_value(*tick, step, &plan.form);
        canvas.text((x, plan.bottom + 13.0), &axis_label(&text, Anchor::Middle))?;
    }
    Ok(())
}

fn draw_bar(
    canvas: &Canvas,
    (bar, amount): (&Bar, &str),
    y: f64,
    plan: &Plan,
) -> Result<(), DrawError> {
    let label = style::fit_name(&bar.label, style::LABEL, plan.left - 12.0);
    canvas.text((0.0, y), &mark_label(&label, Anchor::Start))?;
    let (top, bottom, end) = (y - BAR / 2.0, y + BAR / 2.0, plan.x(super::amount(&bar.value)));
    if bar.hatched {
        hatch(canvas, (plan.left, top), (end, bottom))?;
    } else if end > plan.left {
        canvas.rect((plan.left, top), (end, bottom), style::C1, 1.0)?;
    }
    let mut reach = end;
    if let Some(previous) = &bar.previous {
        let x = plan.x(super::amount(previous));
        canvas.rect((x - 1.25, top - 3.0), (x + 1.25, bottom + 3.0), style::SURFACE, 1.0)?;
        canvas.line((x, top - 3.0), (x, bottom + 3.0), style::INK, 1.5)?;
        reach = reach.max(x);
    }
    let width = style::text_width(amount, style::LABEL);
    // Grid lines make room for the figure.
    canvas.rect((reach + 5.0, y - 7.0), (reach + 10.0 + width, y + 7.0), style::SURFACE, 1.0)?;
    canvas.text((reach + 8.0, y), &mark_label(amount, Anchor::Start))
}

/// Diagonal strokes inside a frame.
fn hatch(canvas: &Canvas, from: (f64, f64), to: (f64, f64)) -> Result<(), DrawError> {
    canvas.rect(from, to, style::SURFACE_2, 1.0)?;
    let (width, height) = (to.0 - from.0, to.1 - from.1);
    let mut offset = HATCH;
    while offset < width + height && offset < 2_000.0 {
        let start = (from.0 + (offset - height).max(0.0), from.1 + offset.min(height));
        let end = (from.0 + offset.min(width), from.1 + (offset - width).max(0.0));
        canvas.line(start, end, style::INK_3, 1.0)?;
        offset += HATCH;
    }
    canvas.frame(from, to, style::INK_3, 1.0)
}

//! A line over its expected band, rings where something departs, grey where logging was partial.

use super::canvas::{Anchor, Canvas, DrawError, Label};
use super::style::{self, WIDTH};
use super::svg::{self, Words};
use super::{axis_label, axis_value, lines, position, scale, ticks, tinted};
use crate::report::parts::{Mark, MarkedLine, Value};

const HEIGHT: f64 = 238.0;
const TOP: f64 = 34.0;
const BASE: f64 = 206.0;
const RIGHT: f64 = WIDTH - 4.0;

struct Plan {
    left: f64,
    count: f64,
    ticks: Vec<f64>,
}

impl Plan {
    fn x(&self, hour: usize) -> f64 {
        scale(position(hour), (0.0, (self.count - 1.0).max(1.0)), (self.left, RIGHT))
    }

    fn y(&self, value: f64) -> f64 {
        let top = self.ticks.last().copied().unwrap_or(1.0);
        scale(value.clamp(0.0, top), (0.0, top), (BASE, TOP))
    }
}

pub(super) fn draw(chart: &MarkedLine, words: &Words) -> Result<String, DrawError> {
    let plan = plan(chart);
    svg::draw(words, (WIDTH, HEIGHT), |canvas| {
        partial(canvas, chart, &plan)?;
        axis(canvas, chart, &plan)?;
        band(canvas, chart, &plan)?;
        line(canvas, chart, &plan)?;
        legend(canvas, chart, &plan)?;
        marks(canvas, chart, &plan)
    })
}

fn plan(chart: &MarkedLine) -> Plan {
    let values = chart.points.iter().filter_map(|(_, value)| *value);
    let bands = chart.band.iter().flatten().map(|(_, high)| *high);
    let max = values.chain(bands).filter(|x| x.is_finite()).fold(0.0, f64::max);
    let ticks = ticks::counts(max);
    let step = ticks.get(1).copied().unwrap_or(1.0);
    let text = |tick: &f64| {
        style::text_width(&axis_value(*tick, step, &Value::Count(0)), style::AXIS_TEXT)
    };
    let left = ticks.iter().map(text).fold(0.0, f64::max) + 12.0;
    Plan { left, count: position(chart.points.len()), ticks }
}

fn partial(canvas: &Canvas, chart: &MarkedLine, plan: &Plan) -> Result<(), DrawError> {
    for (first, hours) in &chart.partial {
        let (from, to) = (plan.x(*first), plan.x(first.saturating_add(*hours)));
        canvas.rect((from, TOP), (to.min(RIGHT).max(from + 1.0), BASE), style::LINE_2, 1.0)?;
    }
    Ok(())
}

fn axis(canvas: &Canvas, chart: &MarkedLine, plan: &Plan) -> Result<(), DrawError> {
    let step = plan.ticks.get(1).copied().unwrap_or(1.0);
    for tick in &plan.ticks {
        let y = plan.y(*tick);
        let ink = if *tick == 0.0 { style::AXIS } else { style::LINE };
        canvas.line((plan.left, y), (RIGHT, y), ink, 1.0)?;
        let text = axis_value(*tick, step, &Value::Count(0));
        canvas.text((plan.left - 8.0, y), &axis_label(&text, Anchor::End))?;
    }
    let mut end = f64::NEG_INFINITY;
    for (index, (hour, label)) in chart.days.iter().enumerate() {
        let next = chart.days.get(index + 1).map_or(chart.points.len(), |(hour, _)| *hour);
        let (from, to) = (plan.x(*hour), plan.x(next).min(RIGHT));
        canvas.line((from, BASE), (from, BASE + 5.0), style::AXIS, 1.0)?;
        let middle = f64::midpoint(from, to);
        let half = style::text_width(label, style::AXIS_TEXT) / 2.0;
        if middle - half > end + 5.0 && middle + half <= WIDTH {
            canvas.text((middle, BASE + 14.0), &axis_label(label, Anchor::Middle))?;
            end = middle + half;
        }
    }
    Ok(())
}

fn band(canvas: &Canvas, chart: &MarkedLine, plan: &Plan) -> Result<(), DrawError> {
    let ends: Vec<Option<(usize, f64, f64)>> = chart
        .band
        .iter()
        .enumerate()
        .map(|(hour, ends)| {
            ends.filter(|(low, high)| low.is_finite() && high.is_finite())
                .map(|(low, high)| (hour, low, high))
        })
        .collect();
    for run in ends.split(Option::is_none) {
        let run: Vec<(usize, f64, f64)> = run.iter().flatten().copied().collect();
        if run.len() < 2 {
            continue;
        }
        let high = run.iter().map(|(hour, _, high)| (plan.x(*hour), plan.y(*high)));
        let low = run.iter().rev().map(|(hour, low, _)| (plan.x(*hour), plan.y(*low)));
        let corners: Vec<(f64, f64)> = high.chain(low).collect();
        canvas.area(&corners, style::BAND)?;
    }
    Ok(())
}

fn line(canvas: &Canvas, chart: &MarkedLine, plan: &Plan) -> Result<(), DrawError> {
    let point = |(hour, (_, value)): (usize, &(_, Option<f64>))| {
        value.filter(|x| x.is_finite()).map(|value| (plan.x(hour), plan.y(value)))
    };
    let points: Vec<Option<(f64, f64)>> = chart.points.iter().enumerate().map(point).collect();
    lines(canvas, &points, style::C1, 1.5)
}

/// What line, shade and blocks are, above the plot.
fn legend(canvas: &Canvas, chart: &MarkedLine, plan: &Plan) -> Result<(), DrawError> {
    let mut x = plan.left;
    let unit = style::fit(&chart.unit, style::AXIS_TEXT, 200.0);
    canvas.line((x, 8.0), (x + 14.0, 8.0), style::C1, 2.0)?;
    canvas.text((x + 20.0, 8.0), &tinted(axis_label(&unit, Anchor::Start), style::INK_2))?;
    x += 20.0 + style::text_width(&unit, style::AXIS_TEXT) + 18.0;
    let keys = [
        (chart.band.iter().any(Option::is_some), "usual range", style::BAND),
        (!chart.partial.is_empty(), "partly logged", style::LINE_2),
    ];
    for (_, text, ink) in keys.into_iter().filter(|(shown, ..)| *shown) {
        canvas.rect((x, 2.5), (x + 14.0, 13.5), ink, 1.0)?;
        canvas.text((x + 20.0, 8.0), &tinted(axis_label(text, Anchor::Start), style::INK_2))?;
        x += 20.0 + style::text_width(text, style::AXIS_TEXT) + 18.0;
    }
    Ok(())
}

/// A ring on the line and a name beside it, moved on where names would touch.
fn marks(canvas: &Canvas, chart: &MarkedLine, plan: &Plan) -> Result<(), DrawError> {
    let mut order: Vec<&Mark> =
        chart.marks.iter().filter(|mark| mark.at < chart.points.len()).collect();
    order.sort_by_key(|mark| mark.at);
    let mut taken: Vec<(f64, f64, f64)> = Vec::new();
    for mark in order {
        let value = chart.points[mark.at].1.unwrap_or(0.0);
        let (x, y) = (plan.x(mark.at), plan.y(value));
        canvas.disc((x, y), 4.5, style::SURFACE)?;
        canvas.ring((x, y), 4.5, style::BAD, 2.0)?;
        let width = style::bold_width(&mark.label, style::LABEL);
        let on_left = x + 9.0 + width > RIGHT;
        let from = if on_left { x - 9.0 - width } else { x + 9.0 };
        let touches = |y: f64| {
            taken.iter().any(|(left, right, other)| {
                from < right + 3.0 && from + width > left - 3.0 && (y - other).abs() < 13.0
            })
        };
        let mut at = (y - 2.0).max(TOP - 8.0);
        for _ in 0..12 {
            if !touches(at) {
                break;
            }
            at += 13.0;
        }
        taken.push((from, from + width, at));
        let label = Label {
            text: &mark.label,
            size: style::LABEL,
            ink: style::BAD,
            anchor: Anchor::Start,
            bold: true,
        };
        canvas.text((from, at), &label)?;
    }
    Ok(())
}

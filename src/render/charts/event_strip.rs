//! When each thing happened: one row per thing, its shape by how grave it is.

use chrono::{DateTime, Utc};

use super::canvas::{Anchor, Canvas, DrawError};
use super::style::{self, Ink, WIDTH};
use super::svg::{self, Words};
use super::{axis_label, mark_label, position, scale, tinted};
use crate::report::parts::{Event, EventStrip, Severity};

const ROW: f64 = 24.0;
const FOOT: f64 = 22.0;
const RIGHT: f64 = WIDTH - 8.0;

struct Plan {
    /// Where ids end, and where labels do.
    ids: f64,
    left: f64,
    bottom: f64,
    ends: (f64, f64),
}

impl Plan {
    fn x(&self, at: DateTime<Utc>) -> f64 {
        let at = milliseconds(at).clamp(self.ends.0, self.ends.1);
        scale(at, self.ends, (self.left, RIGHT))
    }
}

#[expect(clippy::cast_precision_loss, reason = "a position on a canvas")]
fn milliseconds(at: DateTime<Utc>) -> f64 {
    at.timestamp_millis() as f64
}

pub(super) fn draw(chart: &EventStrip, words: &Words) -> Result<String, DrawError> {
    let plan = plan(chart);
    svg::draw(words, (WIDTH, plan.bottom + FOOT), |canvas| {
        axis(canvas, chart, &plan)?;
        for (index, row) in chart.rows.iter().enumerate() {
            draw_row(canvas, row, ROW * (position(index) + 0.5), &plan)?;
        }
        Ok(())
    })
}

fn plan(chart: &EventStrip) -> Plan {
    let width = |text: &String| style::text_width(text, style::LABEL);
    let ids = chart.rows.iter().map(|row| width(&row.id)).fold(0.0, f64::max).min(60.0);
    let ids = if ids > 0.0 { ids + 8.0 } else { 0.0 };
    let labels = chart.rows.iter().map(|row| width(&row.label)).fold(0.0, f64::max).min(230.0);
    let (from, to) = (milliseconds(chart.from), milliseconds(chart.to));
    Plan {
        ids,
        left: ids + labels + 18.0,
        bottom: ROW * position(chart.rows.len()),
        ends: (from, to.max(from + 1.0)),
    }
}

fn axis(canvas: &Canvas, chart: &EventStrip, plan: &Plan) -> Result<(), DrawError> {
    for index in 0..=chart.rows.len() {
        let y = ROW * position(index);
        canvas.line((plan.left, y), (WIDTH, y), style::LINE, 1.0)?;
    }
    let mut end = f64::NEG_INFINITY;
    for (index, (at, label)) in chart.days.iter().enumerate() {
        let x = plan.x(*at);
        canvas.line((x, 0.0), (x, plan.bottom), style::LINE, 1.0)?;
        let next = chart.days.get(index + 1).map_or(chart.to, |(at, _)| *at);
        let middle = f64::midpoint(x, plan.x(next));
        let half = style::text_width(label, style::AXIS_TEXT) / 2.0;
        if middle - half > end + 5.0 && middle + half <= WIDTH {
            canvas.text((middle, plan.bottom + 12.0), &axis_label(label, Anchor::Middle))?;
            end = middle + half;
        }
    }
    Ok(())
}

fn ink(severity: Severity) -> Ink {
    match severity {
        Severity::High => style::BAD,
        Severity::Medium => style::WARN,
        Severity::Low => style::INK_2,
    }
}

fn draw_row(canvas: &Canvas, row: &Event, y: f64, plan: &Plan) -> Result<(), DrawError> {
    canvas.text((0.0, y), &tinted(mark_label(&row.id, Anchor::Start), style::INK_3))?;
    let label = style::fit_name(&row.label, style::LABEL, plan.left - plan.ids - 14.0);
    canvas.text((plan.ids, y), &mark_label(&label, Anchor::Start))?;
    let ink = ink(row.severity);
    for (from, to) in &row.spans {
        let (start, end) = (plan.x(*from), plan.x(*to));
        if end - start > 6.0 {
            canvas.line((start, y), (end, y), ink, 3.0)?;
        }
        shape(canvas, row.severity, (start, y), ink)?;
    }
    Ok(())
}

/// Square, triangle or disc.
fn shape(
    canvas: &Canvas,
    severity: Severity,
    (x, y): (f64, f64),
    ink: Ink,
) -> Result<(), DrawError> {
    match severity {
        Severity::High => canvas.rect((x - 4.0, y - 4.0), (x + 4.0, y + 4.0), ink, 1.0),
        Severity::Medium => {
            canvas.area(&[(x - 4.5, y + 4.0), (x, y - 4.5), (x + 4.5, y + 4.0)], ink)
        }
        Severity::Low => canvas.disc((x, y), 3.5, ink),
    }
}

//! p50 filled, p90 open, p99 a tick, on a log axis; the target dashed.

use super::canvas::{Anchor, Canvas, DrawError};
use super::style::{self, WIDTH};
use super::svg::{self, Words};
use super::{axis_label, mark_label, position, scale, ticks, tinted};
use crate::render::format::time::duration;
use crate::report::parts::{DotRange, DotRow};

const TOP: f64 = 34.0;
const ROW: f64 = 32.0;
const FOOT: f64 = 30.0;
/// Room for the label of p99.
const VALUE: f64 = 62.0;

struct Plan {
    left: f64,
    right: f64,
    bottom: f64,
    ticks: Vec<f64>,
}

impl Plan {
    fn x(&self, ms: f64) -> f64 {
        let (low, high) = self.ends();
        let log = |x: f64| x.max(low).min(high).ln();
        scale(log(ms), (low.ln(), high.ln()), (self.left, self.right))
    }

    fn ends(&self) -> (f64, f64) {
        (self.ticks.first().copied().unwrap_or(1.0), self.ticks.last().copied().unwrap_or(10.0))
    }
}

pub(super) fn draw(chart: &DotRange, words: &Words) -> Result<String, DrawError> {
    let plan = plan(chart);
    svg::draw(words, (WIDTH, plan.bottom + FOOT), |canvas| {
        axis(canvas, &plan)?;
        if let Some((target, label)) = &chart.target {
            draw_target(canvas, *target, label, &plan)?;
        }
        for (index, row) in chart.rows.iter().enumerate() {
            let y = TOP + ROW * (position(index) + 0.5);
            draw_row(canvas, row, y, &plan)?;
        }
        chart.rows.first().map_or(Ok(()), |row| heads(canvas, row, &plan))
    })
}

fn plan(chart: &DotRange) -> Plan {
    let label = |row: &DotRow| style::text_width(&row.label, style::LABEL);
    let left = chart.rows.iter().map(label).fold(0.0, f64::max).min(190.0) + 20.0;
    let known = |x: &f64| x.is_finite() && *x > 0.0;
    let values: Vec<f64> = chart
        .rows
        .iter()
        .flat_map(|row| [row.p50_ms, row.p90_ms, row.p99_ms])
        .chain(chart.target.iter().map(|(target, _)| *target))
        .filter(known)
        .collect();
    let min = values.iter().copied().fold(f64::INFINITY, f64::min);
    let max = values.iter().copied().fold(0.0, f64::max);
    Plan {
        left,
        right: WIDTH - VALUE,
        bottom: TOP + ROW * position(chart.rows.len()),
        ticks: ticks::durations(min, max),
    }
}

fn axis(canvas: &Canvas, plan: &Plan) -> Result<(), DrawError> {
    for tick in &plan.ticks {
        let x = plan.x(*tick);
        canvas.line((x, TOP - 4.0), (x, plan.bottom), style::LINE, 1.0)?;
        let text = axis_time(*tick);
        canvas.text((x, plan.bottom + 13.0), &axis_label(&text, Anchor::Middle))?;
    }
    Ok(())
}

/// Round times without the decimals of a measured one: `500 ms`, `2 s`, `5 min`.
fn axis_time(ms: f64) -> String {
    if (1_000.0..60_000.0).contains(&ms) {
        let seconds = ms / 1_000.0;
        return format!("{seconds} s");
    }
    if ms < 1_000.0 { format!("{ms} ms") } else { duration(ms) }
}

fn draw_target(canvas: &Canvas, ms: f64, label: &str, plan: &Plan) -> Result<(), DrawError> {
    if !ms.is_finite() || ms <= 0.0 {
        return Ok(());
    }
    let x = plan.x(ms);
    canvas.dashed((x, TOP - 24.0), (x, plan.bottom), style::BAD, 1.25, (5.0, 3.5))?;
    let text = style::fit(label, style::AXIS_TEXT, 300.0);
    let half = style::text_width(&text, style::AXIS_TEXT);
    let (x, anchor) =
        if x + 6.0 + half > WIDTH { (x - 6.0, Anchor::End) } else { (x + 6.0, Anchor::Start) };
    canvas.text((x, 6.0), &tinted(axis_label(&text, anchor), style::BAD))
}

/// Names of the marks, above those of the first row, where they don't touch.
fn heads(canvas: &Canvas, row: &DotRow, plan: &Plan) -> Result<(), DrawError> {
    let mut end = f64::NEG_INFINITY;
    for (name, ms) in [("p50", row.p50_ms), ("p90", row.p90_ms), ("p99", row.p99_ms)] {
        let (x, half) = (plan.x(ms), style::text_width(name, style::AXIS_TEXT) / 2.0);
        if x - half > end + 3.0 {
            canvas.text((x, TOP - 1.0), &axis_label(name, Anchor::Middle))?;
            end = x + half;
        }
    }
    Ok(())
}

fn draw_row(canvas: &Canvas, row: &DotRow, y: f64, plan: &Plan) -> Result<(), DrawError> {
    let label = style::fit_name(&row.label, style::LABEL, plan.left - 12.0);
    canvas.text((0.0, y), &mark_label(&label, Anchor::Start))?;
    let (p50, p90, p99) = (plan.x(row.p50_ms), plan.x(row.p90_ms), plan.x(row.p99_ms));
    canvas.line((p50, y), (p99, y), style::GHOST, 2.0)?;
    canvas.disc((p50, y), 5.0, style::C1)?;
    canvas.disc((p90, y), 4.5, style::SURFACE)?;
    canvas.ring((p90, y), 4.5, style::C1, 2.0)?;
    canvas.line((p99, y - 7.0), (p99, y + 7.0), style::C1, 2.5)?;
    let value = duration(row.p99_ms);
    let width = style::text_width(&value, style::LABEL);
    // Grid and target line make room for the figure.
    canvas.rect((p99 + 7.0, y - 7.0), (p99 + 11.0 + width, y + 7.0), style::SURFACE, 1.0)?;
    canvas.text((p99 + 9.0, y), &mark_label(&value, Anchor::Start))
}

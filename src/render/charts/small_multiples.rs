//! The same small line several times, two or three in a row, each from zero to its own highest.

use super::canvas::{Anchor, Canvas, DrawError, Label};
use super::style::{self, WIDTH};
use super::svg::{self, Words};
use super::{axis_label, lines, mark_label, position, scale};
use crate::render::format::Format;
use crate::report::parts::{Panel, SmallMultiples};

const ROW: f64 = 118.0;
const GAP: f64 = 30.0;
/// Of a panel, from its top.
const PLOT_TOP: f64 = 38.0;
const PLOT_BASE: f64 = 88.0;

pub(super) fn draw(
    chart: &SmallMultiples,
    words: &Words,
    format: &Format,
) -> Result<String, DrawError> {
    let columns = if chart.panels.len().is_multiple_of(3) { 3 } else { 2 };
    let rows = chart.panels.len().div_ceil(columns).max(1);
    let width = (WIDTH - GAP * position(columns - 1)) / position(columns);
    svg::draw(words, (WIDTH, ROW * position(rows) - 6.0), |canvas| {
        for (index, panel) in chart.panels.iter().enumerate() {
            let left = (width + GAP) * position(index % columns);
            let top = ROW * position(index / columns);
            draw_panel(canvas, panel, (left, top, width), format)?;
        }
        Ok(())
    })
}

fn draw_panel(
    canvas: &Canvas,
    panel: &Panel,
    (left, top, width): (f64, f64, f64),
    format: &Format,
) -> Result<(), DrawError> {
    let last = format.value(&panel.last);
    let room = width - style::bold_width(&last, style::LABEL) - 10.0;
    let title = style::fit(&panel.label, style::LABEL, room / 1.07);
    let label = Label { bold: true, ..mark_label(&title, Anchor::Start) };
    canvas.text((left, top + 8.0), &label)?;
    canvas.text((left + width, top + 8.0), &mark_label(&last, Anchor::End))?;
    let (high, low) = (top + PLOT_TOP, top + PLOT_BASE);
    let known = || panel.values.iter().flatten().copied().filter(|x| x.is_finite());
    let most = known().chain(panel.target).fold(0.0, f64::max);
    let most = if most > 0.0 { most } else { 1.0 };
    let x = |index: usize| {
        let last = position(panel.values.len().saturating_sub(1)).max(1.0);
        scale(position(index), (0.0, last), (left, left + width))
    };
    let y = |value: f64| scale(value.clamp(0.0, most), (0.0, most), (low, high));
    canvas.line((left, low), (left + width, low), style::AXIS, 1.0)?;
    canvas.line((left, high), (left + width, high), style::LINE, 1.0)?;
    let highest = format!("highest {}", format.value(&panel.highest));
    canvas.text((left, high - 8.0), &axis_label(&highest, Anchor::Start))?;
    if let Some(target) = panel.target.filter(|target| target.is_finite() && *target > 0.0) {
        canvas.dashed((left, y(target)), (left + width, y(target)), style::BAD, 1.0, (4.0, 3.0))?;
    }
    let point = |(index, value): (usize, &Option<f64>)| {
        value.filter(|value| value.is_finite()).map(|value| (x(index), y(value)))
    };
    let points: Vec<Option<(f64, f64)>> = panel.values.iter().enumerate().map(point).collect();
    let previous = panel.previous.min(points.len());
    let joined = points.get(..(previous + 1).min(points.len())).unwrap_or(&points);
    if previous > 0 {
        lines(canvas, joined, style::GHOST, 1.25)?;
    }
    lines(canvas, points.get(previous..).unwrap_or(&[]), style::C1, 1.75)?;
    let [first, end] = &panel.ends;
    canvas.text((left, low + 12.0), &axis_label(first, Anchor::Start))?;
    canvas.text((left + width, low + 12.0), &axis_label(end, Anchor::End))
}

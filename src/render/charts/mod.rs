//! Charts as inline SVG: one file per form, one style for all.
//!
//! Each form takes data and returns an element; captions and tables stand outside. Positions are
//! page pixels on a 640 wide canvas, so that text is never scaled.

mod canvas;
mod chain_strip;
mod day_columns;
mod dot_range;
mod driver_bars;
mod event_strip;
mod forecast_line;
mod heat_map;
mod horizontal_bars;
mod hourly_columns;
mod marked_line;
mod ranges;
mod small_multiples;
mod spark;
mod stacked_columns;
pub mod style;
mod svg;
pub mod ticks;

use canvas::{Anchor, Canvas, DrawError, Label};
pub use day_columns::{DayPair, day_columns, day_pairs};
pub use spark::spark;
use style::Ink;
use svg::Words;

use crate::render::Error;
use crate::render::format::Format;
use crate::render::format::number::{axis_usd, decimals, percent};
use crate::render::format::words::identifier;
use crate::report::parts::{Chart, Figure, Value};

/// Draws a figure's chart; `id` must be unique in the page.
///
/// # Errors
/// When the drawing library fails.
pub fn figure(figure: &Figure, id: &str, format: &Format) -> Result<String, Error> {
    let description = format.prose(&figure.description);
    let words = Words { id, title: &figure.title, description: &description, class: "ch" };
    let drawn = match &figure.chart {
        Chart::StackedColumns(chart) => stacked_columns::draw(chart, &words, format),
        Chart::HeatMap(chart) => heat_map::draw(chart, &words),
        Chart::DotRange(chart) => dot_range::draw(chart, &words),
        Chart::HourlyColumns(chart) => hourly_columns::draw(chart, &words, format),
        Chart::HorizontalBars(chart) => horizontal_bars::draw(chart, &words, format),
        Chart::DriverBars(chart) => driver_bars::draw(chart, &words, format),
        Chart::ForecastLine(chart) => forecast_line::draw(chart, &words, format),
        Chart::MarkedLine(chart) => marked_line::draw(chart, &words),
        Chart::Ranges(chart) => ranges::draw(chart, &words, format),
        Chart::SmallMultiples(chart) => small_multiples::draw(chart, &words, format),
        Chart::EventStrip(chart) => event_strip::draw(chart, &words),
        Chart::ChainStrip(chart) => chain_strip::draw(chart, &words),
    };
    drawn.map_err(|reason| Error::Chart { title: identifier(&figure.title), reason })
}

/// Axis text.
fn axis_label(text: &str, anchor: Anchor) -> Label<'_> {
    Label { text, size: style::AXIS_TEXT, ink: style::INK_3, anchor, bold: false }
}

/// A label beside its mark.
fn mark_label(text: &str, anchor: Anchor) -> Label<'_> {
    Label { text, size: style::LABEL, ink: style::INK, anchor, bold: false }
}

/// A label in another colour.
fn tinted(label: Label<'_>, ink: Ink) -> Label<'_> {
    Label { ink, ..label }
}

/// Where a value lies between two ends of an axis.
fn scale(value: f64, (low, high): (f64, f64), (from, to): (f64, f64)) -> f64 {
    let share = if high > low { (value - low) / (high - low) } else { 0.0 };
    let share = if share.is_finite() { share } else { 0.0 };
    from + (to - from) * share
}

/// Known points as lines, one for each run of them; gaps stay open, a point alone is a dot.
fn lines(
    canvas: &Canvas,
    points: &[Option<(f64, f64)>],
    ink: Ink,
    width: f64,
) -> Result<(), DrawError> {
    for run in points.split(Option::is_none) {
        let run: Vec<(f64, f64)> = run.iter().flatten().copied().collect();
        match run.as_slice() {
            [] => {}
            [alone] => canvas.disc(*alone, 1.25, ink)?,
            line => canvas.path(line, ink, width)?,
        }
    }
    Ok(())
}

/// A value as a number to draw; what isn't one is drawn as nothing.
fn amount(value: &Value) -> f64 {
    value.as_number().unwrap_or(0.0)
}

/// A tick of an axis whose values are of the form of `form`.
fn axis_value(tick: f64, step: f64, form: &Value) -> String {
    match form {
        Value::Usd(_) | Value::UnitUsd(_) | Value::Estimate(_) => axis_usd(tick, step),
        Value::Share(_) | Value::Rate(_) => percent(tick, usize::from(step < 0.01)),
        _ => axis_count(tick, step),
    }
}

/// Counts in full below ten thousand, then in thousands, millions or billions.
fn axis_count(tick: f64, step: f64) -> String {
    let scales = [(1e9, "\u{a0}B"), (1e6, "\u{a0}M"), (1e4, "\u{a0}k")];
    let places = |step: f64| usize::from(step.fract().abs() > 1e-9);
    match scales.into_iter().find(|(least, _)| step * 4.0 >= *least) {
        Some((_, unit)) if tick > 0.0 => {
            let size = match unit {
                "\u{a0}B" => 1e9,
                "\u{a0}M" => 1e6,
                _ => 1e3,
            };
            format!("{}{unit}", decimals(tick / size, places(step / size)))
        }
        _ => decimals(tick, places(step)),
    }
}

/// A count as a float, for drawing.
#[expect(clippy::cast_precision_loss, reason = "positions on a canvas")]
fn float(n: u64) -> f64 {
    n as f64
}

/// An index as a float, for drawing.
fn position(index: usize) -> f64 {
    float(u64::try_from(index).unwrap_or(u64::MAX))
}

/// Moves labels apart: at least `gap` between neighbours, inside `top..bottom`, order kept.
///
/// `wanted` ascends. When there isn't room, the gap shrinks evenly.
fn spread(wanted: &[f64], gap: f64, (top, bottom): (f64, f64)) -> Vec<f64> {
    let mut placed: Vec<f64> = wanted.to_vec();
    let count = position(placed.len());
    let gap = if count > 1.0 { gap.min((bottom - top) / (count - 1.0)) } else { gap };
    let mut floor = top;
    for y in &mut placed {
        *y = y.max(floor);
        floor = *y + gap;
    }
    let mut ceiling = bottom;
    for y in placed.iter_mut().rev() {
        *y = y.min(ceiling);
        ceiling = *y - gap;
    }
    placed
}

#[cfg(test)]
mod tests;

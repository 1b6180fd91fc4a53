//! Charts as inline SVG: one file per form, one style for all.
//!
//! Each form takes data and returns an element; captions and tables stand outside. Positions are
//! page pixels on a 640 wide canvas, so that text is never scaled.

mod canvas;
mod day_columns;
mod dot_range;
mod heat_map;
mod horizontal_bars;
mod hourly_columns;
mod spark;
mod stacked_columns;
pub mod style;
mod svg;
pub mod ticks;

use canvas::{Anchor, Label};
pub use day_columns::{DayPair, day_columns, day_pairs};
pub use spark::spark;
use style::Ink;
use svg::Words;

use crate::render::Error;
use crate::render::format::Format;
use crate::render::format::words::identifier;
use crate::report::parts::{Chart, Figure};

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

//! A small line of daily values: earlier period grey, this one in the accent, gaps left open.

use super::canvas::{Canvas, DrawError};
use super::style;
use super::svg::{self, Words};
use super::{lines, position, scale};
use crate::render::Error;
use crate::report::parts::Spark;

const WIDTH: f64 = 150.0;
const HEIGHT: f64 = 34.0;
const LEFT: f64 = 2.0;
const RIGHT: f64 = 142.0;
const TOP: f64 = 5.0;
const BOTTOM: f64 = 29.0;

/// Draws a sparkline; `None` when no value is known. `id` must be unique in the page.
///
/// # Errors
/// When the drawing library fails.
pub fn spark(
    spark: &Spark,
    id: &str,
    title: &str,
    description: &str,
) -> Result<Option<String>, Error> {
    if !spark.values.iter().flatten().any(|value| value.is_finite()) {
        return Ok(None);
    }
    let words = Words { id, title, description, class: "sp" };
    svg::draw(&words, (WIDTH, HEIGHT), |canvas| paint(canvas, spark))
        .map(Some)
        .map_err(|reason| Error::Chart { title: title.to_owned(), reason })
}

fn paint(canvas: &Canvas, spark: &Spark) -> Result<(), DrawError> {
    let range = range(spark);
    let points: Vec<Option<(f64, f64)>> = spark
        .values
        .iter()
        .enumerate()
        .map(|(index, value)| {
            value.filter(|v| v.is_finite()).map(|v| place(spark, index, v, range))
        })
        .collect();
    if let Some(target) = drawn_target(spark, range) {
        let y = scale(target, range, (BOTTOM, TOP));
        canvas.dashed((LEFT, y), (RIGHT, y), style::INK_3, 1.0, (3.0, 3.0))?;
    }
    let previous = spark.previous.min(points.len());
    if previous > 0 {
        // The grey line reaches the first point of this period, so that the two join.
        let joined = points.get(..=previous).unwrap_or(&points);
        lines(canvas, joined, style::GHOST, 1.5)?;
    }
    lines(canvas, points.get(previous..).unwrap_or(&[]), style::C1, 1.75)?;
    match points.last() {
        Some(Some(end)) if previous < points.len() => canvas.disc(*end, 2.5, style::C1),
        _ => Ok(()),
    }
}

fn place(spark: &Spark, index: usize, value: f64, range: (f64, f64)) -> (f64, f64) {
    let last = position(spark.values.len().saturating_sub(1)).max(1.0);
    (scale(position(index), (0.0, last), (LEFT, RIGHT)), scale(value, range, (BOTTOM, TOP)))
}

/// Lowest and highest value; a flat line lies in the middle.
fn range(spark: &Spark) -> (f64, f64) {
    let known = || spark.values.iter().flatten().copied().filter(|value| value.is_finite());
    let (low, high) = (known().fold(f64::INFINITY, f64::min), known().fold(f64::MIN, f64::max));
    let span = high - low;
    if span <= low.abs() * 1e-9 {
        let half = low.abs().max(1.0) / 2.0;
        return (low - half, high + half);
    }
    // A target just outside is worth the room; a far one would flatten the line.
    let near = |target: &f64| (low - span..=high + span).contains(target);
    let target = spark.target.filter(near);
    (target.map_or(low, |t| low.min(t)), target.map_or(high, |t| high.max(t)))
}

fn drawn_target(spark: &Spark, (low, high): (f64, f64)) -> Option<f64> {
    spark.target.filter(|target| (low..=high).contains(target))
}

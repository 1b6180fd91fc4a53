//! A drawing surface in page pixels over plotters' whole-number one.
//!
//! plotters' SVG backend rounds coordinates and strokes to whole numbers and divides font sizes by
//! 1.24: everything is drawn on a canvas four times as large, and texts are asked for larger.

use plotters::coord::Shift;
use plotters::prelude::{
    Circle, DrawingArea, IntoDrawingArea, PathElement, Polygon, Rectangle, SVGBackend, Text,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontFamily, FontStyle, IntoTextStyle, ShapeStyle};

use super::style::Ink;
use crate::render::format::words::clean;

/// How much larger the canvas is than the page.
pub(super) const SCALE: f64 = 4.0;
/// What the backend divides font sizes by.
const FONT_FACTOR: f64 = 1.24;
/// No chart is larger; guards against absurd data.
const FARTHEST: f64 = 100_000.0;

/// Why drawing failed.
pub(super) type DrawError = String;

/// A chart being drawn; positions and sizes in page pixels.
pub(super) struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
}

/// Where a text's anchor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    /// The text begins there.
    Start,
    /// The text is centred there.
    Middle,
    /// The text ends there.
    End,
}

/// A text to draw, vertically centred at its position.
#[derive(Debug, Clone, Copy)]
pub(super) struct Label<'t> {
    /// The words.
    pub(super) text: &'t str,
    /// Size in pixels.
    pub(super) size: f64,
    /// Colour.
    pub(super) ink: Ink,
    /// Where it is anchored.
    pub(super) anchor: Anchor,
    /// Whether it is bold.
    pub(super) bold: bool,
}

impl<'a> Canvas<'a> {
    /// An empty canvas that writes into `buffer`.
    pub(super) fn new(buffer: &'a mut String, width: f64, height: f64) -> Self {
        let size = (unsigned(width * SCALE), unsigned(height * SCALE));
        Self { area: SVGBackend::with_string(buffer, size).into_drawing_area() }
    }

    /// A straight line.
    pub(super) fn line(
        &self,
        from: (f64, f64),
        to: (f64, f64),
        ink: Ink,
        width: f64,
    ) -> Result<(), DrawError> {
        self.path(&[from, to], ink, width)
    }

    /// A line through several points.
    pub(super) fn path(
        &self,
        points: &[(f64, f64)],
        ink: Ink,
        width: f64,
    ) -> Result<(), DrawError> {
        let points: Vec<(i32, i32)> = points.iter().map(|point| at(*point)).collect();
        self.draw(&PathElement::new(points, stroke(ink, width)))
    }

    /// A dashed straight line.
    pub(super) fn dashed(
        &self,
        from: (f64, f64),
        to: (f64, f64),
        ink: Ink,
        width: f64,
        (dash, gap): (f64, f64),
    ) -> Result<(), DrawError> {
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        if !length.is_finite() || length <= 0.0 {
            return Ok(());
        }
        let point = |d: f64| {
            let share = d / length;
            (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share)
        };
        let mut start = 0.0;
        while start < length {
            self.line(point(start), point((start + dash).min(length)), ink, width)?;
            start += dash + gap;
        }
        Ok(())
    }

    /// A filled rectangle between two corners.
    pub(super) fn rect(
        &self,
        from: (f64, f64),
        to: (f64, f64),
        ink: Ink,
        opacity: f64,
    ) -> Result<(), DrawError> {
        self.draw(&Rectangle::new([at(from), at(to)], ink.rgb.mix(opacity).filled()))
    }

    /// A filled area between its corners.
    pub(super) fn area(&self, corners: &[(f64, f64)], ink: Ink) -> Result<(), DrawError> {
        let corners: Vec<(i32, i32)> = corners.iter().map(|corner| at(*corner)).collect();
        self.draw(&Polygon::new(corners, ink.rgb.filled()))
    }

    /// The outline of a rectangle.
    pub(super) fn frame(
        &self,
        from: (f64, f64),
        to: (f64, f64),
        ink: Ink,
        width: f64,
    ) -> Result<(), DrawError> {
        // The backend draws rectangles' strokes a quarter of a pixel wide; paths keep their width.
        let corners = [from, (to.0, from.1), to, (from.0, to.1), from];
        self.path(&corners, ink, width)
    }

    /// A filled disc.
    pub(super) fn disc(&self, center: (f64, f64), radius: f64, ink: Ink) -> Result<(), DrawError> {
        self.draw(&Circle::new(at(center), signed(radius * SCALE), ink.rgb.filled()))
    }

    /// A ring; the inside is left as it is.
    pub(super) fn ring(
        &self,
        center: (f64, f64),
        radius: f64,
        ink: Ink,
        width: f64,
    ) -> Result<(), DrawError> {
        self.draw(&Circle::new(at(center), signed(radius * SCALE), stroke(ink, width)))
    }

    /// A text.
    pub(super) fn text(&self, position: (f64, f64), label: &Label) -> Result<(), DrawError> {
        if label.text.is_empty() {
            return Ok(());
        }
        let horizontal = match label.anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let weight = if label.bold { FontStyle::Bold } else { FontStyle::Normal };
        let font = (FontFamily::SansSerif, label.size * SCALE * FONT_FACTOR, weight);
        let style = font
            .into_text_style(&self.area)
            .color(&label.ink.rgb)
            .pos(Pos::new(horizontal, VPos::Center));
        self.draw(&Text::new(clean(label.text), at(position), style))
    }

    /// Ends the drawing.
    pub(super) fn finish(self) -> Result<(), DrawError> {
        self.area.present().map_err(|error| error.to_string())
    }

    fn draw<E>(&self, element: &E) -> Result<(), DrawError>
    where
        for<'e> &'e E: plotters::element::PointCollection<'e, (i32, i32)>,
        E: plotters::element::Drawable<SVGBackend<'a>>,
    {
        self.area.draw(element).map_err(|error| error.to_string())
    }
}

fn stroke(ink: Ink, width: f64) -> ShapeStyle {
    ink.rgb.stroke_width(unsigned(width * SCALE).max(1))
}

fn at((x, y): (f64, f64)) -> (i32, i32) {
    (signed(x * SCALE), signed(y * SCALE))
}

/// Rounded into the canvas; what isn't a number lands at zero.
#[expect(clippy::cast_possible_truncation, reason = "clamped before")]
fn signed(x: f64) -> i32 {
    let x = if x.is_finite() { x } else { 0.0 };
    x.round().clamp(-FARTHEST, FARTHEST) as i32
}

fn unsigned(x: f64) -> u32 {
    u32::try_from(signed(x)).unwrap_or_default()
}

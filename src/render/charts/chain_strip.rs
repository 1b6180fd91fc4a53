//! One bar over time for each chain: filled where all is well, red where it is not.

use chrono::{DateTime, Utc};

use super::canvas::{Anchor, Canvas, DrawError};
use super::style::{self, WIDTH};
use super::svg::{self, Words};
use super::{axis_label, mark_label, position, scale, tinted};
use crate::report::parts::{ChainStrip, Strip};

const ROW: f64 = 20.0;
const BAR: f64 = 12.0;
const TOP: f64 = 6.0;
/// Where the second label and the bars begin.
const DETAIL: f64 = 94.0;
const LEFT: f64 = 178.0;
const RIGHT: f64 = WIDTH - 4.0;
/// What is wrong must be seen, however short it was.
const NARROWEST: f64 = 4.0;

pub(super) fn draw(chart: &ChainStrip, words: &Words) -> Result<String, DrawError> {
    let base = TOP + ROW * position(chart.rows.len().max(1));
    svg::draw(words, (WIDTH, base + 26.0), |canvas| {
        for (index, row) in chart.rows.iter().enumerate() {
            strip(canvas, chart, row, TOP + ROW * position(index))?;
        }
        canvas.line((LEFT, base + 3.0), (RIGHT, base + 3.0), style::AXIS, 1.0)?;
        ticks(canvas, chart, base)
    })
}

fn strip(canvas: &Canvas, chart: &ChainStrip, row: &Strip, top: f64) -> Result<(), DrawError> {
    let middle = top + ROW / 2.0;
    let label = style::fit_name(&row.label, style::LABEL, DETAIL - 8.0);
    canvas.text((0.0, middle), &mark_label(&label, Anchor::Start))?;
    let detail = style::fit_name(&row.detail, style::LABEL, LEFT - DETAIL - 8.0);
    let detail = tinted(mark_label(&detail, Anchor::Start), style::INK_2);
    canvas.text((DETAIL, middle), &detail)?;
    let (high, low) = (middle - BAR / 2.0, middle + BAR / 2.0);
    for (from, to) in &row.good {
        let (left, right) = (x(chart, *from), x(chart, *to));
        canvas.rect((left, high), (right.max(left + 0.25), low), style::SEQUENCE[1], 1.0)?;
    }
    for (from, to) in &row.bad {
        let (left, right) = (x(chart, *from), x(chart, *to));
        let left = left.min(RIGHT - NARROWEST);
        let right = right.max(left + NARROWEST);
        canvas.rect((left, high - 2.0), (right, low + 2.0), style::BAD, 1.0)?;
    }
    Ok(())
}

fn ticks(canvas: &Canvas, chart: &ChainStrip, base: f64) -> Result<(), DrawError> {
    let mut end = f64::NEG_INFINITY;
    for (at, label) in &chart.ticks {
        let x = x(chart, *at);
        canvas.line((x, base + 3.0), (x, base + 8.0), style::AXIS, 1.0)?;
        let width = style::text_width(label, style::AXIS_TEXT);
        if x > end + 6.0 && x + width <= WIDTH {
            canvas.text((x, base + 16.0), &axis_label(label, Anchor::Start))?;
            end = x + width;
        }
    }
    Ok(())
}

fn x(chart: &ChainStrip, at: DateTime<Utc>) -> f64 {
    let ms = |at: DateTime<Utc>| super::float(at.timestamp_millis().unsigned_abs());
    let at = at.clamp(chart.from, chart.to.max(chart.from));
    scale(ms(at), (ms(chart.from), ms(chart.to)), (LEFT, RIGHT))
}

//! Stacked columns over two periods: the earlier one paler, labels with leaders at the last column.

use super::canvas::{Anchor, Canvas, DrawError, Label};
use super::style::{self, WIDTH};
use super::svg::{self, Words};
use super::{axis_label, mark_label, position, scale, spread, ticks};
use crate::render::format::Format;
use crate::render::format::number::axis_usd;
use crate::report::parts::{Category, ColumnGroup, StackedColumns};
use crate::units::Usd;

const HEIGHT: f64 = 272.0;
const TOP: f64 = 24.0;
const BASE: f64 = 238.0;
const WIDEST_LABEL: f64 = 150.0;
const WIDEST_DAY: f64 = 60.0;
/// Space between groups, pixels.
const GROUP_GAP: f64 = 12.0;

/// Where things stand.
struct Plan {
    left: f64,
    right: f64,
    ticks: Vec<f64>,
    slot: f64,
}

/// One segment of the last drawn column, for its label.
struct Labelled<'c> {
    series: &'c Category,
    /// Right edge of the column.
    x: f64,
    y: f64,
}

pub(super) fn draw(
    chart: &StackedColumns,
    words: &Words,
    format: &Format,
) -> Result<String, DrawError> {
    let plan = plan(chart);
    svg::draw(words, (WIDTH, HEIGHT), |canvas| {
        axis(canvas, &plan)?;
        let mut left = plan.left + 4.0;
        let mut last = Vec::new();
        let count = chart.groups.len();
        for (index, group) in chart.groups.iter().enumerate() {
            let right = left + plan.slot * position(group.columns.len());
            group_label(canvas, group, (left, right), format)?;
            last = columns(canvas, chart, group, left, &plan)?;
            if index + 1 < count {
                let x = right + GROUP_GAP / 2.0;
                canvas.line((x, 2.0), (x, BASE + 20.0), style::LINE_2, 1.0)?;
            }
            left = right + GROUP_GAP;
        }
        leaders(canvas, &last, &plan)
    })
}

fn plan(chart: &StackedColumns) -> Plan {
    let all = || chart.groups.iter().flat_map(|group| &group.columns);
    let total = |values: &[Option<Usd>]| -> f64 {
        values.iter().flatten().map(|amount| amount.to_f64().max(0.0)).sum()
    };
    let max = all().map(|(_, values)| total(values)).fold(0.0, f64::max);
    let ticks = ticks::linear(max);
    let step = ticks.get(1).copied().unwrap_or(1.0);
    let axis_text = |tick: &f64| style::text_width(&axis_usd(*tick, step), style::AXIS_TEXT);
    let left = ticks.iter().map(axis_text).fold(0.0, f64::max) + 10.0;
    let label = |series: &Category| style::text_width(&series.label, style::LABEL);
    let widest = chart.series.iter().map(label).fold(0.0, f64::max).min(WIDEST_LABEL);
    let right = WIDTH - widest - 32.0;
    let gaps = GROUP_GAP * position(chart.groups.len().saturating_sub(1)) + 8.0;
    let slot = (right - left - gaps) / position(all().count().max(1));
    Plan { left, right, ticks, slot }
}

fn axis(canvas: &Canvas, plan: &Plan) -> Result<(), DrawError> {
    let top = plan.ticks.last().copied().unwrap_or(1.0);
    let step = plan.ticks.get(1).copied().unwrap_or(1.0);
    for tick in &plan.ticks {
        let y = scale(*tick, (0.0, top), (BASE, TOP));
        let ink = if *tick == 0.0 { style::AXIS } else { style::LINE };
        canvas.line((plan.left, y), (plan.right, y), ink, 1.0)?;
        let text = axis_usd(*tick, step);
        canvas.text((plan.left - 8.0, y), &axis_label(&text, Anchor::End))?;
    }
    Ok(())
}

fn group_label(
    canvas: &Canvas,
    group: &ColumnGroup,
    (left, right): (f64, f64),
    format: &Format,
) -> Result<(), DrawError> {
    let bold = !group.previous;
    let text = style::fit(&format.prose(&group.label), style::LABEL, (right - left).max(40.0));
    let ink = if bold { style::INK } else { style::INK_2 };
    let label = Label { ink, bold, ..mark_label(&text, Anchor::Start) };
    canvas.text((left + 2.0, 8.0), &label)
}

/// Draws a group and returns the segments of its last column that holds anything.
fn columns<'c>(
    canvas: &Canvas,
    chart: &'c StackedColumns,
    group: &ColumnGroup,
    left: f64,
    plan: &Plan,
) -> Result<Vec<Labelled<'c>>, DrawError> {
    let mut last = Vec::new();
    let every = label_interval(group, plan.slot);
    let width = (plan.slot * 0.75).min(40.0);
    for (index, (label, values)) in group.columns.iter().enumerate() {
        let middle = left + plan.slot * (position(index) + 0.5);
        let sides = (middle - width / 2.0, middle + width / 2.0);
        if values.iter().all(Option::is_none) {
            let top = (sides.0, BASE - 14.0);
            canvas.frame(top, (sides.1, BASE), style::LINE_2, 1.0)?;
        } else {
            last = column(canvas, chart, values, sides, (plan, group.previous))?;
        }
        if index.is_multiple_of(every) {
            let label = style::fit(label, style::AXIS_TEXT, WIDEST_DAY);
            canvas.text((middle, BASE + 12.0), &axis_label(&label, Anchor::Middle))?;
        }
    }
    Ok(last)
}

/// Every how many columns there is room for a label.
fn label_interval(group: &ColumnGroup, slot: f64) -> usize {
    let label = |(text, _): &(String, _)| style::text_width(text, style::AXIS_TEXT);
    let widest = group.columns.iter().map(label).fold(0.0, f64::max).min(WIDEST_DAY) + 6.0;
    (1..group.columns.len().max(2)).find(|n| slot * position(*n) >= widest).unwrap_or(1)
}

fn column<'c>(
    canvas: &Canvas,
    chart: &'c StackedColumns,
    values: &[Option<Usd>],
    (left, right): (f64, f64),
    (plan, previous): (&Plan, bool),
) -> Result<Vec<Labelled<'c>>, DrawError> {
    let top = plan.ticks.last().copied().unwrap_or(1.0);
    let mut stacked = 0.0;
    let mut segments = Vec::new();
    for (series, value) in chart.series.iter().zip(values) {
        let Some(value) = value.map(|amount| amount.to_f64().max(0.0)) else { continue };
        // Whole pixels, so that the gaps between segments look alike.
        let low = scale(stacked, (0.0, top), (BASE, TOP)).round();
        stacked += value;
        let high = scale(stacked, (0.0, top), (BASE, TOP)).round();
        // A pixel of the page between segments, where there is one to spare.
        let gap = if low - high >= 2.0 { 1.0 } else { 0.0 };
        if value > 0.0 {
            let ink = style::category(series.color);
            let (from, to) = ((left, high), (right, low - gap));
            if previous {
                // Half opaque: the grid must not shine through.
                canvas.rect(from, to, style::SURFACE, 1.0)?;
            }
            canvas.rect(from, to, ink, if previous { 0.5 } else { 1.0 })?;
        }
        segments.push(Labelled { series, x: right, y: f64::midpoint(low, high) });
    }
    Ok(segments)
}

/// Whether segments are too thin to tell which one a line leads to.
fn crowded(heights: &[f64]) -> bool {
    heights.windows(2).any(|pair| pair[1] - pair[0] < 3.0)
}

/// A square of the series' colour before each label, in place of leaders.
fn key(
    canvas: &Canvas,
    marks: &[&Labelled],
    heights: &[f64],
    plan: &Plan,
) -> Result<(), DrawError> {
    let x = plan.right + 2.0;
    for (mark, y) in marks.iter().zip(heights) {
        let ink = style::category(mark.series.color);
        canvas.rect((x, y - 4.5), (x + 9.0, y + 4.5), ink, 1.0)?;
        let text = style::fit_name(&mark.series.label, style::LABEL, WIDTH - x - 15.0);
        canvas.text((x + 15.0, *y), &mark_label(&text, Anchor::Start))?;
    }
    Ok(())
}

fn leaders(canvas: &Canvas, segments: &[Labelled], plan: &Plan) -> Result<(), DrawError> {
    // From top to bottom, as labels are spread.
    let marks: Vec<&Labelled> = segments.iter().rev().collect();
    let wanted: Vec<f64> = marks.iter().map(|mark| mark.y).collect();
    let placed = spread(&wanted, 20.0, (TOP + 6.0, BASE - 8.0));
    let room = WIDTH - plan.right - 12.0;
    if crowded(&wanted) {
        return key(canvas, &marks, &placed, plan);
    }
    for (mark, y) in marks.iter().zip(placed) {
        let bend = plan.right + 1.0;
        let points = [(mark.x + 2.0, mark.y), (bend, y), (plan.right + 6.0, y)];
        canvas.path(&points, style::category(mark.series.color), 1.0)?;
        let text = style::fit_name(&mark.series.label, style::LABEL, room);
        canvas.text((plan.right + 10.0, y), &mark_label(&text, Anchor::Start))?;
    }
    Ok(())
}

//! Stacked hourly columns with day labels and the largest burst named.

use chrono::{DateTime, Utc};

use super::canvas::{Anchor, Canvas, DrawError, Label};
use super::style::{self, WIDTH};
use super::svg::{self, Words};
use super::{axis_label, float, mark_label, position, scale, ticks, tinted};
use crate::render::format::Format;
use crate::render::format::number::decimals;
use crate::report::parts::{HourlyColumns, Prose};

const HEIGHT: f64 = 214.0;
const TOP: f64 = 30.0;
const BASE: f64 = 184.0;
const RIGHT: f64 = WIDTH - 2.0;

struct Plan {
    left: f64,
    slot: f64,
    ticks: Vec<f64>,
}

impl Plan {
    fn x(&self, hour: usize) -> f64 {
        self.left + self.slot * position(hour)
    }

    fn y(&self, count: f64) -> f64 {
        scale(count, (0.0, self.ticks.last().copied().unwrap_or(1.0)), (BASE, TOP))
    }
}

pub(super) fn draw(
    chart: &HourlyColumns,
    words: &Words,
    format: &Format,
) -> Result<String, DrawError> {
    let plan = plan(chart);
    svg::draw(words, (WIDTH, HEIGHT), |canvas| {
        axis(canvas, &plan)?;
        days(canvas, chart, &plan)?;
        for (index, (_, counts)) in chart.hours.iter().enumerate() {
            column(canvas, chart, counts.as_deref().unwrap_or(&[]), index, &plan)?;
        }
        gaps(canvas, chart, &plan)?;
        legend(canvas, chart)?;
        match &chart.burst {
            Some((first, hours, words)) => {
                burst(canvas, chart, (*first, *hours), words, &plan, format)
            }
            None => Ok(()),
        }
    })
}

fn plan(chart: &HourlyColumns) -> Plan {
    let max = chart.hours.iter().map(total).fold(0.0, f64::max);
    let ticks = ticks::counts(max);
    let text = |tick: &f64| style::text_width(&decimals(*tick, 0), style::AXIS_TEXT);
    let left = ticks.iter().map(text).fold(0.0, f64::max) + 12.0;
    Plan { left, slot: (RIGHT - left) / position(chart.hours.len().max(1)), ticks }
}

/// What happened in an hour, as far as it is known.
fn total((_, counts): &(DateTime<Utc>, Option<Vec<u64>>)) -> f64 {
    counts.iter().flatten().map(|n| float(*n)).sum()
}

/// A frame over hours that follow each other and of which the log holds nothing.
fn gaps(canvas: &Canvas, chart: &HourlyColumns, plan: &Plan) -> Result<(), DrawError> {
    let mut first = 0;
    for run in chart.hours.chunk_by(|a, b| a.1.is_none() == b.1.is_none()) {
        let end = first + run.len();
        if run.iter().all(|(_, counts)| counts.is_none()) {
            let (from, to) = (plan.x(first) + 1.0, (plan.x(end) - 1.0).max(plan.x(first) + 2.0));
            canvas.frame((from, BASE - 14.0), (to, BASE), style::LINE_2, 1.0)?;
        }
        first = end;
    }
    Ok(())
}

fn axis(canvas: &Canvas, plan: &Plan) -> Result<(), DrawError> {
    for tick in &plan.ticks {
        let y = plan.y(*tick);
        let ink = if *tick == 0.0 { style::AXIS } else { style::LINE };
        canvas.line((plan.left, y), (RIGHT, y), ink, 1.0)?;
        let text = decimals(*tick, 0);
        canvas.text((plan.left - 8.0, y), &axis_label(&text, Anchor::End))?;
    }
    Ok(())
}

/// A tick where a day starts, its label under the middle of the day, as many as have room.
fn days(canvas: &Canvas, chart: &HourlyColumns, plan: &Plan) -> Result<(), DrawError> {
    let mut end = f64::NEG_INFINITY;
    for (index, (hour, label)) in chart.days.iter().enumerate() {
        let next = chart.days.get(index + 1).map_or(chart.hours.len(), |(hour, _)| *hour);
        let (from, to) = (plan.x(*hour), plan.x(next).min(RIGHT));
        canvas.line((from, BASE), (from, BASE + 5.0), style::AXIS, 1.0)?;
        // A label for part of a day names its first hour.
        let whole_day = next.saturating_sub(*hour) >= 24;
        let middle = if whole_day { f64::midpoint(from, to) } else { from + plan.slot / 2.0 };
        let half = style::text_width(label, style::AXIS_TEXT) / 2.0;
        if middle - half > end + 5.0 && middle + half <= WIDTH + 4.0 {
            canvas.text((middle, BASE + 13.0), &axis_label(label, Anchor::Middle))?;
            end = middle + half;
        }
    }
    Ok(())
}

fn column(
    canvas: &Canvas,
    chart: &HourlyColumns,
    counts: &[u64],
    index: usize,
    plan: &Plan,
) -> Result<(), DrawError> {
    let left = plan.x(index);
    let width = (plan.slot * 0.8).clamp(0.5, 24.0);
    let mut stacked = 0.0;
    for ((_, tone), count) in chart.series.iter().zip(counts) {
        if *count == 0 {
            continue;
        }
        let low = plan.y(stacked);
        stacked += float(*count);
        // What happened must not vanish: a quarter of a pixel at least.
        let high = plan.y(stacked).min(low - 0.25);
        canvas.rect((left, high), (left + width, low), style::class(*tone), 1.0)?;
    }
    Ok(())
}

/// The classes above the plot: square and name, at the right end.
fn legend(canvas: &Canvas, chart: &HourlyColumns) -> Result<(), DrawError> {
    let entry = |label: &str| 9.0 + 6.0 + style::text_width(label, style::AXIS_TEXT) + 14.0;
    let series: Vec<(String, _)> = chart
        .series
        .iter()
        .rev()
        .map(|(label, tone)| (style::fit(label, style::AXIS_TEXT, 180.0), *tone))
        .collect();
    let width: f64 = series.iter().map(|(label, _)| entry(label)).sum();
    let mut x = (RIGHT - width + 14.0).max(0.0);
    for (label, tone) in &series {
        canvas.rect((x, 2.0), (x + 9.0, 11.0), style::class(*tone), 1.0)?;
        let text = tinted(axis_label(label, Anchor::Start), style::INK_2);
        canvas.text((x + 15.0, 6.5), &text)?;
        x += entry(label);
    }
    Ok(())
}

fn burst(
    canvas: &Canvas,
    chart: &HourlyColumns,
    (first, hours): (usize, usize),
    words: &Prose,
    plan: &Plan,
    format: &Format,
) -> Result<(), DrawError> {
    let last = first.saturating_add(hours.max(1)).min(chart.hours.len());
    let Some(counts) = chart.hours.get(first..last).filter(|slice| !slice.is_empty()) else {
        return Ok(());
    };
    let top = plan.y(counts.iter().map(total).fold(0.0, f64::max));
    let y = (top + 8.0).clamp(TOP + 4.0, BASE - 32.0);
    let (start, end) = (plan.x(first), plan.x(last));
    let on_right = RIGHT - end >= start - plan.left;
    let (from, to, anchor) = if on_right {
        (end + 2.0, end + 16.0, Anchor::Start)
    } else {
        (start - 2.0, start - 16.0, Anchor::End)
    };
    let room = if on_right { RIGHT - to - 4.0 } else { to - plan.left - 4.0 };
    canvas.line((from, y), (to, y), style::INK_3, 1.0)?;
    let gap = if on_right { 4.0 } else { -4.0 };
    for (index, text) in two_lines(&format.prose(words), room).iter().enumerate() {
        let y = y + 16.0 * position(index);
        let width = style::bold_width(text, style::LABEL) + 4.0;
        let left = if on_right { to + 2.0 } else { to - 2.0 - width };
        // The grid and the other columns make room for the words.
        canvas.rect((left, y - 8.0), (left + width + 2.0, y + 8.0), style::SURFACE, 1.0)?;
        canvas.text((to + gap, y), &Label { bold: index == 0, ..mark_label(text, anchor) })?;
    }
    Ok(())
}

/// The words on one line, or on two, parted at the last comma that lets the first fit.
fn two_lines(words: &str, room: f64) -> Vec<String> {
    let fits = |text: &str| style::bold_width(text, style::LABEL) <= room;
    let commas = || words.rmatch_indices(", ").map(|(at, _)| (&words[..at], &words[at + 2..]));
    match commas().find(|(first, _)| fits(first)).filter(|_| !fits(words)) {
        Some((first, second)) => {
            vec![first.to_owned(), style::fit(second, style::LABEL, room / 1.07)]
        }
        None => vec![style::fit(words, style::LABEL, room / 1.07)],
    }
}

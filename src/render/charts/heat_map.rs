//! Rows × columns in six fixed steps; struck cells are partly logged, outlined ones not at all.

use super::canvas::{Anchor, Canvas, DrawError};
use super::style::{self, WIDTH};
use super::svg::{self, Words};
use super::{axis_label, mark_label, position, ticks};
use crate::render::format::number::grouped;
use crate::report::parts::{HeatCell, HeatMap};

const TOP: f64 = 16.0;
const ROW: f64 = 23.0;
const GAP: f64 = 1.0;
const LEGEND: f64 = 42.0;
const WIDEST_HEAD: f64 = 60.0;
const WIDEST_TOTAL: f64 = 150.0;

struct Plan {
    left: f64,
    cell: f64,
    /// Counts per step of colour.
    width: u64,
    bottom: f64,
    /// Where the totals end.
    end: f64,
}

pub(super) fn draw(chart: &HeatMap, words: &Words) -> Result<String, DrawError> {
    let plan = plan(chart);
    svg::draw(words, (WIDTH, plan.bottom + LEGEND), |canvas| {
        heads(canvas, chart, &plan)?;
        for (index, label) in chart.rows.iter().enumerate() {
            let cells = chart.cells.get(index).map_or(&[][..], Vec::as_slice);
            row(canvas, (label, cells), TOP + ROW * position(index), &plan)?;
        }
        legend(canvas, chart, &plan)
    })
}

fn plan(chart: &HeatMap) -> Plan {
    let label = |text: &String| style::text_width(text, style::LABEL);
    let left = chart.rows.iter().map(label).fold(0.0, f64::max).min(140.0) + 12.0;
    let totals = chart.cells.iter().map(|cells| total_text(cells)).chain([chart.unit.clone()]);
    let right = totals.map(|text| label(&text)).fold(0.0, f64::max).min(WIDEST_TOTAL) + 12.0;
    let columns = chart.cells.iter().map(Vec::len).chain([chart.columns.len()]).max();
    let columns = position(columns.unwrap_or_default().max(1));
    let cell = ((WIDTH - left - right) / columns).min(60.0);
    Plan {
        left,
        cell,
        end: left + cell * columns + right,
        width: ticks::class_width(usual_most(chart)),
        bottom: TOP + ROW * position(chart.rows.len()),
    }
}

/// The count that all but the highest 3% of the cells stay under: a burst must not bleach the rest.
fn usual_most(chart: &HeatMap) -> u64 {
    let mut counts: Vec<u64> =
        chart.cells.iter().flatten().filter_map(|cell| count(*cell)).collect();
    counts.sort_unstable();
    counts.get((counts.len() * 97 / 100).min(counts.len().saturating_sub(1))).copied().unwrap_or(0)
}

fn count(cell: HeatCell) -> Option<u64> {
    match cell {
        HeatCell::Known(n) | HeatCell::Partial(n) => Some(n),
        HeatCell::NoLog => None,
    }
}

/// The sum of what is known; a dash when nothing is.
fn total_text(cells: &[HeatCell]) -> String {
    let known: Vec<u64> = cells.iter().filter_map(|cell| count(*cell)).collect();
    if known.is_empty() {
        return "—".to_owned();
    }
    grouped(known.iter().map(|n| u128::from(*n)).sum())
}

fn heads(canvas: &Canvas, chart: &HeatMap, plan: &Plan) -> Result<(), DrawError> {
    let width = |text: &String| style::text_width(text, style::AXIS_TEXT);
    let widest = chart.columns.iter().map(width).fold(0.0, f64::max).min(WIDEST_HEAD);
    let every = match chart.columns.len() {
        24 => 3,
        n => (1..n.max(2)).find(|k| plan.cell * position(*k) > widest + 6.0).unwrap_or(1),
    };
    for (index, text) in chart.columns.iter().enumerate().step_by(every) {
        let x = plan.left + plan.cell * position(index) + 1.0;
        let text = style::fit(text, style::AXIS_TEXT, WIDEST_HEAD);
        canvas.text((x, 5.0), &axis_label(&text, Anchor::Start))?;
    }
    let unit = style::fit(&chart.unit, style::AXIS_TEXT, WIDEST_TOTAL);
    canvas.text((plan.end, 5.0), &axis_label(&unit, Anchor::End))
}

fn row(
    canvas: &Canvas,
    (label, cells): (&str, &[HeatCell]),
    top: f64,
    plan: &Plan,
) -> Result<(), DrawError> {
    let middle = top + ROW / 2.0;
    let label = style::fit(label, style::LABEL, plan.left - 10.0);
    canvas.text((0.0, middle), &mark_label(&label, Anchor::Start))?;
    for (index, cell) in cells.iter().enumerate() {
        let left = plan.left + plan.cell * position(index);
        let corner = (left + plan.cell - GAP, top + ROW - GAP);
        paint_cell(canvas, *cell, (left, top), corner, plan.width)?;
    }
    let total = style::fit(&total_text(cells), style::LABEL, WIDEST_TOTAL);
    canvas.text((plan.end, middle), &mark_label(&total, Anchor::End))
}

fn paint_cell(
    canvas: &Canvas,
    cell: HeatCell,
    from: (f64, f64),
    to: (f64, f64),
    width: u64,
) -> Result<(), DrawError> {
    let Some(n) = count(cell) else {
        let inside = ((from.0 + 0.5, from.1 + 0.5), (to.0 - 0.5, to.1 - 0.5));
        return canvas.frame(inside.0, inside.1, style::AXIS, 1.0);
    };
    let class = usize::try_from(n / width.max(1)).unwrap_or(usize::MAX);
    let ink = style::SEQUENCE[class.min(style::SEQUENCE.len() - 1)];
    canvas.rect(from, to, ink, 1.0)?;
    if matches!(cell, HeatCell::Partial(_)) {
        strike(canvas, from, to)?;
    }
    Ok(())
}

/// A stroke on a light ground, so that it shows on dark cells too.
fn strike(canvas: &Canvas, from: (f64, f64), to: (f64, f64)) -> Result<(), DrawError> {
    let ends = ((from.0 + 2.0, to.1 - 2.0), (to.0 - 2.0, from.1 + 2.0));
    canvas.line(ends.0, ends.1, style::SURFACE, 3.5)?;
    canvas.line(ends.0, ends.1, style::BAD, 1.5)
}

fn legend(canvas: &Canvas, chart: &HeatMap, plan: &Plan) -> Result<(), DrawError> {
    let y = plan.bottom + 24.0;
    let mut x = plan.left;
    let mut entry = |text: &str, cell: HeatCell| -> Result<(), DrawError> {
        let step = 14.0 + 5.0 + style::text_width(text, style::AXIS_TEXT) + 13.0;
        if x + step > WIDTH + 13.0 {
            return Ok(());
        }
        let (from, to) = ((x, y - 5.5), (x + 14.0, y + 5.5));
        paint_cell(canvas, cell, from, to, plan.width)?;
        if cell == HeatCell::Known(0) {
            canvas.frame(from, to, style::LINE_2, 1.0)?;
        }
        canvas.text((x + 19.0, y), &axis_label(text, Anchor::Start))?;
        x += step;
        Ok(())
    };
    for class in 0..6_u64 {
        let low = plan.width.saturating_mul(class);
        entry(&class_label(low, plan.width, class == 5), HeatCell::Known(low))?;
    }
    let has = |wanted: fn(&HeatCell) -> bool| chart.cells.iter().flatten().any(wanted);
    if has(|cell| matches!(cell, HeatCell::Partial(_))) {
        entry("partly logged", HeatCell::Partial(0))?;
    }
    if has(|cell| matches!(cell, HeatCell::NoLog)) {
        entry("no log", HeatCell::NoLog)?;
    }
    Ok(())
}

/// `0–5k`, `25k+`; single counts for steps of one.
fn class_label(low: u64, width: u64, open: bool) -> String {
    let high = low.saturating_add(width);
    if open {
        return format!("{}+", short(low, width));
    }
    if width == 1 {
        return low.to_string();
    }
    let (from, to) = (short(low, width), short(high, width));
    let unit = to.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == ',');
    format!("{}–{to}", from.strip_suffix(unit).unwrap_or(&from))
}

/// A round number with `k`, `M` or `B`, the unit chosen by the step so that a legend keeps it.
fn short(n: u64, width: u64) -> String {
    let (unit, name) = match width {
        0..400 => return grouped(u128::from(n)),
        400..400_000 => (1_000, "k"),
        400_000..400_000_000 => (1_000_000, "M"),
        _ => (1_000_000_000, "B"),
    };
    if n == 0 {
        return "0".to_owned();
    }
    let tenths = n / (unit / 10);
    let whole = grouped(u128::from(tenths / 10));
    if tenths.is_multiple_of(10) {
        format!("{whole}{name}")
    } else {
        format!("{whole}.{}{name}", tenths % 10)
    }
}

//! Days that were, days to come in their band, and what the budget allows per day.

use chrono::NaiveDate;

use super::canvas::{Anchor, Canvas, DrawError, Label};
use super::style::{self, Ink, WIDTH};
use super::svg::{self, Words};
use super::{axis_label, axis_value, lines, position, scale, spread, ticks, tinted};
use crate::render::format::Format;
use crate::report::parts::{ForecastLine, Value};
use crate::units::Usd;

const HEIGHT: f64 = 268.0;
const TOP: f64 = 34.0;
const BASE: f64 = 234.0;
/// Room for the labels at the right.
const LABELS: f64 = 104.0;

struct Plan {
    left: f64,
    right: f64,
    count: f64,
    ticks: Vec<f64>,
}

impl Plan {
    fn x(&self, day: usize) -> f64 {
        scale(position(day), (0.0, (self.count - 1.0).max(1.0)), (self.left, self.right))
    }

    fn y(&self, amount: Usd) -> f64 {
        let top = self.ticks.last().copied().unwrap_or(1.0);
        scale(amount.to_f64().max(0.0), (0.0, top), (BASE, TOP))
    }
}

pub(super) fn draw(
    chart: &ForecastLine,
    words: &Words,
    format: &Format,
) -> Result<String, DrawError> {
    let plan = plan(chart);
    svg::draw(words, (WIDTH, HEIGHT), |canvas| {
        axis(canvas, chart, &plan)?;
        band(canvas, chart, &plan)?;
        if let Some(budget) = chart.budget_per_day {
            let y = plan.y(budget);
            canvas.dashed((plan.left, y), (plan.right, y), style::BAD, 1.25, (6.0, 4.0))?;
        }
        past(canvas, chart, &plan)?;
        ahead(canvas, chart, &plan)?;
        border(canvas, chart, &plan)?;
        labels(canvas, chart, &plan, format)
    })
}

fn plan(chart: &ForecastLine) -> Plan {
    let past = chart.past.iter().filter_map(|(_, amount)| *amount);
    let ahead = chart.ahead.iter().map(|day| day.high);
    let max = past.chain(ahead).chain(chart.budget_per_day).map(Usd::to_f64).fold(0.0, f64::max);
    let ticks = ticks::linear(max);
    let step = ticks.get(1).copied().unwrap_or(1.0);
    let text = |tick: &f64| {
        style::text_width(&axis_value(*tick, step, &Value::Usd(Usd(0))), style::AXIS_TEXT)
    };
    Plan {
        left: ticks.iter().map(text).fold(0.0, f64::max) + 12.0,
        right: WIDTH - LABELS,
        count: position(chart.past.len() + chart.ahead.len()),
        ticks,
    }
}

fn days(chart: &ForecastLine) -> impl Iterator<Item = NaiveDate> {
    let past = chart.past.iter().map(|(day, _)| *day);
    past.chain(chart.ahead.iter().map(|day| day.day))
}

fn axis(canvas: &Canvas, chart: &ForecastLine, plan: &Plan) -> Result<(), DrawError> {
    use chrono::Datelike;
    let step = plan.ticks.get(1).copied().unwrap_or(1.0);
    for tick in &plan.ticks {
        let top = plan.ticks.last().copied().unwrap_or(1.0);
        let y = scale(*tick, (0.0, top), (BASE, TOP));
        let ink = if *tick == 0.0 { style::AXIS } else { style::LINE };
        canvas.line((plan.left, y), (plan.right, y), ink, 1.0)?;
        let text = axis_value(*tick, step, &Value::Usd(Usd(0)));
        canvas.text((plan.left - 8.0, y), &axis_label(&text, Anchor::End))?;
    }
    let mut end = f64::NEG_INFINITY;
    for (index, day) in days(chart).enumerate() {
        if day.weekday() != chrono::Weekday::Mon {
            continue;
        }
        let x = plan.x(index);
        canvas.line((x, BASE), (x, BASE + 5.0), style::AXIS, 1.0)?;
        let text = day.format("%-d %b").to_string();
        let half = style::text_width(&text, style::AXIS_TEXT) / 2.0;
        if x - half > end + 8.0 && x + half < WIDTH {
            canvas.text((x, BASE + 14.0), &axis_label(&text, Anchor::Middle))?;
            end = x + half;
        }
    }
    Ok(())
}

/// The points of the days to come, the last day that was before them.
fn joined(chart: &ForecastLine, plan: &Plan, of: impl Fn(usize) -> Usd) -> Vec<(f64, f64)> {
    let first = chart.past.len();
    let last = chart.past.last().and_then(|(_, amount)| *amount);
    let start = last.map(|amount| (plan.x(first.saturating_sub(1)), plan.y(amount)));
    let points = (0..chart.ahead.len()).map(|n| (plan.x(first + n), plan.y(of(n))));
    start.into_iter().chain(points).collect()
}

fn band(canvas: &Canvas, chart: &ForecastLine, plan: &Plan) -> Result<(), DrawError> {
    if chart.ahead.is_empty() {
        return Ok(());
    }
    let high = joined(chart, plan, |n| chart.ahead[n].high);
    let low = joined(chart, plan, |n| chart.ahead[n].low);
    let corners: Vec<(f64, f64)> = high.iter().chain(low.iter().rev()).copied().collect();
    canvas.area(&corners, style::BAND)?;
    canvas.path(&high, style::C1_SOFT, 1.0)?;
    canvas.path(&low, style::C1_SOFT, 1.0)
}

/// Known days as lines, grey before the period and in the accent from then on; gaps stay open.
fn past(canvas: &Canvas, chart: &ForecastLine, plan: &Plan) -> Result<(), DrawError> {
    let start = chart.past.iter().position(|(day, _)| *day >= chart.period_from);
    let start = start.unwrap_or(chart.past.len());
    let point = |(index, (_, amount)): (usize, &(NaiveDate, Option<Usd>))| {
        amount.map(|amount| (plan.x(index), plan.y(amount)))
    };
    let points: Vec<Option<(f64, f64)>> = chart.past.iter().enumerate().map(point).collect();
    let before = points.get(..(start + 1).min(points.len())).unwrap_or(&points);
    lines(canvas, before, style::GHOST, 1.5)?;
    lines(canvas, points.get(start..).unwrap_or(&[]), style::C1, 2.25)
}

fn ahead(canvas: &Canvas, chart: &ForecastLine, plan: &Plan) -> Result<(), DrawError> {
    let points = joined(chart, plan, |n| chart.ahead[n].expected);
    for pair in points.windows(2) {
        canvas.dashed(pair[0], pair[1], style::C1, 1.5, (3.0, 2.5))?;
    }
    Ok(())
}

/// Where what was ends and what is to come begins.
fn border(canvas: &Canvas, chart: &ForecastLine, plan: &Plan) -> Result<(), DrawError> {
    if chart.past.is_empty() || chart.ahead.is_empty() {
        return Ok(());
    }
    let x = f64::midpoint(plan.x(chart.past.len() - 1), plan.x(chart.past.len()));
    canvas.line((x, TOP - 12.0), (x, BASE), style::LINE_2, 1.0)?;
    canvas.text((x - 6.0, TOP - 18.0), &axis_label("actual", Anchor::End))?;
    canvas.text((x + 6.0, TOP - 18.0), &axis_label("forecast", Anchor::Start))
}

/// What the lines at the right are, each beside its end.
fn labels(
    canvas: &Canvas,
    chart: &ForecastLine,
    plan: &Plan,
    format: &Format,
) -> Result<(), DrawError> {
    let mut marks: Vec<(f64, String, Ink, bool)> = Vec::new();
    if let Some(last) = chart.ahead.last() {
        marks.push((plan.y(last.high), "80% band".to_owned(), style::INK_3, false));
        let amount = format.value(&Value::Estimate(last.expected));
        marks.push((plan.y(last.expected), format!("forecast {amount}"), style::C1, true));
    }
    if let Some(budget) = chart.budget_per_day {
        let amount = format.value(&Value::Estimate(budget));
        marks.push((plan.y(budget), format!("budget {amount}/day"), style::BAD, false));
    }
    marks.sort_by(|a, b| a.0.total_cmp(&b.0));
    let wanted: Vec<f64> = marks.iter().map(|mark| mark.0).collect();
    let placed = spread(&wanted, 15.0, (TOP, BASE - 4.0));
    for ((_, text, ink, bold), y) in marks.iter().zip(placed) {
        let text = style::fit(text, style::AXIS_TEXT, LABELS - 8.0);
        let label = tinted(axis_label(&text, Anchor::Start), *ink);
        canvas.text((plan.right + 8.0, y), &Label { bold: *bold, ..label })?;
    }
    Ok(())
}

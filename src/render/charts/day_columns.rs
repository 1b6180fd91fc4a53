//! Columns of two periods side by side, for e-mail: drawn narrow, so that its text stays readable on a
//! phone.

use super::canvas::{Anchor, Canvas, DrawError, Label};
use super::style;
use super::svg::{self, Words};
use super::{axis_label, position, scale, ticks};
use crate::render::Error;
use crate::render::format::number::axis_usd;
use crate::render::format::words::identifier;
use crate::report::parts::{Figure, StackedColumns};
use crate::units::Usd;

/// Width of the chart, pixels; mail shows it larger.
const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 212.0;
const TOP: f64 = 44.0;
const BASE: f64 = 180.0;
const RIGHT: f64 = WIDTH - 12.0;
/// Text is larger than on the page: a phone shows it at two thirds.
const LABEL: f64 = 13.0;
const AXIS_TEXT: f64 = 12.0;

/// A day of the period, and the day at its place in the period before.
pub struct DayPair {
    /// Label below the columns.
    pub label: String,
    /// Whole amount of the day; none where the log holds nothing of it.
    pub now: Option<Usd>,
    /// That of the day before it in the earlier period.
    pub before: Option<Usd>,
}

/// The days of a chart over two periods; the parts of each column summed. `None` where the chart has no
/// period of its own to show.
pub fn day_pairs(chart: &StackedColumns) -> Option<Vec<DayPair>> {
    let sum = |values: &[Option<Usd>]| -> Option<Usd> {
        let mut known = values.iter().flatten().copied().peekable();
        known.peek().is_some().then(|| known.sum())
    };
    let now = chart.groups.iter().find(|group| !group.previous)?;
    let before = chart.groups.iter().find(|group| group.previous);
    let pairs = now.columns.iter().enumerate().map(|(at, (label, values))| DayPair {
        label: label.clone(),
        now: sum(values),
        before: before.and_then(|group| group.columns.get(at)).and_then(|(_, day)| sum(day)),
    });
    Some(pairs.collect())
}

/// Draws the days; `key` says which columns are which.
///
/// # Errors
/// [`Error::Chart`] when the drawing library fails.
pub fn day_columns(
    pairs: &[DayPair],
    figure: &Figure,
    description: &str,
    key: &str,
) -> Result<String, Error> {
    let words = Words { id: "mail", title: &figure.title, description, class: "ch" };
    let drawn = svg::draw(&words, (WIDTH, HEIGHT), |canvas| paint(canvas, pairs, key));
    drawn.map_err(|reason| Error::Chart { title: identifier(&figure.title), reason })
}

fn dollars(amount: Option<Usd>) -> f64 {
    amount.map_or(0.0, |amount| amount.to_f64().max(0.0))
}

fn paint(canvas: &Canvas, pairs: &[DayPair], key: &str) -> Result<(), DrawError> {
    let most = pairs.iter().flat_map(|pair| [pair.now, pair.before]).map(dollars);
    let ticks = ticks::linear(most.fold(0.0, f64::max));
    let top = ticks.last().copied().unwrap_or(1.0);
    let step = ticks.get(1).copied().unwrap_or(1.0);
    let axis_text = |tick: &f64| style::text_width(&axis_usd(*tick, step), AXIS_TEXT);
    let left = ticks.iter().map(axis_text).fold(0.0, f64::max) + 18.0;
    for tick in &ticks {
        let y = scale(*tick, (0.0, top), (BASE, TOP));
        let ink = if *tick == 0.0 { style::AXIS } else { style::LINE };
        canvas.line((left, y), (RIGHT, y), ink, 1.0)?;
        canvas.text(
            (left - 8.0, y),
            &Label { size: AXIS_TEXT, ..axis_label(&axis_usd(*tick, step), Anchor::End) },
        )?;
    }
    canvas.text((RIGHT, 14.0), &label(key, Anchor::End, false))?;
    let slot = (RIGHT - left) / position(pairs.len().max(1));
    let plan = Plan { left, slot, top };
    for (at, pair) in pairs.iter().enumerate() {
        plan.columns(canvas, at, pair)?;
    }
    plan.labels(canvas, pairs)
}

struct Plan {
    left: f64,
    slot: f64,
    top: f64,
}

impl Plan {
    fn middle(&self, at: usize) -> f64 {
        self.left + self.slot * (position(at) + 0.5)
    }

    fn y(&self, amount: f64) -> f64 {
        scale(amount, (0.0, self.top), (BASE, TOP)).round()
    }

    fn columns(&self, canvas: &Canvas, at: usize, pair: &DayPair) -> Result<(), DrawError> {
        let (middle, width) = (self.middle(at).round(), (self.slot * 0.39).min(23.0).round());
        let gap = if self.slot > 12.0 { 1.0 } else { 0.0 };
        let sides = [(middle - width - gap, middle - gap), (middle + gap, middle + width + gap)];
        for (amount, (from, to), ink) in
            [(pair.before, sides[0], style::GHOST), (pair.now, sides[1], style::C1)]
        {
            match amount {
                Some(_) => {
                    let high = self.y(dollars(amount));
                    canvas.rect((from, high), (to, BASE), ink, 1.0)?;
                }
                None if ink == style::C1 => {
                    canvas.frame((from, BASE - 12.0), (to, BASE), style::LINE_2, 1.0)?;
                }
                None => {}
            }
        }
        Ok(())
    }

    /// Amounts above the columns where there is room, else above the highest only; days below.
    fn labels(&self, canvas: &Canvas, pairs: &[DayPair]) -> Result<(), DrawError> {
        let amounts: Vec<String> = pairs
            .iter()
            .map(|pair| axis_usd(dollars(pair.now), if self.top < 100.0 { 0.5 } else { 1.0 }))
            .collect();
        let width = |text: &String| style::text_width(text, LABEL);
        let widest = amounts.iter().map(width).fold(0.0, f64::max);
        let by_amount =
            |a: &usize, b: &usize| dollars(pairs[*a].now).total_cmp(&dollars(pairs[*b].now));
        let highest = (0..pairs.len()).max_by(by_amount);
        let days = pairs.iter().map(|pair| style::text_width(&pair.label, AXIS_TEXT));
        let day_width = days.fold(0.0, f64::max) + 4.0;
        let every = (1..=pairs.len()).find(|n| self.slot * position(*n) >= day_width).unwrap_or(1);
        for (at, pair) in pairs.iter().enumerate() {
            let is_highest = highest == Some(at);
            if pair.now.is_some() && (is_highest || widest + 3.0 <= self.slot) {
                let x = self.middle(at) + if self.slot > 12.0 { 12.0 } else { 0.0 };
                let half = style::bold_width(&amounts[at], LABEL) / 2.0;
                let x = x.clamp(self.left + half, RIGHT - half);
                let y = self.y(dollars(pair.now).max(0.0)) - 9.0;
                canvas.text((x, y), &label(&amounts[at], Anchor::Middle, is_highest))?;
            }
            if at % every == 0 {
                let text = style::fit(&pair.label, AXIS_TEXT, self.slot * position(every));
                let day = Label {
                    ink: style::INK_2,
                    size: AXIS_TEXT,
                    ..axis_label(&text, Anchor::Middle)
                };
                canvas.text((self.middle(at), BASE + 14.0), &day)?;
            }
        }
        Ok(())
    }
}

fn label(text: &str, anchor: Anchor, bold: bool) -> Label<'_> {
    let ink = if bold { style::INK } else { style::INK_2 };
    Label { text, size: LABEL, ink, anchor, bold }
}

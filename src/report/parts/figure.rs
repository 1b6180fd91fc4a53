//! Charts as data: each form carries values, never geometry.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use super::{Prose, Severity, Tone, Value};
use crate::units::Usd;

/// A chart with its words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// Title, for readers who don't see the chart.
    pub title: String,
    /// What the chart shows, with its values.
    pub description: Prose,
    /// Caption: units and every encoding.
    pub caption: Prose,
    /// The data.
    pub chart: Chart,
}

/// The forms of chart; each carries data, not geometry.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "form", rename_all = "snake_case")]
pub enum Chart {
    /// Stacked columns over two periods, the earlier one paler.
    StackedColumns(StackedColumns),
    /// Weekday × hour.
    HeatMap(HeatMap),
    /// p50, p90 and p99 on a log axis.
    DotRange(DotRange),
    /// Stacked hourly columns.
    HourlyColumns(HourlyColumns),
    /// Sorted bars with the previous period as a tick.
    HorizontalBars(HorizontalBars),
    /// Bars from zero in both directions, the total last.
    DriverBars(DriverBars),
    /// Days that were, and a forecast in its band.
    ForecastLine(ForecastLine),
    /// A line over its expected band, with what departs from it marked.
    MarkedLine(MarkedLine),
    /// A stretch from low to high per row, with a dot between.
    Ranges(Ranges),
    /// The same small chart several times, on scales of their own.
    SmallMultiples(SmallMultiples),
    /// When each thing happened, one row per thing.
    EventStrip(EventStrip),
    /// A bar over time for each chain, broken where something is wrong.
    ChainStrip(ChainStrip),
}

/// A category with its fixed colour, the same through the whole report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Category {
    /// Label.
    pub label: String,
    /// Position in the report's colour order, from 0; `None` is the grey of "other".
    pub color: Option<usize>,
}

/// See [`Chart::StackedColumns`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StackedColumns {
    /// The categories, largest first (drawn at the bottom); at most five and "other".
    pub series: Vec<Category>,
    /// The groups of columns, e.g. last week and this week.
    pub groups: Vec<ColumnGroup>,
}

/// A group of columns under one heading.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnGroup {
    /// Heading, e.g. `W46 $9,616.94`.
    pub label: Prose,
    /// Whether it is the earlier period.
    pub previous: bool,
    /// One column per day: label and one value per series; `None` where the day isn't in the data.
    pub columns: Vec<(String, Vec<Option<Usd>>)>,
}

/// See [`Chart::HeatMap`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeatMap {
    /// Row labels, top to bottom.
    pub rows: Vec<String>,
    /// Column labels, left to right.
    pub columns: Vec<String>,
    /// One cell per row and column.
    pub cells: Vec<Vec<HeatCell>>,
    /// What is counted, e.g. `requests`.
    pub unit: String,
}

/// A cell of a heat map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "state", content = "value", rename_all = "snake_case")]
pub enum HeatCell {
    /// Fully logged.
    Known(u64),
    /// Partly logged: the true count is higher.
    Partial(u64),
    /// Outside the data: nothing is known.
    NoLog,
}

/// See [`Chart::DotRange`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DotRange {
    /// The rows, sorted by p99, slowest first.
    pub rows: Vec<DotRow>,
    /// A target for the mean, milliseconds, and its label.
    pub target: Option<(f64, String)>,
}

/// A row of a dot-range chart, milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DotRow {
    /// Label.
    pub label: String,
    /// Median.
    pub p50_ms: f64,
    /// 90th percentile.
    pub p90_ms: f64,
    /// 99th percentile.
    pub p99_ms: f64,
}

/// See [`Chart::HourlyColumns`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HourlyColumns {
    /// The classes, bottom first, with the colour role of each.
    pub series: Vec<(String, Tone)>,
    /// One entry per hour: start, and one count per series; null where the log holds nothing of it.
    pub hours: Vec<(DateTime<Utc>, Option<Vec<u64>>)>,
    /// Day labels: the index of the hour a day starts with, and its label.
    pub days: Vec<(usize, String)>,
    /// The largest burst: first hour, hours, and what to write beside it.
    pub burst: Option<(usize, usize, Prose)>,
}

/// See [`Chart::HorizontalBars`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HorizontalBars {
    /// Rows from top to bottom.
    pub rows: Vec<Bar>,
}

/// One bar.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bar {
    /// Label.
    pub label: String,
    /// This period.
    pub value: Value,
    /// The previous period, drawn as a tick.
    pub previous: Option<Value>,
    /// Drawn hatched: not attributed.
    pub hatched: bool,
}

/// See [`Chart::DriverBars`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DriverBars {
    /// Rows from top to bottom: each driver, its parts under it, the total last.
    pub rows: Vec<DriverBar>,
}

/// A row of driver bars.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DriverBar {
    /// Label.
    pub label: String,
    /// The amount, signed.
    pub amount: Usd,
    /// Whether it is a part of the driver above it.
    pub is_part: bool,
    /// Whether it is the sum of all drivers.
    pub is_total: bool,
}

/// See [`Chart::ForecastLine`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ForecastLine {
    /// Days that were, in order; null where not known.
    pub past: Vec<(NaiveDate, Option<Usd>)>,
    /// The first day of the report's period; days before it are drawn paler.
    pub period_from: NaiveDate,
    /// Days to come, in order.
    pub ahead: Vec<ForecastDay>,
    /// What the budget allows per day, if there is one.
    pub budget_per_day: Option<Usd>,
}

/// A day to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ForecastDay {
    /// The day.
    pub day: NaiveDate,
    /// What is expected.
    pub expected: Usd,
    /// Lower end of the 80 % interval.
    pub low: Usd,
    /// Upper end of the 80 % interval.
    pub high: Usd,
}

/// See [`Chart::MarkedLine`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MarkedLine {
    /// What the line counts, e.g. `requests per hour`.
    pub unit: String,
    /// One entry per hour, in order; null where not known.
    pub points: Vec<(DateTime<Utc>, Option<f64>)>,
    /// The expected range per hour, where it is known; as long as `points`, or empty.
    pub band: Vec<Option<(f64, f64)>>,
    /// What departs.
    pub marks: Vec<Mark>,
    /// Hours in which logging was partial: index of the first, and how many.
    pub partial: Vec<(usize, usize)>,
    /// Day labels: the index of the hour a day starts with, and its label.
    pub days: Vec<(usize, String)>,
}

/// A mark on a line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mark {
    /// The hour, by its place.
    pub at: usize,
    /// Name beside it, e.g. `A1`.
    pub label: String,
}

/// See [`Chart::Ranges`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ranges {
    /// Rows from top to bottom.
    pub rows: Vec<RangeRow>,
    /// A limit, drawn dashed, and its label.
    pub limit: Option<(Value, String)>,
}

/// A row of ranges; all values of a chart are of one form.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RangeRow {
    /// Label.
    pub label: String,
    /// Lower end.
    pub low: Value,
    /// What is likely, if there is such a value.
    pub likely: Option<Value>,
    /// Upper end; its value stands beside it.
    pub high: Value,
}

/// See [`Chart::SmallMultiples`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SmallMultiples {
    /// The panels, in reading order.
    pub panels: Vec<Panel>,
}

/// A panel: a line over time from zero to its highest value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Panel {
    /// Title.
    pub label: String,
    /// One value per day, or the mean of a week's days, in order; null where not known.
    pub values: Vec<Option<f64>>,
    /// How many of the values belong to the earlier period.
    pub previous: usize,
    /// A target on the same scale, drawn dashed.
    pub target: Option<f64>,
    /// The last and the highest value, in words' form.
    pub last: Value,
    /// The highest.
    pub highest: Value,
    /// Labels of the first and the last value.
    pub ends: [String; 2],
}

/// See [`Chart::EventStrip`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EventStrip {
    /// First instant shown.
    pub from: DateTime<Utc>,
    /// First instant after.
    pub to: DateTime<Utc>,
    /// Rows from top to bottom.
    pub rows: Vec<Event>,
    /// Labels along the time, each at the instant it begins with.
    pub days: Vec<(DateTime<Utc>, String)>,
}

/// A row of an event strip.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// Name, e.g. `A1`.
    pub id: String,
    /// Label.
    pub label: String,
    /// Decides shape and colour.
    pub severity: Severity,
    /// The stretches in which it happened.
    pub spans: Vec<(DateTime<Utc>, DateTime<Utc>)>,
}

/// See [`Chart::ChainStrip`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChainStrip {
    /// First instant shown.
    pub from: DateTime<Utc>,
    /// First instant after.
    pub to: DateTime<Utc>,
    /// Rows from top to bottom.
    pub rows: Vec<Strip>,
    /// Labels along the time, each at the instant it begins with.
    pub ticks: Vec<(DateTime<Utc>, String)>,
}

/// A row of a chain strip.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Strip {
    /// Label.
    pub label: String,
    /// Second label, beside it.
    pub detail: String,
    /// Stretches in which all is well.
    pub good: Vec<(DateTime<Utc>, DateTime<Utc>)>,
    /// Stretches in which something is wrong.
    pub bad: Vec<(DateTime<Utc>, DateTime<Utc>)>,
}

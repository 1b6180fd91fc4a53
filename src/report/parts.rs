//! The parts every report is made of: data only, exact and unrounded, serialisable.
//!
//! A report builder fills these; a renderer turns them into HTML, text or JSON. Values keep their
//! type and full precision, so rounding, units and signs are decided once, in `render::format`.
//! Nothing here knows a file format, a clock or the store.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use crate::period::Period;
use crate::units::Usd;

/// A whole report of any kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Version of this layout; a reader should refuse one it doesn't know.
    pub schema: u32,
    /// `weekly`, `daily`, …
    pub kind: &'static str,
    /// Title, e.g. `Weekly business report`.
    pub title: String,
    /// What the title is about, e.g. `week 46, 9–15 Nov 2026`.
    pub subtitle: String,
    /// Short name of the period, for file names: `2026-W46`.
    pub period_name: String,
    /// The period asked for, and the one it is compared with.
    pub period: Period,
    /// The period before.
    pub previous_period: Period,
    /// IANA name of the time zone that days and hours are cut in.
    pub timezone: String,
    /// When the report was made (`--as-of`, else the clock of the caller).
    pub generated: DateTime<Utc>,
    /// Label and value pairs of the masthead: accounts, regions, version.
    pub meta: Vec<(String, String)>,
    /// What the figures rest on; shown before the first figure.
    pub trust: Trust,
    /// The one figure and the sentence that explains it.
    pub headline: Headline,
    /// At most three lines, most important first. Empty: nothing needs attention.
    pub attention: Vec<Attention>,
    /// Four or six tiles.
    pub kpis: Vec<Kpi>,
    /// The sections in order; the renderer numbers them from 1.
    pub sections: Vec<Section>,
    /// The command that makes this report again.
    pub reproduce: String,
}

/// Confidence in the figures; the weakest check decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Grade {
    /// Complete within the stated tolerance.
    A,
    /// Small, stated gaps.
    B,
    /// Gaps that matter.
    C,
    /// Not to be relied on.
    D,
}

/// The trust bar.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trust {
    /// Cells before the grade, in order: period covered, log coverage, price coverage, objects.
    pub cells: Vec<TrustCell>,
    /// The grade.
    pub grade: Grade,
    /// What the grade means for the figures, one sentence.
    pub grade_reason: Prose,
}

/// One cell of the trust bar.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrustCell {
    /// Stable name for machine readers, e.g. `log_coverage`.
    pub key: &'static str,
    /// Label.
    pub label: String,
    /// The figure.
    pub value: Prose,
    /// One line of denominators.
    pub detail: Prose,
}

/// The headline figure with its sentence.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Headline {
    /// The figure.
    pub value: Value,
    /// What it is and how it changed, e.g. `spend, +$698.14 (+7.8%) on week 45`.
    pub caption: Prose,
    /// What happened, in words.
    pub lead: Prose,
}

/// Something the reader should look at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Attention {
    /// The finding.
    pub title: Prose,
    /// One line of detail.
    pub detail: Prose,
    /// Id of the section that shows it.
    pub section: Option<&'static str>,
}

/// A key performance indicator with its target.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Kpi {
    /// Stable name for machine readers, e.g. `success_rate`.
    pub key: &'static str,
    /// Label.
    pub label: String,
    /// This period's value.
    pub value: Value,
    /// A few words beside the value, e.g. `38 people, 9 apps`.
    pub note: Option<String>,
    /// The previous period's value.
    pub previous: Value,
    /// The difference, in the form that suits the value (signed, percent or percentage points).
    pub change: Value,
    /// Whether the change is good news.
    pub tone: Tone,
    /// Daily values, earlier period first.
    pub spark: Spark,
    /// Whether the target is met.
    pub outcome: Outcome,
    /// The target in words, e.g. `over 99.5%`.
    pub target: String,
}

/// A small line of daily values.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spark {
    /// One value per day; null where unknown.
    pub values: Vec<Option<f64>>,
    /// How many of the values belong to the earlier period.
    pub previous: usize,
    /// The target as a value on the same scale, if it is one.
    pub target: Option<f64>,
    /// The same values for the text alternative: first, last, lowest, highest.
    pub summary: Vec<(String, Value)>,
}

/// Whether a target was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Met.
    Pass,
    /// Missed.
    Miss,
    /// The data doesn't allow a verdict.
    NotEvaluated,
}

/// A judgement, shown by colour and never by colour alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// None.
    #[default]
    Neutral,
    /// Good news.
    Good,
    /// Needs watching.
    Warn,
    /// Bad news.
    Bad,
    /// Context, said quietly.
    Mute,
}

/// One section: a finding, its chart and its tables.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Section {
    /// Anchor, e.g. `models`.
    pub id: &'static str,
    /// Short name, e.g. `Spend by model`.
    pub label: String,
    /// The finding, one sentence with its figure.
    pub takeaway: Prose,
    /// The chart; stands left of the first table.
    pub figure: Option<Figure>,
    /// The tables; the first stands beside the chart, wide ones below.
    pub tables: Vec<Table>,
    /// Remarks below the first table.
    pub notes: Vec<Prose>,
    /// Commands that reproduce the section's figures.
    pub queries: Vec<String>,
    /// Why there is nothing to show; then there is neither chart nor table.
    pub empty: Option<Empty>,
}

/// Why a section is empty.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Empty {
    /// Why it is empty.
    pub why: Prose,
    /// What would fill it.
    pub fill: Prose,
    /// The command that checks it.
    pub check: String,
}

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
    /// One entry per hour: start, and one count per series.
    pub hours: Vec<(DateTime<Utc>, Vec<u64>)>,
    /// Day labels: the index of the hour a day starts with, and its label.
    pub days: Vec<(usize, String)>,
    /// The largest burst: first hour, hours, and what to write beside it.
    pub burst: Option<(usize, usize, Prose)>,
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
    pub value: Usd,
    /// The previous period, drawn as a tick.
    pub previous: Option<Usd>,
    /// Drawn hatched: not attributed.
    pub hatched: bool,
}

/// A table.
///
/// In JSON its rows are objects with the columns' keys, so that a machine reader needs no
/// positions; `roles` and `missing` stand beside them, one entry per row.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// What the table holds; may be visually hidden.
    pub caption: String,
    /// Whether the caption is shown.
    pub show_caption: bool,
    /// Whether it takes the full width below the chart.
    pub wide: bool,
    /// The columns; the first is the row head.
    pub columns: Vec<Column>,
    /// The rows, in order.
    pub rows: Vec<TableRow>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Stable name for machine readers.
    pub key: &'static str,
    /// Head.
    pub label: String,
    /// Unit, in the head's second line.
    pub unit: Option<&'static str>,
    /// Text stands left, figures right.
    pub align: Align,
    /// Whether the body's values add up to the total row: they are rounded together, by largest
    /// remainder, so that the printed parts sum to the printed total.
    pub parts: bool,
}

/// Where a column's cells stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Align {
    /// Text.
    Left,
    /// Figures.
    Right,
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableRow {
    /// What kind of row it is.
    pub role: RowRole,
    /// The category key shown before the label, if the chart has one.
    pub swatch: Option<Swatch>,
    /// One cell per column.
    pub cells: Vec<TableCell>,
}

/// A category mark before a row's label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", content = "color", rename_all = "snake_case")]
pub enum Swatch {
    /// The category's colour, as in [`Category::color`].
    Color(Option<usize>),
    /// Hollow: in the table, not in the chart.
    Hollow,
}

/// The kinds of table row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RowRole {
    /// An ordinary row.
    #[default]
    Body,
    /// Part of the whole, said quietly: other, unattributed, unpriced.
    Note,
    /// The total.
    Total,
    /// Context after the total; not part of the sum.
    Aside,
    /// Heads the rows that follow.
    Group,
}

/// A cell.
#[derive(Debug, Clone, PartialEq)]
pub struct TableCell {
    /// The value.
    pub value: Value,
    /// The judgement.
    pub tone: Tone,
}

impl From<Value> for TableCell {
    fn from(value: Value) -> Self {
        Self { value, tone: Tone::Neutral }
    }
}

/// A typed, exact, unrounded value.
///
/// In JSON: numbers, decimal strings for money, RFC 3339 for times, null when missing.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing to show, and why.
    Missing(Missing),
    /// A count, printed in full.
    Count(u64),
    /// A whole number of any meaning, as queries have them.
    Integer(i64),
    /// A number of any meaning.
    Number(f64),
    /// A mean count such as models per day, two decimals.
    Mean(f64),
    /// A number of tokens, k/M/B.
    Tokens(u64),
    /// A number of bytes, kB/MB/GB.
    Bytes(u64),
    /// Measured money, to the cent.
    Usd(Usd),
    /// Money per unit, three significant digits.
    UnitUsd(Usd),
    /// A share or rate, 0.0–1.0, as a percentage.
    Share(f64),
    /// The rate of rare events such as errors, 0.0–1.0, as a percentage that keeps small rates
    /// readable.
    Rate(f64),
    /// A duration in milliseconds.
    DurationMs(f64),
    /// Seconds with two decimals and no unit, for columns whose head says seconds.
    SecondsOf(f64),
    /// A change of a count.
    CountChange(i64),
    /// A change of a mean.
    MeanChange(f64),
    /// A change of money.
    UsdChange(Usd),
    /// A relative change: 0.078 is +7.8%.
    RelativeChange(f64),
    /// A difference of two shares: 0.0018 is +0.18 pp.
    PointChange(f64),
    /// A change of a duration, milliseconds.
    DurationChange(f64),
    /// A change in seconds with two decimals and no unit.
    SecondsChange(f64),
    /// A time, UTC.
    Time(DateTime<Utc>),
    /// A day.
    Day(NaiveDate),
    /// Words.
    Text(String),
    /// An identifier: escaped, capped, never broken.
    Id(String),
    /// A model id: in full in JSON, as its [short name](super::model_name::short) elsewhere.
    Model(String),
    /// A command or a code.
    Code(String),
    /// The result of a test, told by a shape too: its word; the cell's tone judges it.
    Status(&'static str),
    /// Words, and quieter ones below them.
    Lines(String, String),
}

/// Why there is no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// Not applicable, or cannot be known: `—`.
    NotApplicable,
    /// A count exists, but was not recorded.
    Unknown,
    /// The log doesn't carry it.
    NotInLog,
    /// There is no price for it.
    NotPriced,
    /// Nothing to compare with.
    New,
    /// Deliberately empty, e.g. the share of something not in the sum.
    Blank,
}

/// Words with figures in them: the renderer formats the figures.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Prose(pub Vec<Span>);

/// A run of prose.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "span", content = "value", rename_all = "snake_case")]
pub enum Span {
    /// Plain words; a log's own text goes into [`Value::Id`] or [`Value::Code`].
    Text(String),
    /// A figure or an identifier.
    Value(Value),
    /// A figure said with weight.
    Strong(Value),
    /// A link to a section: id and words.
    Link(&'static str, String),
}

impl Prose {
    /// Prose of plain words.
    pub fn text(words: impl Into<String>) -> Self {
        Self(vec![Span::Text(words.into())])
    }

    /// Adds words.
    #[must_use]
    pub fn say(mut self, words: impl Into<String>) -> Self {
        self.0.push(Span::Text(words.into()));
        self
    }

    /// Adds other words.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Adds a figure.
    #[must_use]
    pub fn value(mut self, value: Value) -> Self {
        self.0.push(Span::Value(value));
        self
    }

    /// Adds a figure with weight.
    #[must_use]
    pub fn strong(mut self, value: Value) -> Self {
        self.0.push(Span::Strong(value));
        self
    }

    /// Adds a link to a section.
    #[must_use]
    pub fn link(mut self, section: &'static str, words: impl Into<String>) -> Self {
        self.0.push(Span::Link(section, words.into()));
        self
    }
}

//! The parts every report is made of: data only, exact and unrounded, serialisable.
//!
//! A report builder fills these; a renderer turns them into HTML, text or JSON. Values keep their
//! type and full precision, so rounding, units and signs are decided once, in `render::format`.
//! Nothing here knows a file format, a clock or the store.

mod figure;
mod table;
mod value;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

pub use figure::{
    Bar, Category, ChainStrip, Chart, ColumnGroup, DotRange, DotRow, DriverBar, DriverBars, Event,
    EventStrip, Figure, ForecastDay, ForecastLine, HeatCell, HeatMap, HorizontalBars,
    HourlyColumns, Mark, MarkedLine, Panel, RangeRow, Ranges, SmallMultiples, StackedColumns,
    Strip,
};
pub use table::{Align, Column, RowRole, Swatch, Table, TableCell, TableRow};
pub use value::{Missing, Prose, Span, Value};

use crate::period::Period;
use crate::units::Usd;

/// A whole report of any kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Version of this layout; a reader should refuse one it doesn't know.
    pub schema: u32,
    /// `weekly`, `daily`, …
    pub kind: &'static str,
    /// For whom the sections were chosen; null for the kind's own choice.
    pub audience: Option<&'static str>,
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
    /// The figures of the whole period.
    pub totals: Totals,
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
    /// All departures from the usual, gravest first, also those that a section has no room for; null
    /// where the report doesn't look for them, or nothing could be judged.
    pub anomalies: Option<Vec<Finding>>,
    /// All that the detection rules and the ledger of outages found, likewise; null where they were not
    /// asked.
    pub findings: Option<Vec<Finding>>,
    /// The command that makes this report again.
    pub reproduce: String,
}

/// The figures of the whole period, for programs that read nothing else.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Totals {
    /// Logged requests.
    pub requests: u64,
    /// Failed ones, throttled ones included.
    pub errors: u64,
    /// List cost; null when no request has a price.
    pub cost_usd: Option<Usd>,
    /// Calls with a log ÷ calls in CloudTrail; null when it can't be known.
    pub log_coverage: Option<f64>,
    /// Priced tokens ÷ tokens of billed requests; null when nothing is billed.
    pub price_coverage: Option<f64>,
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

/// What the values of a line are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A day.
    Day,
    /// An ISO week: the mean of its known days.
    Week,
}

impl Step {
    /// `day`, `week`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
        }
    }
}

/// A small line of daily values; over long periods of their means per week.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spark {
    /// What each value is of.
    pub step: Step,
    /// First and last day that the values are of.
    pub days: Option<(NaiveDate, NaiveDate)>,
    /// One value per step; null where unknown.
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
    /// What was found, gravest first; stands below the tables.
    pub findings: Vec<Finding>,
    /// Commands that reproduce the section's figures.
    pub queries: Vec<String>,
    /// Why there is nothing to show; then there is neither chart nor table.
    pub empty: Option<Empty>,
}

/// Something found, with the command that shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// Name that stays the same from run to run.
    pub id: String,
    /// How grave it is.
    pub severity: Severity,
    /// What it is, one sentence.
    pub title: Prose,
    /// When: first instant and the one after the last; null where it is about the whole period.
    pub period: Option<Period>,
    /// What was measured against what, who made it; may be empty.
    pub detail: Prose,
    /// `new`, `open` or another word for its state; null where it has none.
    pub state: Option<&'static str>,
    /// The command that shows it.
    pub query: String,
}

/// How grave a finding is; shown by shape and word, never by colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Look now.
    High,
    /// Look this week.
    Medium,
    /// Good to know.
    Low,
}

impl Severity {
    /// As JSON writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
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

//! The weekly business report: what was used, what it cost, how well it worked, against the week
//! before, and how far the figures can be trusted.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use polars::prelude::{LazyFrame, PolarsResult};

use super::parts::Report;
use super::read::{Usage, figures};
use super::{headline, kpis, sections, trust, words};
use crate::insight::drivers::DriverTree;
use crate::insight::kpi::Kpi;
use crate::metrics::cells::Requests;
use crate::metrics::dimensions::Dimension;
use crate::metrics::metric::Metric;
use crate::period::Period;
use crate::units::Usd;

/// Everything the report is made of. Frames may scan the store; nothing else is read.
pub struct Inputs {
    /// The period reported on.
    pub period: Period,
    /// The period it is compared with.
    pub previous_period: Period,
    /// The zone that days and hours are cut in.
    pub timezone: Tz,
    /// When the report is made.
    pub generated: DateTime<Utc>,
    /// Invocations of the period summed up, priced, by the [`grain`](super::grain).
    pub current: Requests,
    /// Those of the period before.
    pub previous: Requests,
    /// Invocations of the period before, row by row, with a margin for repeated prompts.
    pub previous_invocations: LazyFrame,
    /// What made spend change from the period before.
    pub drivers: DriverTree,
    /// Invocations of the period with a day's margin on both sides, for the join with CloudTrail.
    pub invocations: LazyFrame,
    /// CloudTrail events, likewise.
    pub api_events: LazyFrame,
    /// Rejects of objects written in the period.
    pub rejects: LazyFrame,
    /// Log objects with rows in the period.
    pub objects: Objects,
    /// The key figures with their targets.
    pub key_figures: Vec<Kpi>,
    /// The price book.
    pub prices: PriceFacts,
    /// The tool's version.
    pub version: &'static str,
    /// The command that makes this report again.
    pub reproduce: String,
}

/// Objects that the period's figures were read from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Objects {
    /// Objects with rows in the period.
    pub read: u64,
    /// Rows in the period that repeat another row's call.
    pub duplicates: u64,
}

/// What a reader must know of the price book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceFacts {
    /// The newest source it was compiled from.
    pub newest_source: NaiveDate,
    /// Days from then to the report's making.
    pub age_days: i64,
    /// Whether that is too old to trust without a look.
    pub is_stale: bool,
    /// Models it knows.
    pub models: usize,
    /// Dated price rows it holds.
    pub rows: usize,
    /// What cached tokens inside the logged input make of the cost; none where there are none.
    pub cached_inside: Option<CachedInside>,
}

/// Cost of the period's requests whose logged input tokens include cached ones, both ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CachedInside {
    /// The cached tokens taken out of the input.
    pub documented: Usd,
    /// The input charged whole.
    pub as_logged: Usd,
    /// True when the report's costs are by the latter.
    pub charged_as_logged: bool,
}

/// Figures that several parts of the report use.
pub(super) struct Facts<'a> {
    pub(super) inputs: &'a Inputs,
    /// Totals of the period and of the one before.
    pub(super) current: Usage,
    pub(super) previous: Usage,
    pub(super) coverage: trust::Coverage,
    pub(super) pricing: trust::Pricing,
    pub(super) reading: trust::Reading,
}

impl Facts<'_> {
    pub(super) fn zone(&self) -> Tz {
        self.inputs.timezone
    }

    pub(super) fn this_week(&self) -> String {
        words::week_name(self.inputs.period, self.zone(), "this period")
    }

    pub(super) fn last_week(&self) -> String {
        words::week_name(self.inputs.previous_period, self.zone(), "the period before")
    }

    /// Whether the log holds anything of the period before.
    pub(super) fn has_previous(&self) -> bool {
        self.previous.count(Metric::Requests) > 0
    }

    /// Groups of this period and of the one before.
    pub(super) fn compare(
        &self,
        by: &[Dimension],
        metrics: &[Metric],
    ) -> PolarsResult<(Vec<Usage>, Vec<Usage>)> {
        Ok((
            figures(&self.inputs.current, by, metrics, self.zone())?,
            figures(&self.inputs.previous, by, metrics, self.zone())?,
        ))
    }

    /// The command that shows this period by `by`.
    pub(super) fn query(&self, by: &str, metrics: &str) -> String {
        words::query(self.inputs.period, self.zone(), by, metrics)
    }
}

/// Most accounts or regions that the masthead names.
const LISTED: usize = 6;

/// Version of the report's layout in JSON.
const SCHEMA: u32 = 1;

/// The weekly business report.
///
/// # Errors
/// When a frame can't be read.
pub fn weekly(inputs: &Inputs) -> PolarsResult<Report> {
    let facts = gather(inputs)?;
    let sections = sections::business(&facts)?;
    let kpis = kpis::tiles(&facts)?;
    Ok(Report {
        schema: SCHEMA,
        kind: "weekly",
        title: "Weekly business report".to_owned(),
        subtitle: words::subtitle(inputs.period, inputs.timezone),
        period_name: words::file_part(inputs.period, inputs.timezone),
        period: inputs.period,
        previous_period: inputs.previous_period,
        timezone: inputs.timezone.name().to_owned(),
        generated: inputs.generated,
        meta: masthead(&facts)?,
        trust: trust::bar(&facts),
        headline: headline::headline(&facts)?,
        attention: headline::attention(&facts, &kpis),
        kpis,
        sections,
        reproduce: inputs.reproduce.clone(),
    })
}

fn gather(inputs: &Inputs) -> PolarsResult<Facts<'_>> {
    let totals = |requests| -> PolarsResult<Usage> {
        let mut rows = figures(requests, &[], &Metric::ALL, inputs.timezone)?;
        Ok(rows.pop().unwrap_or_default())
    };
    let current = totals(&inputs.current)?;
    Ok(Facts {
        coverage: trust::Coverage::read(inputs, current.count(Metric::Requests))?,
        current,
        previous: totals(&inputs.previous)?,
        pricing: trust::Pricing::read(&inputs.current.cells)?,
        reading: trust::Reading::read(inputs)?,
        inputs,
    })
}

fn masthead(facts: &Facts<'_>) -> PolarsResult<Vec<(String, String)>> {
    let names = |dimension: Dimension| -> PolarsResult<String> {
        let groups =
            figures(&facts.inputs.current, &[dimension], &[Metric::Requests], facts.zone())?;
        let known: Vec<&str> = groups.iter().filter_map(Usage::key).collect();
        Ok(match known.as_slice() {
            [] => "none".to_owned(),
            few if few.len() <= LISTED => few.join(", "),
            many => format!("{} and {} more", many[..LISTED].join(", "), many.len() - LISTED),
        })
    };
    let line = |label: &str, value: String| (label.to_owned(), value);
    Ok(vec![
        line("Accounts", names(Dimension::Account)?),
        line("Regions", names(Dimension::Region)?),
        line("Version", format!("bedrock-lens {}", facts.inputs.version)),
    ])
}

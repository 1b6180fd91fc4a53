//! Everything a report is made of: summed rows, facts about them, and what the insights found.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use polars::prelude::LazyFrame;

use super::happened::Timeline;
use super::ledger::Since;
use crate::audit::access::AccessReview;
use crate::audit::controls::ControlsResult;
use crate::audit::detections::Detections;
use crate::insight::anomaly::Anomalies;
use crate::insight::budget::BudgetState;
use crate::insight::capacity::Load;
use crate::insight::drivers::DriverTree;
use crate::insight::kpi::Kpi;
use crate::insight::savings::Saving;
use crate::metrics::allocation::Statement;
use crate::metrics::cells::Requests;
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
    /// Which requests it is about.
    pub scope: Scope,
    /// Invocations of the period summed up, priced, by the [`grain`](super::grain).
    pub current: Requests,
    /// Those of the period before.
    pub previous: Requests,
    /// How responses of the period before ended, as [`endings`](crate::metrics::efficiency::endings) has it.
    pub previous_endings: LazyFrame,
    /// The local days of both periods with a log of any request, where the report is about a part of
    /// them; none: the days with requests of the report's own.
    pub logged_days: Option<BTreeSet<NaiveDate>>,
    /// What CloudWatch counted in the period, of what the report is about; none where it can't tell that
    /// from the rest.
    pub service_metrics: Option<LazyFrame>,
    /// What made spend change from the period before.
    pub drivers: DriverTree,
    /// How responses of the period ended.
    pub endings: LazyFrame,
    /// CloudTrail's calls against the log, as [`hourly`](crate::metrics::coverage::hourly) has them; none
    /// where there is no call.
    pub coverage_hours: Option<LazyFrame>,
    /// Rejects of objects written in the period.
    pub rejects: LazyFrame,
    /// Log objects with rows in the period.
    pub objects: Objects,
    /// The key figures with their targets.
    pub key_figures: Vec<Kpi>,
    /// The price book.
    pub prices: PriceFacts,
    /// What the insights found.
    pub insights: Insights,
    /// The last report of this kind.
    pub since: Since,
    /// The tool's version.
    pub version: &'static str,
    /// The command that makes this report again.
    pub reproduce: String,
}

/// Which requests a report is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// What was chosen, for the masthead: label and value. Empty: everything.
    pub words: Vec<(&'static str, String)>,
    /// The condition that selects the requests, as `--where` takes it.
    pub filter: Option<String>,
    /// Whether CloudTrail's events can be narrowed alike: it knows accounts and Regions, not teams.
    pub narrows_events: bool,
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

/// What the insights found; `None` where the report doesn't ask, or there is nothing to find it in.
#[derive(Debug, Clone, Default)]
pub struct Insights {
    /// Departures from the usual.
    pub anomalies: Option<Anomalies>,
    /// What spend will come to after the period.
    pub outlook: Option<Outlook>,
    /// The budgets of the month that the period ends in.
    pub budgets: Option<Budgets>,
    /// What the same work could have cost.
    pub savings: Option<Vec<Saving>>,
    /// Load per minute, and quotas without any request.
    pub loads: Option<Loads>,
    /// Who pays what, now and in the period before; none without allocation rules.
    pub teams: Option<[Statement; 2]>,
    /// What the work is worth, by what the user says.
    pub worth: Option<Worth>,
    /// What was read into the store, and how fresh it is.
    pub ingestion: Option<Ingestion>,
    /// What happened, moment by moment.
    pub timeline: Option<Timeline>,
    /// What the detection rules found.
    pub detections: Option<Detections>,
    /// What the controls of frameworks came to.
    pub controls: Vec<ControlsResult>,
    /// Stretches in which logging or a trail did not record.
    pub stops: Vec<Stop>,
    /// Who used what.
    pub access: Option<AccessReview>,
    /// Where calls came from, most calls first.
    pub addresses: Vec<Address>,
}

/// A stretch in which something did not record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// What: `invocation logging`, `trail main`.
    pub recorder: String,
    /// Account.
    pub account: Option<String>,
    /// Region; none where all may be concerned.
    pub region: Option<String>,
    /// The part of it that lies in the report's period.
    pub period: Period,
    /// Whether nothing known ends it.
    pub is_open: bool,
    /// What began it, in words.
    pub cause: String,
    /// Calls that were not logged meanwhile.
    pub unlogged: u64,
}

/// An address that calls came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The address, or the AWS service that called; none where no event says.
    pub address: Option<String>,
    /// `internal`, `external`, `AWS service` or `unknown`.
    pub kind: &'static str,
    /// Calls of Bedrock.
    pub calls: u64,
    /// Of these, calls that failed.
    pub refused: u64,
}

/// Spend after the period, as far as the days before tell.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    /// Spend per complete day before the forecast, in order; null where not known.
    pub past: Vec<(NaiveDate, Option<Usd>)>,
    /// Known days without which there is no forecast.
    pub needed_days: usize,
    /// Known days there are.
    pub known_days: usize,
    /// The forecast; null when the history is too short.
    pub ahead: Option<Ahead>,
}

/// A forecast.
#[derive(Debug, Clone, PartialEq)]
pub struct Ahead {
    /// The days to come.
    pub days: Vec<(NaiveDate, Estimate)>,
    /// The days to come together.
    pub sum: Estimate,
    /// The month that the first of them is in, `2026-11`.
    pub month: String,
    /// Known spend of its days so far, and how many they are.
    pub actual: (Usd, usize),
    /// What is put in for its days that are not known.
    pub filled_in: Usd,
    /// How many these are.
    pub unknown_days: usize,
    /// The month at its end.
    pub month_end: Estimate,
    /// Mean absolute error of a day in the back-test.
    pub mean_error: Usd,
    /// The same of the forecast that every weekday repeats itself.
    pub naive_error: Usd,
    /// Days from which a forecast was tried.
    pub origins: usize,
}

/// An expected amount with its intervals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// What is expected.
    pub expected: Usd,
    /// The 80 % interval.
    pub of_80: (Usd, Usd),
    /// The 95 % interval.
    pub of_95: (Usd, Usd),
}

/// Budgets in their month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budgets {
    /// The month.
    pub month: Period,
    /// Their states; empty when none is configured.
    pub states: Vec<BudgetState>,
}

/// Load per minute.
#[derive(Debug, Clone, PartialEq)]
pub struct Loads {
    /// One per account, Region, model and routing.
    pub loads: Vec<Load>,
    /// How many configured quotas no request falls under.
    pub unused_quotas: usize,
}

/// What a successful request is worth, as the user states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worth {
    /// Worth of a successful request.
    pub per_request: Usd,
    /// Cost beside the models, per calendar month.
    pub other_cost_per_month: Usd,
    /// How the worth was found, in the user's words.
    pub basis: String,
}

/// What is in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ingestion {
    /// When anything was last read in.
    pub last_ingest: Option<DateTime<Utc>>,
    /// One entry per account, Region and kind of log.
    pub places: Vec<Freshness>,
}

/// How fresh the logs of a place are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freshness {
    /// Kind of log, e.g. `invocations`.
    pub kind: String,
    /// Account.
    pub account: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Objects read.
    pub objects: u64,
    /// When the newest of them was written.
    pub newest: Option<DateTime<Utc>>,
}

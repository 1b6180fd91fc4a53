//! Figures that several parts of a report use, read once.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use chrono_tz::Tz;
use polars::prelude::PolarsResult;

use super::inputs::{Inputs, Insights};
use super::read::{Usage, figures};
use super::{trust, words};
use crate::metrics::dimensions::Dimension;
use crate::metrics::metric::Metric;

/// Figures that several parts of the report use.
pub(super) struct Facts<'a> {
    pub(super) inputs: &'a Inputs,
    /// Totals of the period and of the one before.
    pub(super) current: Usage,
    pub(super) previous: Usage,
    pub(super) coverage: trust::Coverage,
    pub(super) pricing: trust::Pricing,
    pub(super) reading: trust::Reading,
    /// What CloudWatch counted of the same calls; none where the store holds nothing of it.
    pub(super) counted: Option<trust::Counted>,
    /// Local days of both periods with a log of anything.
    logged_days: BTreeSet<NaiveDate>,
}

impl<'a> Facts<'a> {
    /// Reads them.
    pub(super) fn gather(inputs: &'a Inputs) -> PolarsResult<Self> {
        let totals = |requests| -> PolarsResult<Usage> {
            let mut rows = figures(requests, &[], &Metric::ALL, inputs.timezone)?;
            Ok(rows.pop().unwrap_or_default())
        };
        let current = totals(&inputs.current)?;
        Ok(Self {
            coverage: trust::Coverage::read(inputs, current.count(Metric::Requests))?,
            current,
            previous: totals(&inputs.previous)?,
            pricing: trust::Pricing::read(&inputs.current.cells)?,
            reading: trust::Reading::read(inputs)?,
            counted: trust::Counted::read(inputs)?,
            logged_days: logged_days(inputs)?,
            inputs,
        })
    }

    pub(super) fn zone(&self) -> Tz {
        self.inputs.timezone
    }

    pub(super) fn insights(&self) -> &'a Insights {
        &self.inputs.insights
    }

    /// `week 46`, `October 2026` or `this period`.
    pub(super) fn this_period(&self) -> String {
        words::period_name(self.inputs.period, self.zone(), "this period")
    }

    /// `week 45`, `September 2026` or `the period before`.
    pub(super) fn last_period(&self) -> String {
        let earlier = self.inputs.previous_period.to == self.inputs.period.from;
        let otherwise = if earlier { "the period before" } else { "the earlier period" };
        words::period_name(self.inputs.previous_period, self.zone(), otherwise)
    }

    /// `in week 45`, `on Tue 10 Nov`.
    pub(super) fn in_last_period(&self) -> String {
        let name = self.last_period();
        let preposition =
            if words::is_day(self.inputs.previous_period, self.zone()) { "on" } else { "in" };
        format!("{preposition} {name}")
    }

    /// Whether the log holds anything of a local day: of such a day no request means none, of another
    /// nothing is known.
    pub(super) fn is_logged(&self, day: NaiveDate) -> bool {
        self.logged_days.contains(&day)
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

    /// The command that shows this period by `by`, of the requests that the report is about.
    pub(super) fn query(&self, by: &str, metrics: &str) -> String {
        self.command(&format!("query --by {by} --metrics {metrics}"))
    }

    /// A command of the tool over this period and the requests that the report is about.
    pub(super) fn command(&self, what: &str) -> String {
        let filter = self.inputs.scope.filter.as_deref();
        words::command(what, self.inputs.period, self.zone(), filter)
    }

    /// As [`command`](Self::command), for commands that take no condition.
    pub(super) fn command_of_all(&self, what: &str) -> String {
        words::command(what, self.inputs.period, self.zone(), None)
    }
}

fn logged_days(inputs: &Inputs) -> PolarsResult<BTreeSet<NaiveDate>> {
    if let Some(days) = &inputs.logged_days {
        return Ok(days.clone());
    }
    let mut days = BTreeSet::new();
    for requests in [&inputs.previous, &inputs.current] {
        let groups = figures(requests, &[Dimension::Day], &[Metric::Requests], inputs.timezone)?;
        days.extend(groups.iter().filter_map(|group| group.key()?.parse::<NaiveDate>().ok()));
    }
    Ok(days)
}

//! What was read for the period: days with logs, objects, rejects.

use polars::prelude::PolarsResult;

use crate::metrics::dimensions::Dimension;
use crate::metrics::metric::Metric;
use crate::metrics::rejected::rejected;
use crate::report::inputs::Inputs;
use crate::report::read::{Rows, figures};
use crate::schema::reject::REASON;
use crate::schema::usage::derived::COUNT;

/// What was read for the period.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::report) struct Reading {
    /// Local days in the period.
    pub(in crate::report) days: u64,
    /// Of these, days with at least one logged request.
    pub(in crate::report) days_with_logs: u64,
    /// Whether the period had ended when the report was made.
    pub(in crate::report) is_complete: bool,
    /// Rejected records and objects by reason.
    pub(in crate::report) rejects: Vec<(String, u64)>,
}

impl Reading {
    pub(in crate::report) fn read(inputs: &Inputs) -> PolarsResult<Self> {
        let by_day =
            figures(&inputs.current, &[Dimension::Day], &[Metric::Requests], inputs.timezone)?;
        let rejects = Rows::collect(rejected(inputs.rejects.clone()))?;
        let reasons = (0..rejects.len()).map(|row| {
            let reason = rejects.text(row, REASON)?.unwrap_or_default();
            Ok((reason, rejects.count(row, COUNT)?.unwrap_or(0)))
        });
        Ok(Self {
            days: inputs.period.local_days(inputs.timezone).count() as u64,
            days_with_logs: by_day.len() as u64,
            is_complete: inputs.period.to <= inputs.generated,
            rejects: reasons.collect::<PolarsResult<_>>()?,
        })
    }

    /// Rejected records and objects.
    pub(in crate::report) fn rejected(&self) -> u64 {
        self.rejects.iter().map(|(_, count)| count).sum()
    }
}

//! What CloudWatch counted of the same calls: a third count, named as CloudWatch's wherever it stands.

use polars::prelude::PolarsResult;

use crate::metrics::service_latency::service_latency;
use crate::report::inputs::Inputs;
use crate::report::read::Rows;
use crate::schema::invocation::MODEL;
use crate::schema::service_metric::{LATENCY_KNOWN, LATENCY_MEAN_MS};
use crate::schema::three_counts::CLOUDWATCH_CALLS;

/// What CloudWatch counted in the hours that begin in the period.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::report) struct Counted {
    /// Calls: succeeded, failed and throttled together.
    pub(in crate::report) calls: u64,
    /// By model.
    pub(in crate::report) models: Vec<CountedModel>,
}

/// What CloudWatch counted of a model.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct CountedModel {
    /// Base model.
    pub(in crate::report) model: Option<String>,
    /// Response times that CloudWatch took.
    pub(in crate::report) latency_known: u64,
    /// Their mean; none where it took none.
    pub(in crate::report) latency_mean_ms: Option<f64>,
}

impl Counted {
    /// None where the store holds no count of the period, or none of what the report is about.
    pub(in crate::report) fn read(inputs: &Inputs) -> PolarsResult<Option<Self>> {
        let Some(frame) = &inputs.service_metrics else { return Ok(None) };
        let rows = Rows::collect(service_latency(frame.clone()))?;
        let mut counted = Self::default();
        for row in 0..rows.len() {
            counted.calls += rows.count(row, CLOUDWATCH_CALLS)?.unwrap_or(0);
            counted.models.push(CountedModel {
                model: rows.text(row, MODEL)?,
                latency_known: rows.count(row, LATENCY_KNOWN)?.unwrap_or(0),
                latency_mean_ms: rows.number(row, LATENCY_MEAN_MS)?,
            });
        }
        Ok((rows.len() > 0).then_some(counted))
    }
}

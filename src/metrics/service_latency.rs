//! What CloudWatch counted and timed per model: another system's figures, never mixed with the log's.

use polars::prelude::{DataType, LazyFrame, NULL, SortMultipleOptions, col, lit, when};

use super::three_counts::attempts;
use crate::schema::invocation::MODEL;
use crate::schema::service_metric::{LATENCY_KNOWN, LATENCY_MEAN_MS};
use crate::schema::three_counts::CLOUDWATCH_CALLS;

/// Per model, sorted: `cloudwatch_calls` (succeeded, failed and throttled together), `latency_known`
/// (CloudWatch's samples; only calls that succeeded have one) and `latency_mean_ms`, the mean of its
/// hourly means by their samples. Both are null where no hour has a mean.
///
/// In: `service_metrics` with the base model beside, as `model`.
pub fn service_latency(service_metrics: LazyFrame) -> LazyFrame {
    let is_timed = || col(LATENCY_MEAN_MS).is_not_null().and(col(LATENCY_KNOWN).gt(lit(0_i64)));
    let wide = |name: &'static str| col(name).cast(DataType::Int128);
    let samples = || wide(LATENCY_KNOWN).filter(is_timed()).sum();
    let time = (wide(LATENCY_MEAN_MS) * wide(LATENCY_KNOWN)).filter(is_timed()).sum();
    let known =
        |value: polars::prelude::Expr| when(is_timed().any(true)).then(value).otherwise(lit(NULL));
    let mean = time.cast(DataType::Float64) / samples().cast(DataType::Float64);
    service_metrics
        .group_by([col(MODEL)])
        .agg([
            attempts().cast(DataType::Int64).sum().alias(CLOUDWATCH_CALLS),
            known(samples().cast(DataType::Int64)).alias(LATENCY_KNOWN),
            known(mean).alias(LATENCY_MEAN_MS),
        ])
        .sort([MODEL], SortMultipleOptions::default().with_nulls_last(true))
}

#[cfg(test)]
mod tests {
    use polars::prelude::{IntoLazy, df};

    use super::service_latency;
    use crate::metrics::small_frame::integers;

    #[test]
    fn hours_weigh_by_their_samples_and_a_model_without_any_has_no_mean() {
        let hours = df![
            "model" => ["a", "a", "a", "b", "b"],
            "invocations" => [Some(10_i64), Some(30), Some(5), None, Some(0)],
            "client_errors" => [Some(1_i64), None, None, Some(4), None],
            "server_errors" => [None, Some(2_i64), None, None, None],
            "throttles" => [Some(3_i64), None, None, None, None],
            "latency_known" => [Some(10_i64), Some(30), None, None, Some(0)],
            "latency_mean_ms" => [Some(100_i64), Some(500), Some(9_000), None, Some(0)],
        ];
        let found = service_latency(hours.unwrap().lazy()).collect().unwrap();
        let column = |name: &str| integers(&found, name).unwrap();
        assert_eq!(column("cloudwatch_calls"), [Some(51), Some(4)]);
        assert_eq!(column("latency_known"), [Some(40), None]);
        // (10 × 100 + 30 × 500) ÷ 40; the hour without samples does not weigh.
        assert_eq!(column("latency_mean_ms"), [Some(400), None]);
    }
}

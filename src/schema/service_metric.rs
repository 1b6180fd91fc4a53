//! `service_metrics`: what CloudWatch counted of Bedrock, per model and hour.
//!
//! Another system's count of the same calls: never added to those of `invocations`. A figure is null
//! where CloudWatch has no data point of it in the hour. Names and meanings of the metrics:
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring.html>.

use super::{Table, TimeMs, table};

table! {
    Table::ServiceMetrics, partitioned by hour_time;

    /// One model in one hour.
    pub struct ServiceMetric {
        /// Start of the hour, UTC.
        HOUR_TIME hour_time: TimeMs,
        /// The account that CloudWatch was asked in.
        ACCOUNT_ID account_id: String,
        /// The Region that CloudWatch was asked in.
        REGION region: String,
        /// The dimension `ModelId`: what the caller addressed.
        MODEL_ID model_id: String,
        /// Sum of `Invocations`: calls that succeeded.
        INVOCATIONS invocations: i64,
        /// Sum of `InvocationClientErrors`.
        CLIENT_ERRORS client_errors: i64,
        /// Sum of `InvocationServerErrors`.
        SERVER_ERRORS server_errors: i64,
        /// Sum of `InvocationThrottles`; neither in `invocations` nor in the errors.
        THROTTLES throttles: i64,
        /// Sum of `InputTokenCount`.
        INPUT_TOKENS input_tokens: i64,
        /// Sum of `OutputTokenCount`.
        OUTPUT_TOKENS output_tokens: i64,
        /// Sum of `OutputImageCount`.
        OUTPUT_IMAGES output_images: i64,
        /// Number of samples of `InvocationLatency`.
        LATENCY_KNOWN latency_known: i64,
        /// Average of `InvocationLatency`, rounded to milliseconds.
        LATENCY_MEAN_MS latency_mean_ms: i64,
        /// Least `InvocationLatency`, rounded to milliseconds.
        LATENCY_MIN_MS latency_min_ms: i64,
        /// 50th percentile of `InvocationLatency` as CloudWatch computes it, rounded to milliseconds.
        LATENCY_P50_MS latency_p50_ms: i64,
        /// 95th percentile, likewise.
        LATENCY_P95_MS latency_p95_ms: i64,
        /// 99th percentile, likewise.
        LATENCY_P99_MS latency_p99_ms: i64,
        /// Largest `InvocationLatency`, rounded to milliseconds.
        LATENCY_MAX_MS latency_max_ms: i64,
        /// The part of CloudWatch that was read as one: an account, a Region and a UTC day.
        OBJECT object: String,
        /// The row's number in it, from 1.
        RECORD record: i64,
    }
}

/// What `schemaType` says in a line that CloudWatch's answer is kept in.
pub const SCHEMA_TYPE: &str = "BedrockServiceMetrics";

/// A figure of the table: which metric of `AWS/Bedrock`, which statistic, which column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statistic {
    /// The metric.
    pub metric: &'static str,
    /// The statistic, as `GetMetricData` names it.
    pub stat: &'static str,
    /// The column.
    pub column: &'static str,
}

const fn statistic(metric: &'static str, stat: &'static str, column: &'static str) -> Statistic {
    Statistic { metric, stat, column }
}

/// Every figure that is asked for.
pub const STATISTICS: [Statistic; 14] = [
    statistic("Invocations", "Sum", INVOCATIONS),
    statistic("InvocationClientErrors", "Sum", CLIENT_ERRORS),
    statistic("InvocationServerErrors", "Sum", SERVER_ERRORS),
    statistic("InvocationThrottles", "Sum", THROTTLES),
    statistic("InputTokenCount", "Sum", INPUT_TOKENS),
    statistic("OutputTokenCount", "Sum", OUTPUT_TOKENS),
    statistic("OutputImageCount", "Sum", OUTPUT_IMAGES),
    statistic("InvocationLatency", "SampleCount", LATENCY_KNOWN),
    statistic("InvocationLatency", "Average", LATENCY_MEAN_MS),
    statistic("InvocationLatency", "Minimum", LATENCY_MIN_MS),
    statistic("InvocationLatency", "p50", LATENCY_P50_MS),
    statistic("InvocationLatency", "p95", LATENCY_P95_MS),
    statistic("InvocationLatency", "p99", LATENCY_P99_MS),
    statistic("InvocationLatency", "Maximum", LATENCY_MAX_MS),
];

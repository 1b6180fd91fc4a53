//! Lines that hold CloudWatch's figures of an hour and a model → rows.
//!
//! The source writes them (`sources::cloudwatch`); a file of them is read as well. What is no such line
//! is rejected, and the others are kept.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Decoded, ObjectName, timestamp};
use crate::schema::reject::{Reject, reason};
use crate::schema::service_metric::{SCHEMA_TYPE, STATISTICS, ServiceMetric};

/// A line as it is written.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    hour: String,
    account_id: Option<String>,
    region: Option<String>,
    model_id: Option<String>,
    /// By column.
    figures: BTreeMap<String, f64>,
}

/// Whether an object holds such lines: by how its first one begins.
pub(super) fn is_of_service_metrics(bytes: &[u8]) -> bool {
    let start = format!("{{\"schemaType\":\"{SCHEMA_TYPE}\"");
    bytes.starts_with(start.as_bytes())
}

/// The rows of an object.
pub(super) fn decode(name: &ObjectName<'_>, bytes: &[u8]) -> Decoded {
    let mut decoded = Decoded::default();
    let mut offset = 0;
    let mut record = 0;
    for line in bytes.split(|byte| *byte == b'\n') {
        let at = offset;
        offset += line.len() + 1;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        record += 1;
        match row(line) {
            Ok(row) => decoded.service_metrics.push(ServiceMetric {
                object: Some(name.object.to_owned()),
                record: Some(record),
                ..row
            }),
            Err(reason) => decoded.rejects.push(Reject {
                object: Some(name.object.to_owned()),
                object_time: name.modified,
                record: Some(record),
                byte_offset: i64::try_from(at).ok(),
                reason: Some(reason.to_owned()),
                size_bytes: i64::try_from(line.len()).ok(),
                kind: Some(super::key::ObjectKind::ServiceMetrics.as_str().to_owned()),
            }),
        }
    }
    decoded
}

fn row(line: &[u8]) -> Result<ServiceMetric, &'static str> {
    let line: Line = serde_json::from_slice(line).map_err(|error| {
        if error.is_data() { reason::UNKNOWN_SCHEMA } else { reason::INVALID_JSON }
    })?;
    let figure = |column: &str| line.figures.get(column).copied().and_then(whole);
    let [
        invocations,
        client_errors,
        server_errors,
        throttles,
        input_tokens,
        output_tokens,
        output_images,
        latency_known,
        latency_mean_ms,
        latency_min_ms,
        latency_p50_ms,
        latency_p95_ms,
        latency_p99_ms,
        latency_max_ms,
    ] = STATISTICS.map(|statistic| figure(statistic.column));
    Ok(ServiceMetric {
        hour_time: Some(timestamp::parse(&line.hour).ok_or(reason::BAD_TIMESTAMP)?),
        account_id: line.account_id,
        region: line.region,
        model_id: line.model_id,
        invocations,
        client_errors,
        server_errors,
        throttles,
        input_tokens,
        output_tokens,
        output_images,
        latency_known,
        latency_mean_ms,
        latency_min_ms,
        latency_p50_ms,
        latency_p95_ms,
        latency_p99_ms,
        latency_max_ms,
        object: None,
        record: None,
    })
}

/// A figure as a whole number; unknown where it is none, or larger than any count.
fn whole(figure: f64) -> Option<i64> {
    /// 2⁵³: beyond it, neighbouring whole numbers are one.
    const MOST: f64 = 9_007_199_254_740_992.0;
    let rounded = figure.round();
    #[expect(clippy::cast_possible_truncation, reason = "checked just here")]
    (rounded.abs() <= MOST).then_some(rounded as i64)
}

#[cfg(test)]
mod tests {
    use super::{decode, is_of_service_metrics, whole};
    use crate::records::ObjectName;
    use crate::schema::TimeMs;

    #[test]
    fn lines_become_rows_and_what_is_none_is_rejected() {
        let good = r#"{"schemaType":"BedrockServiceMetrics","hour":"2026-11-09T14:00:00Z","accountId":"1","region":"r","modelId":"m","figures":{"invocations":12.0,"latency_p99_ms":1234.5678}}"#;
        let text = format!(
            "{good}\n\n{{\"schemaType\":\"x\"\n{}\n",
            good.replace("2026-11-09T14", "soon")
        );
        assert!(is_of_service_metrics(text.as_bytes()));
        let name = ObjectName { object: "o", modified: Some(TimeMs(5)) };
        let decoded = decode(&name, text.as_bytes());
        let row = &decoded.service_metrics[0];
        assert_eq!(decoded.service_metrics.len(), 1);
        assert_eq!((row.invocations, row.latency_p99_ms), (Some(12), Some(1235)));
        assert_eq!((row.throttles, row.record), (None, Some(1)));
        let reasons: Vec<&str> =
            decoded.rejects.iter().filter_map(|one| one.reason.as_deref()).collect();
        assert_eq!(reasons, ["invalid_json", "bad_timestamp"]);
        assert!(!is_of_service_metrics(b"{\"schemaType\":\"ModelInvocationLog\"}"));
    }

    #[test]
    fn figures_beyond_counting_are_unknown() {
        assert_eq!(whole(2.5), Some(3));
        assert_eq!(whole(f64::NAN), None);
        assert_eq!(whole(1e300), None);
    }
}

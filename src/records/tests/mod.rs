//! The decoder as a whole: every known shape of record and wrapper, and laws that hold for any input.

mod framing;
mod laws;
mod privacy;
mod shapes;
mod wrappers;

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::{Decoded, Limits, ObjectName, PromptKey, decode};

/// Reads `bytes` as the object `x.json`.
fn read(bytes: &[u8]) -> Decoded {
    read_capped(bytes, 1 << 24)
}

fn read_capped(bytes: &[u8], max_object_bytes: u64) -> Decoded {
    let name = ObjectName { object: "x.json", modified: None };
    decode(&name, bytes, &Limits { max_object_bytes }, &PromptKey([7; 32]))
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

/// A small record with this request id.
fn record(request_id: &str) -> Value {
    json!({
        "schemaType": "ModelInvocationLog",
        "timestamp": "2026-03-02T09:15:01Z",
        "requestId": request_id,
        "operation": "Converse",
        "modelId": "amazon.nova-lite-v1:0",
        "input": {"inputBodyJson": {"messages": [{"content": [{"text": "a \"b\" {c} é\n"}]}]}},
        "output": {"outputBodyJson": {"stopReason": "end_turn"}, "outputTokenCount": 3},
    })
}

/// Request ids of the rows, in order.
fn ids(decoded: &Decoded) -> Vec<String> {
    decoded.invocations.rows().map(|row| row.request_id.unwrap_or("-".to_owned())).collect()
}

/// Record number and reason of the rejects, in order.
fn rejects(decoded: &Decoded) -> Vec<(Option<i64>, &str)> {
    let rejects = decoded.rejects.iter();
    rejects.map(|reject| (reject.record, reject.reason.as_deref().unwrap_or("-"))).collect()
}

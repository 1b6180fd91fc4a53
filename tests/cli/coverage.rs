//! `audit coverage` against the request ids that Python finds in the same files.

use serde_json::Value;

use crate::support::{Sandbox, sample_data};

/// Called, logged and logged-only requests by region, read from the files themselves.
const COUNTED_APART: &str = r#"
import collections, glob, gzip, json, sys
events, logs = {}, {}
for path in glob.glob(sys.argv[1] + "/**/*.gz", recursive=True):
    if "/data/" in path or "CloudTrail-Digest" in path:
        continue
    text = gzip.open(path).read().decode()
    if "_CloudTrail_" in path:
        for event in json.loads(text)["Records"]:
            if event["eventSource"] == "bedrock.amazonaws.com" and event["eventName"] in (
                    "Converse", "ConverseStream", "InvokeModel", "InvokeModelWithResponseStream"):
                events[event["eventID"]] = event
    else:
        for line in text.splitlines():
            record = json.loads(line)
            if record.get("schemaType") != "ModelInvocationLog":
                continue
            key = (record.get("requestId"), record["timestamp"], record["modelId"], record["operation"])
            logs[key if key[0] else (path, len(logs))] = record
logged_ids = {record.get("requestId") for record in logs.values()} - {None}
called_ids = {event.get("requestID") for event in events.values()} - {None}
counts = collections.defaultdict(lambda: [0, 0, 0])
for event in events.values():
    for key in ("", event["awsRegion"]):
        counts[key][0] += 1
        counts[key][1] += event.get("requestID") in logged_ids
for record in logs.values():
    for key in ("", record["region"]):
        counts[key][2] += record.get("requestId") not in called_ids
print(json.dumps(counts))
"#;

fn ingested() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.ingest(&sample_data(), 0);
    sandbox
}

#[track_caller]
fn assert_counts(row: &Value, expected: &Value) {
    let number = |index: usize| expected[index].as_i64().expect("a number");
    let (called, logged, log_only) = (number(0), number(1), number(2));
    assert_eq!(row["called"], called, "{row}");
    assert_eq!(row["logged"], logged, "{row}");
    assert_eq!(row["unlogged"], called - logged, "{row}");
    assert_eq!(row["log_only"], log_only, "{row}");
}

#[test]
fn calls_are_compared_by_request_id_overall_and_by_region() {
    let sandbox = ingested();
    let expected: Value =
        serde_json::from_str(&sandbox.python(COUNTED_APART, [sample_data()])).expect("JSON");
    assert!(expected[""][0].as_i64() > Some(1000), "{expected}");
    let answer = sandbox.run(["audit", "coverage", "--by", "region", "--json"]).exits(0).json();
    assert_eq!(answer["join"], "by_request_id");
    assert_eq!(answer["late"], 0);
    assert_counts(&answer, &expected[""]);
    let rows = answer["rows"].as_array().expect("rows");
    assert!(!rows.is_empty());
    for row in rows {
        assert_counts(row, &expected[row["region"].as_str().expect("a region")]);
    }
    let logged = expected[""][1].as_f64().expect("a number");
    let share = logged / expected[""][0].as_f64().expect("a number");
    assert_eq!(answer["coverage"].as_f64(), Some(share));
}

#[test]
fn groups_add_up_to_the_whole_in_every_dimension() {
    let sandbox = ingested();
    for by in ["account", "model", "model_id", "principal", "hour", "day", "region,hour"] {
        let answer = sandbox.run(["audit", "coverage", "--by", by, "--json"]).exits(0).json();
        for figure in ["called", "logged", "unlogged", "late", "log_only", "requests"] {
            let rows = answer["rows"].as_array().expect("rows").iter();
            let sum: i64 = rows.map(|row| row[figure].as_i64().expect("a number")).sum();
            assert_eq!(answer[figure], sum, "{figure} by {by}");
        }
    }
}

#[test]
fn a_call_of_the_last_hour_is_late_and_an_unknown_dimension_is_wrong_usage() {
    let sandbox = ingested();
    let all = sandbox.run(["audit", "coverage", "--json"]).exits(0).json();
    assert_eq!(all["late"], 0);
    let outcome = sandbox.run(["audit", "coverage", "--by", "acount"]).exits(2);
    assert!(outcome.stderr.contains("did you mean `account`?"), "{}", outcome.stderr);
}

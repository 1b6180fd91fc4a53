//! `audit coverage` against the request ids that Python finds in the same files.

use serde_json::{Value, json};

use crate::support::{Sandbox, generated, lines, sample_data};

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

/// Takes one record in a hundred out of the invocation log, and counts what is left by every dimension
/// that the files have: called, logged, logged only.
const THINNED_AND_COUNTED: &str = r#"
import collections, glob, gzip, hashlib, json, sys
events, logs = {}, {}
for path in sorted(glob.glob(sys.argv[1] + "/**/*.gz", recursive=True)):
    if "/data/" in path or "CloudTrail-Digest" in path:
        continue
    text = gzip.open(path).read().decode()
    if "_CloudTrail_" in path:
        for event in json.loads(text)["Records"]:
            if event["eventSource"] == "bedrock.amazonaws.com" and event["eventName"] in (
                    "Converse", "ConverseStream", "InvokeModel", "InvokeModelWithResponseStream"):
                events[event["eventID"]] = event
    elif "BedrockModelInvocationLogs" in path:
        lines = text.splitlines()
        gone = lambda line: int(hashlib.sha1(json.loads(line)["requestId"].encode()).hexdigest(), 16) % 100 == 0
        kept = [line for line in lines if not gone(line)]
        with gzip.open(path, "wt") as file:
            file.write("".join(line + "\n" for line in kept))
        for line in kept:
            record = json.loads(line)
            logs[record["requestId"]] = record
def principal(arn):
    parts = arn.split(":")[5].split("/")
    return parts[1] if parts[0] == "assumed-role" else parts[-1]
dimensions = {
    "account": (lambda e: e["userIdentity"]["accountId"], lambda r: r["accountId"]),
    "region": (lambda e: e["awsRegion"], lambda r: r["region"]),
    "model_id": (lambda e: e["requestParameters"]["modelId"], lambda r: r["modelId"]),
    "principal": (lambda e: principal(e["userIdentity"]["arn"]), lambda r: principal(r["identity"]["arn"])),
    "hour": (lambda e: e["eventTime"][:13] + ":00:00Z", lambda r: r["timestamp"][:13] + ":00:00Z"),
}
called_ids = {event.get("requestID") for event in events.values()}
counts = {}
for name, (of_event, of_record) in dimensions.items():
    groups = collections.defaultdict(lambda: [0, 0, 0])
    for event in events.values():
        groups[of_event(event)][0] += 1
        groups[of_event(event)][1] += event.get("requestID") in logs
    for record in logs.values():
        groups[of_record(record)][2] += record["requestId"] not in called_ids
    counts[name] = groups
print(json.dumps(counts))
"#;

#[test]
fn one_call_in_a_hundred_without_a_log_is_counted_exactly_by_every_dimension() {
    let week = generated(&["--profile", "week", "--records", "20000", "--cloudtrail"]);
    let sandbox = Sandbox::new();
    let expected: Value =
        serde_json::from_str(&sandbox.python(THINNED_AND_COUNTED, [week.path()])).expect("JSON");
    sandbox.ingest(&week.path(), 0);
    for (dimension, groups) in expected.as_object().expect("dimensions") {
        let args = ["audit", "coverage", "--by", dimension, "--json"];
        let answer = sandbox.run(args).exits(0).json();
        let rows = answer["rows"].as_array().expect("rows");
        assert_eq!(rows.len(), groups.as_object().expect("groups").len(), "{dimension}");
        for row in rows {
            assert_counts(row, &groups[row[dimension].as_str().expect("a value")]);
        }
        let unlogged = answer["unlogged"].as_i64().expect("a number");
        let share = f64::from(i32::try_from(unlogged).expect("small"))
            / answer["called"].as_f64().expect("a number");
        assert!((0.009..0.02).contains(&share), "{share}");
        // What groups are estimated to have cost adds up to the whole, but for a unit in each.
        let usd = |value: &Value| value.as_str().map_or(0.0, |usd| usd.parse().expect("money"));
        let sum: f64 = rows.iter().map(|row| usd(&row["estimated_cost_usd"])).sum();
        let whole = usd(&answer["estimate"]["cost_usd"]);
        assert!(whole > 0.0 && (sum - whole).abs() < 1e-9, "{dimension}: {sum} and {whole}");
    }
}

#[test]
fn where_no_id_meets_the_join_is_not_possible_and_hours_are_compared_by_number() {
    let event = |number: u32, minute: u32| {
        json!({
            "eventVersion": "1.11", "eventID": format!("e{number}"), "awsRegion": "us-east-1",
            "requestID": format!("other-{number}"), "eventTime": format!("2026-11-10T12:{minute:02}:00Z"),
            "eventSource": "bedrock.amazonaws.com", "eventName": "Converse", "eventType": "AwsApiCall",
            "recipientAccountId": "111122223333",
        })
    };
    let sandbox = Sandbox::new();
    let events = json!({"Records": [event(1, 1), event(2, 2), event(3, 3)]});
    sandbox.write("work/logs/trail.json", events.to_string());
    sandbox.write("work/logs/bedrock.json", lines([1, 2]));
    sandbox.ingest(&sandbox.work().join("logs"), 0);
    let answer = sandbox.run(["audit", "coverage", "--json"]).exits(0).json();
    assert_eq!(answer["join"], "not_possible");
    assert_eq!((&answer["coverage"], &answer["estimate"]), (&Value::Null, &Value::Null));
    let hour = json!({
        "account_id": "111122223333", "region": "us-east-1", "from": "2026-11-10T12:00:00Z",
        "to": "2026-11-10T13:00:00Z", "called": 3, "requests": 2,
    });
    assert_eq!(answer["hours"], json!([hour]));
    let text = sandbox.run(["audit", "coverage"]).exits(0).stdout;
    assert!(text.contains("join not possible"), "{text}");
    assert!(text.contains("Calls and logged requests by hour"), "{text}");
}

#[test]
fn a_region_without_any_log_and_calls_of_other_endpoints_are_told() {
    let event = |id: &str, region: &str, source: &str| {
        json!({
            "eventVersion": "1.11", "eventID": id, "awsRegion": region, "requestID": id,
            "eventTime": "2026-11-10T12:00:00Z", "eventSource": source, "eventName": "Converse",
            "eventType": "AwsApiCall", "recipientAccountId": "111122223333",
        })
    };
    let sandbox = Sandbox::new();
    let records = json!({"Records": [
        event("00000000-0000-4000-a000-000000000001", "us-east-1", "bedrock.amazonaws.com"),
        event("b", "eu-west-1", "bedrock.amazonaws.com"),
        event("c", "eu-west-1", "bedrock-mantle.amazonaws.com"),
    ]});
    sandbox.write("work/logs/trail.json", records.to_string());
    sandbox.write("work/logs/bedrock.json", lines([1]));
    sandbox.ingest(&sandbox.work().join("logs"), 0);
    let answer = sandbox.run(["audit", "coverage", "--json"]).exits(0).json();
    assert_eq!((&answer["called"], &answer["logged"]), (&json!(2), &json!(1)));
    let silent = json!({"account_id": "111122223333", "region": "eu-west-1", "called": 1});
    assert_eq!(answer["silent_places"], json!([silent]));
    let outside = json!({
        "event_source": "bedrock-mantle.amazonaws.com", "event_name": "Converse", "requests": 1,
    });
    assert_eq!(answer["outside"], json!([outside]));
}

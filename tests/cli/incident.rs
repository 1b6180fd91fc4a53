//! `report incident`: one timeline of both logs, against what Python reads in the same files.

use serde_json::Value;

use crate::report::read_page;
use crate::support::{Sandbox, sample_data, sample_store};

/// An hour before and after the deletion of invocation logging in the sample data.
const AROUND: &str = "2026-11-13T03:10:00Z";

/// Logged calls, and events of Bedrock that change something, of a window.
const COUNTED_APART: &str = r#"
import glob, gzip, json, sys
start, end = sys.argv[2:4]
logs, changes = {}, {}
for path in glob.glob(sys.argv[1] + "/**/*.gz", recursive=True):
    if "/data/" in path or "CloudTrail-Digest" in path:
        continue
    text = gzip.open(path).read().decode()
    if "_CloudTrail_" in path:
        for event in json.loads(text)["Records"]:
            if start <= event["eventTime"] < end and event.get("readOnly") is False:
                changes[event["eventID"]] = event
    else:
        for line in text.splitlines():
            record = json.loads(line)
            if record.get("schemaType") == "ModelInvocationLog" and start <= record["timestamp"] < end:
                key = (record.get("requestId"), record["timestamp"], record["modelId"], record["operation"])
                logs[key if key[0] else (path, len(logs))] = record
print(json.dumps([len(logs), len(changes)]))
"#;

fn incident(sandbox: &Sandbox, more: &[&str]) -> Value {
    let args = ["report", "incident", "--format", "json", "-o", "-"];
    sandbox.run(args.iter().chain(more)).exits(0).json()
}

fn rows<'a>(report: &'a Value, section: &str) -> Vec<&'a Value> {
    let sections = report["sections"].as_array().expect("sections");
    let found = sections.iter().find(|one| one["id"] == section).expect("the section");
    found["tables"][0]["rows"].as_array().expect("rows").iter().collect()
}

#[test]
fn the_timeline_holds_what_the_files_hold() {
    let sandbox = sample_store();
    let data = sample_data();
    let data = data.to_string_lossy();
    let window = ["2026-11-13T02:10:00Z", "2026-11-13T04:10:00Z"];
    let counted: Value =
        serde_json::from_str(&sandbox.python(COUNTED_APART, [&*data, window[0], window[1]]))
            .expect("JSON");
    let report = incident(&sandbox, &["--around", AROUND]);
    assert_eq!(report["kind"], "incident");
    assert_eq!(report["period"]["from"], window[0]);
    assert_eq!(report["period"]["to"], window[1]);
    let rows = rows(&report, "timeline");
    let (total, lines) = rows.split_last().expect("a total");
    let number = |row: &&&Value| row["number"].as_u64().expect("a number");
    let logged: u64 =
        lines.iter().filter(|row| row["seen_in"] == "log").map(|row| number(&row)).sum();
    assert_eq!(logged, counted[0].as_u64().expect("a number"));
    let changes: u64 =
        lines.iter().filter(|row| row["outcome"] == "changed").map(|row| number(&row)).sum();
    assert_eq!(changes, counted[1].as_u64().expect("a number"));
    assert!(changes > 0);
    let all: u64 = lines.iter().map(|row| number(&row)).sum();
    assert_eq!(total["number"].as_u64(), Some(all));
    let deleted =
        lines.iter().any(|row| row["what"]["text"] == "DeleteModelInvocationLoggingConfiguration");
    assert!(deleted, "the deletion is in the timeline");
}

#[test]
fn costs_add_up_to_those_of_a_query() {
    let sandbox = sample_store();
    let range = ["--from", "2026-11-12T08:00:00Z", "--to", "2026-11-12T10:00:00Z"];
    let report = incident(&sandbox, &range);
    let expected = sandbox.query("", "cost_usd,requests", &range);
    let rows = rows(&report, "timeline");
    let total = rows.last().expect("a total");
    assert_eq!(total["cost_usd"], expected[0]["cost_usd"]);
    assert_eq!(report["totals"]["requests"], expected[0]["requests"]);
}

#[test]
fn a_principal_narrows_both_logs() {
    let sandbox = sample_store();
    let range = ["--from", "2026-11-12", "--to", "2026-11-13", "--principal", "svc-chat"];
    let report = incident(&sandbox, &range);
    let rows = rows(&report, "callers");
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0]["principal"]["text"], "svc-chat");
}

#[test]
fn the_page_is_valid_and_a_time_is_needed() {
    let sandbox = sample_store();
    let args = ["report", "incident", "--around", AROUND, "-o", "-"];
    let page = sandbox.run(args).exits(0).stdout;
    let read = read_page(&page);
    let text = read["text"].as_str().expect("a text");
    assert!(text.contains("Model invocation logging was deleted"), "the finding is told");
    let none = sandbox.run(["report", "incident"]).exits(2);
    assert!(none.stderr.contains("--around TIME"), "{}", none.stderr);
    let window = ["report", "incident", "--around", AROUND, "--window", "2 weeks"];
    let wrong = sandbox.run(window).exits(2);
    assert!(wrong.stderr.contains("is no length of time"), "{}", wrong.stderr);
}

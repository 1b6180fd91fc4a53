//! `ingest`: which objects are taken.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Sandbox, lines, repository, sample_data};
use crate::truth::{Truth, one};

fn truth() -> Truth {
    Truth::read(&repository().join("tests/truth/sample-data.json"))
}

/// The summary of an ingest of the sample data with these options.
fn select(sandbox: &Sandbox, options: &[&str]) -> Value {
    let source = sample_data();
    let mut args = vec!["ingest", source.to_str().expect("UTF-8"), "--json"];
    args.extend(options);
    sandbox.run(args).exits(0).json()
}

#[test]
fn one_account_is_taken_alone_and_the_others_later() {
    let sandbox = Sandbox::new();
    let summary = select(&sandbox, &["--account", "333344445555"]);
    let requests = truth().at("/overall/by_account/333344445555/requests").clone();
    assert_eq!(summary["invocations"], requests);
    select(&sandbox, &[]);
    truth().check_block(&sandbox, "/overall", &[]);
}

#[test]
fn one_region_is_taken_alone() {
    let summary = select(&Sandbox::new(), &["--region", "eu-west-1", "--kind", "invocations"]);
    assert_eq!(summary["invocations"], *truth().at("/overall/by_region/eu-west-1/requests"));
    assert_eq!(summary["api_events"], 0);
}

#[test]
fn kinds_are_told_by_path() {
    let events = truth().at("/cloudtrail/distinct_events").clone();
    let summary = select(&Sandbox::new(), &["--kind", "cloudtrail"]);
    assert_eq!((&summary["invocations"], &summary["api_events"]), (&json!(0), &events));
    let summary = select(&Sandbox::new(), &["--kind", "invocations"]);
    assert_eq!((&summary["invocations"], &summary["api_events"]), (&json!(6500), &json!(0)));
}

#[test]
fn a_range_takes_late_objects_too_so_that_its_week_is_whole() {
    for (week, from, to) in
        [("2026-W45", "2026-11-02", "2026-11-09"), ("2026-W46", "2026-11-09", "2026-11-16")]
    {
        let range = ["--from", from, "--to", to];
        let sandbox = Sandbox::new();
        select(&sandbox, &range);
        truth().check_block(&sandbox, &format!("/weeks/{week}"), &range);
    }
}

#[test]
fn a_range_selects_objects_and_keeps_every_row_of_them() {
    let sandbox = Sandbox::new();
    select(&sandbox, &["--from", "2026-11-09T15:00:00Z", "--to", "2026-11-09T16:00:00Z"]);
    let all = one(sandbox.query("", "requests", &[]))["requests"].as_i64();
    let within = ["--from", "2026-11-09T15:00:00Z", "--to", "2026-11-09T16:00:00Z"];
    let within = one(sandbox.query("", "requests", &within))["requests"].as_i64();
    assert!(all > within, "{all:?} {within:?}");
}

#[test]
fn a_source_may_be_named_in_many_ways() {
    let logs = sample_data().join("AWSLogs");
    let account = logs.join("333344445555");
    let sandbox = Sandbox::new();
    let first = sandbox.ingest(&account, 0);
    assert!(first["objects_ingested"].as_i64() > Some(0));
    let parent = logs.join("222233334444/../333344445555");
    let invocations = account.join("BedrockModelInvocationLogs/us-west-2");
    for same in [account.as_path(), parent.as_path(), invocations.as_path()] {
        let again = sandbox.ingest(same, 0);
        assert_eq!(again["objects_ingested"], 0, "{}", same.display());
    }
    let rest = sandbox.ingest(&sample_data(), 0);
    assert_eq!(
        rest["objects_ingested"].as_i64().zip(first["objects_ingested"].as_i64()),
        select(&Sandbox::new(), &[])["objects_ingested"]
            .as_i64()
            .zip(first["objects_ingested"].as_i64())
            .map(|(all, first)| (all - first, first))
    );
}

#[test]
fn sources_given_twice_count_once() {
    let sandbox = Sandbox::new();
    let (data, logs) = (sample_data(), sample_data().join("AWSLogs"));
    let args = ["ingest".as_ref(), data.as_os_str(), logs.as_os_str(), "--json".as_ref()];
    let summary = sandbox.run(args).exits(0).json();
    assert_eq!(summary["invocations"], 6500);
    assert_eq!(summary["duplicates"], *truth().at("/duplicates"));
}

#[test]
fn the_store_is_as_private_as_told_and_where_told() {
    let sandbox = Sandbox::new();
    let elsewhere = sandbox.path().join("deep/down/store");
    let logs = sample_data().join("AWSLogs/333344445555");
    let args: [&std::ffi::OsStr; 4] =
        ["--store".as_ref(), elsewhere.as_os_str(), "ingest".as_ref(), logs.as_os_str()];
    sandbox.bare(args).exits(0);
    assert!(elsewhere.join("catalog.sqlite").is_file());
    assert!(!sandbox.store().exists());
    assert!(!Path::new(&sandbox.path().join("home/.local")).exists());
}

/// Writes CloudTrail events in every layout that is met, and prints the ids that must be found.
const LAYOUTS: &str = r#"
import base64, gzip, json, os, sys
root = sys.argv[1]
names = iter(range(1, 99))
def event(**more):
    number = next(names)
    return {"eventVersion": "1.11", "eventID": f"e{number:02}", "eventTime": "2026-11-10T10:00:00Z",
            "eventSource": "bedrock.amazonaws.com", "eventName": "Converse", "awsRegion": "us-east-1",
            "eventType": "AwsApiCall", "recipientAccountId": "111122223333", "requestID": f"r{number}", **more}
def write(path, data):
    path = os.path.join(root, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    open(path, "wb").write(data)
text = lambda value, **more: json.dumps(value, **more).encode()
key = lambda root, kind: (f"{root}/111122223333/{kind}/us-east-1/2026/11/10/"
                          f"111122223333_{kind}_us-east-1_20261110T1005Z_0123456789abcdef.json.gz")
shared = event()
write(key("AWSLogs", "CloudTrail"), gzip.compress(text({"Records": [event(), shared]})))
write(key("copy/AWSLogs/o-abc1234567", "CloudTrail"), gzip.compress(text({"Records": [shared, event()]})))
insight = event(eventType="AwsCloudTrailInsight", eventCategory="Insight", sharedEventID="s", insightDetails={
    "state": "Start", "eventSource": "bedrock.amazonaws.com", "eventName": "Converse",
    "insightType": "ApiCallRateInsight"})
del insight["eventSource"], insight["eventName"]
write(key("AWSLogs", "CloudTrail-Insight"), gzip.compress(text({"Records": [insight]})))
looked_up = lambda event: {"EventId": event["eventID"], "EventTime": 1794304800, "CloudTrailEvent": json.dumps(event)}
write("looked-up.json", text({"Events": [looked_up(event()), looked_up(shared)], "NextToken": "more"}))
write("bare-list.json", text([event(), event()]))
write("bare-event.json", text(event(), indent=2))
write("lines.ndjson", b"".join(text(event()) + b"\n" for _ in range(2)))
write("event-bridge.json", text({"version": "0", "detail-type": "AWS API Call via CloudTrail",
                                 "source": "aws.bedrock", "detail": event()}))
message = lambda: {"messageType": "DATA_MESSAGE", "logGroup": "trail", "logStream": "s",
                   "logEvents": [{"id": "1", "timestamp": 1, "message": json.dumps(event())}]}
control = {"messageType": "CONTROL_MESSAGE", "logEvents": []}
write("firehose/2026/11/10/10/stream-1-2026-11-10-10-00-00-0a1b",
      b"".join(gzip.compress(text(part)) for part in (message(), control, message())))
write("joined/stream-1-2026-11-10-11-00-00-0a1b", text(event()) + text(event()))
write("marked.json", b"\xef\xbb\xbf" + text({"Records": [event()]}))
write("exported.json", text({"events": [{"timestamp": 1, "message": json.dumps(event()), "ingestionTime": 2}]}))
good = [f"e{number:02}" for number in range(1, next(names))]
write("bad.json", text({"Records": [event(eventTime="soon"), {"foo": 1}]}))
print(json.dumps(good))
"#;

#[test]
fn every_layout_of_cloudtrail_is_read_and_every_event_accounted_for() {
    let sandbox = Sandbox::new();
    let folder = sandbox.work().join("trails");
    let expected: Value = serde_json::from_str(&sandbox.python(LAYOUTS, [&folder])).expect("JSON");
    let summary = sandbox.ingest(&folder, 3);
    assert_eq!(summary["rejects"], json!({"bad_timestamp": 1, "unknown_schema": 1}));
    assert_eq!(summary["duplicates"]["api_events"], 2);
    let rows = sandbox.sql("select event_id from api_events order by event_id");
    let found: Vec<&Value> = rows.iter().map(|row| &row["event_id"]).collect();
    assert_eq!(json!(found), expected);
    assert_eq!(summary["api_events"].as_u64(), Some(found.len() as u64));
}

#[test]
fn a_zip_file_is_read_like_the_folder_it_was_made_of() {
    let sandbox = Sandbox::new();
    for folder in ["one", "two"] {
        sandbox.write(&format!("work/logs/{folder}/AWSLogs/x.json"), lines(1..4));
    }
    sandbox.write("work/logs/three.json", lines(3..6));
    let zip = sandbox.work().join("logs.zip");
    let program = "import shutil,sys\nshutil.make_archive(sys.argv[2][:-4],'zip',sys.argv[1])";
    sandbox.python(program, [sandbox.work().join("logs"), zip.clone()]);
    let summary = sandbox.ingest(&zip, 0);
    assert_eq!((&summary["objects_ingested"], &summary["invocations"]), (&json!(3), &json!(5)));
    assert_eq!(summary["duplicates"]["invocations"], 4);
    assert_eq!(sandbox.ingest(&zip, 0)["objects_ingested"], 0);
}

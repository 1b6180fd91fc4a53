//! `audit outages` over the sample data and over small made-up cases.

use serde_json::{Value, json};

use crate::support::{Record, Sandbox, sample_store};

/// A CloudTrail event of account 111122223333.
fn event(id: &str, time: &str, source: &str, name: &str, more: &Value) -> Value {
    let mut event = json!({
        "eventVersion": "1.11", "eventID": id, "eventTime": time, "awsRegion": "us-east-1",
        "eventSource": source, "eventName": name, "eventType": "AwsApiCall",
        "recipientAccountId": "111122223333", "sourceIPAddress": "198.51.100.7",
        "userIdentity": {"type": "AssumedRole", "accountId": "111122223333",
            "arn": "arn:aws:sts::111122223333:assumed-role/app/session"},
    });
    for (key, value) in more.as_object().expect("an object") {
        event[key] = value.clone();
    }
    event
}

fn call(number: u32, time: &str, model: &str) -> Value {
    let id = format!("00000000-0000-4000-a000-{number:012}");
    let more = json!({"requestID": id, "requestParameters": {"modelId": model}, "readOnly": true});
    event(&format!("call-{number}"), time, "bedrock.amazonaws.com", "Converse", &more)
}

fn ingested(events: &[Value], records: &[Record]) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("work/logs/trail.json", json!({"Records": events}).to_string());
    let lines: String = records.iter().map(Record::line).collect();
    sandbox.write("work/logs/bedrock.json", lines);
    sandbox.ingest(&sandbox.work().join("logs"), 0);
    sandbox
}

#[test]
fn the_outage_of_the_sample_data_is_found_to_the_second_and_counted_to_the_call() {
    let store = sample_store();
    let answer = store.run(["audit", "outages", "--json"]).exits(0).json();
    let outages = answer["outages"].as_array().expect("outages");
    assert_eq!(outages.len(), 1, "{answer}");
    let outage = &outages[0];
    assert_eq!(outage["kind"], "stopped");
    assert_eq!(outage["recorder"], "invocation_logging");
    assert_eq!(outage["account"], "111122223333");
    assert_eq!(outage["region"], "us-west-2");
    assert_eq!(outage["from"], "2026-11-13T03:10:00Z");
    assert_eq!(outage["to"], "2026-11-13T05:40:00Z");
    assert_eq!(outage["ending"], "restored");
    let name = "DeleteModelInvocationLoggingConfiguration";
    assert_eq!(outage["begun_by"]["event_name"], name);
    // sample-data/README.md: 46 calls known to CloudTrail only.
    assert_eq!(outage["unrecorded"]["calls"], 46);
    assert_eq!(answer["unrecorded"], outage["unrecorded"]);
    let cost: f64 =
        outage["unrecorded"]["cost_usd"].as_str().expect("text").parse().expect("money");
    assert!(cost > 0.0);
    let place = answer["places"].as_array().expect("places").iter();
    let mut place = place.filter(|place| place["region"] == "us-west-2");
    assert_eq!(place.next().expect("the place")["at_start"], "on");
    let text = store.run(["audit", "outages"]).exits(0).stdout;
    assert!(text.contains("46 calls"), "{text}");
    assert!(text.contains("invocation logging was deleted"), "{text}");
}

#[test]
fn silent_hours_a_stopped_trail_and_an_estimate_are_exact() {
    let haiku = "anthropic.claude-3-haiku-20240307-v1:0";
    let record = |id, time: &str, input_tokens| Record {
        id,
        time: time.to_owned(),
        input_tokens,
        ..Record::numbered(id)
    };
    let trail = |id: &str, time: &str, name: &str| {
        let more = json!({"requestParameters": {"name": "main"}});
        event(id, time, "cloudtrail.amazonaws.com", name, &more)
    };
    let events = [
        call(1, "2026-11-10T09:30:00Z", haiku),
        call(2, "2026-11-10T10:10:00Z", haiku),
        call(3, "2026-11-10T11:50:00Z", haiku),
        call(4, "2026-11-10T12:20:00Z", haiku),
        trail("stop", "2026-11-10T13:00:00Z", "StopLogging"),
        trail("start", "2026-11-10T14:00:00Z", "StartLogging"),
    ];
    // Calls 2 and 3 are not logged; requests 5 and 6 are made while the trail is stopped.
    let records = [
        record(1, "2026-11-10T09:30:00Z", 100),
        record(4, "2026-11-10T12:20:00Z", 300),
        record(5, "2026-11-10T13:10:00Z", 100),
        record(6, "2026-11-10T13:20:00Z", 100),
    ];
    let sandbox = ingested(&events, &records);
    let range = ["--from", "2026-11-10", "--to", "2026-11-11", "--json"];
    let answer = sandbox.run([&["audit", "outages"][..], &range].concat()).exits(0).json();
    let outages = answer["outages"].as_array().expect("outages");
    assert_eq!(outages.len(), 2, "{answer}");
    let (silent, stopped) = (&outages[0], &outages[1]);
    assert_eq!((&silent["kind"], &silent["ending"]), (&json!("silent"), &json!("logs_again")));
    assert_eq!(silent["from"], "2026-11-10T09:30:00Z");
    assert_eq!(silent["to"], "2026-11-10T12:20:00Z");
    assert_eq!(silent["unrecorded"]["calls"], 2);
    assert_eq!(silent["unrecorded"]["first_call"], "2026-11-10T10:10:00Z");
    // 0.25 and 1.25 USD per million tokens; 600 in and 80 out in four calls, half of it for two.
    assert_eq!(silent["unrecorded"]["cost_usd"], "0.000125");
    assert_eq!(stopped["recorder"], "trail");
    assert_eq!(stopped["target"], "main");
    assert_eq!(stopped["unrecorded"]["requests_without_event"], 2);
    let coverage = sandbox.run([&["audit", "coverage"][..], &range].concat()).exits(0).json();
    assert_eq!(coverage["unlogged"], 2);
    assert_eq!(coverage["estimate"]["cost_usd"], "0.000125");
}

#[test]
fn a_bucket_named_by_the_user_is_watched_and_text_from_logs_moves_no_cursor() {
    let more = json!({
        "requestParameters": {"bucketName": "acme-logs"}, "userAgent": "x",
        "sourceIPAddress": "\u{1b}[2J198.51.100.7",
    });
    let deleted =
        event("e", "2026-11-10T13:00:00Z", "s3.amazonaws.com", "DeleteBucketPolicy", &more);
    let sandbox = ingested(&[deleted], &[Record::numbered(1)]);
    let blind = sandbox.run(["audit", "outages"]).exits(0).stdout;
    assert!(blind.contains("none is known to hold logs"), "{blind}");
    let text = sandbox.run(["audit", "outages", "--bucket", "acme-logs"]).exits(0).stdout;
    assert!(text.contains("nothing lets AWS deliver logs there"), "{text}");
    assert!(text.contains("still open"), "{text}");
    assert!(!text.contains('\u{1b}'), "{text:?}");
}

//! Every wrapper that records are found in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::records::tests::{gzip, ids, read, record, rejects};
use crate::records::{Decoded, Skip};
use crate::schema::reject::reason;

const PERMISSION: &str = "Permissions are correctly set for Amazon Bedrock logs.";

fn both() -> Vec<String> {
    vec!["a".to_owned(), "b".to_owned()]
}

/// A record as a log event's message.
fn message(id: &str) -> String {
    record(id).to_string()
}

/// Checks that the wrapper, compact and laid out, holds the records `a` and `b` and nothing else.
fn check(wrapper: &Value) {
    for text in [wrapper.to_string(), format!("{wrapper:#}")] {
        let decoded = read(text.as_bytes());
        assert_eq!((ids(&decoded), rejects(&decoded)), (both(), vec![]), "{text}");
        check_numbers(&decoded);
    }
}

fn check_numbers(decoded: &Decoded) {
    let numbers: Vec<_> = decoded.invocations.rows().map(|row| row.record).collect();
    assert_eq!(numbers, [Some(1), Some(2)]);
}

#[test]
fn lists_of_records() {
    check(&json!({"Records": [record("a"), record("b")]}));
    check(&json!([record("a"), record("b")]));
}

#[test]
fn log_events() {
    check(&json!({"events": [
        {"timestamp": 1, "message": PERMISSION, "ingestionTime": 2},
        {"timestamp": 1, "message": message("a"), "ingestionTime": 2},
        {"timestamp": 1, "message": message("b"), "ingestionTime": 2},
    ], "searchedLogStreams": []}));
}

#[test]
fn insights_results() {
    let cell = |field: &str, value: &str| json!({"field": field, "value": value});
    let row = |id: &str| json!([cell("@timestamp", "2026"), cell("@message", &message(id))]);
    check(&json!({"results": [row("a"), row("b")], "statistics": {}, "status": "Complete"}));
    let flat: Vec<Value> =
        ["a", "b"].iter().flat_map(|id| row(id).as_array().cloned().unwrap_or_default()).collect();
    check(&json!({"results": flat, "status": "Complete"}));
    check(&json!([{"@message": message("a")}, {"@message": message("b")}]));
    check(&json!([{"@message": record("a")}, {"@message": record("b")}]));
    check(&json!({"eventCount": 2, "events": [
        {"@timestamp": "2026", "@message": message("a")},
        {"@timestamp": "2026", "@message": message("b")},
    ]}));
}

fn subscription() -> Value {
    json!({"messageType": "DATA_MESSAGE", "owner": "111122223333", "logEvents": [
        {"id": "1", "timestamp": 1, "message": message("a")},
        {"id": "2", "timestamp": 1, "message": message("b")},
    ]})
}

#[test]
fn subscriptions() {
    check(&subscription());
    let data = STANDARD.encode(gzip(subscription().to_string().as_bytes()));
    check(&json!({"awslogs": {"data": data}}));
}

#[test]
fn firehose_objects() {
    let control = json!({"messageType": "CONTROL_MESSAGE", "logEvents": [
        {"id": "", "timestamp": 1, "message": "CWL CONTROL MESSAGE: Checking health."},
    ]});
    let members =
        [gzip(control.to_string().as_bytes()), gzip(subscription().to_string().as_bytes())];
    let decoded = read(&members.concat());
    assert_eq!((ids(&decoded), rejects(&decoded)), (both(), vec![]));
}

#[test]
fn export_tasks() {
    let (a, b) = (message("a"), message("b"));
    let lines = format!(
        "2026-03-02T09:15:00.000Z {PERMISSION}\n2026-03-02T09:15:01.000Z {a}\n\
         2026-03-02T09:15:02.000Z {b}\n{PERMISSION}\n"
    );
    let decoded = read(&gzip(lines.as_bytes()));
    assert_eq!((ids(&decoded), rejects(&decoded)), (both(), vec![]));
}

#[test]
fn what_cannot_be_unpacked_is_a_bad_envelope() {
    for wrapper in [
        json!({"awslogs": {"data": "no base64!"}}),
        json!({"awslogs": {"data": STANDARD.encode("neither gzip nor JSON")}}),
        json!({"events": [{"message": "some other text"}]}),
        json!({"events": [{"message": "{\"a\":"}]}),
    ] {
        let decoded = read(wrapper.to_string().as_bytes());
        assert_eq!(rejects(&decoded), [(Some(1), reason::BAD_ENVELOPE)], "{wrapper}");
    }
}

#[test]
fn a_cut_inner_gzip_keeps_its_complete_records() {
    let long = json!({"messageType": "DATA_MESSAGE", "logEvents": (0..200)
        .map(|n| json!({"message": message(&n.to_string())}))
        .collect::<Vec<_>>()});
    let data = gzip(long.to_string().as_bytes());
    let wrapper = json!({"awslogs": {"data": STANDARD.encode(&data[..data.len() - 20])}});
    let decoded = read(wrapper.to_string().as_bytes());
    assert!(decoded.invocations.len() > 100);
    let number = decoded.invocations.len() + 1;
    let number = i64::try_from(number).ok();
    assert_eq!(rejects(&decoded), [(number, reason::CUT_GZIP)]);
}

#[test]
fn wrappers_within_wrappers_have_an_end() {
    let mut wrapper = record("a");
    for _ in 0..50 {
        wrapper = json!({"events": [{"message": wrapper.to_string()}]});
        if wrapper.to_string().len() > 1 << 20 {
            break;
        }
    }
    let decoded = read(wrapper.to_string().as_bytes());
    assert_eq!(rejects(&decoded), [(Some(1), reason::BAD_ENVELOPE)]);
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(read(nested.as_bytes()).invocations.is_empty());
}

#[test]
fn other_json_is_unknown() {
    for other in ["{}", "7", "\"text\"", "null", r#"{"recordId":"1","modelInput":{}}"#] {
        let decoded = read(other.as_bytes());
        assert_eq!(rejects(&decoded), [(Some(1), reason::UNKNOWN_SCHEMA)], "{other}");
    }
    for empty in ["[]", r#"{"Records":[]}"#, " \n\t\r\n"] {
        let decoded = read(empty.as_bytes());
        assert_eq!((ids(&decoded), rejects(&decoded)), (vec![], vec![]), "{empty}");
    }
}

#[test]
fn digests_and_empty_objects_are_skipped() {
    let digest = json!({"awsAccountId": "111122223333", "digestStartTime": "2026", "logFiles": []});
    assert_eq!(read(digest.to_string().as_bytes()).skipped, Some(Skip::Digest));
    assert_eq!(read(b"").skipped, Some(Skip::PermissionCheck));
}

#[test]
fn rejects_name_their_offset_in_the_object() {
    let good = message("a");
    let object = format!("{good}\nnot JSON\n[{good},{{\"x\":1}}]\n");
    let decoded = read(object.as_bytes());
    assert_eq!(ids(&decoded), ["a", "a"]);
    let found: Vec<_> = decoded
        .rejects
        .iter()
        .map(|reject| (reject.record, reject.byte_offset, reject.size_bytes))
        .collect();
    let offset = |text: &str| object.find(text).and_then(|at| i64::try_from(at).ok());
    assert_eq!(found, [(Some(2), offset("not"), Some(8)), (Some(4), offset("{\"x\""), Some(7))]);
}

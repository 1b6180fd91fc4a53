//! What holds for any input.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::records::tests::{gzip, ids, read, record, rejects};
use crate::schema::invocation::Invocation;

/// A record with any values at the places that columns are made of.
fn any_record() -> impl Strategy<Value = Value> {
    (any_json(), any_json(), any_json(), "[a-z]{0,8}").prop_map(|(input, output, other, id)| {
        json!({
            "schemaType": "ModelInvocationLog",
            "timestamp": "2026-03-02T09:15:01Z",
            "requestId": id,
            "identity": other,
            "errorCode": other,
            "requestMetadata": other,
            "input": {"inputBodyJson": input, "inputTokenCount": other},
            "output": {"outputBodyJson": output, "outputTokenCount": other},
        })
    })
}

/// A CloudTrail event with any values, now and then one that is none.
fn any_event() -> impl Strategy<Value = Value> {
    let name = prop_oneof![5 => Just("eventName"), 1 => Just("other")];
    let time = prop_oneof![5 => Just("2026-03-02T09:15:01Z"), 1 => Just("soon")];
    let rest = (any_json(), "[a-z]{0,3}", any::<bool>());
    (name, time, rest).prop_map(|(name, time, (any, id, is_call))| {
        let mut event = json!({
            "eventVersion": "1.11", "eventSource": "bedrock.amazonaws.com", "eventTime": time,
            "userIdentity": any, "requestParameters": any, "eventID": id, "resources": any,
            "schemaType": if is_call { "ModelInvocationLog" } else { "" },
        });
        event[name] = json!("Converse");
        event
    })
}

/// Any JSON whose keys are often those that the decoder knows.
fn any_json() -> impl Strategy<Value = Value> {
    const KEYS: [&str; 24] = [
        "messages",
        "content",
        "image",
        "type",
        "usage",
        "metrics",
        "trace",
        "guardrail",
        "input",
        "outputs",
        "results",
        "choices",
        "delta",
        "message",
        "metadata",
        "stopReason",
        "cacheDetails",
        "inputTokens",
        "topicPolicy",
        "topics",
        "action",
        "inferenceConfig",
        "amazon-bedrock-invocationMetrics",
        "outputAssessments",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        let key = prop_oneof![
            3 => prop::sample::select(&KEYS[..]).prop_map(str::to_owned),
            1 => "\\PC{0,6}",
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// A line that is no record: text, broken JSON or bytes that are no text.
fn garbage() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>().prop_filter("one line", |b| *b != b'\n'), 0..60),
        "[\\[\\]{}\",:a0 ]{0,20}".prop_map(String::into_bytes),
        (any::<prop::sample::Index>()).prop_map(|at| {
            let whole = record("cut").to_string();
            let mut end = at.index(whole.len());
            while !whole.is_char_boundary(end) {
                end -= 1;
            }
            whole.as_bytes()[..end].to_vec()
        }),
    ]
}

fn rows(object: &[u8]) -> Vec<Invocation> {
    let decoded = read(object);
    decoded.invocations.rows().map(|row| Invocation { record: None, ..row }).collect()
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read(&bytes);
        read(&gzip(&bytes));
    }

    #[test]
    fn arbitrary_json_never_panics(value in any_json()) {
        read(value.to_string().as_bytes());
        read(format!("{value:#}").as_bytes());
    }

    #[test]
    fn a_record_is_kept_whatever_is_in_it(value in any_record()) {
        let decoded = read(value.to_string().as_bytes());
        prop_assert_eq!(rejects(&decoded), vec![]);
        prop_assert_eq!(decoded.invocations.len(), 1);
        prop_assert_eq!(rows(format!("{value:#}").as_bytes()).len(), 1);
    }

    #[test]
    fn every_good_record_between_garbage_is_kept(
        lines in prop::collection::vec(prop_oneof![Just(None), garbage().prop_map(Some)], 1..30),
    ) {
        let mut object = Vec::new();
        let mut expected = Vec::new();
        for (number, line) in lines.iter().enumerate() {
            if let Some(garbage) = line {
                object.extend_from_slice(garbage);
            } else {
                let id = number.to_string();
                object.extend_from_slice(record(&id).to_string().as_bytes());
                expected.push(id);
            }
            object.push(b'\n');
        }
        let decoded = read(&object);
        // Two garbage lines may add up to a record: the start of `cut`, then a closing brace.
        let found: Vec<_> = ids(&decoded).into_iter().filter(|id| id != "cut").collect();
        prop_assert_eq!(found, expected);
        let mut numbers: Vec<_> = decoded.invocations.rows().map(|row| row.record)
            .chain(decoded.rejects.iter().map(|reject| reject.record)).collect();
        numbers.sort();
        let consecutive: Vec<_> = (1..).map(Some).take(numbers.len()).collect();
        prop_assert_eq!(numbers, consecutive);
    }

    #[test]
    fn a_trail_read_in_one_go_is_the_same_as_one_read_by_elements(
        events in prop::collection::vec(any_event(), 0..8),
        broken in prop::option::of((any::<prop::sample::Index>(), "[\\[\\]{}\",:a0 ]{0,3}")),
        more in prop::sample::select(&["", "\n", ",\"x\":1", "]"][..]),
    ) {
        let mut list = events.iter().map(Value::to_string).collect::<Vec<_>>().join(",");
        if let Some((at, text)) = broken {
            let at = (0..=at.index(list.len() + 1)).rev().find(|at| list.is_char_boundary(*at));
            list.insert_str(at.unwrap_or(0), &text);
        }
        // A blank before the list is not how CloudTrail writes it, and is read in the other way.
        let [one_go, by_elements] = ["", " "]
            .map(|blank| read(format!("{{\"Records\":{blank}[{list}]{more}}}").as_bytes()));
        prop_assert_eq!(&one_go.api_events, &by_elements.api_events);
        prop_assert_eq!(&one_go.invocations, &by_elements.invocations);
        prop_assert_eq!(rejects(&one_go), rejects(&by_elements));
    }

    #[test]
    fn how_records_are_packed_does_not_matter(records in prop::collection::vec(any_record(), 1..8)) {
        let lines: Vec<String> = records.iter().map(Value::to_string).collect();
        let expected = rows(lines.join("\n").as_bytes());
        prop_assert_eq!(expected.len(), records.len());
        let members: Vec<u8> = lines.iter().flat_map(|line| gzip(line.as_bytes())).collect();
        prop_assert_eq!(&rows(&members), &expected);
        prop_assert_eq!(&rows(&gzip(lines.concat().as_bytes())), &expected);
        prop_assert_eq!(&rows(format!("[{}]", lines.join(",")).as_bytes()), &expected);
        prop_assert_eq!(&rows(json!({"Records": &records}).to_string().as_bytes()), &expected);
        let events: Vec<Value> = lines.iter().map(|line| json!({"message": line})).collect();
        prop_assert_eq!(&rows(json!({"events": events}).to_string().as_bytes()), &expected);
    }
}

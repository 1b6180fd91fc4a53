//! The promise: no text of a body reaches a column.

use serde_json::{Value, json};

use crate::records::tests::{read, record};
use crate::schema::Row;
use crate::schema::invocation::Invocation;
use crate::schema::reject::Reject;

/// Stands at every place of the sample records where customers' text lies.
const CANARY: &str = "canary-7f3a";

fn check(name: &str, object: &[u8]) {
    let decoded = read(object);
    let invocations = Invocation::frame(decoded.invocations.rows().collect()).expect("a frame");
    let rejects = Reject::frame(decoded.rejects).expect("a frame");
    for frame in [invocations, rejects] {
        for column in frame.columns() {
            for row in 0..column.len() {
                let value = column.get(row).expect("in range").str_value().to_lowercase();
                assert!(!value.contains(CANARY), "{name}: `{}` is {value}", column.name());
            }
        }
    }
}

#[test]
fn no_sample_record_leaks() {
    let folder = format!("{}/tests/records", env!("CARGO_MANIFEST_DIR"));
    let mut checked = 0;
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        let object = std::fs::read(&path).expect("a file");
        let text = String::from_utf8_lossy(&object);
        checked += usize::from(text.contains(CANARY));
        check(&path.to_string_lossy(), &object);
        check(&path.to_string_lossy(), &object[..object.len() / 2]); // rejected, not repeated
    }
    assert!(checked > 25, "the canary is in only {checked} records");
}

#[test]
fn text_at_places_of_known_words_does_not_leak() {
    let finding = json!({"type": CANARY, "action": CANARY, "name": CANARY, "match": CANARY});
    let assessment = json!({"g": {
        "topicPolicy": {"topics": [finding]},
        "contentPolicy": {"filters": [finding]},
        "wordPolicy": {"customWords": [finding], "managedWordLists": [finding]},
        "sensitiveInformationPolicy": {"piiEntities": [finding], "regexes": [finding]},
        "contextualGroundingPolicy": {"filters": [finding]},
    }});
    let trace = json!({"guardrail": {
        "input": assessment, "outputs": [assessment], "inputAssessment": assessment,
        "outputAssessments": [assessment], "modelOutput": [CANARY], "actionReason": CANARY,
    }});
    let mut leaky = record("a");
    leaky["output"]["outputBodyJson"] =
        json!({"trace": trace, "amazon-bedrock-trace": trace, "stop_sequence": CANARY});
    check("guardrail", leaky.to_string().as_bytes());

    let with_body = |body: Value| {
        let mut record = record("a");
        record["input"]["inputBodyJson"] = body.clone();
        record["output"]["outputBodyJson"] = body;
        record.to_string()
    };
    for body in [json!(CANARY), json!([CANARY]), json!({CANARY: CANARY}), json!([[CANARY]])] {
        check("body", with_body(body).as_bytes());
    }
}

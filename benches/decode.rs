//! Decoding one object of each kind, without files and store: `cargo bench --bench decode`.

use std::io::Write as _;

use bedrock_lens::records::{Decoded, Limits, ObjectName, PromptKey, decode};
use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use flate2::Compression;
use flate2::write::GzEncoder;

const RECORDS: usize = 200;

fn main() {
    divan::main();
}

/// How an object's body looks.
#[derive(Debug, Clone, Copy)]
enum Shape {
    /// Converse with texts of some hundred bytes.
    Converse,
    /// A stream of many small chunks.
    Stream,
    /// Texts of 50 KB.
    LongText,
    /// A CloudTrail file.
    Trail,
}

const SHAPES: [Shape; 4] = [Shape::Converse, Shape::Stream, Shape::LongText, Shape::Trail];

/// Rows from an object that is not compressed: the parser by itself.
#[divan::bench(args = SHAPES)]
fn plain(bencher: Bencher<'_, '_>, shape: Shape) {
    let object = object(shape);
    bencher.counter(BytesCount::new(object.len())).bench_local(|| read(black_box(&object)));
}

/// Rows from a gzip object.
#[divan::bench(args = SHAPES)]
fn gzip(bencher: Bencher<'_, '_>, shape: Shape) {
    let object = object(shape);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&object).expect("memory takes it");
    let packed = encoder.finish().expect("memory takes it");
    bencher.counter(BytesCount::new(object.len())).bench_local(|| read(black_box(&packed)));
}

fn read(object: &[u8]) -> Decoded {
    let name = ObjectName { object: "AWSLogs/111122223333/x.json.gz", modified: None };
    let decoded = decode(&name, object, &Limits { max_object_bytes: 1 << 30 }, &PromptKey([7; 32]));
    assert_eq!(decoded.invocations.len() + decoded.api_events.len(), RECORDS);
    decoded
}

fn object(shape: Shape) -> Vec<u8> {
    let records: Vec<String> = (0..RECORDS).map(|number| record(shape, number)).collect();
    match shape {
        Shape::Trail => format!("{{\"Records\":[{}]}}", records.join(",")).into_bytes(),
        Shape::Converse | Shape::Stream | Shape::LongText => records.join("\n").into_bytes(),
    }
}

fn record(shape: Shape, number: usize) -> String {
    match shape {
        Shape::Converse => {
            invocation(number, &words(number, 700), &converse(&words(number + 7, 500)))
        }
        Shape::Stream => invocation(number, &words(number, 700), &stream(number)),
        Shape::LongText => {
            invocation(number, &words(number, 50_000), &converse(&words(number, 900)))
        }
        Shape::Trail => event(number),
    }
}

/// Text that differs from record to record, with an escape now and then.
fn words(seed: usize, len: usize) -> String {
    const WORDS: [&str; 8] =
        ["parcel", "where", "the", "depot,", "Zustellung", "tomorrow.\\n", "é", "\\\"soon\\\""];
    let mut text = String::with_capacity(len + 16);
    let mut state = seed + 1;
    while text.len() < len {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text.push_str(WORDS[(state >> 33) % WORDS.len()]);
        text.push(' ');
    }
    text
}

fn converse(answer: &str) -> String {
    format!(
        r#"{{"output":{{"message":{{"role":"assistant","content":[{{"text":"{answer}"}}]}}}},"stopReason":"end_turn","metrics":{{"latencyMs":1204}},"usage":{{"inputTokens":311,"outputTokens":120,"totalTokens":431}}}}"#
    )
}

fn stream(number: usize) -> String {
    let deltas: Vec<String> = words(number, 900)
        .split(' ')
        .map(|word| {
            format!(
                r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":" {word}"}}}}"#
            )
        })
        .collect();
    format!(
        r#"[{{"type":"message_start","message":{{"usage":{{"input_tokens":311,"output_tokens":1}}}}}},{},{{"type":"message_delta","delta":{{"stop_reason":"end_turn"}},"usage":{{"output_tokens":120}}}},{{"type":"message_stop","amazon-bedrock-invocationMetrics":{{"inputTokenCount":311,"outputTokenCount":120,"invocationLatency":2204,"firstByteLatency":309}}}}]"#,
        deltas.join(",")
    )
}

fn invocation(number: usize, prompt: &str, answer: &str) -> String {
    format!(
        r#"{{"schemaType":"ModelInvocationLog","schemaVersion":"1.0","timestamp":"2026-11-09T08:{:02}:07Z","accountId":"111122223333","identity":{{"arn":"arn:aws:sts::111122223333:assumed-role/support-chat/i-0{number:08x}"}},"region":"us-east-1","requestId":"00000000-0000-4000-8000-{number:012x}","operation":"Converse","modelId":"arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.anthropic.claude-sonnet-4-20250514-v1:0","input":{{"inputContentType":"application/json","inputBodyJson":{{"messages":[{{"role":"user","content":[{{"text":"{prompt}"}}]}}],"system":[{{"text":"Be brief."}}],"inferenceConfig":{{"maxTokens":1024,"temperature":0.2}}}},"inputTokenCount":311}},"output":{{"outputContentType":"application/json","outputBodyJson":{answer},"outputTokenCount":120}},"inferenceRegion":"us-west-2","requestMetadata":{{"env":"prod","team":"support"}}}}"#,
        number % 60
    )
}

fn event(number: usize) -> String {
    format!(
        r#"{{"eventVersion":"1.11","userIdentity":{{"type":"AssumedRole","principalId":"AROAEXAMPLE:i-0{number:08x}","arn":"arn:aws:sts::111122223333:assumed-role/support-chat/i-0{number:08x}","accountId":"111122223333","accessKeyId":"ASIAEXAMPLE","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"AROAEXAMPLE","arn":"arn:aws:iam::111122223333:role/support-chat","accountId":"111122223333","userName":"support-chat"}},"attributes":{{"creationDate":"2026-11-09T08:00:00Z","mfaAuthenticated":"false"}}}}}},"eventTime":"2026-11-09T08:{:02}:07Z","eventSource":"bedrock.amazonaws.com","eventName":"Converse","awsRegion":"us-east-1","sourceIPAddress":"203.0.113.7","userAgent":"Boto3/1.40.0 md/Botocore#1.40.0 os/linux lang/python#3.12.1","requestParameters":{{"modelId":"us.anthropic.claude-sonnet-4-20250514-v1:0"}},"responseElements":null,"additionalEventData":{{"inferenceRegion":"us-west-2"}},"requestID":"00000000-0000-4000-8000-{number:012x}","eventID":"10000000-0000-4000-8000-{number:012x}","readOnly":true,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management","tlsDetails":{{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"bedrock-runtime.us-east-1.amazonaws.com"}}}}"#,
        number % 60
    )
}

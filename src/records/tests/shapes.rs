//! Every shape of invocation record, one file each under `tests/records/`.

use crate::records::tests::read;
use crate::schema::Row;
use crate::schema::invocation::{self as column, Invocation};

/// Columns that are the same in every file, or checked by tests of their own.
const COMMON: [&str; 13] = [
    column::REQUEST_ID,
    column::EVENT_TIME,
    column::ACCOUNT_ID,
    column::REGION,
    column::IDENTITY_ARN,
    column::PRINCIPAL,
    column::SESSION,
    column::PRINCIPAL_TYPE,
    column::OPERATION,
    column::MODEL_ID,
    column::INPUT_BYTES,
    column::OUTPUT_BYTES,
    column::PROMPT_HASH,
];

/// The row of a file's only record.
fn row(file: &str) -> Invocation {
    let path = format!("{}/tests/records/{file}.json", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(&path).expect("the file is there");
    let decoded = read(&bytes);
    assert_eq!(decoded.rejects, [], "{file}");
    assert_eq!(decoded.invocations.len(), 1, "{file}");
    decoded.invocations.rows().next().expect("one row")
}

/// `column=value` of all known columns but the common ones and the lineage, in stored order.
fn known(row: Invocation) -> Vec<String> {
    let frame = Invocation::frame(vec![row]).expect("a frame");
    let skipped = |name: &str| COMMON.contains(&name) || ["object", "record"].contains(&name);
    let columns = frame.columns().iter().filter(|column| !skipped(column.name()));
    columns
        .map(|column| (column.name(), column.get(0).expect("one row")))
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| format!("{name}={}", value.str_value()))
        .collect()
}

/// Checks all known columns; `expected` leaves model, provider, routing and status out where they
/// are the model id, its first part, `in_region` and `ok`.
fn check(file: &str, expected: &[&str]) {
    let row = row(file);
    let id = row.model_id.clone().unwrap_or_default();
    let plain = [
        format!("model={id}"),
        format!("provider={}", id.split('.').next().unwrap_or_default()),
        "routing=in_region".to_owned(),
        "status=ok".to_owned(),
    ];
    let found: Vec<String> =
        known(row).into_iter().filter(|column| !plain.contains(column)).collect();
    assert_eq!(found, expected, "{file}");
}

#[test]
fn the_envelope_is_read() {
    let row = row("converse");
    assert_eq!(row.request_id.as_deref(), Some("00000000-0000-4000-8000-000000000001"));
    assert_eq!(row.event_time.map(|time| time.0), Some(1_772_442_901_000));
    assert_eq!(row.account_id.as_deref(), Some("111122223333"));
    assert_eq!(row.region.as_deref(), Some("us-east-1"));
    assert_eq!(row.operation.as_deref(), Some("Converse"));
    assert_eq!(row.principal.as_deref(), Some("app"));
    assert_eq!(row.session.as_deref(), Some("session-1"));
    assert_eq!(row.principal_type.as_deref(), Some("role"));
    assert_eq!(row.object.as_deref(), Some("x.json"));
    assert_eq!(row.record, Some(1));
}

#[test]
fn converse() {
    check(
        "converse",
        &[
            "inference_region=us-west-2",
            "model=anthropic.claude-sonnet-4-20250514-v1:0",
            "provider=anthropic",
            "routing=us",
            "inference_profile=us.anthropic.claude-sonnet-4-20250514-v1:0",
            "service_tier=flex",
            "stop_reason=end_turn",
            "input_tokens=42",
            "output_tokens=180",
            "cache_read_input_tokens=18000",
            "cache_write_input_tokens=250",
            "cache_write_1h_input_tokens=50",
            "tokens_source=record",
            "input_images=2",
            "max_tokens=256",
            "latency_ms=3120",
            "latency_source=metrics",
            r#"request_metadata={"env":"prod","team":"docs"}"#,
        ],
    );
}

#[test]
fn the_latency_class_served_counts_not_the_one_asked_for() {
    let profile = "inference_profile=us.amazon.nova-pro-v1:0";
    let model = ["model=amazon.nova-pro-v1:0", "provider=amazon", "routing=us", profile];
    let served = [
        "service_tier=latency_optimized",
        "stop_reason=max_tokens",
        "input_tokens=3",
        "output_tokens=4",
        "tokens_source=body",
        "latency_ms=12",
        "latency_source=metrics",
    ];
    check("converse_optimized", &[&model[..], &served].concat());
    check("converse_optimized_refused", &[&model[..], &["stop_reason=max_tokens"]].concat());
}

#[test]
fn guardrails_in_converse() {
    let policies = "guardrail_policies=contentPolicy:MISCONDUCT:BLOCKED,\
                    sensitiveInformationPolicy:EMAIL:ANONYMIZED,\
                    sensitiveInformationPolicy:REGEX:ANONYMIZED,topicPolicy:DENY:BLOCKED,\
                    wordPolicy:CUSTOM:BLOCKED,wordPolicy:PROFANITY:BLOCKED";
    check(
        "converse_guardrail_input",
        &[
            "stop_reason=guardrail_intervened",
            "guardrail_action=intervened",
            "guardrail_id=gr1",
            "guardrail_version=3",
            policies,
            "input_tokens=0",
            "output_tokens=0",
            "tokens_source=record",
            "latency_ms=271",
            "latency_source=metrics",
        ],
    );
    check(
        "converse_guardrail_output",
        &[
            "stop_reason=guardrail_intervened",
            "guardrail_action=intervened",
            "guardrail_id=gr1",
            "guardrail_version=DRAFT",
            "guardrail_policies=contentPolicy:HATE:BLOCKED",
            "input_tokens=70",
            "output_tokens=209",
            "tokens_source=record",
            "latency_ms=900",
            "latency_source=metrics",
        ],
    );
    let quiet = |id: &'static str, version: &'static str| {
        let tokens = ["input_tokens=20", "output_tokens=18", "tokens_source=record"];
        let guardrail = ["stop_reason=end_turn", "guardrail_action=none", id, version];
        [&guardrail[..], &tokens].concat()
    };
    check("converse_guardrail_detect", &quiet("guardrail_id=gr1", "guardrail_version=3"));
    check("converse_guardrail_silent", &quiet("guardrail_id=gr2", "guardrail_version=1"));
}

#[test]
fn anthropic_streams() {
    check(
        "anthropic_stream",
        &[
            "stop_reason=end_turn",
            "guardrail_action=none",
            "input_tokens=571",
            "output_tokens=281",
            "cache_read_input_tokens=8",
            "cache_write_input_tokens=31",
            "cache_write_1h_input_tokens=20",
            "tokens_source=record",
            "input_images=1",
            "max_tokens=2000",
            "latency_ms=3848",
            "first_byte_ms=509",
            "latency_source=invocation_metrics",
        ],
    );
    let from_start = [
        "cache_read_input_tokens=7",
        "cache_write_input_tokens=30",
        "cache_write_1h_input_tokens=20",
        "tokens_source=body",
        "input_images=1",
        "max_tokens=2000",
    ];
    let ended = ["stop_reason=end_turn", "input_tokens=571", "output_tokens=281"];
    check("anthropic_stream_no_counts", &[&ended[..], &from_start].concat());
    // The one output token at the start of a message is a placeholder: the total is unknown.
    let cut = ["status=server_error", "error_code=ModelStreamErrorException", "input_tokens=571"];
    check("anthropic_stream_cut", &[&cut[..], &from_start].concat());
    check(
        "anthropic_stream_blocked",
        &[
            "stop_reason=end_turn",
            "guardrail_action=intervened",
            "guardrail_id=gr1",
            "guardrail_policies=wordPolicy:CUSTOM:BLOCKED",
            "input_tokens=0",
            "output_tokens=0",
            "tokens_source=record",
            "input_images=1",
            "max_tokens=2000",
        ],
    );
}

#[test]
fn anthropic_bodies() {
    check(
        "anthropic_invoke",
        &[
            "stop_reason=end_turn",
            "input_tokens=9",
            "output_tokens=5",
            "cache_read_input_tokens=11",
            "cache_write_input_tokens=30",
            "cache_write_1h_input_tokens=20",
            "tokens_source=record",
            "input_images=1",
            "max_tokens=2000",
        ],
    );
    check(
        "anthropic_invoke_blocked",
        &[
            "guardrail_action=intervened",
            "guardrail_id=gr1",
            "guardrail_policies=contentPolicy:MISCONDUCT:BLOCKED",
            "input_images=1",
            "max_tokens=2000",
        ],
    );
}

#[test]
fn amazon_bodies() {
    let counts = ["input_tokens=17", "output_tokens=120", "tokens_source=body"];
    let first = &["stop_reason=FINISH"][..];
    check("titan_text", &[first, &counts, &["max_tokens=4096"]].concat());
    check("titan_stream", &[first, &counts].concat());
    check(
        "nova_stream",
        &[
            "stop_reason=end_turn",
            "input_tokens=5",
            "output_tokens=6",
            "cache_read_input_tokens=1",
            "cache_write_input_tokens=2",
            "tokens_source=body",
            "max_tokens=300",
            "latency_ms=77",
            "latency_source=metrics",
        ],
    );
}

#[test]
fn bodies_of_other_providers() {
    check(
        "llama",
        &[
            "stop_reason=length",
            "input_tokens=4",
            "output_tokens=160",
            "tokens_source=body",
            "max_tokens=512",
        ],
    );
    check("mistral", &["stop_reason=stop", "max_tokens=10"]);
    check("cohere", &["stop_reason=MAX_TOKENS"]);
    check("ai21", &["stop_reason=endoftext", "max_tokens=9"]);
    check(
        "openai_style",
        &[
            "service_tier=flex",
            "stop_reason=tool_calls",
            "input_tokens=7",
            "output_tokens=8",
            "tokens_source=body",
            "max_tokens=64",
        ],
    );
}

#[test]
fn images_and_video() {
    let size = |width: &'static str, height: &'static str| [width, height];
    check(
        "stability",
        &[
            &["stop_reason=SUCCESS", "output_images=1"][..],
            &size("output_image_width=768", "output_image_height=512"),
        ]
        .concat(),
    );
    let square = size("output_image_width=1024", "output_image_height=1024");
    let premium = &["output_image_quality=premium"][..];
    check("nova_canvas", &[&["output_images=2"][..], &square, premium].concat());
    check("image_offloaded", &[&["output_images=1"][..], &square].concat());
    check("video", &["output_video_ms=6500"]);
}

#[test]
fn embeddings_and_rerank() {
    check("embedding", &["input_tokens=3", "tokens_source=record", "input_images=1"]);
    check("rerank", &["rerank_documents=3"]);
}

#[test]
fn records_without_bodies() {
    let profile = "inference_profile=apac.amazon.nova-micro-v1:0";
    let model = ["model=amazon.nova-micro-v1:0", "provider=amazon", "routing=apac", profile];
    let counts = ["input_tokens=1", "output_tokens=8", "tokens_source=record"];
    check("metadata_only", &[&model[..], &counts].concat());
    check("offloaded", &["input_tokens=219", "output_tokens=109", "tokens_source=record"]);
    let row = row("offloaded");
    assert_eq!((row.input_bytes, row.output_bytes, row.prompt_hash), (None, None, None));
}

#[test]
fn errors() {
    check("throttled", &["status=throttled", "error_code=ThrottlingException"]);
    // A guardrail named in a refused request was never asked.
    let refused = ["status=client_error", "error_code=ValidationException", "guardrail_id=gr1"];
    check("refused", &refused);
    check("no_bodies_at_all", &["status=access_denied", "error_code=AccessDeniedException"]);
}

#[test]
fn models_that_the_id_hides() {
    check(
        "application_profile",
        &[
            "model=application-inference-profile/9tr38q319pda",
            "inference_profile=9tr38q319pda",
            "stop_reason=tool_use",
            "input_images=1",
            "max_tokens=2000",
        ],
    );
    check(
        "prompt_router",
        &[
            "model=anthropic.claude-3-haiku-20240307-v1:0",
            "provider=anthropic",
            "routing=us",
            "inference_profile=us.anthropic.claude-3-haiku-20240307-v1:0",
            "stop_reason=end_turn",
        ],
    );
}

#[test]
fn bodies_that_a_tool_encoded_as_text() {
    check(
        "bodies_as_text",
        &[
            "stop_reason=end_turn",
            "input_tokens=1",
            "output_tokens=2",
            "tokens_source=body",
            "max_tokens=5",
            "latency_ms=9",
            "latency_source=metrics",
        ],
    );
    let text = row("bodies_as_text");
    let object = row("converse_optimized");
    assert_eq!(text.prompt_hash, object.prompt_hash, "the same messages");
    assert_eq!(text.input_bytes, Some(99));
}

#[test]
fn wrong_types_are_null_and_cost_nothing_else() {
    check("wrong_types", &[r#"request_metadata="a b""#]);
}

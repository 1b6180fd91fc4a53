//! `invocations`: one row per model call that Bedrock logged.
//!
//! Field names are those of the Bedrock model invocation log where it has one. Which source each
//! figure is taken from, and in which order of trust, is said at the column.

use super::{Table, TimeMs, table};

table! {
    Table::Invocations, partitioned by event_time, columns of InvocationRef;

    /// One logged model call.
    pub struct Invocation {
        /// `requestId` of the record; a UUID in every real record. Joins `api_events.request_id`.
        REQUEST_ID request_id: String,
        /// `timestamp` of the record, UTC. AWS doesn't say whether it is the start or the end of the call.
        EVENT_TIME event_time: TimeMs,
        /// `accountId`, kept as text: anonymised logs hold other than 12 digits.
        ACCOUNT_ID account_id: String,
        /// `region`: the Region that received the call. Prices belong to it.
        REGION region: String,
        /// `inferenceRegion`: the Region that did the work; null where the record has none.
        INFERENCE_REGION inference_region: String,
        /// `operation`, e.g. `Converse`, `InvokeModelWithResponseStream`; unknown values are kept.
        OPERATION operation: String,
        /// `identity.arn` as logged.
        IDENTITY_ARN identity_arn: String,
        /// Who called, without the session: role or user name, `root`, or the federated user's name.
        PRINCIPAL principal: String,
        /// Session name of an assumed role; null for users.
        SESSION session: String,
        /// `role`, `user`, `root`, `federated_user`, `api_key` (the IAM user behind a long-term
        /// Bedrock API key), `sso` (a role of IAM Identity Center) or null when the ARN has another shape.
        PRINCIPAL_TYPE principal_type: String,

        /// `modelId` as logged: what the caller addressed.
        MODEL_ID model_id: String,
        /// Base model id without ARN wrapping and profile prefix. For ARNs that hide the model
        /// (application profile, provisioned throughput, …) the tail of the ARN as `kind/id`, unless a
        /// prompt-router trace names the model.
        MODEL model: String,
        /// Provider part of the base model id (`anthropic`, `amazon`, …); null where the id hides it.
        PROVIDER provider: String,
        /// `in_region`, a geography prefix (`us`, `eu`, `apac`, …) or `global`; null where unknown.
        ROUTING routing: String,
        /// The inference profile addressed (system profile id or application profile id), if any.
        INFERENCE_PROFILE inference_profile: String,
        /// Service tier: response body's `serviceTier.type` or `service_tier`, else the request body's
        /// `serviceTier`/`service_tier`; `latency_optimized` when `performanceConfig.latency` is
        /// `optimized`. Null when the record says nothing (billed as standard).
        SERVICE_TIER service_tier: String,

        /// `ok`, `throttled`, `access_denied`, `client_error` or `server_error`, from `errorCode`.
        STATUS status: String,
        /// `errorCode` as logged; null on success.
        ERROR_CODE error_code: String,
        /// Why generation ended, in the provider's own words, from the response body.
        STOP_REASON stop_reason: String,
        /// `intervened`, `none` (attached and silent) or null (no sign of a guardrail).
        GUARDRAIL_ACTION guardrail_action: String,
        /// Guardrail id: from the request's guardrail configuration or the trace.
        GUARDRAIL_ID guardrail_id: String,
        /// Guardrail version, where the record has it.
        GUARDRAIL_VERSION guardrail_version: String,
        /// Policies that acted, as sorted, comma-separated `policy:kind:ACTION` terms, e.g.
        /// `contentPolicy:MISCONDUCT:BLOCKED`; custom names and matched text are never kept.
        GUARDRAIL_POLICIES guardrail_policies: String,

        /// Input tokens as logged (`input.inputTokenCount`, else invocation metrics, else body usage).
        /// Cached tokens are outside, except for the model families that the price book's
        /// `usage_semantics` names.
        INPUT_TOKENS input_tokens: i64,
        /// Output tokens (`output.outputTokenCount`, else invocation metrics, else body usage).
        OUTPUT_TOKENS output_tokens: i64,
        /// Input tokens read from the prompt cache (`input.cacheReadInputTokenCount`, else as above).
        CACHE_READ_INPUT_TOKENS cache_read_input_tokens: i64,
        /// Input tokens written to the prompt cache, all time-to-live classes together.
        CACHE_WRITE_INPUT_TOKENS cache_write_input_tokens: i64,
        /// The part of [`CACHE_WRITE_INPUT_TOKENS`] written with a 1-hour time to live; only bodies
        /// have it (Anthropic `cache_creation`, Converse `cacheDetails`), null elsewhere.
        CACHE_WRITE_1H_INPUT_TOKENS cache_write_1h_input_tokens: i64,
        /// Where the token counts came from: `record`, `invocation_metrics` or `body`; null without counts.
        TOKENS_SOURCE tokens_source: String,
        /// Images generated (response body, else 1 when the record has output image dimensions).
        OUTPUT_IMAGES output_images: i64,
        /// Images sent with the request, where the body shows them.
        INPUT_IMAGES input_images: i64,
        /// `output.outputImageWidth` in pixels.
        OUTPUT_IMAGE_WIDTH output_image_width: i64,
        /// `output.outputImageHeight` in pixels.
        OUTPUT_IMAGE_HEIGHT output_image_height: i64,
        /// Requested image quality (`standard`, `premium`), where the request body has it.
        OUTPUT_IMAGE_QUALITY output_image_quality: String,
        /// Length of generated video in milliseconds (`output.outputVideoDurationSeconds` × 1000).
        OUTPUT_VIDEO_MS output_video_ms: i64,
        /// Documents given to a rerank call; billed per 100 documents of a query.
        RERANK_DOCUMENTS rerank_documents: i64,
        /// Size of the request body's JSON as logged, bytes; null when the body is not in the record.
        INPUT_BYTES input_bytes: i64,
        /// Size of the response body's JSON as logged, bytes; null when the body is not in the record.
        OUTPUT_BYTES output_bytes: i64,
        /// Output token limit that the caller asked for.
        MAX_TOKENS max_tokens: i64,

        /// Time from request to complete response, milliseconds.
        LATENCY_MS latency_ms: i64,
        /// Time to the first byte of a streamed response, milliseconds.
        FIRST_BYTE_MS first_byte_ms: i64,
        /// Where the latency came from: `metrics` (Converse `metrics.latencyMs`) or
        /// `invocation_metrics` (last chunk of a stream); null without latency.
        LATENCY_SOURCE latency_source: String,

        /// Caller's `requestMetadata`: all keys, as compact JSON text with sorted keys.
        REQUEST_METADATA request_metadata: String,
        /// Keyed hash of the request body without its parameters (32 hex digits): equal prompts can
        /// be counted and never read. The key stays in the store.
        PROMPT_HASH prompt_hash: String,

        /// The log object the row came from: bucket and key, or the path below the source folder.
        OBJECT object: String,
        /// The record's number in its object, counted from 1 over all records of the object.
        RECORD record: i64,
    }
}

/// Values of [`STATUS`].
pub mod status {
    /// Answered, guardrail interventions included.
    pub const OK: &str = "ok";
    /// Refused for rate or quota.
    pub const THROTTLED: &str = "throttled";
    /// Refused for want of permission or valid credentials.
    pub const ACCESS_DENIED: &str = "access_denied";
    /// Refused for the request's content; also every unknown error name.
    pub const CLIENT_ERROR: &str = "client_error";
    /// Failed on the service's or the model's side.
    pub const SERVER_ERROR: &str = "server_error";
    /// All of them, `ok` first.
    pub const ALL: [&str; 5] = [OK, THROTTLED, ACCESS_DENIED, CLIENT_ERROR, SERVER_ERROR];
}

/// Values of [`GUARDRAIL_ACTION`].
pub mod guardrail_action {
    /// A policy blocked or masked.
    pub const INTERVENED: &str = "intervened";
    /// A guardrail was attached and did nothing.
    pub const NONE: &str = "none";
}

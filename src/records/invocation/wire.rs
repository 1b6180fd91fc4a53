//! The invocation record as Bedrock writes it (log-record keys, camel case).
//!
//! Bodies are nine tenths of the bytes; `body` takes what they tell as the record is read, so that
//! their text is crossed once.

use super::body::request::RequestBody;
use super::body::response::ResponseBody;
use crate::records::wire::{Count, Raw, Text, object};

object! {
    /// One record of a model invocation log.
    struct Record<'a> {
        "schemaType" => schema_type: Text<'a>,
        "timestamp" => timestamp: Text<'a>,
        "accountId" => account_id: Text<'a>,
        "region" => region: Text<'a>,
        "inferenceRegion" => inference_region: Text<'a>,
        "requestId" => request_id: Text<'a>,
        "operation" => operation: Text<'a>,
        "modelId" => model_id: Text<'a>,
        "identity" => identity: Caller<'a>,
        "errorCode" => error_code: Option<Raw<'a>>,
        "input" => input: Input<'a>,
        "output" => output: Output<'a>,
        "requestMetadata" => request_metadata: Option<Raw<'a>>,
        "performanceConfig" => performance: Performance<'a>,
    }
}

object! {
    /// `identity`.
    struct Caller<'a> {
        "arn" => arn: Text<'a>,
    }
}

object! {
    /// `input`.
    struct Input<'a> {
        "inputBodyJson" => body: Option<RequestBody<'a>>,
        "inputTokenCount" => tokens: Count,
        "cacheReadInputTokenCount" => cache_read: Count,
        "cacheWriteInputTokenCount" => cache_write: Count,
    }
}

object! {
    /// `output`.
    struct Output<'a> {
        "outputBodyJson" => body: Option<ResponseBody<'a>>,
        "outputBodyS3Path" => body_path: Text<'a>,
        "outputTokenCount" => tokens: Count,
        "outputImageHeight" => image_height: Count,
        "outputImageWidth" => image_width: Count,
        "outputVideoDurationSeconds" => video_seconds: Option<Raw<'a>>,
    }
}

object! {
    /// `performanceConfig`, of the record, the request body or the response body.
    struct Performance<'a> {
        "latency" => latency: Text<'a>,
    }
}

impl Record<'_> {
    /// Whether this is an invocation record at all: it says so, or has the three fields that tell a
    /// call apart.
    pub(in crate::records) fn is_invocation(&self) -> bool {
        self.schema_type.get() == Some("ModelInvocationLog")
            || [&self.request_id, &self.model_id, &self.operation]
                .iter()
                .all(|field| field.get().is_some())
    }
}

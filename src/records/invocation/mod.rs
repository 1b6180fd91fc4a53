//! One Bedrock invocation record → one row of `invocations`.
//!
//! Knows every field of the record and of the providers' bodies that a column is made of. Where the
//! record lay is not known here: the caller fills `object` and `record`.

mod body;
mod guardrail;
pub(crate) mod model;
mod prompt_hash;
mod status;
mod wire;

pub(super) use wire::Record;

use self::body::request::Request;
use self::body::response::Response;
use self::body::{Counts, LATENCY_OPTIMIZED};
use self::model::addressed;
pub(super) use self::prompt_hash::PromptHasher;
use super::identity::identity;
use super::timestamp;
use super::wire::Raw;
use crate::schema::TimeMs;
use crate::schema::invocation::{self, Invocation};
use crate::schema::reject::reason;

/// The row that a record tells.
///
/// # Errors
/// `bad_timestamp`: without its time a call belongs to no period. Everything else may be unknown.
pub(super) fn row(
    record: &Record<'_>,
    hasher: &mut PromptHasher,
) -> Result<Invocation, &'static str> {
    let event_time = event_time(record)?;
    let (no_request, no_response) = (Request::default(), Response::default());
    let request_body = record.input.body.as_ref();
    let response_body = record.output.body.as_ref();
    let request = request_body.map_or(&no_request, |body| &body.request);
    let response = response_body.map_or(&no_response, |body| &body.response);

    let mut row = Invocation { event_time: Some(event_time), ..Invocation::default() };
    fill_call(&mut row, record);
    fill_model(&mut row, record, request, response);
    fill_tokens(&mut row, record, response);
    fill_guardrail(&mut row, request, response);
    fill_units(&mut row, record, request, response);
    row.stop_reason.clone_from(&response.stop_reason);
    row.latency_ms = response.latency.map(|latency| latency.ms);
    row.latency_source = response.latency.map(|latency| latency.source.to_owned());
    row.first_byte_ms = response.first_byte_ms;
    row.max_tokens = request.max_tokens;
    row.input_bytes = request_body.map(|body| body.size_bytes);
    row.output_bytes = response_body.map(|body| body.size_bytes);
    row.prompt_hash = request_body.and_then(|body| hasher.hash(&body.prompt));
    row.request_metadata = record.request_metadata.and_then(compact_sorted);
    Ok(row)
}

fn event_time(record: &Record<'_>) -> Result<TimeMs, &'static str> {
    record.timestamp.get().and_then(timestamp::parse).ok_or(reason::BAD_TIMESTAMP)
}

/// Who called what, and how it ended.
fn fill_call(row: &mut Invocation, record: &Record<'_>) {
    row.request_id = record.request_id.to_column();
    row.account_id = record.account_id.to_column();
    row.region = record.region.to_column();
    row.inference_region = record.inference_region.to_column();
    row.operation = record.operation.to_column();

    row.identity_arn = record.identity.arn.to_column();
    let caller = record.identity.arn.get().map(identity).unwrap_or_default();
    row.principal = caller.principal;
    row.session = caller.session;
    row.principal_type = caller.principal_type.map(str::to_owned);

    let error = record.error_code.filter(|raw| raw.get() != "\"\"");
    row.error_code = error.and_then(error_name);
    row.status = Some(status(error, row.error_code.as_deref()).to_owned());
}

/// The error's name; a number is kept as text.
fn error_name(raw: Raw<'_>) -> Option<String> {
    let json = raw.get();
    let number = || json.starts_with(|c: char| c.is_ascii_digit()).then(|| json.to_owned());
    super::wire::text(json).map(std::borrow::Cow::into_owned).or_else(number)
}

/// A call with an error field failed, even where its name can't be read.
fn status(error: Option<Raw<'_>>, name: Option<&str>) -> &'static str {
    match error {
        None => invocation::status::OK,
        Some(_) => status::of_error(name.unwrap_or_default()),
    }
}

/// Model, routing and tier. A prompt router's trace names the model that its ARN hides.
fn fill_model(row: &mut Invocation, record: &Record<'_>, request: &Request, response: &Response) {
    let addressed_id = record.model_id.get();
    let model = response.invoked_model.as_deref().or(addressed_id).map(addressed);
    let model = model.unwrap_or_default();
    row.model_id = addressed_id.map(str::to_owned);
    row.model = Some(model.model).filter(|model| !model.is_empty());
    row.provider = model.provider;
    row.routing = model.routing;
    row.inference_profile = model.inference_profile;
    row.service_tier = service_tier(record, request, response);
}

/// What the response says it was served with, else what was asked for.
fn service_tier(record: &Record<'_>, request: &Request, response: &Response) -> Option<String> {
    // Asked for `optimized` and served with `standard`: only the latter counts.
    let refused = |tier: &String| response.tells_performance && tier.as_str() == LATENCY_OPTIMIZED;
    let optimized = record.performance.latency.get() == Some("optimized");
    let of_record = optimized.then(|| LATENCY_OPTIMIZED.to_owned());
    let asked = request.service_tier.clone().or(of_record).filter(|tier| !refused(tier));
    response.service_tier.clone().or(asked)
}

/// Counts by trust: the record's own, then Bedrock's metrics chunk, then the provider's usage.
fn fill_tokens(row: &mut Invocation, record: &Record<'_>, response: &Response) {
    let input = &record.input;
    let own = Counts {
        input: input.tokens.0,
        output: record.output.tokens.0,
        cache_read: input.cache_read.0,
        cache_write: input.cache_write.0,
        cache_write_1h: None,
    };
    let sources = [
        (own, "record"),
        (response.metrics_counts, "invocation_metrics"),
        (response.usage_counts, "body"),
    ];
    let counts = sources.iter().fold(Counts::default(), |known, (counts, _)| known.or(*counts));
    row.input_tokens = counts.input;
    row.output_tokens = counts.output;
    row.cache_read_input_tokens = counts.cache_read;
    row.cache_write_input_tokens = counts.cache_write;
    row.cache_write_1h_input_tokens = counts.cache_write_1h;
    let source = sources.iter().find(|(counts, _)| counts.any());
    row.tokens_source = source.map(|(_, name)| (*name).to_owned());
}

/// A guardrail named in the request of a call that went through was attached, trace or not.
fn fill_guardrail(row: &mut Invocation, request: &Request, response: &Response) {
    let seen = &response.guardrail;
    let succeeded = row.status.as_deref() == Some(invocation::status::OK);
    let expected = succeeded && request.guardrail_id.is_some();
    row.guardrail_action = seen.action(expected).map(str::to_owned);
    let asked = request.guardrail_id.as_deref().map(|id| guardrail::bare_id(id).to_owned());
    row.guardrail_id = asked.or_else(|| seen.id.clone());
    row.guardrail_version = request.guardrail_version.clone().or_else(|| seen.version.clone());
    row.guardrail_policies = seen.policies();
}

/// Priced units other than tokens.
fn fill_units(row: &mut Invocation, record: &Record<'_>, request: &Request, response: &Response) {
    let output = &record.output;
    row.output_image_width = output.image_width.0;
    row.output_image_height = output.image_height.0;
    let dimensions = output.image_width.0.or(output.image_height.0);
    row.output_images = response.images.or(dimensions.map(|_| 1));
    row.output_image_quality.clone_from(&request.image_quality);
    row.output_video_ms = output.video_seconds.and_then(|raw| millis(raw.get()));
    row.input_images = request.input_images;
    row.rerank_documents = request.rerank_documents;
}

/// Seconds, possibly with a fraction, as whole milliseconds.
fn millis(seconds: &str) -> Option<i64> {
    let millis = (seconds.parse::<f64>().ok()? * 1000.0).round();
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
    (0.0..9e15).contains(&millis).then_some(millis as i64)
}

/// Compact JSON text with sorted keys; `None` when it is nested deeper than JSON parsers go.
fn compact_sorted(raw: Raw<'_>) -> Option<String> {
    let mut value: serde_json::Value = serde_json::from_str(raw.get()).ok()?;
    value.sort_all_objects();
    Some(value.to_string())
}

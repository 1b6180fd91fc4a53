//! One Bedrock invocation record → one row of `invocations`.
//!
//! Knows every field of the record and of the providers' bodies that a column is made of. Where the
//! record lay is not known here: the caller fills `object` and `record`.

mod body;
mod guardrail;
mod metadata;
pub(crate) mod model;
mod prompt_hash;
mod status;
mod wire;

pub(crate) use status::of_error as status_of_error;
pub(super) use wire::Record;

use std::borrow::Cow;

use self::body::request::Request;
use self::body::response::Response;
pub(super) use self::body::response::ResponseBody;
use self::body::{Counts, LATENCY_OPTIMIZED};
use self::model::addressed;
pub(super) use self::prompt_hash::PromptHasher;
use super::identity::identity;
use super::timestamp;
use super::wire::Raw;
use crate::schema::TimeMs;
use crate::schema::invocation::{self, InvocationRef};
use crate::schema::reject::reason;

/// Stands for bodies that are not in the record.
static NO_REQUEST: Request<'static> = Request::NOTHING;
static NO_RESPONSE: Response<'static> = Response::NOTHING;

/// The row that a record tells; `offloaded` is the response body, where it lies outside of the record.
///
/// # Errors
/// `bad_timestamp`: without its time a call belongs to no period. Everything else may be unknown.
pub(super) fn row<'r>(
    record: &'r Record<'_>,
    offloaded: Option<&'r ResponseBody<'_>>,
    hasher: &mut PromptHasher,
) -> Result<InvocationRef<'r>, &'static str> {
    let event_time = event_time(record)?;
    let request_body = record.input.body.as_ref();
    let response_body: Option<&'r ResponseBody<'_>> = record.output.body.as_ref().or(offloaded);
    let request = request_body.map_or(&NO_REQUEST, |body| &body.request);
    let response = response_body.map_or(&NO_RESPONSE, |body| &body.response);

    let mut row = InvocationRef { event_time: Some(event_time), ..InvocationRef::default() };
    fill_call(&mut row, record);
    fill_model(&mut row, record, request, response);
    fill_tokens(&mut row, record, response);
    fill_guardrail(&mut row, request, response);
    fill_units(&mut row, record, request, response);
    row.stop_reason = response.stop_reason.as_deref().map(Cow::Borrowed);
    row.latency_ms = response.latency.map(|latency| latency.ms);
    row.latency_source = response.latency.map(|latency| latency.source.into());
    row.first_byte_ms = response.first_byte_ms;
    row.max_tokens = request.max_tokens;
    row.input_bytes = request_body.map(|body| body.size_bytes);
    row.output_bytes = response_body.map(|body| body.size_bytes);
    row.prompt_hash = request_body.and_then(|body| hasher.hash(&body.prompt)).map(Cow::Owned);
    row.request_metadata = record.request_metadata.and_then(metadata::compact_sorted);
    Ok(row)
}

/// Where the response body lies when the record doesn't hold it: `s3://bucket/…/data/…`.
pub(super) fn offloaded_response<'a>(record: &'a Record<'_>) -> Option<&'a str> {
    record.output.body_path.get().filter(|_| record.output.body.is_none())
}

fn event_time(record: &Record<'_>) -> Result<TimeMs, &'static str> {
    record.timestamp.get().and_then(timestamp::parse).ok_or(reason::BAD_TIMESTAMP)
}

/// Who called what, and how it ended.
fn fill_call<'r>(row: &mut InvocationRef<'r>, record: &'r Record<'_>) {
    row.request_id = record.request_id.to_column();
    row.account_id = record.account_id.to_column();
    row.region = record.region.to_column();
    row.inference_region = record.inference_region.to_column();
    row.operation = record.operation.to_column();

    row.identity_arn = record.identity.arn.to_column();
    let caller = record.identity.arn.get().map(identity).unwrap_or_default();
    row.principal = caller.principal.map(Cow::Borrowed);
    row.session = caller.session.map(Cow::Borrowed);
    row.principal_type = caller.principal_type.map(Cow::Borrowed);

    let error = record.error_code.filter(|raw| raw.get() != "\"\"");
    row.error_code = error.and_then(error_name);
    row.status = Some(status(error, row.error_code.as_deref()).into());
}

/// The error's name; a number is kept as text.
fn error_name(raw: Raw<'_>) -> Option<Cow<'_, str>> {
    let json = raw.get();
    let number = || json.starts_with(|c: char| c.is_ascii_digit()).then_some(Cow::Borrowed(json));
    super::wire::text(json).or_else(number)
}

/// A call with an error field failed, even where its name can't be read.
fn status(error: Option<Raw<'_>>, name: Option<&str>) -> &'static str {
    match error {
        None => invocation::status::OK,
        Some(_) => status::of_error(name.unwrap_or_default()),
    }
}

/// Model, routing and tier. A prompt router's trace names the model that its ARN hides.
fn fill_model<'r>(
    row: &mut InvocationRef<'r>,
    record: &'r Record<'_>,
    request: &'r Request<'_>,
    response: &'r Response<'_>,
) {
    let addressed_id = record.model_id.get();
    let model = response.invoked_model.as_deref().or(addressed_id).map(addressed);
    let model = model.unwrap_or_default();
    row.model_id = addressed_id.map(Cow::Borrowed);
    row.model = Some(model.model).filter(|model| !model.is_empty()).map(Cow::Borrowed);
    row.provider = model.provider.map(Cow::Borrowed);
    row.routing = model.routing.map(Cow::Borrowed);
    row.inference_profile = model.inference_profile.map(Cow::Borrowed);
    row.service_tier = service_tier(record, request, response);
}

/// What the response says it was served with, else what was asked for.
fn service_tier<'r>(
    record: &Record<'_>,
    request: &'r Request<'_>,
    response: &'r Response<'_>,
) -> Option<Cow<'r, str>> {
    // Asked for `optimized` and served with `standard`: only the latter counts.
    let refused = |tier: &&str| response.tells_performance && *tier == LATENCY_OPTIMIZED;
    let optimized = record.performance.latency.get() == Some("optimized");
    let of_record = optimized.then_some(LATENCY_OPTIMIZED);
    let asked = request.service_tier.as_deref().or(of_record).filter(|tier| !refused(tier));
    response.service_tier.as_deref().or(asked).map(Cow::Borrowed)
}

/// Counts by trust: the record's own, then Bedrock's metrics chunk, then the provider's usage.
fn fill_tokens(row: &mut InvocationRef<'_>, record: &Record<'_>, response: &Response<'_>) {
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
    row.tokens_source = source.map(|(_, name)| (*name).into());
}

/// A guardrail named in the request of a call that went through was attached, trace or not.
fn fill_guardrail<'r>(
    row: &mut InvocationRef<'r>,
    request: &'r Request<'_>,
    response: &'r Response<'_>,
) {
    let seen = &response.guardrail;
    let succeeded = row.status.as_deref() == Some(invocation::status::OK);
    let expected = succeeded && request.guardrail_id.is_some();
    row.guardrail_action = seen.action(expected).map(Cow::Borrowed);
    let asked = request.guardrail_id.as_deref().map(guardrail::bare_id);
    row.guardrail_id = asked.or(seen.id.as_deref()).map(Cow::Borrowed);
    let version = request.guardrail_version.as_deref().or(seen.version.as_deref());
    row.guardrail_version = version.map(Cow::Borrowed);
    row.guardrail_policies = seen.policies().map(Cow::Owned);
}

/// Priced units other than tokens.
fn fill_units<'r>(
    row: &mut InvocationRef<'r>,
    record: &'r Record<'_>,
    request: &'r Request<'_>,
    response: &Response<'_>,
) {
    let output = &record.output;
    row.output_image_width = output.image_width.0;
    row.output_image_height = output.image_height.0;
    let dimensions = output.image_width.0.or(output.image_height.0);
    row.output_images = response.images.or(dimensions.map(|_| 1));
    row.output_image_quality = request.image_quality.as_deref().map(Cow::Borrowed);
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

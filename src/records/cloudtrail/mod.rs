//! One CloudTrail event → one row of `api_events`.
//!
//! Knows the event's fields (record contents reference, CloudTrail user guide) and how to tell an
//! event and a digest from other JSON. Doesn't know where the event's text came from: unwrapping
//! files, envelopes and lists is the caller's, who also fills `object` and `record`.
//!
//! Only what the row needs is read; the rest of the event is skipped over, not built. AWS documents
//! a part of what it writes, so a field of an unexpected type is null and the event is kept.

mod caller;
#[cfg(test)]
mod tests;
mod value;
mod wire;

use std::borrow::Cow;

use crate::schema::api_event::{ApiEventRef, BEDROCK_SOURCE, RUNTIME_OPERATIONS};
use crate::schema::reject::reason;

use super::timestamp;
pub(super) use caller::LastCaller;
use value::Word;
pub(super) use wire::Event;

/// Whether an object with these top-level keys is a CloudTrail event; `has` tells if a key is there.
///
/// The time is left out on purpose: an event without it is an event that can't be placed.
pub(crate) fn is_event(has: impl Fn(&str) -> bool) -> bool {
    let marked = ["eventVersion", "eventID", "eventTime", "eventType"].into_iter().any(&has);
    marked && (has("eventSource") && has("eventName") || has("insightDetails"))
}

/// Whether an object with these top-level keys is a CloudTrail digest; `has` tells if a key is there.
pub(crate) fn is_digest(has: impl Fn(&str) -> bool) -> bool {
    ["digestStartTime", "digestEndTime", "digestS3Object"].into_iter().any(has)
}

/// The row of an event; `object` and `record` stay null for the caller to fill. `last` knows who made
/// the last event of this kind, if there was one.
///
/// # Errors
/// A [`reason`]: `invalid_json` for a key that occurs twice (which value holds is anyone's guess),
/// `unknown_schema` when it is no CloudTrail event, `bad_timestamp` when `eventTime` is missing or
/// no time.
pub(super) fn row<'a>(
    event: &Event<'a>,
    last: &mut LastCaller<'a>,
) -> Result<ApiEventRef<'a>, &'static str> {
    check(event)?;
    let event_time =
        event.event_time.get().and_then(timestamp::parse).ok_or(reason::BAD_TIMESTAMP)?;
    let mut row = ApiEventRef { event_time: Some(event_time), ..about_event(event) };
    about_connection(event, &mut row);
    about_insight(event, &mut row);
    about_call(event, &mut row);
    caller::fill(event, &mut row, last);
    Ok(row)
}

fn check(event: &Event<'_>) -> Result<(), &'static str> {
    if event.is_ambiguous() {
        return Err(reason::INVALID_JSON);
    }
    // S3 notifications and the batches of streams and queues look alike; their source is `aws:…`.
    let foreign = event.event_source.get().is_some_and(|source| source.starts_with("aws:"));
    if foreign || !is_event(|key| event.has(key)) {
        return Err(reason::UNKNOWN_SCHEMA);
    }
    Ok(())
}

fn about_event<'a>(event: &Event<'a>) -> ApiEventRef<'a> {
    let addendum = &event.addendum;
    ApiEventRef {
        event_id: event.event_id.text(),
        shared_event_id: event.shared_event_id.text(),
        request_id: event.request_id.text(),
        recipient_account_id: event.recipient_account_id.text(),
        region: event.aws_region.text(),
        event_source: event.event_source.text(),
        event_name: event.event_name.text(),
        event_type: event.event_type.text(),
        event_category: event.event_category.text(),
        read_only: event.read_only.0,
        error_code: event.error_code.text(),
        error_message: event.error_message.text(),
        resources: event.resources.compact(),
        addendum_reason: addendum.reason.text(),
        original_event_id: addendum.original_event_id.text(),
        ..ApiEventRef::default()
    }
}

fn about_connection<'a>(event: &Event<'a>, row: &mut ApiEventRef<'a>) {
    let tls = &event.tls_details;
    row.source_ip_address = event.source_ip_address.text();
    row.user_agent = event.user_agent.text();
    row.tls_version = tls.tls_version.text();
    row.host_header = tls.client_provided_host_header.text();
    row.vpc_endpoint_id = event.vpc_endpoint_id.text();
}

/// An Insight names the call it is about one level down, and has no caller of its own.
fn about_insight<'a>(event: &Event<'a>, row: &mut ApiEventRef<'a>) {
    let insight = &event.insight_details.value;
    let unless_known = |known: &mut Option<Cow<'a, str>>, word: &Word<'a>| {
        if known.is_none() {
            *known = word.text();
        }
    };
    unless_known(&mut row.event_source, &insight.event_source);
    unless_known(&mut row.event_name, &insight.event_name);
    unless_known(&mut row.error_code, &insight.error_code);
    row.insight_details = event.insight_details.compact();
}

/// What was asked for. Of the four runtime operations only ids, Region and counts are taken: no
/// prompt is known to be in their parameters, and none could get through.
fn about_call<'a>(event: &Event<'a>, row: &mut ApiEventRef<'a>) {
    let request = &event.request_parameters.value;
    let config = &request.guardrail_config;
    let additional = &event.additional_event_data.value;

    row.model_id = request.model_id.text();
    row.guardrail_id =
        request.guardrail_identifier.text().or_else(|| config.guardrail_identifier.text());
    row.inference_region = additional.inference_region.text();
    row.input_tokens = additional.input_tokens.0.or(additional.input_token_count.0);
    row.output_tokens = additional.output_tokens.0.or(additional.output_token_count.0);
    if !is_runtime_call(row) {
        row.request_parameters = event.request_parameters.compact();
        row.additional_event_data = event.additional_event_data.compact();
    }
}

fn is_runtime_call(row: &ApiEventRef<'_>) -> bool {
    row.event_source.as_deref() == Some(BEDROCK_SOURCE)
        && row.event_name.as_deref().is_some_and(|name| RUNTIME_OPERATIONS.contains(&name))
}

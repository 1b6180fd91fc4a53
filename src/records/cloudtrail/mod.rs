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
mod wire;

use std::borrow::Cow;

use crate::schema::api_event::{ApiEventRef, BEDROCK_SOURCE, RUNTIME_OPERATIONS};
use crate::schema::reject::reason;

use super::timestamp;
pub(super) use wire::Event;
use wire::{count, flag, text};

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

/// The row of an event; `object` and `record` stay null for the caller to fill.
///
/// # Errors
/// A [`reason`]: `invalid_json` for a key that occurs twice (which value holds is anyone's guess),
/// `unknown_schema` when it is no CloudTrail event, `bad_timestamp` when `eventTime` is missing or
/// no time.
pub(super) fn row<'r>(event: &'r Event<'_>) -> Result<ApiEventRef<'r>, &'static str> {
    check(event)?;
    let event_time = text(event.event_time)
        .and_then(|time| timestamp::parse(&time))
        .ok_or(reason::BAD_TIMESTAMP)?;
    let mut row = ApiEventRef { event_time: Some(event_time), ..about_event(event) };
    about_connection(event, &mut row);
    about_insight(event, &mut row);
    about_call(event, &mut row);
    caller::fill(event, &mut row);
    Ok(row)
}

fn check(event: &Event<'_>) -> Result<(), &'static str> {
    if event.is_ambiguous() {
        return Err(reason::INVALID_JSON);
    }
    // S3 notifications and the batches of streams and queues look alike; their source is `aws:…`.
    let foreign = text(event.event_source).is_some_and(|source| source.starts_with("aws:"));
    if foreign || !is_event(|key| event.has(key)) {
        return Err(reason::UNKNOWN_SCHEMA);
    }
    Ok(())
}

fn about_event<'r>(event: &'r Event<'_>) -> ApiEventRef<'r> {
    let addendum = &event.addendum;
    ApiEventRef {
        event_id: text(event.event_id),
        shared_event_id: text(event.shared_event_id),
        request_id: text(event.request_id),
        recipient_account_id: text(event.recipient_account_id),
        region: text(event.aws_region),
        event_source: text(event.event_source),
        event_name: text(event.event_name),
        event_type: text(event.event_type),
        event_category: text(event.event_category),
        read_only: flag(event.read_only),
        error_code: text(event.error_code),
        error_message: text(event.error_message),
        resources: event.resources.compact(),
        addendum_reason: text(addendum.reason),
        original_event_id: text(addendum.original_event_id),
        ..ApiEventRef::default()
    }
}

fn about_connection<'r>(event: &'r Event<'_>, row: &mut ApiEventRef<'r>) {
    let tls = &event.tls_details;
    row.source_ip_address = text(event.source_ip_address);
    row.user_agent = text(event.user_agent);
    row.tls_version = text(tls.tls_version);
    row.host_header = text(tls.client_provided_host_header);
    row.vpc_endpoint_id = text(event.vpc_endpoint_id);
}

/// An Insight names the call it is about one level down, and has no caller of its own.
fn about_insight<'r>(event: &'r Event<'_>, row: &mut ApiEventRef<'r>) {
    let insight = &event.insight_details.value;
    let unless_known = |known: &mut Option<Cow<'r, str>>, raw| {
        if known.is_none() {
            *known = text(raw);
        }
    };
    unless_known(&mut row.event_source, insight.event_source);
    unless_known(&mut row.event_name, insight.event_name);
    unless_known(&mut row.error_code, insight.error_code);
    row.insight_details = event.insight_details.compact();
}

/// What was asked for. Of the four runtime operations only ids, Region and counts are taken: no
/// prompt is known to be in their parameters, and none could get through.
fn about_call<'r>(event: &'r Event<'_>, row: &mut ApiEventRef<'r>) {
    let request = &event.request_parameters.value;
    let config = &request.guardrail_config;
    let additional = &event.additional_event_data.value;

    row.model_id = text(request.model_id);
    row.guardrail_id =
        text(request.guardrail_identifier).or_else(|| text(config.guardrail_identifier));
    row.inference_region = text(additional.inference_region);
    row.input_tokens =
        count(additional.input_tokens).or_else(|| count(additional.input_token_count));
    row.output_tokens =
        count(additional.output_tokens).or_else(|| count(additional.output_token_count));
    if !is_runtime_call(row) {
        row.request_parameters = event.request_parameters.compact();
        row.additional_event_data = event.additional_event_data.compact();
    }
}

fn is_runtime_call(row: &ApiEventRef<'_>) -> bool {
    row.event_source.as_deref() == Some(BEDROCK_SOURCE)
        && row.event_name.as_deref().is_some_and(|name| RUNTIME_OPERATIONS.contains(&name))
}

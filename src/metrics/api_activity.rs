//! What CloudTrail saw of Bedrock by the hour: calls, refusals, changes, calls from outside.
//!
//! Counts of events, never of logged calls. Null in a column makes an event count as none of its kind.

use polars::prelude::{DataType, Expr, LazyFrame, SortMultipleOptions, col, lit};

use super::coverage::is_runtime_call;
use crate::schema::api_activity::{
    API_CALLS, DENIED_CALLS, EXTERNAL_CALLS, FAILED_AUTHENTICATIONS, HOUR, KEY, MANAGEMENT_ACTIONS,
    REJECTS,
};
use crate::schema::api_event::{
    BEDROCK_SOURCE, ERROR_CODE, EVENT_NAME, EVENT_SOURCE, EVENT_TIME, MANTLE_SOURCE, READ_ONLY,
    SOURCE_IP_ADDRESS, USER_AGENT,
};
use crate::schema::reject::OBJECT_TIME;

/// Refused for want of permission; the names differ by service and protocol.
const DENIED: &str = "(?i)^(client\\.)?(accessdenied|unauthorizedoperation|notauthorized)";
/// Refused since the caller isn't known, or the signature is wrong or too old.
const UNAUTHENTICATED: &str = "(?i)^(unrecognizedclient|invalidclienttokenid|expiredtoken|\
     signaturedoesnotmatch|invalidsignature|missingauthenticationtoken|incompletesignature|\
     invalidaccesskeyid|requestexpired)";
/// An address, and not the name of a service.
const ADDRESS: &str = "^([0-9]{1,3}\\.){3}[0-9]{1,3}$|:";
/// Loopback, link-local, private, shared (RFC 1918, 3927, 4193, 6598).
const PRIVATE: &str = "(?i)^(10\\.|127\\.|169\\.254\\.|192\\.168\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|\
     100\\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\\.|f[cd][0-9a-f]{2}:|fe80:|::1$)";

/// By what the events of an hour can be grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKey {
    /// The address.
    SourceIp,
    /// What the caller calls its program: the user agent up to its first `/` or blank.
    Program,
    /// The name of the management action; other events have none.
    Action,
}

/// Counts of Bedrock's events by UTC hour, sorted.
///
/// In: `api_events`. Out: `hour` and the counts of [`api_activity`](crate::schema::api_activity).
pub fn hourly_activity(api_events: LazyFrame) -> LazyFrame {
    let count = |condition: Expr, name: &'static str| {
        condition.fill_null(lit(false)).cast(DataType::Int64).sum().alias(name)
    };
    of_bedrock(api_events)
        .group_by([col(HOUR)])
        .agg([
            events(),
            count(matches(ERROR_CODE, DENIED), DENIED_CALLS),
            count(matches(ERROR_CODE, UNAUTHENTICATED), FAILED_AUTHENTICATIONS),
            count(is_management(), MANAGEMENT_ACTIONS),
            count(is_external(), EXTERNAL_CALLS),
        ])
        .sort([HOUR], SortMultipleOptions::default())
}

/// Bedrock's events by UTC hour and a key, sorted; events without the key are left out.
///
/// Out: `hour`, `key`, `api_calls`.
pub fn hourly_by(api_events: LazyFrame, key: EventKey) -> LazyFrame {
    let rows = of_bedrock(api_events);
    let rows = match key {
        EventKey::SourceIp => rows
            .filter(matches(SOURCE_IP_ADDRESS, ADDRESS))
            .with_columns([col(SOURCE_IP_ADDRESS).alias(KEY)]),
        EventKey::Program => {
            rows.with_columns([col(USER_AGENT).str().extract(lit("^[^/\\s]+"), 0).alias(KEY)])
        }
        EventKey::Action => rows.filter(is_management()).with_columns([col(EVENT_NAME).alias(KEY)]),
    };
    rows.filter(col(KEY).is_not_null())
        .group_by([col(HOUR), col(KEY)])
        .agg([events()])
        .sort([HOUR, KEY], SortMultipleOptions::default())
}

/// Rejected records by the UTC hour of their object, sorted. Out: `hour`, `rejects`.
pub fn hourly_rejects(rejects: LazyFrame) -> LazyFrame {
    rejects
        .filter(col(OBJECT_TIME).is_not_null())
        .with_columns([col(OBJECT_TIME).dt().truncate(lit("1h")).alias(HOUR)])
        .group_by([col(HOUR)])
        .agg([polars::prelude::len().cast(DataType::Int64).alias(REJECTS)])
        .sort([HOUR], SortMultipleOptions::default())
}

fn of_bedrock(api_events: LazyFrame) -> LazyFrame {
    let source = |name: &'static str| col(EVENT_SOURCE).eq(lit(name));
    api_events
        .filter(source(BEDROCK_SOURCE).or(source(MANTLE_SOURCE)))
        .filter(col(EVENT_TIME).is_not_null())
        .with_columns([col(EVENT_TIME).dt().truncate(lit("1h")).alias(HOUR)])
}

fn events() -> Expr {
    polars::prelude::len().cast(DataType::Int64).alias(API_CALLS)
}

fn matches(column: &'static str, pattern: &'static str) -> Expr {
    col(column).str().contains(lit(pattern), true)
}

fn is_management() -> Expr {
    col(READ_ONLY).eq(lit(false)).and(is_runtime_call().not())
}

fn is_external() -> Expr {
    matches(SOURCE_IP_ADDRESS, ADDRESS).and(matches(SOURCE_IP_ADDRESS, PRIVATE).not())
}

#[cfg(test)]
mod tests {
    use polars::prelude::{DataFrame, IntoLazy};

    use super::{EventKey, hourly_activity, hourly_by};
    use crate::metrics::small_frame::{integers, texts};
    use crate::schema::api_activity::{
        API_CALLS, DENIED_CALLS, EXTERNAL_CALLS, FAILED_AUTHENTICATIONS, KEY, MANAGEMENT_ACTIONS,
    };
    use crate::schema::api_event::ApiEvent;
    use crate::schema::{Row, TimeMs};

    fn event(name: &str, change: impl FnOnce(&mut ApiEvent)) -> ApiEvent {
        let mut event = ApiEvent {
            event_time: Some(TimeMs(3_600_000 * 5 + 60_000)),
            event_source: Some("bedrock.amazonaws.com".to_owned()),
            event_name: Some(name.to_owned()),
            ..ApiEvent::default()
        };
        change(&mut event);
        event
    }

    fn frame(events: Vec<ApiEvent>) -> DataFrame {
        ApiEvent::frame(events).expect("a frame")
    }

    #[test]
    fn events_are_told_apart_by_what_they_say() {
        let text = |text: &str| Some(text.to_owned());
        let from = |ip: &str| event("Converse", |one| one.source_ip_address = text(ip));
        let failed = |code: &str| event("Converse", |one| one.error_code = text(code));
        let events = vec![
            from("203.0.113.9"),
            from("2001:db8::1"),
            from("10.1.2.3"),
            from("172.20.0.1"),
            from("fd00:1::2"),
            from("lambda.amazonaws.com"),
            failed("AccessDenied"),
            failed("Client.UnauthorizedOperation"),
            failed("ExpiredTokenException"),
            failed("ThrottlingException"),
            event("CreateGuardrail", |one| one.read_only = Some(false)),
            event("InvokeModel", |one| one.read_only = Some(false)),
            event("ListGuardrails", |one| one.read_only = Some(true)),
            event("PutObject", |one| one.event_source = text("s3.amazonaws.com")),
        ];
        let found = hourly_activity(frame(events).lazy()).collect().expect("counts");
        assert_eq!(found.height(), 1);
        for (name, expected) in [
            (API_CALLS, 13),
            (EXTERNAL_CALLS, 2),
            (DENIED_CALLS, 2),
            (FAILED_AUTHENTICATIONS, 1),
            (MANAGEMENT_ACTIONS, 1),
        ] {
            assert_eq!(integers(&found, name).expect("a column"), [Some(expected)], "{name}");
        }
    }

    #[test]
    fn programs_are_the_first_word_of_the_user_agent() {
        let by = |agent: &str| event("Converse", |one| one.user_agent = Some(agent.to_owned()));
        let events = vec![by("Boto3/1.34 md/x"), by("Boto3/1.35"), by("curl"), by("aws cli")];
        let found = hourly_by(frame(events).lazy(), EventKey::Program).collect().expect("programs");
        let keys: Vec<String> = texts(&found, KEY).expect("keys").into_iter().flatten().collect();
        assert_eq!(keys, ["Boto3", "aws", "curl"]);
        assert_eq!(integers(&found, API_CALLS).expect("counts")[0], Some(2));
    }
}

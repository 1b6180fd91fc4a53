//! Access reviews of a few events and calls, and the policies they suggest.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use polars::prelude::IntoLazy;

use super::{
    AccessReview, HintKind, PrincipalAccess, Spend, SuggestedPolicy, Windows, access_review,
};
use crate::metrics::{event_summary, summary};
use crate::period::Period;
use crate::schema::api_event::ApiEvent;
use crate::schema::invocation::Invocation;
use crate::schema::{Row, TimeMs};

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).expect("a time").to_utc()
}

fn ms(text: &str) -> TimeMs {
    TimeMs(at(text).timestamp_millis())
}

fn event(time: &str, principal: &str, name: &str, model_id: Option<&str>) -> ApiEvent {
    ApiEvent {
        event_time: Some(ms(time)),
        account_id: Some("111122223333".to_owned()),
        region: Some("us-east-1".to_owned()),
        principal: Some(principal.to_owned()),
        identity_arn: Some(format!("arn:aws:sts::111122223333:assumed-role/{principal}/s")),
        event_source: Some("bedrock.amazonaws.com".to_owned()),
        event_name: Some(name.to_owned()),
        read_only: Some(!name.starts_with("Put")),
        credential_class: Some("role_session".to_owned()),
        model_id: model_id.map(str::to_owned),
        ..ApiEvent::default()
    }
}

fn call(time: &str, principal: &str, model_id: &str) -> Invocation {
    Invocation {
        event_time: Some(ms(time)),
        account_id: Some("111122223333".to_owned()),
        region: Some("us-east-1".to_owned()),
        principal: Some(principal.to_owned()),
        principal_type: Some("role".to_owned()),
        identity_arn: Some(format!("arn:aws:sts::111122223333:assumed-role/{principal}/s")),
        operation: Some("ConverseStream".to_owned()),
        model_id: Some(model_id.to_owned()),
        status: Some("ok".to_owned()),
        ..Invocation::default()
    }
}

fn reviewed(events: Vec<ApiEvent>, calls: Vec<Invocation>) -> (AccessReview, Vec<SuggestedPolicy>) {
    let review = Period { from: at("2026-07-01T00:00:00Z"), to: at("2026-10-01T00:00:00Z") };
    let events = event_summary::each_counted(ApiEvent::frame(events).expect("a frame").lazy());
    let calls = summary::each_counted(Invocation::frame(calls).expect("a frame").lazy());
    let spend: BTreeMap<_, Spend> = BTreeMap::new();
    access_review(&events, &calls, &spend, Windows::new(review, 30, at("2026-12-01T00:00:00Z")))
        .expect("a review")
}

fn principal<'a>(review: &'a AccessReview, name: &str) -> &'a PrincipalAccess {
    let found = review.principals.iter().find(|one| one.who.principal.as_deref() == Some(name));
    found.expect("the principal")
}

#[test]
fn both_logs_are_counted_apart_and_days_once() {
    let denied = ApiEvent {
        error_code: Some("AccessDenied".to_owned()),
        ..event("2026-08-02T10:00:00Z", "chat", "InvokeModel", Some("m"))
    };
    let (review, _) = reviewed(
        vec![
            event("2026-08-01T10:00:00Z", "chat", "ConverseStream", Some("m")),
            event("2026-08-01T11:00:00Z", "chat", "PutFoundationModelEntitlement", None),
            denied,
            event("2026-10-01T00:00:00Z", "chat", "ConverseStream", Some("m")),
        ],
        vec![
            call("2026-08-01T10:00:00Z", "chat", "m"),
            call("2026-06-01T10:00:00Z", "chat", "m"),
            call("2026-09-30T23:59:59Z", "chat", "n"),
        ],
    );
    let chat = principal(&review, "chat");
    assert_eq!((chat.calls, chat.denied_calls, chat.admin_actions), (3, 1, 1));
    assert_eq!((chat.requests, chat.denied_requests, chat.active_days), (2, 0, 3));
    assert_eq!(chat.first_seen, Some(at("2026-06-01T10:00:00Z")));
    assert_eq!(chat.last_seen, Some(at("2026-09-30T23:59:59Z")));
    assert_eq!(chat.denials.len(), 1);
    assert_eq!(chat.denials[0].calls, 1);
    let models: Vec<&str> = chat.models.iter().map(|used| used.name.as_str()).collect();
    assert_eq!(models, ["m", "n"]);
    assert_eq!(review.policy_days_held, 90);
}

#[test]
fn what_is_no_longer_used_is_told_once() {
    let (review, _) = reviewed(
        vec![],
        vec![
            call("2026-07-01T10:00:00Z", "chat", "old"),
            call("2026-09-20T10:00:00Z", "chat", "new"),
            call("2026-05-01T10:00:00Z", "gone", "old"),
        ],
    );
    let hints: Vec<_> =
        principal(&review, "chat").unused.iter().map(|h| (h.kind, &*h.name)).collect();
    assert_eq!(hints, [(HintKind::Model, "old")]);
    let gone = principal(&review, "gone");
    assert!(!gone.is_active());
    assert_eq!((gone.unused.len(), gone.unused[0].kind), (1, HintKind::Principal));
    assert_eq!(gone.unused[0].days_unused, 152);
}

#[test]
fn a_policy_names_what_was_used_and_allowed_in_its_days() {
    let refused = ApiEvent {
        error_code: Some("AccessDeniedException".to_owned()),
        ..event("2026-08-02T10:00:00Z", "chat", "InvokeModel", Some("anthropic.never-v1:0"))
    };
    let guarded = Invocation {
        guardrail_id: Some("gr1".to_owned()),
        ..call("2026-09-01T10:00:00Z", "chat", "us.anthropic.claude-sonnet-4-20250514-v1:0")
    };
    let (_, policies) = reviewed(
        vec![refused, event("2026-09-01T10:00:00Z", "chat", "ListFoundationModels", None)],
        vec![
            guarded,
            call("2026-09-02T10:00:00Z", "chat", "amazon.nova-lite-v1:0"),
            call("2026-06-01T10:00:00Z", "chat", "amazon.too-old-v1:0"),
        ],
    );
    let policy = serde_json::to_value(&policies[0].policy).expect("JSON");
    let profile = "arn:aws:bedrock:us-east-1:111122223333:inference-profile/\
                   us.anthropic.claude-sonnet-4-20250514-v1:0";
    let expected = serde_json::json!({"Version": "2012-10-17", "Statement": [
        {"Sid": "InvokeModels", "Effect": "Allow",
         "Action": ["bedrock:InvokeModelWithResponseStream"],
         "Resource": ["arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"],
         "Condition": {"StringEquals": {"aws:RequestedRegion": ["us-east-1"]}}},
        {"Sid": "InvokeProfiles", "Effect": "Allow",
         "Action": ["bedrock:InvokeModelWithResponseStream"], "Resource": [profile]},
        {"Sid": "ModelsOfProfiles", "Effect": "Allow",
         "Action": ["bedrock:InvokeModelWithResponseStream"],
         "Resource": ["arn:aws:bedrock:*::foundation-model/anthropic.claude-sonnet-4-20250514-v1:0"],
         "Condition": {"StringEquals": {"bedrock:InferenceProfileArn": [profile]}}},
        {"Sid": "ApplyGuardrails", "Effect": "Allow", "Action": ["bedrock:ApplyGuardrail"],
         "Resource": ["arn:aws:bedrock:us-east-1:111122223333:guardrail/gr1"]},
        {"Sid": "OtherActions", "Effect": "Allow", "Action": ["bedrock:ListFoundationModels"],
         "Resource": ["*"],
         "Condition": {"StringEquals": {"aws:RequestedRegion": ["us-east-1"]}}},
    ]});
    assert_eq!(policy, expected);
    assert!(!policies[0].remarks.is_empty());
}

#[test]
fn the_days_held_are_those_since_the_first_use() {
    let (review, policies) = reviewed(vec![], vec![call("2026-09-01T00:00:00Z", "chat", "m")]);
    assert_eq!(review.policy_days_held, 30);
    assert_eq!(policies.len(), 1);
}

#[test]
fn of_a_period_that_is_not_over_days_count_back_from_now() {
    let period = Period { from: at("2026-07-01T00:00:00Z"), to: at("2026-10-01T00:00:00Z") };
    let windows = Windows::new(period, 30, at("2026-08-15T00:00:00Z"));
    assert_eq!(windows.unused_since, at("2026-07-16T00:00:00Z"));
    assert_eq!(windows.policy.to, at("2026-08-15T00:00:00Z"));
}

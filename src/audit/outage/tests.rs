//! Acts, outages and silences of small made-up days.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use polars::prelude::IntoLazy;
use serde_json::{Value, json};

use super::{
    Act, Aspect, Effect, Ending, Evidence, Hour, Ledger, Outage, OutageKind, Recorder, State,
    candidates, ledger, read_acts,
};
use crate::period::Period;
use crate::schema::api_event::ApiEvent;
use crate::schema::{Row, TimeMs};

const BEDROCK: &str = "bedrock.amazonaws.com";
const TRAIL: &str = "cloudtrail.amazonaws.com";
const S3: &str = "s3.amazonaws.com";

fn at(clock: &str) -> DateTime<Utc> {
    format!("2026-11-09T{clock}:00Z").parse().expect("a time")
}

fn day() -> Period {
    Period { from: at("00:00"), to: "2026-11-10T00:00:00Z".parse().expect("a time") }
}

fn event(clock: &str, source: &str, name: &str, parameters: &Value) -> ApiEvent {
    let text = |text: &str| Some(text.to_owned());
    ApiEvent {
        event_id: Some(format!("{clock}-{name}")),
        event_time: Some(TimeMs(at(clock).timestamp_millis())),
        event_source: text(source),
        event_name: text(name),
        account_id: text("111122223333"),
        region: text("us-west-2"),
        principal: text("DevAdmin"),
        request_parameters: (!parameters.is_null()).then(|| parameters.to_string()),
        ..ApiEvent::default()
    }
}

fn acts(events: Vec<ApiEvent>) -> Vec<Act> {
    let frame = ApiEvent::frame(events).expect("a frame");
    read_acts(&candidates(frame.lazy()).collect().expect("events")).expect("acts")
}

fn hour(clock: &str, called: i64, requests: i64) -> Hour {
    let start = at(clock);
    let minute = |minute: i64| (requests > 0).then(|| start + chrono::Duration::minutes(minute));
    Hour {
        account: Some("111122223333".to_owned()),
        region: Some("us-west-2".to_owned()),
        start,
        called,
        succeeded: called,
        logged: requests.min(called),
        requests,
        first_logged: minute(5),
        last_logged: minute(55),
    }
}

fn read(events: Vec<ApiEvent>, hours: Vec<Hour>) -> Ledger {
    let buckets = BTreeSet::new();
    ledger(Evidence { period: day(), acts: acts(events), hours, buckets: &buckets })
}

/// `kind from-to ending` of each outage.
fn told(outages: &[Outage]) -> Vec<String> {
    let clock = |at: Option<DateTime<Utc>>| {
        at.map_or_else(|| "…".to_owned(), |at| at.format("%H:%M").to_string())
    };
    let line = |outage: &Outage| {
        format!(
            "{:?} {:?} {}-{} {:?}",
            outage.kind,
            outage.aspect,
            clock(outage.from),
            clock(outage.to),
            outage.ending
        )
    };
    outages.iter().map(line).collect()
}

const DELETE: &str = "DeleteModelInvocationLoggingConfiguration";
const PUT: &str = "PutModelInvocationLoggingConfiguration";

fn configured() -> Value {
    json!({"loggingConfig": {"s3Config": {"bucketName": "acme-logs", "keyPrefix": "bedrock"}}})
}

#[test]
fn logging_is_out_from_its_deletion_until_it_is_set_up_again() {
    let events = vec![
        event("03:10", BEDROCK, DELETE, &Value::Null),
        event("05:40", BEDROCK, PUT, &configured()),
    ];
    let hours = vec![hour("02:00", 3, 3), hour("04:00", 9, 0), hour("06:00", 2, 2)];
    let found = read(events, hours);
    assert_eq!(told(&found.outages), ["Stopped Recording 03:10-05:40 Restored"]);
    let outage = &found.outages[0];
    assert_eq!(outage.begun_by.as_ref().and_then(|act| act.principal.as_deref()), Some("DevAdmin"));
    assert_eq!(outage.ended_by.as_ref().map(|act| act.event_name.as_str()), Some(PUT));
    assert_eq!(found.buckets, BTreeSet::from(["acme-logs".to_owned()]));
    let place = &found.places[0];
    assert_eq!((place.at_start, place.at_end), (State::On, State::On));
    let hours = place.hours;
    assert_eq!((hours.expected, hours.recorded, hours.silent, hours.unknown), (24, 2, 1, 21));
}

#[test]
fn a_refused_call_changes_nothing_and_is_told() {
    let refused = ApiEvent {
        error_code: Some("AccessDenied".to_owned()),
        ..event("03:10", BEDROCK, DELETE, &Value::Null)
    };
    let found = read(vec![refused], vec![]);
    assert_eq!(found.outages, []);
    assert_eq!(found.acts[0].effect, Effect::Refused);
    assert_eq!(found.acts[0].detail, "failed (AccessDenied); else invocation logging was deleted");
    assert_eq!(found.places, []);
}

#[test]
fn logging_that_nobody_puts_back_is_open_or_ends_where_calls_are_logged_again() {
    let deleted = || vec![event("03:10", BEDROCK, DELETE, &Value::Null)];
    let open = read(deleted(), vec![hour("03:00", 4, 2)]);
    assert_eq!(told(&open.outages), ["Stopped Recording 03:10-… Open"]);
    assert_eq!(open.places[0].at_end, State::Off);
    let again = read(deleted(), vec![hour("03:00", 4, 2), hour("07:00", 4, 4)]);
    assert_eq!(told(&again.outages), ["Stopped Recording 03:10-07:05 LogsAgain"]);
    assert_eq!(again.places[0].at_end, State::On);
}

#[test]
fn a_second_deletion_after_logs_were_seen_begins_another_outage() {
    let events = vec![
        event("03:10", BEDROCK, DELETE, &Value::Null),
        event("09:00", BEDROCK, DELETE, &Value::Null),
        event("10:00", BEDROCK, PUT, &configured()),
    ];
    let found = read(events, vec![hour("05:00", 4, 4)]);
    assert_eq!(
        told(&found.outages),
        ["Stopped Recording 03:10-05:05 LogsAgain", "Stopped Recording 09:00-10:00 Restored"]
    );
}

#[test]
fn a_configuration_without_destination_stops_and_one_without_text_reduces() {
    let empty = json!({"loggingConfig": {"textDataDeliveryEnabled": true}});
    let mut no_text = configured();
    no_text["loggingConfig"]["textDataDeliveryEnabled"] = json!(false);
    let events = vec![event("03:00", BEDROCK, PUT, &empty), event("04:00", BEDROCK, PUT, &no_text)];
    assert_eq!(
        told(&read(events, vec![]).outages),
        ["Stopped Recording 03:00-04:00 Restored", "Reduced Bodies 04:00-… Open"]
    );
}

#[test]
fn silent_hours_without_an_act_lie_between_the_logged_requests_around_them() {
    let hours = vec![
        hour("01:00", 2, 2),
        hour("03:00", 5, 0),
        hour("05:00", 5, 0),
        hour("06:00", 2, 1),
        hour("22:00", 3, 0),
    ];
    let found = read(vec![], hours);
    assert_eq!(
        told(&found.outages),
        ["Silent Recording 01:55-06:05 LogsAgain", "Silent Recording 06:55-… Open"]
    );
    assert_eq!((found.places[0].at_start, found.places[0].at_end), (State::On, State::Off));
}

#[test]
fn an_hour_whose_calls_all_failed_is_not_silent() {
    let failed = Hour { succeeded: 0, ..hour("03:00", 2, 0) };
    let found = read(vec![], vec![hour("01:00", 1, 1), failed, hour("05:00", 1, 1)]);
    assert_eq!(found.outages, []);
    assert_eq!(found.places[0].hours.unknown, 22);
}

#[test]
fn what_is_silent_before_the_first_log_began_before_the_period() {
    let found = read(vec![], vec![hour("03:00", 5, 0), hour("06:00", 2, 2)]);
    assert_eq!(told(&found.outages), ["Silent Recording …-06:05 LogsAgain"]);
    assert_eq!(found.places[0].at_start, State::Off);
}

#[test]
fn silence_beyond_an_outage_that_events_explain_is_told_apart() {
    let events = vec![
        event("03:10", BEDROCK, DELETE, &Value::Null),
        event("05:40", BEDROCK, PUT, &configured()),
    ];
    let hours =
        vec![hour("02:00", 1, 1), hour("04:00", 5, 0), hour("07:00", 5, 0), hour("09:00", 1, 1)];
    assert_eq!(
        told(&read(events, hours).outages),
        ["Stopped Recording 03:10-05:40 Restored", "Silent Recording 05:40-09:05 LogsAgain"]
    );
}

#[test]
fn a_trail_is_out_while_stopped_and_reduced_while_it_leaves_model_calls_out() {
    let arn = json!({"name": "arn:aws:cloudtrail:us-west-2:111122223333:trail/main"});
    let writes = json!({"trailName": "main", "eventSelectors": [
        {"readWriteType": "WriteOnly", "includeManagementEvents": true}]});
    let all = json!({"trailName": "main", "eventSelectors": [
        {"readWriteType": "All", "includeManagementEvents": true}]});
    let events = vec![
        event("01:00", TRAIL, "StopLogging", &json!({"name": "main"})),
        event("02:00", TRAIL, "StartLogging", &arn),
        event("03:00", TRAIL, "PutEventSelectors", &writes),
        event("04:00", TRAIL, "PutEventSelectors", &all),
        event("05:00", TRAIL, "UpdateTrail", &json!({"name": "main", "isMultiRegionTrail": false})),
        event("06:00", TRAIL, "DeleteTrail", &arn),
    ];
    let found = read(events, vec![]);
    assert_eq!(
        told(&found.outages),
        [
            "Stopped Recording 01:00-02:00 Restored",
            "Reduced ModelCalls 03:00-04:00 Restored",
            "Reduced AllRegions 05:00-… Open",
            "Stopped Recording 06:00-… Open",
        ]
    );
    assert!(found.outages.iter().all(Outage::is_of_a_trail));
    assert!(found.outages.iter().all(|outage| outage.region.is_none()));
}

#[test]
fn of_buckets_only_those_that_hold_logs_count() {
    let change = |bucket: &str| json!({"bucketName": bucket});
    let expire = |bucket: &str| {
        json!({"bucketName": bucket, "LifecycleConfiguration":
            {"Rule": {"ID": "x", "Status": "Enabled", "Expiration": {"Days": 7}}}})
    };
    let trail = json!({"name": "main", "s3BucketName": "trail-logs", "isMultiRegionTrail": true});
    let moved = json!({"name": "main", "s3BucketName": "other-logs"});
    let events = vec![
        event("00:30", S3, "PutBucketLifecycle", &expire("website")),
        event("01:00", TRAIL, "CreateTrail", &trail),
        event("02:00", S3, "PutBucketLifecycle", &expire("trail-logs")),
        event("03:00", S3, "DeleteBucketPolicy", &change("trail-logs")),
        event(
            "04:00",
            S3,
            "DeleteObject",
            &json!({"bucketName": "trail-logs", "key": "AWSLogs/x"}),
        ),
        event("05:00", S3, "DeleteBucket", &change("trail-logs")),
        event("06:00", TRAIL, "UpdateTrail", &moved),
    ];
    let found = read(events, vec![]);
    assert_eq!(
        told(&found.outages),
        [
            "Reduced Retention 02:00-… Open",
            "Reduced Policy 03:00-… Open",
            "Stopped Recording 05:00-… Open",
        ]
    );
    assert_eq!(found.outages[0].target.as_deref(), Some("trail-logs"));
    let details: Vec<&str> = found.acts.iter().map(|act| act.detail.as_str()).collect();
    assert!(details.contains(&"the bucket deletes logs after 7 days"), "{details:?}");
    assert!(details.contains(&"deleted AWSLogs/x"), "{details:?}");
    let move_told = "delivered to s3://other-logs from now on, to s3://trail-logs before";
    assert!(details.contains(&move_told), "{details:?}");
}

#[test]
fn an_outage_from_before_the_period_counts_and_one_that_ended_before_does_not() {
    let earlier = |mut event: ApiEvent, days: i64| {
        let time = event.event_time.expect("a time").0 - days * 86_400_000;
        event.event_time = Some(TimeMs(time));
        event
    };
    let events = vec![
        earlier(event("01:00", TRAIL, "StopLogging", &json!({"name": "a"})), 3),
        earlier(event("02:00", TRAIL, "StartLogging", &json!({"name": "a"})), 3),
        earlier(event("03:00", BEDROCK, DELETE, &Value::Null), 2),
        event("08:00", BEDROCK, PUT, &configured()),
    ];
    let found = read(events, vec![]);
    assert_eq!(found.outages.len(), 1);
    assert_eq!(
        (found.outages[0].kind, found.outages[0].ending),
        (OutageKind::Stopped, Ending::Restored)
    );
    let within = found.outages[0].within(day()).expect("in the period");
    assert_eq!(within, Period { from: at("00:00"), to: at("08:00") });
    assert_eq!(found.places[0].at_start, State::Off);
    assert_eq!(found.acts.len(), 2, "the destination is an act of its own");
    assert!(found.acts.iter().any(|act| act.aspect == Aspect::Destination));
    assert_eq!(found.outages[0].recorder, Recorder::InvocationLogging);
}

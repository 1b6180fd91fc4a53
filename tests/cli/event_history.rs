//! `ingest cloudtrail:REGION`: CloudTrail's event history, asked window by window.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::{Value, json};

use crate::standins::Server;
use crate::support::{Outcome, Sandbox, binary};

/// An account whose events can be looked up.
struct Account {
    server: Server,
    sandbox: Sandbox,
}

impl Account {
    fn new(events: &[Value]) -> Self {
        let account = Self { server: Server::cloudtrail(), sandbox: Sandbox::new() };
        account.happened(events);
        account
    }

    fn happened(&self, events: &[Value]) {
        self.server.ask(&json!({"do": "events", "events": events}));
    }

    fn lens(&self, args: &[&str]) -> Command {
        self.reaching(self.sandbox.lens(args))
    }

    fn reaching(&self, mut command: Command) -> Command {
        for (name, value) in [
            ("AWS_ENDPOINT_URL", self.server.url().as_str()),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "example"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ] {
            command.env(name, value);
        }
        command
    }

    fn ingest(&self, source: &str, [from, to]: [&str; 2]) -> Outcome {
        let args = ["ingest", source, "--from", from, "--to", to, "--json"];
        self.sandbox.outcome(&mut self.lens(&args))
    }

    /// Ingests the Region's events at another time than the tests' own.
    fn ingest_at(&self, as_of: &str, [from, to]: [&str; 2]) -> Outcome {
        let mut command = self.sandbox.command(binary());
        command.arg("--store").arg(self.sandbox.store()).args(["--as-of", as_of]);
        command.args(["ingest", REGION, "--from", from, "--to", to, "--json"]);
        self.sandbox.outcome(&mut self.reaching(command))
    }

    /// The pages asked for since last time.
    fn pages(&self) -> Vec<Value> {
        match self.server.ask(&json!({"do": "requests"}))["requests"].take() {
            Value::Array(requests) => requests,
            other => panic!("no requests: {other}"),
        }
    }

    fn stored(&self) -> i64 {
        let rows = self.sandbox.sql("select count(*) as n from api_events");
        rows[0]["n"].as_i64().expect("a number")
    }
}

fn event(number: usize, time: &str) -> Value {
    json!({
        "eventVersion": "1.11", "eventID": format!("event-{number}"), "eventTime": time,
        "eventSource": if number.is_multiple_of(10) { "iam.amazonaws.com" } else { "bedrock.amazonaws.com" },
        "eventName": "Converse", "awsRegion": "us-east-1", "eventType": "AwsApiCall",
        "recipientAccountId": "111122223333", "readOnly": true,
        "userIdentity": {"type": "IAMUser", "accountId": "111122223333", "userName": "ana"},
    })
}

/// Events a minute apart, from a time on.
fn events(numbers: std::ops::Range<usize>, from: &str) -> Vec<Value> {
    let from: chrono::DateTime<chrono::Utc> = from.parse().expect("a time");
    let first = numbers.start;
    let at = |number: usize| {
        from + chrono::Duration::minutes(i64::try_from(number - first).expect("small"))
    };
    numbers
        .map(|number| event(number, &at(number).format("%Y-%m-%dT%H:%M:%SZ").to_string()))
        .collect()
}

const REGION: &str = "cloudtrail:us-east-1";
const NIGHT: [&str; 2] = ["2026-11-16T00:00:00Z", "2026-11-16T08:00:00Z"];

#[test]
fn every_event_is_read_once_and_what_is_settled_is_not_asked_again() {
    let mut happened = events(0..120, "2026-11-16T00:00:00Z");
    happened.extend(events(120..130, "2026-11-16T04:00:00Z"));
    let account = Account::new(&happened);
    let outcome = account.ingest(REGION, NIGHT).exits(0);
    let summary = outcome.json();
    assert_eq!(summary["api_events"], 130);
    assert_eq!(summary["duplicates"]["api_events"], 0);
    assert_eq!(summary["rejects"], json!({}));
    assert_eq!(summary["objects_ingested"], 2);
    assert!(outcome.stderr.contains("data events"), "{}", outcome.stderr);
    let pages = account.pages();
    assert_eq!(pages.len(), 4, "three pages and one: {pages:?}");
    let times: Vec<f64> = pages.iter().map(|page| page["time"].as_f64().expect("a time")).collect();
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] > 0.5), "{times:?}");
    assert!(pages.iter().all(|page| page["MaxResults"] == 50));

    assert_eq!(account.ingest(REGION, NIGHT).exits(0).json()["objects_ingested"], 0);
    assert_eq!(account.pages(), Vec::<Value>::new());

    // The window that is not over is asked again, and the event that came late is taken in.
    let morning = ["2026-11-17T04:00:00Z", "2026-11-17T08:00:00Z"];
    happened.extend(events(130..135, "2026-11-17T05:30:00Z"));
    account.happened(&happened);
    account.ingest(REGION, morning).exits(0);
    assert_eq!(account.stored(), 135);
    happened.push(event(200, "2026-11-17T05:10:00Z"));
    account.happened(&happened);
    account.ingest_at("2026-11-17T06:30:00Z", morning).exits(0);
    assert_eq!(account.stored(), 136);
    let rows = account.sandbox.sql(
        "select account_id, region, count(*) as n from api_events group by account_id, region",
    );
    assert_eq!(rows, [json!({"account_id": "111122223333", "region": "us-east-1", "n": 136})]);
}

#[test]
fn a_window_that_fails_is_told_kept_apart_and_read_next_time() {
    let mut happened = events(0..5, "2026-11-16T00:10:00Z");
    happened.extend(events(5..10, "2026-11-16T05:00:00Z"));
    happened.extend(events(10..15, "2026-11-16T09:00:00Z"));
    let account = Account::new(&happened);
    let day = ["2026-11-16T00:00:00Z", "2026-11-16T12:00:00Z"];
    account
        .server
        .ask(&json!({"do": "fail", "code": "InvalidTimeRangeException", "from": 1, "count": 1}));
    let outcome = account.ingest(REGION, day).exits(3);
    assert_eq!(outcome.json()["api_events"], 10);
    assert_eq!(outcome.json()["objects_failed"], 1);
    assert!(outcome.stderr.contains("2026-11-16T04:00:00Z"), "{}", outcome.stderr);
    account.pages();
    // Throttling is waited out.
    account
        .server
        .ask(&json!({"do": "fail", "code": "ThrottlingException", "from": 0, "count": 2}));
    assert_eq!(account.ingest(REGION, day).exits(0).json()["api_events"], 5);
    let pages = account.pages();
    assert_eq!(pages.len(), 3, "twice throttled: {pages:?}");
    assert!(pages.iter().all(|page| page["StartTime"] == 1_794_801_600), "{pages:?}");
    assert_eq!(account.stored(), 15);
}

#[test]
fn without_permission_one_answer_is_enough() {
    let account = Account::new(&[]);
    account
        .server
        .ask(&json!({"do": "fail", "code": "AccessDeniedException", "from": 0, "count": 999}));
    let outcome = account.ingest(REGION, ["2026-11-10", "2026-11-16"]).exits(1);
    assert!(outcome.stderr.contains("cloudtrail:LookupEvents"), "{}", outcome.stderr);
    assert_eq!(account.pages().len(), 1);
}

#[test]
fn the_events_of_one_service_can_be_asked_for_and_repeat_no_others() {
    let account = Account::new(&events(0..20, "2026-11-16T00:00:00Z"));
    let bedrock = "cloudtrail:us-east-1/bedrock.amazonaws.com";
    assert_eq!(account.ingest(bedrock, NIGHT).exits(0).json()["api_events"], 18);
    let pages = account.pages();
    let attribute =
        json!([{"AttributeKey": "EventSource", "AttributeValue": "bedrock.amazonaws.com"}]);
    assert!(pages.iter().all(|page| page["LookupAttributes"] == attribute), "{pages:?}");
    let all = account.ingest(REGION, NIGHT).exits(0).json();
    assert_eq!((&all["api_events"], &all["duplicates"]["api_events"]), (&json!(2), &json!(18)));
    assert_eq!(account.stored(), 20);
}

#[test]
fn a_killed_run_carries_on_where_it_was() {
    let mut happened = Vec::new();
    for window in 0..6 {
        let from = format!("2026-11-16T{:02}:30:00Z", window * 4);
        happened.extend(events(window * 10..window * 10 + 10, &from));
    }
    let account = Account::new(&happened);
    let day = ["2026-11-16", "2026-11-17"];
    let args = ["ingest", REGION, "--from", day[0], "--to", day[1], "--quiet"];
    let mut child = account.lens(&args).spawn().expect("the tool starts");
    let store = account.sandbox.store();
    while !store.join("api_events").is_dir() || account.stored() == 0 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    child.kill().expect("killed");
    child.wait().expect("gone");
    account.pages();
    account.ingest(REGION, day).exits(0);
    assert_eq!(account.stored(), 60);
    // A request right after the killed run's last one may be throttled, and is made again.
    let windows: BTreeSet<i64> =
        account.pages().iter().filter_map(|page| page["StartTime"].as_i64()).collect();
    assert!(windows.len() < 6, "what was kept is not asked again: {windows:?}");
}

#[test]
fn where_sts_is_out_of_reach_the_newest_event_names_the_account() {
    let account = Account::new(&events(0..3, "2026-11-16T00:00:00Z"));
    let args = ["ingest", REGION, "--from", NIGHT[0], "--to", NIGHT[1], "--json"];
    let mut command = account.lens(&args);
    command.env("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9").env("AWS_MAX_ATTEMPTS", "1");
    let summary = account.sandbox.outcome(&mut command).exits(0).json();
    assert_eq!(summary["api_events"], 3);
    let rows = account.sandbox.sql("select object from api_events limit 1");
    let object = rows[0]["object"].as_str().expect("text");
    assert!(object.starts_with("cloudtrail:us-east-1/AWSLogs/111122223333/"), "{object}");
}

#[test]
fn what_names_no_region_is_wrong_usage() {
    let sandbox = Sandbox::new();
    for name in ["cloudtrail:", "cloudtrail:nowhere", "cloudtrail:us-east-1/iam"] {
        let outcome = sandbox.run(["ingest", name]).exits(2);
        assert!(outcome.stderr.contains("cloudtrail:us-east-1"), "{}", outcome.stderr);
    }
}

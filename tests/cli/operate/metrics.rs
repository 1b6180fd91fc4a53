//! `metrics publish` and `metrics dashboards`: what CloudWatch has is what the store says, once.

use serde_json::{Value, json};

use super::account::Account;
use crate::standins::Server;
use crate::support::{Record, sample_data};

/// What was put of a metric for the sample's second week and a day, as a sum: `CloudWatch` adds.
fn sum_in_cloudwatch(account: &Account, metric: &str, dimensions: &Value) -> f64 {
    let week = "2026-11-09T00:00:00".."2026-11-17T00:00:00";
    let datums = published(account);
    let of_metric = datums.iter().filter(|datum| {
        datum["metric"] == metric
            && datum["dimensions"] == *dimensions
            && week.contains(&datum["time"].as_str().expect("a time"))
    });
    of_metric.map(|datum| datum["value"].as_f64().expect("a number")).sum()
}

/// Every datum that was put.
fn published(account: &Account) -> Vec<Value> {
    let question = json!({"do": "published", "namespace": "BedrockLens"});
    account.server.ask(&question)["datums"].as_array().expect("datums").clone()
}

/// The same figure by a query.
fn in_store(account: &Account, metric: &str) -> f64 {
    let range = ["--from", "2026-11-09", "--to", "2026-11-17"];
    let rows = account.sandbox.query("", metric, &range);
    match &rows[0][metric] {
        Value::String(money) => money.parse().expect("a number"),
        other => other.as_f64().expect("a number"),
    }
}

#[track_caller]
fn agrees(account: &Account, metric: &str, name: &str) {
    let (there, here) = (sum_in_cloudwatch(account, metric, &json!({})), in_store(account, name));
    assert!((there - here).abs() <= here.abs() * 1e-12, "{metric}: {there} there, {here} here");
}

fn of_sample() -> Account {
    let account = Account::new();
    account.sandbox.ingest(&sample_data(), 0);
    account
}

const WEEK: [&str; 4] = ["--from", "2026-11-09", "--to", "2026-11-17"];

fn publish(account: &Account, more: &[&str], code: i32) -> Value {
    let args = ["metrics", "publish", "--json"].iter().chain(&WEEK).chain(more);
    account.run(args).exits(code).json()
}

#[test]
fn what_is_published_is_what_the_store_says_and_only_once() {
    let account = of_sample();
    let dry = publish(&account, &["--dry-run"], 0);
    assert!(published(&account).is_empty());
    let first = publish(&account, &[], 0);
    assert_eq!(first["sent"], dry["sent"]);
    assert!(first["sent"].as_u64().expect("a count") > 1000, "more than one request: {first}");
    assert_eq!(first["corrections"], 0);
    for (metric, name) in [
        ("Requests", "requests"),
        ("Errors", "errors"),
        ("Throttled", "throttled"),
        ("InputTokens", "input_tokens"),
        ("CacheReadTokens", "cache_read_tokens"),
        ("CostUSD", "cost_usd"),
        ("GuardrailInterventions", "guardrail_interventions"),
    ] {
        agrees(&account, metric, name);
    }
    let models: f64 = account
        .sandbox
        .query("model", "requests", &WEEK)
        .iter()
        .map(|row| {
            let model = row["model"].as_str().expect("a model");
            let there = sum_in_cloudwatch(&account, "Requests", &json!({"Model": model}));
            assert_eq!(Some(there), row["requests"].as_f64(), "{model}");
            there
        })
        .sum();
    assert_eq!(models.to_string(), in_store(&account, "requests").to_string());

    let again = publish(&account, &[], 0);
    assert_eq!((&again["sent"], &again["requests"]), (&json!(0), &json!(0)), "{again}");
    assert_eq!(again["unchanged"], first["sent"]);
    agrees(&account, "Requests", "requests");
}

#[test]
fn late_logs_are_mended_by_the_difference() {
    let account = of_sample();
    publish(&account, &[], 0);
    let late: String = (1..=3)
        .map(|id| Record { time: "2026-11-10T12:30:00Z".to_owned(), ..Record::numbered(id) }.line())
        .collect();
    account.sandbox.write("late/a.json", late);
    account.run(["ingest", "../late"]).exits(0);
    let mended = publish(&account, &[], 0);
    assert!(mended["corrections"].as_u64().expect("a count") > 0, "{mended}");
    assert!(mended["sent"].as_u64() < Some(100), "only what changed: {mended}");
    agrees(&account, "Requests", "requests");
    agrees(&account, "InputTokens", "input_tokens");
    agrees(&account, "CostUSD", "cost_usd");
}

#[test]
fn a_request_without_an_answer_is_unknown_and_sent_again_only_when_asked() {
    let account = of_sample();
    let proxy = Server::faults_before(&account.server);
    proxy.ask(
        &json!({"do": "rules", "rules": [{"target": "PutMetricData", "close": true, "times": 1}]}),
    );
    let run = |more: &[&str], code: i32| -> Value {
        let args = ["metrics", "publish", "--json"].iter().chain(&WEEK).chain(more);
        let mut command = account.reaching(&proxy.url(), args);
        account.sandbox.outcome(&mut command).exits(code).json()
    };
    let first = run(&[], 3);
    assert_eq!(first["failed"], 1000, "one batch: {first}");
    assert!(first["sent"].as_u64() > Some(0), "the others were sent all the same");
    let second = run(&[], 0);
    assert_eq!((&second["unknown"], &second["sent"]), (&json!(1000), &json!(0)), "{second}");
    let third = run(&["--resend"], 0);
    assert_eq!((&third["unknown"], &third["sent"]), (&json!(0), &json!(1000)));
    agrees(&account, "Requests", "requests");
}

#[test]
fn a_missing_permission_is_named_and_nothing_is_taken_for_sent() {
    let account = of_sample();
    account.server.ask(&json!({"do": "refuse", "operations": {"PutMetricData": {"code": "AccessDeniedException"}}}));
    let denied = account.run(["metrics", "publish", "--json"].iter().chain(&WEEK)).exits(1);
    assert!(denied.stderr.contains("cloudwatch:PutMetricData"), "{}", denied.stderr);
    assert_eq!((&denied.json()["sent"], &denied.json()["requests"]), (&json!(0), &json!(1)));
    account.server.ask(&json!({"do": "refuse", "operations": {}}));
    let allowed = publish(&account, &[], 0);
    assert_eq!(allowed["unknown"], 0);
    assert_eq!(allowed["failed"], 0);
    assert!(allowed["sent"].as_u64() > Some(1000), "{allowed}");
}

#[test]
fn what_can_not_be_published_is_refused_with_words() {
    let account = Account::new();
    let own = account.run(["metrics", "publish", "--namespace", "AWS/Bedrock"]).exits(2);
    assert!(own.stderr.contains("is AWS's"), "{}", own.stderr);
    let none = account.run(["metrics", "publish"]).exits(1);
    assert!(none.stderr.contains("no store"), "{}", none.stderr);
    assert!(!account.sandbox.store().exists());
    account.sandbox.write("logs/a.json", Record::default().line());
    account.run(["ingest", "../logs"]).exits(0);
    let mut command = account.lens(["metrics", "publish"]);
    command.env_remove("AWS_REGION");
    let nowhere = account.sandbox.outcome(&mut command).exits(2);
    assert!(nowhere.stderr.contains("no Region"), "{}", nowhere.stderr);
    // Hours that are too old for CloudWatch are not looked at, and named if asked for.
    let old =
        account.run(["metrics", "publish", "--json", "--from", "2026-10-01", "--to", "2026-10-05"]);
    assert_eq!(old.exits(0).json()["sent"].as_u64().map(|sent| sent < 20), Some(true));
}

#[test]
fn four_dashboards_and_the_alarms_are_printed_written_and_put() {
    let account = Account::new();
    let printed = account.run(["metrics", "dashboards"]).exits(0).json();
    let boards = printed["dashboards"].as_object().expect("dashboards");
    let names: Vec<&String> = boards.keys().collect();
    assert_eq!(
        names,
        ["bedrock-cost", "bedrock-management", "bedrock-security", "bedrock-technical"]
    );
    let alarms = printed["alarms"].as_array().expect("alarms").len();
    account.run(["metrics", "dashboards", "-o", "boards"]).exits(0);
    let technical =
        std::fs::read_to_string(account.sandbox.work().join("boards/bedrock-technical.json"));
    let technical: Value = serde_json::from_str(&technical.expect("a file")).expect("JSON");
    assert_eq!(technical, printed["dashboards"]["bedrock-technical"]);

    account.run(["metrics", "dashboards", "--put"]).exits(2);
    let topic = "arn:aws:sns:us-east-1:123456789012:alerts";
    let put = ["metrics", "dashboards", "--put", "--yes", "--topic", topic, "--sla-ms", "2500"];
    let said = account.run(put).exits(0).stderr;
    assert!(said.contains("put 12 of 12"), "{said}");
    let there = account.aws("cloudwatch", "list_dashboards", json!({}));
    assert_eq!(there["DashboardEntries"].as_array().map(Vec::len), Some(4));
    let body =
        account.aws("cloudwatch", "get_dashboard", json!({"DashboardName": "bedrock-management"}));
    assert!(body["DashboardBody"].as_str().expect("a body").contains("2500"));
    let found = account.aws("cloudwatch", "describe_alarms", json!({}));
    let found = found["MetricAlarms"].as_array().expect("alarms").clone();
    assert_eq!(found.len(), alarms);
    assert!(found.iter().all(|alarm| alarm["AlarmActions"] == json!([topic])), "{found:#?}");
    account.run(put).exits(0);
}

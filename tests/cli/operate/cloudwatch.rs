//! `ingest cloudwatch:REGION`: what CloudWatch counted, in a table of its own.

use serde_json::{Value, json};

use super::account::Account;
use crate::support::Record;

const NOVA: &str = "amazon.nova-pro-v1:0";
const HAIKU: &str = "anthropic.claude-3-haiku-20240307-v1:0";

/// Puts figures as Bedrock would: one datum each.
fn put(account: &Account, model: &str, metric: &str, time: &str, values: &[f64]) {
    let datum = |value: &f64| {
        json!({
            "MetricName": metric, "Timestamp": time, "Value": value,
            "Dimensions": [{"Name": "ModelId", "Value": model}],
        })
    };
    let datums: Vec<Value> = values.iter().map(datum).collect();
    account.aws(
        "cloudwatch",
        "put_metric_data",
        json!({"Namespace": "AWS/Bedrock", "MetricData": datums}),
    );
}

fn counted() -> Account {
    let account = Account::new();
    put(&account, NOVA, "Invocations", "2026-11-16T10:05:00Z", &[3.0, 4.0]);
    put(&account, NOVA, "InvocationLatency", "2026-11-16T10:05:00Z", &[100.0, 200.0, 900.4]);
    put(&account, NOVA, "InvocationThrottles", "2026-11-16T11:59:59Z", &[2.0]);
    put(&account, HAIKU, "Invocations", "2026-11-16T10:30:00Z", &[1.0]);
    put(&account, HAIKU, "InputTokenCount", "2026-11-16T10:30:00Z", &[1500.0]);
    put(&account, HAIKU, "Invocations", "2026-11-17T04:00:00Z", &[5.0]);
    account
}

const RANGE: [&str; 4] = ["--from", "2026-11-16", "--to", "2026-11-18"];

fn ingest(account: &Account, more: &[&str], code: i32) -> Value {
    let args = ["ingest", "cloudwatch:us-east-1", "--json"].iter().chain(&RANGE).chain(more);
    account.run(args).exits(code).json()
}

fn rows(account: &Account) -> Vec<Value> {
    account.sandbox.sql(
        "select cast(hour_time as text) as hour, model_id, invocations, throttles, input_tokens, \
         latency_known, latency_mean_ms, latency_p50_ms, latency_max_ms, account_id, region \
         from service_metrics order by hour_time, model_id",
    )
}

#[test]
fn hours_of_models_are_rows_and_what_has_no_data_point_is_null() {
    let account = counted();
    let summary = ingest(&account, &[], 0);
    assert_eq!((&summary["service_metrics"], &summary["objects_ingested"]), (&json!(4), &json!(2)));
    assert_eq!((&summary["invocations"], &summary["api_events"]), (&json!(0), &json!(0)));
    let rows = rows(&account);
    assert_eq!(rows.len(), 4);
    let nova = &rows[0];
    assert_eq!(nova["model_id"], NOVA);
    assert!(nova["hour"].as_str().expect("a time").starts_with("2026-11-16 10:00"), "{nova}");
    assert_eq!((&nova["invocations"], &nova["throttles"]), (&json!(7), &Value::Null));
    assert_eq!((&nova["latency_known"], &nova["latency_mean_ms"]), (&json!(3), &json!(400)));
    assert_eq!((&nova["latency_p50_ms"], &nova["latency_max_ms"]), (&json!(200), &json!(900)));
    assert_eq!(
        (&nova["account_id"], &nova["region"]),
        (&json!("123456789012"), &json!("us-east-1"))
    );
    assert_eq!((&rows[1]["model_id"], &rows[1]["input_tokens"]), (&json!(HAIKU), &json!(1500)));
    assert_eq!((&rows[2]["throttles"], &rows[2]["invocations"]), (&json!(2), &Value::Null));
    let info = account.run(["store", "info", "--json"]).exits(0).json();
    let mut tables = info["tables"].as_array().expect("tables").iter();
    let held = tables.find(|table| table["table"] == "service_metrics").expect("the table");
    assert_eq!(held["rows"], 4);
    account.run(["store", "verify"]).exits(0);
    account.run(["store", "compact"]).exits(0);
    assert_eq!(self::rows(&account), rows);
}

#[test]
fn a_day_that_is_over_is_final_and_a_younger_one_is_replaced() {
    let account = counted();
    ingest(&account, &[], 0);
    put(&account, HAIKU, "Invocations", "2026-11-17T04:10:00Z", &[6.0]);
    put(&account, HAIKU, "Invocations", "2026-11-16T04:10:00Z", &[9.0]);
    let args = ["ingest", "cloudwatch:us-east-1", "--json", "--as-of", "2026-11-17T06:30:00Z"];
    let mut command = account.sandbox.command(crate::support::binary());
    command.arg("--store").arg(account.sandbox.store()).args(args).args(RANGE);
    for (name, value) in account.lens([""]).get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    let summary = account.sandbox.outcome(&mut command).exits(0).json();
    assert_eq!((&summary["objects_ingested"], &summary["objects_skipped"]), (&json!(1), &json!(1)));
    let rows = rows(&account);
    assert_eq!(rows.len(), 4, "{rows:#?}");
    assert_eq!(rows[3]["invocations"], 11, "the hour was replaced and not added to");
    let before = ["store", "prune", "--before", "2026-11-17"];
    account.run(before).exits(0);
    assert_eq!(self::rows(&account).len(), 1);
    account.run(["store", "verify"]).exits(0);
}

#[test]
fn throttling_is_waited_out_and_pages_are_followed() {
    let account = counted();
    account.server.ask(&json!({"do": "page", "results": 5}));
    account.server.ask(&json!({"do": "refuse", "operations": {
        "GetMetricData": {"code": "ThrottlingException", "times": 2},
        "ListMetrics": {"code": "Throttling", "times": 1},
    }}));
    ingest(&account, &[], 0);
    assert_eq!(rows(&account).len(), 4);
    assert_eq!(rows(&account)[0]["latency_max_ms"], 900, "the last query's answer is there too");
}

#[test]
fn more_models_than_one_request_holds_are_all_read() {
    let account = Account::new();
    for number in 0..80 {
        put(
            &account,
            &format!("m{number:02}"),
            "Invocations",
            "2026-11-16T10:05:00Z",
            &[f64::from(number)],
        );
    }
    ingest(&account, &[], 0);
    let rows =
        account.sandbox.sql("select count(*) as n, sum(invocations) as s from service_metrics");
    assert_eq!((&rows[0]["n"], &rows[0]["s"]), (&json!(80), &json!(79 * 80 / 2)));
}

#[test]
fn what_is_missing_is_named() {
    let account = counted();
    account.server.ask(&json!({"do": "refuse", "operations": {
        "GetMetricData": {"code": "AccessDeniedException"},
    }}));
    let args = ["ingest", "cloudwatch:us-east-1", "--json"].iter().chain(&RANGE);
    let denied = account.run(args).exits(1);
    assert!(denied.stderr.contains("cloudwatch:GetMetricData"), "{}", denied.stderr);
    let nowhere = account.run(["ingest", "cloudwatch:nowhere"]).exits(2);
    assert!(nowhere.stderr.contains("cloudwatch:us-east-1"), "{}", nowhere.stderr);
    account.server.ask(&json!({"do": "refuse", "operations": {}}));
    assert_eq!(ingest(&account, &[], 0)["service_metrics"], 4, "tried again");
}

#[test]
fn three_counts_stand_side_by_side_and_none_is_filled_in() {
    let account = counted();
    ingest(&account, &[], 0);
    let record = |id, time: &str| Record { time: time.to_owned(), ..Record::numbered(id) }.line();
    let calls = record(1, "2026-11-16T10:10:00Z") + &record(2, "2026-11-16T12:10:00Z");
    account.sandbox.write("logs/a.json", calls);
    account.run(["ingest", "../logs"]).exits(0);
    let args = ["audit", "counts", "--by", "hour", "--json"].iter().chain(&RANGE);
    let answer = account.run(args).exits(0).json();
    let counts: Vec<[Option<i64>; 3]> = answer["counts"]
        .as_array()
        .expect("counts")
        .iter()
        .filter(|one| one["from"].as_str().is_some_and(|from| from.starts_with("2026-11-16")))
        .map(|one| {
            ["logged_requests", "cloudtrail_calls", "cloudwatch_calls"].map(|key| one[key].as_i64())
        })
        .collect();
    // The stand-in's account is another than the records': places are never put together.
    let expected = [
        [Some(1), None, None],
        [None, None, Some(8)],
        [None, None, Some(2)],
        [Some(1), None, None],
    ];
    assert_eq!(counts, expected);
    let words = account.run(["audit", "counts"].iter().chain(&RANGE)).exits(0).stdout;
    assert!(words.contains("CloudWatch") && words.contains("\u{2014}"), "{words}");
}

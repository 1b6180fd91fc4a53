//! Reports say what is unknown, and name whose figure it is where another system knows it.

use serde_json::{Value, json};

use crate::report::section;
use crate::support::{Record, Sandbox, sample_store};

fn report(sandbox: &Sandbox, args: &[&str]) -> Value {
    let all = [&["report"], args, &["--format", "json", "-o", "-"]].concat();
    sandbox.run(all).exits(0).json()
}

/// Requests of team `chat` on 2 and 10 November 2026, of team `search` on 2, 3 and 10.
fn logs() -> String {
    let on = |id: u32, day: u32, team: &str| {
        let time = format!("2026-11-{day:02}T12:00:00Z");
        Record { time, tags: json!({"team": team}), ..Record::numbered(id) }.line()
    };
    [(1, 2, "chat"), (2, 2, "search"), (3, 3, "search"), (4, 10, "chat"), (5, 10, "search")]
        .map(|(id, day, team)| on(id, day, team))
        .concat()
}

/// A value of every row of a section's first table.
fn column(report: &Value, id: &str, key: &str) -> Vec<Value> {
    let table = &section(report, id)["tables"][0];
    table["rows"].as_array().expect("rows").iter().map(|row| row[key].clone()).collect()
}

#[test]
fn weeks_and_days_without_any_log_are_unknown_and_those_with_logs_of_others_are_zero() {
    let sandbox = Sandbox::new();
    let source = sandbox.write("logs/november.json", logs());
    sandbox.ingest(&source, 0);
    // The weeks of November 2026 begin on 1, 2, 9, 16, 23 and 30; logs are of two of them.
    let month = report(&sandbox, &["monthly", "--date", "2026-11-10"]);
    let unknown = || Value::Null;
    let requests = column(&month, "daily", "requests");
    assert_eq!(
        requests,
        [unknown(), json!(3), json!(2), unknown(), unknown(), unknown(), json!(5)],
    );
    let missing = &section(&month, "daily")["tables"][0]["missing"];
    assert_eq!((&missing[0]["requests"], &missing[1]), (&json!("not_in_log"), &json!({})));
    let text = sandbox
        .run(["report", "monthly", "--date", "2026-11-10", "--format", "text", "-o", "-"])
        .exits(0)
        .stdout;
    let line = text.lines().find(|line| line.contains("Week 47")).expect("a week without logs");
    assert!(line.contains("not in log") && !line.contains(" 0"), "{line}");

    // Of a week, days: 3 November has no request of the team, and logs of others.
    let week = report(&sandbox, &["weekly", "--date", "2026-11-03", "--where", "tag:team = chat"]);
    let days = column(&week, "daily", "requests");
    assert_eq!(days[..3], [json!(1), json!(0), unknown()], "{days:?}");
    let spend = column(&week, "daily", "cost_usd");
    assert_eq!(spend[1..3], [json!("0"), unknown()], "{spend:?}");
    let chart = &section(&week, "daily")["figure"]["chart"];
    let groups = chart["groups"].as_array().expect("groups");
    let columns = groups.last().expect("a group")["columns"].as_array().expect("columns");
    let drawn: Vec<&Value> = columns.iter().map(|day| &day[1][0]).collect();
    assert!(drawn[0].is_string() && *drawn[1] == "0" && drawn[2].is_null(), "{drawn:?}");
    let cells = &section(&week, "usage")["figure"]["chart"]["cells"];
    let states = [0, 1, 2].map(|day| cells[day][3]["state"].as_str().expect("a state"));
    assert_eq!(states, ["known", "known", "no_log"]);
    let panels = section(&week, "adoption")["figure"]["chart"]["panels"].clone();
    let values = panels[0]["values"].as_array().expect("values");
    let this_week = &values[values.len() - 7..];
    assert_eq!(this_week[..3], [json!(1.0), json!(0.0), unknown()], "{this_week:?}");
}

#[test]
fn columns_over_time_leave_out_hours_of_days_without_logs() {
    let sandbox = Sandbox::new();
    let source = sandbox.write("logs/november.json", logs());
    sandbox.ingest(&source, 0);
    let week = report(&sandbox, &["capacity", "--date", "2026-11-03"]);
    let figure = &section(&week, "requests")["figure"];
    let hours = figure["chart"]["hours"].as_array().expect("hours");
    assert_eq!(hours.len(), 168);
    assert_eq!(hours[0][1], json!([0, 0]), "an hour of a logged day without requests");
    assert_eq!(hours[12][1], json!([0, 2]));
    assert!(hours[48..].iter().all(|hour| hour[1].is_null()), "days without logs");
    assert!(figure["caption"].to_string().contains("Outlined"), "{}", figure["caption"]);
    let whole = report(&sandbox, &["capacity", "--from", "2026-11-02", "--to", "2026-11-04"]);
    let caption = section(&whole, "requests")["figure"]["caption"].to_string();
    assert!(!caption.contains("Outlined"), "{caption}");
}

/// A line of CloudWatch's figures as the source keeps them.
fn counted(hour: u32, model: &str, invocations: u32, latency: Option<(u32, u32)>) -> String {
    let mut figures = json!({"invocations": invocations, "throttles": 1});
    if let Some((samples, mean)) = latency {
        figures["latency_known"] = json!(samples);
        figures["latency_mean_ms"] = json!(mean);
    }
    let line = format!(
        "{{\"schemaType\":\"BedrockServiceMetrics\",\"hour\":\"2026-11-10T{hour:02}:00:00Z\",\
         \"accountId\":\"111122223333\",\"region\":\"us-east-1\",\"modelId\":\"{model}\",\
         \"figures\":{figures}}}\n"
    );
    line
}

#[test]
fn cloudwatch_s_response_times_stand_in_where_the_log_has_none_and_are_named_as_its() {
    let sandbox = Sandbox::new();
    // Two models: one with a response time in the log, one without.
    let timed = Record::numbered(1).line();
    let mut silent =
        Record { model: "amazon.nova-lite-v1:0".to_owned(), ..Record::numbered(2) }.value();
    silent["operation"] = json!("InvokeModel");
    silent["output"]["outputBodyJson"]["metrics"] = Value::Null;
    let source = sandbox.write("logs/calls.json", format!("{timed}{silent}\n"));
    sandbox.ingest(&source, 0);
    let date = ["--date", "2026-11-10"];
    let before = report(&sandbox, &[&["daily"], date.as_slice()].concat());
    assert_eq!(section(&before, "latency")["tables"].as_array().map(Vec::len), Some(1));
    assert!(!before.to_string().contains("CloudWatch counted"), "nothing is held of it");

    let figures = [
        counted(11, "us.amazon.nova-lite-v1:0", 10, Some((10, 100))),
        counted(12, "amazon.nova-lite-v1:0", 30, Some((30, 500))),
        counted(12, "anthropic.claude-3-haiku-20240307-v1:0", 1, Some((1, 9_000))),
        counted(13, "amazon.nova-pro-v1:0", 4, None),
    ]
    .concat();
    let source = sandbox.write("logs/cloudwatch.json", figures);
    assert_eq!(sandbox.ingest(&source, 0)["rejects"], json!({}));
    for kind in ["daily", "performance"] {
        let report = report(&sandbox, &[&[kind], date.as_slice()].concat());
        let latency = section(&report, "latency");
        let table = &latency["tables"][1];
        assert!(table["caption"].as_str().expect("a caption").contains("CloudWatch"), "{table}");
        // The mean of the hours by their samples; the profile's calls are the model's.
        let row = json!({
            "model": "amazon.nova-lite-v1:0",
            "cloudwatch_known": 40,
            "cloudwatch_mean_s": 0.4,
            "logged_requests": 1,
        });
        assert_eq!(table["rows"], json!([row]), "{kind}: the log's own times come first");
        let own = &latency["tables"][0];
        assert_eq!(own["rows"][0]["mean_s"], 0.7, "{kind}: {own}");
        assert!(!own.to_string().contains("0.4,"), "{kind}: not mixed in");
        let tiles = report["kpis"].as_array().expect("tiles");
        let mean = tiles.iter().find(|tile| tile["key"] == "response_time_mean_ms");
        assert_eq!(mean.expect("the tile")["value"], 700.0, "{kind}: the log's alone");
        let trust = report["trust"]["cells"].to_string();
        assert!(trust.contains("CloudWatch counted"), "{trust}");
        // 45 calls that succeeded and one throttled per hour and model.
        assert!(trust.contains("49"), "{trust}");
    }
    // A part that CloudWatch can't tell from the rest has no count of it.
    let part = report(&sandbox, &["daily", "--date", "2026-11-10", "--where", "tag:team = chat"]);
    assert!(!part.to_string().contains("CloudWatch counted"));
    let model = ["daily", "--date", "2026-11-10", "--model", "amazon.nova-lite-v1:0"];
    let model = report(&sandbox, &model);
    assert!(model["trust"]["cells"].to_string().contains("42"), "{}", model["trust"]);
    // Where the log holds no response time at all, the section is there for CloudWatch's.
    let takeaway = section(&model, "latency")["takeaway"].to_string();
    assert!(takeaway.contains("CloudWatch"), "{takeaway}");
}

#[test]
fn log_coverage_shows_the_third_count_where_there_is_one() {
    let sandbox = Sandbox::new();
    sandbox.ingest(&crate::support::sample_data(), 0);
    let range = ["security", "--date", "2026-11-10"];
    let tables = |report: &Value| section(report, "coverage")["tables"].as_array().map(Vec::len);
    assert_eq!(tables(&report(&sandbox, &range)), Some(1));
    let source =
        sandbox.write("logs/cloudwatch.json", counted(12, "amazon.nova-lite-v1:0", 7, None));
    sandbox.ingest(&source, 0);
    let report = report(&sandbox, &range);
    let table = &section(&report, "coverage")["tables"][1];
    let calls: Vec<&Value> =
        table["rows"].as_array().expect("rows").iter().map(|row| &row["calls"]).collect();
    assert_eq!(calls[1], &report["totals"]["requests"]);
    assert_eq!(calls[2], &json!(8));
    assert_eq!(table["rows"][2]["system"]["text"], "CloudWatch");
}

#[test]
fn all_anomalies_and_findings_are_in_the_json_and_counted_in_the_line_of_the_run() {
    let store = sample_store();
    let security = report(&store, &["security", "--date", "2026-11-10"]);
    let findings = security["findings"].as_array().expect("the rules were asked");
    let table = &section(&security, "security")["tables"][0];
    let counts: Vec<u64> = table["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .filter_map(|row| row["findings"].as_u64())
        .collect();
    assert_eq!(counts.last().copied(), Some(findings.len() as u64), "also those not listed");
    assert!(!findings.is_empty());
    for key in ["id", "severity", "title", "period", "detail", "state", "query"] {
        assert!(findings.iter().all(|one| one.get(key).is_some()), "{key}");
    }
    let listed = section(&security, "security")["findings"].as_array().expect("findings");
    assert_eq!(&findings[..listed.len()], &listed[..]);

    let folder = Sandbox::new();
    let line = |args: &[&str]| {
        let out = folder.work();
        let all = [&["report"], args, &["--json", "-o", out.to_str().expect("UTF-8")]].concat();
        store.run(all).exits(0).json()
    };
    let told = line(&["security", "--date", "2026-11-10"]);
    let by_severity = ["high", "medium", "low"].into_iter().zip(&counts);
    for (severity, count) in by_severity {
        assert_eq!(told["findings"][severity].as_u64().unwrap_or(0), *count, "{severity}: {told}");
    }
    assert_eq!(
        told["anomalies"].as_u64(),
        security["anomalies"].as_array().map(|found| found.len() as u64)
    );
    // Not looked for is not none.
    let cost = report(&store, &["cost", "--date", "2026-11-10"]);
    assert_eq!((&cost["anomalies"], &cost["findings"]), (&Value::Null, &Value::Null));
    let told = line(&["cost", "--date", "2026-11-10"]);
    assert_eq!((&told["anomalies"], &told["findings"]), (&Value::Null, &Value::Null));
    let part = report(&store, &["security", "--date", "2026-11-10", "--region", "us-east-1"]);
    assert_eq!(part["findings"], Value::Null, "rules are asked of everything");
    let hours = ["incident", "--around", "2026-11-10T12:00:00Z"];
    assert!(report(&store, &hours)["findings"].is_array());
}

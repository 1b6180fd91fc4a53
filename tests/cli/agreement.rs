//! `query`, `report` and `--sql` say the same about the same thing.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{Sandbox, sample_store};
use crate::truth::one;

const WEEK: [&str; 4] = ["--from", "2026-11-09", "--to", "2026-11-16"];

fn report(sandbox: &Sandbox) -> Value {
    let args = [&["report", "weekly", "--format", "json", "-o", "-"], &WEEK as &[&str]].concat();
    sandbox.run(args).exits(0).json()
}

fn sql(sandbox: &Sandbox, text: &str) -> Vec<Value> {
    let args = [&["query", "--format", "json", "--sql", text], &WEEK as &[&str]].concat();
    match sandbox.run(args).exits(0).json() {
        Value::Array(rows) => rows,
        other => panic!("no array: {other}"),
    }
}

/// The rows of a section's first table with this role.
fn table(report: &Value, section: &str, role: &str) -> Vec<Value> {
    let sections = report["sections"].as_array().expect("sections");
    let section = sections.iter().find(|found| found["id"] == section).expect("the section");
    let table = &section["tables"][0];
    let rows = table["rows"].as_array().expect("rows").iter();
    let roles = table["roles"].as_array().expect("roles").iter();
    rows.zip(roles).filter(|(_, found)| *found == role).map(|(row, _)| row.clone()).collect()
}

/// 10⁻¹⁴ dollars of a decimal text.
fn units(usd: &Value) -> Option<i128> {
    let text = usd.as_str()?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{fraction:0<14}").parse().ok()
}

#[track_caller]
fn alike(one: &Value, other: &Value, what: &str) {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => {
            assert!((one - other).abs() <= 1e-12 * other.abs(), "{what}: {one} and {other}");
        }
        _ => assert_eq!(one, other, "{what}"),
    }
}

#[test]
fn the_week_as_a_whole() {
    let sandbox = sample_store();
    let metrics = "requests,ok,errors,throttled,success_rate,error_rate,throttle_rate,input_tokens,\
                   output_tokens,cache_read_tokens,cache_write_tokens,total_tokens,cost_usd,\
                   unpriced_requests,cost_per_request_usd,latency_known,latency_mean_ms,principals,\
                   models,input_bytes,output_bytes,guardrail_interventions";
    let query = one(sandbox.query("", metrics, &WEEK));
    let said = one(sql(
        sandbox.as_ref(),
        "select count(*) as requests,
            sum(case when status = 'ok' then 1 else 0 end) as ok,
            sum(case when status <> 'ok' then 1 else 0 end) as errors,
            sum(case when status = 'throttled' then 1 else 0 end) as throttled,
            sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
            sum(cache_read_input_tokens) as cache_read_tokens,
            sum(cache_write_input_tokens) as cache_write_tokens,
            sum(total_tokens) as total_tokens, sum(cost_units) as cost_units,
            sum(case when cost_status in ('unpriced', 'partly_priced') then 1 else 0 end)
                as unpriced_requests,
            count(latency_ms) as latency_known, avg(latency_ms) as latency_mean_ms,
            count(distinct principal) as principals, count(distinct model) as models,
            sum(input_bytes) as input_bytes, sum(output_bytes) as output_bytes,
            sum(case when guardrail_action = 'intervened' then 1 else 0 end)
                as guardrail_interventions
         from costs",
    ));
    for metric in metrics.split(',') {
        if let Some(said) = said.get(metric) {
            alike(&query[metric], said, metric);
        }
    }
    let sum = said["cost_units"].as_i64().map(i128::from);
    let sum = sum.or_else(|| said["cost_units"].as_str()?.parse().ok());
    assert_eq!(units(&query["cost_usd"]), sum);

    let report = report(&sandbox);
    let kpi = |key: &str| -> Value {
        let kpis = report["kpis"].as_array().expect("tiles");
        kpis.iter().find(|kpi| kpi["key"] == key).expect("the tile")["value"].clone()
    };
    assert_eq!(report["headline"]["value"], query["cost_usd"]);
    alike(&kpi("response_time_mean_ms"), &query["latency_mean_ms"], "mean latency");
    alike(&kpi("success_rate"), &query["success_rate"], "success rate");
    assert_eq!(kpi("cost_per_request_usd"), query["cost_per_request_usd"]);
    assert_eq!(kpi("active_principals"), query["principals"]);
    let total = &table(&report, "errors", "total")[0];
    assert_eq!(total["requests"], query["errors"]);
    alike(&total["rate"], &query["error_rate"], "error rate");
}

#[test]
fn models_principals_and_days() {
    let sandbox = sample_store();
    let report = report(&sandbox);
    for (section, dimension) in [("models", "model"), ("principals", "principal")] {
        let query = sandbox.query(dimension, "requests,cost_usd", &WEEK);
        let text = format!(
            "select {dimension}, count(*) as requests, sum(cost_units) as units, \
             count(cost_units) as priced from costs group by {dimension}"
        );
        let said = by(sql(sandbox.as_ref(), &text), dimension);
        let mut shown = table(&report, section, "body");
        shown.extend(table(&report, section, "note"));
        let shown = by(shown, dimension);
        assert!(!query.is_empty());
        for row in &query {
            let name = row[dimension].as_str().expect("a name");
            let (said, shown) = (&said[name], &shown[name]);
            assert_eq!(row["requests"], said["requests"], "{name}");
            assert_eq!(row["requests"], shown["requests"], "{name}");
            assert_eq!(row["cost_usd"], shown["cost_usd"], "{name}");
            let sum = said["units"].as_i64().map(i128::from);
            let sum = sum.or_else(|| said["units"].as_str()?.parse().ok());
            assert_eq!(units(&row["cost_usd"]), sum.filter(|_| said["priced"] != 0), "{name}");
        }
    }
    let days = sandbox.query("day", "requests,cost_usd", &WEEK);
    let shown = table(&report, "daily", "body");
    assert_eq!(days.len(), shown.len());
    for (day, shown) in days.iter().zip(&shown) {
        assert_eq!((&day["requests"], &day["cost_usd"]), (&shown["requests"], &shown["cost_usd"]));
    }
}

#[test]
fn percentiles_by_model() {
    let sandbox = sample_store();
    let metrics = "latency_known,latency_mean_ms,latency_p50_ms,latency_p90_ms,latency_p99_ms";
    let query = sandbox.query("model", metrics, &WEEK);
    let shown = table(&report(&sandbox), "latency", "body");
    let shown = by(shown, "model");
    let mut values = BTreeMap::<String, Vec<i64>>::new();
    for row in
        sql(&sandbox, "select model, latency_ms from invocations where latency_ms is not null")
    {
        let name = row["model"].as_str().expect("a model").to_owned();
        values.entry(name).or_default().push(row["latency_ms"].as_i64().expect("a latency"));
    }
    let mut compared = 0;
    for row in &query {
        let name = row["model"].as_str().expect("a model");
        let mut said = values.remove(name).unwrap_or_default();
        said.sort_unstable();
        for percent in [50, 90, 99] {
            let found = &row[format!("latency_p{percent}_ms")];
            let rank = (percent * said.len()).div_ceil(100);
            assert_eq!(found.as_i64(), rank.checked_sub(1).map(|at| said[at]), "p{percent} {name}");
            if let (Some(ms), Some(shown)) = (found.as_f64(), shown.get(name)) {
                alike(&shown[format!("p{percent}_s")], &(ms / 1000.0).into(), name);
                compared += 1;
            }
        }
    }
    assert!(compared >= 15, "{compared} percentiles of the report");
}

fn by(rows: Vec<Value>, key: &str) -> BTreeMap<String, Value> {
    rows.into_iter().map(|row| (row[key].as_str().unwrap_or("").to_owned(), row)).collect()
}

/// A condition that every request meets and that no summary of a day can answer.
const OF_ROWS: [&str; 2] = ["--where", "object is not null"];

#[test]
fn summed_days_say_what_their_rows_say() {
    let sandbox = sample_store();
    let metrics = "requests,errors,throttled,input_tokens,cache_read_tokens,total_tokens,cost_usd,\
                   unpriced_requests,priced_share,latency_mean_ms,latency_p95_ms,principals,models,\
                   input_bytes,guardrail_interventions";
    let whole: &[&str] = &[];
    let ragged: &[&str] = &["--from", "2026-11-08T03:17:00Z", "--to", "2026-11-12T21:41:30Z"];
    let elsewhere: &[&str] =
        &["--from", "2026-11-09", "--to", "2026-11-14", "--timezone", "America/New_York"];
    let half_hours: &[&str] =
        &["--from", "2026-11-09", "--to", "2026-11-14", "--timezone", "Asia/Kolkata"];
    for range in [whole, ragged, elsewhere, half_hours] {
        for by in ["", "day,model", "hour,status", "principal,tag:team", "region,service_tier,week"]
        {
            let summed = sandbox.query(by, metrics, range);
            let of_rows = sandbox.query(by, metrics, &[range, &OF_ROWS].concat());
            assert!(!summed.is_empty());
            assert_eq!(summed, of_rows, "by {by:?} over {range:?}");
        }
    }
    let narrowed = ["--where", "status = 'ok' and weekday < 6 and provider = 'anthropic'"];
    let both = [
        "--where",
        "status = 'ok' and weekday < 6 and provider = 'anthropic' and object is not null",
    ];
    let summed = sandbox.query("day,error_code", metrics, &narrowed);
    assert_eq!(summed, sandbox.query("day,error_code", metrics, &both));
}

//! The committed sample data against its truth: every figure that the tool can be asked for.

use serde_json::Value;

use crate::support::{AS_OF, Sandbox, repository, sample_data, sample_store};
use crate::truth::{Truth, one};

fn truth() -> Truth {
    Truth::read(&repository().join("tests/truth/sample-data.json"))
}

/// The sample's weeks: their name, their Monday and the next one.
const WEEKS: [(&str, &str, &str); 2] =
    [("2026-W45", "2026-11-02", "2026-11-09"), ("2026-W46", "2026-11-09", "2026-11-16")];

#[test]
fn both_weeks_together_equal_the_truth() {
    truth().check_block(&sample_store(), "/overall", &[]);
}

#[test]
fn each_week_by_its_range_equals_the_truth() {
    for (week, from, to) in WEEKS {
        truth().check_block(
            &sample_store(),
            &format!("/weeks/{week}"),
            &["--from", from, "--to", to],
        );
    }
}

#[test]
fn grouping_by_week_equals_asking_for_each_week() {
    crate::truth::check_groups(&sample_store(), "week", truth().at("/weeks"), &[]);
}

#[test]
fn an_ingest_reports_what_the_generator_wrote() {
    let truth = truth();
    let summary = Sandbox::new().ingest(&sample_data(), 0);
    assert_eq!(summary["invocations"], *truth.at("/overall/requests"));
    assert_eq!(summary["api_events"], *truth.at("/cloudtrail/distinct_events"));
    assert_eq!(summary["duplicates"], *truth.at("/duplicates"));
    assert_eq!(summary["rejects"], *truth.at("/rejects"));
    let files = |kind: &str| truth.at(&format!("/files/{kind}")).as_u64().expect("a count");
    let logs = files("invocations") + files("cloudtrail") + files("cloudtrail_insight");
    assert_eq!(summary["objects_ingested"], logs);
    assert_eq!(summary["objects_failed"], 0);
}

#[test]
fn every_dimension_splits_the_same_totals() {
    const SUMS: &str = "requests,ok,errors,throttled,input_tokens,output_tokens,cache_read_tokens,\
                        cache_write_tokens,total_tokens,unpriced_requests,latency_known,\
                        input_bytes,output_bytes,guardrail_interventions";
    let sandbox = sample_store();
    let total = one(sandbox.query("", SUMS, &[]));
    let cost_units = one(sandbox.sql("select sum(cost_units) as units from costs"));
    for dimension in [
        "model",
        "model_id",
        "provider",
        "operation",
        "account",
        "region",
        "inference_region",
        "routing",
        "principal",
        "identity_arn",
        "principal_type",
        "status",
        "error_code",
        "stop_reason",
        "guardrail_action",
        "service_tier",
        "prompt_hash",
        "hour",
        "day",
        "week",
        "month",
        "weekday",
        "hour_of_day",
        "tag:team",
        "tag:env",
        "tag:absent",
        "model,day,status",
    ] {
        let rows = sandbox.query(dimension, &format!("{SUMS},cost_usd"), &[]);
        for metric in SUMS.split(',') {
            let sum: i64 = rows.iter().filter_map(|row| row[metric].as_i64()).sum();
            assert_eq!(Some(sum), total[metric].as_i64(), "{metric} by {dimension}");
        }
        let cost: i64 = rows.iter().filter_map(|row| row["cost_usd"].as_str()).map(units).sum();
        assert_eq!(Some(cost), whole(&cost_units["units"]), "cost by {dimension}");
    }
}

/// Decimal US dollars in units of 10⁻¹⁴.
fn units(usd: &str) -> i64 {
    let (whole, fraction) = usd.split_once('.').unwrap_or((usd, ""));
    format!("{whole}{fraction:0<14}").parse().expect("digits")
}

/// A whole number, as a JSON number or as text where 53 bits can't be trusted to hold it.
fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

#[test]
fn cost_per_request_is_the_cost_of_fully_priced_requests_by_their_number() {
    let sandbox = sample_store();
    let priced = one(sandbox.sql(
        "select sum(cost_units) as units, count(*) as requests from costs \
         where cost_status = 'priced'",
    ));
    let (cost, requests) =
        (whole(&priced["units"]).expect("cost"), whole(&priced["requests"]).expect("count"));
    assert_eq!(Some(requests), truth().at("/overall/priced_requests").as_i64());
    let found = one(sandbox.query("", "cost_per_request_usd", &[]));
    let found = units(found["cost_per_request_usd"].as_str().expect("decimal text"));
    assert_eq!(found, (2 * cost + requests) / (2 * requests), "rounded half up to 1e-14 USD");
}

#[test]
fn calls_known_to_cloudtrail_and_to_the_logs_meet_as_the_truth_says() {
    for (week, from, to) in WEEKS {
        let report = Sandbox::new()
            .run([
                "report",
                "weekly",
                "--source",
                sample_data().to_str().expect("UTF-8"),
                "--date",
                from,
                "--format",
                "json",
                "-o",
                "-",
            ])
            .exits(0)
            .json();
        let truth = truth();
        let expected = truth.at(&format!("/coverage/weeks/{week}"));
        let count = |check: &str| coverage_check(&report, check);
        assert_eq!(count("Runtime calls in CloudTrail"), expected["called"], "{week}");
        assert_eq!(count("… with an invocation log"), expected["logged"], "{week}");
        assert_eq!(count("… without"), expected["unlogged"], "{week}");
        assert_eq!(
            count("Logged calls without a CloudTrail event"),
            expected["log_only"],
            "{week}"
        );
        let share = expected["logged"].as_f64().expect("logged")
            / expected["called"].as_f64().expect("called");
        let shown = trust_value(&report, "log_coverage").as_f64().expect("a share");
        assert!((shown - share).abs() < 1e-12, "{week}: {shown} is not {share}");
        assert_eq!(report["generated"], AS_OF);
        check_report_against_audit(&report, [from, to]);
    }
}

/// Section and trust bar of a report say what `audit coverage` says.
fn check_report_against_audit(report: &Value, [from, to]: [&str; 2]) {
    let args = ["audit", "coverage", "--from", from, "--to", to, "--json"];
    let audit = sample_store().run(args).exits(0).json();
    for (check, figure) in [
        ("Runtime calls in CloudTrail", "called"),
        ("… with an invocation log", "logged"),
        ("… without", "unlogged"),
        ("Logged calls without a CloudTrail event", "log_only"),
    ] {
        assert_eq!(coverage_check(report, check), audit[figure], "{check}");
    }
    assert_eq!(coverage_check(report, "Log coverage"), audit["coverage"]);
    assert_eq!(trust_value(report, "log_coverage"), audit["coverage"]);
    let gaps = audit["gaps"].as_array().expect("gaps");
    let spans = report["trust"]["cells"][0]["value"].as_array().expect("spans").iter();
    let figures: Vec<&Value> =
        spans.filter(|span| span["span"] == "value").map(|span| &span["value"]).collect();
    assert_eq!(figures.get(1).and_then(|count| count.as_u64()), Some(gaps.len() as u64));
    let place = |gap: &Value, account: &str| {
        format!("{} {} {}", gap[account], gap["region"], gap["unlogged"])
    };
    let tables = report["sections"].as_array().expect("sections").iter();
    let mut tables = tables.flat_map(|section| section["tables"].as_array().expect("tables"));
    let listed = tables.find(|table| table["caption"].to_string().starts_with("\"Gaps"));
    let rows = listed.expect("the table of gaps")["rows"].as_array().expect("rows");
    let mut shown: Vec<String> =
        rows[..rows.len() - 2].iter().map(|gap| place(gap, "account")).collect();
    let mut told: Vec<String> = gaps.iter().map(|gap| place(gap, "account_id")).collect();
    shown.sort();
    told.sort();
    assert_eq!(shown, told);
}

/// A figure of the report's coverage table.
fn coverage_check(report: &Value, check: &str) -> Value {
    let tables = report["sections"].as_array().expect("sections").iter();
    tables
        .flat_map(|section| section["tables"].as_array().expect("tables"))
        .flat_map(|table| table["rows"].as_array().expect("rows"))
        .find(|row| row["check"] == check)
        .unwrap_or_else(|| panic!("no line `{check}` in the coverage table"))["value"]
        .clone()
}

/// The first figure of a cell of the trust bar.
fn trust_value(report: &Value, key: &str) -> Value {
    let cells = report["trust"]["cells"].as_array().expect("cells");
    let cell = cells.iter().find(|cell| cell["key"] == key).expect("the cell");
    let spans = cell["value"].as_array().expect("spans");
    spans.iter().find(|span| span["span"] == "value").expect("a figure")["value"].clone()
}

#[test]
fn the_story_of_the_second_week_is_in_the_figures() {
    let (sandbox, truth) = (sample_store(), truth());
    let spike = |key: &str| {
        truth.at(&format!("/story/cost_spike/{key}")).as_str().expect("text").to_owned()
    };
    let rows = sandbox.query(
        "principal,region",
        "requests,cost_usd",
        &["--from", &spike("from"), "--to", &spike("to")],
    );
    let row = rows
        .iter()
        .find(|row| row["principal"] == spike("principal") && row["region"] == spike("region"))
        .expect("the caller of the spike");
    assert_eq!(row["cost_usd"], spike("cost_usd"));
    assert_eq!(row["requests"], *truth.at("/story/cost_spike/requests"));

    let slower = |key: &str| truth.at(&format!("/story/slower_model/{key}"));
    for (from, to, expected) in [
        ("2026-11-09", "2026-11-12", slower("p50_ms_earlier_in_week")),
        ("2026-11-12", "2026-11-16", slower("p50_ms_since")),
    ] {
        let rows = sandbox.query("model", "latency_p50_ms", &["--from", from, "--to", to]);
        let row = rows.iter().find(|row| row["model"] == *slower("model")).expect("the model");
        assert_eq!(row["latency_p50_ms"].as_f64(), expected.as_f64(), "{from} to {to}");
    }
}

#[test]
fn cloudtrail_events_count_once_by_name() {
    let (sandbox, truth) = (sample_store(), truth());
    let rows = sandbox.sql(
        "select event_name, count(*) as events from api_events \
         where event_category <> 'Insight' group by event_name",
    );
    let found: std::collections::BTreeMap<String, Value> = rows
        .into_iter()
        .map(|row| (row["event_name"].as_str().expect("a name").to_owned(), row["events"].clone()))
        .collect();
    let names = truth.names("/cloudtrail/by_event_name");
    assert_eq!(found.keys().cloned().collect::<Vec<_>>(), names);
    for (name, events) in found {
        assert_eq!(events, *truth.at(&format!("/cloudtrail/by_event_name/{name}")), "{name}");
    }
}

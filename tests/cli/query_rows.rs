//! `query`: which rows there are: conditions, ranges, order, *other*, totals, comparisons, empty
//! periods.

use serde_json::{Value, json};

use crate::support::{Record, Sandbox, gzip, sample_store};
use crate::truth::one;

/// Every metric.
const ALL: &str = "requests,ok,errors,throttled,error_rate,success_rate,throttle_rate,input_tokens,\
    output_tokens,cache_read_tokens,cache_write_tokens,total_tokens,cost_usd,unpriced_requests,\
    priced_share,cost_per_request_usd,latency_mean_ms,latency_p50_ms,latency_p90_ms,latency_p95_ms,\
    latency_p99_ms,latency_known,first_byte_p50_ms,principals,models,input_bytes,output_bytes,\
    guardrail_interventions";

const WEEK: [&str; 4] = ["--from", "2026-11-09", "--to", "2026-11-16"];

fn holding(records: &[Record]) -> Sandbox {
    let sandbox = Sandbox::new();
    let text: String = records.iter().map(Record::line).collect();
    let source = sandbox.write("logs/records.json.gz", gzip(text));
    sandbox.ingest(&source, 0);
    sandbox
}

fn at(id: u32, time: &str) -> Record {
    Record { time: time.to_owned(), ..Record::numbered(id) }
}

/// A row without its labels.
fn figures(row: &Value, labels: &[&str]) -> Value {
    let mut row = row.as_object().expect("a row").clone();
    for label in labels {
        row.remove(*label);
    }
    Value::Object(row)
}

#[test]
fn a_condition_selects_what_the_same_condition_in_sql_selects() {
    let sandbox = sample_store();
    for (condition, sql) in [
        ("status != ok", "status <> 'ok'"),
        ("latency_ms > 5000 and status = ok", "latency_ms > 5000 and status = 'ok'"),
        (
            "latency_ms is null or output_tokens >= 500",
            "latency_ms is null or output_tokens >= 500",
        ),
        ("model like '%claude%'", "model like '%claude%'"),
        ("not (region in (us-east-1, eu-west-1))", "not (region in ('us-east-1', 'eu-west-1'))"),
        ("account = 111122223333", "account_id = '111122223333'"),
        (
            "principal ~ '^svc-' and stop_reason !~ turn",
            "principal like 'svc-%' and not stop_reason like '%turn%'",
        ),
        ("cache_read_tokens > 0", "cache_read_input_tokens > 0"),
        ("tag:team = search", "request_metadata like '%\"team\":\"search\"%'"),
        ("event_time < 2026-11-05T06:30:00Z", "event_time < '2026-11-05T06:30:00'"),
    ] {
        let query = one(sandbox.query("", "requests", &["--where", condition]));
        let sql = format!("select count(*) as requests from invocations where {sql}");
        assert_eq!(query, one(sandbox.sql(&sql)), "{condition}");
        assert!(query["requests"].as_i64() > Some(0), "{condition} selects something");
    }
}

#[test]
fn a_condition_on_cost_keeps_the_figures_exact() {
    let sandbox = sample_store();
    let parts = ["cost_usd > 0.01", "not cost_usd > 0.01", "cost_usd is null"];
    let units = |condition: &[&str]| -> i128 {
        let row = one(sandbox.query("", "cost_usd", condition));
        let text = row["cost_usd"].as_str().unwrap_or("0");
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        format!("{whole}{fraction:0<14}").parse().expect("units")
    };
    let sum: i128 = parts.iter().map(|condition| units(&["--where", condition])).sum();
    assert_eq!(sum, units(&[]));
    let sql = "select count(*) as requests from costs where cost_units > 1000000000000";
    assert_eq!(one(sandbox.query("", "requests", &["--where", parts[0]])), one(sandbox.sql(sql)));
    let by_tag =
        sandbox.query("tag:team", "requests", &["--where", "total_tokens > 1 and tag:team = chat"]);
    assert!(by_tag.iter().all(|row| row["tag:team"] == "chat"), "{by_tag:?}");
}

#[test]
fn a_slip_in_a_condition_is_shown_where_it_is() {
    let condition = "latency_ms > 10 and stauts = ok";
    let outcome = Sandbox::new().run(["query", "--where", condition]).exits(2);
    let expected = "error: unknown field `stauts`\n  latency_ms > 10 and stauts = ok\n                      \
                    ^^^^^^\nhint: did you mean `status`? fields: model, ";
    assert!(outcome.stderr.starts_with(expected), "{}", outcome.stderr);
}

#[test]
fn other_and_total_are_computed_from_their_requests() {
    let sandbox = sample_store();
    for (by, top, rest) in [
        ("model", 2, "model not in ({}) or model is null"),
        ("tag:team", 1, "tag:team not in ({}) or tag:team is null"),
        ("weekday", 3, "weekday not in ({})"),
        ("day", 4, "day not in ({})"),
    ] {
        let (limit, mut more) = (top.to_string(), WEEK.to_vec());
        more.extend(["--limit", &limit, "--totals"]);
        let rows = sandbox.query(by, ALL, &more);
        assert_eq!(rows.len(), top + 2, "{by}");
        let kinds: Vec<&str> = rows.iter().filter_map(|row| row["row"].as_str()).collect();
        assert_eq!(kinds[top - 1..], ["group", "other", "total"], "{by}");
        assert_eq!((&rows[top][by], &rows[top + 1][by]), (&json!("other"), &json!("total")));
        let kept: Vec<String> = rows[..top]
            .iter()
            .map(|row| format!("'{}'", row[by].to_string().trim_matches('"')))
            .collect();
        let condition = rest.replace("{}", &kept.join(", "));
        let mut more = WEEK.to_vec();
        more.extend(["--where", &condition]);
        assert_eq!(figures(&rows[top], &[by, "row"]), one(sandbox.query("", ALL, &more)), "{by}");
        assert_eq!(
            figures(&rows[top + 1], &[by, "row"]),
            one(sandbox.query("", ALL, &WEEK)),
            "{by}"
        );
    }
}

#[test]
fn a_limit_that_leaves_nothing_out_makes_no_other_row() {
    let rows = sample_store().query("region", "requests", &["--limit", "50"]);
    assert!(rows.iter().all(|row| row["row"] == "group"), "{rows:?}");
    sample_store().run(["query", "--limit", "0"]).exits(2);
}

#[test]
fn rows_come_in_the_order_asked_for() {
    let sandbox = sample_store();
    let order = |sort: &str| -> Vec<i64> {
        let rows = sandbox.query("principal", "requests,cost_usd", &["--sort", sort]);
        rows.iter().filter_map(|row| row["requests"].as_i64()).collect()
    };
    let ascending = order("requests");
    assert!(ascending.is_sorted() && ascending.len() == 9, "{ascending:?}");
    assert!(order("-requests").is_sorted_by(|a, b| a >= b));
    assert_eq!(order("requests:desc"), order("-requests"));
    let outcome = sandbox.run(["query", "--sort", "cots_usd"]).exits(2);
    assert!(outcome.stderr.contains("unknown sort column `cots_usd`"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("did you mean `cost_usd`?"), "{}", outcome.stderr);
}

#[test]
fn ranges_are_named_in_four_ways() {
    let count =
        |range: &[&str]| one(sample_store().query("", "requests", range))["requests"].clone();
    let week = count(&WEEK);
    assert_eq!(count(&["--last", "1w"]), week);
    assert_eq!(count(&["--month", "2026-11"]), 6500);
    let days = ["--from", "2026-11-14", "--to", "2026-11-17"];
    assert_eq!(count(&["--last", "3d"]), count(&days));
    for wrong in [
        &["--last", "3y"] as &[&str],
        &["--month", "11-2026"],
        &["--last", "3d", "--month", "2026-11"],
        &["--last", "3d", "--from", "2026-11-14", "--to", "2026-11-17"],
    ] {
        let args = [&["query"], wrong].concat();
        sample_store().run(args).exits(2);
    }
}

#[test]
fn periods_without_calls_are_shown() {
    let sandbox = holding(&[
        at(1, "2026-11-09T10:00:00Z"),
        at(2, "2026-11-12T10:30:00Z"),
        at(3, "2026-11-12T13:00:00Z"),
    ]);
    let range = ["--from", "2026-11-08", "--to", "2026-11-13"];
    let metrics = "requests,output_tokens,error_rate,cost_usd,latency_p50_ms";
    let days = sandbox.query("day", metrics, &range);
    let empty = |day: &str, count: &Value| {
        json!({"day": day, "requests": count, "output_tokens": count, "error_rate": null,
               "cost_usd": null, "latency_p50_ms": null})
    };
    assert_eq!(days.len(), 5);
    // Nothing was read for the 8th: that is not the same as no calls.
    assert_eq!(days[0], empty("2026-11-08", &Value::Null));
    assert_eq!(days[2], empty("2026-11-10", &json!(0)));
    assert_eq!(days[3], empty("2026-11-11", &json!(0)));
    assert_eq!(days[4]["requests"], 2);
    let hidden = [&range as &[&str], &["--empty", "hide"]].concat();
    assert_eq!(sandbox.query("day", metrics, &hidden).len(), 2);
    assert_eq!(sandbox.query("hour", "requests", &[]).len(), 76, "first to last call");
    assert_eq!(sandbox.query("week,day", "requests", &range).len(), 5);
    assert_eq!(sandbox.query("month", "requests", &range).len(), 1);
}

#[test]
fn with_other_dimensions_empty_periods_are_shown_on_demand() {
    let sandbox = holding(&[at(1, "2026-11-09T10:00:00Z"), at(2, "2026-11-11T10:30:00Z")]);
    assert_eq!(sandbox.query("day,model", "requests", &[]).len(), 2);
    let rows = sandbox.query("day,model", "requests", &["--empty", "show"]);
    let counts: Vec<i64> = rows.iter().filter_map(|row| row["requests"].as_i64()).collect();
    assert_eq!(counts, [1, 0, 1]);
    assert_eq!(sandbox.query("weekday", "requests", &[]).len(), 2, "weekdays are no periods");
}

#[test]
fn periods_that_have_not_begun_are_not_shown() {
    // The present time of the tests is 2026-11-17T06:00:00Z.
    let rows = sample_store().query("day", "requests", &["--month", "2026-11"]);
    assert_eq!(rows.last().map(|row| row["day"].clone()), Some(json!("2026-11-17")));
}

#[test]
fn a_comparison_sets_the_answer_of_the_other_range_beside() {
    let sandbox = sample_store();
    let compared = [&WEEK as &[&str], &["--compare", "previous", "--totals"]].concat();
    let metrics = "requests,cost_usd,error_rate,latency_p50_ms";
    let rows = sandbox.query("model", metrics, &compared);
    let now = sandbox.query("model", metrics, &WEEK);
    let before = sandbox.query("model", metrics, &["--from", "2026-11-02", "--to", "2026-11-09"]);
    assert_eq!(rows.len(), now.len() + 1);
    for (row, (now, before)) in rows.iter().zip(now.iter().zip(&before)) {
        assert_eq!(now["model"], before["model"]);
        for metric in metrics.split(',') {
            assert_eq!(row[metric], now[metric]);
            assert_eq!(row[format!("{metric}_previous")], before[metric]);
        }
        let number = |row: &Value, name: &str| row[name].as_f64();
        if let (Some(now), Some(before)) = (number(now, "requests"), number(before, "requests")) {
            assert_eq!(number(row, "requests_change"), Some(now - before));
            let relative = number(row, "requests_relative_change").expect("a number");
            assert!((relative - (now - before) / before).abs() < 1e-12);
        }
    }
    let total = rows.last().expect("the total");
    assert_eq!(total["requests_previous"], 2908);
    assert_eq!(total["cost_usd_change"], "40.776541571552", "56.608393118776 − 15.831851547224");
}

#[test]
fn days_are_compared_by_their_place_in_the_range() {
    let sandbox = sample_store();
    let rows =
        sandbox.query("day", "requests", &[&WEEK as &[&str], &["--compare", "previous"]].concat());
    let before = sandbox.query("day", "requests", &["--from", "2026-11-02", "--to", "2026-11-09"]);
    assert_eq!(rows.len(), 7);
    for (row, before) in rows.iter().zip(&before) {
        assert_eq!(row["requests_previous"], before["requests"], "{row} {before}");
    }
    // A year before nothing was read: nothing is known, and nothing changed by a known amount.
    let year = sandbox.query("", "requests", &[&WEEK as &[&str], &["--compare", "year"]].concat());
    assert_eq!(
        one(year),
        json!({"requests": 3592, "requests_previous": null, "requests_change": null,
               "requests_relative_change": null})
    );
    let months = ["--month", "2026-11", "--compare", "previous", "--by", "day"];
    sandbox.run([&["query"], &months as &[&str]].concat()).exits(0);
    sandbox.run(["query", "--compare", "previous"]).exits(2);
}

#[test]
fn other_compares_with_the_same_groups_of_the_other_range() {
    let sandbox = sample_store();
    let shape = ["--compare", "previous", "--limit", "1", "--sort", "-cost_usd", "--totals"];
    let rows = sandbox.query(
        "model",
        "requests",
        &[&WEEK as &[&str], &["--compare", "previous", "--limit", "1"]].concat(),
    );
    let first = rows[0]["model"].as_str().expect("a model");
    let rest = format!("model != '{first}' or model is null");
    let before = ["--from", "2026-11-02", "--to", "2026-11-09", "--where", &rest];
    assert_eq!(
        rows[1]["requests_previous"],
        one(sandbox.query("", "requests", &before))["requests"]
    );
    let outcome = sandbox.run(
        [&["query", "--by", "model", "--metrics", "cost_usd"], &WEEK as &[&str], &shape].concat(),
    );
    outcome.exits(0);
}

#[test]
fn an_empty_answer_is_one_only_where_logs_were_read() {
    let sandbox = sample_store();
    let outside = ["query", "--from", "2020-01-01", "--to", "2020-01-02", "--format", "json"];
    let outcome = sandbox.run(outside).exits(1);
    assert_eq!(outcome.stdout, "");
    for part in [
        "the store holds no invocation logs from 2020-01-01T00:00:00Z to 2020-01-02T00:00:00Z",
        "it holds 2026-11-02 to 2026-11-15",
        "ingest SOURCE --from 2020-01-01 --to 2020-01-02",
    ] {
        assert!(outcome.stderr.contains(part), "no `{part}` in: {}", outcome.stderr);
    }
    let covered = ["query", "--from", "2026-11-10", "--to", "2026-11-11", "--by", "model"];
    let nothing = ["--where", "model = nothing", "--format", "json"];
    let year = ["--compare", "year", "--totals", "--limit", "1", "--metrics", "requests"];
    let rows = sandbox.run([&covered as &[&str], &["--format", "json"], &year].concat()).exits(0);
    let rows = rows.json();
    assert!(rows[2]["requests"].as_i64() > Some(0) && rows[2]["requests_previous"].is_null());
    assert_eq!(sandbox.run([&covered as &[&str], &nothing].concat()).exits(0).json(), json!([]));
    let half =
        ["query", "--from", "2026-11-15", "--to", "2026-11-17", "--where", "model = nothing"];
    let outcome = sandbox.run(half).exits(1);
    assert!(outcome.stderr.contains("no matching call"), "{}", outcome.stderr);
}

//! `query`: forms of the answer, names, ranges, zones, SQL.

use serde_json::{Value, json};

use crate::support::{Record, Sandbox, gzip, lines, sample_store};
use crate::truth::one;

/// A sandbox whose store holds these records.
fn holding(records: &[Record]) -> Sandbox {
    let sandbox = Sandbox::new();
    let text: String = records.iter().map(Record::line).collect();
    let source = sandbox.write("logs/records.json.gz", gzip(text));
    sandbox.ingest(&source, 0);
    sandbox
}

const QUESTION: [&str; 5] =
    ["query", "--by", "week", "--metrics", "requests,cost_usd,latency_p95_ms"];

fn answer(form: &str) -> String {
    let mut args = QUESTION.to_vec();
    args.extend(["--format", form]);
    let outcome = sample_store().run(args).exits(0);
    if form != "table" {
        assert_eq!(outcome.stderr, "", "stdout holds the data and stderr nothing");
    }
    outcome.stdout
}

#[test]
fn csv_has_a_head_and_exact_cells() {
    let expected = "week,requests,cost_usd,latency_p95_ms\n\
                    2026-W45,2908,15.831851547224,10118\n\
                    2026-W46,3592,56.608393118776,12896\n";
    assert_eq!(answer("csv"), expected);
}

#[test]
fn json_is_an_array_of_row_objects_with_money_as_text() {
    let rows: Value = serde_json::from_str(&answer("json")).expect("one JSON value");
    let rows = rows.as_array().expect("an array");
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0]["week"], "2026-W45");
    assert_eq!(rows[0]["requests"], 2908);
    assert_eq!(rows[0]["cost_usd"], "15.831851547224");
    assert_eq!(rows[0]["latency_p95_ms"].as_f64(), Some(10118.0));
    let keys: Vec<&String> = rows[0].as_object().expect("an object").keys().collect();
    assert_eq!(keys.len(), 4);
}

#[test]
fn ndjson_is_a_row_object_per_line_equal_to_json() {
    let lines: Vec<Value> = answer("ndjson")
        .lines()
        .map(|line| serde_json::from_str(line).expect("a JSON line"))
        .collect();
    let rows: Value = serde_json::from_str(&answer("json")).expect("one JSON value");
    assert_eq!(Value::Array(lines), rows);
}

#[test]
fn the_table_is_aligned_and_rounded_for_people() {
    insta::assert_snapshot!(answer("table"));
}

#[test]
fn json_of_no_rows_is_an_empty_array_and_csv_only_the_head() {
    let range = ["--by", "model", "--where", "model = nothing", "--format"];
    let ask = |form| {
        let mut args = vec!["query"];
        args.extend(range);
        args.push(form);
        sample_store().run(args).exits(0).stdout
    };
    assert_eq!(ask("json").trim(), "[]");
    assert_eq!(ask("ndjson"), "");
    assert_eq!(ask("csv"), "model,requests,error_rate,total_tokens,cost_usd\n");
}

#[test]
fn rates_over_nothing_are_unknown_and_counts_are_zero() {
    let range = ["--where", "model = nothing"];
    let metrics = "requests,errors,error_rate,success_rate,cost_usd,latency_p50_ms,priced_share";
    let row = one(sample_store().query("", metrics, &range));
    assert_eq!(
        row,
        json!({"requests": 0, "errors": 0, "error_rate": null, "success_rate": null,
               "cost_usd": null, "latency_p50_ms": null, "priced_share": null})
    );
}

#[test]
fn a_misspelt_name_is_refused_with_a_suggestion() {
    let sandbox = sample_store();
    for (args, parts) in [
        (["query", "--by", "modle"], ["unknown dimension `modle`", "did you mean `model`?"]),
        (
            ["query", "--metrics", "latency_p95"],
            ["unknown metric `latency_p95`", "did you mean `latency_p95_ms`?"],
        ),
        (["query", "--metrics", "calls"], ["unknown metric `calls`", "metrics: requests"]),
        (["query", "--by", "tags:team"], ["unknown dimension `tags:team`", "dimensions: model"]),
    ] {
        let outcome = sandbox.run(args).exits(2);
        assert_eq!(outcome.stdout, "");
        for part in parts {
            assert!(outcome.stderr.contains(part), "no `{part}` in: {}", outcome.stderr);
        }
    }
}

#[test]
fn names_are_checked_before_the_store_is_opened() {
    let outcome = Sandbox::new().run(["query", "--by", "modle"]).exits(2);
    assert!(outcome.stderr.contains("unknown dimension"), "{}", outcome.stderr);
}

#[test]
fn a_range_that_ends_before_it_starts_is_refused() {
    for (from, to) in [("2026-11-16", "2026-11-09"), ("2026-11-09", "2026-11-09")] {
        let outcome = sample_store().run(["query", "--from", from, "--to", to]).exits(2);
        assert!(outcome.stderr.contains("must be before `--to`"), "{}", outcome.stderr);
    }
    sample_store().run(["query", "--from", "2026-11-09"]).exits(2);
    sample_store().run(["query", "--from", "9 Nov", "--to", "2026-11-10"]).exits(2);
}

#[test]
fn from_is_inclusive_and_to_is_exclusive() {
    let at = |id, time: &str| Record { time: time.to_owned(), ..Record::numbered(id) };
    let sandbox = holding(&[
        at(1, "2026-11-09T23:59:59Z"),
        at(2, "2026-11-10T00:00:00Z"),
        at(3, "2026-11-10T23:59:59Z"),
        at(4, "2026-11-11T00:00:00Z"),
    ]);
    let count = |from, to| {
        one(sandbox.query("", "requests", &["--from", from, "--to", to]))["requests"].clone()
    };
    assert_eq!(count("2026-11-10", "2026-11-11"), 2);
    assert_eq!(count("2026-11-10T00:00:00Z", "2026-11-11T00:00:01Z"), 3);
    assert_eq!(count("2026-11-10T00:59:59+01:00", "2026-11-11"), 3);
}

#[test]
fn days_are_cut_in_the_time_zone() {
    let at = |id, time: &str| Record { time: time.to_owned(), ..Record::numbered(id) };
    // Berlin: one hour ahead in winter, two in summer; 25 October 2026 has 25 hours.
    let sandbox = holding(&[
        at(1, "2026-10-24T21:59:59Z"),
        at(2, "2026-10-24T22:00:00Z"),
        at(3, "2026-10-25T22:59:59Z"),
        at(4, "2026-10-25T23:00:00Z"),
        at(5, "2026-10-25T00:30:00Z"),
        at(6, "2026-10-25T01:30:00Z"),
    ]);
    let berlin = ["--timezone", "Europe/Berlin"];
    let days = sandbox.query("day", "requests", &berlin);
    assert_eq!(
        days,
        [
            json!({"day": "2026-10-24", "requests": 1}),
            json!({"day": "2026-10-25", "requests": 4}),
            json!({"day": "2026-10-26", "requests": 1}),
        ]
    );
    let range = ["--from", "2026-10-25", "--to", "2026-10-26", berlin[0], berlin[1]];
    assert_eq!(one(sandbox.query("", "requests", &range))["requests"], 4);
    let hours =
        sandbox.query("hour", "requests", &[&range as &[&str], &["--empty", "hide"]].concat());
    let names: Vec<&str> = hours.iter().filter_map(|row| row["hour"].as_str()).collect();
    assert_eq!(
        names,
        [
            "2026-10-25T00:00:00+02:00",
            "2026-10-25T02:00:00+02:00",
            "2026-10-25T02:00:00+01:00",
            "2026-10-25T23:00:00+01:00",
        ]
    );
    let weeks = sandbox.query("week,weekday", "requests", &berlin);
    assert_eq!(weeks.last(), Some(&json!({"week": "2026-W44", "weekday": 1, "requests": 1})));
}

#[test]
fn the_sample_by_berlin_days_adds_up_and_differs_from_utc() {
    let days = |zone| sample_store().query("day", "requests", &["--timezone", zone]);
    let sum =
        |rows: &[Value]| -> i64 { rows.iter().filter_map(|row| row["requests"].as_i64()).sum() };
    let (berlin, utc) = (days("Europe/Berlin"), days("UTC"));
    assert_eq!((sum(&berlin), sum(&utc)), (6500, 6500));
    assert_ne!(berlin, utc);
}

#[test]
fn percentiles_are_nearest_rank_in_every_group() {
    let sandbox = sample_store();
    for dimension in ["principal", "region", "account", "operation", "provider", "routing"] {
        let column = if dimension == "account" { "account_id" } else { dimension };
        let raw = sandbox.sql(&format!(
            "select {column} as name, latency_ms from invocations where latency_ms is not null"
        ));
        let mut groups = std::collections::BTreeMap::<Option<String>, Vec<i64>>::new();
        for row in &raw {
            let latency = row["latency_ms"].as_i64().expect("a latency");
            groups.entry(row["name"].as_str().map(str::to_owned)).or_default().push(latency);
        }
        let metrics = "latency_known,latency_p50_ms,latency_p90_ms,latency_p95_ms,latency_p99_ms";
        for row in sandbox.query(dimension, metrics, &[]) {
            let mut values =
                groups.remove(&row[dimension].as_str().map(str::to_owned)).unwrap_or_default();
            values.sort_unstable();
            assert_eq!(row["latency_known"], values.len(), "{row}");
            for percent in [50, 90, 95, 99] {
                let rank = (percent * values.len()).div_ceil(100);
                let expected = rank.checked_sub(1).map(|index| values[index]);
                let found = &row[format!("latency_p{percent}_ms")];
                assert_eq!(found.as_i64(), expected, "p{percent} of {row}");
            }
        }
        assert!(groups.is_empty(), "{dimension} lacks {:?}", groups.keys());
    }
}

#[test]
fn sql_reads_the_tables_and_its_mistakes_are_the_users() {
    let sandbox = sample_store();
    let rows = sandbox.sql(
        "select status, count(request_id) as n from invocations group by status order by status",
    );
    assert_eq!(rows.len(), 5);
    assert_eq!(rows[2], json!({"status": "ok", "n": 6293}));
    for sql in ["selekt 1", "select * from nowhere", "select no_such_column from invocations"] {
        let outcome = sandbox.run(["query", "--sql", sql]).exits(2);
        assert_eq!(outcome.stdout, "");
        assert!(outcome.stderr.contains("error: could not run the query"), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("hint: the tables are"), "{}", outcome.stderr);
    }
    sandbox.run(["query", "--sql", "select 1", "--by", "model"]).exits(2);
}

#[test]
fn sql_and_metrics_agree_on_cost_to_the_last_digit() {
    let sandbox = sample_store();
    let rows = sandbox.sql(
        "select model, sum(cost_units) as units from costs where cost_units is not null \
         group by model order by model",
    );
    let priced: Vec<Value> = sandbox
        .query("model", "cost_usd", &[])
        .into_iter()
        .filter(|row| !row["cost_usd"].is_null())
        .collect();
    assert_eq!(rows.len(), priced.len());
    for (sql, metric) in rows.iter().zip(&priced) {
        assert_eq!(sql["model"], metric["model"]);
        let units = sql["units"].as_i64().or_else(|| sql["units"].as_str()?.parse().ok());
        let text = metric["cost_usd"].as_str().expect("decimal text");
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        assert_eq!(units, format!("{whole}{fraction:0<14}").parse().ok(), "{sql} {metric}");
    }
}

#[test]
fn formulas_in_log_fields_are_made_harmless_in_csv() {
    let named = |id, name: &str| Record { tags: json!({"team": name}), ..Record::numbered(id) };
    let sandbox = holding(&[
        named(1, "=1+cmd|' /C calc'!A0"),
        named(2, "+1+1"),
        named(3, "@SUM(A1)"),
        named(4, "-2+3"),
        named(5, "a,\"b\"\nc"),
    ]);
    let csv = sandbox
        .run(["query", "--by", "tag:team", "--metrics", "requests", "--format", "csv"])
        .exits(0)
        .stdout;
    for cell in ["'=1+cmd|' /C calc'!A0,1\n", "'+1+1,1\n", "'@SUM(A1),1\n", "'-2+3,1\n"] {
        assert!(csv.contains(cell), "no {cell:?} in: {csv}");
    }
    assert!(csv.contains("\"a,\"\"b\"\"\nc\",1\n"), "{csv}");
    let rows = sandbox.query("tag:team", "requests", &[]);
    let is_raw = |row: &Value| row["tag:team"] == "=1+cmd|' /C calc'!A0";
    assert!(rows.iter().any(is_raw), "JSON keeps the text as it is");
}

#[test]
fn tag_keys_may_hold_any_characters() {
    let keys = ["cost center", "team:sub", "a.b[0]", "ключ", "$x", "quote\"d", "req'd", "day"];
    for key in keys {
        let mut tagged = Record::numbered(1);
        tagged.tags = json!({key: "x"});
        let sandbox = holding(&[tagged, Record::numbered(2)]);
        let dimension = format!("tag:{key}");
        let rows = sandbox.query(&dimension, "requests", &[]);
        let count = |value: &Value| {
            let row = rows.iter().find(|row| row[&dimension] == *value);
            row.map(|row| row["requests"].clone())
        };
        assert_eq!(count(&json!("x")), Some(json!(1)), "{key}: {rows:?}");
        assert_eq!(count(&Value::Null), Some(json!(1)), "{key}: {rows:?}");
    }
}

#[test]
fn answers_repeat_to_the_byte() {
    let (one, other) = (Sandbox::new(), Sandbox::new());
    for (sandbox, ids) in [(&one, [1, 2, 3]), (&other, [3, 1, 2])] {
        for id in ids {
            let source = sandbox.write(&format!("logs/{id}.json"), lines([id]));
            sandbox.ingest(&source, 0);
        }
    }
    for args in [
        &["query", "--by", "model,principal,tag:team"] as &[&str],
        &["query", "--by", "hour", "--format", "json"],
    ] {
        assert_eq!(one.run(args).exits(0).stdout, other.run(args).exits(0).stdout);
    }
}

#[test]
fn the_rows_of_every_table_can_be_counted() {
    let sandbox = sample_store();
    let count = |sql: &str| one(sandbox.sql(sql))["rows_read"].clone();
    assert_eq!(count("select count(*) as rows_read from invocations"), 6500);
    assert_eq!(count("select count(*) as rows_read from api_events"), 6610);
    assert_eq!(count("select count(*) as rows_read from rejects"), 0);
    assert_eq!(count("select count(*) as rows_read from costs"), 6500);
    assert_eq!(count("select count(*) as rows_read from invocations where status = 'ok'"), 6293);
    let names = "select count(*) as rows_read from api_events where event_name = 'Converse'";
    assert_eq!(count(names), 1710);
}

#[test]
fn the_cause_of_a_failed_query_is_said_once_and_in_the_users_words() {
    let sandbox = sample_store();
    for sql in ["select nope from invocations", "select count(*) from invocations where nope = 1"] {
        let outcome = sandbox.run(["query", "--sql", sql]).exits(2);
        assert!(!outcome.stderr.contains("Parquet SCAN"), "no query plans: {}", outcome.stderr);
        let causes: Vec<&str> =
            outcome.stderr.lines().filter(|line| line.starts_with("  caused by: ")).collect();
        let distinct: std::collections::BTreeSet<&str> = causes.iter().copied().collect();
        assert_eq!(causes.len(), distinct.len(), "{causes:#?}");
    }
}

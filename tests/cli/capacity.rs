//! `capacity`: load per minute against figures computed from the log files in Python.

use serde_json::{Map, Value, json};

use crate::support::{Record, Sandbox, gzip, repository, sample_data, sample_store};

const SONNET: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

/// The last complete week, as the tool prints it.
fn capacity(args: &[&str]) -> Value {
    let mut all = vec!["capacity", "--json"];
    if !args.contains(&"--limit") {
        all.extend(["--limit", "1000"]);
    }
    all.extend(args);
    sample_store().run(all).exits(0).json()
}

/// The same week by `tests/capacity/golden.py`.
fn golden(output_burndown: &str) -> Vec<Value> {
    let program = std::fs::read_to_string(repository().join("tests/capacity/golden.py"));
    let args = [
        &sample_data().display().to_string(),
        "2026-11-09T00:00:00Z",
        "2026-11-16T00:00:00Z",
        output_burndown,
    ];
    let printed = Sandbox::new().python(&program.expect("the program"), args);
    serde_json::from_str(&printed).expect("JSON")
}

fn loads(answer: &Value) -> &Vec<Value> {
    answer["loads"].as_array().expect("loads")
}

/// The load of a model in a Region by a routing.
#[track_caller]
fn load<'a>(loads: &'a [Value], model: &str, region: &str, routing: &str) -> &'a Value {
    let mut found = loads.iter().filter(|load| {
        load["model"] == model && load["region"] == region && load["routing"] == routing
    });
    found.next().unwrap_or_else(|| panic!("no load of {model} in {region}, {routing}"))
}

/// Equal, fractions as floating point numbers.
#[track_caller]
fn assert_same(found: &Value, expected: &Value, what: &str) {
    match (found.as_f64(), expected.as_f64()) {
        (Some(found), Some(expected)) => {
            let near = (found - expected).abs() <= expected.abs() * 1e-12;
            assert!(near, "{what}: {found} is not {expected}");
        }
        _ if expected.is_object() => {
            for (key, expected) in expected.as_object().expect("an object") {
                assert_same(&found[key], expected, &format!("{what}.{key}"));
            }
        }
        _ => assert_eq!(found, expected, "{what}"),
    }
}

/// The same without who used the quota, which the two state in different forms.
fn split(load: &Value) -> (Value, Value) {
    let mut load = load.clone();
    let principals = load["throttling"]
        .as_object_mut()
        .and_then(|throttling| throttling.remove("principals"))
        .unwrap_or(Value::Null);
    (load, principals)
}

#[track_caller]
fn assert_equal_to_golden(found: &Value, expected: &Value) {
    let name = format!("{} in {}", expected["model"], expected["region"]);
    let ((expected, consumers), (found, named)) = (split(expected), split(found));
    assert_same(&found, &expected, &name);
    let Some(consumers) = consumers.as_object() else { return };
    let named = named.as_array().expect("principals");
    assert_eq!(named.len(), consumers.len(), "{name}");
    let sum = |key: &str| consumers.values().filter_map(|one| one[key].as_i64()).sum::<i64>();
    for one in named {
        let principal = one["principal"].as_str().expect("a name");
        assert_same(one, &consumers[principal], principal);
        let share =
            |part: i64, whole: i64| json!(if whole > 0 { Some(ratio(part, whole)) } else { None });
        let (requests, throttled) = (sum("requests"), sum("throttled"));
        let own = |key: &str| one[key].as_i64().expect("a count");
        assert_same(&one["request_share"], &share(own("requests"), requests), principal);
        let served = share(own("requests") - own("throttled"), requests - throttled);
        assert_same(&one["served_share"], &served, principal);
        if let Some(tokens) = one["tokens"].as_i64() {
            assert_same(&one["token_share"], &share(tokens, sum("tokens")), principal);
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "small counts")]
fn ratio(part: i64, whole: i64) -> f64 {
    part as f64 / whole as f64
}

#[test]
fn loads_equal_those_computed_from_the_files() {
    let (answer, golden) = (capacity(&[]), golden("1"));
    assert_eq!(loads(&answer).len(), golden.len());
    assert!(golden.iter().filter(|load| !load["throttling"].is_null()).count() > 2);
    for (found, expected) in loads(&answer).iter().zip(&golden) {
        assert_equal_to_golden(found, expected);
        assert_eq!(found["quota"], Value::Null);
        assert_eq!(found["output_burndown"], 1);
    }
}

#[test]
fn quotas_show_headroom_and_burn_output_faster() {
    let sandbox = Sandbox::new();
    let quota =
        |more: &str| format!("[[quota]]\nregion = \"eu-west-1\"\nmodel = \"{SONNET}\"\n{more}\n");
    let text = quota("rpm = 3\ntpm = 20000\noutput_burndown = 5")
        + &quota("routing = \"eu\"\nrpm = 10\noutput_burndown = 5")
        + &quota("account = \"999999999999\"\nrpm = 1");
    let config = sandbox.write("lens.toml", text).display().to_string();
    let answer = capacity(&["--config", &config]);
    let golden = golden("5");
    let (eu, global) = (
        load(loads(&answer), SONNET, "eu-west-1", "eu"),
        load(loads(&answer), SONNET, "eu-west-1", "global"),
    );
    for (found, routing) in [(eu, "eu"), (global, "global")] {
        let expected = load(&golden, SONNET, "eu-west-1", routing);
        assert_equal_to_golden(found, expected);
        assert_eq!(found["output_burndown"], 5);
    }
    // The more precise quota holds, and says nothing of tokens.
    assert_eq!(eu["quota"]["rpm_headroom"], 10 - eu["rpm"]["peak"].as_i64().expect("a peak"));
    assert_same(&eu["quota"]["rpm_p95_share"], &json!(0.2), "2 of 10");
    assert_eq!((&eu["quota"]["tpm"], &eu["quota"]["tpm_headroom"]), (&Value::Null, &Value::Null));
    let peak = global["tpm"]["peak"].as_i64().expect("a peak");
    assert!(peak > 20_000);
    assert_eq!(global["quota"]["tpm_headroom"], 20_000 - peak);
    assert_same(&global["quota"]["tpm_peak_share"], &json!(ratio(peak, 20_000)), "over the quota");
    // All other pools burn as before.
    for (found, expected) in loads(&answer).iter().zip(self::golden("1")) {
        if found["model"] != SONNET || found["region"] != "eu-west-1" {
            assert_equal_to_golden(found, &expected);
        }
    }
    let unused = answer["quotas_without_requests"].as_array().expect("quotas");
    assert_eq!(unused.len(), 1);
    assert_eq!(unused[0]["account"], "999999999999");
}

#[test]
fn those_beyond_the_limit_are_one_line() {
    let all = capacity(&["--where", "status = throttled or principal is not null"]);
    let few = capacity(&["--limit", "1"]);
    let throttling =
        |answer: &Value| load(loads(answer), SONNET, "eu-west-1", "eu")["throttling"].clone();
    let (all, few) = (throttling(&all), throttling(&few));
    assert_eq!(few["worst"].as_array().map(Vec::len), Some(1));
    assert_eq!(few["worst"][0], all["worst"][0]);
    assert_eq!(few["minutes"], all["minutes"]);
    assert_eq!(few["principals"], json!([all["principals"][0]]));
    let rest = &all["principals"].as_array().expect("principals")[1..];
    assert!(!rest.is_empty());
    assert_eq!(few["other_principals"]["principals"], rest.len());
    for key in ["requests", "throttled", "tokens"] {
        let sum: i64 = rest.iter().filter_map(|one| one[key].as_i64()).sum();
        assert_eq!(few["other_principals"][key].as_i64().unwrap_or(0), sum, "{key}");
    }
}

/// A request of a minute with these counts, written and read cache tokens among them.
fn request(id: u32, time: &str, counts: Option<(u64, u64)>, error: Option<&str>) -> String {
    let mut record = Record { time: time.to_owned(), ..Record::numbered(id) }.value();
    let fields: &mut Map<String, Value> = record.as_object_mut().expect("a record");
    fields.remove("output");
    fields.insert("input".to_owned(), json!({"inputContentType": "application/json"}));
    if let Some((input, output)) = counts {
        fields.insert(
            "input".to_owned(),
            json!({"inputTokenCount": input, "cacheReadInputTokenCount": 1000, "cacheWriteInputTokenCount": 7}),
        );
        fields.insert("output".to_owned(), json!({"outputTokenCount": output}));
    }
    if let Some(error) = error {
        fields.insert("errorCode".to_owned(), json!(error));
    }
    format!("{record}\n")
}

#[test]
fn unknown_counts_are_not_zero_and_cache_reads_are_free() {
    let sandbox = Sandbox::new();
    let text = request(1, "2026-11-10T12:00:00Z", Some((100, 20)), None)
        + &request(2, "2026-11-10T12:00:59Z", None, Some("ThrottlingException"))
        + &request(3, "2026-11-10T12:01:00Z", None, None)
        + &request(4, "2026-11-10T12:02:00Z", None, Some("ThrottlingException"));
    let source = sandbox.write("logs/a.json.gz", gzip(text));
    sandbox.ingest(&source, 0);
    let outcome = sandbox.run(["capacity", "--json"]).exits(0);
    assert!(outcome.stderr.contains("1 requests, throttled ones apart, have no token count"));
    let answer = outcome.json();
    let load = &loads(&answer)[0];
    assert_eq!((&load["minutes"], &load["token_minutes"]), (&json!(3), &json!(1)));
    assert_eq!(load["tokens_unknown_requests"], 1);
    assert_eq!(load["tpm"]["peak"], 100 + 20 + 7);
    assert_same(&load["tpm"]["mean"], &json!(127), "over minutes with counts");
    let worst = &load["throttling"]["worst"];
    assert_eq!(worst[0]["tokens"], 127);
    assert_eq!(worst[1]["tokens"], Value::Null);
}

#[test]
fn a_period_without_logs_is_an_error_and_without_requests_an_empty_answer() {
    let outcome = sample_store().run(["capacity", "--month", "2020-01"]).exits(1);
    assert!(outcome.stderr.contains("holds no logs"), "{}", outcome.stderr);
    assert_eq!(capacity(&["--where", "model = nothing"])["loads"], json!([]));
}

#[test]
fn the_tables_say_load_quotas_throttling_and_answers() {
    let sandbox = Sandbox::new();
    let text =
        format!("[[quota]]\nregion = \"eu-west-1\"\nmodel = \"{SONNET}\"\nrpm = 3\ntpm = 50000\n");
    let config = sandbox.write("lens.toml", text).display().to_string();
    let condition = "region = 'eu-west-1' and account = '111122223333'";
    let args = ["--config", &config, "capacity", "--limit", "2", "--where", condition];
    insta::assert_snapshot!("capacity_tables", sample_store().run(args).exits(0).shown());
}

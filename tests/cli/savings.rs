//! `savings`: every what-if against figures computed from the log files in Python, or its reason.

use serde_json::{Value, json};

use crate::allocation::golden;
use crate::support::{Record, Sandbox, gzip, sample_store};

const SONNET: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const HAIKU: &str = "anthropic.claude-haiku-4-5-20251001-v1:0";

fn savings(args: &[&str]) -> Value {
    let mut all = vec!["savings", "--json"];
    all.extend(args);
    sample_store().run(all).exits(0).json()
}

/// The what-if of a kind.
#[track_caller]
fn of(answer: &Value, kind: &str) -> Value {
    let all = answer["savings"].as_array().expect("savings");
    let found: Vec<&Value> = all.iter().filter(|saving| saving["kind"] == kind).collect();
    assert_eq!(found.len(), 1, "{kind}");
    found[0].clone()
}

#[test]
fn what_ifs_equal_the_golden_ones_to_the_last_digit() {
    let answer = savings(&["--substitute", &format!("{SONNET}={HAIKU}")]);
    let golden = golden();
    assert_eq!(answer["cost_usd"], golden["cost_usd"]);
    for kind in [
        "cache_effect",
        "batch",
        "flex_tier",
        "priority_tier",
        "global_routing",
        "model_substitution",
        "repeated_prompts",
        "unread_cache_writes",
        "prompt_length",
    ] {
        let found = of(&answer, kind);
        for (key, expected) in golden[kind].as_object().expect("figures") {
            if ["low_usd", "high_usd", "requests"].contains(&key.as_str()) {
                assert_eq!(&found[key], expected, "{kind} {key}");
            }
        }
        assert_eq!(found["reason"], Value::Null, "{kind}");
        let left_out: i64 = found["left_out"]
            .as_object()
            .expect("reasons")
            .values()
            .filter_map(Value::as_i64)
            .sum();
        if let Some(expected) = golden[kind]["left_out"].as_i64() {
            assert_eq!(left_out, expected, "{kind}");
        }
    }
    for key in ["saved_by_reads_usd", "paid_for_writes_usd"] {
        assert_eq!(of(&answer, "cache_effect")["facts"][key], golden["cache_effect"][key]);
    }
    let substitution = of(&answer, "model_substitution");
    assert_eq!(
        substitution["facts"]["same_tokens_usd"],
        golden["model_substitution"]["same_tokens_usd"]
    );
    assert_eq!(substitution["left_out"], json!({"over_context_window": 2}));
}

#[test]
fn every_what_if_has_a_range_with_assumptions_or_a_reason() {
    let answer = savings(&[]);
    let all = answer["savings"].as_array().expect("savings");
    assert_eq!(all.len(), 12);
    for saving in all {
        let has_range = saving["low_usd"].is_string() && saving["high_usd"].is_string();
        let has_none = saving["low_usd"].is_null() && saving["high_usd"].is_null();
        let said = saving["reason"].as_str().is_some_and(|reason| !reason.is_empty());
        let assumed = saving["assumptions"].as_array().is_some_and(|all| !all.is_empty());
        assert!(has_range && assumed && !said || has_none && said, "{saving}");
    }
    assert!(of(&answer, "off_peak")["reason"].is_string());
    assert!(of(&answer, "model_substitution")["reason"].is_string());
}

#[test]
fn candidates_come_from_the_command_line_and_the_configuration() {
    let sandbox = Sandbox::new();
    let text = format!("[[savings.substitute]]\nfrom = \"{SONNET}\"\nto = \"{HAIKU}\"\n");
    let config = sandbox.write("lens.toml", text).display().to_string();
    let same = format!("{SONNET}={HAIKU}");
    let lite = format!("{HAIKU}=amazon.nova-lite-v1:0");
    let answer = savings(&["--config", &config, "--substitute", &lite, "--substitute", &same]);
    let titles: Vec<&str> = answer["savings"]
        .as_array()
        .expect("savings")
        .iter()
        .filter(|saving| saving["kind"] == "model_substitution")
        .filter_map(|saving| saving["title"].as_str())
        .collect();
    assert_eq!(titles.len(), 2, "{titles:?}");
    assert!(titles[0].starts_with("amazon.nova-lite"), "{titles:?}");
}

#[test]
fn a_range_and_a_condition_narrow_the_what_ifs() {
    let day = savings(&[
        "--from",
        "2026-11-11",
        "--to",
        "2026-11-12",
        "--where",
        "principal = 'svc-chat'",
    ]);
    let repeated = of(&day, "repeated_prompts");
    assert_eq!(
        repeated["high_usd"],
        golden()["repeated_prompts"]["high_usd"],
        "the retry loop's day"
    );
    assert!(
        of(&day, "reserved_capacity")["reason"]
            .as_str()
            .is_some_and(|why| why.contains("less than a day"))
    );
}

#[test]
fn what_the_data_cannot_say_gets_a_reason_and_no_number() {
    let sandbox = Sandbox::new();
    let source = sandbox.write("logs/a.json.gz", gzip(Record::default().line()));
    sandbox.ingest(&source, 0);
    let answer = sandbox.run(["savings", "--json"]).exits(0).json();
    for kind in [
        "cache_effect",
        "unread_cache_writes",
        "priority_tier",
        "flex_tier",
        "global_routing",
        "model_substitution",
        "prompt_length",
        "off_peak",
        "reserved_capacity",
        "provisioned_throughput",
    ] {
        let found = of(&answer, kind);
        assert!(found["reason"].is_string() && found["low_usd"].is_null(), "{found}");
    }
    // One request: 100 × 0.25 + 20 × 1.25 USD per million tokens, half of it as a batch job.
    assert_eq!(of(&answer, "batch")["high_usd"], "0.000025");
    assert_eq!(of(&answer, "repeated_prompts")["high_usd"], "0");
}

#[test]
fn wrong_candidates_and_empty_ranges_are_named() {
    let sandbox = sample_store();
    for (candidate, message) in [
        ("a", "is not two model ids"),
        ("=b", "is not two model ids"),
        ("claude=amazon.nova-lite-v1:0", "the price book has no model `claude`"),
        ("amazon.nova-pro-v1:0=amazon.nova-lite-v9:0", "did you mean `amazon.nova-lite-v1:0`?"),
    ] {
        let outcome = sandbox.run(["savings", "--substitute", candidate]).exits(2);
        assert!(outcome.stderr.contains(message), "{candidate}: {}", outcome.stderr);
    }
    let outcome = sandbox.run(["savings", "--month", "2020-01"]).exits(1);
    assert!(outcome.stderr.contains("holds no invocations"), "{}", outcome.stderr);
}

#[test]
fn the_table_says_low_high_assumptions_and_what_is_not_computed() {
    let sandbox = sample_store();
    let outcome = sandbox.run(["savings", "--substitute", &format!("{SONNET}={HAIKU}")]).exits(0);
    insta::assert_snapshot!("savings_table", outcome.shown());
}

#[test]
fn csv_has_a_row_per_what_if_and_part() {
    let csv = sample_store().run(["savings", "--format", "csv"]).exits(0).stdout;
    let head =
        "kind,title,nature,model,principal,low_usd,high_usd,requests,now_usd,reason,assumptions";
    assert_eq!(csv.lines().next(), Some(head));
    let rows = |kind: &str| csv.lines().filter(|line| line.starts_with(kind)).count();
    assert_eq!(rows("off_peak,"), 1);
    assert!(rows("batch,") > 1);
}

//! `audit detections`: findings that their own commands repeat, what could not be asked, exit codes.

use std::fs;

use serde_json::Value;

use crate::support::{Sandbox, binary, repository, sample_store};

fn found(sandbox: &Sandbox, args: &[&str]) -> Value {
    let all = ["audit", "detections", "--json"].iter().chain(args);
    sandbox.run(all).exits(0).json()
}

fn of_rule<'a>(found: &'a Value, rule: &str) -> Vec<&'a Value> {
    let findings = found["findings"].as_array().expect("findings");
    findings.iter().filter(|finding| finding["rule"] == rule).collect()
}

fn outcome<'a>(found: &'a Value, rule: &str) -> &'a Value {
    let rules = found["rules"].as_array().expect("rules");
    rules.iter().find(|outcome| outcome["rule"] == rule).expect("the rule")
}

#[test]
fn every_finding_is_repeated_by_its_own_command() {
    let sandbox = sample_store();
    let found = found(&sandbox, &[]);
    let findings = found["findings"].as_array().expect("findings");
    assert!(findings.len() >= 5, "{found}");
    let folder = binary().parent().expect("a folder").to_owned();
    let mut path = folder.into_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    for finding in findings {
        let command = format!("{} --format json", finding["query"].as_str().expect("a command"));
        let mut shell = sandbox.command("sh");
        shell.env("PATH", &path).env("BEDROCK_LENS_STORE", sandbox.store()).args(["-c", &command]);
        let rows = sandbox.outcome(&mut shell).exits(0).json();
        let rows = rows.as_array().expect("rows");
        assert_eq!(rows.len() as u64, finding["rows"].as_u64().expect("a count"), "{command}");
        let evidence = finding["evidence"].as_array().expect("evidence");
        assert_eq!(evidence.len(), rows.len().min(10), "{finding}");
        for (shown, row) in evidence.iter().zip(rows) {
            assert_eq!(shown["id"], row["event_id"], "{command}");
        }
    }
}

/// Runtime calls by account, user and long-term key, read from the files themselves.
const COUNTED_APART: &str = r#"
import collections, glob, gzip, json, sys
events = {}
for path in glob.glob(sys.argv[1] + "/**/*_CloudTrail_*.gz", recursive=True):
    for event in json.loads(gzip.open(path).read())["Records"]:
        events[event["eventID"]] = event
counts = collections.Counter()
for event in events.values():
    user = event.get("userIdentity", {})
    if (event["eventSource"] == "bedrock.amazonaws.com" and user.get("type") == "IAMUser"
            and user.get("accessKeyId", "").startswith("AKIA")
            and not event.get("additionalEventData", {}).get("callWithBearerToken")
            and not user["userName"].startswith("BedrockAPIKey-")
            and event["eventName"] in ("Converse", "ConverseStream", "InvokeModel", "InvokeModelWithResponseStream")):
        counts[user["accountId"], user["userName"], user["accessKeyId"]] += 1
print(json.dumps(sorted([*key, count] for key, count in counts.items())))
"#;

#[test]
fn calls_of_long_term_keys_are_as_many_as_the_files_hold() {
    let sandbox = sample_store();
    let found = found(&sandbox, &["--rule", "long-term-key-used"]);
    let mut rows: Vec<Value> = of_rule(&found, "long-term-key-used")
        .iter()
        .map(|finding| {
            let group = &finding["group"];
            serde_json::json!([
                group["account_id"],
                group["principal"],
                group["access_key_id"],
                finding["rows"]
            ])
        })
        .collect();
    rows.sort_by_key(ToString::to_string);
    let expected = sandbox.python(COUNTED_APART, [crate::support::sample_data()]);
    let expected: Value = serde_json::from_str(&expected).expect("JSON");
    assert!(expected.as_array().is_some_and(|rows| !rows.is_empty()));
    assert_eq!(Value::Array(rows), expected);
}

#[test]
fn events_without_bedrock_raise_no_grave_finding_about_it() {
    let sandbox = Sandbox::new();
    sandbox.ingest(&repository().join("tests/detections/general.json"), 0);
    let found = found(&sandbox, &["--severity", "high"]);
    assert_eq!(found["findings"], serde_json::json!([]));
    assert_eq!(outcome(&found, "root-used")["verdict"], "quiet");
    let unasked = outcome(&found, "logging-checked-then-called");
    assert!(
        unasked["reason"].as_str().is_some_and(|r| r.starts_with("CloudTrail shows no runtime"))
    );
}

#[test]
fn settings_open_the_rules_that_need_them() {
    let sandbox = sample_store();
    let without = found(&sandbox, &["--rule", "region-not-allowed,external-source"]);
    for rule in ["region-not-allowed", "external-source"] {
        assert_eq!(outcome(&without, rule)["verdict"], "not_evaluated");
    }
    assert_eq!(outcome(&without, "external-source")["reason"], "needs security.internal_networks");
    let config = sandbox.write(
        "security.toml",
        "[security]\ninternal_networks = [\"10.0.0.0/8\"]\nallowed_regions = [\"us-east-1\"]\n\
         vpc_endpoint_required = true\n[security.business_hours]\nfrom = \"08:00\"\nto = \"18:00\"\n",
    );
    let config = config.to_str().expect("UTF-8");
    let with = found(
        &sandbox,
        &["--config", config, "--rule", "region-not-allowed,external-source,off-hours-use"],
    );
    assert_eq!(outcome(&with, "region-not-allowed")["verdict"], "fired");
    for finding in of_rule(&with, "region-not-allowed") {
        assert_ne!(finding["group"]["region"], "us-east-1");
    }
    assert_eq!(outcome(&with, "external-source")["verdict"], "fired");
    for finding in of_rule(&with, "external-source") {
        let address = finding["group"]["source_ip_address"].as_str().expect("an address");
        assert!(!address.starts_with("10."), "{finding}");
    }
    assert_ne!(outcome(&with, "off-hours-use")["verdict"], "not_evaluated");
}

#[test]
fn a_threshold_ends_in_4_and_slips_in_2() {
    let sandbox = sample_store();
    let run = |args: &[&str]| sandbox.run(["audit", "detections"].iter().chain(args));
    run(&["--fail-on", "high"]).exits(4);
    run(&["--fail-on", "critical"]).exits(0);
    let unknown = run(&["--rule", "trail-stoped"]).exits(2).stderr;
    assert!(unknown.contains("did you mean `trail-stopped`?"), "{unknown}");
    let severity = run(&["--severity", "loud"]).exits(2).stderr;
    assert!(severity.contains("critical, high, medium, low, info"), "{severity}");
    sandbox.write("rules.yaml", "rules:\n  - id: mine\n    title: Mine\n    sevrity: low\n");
    for (config, said) in [
        (
            "[audit]\ndetections = [\"rules.yaml\"]\n",
            ["rules.yaml`, line 4, rule `mine`", "sevrity"],
        ),
        ("[audit]\ndetections = [\"none.yaml\"]\n", ["could not read", "none.yaml"]),
        ("[security]\ninternal_networks = [\"10.0.0.0/33\"]\n", ["`10.0.0.0/33`", "line 2"]),
        ("[security]\nallowed_regions = []\n", ["`allowed_regions` is empty", "line 2"]),
        ("[security]\nallowed_region = [\"x\"]\n", ["`allowed_region`", "`allowed_regions`"]),
        ("[security]\ngeoip_databases = [\"rules.yaml\"]\n", ["GeoIP database", "rules.yaml"]),
    ] {
        let config = sandbox.write("wrong.toml", config);
        let stderr = run(&["--config", config.to_str().expect("UTF-8")]).exits(2).stderr;
        assert!(said.iter().all(|part| stderr.contains(part)), "{stderr}");
    }
}

#[test]
fn a_users_rule_is_asked_like_any_other() {
    let sandbox = sample_store();
    sandbox.write(
        "own.yaml",
        "rules:\n  - id: own\n    title: Converse is used\n    severity: info\n    techniques: []\n    \
         description: Any.\n    false_positives: None.\n    table: invocations\n    by: [account_id]\n    \
         match:\n      where: operation = 'Converse'\n",
    );
    let config = sandbox.write("own.toml", "[audit]\ndetections = [\"own.yaml\"]\n");
    let config = config.to_str().expect("UTF-8");
    let found = found(&sandbox, &["--config", config, "--rule", "own"]);
    let rows: i64 = of_rule(&found, "own").iter().filter_map(|one| one["rows"].as_i64()).sum();
    let counted = sandbox.sql("select count(*) as n from invocations where operation = 'Converse'");
    assert_eq!(rows, counted[0]["n"].as_i64().expect("a count"));
}

#[test]
fn the_page_on_detections_lists_every_rule_as_it_is() {
    let page = fs::read_to_string(repository().join("docs/detections.md")).expect("the page");
    let page = page.split("<!-- from the data -->").nth(1).expect("a table");
    let sandbox = Sandbox::new();
    let rules = sandbox.run(["audit", "detections", "--list", "--json"]).exits(0).json();
    let rules = rules.as_array().expect("rules");
    assert!(rules.len() >= 60, "{}", rules.len());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| {
        let parts = value.as_array().into_iter().flatten();
        parts.map(&text).collect::<Vec<_>>().join(", ")
    };
    for rule in rules {
        let row = format!(
            "| `{}` | {} | {} | {} | {} | {} |",
            text(&rule["rule"]),
            text(&rule["severity"]),
            text(&rule["title"]),
            text(&rule["finds"]),
            list(&rule["techniques"]),
            list(&rule["needs"])
        );
        assert!(page.contains(&row), "docs/detections.md lacks:\n{row}");
    }
    assert_eq!(page.matches("\n| `").count(), rules.len(), "docs/detections.md has other rows");
}

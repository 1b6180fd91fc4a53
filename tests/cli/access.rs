//! `audit access` against what Python counts in the same files, and the policies it suggests.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{Sandbox, gzip, lines, sample_data, sample_store};

const RANGE: [&str; 4] = ["--from", "2026-11-02", "--to", "2026-11-16"];

/// Calls, refused calls, requests and Regions by principal and account, read from the files.
const COUNTED_APART: &str = r#"
import collections, glob, gzip, json, sys
def name(arn):
    parts = arn.split(":", 5)[5].split("/")
    return parts[1] if parts[0] == "assumed-role" else parts[-1]
events, logs = {}, {}
for path in glob.glob(sys.argv[1] + "/**/*.gz", recursive=True):
    if "/data/" in path or "CloudTrail-Digest" in path:
        continue
    text = gzip.open(path).read().decode()
    if "_CloudTrail_" in path:
        for event in json.loads(text)["Records"]:
            if event["eventSource"].startswith("bedrock"):
                events[event["eventID"]] = event
    else:
        for line in text.splitlines():
            record = json.loads(line)
            if record.get("schemaType") == "ModelInvocationLog":
                key = (record.get("requestId"), record["timestamp"], record["modelId"], record["operation"])
                logs[key if key[0] else (path, len(logs))] = record
counts = collections.defaultdict(lambda: [0, 0, 0, []])
for event in events.values():
    identity = event["userIdentity"]
    who = name(identity["arn"]) if identity.get("arn") else identity.get("invokedBy")
    row = counts[f"{identity.get('accountId', event['recipientAccountId'])}/{who}"]
    row[0] += 1
    row[1] += event.get("errorCode", "").startswith("AccessDenied")
    row[3].append(event["awsRegion"])
for record in logs.values():
    row = counts[f"{record['accountId']}/{name(record['identity']['arn'])}"]
    row[2] += 1
    row[3].append(record["region"])
print(json.dumps({who: row[:3] + [sorted(set(row[3]))] for who, row in counts.items()}))
"#;

fn review(sandbox: &Sandbox, more: &[&str]) -> Value {
    let args = ["audit", "access", "--json"].iter().chain(&RANGE).chain(more);
    sandbox.run(args).exits(0).json()
}

#[test]
fn every_principal_is_counted_as_in_the_files() {
    let sandbox = sample_store();
    let expected: Value =
        serde_json::from_str(&sandbox.python(COUNTED_APART, [sample_data()])).expect("JSON");
    let expected = expected.as_object().expect("an object");
    let answer = review(&sandbox, &[]);
    let principals = answer["principals"].as_array().expect("rows");
    assert_eq!(principals.len(), expected.len());
    for row in principals {
        let text = |key: &str| row[key].as_str().expect("a text");
        let who = format!("{}/{}", text("account"), text("principal"));
        let counted = &expected[&who];
        assert_eq!(row["calls"], counted[0], "{who}");
        assert_eq!(row["denied_calls"], counted[1], "{who}");
        assert_eq!(row["requests"], counted[2], "{who}");
        let regions: Vec<&Value> =
            row["regions"].as_array().expect("rows").iter().map(|used| &used["name"]).collect();
        assert_eq!(serde_json::json!(regions), counted[3], "{who}");
    }
    // The store holds two weeks: no policy may claim more.
    assert_eq!(answer["policy_days_held"], 13);
}

#[test]
fn costs_are_those_of_a_query() {
    let sandbox = sample_store();
    let answer = review(&sandbox, &[]);
    let rows = sandbox.query("account,principal", "cost_usd,unpriced_requests", &RANGE);
    assert!(rows.len() > 5);
    for row in rows {
        let same =
            |one: &&Value| one["principal"] == row["principal"] && one["account"] == row["account"];
        let found = answer["principals"].as_array().expect("rows").iter().find(same);
        let found = found.unwrap_or_else(|| panic!("no {row}"));
        assert_eq!(found["cost_usd"], row["cost_usd"], "{row}");
        assert_eq!(found["unpriced_requests"], row["unpriced_requests"], "{row}");
    }
}

#[test]
fn a_policy_is_valid_and_names_only_what_was_used() {
    let sandbox = sample_store();
    let mut args = vec!["audit", "access", "--policy", "svc-chat"];
    args.extend(RANGE);
    let outcome = sandbox.run(args).exits(0);
    assert!(outcome.stderr.contains("13 of the 90 days"), "{}", outcome.stderr);
    let policy = outcome.json();
    assert_eq!(policy["Version"], "2012-10-17");
    let used: BTreeSet<String> = sandbox
        .query("model_id", "requests", &["--where", "principal = 'svc-chat'"])
        .iter()
        .map(|row| row["model_id"].as_str().expect("an id").to_owned())
        .collect();
    let statements = policy["Statement"].as_array().expect("statements");
    let sids: BTreeSet<&str> =
        statements.iter().map(|s| s["Sid"].as_str().expect("a sid")).collect();
    assert_eq!(sids.len(), statements.len());
    for statement in statements {
        for resource in statement["Resource"].as_array().expect("resources") {
            let arn = resource.as_str().expect("an ARN");
            let tail = arn.rsplit('/').next().expect("a tail");
            let is_known = used.iter().any(|id| id.ends_with(tail));
            let is_other = arn == "*" || arn.contains(":guardrail/");
            assert!(is_known || is_other, "{arn} was not used");
        }
    }
}

#[test]
fn rows_by_model_are_csv_and_formulas_harmless() {
    let sandbox = Sandbox::new();
    let evil = lines([1]).replace("app/session", "=cmd()/session");
    sandbox.ingest(&sandbox.write("logs/a.json.gz", gzip(evil)), 0);
    let out = sandbox
        .run(["audit", "access", "--last", "30d", "--by", "model", "--format", "csv"])
        .exits(0)
        .stdout;
    assert!(out.starts_with("principal,account,model_id,first_seen"), "{out}");
    assert!(out.contains("\n'=cmd(),111122223333,anthropic."), "{out}");
}

#[test]
fn names_that_are_not_there_or_twice_are_wrong_usage() {
    let sandbox = sample_store();
    let policy = |name: &str| {
        let args = ["audit", "access", "--policy", name];
        sandbox.run(args.iter().chain(&RANGE))
    };
    let twice = policy("svc-search").exits(2);
    assert!(twice.stderr.contains("`111122223333/svc-search`"), "{}", twice.stderr);
    policy("111122223333/svc-search").exits(0);
    let none = policy("nobody").exits(2);
    assert!(none.stderr.contains("no principal `nobody` used Bedrock"), "{}", none.stderr);
    let empty = ["audit", "access", "--from", "2020-01-01", "--to", "2020-02-01"];
    let empty = sandbox.run(empty).exits(1);
    assert!(empty.stderr.contains("no use of Bedrock from 2020-01-01"), "{}", empty.stderr);
}

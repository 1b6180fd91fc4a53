//! Sources named in the configuration file, and what `config` says about them.

use serde_json::{Value, json};

use super::bucket::{Bucket, invocation_key};
use crate::support::{gzip, lines};

fn two_sources() -> (Bucket, Bucket) {
    let (one, other) = (Bucket::new(), Bucket::new());
    let key = |account: &str, number| invocation_key(account, "us-east-1", "2026/11/16", 7, number);
    one.put(&key("111122223333", 1), gzip(lines([1, 2])));
    one.put(&key("222233334444", 2), gzip(lines([3])));
    other.put(&format!("deep/{}", key("333344445555", 3)), gzip(lines([4])));
    one.sandbox.write("logs/a.json", lines([5]));
    let config = format!(
        "[[source]]\nname = \"main\"\nurl = \"s3://{}\"\naccounts = [\"111122223333\"]\n\n\
         [[source]]\nname = \"other\"\nurl = \"s3://{}/deep\"\nkinds = [\"invocations\"]\n\
         endpoint_url = \"{}\"\nrole_arn = \"arn:aws:iam::333344445555:role/lens\"\nexternal_id = \"4711\"\n\n\
         [[source]]\nname = \"folder\"\nurl = \"../logs\"\n",
        one.name,
        other.name,
        one.server.url()
    );
    one.sandbox.write("work/bedrock-lens.toml", config);
    (one, other)
}

#[test]
fn all_configured_sources_are_read_or_those_that_are_named() {
    let (bucket, _other) = two_sources();
    let ingest = |names: &[&str]| -> Value {
        let args = ["ingest", "--json"].iter().chain(names);
        bucket.run(args).exits(0).json()
    };
    assert_eq!(ingest(&["other"])["invocations"], 1);
    assert_eq!(ingest(&["folder", "main"])["invocations"], 3);
    assert_eq!(ingest(&[])["objects_ingested"], 0);
    let all = ingest(&[
        "main",
        "--account",
        "222233334444",
        "--from",
        "2026-11-16",
        "--to",
        "2026-11-17",
    ]);
    assert_eq!(all["invocations"], 1, "what is asked for wins over what is configured");
}

#[test]
fn the_policy_that_the_sources_need_is_shown() {
    let (bucket, other) = two_sources();
    let check = bucket.run(["config", "check", "--json"]).exits(0).json();
    let sources = check["sources"].as_array().expect("sources");
    assert_eq!(sources.len(), 3);
    let statements = |at: usize| &sources[at]["policy"]["Statement"];
    assert_eq!(
        *statements(0),
        json!([
            {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": format!("arn:aws:s3:::{}", bucket.name)},
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{}/*", bucket.name)},
        ])
    );
    assert_eq!(statements(1)[0]["Condition"]["StringLike"]["s3:prefix"], json!(["deep", "deep/*"]));
    assert_eq!(statements(1)[1]["Resource"], format!("arn:aws:s3:::{}/deep/*", other.name));
    let assume = &sources[1]["caller_policy"]["Statement"][0];
    assert_eq!(assume["Action"], "sts:AssumeRole");
    assert_eq!(assume["Resource"], "arn:aws:iam::333344445555:role/lens");
    assert_eq!(sources[2]["policy"], Value::Null);
    let words = bucket.run(["config", "check"]).exits(0).stdout;
    assert!(words.contains("s3:GetObject") && words.contains("sts:AssumeRole"), "{words}");
}

#[test]
fn the_settings_are_shown_as_they_are_resolved() {
    let (bucket, _other) = two_sources();
    let shown = bucket.run(["config", "show", "--json"]).exits(0).json();
    assert_eq!(shown["ingest"]["trailing_days"], 2);
    assert_eq!(shown["sources"][1]["external_id"], "4711");
    assert_eq!(shown["timezone"], "UTC");
    let words = bucket.run(["config", "show"]).exits(0).stdout;
    assert!(words.contains("trailing_days = 2"), "{words}");
}

#[test]
fn mistakes_in_the_configuration_are_named() {
    let bucket = Bucket::new();
    for (text, told) in [
        (
            "[[source]]\nname = \"a\"\nurl = \"s3://acme-logs\"\nrole = \"x\"\n",
            "unknown key `role`",
        ),
        ("[[source]]\nname = \"a\"\n", "missing field `url`"),
        (
            "[[source]]\nname = \"a\"\nurl = \"s3://acme-logs\"\nexternal_id = \"1\"\n",
            "goes with `role_arn`",
        ),
        (
            "[[source]]\nname = \"a\"\nurl = \"s3://acme-logs\"\nkinds = [\"flow\"]\n",
            "unknown variant `flow`",
        ),
        ("[ingest]\nrequests_in_flight = 0\n", "`requests_in_flight`"),
        ("[[source]]\nname = \"a\"\nurl = \"s3://x\"\n", "not a place in S3"),
    ] {
        bucket.sandbox.write("work/bedrock-lens.toml", text);
        let outcome = bucket.run(["config", "check"]).exits(2);
        assert!(outcome.stderr.contains(told), "{told}: {}", outcome.stderr);
        bucket.run(["ingest", "a"]).exits(2);
    }
    bucket.sandbox.write("work/bedrock-lens.toml", "");
    let outcome = bucket.run(["ingest"]).exits(2);
    assert!(outcome.stderr.contains("`[[source]]`"), "{}", outcome.stderr);
}

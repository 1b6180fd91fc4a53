//! Who may read: credentials, policies, profiles, roles, endpoints.

use std::sync::Arc;

use serde_json::{Value, json};

use super::bucket::{Bucket, invocation_key};
use crate::standins::Server;
use crate::support::{Outcome, gzip, lines};

const ACCOUNT: &str = "111122223333";

fn filled(bucket: &Bucket) {
    for (number, region) in [(1, "us-east-1"), (2, "eu-west-1")] {
        let key = invocation_key(ACCOUNT, region, "2026/11/16", 7, number);
        bucket.put(&key, gzip(lines([u32::try_from(number).expect("small")])));
    }
}

/// A run with these credentials.
fn run_as(bucket: &Bucket, key: &Value) -> Outcome {
    let text = |name: &str| key[name].as_str().expect("a text").to_owned();
    let mut command = bucket.lens(["ingest", &bucket.url(""), "--json"]);
    command.env("AWS_ACCESS_KEY_ID", text("access_key"));
    command.env("AWS_SECRET_ACCESS_KEY", text("secret"));
    bucket.sandbox.outcome(&mut command)
}

#[test]
fn policies_are_obeyed_and_what_is_missing_is_named() {
    let bucket = Bucket::on(Arc::new(Server::moto()));
    filled(&bucket);
    let arn = format!("arn:aws:s3:::{}", bucket.name);
    let user = |statements: Value| {
        let policy = json!({"Version": "2012-10-17", "Statement": statements});
        bucket.server.ask(&json!({"do": "user", "policy": policy}))
    };
    let list = json!({"Effect": "Allow", "Action": "s3:ListBucket", "Resource": arn});
    let get = json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": format!("{arn}/*")});
    let (nobody, lister, reader) =
        (user(json!([get])), user(json!([list])), user(json!([list, get])));
    bucket.server.ask(&json!({"do": "auth"}));
    let outcome = run_as(&bucket, &nobody).exits(1);
    assert!(outcome.stderr.contains(&format!("`s3:ListBucket` on `{arn}`")), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("hint: the identity needs `s3:ListBucket`"),
        "{}",
        outcome.stderr
    );
    let outcome = run_as(&bucket, &lister).exits(1);
    assert!(outcome.stderr.contains(&format!("`s3:GetObject` on `{arn}/")), "{}", outcome.stderr);
    let mistyped = json!({"access_key": reader["access_key"], "secret": "mistyped"});
    let outcome = run_as(&bucket, &mistyped).exits(1);
    assert!(outcome.stderr.contains("AWS doesn't accept these credentials"), "{}", outcome.stderr);
    let unknown = json!({"access_key": "AKIAIOSFODNN7EXAMPLE", "secret": "x"});
    let outcome = run_as(&bucket, &unknown).exits(1);
    assert!(outcome.stderr.contains("AWS doesn't accept these credentials"), "{}", outcome.stderr);
    assert_eq!(run_as(&bucket, &reader).exits(0).json()["invocations"], 2);
}

#[test]
fn without_credentials_there_is_one_message() {
    let bucket = Bucket::new();
    let mut command = bucket.lens(["ingest", &bucket.url("")]);
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    let outcome = bucket.sandbox.outcome(&mut command).exits(1);
    assert!(outcome.stderr.contains("caused by: no AWS credentials"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("hint: name a profile with `--profile`"), "{}", outcome.stderr);
}

#[test]
fn a_place_that_cannot_be_reached_is_named() {
    let bucket = Bucket::new();
    let mut command = bucket.lens(["ingest", &bucket.url("")]);
    command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:9").env("AWS_MAX_ATTEMPTS", "2");
    let outcome = bucket.sandbox.outcome(&mut command).exits(1);
    assert!(outcome.stderr.contains("caused by: AWS can't be reached"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("AWS_ENDPOINT_URL"), "{}", outcome.stderr);
}

#[test]
fn a_bucket_that_is_not_there_is_named() {
    let bucket = Bucket::new();
    let outcome = bucket.run(["ingest", "s3://acme-no-such-bucket/x"]).exits(1);
    assert!(outcome.stderr.contains("there is no such bucket"), "{}", outcome.stderr);
    for text in ["s3://", "s3://a b/c"] {
        let outcome = bucket.run(["ingest", text]).exits(2);
        assert!(outcome.stderr.contains("not a place in S3"), "{}", outcome.stderr);
    }
}

#[test]
fn profiles_and_their_endpoints_are_found() {
    let bucket = Bucket::new();
    filled(&bucket);
    let config = bucket.sandbox.write(
        "aws/config",
        format!(
            "[profile audit]\nregion = eu-west-1\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n\
             aws_secret_access_key = example\nendpoint_url = {}\n",
            bucket.server.url()
        ),
    );
    for by_flag in [true, false] {
        let url = bucket.url("");
        let mut args = vec!["ingest", &url, "--json"];
        args.extend(["--profile", "audit"].iter().filter(|_| by_flag));
        let mut command = bucket.sandbox.lens(args);
        command.env("AWS_CONFIG_FILE", &config).env("AWS_EC2_METADATA_DISABLED", "true");
        if !by_flag {
            command.env("AWS_PROFILE", "audit");
        }
        let summary = bucket.sandbox.outcome(&mut command).exits(0).json();
        assert_eq!(summary["objects_listed"], 2, "{by_flag}");
    }
}

#[test]
fn endpoints_are_reached_by_flag_and_by_variable_with_the_bucket_in_the_path() {
    let bucket = Bucket::new();
    filled(&bucket);
    bucket.asked();
    let by_name = bucket.server.url().replace("127.0.0.1", "localhost");
    let url = bucket.url("");
    for (flags, variable) in [
        (vec!["--endpoint-url", &by_name], None),
        (vec!["--path-style", "--endpoint-url", &by_name], None),
        (vec![], Some(("AWS_ENDPOINT_URL_S3", by_name.as_str()))),
    ] {
        let args = ["ingest", &url, "--json"].into_iter().chain(flags.iter().copied());
        let mut command = bucket.lens(args);
        command.env_remove("AWS_ENDPOINT_URL");
        if let Some((name, value)) = variable {
            command.env(name, value);
        }
        bucket.sandbox.outcome(&mut command).exits(0);
    }
    assert_eq!(bucket.requests().fetched.len(), 2);
    let virtual_host =
        bucket.run(["ingest", &url, "--path-style=false", "--endpoint-url", &by_name]);
    let host = format!("{}.localhost", bucket.name);
    let asked = bucket.asked();
    let by_host = asked
        .iter()
        .any(|request| request["host"].as_str().is_some_and(|asked| asked.starts_with(&host)));
    assert!(by_host || virtual_host.code == Some(1), "resolved, or no such host: {virtual_host:?}");
}

#[test]
fn requests_are_paid_by_who_asks_when_told_to() {
    let bucket = Bucket::new();
    filled(&bucket);
    bucket.asked();
    let payers = |bucket: &Bucket| -> Vec<Value> {
        bucket.asked().into_iter().map(|mut request| request["payer"].take()).collect()
    };
    bucket.ingest("", &["--requester-pays", "--dry-run"], 0);
    bucket.ingest("", &["--requester-pays"], 0);
    let asked = payers(&bucket);
    assert!(asked.len() > 4 && asked.iter().all(|payer| payer == "requester"), "{asked:?}");
    bucket.ingest("", &[], 0);
    assert!(payers(&bucket).iter().all(Value::is_null));
}

#[test]
fn a_role_is_assumed_with_its_external_id() {
    let bucket = Bucket::new();
    filled(&bucket);
    let role = ["--role-arn", "arn:aws:iam::123456789012:role/lens", "--external-id", "4711"];
    assert_eq!(bucket.ingest("", &role, 0)["objects_ingested"], 2);
    let outcome = bucket.run(["ingest", &bucket.url(""), "--external-id", "4711"]).exits(2);
    assert!(outcome.stderr.contains("--role-arn"), "{}", outcome.stderr);
}

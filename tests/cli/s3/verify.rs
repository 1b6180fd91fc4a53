//! `audit verify s3://…`: signatures from the objects' metadata, keys asked of CloudTrail.

use std::fs;
use std::process::Command;
use std::sync::Arc;

use serde_json::{Value, json};

use super::bucket::Bucket;
use crate::standins::Server;
use crate::support::{Outcome, Sandbox, files_below, repository};

/// The bucket of `tests/integrity` on a server of its own, with CloudTrail beside it.
struct Trail {
    bucket: Bucket,
    cloudtrail: Server,
}

impl Trail {
    fn new() -> Self {
        let bucket = Bucket {
            server: Arc::new(Server::moto()),
            sandbox: Sandbox::new(),
            name: "trail-bucket".to_owned(),
        };
        let trail = Self { bucket, cloudtrail: Server::cloudtrail() };
        trail.fill();
        trail
    }

    fn fill(&self) {
        let fixture = repository().join("tests/integrity");
        let read = |name: &str| -> Value {
            serde_json::from_slice(&fs::read(fixture.join(name)).expect("readable")).expect("JSON")
        };
        let metadata = read("metadata.json");
        let root = fixture.join("bucket/trail-bucket");
        let object = |file: &std::path::PathBuf| {
            let key = file.strip_prefix(&root).expect("below it").to_string_lossy().into_owned();
            let own = metadata[format!("s3://trail-bucket/{key}")].clone();
            let mut object = json!({"key": key, "file": file});
            if own.is_object() {
                object["metadata"] = own;
            }
            object
        };
        let objects: Vec<Value> = files_below(&root).iter().map(object).collect();
        self.bucket.put_all(&objects);
        let keys = read("keys.json")["PublicKeyList"].as_array().expect("keys").clone();
        let seconds = |time: &Value| {
            let time = time.as_str().expect("text").parse::<chrono::DateTime<chrono::Utc>>();
            time.expect("a time").timestamp()
        };
        let of_region = |region: &str| {
            let of_region = keys.iter().map(|key| {
                json!({
                    "Value": key["Value"], "Fingerprint": key["Fingerprint"], "region": region,
                    "ValidityStartTime": seconds(&key["ValidityStartTime"]),
                    "ValidityEndTime": seconds(&key["ValidityEndTime"]),
                })
            });
            of_region.collect::<Vec<Value>>()
        };
        let all = [of_region("us-east-1"), of_region("eu-west-1")].concat();
        self.cloudtrail.ask(&json!({"do": "keys", "keys": all}));
    }

    fn lens(&self, args: &[&str]) -> Command {
        let mut command = self.bucket.lens(args);
        command.env("AWS_ENDPOINT_URL_CLOUDTRAIL", self.cloudtrail.url());
        command
    }

    fn verify(&self, more: &[&str]) -> Outcome {
        let args = [&["audit", "verify", "s3://trail-bucket", "--json"][..], more].concat();
        self.bucket.sandbox.outcome(&mut self.lens(&args))
    }
}

const CHAIN: [&str; 6] =
    ["--region", "us-east-1", "--from", "2026-03-02T10:30:00Z", "--to", "2026-03-02T13:00:00Z"];

#[test]
fn a_bucket_is_verified_with_keys_that_cloudtrail_answers_and_they_serve_a_copy_later() {
    let trail = Trail::new();
    let answer =
        trail.verify(&[&CHAIN[..], &["--save-keys", "kept.json"]].concat()).exits(0).json();
    assert_eq!(answer["verdict"], "verified", "{answer}");
    assert_eq!(answer["digests"]["valid"], 4);
    assert_eq!(answer["logs"]["valid"], 5);
    let asked = trail.cloudtrail.ask(&json!({"do": "requests"}));
    let asked = asked["requests"].as_array().expect("requests");
    assert_eq!(asked.len(), 1, "only the Region asked about: {asked:?}");
    assert_eq!(
        (&asked[0]["operation"], &asked[0]["region"]),
        (&json!("ListPublicKeys"), &json!("us-east-1"))
    );
    // One request for each digest, its metadata included, and one for each log file.
    let gets = trail.bucket.requests().fetched;
    let digests = gets.iter().filter(|key| key.contains("CloudTrail-Digest")).count();
    assert_eq!((digests, gets.len() - digests), (7, 5), "{gets:?}");

    let source = repository().join("tests/integrity/bucket");
    let metadata = repository().join("tests/integrity/metadata.json");
    let mut offline = vec!["audit", "verify", source.to_str().expect("UTF-8"), "--json"];
    offline.extend(["--keys", "kept.json", "--metadata", metadata.to_str().expect("UTF-8")]);
    offline.extend(CHAIN);
    let offline = trail.bucket.sandbox.run(offline).exits(0).json();
    assert_eq!(offline["verdict"], "verified");
}

#[test]
fn a_bucket_is_told_apart_from_what_it_was() {
    let trail = Trail::new();
    let key = |part: &str| {
        let root = repository().join("tests/integrity/bucket/trail-bucket");
        let files = files_below(&root);
        let mut found = files.iter().filter(|file| file.to_string_lossy().contains(part));
        let found = found.next().expect("the file").strip_prefix(&root).expect("below it");
        found.to_string_lossy().into_owned()
    };
    // An altered log file, and the newest digests gone.
    trail.bucket.put(&key("T1210Z"), crate::support::gzip(r#"{"Records":[]}"#));
    let answer = trail.verify(&CHAIN).exits(4).json();
    assert_eq!(answer["verdict"], "failed");
    assert_eq!(answer["problems"][0]["kind"], "log_hash_mismatch");
    trail.fill();
    let newest =
        ["20260302T161000Z", "20260302T171000Z"].map(|end| key(&format!("us-east-1_{end}")));
    trail.bucket.server.ask(&json!({"do": "delete", "bucket": "trail-bucket", "keys": newest}));
    let range =
        ["--region", "us-east-1", "--from", "2026-03-02T15:00:00Z", "--to", "2026-03-02T18:00:00Z"];
    let answer = trail.verify(&range).exits(4).json();
    assert_eq!(answer["verdict"], "unverifiable");
    assert_eq!(answer["logs"]["uncovered"], 3);
    // Without any key, and without the permission to ask for them.
    trail.cloudtrail.ask(&json!({"do": "keys", "keys": []}));
    let answer = trail.verify(&CHAIN).exits(4).json();
    assert_eq!(answer["verdict"], "unverifiable");
    let mut unreachable = trail.lens(&["audit", "verify", "s3://trail-bucket", "--json"]);
    unreachable
        .env("AWS_ENDPOINT_URL_CLOUDTRAIL", "http://127.0.0.1:9")
        .env("AWS_MAX_ATTEMPTS", "1");
    let outcome = trail.bucket.sandbox.outcome(&mut unreachable).exits(4);
    assert_eq!(outcome.json()["verdict"], "unverifiable");
    assert!(
        outcome.stderr.contains("could not ask for the public keys of us-east-1"),
        "{}",
        outcome.stderr
    );
}

//! Bad days: throttling, broken connections, lies, expired credentials, the wrong Region.

use serde_json::{Value, json};

use super::bucket::{Bucket, invocation_key};
use crate::standins::Server;
use crate::support::{Outcome, gzip, lines};

const ACCOUNT: &str = "111122223333";

/// A bucket behind a proxy that obeys rules.
struct Faulty {
    bucket: Bucket,
    proxy: Server,
}

impl Faulty {
    /// A bucket with so many objects, each with two records.
    fn with(objects: u32) -> Self {
        let bucket = Bucket::new();
        for number in 1..=objects {
            bucket.put(&key(number), gzip(lines([2 * number, 2 * number + 1])));
        }
        let proxy = Server::faults_before(&bucket.server);
        Self { bucket, proxy }
    }

    fn rules(&self, rules: &Value) {
        self.proxy.ask(&json!({"do": "rules", "rules": rules}));
    }

    fn run(&self, options: &[&str]) -> Outcome {
        let url = self.bucket.url("");
        let args = ["ingest", &url, "--json"].into_iter().chain(options.iter().copied());
        let mut command = self.bucket.lens(args);
        command.env("AWS_ENDPOINT_URL", self.proxy.url());
        self.bucket.sandbox.outcome(&mut command)
    }

    /// How many objects were asked for since last asked, and how many listings.
    fn requests(&self) -> (usize, usize) {
        let requests = self.proxy.requests("");
        let is_list = |request: &&Value| {
            request["target"].as_str().is_some_and(|target| target.contains("list-type=2"))
        };
        let lists = requests.iter().filter(is_list).count();
        (requests.len() - lists, lists)
    }
}

/// Two Regions: even numbers lie in the one, odd ones in the other.
fn key(number: u32) -> String {
    let region = if number.is_multiple_of(2) { "us-east-1" } else { "eu-west-1" };
    invocation_key(ACCOUNT, region, "2026/11/16", number % 24, number.into())
}

#[test]
fn throttling_and_broken_connections_are_tried_again() {
    let faulty = Faulty::with(12);
    faulty.rules(&json!([
        {"target": "list-type", "times": 2, "status": 503, "code": "SlowDown"},
        {"target": "json.gz", "times": 4, "status": 503, "code": "SlowDown"},
        {"target": "json.gz", "times": 3, "cut": 40},
        {"target": "json.gz", "times": 3, "close": true},
        {"target": "json.gz", "times": 2, "status": 500, "code": "InternalError"},
    ]));
    let summary = faulty.run(&[]).exits(0).json();
    assert_eq!((&summary["invocations"], &summary["objects_failed"]), (&json!(24), &json!(0)));
    assert!(faulty.requests().0 >= 24, "each fault was met");
}

#[test]
fn an_object_that_always_breaks_off_is_left_for_the_next_run() {
    let faulty = Faulty::with(6);
    faulty.rules(&json!([{"target": "0000000000000003.json.gz", "cut": 30}]));
    let mut command = faulty.bucket.lens(["ingest", &faulty.bucket.url(""), "--json"]);
    command.env("AWS_ENDPOINT_URL", faulty.proxy.url()).env("AWS_MAX_ATTEMPTS", "2");
    let outcome = faulty.bucket.sandbox.outcome(&mut command).exits(3);
    let summary = outcome.json();
    assert_eq!((&summary["objects_ingested"], &summary["objects_failed"]), (&json!(5), &json!(1)));
    assert!(outcome.stderr.contains(&key(3)), "{}", outcome.stderr);
    faulty.rules(&json!([]));
    faulty.requests();
    let summary = faulty.run(&[]).exits(0).json();
    assert_eq!((&summary["objects_ingested"], &summary["invocations"]), (&json!(1), &json!(2)));
    assert_eq!(faulty.requests().0, 1, "only what was missing is fetched");
}

#[test]
fn a_corrupt_object_is_recorded_and_not_read_again_until_it_changes() {
    let faulty = Faulty::with(2);
    let corrupt = key(9);
    let mut bytes = gzip(lines([100, 101]));
    let middle = bytes.len() / 2;
    bytes[middle..].fill(0);
    faulty.bucket.put(&corrupt, bytes);
    let summary = faulty.run(&[]).exits(3).json();
    assert_eq!((&summary["objects_ingested"], &summary["objects_failed"]), (&json!(3), &json!(0)));
    assert_ne!(summary["rejects"], json!({}));
    faulty.requests();
    let again = faulty.run(&[]).exits(0).json();
    assert_eq!((&again["objects_ingested"], faulty.requests().0), (&json!(0), 0));
    faulty.bucket.put(&corrupt, gzip(lines([100, 101])));
    assert_eq!(faulty.run(&[]).exits(0).json()["objects_ingested"], 1);
    let rows = faulty.bucket.sandbox.sql("select count(*) as n from rejects");
    assert_eq!(rows[0]["n"], 0);
    let rows = faulty.bucket.sandbox.query("", "requests", &[]);
    assert_eq!(rows[0]["requests"], 6);
}

#[test]
fn what_came_counts_when_an_object_changes_after_it_was_listed() {
    let faulty = Faulty::with(1);
    faulty.rules(&json!([{"target": "json.gz", "headers": {"ETag": "\"0123456789abcdef\""}}]));
    assert_eq!(faulty.run(&[]).exits(0).json()["objects_ingested"], 1);
    // The listing still shows the other version: it is read once more, and replaces its rows.
    faulty.rules(&json!([]));
    let again = faulty.run(&[]).exits(0).json();
    assert_eq!(again["objects_ingested"], 1);
    assert_eq!(faulty.run(&[]).exits(0).json()["objects_ingested"], 0);
    assert_eq!(faulty.bucket.sandbox.query("", "requests", &[])[0]["requests"], 2);
}

#[test]
fn credentials_that_expire_end_the_run_and_keep_what_was_read() {
    let faulty = Faulty::with(600);
    let expired = json!({
        "target": "json.gz", "after": 550, "status": 400, "code": "ExpiredToken",
        "message": "The provided token has expired.",
    });
    faulty.rules(&json!([expired]));
    let outcome = faulty.run(&[]).exits(3);
    let summary = outcome.json();
    let (read, failed) = (&summary["objects_ingested"], &summary["objects_failed"]);
    assert_eq!(read.as_u64().zip(failed.as_u64()).map(|(read, failed)| read + failed), Some(600));
    assert!(read.as_u64() > Some(400), "{summary}");
    assert!(outcome.stderr.contains("expired"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("hint: get new ones"), "{}", outcome.stderr);
    let asked = faulty.requests().0;
    assert!(asked <= 600, "nothing is asked for after credentials are gone: {asked}");
    faulty.rules(&json!([]));
    let rest = faulty.run(&[]).exits(0).json();
    assert_eq!(rest["objects_ingested"], *failed);
    assert_eq!(faulty.bucket.sandbox.query("", "requests", &[])[0]["requests"], 1200);
}

#[test]
fn credentials_that_have_expired_before_give_one_message() {
    let faulty = Faulty::with(1);
    faulty.rules(&json!([{"status": 400, "code": "ExpiredToken", "message": "The provided token has expired."}]));
    let outcome = faulty.run(&[]).exits(1);
    assert!(outcome.stderr.starts_with("error: could not list `s3://"), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("caused by: the AWS credentials have expired"),
        "{}",
        outcome.stderr
    );
    assert!(outcome.stdout.is_empty());
    assert!(!faulty.bucket.sandbox.store().exists());
}

#[test]
fn a_prefix_that_is_denied_does_not_stop_the_others() {
    let faulty = Faulty::with(8);
    let denied = json!({"status": 403, "code": "AccessDenied", "message": "Access Denied"});
    let rule = |target: &str| {
        let mut rule = denied.clone();
        rule["target"] = target.into();
        rule
    };
    faulty.rules(&json!([rule("prefix=[^&]*eu-west-1")]));
    let outcome = faulty.run(&[]).exits(3);
    assert_eq!(outcome.json()["objects_ingested"], 4);
    let bucket = &faulty.bucket.name;
    let named = format!("access denied: `s3:ListBucket` on `arn:aws:s3:::{bucket}`");
    assert!(outcome.stderr.contains(&named), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("/BedrockModelInvocationLogs/eu-west-1/"),
        "{}",
        outcome.stderr
    );
    faulty.rules(&json!([rule("/AWSLogs/.*eu-west-1.*json.gz")]));
    let outcome = faulty.run(&[]).exits(3);
    assert_eq!(outcome.json()["objects_failed"], 4);
    let named = format!("access denied: `s3:GetObject` on `arn:aws:s3:::{bucket}/AWSLogs/");
    assert!(outcome.stderr.contains(&named), "{}", outcome.stderr);
}

#[test]
fn a_bucket_that_is_denied_altogether_is_a_failure() {
    let faulty = Faulty::with(3);
    let key = "arn:aws:kms:us-east-1:111122223333:key/ab12";
    faulty.rules(&json!([{
        "target": "json.gz", "status": 403, "code": "AccessDenied",
        "message": format!("User: arn:aws:iam::111122223333:user/x is not authorized to perform: kms:Decrypt \
                   on resource: {key} because no identity-based policy allows the kms:Decrypt action"),
    }]));
    let outcome = faulty.run(&[]).exits(1);
    assert!(outcome.stderr.contains(&format!("`kms:Decrypt` on `{key}`")), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("the key's policy"), "{}", outcome.stderr);
    faulty.rules(&json!([{"status": 403, "code": "AccessDenied"}]));
    let outcome = faulty.run(&[]).exits(1);
    assert!(outcome.stderr.contains("`s3:ListBucket`"), "{}", outcome.stderr);
}

#[test]
fn a_bucket_in_another_region_is_followed_there() {
    let faulty = Faulty::with(4);
    let elsewhere = |headers: Value| {
        json!([{
            "unless_region": "eu-central-1", "status": 301, "code": "PermanentRedirect",
            "headers": headers,
        }])
    };
    faulty.rules(&elsewhere(json!({"x-amz-bucket-region": "eu-central-1"})));
    assert_eq!(faulty.run(&[]).exits(0).json()["objects_ingested"], 4);
    faulty.rules(&elsewhere(json!({})));
    let outcome = faulty.run(&[]).exits(1);
    assert!(outcome.stderr.contains("wrong Region"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("hint: name the bucket's Region"), "{}", outcome.stderr);
    assert_eq!(
        faulty.run(&["--bucket-region", "eu-central-1"]).exits(0).json()["objects_ingested"],
        0
    );
}

#[test]
fn a_clock_that_is_off_is_named() {
    let faulty = Faulty::with(1);
    faulty.rules(&json!([{"status": 403, "code": "RequestTimeTooSkewed"}]));
    let outcome = faulty.run(&[]).exits(1);
    assert!(outcome.stderr.contains("this machine's clock differs"), "{}", outcome.stderr);
}

#[test]
fn one_source_that_fails_does_not_stop_the_other() {
    let faulty = Faulty::with(2);
    let folder = faulty.bucket.sandbox.write("logs/a.json", lines([900]));
    let folder = folder.parent().and_then(std::path::Path::to_str).expect("UTF-8");
    faulty.rules(&json!([{"status": 404, "code": "NoSuchBucket"}]));
    let outcome = faulty.run(&[folder]).exits(3);
    let summary = outcome.json();
    assert_eq!((&summary["invocations"], &summary["sources_failed"]), (&json!(1), &json!(1)));
    assert!(outcome.stderr.contains("there is no such bucket"), "{}", outcome.stderr);
}

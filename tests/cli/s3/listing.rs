//! What is listed, and with how few requests.

use std::collections::BTreeSet;

use serde_json::json;

use super::bucket::{Bucket, invocation_key};
use crate::support::{Record, Sandbox, gzip, lines, repository, sample_data};
use crate::truth::Truth;

const ACCOUNT: &str = "111122223333";

#[test]
fn a_bucket_gives_what_a_folder_gives() {
    let logs = sample_data().join("AWSLogs");
    let bucket = Bucket::of_folder(&logs, "logs/AWSLogs/");
    let local = Sandbox::new().ingest(&logs, 0);
    let summary = bucket.ingest("logs", &[], 0);
    for key in [
        "objects_listed",
        "objects_ingested",
        "objects_skipped",
        "objects_failed",
        "invocations",
        "api_events",
        "duplicates",
        "rejects",
        "bytes_compressed",
        "bytes_uncompressed",
    ] {
        assert_eq!(summary[key], local[key], "{key}");
    }
    let truth = Truth::read(&repository().join("tests/truth/sample-data.json"));
    truth.check_block(&bucket.sandbox, "/overall", &[]);
    assert_eq!(bucket.requests().fetched.len() as u64, summary["objects_ingested"]);
}

#[test]
fn a_day_lists_its_own_folders_and_the_margin_and_nothing_else() {
    let bucket = Bucket::of_folder(&sample_data(), "logs/");
    let range = ["--from", "2026-11-10", "--to", "2026-11-11"];
    bucket.ingest("logs/AWSLogs/222233334444/", &range, 0);
    let base = "logs/AWSLogs/222233334444/";
    let mut expected = vec![base.to_owned()];
    for (kind, regions) in [
        ("BedrockModelInvocationLogs", ["eu-west-1", "us-east-1"]),
        ("CloudTrail", ["eu-west-1", "us-east-1"]),
    ] {
        expected.push(format!("{base}{kind}/"));
        for region in regions {
            // An hour after for invocation logs, a day after for CloudTrail.
            let margin = if kind == "CloudTrail" { "11/11/" } else { "11/11/00/" };
            expected.push(format!("{base}{kind}/{region}/2026/11/10/"));
            expected.push(format!("{base}{kind}/{region}/2026/{margin}"));
        }
    }
    expected.sort();
    assert_eq!(bucket.requests().listed, expected);
    let objects = bucket.sandbox.sql("select distinct object from invocations");
    assert!(!objects.is_empty());
    for object in objects {
        let object = object["object"].as_str().expect("an object");
        assert!(object.contains("/2026/11/10/") || object.contains("/2026/11/11/00/"), "{object}");
    }
}

#[test]
fn a_report_from_a_bucket_lists_the_days_of_its_range_only() {
    let bucket = Bucket::of_folder(&sample_data(), "");
    let url = bucket.url("AWSLogs/222233334444/");
    let args = ["report", "daily", "--source", &url, "--date", "2026-11-10", "--format", "json"];
    bucket.run(args.into_iter().chain(["-o", "-"])).exits(0);
    // The day, the one before to compare with, the day before that, and the margin after.
    let days = ["2026/11/08/", "2026/11/09/", "2026/11/10/", "2026/11/11/"];
    let listed = bucket.requests().listed;
    let dated: Vec<&String> = listed.iter().filter(|prefix| prefix.contains("2026/")).collect();
    assert!(!dated.is_empty());
    for prefix in dated {
        assert!(days.iter().any(|day| prefix.contains(day)), "{prefix}");
    }
    let whole = listed.iter().any(|prefix| prefix.ends_with("us-east-1/"));
    assert!(!whole, "{listed:?}");
}

#[test]
fn a_range_takes_from_a_bucket_what_it_takes_from_a_folder() {
    let bucket = Bucket::of_folder(&sample_data(), "");
    for (range, more) in [
        (["--from", "2026-11-09", "--to", "2026-11-16"], &[] as &[&str]),
        (["--from", "2026-11-10T05:00:00Z", "--to", "2026-11-10T09:30:00Z"], &[]),
        (["--from", "2026-11-04", "--to", "2026-11-05"], &["--kind", "cloudtrail"]),
        (["--from", "2026-11-04", "--to", "2026-11-06"], &["--account", "222233334444"]),
        (["--from", "2026-11-01", "--to", "2027-01-01"], &["--region", "us-west-2"]),
    ] {
        let options: Vec<&str> = range.iter().chain(more).copied().collect();
        let source = sample_data();
        let folder = Sandbox::new();
        let mut args = vec!["ingest", source.to_str().expect("UTF-8"), "--json"];
        args.extend(&options);
        let expected = folder.run(args).exits(0).json();
        let fresh = bucket.for_another_user();
        let found = fresh.ingest("", &options, 0);
        for key in ["objects_ingested", "invocations", "api_events"] {
            assert_eq!(found[key], expected[key], "{options:?}: {key}");
        }
        assert!(found["objects_ingested"].as_u64() > Some(0), "{options:?}");
    }
}

#[test]
fn any_place_in_the_tree_may_be_named() {
    let bucket = Bucket::new();
    let key = invocation_key(ACCOUNT, "us-east-1", "2026/11/10", 7, 1);
    bucket.put(&format!("deep/down/{key}"), gzip(lines(1..=3)));
    let parts: Vec<&str> = key.split('/').collect();
    for depth in 0..parts.len() {
        let above = parts[..depth].join("/");
        let fresh = bucket.for_another_user();
        let prefix = format!("deep/down/{above}");
        let range = ["--from", "2026-11-10", "--to", "2026-11-11"];
        let summary = fresh.ingest(prefix.trim_end_matches('/'), &range, 0);
        assert_eq!(summary["invocations"], 3, "{prefix}");
    }
    let object = format!("deep/down/{key}");
    let summary = bucket.ingest(&object, &[], 0);
    assert_eq!((&summary["objects_listed"], &summary["invocations"]), (&json!(1), &json!(3)));
    assert_eq!(bucket.ingest("", &[], 0)["objects_ingested"], 0, "the same object");
}

#[test]
fn layouts_of_others_are_found_by_content_and_by_date() {
    let bucket = Bucket::new();
    let other = |id: u32| gzip(Record::numbered(id).line());
    bucket.put("firehose/2026/11/10/07/lens-1-2026-11-10-07-03-04-6f1a", other(1));
    bucket.put("firehose/2026/11/13/07/lens-1-2026-11-13-07-03-04-6f1b", other(2));
    bucket.put("firehose/2025/11/10/07/lens-1-2025-11-10-07-03-04-6f1c", other(3));
    bucket.put("exports/1b2c/stream/000000.gz", other(4));
    bucket.put("flat.json.gz", other(5));
    bucket.put("AWSLogs/111122223333/vpcflowlogs/us-east-1/2026/11/10/x.log.gz", "no");
    bucket.requests();
    let summary = bucket.ingest("", &["--from", "2026-11-10", "--to", "2026-11-11"], 0);
    // What tells no time may belong to any range.
    assert_eq!(summary["invocations"], 3);
    let listed: BTreeSet<String> = bucket.requests().listed.into_iter().collect();
    for unwanted in ["firehose/2025/", "firehose/2026/11/13/", "AWSLogs/111122223333/vpcflowlogs/"]
    {
        assert!(!listed.contains(unwanted), "{listed:?}");
    }
    assert!(listed.contains("firehose/2026/11/10/"), "{listed:?}");
    assert_eq!(bucket.ingest("", &[], 0)["invocations"], 2);
}

#[test]
fn a_folder_with_very_many_folders_is_listed_through() {
    let bucket = Bucket::new();
    let folders: Vec<_> = (0..1100)
        .map(|at| json!({"key": format!("exports/{at:05}/000000.gz"), "base64": ""}))
        .collect();
    bucket.put_all(&folders);
    bucket.put("exports/zz/000000.gz", gzip(lines(1..=2)));
    bucket.requests();
    let range = ["--from", "2026-11-10", "--to", "2026-11-11"];
    assert_eq!(bucket.ingest("exports/", &range, 0)["invocations"], 2);
    assert_eq!(bucket.requests().listed.len(), 3, "one to see, two pages of all");
}

#[test]
fn a_dry_run_fetches_nothing_and_says_what_it_would_cost() {
    let bucket = Bucket::new();
    for number in 1..=3 {
        let key = invocation_key(ACCOUNT, "us-east-1", "2026/11/10", 7, number);
        bucket.put(&key, gzip(lines([u32::try_from(number).expect("small")])));
    }
    bucket.requests();
    let plan = bucket.ingest("", &["--dry-run"], 0);
    let seen = bucket.requests();
    assert!(seen.fetched.is_empty(), "{seen:?}");
    assert_eq!(plan["objects_to_read"], 3);
    assert_eq!(plan["requests"], json!({"list": seen.listed.len(), "get": 3}));
    let expected = 50 * seen.listed.len() + 4 * 3;
    assert_eq!(plan["estimated_cost_usd"], format!("0.{expected:07}"));
    assert!(!bucket.sandbox.store().exists());
    let words = bucket.run(["ingest", &bucket.url(""), "--dry-run"]).exits(0).stdout;
    assert!(words.contains("would read 3 of 3 objects"), "{words}");
}

#[test]
fn a_run_without_a_range_looks_back_a_little_and_not_at_everything() {
    let bucket = Bucket::new();
    let put = |day: &str, id: u32| {
        let key = invocation_key(ACCOUNT, "us-east-1", day, 5, id.into());
        bucket.put(&key, gzip(lines([id])));
    };
    put("2026/10/01", 1);
    put("2026/11/16", 2);
    assert_eq!(bucket.ingest("", &[], 0)["invocations"], 2);
    put("2026/10/01", 3);
    put("2026/11/15", 4);
    put("2026/11/17", 5);
    bucket.requests();
    let again = bucket.ingest("", &[], 0);
    assert_eq!(again["invocations"], 2, "the late one of the 15th and the new one");
    let seen = bucket.requests();
    assert_eq!(seen.fetched.len(), 2);
    assert!(seen.listed.iter().all(|prefix| !prefix.contains("2026/10")), "{seen:?}");
    let range = ["--from", "2026-10-01", "--to", "2026-10-02"];
    assert_eq!(bucket.ingest("", &range, 0)["invocations"], 1, "a range finds what is older");
}

#[test]
fn a_run_that_failed_is_not_the_last_complete_one() {
    let bucket = Bucket::new();
    let key = invocation_key(ACCOUNT, "us-east-1", "2026/11/16", 7, 1);
    bucket.put(&key, gzip(lines([1])));
    let archived = invocation_key(ACCOUNT, "us-east-1", "2026/03/01", 7, 2);
    let content =
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, gzip(lines([2])));
    bucket.put_all(&[json!({"key": archived, "base64": content, "storage": "GLACIER"})]);
    let outcome = bucket.run(["ingest", &bucket.url(""), "--json"]).exits(3);
    assert_eq!(outcome.json()["objects_failed"], 1);
    assert!(
        outcome.stderr.contains(&archived) && outcome.stderr.contains("archived"),
        "{}",
        outcome.stderr
    );
    assert!(outcome.stderr.contains("restore-object"), "{}", outcome.stderr);
    bucket.put(&archived, gzip(lines([2])));
    assert_eq!(bucket.ingest("", &[], 0)["invocations"], 1, "everything is looked at again");
}

#[test]
fn a_place_without_logs_is_named() {
    let bucket = Bucket::new();
    let nothing = bucket.run(["ingest", &bucket.url("nowhere/")]).exits(1);
    assert!(nothing.stderr.contains("no log objects under"), "{}", nothing.stderr);
    bucket.put("pictures/cat.png", "meow");
    bucket.run(["ingest", &bucket.url("pictures")]).exits(1);
    assert!(!bucket.sandbox.store().exists());
}

#[test]
fn bodies_outside_of_the_log_are_fetched_when_asked_for() {
    let logs = sample_data().join("AWSLogs");
    let bucket = Bucket::of_folder(&logs, "logs/AWSLogs/");
    let known = |sandbox: &Sandbox| {
        sandbox.sql("select count(*) as n from invocations where stop_reason is not null")[0]["n"]
            .as_u64()
            .expect("a count")
    };
    bucket.ingest("", &[], 0);
    let asking = bucket.for_another_user();
    let summary = asking.ingest("", &["--bodies"], 0);
    let fetched = summary["bodies_fetched"].as_u64().expect("a count");
    assert!(fetched > 0, "{summary}");
    assert!(known(&asking.sandbox) > known(&bucket.sandbox));
    let folder = Sandbox::new();
    let source = logs.to_str().expect("UTF-8");
    let local = folder.run(["ingest", source, "--bodies", "--json"]).exits(0).json();
    assert_eq!(local["bodies_fetched"], fetched);
    assert_eq!(known(&folder), known(&asking.sandbox));
}

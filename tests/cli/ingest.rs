//! `ingest`: which objects are taken.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Sandbox, repository, sample_data};
use crate::truth::{Truth, one};

fn truth() -> Truth {
    Truth::read(&repository().join("tests/truth/sample-data.json"))
}

/// The summary of an ingest of the sample data with these options.
fn select(sandbox: &Sandbox, options: &[&str]) -> Value {
    let source = sample_data();
    let mut args = vec!["ingest", source.to_str().expect("UTF-8"), "--json"];
    args.extend(options);
    sandbox.run(args).exits(0).json()
}

#[test]
fn one_account_is_taken_alone_and_the_others_later() {
    let sandbox = Sandbox::new();
    let summary = select(&sandbox, &["--account", "333344445555"]);
    let requests = truth().at("/overall/by_account/333344445555/requests").clone();
    assert_eq!(summary["invocations"], requests);
    select(&sandbox, &[]);
    truth().check_block(&sandbox, "/overall", &[]);
}

#[test]
fn one_region_is_taken_alone() {
    let summary = select(&Sandbox::new(), &["--region", "eu-west-1", "--kind", "invocations"]);
    assert_eq!(summary["invocations"], *truth().at("/overall/by_region/eu-west-1/requests"));
    assert_eq!(summary["api_events"], 0);
}

#[test]
fn kinds_are_told_by_path() {
    let events = truth().at("/cloudtrail/distinct_events").clone();
    let summary = select(&Sandbox::new(), &["--kind", "cloudtrail"]);
    assert_eq!((&summary["invocations"], &summary["api_events"]), (&json!(0), &events));
    let summary = select(&Sandbox::new(), &["--kind", "invocations"]);
    assert_eq!((&summary["invocations"], &summary["api_events"]), (&json!(6500), &json!(0)));
}

#[test]
fn a_range_takes_late_objects_too_so_that_its_week_is_whole() {
    for (week, from, to) in
        [("2026-W45", "2026-11-02", "2026-11-09"), ("2026-W46", "2026-11-09", "2026-11-16")]
    {
        let range = ["--from", from, "--to", to];
        let sandbox = Sandbox::new();
        select(&sandbox, &range);
        truth().check_block(&sandbox, &format!("/weeks/{week}"), &range);
    }
}

#[test]
fn a_range_selects_objects_and_keeps_every_row_of_them() {
    let sandbox = Sandbox::new();
    select(&sandbox, &["--from", "2026-11-09T15:00:00Z", "--to", "2026-11-09T16:00:00Z"]);
    let all = one(sandbox.query("", "requests", &[]))["requests"].as_i64();
    let within = ["--from", "2026-11-09T15:00:00Z", "--to", "2026-11-09T16:00:00Z"];
    let within = one(sandbox.query("", "requests", &within))["requests"].as_i64();
    assert!(all > within, "{all:?} {within:?}");
}

#[test]
fn a_source_may_be_named_in_many_ways() {
    let logs = sample_data().join("AWSLogs");
    let account = logs.join("333344445555");
    let sandbox = Sandbox::new();
    let first = sandbox.ingest(&account, 0);
    assert!(first["objects_ingested"].as_i64() > Some(0));
    let parent = logs.join("222233334444/../333344445555");
    let invocations = account.join("BedrockModelInvocationLogs/us-west-2");
    for same in [account.as_path(), parent.as_path(), invocations.as_path()] {
        let again = sandbox.ingest(same, 0);
        assert_eq!(again["objects_ingested"], 0, "{}", same.display());
    }
    let rest = sandbox.ingest(&sample_data(), 0);
    assert_eq!(
        rest["objects_ingested"].as_i64().zip(first["objects_ingested"].as_i64()),
        select(&Sandbox::new(), &[])["objects_ingested"]
            .as_i64()
            .zip(first["objects_ingested"].as_i64())
            .map(|(all, first)| (all - first, first))
    );
}

#[test]
fn sources_given_twice_count_once() {
    let sandbox = Sandbox::new();
    let (data, logs) = (sample_data(), sample_data().join("AWSLogs"));
    let args = ["ingest".as_ref(), data.as_os_str(), logs.as_os_str(), "--json".as_ref()];
    let summary = sandbox.run(args).exits(0).json();
    assert_eq!(summary["invocations"], 6500);
    assert_eq!(summary["duplicates"], *truth().at("/duplicates"));
}

#[test]
fn the_store_is_as_private_as_told_and_where_told() {
    let sandbox = Sandbox::new();
    let elsewhere = sandbox.path().join("deep/down/store");
    let logs = sample_data().join("AWSLogs/333344445555");
    let args: [&std::ffi::OsStr; 4] =
        ["--store".as_ref(), elsewhere.as_os_str(), "ingest".as_ref(), logs.as_os_str()];
    sandbox.bare(args).exits(0);
    assert!(elsewhere.join("catalog.sqlite").is_file());
    assert!(!sandbox.store().exists());
    assert!(!Path::new(&sandbox.path().join("home/.local")).exists());
}

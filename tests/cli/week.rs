//! A large week: 300,000 records, every total equal to the generator's truth.

use std::ffi::OsStr;
use std::path::Path;

use serde_json::Value;

use crate::support::{Sandbox, generated};
use crate::truth::{SPLITS, check_groups};

#[test]
fn three_hundred_thousand_records_equal_the_truth_however_many_threads_read() {
    let week = generated(&["--profile", "week", "--records", "300000"]);
    let (sandbox, summary) = ingested(&week.path(), "3");
    assert_eq!(summary["invocations"], 300_000);
    assert_eq!(summary["duplicates"], *week.truth.at("/duplicates"));
    assert_eq!(summary["rejects"], *week.truth.at("/rejects"));
    week.truth.check_block(&sandbox, "/overall", &[]);
    check_groups(&sandbox, "week", week.truth.at("/weeks"), &[]);
    for (split, dimension) in SPLITS {
        let range = ["--from", "2026-11-09", "--to", "2026-11-16"];
        check_groups(&sandbox, dimension, week.truth.at(&format!("/overall/{split}")), &range);
    }
    sandbox.run(["store", "verify"]).exits(0);

    let (alone, _) = ingested(&week.path(), "1");
    assert_eq!(files(&alone), files(&sandbox), "batches depend on how many read");
}

/// A store that so many threads read the logs into, and the summary.
fn ingested(logs: &Path, threads: &str) -> (Sandbox, Value) {
    let sandbox = Sandbox::new();
    let mut ingest = sandbox.lens([OsStr::new("ingest"), logs.as_os_str(), OsStr::new("--json")]);
    let summary = sandbox.outcome(ingest.env("RAYON_NUM_THREADS", threads)).exits(0).json();
    (sandbox, summary)
}

/// The live files, and how many rows each has.
fn files(sandbox: &Sandbox) -> Vec<(String, u64)> {
    let listed = sandbox.run(["store", "files", "--json"]).exits(0).json();
    let file = |file: &Value| {
        let path = file["path"].as_str().expect("a path");
        (path.to_owned(), file["rows"].as_u64().expect("a count"))
    };
    listed.as_array().expect("a list").iter().map(file).collect()
}

//! Questions that are answered from days summed up before, against a store that can keep none.

use std::fs;

use crate::support::{Record, Sandbox, files_below, sample_data};

/// The sample data in a store of its own: one that others ask questions of meanwhile can't be copied.
fn own_store() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.ingest(&sample_data(), 0);
    sandbox
}

/// A copy of a store in which there is no room for sums: a file lies where their folder would be.
fn without_sums(of: &Sandbox) -> Sandbox {
    let copy = Sandbox::new();
    for file in files_below(&of.store()) {
        let below = file.strip_prefix(of.store()).expect("a path below the store");
        if below.starts_with("summaries") {
            continue;
        }
        let place = copy.store().join(below);
        fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
        fs::copy(&file, place).expect("a copy");
    }
    fs::write(copy.store().join("summaries"), "").expect("a file");
    copy
}

const WHOLE: [&str; 4] = ["--from", "2026-11-02", "--to", "2026-11-16"];
const RAGGED: [&str; 4] = ["--from", "2026-11-05T03:17:00Z", "--to", "2026-11-12T21:41:30Z"];
const NOW: [&str; 2] = ["--as-of", "2026-11-16T00:00:00Z"];

#[track_caller]
fn agree(questions: &[&[&str]]) {
    let kept = own_store();
    let rows = without_sums(&kept);
    for question in questions {
        for range in [WHOLE, RAGGED] {
            let asked = [*question, &range, &NOW].concat();
            let [first, second, of_rows] =
                [&kept, &kept, &rows].map(|sandbox| sandbox.run(&asked).exits(0).stdout);
            assert!(!first.is_empty(), "{asked:?} says nothing");
            assert!(first == second, "{asked:?} says something else when it is asked again");
            assert!(first == of_rows, "{asked:?} of rows: {of_rows}\nof sums: {first}");
        }
    }
    assert!(rows.store().join("summaries").is_file(), "sums were kept in a file's place");
    assert!(kept.store().join("summaries").is_dir(), "no sums were kept");
}

#[test]
fn the_audit_says_the_same_of_kept_days_and_of_rows() {
    agree(&[
        &["audit", "coverage", "--json"],
        &["audit", "coverage", "--json", "--by", "account,region,model,principal,day"],
        &["audit", "coverage", "--json", "--by", "hour", "--timezone", "America/New_York"],
        &["audit", "coverage", "--json", "--by", "hour", "--timezone", "Asia/Kolkata"],
        &["audit", "detections", "--json"],
        &["audit", "controls", "--json", "--framework", "soc2"],
        &["audit", "access", "--json"],
        &["audit", "outages", "--json"],
    ]);
}

#[test]
fn insights_say_the_same_of_kept_days_and_of_rows() {
    agree(&[
        &["kpis", "--json"],
        &["kpis", "--json", "--timezone", "Asia/Kolkata"],
        &["capacity", "--json"],
        &["anomalies", "--json"],
        &["anomalies", "--json", "--timezone", "America/New_York"],
        &["query", "--by", "day,model", "--metrics", "latency_p99_ms,first_byte_p50_ms"],
    ]);
}

#[test]
fn what_ifs_say_the_same_of_kept_days_and_of_rows() {
    const NOVA_FOR_SONNET: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0=amazon.nova-pro-v1:0";
    agree(&[&["savings", "--json"], &["savings", "--json", "--substitute", NOVA_FOR_SONNET]]);
    let kept = own_store();
    for range in [WHOLE, RAGGED] {
        let asked = [&["savings", "--json"] as &[&str], &range, &NOW].concat();
        let everything = [&asked[..], &["--where", "object is not null"]].concat();
        let [sums, rows] = [asked, everything].map(|asked| kept.run(&asked).exits(0).stdout);
        assert!(sums == rows, "of rows: {rows}\nof sums: {sums}");
    }
}

#[test]
fn reports_say_the_same_of_kept_days_and_of_rows() {
    agree(&[
        &["report", "daily", "--format", "json", "-o", "-"],
        &["report", "security", "--format", "json", "-o", "-"],
        &["report", "weekly", "--format", "json", "-o", "-", "--timezone", "Asia/Kolkata"],
    ]);
}

#[test]
fn a_kept_file_that_is_cut_or_overwritten_is_made_anew() {
    let sandbox = Sandbox::new();
    let source =
        sandbox.write("logs/calls.json", [1, 2].map(|id| Record::numbered(id).line()).concat());
    sandbox.ingest(&source, 0);
    let day = ["--from", "2026-11-10", "--to", "2026-11-11"];
    let asked = || sandbox.run([&["kpis", "--json"], &day as &[&str]].concat()).exits(0).stdout;
    let first = asked();
    let kept = files_below(&sandbox.store().join("summaries"));
    assert!(!kept.is_empty(), "no sums were kept");
    for damaged in ["", "no Parquet", "PAR1"] {
        for file in &kept {
            fs::write(file, damaged).expect("a file");
        }
        assert_eq!(asked(), first, "of files that hold `{damaged}`");
    }
}

#[test]
fn counts_beyond_all_reason_are_added_up_as_those_of_rows() {
    let sandbox = Sandbox::new();
    let huge = |id| Record { input_tokens: i64::MAX.unsigned_abs(), ..Record::numbered(id) }.line();
    let source = sandbox.write("logs/huge.json", [huge(1), huge(2)].concat());
    sandbox.ingest(&source, 0);
    let day = ["--from", "2026-11-10", "--to", "2026-11-11"];
    let loads = |more: &[&str]| {
        let asked = [&["capacity", "--json"], &day as &[&str], more].concat();
        sandbox.run(asked).exits(0).json()["loads"].clone()
    };
    let summed = loads(&[]);
    assert_eq!(summed[0]["requests"], 2, "{summed}");
    assert_eq!(summed, loads(&["--where", "object is not null"]));
}

//! `ingest --scan-bodies` and `audit sensitive`: what is counted, and that the content is nowhere.

use std::ffi::OsStr;
use std::fs;

use serde_json::Value;

use crate::support::{Record, Sandbox, files_below};

const CARD: &str = "4111 1111 1111 1111";
const MAIL: &str = "ann@example.com";
const KEY: &str = "AKIAIOSFODNN7EXAMPLE";

/// Three calls: two hold a card number, one of these an address and a key too; the third nothing.
fn logs(sandbox: &Sandbox) -> std::path::PathBuf {
    let texts = [format!("pay with {CARD}"), format!("{CARD}, {MAIL}, {KEY}"), "hello".to_owned()];
    let lines: String = texts
        .into_iter()
        .zip(1..)
        .map(|(prompt, id)| Record { prompt, ..Record::numbered(id) }.line())
        .collect();
    sandbox.write("logs/a.json", &lines);
    // The same calls once more: each counts once.
    sandbox.write("logs/b.json", lines);
    sandbox.path().join("logs")
}

fn ingest(sandbox: &Sandbox, more: &[&str]) {
    let logs = logs(sandbox);
    let args = [OsStr::new("ingest"), logs.as_os_str()].into_iter();
    sandbox.run(args.chain(more.iter().map(OsStr::new))).exits(0);
}

fn counted(sandbox: &Sandbox, more: &[&str]) -> Value {
    sandbox.run(["audit", "sensitive", "--json"].iter().chain(more)).exits(0).json()
}

#[test]
fn kinds_are_counted_once_for_every_call() {
    let sandbox = Sandbox::new();
    ingest(&sandbox, &["--scan-bodies"]);
    let found = counted(&sandbox, &[]);
    assert_eq!(found["requests"], 3);
    assert_eq!(found["scanned"], 3);
    assert_eq!(found["requests_with_findings"], 2);
    // The answer repeats the prompt, so that each value stands in both bodies.
    let rows = serde_json::json!([
        {"kind": "aws_access_key", "requests": 1, "matches": 2},
        {"kind": "card_number", "requests": 2, "matches": 4},
        {"kind": "email", "requests": 1, "matches": 2},
    ]);
    assert_eq!(found["rows"], rows);
    let by = counted(&sandbox, &["--by", "principal,day"]);
    assert_eq!(by["rows"][1]["principal"], "app");
    assert_eq!(by["rows"][1]["day"], "2026-11-10");
    let hashes = sandbox.sql(
        "select distinct value_hashes from sensitive where kind = 'card_number' order by value_hashes",
    );
    assert_eq!(hashes.len(), 1, "equal values have equal hashes: {hashes:?}");
    let wrong = sandbox.run(["audit", "sensitive", "--by", "tag:team"]).exits(2).stderr;
    assert!(wrong.contains("principal"), "{wrong}");
}

#[test]
fn the_content_is_in_no_file_of_the_store() {
    let sandbox = Sandbox::new();
    ingest(&sandbox, &["--scan-bodies"]);
    sandbox.run(["store", "compact"]).exits(0);
    let files = files_below(&sandbox.store());
    assert!(files.iter().any(|file| file.to_string_lossy().contains("/sensitive/")));
    let digits = CARD.replace(' ', "");
    for file in files {
        let bytes = fs::read(&file).expect("a file");
        for secret in [CARD, MAIL, KEY, digits.as_str()] {
            let is_there = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!is_there, "{secret} is in {}", file.display());
        }
    }
    sandbox.run(["store", "verify"]).exits(0);
}

#[test]
fn bodies_that_were_not_scanned_are_not_said_to_be_clean() {
    let sandbox = Sandbox::new();
    ingest(&sandbox, &[]);
    let found = counted(&sandbox, &[]);
    assert_eq!((&found["requests"], &found["scanned"]), (&Value::from(3), &Value::from(0)));
    assert_eq!(found["rows"], serde_json::json!([]));
    let people = sandbox.run(["audit", "sensitive"]).exits(0);
    assert!(people.stdout.contains("0 of 3 requests"), "{}", people.stdout);
    assert!(people.stderr.contains("--scan-bodies"), "{}", people.stderr);
}

#[test]
fn pruned_days_take_what_was_found_with_them() {
    let sandbox = Sandbox::new();
    ingest(&sandbox, &["--scan-bodies"]);
    sandbox.run(["store", "prune", "--before", "2026-11-11"]).exits(0);
    assert!(sandbox.sql("select kind from sensitive").is_empty());
    sandbox.run(["store", "verify"]).exits(0);
}

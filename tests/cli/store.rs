//! The store as users meet it: what it tells, what it refuses, what it survives.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::support::{Outcome, Record, Sandbox, binary, files_below, lines, sample_store};

/// A sandbox whose store holds three calls.
fn small() -> Sandbox {
    let sandbox = Sandbox::new();
    let source = sandbox.write("logs/a.json", lines(1..=3));
    sandbox.ingest(&source, 0);
    sandbox
}

fn requests(sandbox: &Sandbox) -> Value {
    sandbox.query("", "requests", &[])[0]["requests"].clone()
}

/// The run failed, produced nothing, and says all of `parts`.
#[track_caller]
fn says(outcome: Outcome, code: i32, parts: &[&str]) {
    let outcome = outcome.exits(code);
    assert_eq!(outcome.stdout, "");
    for part in parts {
        assert!(outcome.stderr.contains(part), "no `{part}` in: {}", outcome.stderr);
    }
}

#[test]
fn info_tells_what_is_held() {
    let sandbox = sample_store();
    let info = sandbox.run(["store", "info", "--json"]).exits(0).json();
    let table = |name: &str| {
        let tables = info["tables"].as_array().expect("tables");
        tables.iter().find(|table| table["table"] == name).expect("the table").clone()
    };
    assert_eq!(table("invocations")["rows"], 6500);
    assert_eq!(table("invocations")["duplicates"], 24);
    assert_eq!(table("invocations")["first_day"], "2026-11-02");
    assert_eq!(table("invocations")["last_day"], "2026-11-15");
    assert_eq!(table("api_events")["duplicates"], 195);
    assert_eq!(info["rejects"], json!([]));
    let text = sandbox.run(["store", "info"]).exits(0).stdout;
    assert!(text.contains("6,500 rows, 24 duplicates counted once"), "{text}");
}

#[test]
fn files_lists_the_parquet_files_that_hold_the_rows() {
    let sandbox = sample_store();
    let listed = sandbox.run(["store", "files"]).exits(0).stdout;
    let listed: Vec<PathBuf> = listed.lines().map(PathBuf::from).collect();
    let mut found = files_below(&sandbox.store().join("invocations"));
    found.extend(files_below(&sandbox.store().join("api_events")));
    let sorted = |mut paths: Vec<PathBuf>| {
        paths.sort();
        paths
    };
    assert_eq!(sorted(listed), sorted(found));
    let rows: u64 = sandbox
        .run(["store", "files", "--json"])
        .exits(0)
        .json()
        .as_array()
        .expect("a list")
        .iter()
        .map(|file| file["rows"].as_u64().expect("rows"))
        .sum();
    assert_eq!(rows, 6500 + 24 + 6610 + 195);
}

/// Engines leave out files and pages by what their statistics say of them.
#[test]
fn duckdb_finds_rows_by_the_texts_in_them() {
    const COUNT: &str = r#"
import sys, duckdb
for column in ("object", "request_id", "identity_arn", "model_id", "prompt_hash", "record"):
    rows = f"SELECT count(*) FROM read_parquet({sys.argv[1:]!r}, hive_partitioning = false) WHERE {column}"
    least = "0" if column == "record" else "'!'"
    known, found = (duckdb.sql(f"{rows} {test}").fetchall()[0][0] for test in ("IS NOT NULL", f">= {least}"))
    print(column, known, found)
"#;
    let sandbox = sample_store();
    let listed = sandbox.run(["store", "files"]).exits(0).stdout;
    let files = listed.lines().filter(|path| path.contains("invocations"));
    let counted = Command::new(crate::standins::program("python"))
        .args(["-c", COUNT])
        .args(files)
        .output()
        .expect("python starts");
    let counted =
        String::from_utf8_lossy(&counted.stdout) + String::from_utf8_lossy(&counted.stderr);
    assert_eq!(counted.lines().count(), 6, "{counted}");
    for line in counted.lines() {
        let counts: Vec<&str> = line.split(' ').skip(1).collect();
        assert!(counts[0] == counts[1] && counts[0] != "0", "{counted}");
    }
}

#[test]
fn a_changed_object_replaces_its_rows() {
    let sandbox = small();
    let path = sandbox.write("logs/a.json", lines([2]));
    later(&path, 60);
    let summary = sandbox.ingest(&path, 0);
    assert_eq!(summary["objects_ingested"], 1);
    assert_eq!(requests(&sandbox), 1);
    sandbox.run(["store", "verify"]).exits(0);

    // Same size, other content, other time.
    sandbox.write("logs/a.json", lines([7]));
    later(&path, 120);
    sandbox.ingest(&path, 0);
    let ids = sandbox.sql("select request_id from invocations");
    assert_eq!(ids, [json!({"request_id": "00000000-0000-4000-a000-000000000007"})]);
    sandbox.run(["store", "verify"]).exits(0);
}

#[test]
fn when_the_copy_that_counted_is_replaced_the_other_one_counts() {
    let sandbox = Sandbox::new();
    sandbox.write("logs/a.json", lines([1, 2]));
    sandbox.write("logs/b.json", lines([2, 3]));
    let logs = sandbox.path().join("logs");
    sandbox.ingest(&logs, 0);
    assert_eq!(requests(&sandbox), 3);
    for (name, time) in [("a", 60), ("b", 120)] {
        let path = sandbox.write(&format!("logs/{name}.json"), lines([9]));
        later(&path, time);
        sandbox.ingest(&logs, 0);
        sandbox.run(["store", "verify"]).exits(0);
        let expected = if name == "a" { 3 } else { 1 };
        assert_eq!(requests(&sandbox), expected, "after replacing {name}");
    }
}

fn later(path: &Path, seconds: u64) {
    let time = SystemTime::now() + Duration::from_secs(seconds);
    fs::File::options()
        .append(true)
        .open(path)
        .and_then(|file| file.set_modified(time))
        .expect("a new time");
}

#[test]
fn verify_finds_a_changed_a_cut_and_a_missing_segment() {
    let segment = |sandbox: &Sandbox| {
        files_below(&sandbox.store().join("invocations")).pop().expect("a segment")
    };
    let flip = |path: &Path| {
        let mut bytes = fs::read(path).expect("bytes");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(path, bytes).expect("written");
    };
    let cut = |path: &Path| {
        let bytes = fs::read(path).expect("bytes");
        fs::write(path, &bytes[..bytes.len() / 2]).expect("written");
    };
    let remove = |path: &Path| fs::remove_file(path).expect("removed");
    for damage in [&flip as &dyn Fn(&Path), &cut, &remove] {
        let sandbox = small();
        sandbox.run(["store", "verify"]).exits(0);
        damage(&segment(&sandbox));
        let outcome = sandbox.run(["store", "verify", "--json"]).exits(4);
        let problems = outcome.json()["problems"].as_array().expect("problems").clone();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0]["path"].as_str().expect("a path").starts_with("invocations/day="));
        let outcome = sandbox.run(["store", "verify"]).exits(4);
        assert!(outcome.stderr.contains("invocations/day=2026-11-10/"), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("hint: "), "{}", outcome.stderr);
        sandbox.run(["--strict", "store", "verify"]).exits(1);
    }
}

/// Another process that holds the writers' lock until it is told to end.
struct Holder {
    process: Child,
    end: Option<ChildStdin>,
}

impl Holder {
    fn of(sandbox: &Sandbox) -> Self {
        const HOLD: &str = "
import fcntl, sys
file = open(sys.argv[1], 'r+')
fcntl.flock(file, fcntl.LOCK_EX)
print('held', flush=True)
sys.stdin.read()
";
        let mut process = sandbox
            .command("python3")
            .args(["-c", HOLD])
            .arg(sandbox.store().join("write.lock"))
            .stdin(Stdio::piped())
            .spawn()
            .expect("python3 starts");
        let mut line = String::new();
        let stdout = process.stdout.take().expect("stdout");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        assert_eq!(line, "held\n");
        Self { end: process.stdin.take(), process }
    }

    fn release(mut self) {
        self.end.take();
        self.process.wait().expect("python3 ends");
    }
}

#[cfg(unix)]
#[test]
fn a_second_writer_is_told_to_wait_and_readers_go_on() {
    let sandbox = small();
    let more = sandbox.write("logs/b.json", lines([4]));
    let args = ["ingest", more.to_str().expect("UTF-8")];
    let holder = Holder::of(&sandbox);
    let store = sandbox.store().display().to_string();
    let parts = [store.as_str(), "is being written by another process", "--wait"];
    says(sandbox.run(args), 1, &parts);
    assert_eq!(requests(&sandbox), 3, "reading is possible meanwhile");
    sandbox.run(["store", "verify"]).exits(0);

    let mut waiting = sandbox.spawn([args[0], args[1], "--wait"]);
    sleep(Duration::from_millis(400));
    assert!(waiting.try_wait().expect("status").is_none(), "it did not wait");
    holder.release();
    let output = waiting.wait_with_output().expect("output");
    sandbox.read(&output).exits(0);
    assert_eq!(requests(&sandbox), 4);
}

/// Content of every file of the store, to see that nothing was touched.
fn content(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    files_below(folder)
        .into_iter()
        .map(|path| {
            let bytes = fs::read(&path).expect("bytes");
            (path, bytes)
        })
        .collect()
}

#[test]
fn a_store_from_a_newer_version_is_left_alone() {
    let sandbox = small();
    let catalogue = sandbox.store().join("catalog.sqlite");
    sandbox.python(
        "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1])\nc.execute('PRAGMA user_version=99')\n\
         c.close()",
        [&catalogue],
    );
    let before: Vec<_> =
        content(&sandbox.store()).into_iter().filter(|(path, _)| !is_scratch(path)).collect();
    let store = sandbox.store().display().to_string();
    let parts = [store.as_str(), "format 99", "hint: update bedrock-lens"];
    says(sandbox.run(["query"]), 1, &parts);
    says(sandbox.run(["store", "info"]), 1, &parts);
    says(sandbox.run(["store", "verify"]), 1, &parts);
    says(sandbox.run(["report", "weekly"]), 1, &parts);
    says(sandbox.run(["ingest", "../logs"]), 1, &parts);
    let after: Vec<_> =
        content(&sandbox.store()).into_iter().filter(|(path, _)| !is_scratch(path)).collect();
    assert_eq!(after, before);
}

/// Locks, and what `SQLite` keeps beside an open file.
fn is_scratch(path: &Path) -> bool {
    let name = path.file_name().expect("a name").to_string_lossy();
    name.ends_with(".lock") || name.contains("sqlite-")
}

#[test]
fn a_folder_with_other_things_is_no_store_and_stays_as_it_is() {
    let sandbox = Sandbox::new();
    sandbox.write("store/thesis.txt", "three years of work");
    let logs = sandbox.write("logs/a.json", lines([1]));
    let store = sandbox.store().display().to_string();
    let parts = [store.as_str(), "is not a bedrock-lens store", "hint: "];
    says(sandbox.run(["query"]), 1, &parts);
    says(sandbox.run(["ingest".as_ref(), logs.as_os_str()]), 1, &parts);
    let left = content(&sandbox.store());
    assert_eq!(left, [(sandbox.store().join("thesis.txt"), b"three years of work".to_vec())]);
}

#[test]
fn no_store_is_named_and_not_made_by_reading() {
    let sandbox = Sandbox::new();
    let store = sandbox.store().display().to_string();
    for args in
        [&["query"] as &[&str], &["store", "info"], &["store", "verify"], &["report", "weekly"]]
    {
        says(sandbox.run(args), 1, &["there is no store at", &store, "bedrock-lens ingest SOURCE"]);
    }
    assert!(!sandbox.store().exists());
    says(sandbox.run(["ingest", "../nowhere"]), 1, &["no such file or folder: `../nowhere`"]);
    assert!(!sandbox.store().exists(), "a wrong path leaves no empty store behind");
    sandbox.write("logs/a.json", lines([1]));
    sandbox.run(["ingest", "--dry-run", "../logs"]).exits(0);
    assert!(!sandbox.store().exists(), "a dry run makes no store");
}

#[test]
fn a_damaged_catalogue_is_told_with_the_way_out() {
    let sandbox = small();
    let catalogue = sandbox.store().join("catalog.sqlite");
    let size = fs::metadata(&catalogue).expect("the catalogue").len();
    let garbage = vec![b'x'; usize::try_from(size).expect("small")];
    fs::write(&catalogue, garbage).expect("written");
    let path = catalogue.display().to_string();
    let parts = [path.as_str(), "hint: the catalogue is damaged"];
    says(sandbox.run(["query"]), 1, &parts);
    says(sandbox.run(["ingest", "../logs"]), 1, &parts);
}

/// A store whose next segments lead to a device that is always full.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_with_its_path_and_loses_nothing() {
    let sandbox = small();
    let more = sandbox.write("logs/b.json", lines(4..=6));
    let day = sandbox.store().join("invocations/day=2026-11-10");
    for number in 0..100 {
        let link = day.join(format!("{number:012}.tmp"));
        std::os::unix::fs::symlink("/dev/full", link).expect("a link");
    }
    let path = day.display().to_string();
    says(
        sandbox.run(["ingest".as_ref(), more.as_os_str()]),
        1,
        &["could not write", &path, "No space left on device", "hint: the disk is full"],
    );
    assert_eq!(requests(&sandbox), 3);
    sandbox.run(["store", "verify"]).exits(0);

    for number in 0..100 {
        // The writer has taken away the one that it met.
        let link = day.join(format!("{number:012}.tmp"));
        if link.is_symlink() {
            fs::remove_file(link).expect("removed");
        }
    }
    assert_eq!(sandbox.ingest(&more, 0)["invocations"], 3);
    assert_eq!(requests(&sandbox), 6);
    sandbox.run(["store", "verify"]).exits(0);
}

/// Writes that fail anywhere, the catalogue included: files may not grow beyond a bound.
#[cfg(target_os = "linux")]
#[test]
fn writes_that_fail_at_any_size_lose_nothing() {
    const BOUNDED: &str = "
import os, resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
bound = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (bound, bound))
os.execv(sys.argv[2], sys.argv[2:])
";
    let sandbox = small();
    let more = sandbox.write("logs/many.json", lines(1000..4000));
    let mut failed = 0;
    for bound in [0, 4_096, 20_000, 50_000, 65_536, 100_000] {
        let mut command = sandbox.command("python3");
        command.args(["-c", BOUNDED, &bound.to_string()]).arg(binary());
        command.arg("--store").arg(sandbox.store()).arg("ingest").arg(&more);
        let outcome = sandbox.outcome(&mut command);
        if outcome.code == Some(0) {
            break;
        }
        failed += 1;
        let store = sandbox.store().display().to_string();
        says(outcome, 1, &["error: could not", &store]);
        assert_eq!(requests(&sandbox), 3, "with files of at most {bound} bytes");
        sandbox.run(["store", "verify"]).exits(0);
    }
    assert!(failed >= 3, "the bounds were too wide to fail");
    sandbox.ingest(&more, 0);
    assert_eq!(requests(&sandbox), 3003);
    sandbox.run(["store", "verify"]).exits(0);
}

#[cfg(unix)]
#[test]
fn folders_and_segments_are_private() {
    let sandbox = small();
    for (path, mode) in modes(&sandbox.store()) {
        if !path.ends_with("catalog.sqlite") {
            let expected = if path.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode, expected, "{} is {mode:o}", path.display());
        }
    }
}

/// Path and permission bits of the store's folder and all below it.
#[cfg(unix)]
fn modes(store: &Path) -> Vec<(PathBuf, u32)> {
    use std::os::unix::fs::PermissionsExt;
    let mut paths = vec![store.to_owned()];
    for file in files_below(store) {
        let folders = file.ancestors().take_while(|path| *path != store).map(Path::to_owned);
        paths.extend(folders);
    }
    let mode = |path: &Path| fs::metadata(path).expect("metadata").permissions().mode() & 0o777;
    paths.into_iter().map(|path| (path.clone(), mode(&path))).collect()
}

#[test]
fn no_prompt_or_answer_reaches_the_store() {
    const CANARY: &str = "canary-1f3a9c";
    let sandbox = Sandbox::new();
    let mut record = Record { prompt: CANARY.to_owned(), ..Record::default() }.value();
    record["input"]["inputBodyJson"]["system"] = json!([{"text": CANARY}]);
    record["input"]["inputBodyJson"]["toolConfig"] = json!({"tools": [{"toolSpec":
        {"name": CANARY, "description": CANARY, "inputSchema": {"json": {"title": CANARY}}}}]});
    record["output"]["outputBodyJson"]["trace"] = json!({"guardrail": {"inputAssessment": {"g1":
        {"wordPolicy": {"customWords": [{"match": CANARY, "action": "BLOCKED"}]}}}}});
    let mut as_text = record.clone();
    as_text["requestId"] = json!("00000000-0000-4000-a000-000000000002");
    as_text["input"]["inputBodyJson"] = json!(CANARY);
    as_text["output"]["outputBodyJson"] = json!([CANARY, {"bytes": CANARY}]);
    let event = json!({"Records": [{
        "eventVersion": "1.11", "eventTime": "2026-11-10T12:00:00Z", "eventName": "InvokeModel",
        "eventSource": "bedrock.amazonaws.com", "awsRegion": "us-east-1", "eventID": "e-1",
        "requestID": "00000000-0000-4000-a000-000000000001", "eventType": "AwsApiCall",
        "recipientAccountId": "111122223333", "eventCategory": "Management", "readOnly": true,
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/ann"},
        "requestParameters": {"modelId": "m", "body": CANARY, "prompt": CANARY},
        "responseElements": {"body": CANARY},
    }]});
    sandbox.write("logs/calls.json", format!("{record}\n{as_text}\nbroken {CANARY}\n"));
    sandbox
        .write("logs/111122223333_CloudTrail_us-east-1_20261110T1205Z_x.json", event.to_string());
    let outcome = sandbox.run(["-v", "ingest", "../logs"]).exits(3);
    assert!(!outcome.stderr.contains(CANARY), "{}", outcome.stderr);
    assert_eq!(requests(&sandbox), 2);
    for table in ["invocations", "api_events", "rejects", "costs"] {
        let rows = sandbox.sql(&format!("select * from {table}"));
        assert!(!rows.is_empty(), "{table} is empty");
        let text = Value::Array(rows).to_string();
        assert!(!text.contains(CANARY), "{table}: {text}");
    }
    for (path, bytes) in content(&sandbox.store()) {
        let holds = bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
        assert!(!holds, "{}", path.display());
    }
}

#[test]
fn an_interrupted_write_leaves_only_what_the_next_writer_sweeps() {
    let sandbox = small();
    let day = sandbox.store().join("invocations/day=2026-11-10");
    for name in ["000000000099.parquet", "000000000098.tmp"] {
        let mut file = fs::File::create(day.join(name)).expect("a file");
        file.write_all(b"half a segment").expect("written");
    }
    assert_eq!(requests(&sandbox), 3);
    let outcome = sandbox.run(["store", "verify", "--json"]).exits(0);
    assert_eq!(outcome.json()["leftovers"].as_array().map(Vec::len), Some(2));
    let more = sandbox.write("logs/b.json", lines([4]));
    sandbox.ingest(&more, 0);
    let outcome = sandbox.run(["store", "verify", "--json"]).exits(0);
    assert_eq!(outcome.json()["leftovers"], json!([]));
    assert_eq!(requests(&sandbox), 4);
}

#[cfg(unix)]
#[test]
fn the_catalogue_is_private_too() {
    let sandbox = small();
    for (path, mode) in modes(&sandbox.store()) {
        if path.ends_with("catalog.sqlite") {
            assert_eq!(mode, 0o600, "{} is {mode:o}", path.display());
        }
    }
}

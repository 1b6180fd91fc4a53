//! Keeping the store in shape: merged files and dropped days change no other answer.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};

use crate::support::{Record, Sandbox, files_below, lines, sample_data};

/// Everything that a query can say of the store.
fn answers(sandbox: &Sandbox) -> Vec<Value> {
    let metrics = "requests,errors,total_tokens,cost_usd,priced_share,latency_mean_ms,\
                   latency_p50_ms,latency_p99_ms,first_byte_p50_ms,principals,models,input_bytes";
    let mut rows = sandbox.query("", metrics, &[]);
    rows.extend(sandbox.query("day,account,model,principal,status", metrics, &[]));
    for (table, key) in [("invocations", "object, record"), ("api_events", "object, record")] {
        rows.extend(sandbox.sql(&format!("select * from {table} order by {key}")));
    }
    rows
}

fn segments(sandbox: &Sandbox, table: &str) -> usize {
    let files = sandbox.run(["store", "files", "--json"]).exits(0).json();
    let files = files.as_array().expect("a list").iter();
    files.filter(|file| file["table"] == table).count()
}

/// A record's line, at a time.
fn line(id: u32, time: &str) -> String {
    Record { time: time.to_owned(), ..Record::numbered(id) }.line()
}

/// A store of the sample data, taken in by many runs: several files a day.
fn in_many_runs() -> Sandbox {
    let sandbox = Sandbox::new();
    let logs = sample_data().join("AWSLogs");
    for (number, file) in files_below(&logs).into_iter().enumerate() {
        let below = file.strip_prefix(&logs).expect("below");
        let target = sandbox.path().join(format!("part{}/AWSLogs", number % 6)).join(below);
        fs::create_dir_all(target.parent().expect("a folder")).expect("folders");
        fs::copy(&file, &target).expect("a copy");
    }
    for part in 0..6 {
        sandbox.ingest(&sandbox.path().join(format!("part{part}")), 0);
    }
    sandbox
}

#[test]
fn compaction_leaves_one_file_a_day_and_every_answer_as_it_was() {
    let sandbox = in_many_runs();
    let (before, files) = (answers(&sandbox), segments(&sandbox, "invocations"));
    assert!(files > 14, "{files} files of 14 days");

    let planned = sandbox.run(["store", "compact", "--dry-run", "--json"]).exits(0).json();
    assert_eq!(segments(&sandbox, "invocations"), files, "a dry run changes nothing");
    let done = sandbox.run(["store", "compact", "--json"]).exits(0).json();
    assert_eq!(planned["files_after"], done["files_after"]);
    assert_eq!(segments(&sandbox, "invocations"), 14);
    let on_disk = files_below(&sandbox.store().join("invocations")).len();
    assert_eq!(on_disk, 14, "what was merged is deleted");
    assert_eq!(answers(&sandbox), before);
    sandbox.run(["store", "verify"]).exits(0);

    let again = sandbox.run(["store", "compact", "--json"]).exits(0).json();
    assert_eq!(again["rows_moved"], 0);
    let known = sandbox.ingest(&sandbox.path().join("part0"), 0);
    assert_eq!(known["objects_ingested"], 0);
}

#[test]
fn a_changed_object_replaces_its_rows_in_a_merged_file() {
    let sandbox = Sandbox::new();
    for (name, ids) in [("a", [1, 2]), ("b", [2, 3]), ("c", [4, 5])] {
        let path = sandbox.write(&format!("logs/{name}.json"), lines(ids));
        sandbox.ingest(&path, 0);
    }
    sandbox.run(["store", "compact"]).exits(0);
    assert_eq!(segments(&sandbox, "invocations"), 1);
    assert_eq!(sandbox.query("", "requests", &[])[0]["requests"], 5);

    let path = sandbox.write("logs/a.json", lines([9]));
    let time = SystemTime::now() + Duration::from_mins(1);
    fs::File::options()
        .append(true)
        .open(&path)
        .and_then(|file| file.set_modified(time))
        .expect("a new time");
    sandbox.ingest(&path, 0);
    let ids = sandbox.sql("select request_id from invocations order by request_id");
    let ids: Vec<&str> =
        ids.iter().map(|row| &row["request_id"].as_str().expect("an id")[34..]).collect();
    assert_eq!(ids, ["02", "03", "04", "05", "09"], "2 counts again, from the other object");
    sandbox.run(["store", "verify"]).exits(0);
}

#[test]
fn many_small_ingests_leave_few_files() {
    let sandbox = Sandbox::new();
    for number in 0..30_u32 {
        // Five days of six objects each; the hour is the object's.
        let time = format!("2026-11-{:02}T{:02}:00:00Z", 10 + number / 6, number % 6);
        let path = sandbox.write(&format!("logs/{number}.json"), line(number, &time));
        sandbox.ingest(&path, 0);
    }
    let files = segments(&sandbox, "invocations");
    assert!(files <= 4 + 8, "{files} files of five days, four of them past");
    assert_eq!(sandbox.query("", "requests", &[])[0]["requests"], 30);
    for number in 30..45_u32 {
        let path =
            sandbox.write(&format!("logs/{number}.json"), line(number, "2026-11-14T20:00:00Z"));
        sandbox.ingest(&path, 0);
    }
    let files = segments(&sandbox, "invocations");
    assert!(files <= 4 + 8, "{files} files, all new ones on one day");
    assert_eq!(sandbox.query("", "requests", &[])[0]["requests"], 45);
    sandbox.run(["store", "verify"]).exits(0);
}

#[test]
fn a_compaction_killed_at_any_moment_changes_no_answer() {
    let whole = in_many_runs();
    let before = answers(&whole);
    let copy = |from: &Path, to: &Path| {
        for file in files_below(from) {
            let target = to.join(file.strip_prefix(from).expect("below"));
            fs::create_dir_all(target.parent().expect("a folder")).expect("folders");
            fs::copy(&file, &target).expect("a copy");
        }
    };
    let trial = Sandbox::new();
    copy(&whole.store(), &trial.store());
    let started = Instant::now();
    trial.run(["store", "compact"]).exits(0);
    let duration = started.elapsed();

    let mut killed = 0;
    for moment in [0.9, 0.3, 0.5, 0.7, 0.2, 0.6, 0.8, 0.4] {
        let sandbox = Sandbox::new();
        copy(&whole.store(), &sandbox.store());
        let mut run = sandbox.spawn(["store", "compact"]);
        sleep(duration.mul_f64(moment));
        run.kill().expect("the run can be killed");
        killed += u32::from(run.wait().expect("the run ends").code().is_none());
        sandbox.run(["store", "verify"]).exits(0);
        assert_eq!(answers(&sandbox), before, "killed at {moment}");
        sandbox.run(["store", "compact"]).exits(0);
        assert_eq!(segments(&sandbox, "invocations"), 14);
        assert_eq!(answers(&sandbox), before, "after a kill at {moment}");
    }
    assert!(killed >= 3, "only {killed} runs were still running");
}

#[test]
fn pruned_days_are_gone_and_do_not_come_back() {
    let sandbox = Sandbox::new();
    let early = line(1, "2026-11-09T23:59:59Z") + &line(2, "2026-11-10T00:00:00Z");
    let object = sandbox.write("logs/a.json", &early);
    sandbox.ingest(&object, 0);
    sandbox.ingest(&sandbox.write("logs/b.json", line(3, "2026-11-08T12:00:00Z")), 0);

    let planned = sandbox.run(["store", "prune", "--before", "2026-11-10", "--dry-run", "--json"]);
    let planned = planned.exits(0).json();
    assert_eq!(planned["invocations"], 2);
    assert_eq!(sandbox.query("", "requests", &[])[0]["requests"], 3);
    let done = sandbox.run(["store", "prune", "--before", "2026-11-10", "--json"]).exits(0).json();
    assert_eq!(done, planned);
    let ids = || sandbox.sql("select request_id from invocations order by request_id").len();
    assert_eq!(ids(), 1);
    sandbox.run(["store", "verify"]).exits(0);
    let info = sandbox.run(["store", "info", "--json"]).exits(0).json();
    assert_eq!(info["pruned_before"], json!("2026-11-10"));
    // A question that reaches below says so, another doesn't.
    for (from, says) in [("2026-11-09", true), ("2026-11-10", false)] {
        let args =
            ["query", "--by", "day", "--from", from, "--to", "2026-11-12", "--format", "json"];
        let stderr = sandbox.run(args).exits(0).stderr;
        assert_eq!(stderr.contains("no rows from before 2026-11-10"), says, "{stderr}");
    }
    assert!(sandbox.run(["store", "info"]).exits(0).stdout.contains("all days before 2026-11-10"));

    // Known objects are not read again; a late one and a changed one bring no pruned row back.
    assert_eq!(sandbox.ingest(&sandbox.path().join("logs"), 0)["objects_ingested"], 0);
    let late = sandbox
        .write("logs/c.json", line(4, "2026-11-09T10:00:00Z") + &line(5, "2026-11-10T10:00:00Z"));
    let summary = sandbox.ingest(&late, 0);
    assert_eq!(summary["pruned"], json!({"invocations": 1, "api_events": 0}));
    assert_eq!(summary["invocations"], 1);
    assert_eq!(ids(), 2);
    let changed = sandbox.write("logs/a.json", early + &line(6, "2026-11-09T01:00:00Z"));
    let time = SystemTime::now() + Duration::from_mins(1);
    fs::File::options()
        .append(true)
        .open(&changed)
        .and_then(|file| file.set_modified(time))
        .expect("a new time");
    assert_eq!(sandbox.ingest(&changed, 0)["pruned"]["invocations"], 2);
    assert_eq!(ids(), 2);
    sandbox.run(["store", "verify"]).exits(0);
}

#[test]
fn a_date_that_would_keep_everything_out_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.ingest(&sandbox.write("logs/a.json", lines([1])), 0);
    for (date, part) in [("2030-01-01", "later than today"), ("soon", "is not a date")] {
        let outcome = sandbox.run(["store", "prune", "--before", date]).exits(2);
        assert!(outcome.stderr.contains(part), "{}", outcome.stderr);
    }
    sandbox.run(["store", "prune", "--before", "2026-01-01"]).exits(0);
    assert_eq!(sandbox.query("", "requests", &[])[0]["requests"], 1);
}

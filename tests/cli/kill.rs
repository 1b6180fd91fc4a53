//! Killed, split, reordered and repeated ingests end with the same figures as one that ran through.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Instant;

use serde_json::Value;

use crate::support::{Generated, Sandbox, generated};
use crate::truth::{check_row, one};

/// Parts of an ingest's duration after which it is killed: spread over all of it, in no order.
const MOMENTS: [f64; 20] = [
    0.47, 0.02, 0.83, 0.31, 0.66, 0.12, 0.92, 0.55, 0.24, 0.74, 0.07, 0.39, 0.96, 0.60, 0.17, 0.79,
    0.51, 0.88, 0.35, 0.70,
];

#[test]
fn an_ingest_killed_at_any_moment_loses_and_doubles_nothing() {
    let week = generated(&["--profile", "week", "--records", "60000"]);
    // Stored rather than compressed, the logs are too large for one commit: some runs die between two.
    let whole = Sandbox::new();
    whole.python(STORE_UNCOMPRESSED, [week.path()]);
    let started = Instant::now();
    whole.ingest(&week.path(), 0);
    let duration = started.elapsed();

    let mut killed = 0;
    for moment in MOMENTS {
        let sandbox = Sandbox::new();
        let mut run = sandbox.spawn(ingest(&week.path()));
        sleep(duration.mul_f64(moment));
        run.kill().expect("the run can be killed");
        let status = run.wait().expect("the run ends");
        killed += u32::from(status.code().is_none());
        after_a_kill(&sandbox, &week, moment);
    }
    assert!(killed >= 10, "only {killed} of {} runs were still running", MOMENTS.len());
}

fn ingest(source: &Path) -> [String; 3] {
    ["ingest".to_owned(), source.display().to_string(), "--json".to_owned()]
}

/// A killed run's store, before and after the next run.
fn after_a_kill(sandbox: &Sandbox, week: &Generated, moment: f64) {
    if sandbox.run(["store", "info"]).code == Some(0) {
        // What is visible is whole, and never more than there is.
        sandbox.run(["store", "verify"]).exits(0);
        let seen = one(sandbox.sql("select count(*) as requests from invocations"))["requests"]
            .as_i64()
            .expect("a count");
        assert!((0..=60_000).contains(&seen), "{seen} after a kill at {moment}");
    }
    sandbox.ingest(&week.path(), 0);
    sandbox.run(["store", "verify"]).exits(0);
    let metrics = "requests,ok,errors,throttled,input_tokens,output_tokens,cache_read_tokens,\
                   cache_write_tokens,total_tokens,cost_usd,unpriced_requests,\
                   guardrail_interventions,error_rate,success_rate,throttle_rate,priced_share,\
                   latency_known,latency_mean_ms,latency_p50_ms,latency_p90_ms,latency_p95_ms,\
                   latency_p99_ms,first_byte_p50_ms,principals,models,input_bytes,output_bytes";
    let total = one(sandbox.query("", metrics, &[]));
    check_row(&total, week.truth.at("/overall"), &format!("after a kill at {moment}"));
    let again = sandbox.ingest(&week.path(), 0);
    assert_eq!(again["objects_ingested"], 0);
}

/// Writes every log anew as a gzip of stored blocks.
const STORE_UNCOMPRESSED: &str = "
import gzip, pathlib, sys
for path in pathlib.Path(sys.argv[1]).rglob('*.json.gz'):
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()), 0, mtime=0))
";

/// Everything that must not depend on how the logs came in.
fn figures(sandbox: &Sandbox) -> Vec<Value> {
    let metrics = "requests,errors,total_tokens,cost_usd,latency_p50_ms,latency_p99_ms,principals,\
                   models,input_bytes";
    let mut rows = sandbox.query("day,account,region,model,principal,status", metrics, &[]);
    rows.extend(sandbox.sql(
        "select request_id, event_time, model_id, input_tokens, output_tokens, latency_ms \
         from invocations order by request_id, event_time",
    ));
    rows.extend(sandbox.sql("select event_id, event_name from api_events order by event_id"));
    rows
}

/// Copies a folder; `take` says which files, by their path below it.
fn copy(from: &Path, to: &Path, take: impl Fn(&str) -> bool) {
    for file in crate::support::files_below(from) {
        let below = file.strip_prefix(from).expect("below").to_str().expect("UTF-8");
        if take(below) {
            let target = to.join(below);
            fs::create_dir_all(target.parent().expect("a parent")).expect("folders");
            fs::copy(&file, target).expect("a copy");
        }
    }
}

fn sample_logs() -> std::path::PathBuf {
    crate::support::sample_data().join("AWSLogs")
}

#[test]
fn two_halves_are_as_good_as_the_whole() {
    let whole = crate::support::sample_store();
    let sandbox = Sandbox::new();
    let (first, second) = (sandbox.path().join("first"), sandbox.path().join("second"));
    // By the characters of the name: the halves share days, places and repeated calls.
    let in_first = |path: &str| path.bytes().map(u32::from).sum::<u32>().is_multiple_of(2);
    copy(&sample_logs(), &first.join("AWSLogs"), in_first);
    copy(&sample_logs(), &second.join("AWSLogs"), |path| !in_first(path));
    let one = sandbox.ingest(&first, 0);
    let two = sandbox.ingest(&second, 0);
    for half in [&one, &two] {
        assert!(half["invocations"].as_i64() > Some(500), "lopsided halves: {half}");
    }
    assert_eq!(figures(&sandbox), figures(&whole));
    sandbox.run(["store", "verify"]).exits(0);
}

#[test]
fn the_order_of_sources_does_not_matter() {
    let sources = |sandbox: &Sandbox| {
        let (trail, calls) = (sandbox.path().join("trail"), sandbox.path().join("calls"));
        copy(&sample_logs(), &trail.join("AWSLogs"), |path| path.contains("CloudTrail"));
        copy(&sample_logs(), &calls.join("AWSLogs"), |path| !path.contains("CloudTrail"));
        [trail, calls]
    };
    let (one, other, together) = (Sandbox::new(), Sandbox::new(), Sandbox::new());
    let [trail, calls] = sources(&one);
    for source in [&trail, &calls] {
        one.ingest(source, 0);
    }
    for source in [&calls, &trail] {
        other.ingest(source, 0);
    }
    together.run(["ingest".as_ref(), calls.as_os_str(), trail.as_os_str()]).exits(0);
    assert_eq!(figures(&one), figures(&other));
    assert_eq!(figures(&one), figures(&together));
}

#[test]
fn the_same_calls_in_two_copies_of_a_folder_count_once() {
    let whole = crate::support::sample_store();
    let sandbox = Sandbox::new();
    // Without `AWSLogs` in their paths the copies are different objects with the same calls.
    let (one, two) = (sandbox.path().join("one"), sandbox.path().join("two"));
    copy(&sample_logs(), &one, |_| true);
    copy(&sample_logs(), &two, |_| true);
    let first = sandbox.ingest(&one, 0);
    let second = sandbox.ingest(&two, 0);
    assert_eq!(second["invocations"], 0);
    assert_eq!(second["api_events"], 0);
    let counted = |summary: &Value, table: &str| {
        summary[table].as_i64().expect("rows")
            + summary["duplicates"][table].as_i64().expect("duplicates")
    };
    for table in ["invocations", "api_events"] {
        assert_eq!(second["duplicates"][table].as_i64(), Some(counted(&first, table)), "{table}");
    }
    assert_eq!(figures(&sandbox), figures(&whole));

    let both = Sandbox::new();
    both.run(["ingest".as_ref(), two.as_os_str(), one.as_os_str()]).exits(0);
    assert_eq!(figures(&both), figures(&whole));
}

#[test]
fn a_moved_bucket_copy_is_the_same_bucket() {
    let sandbox = Sandbox::new();
    let (one, two) = (sandbox.path().join("one"), sandbox.path().join("deep/two"));
    sandbox.python(
        "import shutil, sys\nfor to in sys.argv[2:]: shutil.copytree(sys.argv[1], to + '/AWSLogs')",
        [sample_logs().as_path(), one.as_path(), two.as_path()],
    );
    sandbox.ingest(&one, 0);
    let again = sandbox.ingest(&two, 0);
    assert_eq!(again["objects_ingested"], 0, "copytree keeps times, AWSLogs/… keys are portable");
}

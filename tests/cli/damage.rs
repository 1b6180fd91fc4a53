//! Damaged and odd input: named by reason, object and record; never in the way of the rest.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use crate::support::{Record, Sandbox, generated, gzip, lines};

/// Rejects as (object, reason, record), sorted.
fn rejects(sandbox: &Sandbox) -> Vec<(String, String, Option<i64>)> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let mut found: Vec<_> = sandbox
        .sql("select object, reason, record from rejects")
        .iter()
        .map(|row| (text(&row["object"]), text(&row["reason"]), row["record"].as_i64()))
        .collect();
    found.sort();
    found
}

#[test]
fn damage_is_counted_by_reason_object_and_record_and_the_rest_is_kept() {
    let damaged = generated(&["--damage"]);
    let sandbox = Sandbox::new();
    let summary = sandbox.ingest(&damaged.path(), 3);
    assert_eq!(summary["rejects"], *damaged.truth.at("/rejects"));
    assert_eq!(summary["invocations"], *damaged.truth.at("/overall/requests"));
    assert_eq!(summary["objects_failed"], 0);

    let told = damaged.truth.at("/rejected_objects").as_array().expect("a list");
    assert!(told.len() >= 2, "the generator damaged nothing");
    let mut expected: Vec<_> = told
        .iter()
        .map(|reject| {
            let text = |key: &str| reject[key].as_str().expect("text").to_owned();
            (text("object"), text("reason"), reject["record"].as_i64())
        })
        .collect();
    expected.sort();
    assert_eq!(rejects(&sandbox), expected);

    for reject in told {
        let object = reject["object"].as_str().expect("text");
        let kept = sandbox.sql(&format!(
            "select count(request_id) as kept from invocations where object = '{object}'"
        ));
        let kept = kept[0]["kept"].as_i64().expect("a count");
        let expected = reject["records_kept"].as_i64().expect("a count");
        let repeated = damaged.truth.at("/duplicates/invocations").as_i64().expect("a count");
        // A kept record may be the other copy of a call that counts elsewhere.
        assert!((expected - repeated..=expected).contains(&kept), "{object}: {kept} of {expected}");
    }
    damaged.truth.check_block(&sandbox, "/overall", &[]);
    for week in damaged.truth.names("/weeks") {
        let day = |at: usize| ["2026-11-02", "2026-11-09", "2026-11-16"][at];
        let at = usize::from(week == "2026-W46");
        let range = ["--from", day(at), "--to", day(at + 1)];
        damaged.truth.check_block(&sandbox, &format!("/weeks/{week}"), &range);
    }
}

#[test]
fn reading_damaged_logs_again_changes_nothing() {
    let damaged = generated(&["--damage"]);
    let sandbox = Sandbox::new();
    sandbox.ingest(&damaged.path(), 3);
    let files = sandbox.run(["store", "files"]).exits(0).stdout;
    let figures = || sandbox.query("day,model", "requests,cost_usd,total_tokens", &[]);
    let before = (figures(), rejects(&sandbox));
    let again = sandbox.ingest(&damaged.path(), 0);
    assert_eq!(again["objects_ingested"], 0);
    assert_eq!(again["invocations"], 0);
    assert_eq!(again["rejects"], json!({}));
    assert_eq!((figures(), rejects(&sandbox)), before);
    assert_eq!(sandbox.run(["store", "files"]).exits(0).stdout, files);
}

#[test]
fn a_report_on_damaged_logs_says_so() {
    let damaged = generated(&["--damage"]);
    let sandbox = Sandbox::new();
    let source = damaged.path();
    let source = source.to_str().expect("UTF-8");
    let outcome =
        sandbox.run(["report", "weekly", "--source", source, "--format", "text", "-o", "-"]);
    let outcome = outcome.exits(3);
    assert!(outcome.stderr.contains("1 cut_gzip"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("1 invalid_json"), "{}", outcome.stderr);
    assert!(outcome.stdout.contains("158 / 2"), "objects read and rejects in the trust bar");
    sandbox.run(["--strict", "report", "weekly", "--source", source]).exits(1);
}

/// Ingests one object and checks what became of it: the ids of the calls kept, and the rejects as
/// (reason, record).
#[track_caller]
fn check(name: &str, bytes: impl AsRef<[u8]>, kept: &[u32], rejected: &[(&str, Option<i64>)]) {
    check_with(name, bytes, &[], kept, rejected);
}

#[track_caller]
fn check_with(
    name: &str,
    bytes: impl AsRef<[u8]>,
    options: &[&str],
    kept: &[u32],
    rejected: &[(&str, Option<i64>)],
) {
    let sandbox = Sandbox::new();
    let source = sandbox.write(&format!("logs/{name}"), bytes);
    let mut args = vec!["ingest", source.to_str().expect("UTF-8"), "--json"];
    args.extend(options);
    let outcome = sandbox.run(args).exits(if rejected.is_empty() { 0 } else { 3 });
    let summary = outcome.json();
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for (reason, _) in rejected {
        *reasons.entry(reason).or_default() += 1;
    }
    assert_eq!(summary["rejects"], json!(reasons), "{name}");
    assert_eq!(ids(&sandbox), kept, "calls kept of {name}");
    let mut expected: Vec<(String, Option<i64>)> =
        rejected.iter().map(|(reason, record)| ((*reason).to_owned(), *record)).collect();
    expected.sort();
    let found: Vec<_> =
        rejects(&sandbox).into_iter().map(|(_, reason, record)| (reason, record)).collect();
    assert_eq!(found, expected, "rejects of {name}");
}

/// Numbers of the calls in the store.
fn ids(sandbox: &Sandbox) -> Vec<u32> {
    sandbox
        .sql("select request_id from invocations order by request_id")
        .iter()
        .map(|row| {
            let id = row["request_id"].as_str().expect("an id");
            id.rsplit('-').next().expect("digits").parse().expect("a number")
        })
        .collect()
}

#[test]
fn half_a_line_costs_only_itself() {
    let half = |id| {
        let line = Record::numbered(id).line();
        line[..line.len() / 2].to_owned()
    };
    check("end.json", lines(1..=3) + &half(4), &[1, 2, 3], &[("cut_record", Some(4))]);
    let middle = lines([1]) + &half(2) + "\n" + &lines([3, 4]);
    check("middle.json", middle, &[1, 3, 4], &[("invalid_json", Some(2))]);
    check("start.json", half(1) + "\n" + &lines([2]), &[2], &[("invalid_json", Some(1))]);
}

#[test]
fn what_is_no_record_is_named_and_the_records_beside_it_are_kept() {
    let around = |line: &str| lines([1]) + line + "\n" + &lines([3]);
    let changed = |key: &str, value: Value| {
        let mut record = Record::numbered(2).value();
        record[key] = value;
        around(&record.to_string())
    };
    let one = |reason| [(reason, Some(2))];
    check("text.json", around("not json at all"), &[1, 3], &one("invalid_json"));
    check("schema.json", around(r#"{"a":1}"#), &[1, 3], &one("unknown_schema"));
    check("number.json", around("17"), &[1, 3], &one("unknown_schema"));
    check("time.json", changed("timestamp", json!("yesterday")), &[1, 3], &one("bad_timestamp"));
    check("no-time.json", changed("timestamp", Value::Null), &[1, 3], &one("bad_timestamp"));
}

#[test]
fn bytes_that_are_no_text_cost_only_their_line() {
    let mut bytes = lines([1]).into_bytes();
    bytes.extend(b"{\"timestamp\":\"\xff\xfe\"}\n");
    bytes.extend(lines([3]).into_bytes());
    check("latin.json", bytes, &[1, 3], &[("invalid_utf8", Some(2))]);
}

#[test]
fn a_cut_gzip_keeps_what_came_before_the_cut() {
    // Stored blocks: the cut falls where it is put.
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    std::io::Write::write_all(&mut packed, lines(1..=3).as_bytes()).expect("gzip in memory");
    let packed = packed.finish().expect("gzip in memory");
    let in_the_third = packed.len() - 8 - lines([3]).len() / 2;
    check("cut.json.gz", &packed[..in_the_third], &[1, 2], &[("cut_gzip", None)]);
    check("no-trailer.json.gz", &packed[..packed.len() - 8], &[1, 2, 3], &[("cut_gzip", None)]);
    check("only-head.json.gz", &packed[..6], &[], &[("cut_gzip", None)]);
}

#[test]
fn a_gzip_with_flipped_bits_is_rejected_whatever_of_it_is_kept() {
    let mut packed = gzip(lines(1..=50));
    let at = packed.len() / 2;
    packed[at] ^= 0x55;
    let sandbox = Sandbox::new();
    let source = sandbox.write("logs/flipped.json.gz", packed);
    let summary = sandbox.ingest(&source, 3);
    let reasons: Vec<&String> = summary["rejects"].as_object().expect("reasons").keys().collect();
    assert!(reasons.iter().any(|reason| *reason == "corrupt_gzip" || *reason == "cut_gzip"));
    sandbox.run(["store", "verify"]).exits(0);
}

#[test]
fn an_object_over_the_bound_keeps_what_came_before_it() {
    let two = lines([1, 2]).len() + 10;
    let options = ["--max-object-bytes", &two.to_string()];
    let rejected = [("oversize_object", None)];
    check_with("large.json.gz", gzip(lines(1..=9)), &options, &[1, 2], &rejected);
    check_with("large.json", lines(1..=9), &options, &[1, 2], &rejected);
    let enough = lines(1..=9).len().to_string();
    let options = ["--max-object-bytes", &enough];
    check_with("just.json.gz", gzip(lines(1..=9)), &options, &(1..=9).collect::<Vec<_>>(), &[]);
}

#[test]
fn every_framing_of_the_same_records_is_read() {
    let records: Vec<Value> = (1..=3).map(|id| Record::numbered(id).value()).collect();
    let pretty = |value: &Value| serde_json::to_string_pretty(value).expect("JSON");
    let all = [1, 2, 3];
    check("members.json.gz", [gzip(lines([1])), gzip(lines([2, 3]))].concat(), &all, &[]);
    check("mark.json", format!("\u{feff}{}", lines(1..=3)), &all, &[]);
    check("mark.json.gz", gzip(format!("\u{feff}{}", lines(1..=3))), &all, &[]);
    check("plain.json", lines(1..=3), &all, &[]);
    check("plain-named.json.gz", lines(1..=3), &all, &[]);
    check("packed-named.json", gzip(lines(1..=3)), &all, &[]);
    check("no-end.json", lines(1..=3).trim_end(), &all, &[]);
    check("windows.json", lines(1..=3).replace('\n', "\r\n"), &all, &[]);
    check("empty-lines.json", lines(1..=3).replace('\n', "\n\n"), &all, &[]);
    check("array.json", Value::Array(records.clone()).to_string(), &all, &[]);
    check("pretty-array.json", pretty(&Value::Array(records.clone())), &all, &[]);
    let each: Vec<String> = records.iter().map(pretty).collect();
    check("pretty.json", each.join("\n"), &all, &[]);
    check("beside.json", records.iter().map(Value::to_string).collect::<String>(), &all, &[]);
}

#[test]
fn objects_that_hold_no_log_are_skipped_not_rejected() {
    let root = "logs/AWSLogs/111122223333";
    let folder = format!("{root}/BedrockModelInvocationLogs/us-east-1");
    let digest = json!({
        "awsAccountId": "111122223333", "digestStartTime": "2026-11-10T00:00:00Z",
        "digestEndTime": "2026-11-10T01:00:00Z", "digestS3Bucket": "b", "digestS3Object": "o",
        "digestPublicKeyFingerprint": "f", "digestSignatureAlgorithm": "SHA256withRSA",
        "newestEventTime": null, "oldestEventTime": null, "previousDigestS3Bucket": null,
        "previousDigestS3Object": null, "previousDigestHashValue": null,
        "previousDigestHashAlgorithm": null, "previousDigestSignature": null, "logFiles": [],
    })
    .to_string();
    let sandbox = Sandbox::new();
    let body = gzip(Record::numbered(9).line());
    for (path, content) in [
        (format!("{folder}/amazon-bedrock-logs-permission-check"), Vec::new()),
        (format!("{folder}/2026/11/10/12/empty.json.gz"), Vec::new()),
        (
            format!(
                "{folder}/2026/11/10/12/data/00000000-0000-4000-a000-000000000001_input.json.gz"
            ),
            body,
        ),
        (
            format!(
                "{root}/CloudTrail-Digest/us-east-1/2026/11/10/\
                 111122223333_CloudTrail-Digest_us-east-1_trail_us-east-1_20261110T010000Z.json.gz"
            ),
            gzip(&digest),
        ),
        ("logs/elsewhere/digest-without-its-name.json.gz".to_owned(), gzip(&digest)),
        ("logs/README.md".to_owned(), b"about these logs".to_vec()),
        ("logs/picture.png".to_owned(), vec![0x89, b'P', b'N', b'G']),
        (
            format!("{folder}/2026/11/10/12/20261110T120000000Z_0123456789abcdef.json.gz"),
            gzip(lines([1, 2])),
        ),
    ] {
        sandbox.write(&path, content);
    }
    let summary = sandbox.ingest(&sandbox.path().join("logs"), 0);
    assert_eq!(summary["rejects"], json!({}));
    assert_eq!(summary["objects_listed"], 8);
    assert_eq!(summary["objects_ingested"], 1);
    assert_eq!(summary["objects_skipped"], 7);
    assert_eq!(ids(&sandbox), [1, 2]);
    let again = sandbox.ingest(&sandbox.path().join("logs"), 0);
    assert_eq!((&again["objects_ingested"], &again["objects_skipped"]), (&json!(0), &json!(8)));
}

#[test]
fn one_broken_object_does_not_stop_the_others() {
    let sandbox = Sandbox::new();
    sandbox.write("logs/a.json.gz", gzip(lines([1])));
    sandbox.write("logs/b.json.gz", [0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 3, 0xff, 0xff, 0xff]);
    sandbox.write("logs/c.json.gz", gzip(lines([2])));
    let outcome = sandbox.run(["ingest", "../logs"]).exits(3);
    assert!(outcome.stderr.contains("b.json.gz"), "{}", outcome.stderr);
    assert_eq!(ids(&sandbox), [1, 2]);
}

#[test]
fn no_message_repeats_what_a_broken_record_says() {
    let sandbox = Sandbox::new();
    let secret = Record { prompt: "canary-8d1f".to_owned(), ..Record::numbered(1) }.line();
    let halves = format!("{}\ncanary-8d1f\n{{\"canary-8d1f\":1}}\n", &secret[..secret.len() - 60]);
    let source = sandbox.write("logs/broken.json", halves);
    let outcome = sandbox.run(["-v".as_ref(), "ingest".as_ref(), source.as_os_str()]).exits(3);
    assert!(!outcome.stderr.contains("canary"), "{}", outcome.stderr);
    let rejects = sandbox.run(["query", "--sql", "select * from rejects"]).exits(0);
    assert!(!rejects.stdout.contains("canary"), "{}", rejects.stdout);
}

#[cfg(unix)]
#[test]
fn unreadable_files_and_folders_are_told_and_tried_again() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new();
    sandbox.write("logs/a.json", lines([1]));
    let closed = sandbox.write("logs/b.json", lines([2]));
    let set = |mode| {
        fs::set_permissions(&closed, fs::Permissions::from_mode(mode)).expect("permissions");
    };
    set(0o000);
    if fs::read(&closed).is_ok() {
        return; // root reads everything
    }
    let outcome = sandbox.run(["ingest", "../logs", "--json"]).exits(3);
    assert_eq!(outcome.json()["objects_failed"], 1);
    assert!(outcome.stderr.contains("could not read `../logs/b.json`"), "{}", outcome.stderr);
    assert_eq!(ids(&sandbox), [1]);
    set(0o600);
    assert_eq!(sandbox.ingest(&sandbox.path().join("logs"), 0)["invocations"], 1);
    assert_eq!(ids(&sandbox), [1, 2]);
}

//! `audit verify` over a small signed bucket (`tests/integrity`), sound and tampered with.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Outcome, Sandbox, gzip, repository};

/// A copy of the bucket that may be changed.
struct Bucket {
    sandbox: Sandbox,
    metadata: Value,
    keys: Value,
}

impl Bucket {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        copy(&fixture("bucket"), &sandbox.work().join("copy"));
        Self { sandbox, metadata: read_json("metadata.json"), keys: read_json("keys.json") }
    }

    fn root(&self) -> PathBuf {
        self.sandbox.work().join("copy/trail-bucket")
    }

    /// The one file whose name holds `part`.
    fn file(&self, part: &str) -> PathBuf {
        let mut found = files(&self.root());
        found.retain(|path| path.to_string_lossy().contains(part));
        assert_eq!(found.len(), 1, "{part}: {found:?}");
        found.remove(0)
    }

    fn delete(&self, part: &str) {
        fs::remove_file(self.file(part)).expect("deleted");
    }

    /// Writes a file anew, by Python's gzip.
    fn rewrite(&self, part: &str, change: &str) {
        let path = self.file(part);
        let program = format!(
            "import gzip,sys\np=sys.argv[1]\nb=gzip.open(p).read()\n{change}\nopen(p,'wb').write(gzip.compress(b,1))"
        );
        self.sandbox.python(&program, [&path]);
    }

    fn verify(&self, source: &str, more: &[&str], code: i32) -> Value {
        self.run(source, more).exits(code).json()
    }

    fn run(&self, source: &str, more: &[&str]) -> Outcome {
        let metadata = self.sandbox.write("work/metadata.json", self.metadata.to_string());
        let keys = self.sandbox.write("work/keys.json", self.keys.to_string());
        let mut args = vec!["audit", "verify", source, "--json"];
        let (metadata, keys) = (metadata.to_string_lossy(), keys.to_string_lossy());
        args.extend(["--metadata", &*metadata, "--keys", &*keys]);
        args.extend(more);
        self.sandbox.run(args)
    }

    /// The whole copy can't be verified, by wrong usage, and why is said.
    fn verify_fails(&self, why: &str) {
        let outcome = self.run("copy", &[]).exits(2);
        assert!(outcome.stderr.contains(why), "{}", outcome.stderr);
    }

    /// The whole copy, of the `lab` trail's region.
    fn lab(&self, code: i32) -> Value {
        self.verify("copy", &["--region", "us-east-1"], code)
    }

    fn signature_of(&mut self, part: &str) -> &mut Value {
        let objects = self.metadata.as_object_mut().expect("an object");
        let (_, entry) = objects.iter_mut().find(|(url, _)| url.contains(part)).expect("listed");
        entry
    }
}

fn fixture(name: &str) -> PathBuf {
    repository().join("tests/integrity").join(name)
}

fn read_json(name: &str) -> Value {
    serde_json::from_slice(&fs::read(fixture(name)).expect("readable")).expect("JSON")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("copied");
        }
    }
}

/// `valid invalid missing unproven / valid invalid missing uncovered unchecked / proven of expected`.
fn counts(answer: &Value) -> String {
    let read = |group: &str, names: &[&str]| {
        let numbers: Vec<String> =
            names.iter().map(|name| answer[group][name].to_string()).collect();
        numbers.join(" ")
    };
    format!(
        "{} / {} / {}",
        read("digests", &["valid", "invalid", "missing", "unproven"]),
        read("logs", &["valid", "invalid", "missing", "uncovered", "unchecked"]),
        read("hours", &["proven", "expected"])
    )
}

fn kinds(answer: &Value) -> Vec<&str> {
    let problems = answer["problems"].as_array().expect("problems");
    let mut kinds: Vec<&str> =
        problems.iter().map(|problem| problem["kind"].as_str().expect("a kind")).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

#[test]
fn a_sound_bucket_is_proven_but_for_the_time_when_logging_was_off() {
    let answer = Bucket::new().lab(0);
    assert_eq!(answer["verdict"], "partly_verified");
    // 10:05 to 17:10 touches eight clock hours; 13:30 to 15:10 is without digests.
    assert_eq!(counts(&answer), "7 0 0 0 / 9 0 0 0 0 / 5 8");
    assert_eq!(kinds(&answer), ["logging_gap"]);
    assert_eq!(answer["problems"][0]["from"], "2026-03-02T13:30:00Z");
    assert_eq!(answer["problems"][0]["to"], "2026-03-02T15:10:00Z");
}

#[test]
fn a_range_inside_a_chain_is_verified() {
    let bucket = Bucket::new();
    let range =
        ["--region", "us-east-1", "--from", "2026-03-02T10:30:00Z", "--to", "2026-03-02T13:00:00Z"];
    for source in ["copy", "copy/trail-bucket"] {
        let answer = bucket.verify(source, &range, 0);
        assert_eq!(answer["verdict"], "verified", "{answer}");
        assert_eq!(counts(&answer), "4 0 0 0 / 5 0 0 0 0 / 3 3");
    }
}

#[test]
fn an_organization_trail_is_found_below_the_organizations_id() {
    let answer = Bucket::new().verify("copy", &["--region", "eu-west-1"], 0);
    assert_eq!(answer["verdict"], "verified");
    assert_eq!(counts(&answer), "2 0 0 0 / 2 0 0 0 0 / 2 2");
}

#[test]
fn a_changed_log_file_is_invalid() {
    let bucket = Bucket::new();
    bucket.rewrite("T1210Z", "b=b.replace(b'ListFoundationModels',b'ListFoundationModelz')");
    let answer = bucket.lab(4);
    assert_eq!(answer["verdict"], "failed");
    assert_eq!(counts(&answer), "7 0 0 0 / 8 1 0 0 0 / 4 8");
    assert_eq!(kinds(&answer), ["log_hash_mismatch", "logging_gap"]);
}

#[test]
fn the_same_content_packed_anew_is_valid() {
    let bucket = Bucket::new();
    bucket.rewrite("T1210Z", "");
    assert_eq!(counts(&bucket.lab(0)), "7 0 0 0 / 9 0 0 0 0 / 5 8");
}

#[test]
fn bytes_after_the_first_gzip_member_are_not_overlooked() {
    let bucket = Bucket::new();
    let path = bucket.file("T1210Z");
    let program =
        "import gzip,sys\nopen(sys.argv[1],'ab').write(gzip.compress(b'{\"Records\":[]}'))";
    bucket.sandbox.python(program, [&path]);
    let answer = bucket.lab(4);
    assert_eq!(kinds(&answer), ["log_hash_mismatch", "logging_gap"]);
}

#[test]
fn a_log_file_that_is_no_gzip_is_invalid() {
    let bucket = Bucket::new();
    fs::write(bucket.file("T1210Z"), "{\"Records\":[]}").expect("written");
    let answer = bucket.lab(4);
    assert_eq!(counts(&answer), "7 0 0 0 / 8 1 0 0 0 / 4 8");
    assert_eq!(kinds(&answer), ["log_malformed", "logging_gap"]);
}

#[test]
fn a_deleted_log_file_is_missing() {
    let bucket = Bucket::new();
    bucket.delete("T1545Z");
    let answer = bucket.lab(4);
    assert_eq!(answer["verdict"], "failed");
    assert_eq!(counts(&answer), "7 0 0 0 / 8 0 1 0 0 / 4 8");
    assert_eq!(kinds(&answer), ["log_missing", "logging_gap"]);
}

#[test]
fn an_added_log_file_is_in_no_digest() {
    let bucket = Bucket::new();
    let other = bucket.file("T1210Z");
    let added = other.to_string_lossy().replace("T1210Z", "T1215Z");
    fs::copy(&other, added).expect("copied");
    let answer = bucket.lab(0);
    assert_eq!(answer["verdict"], "partly_verified");
    assert_eq!(counts(&answer), "7 0 0 0 / 9 0 0 1 0 / 4 8");
    assert_eq!(kinds(&answer), ["log_uncovered", "logging_gap"]);
}

#[test]
fn a_changed_digest_leaves_its_log_files_unchecked_and_the_hidden_one_uncovered() {
    let bucket = Bucket::new();
    bucket.rewrite(
        "us-east-1_20260302T130500Z",
        "import json\nd=json.loads(b)\nd['logFiles'].pop()\nb=json.dumps(d).encode()",
    );
    let answer = bucket.lab(4);
    assert_eq!(answer["verdict"], "failed");
    assert_eq!(counts(&answer), "6 1 0 0 / 7 0 0 1 1 / 4 8");
    assert_eq!(kinds(&answer), ["digest_signature_invalid", "log_uncovered", "logging_gap"]);
}

#[test]
fn a_deleted_digest_is_named_with_its_time() {
    let bucket = Bucket::new();
    bucket.delete("us-east-1_20260302T130500Z");
    let answer = bucket.lab(4);
    assert_eq!(answer["verdict"], "failed");
    assert_eq!(counts(&answer), "6 0 1 0 / 7 0 0 2 0 / 4 8");
    let missing = answer["problems"].as_array().expect("problems").iter();
    let missing: Vec<&Value> =
        missing.filter(|problem| problem["kind"] == "digest_missing").collect();
    assert_eq!(missing.len(), 1);
    assert_eq!(missing[0]["from"], "2026-03-02T12:05:00Z");
    assert_eq!(missing[0]["to"], "2026-03-02T13:05:00Z");
}

#[test]
fn deleting_the_newest_digests_does_not_pass_for_a_shorter_trail() {
    let bucket = Bucket::new();
    for end in ["161000", "171000"] {
        bucket.delete(&format!("us-east-1_20260302T{end}Z"));
    }
    let answer = bucket.lab(0);
    assert_eq!(answer["verdict"], "partly_verified");
    // The log files left behind stretch the range to 16:35.
    assert_eq!(counts(&answer), "5 0 0 0 / 6 0 0 3 0 / 3 7");
    assert_eq!(kinds(&answer), ["log_uncovered", "no_digest_after"]);
    let asked =
        ["--region", "us-east-1", "--from", "2026-03-02T10:05:00Z", "--to", "2026-03-02T18:00:00Z"];
    let answer = bucket.verify("copy", &asked, 0);
    assert_eq!(counts(&answer), "5 0 0 0 / 6 0 0 3 0 / 3 8");
}

#[test]
fn without_any_digest_nothing_is_verified() {
    let bucket = Bucket::new();
    for path in files(&bucket.root()) {
        if path.to_string_lossy().contains("CloudTrail-Digest") {
            fs::remove_file(path).expect("deleted");
        }
    }
    let answer = bucket.lab(4);
    assert_eq!(answer["verdict"], "unverifiable");
    assert_eq!(counts(&answer), "0 0 0 0 / 0 0 0 9 0 / 0 7");
    assert_eq!(kinds(&answer), ["log_uncovered", "no_digests"]);
}

#[test]
fn a_digest_that_is_another_one_has_moved() {
    let mut bucket = Bucket::new();
    let other = bucket.file("us-east-1_20260302T120500Z.json");
    fs::copy(bucket.file("us-east-1_20260302T110500Z"), other).expect("copied");
    let signature = bucket.signature_of("us-east-1_20260302T110500Z").clone();
    *bucket.signature_of("us-east-1_20260302T120500Z.json") = signature;
    let answer = bucket.lab(4);
    assert_eq!(answer["verdict"], "failed");
    // The log files that the copy names are proven by the original.
    assert_eq!(counts(&answer), "6 1 0 0 / 9 0 0 0 0 / 3 8");
    assert_eq!(kinds(&answer), ["digest_moved", "logging_gap"]);
}

#[test]
fn a_digest_cut_short_is_malformed() {
    let bucket = Bucket::new();
    bucket.rewrite("us-east-1_20260302T130500Z", "b=b[:len(b)//2]");
    let answer = bucket.lab(4);
    assert_eq!(counts(&answer), "6 1 0 0 / 7 0 0 2 0 / 4 8");
    assert_eq!(kinds(&answer), ["digest_malformed", "log_uncovered", "logging_gap"]);
}

#[test]
fn a_signature_that_the_metadata_lacks_is_taken_from_the_next_digest_only_when_asked() {
    let mut bucket = Bucket::new();
    *bucket.signature_of("us-east-1_20260302T130500Z") = serde_json::json!({});
    let answer = bucket.lab(4);
    assert_eq!(answer["verdict"], "failed");
    assert_eq!(kinds(&answer), ["digest_signature_missing", "logging_gap"]);
    let answer = bucket.verify("copy", &["--region", "us-east-1", "--recover-signatures"], 0);
    assert_eq!(counts(&answer), "7 0 0 0 / 9 0 0 0 0 / 5 8");
    // The newest one of a chain has no successor.
    *bucket.signature_of("us-east-1_20260302T171000Z") = serde_json::json!({});
    let answer = bucket.verify("copy", &["--region", "us-east-1", "--recover-signatures"], 4);
    assert_eq!(counts(&answer), "6 1 0 0 / 8 0 0 0 1 / 3 8");
}

#[test]
fn a_plain_copy_is_unverifiable_until_signatures_are_recovered() {
    let bucket = Bucket::new();
    let keys = fixture("keys.json");
    let keys = keys.to_string_lossy();
    let base = ["audit", "verify", "copy", "--keys", &*keys, "--region", "us-east-1", "--json"];
    let outcome = bucket.sandbox.run(base).exits(4);
    assert_eq!(outcome.json()["verdict"], "unverifiable");
    assert!(outcome.stderr.contains("--recover-signatures"), "{}", outcome.stderr);
    let recovered = [&base[..], &["--recover-signatures"]].concat();
    let answer = bucket.sandbox.run(recovered).exits(0).json();
    assert_eq!(answer["verdict"], "partly_verified");
    // The newest of each chain and the backfill digest have no successor.
    assert_eq!(counts(&answer), "4 0 0 3 / 6 0 0 0 3 / 1 8");
}

#[test]
fn a_backfill_digest_needs_the_time_of_its_making() {
    let mut bucket = Bucket::new();
    let entry = bucket.signature_of("_backfill").as_object_mut().expect("an object");
    entry.remove("x-amz-meta-backfill-generation-timestamp").expect("was there");
    let answer = bucket.lab(4);
    assert_eq!(answer["verdict"], "failed");
    assert_eq!(counts(&answer), "6 1 0 0 / 8 0 0 0 1 / 3 8");
    assert_eq!(kinds(&answer), ["backfill_timestamp_missing", "logging_gap"]);
}

#[test]
fn a_missing_key_is_named_and_nothing_passes_for_it() {
    let mut bucket = Bucket::new();
    bucket.keys["PublicKeyList"].as_array_mut().expect("keys").remove(0);
    let answer = bucket.lab(4);
    assert_eq!(answer["verdict"], "unverifiable");
    assert_eq!(counts(&answer), "3 0 0 4 / 4 0 0 0 5 / 2 8");
    assert_eq!(kinds(&answer), ["logging_gap", "public_key_missing"]);
    bucket.keys = serde_json::json!({"PublicKeyList": []});
    let answer = bucket.lab(4);
    assert_eq!(answer["verdict"], "unverifiable");
    assert!(kinds(&answer).contains(&"no_keys"), "{answer}");
}

#[test]
fn wrong_files_are_wrong_usage() {
    let bucket = Bucket::new();
    bucket.sandbox.write("work/bad.json", "{\"keys\": 1}");
    for option in ["--keys", "--metadata"] {
        for file in ["bad.json", "nowhere.json"] {
            let outcome = bucket.sandbox.run(["audit", "verify", "copy", option, file]).exits(2);
            assert!(outcome.stderr.contains(file), "{}", outcome.stderr);
        }
    }
    bucket.sandbox.run(["audit", "verify", "nowhere"]).exits(1);
}

#[test]
fn people_are_told_verdict_counts_and_what_is_wrong() {
    let bucket = Bucket::new();
    bucket.delete("T1545Z");
    let metadata = fixture("metadata.json");
    let keys = fixture("keys.json");
    let (metadata, keys) = (metadata.to_string_lossy(), keys.to_string_lossy());
    let outcome = bucket
        .sandbox
        .run(["audit", "verify", "copy", "--keys", &*keys, "--metadata", &*metadata])
        .exits(4);
    for said in [
        "verdict   failed",
        "digests   9 valid, 0 invalid, 0 missing, 0 unproven",
        "logs      10 valid, 0 invalid, 1 missing, 0 in no digest, 0 unchecked",
        "T1545Z",
        "deleted or not copied",
        "2026-03-02T13:30:00Z to 2026-03-02T15:10:00Z: logging or its validation was off",
    ] {
        assert!(outcome.stdout.contains(said), "`{said}` is not in:\n{}", outcome.stdout);
    }
}

#[test]
fn a_key_that_was_not_valid_when_the_digest_was_signed_proves_nothing() {
    let mut bucket = Bucket::new();
    // As version 1 of the AWS command line writes times: seconds. 2026-03-02T11:30:00Z.
    bucket.keys["PublicKeyList"][0]["ValidityEndTime"] = serde_json::json!(1_772_451_000.0);
    let answer = bucket.lab(4);
    assert_eq!(answer["verdict"], "unverifiable");
    assert_eq!(kinds(&answer), ["logging_gap", "public_key_out_of_time"]);
    // Of the four digests of the first key the one that ends at 11:05 is in time.
    assert_eq!(counts(&answer), "4 0 0 3 / 6 0 0 0 3 / 3 8");
    // A backfill digest was signed when it was made, at 18:00.
    let mut bucket = Bucket::new();
    bucket.keys["PublicKeyList"][1]["ValidityEndTime"] = serde_json::json!("2026-03-02T17:30:00Z");
    let answer = bucket.lab(4);
    let problems = answer["problems"].as_array().expect("problems").iter();
    let late: Vec<&str> = problems
        .filter(|problem| problem["kind"] == "public_key_out_of_time")
        .map(|problem| problem["object"].as_str().expect("text"))
        .collect();
    assert_eq!(late.len(), 1);
    assert!(late[0].contains("_backfill"), "{late:?}");
    bucket.keys["PublicKeyList"][1]["ValidityEndTime"] = serde_json::json!("soon");
    bucket.verify_fails("validity");
}

#[test]
fn a_zip_file_of_the_bucket_is_as_good_as_the_bucket() {
    let bucket = Bucket::new();
    let zip = bucket.sandbox.work().join("copy.zip");
    let program = "import os,sys,zipfile\nroot,out=sys.argv[1:]\nz=zipfile.ZipFile(out,'w',zipfile.ZIP_DEFLATED)\n\
                   [z.write(os.path.join(p,f),os.path.relpath(os.path.join(p,f),root)) for p,_,fs in os.walk(root) for f in fs]\nz.close()";
    bucket.sandbox.python(program, [bucket.sandbox.work().join("copy"), zip.clone()]);
    let answer = bucket.verify("copy.zip", &["--region", "us-east-1"], 0);
    assert_eq!(counts(&answer), "7 0 0 0 / 9 0 0 0 0 / 5 8");
    fs::write(&zip, "PK, and then nothing of it").expect("written");
    bucket.sandbox.run(["audit", "verify", "copy.zip"]).exits(1);
}

#[test]
fn one_digest_alone_is_proven_and_its_log_files_are_missing() {
    let bucket = Bucket::new();
    let digest = bucket.file("us-east-1_20260302T110500Z");
    let answer = bucket.verify(&digest.to_string_lossy(), &[], 4);
    assert_eq!(answer["digests"]["valid"], 1);
    assert_eq!(answer["logs"]["missing"], 2);
}

#[test]
fn every_file_and_every_hour_has_its_own_verdict() {
    let bucket = Bucket::new();
    bucket.delete("T1545Z");
    let answer = bucket.lab(4);
    let files = answer["files"].as_array().expect("files");
    let of = |status: &str| files.iter().filter(|file| file["status"] == status).count();
    assert_eq!((files.len(), of("valid"), of("missing")), (16, 15, 1));
    let hours = answer["hour_verdicts"].as_array().expect("hours");
    let unproven: Vec<&str> = hours
        .iter()
        .filter(|hour| hour["proven"] == false)
        .map(|hour| &hour["hour"].as_str().expect("text")[11..16])
        .collect();
    assert_eq!(unproven, ["13:00", "14:00", "15:00", "16:00"]);
    assert!(hours.iter().all(|hour| hour["trail"] == "lab" && hour["account"] == "111122223333"));
}

#[test]
fn a_hostile_name_that_spans_ages_is_refused_and_a_range_helps() {
    let bucket = Bucket::new();
    let far = bucket
        .file("us-east-1_20260302T110500Z")
        .to_string_lossy()
        .replace("20260302T110500Z", "99991231T000000Z");
    fs::write(far, gzip("{}")).expect("written");
    let near = bucket.file("T1210Z").to_string_lossy().replace("20260302T1210Z", "00010101T0000Z");
    fs::write(near, gzip("{}")).expect("written");
    bucket.verify_fails("too many hours");
    let range =
        ["--region", "us-east-1", "--from", "2026-03-02T10:30:00Z", "--to", "2026-03-02T13:00:00Z"];
    assert_eq!(bucket.verify("copy", &range, 0)["verdict"], "verified");
}

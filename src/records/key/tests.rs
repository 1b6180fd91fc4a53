//! Which facts each form of key tells, and that no key makes the reader fail.

use proptest::prelude::*;

use super::{KeyFacts, ObjectKind, classify};
use crate::records::{Skip, timestamp};
use crate::schema::TimeMs;

const ACCOUNT: &str = "111122223333";

fn at(text: &str) -> TimeMs {
    timestamp::parse(text).expect("a time")
}

/// Checks kind, skip, account, Region and `written`; the span's end has its own test.
fn check(
    key: &str,
    (kind, skip): (Option<ObjectKind>, Option<Skip>),
    (account, region): (Option<&str>, Option<&str>),
    written: Option<&str>,
) {
    let facts = classify(key);
    let expected = KeyFacts {
        kind,
        skip,
        account: account.map(str::to_owned),
        region: region.map(str::to_owned),
        written: written.map(at),
        written_end: facts.written_end,
    };
    assert_eq!(facts, expected, "{key}");
    assert_eq!(facts.written.is_some(), facts.written_end.is_some(), "{key}");
}

#[test]
fn invocation_logs_are_known_with_any_prefix_and_without() {
    let log = (Some(ObjectKind::Invocations), None);
    let tree = "BedrockModelInvocationLogs/us-east-2/2026/01/02/07";
    let name = "20260102T074319996Z_4dbc03d57ffa1c7d.json.gz";
    let written = Some("2026-01-02T07:43:19.996Z");
    let both = (Some(ACCOUNT), Some("us-east-2"));
    check(&format!("AWSLogs/{ACCOUNT}/{tree}/{name}"), log, both, written);
    check(&format!("us-west-1/AWSLogs/{ACCOUNT}/{tree}/{name}"), log, both, written);
    check(&format!("CloudTrail/eu-west-1/AWSLogs/{ACCOUNT}/{tree}/{name}"), log, both, written);
    check(&format!("AWSLogs/redacted/{tree}/{name}"), log, (Some("redacted"), both.1), written);
    check(&format!("{tree}/{name}"), log, (None, both.1), written);
    check(&format!("2026/01/02/07/{name}"), log, (None, None), written);
    check(name, log, (None, None), written);
    check(&format!("{tree}/records.ndjson"), log, (None, both.1), Some("2026-01-02T07:00:00Z"));
}

#[test]
fn cloudtrail_logs_insights_and_digests_are_told_apart() {
    let both = (Some(ACCOUNT), Some("eu-west-1"));
    for (word, kind, skip) in [
        ("CloudTrail", ObjectKind::CloudTrail, None),
        ("CloudTrail-Insight", ObjectKind::CloudTrailInsight, None),
    ] {
        let name = format!("{ACCOUNT}_{word}_eu-west-1_20260102T1205Z_aB3dE5gH7jK9mN1p.json.gz");
        let tree = format!("{ACCOUNT}/{word}/eu-west-1/2026/01/02");
        let written = Some("2026-01-02T12:05:00Z");
        check(&format!("AWSLogs/{tree}/{name}"), (Some(kind), skip), both, written);
        check(&format!("p/AWSLogs/o-a1b2c3d4e5/{tree}/{name}"), (Some(kind), skip), both, written);
        check(&name, (Some(kind), skip), both, written);
        check(&format!("x/{word}/{name}"), (Some(kind), skip), both, written);
        let date = Some("2026-01-02T00:00:00Z");
        check(&format!("{tree}/events.json"), (Some(kind), skip), both, date);
    }
    let name = format!(
        "{ACCOUNT}_CloudTrail-Digest_eu-west-1_my_trail_us-east-1_20260102T120501Z_backfill.json.gz"
    );
    let digest = (Some(ObjectKind::Digest), Some(Skip::Digest));
    let written = Some("2026-01-02T12:05:01Z");
    let key = format!("AWSLogs/{ACCOUNT}/CloudTrail-Digest/eu-west-1/2026/01/02/{name}");
    check(&key, digest, both, written);
    check(&name, digest, both, written);
}

#[test]
fn offloaded_bodies_and_permission_checks_are_skipped() {
    let hour = format!("AWSLogs/{ACCOUNT}/BedrockModelInvocationLogs/us-east-1/2026/01/02/07");
    let both = (Some(ACCOUNT), Some("us-east-1"));
    let offloaded = (Some(ObjectKind::Invocations), Some(Skip::OffloadedBody));
    let id = "0f0e0d0c-1111-2222-3333-444455556666";
    for end in ["input.json.gz", "output.json.gz", "input_media_00.pdf", "input_media_01.png"] {
        let written = Some("2026-01-02T07:00:00Z");
        check(&format!("{hour}/data/{id}_{end}"), offloaded, both, written);
    }
    check(
        &format!("2026/01/02/07/data/{id}_input.json.gz"),
        (None, Some(Skip::OffloadedBody)),
        (None, None),
        Some("2026-01-02T07:00:00Z"),
    );
    for folder in ["", "copy/of/bodies/"] {
        let key = format!("{folder}{id}_output.json.gz");
        check(&key, (None, Some(Skip::OffloadedBody)), (None, None), None);
    }
    check("exports/aws-logs-write-test", (None, Some(Skip::PermissionCheck)), (None, None), None);
    let check_object = (Some(ObjectKind::Invocations), Some(Skip::PermissionCheck));
    let above = format!("AWSLogs/{ACCOUNT}/BedrockModelInvocationLogs");
    let name = "amazon-bedrock-logs-permission-check";
    check(&format!("{above}/{name}"), check_object, (both.0, None), None);
    check(&format!("{above}/us-east-1/{name}.json"), check_object, both, None);
}

#[test]
fn a_users_own_data_folder_hides_no_log() {
    let key = format!("data/AWSLogs/{ACCOUNT}/BedrockModelInvocationLogs/us-east-1/a.json.gz");
    check(&key, (Some(ObjectKind::Invocations), None), (Some(ACCOUNT), Some("us-east-1")), None);
    check("data/records.ndjson", (None, None), (None, None), None);
    check("data/my_input.json", (None, None), (None, None), None);
}

#[test]
fn what_the_path_does_not_tell_stays_open() {
    let open = (None, None);
    for key in
        ["a.json", "x/a.JSON.GZ", "a.gz", "a.ndjson", "a.jsonl", "a.log", "000000", "a.log.gz"]
    {
        check(key, open, (None, None), None);
    }
    for key in ["", "CloudTrail/notes.json", "CloudTrail/2026/notes.json", "app.20260102"] {
        assert_eq!(classify(key).kind, None, "{key}");
    }
}

#[test]
fn firehose_objects_tell_their_time_only() {
    let hour = "2026/01/02/07";
    check(&format!("logs/{hour}/part-0"), (None, None), (None, None), Some("2026-01-02T07:00:00Z"));
    check(
        &format!("{hour}/bedrock-to-s3-1-2026-01-02-07-43-19-0f0e0d0c-1111-2222-3333-444455556666"),
        (None, None),
        (None, None),
        Some("2026-01-02T07:43:19Z"),
    );
    check(
        "year=2026/month=01/day=02/hour=07/a.gz",
        (None, None),
        (None, None),
        Some("2026-01-02T07:00:00Z"),
    );
    check("2026/13/02/07/a.gz", (None, None), (None, None), None);
}

#[test]
fn names_of_other_files_are_not_logs() {
    for name in [
        "README.md",
        "run.py",
        "a.pdf",
        "a.png",
        "a.toml",
        "a.txt",
        "a.txt.gz",
        "a.tar.gz",
        "a.parquet",
        "manifest.json.out",
        ".DS_Store",
        ".json",
        "folder/",
    ] {
        let key = format!("AWSLogs/{ACCOUNT}/CloudTrail-Digest/us-east-1/{name}");
        let facts = classify(&key);
        assert_eq!((facts.kind, facts.skip), (None, Some(Skip::NotALog)), "{key}");
    }
}

#[test]
fn the_span_of_a_key_ends_where_its_time_is_no_longer_meant() {
    let end = |key: &str| classify(key).written_end;
    assert_eq!(end("2026/12/31/a.json"), Some(at("2027-01-01T00:00:00Z")));
    assert_eq!(end("2026/12/31/23/a.json"), Some(at("2027-01-01T00:00:00Z")));
    let trail = format!("{ACCOUNT}_CloudTrail_us-east-1_20260102T1205Z_a.json.gz");
    assert_eq!(end(&trail), Some(at("2026-01-02T12:10:00Z")));
}

proptest! {
    #[test]
    fn arbitrary_keys_never_panic(
        key in "\\PC*",
        parts in prop::collection::vec(
            "(AWSLogs|CloudTrail|CloudTrail-Digest|BedrockModelInvocationLogs|data|[0-9]{1,4}|\
             [a-z=é.-]{0,6}|[0-9TZé]{0,20}_[a-f0-9]{16})",
            0..9,
        ),
    ) {
        classify(&key);
        let facts = classify(&parts.join("/"));
        prop_assert!(facts.written <= facts.written_end);
    }
}

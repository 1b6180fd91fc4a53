//! `prices sync-profiles` against a scripted Bedrock on loopback, and pricing by what it kept.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use super::bedrock_stub::Stub;
use super::{Folder, stderr, stdout};

const ACCOUNT: &str = "arn:aws:bedrock:us-east-1:111122223333";

fn profile(id: &str, models: &[&str]) -> Value {
    json!({
        "inferenceProfileName": format!("name-{id}"), "createdAt": "2026-09-01T08:00:00Z",
        "updatedAt": "2026-09-02T08:00:00Z",
        "inferenceProfileArn": format!("{ACCOUNT}:application-inference-profile/{id}"),
        "models": models.iter().map(|arn| json!({ "modelArn": arn })).collect::<Vec<_>>(),
        "inferenceProfileId": id, "status": "ACTIVE", "type": "APPLICATION",
    })
}

fn throughput() -> Value {
    json!({
        "provisionedModelName": "night", "provisionedModelArn": format!("{ACCOUNT}:provisioned-model/pm1"),
        "modelArn": "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0",
        "desiredModelArn": "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0",
        "foundationModelArn": "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0",
        "modelUnits": 2, "desiredModelUnits": 2, "status": "InService", "commitmentDuration": "OneMonth",
        "commitmentExpirationTime": "2026-12-01T00:00:00Z", "creationTime": "2026-11-01T00:00:00Z",
        "lastModifiedTime": "2026-11-01T00:00:00Z",
    })
}

const NOVA_EAST: &str = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0";
const NOVA_WEST: &str = "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-pro-v1:0";
const SONNET_EAST: &str =
    "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0";
const SONNET_NOWHERE: &str =
    "arn:aws:bedrock:::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0";

/// Two pages of profiles, one of them listed without models; one throughput.
fn sound(line: &str) -> (u16, String) {
    let ok = |value: Value| (200, value.to_string());
    let path = line.strip_prefix("GET ").unwrap_or(line);
    if path.starts_with("/inference-profiles?") && path.contains("nextToken=two") {
        let sonnet = profile("global1", &[SONNET_EAST, SONNET_NOWHERE]);
        let odd = profile("odd1", &[NOVA_EAST, SONNET_EAST]);
        return ok(json!({ "inferenceProfileSummaries": [sonnet, odd] }));
    }
    if path.starts_with("/inference-profiles?") {
        let all = [profile("team1", &[NOVA_EAST, NOVA_WEST]), profile("bare1", &[])];
        return ok(json!({ "inferenceProfileSummaries": all, "nextToken": "two" }));
    }
    if path.starts_with("/inference-profiles/") {
        return ok(profile("bare1", &[NOVA_WEST]));
    }
    if path.starts_with("/provisioned-model-throughputs") {
        return ok(json!({ "provisionedModelSummaries": [throughput()] }));
    }
    (404, format!("ResourceNotFoundException\n{{\"message\":\"{path}\"}}"))
}

fn lens(store: &Path, url: &str, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bedrock-lens"));
    command.env_clear().current_dir(std::env::temp_dir());
    for (name, value) in [
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        ("AWS_ENDPOINT_URL", url),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_MAX_ATTEMPTS", "2"),
        ("HOME", "/no/home"),
    ] {
        command.env(name, value);
    }
    command.args(["--as-of", "2026-11-22T12:00:00Z", "--store"]).arg(store);
    command.arg("prices").args(args);
    command.output().expect("the program runs")
}

fn ok(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
    serde_json::from_slice(&output.stdout).expect("one JSON value")
}

fn explain(store: &Path, id: &str, extra: &[&str]) -> Value {
    let arn = format!("{ACCOUNT}:{id}");
    let args = [
        "explain",
        "--model-id",
        &arn,
        "--region",
        "us-east-1",
        "--input-tokens",
        "1000000",
        "--json",
    ];
    ok(&lens(store, "http://127.0.0.1:9", &[&args[..], extra].concat()))
}

#[test]
fn profiles_are_listed_page_by_page_kept_and_priced_by() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("store");
    let stub = Stub::start(|line, _| sound(line));
    let before = explain(&store, "application-inference-profile/team1", &[]);
    assert_eq!(before["reason"], "application_profile_unmapped");
    let sync = ["sync-profiles", "--region", "us-east-1", "--json"];
    let dry = ok(&lens(&store, &stub.url, &[&sync[..], &["--dry-run"]].concat()));
    assert_eq!((&dry["written"], store.exists()), (&Value::Null, false));
    let asked = stub.asked();
    assert_eq!(asked.len(), 4, "{asked:?}");
    assert_eq!(asked[0], "GET /inference-profiles?type=APPLICATION");
    assert!(asked[1].starts_with("GET /inference-profiles/arn%3Aaws%3Abedrock"), "{asked:?}");
    assert!(
        asked[2].contains("nextToken=two") && asked[2].contains("type=APPLICATION"),
        "{asked:?}"
    );
    assert_eq!(asked[3], "GET /provisioned-model-throughputs");

    let done = ok(&lens(&store, &stub.url, &sync));
    let ids: Vec<_> =
        done["profiles"].as_array().expect("profiles").iter().map(|one| &one["model_id"]).collect();
    assert_eq!(
        ids,
        [
            &json!("amazon.nova-pro-v1:0"),
            &json!("global.anthropic.claude-sonnet-4-5-20250929-v1:0"),
            &Value::Null,
            &json!("amazon.nova-pro-v1:0")
        ]
    );
    assert_eq!(done["provisioned"][0]["has_rate"], false);

    let team = explain(&store, "application-inference-profile/team1", &[]);
    assert_eq!(team["cost_usd"], "0.8");
    assert_eq!(team["application_profile_source"], "synced");
    assert_eq!(team["application_profile_last_seen"], "2026-11-22T12:00:00Z");
    let global = explain(&store, "application-inference-profile/global1", &[]);
    // A million tokens are a long context: 6 $, not 3.
    assert_eq!((&global["routing"], &global["cost_usd"]), (&json!("global"), &json!("6")));
    let odd = explain(&store, "application-inference-profile/odd1", &[]);
    assert_eq!(odd["reason"], "application_profile_unmapped");
    let provisioned = explain(&store, "provisioned-model/pm1", &[]);
    assert_eq!(provisioned["reason"], "provisioned");
    assert_eq!(provisioned["provisioned_model_units"], 2);
    assert_eq!(provisioned["provisioned_usd_per_hour"], Value::Null);

    let check = ok(&lens(&store, &stub.url, &["check", "--json"]));
    assert_eq!(check["synced"]["profiles"], 4);
    assert_eq!(check["synced"]["profiles_priced"], 3);
    assert_eq!(check["synced"]["synced_since"], "2026-11-22T12:00:00Z");
    assert_eq!(
        check["remarks"].as_array().map(Vec::len),
        Some(2),
        "the odd one and the rate: {check}"
    );
    let show = stdout(&lens(&store, &stub.url, &["show", "amazon.nova-pro-v1:0"]));
    assert!(show.contains("profile        arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/team1 (name-team1; AWS, 2026-11-22 12:00 UTC)"), "{show}");
}

#[test]
fn the_prices_file_comes_before_what_was_synced_and_a_deleted_profile_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("store");
    let stub = Stub::start(|line, _| sound(line));
    let sync = ["sync-profiles", "--region", "us-east-1", "--json"];
    ok(&lens(&store, &stub.url, &sync));
    let own = Folder::new("[profiles]\nteam1 = \"amazon.nova-lite-v1:0\"\n");
    let arn = format!("{ACCOUNT}:application-inference-profile/team1");
    let mut command = super::lens(Some(&own.config()));
    command.args(["explain", "--model-id", &arn, "--region", "us-east-1", "--json"]);
    let args: Vec<_> = command.get_args().map(std::ffi::OsStr::to_owned).collect();
    let at = args.iter().position(|arg| arg == "--store").expect("a store") + 1;
    let mut again = Command::new(env!("CARGO_BIN_EXE_bedrock-lens"));
    again.env_clear().args(&args[..at]).arg(&store).args(&args[at + 1..]);
    let found = ok(&again.output().expect("the program runs"));
    assert_eq!(found["resolved_model"], "amazon.nova-lite-v1:0");
    assert_eq!(found["application_profile_source"], "prices_file");

    let empty = Stub::start(|line, _| {
        let list = if line.contains("provisioned") {
            "provisionedModelSummaries"
        } else {
            "inferenceProfileSummaries"
        };
        (200, json!({ list: [] }).to_string())
    });
    let done = ok(&lens(&store, &empty.url, &sync));
    assert_eq!((&done["kept"], &done["profiles"]), (&json!(5), &json!([])));
    assert_eq!(explain(&store, "application-inference-profile/team1", &[])["cost_usd"], "0.8");
}

#[test]
fn a_region_that_refuses_is_named_with_the_permission_and_the_others_are_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("store");
    let denied = r#"{"message":"User is not authorized to perform: bedrock:ListProvisionedModelThroughputs"}"#;
    let stub = Stub::start(move |line, _| {
        if line.contains("provisioned") {
            return (403, format!("AccessDeniedException\n{denied}"));
        }
        sound(line)
    });
    let output = lens(&store, &stub.url, &["sync-profiles", "--region", "us-east-1"]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let said = stderr(&output);
    assert!(
        said.contains("us-east-1: access denied: `bedrock:ListProvisionedModelThroughputs`"),
        "{said}"
    );
    assert!(said.contains("hint:"), "{said}");
    assert_eq!(explain(&store, "application-inference-profile/team1", &[])["cost_usd"], "0.8");

    let nothing = folder.path().join("nothing");
    let all = Stub::start(move |_, _| (403, format!("AccessDeniedException\n{denied}")));
    let output = lens(&nothing, &all.url, &["sync-profiles", "--region", "us-east-1,eu-west-1"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("could not ask AWS"), "{}", stderr(&output));
    assert!(!nothing.exists(), "nothing is written");
}

#[test]
fn throttling_is_waited_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("store");
    let stub = Stub::start(|line, before| match before {
        0 => (429, "ThrottlingException\n{\"message\":\"Too many requests\"}".to_owned()),
        _ => sound(line),
    });
    let done = ok(&lens(&store, &stub.url, &["sync-profiles", "--region", "us-east-1", "--json"]));
    assert_eq!(done["profiles"].as_array().map(Vec::len), Some(4));
    let asked = stub.asked();
    assert_eq!(asked[0], asked[1], "the same again");
}

#[test]
fn without_a_region_or_with_a_broken_file_nothing_is_guessed() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("store");
    let output = lens(&store, "http://127.0.0.1:9", &["sync-profiles"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("no Region to ask"), "{}", stderr(&output));
    std::fs::create_dir(&store).expect("a folder");
    std::fs::write(store.join("aws-profiles.json"), "{\"profiles\":{}").expect("a file");
    let output = lens(&store, "http://127.0.0.1:9", &["list"]);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(said.contains("aws-profiles.json") && said.contains("line 1"), "{said}");
}

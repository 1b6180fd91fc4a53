//! `setup logging`: shown, changed after a yes, verified, turned off.

use serde_json::{Value, json};

use super::account::Account;

fn configured(account: &Account) -> Value {
    account.aws("bedrock", "get_model_invocation_logging_configuration", json!({}))["loggingConfig"]
        .take()
}

#[test]
fn logging_is_turned_on_verified_and_turned_off() {
    let account = Account::new();
    let shown = account.run(["setup", "logging"]).exits(0);
    assert!(shown.stdout.contains("logging is off"), "{}", shown.stdout);
    account.run(["setup", "logging", "--verify"]).exits(4);

    let enable = ["setup", "logging", "--enable", "--bucket", "acme-logs", "--prefix", "bedrock"];
    let refused = account.run(enable).exits(2);
    assert!(refused.stderr.contains("--yes"), "{}", refused.stderr);
    assert!(refused.stderr.contains("s3.bucket"), "the change is shown: {}", refused.stderr);
    assert_eq!(configured(&account), json!({}), "nothing without a yes");

    let done = account.run(enable.iter().chain(&["--yes", "--json"])).exits(0);
    let answer = done.json();
    let region = &answer["regions"][0];
    assert_eq!(region["applied"], true);
    assert_eq!(region["before"], Value::Null);
    assert_eq!(region["after"]["s3"], json!({"bucket": "acme-logs", "prefix": "bedrock"}));
    let is = configured(&account);
    assert_eq!(is["s3Config"], json!({"bucketName": "acme-logs", "keyPrefix": "bedrock"}));
    for kind in ["text", "image", "embedding", "video"] {
        assert_eq!(is[format!("{kind}DataDeliveryEnabled")], true, "{kind}");
    }

    let again = account.run(enable.iter().chain(&["--yes"])).exits(0);
    assert!(again.stdout.contains("nothing to change"), "{}", again.stdout);
    account
        .run(["setup", "logging", "--verify", "--bucket", "acme-logs", "--prefix", "bedrock"])
        .exits(0);
    let other = account.run(["setup", "logging", "--verify", "--bucket", "other-logs"]).exits(4);
    assert!(other.stdout.contains("acme-logs -> other-logs"), "{}", other.stdout);
    account.run(["setup", "logging", "--verify", "--modalities", "image"]).exits(4);

    account.run(["setup", "logging", "--disable"]).exits(2);
    assert_ne!(configured(&account), json!({}));
    account.run(["setup", "logging", "--disable", "--yes"]).exits(0);
    assert_eq!(configured(&account), json!({}));
}

#[test]
fn a_log_group_and_what_is_too_large_for_it_are_set_together() {
    let account = Account::new();
    let role = "arn:aws:iam::111122223333:role/logs";
    let enable = [
        "setup",
        "logging",
        "--enable",
        "--log-group",
        "/bedrock/invocations",
        "--log-group-role",
        role,
        "--large-data-bucket",
        "acme-large",
        "--modalities",
        "text,image",
        "--yes",
    ];
    account.run(enable).exits(0);
    let is = configured(&account);
    assert_eq!(
        is["cloudWatchConfig"],
        json!({
            "logGroupName": "/bedrock/invocations", "roleArn": role,
            "largeDataDeliveryS3Config": {"bucketName": "acme-large"},
        })
    );
    assert_eq!(is["textDataDeliveryEnabled"], true);
    assert_eq!(is["videoDataDeliveryEnabled"], false);
}

#[test]
fn what_aws_would_find_wrong_later_is_refused_at_once() {
    let account = Account::new();
    let role = "arn:aws:iam::111122223333:role/logs";
    for (args, told) in [
        (&["--bucket", "NOPE_UPPER"] as &[&str], "`NOPE_UPPER` is no bucket's name"),
        (&["--bucket", "s3://acme-logs"], "the name alone"),
        (&["--bucket", "acme-logs", "--prefix", "/x"], "begins with a slash"),
        (&["--log-group", "g", "--log-group-role", "role/logs"], "no role's ARN"),
        (&["--log-group", "a b", "--log-group-role", role], "no log group's name"),
        (&["--modalities", "none,text", "--bucket", "acme-logs"], "stands alone"),
        (&[], "a bucket or a log group"),
        (&["--prefix", "x"], "--bucket"),
        (&["--bucket", "acme-logs", "--modalities", "smell"], "smell"),
    ] {
        let args = ["setup", "logging", "--enable", "--yes"].iter().chain(args);
        let outcome = account.run(args).exits(2);
        assert!(outcome.stderr.contains(told), "{told}: {}", outcome.stderr);
    }
    assert_eq!(configured(&account), json!({}));
}

#[test]
fn every_region_is_asked_on_its_own() {
    let account = Account::new();
    let enable = [
        "setup",
        "logging",
        "--enable",
        "--bucket",
        "acme-logs",
        "--region",
        "us-east-1,eu-west-1",
        "--yes",
        "--json",
    ];
    let answer = account.run(enable).exits(0).json();
    let regions: Vec<&str> = answer["regions"]
        .as_array()
        .expect("regions")
        .iter()
        .map(|one| one["region"].as_str().expect("a name"))
        .collect();
    assert_eq!(regions, ["us-east-1", "eu-west-1"]);
    account.run(["setup", "logging", "--disable", "--region", "us-east-1", "--yes"]).exits(0);
    let verify = account
        .run(["setup", "logging", "--verify", "--region", "us-east-1,eu-west-1", "--json"])
        .exits(4)
        .json();
    assert_eq!(verify["regions"][0]["changes"][0]["before"], "disabled");
    assert_eq!(verify["regions"][1]["changes"], json!([]));
}

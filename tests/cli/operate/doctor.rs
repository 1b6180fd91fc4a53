//! `setup doctor`: each check on its own, whatever the others bring.

use serde_json::{Value, json};

use super::account::Account;
use crate::support::{gzip, lines};

/// The checks of a run, by kind and subject.
struct Checks(Vec<Value>);

impl Checks {
    fn of(answer: &Value) -> Self {
        Self(answer["checks"].as_array().expect("checks").clone())
    }

    #[track_caller]
    fn one(&self, check: &str, subject: &str) -> &Value {
        let found = self.0.iter().find(|one| {
            one["check"] == check
                && one["subject"].as_str().is_some_and(|text| text.contains(subject))
        });
        found.unwrap_or_else(|| panic!("no {check} of {subject}: {:#?}", self.0))
    }

    #[track_caller]
    fn outcome(&self, check: &str, subject: &str, expected: &str) -> &Value {
        let one = self.one(check, subject);
        assert_eq!(one["outcome"], expected, "{one}");
        if expected == "failed" || expected == "warning" {
            assert!(one["fix"].is_string(), "what to do: {one}");
        }
        one
    }
}

const LOG: &str = "AWSLogs/111122223333/BedrockModelInvocationLogs/us-east-1/2026/11/17/05/\
                   20261117T050000000Z_0000000000000001.json.gz";

fn sources(account: &Account) {
    account.sandbox.write(
        "work/bedrock-lens.toml",
        "[[source]]\nname = \"main\"\nurl = \"s3://acme-logs/AWSLogs\"\n\n\
         [[source]]\nname = \"gone\"\nurl = \"s3://no-such-bucket\"\n\n\
         [[source]]\nname = \"empty\"\nurl = \"s3://acme-empty\"\n",
    );
    account.server.ask(&json!({"do": "put", "bucket": "acme-empty", "objects": []}));
    let log = account.sandbox.write("log.gz", gzip(lines([1, 2])));
    account.server.ask(&json!({
        "do": "put", "bucket": "acme-logs", "objects": [{"key": LOG, "file": log}],
    }));
}

#[test]
fn an_account_that_is_not_set_up_is_told_what_to_do_from_end_to_end() {
    let account = Account::new();
    sources(&account);
    let outcome = account.run(["setup", "doctor", "--json"]).exits(4);
    let answer = outcome.json();
    let checks = Checks::of(&answer);
    checks.outcome("credentials", "123456789012", "ok");
    checks.outcome("clock", "this machine", "ok");
    checks.outcome("region", "us-east-1", "ok");
    let logging = checks.outcome("invocation logging", "us-east-1", "failed");
    assert!(logging["fix"].as_str().expect("a fix").contains("setup logging --enable"));
    checks.outcome("trail", "us-east-1", "failed");
    checks.outcome("source", "main", "ok");
    let gone = checks.outcome("source", "gone", "failed");
    assert!(gone["found"].as_str().expect("words").contains("no such bucket"), "{gone}");
    checks.outcome("source", "empty", "warning");
    checks.outcome("freshness at the source", "111122223333 us-east-1 invocations", "ok");
    checks.outcome("mail", "-", "not_checked");
    checks.outcome("topic", "-", "not_checked");
    checks.outcome("store", "store", "not_checked");
    assert_eq!(answer["failed"], 3);
    let words = account.run(["setup", "doctor"]).exits(4).stdout;
    assert!(words.contains("what to do") && words.contains("3 failed"), "{words}");
    account.run(["setup", "doctor", "--strict"]).exits(1);
}

#[test]
fn an_account_that_is_set_up_passes() {
    let account = Account::new();
    sources(&account);
    account.run(["setup", "logging", "--enable", "--bucket", "acme-logs", "--yes"]).exits(0);
    account.aws(
        "cloudtrail",
        "create_trail",
        json!({
            "Name": "lens", "S3BucketName": "acme-logs", "IsMultiRegionTrail": true,
            "EnableLogFileValidation": true,
        }),
    );
    let stopped = account.run(["setup", "doctor", "main", "--json"]).exits(4).json();
    let trail = Checks::of(&stopped);
    let trail = trail.outcome("trail", "us-east-1: lens", "failed");
    assert!(trail["found"].as_str().expect("words").contains("stopped"), "{trail}");
    account.aws("cloudtrail", "start_logging", json!({"Name": "lens"}));
    let topic = account.aws("sns", "create_topic", json!({"Name": "alerts"}))["TopicArn"].take();
    let topic = topic.as_str().expect("an ARN");
    account.aws("sesv2", "create_email_identity", json!({"EmailIdentity": "acme.example"}));
    account.run(["ingest", "main"]).exits(0);
    let args =
        ["setup", "doctor", "main", "--json", "--topic", topic, "--mail-from", "lens@acme.example"];
    let answer = account.run(args).exits(0).json();
    let checks = Checks::of(&answer);
    checks.outcome("invocation logging", "us-east-1", "ok");
    checks.outcome("trail", "us-east-1: lens", "ok");
    checks.outcome("mail", "lens@acme.example", "ok");
    // The stand-in doesn't know the account of SES.
    checks.outcome("mail", "SES account", "not_checked");
    checks.outcome("topic", topic, "warning");
    checks.outcome("store", "store", "ok");
    checks.outcome("freshness in the store", "111122223333 us-east-1 invocations", "ok");
    assert_eq!(answer["failed"], 0);

    let strangers =
        account.run(["setup", "doctor", "main", "--mail-from", "x@other.example", "--json"]);
    let strangers = strangers.exits(4).json();
    Checks::of(&strangers).outcome("mail", "x@other.example", "failed");
    let nowhere = "arn:aws:sns:us-east-1:123456789012:none";
    let nobody = account.run(["setup", "doctor", "main", "--topic", nowhere, "--json"]).exits(4);
    Checks::of(&nobody.json()).outcome("topic", nowhere, "failed");
}

#[test]
fn sender_and_topics_are_those_of_the_configuration_where_none_is_given() {
    let account = Account::new();
    let topic = account.aws("sns", "create_topic", json!({"Name": "alerts"}))["TopicArn"].take();
    let topic = topic.as_str().expect("an ARN");
    account.aws("sesv2", "create_email_identity", json!({"EmailIdentity": "acme.example"}));
    let channels = format!(
        "[[alerts.channel]]\nname = \"a\"\nkind = \"sns\"\ntopic_arn = \"{topic}\"\n\
         [[alerts.channel]]\nname = \"b\"\nkind = \"sns\"\ntopic_arn = \"{topic}-gone\"\n"
    );
    let mail = "[mail]\nfrom = \"Lens <lens@acme.example>\"\n";
    account.sandbox.write("work/bedrock-lens.toml", format!("{mail}{channels}"));
    let answer = account.run(["setup", "doctor", "--json"]).exits(4).json();
    let checks = Checks::of(&answer);
    checks.outcome("mail", "lens@acme.example", "ok");
    checks.outcome("topic", topic, "warning");
    checks.outcome("topic", &format!("{topic}-gone"), "failed");
    // What is given goes before it.
    let given = ["setup", "doctor", "--json", "--topic", topic, "--mail-from", "x@other.example"];
    let answer = account.run(given).exits(4).json();
    let checks = Checks::of(&answer);
    checks.outcome("mail", "x@other.example", "failed");
    assert!(!answer.to_string().contains("-gone"), "{answer}");
    // A mail server is not SES: nothing is claimed about it.
    let server = "[mail.smtp]\nhost = \"mail.acme.example\"\n";
    account.sandbox.write("work/bedrock-lens.toml", format!("{mail}{server}"));
    let answer = account.run(["setup", "doctor", "--json"]).json();
    Checks::of(&answer).outcome("mail", "lens@acme.example", "not_checked");
}

#[test]
fn logs_of_another_bucket_than_is_read_are_a_warning() {
    let account = Account::new();
    sources(&account);
    account.run(["setup", "logging", "--enable", "--bucket", "other-logs", "--yes"]).exits(0);
    let answer = account.run(["setup", "doctor", "main", "--json"]).exits(4).json();
    let checks = Checks::of(&answer);
    let logging = checks.outcome("invocation logging", "us-east-1", "warning");
    assert!(logging["found"].as_str().expect("words").contains("no configured source reads"));
}

#[test]
fn without_a_way_to_aws_the_rest_is_checked_all_the_same() {
    let account = Account::new();
    account.sandbox.write("logs/a.json", lines([1]));
    account.run(["ingest", "../logs"]).exits(0);
    let mut command =
        account.reaching("http://127.0.0.1:9", ["setup", "doctor", "../logs", "--json"]);
    let answer = account.sandbox.outcome(&mut command).exits(4).json();
    let checks = Checks::of(&answer);
    checks.outcome("credentials", "-", "failed");
    checks.outcome("trail", "-", "not_checked");
    checks.outcome("invocation logging", "-", "not_checked");
    checks.outcome("store", "store", "ok");
    assert!(checks.one("source", "../logs")["outcome"].is_string());
}

#[test]
fn a_permission_that_is_missing_is_named_and_what_it_hides_is_not_checked() {
    let account = Account::new();
    sources(&account);
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["sts:*", "s3:ListBucket"], "Resource": "*"},
    ]});
    let user = account.server.ask(&json!({"do": "user", "policy": policy}));
    account.server.ask(&json!({"do": "auth"}));
    let mut command = account.lens(["setup", "doctor", "main", "--json"]);
    command
        .env("AWS_ACCESS_KEY_ID", user["access_key"].as_str().expect("a key"))
        .env("AWS_SECRET_ACCESS_KEY", user["secret"].as_str().expect("a secret"));
    let answer = account.sandbox.outcome(&mut command).exits(4).json();
    let checks = Checks::of(&answer);
    checks.outcome("credentials", "123456789012", "ok");
    let source = checks.outcome("source", "main", "failed");
    assert!(source["found"].as_str().expect("words").contains("s3:GetObject"), "{source}");
    let trail = checks.outcome("trail", "us-east-1", "not_checked");
    assert!(
        trail["found"].as_str().expect("words").contains("cloudtrail:DescribeTrails"),
        "{trail}"
    );
}

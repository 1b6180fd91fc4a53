//! `setup template`: templates that CloudFormation takes, and that make what they say.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use super::account::Account;
use crate::standins;
use crate::support::Sandbox;

const TEMPLATES: [&str; 4] = ["stack", "member", "schedule", "budget"];

#[test]
fn cfn_lint_finds_nothing_wrong_with_the_templates() {
    let sandbox = Sandbox::new();
    for kind in TEMPLATES {
        sandbox.run(["setup", "template", "--kind", kind, "-o", &format!("{kind}.yaml")]).exits(0);
    }
    let files = TEMPLATES.map(|kind| sandbox.work().join(format!("{kind}.yaml")));
    let output = Command::new(standins::program("cfn-lint"))
        .args(["--format", "parseable", "--"])
        .args(&files)
        .output()
        .expect("cfn-lint starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.trim().is_empty(), "{said}");
}

#[test]
fn the_stack_makes_a_closed_bucket_and_roles_that_may_only_read() {
    let account = Account::new();
    let text = account.run(["setup", "template", "--kind", "stack"]).exits(0).stdout;
    account.aws(
        "cloudformation",
        "create_stack",
        json!({
            "StackName": "lens", "TemplateBody": text, "Capabilities": ["CAPABILITY_IAM"],
            "Parameters": [
                {"ParameterKey": "LogBucketName", "ParameterValue": "acme-logs"},
                {"ParameterKey": "EnableInvocationLogging", "ParameterValue": "no"},
            ],
        }),
    );
    let stacks = account.aws("cloudformation", "describe_stacks", json!({"StackName": "lens"}));
    assert_eq!(stacks["Stacks"][0]["StackStatus"], "CREATE_COMPLETE");
    let output = |key: &str| -> Value {
        let outputs = stacks["Stacks"][0]["Outputs"].as_array().expect("outputs");
        let found = outputs.iter().find(|one| one["OutputKey"] == key).expect("the output");
        found["OutputValue"].clone()
    };
    let of_bucket = |operation: &str| account.aws("s3", operation, json!({"Bucket": "acme-logs"}));
    let rule = &of_bucket("get_bucket_encryption")["ServerSideEncryptionConfiguration"]["Rules"][0];
    assert_eq!(rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"], "AES256");
    assert_eq!(output("LogBucket"), "acme-logs");

    let arn = output("ReaderRoleArn");
    let name = arn.as_str().and_then(|arn| arn.rsplit('/').next()).expect("a role's name");
    let policy =
        account.aws("iam", "get_role_policy", json!({"RoleName": name, "PolicyName": "read-logs"}));
    // The stand-in keeps what CloudFormation gave it as text.
    let text = policy["PolicyDocument"].to_string();
    let actions: Vec<&str> = text
        .split('\'')
        .filter(|word| {
            let verb = word.split_once(':').map_or("", |(_, verb)| verb);
            !word.starts_with("arn:") && verb.starts_with(|c: char| c.is_ascii_uppercase())
        })
        .collect();
    assert!(actions.len() > 10, "{actions:?}");
    for action in actions {
        let (_, verb) = action.split_once(':').expect("a verb");
        let reads = ["Get", "List", "Describe", "Lookup"].iter().any(|one| verb.starts_with(one));
        let publishes = ["cloudwatch:PutMetricData", "sns:Publish"].contains(&action);
        assert!(reads || publishes, "{action}");
    }
    let topics = account.aws("sns", "list_topics", json!({}));
    assert_eq!(topics["Topics"][0]["TopicArn"], output("AlertTopicArn"));
    let groups = account.aws("logs", "describe_log_groups", json!({}));
    assert_eq!(groups["logGroups"][0]["logGroupName"], "/bedrock-lens/lens/invocations");
}

#[test]
fn the_policy_of_the_bucket_lets_in_bedrock_and_the_trail_of_this_account_alone() {
    // The stand-in makes no bucket policies: read from the template.
    let sandbox = Sandbox::new();
    for kind in ["stack", "member"] {
        let text = sandbox.run(["setup", "template", "--kind", kind]).exits(0).stdout;
        let plain: String = text.lines().map(|line| line.trim().to_owned() + "\n").collect();
        for needed in [
            "aws:SecureTransport: 'false'",
            "Service: bedrock.amazonaws.com",
            "aws:SourceAccount: !Ref AWS::AccountId",
            "aws:SourceArn: !Sub 'arn:${AWS::Partition}:bedrock:",
            "DeletionPolicy: Retain",
            "VersioningConfiguration:\nStatus: Enabled",
            "BlockPublicAcls: true",
            "BlockPublicPolicy: true",
            "IgnorePublicAcls: true",
            "RestrictPublicBuckets: true",
        ] {
            assert!(plain.contains(needed), "{kind}: {needed}");
        }
    }
    let stack = sandbox.run(["setup", "template", "--kind", "stack"]).exits(0).stdout;
    for needed in ["EnableLogFileValidation: true", "IsMultiRegionTrail: true", "s3:GetBucketAcl"] {
        assert!(stack.contains(needed), "{needed}");
    }
    let member = sandbox.run(["setup", "template", "--kind", "member"]).exits(0).stdout;
    assert!(member.contains("sts:ExternalId: !Ref ExternalId"));
}

#[test]
fn policies_are_filled_in_and_listed() {
    let sandbox = Sandbox::new();
    let list = sandbox.run(["setup", "template"]).exits(0).stdout;
    for kind in TEMPLATES.iter().chain(&["reader-policy", "publisher-policy"]) {
        assert!(list.contains(kind), "{list}");
    }
    let missing = sandbox.run(["setup", "template", "--kind", "reader-policy"]).exits(2);
    assert!(missing.stderr.contains("`LogBucket`"), "{}", missing.stderr);
    let policy = sandbox
        .run([
            "setup",
            "template",
            "--kind",
            "reader-policy",
            "--set",
            "LogBucket=acme-logs",
            "--set",
            "Partition=aws",
        ])
        .exits(0)
        .json();
    assert_eq!(policy["Statement"][0]["Resource"], "arn:aws:s3:::acme-logs");
    sandbox.run(["setup", "template", "--kind", "stack", "--set", "X=y"]).exits(2);
    sandbox.run(["setup", "template", "--kind", "reader-policy", "--set", "X"]).exits(2);
    sandbox.run(["setup", "template", "--kind", "nothing"]).exits(2);
    let file = sandbox
        .run(["setup", "template", "--kind", "budget", "-o", "no/such/folder/b.yaml"])
        .exits(1);
    assert!(file.stderr.contains("no/such/folder"), "{}", file.stderr);
    sandbox.run(["setup", "template", "--kind", "budget", "-o", "b.yaml"]).exits(0);
    assert!(
        fs::read_to_string(sandbox.work().join("b.yaml"))
            .expect("a file")
            .contains("AWS::Budgets::Budget")
    );
}

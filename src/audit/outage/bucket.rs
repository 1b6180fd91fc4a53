//! What an event of S3 or `CloudWatch` Logs does to a place that logs are delivered to.

use serde_json::Value;

use super::acts::Reading;
use super::bucket_policy::{Grants, of_policy};
use super::{Aspect, Effect, Recorder};

/// The events of S3 that are looked at.
pub(super) const EVENTS: &[&str] = &[
    "CreateBucket",
    "DeleteBucket",
    "PutBucketPolicy",
    "DeleteBucketPolicy",
    "PutBucketAcl",
    "PutBucketLifecycle",
    "PutBucketLifecycleConfiguration",
    "DeleteBucketLifecycle",
    "PutBucketEncryption",
    "DeleteBucketEncryption",
    "PutBucketVersioning",
    "PutBucketPublicAccessBlock",
    "DeleteBucketPublicAccessBlock",
    "PutBucketObjectLockConfiguration",
    "PutBucketReplication",
    "DeleteBucketReplication",
    "DeleteObject",
    "DeleteObjects",
];

/// The events of `CloudWatch` Logs that are looked at.
pub(super) const GROUP_EVENTS: &[&str] = &[
    "CreateLogGroup",
    "DeleteLogGroup",
    "DeleteLogStream",
    "PutRetentionPolicy",
    "DeleteRetentionPolicy",
];

pub(super) fn readings(name: &str, parameters: &Value) -> Vec<Reading> {
    let bucket = parameters["bucketName"].as_str();
    let one = |aspect, effect, detail: String| {
        vec![Reading::new(Recorder::LogBucket, bucket, (aspect, effect), detail)]
    };
    let said = |aspect, effect, detail: &str| one(aspect, effect, detail.to_owned());
    match name {
        "DeleteBucket" => said(Aspect::Recording, Effect::Stops, "the log bucket was deleted"),
        "CreateBucket" => said(Aspect::Recording, Effect::Restores, "the log bucket was created"),
        "PutBucketPolicy" => policy(bucket, &parameters["bucketPolicy"]),
        "DeleteBucketPolicy" => said(
            Aspect::Policy,
            Effect::Reduces,
            "the bucket's policy was deleted: nothing lets AWS deliver logs there",
        ),
        "PutBucketAcl" => {
            said(Aspect::PublicAccess, Effect::Changes, "the bucket's ACL was changed")
        }
        "PutBucketLifecycle" | "PutBucketLifecycleConfiguration" => {
            let (effect, detail) = lifecycle(&parameters["LifecycleConfiguration"]);
            one(Aspect::Retention, effect, detail)
        }
        "DeleteBucketLifecycle" => {
            said(Aspect::Retention, Effect::Restores, "the bucket keeps logs for ever")
        }
        "PutBucketEncryption" => {
            said(Aspect::Encryption, Effect::Restores, "the bucket's encryption was set")
        }
        "DeleteBucketEncryption" => {
            said(Aspect::Encryption, Effect::Reduces, "the bucket's encryption was deleted")
        }
        "PutBucketVersioning" => match parameters["VersioningConfiguration"]["Status"].as_str() {
            Some("Enabled") => {
                said(Aspect::Versioning, Effect::Restores, "deleted logs can be got back")
            }
            _ => said(
                Aspect::Versioning,
                Effect::Reduces,
                "versioning was suspended: deleted logs can't be got back",
            ),
        },
        "PutBucketPublicAccessBlock" => {
            said(Aspect::PublicAccess, Effect::Restores, "the block of public access was set")
        }
        "DeleteBucketPublicAccessBlock" => {
            said(Aspect::PublicAccess, Effect::Reduces, "the block of public access was deleted")
        }
        "PutBucketObjectLockConfiguration" => {
            said(Aspect::Retention, Effect::Changes, "the bucket's object lock was changed")
        }
        "PutBucketReplication" | "DeleteBucketReplication" => {
            said(Aspect::Retention, Effect::Changes, "the bucket's replication was changed")
        }
        "DeleteObject" => {
            let key = parameters["key"].as_str().unwrap_or("an object");
            one(Aspect::LogFiles, Effect::Deletes, format!("deleted {key}"))
        }
        "DeleteObjects" => said(Aspect::LogFiles, Effect::Deletes, "deleted several objects"),
        _ => Vec::new(),
    }
}

fn policy(bucket: Option<&str>, policy: &Value) -> Vec<Reading> {
    let (effect, detail) = match of_policy(policy) {
        Grants::Delivery => (Effect::Restores, "the bucket's policy lets AWS deliver logs"),
        Grants::NoDelivery => {
            (Effect::Reduces, "the bucket's new policy names no AWS service that may deliver logs")
        }
        Grants::Denied => (Effect::Reduces, "the bucket's new policy denies writing to everybody"),
        Grants::Unknown => (Effect::Changes, "the bucket's policy was changed"),
    };
    vec![Reading::new(Recorder::LogBucket, bucket, (Aspect::Policy, effect), detail)]
}

/// Whether rules delete what they hold, and after how many days.
fn lifecycle(configuration: &Value) -> (Effect, String) {
    let rules = match &configuration["Rule"] {
        Value::Array(rules) => rules.iter().collect::<Vec<_>>(),
        Value::Null => match configuration["Rules"].as_array() {
            Some(rules) => rules.iter().collect(),
            None => return (Effect::Changes, "the bucket's lifecycle was changed".to_owned()),
        },
        rule => vec![rule],
    };
    let expires = rules.iter().filter(|rule| rule["Status"].as_str() != Some("Disabled"));
    let days = expires.filter_map(|rule| {
        let days = &rule["Expiration"]["Days"];
        days.as_u64().or_else(|| days.as_str()?.parse().ok())
    });
    match days.min() {
        Some(days) => (Effect::Reduces, format!("the bucket deletes logs after {days} days")),
        None => (Effect::Restores, "no rule of the bucket deletes logs by age".to_owned()),
    }
}

pub(super) fn group_readings(name: &str, parameters: &Value) -> Vec<Reading> {
    let group = parameters["logGroupName"].as_str();
    let (aspect, effect, detail) = match name {
        "DeleteLogGroup" => {
            (Aspect::Recording, Effect::Stops, "the log group was deleted".to_owned())
        }
        "CreateLogGroup" => {
            (Aspect::Recording, Effect::Restores, "the log group was created".to_owned())
        }
        "DeleteLogStream" => (Aspect::LogFiles, Effect::Deletes, "deleted a log stream".to_owned()),
        "PutRetentionPolicy" => {
            let days = parameters["retentionInDays"].as_u64();
            let days = days.map_or_else(|| "some".to_owned(), |days| days.to_string());
            (
                Aspect::Retention,
                Effect::Reduces,
                format!("the log group deletes logs after {days} days"),
            )
        }
        "DeleteRetentionPolicy" => {
            (Aspect::Retention, Effect::Restores, "the log group keeps logs for ever".to_owned())
        }
        _ => return Vec::new(),
    };
    vec![Reading::new(Recorder::LogGroup, group, (aspect, effect), detail)]
}

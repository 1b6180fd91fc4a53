//! The configuration of model invocation logging of one account and Region: read, compared, changed.
//!
//! Bedrock keeps one configuration per account and Region, and a put replaces it whole. What AWS checks
//! only when it writes (names of buckets, ARNs of roles) is checked here before anything is sent.
//! Shapes: `PutModelInvocationLoggingConfiguration` in the Bedrock API reference.

use std::collections::BTreeMap;

use aws_sdk_bedrock::Client;
use aws_sdk_bedrock::types::{CloudWatchConfig, LoggingConfig as Wire, S3Config};
use serde::Serialize;

use crate::aws::{Call, Connection, Error};

/// A kind of content that is written to the log or left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Modality {
    /// Text of prompts and answers.
    Text,
    /// Images.
    Image,
    /// Embedding vectors.
    Embedding,
    /// Videos.
    Video,
    /// Sound.
    Audio,
}

impl Modality {
    /// All of them, in the order they are shown.
    pub const ALL: [Self; 5] = [Self::Text, Self::Image, Self::Embedding, Self::Video, Self::Audio];

    /// The name, as typed and shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::Embedding => "embedding",
            Self::Video => "video",
            Self::Audio => "audio",
        }
    }
}

/// A bucket and a prefix in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The bucket.
    pub bucket: String,
    /// What comes before `AWSLogs/`; may be empty.
    pub prefix: String,
}

/// A log group of `CloudWatch` Logs as a destination.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LogGroup {
    /// Its name.
    pub name: String,
    /// The role that Bedrock assumes to write to it.
    pub role_arn: String,
    /// Where bodies go that are too large for a log event.
    pub large_data: Option<Place>,
}

/// A configuration. A modality that the configuration doesn't mention is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LoggingConfig {
    /// Logs as objects in a bucket.
    pub s3: Option<Place>,
    /// Logs as events in a log group.
    pub cloudwatch: Option<LogGroup>,
    /// Which content is in the logs.
    pub modalities: BTreeMap<Modality, bool>,
}

/// One setting before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The setting.
    pub setting: String,
    /// Its value before; null when not set.
    pub before: Option<String>,
    /// Its value after; null when not set.
    pub after: Option<String>,
}

impl LoggingConfig {
    /// Every setting by name, in the order it is shown.
    fn settings(&self) -> Vec<(String, String)> {
        let mut found: Vec<(String, String)> = Vec::new();
        let mut add = |name: &str, value: &str| found.push((name.to_owned(), value.to_owned()));
        let place = |name: &str, place: &Place, add: &mut dyn FnMut(&str, &str)| {
            add(&format!("{name}.bucket"), &place.bucket);
            if !place.prefix.is_empty() {
                add(&format!("{name}.prefix"), &place.prefix);
            }
        };
        if let Some(s3) = &self.s3 {
            place("s3", s3, &mut add);
        }
        if let Some(group) = &self.cloudwatch {
            add("cloudwatch.log_group", &group.name);
            add("cloudwatch.role_arn", &group.role_arn);
            if let Some(large) = &group.large_data {
                place("cloudwatch.large_data", large, &mut add);
            }
        }
        for (modality, is_on) in &self.modalities {
            add(modality.name(), if *is_on { "on" } else { "off" });
        }
        found
    }

    /// What is wrong with it, one sentence each; empty when it can be sent.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.s3.is_none() && self.cloudwatch.is_none() {
            problems.push("a configuration needs a bucket or a log group".to_owned());
        }
        let large = self.cloudwatch.as_ref().and_then(|group| group.large_data.as_ref());
        for place in self.s3.iter().chain(large) {
            problems.extend(bucket_problem(&place.bucket));
            problems.extend(prefix_problem(&place.prefix));
        }
        if let Some(group) = &self.cloudwatch {
            problems.extend(group_problem(&group.name));
            problems.extend(role_problem(&group.role_arn));
        }
        problems
    }
}

/// What differs between two configurations; none is logging that is off.
pub fn changes(before: Option<&LoggingConfig>, after: Option<&LoggingConfig>) -> Vec<Change> {
    let settings = |config: Option<&LoggingConfig>| -> BTreeMap<String, String> {
        let mut found: BTreeMap<String, String> =
            config.map(LoggingConfig::settings).unwrap_or_default().into_iter().collect();
        let state = if config.is_some() { "enabled" } else { "disabled" };
        found.insert("logging".to_owned(), state.to_owned());
        found
    };
    let (before, after) = (settings(before), settings(after));
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort_by_key(|name| (name.as_str() != "logging", *name));
    names.dedup();
    let change = |name: &String| {
        let (was, is) = (before.get(name), after.get(name));
        (was != is).then(|| Change {
            setting: name.clone(),
            before: was.cloned(),
            after: is.cloned(),
        })
    };
    names.into_iter().filter_map(change).collect()
}

/// The configuration of the connection's Region; `None` when logging is off.
///
/// # Errors
/// When the request fails.
pub fn read(aws: &Connection) -> Result<Option<LoggingConfig>, Error> {
    let call = Call::new("bedrock:GetModelInvocationLoggingConfiguration", "*");
    let request = Client::new(aws.config()).get_model_invocation_logging_configuration();
    let found = aws.wait(request.send()).map_err(|error| Error::of(&error, &call))?;
    let config = found.logging_config().map(from_wire);
    // Where nothing was ever set, an empty configuration may come.
    Ok(config.filter(|config| config.s3.is_some() || config.cloudwatch.is_some()))
}

/// Replaces the configuration of the connection's Region.
///
/// # Errors
/// When the request fails, e.g. since Bedrock can't write to the bucket.
pub fn enable(aws: &Connection, config: &LoggingConfig) -> Result<(), Error> {
    let call = Call::new("bedrock:PutModelInvocationLoggingConfiguration", "*");
    let request = Client::new(aws.config())
        .put_model_invocation_logging_configuration()
        .logging_config(to_wire(config));
    aws.wait(request.send()).map(drop).map_err(|error| Error::of(&error, &call))
}

/// Turns logging off in the connection's Region.
///
/// # Errors
/// When the request fails.
pub fn disable(aws: &Connection) -> Result<(), Error> {
    let call = Call::new("bedrock:DeleteModelInvocationLoggingConfiguration", "*");
    let request = Client::new(aws.config()).delete_model_invocation_logging_configuration();
    aws.wait(request.send()).map(drop).map_err(|error| Error::of(&error, &call))
}

fn from_wire(wire: &Wire) -> LoggingConfig {
    let place = |s3: &S3Config| Place {
        bucket: s3.bucket_name().to_owned(),
        prefix: s3.key_prefix().unwrap_or_default().to_owned(),
    };
    let flags = [
        (Modality::Text, wire.text_data_delivery_enabled()),
        (Modality::Image, wire.image_data_delivery_enabled()),
        (Modality::Embedding, wire.embedding_data_delivery_enabled()),
        (Modality::Video, wire.video_data_delivery_enabled()),
        (Modality::Audio, wire.audio_data_delivery_enabled()),
    ];
    LoggingConfig {
        s3: wire.s3_config().map(place),
        cloudwatch: wire.cloud_watch_config().map(|group| LogGroup {
            name: group.log_group_name().to_owned(),
            role_arn: group.role_arn().to_owned(),
            large_data: group.large_data_delivery_s3_config().map(place),
        }),
        modalities: flags.into_iter().filter_map(|(name, on)| Some((name, on?))).collect(),
    }
}

fn to_wire(config: &LoggingConfig) -> Wire {
    let place = |place: &Place| {
        let prefix = Some(place.prefix.clone()).filter(|prefix| !prefix.is_empty());
        S3Config::builder().bucket_name(&place.bucket).set_key_prefix(prefix).build().ok()
    };
    let group = |group: &LogGroup| {
        CloudWatchConfig::builder()
            .log_group_name(&group.name)
            .role_arn(&group.role_arn)
            .set_large_data_delivery_s3_config(group.large_data.as_ref().and_then(place))
            .build()
            .ok()
    };
    let on = |modality| config.modalities.get(&modality).copied();
    Wire::builder()
        .set_s3_config(config.s3.as_ref().and_then(place))
        .set_cloud_watch_config(config.cloudwatch.as_ref().and_then(group))
        .set_text_data_delivery_enabled(on(Modality::Text))
        .set_image_data_delivery_enabled(on(Modality::Image))
        .set_embedding_data_delivery_enabled(on(Modality::Embedding))
        .set_video_data_delivery_enabled(on(Modality::Video))
        .set_audio_data_delivery_enabled(on(Modality::Audio))
        .build()
}

/// Rules: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>.
fn bucket_problem(name: &str) -> Option<String> {
    let inside = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
    let edge = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let bytes = name.as_bytes();
    let reserved_start = ["xn--", "sthree-", "amzn-s3-demo-"];
    let reserved_end = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];
    let why = if name.contains("://") || name.contains('/') {
        "write the name alone, and the prefix apart"
    } else if !(3..=63).contains(&bytes.len()) {
        "it has 3 to 63 characters"
    } else if !bytes.iter().all(|b| inside(*b)) {
        "it holds lower-case letters, digits, dots and hyphens only"
    } else if !edge(bytes.first()) || !edge(bytes.last()) {
        "it begins and ends with a letter or digit"
    } else if name.contains("..") || name.parse::<std::net::Ipv4Addr>().is_ok() {
        "it has no two dots in a row and is no IP address"
    } else if reserved_start.iter().any(|start| name.starts_with(start))
        || reserved_end.iter().any(|end| name.ends_with(end))
    {
        "AWS reserves names like this"
    } else {
        return None;
    };
    Some(format!("`{name}` is no bucket's name: {why}"))
}

/// Lengths and characters: `S3Config` in the Bedrock API reference.
fn prefix_problem(prefix: &str) -> Option<String> {
    if prefix.len() > 1024 {
        return Some("a prefix has at most 1,024 bytes".to_owned());
    }
    prefix.starts_with('/').then(|| {
        format!("the prefix `{prefix}` begins with a slash, which would be a folder without a name")
    })
}

fn group_problem(name: &str) -> Option<String> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-_/#.".contains(&b);
    let is_sound = (1..=512).contains(&name.len()) && name.bytes().all(allowed);
    (!is_sound).then(|| {
        format!(
            "`{name}` is no log group's name: 1 to 512 letters, digits and `-`, `_`, `/`, `#`, `.`"
        )
    })
}

fn role_problem(arn: &str) -> Option<String> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let is_sound = matches!(
        parts.as_slice(),
        ["arn", partition, "iam", "", account, resource]
            if partition.starts_with("aws")
                && account.len() == 12
                && account.bytes().all(|b| b.is_ascii_digit())
                && resource.strip_prefix("role/").is_some_and(|name| !name.is_empty())
    );
    (!is_sound).then(|| format!("`{arn}` is no role's ARN: `arn:aws:iam::111122223333:role/name`"))
}

#[cfg(test)]
mod tests {
    use super::{LogGroup, LoggingConfig, Modality, Place, bucket_problem, changes, role_problem};

    fn to(bucket: &str) -> LoggingConfig {
        LoggingConfig {
            s3: Some(Place { bucket: bucket.to_owned(), prefix: String::new() }),
            cloudwatch: None,
            modalities: Modality::ALL.into_iter().map(|modality| (modality, true)).collect(),
        }
    }

    #[test]
    fn what_is_no_bucket_is_told_why() {
        for good in ["acme-logs", "a1b", "logs.acme.com", &"a".repeat(63)] {
            assert_eq!(bucket_problem(good), None, "{good}");
        }
        for bad in [
            "ab",
            "NOPE_UPPER",
            "-logs",
            "logs-",
            "a..b",
            "10.0.0.1",
            "xn--logs",
            "logs-s3alias",
            "s3://logs",
            "logs/x",
            "lögs",
            &"a".repeat(64),
            "",
        ] {
            assert!(bucket_problem(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn what_is_no_role_is_told() {
        for good in
            ["arn:aws:iam::111122223333:role/x", "arn:aws-us-gov:iam::111122223333:role/a/b"]
        {
            assert_eq!(role_problem(good), None, "{good}");
        }
        for bad in [
            "x",
            "arn:aws:iam::1234:role/x",
            "arn:aws:iam::111122223333:user/x",
            "arn:aws:iam::111122223333:role/",
            "arn:aws:sts::111122223333:role/x",
        ] {
            assert!(role_problem(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let config = LoggingConfig {
            s3: Some(Place { bucket: "X".to_owned(), prefix: "/a".to_owned() }),
            cloudwatch: Some(LogGroup {
                name: "a b".to_owned(),
                role_arn: "r".to_owned(),
                large_data: Some(Place { bucket: "Y".to_owned(), prefix: String::new() }),
            }),
            ..to("z")
        };
        assert_eq!(config.problems().len(), 5);
        assert_eq!(LoggingConfig::default().problems().len(), 1);
        assert!(to("acme-logs").problems().is_empty());
    }

    #[test]
    fn changes_name_each_setting_before_and_after() {
        let (old, new) = (to("old-logs"), to("new-logs"));
        let found = changes(Some(&old), Some(&new));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].setting, "s3.bucket");
        assert_eq!(found[0].before.as_deref(), Some("old-logs"));
        assert_eq!(changes(Some(&old), Some(&old)), []);
        let off = changes(Some(&old), None);
        assert_eq!(off[0].setting, "logging");
        assert_eq!(off[0].after.as_deref(), Some("disabled"));
        assert_eq!(off.len(), 7);
    }
}

//! `[[source]]`: a place to read logs from, with a name, and how to reach it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Error;

/// `[[source]]`, resolved.
///
/// ```toml
/// [[source]]
/// name = "production"
/// url = "s3://acme-logs/AWSLogs"
/// role_arn = "arn:aws:iam::111122223333:role/bedrock-lens"
/// external_id = "4711"
/// accounts = ["111122223333"]
/// kinds = ["invocations", "cloudtrail"]
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SourceSettings {
    /// What the source is called: `ingest NAME`.
    pub name: String,
    /// `s3://bucket/prefix`, `cloudtrail:REGION`, or a folder, relative to the configuration file.
    pub url: String,
    /// A profile of the AWS configuration files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The bucket's Region; found out when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Another endpoint than AWS's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint_url: Option<String>,
    /// Whether buckets stand in the path of the URL; by default for endpoints that aren't AWS's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_style: Option<bool>,
    /// A role to assume.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    /// What the role's trust policy asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Whether the requests are paid by who makes them.
    #[serde(default)]
    pub requester_pays: bool,
    /// Only these accounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<String>,
    /// Only these Regions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<String>,
    /// Only these kinds of log.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<LogKind>,
}

/// Kinds of log, as users name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogKind {
    /// Bedrock model invocation logs.
    Invocations,
    /// CloudTrail events, Insights included.
    CloudTrail,
}

impl SourceSettings {
    /// Whether it is a place in S3.
    pub fn is_s3(&self) -> bool {
        self.url.starts_with("s3://")
    }

    /// Whether it is a place in AWS: a bucket, or an API that is asked.
    fn is_in_aws(&self) -> bool {
        let schemes = ["s3://", "cloudtrail:", "cloudwatch:"];
        schemes.iter().any(|scheme| self.url.starts_with(scheme))
    }

    fn problem(&self) -> Option<&'static str> {
        let is_account =
            |text: &String| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
        let is_arn = |arn: &String| arn.starts_with("arn:") && arn.contains(":role/");
        if self.url.is_empty() {
            Some("`url` is empty")
        } else if !self.is_in_aws() && self.has_access() {
            Some("credentials, Regions and endpoints are for `s3://` places and APIs of AWS only")
        } else if self.role_arn.as_ref().is_some_and(|arn| !is_arn(arn)) {
            Some("`role_arn` is not the ARN of a role (`arn:aws:iam::111122223333:role/name`)")
        } else if self.external_id.is_some() && self.role_arn.is_none() {
            Some("`external_id` goes with `role_arn`")
        } else if !self.accounts.iter().all(is_account) {
            Some("an account in `accounts` is not 12 digits in quotes")
        } else {
            None
        }
    }

    fn has_access(&self) -> bool {
        let texts = [&self.profile, &self.region, &self.endpoint_url, &self.role_arn];
        texts.iter().any(|text| text.is_some()) || self.path_style.is_some() || self.requester_pays
    }
}

/// Checks the sources of a configuration file, and takes their folders relative to it.
///
/// # Errors
/// [`Error::Source`] for the first that is wrong.
pub(super) fn resolve(
    sources: Vec<SourceSettings>,
    folder: &Path,
) -> Result<Vec<SourceSettings>, Error> {
    let mut resolved: Vec<SourceSettings> = Vec::with_capacity(sources.len());
    for mut source in sources {
        let name = source.name.clone();
        let wrong =
            |problem: &str| Error::Source { name: name.clone(), problem: problem.to_owned() };
        if name.trim().is_empty() || name.contains('/') {
            return Err(wrong("`name` must be one word or more, without a slash"));
        }
        if resolved.iter().any(|other| other.name == name) {
            return Err(wrong("another source has the same name"));
        }
        if let Some(problem) = source.problem() {
            return Err(wrong(problem));
        }
        if !source.is_in_aws() {
            let place: PathBuf = folder.join(&source.url);
            source.url = place.to_string_lossy().into_owned();
        }
        resolved.push(source);
    }
    Ok(resolved)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{SourceSettings, resolve};

    fn source(name: &str, url: &str) -> SourceSettings {
        SourceSettings { name: name.to_owned(), url: url.to_owned(), ..SourceSettings::default() }
    }

    #[test]
    fn folders_lie_beside_the_configuration_and_buckets_do_not() {
        let sources =
            vec![source("a", "logs"), source("b", "s3://acme-logs/x"), source("c", "/logs")];
        let found = resolve(sources, Path::new("/etc/lens")).expect("sources");
        let urls: Vec<&str> = found.iter().map(|source| source.url.as_str()).collect();
        assert_eq!(urls, ["/etc/lens/logs", "s3://acme-logs/x", "/logs"]);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_source() {
        let s3 = || source("logs", "s3://acme-logs");
        let some = |text: &str| Some(text.to_owned());
        for (wrong, told) in [
            (vec![s3(), s3()], "same name"),
            (vec![source("", "s3://acme-logs")], "`name`"),
            (vec![source("logs", "")], "`url` is empty"),
            (vec![SourceSettings { role_arn: some("lens"), ..s3() }], "`role_arn`"),
            (vec![SourceSettings { external_id: some("1"), ..s3() }], "goes with `role_arn`"),
            (vec![SourceSettings { accounts: vec!["12".to_owned()], ..s3() }], "12 digits"),
            (vec![SourceSettings { profile: some("x"), ..source("logs", "/l") }], "`s3://` places"),
        ] {
            let error = resolve(wrong, Path::new("")).expect_err(told).to_string();
            assert!(error.contains(told), "{error}");
        }
    }
}

//! `[upload]`: how reports are written to S3.

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::Error;
use super::place::Place;

/// `[upload]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct UploadSettings {
    /// A profile of the AWS configuration files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The bucket's Region; found out when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// A role to assume.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    /// What the role's trust policy asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Another endpoint than AWS's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint_url: Option<String>,
    /// Whether buckets stand in the path of the URL; by default for endpoints that aren't AWS's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_style: Option<bool>,
    /// How objects are encrypted; without it the bucket decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption: Option<UploadEncryption>,
    /// The key of KMS; goes with `encryption = "kms"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key: Option<String>,
}

/// Encryption of objects that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum UploadEncryption {
    /// With keys of S3 (SSE-S3).
    Aes256,
    /// With a key of KMS (SSE-KMS).
    Kms,
}

/// How a service of AWS is reached; what is none is found in the usual places.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessSettings {
    /// A profile of the AWS configuration files.
    pub profile: Option<String>,
    /// The Region.
    pub region: Option<String>,
    /// A role to assume.
    pub role_arn: Option<String>,
    /// What the role's trust policy asks for.
    pub external_id: Option<String>,
    /// Another endpoint than AWS's.
    pub endpoint_url: Option<String>,
    /// Whether buckets stand in the path of the URL.
    pub path_style: Option<bool>,
}

/// Checks `[upload]`.
///
/// # Errors
/// When keys are given that go with others that aren't.
pub(super) fn resolve(
    written: Option<Spanned<UploadSettings>>,
    place: Place<'_>,
) -> Result<UploadSettings, Error> {
    let Some(written) = written else { return Ok(UploadSettings::default()) };
    let span = written.span();
    let upload = written.into_inner();
    if upload.kms_key.is_some() && upload.encryption != Some(UploadEncryption::Kms) {
        return Err(place.problem(span, "`kms_key` goes with `encryption = \"kms\"`"));
    }
    if upload.external_id.is_some() && upload.role_arn.is_none() {
        return Err(place.problem(span, "`external_id` goes with `role_arn`"));
    }
    Ok(upload)
}

impl UploadSettings {
    /// How S3 is reached.
    pub fn access(&self) -> AccessSettings {
        AccessSettings {
            profile: self.profile.clone(),
            region: self.region.clone(),
            role_arn: self.role_arn.clone(),
            external_id: self.external_id.clone(),
            endpoint_url: self.endpoint_url.clone(),
            path_style: self.path_style,
        }
    }
}

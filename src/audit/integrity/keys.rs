//! The public keys that digests are signed with: the answer of `ListPublicKeys`, kept in a file.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

/// A key list can't be read.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// Not the JSON of `ListPublicKeys`.
    #[error("not the JSON that `aws cloudtrail list-public-keys` prints")]
    Json(#[source] serde_json::Error),
    /// A value that is not base64.
    #[error("the key with fingerprint `{0}` is not base64")]
    Base64(String),
    /// A time of validity that is no time.
    #[error("the validity of the key with fingerprint `{0}` is not a time")]
    Validity(String),
}

/// Keys by fingerprint; nobody promises that no two share one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublicKeys(BTreeMap<String, Vec<PublicKey>>);

/// A key and the time in which it signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// DER: PKCS #1, or `SubjectPublicKeyInfo`.
    pub der: Vec<u8>,
    /// From when on; `None` when the list doesn't say.
    pub valid_from: Option<DateTime<Utc>>,
    /// Until when.
    pub valid_to: Option<DateTime<Utc>>,
}

impl PublicKey {
    fn is_valid_at(&self, at: DateTime<Utc>) -> bool {
        self.valid_from.is_none_or(|from| from <= at) && self.valid_to.is_none_or(|to| at <= to)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    public_key_list: Vec<Listed>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    value: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    validity_start_time: Option<Written>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    validity_end_time: Option<Written>,
    fingerprint: String,
}

/// A time as version 1 (seconds) or 2 (RFC 3339) of the AWS command line writes it.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Seconds(f64),
}

impl Written {
    #[expect(clippy::cast_possible_truncation, reason = "what is no time is none afterwards")]
    fn time(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Text(text) => Some(DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc)),
            Self::Seconds(seconds) => DateTime::from_timestamp_millis((seconds * 1000.0) as i64),
        }
    }
}

/// Why a signature proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No key with this fingerprint.
    NoKey,
    /// The key is no RSA key.
    Unusable,
    /// The key signed it, at a time when it was not valid.
    OutOfTime,
    /// The signature is another text's, or another key's.
    Wrong,
}

impl PublicKeys {
    /// Reads the JSON of `ListPublicKeys`.
    ///
    /// # Errors
    /// When it is not that.
    pub fn parse(json: &[u8]) -> Result<Self, KeysError> {
        let list: List = serde_json::from_slice(json).map_err(KeysError::Json)?;
        let mut keys = Self::default();
        for listed in list.public_key_list {
            let Listed { value, fingerprint, validity_start_time, validity_end_time } = listed;
            let der = BASE64_STANDARD
                .decode(value.trim())
                .map_err(|_| KeysError::Base64(fingerprint.clone()))?;
            let time = |written: Option<Written>| {
                written
                    .map(|written| written.time().ok_or(KeysError::Validity(fingerprint.clone())))
                    .transpose()
            };
            let (valid_from, valid_to) = (time(validity_start_time)?, time(validity_end_time)?);
            keys.insert(fingerprint, PublicKey { der, valid_from, valid_to });
        }
        Ok(keys)
    }

    /// The list as the JSON of `ListPublicKeys`, to be kept.
    pub fn to_json(&self) -> String {
        let written = |at: &DateTime<Utc>| {
            Written::Text(at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
        };
        let listed = self.0.iter().flat_map(|(fingerprint, keys)| {
            keys.iter().map(move |key| Listed {
                value: BASE64_STANDARD.encode(&key.der),
                validity_start_time: key.valid_from.as_ref().map(written),
                validity_end_time: key.valid_to.as_ref().map(written),
                fingerprint: fingerprint.clone(),
            })
        });
        // Texts alone can't fail to be written.
        serde_json::to_string(&List { public_key_list: listed.collect() }).unwrap_or_default()
    }

    /// Adds a key, unless it is there.
    pub fn insert(&mut self, fingerprint: String, key: PublicKey) {
        let same = self.0.entry(fingerprint).or_default();
        if !same.contains(&key) {
            same.push(key);
        }
    }

    /// Adds all keys of another list.
    pub fn extend(&mut self, other: Self) {
        for (fingerprint, keys) in other.0 {
            for key in keys {
                self.insert(fingerprint.clone(), key);
            }
        }
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Checks an RSA PKCS #1 v1.5 signature with SHA-256, made at this time.
    pub(super) fn check(
        &self,
        fingerprint: &str,
        at: DateTime<Utc>,
        text: &str,
        signature: &[u8],
    ) -> Result<(), Refusal> {
        let mut refusal = Refusal::NoKey;
        for key in self.0.get(fingerprint).into_iter().flatten() {
            refusal = match pkcs1(&key.der) {
                None => Refusal::Unusable,
                Some(der) if !is_signature(der, text, signature) => Refusal::Wrong,
                Some(_) if !key.is_valid_at(at) => Refusal::OutOfTime,
                Some(_) => return Ok(()),
            };
        }
        Err(refusal)
    }
}

fn is_signature(der: &[u8], text: &str, signature: &[u8]) -> bool {
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der);
    key.verify(text.as_bytes(), signature).is_ok()
}

/// The PKCS #1 `RSAPublicKey` of a DER key: itself, or what a `SubjectPublicKeyInfo` wraps.
fn pkcs1(der: &[u8]) -> Option<&[u8]> {
    const SEQUENCE: u8 = 0x30;
    const INTEGER: u8 = 0x02;
    const BIT_STRING: u8 = 0x03;
    let (body, rest) = element(der, SEQUENCE)?;
    if !rest.is_empty() {
        return None;
    }
    if body.first() == Some(&INTEGER) {
        return Some(der);
    }
    let (_algorithm, rest) = element(body, SEQUENCE)?;
    let (bits, _) = element(rest, BIT_STRING)?;
    let key = bits.strip_prefix(&[0])?;
    element(key, SEQUENCE).is_some().then_some(key)
}

/// The content of the first DER element, which must have this tag, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = der.split_first()?;
    let (&short, rest) = rest.split_first()?;
    let (length, rest) = if short < 0x80 {
        (usize::from(short), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(short & 0x7f))?;
        let length = bytes
            .iter()
            .try_fold(0_usize, |sum, byte| sum.checked_mul(256)?.checked_add(usize::from(*byte)))?;
        (length, rest)
    };
    (first == tag).then_some(())?;
    rest.split_at_checked(length)
}

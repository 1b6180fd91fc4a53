//! The public keys that digests are signed with: the answer of `ListPublicKeys`, kept in a file.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde::Deserialize;

/// A key list can't be read.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// Not the JSON of `ListPublicKeys`.
    #[error("not the JSON that `aws cloudtrail list-public-keys` prints")]
    Json(#[source] serde_json::Error),
    /// A value that is not base64.
    #[error("the key with fingerprint `{0}` is not base64")]
    Base64(String),
}

/// Keys by fingerprint, each as DER: PKCS #1, or `SubjectPublicKeyInfo`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublicKeys(BTreeMap<String, Vec<u8>>);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    public_key_list: Vec<Listed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    value: String,
    fingerprint: String,
}

/// Why a signature proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No key with this fingerprint.
    NoKey,
    /// The key is no RSA key.
    Unusable,
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
        for Listed { value, fingerprint } in list.public_key_list {
            let der = BASE64_STANDARD
                .decode(value.trim())
                .map_err(|_| KeysError::Base64(fingerprint.clone()))?;
            keys.insert(fingerprint, der);
        }
        Ok(keys)
    }

    /// Adds a key.
    pub fn insert(&mut self, fingerprint: String, der: Vec<u8>) {
        self.0.insert(fingerprint, der);
    }

    /// Adds all keys of another list.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Checks an RSA PKCS #1 v1.5 signature with SHA-256.
    pub(super) fn check(
        &self,
        fingerprint: &str,
        text: &str,
        signature: &[u8],
    ) -> Result<(), Refusal> {
        let der = self.0.get(fingerprint).ok_or(Refusal::NoKey)?;
        let key = pkcs1(der).ok_or(Refusal::Unusable)?;
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key)
            .verify(text.as_bytes(), signature)
            .map_err(|_| Refusal::Wrong)
    }
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

//! CloudTrail digest files: object bytes → the document, its hash, and what its maker signed.
//!
//! Knows the form of a digest, not whether it can be trusted: signatures and chains are judged in
//! `audit`. The hash is over the bytes after inflating, as stored, never over JSON written anew.
//!
//! Source: "CloudTrail digest file structure" in the AWS CloudTrail user guide.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::gunzip;

/// SHA-256 of an object's content after inflating, bytes.
pub type ContentHash = [u8; 32];

/// Why an object's content can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Not gzip, cut, damaged, or larger than the cap; the reason code of
    /// [`reject`](crate::schema::reject::reason).
    #[error("not a whole gzip file ({0})")]
    Gzip(&'static str),
    /// Not the JSON of a digest: no JSON, or a required key is missing or of another form.
    #[error("not a digest document: {0}")]
    Document(String),
}

/// A log file as its digest names it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoggedFile {
    /// Bucket that the file was delivered to.
    pub s3_bucket: String,
    /// Key in that bucket.
    pub s3_object: String,
    /// Hex SHA-256 of the uncompressed content.
    pub hash_value: String,
    /// `SHA-256`.
    pub hash_algorithm: String,
}

/// One digest document.
///
/// `digest_end_time` is kept as written, since its text is part of what is signed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Digest {
    /// Account that the files belong to.
    pub aws_account_id: Option<String>,
    /// Start of the delivery window that the digest covers.
    pub digest_start_time: DateTime<Utc>,
    /// End of the window, as written.
    pub digest_end_time: String,
    /// Bucket that the digest was delivered to.
    pub digest_s3_bucket: String,
    /// Key in that bucket.
    pub digest_s3_object: String,
    /// Which public key signed it; opaque.
    pub digest_public_key_fingerprint: String,
    /// `SHA256withRSA`; left out by some copies.
    pub digest_signature_algorithm: Option<String>,
    /// Bucket of the digest before this one; null at the start of a chain.
    pub previous_digest_s3_bucket: Option<String>,
    /// Key of the digest before this one.
    pub previous_digest_s3_object: Option<String>,
    /// Hex SHA-256 of the uncompressed digest before this one.
    pub previous_digest_hash_value: Option<String>,
    /// Hex signature of the digest before this one. The key must be there, its value may be null.
    #[serde(deserialize_with = "Option::deserialize")]
    pub previous_digest_signature: Option<String>,
    /// The log files delivered in the window; may be empty.
    #[serde(default)]
    pub log_files: Vec<LoggedFile>,
}

/// A digest that could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadDigest {
    /// The document.
    pub digest: Digest,
    /// End of the window.
    pub end: DateTime<Utc>,
    /// Hash of the content.
    pub hash: ContentHash,
}

impl ReadDigest {
    /// The text that CloudTrail signs: end time, place, hash of the content, signature before.
    pub fn signed_text(&self) -> String {
        let Digest {
            digest_end_time,
            digest_s3_bucket,
            digest_s3_object,
            previous_digest_signature,
            ..
        } = &self.digest;
        let hash = hex::encode(self.hash);
        let before = previous_digest_signature.as_deref().unwrap_or("null");
        format!("{digest_end_time}\n{digest_s3_bucket}/{digest_s3_object}\n{hash}\n{before}")
    }
}

/// Reads a digest object.
///
/// # Errors
/// [`Malformed`] when it is no whole gzip file within `cap` bytes, or no digest document.
pub fn read(bytes: &[u8], cap: u64) -> Result<ReadDigest, Malformed> {
    parse(&whole(bytes, cap)?.bytes)
}

/// Reads a digest's content, inflated.
pub(crate) fn parse(content: &[u8]) -> Result<ReadDigest, Malformed> {
    let digest: Digest =
        serde_json::from_slice(content).map_err(|error| Malformed::Document(error.to_string()))?;
    let end = DateTime::parse_from_rfc3339(&digest.digest_end_time)
        .map_err(|_| Malformed::Document("digestEndTime is no time".to_owned()))?
        .with_timezone(&Utc);
    if end <= digest.digest_start_time {
        return Err(Malformed::Document("digestEndTime is not after digestStartTime".to_owned()));
    }
    Ok(ReadDigest { hash: Sha256::digest(content).into(), digest, end })
}

/// The hash of a log file's content.
///
/// # Errors
/// [`Malformed::Gzip`] when the object is no whole gzip file within `cap` bytes.
pub fn content_hash(bytes: &[u8], cap: u64) -> Result<(ContentHash, u64), Malformed> {
    let inflated = whole(bytes, cap)?;
    let length = u64::try_from(inflated.bytes.len()).unwrap_or(u64::MAX);
    Ok((Sha256::digest(&*inflated.bytes).into(), length))
}

/// All members of a gzip object: bytes that are not gzip at all are an error too.
fn whole(bytes: &[u8], cap: u64) -> Result<gunzip::Inflated<'_>, Malformed> {
    const NOT_GZIP: &str = "not_gzip";
    let inflated = gunzip::inflate(bytes, cap);
    match inflated.damage {
        Some(damage) => Err(Malformed::Gzip(damage)),
        None if matches!(inflated.bytes, gunzip::Plain::Stored(_)) => {
            Err(Malformed::Gzip(NOT_GZIP))
        }
        None => Ok(inflated),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{content_hash, parse, read};

    const DIGEST: &str = r#"{"awsAccountId":"111122223333","digestStartTime":"2026-03-02T10:05:00Z",
        "digestEndTime":"2026-03-02T11:05:00Z","digestS3Bucket":"b","digestS3Object":"k",
        "digestPublicKeyFingerprint":"f","digestSignatureAlgorithm":"SHA256withRSA",
        "previousDigestS3Bucket":null,"previousDigestS3Object":null,"previousDigestHashValue":null,
        "previousDigestSignature":null,"logFiles":[{"s3Bucket":"b","s3Object":"l","hashValue":"00",
        "hashAlgorithm":"SHA-256","newestEventTime":null,"oldestEventTime":null}]}"#;

    #[test]
    fn required_keys_must_be_there_and_times_in_order() {
        assert!(parse(DIGEST.as_bytes()).is_ok());
        for (key, other) in [
            ("digestEndTime", "endTime"),
            ("digestS3Object", "object"),
            ("digestPublicKeyFingerprint", "fingerprint"),
            ("previousDigestSignature", "signature"),
            ("2026-03-02T11:05:00Z", "2026-03-02T10:05:00Z"),
            ("2026-03-02T11:05:00Z", "today"),
            ("2026-03-02T10:05:00Z", "+262143-01-01T00:00:00Z"),
        ] {
            assert!(parse(DIGEST.replace(key, other).as_bytes()).is_err(), "{key}");
        }
    }

    #[test]
    fn deep_nesting_and_endless_lists_end() {
        let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
        assert!(parse(deep.as_bytes()).is_err());
        assert!(parse(DIGEST.replace("null", &deep).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&bytes);
            let _ = read(&bytes, 1000);
            let _ = content_hash(&bytes, 1000);
        }

        #[test]
        fn a_cut_or_changed_digest_never_panics(
            at in 0_usize..800, new in "[\"\\\\{}:,0-9TZ+-]{0,4}"
        ) {
            let (before, after) = DIGEST.split_at(at.min(DIGEST.len()));
            let _ = parse(before.as_bytes());
            let _ = parse(format!("{before}{new}{after}").as_bytes());
        }
    }
}

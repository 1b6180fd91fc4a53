//! One digest: is it what CloudTrail signed, in the place it was delivered to?

use chrono::{DateTime, Utc};

use super::keys::{PublicKeys, Refusal};
use super::survey::place_ends_in;
use super::{DigestObject, FileStatus, Metadata, ProblemKind, Trouble};
use crate::records::digest::ReadDigest;

const SIGNATURE: &str = "signature";
const ALGORITHM: &str = "signature-algorithm";
const BACKFILL_TIMESTAMP: &str = "backfill-generation-timestamp";
const SHA256_RSA: &str = "SHA256withRSA";

/// What is said of one digest, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Judgement {
    pub(super) status: FileStatus,
    pub(super) reason: Option<ProblemKind>,
}

impl Judgement {
    pub(super) const VALID: Self = Self { status: FileStatus::Valid, reason: None };

    pub(super) fn invalid(reason: ProblemKind) -> Self {
        Self { status: FileStatus::Invalid, reason: Some(reason) }
    }

    fn unproven(reason: ProblemKind) -> Self {
        Self { status: FileStatus::Unproven, reason: Some(reason) }
    }
}

/// Judges a digest by itself. `recovered` is the signature that the next digest holds for it, when
/// taking that is allowed.
pub(super) fn judge(
    object: &DigestObject,
    keys: &PublicKeys,
    recovered: Option<&str>,
) -> Judgement {
    let read = match &object.content {
        Ok(read) => read,
        Err(Trouble::Malformed(_)) => return Judgement::invalid(ProblemKind::DigestMalformed),
        Err(Trouble::Unreadable(_)) => return Judgement::unproven(ProblemKind::DigestUnreadable),
    };
    if !lies_where_it_says(&object.location, read) {
        return Judgement::invalid(ProblemKind::DigestMoved);
    }
    let metadata = object.metadata.as_ref();
    if object.name.backfill && lacks_timestamp(metadata) {
        return Judgement::invalid(ProblemKind::BackfillTimestampMissing);
    }
    match metadata.and_then(signature).or(recovered) {
        Some(signature) => by_signature(read, keys, signature, object),
        // Nobody kept metadata: that says nothing about the digest.
        None if metadata.is_none() => Judgement::unproven(ProblemKind::DigestSignatureMissing),
        None => Judgement::invalid(ProblemKind::DigestSignatureMissing),
    }
}

fn signature(metadata: &Metadata) -> Option<&str> {
    metadata.get(SIGNATURE).map(String::as_str)
}

/// The signature in a digest's metadata, if it has one.
pub(super) fn own_signature(object: &DigestObject) -> Option<&str> {
    object.metadata.as_ref().and_then(signature)
}

/// The end of the window; of a backfill digest the time of its making.
fn signed_at(object: &DigestObject, read: &ReadDigest) -> DateTime<Utc> {
    made_at(object).unwrap_or(read.end)
}

/// When a backfill digest was made, as its metadata says.
pub(super) fn made_at(object: &DigestObject) -> Option<DateTime<Utc>> {
    let text = object.metadata.as_ref()?.get(BACKFILL_TIMESTAMP)?;
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    object.name.backfill.then(|| time.with_timezone(&Utc))
}

fn lacks_timestamp(metadata: Option<&Metadata>) -> bool {
    metadata.is_some_and(|metadata| !metadata.contains_key(BACKFILL_TIMESTAMP))
}

/// In S3 a digest lies at its own bucket and key; a copy on disk ends in the key, wherever it lies.
fn lies_where_it_says(location: &str, read: &ReadDigest) -> bool {
    let (bucket, key) = (&read.digest.digest_s3_bucket, &read.digest.digest_s3_object);
    match location.strip_prefix("s3://") {
        Some(place) => {
            place.strip_prefix(bucket.as_str()).and_then(|rest| rest.strip_prefix('/'))
                == Some(key.as_str())
        }
        None => place_ends_in(location, key),
    }
}

fn by_signature(
    read: &ReadDigest,
    keys: &PublicKeys,
    signature: &str,
    object: &DigestObject,
) -> Judgement {
    let named =
        object.metadata.as_ref().and_then(|metadata| metadata.get(ALGORITHM)).map(String::as_str);
    let algorithm = named.or(read.digest.digest_signature_algorithm.as_deref());
    if algorithm.is_some_and(|algorithm| algorithm != SHA256_RSA) {
        return Judgement::invalid(ProblemKind::DigestSignatureInvalid);
    }
    let Ok(signature) = hex::decode(signature) else {
        return Judgement::invalid(ProblemKind::DigestSignatureInvalid);
    };
    let fingerprint = &read.digest.digest_public_key_fingerprint;
    match keys.check(fingerprint, signed_at(object, read), &read.signed_text(), &signature) {
        Ok(()) => Judgement::VALID,
        Err(Refusal::NoKey) => Judgement::unproven(ProblemKind::PublicKeyMissing),
        Err(Refusal::Unusable) => Judgement::unproven(ProblemKind::PublicKeyUnusable),
        Err(Refusal::OutOfTime) => Judgement::unproven(ProblemKind::PublicKeyOutOfTime),
        Err(Refusal::Wrong) => Judgement::invalid(ProblemKind::DigestSignatureInvalid),
    }
}

//! Fetching one object, whole or its beginning, until it is all there.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::Ordering;

use aws_sdk_s3::operation::get_object::GetObjectOutput;

use super::list::unquoted;
use super::{Bucket, Fetched, ObjectEntry};
use crate::aws::{self, Backoff};
use crate::schema::TimeMs;
use crate::sources::Version;

/// An object whose size is not known yet is not given more memory than this at first.
const FIRST_ALLOCATION: u64 = 64 << 20;

impl Bucket {
    /// The bytes of the object as it is now, at most `most` of them.
    ///
    /// # Errors
    /// When it can't be read, or breaks off at every attempt.
    pub(super) async fn fetch(
        &self,
        object: &ObjectEntry,
        most: u64,
    ) -> Result<Fetched, aws::Error> {
        self.fetch_with_metadata(object, most).await.map(|(fetched, _)| fetched)
    }

    /// As [`fetch`](Self::fetch), with the object's user metadata.
    ///
    /// # Errors
    /// As there.
    pub(super) async fn fetch_with_metadata(
        &self,
        object: &ObjectEntry,
        most: u64,
    ) -> Result<(Fetched, UserMetadata), aws::Error> {
        let mut backoff = Backoff::new(self.attempts);
        loop {
            match self.attempt(object, most).await {
                Ok(fetched) => return Ok(fetched),
                Err(failure) => backoff.after(failure).await?,
            }
        }
    }

    /// The object's user metadata, names in lower case.
    ///
    /// # Errors
    /// When it can't be asked for.
    pub(super) async fn metadata(&self, key: &str) -> Result<UserMetadata, aws::Error> {
        let request = self
            .client
            .head_object()
            .bucket(&self.name)
            .key(key)
            .set_request_payer(self.payer.clone());
        let mut backoff = Backoff::new(self.attempts);
        loop {
            self.counts.get.fetch_add(1, Ordering::Relaxed);
            match request.clone().send().await {
                Ok(answer) => return Ok(lowered(answer.metadata)),
                Err(error) => {
                    backoff.after(aws::Error::of(&error, &self.reading_call(key))).await?;
                }
            }
        }
    }

    async fn attempt(
        &self,
        object: &ObjectEntry,
        most: u64,
    ) -> Result<(Fetched, UserMetadata), aws::Error> {
        self.counts.get.fetch_add(1, Ordering::Relaxed);
        let mut answer = self
            .client
            .get_object()
            .bucket(&self.name)
            .key(&object.key)
            .set_request_payer(self.payer.clone())
            .send()
            .await
            .map_err(|error| aws::Error::of(&error, &self.reading_call(&object.key)))?;
        let (version, metadata) = (version(&answer, object), lowered(answer.metadata.take()));
        let bytes = body(answer, version.size_bytes, most).await?;
        let is_listed = version.fingerprint == object.fingerprint;
        Ok((Fetched { bytes, changed: (!is_listed).then_some(version) }, metadata))
    }
}

/// User metadata by name, in lower case without `x-amz-meta-`.
type UserMetadata = BTreeMap<String, String>;

fn lowered(found: Option<HashMap<String, String>>) -> UserMetadata {
    let found = found.unwrap_or_default().into_iter();
    found.map(|(name, value)| (name.to_lowercase(), value)).collect()
}

/// What came, which may be newer than what was listed.
fn version(answer: &GetObjectOutput, listed: &ObjectEntry) -> Version {
    let size = answer.content_length().and_then(|length| u64::try_from(length).ok());
    let modified = answer.last_modified().and_then(|time| time.to_millis().ok()).map(TimeMs);
    Version {
        fingerprint: answer.e_tag().map_or_else(|| listed.fingerprint.clone(), unquoted),
        size_bytes: size.unwrap_or(listed.size_bytes),
        modified: modified.or(listed.modified),
    }
}

/// The first `most` bytes of the body. A whole one is read to its end, where its checksum is known;
/// one that ends before its time has broken off.
async fn body(answer: GetObjectOutput, size_bytes: u64, most: u64) -> Result<Vec<u8>, aws::Error> {
    let expected = size_bytes.min(most);
    let mut bytes = Vec::new();
    let first = usize::try_from(expected.min(FIRST_ALLOCATION)).unwrap_or_default();
    bytes.try_reserve_exact(first).map_err(|error| aws::Error::unreachable(error.to_string()))?;
    let mut stream = answer.body;
    while size_bytes <= most || (bytes.len() as u64) < expected {
        match stream.try_next().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(error) => return Err(aws::Error::broken_off(&error)),
        }
    }
    if (bytes.len() as u64) < expected {
        let why = format!("the object broke off after {} of {expected} bytes", bytes.len());
        return Err(aws::Error::unreachable(why));
    }
    bytes.truncate(usize::try_from(expected).unwrap_or(usize::MAX));
    Ok(bytes)
}

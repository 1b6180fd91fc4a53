//! The journey of an integrity check: list, read the digests, hash the log files, conclude.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use chrono::DateTime;
use rayon::prelude::*;

use super::{Error, Progress, Selection};
use crate::audit::integrity::keys::PublicKeys;
use crate::audit::integrity::{
    DigestName, DigestObject, Hashed, LogObject, Metadata, Scope, Survey, Trouble, Verification,
    place_ends_in,
};
use crate::records::digest::{content_hash, read};
use crate::records::key::{ObjectKind, classify};
use crate::sources::{ObjectEntry, Source};

/// What to check, with what.
#[derive(Debug, Clone, Default)]
pub struct VerifyRequest {
    /// A file with the answer of `ListPublicKeys`, or a folder of such files.
    pub keys: Option<PathBuf>,
    /// A file with the user metadata of objects, by their URLs, for copies that lost it.
    pub metadata: Option<PathBuf>,
    /// Range, region and strictness.
    pub scope: Scope,
    /// Most bytes an object may inflate to.
    pub max_object_bytes: u64,
}

/// An integrity check, and what it cost.
#[derive(Debug)]
pub struct Verified {
    /// The outcome.
    pub verification: Verification,
    /// Bytes hashed, after inflating.
    pub bytes_hashed: u64,
    /// What could not be listed.
    pub failures: Vec<String>,
}

/// Checks the digests and log files of a source.
///
/// # Errors
/// When the source can't be listed, or the keys or the metadata can't be read.
pub fn verify(
    source: &dyn Source,
    request: &VerifyRequest,
    progress: &dyn Progress,
) -> Result<Verified, Error> {
    let keys = request.keys.as_deref().map_or_else(|| Ok(PublicKeys::default()), public_keys)?;
    let given = request.metadata.as_deref().map(GivenMetadata::read).transpose()?;
    let kinds = vec![ObjectKind::CloudTrail, ObjectKind::CloudTrailInsight, ObjectKind::Digest];
    let trails = Selection { kinds, ..Selection::default() };
    let listing = source.list(&trails).map_err(Error::Source)?;
    let (digests, logs): (Vec<Found>, Vec<Found>) =
        listing.objects.into_iter().filter_map(Found::of).partition(|found| found.name.is_some());
    let reading = Reading { source, cap: request.max_object_bytes, given: given.as_ref() };
    let digests = digests.par_iter().filter_map(|found| reading.digest(found)).collect();
    let entries: BTreeMap<String, ObjectEntry> =
        logs.iter().map(|found| (found.location.clone(), found.entry.clone())).collect();
    let logs = logs.into_iter().map(|found| found.log).collect();
    let survey = Survey::new(digests, logs, &keys, request.scope.clone());
    let to_hash: Vec<&ObjectEntry> =
        survey.to_hash().into_iter().map(|check| &entries[&survey.log(check).location]).collect();
    let bytes = to_hash.iter().map(|entry| entry.size_bytes).sum();
    progress.plan(to_hash.len() as u64, bytes);
    let outcomes: Vec<(Hashed, u64)> = to_hash
        .par_iter()
        .map(|entry| {
            let hashed = reading.hash(entry);
            progress.advance(1, entry.size_bytes, 0);
            hashed
        })
        .collect();
    let bytes_hashed = outcomes.iter().map(|(_, bytes)| bytes).sum();
    let hashes = outcomes.into_iter().map(|(hash, _)| hash).collect();
    Ok(Verified {
        verification: survey.finish(hashes),
        bytes_hashed,
        failures: listing.failures.iter().map(super::ingest::with_reason).collect(),
    })
}

/// A digest or a CloudTrail log file, by its key.
struct Found {
    entry: ObjectEntry,
    location: String,
    log: LogObject,
    name: Option<DigestName>,
}

impl Found {
    fn of(entry: ObjectEntry) -> Option<Self> {
        let location = entry.location.replace('\\', "/");
        let facts = classify(&location);
        let name = DigestName::parse(&location);
        let is_log =
            matches!(facts.kind, Some(ObjectKind::CloudTrail | ObjectKind::CloudTrailInsight))
                && facts.skip.is_none();
        (is_log || name.is_some()).then(|| Self {
            log: LogObject {
                location: location.clone(),
                account: facts.account,
                region: facts.region,
                written: facts.written.and_then(|at| DateTime::from_timestamp_millis(at.0)),
            },
            entry,
            location,
            name,
        })
    }
}

/// How objects are read.
struct Reading<'a> {
    source: &'a dyn Source,
    cap: u64,
    given: Option<&'a GivenMetadata>,
}

impl Reading<'_> {
    fn digest(&self, found: &Found) -> Option<DigestObject> {
        let content = self
            .fetch(&found.entry)
            .and_then(|bytes| read(&bytes, self.cap).map_err(Trouble::Malformed));
        let (content, metadata) = match self.metadata(found) {
            Ok(metadata) => (content, metadata),
            Err(trouble) => (Err(trouble), None),
        };
        let name = found.name.clone()?;
        Some(DigestObject { location: found.location.clone(), name, content, metadata })
    }

    /// From the list given, else from the place. An object that the list lacks has none.
    fn metadata(&self, found: &Found) -> Result<Option<Metadata>, Trouble> {
        match self.given {
            Some(given) => Ok(Some(given.of(&found.location).cloned().unwrap_or_default())),
            None => self
                .source
                .metadata(&found.entry)
                .map_err(|error| Trouble::Unreadable(super::ingest::with_reason(&error))),
        }
    }

    fn hash(&self, entry: &ObjectEntry) -> (Hashed, u64) {
        match self.fetch(entry).and_then(|bytes| Ok(content_hash(&bytes, self.cap)?)) {
            Ok((hash, bytes)) => (Ok(hash), bytes),
            Err(trouble) => (Err(trouble), 0),
        }
    }

    fn fetch(&self, entry: &ObjectEntry) -> Result<Vec<u8>, Trouble> {
        self.source
            .fetch(entry, self.cap)
            .map(|fetched| fetched.bytes)
            .map_err(|error| Trouble::Unreadable(super::ingest::with_reason(&error)))
    }
}

/// Keys from a file, or from all JSON files of a folder.
fn public_keys(path: &Path) -> Result<PublicKeys, Error> {
    let unreadable = |source| Error::KeysUnreadable { path: path.to_owned(), source };
    let files = if path.is_dir() {
        let mut files = std::fs::read_dir(path)
            .and_then(|entries| {
                entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, _>>()
            })
            .map_err(unreadable)?;
        files.retain(|file| file.extension().is_some_and(|end| end == "json"));
        files.sort();
        files
    } else {
        vec![path.to_owned()]
    };
    let mut keys = PublicKeys::default();
    for file in files {
        let bytes = std::fs::read(&file)
            .map_err(|source| Error::KeysUnreadable { path: file.clone(), source })?;
        keys.extend(
            PublicKeys::parse(&bytes)
                .map_err(|source| Error::Keys { path: file.clone(), source })?,
        );
    }
    Ok(keys)
}

/// User metadata given for objects, by the last part of their keys.
struct GivenMetadata(HashMap<String, Vec<(String, Metadata)>>);

impl GivenMetadata {
    /// Reads a file of object URL → user metadata, with or without `x-amz-meta-`.
    fn read(path: &Path) -> Result<Self, Error> {
        let bytes = std::fs::read(path)
            .map_err(|source| Error::KeysUnreadable { path: path.to_owned(), source })?;
        let objects: BTreeMap<String, Metadata> = serde_json::from_slice(&bytes)
            .map_err(|source| Error::MetadataFile { path: path.to_owned(), source })?;
        let plain = |name: &str| {
            let name = name.to_lowercase();
            name.strip_prefix("x-amz-meta-").map_or_else(|| name.clone(), str::to_owned)
        };
        let mut given = Self(HashMap::new());
        for (url, entries) in objects {
            let place = url.strip_prefix("s3://").unwrap_or(&url).to_owned();
            let metadata = entries.iter().map(|(name, value)| (plain(name), value.clone()));
            let name = place.rsplit('/').next().unwrap_or(&place).to_owned();
            given.0.entry(name).or_default().push((place, metadata.collect()));
        }
        Ok(given)
    }

    /// By bucket and key, else by key alone: a copy need not have the bucket in its path.
    fn of(&self, location: &str) -> Option<&Metadata> {
        let named = self.0.get(location.rsplit('/').next()?)?;
        let key =
            |place: &str| place.split_once('/').map_or(place.to_owned(), |(_, key)| key.to_owned());
        let by_place = named.iter().find(|(place, _)| place_ends_in(location, place));
        let found = by_place
            .or_else(|| named.iter().find(|(place, _)| place_ends_in(location, &key(place))));
        found.map(|(_, metadata)| metadata)
    }
}

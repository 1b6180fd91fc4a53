//! The journey of an integrity check: list, read the digests, hash the log files, conclude.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Duration};
use rayon::prelude::*;

use super::{Error, Progress, Selection};
use crate::audit::integrity::keys::{PublicKey, PublicKeys};
use crate::audit::integrity::{
    DigestName, DigestObject, Hashed, LogObject, Metadata, Scope, Survey, Trouble, Verification,
    place_ends_in,
};
use crate::aws::{Access, Connection};
use crate::period::Period;
use crate::records::digest::{content_hash, read};
use crate::records::key::{ObjectKind, classify};
use crate::sources::{self, ListedKey, ObjectEntry, Source};

/// Log files are named by digests of later windows, and a digest's own name is the end of its window:
/// what lies this far around the range is listed too.
const AROUND: Duration = Duration::days(1);

/// Keys may begin to sign a little after a window's end; what `validate-logs` asks for as well.
const KEYS_AFTER: Duration = Duration::hours(2);

/// More hours than this, over all trails and Regions, are a hostile name rather than a trail.
const MOST_HOURS: u64 = 20_000_000;

/// What to check, with what.
#[derive(Debug, Clone, Default)]
pub struct VerifyRequest {
    /// A file with the answer of `ListPublicKeys`, or a folder of such files.
    pub keys: Option<PathBuf>,
    /// How CloudTrail is asked for the keys, when none are given and they may be asked for.
    pub ask_keys: Option<Access>,
    /// A file with the user metadata of objects, by their URLs, for copies that lost it.
    pub metadata: Option<PathBuf>,
    /// Range, region and strictness.
    pub scope: Scope,
    /// Most bytes an object may inflate to.
    pub max_object_bytes: u64,
    /// Objects that are fetched at once from a place that is far; 0 for as many as there are cores.
    pub at_once: usize,
}

/// An integrity check, and what it cost.
#[derive(Debug)]
pub struct Verified {
    /// The outcome.
    pub verification: Verification,
    /// Bytes hashed, after inflating.
    pub bytes_hashed: u64,
    /// What could not be listed, and keys that could not be asked for.
    pub failures: Vec<String>,
    /// The keys that CloudTrail answered, to be kept for a later check without AWS.
    pub keys_asked: PublicKeys,
}

/// Checks the digests and log files of a source.
///
/// # Errors
/// When the source can't be listed, or the keys or the metadata can't be read; when names or digests
/// span more hours than can be told one by one.
pub fn verify(
    source: &dyn Source,
    request: &VerifyRequest,
    progress: &dyn Progress,
) -> Result<Verified, Error> {
    let threads = if source.is_far() { request.at_once } else { 0 };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| Error::Threads(error.to_string()))?;
    pool.install(|| run(source, request, progress))
}

fn run(
    source: &dyn Source,
    request: &VerifyRequest,
    progress: &dyn Progress,
) -> Result<Verified, Error> {
    let given = request.metadata.as_deref().map(GivenMetadata::read).transpose()?;
    let mut keys =
        request.keys.as_deref().map_or_else(|| Ok(PublicKeys::default()), public_keys)?;
    let listing = source.list(&wanted(&request.scope)).map_err(Error::Source)?;
    let mut failures: Vec<String> =
        listing.failures.iter().map(super::ingest::with_reason).collect();
    let (digests, logs): (Vec<Found>, Vec<Found>) =
        listing.objects.into_iter().filter_map(Found::of).partition(|found| found.name.is_some());
    let reading = Reading { source, cap: request.max_object_bytes, given: given.as_ref() };
    let is_wanted = |found: &&Found| request.scope.region.is_none() || found.is_in(&request.scope);
    let digests: Vec<DigestObject> =
        digests.par_iter().filter(is_wanted).filter_map(|found| reading.digest(found)).collect();
    let mut keys_asked = PublicKeys::default();
    if let (None, Some(access)) = (&request.keys, &request.ask_keys) {
        keys_asked = asked_keys(&digests, access, &mut failures);
        keys.extend(keys_asked.clone());
    }
    let entries: BTreeMap<String, ObjectEntry> =
        logs.iter().map(|found| (found.location.clone(), found.entry.clone())).collect();
    let logs = logs.into_iter().map(|found| found.log).collect();
    let survey = Survey::new(digests, logs, &keys, request.scope.clone());
    if survey.hours() > MOST_HOURS {
        return Err(Error::TooManyHours { period: survey.range() });
    }
    let to_hash: Vec<&ObjectEntry> =
        survey.to_hash().into_iter().map(|check| &entries[&survey.log(check).location]).collect();
    let (hashes, bytes_hashed) = hashed(&reading, &to_hash, progress);
    Ok(Verified { verification: survey.finish(hashes), bytes_hashed, failures, keys_asked })
}

/// Trails of the range, with what lies around it.
fn wanted(scope: &Scope) -> Selection {
    let kinds = vec![ObjectKind::CloudTrail, ObjectKind::CloudTrailInsight, ObjectKind::Digest];
    let around = |range: Period| Period {
        from: range.from.checked_sub_signed(AROUND).unwrap_or(range.from),
        to: range.to,
    };
    Selection {
        kinds,
        range: scope.range.map(around),
        regions: scope.region.iter().cloned().collect(),
        ..Selection::default()
    }
}

fn hashed(
    reading: &Reading<'_>,
    entries: &[&ObjectEntry],
    progress: &dyn Progress,
) -> (Vec<Hashed>, u64) {
    let bytes = entries.iter().map(|entry| entry.size_bytes).sum();
    progress.plan(entries.len() as u64, bytes);
    let outcomes: Vec<(Hashed, u64)> = entries
        .par_iter()
        .map(|entry| {
            let hashed = reading.hash(entry);
            progress.advance(1, entry.size_bytes, 0);
            hashed
        })
        .collect();
    let bytes_hashed = outcomes.iter().map(|(_, bytes)| bytes).sum();
    (outcomes.into_iter().map(|(hash, _)| hash).collect(), bytes_hashed)
}

/// The keys of every Region of the digests, over the time in which they were signed.
fn asked_keys(digests: &[DigestObject], access: &Access, failures: &mut Vec<String>) -> PublicKeys {
    let mut spans: BTreeMap<String, Period> = BTreeMap::new();
    for digest in digests {
        let Some(region) = digest.name.trail.region.clone() else { continue };
        let (window, signed) = (digest.window(), digest.signed_at());
        let (from, to) = (window.from.min(signed), window.to.max(signed));
        let span = spans.entry(region).or_insert(Period { from, to });
        *span = Period { from: span.from.min(from), to: span.to.max(to) };
    }
    let mut keys = PublicKeys::default();
    let connection = match Connection::open(access) {
        Ok(connection) => connection,
        Err(error) => {
            failures.push(format!("could not ask for public keys: {error}"));
            return keys;
        }
    };
    for (region, span) in spans {
        let span = Period { from: span.from, to: span.to + KEYS_AFTER };
        match sources::public_keys(&connection, &region, span) {
            Ok(listed) => listed.into_iter().for_each(|key| {
                let ListedKey { fingerprint, der, valid_from, valid_to } = key;
                keys.insert(fingerprint, PublicKey { der, valid_from, valid_to });
            }),
            Err(error) => {
                let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
                failures
                    .push(format!("could not ask for the public keys of {region}: {error}{hint}"));
            }
        }
    }
    keys
}

/// A digest or a CloudTrail log file, by its key.
struct Found {
    entry: ObjectEntry,
    location: String,
    log: LogObject,
    name: Option<DigestName>,
}

impl Found {
    /// Whether it may belong to the scope's Region.
    fn is_in(&self, scope: &Scope) -> bool {
        let region = self.name.as_ref().and_then(|name| name.trail.region.as_ref());
        region.is_none() || region == scope.region.as_ref()
    }

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
        let (content, metadata) = match self.with_metadata(found) {
            Ok((bytes, metadata)) => (read(&bytes, self.cap).map_err(Trouble::Malformed), metadata),
            Err(trouble) => (Err(trouble), None),
        };
        let name = found.name.clone()?;
        Some(DigestObject { location: found.location.clone(), name, content, metadata })
    }

    /// Metadata from the list given, else from the place. An object that the list lacks has none.
    fn with_metadata(&self, found: &Found) -> Result<(Vec<u8>, Option<Metadata>), Trouble> {
        match self.given {
            Some(given) => {
                let metadata = given.of(&found.location).cloned().unwrap_or_default();
                self.fetch(&found.entry).map(|bytes| (bytes, Some(metadata)))
            }
            None => self
                .source
                .fetch_with_metadata(&found.entry, self.cap)
                .map(|(fetched, metadata)| (fetched.bytes, metadata))
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

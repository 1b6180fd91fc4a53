//! The journey of log objects into the store: list, choose, read and decode in parallel, commit.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use rayon::prelude::*;
use serde::Serialize;

use super::Error;
use crate::period::Period;
use crate::records::key::{KeyFacts, ObjectKind, classify};
use crate::records::{self, Decoded, Limits, ObjectName, PromptKey, Skip};
use crate::sources::{ObjectEntry, Source};
use crate::store::{self, ReadObject, Reader, Writer};

/// Most compressed bytes read between two commits.
const BATCH_BYTES: u64 = 64 << 20;
/// Most objects read between two commits.
const BATCH_OBJECTS: usize = 20_000;

/// Which objects to take, and how.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Only objects written in the period, with the margins for late delivery: one hour after the
    /// end for invocation logs, one day after for CloudTrail. Selects objects, never rows.
    pub range: Option<Period>,
    /// Only these accounts, where the path names one.
    pub accounts: Vec<String>,
    /// Only these regions, where the path names one.
    pub regions: Vec<String>,
    /// Only these kinds, where the path names one.
    pub kinds: Vec<ObjectKind>,
}

/// What an ingest did; `--json` prints exactly this.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Objects found that the selection doesn't leave out.
    pub objects_listed: u64,
    /// Objects read and committed.
    pub objects_ingested: u64,
    /// Objects not read: no logs by nature, or read before.
    pub objects_skipped: u64,
    /// Objects that could not be read; they are tried again next time.
    pub objects_failed: u64,
    /// Calls added, each counted once.
    pub invocations: i64,
    /// CloudTrail events added, each counted once.
    pub api_events: i64,
    /// Rows that repeat a call or an event.
    pub duplicates: Duplicates,
    /// Rejected records and objects by reason.
    pub rejects: BTreeMap<String, u64>,
    /// Stored size of the objects read, bytes.
    pub bytes_compressed: u64,
    /// Their size after inflating, bytes.
    pub bytes_uncompressed: u64,
    /// Wall time.
    pub seconds: f64,
    /// The first rejects and failures, for people.
    #[serde(skip)]
    pub first_troubles: Vec<String>,
}

impl Summary {
    /// Whether something that should have been read was not.
    pub fn is_partial(&self) -> bool {
        self.objects_failed > 0 || !self.rejects.is_empty()
    }

    fn trouble(&mut self, text: impl FnOnce() -> String) {
        const SHOWN: usize = 3;
        if self.first_troubles.len() < SHOWN {
            self.first_troubles.push(text());
        }
    }
}

/// Repeated rows by table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Duplicates {
    /// Of invocations.
    pub invocations: i64,
    /// Of CloudTrail events.
    pub api_events: i64,
}

/// Told how far an ingest is; the terminal's progress line is one.
pub trait Progress: Sync {
    /// What there is to read.
    fn plan(&self, objects: u64, bytes: u64);
    /// What was read since the last call.
    fn advance(&self, objects: u64, bytes: u64, records: u64);
}

/// No progress shown.
pub struct Silent;

impl Progress for Silent {
    fn plan(&self, _objects: u64, _bytes: u64) {}
    fn advance(&self, _objects: u64, _bytes: u64, _records: u64) {}
}

/// An object to read, from which source, and what its key says.
struct Task<'a> {
    source: &'a dyn Source,
    entry: ObjectEntry,
    /// The object's name in the store.
    object: String,
    facts: KeyFacts,
}

/// What there is to do for an ingest.
#[derive(Default)]
pub struct Plan<'a> {
    tasks: Vec<Task<'a>>,
    /// Counts so far: listed and skipped.
    summary: Summary,
}

impl<'a> Plan<'a> {
    /// Lists the sources and leaves out what is not asked for or no log by its name.
    ///
    /// # Errors
    /// When a source can't be listed, or holds no log object at all.
    pub fn list(sources: &'a [Box<dyn Source>], selection: &Selection) -> Result<Self, Error> {
        let mut plan = Self::default();
        for source in sources {
            plan.add_source(source.as_ref(), selection)?;
        }
        plan.tasks.sort_by(|a, b| a.object.cmp(&b.object));
        plan.tasks.dedup_by(|a, b| a.object == b.object);
        Ok(plan)
    }

    /// Leaves out the objects that the store has read before.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn without_known(mut self, store: &Reader) -> Result<Self, Error> {
        let mut unknown = Vec::with_capacity(self.tasks.len());
        for task in self.tasks {
            if store.is_known(&task.object, &task.entry.fingerprint)? {
                self.summary.objects_skipped += 1;
            } else {
                unknown.push(task);
            }
        }
        self.tasks = unknown;
        Ok(self)
    }

    /// Objects to read.
    pub fn objects(&self) -> u64 {
        self.tasks.len() as u64
    }

    /// Bytes to read.
    pub fn bytes(&self) -> u64 {
        self.tasks.iter().map(|task| task.entry.size_bytes).sum()
    }

    /// Objects listed and skipped so far.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    fn add_source(&mut self, source: &'a dyn Source, selection: &Selection) -> Result<(), Error> {
        let name = source.name();
        let listing =
            source.list().map_err(|error| Error::Source { name: name.clone(), source: error })?;
        let found = listing.objects.len();
        let mut logs = 0;
        for failure in listing.failures {
            logs += 1;
            self.summary.objects_listed += 1;
            self.summary.objects_failed += 1;
            self.summary.trouble(|| failure.to_string());
        }
        for entry in listing.objects {
            let facts = classify(&entry.key);
            logs += usize::from(facts.skip.is_none());
            if !selection.takes(&facts) {
                continue;
            }
            self.summary.objects_listed += 1;
            if facts.skip.is_some() || entry.size_bytes == 0 {
                self.summary.objects_skipped += 1;
            } else {
                let object = entry.identity();
                self.tasks.push(Task { source, entry, object, facts });
            }
        }
        if logs == 0 {
            return Err(Error::NoLogs { name, note: instead(found) });
        }
        Ok(())
    }

    /// Reads, decodes and commits what the plan holds.
    ///
    /// # Errors
    /// When the store can't be written. What was committed before stays.
    pub fn carry_out(
        self,
        writer: &mut Writer,
        limits: Limits,
        now: DateTime<Utc>,
        progress: &dyn Progress,
    ) -> Result<Summary, Error> {
        progress.plan(self.objects(), self.bytes());
        let key = writer.prompt_key()?;
        let mut summary = self.summary;
        for batch in batches(&self.tasks) {
            let read: Vec<Outcome> =
                batch.par_iter().map(|task| task.read(limits, &key, progress)).collect();
            let mut objects = Vec::with_capacity(read.len());
            for outcome in read {
                match outcome {
                    Ok(object) => {
                        summary.count(&object);
                        objects.push(object);
                    }
                    Err(failure) => {
                        summary.objects_failed += 1;
                        summary.trouble(|| failure.to_string());
                    }
                }
            }
            let done = writer.commit(objects, now.timestamp_millis())?;
            summary.add(done);
        }
        Ok(summary)
    }
}

type Outcome = Result<ReadObject, crate::sources::Error>;

impl Task<'_> {
    fn read(&self, limits: Limits, key: &PromptKey, progress: &dyn Progress) -> Outcome {
        let bytes = self.source.fetch(&self.entry);
        let decoded = bytes.map(|bytes| {
            let name = ObjectName {
                object: &self.object,
                modified: self.facts.written.or(self.entry.modified),
            };
            records::decode(&name, &bytes, &limits, key)
        });
        let records = decoded
            .as_ref()
            .map_or(0, |decoded| decoded.invocations.len() + decoded.api_events.len());
        progress.advance(1, self.entry.size_bytes, records as u64);
        decoded.map(|decoded| ReadObject { entry: self.catalogue_entry(&decoded), decoded })
    }

    fn catalogue_entry(&self, decoded: &Decoded) -> store::ObjectEntry {
        store::ObjectEntry {
            object: self.object.clone(),
            fingerprint: self.entry.fingerprint.clone(),
            size_bytes: self.entry.size_bytes,
            modified_ms: self.entry.modified.map(|time| time.0),
            kind: kind(&self.facts, decoded).map(str::to_owned),
            account: self.facts.account.clone(),
            region: self.facts.region.clone(),
            skipped: decoded.skipped.map(Skip::as_str),
            bytes_uncompressed: decoded.bytes_uncompressed,
        }
    }
}

/// What the object holds: as the path says, else as its rows say.
fn kind(facts: &KeyFacts, decoded: &Decoded) -> Option<&'static str> {
    facts.kind.map(ObjectKind::as_str).or(match decoded {
        Decoded { invocations, .. } if !invocations.is_empty() => {
            Some(ObjectKind::Invocations.as_str())
        }
        Decoded { api_events, .. } if !api_events.is_empty() => {
            Some(ObjectKind::CloudTrail.as_str())
        }
        _ => None,
    })
}

impl Summary {
    fn count(&mut self, read: &ReadObject) {
        if read.decoded.skipped.is_some() {
            self.objects_skipped += 1;
        } else {
            self.objects_ingested += 1;
        }
        self.bytes_compressed += read.entry.size_bytes;
        self.bytes_uncompressed += read.decoded.bytes_uncompressed;
        for reject in &read.decoded.rejects {
            let reason = reject.reason.clone().unwrap_or_default();
            self.trouble(|| {
                let record = reject.record.map(|n| format!(" record {n}")).unwrap_or_default();
                format!("`{}`{record}: {reason}", read.entry.object)
            });
            *self.rejects.entry(reason).or_default() += 1;
        }
    }

    fn add(&mut self, done: store::Committed) {
        let distinct = |table: usize| done.rows[table].cast_signed() - done.repeats[table];
        self.invocations += distinct(0);
        self.api_events += distinct(1);
        self.duplicates.invocations += done.repeats[0];
        self.duplicates.api_events += done.repeats[1];
    }
}

impl Selection {
    fn takes(&self, facts: &KeyFacts) -> bool {
        let among = |wanted: &[String], found: Option<&String>| {
            wanted.is_empty() || found.is_none_or(|found| wanted.contains(found))
        };
        among(&self.accounts, facts.account.as_ref())
            && among(&self.regions, facts.region.as_ref())
            && (self.kinds.is_empty() || facts.kind.is_none_or(|kind| self.kinds.contains(&kind)))
            && self.range.is_none_or(|range| in_range(facts, range))
    }
}

/// Whether the object may belong to the range, with the margin for late delivery. An object whose
/// path tells no time is always taken.
fn in_range(facts: &KeyFacts, range: Period) -> bool {
    let margin = match facts.kind {
        Some(ObjectKind::Invocations) | None => Duration::hours(1),
        Some(_) => Duration::days(1),
    };
    let starts_before_end =
        facts.written.is_none_or(|at| at.0 < (range.to + margin).timestamp_millis());
    let ends_after_start = facts.written_end.is_none_or(|at| at.0 > range.from.timestamp_millis());
    starts_before_end && ends_after_start
}

/// What was found where no log was, as a phrase.
fn instead(found: usize) -> String {
    match found {
        0 => " (it is empty)".to_owned(),
        1 => " (1 other file)".to_owned(),
        n => format!(" ({n} other files)"),
    }
}

/// Splits the tasks so that a batch stays small in memory.
fn batches<'t, 'a>(tasks: &'t [Task<'a>]) -> impl Iterator<Item = &'t [Task<'a>]> {
    let mut rest = tasks;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = rest.iter().take(BATCH_OBJECTS).take_while(|task| {
            let first = bytes == 0;
            bytes += task.entry.size_bytes;
            first || bytes <= BATCH_BYTES
        });
        let count = fits.count();
        let (batch, later) = rest.split_at(count);
        rest = later;
        (count > 0).then_some(batch)
    })
}

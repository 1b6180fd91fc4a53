//! The journey of log objects into the store: list, choose, read and decode in parallel, commit.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::sync::mpsc;

use chrono::{DateTime, Duration, Utc};
use rayon::prelude::*;
use serde::Serialize;

use super::Error;
use crate::period::Period;
use crate::records::key::{KeyFacts, ObjectKind, classify};
use crate::records::{self, Decoded, Limits, ObjectName, PromptKey, Skip};
use crate::sources::{ObjectEntry, Source};
use crate::store::{self, ReadObject, Reader, Writer};

/// A batch, what one commit takes in, is closed when it holds this many stored bytes …
const BATCH_BYTES: u64 = 64 << 20;
/// … or objects …
const BATCH_OBJECTS: usize = 20_000;
/// … or rows, at about 1 KB each in memory. Two batches exist at a time.
const BATCH_ROWS: usize = 60_000;
/// Stored bytes that each thread reads before a batch is looked at: what it may grow over its bounds.
const READ_BYTES: u64 = 2 << 20;
/// Objects that each thread reads before a batch is looked at.
const READ_OBJECTS: usize = 256;

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
        let listed = plan.objects();
        plan.tasks.dedup_by(|a, b| a.object == b.object);
        plan.summary.objects_skipped += listed - plan.objects();
        // By time, so that a batch touches few days: each day touched is another file to write.
        plan.tasks.sort_by_key(|task| task.facts.written);
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
        let listing = source.list().map_err(Error::Source)?;
        let found = listing.objects.len();
        let mut logs = 0;
        for failure in listing.failures {
            logs += 1;
            self.summary.objects_listed += 1;
            self.summary.objects_failed += 1;
            self.summary.trouble(|| with_reason(&failure));
        }
        for entry in listing.objects {
            let mut facts = classify(&entry.key);
            if entry.is_named && facts.skip == Some(Skip::NotALog) {
                facts.skip = None; // who names a file means it, whatever its name ends in
            }
            logs += usize::from(facts.skip.is_none());
            if !selection.takes(&facts) {
                continue;
            }
            self.summary.objects_listed += 1;
            if facts.skip.is_some() {
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
        let reading = Reading { limits, key: writer.prompt_key()?, progress };
        let tasks = self.tasks.as_slice();
        let mut summary = self.summary;
        std::thread::scope(|scope| {
            // A rendezvous: the next batch is read while one is committed, and then waits.
            let (sender, batches) = mpsc::sync_channel(0);
            scope.spawn(move || {
                let mut rest = tasks;
                // Sending fails when committing has failed: then nobody wants the rest.
                while !rest.is_empty() && sender.send(reading.batch(&mut rest)).is_ok() {}
            });
            for batch in batches {
                let objects = summary.take(batch);
                let done = writer.commit(objects, now.timestamp_millis())?;
                summary.add(done);
            }
            Ok(summary)
        })
    }
}

type Outcome = Result<ReadObject, crate::sources::Error>;

/// How objects are read.
struct Reading<'a> {
    limits: Limits,
    key: PromptKey,
    progress: &'a dyn Progress,
}

impl Reading<'_> {
    /// Reads tasks from the front of `rest`, in parallel, until a batch is full.
    fn batch(&self, rest: &mut &[Task<'_>]) -> Vec<Outcome> {
        let mut batch = Vec::new();
        let (mut bytes, mut rows) = (0, 0);
        while !rest.is_empty()
            && bytes < BATCH_BYTES
            && batch.len() < BATCH_OBJECTS
            && rows < BATCH_ROWS
        {
            let (next, later) = rest.split_at(next_share(rest));
            *rest = later;
            let read: Vec<Outcome> = next.par_iter().map(|task| self.object(task)).collect();
            bytes += next.iter().map(|task| task.entry.size_bytes).sum::<u64>();
            rows += read.iter().flatten().map(|object| rows_of(&object.decoded)).sum::<usize>();
            batch.extend(read);
        }
        batch
    }

    fn object(&self, task: &Task<'_>) -> Outcome {
        let result = task.read(self.limits, &self.key);
        let rows = result.as_ref().map_or(0, |read| rows_of(&read.decoded));
        self.progress.advance(1, task.entry.size_bytes, rows as u64);
        result
    }
}

fn rows_of(decoded: &Decoded) -> usize {
    decoded.invocations.len() + decoded.api_events.len() + decoded.rejects.len()
}

/// How many tasks to read, by all threads together, before looking at the batch again.
fn next_share(tasks: &[Task<'_>]) -> usize {
    let threads = rayon::current_num_threads();
    let most = READ_BYTES * threads as u64;
    let mut bytes = 0;
    let fits = tasks.iter().take(READ_OBJECTS * threads).take_while(|task| {
        let fits = bytes < most;
        bytes += task.entry.size_bytes;
        fits
    });
    fits.count()
}

impl Task<'_> {
    fn read(&self, limits: Limits, key: &PromptKey) -> Outcome {
        let bytes = self.source.fetch(&self.entry, most_to_fetch(limits))?;
        let name = ObjectName {
            object: &self.object,
            modified: self.facts.written.or(self.entry.modified),
        };
        let mut decoded = records::decode(&name, &bytes, &limits, key);
        let kind = kind(&self.facts, &decoded);
        for reject in &mut decoded.rejects {
            reject.kind = reject.kind.take().or_else(|| kind.map(str::to_owned));
        }
        let entry = self.catalogue_entry(&decoded, kind);
        Ok(ReadObject { entry, decoded })
    }

    fn catalogue_entry(&self, decoded: &Decoded, kind: Option<&str>) -> store::ObjectEntry {
        store::ObjectEntry {
            object: self.object.clone(),
            fingerprint: self.entry.fingerprint.clone(),
            size_bytes: self.entry.size_bytes,
            modified_ms: self.entry.modified.map(|time| time.0),
            kind: kind.map(str::to_owned),
            account: self.facts.account.clone(),
            region: self.facts.region.clone(),
            skipped: decoded.skipped.map(Skip::as_str),
            bytes_uncompressed: decoded.bytes_uncompressed,
        }
    }
}

/// More stored bytes than this inflate to more than the cap, since gzip adds a thousandth at worst;
/// the rest of such an object need not be read.
fn most_to_fetch(limits: Limits) -> u64 {
    limits.max_object_bytes.saturating_add(limits.max_object_bytes / 100).saturating_add(1 << 16)
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
    /// Counts what was read, and keeps the objects that could be.
    fn take(&mut self, batch: Vec<Outcome>) -> Vec<ReadObject> {
        let mut objects = Vec::with_capacity(batch.len());
        for outcome in batch {
            match outcome {
                Ok(object) => {
                    self.count(&object);
                    objects.push(object);
                }
                Err(failure) => {
                    self.objects_failed += 1;
                    self.trouble(|| with_reason(&failure));
                }
            }
        }
        objects
    }

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
        Some(ObjectKind::Invocations) => Duration::hours(1),
        Some(_) | None => Duration::days(1), // where the path doesn't say, it may be either
    };
    let starts_before_end =
        facts.written.is_none_or(|at| at.0 < (range.to + margin).timestamp_millis());
    let ends_after_start = facts.written_end.is_none_or(|at| at.0 > range.from.timestamp_millis());
    starts_before_end && ends_after_start
}

/// The failure with its causes, in one line.
fn with_reason(failure: &crate::sources::Error) -> String {
    let mut text = failure.to_string();
    let mut cause = failure.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// What was found where no log was, as a phrase.
fn instead(found: usize) -> String {
    match found {
        0 => " (it is empty)".to_owned(),
        1 => " (1 other file)".to_owned(),
        n => format!(" ({n} other files)"),
    }
}

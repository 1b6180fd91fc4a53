//! Carrying out a plan: fetch ahead what is far, decode in parallel, commit a batch at a time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};

use rayon::prelude::*;

use super::super::Error;
use super::plan::{Listed, Plan, Task};
use super::{Progress, Summary};
use crate::records::key::{KeyFacts, ObjectKind};
use crate::records::{self, Bodies, Decoded, Limits, ObjectName, PromptKey, Skip, Wanted};
use crate::sources::{self, Ahead, Bounds, Fetched, ObjectEntry, Version};
use crate::store::{self, ReadObject, Writer};

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

impl Plan<'_> {
    /// Reads, decodes and commits what the plan holds.
    ///
    /// # Errors
    /// When the store can't be written. What was committed before stays.
    pub fn carry_out(
        mut self,
        writer: &mut Writer,
        options: ReadOptions,
        progress: &dyn Progress,
    ) -> Result<Summary, Error> {
        progress.plan(self.objects(), self.bytes());
        let mut summary = std::mem::take(&mut self.summary);
        let failed = {
            let key = writer.prompt_key()?;
            let reading = Reading::new(&self, options, key, progress);
            let now_ms = self.now().timestamp_millis();
            let failed = reading.store(&self.tasks, writer, &mut summary, now_ms)?;
            summary.bodies_fetched = reading.bodies_fetched.into_inner();
            failed
        };
        for source in failed {
            self.sources[source].has_failures = true;
        }
        writer.complete(&Self::completed(&self.sources, self.now()))?;
        writer.compact_a_little()?;
        summary.requests = self.requests_made();
        Ok(summary)
    }
}

/// How objects are read.
#[derive(Debug, Clone, Copy)]
pub struct ReadOptions {
    /// What one object may cost.
    pub limits: Limits,
    /// What may be on its way at once, from all far sources together.
    pub bounds: Bounds,
    /// Whether response bodies that lie outside of the log are fetched too.
    pub with_bodies: bool,
    /// Whether bodies are looked through for sensitive data.
    pub scan_bodies: bool,
    /// Whether the SHA-256 of each object is kept.
    pub with_hashes: bool,
}

type Outcome = Result<ReadObject, sources::Error>;

/// Reading from the sources of a plan.
struct Reading<'a> {
    sources: &'a [Listed<'a>],
    /// By source; `None` where objects are fetched when they are needed.
    ahead: Vec<Option<Arc<Ahead>>>,
    limits: Limits,
    with_bodies: bool,
    scan_bodies: bool,
    with_hashes: bool,
    bodies_fetched: AtomicU64,
    key: PromptKey,
    progress: &'a dyn Progress,
}

/// A task and its number among the tasks of its source.
type Numbered<'a> = (&'a Task, usize);

impl<'a> Reading<'a> {
    fn new(
        plan: &'a Plan<'_>,
        options: ReadOptions,
        key: PromptKey,
        progress: &'a dyn Progress,
    ) -> Self {
        let far = plan.sources.iter().filter(|listed| listed.source.is_far()).count().max(1);
        let share = Bounds {
            bytes: options.bounds.bytes / far as u64,
            requests: (options.bounds.requests / far).max(1),
        };
        let ahead =
            |listed: &Listed<'_>| listed.source.is_far().then(|| Arc::new(Ahead::new(share)));
        Self {
            sources: &plan.sources,
            ahead: plan.sources.iter().map(ahead).collect(),
            limits: options.limits,
            with_bodies: options.with_bodies,
            scan_bodies: options.scan_bodies,
            with_hashes: options.with_hashes,
            bodies_fetched: AtomicU64::new(0),
            key,
            progress,
        }
    }

    /// Reads all tasks into the store; returns the sources of which something could not be read.
    fn store(
        &self,
        tasks: &[Task],
        writer: &mut Writer,
        summary: &mut Summary,
        now_ms: i64,
    ) -> Result<Vec<usize>, Error> {
        let tasks = numbered(tasks, self.sources.len());
        let mut failed = Vec::new();
        std::thread::scope(|scope| {
            for (source, ahead) in self.ahead.iter().enumerate() {
                let Some(ahead) = ahead else { continue };
                let tasks = &tasks;
                scope.spawn(move || self.fetch_ahead(source, tasks, ahead));
            }
            // A rendezvous: the next batch is read while one is committed, and then waits.
            let (sender, batches) = mpsc::sync_channel(0);
            scope.spawn(|| {
                let sender = sender;
                let mut rest = tasks.as_slice();
                // Sending fails when committing has failed: then nobody wants the rest.
                while !rest.is_empty() && sender.send(self.batch(&mut rest)).is_ok() {}
                self.ahead.iter().flatten().for_each(|ahead| ahead.stop());
            });
            for (outcomes, sources) in batches {
                failed.extend(sources);
                let objects = summary.take(outcomes);
                summary.add(writer.commit(objects, now_ms)?);
            }
            Ok(failed)
        })
    }

    fn fetch_ahead(&self, source: usize, tasks: &[Numbered<'_>], ahead: &Arc<Ahead>) {
        let of_source = tasks.iter().filter(|(task, _)| task.source == source);
        let entries: Vec<&ObjectEntry> = of_source.map(|(task, _)| &task.entry).collect();
        self.sources[source].source.fetch_ahead(&entries, most_to_fetch(self.limits), ahead);
    }

    /// Reads tasks from the front of `rest`, in parallel, until a batch is full; with the sources of
    /// which something could not be read.
    fn batch(&self, rest: &mut &[Numbered<'_>]) -> (Vec<Outcome>, Vec<usize>) {
        let (mut batch, mut failed) = (Vec::new(), Vec::new());
        let (mut bytes, mut rows) = (0, 0);
        while !rest.is_empty()
            && bytes < BATCH_BYTES
            && batch.len() < BATCH_OBJECTS
            && rows < BATCH_ROWS
        {
            let is_slow = self.is_slow(rest);
            if is_slow && !batch.is_empty() {
                break;
            }
            let (next, later) = rest.split_at(if is_slow { 1 } else { next_share(rest) });
            *rest = later;
            let read: Vec<Outcome> = next.par_iter().map(|task| self.object(*task)).collect();
            let failures = next.iter().zip(&read).filter(|(_, outcome)| outcome.is_err());
            failed.extend(failures.map(|((task, _), _)| task.source));
            bytes += next.iter().map(|(task, _)| task.entry.size_bytes).sum::<u64>();
            rows += read.iter().flatten().map(|object| rows_of(&object.decoded)).sum::<usize>();
            batch.extend(read);
        }
        (batch, failed)
    }

    /// Whether the next object is of a source of which each is committed by itself.
    fn is_slow(&self, rest: &[Numbered<'_>]) -> bool {
        rest.first().is_some_and(|(task, _)| self.sources[task.source].source.is_slow())
    }

    fn object(&self, (task, number): Numbered<'_>) -> Outcome {
        let most = most_to_fetch(self.limits);
        let fetched = match &self.ahead[task.source] {
            Some(ahead) => ahead.take(number, &task.entry),
            None => self.sources[task.source].source.fetch(&task.entry, most),
        };
        let result = fetched.and_then(|fetched| self.decode(task, fetched));
        let rows = result.as_ref().map_or(0, |read| rows_of(&read.decoded));
        self.progress.advance(1, task.entry.size_bytes, rows as u64);
        result
    }

    fn decode(&self, task: &Task, fetched: Fetched) -> Outcome {
        let entry = task.entry_of(fetched.changed);
        let modified = task.facts.written.or(entry.modified);
        let name = ObjectName { object: &task.object, modified };
        let mut bodies = OffloadedBodies { reading: self, task, failure: None };
        let wanted = Wanted {
            bodies: if self.with_bodies { Some(&mut bodies) } else { None },
            sensitive: self.scan_bodies,
        };
        let mut decoded =
            records::decode_with(&name, &fetched.bytes, &self.limits, &self.key, wanted);
        if let Some(failure) = bodies.failure {
            return Err(failure);
        }
        let kind = kind(&task.facts, &decoded);
        for reject in &mut decoded.rejects {
            reject.kind = reject.kind.take().or_else(|| kind.map(str::to_owned));
        }
        let sha256 = self.with_hashes.then(|| store::sha256(&fetched.bytes));
        let entry = store::ObjectEntry { sha256, ..task.catalogue_entry(entry, &decoded, kind) };
        Ok(ReadObject { entry, decoded })
    }
}

/// Response bodies from the source that holds the log. The first that is there and can't be read is
/// kept: the log object is then left for the next run.
struct OffloadedBodies<'a> {
    reading: &'a Reading<'a>,
    task: &'a Task,
    failure: Option<sources::Error>,
}

impl Bodies for OffloadedBodies<'_> {
    fn fetch(&mut self, path: &str) -> Option<Vec<u8>> {
        if self.failure.is_some() {
            return None;
        }
        let source = self.reading.sources[self.task.source].source;
        let most = most_to_fetch(self.reading.limits);
        match source.fetch_named(path, &self.task.entry, most) {
            Ok(found) => {
                let count = u64::from(found.is_some());
                self.reading.bodies_fetched.fetch_add(count, Ordering::Relaxed);
                found
            }
            Err(failure) => {
                self.failure = Some(failure);
                None
            }
        }
    }
}

/// The tasks with their numbers within their sources.
fn numbered(tasks: &[Task], sources: usize) -> Vec<Numbered<'_>> {
    let mut next = vec![0; sources];
    let number = |task: &Task| {
        next[task.source] += 1;
        next[task.source] - 1
    };
    let numbers: Vec<usize> = tasks.iter().map(number).collect();
    tasks.iter().zip(numbers).collect()
}

fn rows_of(decoded: &Decoded) -> usize {
    decoded.invocations.len()
        + decoded.api_events.len()
        + decoded.service_metrics.len()
        + decoded.rejects.len()
}

/// How many tasks to read, by all threads together, before looking at the batch again.
fn next_share(tasks: &[Numbered<'_>]) -> usize {
    let threads = rayon::current_num_threads();
    let most = READ_BYTES * threads as u64;
    let mut bytes = 0;
    let fits = tasks.iter().take(READ_OBJECTS * threads).take_while(|(task, _)| {
        let fits = bytes < most;
        bytes += task.entry.size_bytes;
        fits
    });
    fits.count()
}

impl Task {
    /// The object as it was fetched.
    fn entry_of(&self, changed: Option<Version>) -> ObjectEntry {
        let listed = self.entry.clone();
        match changed {
            Some(version) => ObjectEntry {
                fingerprint: version.fingerprint,
                size_bytes: version.size_bytes,
                modified: version.modified,
                ..listed
            },
            None => listed,
        }
    }

    fn catalogue_entry(
        &self,
        entry: ObjectEntry,
        decoded: &Decoded,
        kind: Option<&str>,
    ) -> store::ObjectEntry {
        store::ObjectEntry {
            object: self.object.clone(),
            fingerprint: entry.fingerprint,
            size_bytes: entry.size_bytes,
            modified_ms: entry.modified.map(|time| time.0),
            kind: kind.map(str::to_owned),
            account: self.facts.account.clone(),
            region: self.facts.region.clone(),
            skipped: decoded.skipped.map(Skip::as_str),
            bytes_uncompressed: decoded.bytes_uncompressed,
            sha256: None,
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
        Decoded { service_metrics, .. } if !service_metrics.is_empty() => {
            Some(ObjectKind::ServiceMetrics.as_str())
        }
        _ => None,
    })
}

//! Carrying out a plan: fetch ahead what is far, decode in parallel, commit a batch at a time.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::super::Error;
use super::plan::{Listed, Plan, Task};
use super::queue::{Queue, UnderWay};
use super::{Progress, Summary};
use crate::records::key::{KeyFacts, ObjectKind};
use crate::records::{self, Bodies, Decoded, Limits, ObjectName, PromptKey, Skip, Wanted};
use crate::schema::{api_event, invocation};
use crate::sources::{self, Ahead, Fetched, ObjectEntry, Version};
use crate::store::{self, ReadObject, Writer};

/// A batch, what one commit takes in, is closed when it holds this many rows, at about 1 KB each in
/// memory.
const BATCH_ROWS: usize = 60_000;
/// Rows with longer texts count as several.
const ROW_BYTES: usize = 1 << 10;
/// What is known of an object takes as much memory as so many rows, and counts as such.
const OBJECT_ROWS: usize = 3;
/// What is read at once, in stored bytes (logs inflate to three to twenty times as much, no object to
/// more than its cap), and held: two batches.
const MOST: UnderWay = UnderWay { bytes: 32 << 20, rows: 2 * BATCH_ROWS };

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
            let stored = reading.store(&self.tasks, writer, &mut summary, now_ms);
            invocation::Columns::forget_spare();
            api_event::Columns::forget_spare();
            summary.bodies_fetched = reading.bodies_fetched.into_inner();
            stored?
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
    pub bounds: sources::Bounds,
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
        let share = sources::Bounds {
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
        let queue = Queue::new(tasks.len(), MOST);
        let size = |item: usize| tasks[item].0.entry.size_bytes;
        let read = || queue.work(size, |item| self.weighed(tasks[item]));
        std::thread::scope(|scope| {
            let work = || {
                for (source, ahead) in self.ahead.iter().enumerate() {
                    let Some(ahead) = ahead else { continue };
                    let tasks = &tasks;
                    scope.spawn(move || self.fetch_ahead(source, tasks, ahead));
                }
                for _ in 0..rayon::current_num_threads() {
                    scope.spawn(read);
                }
                self.commit_all(&tasks, &queue, writer, summary, now_ms)
            };
            // However it ends, nobody may be left waiting: first readers, while what they wait for still
            // comes, then those who fetch for them.
            let failed = panic::catch_unwind(AssertUnwindSafe(work));
            queue.stop();
            self.ahead.iter().flatten().for_each(|ahead| ahead.stop());
            failed.unwrap_or_else(|panic| panic::resume_unwind(panic))
        })
    }

    fn fetch_ahead(&self, source: usize, tasks: &[Numbered<'_>], ahead: &Arc<Ahead>) {
        let of_source = tasks.iter().filter(|(task, _)| task.source == source);
        let entries: Vec<&ObjectEntry> = of_source.map(|(task, _)| &task.entry).collect();
        let source = self.sources[source].source;
        let fetch = || source.fetch_ahead(&entries, most_to_fetch(self.limits), ahead);
        if let Err(panic) = panic::catch_unwind(AssertUnwindSafe(fetch)) {
            ahead.fail();
            panic::resume_unwind(panic);
        }
    }

    /// Commits what the queue brings, a batch at a time; where a batch ends depends on nothing but
    /// the objects. Returns the sources of which something could not be read.
    fn commit_all(
        &self,
        tasks: &[Numbered<'_>],
        queue: &Queue<Outcome>,
        writer: &mut Writer,
        summary: &mut Summary,
        now_ms: i64,
    ) -> Result<Vec<usize>, Error> {
        let mut failed = Vec::new();
        let mut batch = Batch::default();
        let mut commit = |batch: Batch| -> Result<(), Error> {
            let objects = summary.take(batch.outcomes);
            summary.add(writer.commit(objects, now_ms)?);
            queue.release(batch.rows);
            Ok(())
        };
        for (task, _) in tasks {
            let is_slow = self.is_slow(task);
            if is_slow && !batch.outcomes.is_empty() {
                commit(std::mem::take(&mut batch))?;
            }
            let Some((outcome, rows)) = queue.take() else { break };
            failed.extend(outcome.is_err().then_some(task.source));
            batch.rows += rows;
            batch.outcomes.push(outcome);
            if is_slow || batch.rows >= BATCH_ROWS {
                commit(std::mem::take(&mut batch))?;
            }
        }
        if !batch.outcomes.is_empty() {
            commit(batch)?;
        }
        Ok(failed)
    }

    /// Whether the object is of a source of which each is committed by itself.
    fn is_slow(&self, task: &Task) -> bool {
        self.sources[task.source].source.is_slow()
    }

    /// Reads an object; with what it takes of memory, in rows.
    fn weighed(&self, task: Numbered<'_>) -> (Outcome, usize) {
        let outcome = self.object(task);
        let rows = outcome.as_ref().map_or(0, |object| {
            let decoded = &object.decoded;
            let text_bytes = decoded.invocations.text_bytes() + decoded.api_events.text_bytes();
            rows_of(decoded).max(text_bytes / ROW_BYTES)
        });
        (outcome, rows + OBJECT_ROWS)
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

    fn decode(&self, task: &Task, mut fetched: Fetched) -> Outcome {
        let entry = task.entry_of(fetched.changed.take());
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
        fetched.recycle();
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
        + decoded.sensitive.len()
}

/// What one commit takes in.
#[derive(Default)]
struct Batch {
    outcomes: Vec<Outcome>,
    rows: usize,
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

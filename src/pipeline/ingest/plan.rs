//! What there is to do for an ingest: what the sources hold, without what the store knows.

use chrono::{DateTime, Duration, Utc};

use super::super::Error;
use super::Selection;
use super::summary::{RequestCounts, Summary};
use crate::records::Skip;
use crate::records::key::{KeyFacts, classify};
use crate::sources::{Listing, ObjectEntry, Source};
use crate::store::{Completed, Reader};

/// A source and what of it to take.
pub struct SourceRequest {
    /// Where the objects are.
    pub source: Box<dyn Source>,
    /// Which of them to take.
    pub selection: Selection,
}

/// What is known of earlier runs.
#[derive(Clone, Copy)]
pub struct History<'a> {
    /// The store to look into; `None` before there is one.
    pub store: Option<&'a Reader>,
    /// How far before the last complete ingest to look for late files.
    pub trailing: Duration,
    /// The present time.
    pub now: DateTime<Utc>,
}

impl History<'_> {
    /// No earlier run.
    pub fn none(now: DateTime<Utc>) -> Self {
        Self { store: None, trailing: Duration::zero(), now }
    }
}

/// An object to read, and what its key says.
pub(super) struct Task {
    /// Which of the plan's sources holds it.
    pub(super) source: usize,
    pub(super) entry: ObjectEntry,
    /// The object's name in the store.
    pub(super) object: String,
    pub(super) facts: KeyFacts,
}

/// A source that was listed.
pub(super) struct Listed<'a> {
    pub(super) source: &'a dyn Source,
    /// Under which name its complete ingest is remembered; `None` when this run can't be one.
    memory: Option<String>,
    newest_ms: Option<i64>,
    /// Whether something of it could not be listed or read.
    pub(super) has_failures: bool,
}

/// What there is to do for an ingest.
pub struct Plan<'a> {
    pub(super) sources: Vec<Listed<'a>>,
    pub(super) tasks: Vec<Task>,
    /// Counts so far: listed, skipped and failed.
    pub(super) summary: Summary,
    now: DateTime<Utc>,
}

impl<'a> Plan<'a> {
    /// Lists the sources and leaves out what is not asked for or no log by its name. Where listing is
    /// dear and no range is asked for, a source is listed from its last complete ingest on.
    ///
    /// # Errors
    /// When no source can be listed, or none holds a log object; when the store can't be read.
    pub fn list(requests: &'a [SourceRequest], history: History<'_>) -> Result<Self, Error> {
        let mut plan = Self {
            sources: Vec::new(),
            tasks: Vec::new(),
            summary: Summary::default(),
            now: history.now,
        };
        let mut failed = Vec::new();
        for request in requests {
            match plan.add(request, history) {
                Err(error @ (Error::Source(_) | Error::NoLogs { .. })) => failed.push(error),
                other => other?,
            }
        }
        plan.without_failed(requests.len(), failed).map(Self::tasks_in_order)
    }

    /// Leaves out the objects that the store has read before.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn without_known(mut self, store: &Reader) -> Result<Self, Error> {
        let versions =
            self.tasks.iter().map(|task| (task.object.as_str(), task.entry.fingerprint.as_str()));
        let mut known = store.known(versions)?.into_iter();
        self.tasks.retain(|_| !known.next().unwrap_or(false));
        let found = self.summary.objects_listed - self.summary.objects_skipped;
        self.summary.objects_known = found - self.summary.objects_failed - self.objects();
        self.summary.objects_skipped += self.summary.objects_known;
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

    /// Requests that carrying out the plan takes beside those made for it: one for each object of a
    /// place that charges for them.
    pub fn requests(&self) -> RequestCounts {
        let billed = self.tasks.iter().filter(|task| self.sources[task.source].source.is_billed());
        RequestCounts { list: self.requests_made().list, get: billed.count() as u64 }
    }

    /// Objects listed and skipped so far.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// The requests made by all sources so far.
    pub(super) fn requests_made(&self) -> RequestCounts {
        self.sources.iter().map(|listed| listed.source.requests()).fold(
            RequestCounts::default(),
            |sum, made| RequestCounts { list: sum.list + made.list, get: sum.get + made.get },
        )
    }

    /// The sources of which everything was read, to be remembered.
    pub(super) fn completed(
        sources: &[Listed<'_>],
        now: DateTime<Utc>,
    ) -> Vec<(String, Completed)> {
        let whole = sources.iter().filter(|listed| !listed.has_failures);
        whole
            .filter_map(|listed| {
                let completed =
                    Completed { at_ms: now.timestamp_millis(), newest_ms: listed.newest_ms };
                Some((listed.memory.clone()?, completed))
            })
            .collect()
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.now
    }

    fn add(&mut self, request: &'a SourceRequest, history: History<'_>) -> Result<(), Error> {
        let source = request.source.as_ref();
        // A range chosen by the user says nothing about what lies outside of it.
        let memory = (source.is_far() && request.selection.range.is_none())
            .then(|| format!("{};{}", source.name(), request.selection.name()));
        let last = match (&memory, history.store) {
            (Some(memory), Some(store)) => store.last_complete(memory)?,
            _ => None,
        };
        let selection = match last {
            Some(last) => request.selection.clone().since(last, history.trailing, history.now),
            None => request.selection.clone(),
        };
        let listing = source.list(&selection).map_err(Error::Source)?;
        let mut listed = Listed {
            source,
            memory,
            newest_ms: last.and_then(|last| last.newest_ms),
            has_failures: !listing.failures.is_empty(),
        };
        self.choose(listing, &mut listed, &selection)?;
        self.sources.push(listed);
        Ok(())
    }

    fn choose(
        &mut self,
        listing: Listing,
        listed: &mut Listed<'_>,
        selection: &Selection,
    ) -> Result<(), Error> {
        let found = listing.objects.len();
        let mut logs = listing.failures.len();
        for failure in listing.failures {
            self.summary.objects_listed += 1;
            self.summary.fail(&failure);
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
            listed.newest_ms = listed.newest_ms.max(facts.written.map(|time| time.0));
            if facts.skip.is_some() {
                self.summary.objects_skipped += 1;
            } else {
                let object = entry.identity();
                self.tasks.push(Task { source: self.sources.len(), entry, object, facts });
            }
        }
        if logs == 0 && !listing.is_selective {
            return Err(Error::NoLogs { name: listed.source.name(), note: instead(found) });
        }
        Ok(())
    }

    /// The plan of the sources that could be listed, if there is one at least.
    fn without_failed(mut self, asked: usize, failed: Vec<Error>) -> Result<Self, Error> {
        let all = failed.len() == asked;
        for error in failed {
            if all {
                return Err(error);
            }
            self.summary.fail_source(&error);
        }
        Ok(self)
    }

    fn tasks_in_order(mut self) -> Self {
        self.tasks.sort_by(|a, b| a.object.cmp(&b.object));
        let listed = self.objects();
        self.tasks.dedup_by(|a, b| a.object == b.object);
        self.summary.objects_skipped += listed - self.objects();
        // By time, so that a batch touches few days: each day touched is another file to write.
        self.tasks.sort_by_key(|task| task.facts.written);
        self
    }
}

/// What was found where no log was, as a phrase.
fn instead(found: usize) -> String {
    match found {
        0 => " (it is empty)".to_owned(),
        1 => " (1 other file)".to_owned(),
        n => format!(" ({n} other files)"),
    }
}

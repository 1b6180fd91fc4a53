//! What an ingest did.

use std::collections::BTreeMap;
use std::error::Error as StdError;

use serde::Serialize;

use super::super::Error;
use crate::sources;
use crate::store::{self, ReadObject};

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
    /// Sources that could not be listed at all.
    pub sources_failed: u64,
    /// Calls added, each counted once.
    pub invocations: i64,
    /// CloudTrail events added, each counted once.
    pub api_events: i64,
    /// Hours of models as CloudWatch counted them.
    pub service_metrics: u64,
    /// Rows that repeat a call or an event.
    pub duplicates: Duplicates,
    /// Rows left out because the store has pruned their days.
    pub pruned: Pruned,
    /// Rejected records and objects by reason.
    pub rejects: BTreeMap<String, u64>,
    /// Stored size of the objects read, bytes.
    pub bytes_compressed: u64,
    /// Their size after inflating, bytes.
    pub bytes_uncompressed: u64,
    /// Response bodies read from outside of the logs.
    pub bodies_fetched: u64,
    /// Requests made to S3.
    pub requests: RequestCounts,
    /// Wall time.
    pub seconds: f64,
    /// The first rejects and failures, for people.
    #[serde(skip)]
    pub first_troubles: Vec<String>,
    /// What to do about failures, each advice once.
    #[serde(skip)]
    pub hints: Vec<String>,
    /// Objects that were read before.
    #[serde(skip)]
    pub objects_known: u64,
    /// Whether something failed for want of permission, credentials or the like.
    #[serde(skip)]
    pub is_out_of_reach: bool,
}

/// Repeated rows by table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Duplicates {
    /// Of invocations.
    pub invocations: i64,
    /// Of CloudTrail events.
    pub api_events: i64,
}

/// Rows of pruned days by table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Pruned {
    /// Of invocations.
    pub invocations: u64,
    /// Of CloudTrail events.
    pub api_events: u64,
}

/// Requests that S3 charges for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct RequestCounts {
    /// Pages of listings.
    pub list: u64,
    /// Objects asked for, each attempt counted.
    pub get: u64,
}

impl Summary {
    /// Whether something that should have been read was not.
    pub fn is_partial(&self) -> bool {
        self.objects_failed > 0 || self.sources_failed > 0 || !self.rejects.is_empty()
    }

    /// Whether nothing could be read, now or before, because nothing may be.
    pub fn is_failure(&self) -> bool {
        self.is_out_of_reach && self.objects_ingested == 0 && self.objects_known == 0
    }

    /// Notes an object or a folder that could not be read.
    pub(super) fn fail(&mut self, failure: &sources::Error) {
        self.objects_failed += 1;
        self.note(failure);
    }

    /// Notes what failed and what to do about it.
    pub(super) fn note(&mut self, failure: &sources::Error) {
        const ADVICE: usize = 3;
        self.is_out_of_reach |= failure.is_lasting() || failure.is_denied();
        self.trouble(|| with_reason(failure));
        if let Some(hint) = failure.hint()
            && self.hints.len() < ADVICE
            && !self.hints.contains(&hint)
        {
            self.hints.push(hint);
        }
    }

    /// Notes a source that could not be listed, or holds nothing.
    pub(super) fn fail_source(&mut self, error: &Error) {
        self.sources_failed += 1;
        match error {
            Error::Source(failure) => self.note(failure),
            other => self.trouble(|| other.to_string()),
        }
    }

    fn trouble(&mut self, text: impl FnOnce() -> String) {
        const SHOWN: usize = 3;
        if self.first_troubles.len() < SHOWN {
            self.first_troubles.push(text());
        }
    }

    /// Counts what was read, and keeps the objects that could be.
    pub(super) fn take(
        &mut self,
        batch: Vec<Result<ReadObject, sources::Error>>,
    ) -> Vec<ReadObject> {
        let mut objects = Vec::with_capacity(batch.len());
        for outcome in batch {
            match outcome {
                Ok(object) => {
                    self.count(&object);
                    objects.push(object);
                }
                Err(failure) => self.fail(&failure),
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
        self.service_metrics += read.decoded.service_metrics.len() as u64;
        for reject in &read.decoded.rejects {
            let reason = reject.reason.clone().unwrap_or_default();
            self.trouble(|| {
                let record = reject.record.map(|n| format!(" record {n}")).unwrap_or_default();
                format!("`{}`{record}: {reason}", read.entry.object)
            });
            *self.rejects.entry(reason).or_default() += 1;
        }
    }

    pub(super) fn add(&mut self, done: store::Committed) {
        let distinct = |table: usize| done.rows[table].cast_signed() - done.repeats[table];
        self.invocations += distinct(0);
        self.api_events += distinct(1);
        self.duplicates.invocations += done.repeats[0];
        self.duplicates.api_events += done.repeats[1];
        self.pruned.invocations += done.pruned[0];
        self.pruned.api_events += done.pruned[1];
    }
}

/// The failure with its causes, in one line.
pub(in crate::pipeline) fn with_reason(failure: &sources::Error) -> String {
    let mut text = failure.to_string();
    let mut cause = failure.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

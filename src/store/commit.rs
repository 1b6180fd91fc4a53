//! Taking a batch of decoded objects into the store: all of it or nothing.
//!
//! Order of events: new files are written whole under names nobody knows yet (`staged`), the rows that
//! repeat a call are found (`recount`); then one catalogue transaction makes the files live and drops
//! what they replace (`entries`). Killed anywhere, the store is as before or as after, and the next
//! writer sweeps away files that no row names.

use super::catalog::ObjectEntry;
use super::entries::{Counts, put_last_file, put_objects, put_repeats, put_segments};
use super::{Error, Writer, prune};
use crate::records::Decoded;
use crate::schema::reject::Reject;
use crate::schema::sensitive::Sensitive;
use crate::schema::service_metric::ServiceMetric;
use crate::schema::{api_event, invocation};

/// An object together with what it held.
#[derive(Debug)]
pub struct ReadObject {
    /// What the catalogue keeps of it.
    pub entry: ObjectEntry,
    /// Its rows and rejects.
    pub decoded: Decoded,
}

/// What a commit changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Committed {
    /// Rows written, repeats included: invocations, API events.
    pub rows: [u64; 2],
    /// By how much the number of repeated rows grew: invocations, API events. Negative when a
    /// replaced object took repeats with it.
    pub repeats: [i64; 2],
    /// Rows left out because their days were pruned: invocations, API events.
    pub pruned: [u64; 2],
}

impl Writer {
    /// Commits a batch of objects; an object that is known in another version is replaced.
    ///
    /// # Errors
    /// When a file or the catalogue can't be written. Then nothing of the batch is in the store.
    pub fn commit(&mut self, batch: Vec<ReadObject>, now_ms: i64) -> Result<Committed, Error> {
        let replaced = self.replaced_by(batch.iter().map(|read| read.entry.object.as_str()))?;
        let mut rows = Tables::default();
        let mut entries = Vec::with_capacity(batch.len());
        let floor = self.reader.floor()?;
        let mut pruned = [0; 2];
        for ReadObject { entry, mut decoded } in batch {
            prune::leave_out(&mut decoded, floor, &mut pruned);
            entries.push((entry, Counts::of(&decoded)));
            rows.add(decoded);
        }
        let written = rows.counts();
        let mut staged = replaced;
        self.stage_blocks(&rows.invocations, &mut staged)?;
        self.stage_blocks(&rows.api_events, &mut staged)?;
        self.stage_rows(rows.rejects, &mut staged)?;
        self.stage_rows(rows.sensitive, &mut staged)?;
        self.stage_rows(rows.service_metrics, &mut staged)?;
        let growth = self.stage_repeats(&mut staged)?;
        let last_file = self.last_file.get();
        self.reader.catalog.change(|change| {
            put_objects(change, &entries, now_ms)?;
            put_segments(change, &staged)?;
            put_repeats(change, &staged)?;
            put_last_file(change, last_file)
        })?;
        drop(staged);
        rows.invocations.into_iter().for_each(invocation::Columns::give_back);
        rows.api_events.into_iter().for_each(api_event::Columns::give_back);
        Ok(Committed { rows: written, repeats: growth, pruned })
    }
}

/// The rows of a batch by table: a block for each object.
#[derive(Default)]
struct Tables {
    invocations: Vec<invocation::Columns>,
    api_events: Vec<api_event::Columns>,
    rejects: Vec<Reject>,
    sensitive: Vec<Sensitive>,
    service_metrics: Vec<ServiceMetric>,
}

impl Tables {
    fn add(&mut self, decoded: Decoded) {
        if !decoded.invocations.is_empty() {
            self.invocations.push(decoded.invocations);
        }
        if !decoded.api_events.is_empty() {
            self.api_events.push(decoded.api_events);
        }
        self.rejects.extend(decoded.rejects);
        self.sensitive.extend(decoded.sensitive);
        self.service_metrics.extend(decoded.service_metrics);
    }

    /// Rows of invocations and API events.
    fn counts(&self) -> [u64; 2] {
        let invocations: usize = self.invocations.iter().map(invocation::Columns::len).sum();
        let api_events: usize = self.api_events.iter().map(api_event::Columns::len).sum();
        [invocations as u64, api_events as u64]
    }
}

impl Counts {
    fn of(decoded: &Decoded) -> Self {
        let count = |rows: usize| rows.cast_signed() as i64;
        Self {
            invocations: count(decoded.invocations.len()),
            api_events: count(decoded.api_events.len()),
            rejects: count(decoded.rejects.len()),
        }
    }
}

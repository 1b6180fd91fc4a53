//! The journey of log objects into the store: list, choose, fetch, decode in parallel, commit.
//!
//! ```text
//! selection  which folders and objects are wanted
//! plan       what the sources hold, without what the store knows
//! read       fetch ahead, decode, commit, a batch at a time
//! queue      what was read and is not committed yet
//! summary    what was done
//! cost       what the requests cost
//! ```

mod cost;
mod plan;
mod queue;
mod read;
mod selection;
mod summary;
#[cfg(test)]
mod tests;

pub use cost::request_cost_usd;
pub use plan::{History, Plan, SourceRequest};
pub use read::ReadOptions;
pub(super) use selection::LOG_DELIVERY;
pub use selection::Selection;
pub(super) use summary::with_reason;
pub use summary::{Duplicates, Pruned, RequestCounts, Summary};

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

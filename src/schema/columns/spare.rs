//! Memory of columns that were written, for the next ones.
//!
//! Forty columns of each of thousands of objects would grow from nothing, and every page of theirs
//! would come fresh from the system: a tenth of an ingest.

use std::sync::{Mutex, PoisonError};

/// Blocks without rows, whoever took or gives them.
pub struct Spare<C>(Mutex<Blocks<C>>);

struct Blocks<C> {
    blocks: Vec<(C, usize)>,
    /// What they take.
    bytes: usize,
}

/// More memory is not kept: an ingest of usual objects has no more rows at a time.
const KEPT_BYTES: usize = 128 << 20;

impl<C> Spare<C> {
    /// Nothing kept yet.
    #[expect(clippy::new_without_default, reason = "for statics; a trait's function is no const")]
    pub const fn new() -> Self {
        Self(Mutex::new(Blocks { blocks: Vec::new(), bytes: 0 }))
    }

    /// A block that was given back.
    pub fn take(&self) -> Option<C> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (block, size) = kept.blocks.pop()?;
        kept.bytes -= size;
        Some(block)
    }

    /// Keeps a block without rows, whose columns take so many bytes.
    pub fn give_back(&self, block: C, size: usize) {
        let size = size + size_of::<C>();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.bytes + size <= KEPT_BYTES {
            kept.bytes += size;
            kept.blocks.push((block, size));
        }
    }

    /// Frees all that is kept.
    pub fn forget(&self) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Blocks { blocks: Vec::new(), bytes: 0 };
    }
}

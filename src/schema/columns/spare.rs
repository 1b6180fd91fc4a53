//! Memory of columns that were written, for the next ones.
//!
//! Forty columns of each of thousands of objects would grow from nothing, and every page of theirs
//! would come fresh from the system: a tenth of an ingest.

use std::sync::{Mutex, PoisonError};

/// Emptied blocks of columns, shared by all threads.
pub struct Spare<C>(Mutex<Blocks<C>>);

struct Blocks<C> {
    blocks: Vec<(Box<C>, usize)>,
    /// What they take.
    bytes: usize,
}

/// More memory is not kept: an ingest of usual objects has no more rows at a time.
const KEPT_BYTES: usize = 64 << 20;
/// Nor are columns that take far more for each row they had than rows usually do …
const ROW_BYTES: usize = 4 << 10;
/// … but for what even a few rows take.
const LEAST_BYTES: usize = 64 << 10;

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
        Some(*block)
    }

    /// Keeps a block that had so many rows, has none, and whose columns take so many bytes.
    pub fn give_back(&self, block: C, rows: usize, size: usize) {
        let size = size + size_of::<C>();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.bytes + size <= KEPT_BYTES && size <= rows * ROW_BYTES + LEAST_BYTES {
            kept.bytes += size;
            kept.blocks.push((Box::new(block), size));
        }
    }

    /// Frees all that is kept.
    pub fn forget(&self) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Blocks { blocks: Vec::new(), bytes: 0 };
    }
}

#[cfg(test)]
mod tests {
    use super::{LEAST_BYTES, Spare};
    use crate::schema::TimeMs;
    use crate::schema::api_event::{ApiEvent, Columns};

    fn rows(count: i64) -> Columns {
        let row = |n: i64| ApiEvent {
            event_id: (n % 3 > 0).then(|| format!("id-{n}")),
            event_name: Some(format!("name-{}", n % 2)),
            event_time: Some(TimeMs(n)),
            input_tokens: (n % 5 == 0).then_some(n),
            read_only: (n % 4 > 0).then_some(n % 2 == 0),
            ..ApiEvent::default()
        };
        (0..count).map(row).collect()
    }

    #[test]
    fn columns_in_the_memory_of_others_hold_their_own_rows_only() {
        rows(1000).give_back();
        let mut columns = Columns::spare();
        assert!(columns.is_empty());
        assert_eq!(columns, Columns::default());
        columns.extend(rows(7).rows());
        assert_eq!(columns, rows(7));
    }

    #[test]
    fn columns_that_are_much_too_large_are_not_kept() {
        let spare = Spare::new();
        spare.give_back(1, 10, LEAST_BYTES / 2);
        spare.give_back(2, 10, 2 * LEAST_BYTES);
        assert_eq!((spare.take(), spare.take()), (Some(1), None));
        (0..1000).for_each(|block| spare.give_back(block, 1 << 10, 1 << 20));
        assert_eq!(std::iter::from_fn(|| spare.take()).count(), 63);
    }
}

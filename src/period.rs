//! Half-open ranges of time: `from` inclusive, `to` exclusive. A leaf: knows no store and no clock.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde::Serialize;

/// A range of time, `from` inclusive, `to` exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Period {
    /// First instant.
    pub from: DateTime<Utc>,
    /// First instant after.
    pub to: DateTime<Utc>,
}

impl Period {
    /// The UTC days the period touches, first and last; the same day when the period is empty.
    pub fn utc_days(self) -> (NaiveDate, NaiveDate) {
        let first = self.from.date_naive();
        let last = (self.to - Duration::milliseconds(1)).date_naive();
        (first, last.max(first))
    }

    /// Length in whole hours.
    pub fn hours(self) -> i64 {
        (self.to - self.from).num_hours()
    }

    /// The part of this period that lies in `other`; `None` when they don't meet.
    pub fn within(self, other: Self) -> Option<Self> {
        let (from, to) = (self.from.max(other.from), self.to.min(other.to));
        (from < to).then_some(Self { from, to })
    }
}

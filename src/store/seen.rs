//! Which ids the days being written hold already, as hashes.
//!
//! Nearly all rows repeat nothing. To know that without reading a day again at each commit, the writer
//! remembers a hash of each id. A hash may be here without its row (after a failed commit, or when an
//! object was replaced), never the other way round: what is not here is new, what is here may be.

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};

use chrono::NaiveDate;
use polars::polars_utils::aliases::PlRandomState;

use crate::schema::Table;

/// Hashes kept for all days together, 16 bytes each at most. The days that were not asked for longest
/// are forgotten first.
const MOST_HASHES: usize = 8_000_000;

type Day = (Table, NaiveDate);

/// The ids of some days.
#[derive(Default)]
pub(super) struct SeenIds {
    days: BTreeMap<Day, Ids>,
    hasher: PlRandomState,
    /// Counts the days asked for.
    clock: u64,
}

#[derive(Default)]
struct Ids {
    hashes: HashSet<u64, BuildHasherDefault<Hashed>>,
    asked: u64,
}

/// Takes a hash as it is: it needs no second one.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let byte = |hash: u64, byte: &u8| hash << 8 | u64::from(*byte);
        self.0 = bytes.iter().fold(self.0, byte);
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

impl SeenIds {
    /// Whether the ids of this day are known. If not, all that the store holds are to be added.
    pub(super) fn knows(&self, day: Day) -> bool {
        self.days.contains_key(&day)
    }

    /// Adds ids of a day; returns those that may have been there before.
    pub(super) fn add<'a>(&mut self, day: Day, ids: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
        self.clock += 1;
        let known = self.days.entry(day).or_default();
        known.asked = self.clock;
        ids.filter(|id| !known.hashes.insert(self.hasher.hash_one(id))).collect()
    }

    /// Forgets days until few enough hashes are left; the last one asked for stays.
    pub(super) fn forget_oldest(&mut self) {
        while self.days.len() > 1 && self.hashes() > MOST_HASHES {
            let oldest = self.days.iter().min_by_key(|(_, ids)| ids.asked).map(|(day, _)| *day);
            if let Some(oldest) = oldest {
                self.days.remove(&oldest);
            }
        }
    }

    fn hashes(&self) -> usize {
        self.days.values().map(|ids| ids.hashes.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::{MOST_HASHES, SeenIds};
    use crate::schema::Table;

    #[test]
    fn only_ids_of_the_same_day_and_table_were_seen() {
        let mut seen = SeenIds::default();
        let day = |n| (Table::Invocations, NaiveDate::from_epoch_days(n).unwrap_or_default());
        assert!(!seen.knows(day(1)));
        assert_eq!(seen.add(day(1), ["a", "b", "a"].into_iter()), ["a"]);
        assert!(seen.knows(day(1)));
        assert_eq!(seen.add(day(1), ["b", "c"].into_iter()), ["b"]);
        assert!(seen.add(day(2), ["b"].into_iter()).is_empty());
        assert!(seen.add((Table::ApiEvents, day(1).1), ["b"].into_iter()).is_empty());
    }

    #[test]
    fn the_oldest_days_are_forgotten_when_there_are_too_many_ids() {
        let mut seen = SeenIds::default();
        let day = |n| (Table::Invocations, NaiveDate::from_epoch_days(n).unwrap_or_default());
        let many: Vec<String> = (0..MOST_HASHES / 2).map(|n| n.to_string()).collect();
        for n in 1..=3 {
            seen.add(day(n), many.iter().map(String::as_str));
            seen.forget_oldest();
        }
        assert_eq!([1, 2, 3].map(|n| seen.knows(day(n))), [false, true, true]);
    }
}

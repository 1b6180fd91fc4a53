//! The distinct values of a column, and which of them each row has.

use std::ops::Range;

use polars::prelude::PlHashMap;

use crate::schema::columns::{NULL, Texts};

/// Texts of a dictionary after which it must prove that it is shorter than its column …
const TRIED_TEXTS: usize = 4096;
/// … and bytes after which it is given up.
const DICTIONARY_BYTES: usize = 8 << 20;
/// Numbers that lie no further apart than this are looked up in a table.
const TABLE: usize = 1 << 16;

/// The distinct texts of a column, and which of them each row has.
pub(super) struct Dictionary<'a> {
    pub(super) texts: Vec<&'a str>,
    /// Size of all texts.
    pub(super) bytes: usize,
    pub(super) keys: Vec<u32>,
}

impl<'a> Dictionary<'a> {
    /// `None` where the texts hardly repeat: then writing them out is shorter.
    pub(super) fn of(pieces: &[(&'a Texts, Range<usize>)], height: usize) -> Option<Self> {
        let mut known: PlHashMap<&'a str, u32> = PlHashMap::default();
        let mut all = Self { texts: Vec::new(), bytes: 0, keys: Vec::new() };
        let mut all_keys = Vec::with_capacity(height);
        let mut of_piece: Vec<u32> = Vec::new();
        let mut seen = 0;
        for (texts, rows) in pieces {
            of_piece.clear();
            of_piece.resize(texts.entries(), NULL);
            let keys = texts.keys(rows.clone());
            let missing = rows.len() - keys.len();
            let mut place_of = |key: u32| {
                let Some(place) = of_piece.get_mut(key as usize) else { return NULL };
                if *place == NULL {
                    let text = texts.entry(key);
                    *place = *known.entry(text).or_insert_with(|| all.add(text));
                    seen += 1;
                }
                *place
            };
            match keys.first() {
                // Much is the same in all of an object.
                Some(first) if keys.iter().all(|key| key == first) => {
                    let place = place_of(*first);
                    all_keys.extend(std::iter::repeat_n(place, keys.len()));
                }
                _ => all_keys.extend(keys.iter().map(|key| place_of(*key))),
            }
            all_keys.extend(std::iter::repeat_n(NULL, missing));
            let repeats_little = all.texts.len() > TRIED_TEXTS && all.texts.len() * 3 > seen * 2;
            if repeats_little || all.bytes > DICTIONARY_BYTES {
                return None;
            }
        }
        Some(Self { keys: all_keys, ..all })
    }

    fn add(&mut self, text: &'a str) -> u32 {
        self.texts.push(text);
        self.bytes += text.len();
        u32::try_from(self.texts.len() - 1).unwrap_or(NULL)
    }
}

/// The distinct numbers of a column, and which of them each row has.
pub(super) struct NumberDictionary {
    pub(super) numbers: Vec<i64>,
    pub(super) keys: Vec<u32>,
}

impl NumberDictionary {
    /// `None` where the numbers lie too far apart for a table of them, or hardly repeat.
    pub(super) fn of(values: &[Option<i64>]) -> Option<Self> {
        let known = || values.iter().copied().flatten();
        let (min, max) = (known().min()?, known().max()?);
        let range = usize::try_from(max.checked_sub(min)?).ok()?;
        if range >= values.len().max(TABLE) {
            return None;
        }
        let mut places = vec![NULL; range + 1];
        let mut all = Self { numbers: Vec::new(), keys: Vec::with_capacity(values.len()) };
        for value in values {
            let offset = value.and_then(|value| usize::try_from(value - min).ok());
            let Some((place, value)) = offset.and_then(|at| places.get_mut(at)).zip(*value) else {
                all.keys.push(NULL);
                continue;
            };
            if *place == NULL {
                *place = u32::try_from(all.numbers.len()).unwrap_or(NULL);
                all.numbers.push(value);
            }
            all.keys.push(*place);
        }
        (all.numbers.len() * 4 < values.len() * 3 || all.numbers.len() < 64).then_some(all)
    }
}

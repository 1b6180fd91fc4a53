//! A column of texts: in a log most of them came by lately.

use std::borrow::Cow;
use std::ops::Range;

use super::{Stretches, Values, Visitor, keep};

/// Texts, each kept once as far as that is cheap to know, and which of them each row has.
#[derive(Debug, Default, Clone)]
pub struct Texts {
    bytes: String,
    /// Where each entry ends in `bytes`; it starts where the one before ends.
    ends: Vec<usize>,
    /// The entry of each row, or [`NULL`].
    keys: Vec<u32>,
    /// Entries by a hash of their text, the last one that came by for each; empty until it is worth it.
    recent: Vec<u32>,
}

/// The key of a row without a text.
pub const NULL: u32 = u32::MAX;

/// How many entries are looked up before a text is kept once more.
const RECENT: usize = 128;
/// Rows after which a column that hardly ever repeats itself is no longer looked up.
const TRIED: usize = 64;

impl Texts {
    /// The keys of these rows: entries, or [`NULL`]. Rows at the end may be missing: they are null.
    pub fn keys(&self, rows: Range<usize>) -> &[u32] {
        let end = rows.end.min(self.keys.len());
        self.keys.get(rows.start..end).unwrap_or_default()
    }

    /// The texts of these rows.
    pub fn each(&self, rows: Range<usize>) -> impl Iterator<Item = Option<&str>> {
        rows.map(|row| {
            let key = self.keys.get(row).filter(|key| **key != NULL)?;
            Some(self.entry(*key))
        })
    }

    /// The texts of these rows, those in a row that are kept as one only once.
    pub fn each_anew(&self, rows: Range<usize>) -> impl Iterator<Item = &str> {
        let runs = self.keys(rows).chunk_by(|key, next| key == next);
        let keys = runs.filter_map(|run| run.first().filter(|key| **key != NULL));
        keys.map(|key| self.entry(*key))
    }

    /// How many texts are kept.
    pub fn entries(&self) -> usize {
        self.ends.len()
    }

    /// A text that is kept; empty where there is no such entry.
    pub fn entry(&self, key: u32) -> &str {
        self.bytes.get(self.place(key)).unwrap_or_default()
    }

    /// Where a text that is kept lies in [`Self::bytes`].
    #[inline]
    pub fn place(&self, key: u32) -> Range<usize> {
        let key = key as usize;
        let start = if key == 0 { 0 } else { self.ends.get(key - 1).copied().unwrap_or(0) };
        start..self.ends.get(key).copied().unwrap_or(start)
    }

    /// All texts that are kept, one after another.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.as_bytes()
    }

    /// The key of a text, which is kept if it isn't yet.
    fn key(&mut self, text: &str) -> u32 {
        if self.keys.len() > TRIED && self.hardly_repeats() {
            return self.keep_text(text);
        }
        if let Some(last) = self.keys.last()
            && *last != NULL
            && self.entry(*last) == text
        {
            return *last;
        }
        if self.recent.is_empty() {
            if self.ends.is_empty() {
                return self.keep_text(text);
            }
            self.recent.resize(RECENT, NULL);
            let first = hash(self.entry(0).as_bytes()) % RECENT;
            self.recent[first] = 0;
        }
        let place = hash(text.as_bytes()) % RECENT;
        let known = self.recent[place];
        if known != NULL && self.entry(known) == text {
            return known;
        }
        let key = self.keep_text(text);
        self.recent[place] = key;
        key
    }

    /// Whether the texts are hardly ever the same: ids, hashes.
    #[inline]
    fn hardly_repeats(&self) -> bool {
        self.ends.len() * 4 > self.keys.len() * 3
    }

    #[inline]
    fn put_key(&mut self, row: usize, key: u32) {
        if self.keys.len() < row {
            self.keys.resize(row, NULL);
        }
        self.keys.push(key);
    }

    fn keep_text(&mut self, text: &str) -> u32 {
        let key = u32::try_from(self.ends.len()).unwrap_or(NULL);
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len());
        key
    }
}

/// A hash of a text's length, start, middle and end: names in logs differ in one of them.
fn hash(text: &[u8]) -> usize {
    const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
    let word =
        |at: usize| text.get(at..).and_then(<[u8]>::first_chunk).map(|b| u64::from_le_bytes(*b));
    let mixed = match (word(0), text.last_chunk()) {
        (Some(first), Some(last)) => {
            let middle = word(text.len() / 2 - 4).unwrap_or(0);
            first ^ u64::from_le_bytes(*last).rotate_left(21) ^ middle.rotate_left(43)
        }
        _ => text.iter().fold(0, |all, byte| all << 8 | u64::from(*byte)),
    };
    ((mixed ^ text.len() as u64).wrapping_mul(SPREAD) >> 48) as usize
}

/// Equal when each row has the same text, however the texts are kept.
impl PartialEq for Texts {
    fn eq(&self, other: &Self) -> bool {
        let rows = self.keys.len().max(other.keys.len());
        (0..rows).all(|row| self.get(row) == other.get(row))
    }
}

impl Eq for Texts {}

/// A text that was put, and its key.
#[derive(Debug, Default)]
pub struct TextMemo<'a> {
    text: &'a str,
    key: u32,
}

impl Values for Texts {
    type Value<'a> = Cow<'a, str>;
    type Memo<'a> = TextMemo<'a>;

    fn reserve(&mut self, rows: usize) {
        if self.keys.is_empty() {
            return;
        }
        self.keys.reserve_exact(rows);
        if self.hardly_repeats() {
            self.ends.reserve_exact(rows);
            self.bytes.reserve_exact(self.bytes.len().div_ceil(self.keys.len()) * rows);
        }
    }

    #[inline]
    fn put(&mut self, row: usize, value: Cow<'_, str>) {
        let key = self.key(&value);
        self.put_key(row, key);
    }

    /// The very same text, at the same place in memory, needs no look.
    #[inline]
    fn put_again<'a>(&mut self, row: usize, value: &Cow<'a, str>, memo: &mut TextMemo<'a>) {
        let text = match value {
            Cow::Borrowed(text) => *text,
            Cow::Owned(text) => return self.put(row, Cow::Borrowed(text)),
        };
        if text.is_empty() || !std::ptr::eq(text, memo.text) {
            *memo = TextMemo { text, key: self.key(text) };
        }
        self.put_key(row, memo.key);
    }

    fn keep(&mut self, rows: &[bool]) {
        keep(&mut self.keys, rows);
    }

    fn truncate(&mut self, rows: usize) {
        self.keys.truncate(rows);
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.keys.clear();
        self.recent.clear();
    }

    fn size(&self) -> usize {
        let keys = (self.keys.capacity() + self.recent.capacity()) * size_of::<u32>();
        self.bytes.capacity() + self.ends.capacity() * size_of::<usize>() + keys
    }

    fn text_bytes(&self) -> usize {
        self.bytes.len()
    }

    fn get(&self, row: usize) -> Option<Cow<'_, str>> {
        let key = self.keys.get(row).filter(|key| **key != NULL)?;
        Some(Cow::Borrowed(self.entry(*key)))
    }

    fn show<'a, V: Visitor<'a>>(name: &'static str, pieces: Stretches<'a, Self>, visitor: &mut V) {
        visitor.texts(name, pieces);
    }

    fn texts(&self) -> Option<&Texts> {
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Texts, Values as _};

    fn column(rows: &[Option<String>]) -> Texts {
        let mut texts = Texts::default();
        fill(&mut texts, rows);
        texts
    }

    fn fill(texts: &mut Texts, rows: &[Option<String>]) {
        for (row, text) in rows.iter().enumerate() {
            if let Some(text) = text {
                texts.put(row, text.into());
            }
        }
    }

    fn check(texts: &Texts, rows: &[Option<String>]) {
        let found: Vec<_> = (0..rows.len()).map(|row| texts.get(row)).collect();
        let expected: Vec<_> = rows.iter().map(|text| text.as_deref().map(Into::into)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn names_are_kept_once_and_ids_cost_no_look_up() {
        let names: Vec<_> = (0..300).map(|n| Some(format!("model-{}", n % 7))).collect();
        assert_eq!(column(&names).entries(), 7);
        let ids: Vec<_> = (0..300).map(|n| Some(format!("{n:036}"))).collect();
        assert_eq!(column(&ids).entries(), 300);
    }

    proptest! {
        #[test]
        fn every_row_reads_back_as_it_was_put(
            rows in prop::collection::vec(prop::option::of("[ab]{0,2}|[a-z]{20}|é{3,9}"), 0..300),
            kept in prop::collection::vec(any::<bool>(), 300),
            most in 0_usize..300,
        ) {
            let mut texts = column(&rows);
            check(&texts, &rows);
            texts.keep(&kept);
            let rows: Vec<_> =
                rows.into_iter().zip(&kept).filter(|(_, kept)| **kept).map(|(row, _)| row).collect();
            check(&texts, &rows);
            texts.truncate(most);
            let rows = &rows[..most.min(rows.len())];
            check(&texts, rows);
            prop_assert!(texts == column(rows));
            texts.clear();
            fill(&mut texts, rows);
            check(&texts, rows);
        }
    }
}

//! Reading a document again that is like the last one but for some of its values.
//!
//! Writers of logs repeat themselves: the same keys in the same order, and most values as they were.
//! So a document is compared with the last one byte by byte, and only where a value differs is it
//! read, by whoever reads it anyway. Everything else is as it was and was checked then: what lies
//! between the values is the same text, so the document is JSON if its new values are.

use std::borrow::Cow;

use super::{Cursor, Fault};

/// The way to a field through the objects it lies in; made by [`Fields::locate`].
pub(in crate::records) type Way = u32;

/// Where a value belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::records) enum Located {
    /// Nowhere.
    Unwanted,
    /// To the field at the end of this way, which takes it as a whole.
    Value(Way),
    /// To the fields of the object at the end of this way.
    Object(Way),
}

/// An object with fields that can be read one by one.
pub(in crate::records) trait Fields<'a> {
    /// Where the value at the end of these keys belongs.
    fn locate(keys: &[Cow<'a, str>]) -> Located;
    /// Reads the next value into the field at the end of `way`.
    fn read_at(&mut self, way: Way, cursor: &mut Cursor<'a>) -> Result<(), Fault>;
}

/// The last document: where it lies, and the values in it.
#[derive(Debug)]
pub(in crate::records) struct Last {
    start: usize,
    len: usize,
    values: Vec<Value>,
    /// Values that the document being read has otherwise: which, and their new length.
    changed: Vec<(usize, usize)>,
}

/// A value of the last document.
#[derive(Debug)]
struct Value {
    /// Bytes between the value before and this one.
    gap: usize,
    len: usize,
    way: Option<Way>,
}

impl Last {
    /// The document at which `cursor` stands, an object that was read into a `T` before. `None` if
    /// it can't be told by its text alone what its fields are: when a key occurs twice.
    pub(in crate::records) fn of<'a, T: Fields<'a>>(cursor: &mut Cursor<'a>) -> Option<Self> {
        let start = cursor.at();
        let mut walk = Walk { end: start, values: Vec::new(), ways: Vec::new(), is_clear: true };
        walk.object::<T>(cursor, &mut Vec::new()).ok()?;
        let len = cursor.at() - start;
        let Walk { values, is_clear, .. } = walk;
        is_clear.then_some(Self { start, len, values, changed: Vec::new() })
    }

    /// Reads the document at which `cursor` stands into `fields`, which hold the last one. False if it
    /// is another kind of document: then nothing was read.
    pub(in crate::records) fn read_again<'a, T: Fields<'a>>(
        &mut self,
        fields: &mut T,
        cursor: &mut Cursor<'a>,
    ) -> bool {
        let start = cursor.at();
        if self.read_changed(fields, cursor).is_none() {
            self.restore(fields, cursor);
            cursor.scan.at = start;
            return false;
        }
        for (value, len) in self.changed.drain(..) {
            self.values[value].len = len;
        }
        self.len = cursor.at() - start;
        self.start = start;
        true
    }

    /// Reads the values that differ; `None` where anything else does.
    fn read_changed<'a, T: Fields<'a>>(
        &mut self,
        fields: &mut T,
        cursor: &mut Cursor<'a>,
    ) -> Option<()> {
        let text = cursor.text.as_bytes();
        let last = text.get(self.start..self.start + self.len)?;
        let mut rest = cursor.at(); // where `at`, a place in the last document, lies in this one
        let (mut at, mut end) = (0, 0);
        let mut values = self.values.iter().enumerate();
        loop {
            let differs = at + common_len(&last[at..], &text[rest..]);
            if differs == last.len() {
                cursor.scan.at = rest + differs - at;
                return Some(());
            }
            let (place, value, start) = loop {
                let (place, value) = values.next()?;
                let start = end + value.gap;
                end = start + value.len;
                if differs <= end {
                    break (place, value, start);
                }
            };
            let from = rest + start.checked_sub(at).filter(|_| start <= differs)?;
            let is_null = |first: u8| first == b'n';
            let first = text.get(from).filter(|first| **first > b' ')?;
            if is_null(*first) != is_null(last[start]) {
                return None; // whether a key has a value is more than its value
            }
            cursor.scan.at = from;
            self.changed.push((place, 0));
            match value.way {
                Some(way) => fields.read_at(way, cursor).ok()?,
                None => cursor.skip().ok()?,
            }
            rest = cursor.at();
            at = end;
            self.changed.last_mut()?.1 = rest - from;
        }
    }

    /// Reads the last document's values again where those of another were read.
    fn restore<'a, T: Fields<'a>>(&mut self, fields: &mut T, cursor: &mut Cursor<'a>) {
        let mut start = self.start;
        for (place, value) in self.values.iter().enumerate() {
            start += value.gap;
            if let Some(way) = value.way
                && self.changed.iter().any(|(changed, _)| *changed == place)
            {
                cursor.scan.at = start;
                fields.read_at(way, cursor).ok(); // it was read before
            }
            start += value.len;
        }
        self.changed.clear();
    }
}

/// Finds the values of a document.
struct Walk {
    /// The end of the last value.
    end: usize,
    values: Vec<Value>,
    /// The ways to fields that were met.
    ways: Vec<Way>,
    is_clear: bool,
}

impl Walk {
    /// Crosses an object whose fields are known by `keys`.
    fn object<'a, T: Fields<'a>>(
        &mut self,
        cursor: &mut Cursor<'a>,
        keys: &mut Vec<Cow<'a, str>>,
    ) -> Result<(), Fault> {
        cursor.object(|cursor, key| {
            keys.push(key.clone());
            let located = T::locate(keys);
            let way = match located {
                Located::Unwanted => None,
                Located::Value(way) | Located::Object(way) => Some(way),
            };
            if let Some(way) = way {
                self.is_clear &= !self.ways.contains(&way);
                self.ways.push(way);
            }
            if cursor.peek()? == b'{' && matches!(located, Located::Object(_)) {
                self.object::<T>(cursor, keys)?;
            } else {
                let start = cursor.at();
                cursor.skip()?;
                let len = cursor.at() - start;
                self.values.push(Value { gap: start - self.end, len, way });
                self.end = cursor.at();
            }
            keys.pop();
            Ok(())
        })
    }
}

/// How many bytes both start with.
#[inline]
fn common_len(a: &[u8], b: &[u8]) -> usize {
    const BLOCK: usize = 32;
    const WORD: usize = 8;
    let mut at = 0;
    while let (Some(a), Some(b)) = (a[at..].first_chunk::<BLOCK>(), b[at..].first_chunk())
        && a == b
    {
        at += BLOCK;
    }
    while let (Some(a), Some(b)) = (a[at..].first_chunk::<WORD>(), b[at..].first_chunk()) {
        let difference = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
        if difference != 0 {
            return at + difference.trailing_zeros() as usize / WORD;
        }
        at += WORD;
    }
    at + a[at..].iter().zip(&b[at..]).take_while(|(a, b)| a == b).count()
}

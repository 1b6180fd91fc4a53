//! The complete elements of a document that is cut: a cut `CloudTrail` file still holds most events.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::top::is_list_key;
use crate::records::wire::Key;

/// The elements that end before the cut: of a bare array, or of a wrapper's list.
pub(super) fn elements(cut: &str) -> Vec<&RawValue> {
    let mut found = Vec::new();
    let mut input = serde_json::Deserializer::from_str(cut);
    match cut.trim_ascii_start().as_bytes().first() {
        // Both end in the error that brought the document here; what was found before it counts.
        Some(b'[') => drop(Elements(&mut found).deserialize(&mut input)),
        Some(b'{') => drop(input.deserialize_map(Wrapper(&mut found))),
        _ => {}
    }
    found
}

/// The text from the first to the last of [`elements`].
pub(in crate::records) fn open_list(cut: &str) -> Option<&str> {
    let found = elements(cut);
    let (first, last) = (found.first()?.get(), found.last()?.get());
    let start = first.as_ptr().addr().checked_sub(cut.as_ptr().addr())?;
    let len = last.as_ptr().addr().checked_sub(first.as_ptr().addr())? + last.len();
    cut.get(start..start + len)
}

struct Elements<'v, 'a>(&'v mut Vec<&'a RawValue>);

impl<'de> DeserializeSeed<'de> for Elements<'_, 'de> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<(), D::Error> {
        input.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Elements<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(element) = seq.next_element()? {
            self.0.push(element);
        }
        Ok(())
    }
}

struct Wrapper<'v, 'a>(&'v mut Vec<&'a RawValue>);

impl<'de> Visitor<'de> for Wrapper<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a wrapper")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Key(key)) = map.next_key()? {
            if is_list_key(&key) {
                map.next_value_seed(Elements(self.0))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

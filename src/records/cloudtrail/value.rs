//! The values of an event's fields, each read as what it is meant to be and null when it is anything
//! else.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Visitor};

use crate::records::json::{Cursor, Fault};
use crate::records::wire::{Raw, Read};

/// A text; a number counts as the text that writes it. Null for the empty text, which says nothing.
#[derive(Debug, Default)]
pub(super) struct Word<'a>(Option<Cow<'a, str>>);

impl<'a> Word<'a> {
    /// The text, if there is one.
    #[inline]
    pub(super) fn text(&self) -> Option<Cow<'a, str>> {
        self.0.clone()
    }

    /// The same, only to be looked at.
    #[inline]
    pub(super) fn get(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl<'a> Read<'a> for Word<'a> {
    #[inline]
    fn read_into(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
        self.0 = text(Raw::read(cursor)?);
        Ok(())
    }
}

/// True or false, or the text of it.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Flag(pub(super) Option<bool>);

impl<'a> Read<'a> for Flag {
    fn read_into(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
        self.0 = flag(Raw::read(cursor)?);
        Ok(())
    }
}

/// A count: a whole number from 0, or the text of it.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Count(pub(super) Option<i64>);

impl<'a> Read<'a> for Count {
    fn read_into(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
        self.0 = count(Raw::read(cursor)?);
        Ok(())
    }
}

#[inline]
fn text(raw: Raw<'_>) -> Option<Cow<'_, str>> {
    if let Some(text) = raw.plain_text() {
        return (!text.is_empty()).then_some(Cow::Borrowed(text));
    }
    let raw = raw.get();
    let text = match raw.as_bytes().first()? {
        b'"' => unquoted(raw)?,
        b'-' | b'0'..=b'9' => Cow::Borrowed(raw),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

fn flag(raw: Raw<'_>) -> Option<bool> {
    let written = raw.get().trim_matches('"');
    match written {
        _ if written.eq_ignore_ascii_case("true") => Some(true),
        _ if written.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn count(raw: Raw<'_>) -> Option<i64> {
    let number: i64 = raw.get().trim_matches('"').parse().ok()?;
    (number >= 0).then_some(number)
}

/// An object or list of which the text is wanted too.
#[derive(Debug, Default)]
pub(super) struct Whole<'a, T> {
    pub(super) value: T,
    json: &'a str,
    /// Blanks stand between its parts.
    blanks: bool,
}

impl<'a, T: Read<'a>> Read<'a> for Whole<'a, T> {
    fn read_into(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
        cursor.peek()?;
        let (from, outside) = (cursor.at(), cursor.forget_blanks());
        self.value.read_into(cursor)?;
        self.json = cursor.since(from);
        self.blanks = cursor.forget_blanks();
        cursor.note_blanks(outside || self.blanks);
        Ok(())
    }
}

/// A part that is not looked into.
#[derive(Debug, Default)]
pub(super) struct Crossed;

impl<'a> Read<'a> for Crossed {
    fn read_into(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
        cursor.skip()
    }
}

impl<'a, T> Whole<'a, T> {
    /// An object or list as JSON text without blanks between its parts; order and numbers as written.
    pub(super) fn compact(&self) -> Option<Cow<'a, str>> {
        let has_parts = self.json.starts_with(['{', '[']);
        has_parts.then(|| if self.blanks { compact(self.json).into() } else { self.json.into() })
    }
}

fn compact(raw: &str) -> String {
    let mut compact = String::with_capacity(raw.len());
    let (mut in_text, mut escaped, mut from) = (false, false, 0);
    for (at, byte) in raw.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_text = !in_text,
            b' ' | b'\t' | b'\n' | b'\r' if !in_text => {
                compact.push_str(&raw[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    compact.push_str(&raw[from..]);
    compact
}

fn unquoted(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if !inner.contains('\\') {
        return Some(Cow::Borrowed(inner));
    }
    let Lossy(text) = serde_json::from_str(raw).ok()?;
    Some(Cow::Owned(text))
}

/// Text whose half surrogate pairs (`"\ud800"`, from clients that cut in the middle) are replaced.
struct Lossy(String);

impl<'de> Deserialize<'de> for Lossy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Lossy;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a text")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Lossy, E> {
                Ok(Lossy(String::from_utf8_lossy(bytes).into_owned()))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

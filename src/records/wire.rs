//! Lenient JSON: takes what is asked for, skips the rest, and never fails on a type.
//!
//! A field that is missing and a field of the wrong type read the same: unknown. Only text that is
//! no JSON is an error. Values borrow from the input. Of a repeated key the last one counts.

use std::borrow::Cow;

use super::json::{Cursor, Fault};

/// What a JSON value is read into. Of another kind of value, it is the default.
pub(super) trait Read<'a>: Default {
    /// Consumes the next value; what was read before is forgotten. In place, since the structs are
    /// large and moving them costs more than reading.
    fn read_into(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Fault>;

    /// Consumes the next value.
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, Fault> {
        let mut value = Self::default();
        value.read_into(cursor)?;
        Ok(value)
    }
}

/// Declares a JSON object of which only the named keys are read.
macro_rules! object {
    ($(#[$doc:meta])* struct $name:ident<$life:lifetime> {
        $($key:literal => $field:ident: $type:ty,)*
    }) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        pub(in crate::records) struct $name<$life> {
            $(pub(in crate::records) $field: $type,)*
            next: usize,
        }
        object!(@read [$life] $name<$life> { $($key => $field: $type,)* });
    };
    ($(#[$doc:meta])* struct $name:ident {
        $($key:literal => $field:ident: $type:ty,)*
    }) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        pub(in crate::records) struct $name {
            $(pub(in crate::records) $field: $type,)*
            next: usize,
        }
        object!(@read ['a] $name { $($key => $field: $type,)* });
    };
    (@read [$life:lifetime] $name:ty { $($key:literal => $field:ident: $type:ty,)* }) => {
        impl<$life> $crate::records::wire::Object<$life> for $name {
            fn entry(
                &mut self,
                key: &str,
                cursor: &mut $crate::records::json::Cursor<$life>,
            ) -> Result<bool, $crate::records::json::Fault> {
                #[allow(non_camel_case_types, reason = "numbers the fields")]
                enum Field { $($field),* }
                const KEYS: &[&str] = &[$($key),*];
                let Some(place) = $crate::records::wire::find(KEYS, self.next, key) else {
                    return Ok(false);
                };
                self.next = place + 1;
                match place {
                    $(_ if place == Field::$field as usize => {
                        <$type as $crate::records::wire::Read>::read_into(&mut self.$field, cursor)?;
                    })*
                    _ => return Ok(false),
                }
                Ok(true)
            }
        }

        impl<$life> $crate::records::wire::Read<$life> for $name {
            fn read_into(
                &mut self,
                cursor: &mut $crate::records::json::Cursor<$life>,
            ) -> Result<(), $crate::records::json::Fault> {
                *self = Self::default();
                $crate::records::wire::fill_object(self, cursor)
            }
        }
    };
}
pub(super) use object;

/// The place of a key among those that are wanted. Writers keep to an order, so the place behind that
/// of the last key found is looked at first.
#[inline]
pub(super) fn find(keys: &[&str], next: usize, key: &str) -> Option<usize> {
    let (before, after) = keys.split_at_checked(next)?;
    let is_key = |known: &&str| same(known.as_bytes(), key.as_bytes());
    after
        .iter()
        .position(is_key)
        .map(|place| next + place)
        .or_else(|| before.iter().position(is_key))
}

/// Whether two short texts are the same. By words, since calling the library's comparison takes longer
/// than comparing so few bytes.
#[inline]
fn same(a: &[u8], b: &[u8]) -> bool {
    const WORD: usize = 8;
    if a.len() != b.len() {
        return false;
    }
    match (a.first_chunk::<WORD>(), b.first_chunk(), a.last_chunk::<WORD>(), b.last_chunk()) {
        (Some(a_first), Some(b_first), Some(a_last), Some(b_last)) => {
            let inside = WORD..a.len() - WORD;
            a_first == b_first
                && a_last == b_last
                && (a.len() <= 2 * WORD || a.get(inside.clone()) == b.get(inside))
        }
        _ => a.iter().zip(b).all(|(a, b)| a == b),
    }
}

/// An object that is filled entry by entry.
pub(super) trait Object<'a>: Default {
    /// Takes the value that belongs to `key`; false when the key is not wanted and nothing was read.
    fn entry(&mut self, key: &str, cursor: &mut Cursor<'a>) -> Result<bool, Fault>;
}

/// Fills an object that is the default; any other value leaves it so.
pub(super) fn fill_object<'a, T: Object<'a>>(
    object: &mut T,
    cursor: &mut Cursor<'a>,
) -> Result<(), Fault> {
    if cursor.peek()? != b'{' {
        return cursor.skip();
    }
    cursor.object(|cursor, key| if object.entry(key, cursor)? { Ok(()) } else { cursor.skip() })
}

/// `null` is `None`.
impl<'a, T: Read<'a>> Read<'a> for Option<T> {
    fn read_into(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
        if cursor.peek()? == b'n' {
            *self = None;
            return cursor.skip();
        }
        cursor.take();
        self.insert(T::default()).read_into(cursor)
    }
}

impl<'a, T: Read<'a>> Read<'a> for Box<T> {
    fn read_into(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
        (**self).read_into(cursor)
    }
}

/// Any value, as written.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Raw<'a> {
    json: &'a str,
    /// A text that is written as it is, without escapes.
    is_plain_text: bool,
}

impl<'a> Read<'a> for Raw<'a> {
    #[inline]
    fn read_into(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
        (self.json, self.is_plain_text) = cursor.raw()?;
        cursor.take();
        Ok(())
    }
}

impl<'a> Raw<'a> {
    /// Its JSON text.
    #[inline]
    pub(super) fn get(self) -> &'a str {
        self.json
    }

    /// The text, if it is one and written without escapes.
    #[inline]
    pub(super) fn plain_text(self) -> Option<&'a str> {
        let inside = 1..self.json.len().checked_sub(1)?;
        self.is_plain_text.then(|| self.json.get(inside)).flatten()
    }
}

/// A string; unknown when it is anything else, or holds an escape that is no character.
#[derive(Debug, Default, Clone)]
pub(super) struct Text<'a>(pub(super) Option<Cow<'a, str>>);

impl<'a> Read<'a> for Text<'a> {
    fn read_into(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
        if cursor.peek()? != b'"' {
            self.0 = None;
            return cursor.skip();
        }
        self.0 = cursor.quoted()?.unescaped();
        if self.0.is_some() {
            cursor.take();
        }
        Ok(())
    }
}

impl Text<'_> {
    /// The string, if it is known.
    pub(super) fn get(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The string as a column's value.
    pub(super) fn to_column(&self) -> Option<Cow<'_, str>> {
        self.get().map(Cow::Borrowed)
    }
}

/// The string that this JSON text writes.
pub(super) fn text(json: &str) -> Option<Cow<'_, str>> {
    parse::<Text<'_>>(json).ok()?.0
}

/// A count; unknown when it is negative, fractional or no number.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Count(pub(super) Option<i64>);

impl<'a> Read<'a> for Count {
    fn read_into(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
        self.0 = count(cursor.raw()?.0);
        if self.0.is_some() {
            cursor.take();
        }
        Ok(())
    }
}

/// `12`, and also `12.0` as some tools re-encode it.
fn count(json: &str) -> Option<i64> {
    let number = match json.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|digit| digit == b'0') => whole,
        Some(_) => return None,
        None => json,
    };
    number.parse().ok().filter(|count| *count >= 0)
}

/// The elements of an array; none when it is anything else.
#[derive(Debug)]
pub(super) struct List<T>(pub(super) Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'a, T: Read<'a>> Read<'a> for List<T> {
    fn read_into(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
        self.0.clear();
        if cursor.peek()? != b'[' {
            return cursor.skip();
        }
        cursor.list(|cursor| {
            cursor.take();
            self.0.push(T::read(cursor)?);
            Ok(())
        })
    }
}

/// How many elements an array has; unknown when it is anything else.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Length(pub(super) Option<i64>);

impl<'a> Read<'a> for Length {
    fn read_into(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
        self.0 = None;
        if cursor.peek()? != b'[' {
            return cursor.skip();
        }
        let mut length = 0;
        cursor.take();
        cursor.list(|cursor| {
            length += 1;
            cursor.skip()
        })?;
        self.0 = Some(length);
        Ok(())
    }
}

/// The only JSON value of `json`.
pub(super) fn parse<'a, T: Read<'a>>(json: &'a str) -> Result<T, Fault> {
    let mut cursor = Cursor::new(json);
    let value = T::read(&mut cursor)?;
    let end = cursor.at();
    let rest = json.get(end..).unwrap_or_default();
    let only_blanks = rest.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    if only_blanks { Ok(value) } else { Err(Fault { at: end, incomplete: false }) }
}

#[cfg(test)]
mod tests {
    use super::{Count, List, Text, parse};

    object! {
        struct Sample<'a> {
            "name" => name: Text<'a>,
            "count" => count: Count,
            "list" => list: List<Count>,
        }
    }

    fn check(json: &str, name: Option<&str>, count: Option<i64>, list: &[Option<i64>]) {
        let sample: Sample<'_> = parse(json).expect("JSON");
        let found: Vec<_> = sample.list.0.iter().map(|count| count.0).collect();
        assert_eq!((sample.name.get(), sample.count.0, &found[..]), (name, count, list), "{json}");
    }

    #[test]
    fn fields_are_taken_and_others_skipped() {
        check(
            r#"{"x":[{}],"name":"a\nb","count":7,"list":[1,2]}"#,
            Some("a\nb"),
            Some(7),
            &[Some(1), Some(2)],
        );
    }

    #[test]
    fn wrong_types_are_unknown() {
        check(r#"{"name":1,"count":"7","list":{"a":1}}"#, None, None, &[]);
        check(r#"{"name":null,"count":null,"list":null}"#, None, None, &[]);
        check(
            r#"{"name":{"a":[]},"count":[7],"list":["x",{},3]}"#,
            None,
            None,
            &[None, None, Some(3)],
        );
        check("[1]", None, None, &[]);
        check("\"text\"", None, None, &[]);
        check("-1", None, None, &[]);
    }

    #[test]
    fn counts_are_whole_and_not_negative() {
        for (json, expected) in [
            ("0", Some(0)),
            ("9223372036854775807", Some(i64::MAX)),
            ("9223372036854775808", None),
            ("12.0", Some(12)),
            ("12.5", None),
            ("1e999", None),
            ("-1", None),
            ("-0", Some(0)),
        ] {
            check(&format!(r#"{{"count":{json}}}"#), None, expected, &[]);
        }
    }

    #[test]
    fn of_a_repeated_key_the_last_counts() {
        check(r#"{"count":1,"count":2}"#, None, Some(2), &[]);
    }

    #[test]
    fn half_a_surrogate_pair_is_an_unknown_string_not_a_lost_record() {
        check(r#"{"name":"\ud800","count":1}"#, None, Some(1), &[]);
    }
}

//! Lenient JSON: takes what is asked for, skips the rest, and never fails on a type.
//!
//! A field that is missing and a field of the wrong type read the same: unknown. Only text that is
//! no JSON is an error. Values borrow from the input. Of a repeated key the last one counts.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Declares a JSON object of which only the named keys are read.
macro_rules! object {
    ($(#[$doc:meta])* struct $name:ident<$life:lifetime> {
        $($key:literal => $field:ident: $type:ty,)*
    }) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        pub(in crate::records) struct $name<$life> {
            $(pub(in crate::records) $field: $type,)*
        }
        object!(@read [$life] $name<$life> { $($key => $field,)* });
    };
    ($(#[$doc:meta])* struct $name:ident {
        $($key:literal => $field:ident: $type:ty,)*
    }) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        pub(in crate::records) struct $name {
            $(pub(in crate::records) $field: $type,)*
        }
        object!(@read ['de] $name { $($key => $field,)* });
    };
    (@read [$life:lifetime] $name:ty { $($key:literal => $field:ident,)* }) => {
        impl<$life> $crate::records::wire::Object<$life> for $name {
            fn entry<A: serde::de::MapAccess<$life>>(
                &mut self,
                key: &str,
                map: &mut A,
            ) -> Result<bool, A::Error> {
                match key {
                    $($key => self.$field = map.next_value()?,)*
                    _ => return Ok(false),
                }
                Ok(true)
            }
        }

        impl<$life> serde::Deserialize<$life> for $name {
            fn deserialize<D: serde::Deserializer<$life>>(input: D) -> Result<Self, D::Error> {
                $crate::records::wire::read_object(input)
            }
        }
    };
}
pub(super) use object;

/// An object that is filled entry by entry.
pub(super) trait Object<'de>: Default {
    /// Takes the value that belongs to `key`; false when the key is not wanted and nothing was read.
    fn entry<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<bool, A::Error>;
}

/// Reads an object; anything else is the empty one.
pub(super) fn read_object<'de, T, D>(input: D) -> Result<T, D::Error>
where
    T: Object<'de>,
    D: Deserializer<'de>,
{
    input.deserialize_any(ObjectVisitor(PhantomData))
}

/// What a visitor answers to the kinds of JSON it doesn't look for: the default.
macro_rules! default_for {
    (map) => {
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok(Self::Value::default())
        }
    };
    (seq) => {
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            Ok(Self::Value::default())
        }
    };
    (scalars) => {
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
    };
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Object<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut object = T::default();
        while let Some(Key(key)) = map.next_key()? {
            if !object.entry(&key, &mut map)? {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(object)
    }

    default_for!(seq);
    default_for!(scalars);
}

/// An object's key.
pub(super) struct Key<'a>(pub(super) Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(key)))
            }
            fn visit_str<E>(self, key: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(key.to_owned())))
            }
        }
        input.deserialize_str(KeyVisitor)
    }
}

/// A string; unknown when it is anything else, or holds an escape that is no character.
#[derive(Debug, Default, Clone)]
pub(super) struct Text<'a>(pub(super) Option<Cow<'a, str>>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(input).map(|raw| Self(text(raw.get())))
    }
}

impl Text<'_> {
    /// The string, if it is known.
    pub(super) fn get(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The string as a column's value.
    pub(super) fn to_column(&self) -> Option<String> {
        self.get().map(str::to_owned)
    }
}

/// The string that this JSON text writes.
pub(super) fn text(json: &str) -> Option<Cow<'_, str>> {
    let inside = json.strip_prefix('"')?.strip_suffix('"')?;
    if memchr::memchr(b'\\', inside.as_bytes()).is_none() {
        return Some(Cow::Borrowed(inside));
    }
    serde_json::from_str(json).map(Cow::Owned).ok()
}

/// A count; unknown when it is negative, fractional or no number.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Count(pub(super) Option<i64>);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(input).map(|raw| Self(count(raw.get())))
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

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct ListVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
            type Value = List<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any JSON")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<List<T>, A::Error> {
                let mut list = Vec::new();
                while let Some(element) = seq.next_element()? {
                    list.push(element);
                }
                Ok(List(list))
            }
            default_for!(map);
            default_for!(scalars);
        }
        input.deserialize_any(ListVisitor(PhantomData))
    }
}

/// How many elements an array has; unknown when it is anything else.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Length(pub(super) Option<i64>);

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct LengthVisitor;
        impl<'de> Visitor<'de> for LengthVisitor {
            type Value = Length;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any JSON")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Length, A::Error> {
                let mut length = 0;
                while seq.next_element::<IgnoredAny>()?.is_some() {
                    length += 1;
                }
                Ok(Length(Some(length)))
            }
            default_for!(map);
            default_for!(scalars);
        }
        input.deserialize_any(LengthVisitor)
    }
}

/// A value and where it ends: the first JSON value of `json`.
pub(super) fn first_value<'a, T: Deserialize<'a>>(
    json: &'a str,
) -> Result<(T, usize), serde_json::Error> {
    let mut input = serde_json::Deserializer::from_str(json);
    let value = T::deserialize(&mut input)?;
    Ok((value, input.into_iter::<IgnoredAny>().byte_offset()))
}

#[cfg(test)]
mod tests {
    use super::{Count, List, Text};

    object! {
        struct Sample<'a> {
            "name" => name: Text<'a>,
            "count" => count: Count,
            "list" => list: List<Count>,
        }
    }

    fn check(json: &str, name: Option<&str>, count: Option<i64>, list: &[Option<i64>]) {
        let sample: Sample<'_> = serde_json::from_str(json).expect("JSON");
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

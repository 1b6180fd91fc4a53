//! Whether the schema for editors has every key that the reader knows, and no other.
//!
//! The reader is asked itself: a deserializer that offers one key after another notes which keys each
//! table asks for.

use std::cell::RefCell;
use std::fmt;

use serde::de::value::{BorrowedStrDeserializer, U64Deserializer};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};
use serde_json::Value;

use super::SCHEMA;
use crate::settings::EXAMPLE;
use crate::settings::file::Contents;

/// What stands at a place of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Found {
    /// A table with these keys.
    Table(Vec<&'static str>),
    /// A table with keys of the user's choice.
    Free,
    /// One of these texts.
    OneOf(Vec<&'static str>),
}

/// Leads the reader along a path and notes what it asks for at its end; lists are passed through.
#[derive(Clone, Copy)]
struct Probe<'p> {
    path: &'p [&'static str],
    found: &'p RefCell<Option<Found>>,
}

#[derive(Debug)]
struct Enough;

impl fmt::Display for Enough {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing to read")
    }
}

impl std::error::Error for Enough {}

impl serde::de::Error for Enough {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// A name of `toml`'s for a value with its place in the file.
const SPANNED: &str = "$__serde_spanned_private_Spanned";

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Enough;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Enough> {
        Err(Enough)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Enough> {
        if name == SPANNED {
            return visitor.visit_map(Entries { keys: fields, at: 0, value: self });
        }
        match self.path.split_first() {
            None => {
                *self.found.borrow_mut() = Some(Found::Table(fields.to_vec()));
                Err(Enough)
            }
            Some((key, rest)) => {
                let value = Probe { path: rest, ..self };
                visitor.visit_map(Entries { keys: std::slice::from_ref(key), at: 0, value })
            }
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Enough> {
        match self.path.split_first() {
            None => {
                *self.found.borrow_mut() = Some(Found::Free);
                Err(Enough)
            }
            Some((_, rest)) => visitor.visit_map(Entries {
                keys: &["any"],
                at: 0,
                value: Probe { path: rest, ..self },
            }),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Enough> {
        if self.path.is_empty() {
            *self.found.borrow_mut() = Some(Found::OneOf(variants.to_vec()));
        }
        Err(Enough)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Enough> {
        visitor.visit_seq(One(Some(self)))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Enough> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Enough> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct tuple tuple_struct identifier ignored_any
    }
}

/// A list of one item.
struct One<'p>(Option<Probe<'p>>);

impl<'de> SeqAccess<'de> for One<'_> {
    type Error = Enough;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Enough> {
        self.0.take().map(|item| seed.deserialize(item)).transpose()
    }
}

/// A table of these keys; the value that matters is behind each.
struct Entries<'p> {
    keys: &'p [&'static str],
    at: usize,
    value: Probe<'p>,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Enough;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Enough> {
        let Some(key) = self.keys.get(self.at) else { return Ok(None) };
        self.at += 1;
        seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Enough> {
        match self.keys[self.at - 1] {
            "$__serde_spanned_private_start" | "$__serde_spanned_private_end" => {
                seed.deserialize(U64Deserializer::new(0))
            }
            _ => seed.deserialize(self.value),
        }
    }
}

fn at(path: &[&'static str]) -> Option<Found> {
    let found = RefCell::new(None);
    // Whatever it makes of what it is offered, what it asked for is noted.
    Contents::deserialize(Probe { path, found: &found }).ok();
    found.into_inner()
}

/// Walks the reader's tables and the schema side by side; names each place where they differ.
fn compare(
    path: &[&'static str],
    schema: &Value,
    complaints: &mut Vec<String>,
    tables: &mut Vec<String>,
) {
    let schema = if schema["items"].is_object() { &schema["items"] } else { schema };
    let name = if path.is_empty() { "the file".to_owned() } else { path.join(".") };
    match at(path) {
        Some(Found::Table(keys)) => {
            tables.push(name.clone());
            let none = serde_json::Map::new();
            let known = schema["properties"].as_object().unwrap_or(&none);
            for key in keys.iter().filter(|key| !known.contains_key(**key)) {
                complaints
                    .push(format!("`{key}` of {name} is not in docs/bedrock-lens.schema.json"));
            }
            for key in known.keys().filter(|key| !keys.contains(&key.as_str())) {
                complaints.push(format!(
                    "`{key}` of {name} is in the schema, and the reader knows it not"
                ));
            }
            for key in keys {
                if ![format!("{key} = "), format!("{key}]"), format!("[{key}.")]
                    .iter()
                    .any(|way| EXAMPLE.contains(way))
                {
                    complaints
                        .push(format!("`{key}` of {name} is not in src/settings/example.toml"));
                }
                if let Some(below) = known.get(key) {
                    compare(&[path, &[key]].concat(), below, complaints, tables);
                }
            }
        }
        Some(Found::Free) if schema["additionalProperties"].is_object() => {
            let below = &schema["additionalProperties"];
            compare(&[path, &["any"]].concat(), below, complaints, tables);
        }
        Some(Found::Free) => complaints.push(format!("{name} takes any key, the schema says not")),
        Some(Found::OneOf(texts)) => {
            if let Some(known) = schema["enum"].as_array() {
                let known: Vec<&str> = known.iter().filter_map(Value::as_str).collect();
                if known != texts {
                    complaints
                        .push(format!("{name} is one of {texts:?}, the schema says {known:?}"));
                }
            }
        }
        None => {}
    }
}

#[test]
fn the_schema_and_the_file_to_begin_with_have_every_key_that_the_reader_knows() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("JSON");
    let (mut complaints, mut tables) = (Vec::new(), Vec::new());
    compare(&[], &schema, &mut complaints, &mut tables);
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
    for deep in ["allocation.rule", "mail.smtp", "savings.substitute", "recipients"] {
        assert!(tables.iter().any(|table| table == deep), "{deep} was not reached: {tables:?}");
    }
}

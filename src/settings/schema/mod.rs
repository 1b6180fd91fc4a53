//! The keys that a configuration file may hold, as the JSON Schema for editors has them, and every key of
//! a file that is none of them.
//!
//! A test holds the schema to what the reader knows, key by key.

use std::ops::Range;
use std::path::Path;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Error;
use super::place::Place;

/// The schema that is shipped for editors.
pub(super) const SCHEMA: &str = include_str!("../../../docs/bedrock-lens.schema.json");

/// Every key of the file that stands where it can't: `toml` stops at the first.
pub(super) fn misspelt(text: &str, path: &Path) -> Vec<Error> {
    let place = Place { text, path };
    let (Ok(file), Ok(schema)) = (DeTable::parse(text), serde_json::from_str::<Value>(SCHEMA))
    else {
        return Vec::new();
    };
    let mut found = Vec::new();
    unknown_in(file.get_ref(), &schema, place, &mut found);
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, error)| error).collect()
}

fn unknown_in(
    table: &DeTable<'_>,
    schema: &Value,
    place: Place<'_>,
    found: &mut Vec<(usize, Error)>,
) {
    let Some(known) = schema["properties"].as_object() else { return };
    for (key, value) in table {
        if let Some(schema) = known.get(key.get_ref().as_ref()) {
            unknown_below(value, schema, place, found);
        } else {
            let Range { start, .. } = key.span();
            found.push((start, place.unknown(key.get_ref(), start, known.keys())));
        }
    }
}

fn unknown_below(
    value: &Spanned<DeValue<'_>>,
    schema: &Value,
    place: Place<'_>,
    found: &mut Vec<(usize, Error)>,
) {
    match value.get_ref() {
        DeValue::Table(table) => unknown_in(table, schema, place, found),
        DeValue::Array(items) => {
            for item in items {
                unknown_below(item, &schema["items"], place, found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;

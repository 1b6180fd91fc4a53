//! A TOML table with its lines: what a row reader needs, and where each key stands.

use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::Problem;
use crate::likeness::{ALIKE, nearest};
use crate::prices::book::BookError;
use crate::prices::row_reader::RowReader;

/// Text with line numbers.
#[derive(Clone, Copy)]
pub(super) struct Text<'t>(pub(super) &'t str);

impl Text<'_> {
    /// The line, from 1, of a byte.
    pub(super) fn line(self, at: usize) -> usize {
        self.0.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
    }
}

/// One table of the file.
pub(super) struct Table<'t> {
    pub(super) text: Text<'t>,
    /// E.g. `price 2`.
    pub(super) place: String,
    /// Line of its head.
    pub(super) line: usize,
    pub(super) keys: &'t DeTable<'t>,
}

impl<'t> Table<'t> {
    pub(super) fn new(
        text: Text<'t>,
        place: String,
        value: &'t Spanned<DeValue<'t>>,
    ) -> Option<Self> {
        let keys = value.get_ref().as_table()?;
        Some(Self { text, place, line: text.line(value.span().start), keys })
    }

    /// Line of a key, also inside a nested table; else that of the table's head.
    pub(super) fn line_of(&self, key: &str) -> usize {
        find(self.keys, key).map_or(self.line, |at| self.text.line(at))
    }

    /// A problem with one of the table's keys.
    pub(super) fn problem(&self, key: &str, problem: impl Into<String>) -> Problem {
        Problem {
            line: self.line_of(key),
            place: self.place.clone(),
            key: key.to_owned(),
            problem: problem.into(),
        }
    }

    /// What the reader of a row says, with the line.
    pub(super) fn located(&self, error: BookError) -> Problem {
        match error {
            BookError::Field { place, field, problem } => {
                Problem { place, ..self.problem(&field, problem) }
            }
            other => self.problem("", other.to_string()),
        }
    }

    /// The table as a row reader sees it, without the keys that aren't allowed: those are problems.
    pub(super) fn reader(
        &self,
        allowed: &[&str],
        problems: &mut Vec<Problem>,
    ) -> Result<RowReader, Problem> {
        let mut fields = Map::new();
        for (key, value) in self.keys {
            let key = key.get_ref();
            if allowed.contains(&key.as_ref()) {
                fields.insert(key.to_string(), json(value.get_ref()));
            } else {
                problems.push(self.problem(key, unknown(key, allowed)));
            }
        }
        RowReader::new(self.place.clone(), Value::Object(fields))
            .map_err(|error| self.located(error))
    }
}

/// What is said of a key that isn't known.
pub(super) fn unknown(key: &str, allowed: &[&str]) -> String {
    let nearest = nearest(key, allowed.iter().copied(), ALIKE);
    let did_you_mean =
        nearest.map_or_else(String::new, |nearest| format!(", did you mean `{nearest}`?"));
    format!("is not known here{did_you_mean} (allowed: {})", allowed.join(", "))
}

fn find(table: &DeTable<'_>, key: &str) -> Option<usize> {
    let own = table.iter().find(|(name, _)| name.get_ref() == key);
    own.map(|(name, _)| name.span().start)
        .or_else(|| table.values().find_map(|value| find_inside(value.get_ref(), key)))
}

fn find_inside(value: &DeValue<'_>, key: &str) -> Option<usize> {
    match value {
        DeValue::Table(table) => find(table, key),
        DeValue::Array(items) => items.iter().find_map(|item| find_inside(item.get_ref(), key)),
        _ => None,
    }
}

/// The same value in JSON; a TOML date becomes its text.
fn json(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| Value::String(number.as_str().to_owned()), Value::from),
        // No field takes one; its readers say what they take.
        DeValue::Float(_) => Value::Bool(false),
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Datetime(time) => Value::String(time.to_string()),
        DeValue::Array(items) => items.iter().map(|item| json(item.get_ref())).collect(),
        DeValue::Table(table) => Value::Object(
            table
                .iter()
                .map(|(key, value)| (key.get_ref().to_string(), json(value.get_ref())))
                .collect(),
        ),
    }
}

//! Reads one JSON object field by field, so that an error can name the row and the field.
//!
//! A field that nothing asked for is an error: a misspelt `cache_raed` must not pass as a row
//! without that price.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde_json::{Map, Value};

use crate::units::Usd;

use super::book::BookError;

/// Most a unit may cost: products of a price and a 64-bit count then fit 128 bits, sums included.
const MAX_PRICE: Usd = Usd(1_000_000_000_000_000_000);

/// A JSON object being emptied field by field.
pub(super) struct RowReader {
    place: String,
    fields: Map<String, Value>,
}

impl RowReader {
    /// `place` names the row in errors.
    pub(super) fn new(place: String, value: Value) -> Result<Self, BookError> {
        match value {
            Value::Object(fields) => Ok(Self { place, fields }),
            _ => Err(BookError::Field {
                place,
                field: String::from("{"),
                problem: String::from("is missing: a row is a JSON object"),
            }),
        }
    }

    /// From now on errors name the row so.
    pub(super) fn rename(&mut self, place: String) {
        self.place = place;
    }

    /// The name used in errors.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// An error about one field.
    pub(super) fn problem(&self, field: &str, problem: impl Into<String>) -> BookError {
        BookError::Field {
            place: self.place.clone(),
            field: field.to_owned(),
            problem: problem.into(),
        }
    }

    /// Takes a field out; JSON null counts as absent.
    pub(super) fn take(&mut self, field: &str) -> Option<Value> {
        self.fields.remove(field).filter(|value| !value.is_null())
    }

    /// Text that may be absent.
    pub(super) fn text(&mut self, field: &str) -> Result<Option<String>, BookError> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
            Some(_) => Err(self.problem(field, "must be text that isn't empty")),
        }
    }

    /// Text that must be there.
    pub(super) fn required_text(&mut self, field: &str) -> Result<String, BookError> {
        self.text(field)?.ok_or_else(|| self.problem(field, "is missing"))
    }

    /// Texts; absent is none.
    pub(super) fn texts(&mut self, field: &str) -> Result<Vec<String>, BookError> {
        let texts = self.array(field)?.into_iter().map(|item| match item {
            Value::String(text) => Ok(text),
            _ => Err(self.problem(field, "must be a list of texts")),
        });
        texts.collect()
    }

    /// A JSON list; absent is empty.
    pub(super) fn array(&mut self, field: &str) -> Result<Vec<Value>, BookError> {
        match self.take(field) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => Ok(items),
            Some(_) => Err(self.problem(field, "must be a list")),
        }
    }

    /// A positive whole number that may be absent.
    pub(super) fn count(&mut self, field: &str) -> Result<Option<i64>, BookError> {
        let Some(value) = self.take(field) else { return Ok(None) };
        match value.as_i64().filter(|number| *number > 0) {
            Some(number) => Ok(Some(number)),
            None => Err(self.problem(field, "must be a whole number above 0")),
        }
    }

    /// A UTC date such as `2026-10-07` that may be absent.
    pub(super) fn date(&mut self, field: &str) -> Result<Option<NaiveDate>, BookError> {
        let Some(text) = self.text(field)? else { return Ok(None) };
        match NaiveDate::parse_from_str(&text, "%Y-%m-%d") {
            Ok(date) => Ok(Some(date)),
            Err(_) => {
                Err(self.problem(field, format!("must be a date like 2026-10-07, not `{text}`")))
            }
        }
    }

    /// A time that may be absent; a date is midnight UTC.
    pub(super) fn time(&mut self, field: &str) -> Result<Option<DateTime<Utc>>, BookError> {
        let Some(text) = self.text(field)? else { return Ok(None) };
        if let Ok(day) = NaiveDate::parse_from_str(&text, "%Y-%m-%d") {
            return Ok(Some(day.and_time(NaiveTime::MIN).and_utc()));
        }
        match DateTime::parse_from_rfc3339(&text) {
            Ok(time) => Ok(Some(time.with_timezone(&Utc))),
            Err(_) => Err(self.problem(
                field,
                format!(
                    "must be a date like 2026-10-07 or a time like 2026-10-07T14:00:00Z, not `{text}`"
                ),
            )),
        }
    }

    /// A price in US dollars as decimal text; absent and null are *no price*.
    pub(super) fn price(&mut self, field: &str) -> Result<Option<Usd>, BookError> {
        let text = match self.take(field) {
            None => return Ok(None),
            Some(Value::String(text)) => text,
            Some(_) => return Err(self.problem(field, PRICE_RULE)),
        };
        match Usd::parse(&text).filter(|price| (0..=MAX_PRICE.0).contains(&price.0)) {
            Some(price) => Ok(Some(price)),
            None => Err(self.problem(field, format!("is `{text}`, but {PRICE_RULE}"))),
        }
    }

    /// A price per million tokens, as the price of one token.
    pub(super) fn price_per_token(&mut self, field: &str) -> Result<Option<Usd>, BookError> {
        let Some(per_million) = self.price(field)? else { return Ok(None) };
        match divide(per_million, 1_000_000) {
            Some(price) => Ok(Some(price)),
            None => Err(self.problem(
                field,
                format!("is {per_million}, but may have at most 8 decimals to be held exactly"),
            )),
        }
    }

    /// Refuses whatever nothing asked for.
    pub(super) fn finish(self) -> Result<(), BookError> {
        match self.fields.keys().next() {
            None => Ok(()),
            Some(field) => Err(self.problem(field, "is not a field of such a row")),
        }
    }
}

const PRICE_RULE: &str =
    "must be text, a plain decimal from 0 to 10000 with at most 14 decimals, or null";

/// An exact share of a price; `None` when it can't be held exactly.
pub(super) fn divide(price: Usd, by: i128) -> Option<Usd> {
    (price.0 % by == 0).then_some(Usd(price.0 / by))
}

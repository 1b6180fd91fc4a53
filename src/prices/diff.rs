//! What changed between two catalogues, as far as it changes a cost.

use std::collections::BTreeMap;

use serde::Serialize;

use super::book::{Model, PriceBook, PriceRow, TokenPrices};
use super::explain::UnitPrices;

/// The changes from one catalogue to another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Models that only the new one has.
    pub models_added: Vec<String>,
    /// Models that only the old one has.
    pub models_removed: Vec<String>,
    /// Price rows that only the new one has.
    pub rows_added: Vec<RowSeen>,
    /// Price rows that only the old one has.
    pub rows_removed: Vec<RowSeen>,
    /// Fields that differ, of models and rows that both have.
    pub changed: Vec<Change>,
}

impl Difference {
    /// True when every cost stays as it was.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A row that one catalogue has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowSeen {
    /// Its id.
    pub price_row: String,
    /// US dollars per 1,000,000 tokens.
    #[serde(flatten)]
    pub prices: UnitPrices,
}

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The model or price row.
    pub of: String,
    /// The field.
    pub field: &'static str,
    /// In the old catalogue; null is absent.
    pub old: Option<String>,
    /// In the new one.
    pub new: Option<String>,
}

/// Compares two catalogues. Rows are the same when model, routing, Region, tier and first day agree.
pub fn diff(old: &PriceBook, new: &PriceBook) -> Difference {
    let mut difference = Difference::default();
    let models = |book: &PriceBook| -> BTreeMap<String, Model> {
        book.models().iter().map(|model| (model.model_id.clone(), model.clone())).collect()
    };
    let (old_models, new_models) = (models(old), models(new));
    for (id, model) in &old_models {
        match new_models.get(id) {
            Some(now) => {
                difference.changed.extend(changes(id, model_fields(model), model_fields(now)));
            }
            None => difference.models_removed.push(id.clone()),
        }
    }
    let fresh = new_models.keys().filter(|id| !old_models.contains_key(*id));
    difference.models_added = fresh.cloned().collect();

    let (old_rows, new_rows) = (rows(old), rows(new));
    for (key, row) in &old_rows {
        match new_rows.get(key) {
            Some(now) => {
                difference.changed.extend(changes(&row.id, row_fields(row), row_fields(now)));
            }
            None => difference.rows_removed.push(seen(row)),
        }
    }
    let fresh = new_rows.iter().filter(|(key, _)| !old_rows.contains_key(*key));
    difference.rows_added = fresh.map(|(_, row)| seen(row)).collect();
    difference
}

type Fields = Vec<(&'static str, Option<String>)>;

fn changes(of: &str, old: Fields, new: Fields) -> Vec<Change> {
    let both = old.into_iter().zip(new);
    both.filter(|((_, old), (_, new))| old != new)
        .map(|((field, old), (_, new))| Change { of: of.to_owned(), field, old, new })
        .collect()
}

fn model_fields(model: &Model) -> Fields {
    let includes =
        if model.input_includes_cache { "inside the input" } else { "outside the input" };
    vec![
        ("provider", Some(model.provider.clone())),
        ("aliases", Some(model.aliases.join(", ")).filter(|all| !all.is_empty())),
        ("cached tokens", Some(includes.to_owned())),
    ]
}

fn row_fields(row: &PriceRow) -> Fields {
    let above = row.long_context.map(|long| long.above_input_tokens.to_string());
    let long = row.long_context.map(|long| long.tokens).unwrap_or_default();
    let units: Vec<String> = row
        .units
        .iter()
        .map(|unit| {
            let pixels = unit.max_pixels.map(|pixels| pixels.to_string());
            let fps = unit.fps.map(|fps| fps.to_string());
            let when = [unit.quality.clone(), pixels, unit.resolution.clone(), fps];
            let when: Vec<String> = when.into_iter().flatten().collect();
            format!("{} {} {}", unit.unit, when.join(" "), unit.price)
        })
        .collect();
    let mut fields = vec![("effective_to", row.effective_to.map(|to| to.to_string()))];
    fields.extend(prices(
        &row.tokens,
        ["input", "output", "cache_read", "cache_write", "cache_write_1h"],
    ));
    fields.push(("long_context.above_input_tokens", above));
    fields.extend(prices(
        &long,
        [
            "long_context.input",
            "long_context.output",
            "long_context.cache_read",
            "long_context.cache_write",
            "long_context.cache_write_1h",
        ],
    ));
    fields.push(("units", Some(units.join("; ")).filter(|all| !all.is_empty())));
    fields
}

fn prices(tokens: &TokenPrices, names: [&'static str; 5]) -> Fields {
    let all = UnitPrices::of(tokens);
    let values = [all.input, all.output, all.cache_read, all.cache_write, all.cache_write_1h];
    names.into_iter().zip(values.map(|price| price.map(|price| price.to_string()))).collect()
}

fn rows(book: &PriceBook) -> BTreeMap<String, &PriceRow> {
    let key = |row: &PriceRow| {
        let from = row.effective_from.map_or_else(String::new, |from| from.to_string());
        format!("{} {} {} {from}", row.model_id, row.scope(), row.tier.as_str())
    };
    book.rows().iter().map(|row| (key(row), row)).collect()
}

fn seen(row: &PriceRow) -> RowSeen {
    RowSeen { price_row: row.id.clone(), prices: UnitPrices::of(&row.tokens) }
}

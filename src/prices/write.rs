//! Writes a catalogue file: the layout of `bedrock-prices.json`, one row per line.
//!
//! Rows that stayed as they were are written with all their fields, also those that pricing doesn't
//! read; fields keep the order that the embedded catalogue has them in.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::NaiveDate;
use serde_json::{Map, Value, json};

use super::book::{BookError, EMBEDDED_TEXT, PriceBook, PriceRow, TokenPrices, UnitPrice};
use crate::units::Usd;

/// Order of the fields; others follow, sorted.
const ORDER: [&str; 56] = [
    "schema_version",
    "catalogue",
    "currency",
    "compiled_on",
    "newest_source_date",
    "token_price_unit",
    "id",
    "what",
    "repository",
    "path",
    "commit",
    "date",
    "remark",
    "prefix",
    "model_id",
    "kind",
    "aliases",
    "provider",
    "display_name",
    "modality",
    "input_modalities",
    "output_modalities",
    "context_window",
    "max_output_tokens",
    "prompt_cache",
    "cache_ttls",
    "usage_semantics",
    "lifecycle",
    "lifecycle_as_of",
    "eol_date",
    "eol_source",
    "profile_prefixes",
    "metadata_sources",
    "scope",
    "routing",
    "region",
    "tier",
    "effective_from",
    "effective_to",
    "above_input_tokens",
    "applies_to",
    "unit",
    "price",
    "quality",
    "max_px",
    "resolution",
    "fps",
    "input",
    "output",
    "cache_read",
    "cache_write",
    "cache_write_1h",
    "long_context",
    "units",
    "sources",
    "confidence",
];

/// Order of the lists and tables of the file.
const LISTS: [&str; 6] =
    ["sources", "profile_prefixes", "usage_type_region_codes", "models", "prices", "capacity"];

/// Regions by the code that usage types begin with, of the embedded catalogue.
static REGION_CODES: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let file: Value = serde_json::from_str(EMBEDDED_TEXT).unwrap_or_default();
    let codes = file.get("usage_type_region_codes").and_then(Value::as_object);
    let text =
        |(code, region): (&String, &Value)| Some((code.clone(), region.as_str()?.to_owned()));
    codes.into_iter().flatten().filter_map(text).collect()
});

/// The Region that a usage type's code stands for.
pub(super) fn region_of_code(code: &str) -> Option<&'static str> {
    REGION_CODES.get(code).map(String::as_str)
}

/// A catalogue's text, taken apart so that most of it can be written back as it was.
pub(super) struct BookText {
    file: Map<String, Value>,
    /// Rows as read and as written, by id.
    rows: BTreeMap<String, (usize, PriceRow, Value)>,
}

impl BookText {
    /// Takes a catalogue apart, and reads it.
    pub(super) fn read(text: &str) -> Result<(Self, PriceBook), BookError> {
        let book = PriceBook::from_json(text)?;
        let file: Value =
            serde_json::from_str(text).map_err(|source| BookError::Json { source })?;
        let mut file = match file {
            Value::Object(file) => file,
            _ => Map::new(),
        };
        let written = match file.remove("prices") {
            Some(Value::Array(rows)) => rows,
            _ => Vec::new(),
        };
        let pairs = book.rows().iter().zip(written).enumerate();
        let rows =
            pairs.map(|(number, (row, value))| (row.id.clone(), (number, row.clone(), value)));
        Ok((Self { rows: rows.collect(), file }, book))
    }

    /// Adds a source, or nothing if there is one with this id; raises the newest source's date.
    pub(super) fn add_source(&mut self, id: &str, what: &str, date: NaiveDate) {
        let date = date.to_string();
        let newest = self.file.get("newest_source_date").and_then(Value::as_str);
        if newest.is_none_or(|newest| newest < date.as_str()) {
            self.file.insert("newest_source_date".to_owned(), json!(date));
        }
        let sources = self.file.entry("sources").or_insert_with(|| json!([]));
        if let Some(sources) = sources.as_array_mut()
            && sources.iter().all(|source| source["id"] != id)
        {
            sources.push(json!({ "id": id, "what": what, "date": date }));
        }
    }

    /// Adds a model that nothing is known of but its names.
    pub(super) fn add_model(&mut self, model_id: &str, provider: &str, display_name: &str) {
        let models = self.file.entry("models").or_insert_with(|| json!([]));
        if let Some(models) = models.as_array_mut() {
            models.push(json!({
                "model_id": model_id,
                "aliases": [],
                "provider": provider,
                "display_name": display_name,
                "modality": "text",
            }));
        }
    }

    /// The catalogue's text with these price rows.
    pub(super) fn with_rows<'r>(&self, rows: impl Iterator<Item = &'r PriceRow>) -> String {
        let calls = |row: &PriceRow| (row.model_id.clone(), row.scope(), row.tier);
        let mut first: BTreeMap<_, usize> = BTreeMap::new();
        let mut last: BTreeMap<&str, usize> = BTreeMap::new();
        for (number, old, _) in self.rows.values() {
            first.entry(calls(old)).and_modify(|at| *at = (*at).min(*number)).or_insert(*number);
            last.entry(&old.model_id).and_modify(|at| *at = (*at).max(*number)).or_insert(*number);
        }
        // A row stands with those for the same calls, else behind its model's.
        let place = |row: &PriceRow| {
            let own = first.get(&calls(row));
            let after = last.get(row.model_id.as_str());
            (own.or(after).copied().unwrap_or(usize::MAX), own.is_none())
        };
        let mut rows: Vec<_> = rows
            .map(|row| {
                let order = (place(row), row.model_id.clone(), row.scope(), row.tier);
                ((order, row.effective_from), row)
            })
            .collect();
        rows.sort_by(|a, b| a.0.cmp(&b.0));
        let written = |row: &PriceRow| match self.rows.get(&row.id) {
            Some((_, old, value)) if old == row => ordered(value),
            _ => ordered(&price_row(row)),
        };
        let prices: Vec<String> = rows.into_iter().map(|(_, row)| written(row)).collect();
        self.text(&prices)
    }

    fn text(&self, prices: &[String]) -> String {
        let mut parts: Vec<String> = Vec::new();
        for (key, value) in in_order(&self.file) {
            if !LISTS.contains(&key.as_str()) {
                parts.push(format!("{}:{}", quoted(key), ordered(value)));
            }
        }
        for key in LISTS {
            let lines: Vec<String> = match (key, self.file.get(key)) {
                ("prices", _) => prices.to_vec(),
                ("sources" | "models" | "capacity", Some(Value::Array(items))) => {
                    items.iter().map(ordered).collect()
                }
                (_, Some(other)) => {
                    parts.push(format!("{}:{}", quoted(key), ordered(other)));
                    continue;
                }
                (_, None) => continue,
            };
            parts.push(format!("{}:[\n{}\n]", quoted(key), lines.join(",\n")));
        }
        format!("{{\n{}\n}}\n", parts.join(",\n"))
    }
}

/// A price row as the file has it.
fn price_row(row: &PriceRow) -> Value {
    let mut fields = Map::new();
    let mut set = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    set("model_id", json!(row.model_id));
    set("scope", json!(row.scope()));
    set("routing", json!(row.routing.as_str()));
    set("region", json!(row.region.as_deref().unwrap_or("*")));
    set("tier", json!(row.tier.as_str()));
    let dates = [("effective_from", row.effective_from), ("effective_to", row.effective_to)];
    for (name, date) in dates.into_iter().filter_map(|(name, date)| Some((name, date?))) {
        set(name, json!(date.to_string()));
    }
    for (name, price) in token_prices(&row.tokens) {
        set(name, price);
    }
    if let Some(long) = row.long_context {
        let mut prices = Map::new();
        prices.insert("above_input_tokens".to_owned(), json!(long.above_input_tokens));
        prices.insert("applies_to".to_owned(), json!("whole_request"));
        prices.extend(token_prices(&long.tokens).map(|(name, price)| (name.to_owned(), price)));
        set("long_context", Value::Object(prices));
    }
    if !row.units.is_empty() {
        set("units", row.units.iter().map(unit).collect());
    }
    set("sources", json!(row.sources));
    let texts =
        [("confidence", &row.confidence), ("derivation", &row.derivation), ("note", &row.note)];
    for (name, text) in texts {
        if let Some(text) = text {
            set(name, json!(text));
        }
    }
    Value::Object(fields)
}

/// Prices per million tokens; null is *no published price*.
fn token_prices(tokens: &TokenPrices) -> impl Iterator<Item = (&'static str, Value)> {
    let text = |price: Option<Usd>| price.map(|price| Usd(price.0 * 1_000_000).to_string());
    let all = [
        ("input", tokens.input, true),
        ("output", tokens.output, true),
        ("cache_read", tokens.cache_read, true),
        ("cache_write", tokens.cache_write, true),
        ("cache_write_1h", tokens.cache_write_1h, false),
    ];
    let kept = all.into_iter().filter(|(_, price, always)| *always || price.is_some());
    kept.map(move |(name, price, _)| (name, json!(text(price))))
}

fn unit(unit: &UnitPrice) -> Value {
    let mut fields = Map::new();
    fields.insert("unit".to_owned(), json!(unit.unit));
    fields.insert("price".to_owned(), json!(unit.price.to_string()));
    let pixels = unit.max_pixels.map(|pixels| match pixels {
        i64::MAX => String::from("larger"),
        pixels => match pixels.isqrt() {
            side if side * side == pixels => format!("{side}x{side}"),
            _ => format!("{pixels}x1"),
        },
    });
    let texts = [("quality", &unit.quality), ("max_px", &pixels), ("resolution", &unit.resolution)];
    for (name, text) in texts {
        if let Some(text) = text {
            fields.insert(name.to_owned(), json!(text));
        }
    }
    if let Some(fps) = unit.fps {
        fields.insert("fps".to_owned(), json!(fps));
    }
    Value::Object(fields)
}

/// Compact JSON with the fields of objects in [`ORDER`].
fn ordered(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let field =
                |(key, value): (&String, &Value)| format!("{}:{}", quoted(key), ordered(value));
            let fields: Vec<String> = in_order(fields).into_iter().map(field).collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(ordered).collect();
            format!("[{}]", items.join(","))
        }
        other => other.to_string(),
    }
}

fn in_order(fields: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let place = |key: &str| ORDER.iter().position(|name| *name == key).unwrap_or(ORDER.len());
    let mut all: Vec<_> = fields.iter().collect();
    all.sort_by_key(|(key, _)| (place(key), (*key).clone()));
    all
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

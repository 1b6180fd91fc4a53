//! `config show`: the resolved settings, as a configuration file would say them.

use serde_json::{Map, Value, json};

use super::super::output;
use super::{Context, Exit, Failure};
use crate::settings::Settings;

pub(super) fn run(as_json: bool, context: &Context) -> Result<Exit, Failure> {
    let settings = &context.settings;
    let text = if as_json { format!("{}\n", values(settings)) } else { file(settings) };
    output::result(&text)?;
    Ok(Exit::Done)
}

pub(in crate::cli) fn values(settings: &Settings) -> Value {
    let path = |path: &Option<std::path::PathBuf>| {
        path.as_ref().map(|path| path.to_string_lossy().into_owned())
    };
    json!({
        "file": path(&settings.file),
        "store": settings.store.to_string_lossy(),
        "timezone": settings.timezone.name(),
        "prices_file": path(&settings.prices_file),
        "price_book": path(&settings.price_book),
        "cached_tokens": settings.cached_tokens,
        "ingest": settings.ingest,
        "sources": settings.sources,
    })
}

fn file(settings: &Settings) -> String {
    let values = values(settings);
    let opening = match &values["file"] {
        Value::String(file) => format!("# from {file}\n"),
        _ => "# no configuration file\n".to_owned(),
    };
    let mut parts = vec![
        opening,
        line("store", &values["store"]),
        line("timezone", &values["timezone"]),
        table("[ingest]", &values["ingest"]),
    ];
    let mut prices = Map::new();
    for (key, value) in [("file", "prices_file"), ("book", "price_book")] {
        if !values[value].is_null() {
            prices.insert(key.to_owned(), values[value].clone());
        }
    }
    prices.insert("cached_tokens".to_owned(), values["cached_tokens"].clone());
    parts.push(table("[prices]", &Value::Object(prices)));
    let sources = values["sources"].as_array().into_iter().flatten();
    parts.extend(sources.map(|source| table("[[source]]", source)));
    parts.concat()
}

fn table(heading: &str, values: &Value) -> String {
    let none = Map::new();
    let lines: String =
        values.as_object().unwrap_or(&none).iter().map(|(key, value)| line(key, value)).collect();
    format!("\n{heading}\n{lines}")
}

/// A key and its value; texts, numbers and lists are written in TOML as in JSON.
fn line(key: &str, value: &Value) -> String {
    format!("{key} = {value}\n")
}

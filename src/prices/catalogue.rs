//! Reads the catalogue file: JSON in, checked models and price rows out, or an error that names the
//! row and the field.

use serde_json::Value;

use super::book::{
    BookError, BookParts, Capacity, LongContext, Model, Origin, PriceRow, Routing, Source, Tier,
    TokenPrices, UnitPrice,
};
use super::row_reader::RowReader;

/// Top-level fields that pricing doesn't use.
const UNUSED: [&str; 5] =
    ["catalogue", "compiled_on", "token_price_unit", "profile_prefixes", "usage_type_region_codes"];

/// Model fields that inform people and select no price.
const INFORMATION: [&str; 11] = [
    "input_modalities",
    "output_modalities",
    "max_output_tokens",
    "prompt_cache",
    "cache_ttls",
    "lifecycle",
    "lifecycle_as_of",
    "eol_date",
    "eol_source",
    "profile_prefixes",
    "metadata_sources",
];

/// Reads a whole catalogue.
pub(super) fn read(text: &str) -> Result<BookParts, BookError> {
    let value: Value = serde_json::from_str(text).map_err(|source| BookError::Json { source })?;
    let mut file = RowReader::new(String::from("price book"), value)?;
    if file.count("schema_version")? != Some(1) {
        return Err(file.problem("schema_version", "must be 1"));
    }
    if file.take("currency").is_some_and(|currency| currency != "USD") {
        return Err(file.problem("currency", "must be `USD`"));
    }
    let newest_source_date = file
        .date("newest_source_date")?
        .ok_or_else(|| file.problem("newest_source_date", "is missing"))?;
    let parts = BookParts {
        newest_source_date,
        sources: rows(&mut file, "sources", "source", source)?,
        models: rows(&mut file, "models", "model", model)?,
        rows: rows(&mut file, "prices", "price", price_row)?,
        capacity: rows(&mut file, "capacity", "capacity", capacity)?,
    };
    for field in UNUSED {
        file.take(field);
    }
    file.finish()?;
    Ok(parts)
}

/// Reads one list of the file; rows are counted from 1 in errors.
fn rows<T>(
    file: &mut RowReader,
    field: &str,
    kind: &str,
    read_row: impl Fn(&mut RowReader) -> Result<T, BookError>,
) -> Result<Vec<T>, BookError> {
    let values = file.array(field)?;
    let read_one = |(index, value): (usize, Value)| {
        let mut row = RowReader::new(format!("{kind} {}", index + 1), value)?;
        let read = read_row(&mut row)?;
        row.finish()?;
        Ok(read)
    };
    values.into_iter().enumerate().map(read_one).collect()
}

fn source(row: &mut RowReader) -> Result<Source, BookError> {
    for field in ["repository", "path", "commit", "remark"] {
        row.take(field);
    }
    Ok(Source {
        id: row.required_text("id")?,
        what: row.required_text("what")?,
        date: row.required_text("date")?,
    })
}

fn model(row: &mut RowReader) -> Result<Model, BookError> {
    let model_id = row.required_text("model_id")?;
    row.rename(format!("{} ({model_id})", row.place()));
    for field in INFORMATION {
        row.take(field);
    }
    let input_includes_cache = input_includes_cache(row)?;
    let context_window = row.count("context_window")?;
    Ok(Model {
        aliases: row.texts("aliases")?,
        provider: row.required_text("provider")?,
        display_name: row.required_text("display_name")?,
        modality: row.required_text("modality")?,
        input_includes_cache,
        context_window,
        model_id,
    })
}

fn capacity(row: &mut RowReader) -> Result<Capacity, BookError> {
    row.take("sources");
    Ok(Capacity {
        model_id: row.required_text("model_id")?,
        kind: row.required_text("kind")?,
        region: row.required_text("region")?,
        commitment: row.required_text("commitment")?,
        price: row.price("price")?.ok_or_else(|| row.problem("price", "is missing"))?,
        unit: row.required_text("unit")?,
        note: row.text("note")?,
    })
}

/// Whether logged input tokens include the cached ones.
pub(super) fn input_includes_cache(row: &mut RowReader) -> Result<bool, BookError> {
    match row.text("usage_semantics")?.as_deref() {
        Some("input_includes_cache_reported") => Ok(true),
        None | Some("input_excludes_cache" | "unknown") => Ok(false),
        Some(other) => {
            Err(row.problem("usage_semantics", format!("is `{other}`, which isn't known")))
        }
    }
}

/// Reads one price row.
pub(super) fn price_row(row: &mut RowReader) -> Result<PriceRow, BookError> {
    let model_id = row.required_text("model_id")?;
    row.rename(format!("{} ({model_id})", row.place()));
    let routing = routing(row)?;
    let region = row.required_text("region")?;
    let tier = tier(row)?;
    let effective_from = row.date("effective_from")?;
    let effective_to = row.date("effective_to")?;
    if let (Some(from), Some(to)) = (effective_from, effective_to)
        && to <= from
    {
        return Err(row.problem("effective_to", "must be after `effective_from`"));
    }
    let region = Some(region).filter(|region| region != "*");
    let read = PriceRow {
        id: String::new(),
        model_id,
        routing,
        region,
        tier,
        effective_from,
        effective_to,
        tokens: token_prices(row)?,
        long_context: long_context(row)?,
        units: units(row)?,
        sources: row.texts("sources")?,
        confidence: row.text("confidence")?,
        derivation: row.text("derivation")?,
        note: row.text("note")?,
        origin: Origin::Catalogue,
    };
    check_scope(row, &read)?;
    Ok(read.named())
}

fn routing(row: &mut RowReader) -> Result<Routing, BookError> {
    match row.required_text("routing")?.as_str() {
        "regional" => Ok(Routing::Regional),
        "global" => Ok(Routing::Global),
        _ => Err(row.problem("routing", "must be `regional` or `global`")),
    }
}

fn tier(row: &mut RowReader) -> Result<Tier, BookError> {
    let text = row.required_text("tier")?;
    Tier::from_log(Some(&text)).filter(|tier| tier.as_str() == text).ok_or_else(|| {
        row.problem(
            "tier",
            "must be `standard`, `batch`, `flex`, `priority` or `latency_optimized`",
        )
    })
}

/// `scope` repeats routing and Region in one word; checked where given, since people read it there.
fn check_scope(row: &mut RowReader, read: &PriceRow) -> Result<(), BookError> {
    let scope = read.scope();
    match row.text("scope")? {
        Some(written) if written != scope => Err(row.problem(
            "scope",
            format!("is `{written}`, but `routing` and `region` make it `{scope}`"),
        )),
        _ => Ok(()),
    }
}

fn token_prices(row: &mut RowReader) -> Result<TokenPrices, BookError> {
    Ok(TokenPrices {
        input: row.price_per_token("input")?,
        output: row.price_per_token("output")?,
        cache_read: row.price_per_token("cache_read")?,
        cache_write: row.price_per_token("cache_write")?,
        cache_write_1h: row.price_per_token("cache_write_1h")?,
    })
}

fn long_context(row: &mut RowReader) -> Result<Option<LongContext>, BookError> {
    let Some(value) = row.take("long_context") else { return Ok(None) };
    let mut prices = RowReader::new(format!("{}, long_context", row.place()), value)?;
    if prices.text("applies_to")?.is_some_and(|whole| whole != "whole_request") {
        return Err(prices.problem("applies_to", "must be `whole_request`"));
    }
    let above_input_tokens = prices
        .count("above_input_tokens")?
        .ok_or_else(|| prices.problem("above_input_tokens", "is missing"))?;
    let tokens = token_prices(&mut prices)?;
    prices.finish()?;
    Ok(Some(LongContext { above_input_tokens, tokens }))
}

fn units(row: &mut RowReader) -> Result<Vec<UnitPrice>, BookError> {
    let place = row.place().to_owned();
    let read_unit = |value| {
        let mut unit = RowReader::new(format!("{place}, units"), value)?;
        let price = unit.price("price")?.ok_or_else(|| unit.problem("price", "is missing"))?;
        let max_pixels = max_pixels(&mut unit)?;
        let read = UnitPrice {
            unit: unit.required_text("unit")?,
            price,
            quality: unit.text("quality")?,
            max_pixels,
            resolution: unit.text("resolution")?,
            fps: unit.count("fps")?,
        };
        unit.finish()?;
        Ok(read)
    };
    row.array("units")?.into_iter().map(read_unit).collect()
}

/// `1024x1024` as a number of pixels; `larger` has no bound.
fn max_pixels(unit: &mut RowReader) -> Result<Option<i64>, BookError> {
    let Some(text) = unit.text("max_px")? else { return Ok(None) };
    if text == "larger" {
        return Ok(Some(i64::MAX));
    }
    let side = |side: &str| side.parse::<u32>().ok().map(i64::from);
    let pixels = text.split_once('x').and_then(|(w, h)| side(w)?.checked_mul(side(h)?));
    match pixels {
        Some(pixels) => Ok(Some(pixels)),
        None => Err(unit.problem("max_px", "must be like `1024x1024`, or `larger`")),
    }
}

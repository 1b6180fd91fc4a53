//! The embedded catalogue holds what it says it holds.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::prices::PriceBook;
use crate::units::Usd;

fn embedded() -> &'static PriceBook {
    PriceBook::embedded().expect("the embedded book is sound")
}

#[test]
fn every_row_is_read_exactly() {
    let file: Value = serde_json::from_str(include_str!("../bedrock-prices.json")).expect("JSON");
    let rows = file["prices"].as_array().expect("a list");
    assert_eq!(embedded().rows().len(), rows.len());
    for (row, written) in embedded().rows().iter().zip(rows) {
        let check = |price: Option<Usd>, field: &Value| {
            let times_million = price.map(|price| Usd(price.0 * 1_000_000));
            let expected = field.as_str().map(|text| Usd::parse(text).expect("a decimal"));
            assert_eq!(times_million, expected, "{}: {field}", row.id);
        };
        check(row.tokens.input, &written["input"]);
        check(row.tokens.output, &written["output"]);
        check(row.tokens.cache_read, &written["cache_read"]);
        check(row.tokens.cache_write, &written["cache_write"]);
        check(row.tokens.cache_write_1h, &written["cache_write_1h"]);
        check(row.long_context.and_then(|l| l.tokens.output), &written["long_context"]["output"]);
        let units = written["units"].as_array().map_or(0, Vec::len);
        assert_eq!(row.units.len(), units, "{}", row.id);
    }
}

#[test]
fn every_row_has_its_own_name_a_known_source_and_a_model() {
    let names: BTreeSet<&str> = embedded().rows().iter().map(|row| row.id.as_str()).collect();
    assert_eq!(names.len(), embedded().rows().len());
    for row in embedded().rows() {
        assert!(embedded().model(&row.model_id).is_some(), "{}", row.id);
        assert!(!row.sources.is_empty(), "{}", row.id);
        for source in &row.sources {
            assert!(embedded().source(source).is_some(), "{}: {source}", row.id);
        }
    }
}

#[test]
fn the_long_context_costs_no_less() {
    for row in embedded().rows() {
        let Some(long) = row.long_context else { continue };
        let pairs = [
            (row.tokens.input, long.tokens.input),
            (row.tokens.output, long.tokens.output),
            (row.tokens.cache_read, long.tokens.cache_read),
            (row.tokens.cache_write, long.tokens.cache_write),
            (row.tokens.cache_write_1h(), long.tokens.cache_write_1h()),
        ];
        assert!(pairs.iter().all(|(base, long)| base <= long), "{}", row.id);
    }
}

#[test]
fn the_book_knows_its_age() {
    let day = |text: &str| text.parse().expect("a day");
    assert_eq!(embedded().newest_source_date(), day("2026-10-09"));
    assert_eq!(embedded().age_days(day("2026-11-22")), 44);
    assert!(!embedded().is_stale(day("2026-11-23")));
    assert!(embedded().is_stale(day("2026-11-24")));
}

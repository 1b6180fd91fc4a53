//! A broken price book is refused, and the error says where.

use crate::prices::PriceBook;

fn error_of(prices: &str) -> String {
    let text = format!(
        r#"{{"schema_version":1,"newest_source_date":"2026-10-09",
        "models":[{{"model_id":"acme.one","provider":"Acme","display_name":"One","modality":"text"}}],
        "prices":[{prices}]}}"#
    );
    PriceBook::from_json(&text).map(|_| ()).expect_err("a broken book").to_string()
}

fn row(fields: &str) -> String {
    format!(
        r#"{{"model_id":"acme.one","routing":"regional","region":"*","tier":"standard",{fields}}}"#
    )
}

#[test]
fn the_row_and_the_field_are_named() {
    let cases = [
        (r#""cache_raed":"1""#, "price 1 (acme.one): `cache_raed` is not a field of such a row"),
        (
            r#""input":0.3"#,
            "price 1 (acme.one): `input` must be text, a plain decimal from 0 to 10000 with at most 14 decimals, or null",
        ),
        (
            r#""input":"-1""#,
            "price 1 (acme.one): `input` is `-1`, but must be text, a plain decimal from 0 to 10000 with at most 14 decimals, or null",
        ),
        (
            r#""input":"0.000000001""#,
            "price 1 (acme.one): `input` is 0.000000001, but may have at most 8 decimals to be held exactly",
        ),
        (
            r#""effective_from":"7 Oct""#,
            "price 1 (acme.one): `effective_from` must be a date like 2026-10-07, not `7 Oct`",
        ),
        (
            r#""effective_from":"2026-10-07","effective_to":"2026-10-07""#,
            "price 1 (acme.one): `effective_to` must be after `effective_from`",
        ),
        (
            r#""scope":"global""#,
            "price 1 (acme.one): `scope` is `global`, but `routing` and `region` make it `*`",
        ),
        (
            r#""long_context":{"input":"1"}"#,
            "price 1 (acme.one), long_context: `above_input_tokens` is missing",
        ),
        (
            r#""units":[{"unit":"image","price":"1","max_px":"big"}]"#,
            "price 1 (acme.one), units: `max_px` must be like `1024x1024`, or `larger`",
        ),
    ];
    for (fields, message) in cases {
        assert_eq!(error_of(&row(fields)), message);
    }
}

#[test]
fn rows_that_overlap_are_both_named() {
    let early = row(r#""input":"1","effective_to":"2026-02-01""#);
    let late = row(r#""input":"2","effective_from":"2026-01-31""#);
    assert_eq!(
        error_of(&format!("{late},{early}")),
        "two prices for the same calls: `acme.one * standard to 2026-02-01` and \
         `acme.one * standard from 2026-01-31`"
    );
}

#[test]
fn a_price_of_an_unlisted_model_is_refused() {
    let row = row(r#""input":"1""#).replace("acme.one", "acme.two");
    assert_eq!(
        error_of(&row),
        "`acme.two * standard` is a price of a model that the book doesn't list"
    );
}

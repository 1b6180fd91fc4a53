//! Price lists built after the documented shapes, and what becomes of each product.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Imported, NamedOffer, Offer, import};
use crate::prices::book::EMBEDDED_TEXT;
use crate::prices::{PriceBook, Query};

const SONNET: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const NOVA_2_LITE: &str = "amazon.nova-2-lite-v1:0";

/// The catalogue's rows of a few models, so that a test reads few.
static SOME: LazyLock<String> = LazyLock::new(|| {
    const MODELS: [&str; 14] = [
        SONNET,
        NOVA_2_LITE,
        "amazon.nova-pro-v1:0",
        "amazon.nova-lite-v1:0",
        "amazon.nova-2-pro-preview-20251202-v1:0",
        "amazon.nova-canvas-v1:0",
        "amazon.nova-reel-v1:0",
        "amazon.nova-reel-v1:1",
        "amazon.titan-image-generator-v2:0",
        "anthropic.claude-opus-4-6-v1",
        "anthropic.claude-opus-4-7",
        "anthropic.claude-haiku-5-5",
        "cohere.rerank-v3-5:0",
        "openai.gpt-5.6-luna",
    ];
    let mut file: Value = serde_json::from_str(EMBEDDED_TEXT).expect("JSON");
    for list in ["models", "prices"] {
        let rows = file[list].as_array_mut().expect("a list");
        rows.retain(|row| {
            let id = row["model_id"].as_str().expect("an id");
            MODELS.contains(&id) || id.starts_with("luma.")
        });
    }
    file.to_string()
});

fn some() -> PriceBook {
    PriceBook::from_json(&SOME).expect("sound")
}

/// A product and its term.
struct Sku {
    attributes: Value,
    from: &'static str,
    unit: &'static str,
    usd: &'static str,
}

fn bedrock(usage_type: &str, model: &str, usd: &'static str) -> Sku {
    Sku {
        attributes: json!({
            "servicecode": "AmazonBedrock", "regionCode": "us-east-1", "usagetype": usage_type,
            "model": model, "provider": "x", "feature": "On-demand Inference",
        }),
        from: "2026-10-15T00:00:00Z",
        unit: "1K tokens",
        usd,
    }
}

fn marketplace(usage_type: &str, name: &str, usd: &'static str) -> Sku {
    Sku {
        attributes: json!({
            "servicecode": "AmazonBedrockFoundationModels", "regionCode": "us-east-1",
            "usagetype": usage_type, "servicename": format!("{name} (Amazon Bedrock Edition)"),
        }),
        from: "2026-10-15T00:00:00Z",
        unit: "1M tokens",
        usd,
    }
}

/// A price list; SKUs are named A, B, C, …
fn list(service: &str, published: &str, skus: &[Sku]) -> Value {
    let mut products = serde_json::Map::new();
    let mut terms = serde_json::Map::new();
    for (sku, letter) in skus.iter().zip('A'..) {
        let id = letter.to_string();
        let product =
            json!({ "sku": id, "productFamily": "Amazon Bedrock", "attributes": sku.attributes });
        products.insert(id.clone(), product);
        let term = json!({
            "offerTermCode": "JRTCKXETXF", "sku": id, "effectiveDate": sku.from, "termAttributes": {},
            "priceDimensions": { format!("{id}.JRTCKXETXF.6YS6EN2CT7"): {
                "rateCode": format!("{id}.JRTCKXETXF.6YS6EN2CT7"), "description": "per something",
                "beginRange": "0", "endRange": "Inf", "unit": sku.unit,
                "pricePerUnit": { "USD": sku.usd }, "appliesTo": [],
            }},
        });
        terms.insert(id.clone(), json!({ format!("{id}.JRTCKXETXF"): term }));
    }
    json!({
        "formatVersion": "v1.0", "disclaimer": "…", "offerCode": service, "version": "20261101000000",
        "publicationDate": published, "products": products,
        "terms": { "OnDemand": terms }, "attributesList": {},
    })
}

fn named(value: &Value) -> NamedOffer {
    let offer = Offer::read(&value.to_string()).expect("a price list");
    NamedOffer { file: format!("{}.json", offer.service), offer }
}

fn imported(lists: &[Value]) -> (PriceBook, Imported) {
    let lists = lists.iter().map(named).collect();
    let (text, done) = import(&SOME, lists, &BTreeMap::new()).expect("an import");
    (PriceBook::from_json(&text).expect("a sound book"), done)
}

fn one(sku: Sku) -> (PriceBook, Imported) {
    imported(&[list("AmazonBedrock", "2026-11-01T00:00:00Z", &[sku])])
}

fn input(book: &PriceBook, model_id: &str, region: &str, day: &str) -> Option<String> {
    price(book, model_id, region, "standard", day).map(|row| row.0)
}

/// Input and output price per million tokens.
fn price(
    book: &PriceBook,
    model_id: &str,
    region: &str,
    tier: &str,
    day: &str,
) -> Option<(String, String)> {
    let query = Query {
        model_id: Some(model_id),
        region: Some(region),
        service_tier: Some(tier),
        day: day.parse().ok(),
    };
    let prices = crate::prices::explain::UnitPrices::of(&book.quote(&query).price.ok()?.tokens);
    let text =
        |price: Option<crate::units::Usd>| price.map_or("-".to_owned(), |usd| usd.to_string());
    Some((text(prices.input), text(prices.output)))
}

#[test]
fn a_listed_price_holds_from_its_date_and_history_stays() {
    let (book, done) =
        one(bedrock("USE1-Nova2.0Lite-input-tokens", "Nova 2.0 Lite", "0.0004000000"));
    assert_eq!((done.recognised, done.calls_changed, done.calls_added), (1, 1, 0));
    assert_eq!(done.problems, []);
    let at = |day| price(&book, NOVA_2_LITE, "us-east-1", "standard", day).expect("a price");
    assert_eq!(at("2026-10-14"), ("0.33".to_owned(), "2.75".to_owned()));
    assert_eq!(at("2026-10-15"), ("0.4".to_owned(), "2.75".to_owned()), "the output stays");
    assert_eq!(input(&book, NOVA_2_LITE, "us-west-2", "2026-11-01").as_deref(), Some("0.33"));
    assert_eq!(
        input(&book, &format!("global.{NOVA_2_LITE}"), "us-east-1", "2026-11-01").as_deref(),
        Some("0.3"),
        "another routing stays"
    );
    assert_eq!(book.newest_source_date().to_string(), "2026-11-01");
    let source = book.source("AmazonBedrock-20261101000000").expect("the list is a source");
    assert_eq!(source.date, "2026-11-01");
}

#[test]
fn what_the_catalogue_says_already_changes_no_row() {
    let (book, done) = imported(&[list(
        "AmazonBedrockFoundationModels",
        "2026-11-01T00:00:00Z",
        &[
            marketplace("USE1-MP:USE1_InputTokenCount-Units", "Claude Sonnet 4.5", "3.3000000000"),
            marketplace(
                "USE1-MP:USE1_OutputTokenCount-Units",
                "Claude Sonnet 4.5",
                "16.5000000000",
            ),
            marketplace("USE1-MP:USE1_InputTokenCount_Global-Units", "Claude Sonnet 4.5", "3"),
        ],
    )]);
    assert_eq!((done.recognised, done.calls_confirmed, done.calls_changed), (3, 2, 0));
    assert_eq!(book.rows(), some().rows());
    assert_eq!(book.models(), some().models());
}

#[test]
fn every_shape_of_usage_type_is_read() {
    let old = |usage_type| marketplace(usage_type, "Claude Sonnet 4.5", "7");
    let new = |usage_type| marketplace(usage_type, "Claude Opus 4.6", "8");
    let classic = |usage_type| bedrock(usage_type, "Nova 2.0 Lite", "0.009");
    let (book, done) = imported(&[
        list(
            "AmazonBedrockFoundationModels",
            "2026-11-01T00:00:00Z",
            &[
                old("USE1-MP:USE1_CacheReadInputTokenCount-Units"),
                old("USE1-MP:USE1_CacheWriteInputTokenCount_Global-Units"),
                old("USE1-MP:USE1_CacheWrite1hInputTokenCount-Units"),
                old("USE1-MP:USE1_OutputTokenCount_Batch-Units"),
                new("USE1-MP:USE1_input_tokens_standard-Units"),
                new("USE1-MP:USE1_cache_read_tokens_standard-Units"),
                new("USE1-MP:USE1_cache_write_tokens_30m_standard-Units"),
                new("USE1-MP:USE1_cache_write_tokens_1h_global_standard-Units"),
                new("USE1-MP:USE1_output_tokens_global_batch-Units"),
            ],
        ),
        list(
            "AmazonBedrock",
            "2026-11-01T00:00:00Z",
            &[
                classic("USE1-Nova2.0Lite-cache-read-input-token-count"),
                classic("USE1-Nova2.0Lite-cache-write-input-token-count"),
                classic("USE1-Nova2.0Lite-output-tokens-cross-region-global-flex"),
                classic("USE1-Nova2.0Lite-input-tokens-cross-region-geo-priority"),
                classic("USE1-Nova2.0Lite-input-tokens-latency-optimized"),
            ],
        ),
    ]);
    assert_eq!(done.problems, []);
    assert_eq!(done.recognised, 14);
    let row = |model_id: &str, tier| {
        let query = Query {
            model_id: Some(model_id),
            region: Some("us-east-1"),
            service_tier: Some(tier),
            day: "2026-11-01".parse().ok(),
        };
        let row = book.quote(&query).price.expect("a row");
        let prices = crate::prices::explain::UnitPrices::of(&row.tokens);
        let text = |price: Option<crate::units::Usd>| price.map(|usd| usd.to_string());
        [
            text(prices.input),
            text(prices.output),
            text(prices.cache_read),
            text(prices.cache_write),
            text(prices.cache_write_1h),
        ]
        .map(|price| price.unwrap_or_else(|| "-".to_owned()))
    };
    assert_eq!(row(SONNET, "standard"), ["3.3", "16.5", "7", "4.125", "7"]);
    assert_eq!(row(&format!("global.{SONNET}"), "standard"), ["3", "15", "0.3", "7", "6"]);
    assert_eq!(row(SONNET, "batch")[1], "7");
    let opus = "anthropic.claude-opus-4-6-v1";
    let found = row(opus, "standard");
    assert_eq!((&*found[0], &*found[2], &*found[3]), ("8", "8", "8"));
    assert_eq!(row(&format!("global.{opus}"), "standard")[4], "8");
    assert_eq!(row(&format!("global.{opus}"), "batch")[1], "8");
    assert_eq!(row(NOVA_2_LITE, "standard")[2..4], ["9", "9"]);
    assert_eq!(row(&format!("global.{NOVA_2_LITE}"), "flex")[1], "9");
    assert_eq!(row(NOVA_2_LITE, "priority")[0], "9");
    assert_eq!(row(NOVA_2_LITE, "latency_optimized")[0], "9");
}

#[test]
fn long_context_prices_take_the_catalogue_s_threshold() {
    let (book, done) = one(marketplace(
        "USE1-MP:USE1_input_tokens_long_ctx_standard-Units",
        "Claude Haiku 5.5",
        "0.66",
    ));
    assert_eq!(done.problems, []);
    let query = Query {
        model_id: Some("anthropic.claude-haiku-5-5"),
        region: Some("us-east-1"),
        service_tier: None,
        day: "2026-11-01".parse().ok(),
    };
    let long = book.quote(&query).price.expect("a row").long_context.expect("long");
    assert_eq!(long.above_input_tokens, 100_000);
    assert_eq!(long.tokens.input.map(|usd| usd.to_string()).as_deref(), Some("0.00000066"));
    let (_, done) = one(marketplace(
        "USE1-MP:USE1_input_tokens_long_ctx_standard-Units",
        "Claude Opus 4.6",
        "9",
    ));
    assert_eq!(done.problems[0].reason, "no_long_context_threshold");
    assert_eq!(done.recognised, 0);
}

#[test]
fn images_queries_and_seconds_keep_the_catalogue_s_units() {
    let of_unit = |usage_type, model, unit, usd| Sku { unit, ..bedrock(usage_type, model, usd) };
    let titan = |usage_type| {
        let mut sku = of_unit(usage_type, "", "image", "0.011");
        sku.attributes["model"] = json!("");
        sku
    };
    let (book, done) = imported(&[list(
        "AmazonBedrock",
        "2026-11-01T00:00:00Z",
        &[
            of_unit("USE1-NovaCanvas-T2I-1024-Premium", "Nova Canvas", "image", "0.065"),
            of_unit(
                "USE1-cohere.rerank-v3-5-search-units",
                "Cohere Rerank v3.5",
                "Search Units",
                "0.0025",
            ),
            of_unit("USE1-NovaReel-T2V-seconds", "Nova Reel", "seconds", "0.09"),
            titan("USE1-TitanImageGeneratorV2-I2I-512-Standard"),
            of_unit("USE1-Ray2-seconds", "Luma Ray2", "seconds", "2"),
            of_unit("USE1-Ray2-720p-seconds", "Luma Ray2", "seconds", "2"),
        ],
    )]);
    let unit = |model_id: &str, region, of: &str| {
        let query = Query {
            model_id: Some(model_id),
            region: Some(region),
            service_tier: None,
            day: "2026-11-01".parse().ok(),
        };
        let row = book.quote(&query).price.expect("a row");
        let found = row.units.iter().find(|unit| format!("{unit:?}").contains(of));
        found.map(|unit| unit.price.to_string())
    };
    assert_eq!(
        unit("amazon.nova-canvas-v1:0", "us-east-1", "premium\"), max_pixels: Some(1048576)")
            .as_deref(),
        Some("0.065")
    );
    assert_eq!(
        unit("amazon.nova-canvas-v1:0", "us-east-1", "standard\"), max_pixels: Some(1048576)")
            .as_deref(),
        Some("0.04")
    );
    assert_eq!(unit("cohere.rerank-v3-5:0", "us-east-1", "1k_queries").as_deref(), Some("2.5"));
    assert_eq!(unit("amazon.nova-reel-v1:0", "us-east-1", "720p").as_deref(), Some("0.09"));
    assert_eq!(unit("amazon.nova-reel-v1:1", "us-east-1", "720p").as_deref(), Some("0.09"));
    assert_eq!(
        unit("amazon.titan-image-generator-v2:0", "us-east-1", "Some(262144)").as_deref(),
        Some("0.011")
    );
    // Ray2 has a price for two resolutions, in us-west-2 only; the list speaks of us-east-1.
    assert_eq!(unit("luma.ray-v2:0", "us-east-1", "720p").as_deref(), Some("2"));
    let reasons: Vec<(&str, &str)> =
        done.problems.iter().map(|one| (one.reason, one.sku.as_str())).collect();
    assert_eq!(reasons, [("ambiguous_unit", "E")]);
}

#[test]
fn nothing_is_dropped_without_a_word() {
    let mut no_region = bedrock("Nova2.0Lite-input-tokens", "Nova 2.0 Lite", "1");
    no_region.attributes["regionCode"] = json!("");
    let mut two_regions = bedrock("EUW1-Nova2.0Lite-input-tokens", "Nova 2.0 Lite", "1");
    two_regions.attributes["regionCode"] = json!("us-east-1");
    let mut no_usage_type = bedrock("", "Nova 2.0 Lite", "1");
    no_usage_type.attributes["usagetype"] = json!("");
    let mut no_date = bedrock("USE1-NovaLite-input-tokens", "Nova Lite", "1");
    no_date.from = "soon";
    let mut by_hundred = bedrock("USE1-NovaPro-input-tokens", "Nova Pro", "1");
    by_hundred.unit = "100 tokens";
    let mut units = marketplace("USE1-MP:USE1_input_tokens_standard-Units", "Claude Opus 4.7", "5");
    units.unit = "Units";
    let cases = [
        (
            bedrock("USE1-xai.grok-4.7-mantle-input-tokens-standard", "xai.grok-4.7", "1"),
            "mantle_endpoint",
        ),
        (
            bedrock("USE1-Nova2.0Lite-input-tokens-custom-model", "Nova 2.0 Lite", "1"),
            "custom_model",
        ),
        (bedrock("USE1-Nova2.0Lite-Customization-Training", "Nova 2.0 Lite", "1"), "custom_model"),
        (
            bedrock("USE1-NovaPro-ProvisionedThroughput-1month-ModelUnits", "Nova Pro", "1"),
            "provisioned_throughput",
        ),
        (bedrock("USE1-Reserved_1Month_InputTPM_Geo", "Nova Pro", "1"), "reserved_capacity"),
        (bedrock("USE1-Guardrail-ContentPolicyUnitsConsumed", "", "1"), "not_model_inference"),
        (
            bedrock("USE1-Nova2.0Pro-audio-input-tokens", "Nova 2.0 Pro", "1"),
            "tokens_not_logged_apart",
        ),
        (bedrock("USE1-Nova9-input-tokens", "Nova 9", "1"), "unknown_model"),
        (bedrock("USE1-NovaPro-input-tokens-turbo", "Nova Pro", "1"), "unknown_usage_type"),
        (bedrock("USE1-NovaPro-thinking", "Nova Pro", "1"), "unknown_usage_type"),
        (bedrock("USE1-NovaPro-input-tokens", "Nova Pro", "-0.0008"), "negative_price"),
        (bedrock("USE1-NovaPro-input-tokens", "Nova Pro", "eight"), "price_not_a_number"),
        (
            bedrock("USE1-NovaPro-input-tokens", "Nova Pro", "0.00000000000000000008"),
            "price_not_exact",
        ),
        (by_hundred, "unknown_unit"),
        (units, "unknown_unit"),
        (no_region, "no_region"),
        (two_regions, "two_regions"),
        (no_usage_type, "malformed"),
        (no_date, "no_effective_date"),
    ];
    for (sku, reason) in cases {
        let usage_type = sku.attributes["usagetype"].clone();
        let (book, done) = one(sku);
        let all: Vec<_> = done.problems.iter().chain(&done.skipped_skus).collect();
        assert_eq!((all.len(), done.recognised), (1, 0), "{usage_type}");
        assert_eq!((all[0].reason, &*all[0].sku), (reason, "A"), "{usage_type}");
        assert_eq!(book.rows(), some().rows(), "{usage_type}");
    }
}

#[test]
fn terms_that_are_missing_or_odd_are_problems_of_their_sku() {
    let change = |at: &str, value: Value| {
        let sku = bedrock("USE1-NovaPro-input-tokens", "Nova Pro", "0.0009");
        let mut list = list("AmazonBedrock", "2026-11-01T00:00:00Z", &[sku]);
        *list.pointer_mut(at).unwrap_or_else(|| panic!("{at}")) = value;
        let (_, done) = imported(&[list]);
        assert_eq!((done.problems.len(), done.recognised), (1, 0), "{at}");
        done.problems[0].reason
    };
    let dimension = "/terms/OnDemand/A/A.JRTCKXETXF/priceDimensions/A.JRTCKXETXF.6YS6EN2CT7";
    assert_eq!(change("/terms", json!({})), "no_on_demand_price");
    assert_eq!(change("/terms/OnDemand", json!({})), "no_on_demand_price");
    assert_eq!(change("/terms/OnDemand/A", json!({})), "no_on_demand_price");
    assert_eq!(change("/terms/OnDemand/A", json!("?")), "malformed");
    assert_eq!(change("/products/A", json!(7)), "malformed");
    assert_eq!(change(&format!("{dimension}/pricePerUnit"), json!({ "CNY": "1" })), "not_in_usd");
    assert_eq!(change(&format!("{dimension}/pricePerUnit/USD"), json!(0.1)), "malformed");
    assert_eq!(change(&format!("{dimension}/endRange"), json!("1000000")), "priced_by_volume");
    assert_eq!(
        change("/terms/OnDemand/A/A.JRTCKXETXF/priceDimensions", json!({})),
        "no_on_demand_price"
    );
    let two = json!({ "a": {}, "b": {} });
    assert_eq!(change("/terms/OnDemand/A/A.JRTCKXETXF/priceDimensions", two), "priced_by_volume");
}

#[test]
fn two_prices_for_the_same_calls_are_both_refused() {
    let price = |usd| bedrock("USE1-NovaPro-input-tokens", "Nova Pro", usd);
    let both = [price("0.0009"), price("0.0010")];
    let (book, done) = imported(&[list("AmazonBedrock", "2026-11-01T00:00:00Z", &both)]);
    let skus: Vec<&str> = done.problems.iter().map(|one| one.sku.as_str()).collect();
    assert_eq!((skus, done.recognised), (vec!["A", "B"], 0));
    assert_eq!(done.problems[0].detail, "for the same calls from 2026-10-15: 0.9 (A), 1 (B)");
    assert_eq!(
        input(&book, "amazon.nova-pro-v1:0", "us-east-1", "2026-11-01").as_deref(),
        Some("0.8")
    );
    let same = [price("0.0009"), price("0.0009")];
    let (_, done) = imported(&[list("AmazonBedrock", "2026-11-01T00:00:00Z", &same)]);
    assert_eq!((done.problems.len(), done.recognised, done.calls_changed), (0, 2, 1));
}

#[test]
fn lists_of_different_days_make_a_history_in_any_order() {
    let on = |published: &str, from: &'static str, usd| {
        let sku = Sku { from, ..bedrock("USE1-NovaPro-input-tokens", "Nova Pro", usd) };
        list("AmazonBedrock", published, &[sku])
    };
    let october = on("2026-10-20T00:00:00Z", "2026-10-01T00:00:00Z", "0.0009");
    let november = on("2026-11-20T00:00:00Z", "2026-11-01T00:00:00Z", "0.0007");
    let (book, _) = imported(&[november.clone(), october.clone()]);
    let at = |day| input(&book, "amazon.nova-pro-v1:0", "us-east-1", day).expect("a price");
    assert_eq!(
        ["2026-09-30", "2026-10-01", "2026-10-31", "2026-11-01"].map(at),
        ["0.8", "0.9", "0.9", "0.7"]
    );
    let (other, _) = imported(&[october, november]);
    assert_eq!(book.rows(), other.rows());
}

#[test]
fn a_list_knows_nothing_of_days_after_it() {
    // GPT-5.6 Luna came on 2026-07-13 and fell on 2026-07-30, by the catalogue; a list of mid-July
    // can't say otherwise.
    let luna = |from| {
        let sku = Sku {
            from,
            ..marketplace("USE1-MP:USE1_input_tokens_standard-Units", "GPT-5.6 Luna", "0.5")
        };
        list("AmazonBedrockFoundationModels", "2026-07-20T00:00:00Z", &[sku])
    };
    let (book, _) = imported(&[luna("2026-07-01T00:00:00Z")]);
    let at = |day| input(&book, "openai.gpt-5.6-luna", "us-east-1", day);
    assert_eq!(at("2026-06-30"), None);
    assert_eq!(at("2026-07-01").as_deref(), Some("0.5"));
    assert_eq!(at("2026-07-29").as_deref(), Some("0.5"));
    assert_eq!(at("2026-07-30").as_deref(), Some("0.22"));
}

#[test]
fn a_name_that_the_user_explains_is_taken_and_adds_the_model() {
    let sku = bedrock("USE1-Nova9-input-tokens", "Nova 9", "0.001");
    let lists = vec![named(&list("AmazonBedrock", "2026-11-01T00:00:00Z", &[sku]))];
    let names = BTreeMap::from([("Nova 9".to_owned(), "amazon.nova-9-v1:0".to_owned())]);
    let (text, done) = import(&SOME, lists, &names).expect("an import");
    assert_eq!((done.calls_added, done.models_added), (1, vec!["amazon.nova-9-v1:0".to_owned()]));
    let book = PriceBook::from_json(&text).expect("sound");
    let model = book.model("amazon.nova-9-v1:0").expect("added");
    assert_eq!((&*model.provider, &*model.display_name), ("Amazon", "Nova 9"));
    assert_eq!(
        input(&book, "us.amazon.nova-9-v1:0", "us-east-1", "2026-11-01").as_deref(),
        Some("1")
    );
    assert_eq!(input(&book, "amazon.nova-9-v1:0", "us-east-1", "2026-10-14"), None);
}

#[test]
fn a_file_that_is_no_price_list_is_refused_with_its_place() {
    let error = |text: &str| Offer::read(text).expect_err("no price list").to_string();
    let whole = list("AmazonBedrock", "2026-11-01T00:00:00Z", &[]).to_string();
    assert_eq!(error("sku,price"), "is not JSON");
    assert_eq!(error(&whole[..whole.len() / 2]), "is not JSON: it ends in the middle, cut off?");
    assert_eq!(error("{}"), "is not an AWS price list: `offerCode` is missing");
    assert!(
        error(&whole.replace("AmazonBedrock", "AmazonEC2"))
            .contains("is `AmazonEC2`, but must be one of")
    );
    assert!(error(&whole.replace("2026-11-01T", "1 Nov ")).contains("publicationDate"));
}

#[test]
fn the_table_of_names_holds_only_models_of_the_catalogue() {
    let table: BTreeMap<String, Vec<String>> =
        serde_json::from_str(include_str!("price-list-names.json")).expect("JSON");
    let book = PriceBook::embedded().expect("sound");
    for id in table.values().flatten() {
        assert_eq!(book.model(id).map(|model| &model.model_id), Some(id));
    }
}

#[test]
fn a_catalogue_written_and_read_again_is_the_same() {
    let (text, _) = import(EMBEDDED_TEXT, Vec::new(), &BTreeMap::new()).expect("an import");
    let (book, embedded) =
        (PriceBook::from_json(&text).expect("sound"), PriceBook::embedded().expect("sound"));
    assert_eq!(book.rows(), embedded.rows());
    assert_eq!(book.models(), embedded.models());
    let rows = |text: &str| -> Vec<String> {
        let rows = text
            .lines()
            .filter(|line| line.contains(r#","provider":"#) || line.contains(r#","tier":"#));
        rows.map(|line| line.trim_end_matches(',').to_owned()).collect()
    };
    assert_eq!(rows(&text).len(), 168 + 2607);
    assert!(rows(&text) == rows(EMBEDDED_TEXT), "models and prices, to the letter");
    let lines = |text: &str| -> Vec<Value> {
        let rows = text.lines().filter(|line| line.starts_with('{') && line.len() > 1);
        rows.map(|line| serde_json::from_str(line.trim_end_matches(',')).expect("a row")).collect()
    };
    let (written, before) = (lines(&text), lines(EMBEDDED_TEXT));
    assert_eq!(written.len(), before.len());
    for (written, before) in written.iter().zip(&before) {
        assert_eq!(written, before, "row by row, every field");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// Whatever prices and dates a list has: calls that it doesn't name keep their prices on every
    /// day, and so do its own before its date.
    #[test]
    fn an_import_changes_only_what_it_lists(
        per_million in 0_u32..50_000,
        day in 0_u64..900,
        published in 0_u64..900,
        asked in 0_u64..1_000,
        region in prop::sample::select(vec!["us-east-1", "eu-west-1"]),
    ) {
        let start: chrono::NaiveDate = "2025-01-01".parse().expect("a day");
        let date = |days| start + chrono::Days::new(days);
        let usd: &'static str = Box::leak(format!("{}.{:04}", per_million / 10_000, per_million % 10_000).into_boxed_str());
        let from: &'static str = Box::leak(format!("{}T00:00:00Z", date(day)).into_boxed_str());
        let sku = Sku { from, ..marketplace("USE1-MP:USE1_input_tokens_standard-Units", "GPT-5.6 Luna", usd) };
        let (book, _) = imported(&[list(
            "AmazonBedrockFoundationModels",
            &format!("{}T12:00:00Z", date(published)),
            &[sku],
        )]);
        let before = some();
        let asked_day = date(asked).to_string();
        let both = |model: &str, region: &str, tier: &str| {
            let of = |book: &PriceBook| price(book, model, region, tier, &asked_day);
            (of(&book), of(&before))
        };
        for (model, tier) in [("openai.gpt-5.6-luna", "flex"), ("global.openai.gpt-5.6-luna", "standard"), (SONNET, "standard")] {
            let (new, old) = both(model, region, tier);
            prop_assert_eq!(new, old);
        }
        let (new, old) = both("openai.gpt-5.6-luna", region, "standard");
        if region == "eu-west-1" || asked < day {
            prop_assert_eq!(new, old);
        } else if asked <= published {
            let listed = crate::units::Usd::parse(usd).expect("a decimal").to_string();
            prop_assert_eq!(new.map(|price| price.0), Some(listed));
        }
    }
}

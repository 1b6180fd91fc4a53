//! Costs worked out by hand: caches by hand, images, rerank, errors and guardrails.

use crate::prices::units::ImageSize;
use crate::prices::{CacheConvention, Cost, PriceBook, Query, Usage, cost_of};
use crate::schema::cost::{reason, status};

fn cost_by(model_id: &str, usage: &Usage<'_>, convention: CacheConvention) -> Cost {
    let book = PriceBook::embedded().expect("sound");
    let query = Query {
        model_id: Some(model_id),
        region: Some("us-east-1"),
        service_tier: None,
        day: "2026-10-09".parse().ok(),
    };
    cost_of(&book.quote(&query), usage, convention)
}

fn cost(model_id: &str, usage: &Usage<'_>) -> Cost {
    cost_by(model_id, usage, CacheConvention::Documented)
}

/// Status, reason and cost in one comparable value.
fn said(cost: &Cost) -> (&'static str, Option<&str>, Option<String>) {
    (cost.status, cost.reason.as_deref(), cost.total.map(|total| total.to_string()))
}

fn priced(usd: &str) -> (&'static str, Option<&'static str>, Option<String>) {
    (status::PRICED, None, Some(usd.to_owned()))
}

const SONNET: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const LUNA: &str = "openai.gpt-5.6-luna";

#[test]
fn each_kind_of_token_has_its_price() {
    let usage = Usage {
        input_tokens: Some(1000),
        output_tokens: Some(100),
        cache_read_tokens: Some(10_000),
        cache_write_tokens: Some(3000),
        cache_write_1h_tokens: Some(1000),
        ..Usage::default()
    };
    let found = cost(SONNET, &usage);
    // 1000 × 3.3 + 100 × 16.5 + 10000 × 0.33 + 2000 × 4.125 + 1000 × 6.6, per million.
    assert_eq!(said(&found), priced("0.0231"));
    let part = |usd: Option<crate::units::Usd>| usd.map(|usd| usd.to_string());
    assert_eq!(part(found.parts.input).as_deref(), Some("0.0033"));
    assert_eq!(part(found.parts.output).as_deref(), Some("0.00165"));
    assert_eq!(part(found.parts.cache_read).as_deref(), Some("0.0033"));
    assert_eq!(part(found.parts.cache_write).as_deref(), Some("0.01485"));
    assert_eq!(found.parts.other, None);
    assert_eq!(found.total_tokens, Some(14_100));
    assert_eq!(found.unpriced_tokens, Some(0));
}

#[test]
fn cached_tokens_inside_the_input_are_taken_out_or_charged_as_logged() {
    let usage = Usage {
        input_tokens: Some(5000),
        output_tokens: Some(0),
        cache_read_tokens: Some(3000),
        cache_write_tokens: Some(1000),
        ..Usage::default()
    };
    // Regional GPT-5.6 Luna from 2026-07-30: 0.22 input, 0.022 read, 0.275 write.
    let documented = cost(LUNA, &usage);
    assert_eq!(said(&documented), priced("0.000561"));
    assert_eq!(documented.uncached_input_tokens, Some(1000));
    assert_eq!(documented.total_tokens, Some(5000));
    let as_logged = cost_by(LUNA, &usage, CacheConvention::AsLogged);
    assert_eq!(said(&as_logged), priced("0.001441"));
    assert_eq!(as_logged.total_tokens, Some(5000));
}

#[test]
fn more_cached_tokens_than_input_leave_no_input() {
    let usage = Usage { input_tokens: Some(2), cache_read_tokens: Some(1000), ..Usage::default() };
    let found = cost(LUNA, &usage);
    assert_eq!(found.uncached_input_tokens, Some(0));
    assert_eq!(said(&found), priced("0.000022"));
}

#[test]
fn an_hour_long_write_without_its_own_price_costs_what_every_write_costs() {
    let usage = |write_1h| Usage {
        input_tokens: Some(5000),
        cache_write_tokens: Some(1000),
        cache_write_1h_tokens: write_1h,
        ..Usage::default()
    };
    let default = cost(LUNA, &usage(None));
    assert_eq!(said(&default), priced("0.001155"));
    assert_eq!(default.total, cost(LUNA, &usage(Some(1000))).total);
    assert_eq!(default.total, cost(LUNA, &usage(Some(400))).total);
}

#[test]
fn images_are_priced_by_quality_and_pixels() {
    let image = |quality, pixels, count| Usage {
        output_images: count,
        image: ImageSize { quality, pixels, resolution: None },
        ..Usage::default()
    };
    let canvas = "amazon.nova-canvas-v1:0";
    let small = Some(1024 * 1024);
    let standard = Some("standard");
    assert_eq!(said(&cost(canvas, &image(standard, small, Some(3)))), priced("0.12"));
    assert_eq!(said(&cost(canvas, &image(Some("premium"), small, Some(1)))), priced("0.06"));
    assert_eq!(said(&cost(canvas, &image(standard, Some(1024 * 1025), Some(1)))), priced("0.06"));
    let unmatched = (status::UNPRICED, Some(reason::NO_UNIT_MATCH), None);
    assert_eq!(said(&cost(canvas, &image(None, small, Some(1)))), unmatched);
    assert_eq!(said(&cost(canvas, &image(standard, None, Some(1)))), unmatched);
    assert_eq!(said(&cost(canvas, &image(standard, Some(2048 * 2049), Some(1)))), unmatched);
    assert_eq!(said(&cost(canvas, &image(standard, small, None))), unmatched);
    let any = "stability.stable-image-core-v1:1";
    assert_eq!(said(&cost(any, &image(None, None, Some(2)))), priced("0.08"));
    let larger = image(Some("premium"), Some(1024 * 1024), Some(1));
    assert_eq!(said(&cost("stability.stable-diffusion-xl-v0", &larger)), priced("0.072"));
}

#[test]
fn a_rerank_query_is_a_hundred_documents() {
    let rerank = |documents| Usage { rerank_documents: documents, ..Usage::default() };
    let model = "cohere.rerank-v3-5:0";
    assert_eq!(said(&cost(model, &rerank(Some(1)))), priced("0.002"));
    assert_eq!(said(&cost(model, &rerank(Some(100)))), priced("0.002"));
    assert_eq!(said(&cost(model, &rerank(Some(101)))), priced("0.004"));
    assert_eq!(
        said(&cost(model, &rerank(None))),
        (status::UNPRICED, Some(reason::NO_UNIT_MATCH), None)
    );
}

#[test]
fn text_requests_sent_images_and_video_are_priced_where_the_record_says_so() {
    let images = |count| Usage { input_images: count, ..Usage::default() };
    let marengo = "twelvelabs.marengo-embed-3-0-v1:0";
    assert_eq!(said(&cost(marengo, &images(Some(0)))), priced("0.00007"));
    assert_eq!(said(&cost(marengo, &images(Some(2)))), priced("0.0002"));
    let unmatched = (status::UNPRICED, Some(reason::NO_UNIT_MATCH), None);
    assert_eq!(said(&cost(marengo, &images(None))), unmatched);
    let text_and_image =
        Usage { input_tokens: Some(10), input_images: Some(1), ..Usage::default() };
    // 10 × 0.8 per million and one image at 0.00006.
    assert_eq!(said(&cost("amazon.titan-embed-image-v1", &text_and_image)), priced("0.000068"));
    let found = cost("amazon.nova-2-multimodal-embeddings-v1:0", &text_and_image);
    assert_eq!(
        said(&found),
        (status::PARTLY_PRICED, Some(reason::NO_UNIT_MATCH), Some(String::from("0.00000135")))
    );
    let video = Usage { output_video_ms: Some(6500), ..Usage::default() };
    assert_eq!(said(&cost("amazon.nova-reel-v1:1", &video)), priced("0.52"));
}

#[test]
fn tokens_without_a_price_make_the_request_partly_priced_and_say_which() {
    let usage = Usage {
        input_tokens: Some(100),
        output_tokens: Some(10),
        cache_read_tokens: Some(7),
        cache_write_tokens: Some(5),
        ..Usage::default()
    };
    let found = cost("anthropic.claude-3-sonnet-20240229-v1:0", &usage);
    let reasons = "no_cache_read_price,no_cache_write_price";
    assert_eq!(said(&found), (status::PARTLY_PRICED, Some(reasons), Some(String::from("0.00045"))));
    assert_eq!(found.unpriced_tokens, Some(12));
}

#[test]
fn what_a_failed_or_blocked_call_did_not_use_is_not_billed() {
    let none = Usage { failed: true, ..Usage::default() };
    let not_billed = |reason| (status::NOT_BILLED, Some(reason), None);
    assert_eq!(said(&cost(SONNET, &none)), not_billed(reason::ERROR_WITHOUT_COUNTS));
    assert_eq!(said(&cost("acme.unknown", &none)), not_billed(reason::ERROR_WITHOUT_COUNTS));
    let with_counts = Usage { input_tokens: Some(1000), failed: true, ..Usage::default() };
    assert_eq!(said(&cost(SONNET, &with_counts)), priced("0.0033"));
    let blocked = Usage { guardrail_intervened: true, input_tokens: Some(0), ..Usage::default() };
    assert_eq!(said(&cost(SONNET, &blocked)), not_billed(reason::GUARDRAIL_BLOCKED_INPUT));
    let output_blocked = Usage { input_tokens: Some(1000), ..blocked };
    assert_eq!(said(&cost(SONNET, &output_blocked)), priced("0.0033"));
    let zero = Usage { input_tokens: Some(0), output_tokens: Some(0), ..Usage::default() };
    assert_eq!(said(&cost(SONNET, &zero)), priced("0"));
    assert_eq!(
        said(&cost(SONNET, &Usage::default())),
        (status::UNPRICED, Some(reason::NO_TOKEN_COUNTS), None)
    );
}

//! The expressions against the definition for one request, and the laws of cost.

use std::ops::Range;

use polars::prelude::{Column, DataFrame, DataType, IntoLazy};
use proptest::prelude::{
    Just, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest,
};

use super::{price_keys, with_cost, with_cost_by};
use crate::prices::units::ImageSize;
use crate::prices::{CacheConvention, Cost, PriceBook, Query, Usage, cost_of, quotes};
use crate::schema::cost::{
    COST_CACHE_READ_UNITS, COST_CACHE_WRITE_UNITS, COST_INPUT_UNITS, COST_OTHER_UNITS,
    COST_OUTPUT_UNITS, COST_REASON, COST_STATUS, COST_UNITS, PRICE_ROW, TOTAL_TOKENS,
    UNCACHED_INPUT_TOKENS, UNPRICED_TOKENS, status,
};
use crate::schema::invocation::{Invocation, status as outcome};
use crate::schema::{Row, TimeMs};
use crate::units::Usd;

/// 2026-07-29T00:00:00Z: a day before two models change their price.
const JULY_29: i64 = 1_785_283_200_000;
const DAY_MS: i64 = 86_400_000;

const MODEL_IDS: [&str; 20] = [
    "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "us.anthropic.claude-haiku-5-5",
    "anthropic.claude-3-sonnet-20240229-v1:0",
    "amazon.nova-pro-v1:0",
    "openai.gpt-5.6-luna",
    "global.openai.gpt-5.6-sol",
    "openai.gpt-5.4",
    "amazon.titan-embed-text-v2:0",
    "amazon.titan-embed-image-v1",
    "amazon.nova-2-multimodal-embeddings-v1:0",
    "amazon.nova-canvas-v1:0",
    "stability.stable-image-core-v1:1",
    "cohere.rerank-v3-5:0",
    "twelvelabs.marengo-embed-3-0-v1:0",
    "twelvelabs.pegasus-1-2-v1:0",
    "amazon.nova-reel-v1:1",
    "acme.unknown",
    "arn:aws:bedrock:us-east-1:111122223333:provisioned-model/abc",
    "",
];

pub(crate) fn book() -> &'static PriceBook {
    PriceBook::embedded().expect("the embedded book is sound")
}

fn costed(rows: Vec<Invocation>, convention: CacheConvention) -> DataFrame {
    let frame = Invocation::frame(rows).expect("a frame");
    let keys = price_keys(frame.clone().lazy()).collect().expect("keys");
    let quotes = quotes(book(), &keys).expect("quotes");
    with_cost_by(frame.lazy(), quotes.lazy(), convention).collect().expect("costs")
}

fn text(frame: &DataFrame, name: &str, row: usize) -> Option<String> {
    let column: &Column = frame.column(name).expect(name);
    column.str().expect("text").get(row).map(str::to_owned)
}

fn int(frame: &DataFrame, name: &str, row: usize) -> Option<i64> {
    frame.column(name).expect(name).i64().expect("Int64").get(row)
}

fn usd(frame: &DataFrame, name: &str, row: usize) -> Option<Usd> {
    frame.column(name).expect(name).i128().expect("Int128").get(row).map(Usd)
}

/// The cost columns of one row, in the form of the definition for one request.
fn cost_at(frame: &DataFrame, row: usize) -> Cost {
    let status = text(frame, COST_STATUS, row).expect("every row has a status");
    let all = [status::PRICED, status::PARTLY_PRICED, status::UNPRICED, status::NOT_BILLED];
    Cost {
        status: all.into_iter().find(|known| *known == status).expect("a known status"),
        reason: text(frame, COST_REASON, row),
        total: usd(frame, COST_UNITS, row),
        parts: crate::prices::charge::Parts {
            input: usd(frame, COST_INPUT_UNITS, row),
            output: usd(frame, COST_OUTPUT_UNITS, row),
            cache_read: usd(frame, COST_CACHE_READ_UNITS, row),
            cache_write: usd(frame, COST_CACHE_WRITE_UNITS, row),
            other: usd(frame, COST_OTHER_UNITS, row),
        },
        uncached_input_tokens: int(frame, UNCACHED_INPUT_TOKENS, row),
        total_tokens: int(frame, TOTAL_TOKENS, row),
        unpriced_tokens: int(frame, UNPRICED_TOKENS, row),
    }
}

/// The definition, applied to a row.
fn scalar_cost(row: &Invocation, convention: CacheConvention) -> (Cost, Option<String>) {
    let day = row.event_time.and_then(|time| chrono::DateTime::from_timestamp_millis(time.0));
    let quote = book().quote(&Query {
        model_id: row.model_id.as_deref(),
        region: row.region.as_deref(),
        service_tier: row.service_tier.as_deref(),
        day: day.map(|time| time.date_naive()),
    });
    let pixels = row.output_image_width.zip(row.output_image_height).map(|(w, h)| w * h);
    let usage = Usage {
        input_tokens: row.input_tokens,
        output_tokens: row.output_tokens,
        cache_read_tokens: row.cache_read_input_tokens,
        cache_write_tokens: row.cache_write_input_tokens,
        cache_write_1h_tokens: row.cache_write_1h_input_tokens,
        output_images: row.output_images,
        image: ImageSize { quality: row.output_image_quality.as_deref(), pixels, resolution: None },
        input_images: row.input_images,
        rerank_documents: row.rerank_documents,
        output_video_ms: row.output_video_ms,
        failed: row.status.as_deref().is_some_and(|status| status != outcome::OK),
        guardrail_intervened: row.guardrail_action.as_deref() == Some("intervened"),
        ..Usage::default()
    };
    (cost_of(&quote, &usage, convention), quote.price.ok().map(|row| row.id.clone()))
}

fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
    prop::option::weighted(0.9, prop::sample::select(texts).prop_map(str::to_owned))
}

fn count(range: Range<i64>) -> impl Strategy<Value = Option<i64>> {
    prop_oneof![1 => Just(None), 1 => Just(Some(0)), 3 => range.prop_map(Some)]
}

fn key_part() -> impl Strategy<Value = Invocation> {
    (
        one_of(&MODEL_IDS),
        one_of(&["us-east-1", "us-west-2", "eu-west-1", "us-gov-west-1"]),
        prop::option::of(prop::sample::select(vec!["default", "flex", "batch", "reserved"])),
        prop::option::weighted(0.95, 0..120 * DAY_MS),
        one_of(&["ok", "ok", "ok", "throttled", "server_error"]),
        prop::option::weighted(0.3, prop::sample::select(vec!["intervened", "none"])),
    )
        .prop_map(|(model_id, region, service_tier, time, status, guardrail_action)| {
            Invocation {
                model_id,
                region,
                service_tier: service_tier.map(str::to_owned),
                event_time: time.map(|time| TimeMs(JULY_29 + time)),
                status,
                guardrail_action: guardrail_action.map(str::to_owned),
                ..Invocation::default()
            }
        })
}

fn token_part() -> impl Strategy<Value = [Option<i64>; 5]> {
    let side = || count(1..150_000);
    [count(1..300_000).boxed(), side().boxed(), side().boxed(), side().boxed(), side().boxed()]
}

fn unit_part() -> impl Strategy<Value = Invocation> {
    let side = || prop::option::of(prop::sample::select(vec![512_i64, 1024, 2048]));
    (
        count(1..5),
        count(1..4),
        (side(), side()),
        prop::option::of(prop::sample::select(vec!["standard", "premium"])),
        count(1..350),
        count(1..60_000),
    )
        .prop_map(|(output_images, input_images, size, quality, rerank_documents, video)| {
            Invocation {
                output_images,
                input_images,
                output_image_width: size.0,
                output_image_height: size.1,
                output_image_quality: quality.map(str::to_owned),
                rerank_documents,
                output_video_ms: video,
                ..Invocation::default()
            }
        })
}

pub(crate) fn invocation() -> impl Strategy<Value = Invocation> {
    let units = prop_oneof![2 => Just(Invocation::default()), 1 => unit_part()];
    (key_part(), token_part(), units, any::<u32>()).prop_map(|(key, tokens, units, record)| {
        let [input_tokens, output_tokens, read, write, write_1h] = tokens;
        Invocation {
            model_id: key.model_id,
            region: key.region,
            service_tier: key.service_tier,
            event_time: key.event_time,
            status: key.status,
            guardrail_action: key.guardrail_action,
            input_tokens,
            output_tokens,
            cache_read_input_tokens: read,
            cache_write_input_tokens: write,
            cache_write_1h_input_tokens: write_1h,
            record: Some(i64::from(record)),
            ..units
        }
    })
}

fn convention() -> impl Strategy<Value = CacheConvention> {
    prop_oneof![Just(CacheConvention::Documented), Just(CacheConvention::AsLogged)]
}

proptest! {
    #[test]
    fn expressions_agree_with_the_definition(
        rows in prop::collection::vec(invocation(), 1..60),
        convention in convention(),
    ) {
        let frame = costed(rows.clone(), convention);
        prop_assert_eq!(frame.height(), rows.len());
        for (number, row) in rows.iter().enumerate() {
            let (expected, price_row) = scalar_cost(row, convention);
            prop_assert_eq!(cost_at(&frame, number), expected, "{:?}", row);
            prop_assert_eq!(text(&frame, PRICE_ROW, number), price_row);
        }
    }

    #[test]
    fn parts_add_up_to_the_total(rows in prop::collection::vec(invocation(), 1..60)) {
        let frame = costed(rows, CacheConvention::Documented);
        for row in 0..frame.height() {
            let cost = cost_at(&frame, row);
            let parts = cost.parts;
            let all = [parts.input, parts.output, parts.cache_read, parts.cache_write, parts.other];
            let sum: Usd = all.into_iter().flatten().sum();
            prop_assert_eq!(cost.total.unwrap_or_default(), sum);
            let has_cost = matches!(cost.status, status::PRICED | status::PARTLY_PRICED);
            prop_assert_eq!(cost.total.is_some(), has_cost);
            prop_assert_eq!(cost.reason.is_none(), cost.status == status::PRICED);
        }
    }

    #[test]
    fn the_order_of_the_rows_changes_no_cost(
        rows in prop::collection::vec(invocation(), 1..40),
    ) {
        let there = costed(rows.clone(), CacheConvention::Documented);
        let back = costed(rows.into_iter().rev().collect(), CacheConvention::Documented);
        for row in 0..there.height() {
            prop_assert_eq!(cost_at(&there, row), cost_at(&back, there.height() - 1 - row));
        }
    }

    /// Cached tokens grow with the input, since the input may include them. A request of no tokens
    /// costs 0; with tokens that have no price it has no cost, which is not less.
    #[test]
    fn more_tokens_never_cost_less(row in invocation(), more in token_part()) {
        let [input, output, read, write, write_1h] = more.map(Option::unwrap_or_default);
        let grow = |count: Option<i64>, by: i64| count.map(|count| count + by);
        let grown = Invocation {
            input_tokens: grow(row.input_tokens, input + read + write),
            output_tokens: grow(row.output_tokens, output),
            cache_read_input_tokens: grow(row.cache_read_input_tokens, read),
            cache_write_input_tokens: grow(row.cache_write_input_tokens, write),
            cache_write_1h_input_tokens: grow(row.cache_write_1h_input_tokens, write.min(write_1h)),
            ..row.clone()
        };
        let frame = costed(vec![row, grown], CacheConvention::Documented);
        let cost = |row| usd(&frame, COST_UNITS, row).unwrap_or_default();
        prop_assert!(cost(0) <= cost(1));
        prop_assert!(int(&frame, TOTAL_TOKENS, 0) <= int(&frame, TOTAL_TOKENS, 1));
    }
}

#[test]
fn cost_adds_its_columns_and_no_rows_or_working_columns() {
    let row = Invocation {
        model_id: Some(String::from("amazon.nova-pro-v1:0")),
        region: Some(String::from("us-east-1")),
        event_time: Some(TimeMs(JULY_29)),
        status: Some(String::from("ok")),
        input_tokens: Some(1000),
        output_tokens: Some(100),
        ..Invocation::default()
    };
    let frame = Invocation::frame(vec![row]).expect("a frame");
    let before = frame.get_column_names_owned();
    let keys = price_keys(frame.clone().lazy()).collect().expect("keys");
    let quotes = quotes(book(), &keys).expect("quotes");
    let costed = with_cost(frame.lazy(), quotes.lazy()).collect().expect("costs");
    let mut added: Vec<String> = costed
        .get_column_names_owned()
        .into_iter()
        .filter(|name| !before.contains(name))
        .map(|name| name.to_string())
        .collect();
    added.sort();
    let mut expected = crate::schema::cost::COLUMNS;
    expected.sort_unstable();
    assert_eq!(added, expected);
    assert_eq!(costed.height(), 1);
    let data_type = |name| costed.column(name).expect("a column").dtype().clone();
    assert_eq!(data_type(COST_UNITS), DataType::Int128);
    assert_eq!(data_type(TOTAL_TOKENS), DataType::Int64);
    // 1000 × 0.8 + 100 × 3.2, per million.
    assert_eq!(usd(&costed, COST_UNITS, 0), Usd::parse("0.00112"));
    assert_eq!(usd(&costed, COST_CACHE_READ_UNITS, 0), None);
}

#[test]
fn counts_too_large_for_one_request_neither_panic_nor_wrap_the_cost() {
    let row = Invocation {
        model_id: Some(String::from("openai.gpt-5.6-sol")),
        region: Some(String::from("us-east-1")),
        event_time: Some(TimeMs(JULY_29)),
        status: Some(String::from("ok")),
        input_tokens: Some(i64::MAX),
        output_tokens: Some(i64::MAX),
        cache_read_input_tokens: Some(i64::MAX),
        cache_write_input_tokens: Some(i64::MAX),
        ..Invocation::default()
    };
    let frame = costed(vec![row.clone()], CacheConvention::AsLogged);
    let (expected, _) = scalar_cost(&row, CacheConvention::AsLogged);
    assert_eq!(cost_at(&frame, 0), expected);
    assert_eq!(expected.total_tokens, None);
    assert!(expected.total > Some(Usd(i128::from(i64::MAX))));
}

//! Prices files, good and bad: what they change, what they leave alone, what is said of a mistake.

use chrono::{Days, NaiveDate};
use proptest::prelude::{Just, Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};

use super::super::book::{Origin, PriceBook, PriceRow, Routing, Tier};
use super::super::check::{check, check_beside};
use super::super::quote::{Query, is_commercial};
use super::Overrides;
use crate::units::Usd;

const SONNET: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

fn catalogue() -> &'static PriceBook {
    PriceBook::embedded().expect("the embedded book is sound")
}

fn read(text: &str) -> Overrides {
    Overrides::read(text, "prices.toml", catalogue()).expect("a sound prices file")
}

fn book(text: &str) -> PriceBook {
    read(text).over(catalogue()).expect("a book")
}

/// Every problem of a file, as shown.
fn problems(text: &str) -> Vec<String> {
    let error = Overrides::read(text, "prices.toml", catalogue()).expect_err("a broken file");
    error.problems.iter().map(ToString::to_string).collect()
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn price<'b>(book: &'b PriceBook, model_id: &str, at: &str) -> Option<&'b PriceRow> {
    let query = Query {
        model_id: Some(model_id),
        region: Some("us-east-1"),
        service_tier: None,
        day: Some(day(at)),
    };
    book.quote(&query).price.ok()
}

fn input(book: &PriceBook, model_id: &str, at: &str) -> Option<String> {
    let price = price(book, model_id, at)?.tokens.input?;
    Some(Usd(price.0 * 1_000_000).to_string())
}

fn row(model_id: &str, fields: &str) -> String {
    format!(
        "[[price]]\nmodel_id = \"{model_id}\"\nrouting = \"regional\"\nregion = \"*\"\ntier = \"standard\"\n{fields}\n"
    )
}

#[test]
fn a_row_replaces_the_list_price_for_its_dates_only() {
    let text =
        row(SONNET, "effective_from = 2026-07-01\neffective_to = \"2026-10-01\"\ninput = \"2.9\"");
    let book = book(&text);
    let at = |at: &str| input(&book, SONNET, at);
    assert_eq!(at("2026-06-30").as_deref(), Some("3.3"));
    assert_eq!(at("2026-07-01").as_deref(), Some("2.9"));
    assert_eq!(at("2026-09-30").as_deref(), Some("2.9"));
    assert_eq!(at("2026-10-01").as_deref(), Some("3.3"));
    let own = price(&book, SONNET, "2026-07-01").expect("a row");
    assert_eq!(own.origin, Origin::PricesFile);
    assert_eq!(own.id, format!("{SONNET} * standard from 2026-07-01 to 2026-10-01 (prices file)"));
    assert_eq!(own.tokens.output, None, "a row stands for itself: nothing is inherited");
}

#[test]
fn a_discount_is_taken_off_list_prices_and_not_off_the_file_s_own() {
    let text = row(SONNET, "effective_from = 2026-07-01\ninput = \"2.9\"")
        + "[[discount]]\nprovider = \"anthropic\"\npercent = \"10\"\neffective_from = 2026-06-01\n";
    let book = book(&text);
    assert_eq!(input(&book, SONNET, "2026-05-31").as_deref(), Some("3.3"));
    assert_eq!(input(&book, SONNET, "2026-06-01").as_deref(), Some("2.97"));
    assert_eq!(input(&book, SONNET, "2026-07-01").as_deref(), Some("2.9"));
    let discounted = price(&book, SONNET, "2026-06-01").expect("a row");
    assert!(discounted.id.ends_with("(10 % discount)"), "{}", discounted.id);
    let long = discounted.long_context.expect("the model has a long context");
    let listed = price(catalogue(), SONNET, "2026-06-01").and_then(|row| row.long_context);
    assert_eq!(
        long.tokens.input.map(|usd| usd.0 * 10),
        listed.and_then(|long| { long.tokens.input.map(|usd| usd.0 * 9) })
    );
}

#[test]
fn a_discount_for_a_model_comes_before_that_for_its_maker() {
    let text = format!(
        "[[discount]]\nprovider = \"Anthropic\"\npercent = \"10\"\n\
         [[discount]]\nmodel_id = \"{SONNET}\"\npercent = \"20\"\neffective_to = 2026-07-01\n"
    );
    let book = book(&text);
    assert_eq!(input(&book, SONNET, "2026-06-30").as_deref(), Some("2.64"));
    assert_eq!(input(&book, SONNET, "2026-07-01").as_deref(), Some("2.97"));
}

#[test]
fn a_discounted_price_is_rounded_half_up_once() {
    let share = |percent: &str, model_id: &str| {
        book(&format!("[[discount]]\nmodel_id = \"{model_id}\"\npercent = \"{percent}\"\n"))
    };
    // 0.035 per million is 3500000 units a token; 99.99999 % off leaves 0.35, 99.9999857142857 % 0.5.
    let nova = "amazon.nova-micro-v1:0";
    let units = |percent: &str| {
        let book = share(percent, nova);
        price(&book, nova, "2026-10-09").and_then(|row| row.tokens.input).map(|usd| usd.0)
    };
    assert_eq!(units("0.00000001"), Some(3_500_000), "3499999.99965 units");
    assert_eq!(units("99.99999"), Some(0), "0.35 units");
    assert_eq!(units("99.999985"), Some(1), "0.525 units");
    assert_eq!(units("0.00001"), Some(3_500_000), "3499999.65 units");
    assert_eq!(units("99.999"), Some(35));
    assert_eq!(units("99.9999"), Some(4), "3.5 units");
    assert_eq!(units("100"), Some(0));
    let rerank = "cohere.rerank-v3-5:0";
    let book = share("33.33333333333333", rerank);
    let row = price(&book, rerank, "2026-10-09").expect("a row");
    let query = row.unit_prices(super::super::units::ImageSize::default()).rerank_query;
    assert_eq!(query.map(|usd| usd.to_string()).as_deref(), Some("0.00133333333333"));
}

#[test]
fn profiles_name_models_and_private_models_have_prices() {
    let text = "[[model]]\nmodel_id = \"acme.one\"\nprovider = \"Acme\"\n".to_owned()
        + &row("acme.one", "input = \"1\"")
        + "[profiles]\nteam1 = \"global.acme.one\"\nteam2 = \"us.acme.one\"\n";
    let book = book(&text);
    let arn = |id: &str| {
        format!("arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/{id}")
    };
    assert_eq!(input(&book, &arn("team2"), "2026-10-09").as_deref(), Some("1"));
    assert_eq!(input(&book, &arn("team1"), "2026-10-09"), None, "no global price");
    assert_eq!(input(&book, &arn("team3"), "2026-10-09"), None);
}

#[test]
fn a_mistake_is_named_with_line_key_and_what_is_allowed() {
    let price = |fields: &str| row(SONNET, fields);
    let second = format!("{}{}", price("input = \"1\""), price("input = \"2\""));
    let cases: [(String, &[&str]); 17] = [
        ("x = = 1".to_owned(), &["line 1 is not TOML"]),
        (
            "prices = 1".to_owned(),
            &[
                "line 1: `prices` is not known here, did you mean `price`?",
                "allowed: model, price, discount, profiles, provisioned",
            ],
        ),
        ("\nprice = 1".to_owned(), &["line 2: `price` must be tables, each headed `[[price]]`"]),
        (
            price("input = \"1\"\ncache_raed = \"1\""),
            &[
                "line 7, price 1: `cache_raed` is not known here, did you mean `cache_read`? (allowed: model_id, routing,",
            ],
        ),
        (price("input = 3.3"), &["line 6, price 1", "`input` must be text, a plain decimal"]),
        (
            price("input = \"-1\""),
            &["line 6, price 1", "`input` is `-1`, but must be text, a plain decimal from 0"],
        ),
        (
            price("input = \"1\"\neffective_from = \"soon\""),
            &["line 7, price 1", "`effective_from` must be a date like 2026-10-07"],
        ),
        (
            price("input = \"1\"\n[price.long_context]\nabove = 3"),
            &["price 1", "long_context: `above_input_tokens` is missing"],
        ),
        (price(""), &["line 2, price 1: `model_id` has no price"]),
        (
            row("anthropic.claude-sonnet-4-5-20250929-v1", "input = \"1\""),
            &[
                "line 2, price 1: `model_id`",
                "did you mean `anthropic.claude-sonnet-4-5-20250929-v1:0`",
                "a private model needs a `[[model]]` table",
            ],
        ),
        (
            row("us.amazon.nova-pro-v1:0", "input = \"1\""),
            &["write `amazon.nova-pro-v1:0`, and the `routing`"],
        ),
        (
            second,
            &["line 8, price 2", "sets a second price for the same calls", "(line 1) overlap"],
        ),
        (
            "[[discount]]\npercent = \"10\"".to_owned(),
            &["line 1, discount 1: `provider` is missing: give `provider` or `model_id`"],
        ),
        (
            "[[discount]]\nprovider = \"Antropic\"\npercent = \"10\"".to_owned(),
            &[
                "line 2, discount 1: `provider` is `Antropic`",
                "allowed: AI21 Labs, Amazon, Anthropic",
            ],
        ),
        (
            "[[discount]]\nprovider = \"Anthropic\"\npercent = 10".to_owned(),
            &["line 3, discount 1: `percent` must be decimal text above 0 and up to 100"],
        ),
        (
            "[profiles]\nteam = \"claude\"".to_owned(),
            &["line 2, profiles: `team` is `claude`, which is no model of the catalogue"],
        ),
        (
            "[[provisioned]]\narn = \"abc\"\nusd_per_hour = \"1\"".to_owned(),
            &["line 2, provisioned 1: `arn` must be the ARN of a provisioned model"],
        ),
    ];
    for (text, expected) in cases {
        let found = problems(&text).join("\n");
        for part in expected {
            assert!(found.contains(part), "{part}\nis not in\n{found}");
        }
    }
}

#[test]
fn all_mistakes_are_told_unknown_keys_first() {
    let text = "other = 1\n".to_owned() + &row("acme.one", "input = \"x\"\noutptu = \"1\"");
    let lines: Vec<bool> = ["line 1", "line 8, price 1", "line 7, price 1"]
        .iter()
        .zip(problems(&text))
        .map(|(start, problem)| problem.starts_with(start))
        .collect();
    assert_eq!(lines, [true, true, true], "{:?}", problems(&text));
}

#[test]
fn two_discounts_on_the_same_days_are_refused_and_in_turn_are_not() {
    let discount = |dates: &str| {
        format!("[[discount]]\nprovider = \"Anthropic\"\npercent = \"10\"\n{dates}\n")
    };
    let meeting = discount("effective_to = 2026-07-02") + &discount("effective_from = 2026-07-01");
    let found = problems(&meeting).join("\n");
    assert!(found.contains("meets the discount of `10` % in line 1"), "{found}");
    read(&(discount("effective_to = 2026-07-01") + &discount("effective_from = 2026-07-01")));
}

#[test]
fn the_catalogue_is_sound_and_absurd_values_are_found() {
    assert_eq!(check(catalogue()), super::super::check::Findings::default());
    let model = "[[model]]\nmodel_id = \"acme.one\"\nprovider = \"Acme\"\n";
    let text = model.to_owned()
        + &row("acme.one", "effective_to = 2026-01-01\ninput = \"1\"\ncache_read = \"2\"")
        + &row("acme.one", "effective_from = 2026-01-02\ninput = \"10000\"");
    let found = check(&book(&text)).problems;
    let words: Vec<&str> = found.iter().map(|(_, words)| words.as_str()).collect();
    assert_eq!(
        words,
        [
            "no price from 2026-01-01 to 2026-01-02: `acme.one * standard from 2026-01-02 (prices file)` comes next",
            "`cache_read` is 2, more than `input`, 1",
        ]
    );
    let per_thousand = read(&row(SONNET, "input = \"0.0033\""));
    let found = check_beside(&per_thousand.rows, catalogue());
    assert_eq!(
        found.problems.first().map(|(_, words)| words.as_str()),
        Some("`input` is 0.0033, far from the catalogue's 3.3: prices are per 1,000,000 tokens")
    );
}

const MODELS: [&str; 4] = [SONNET, "amazon.nova-pro-v1:0", "openai.gpt-5.6-luna", "zai.glm-4.7"];
const REGIONS: [&str; 4] = ["us-east-1", "eu-west-1", "us-west-2", "us-gov-west-1"];

fn any_day() -> impl Strategy<Value = NaiveDate> {
    (0_u64..200).prop_map(|days| day("2026-05-01") + Days::new(days))
}

/// A row of the prices file that overlaps no other: it is the only one.
fn any_row() -> impl Strategy<Value = PriceRow> {
    (
        prop::sample::select(&MODELS[..]),
        prop_oneof![Just(Routing::Regional), Just(Routing::Global)],
        prop::option::of(prop::sample::select(&REGIONS[..])),
        prop_oneof![Just(Tier::Standard), Just(Tier::Flex)],
        prop::option::of(any_day()),
        prop::option::of(1_u64..60),
    )
        .prop_map(|(model_id, routing, region, tier, from, length)| {
            let to = from.zip(length).map(|(from, length)| from + Days::new(length));
            let listed = catalogue().rows().iter().find(|row| row.model_id == model_id);
            super::own(PriceRow {
                routing,
                region: region.map(str::to_owned),
                tier,
                effective_from: from,
                effective_to: to,
                ..listed.expect("a row of each model").clone()
            })
        })
}

fn any_discount() -> impl Strategy<Value = super::Discount> {
    (any::<bool>(), prop::option::of(any_day()), prop::option::of(any_day())).prop_map(
        |(by_model, from, to)| super::Discount {
            provider: (!by_model).then(|| "Amazon".to_owned()),
            model_id: by_model.then(|| SONNET.to_owned()),
            percent: "12.5".to_owned(),
            share: super::discount::WHOLE / 8,
            from,
            to: to.filter(|to| from.is_none_or(|from| from < *to)),
        },
    )
}

proptest! {
    #[test]
    fn calls_that_no_row_or_discount_matches_keep_their_price(
        own in any_row(),
        discount in any_discount(),
        model_id in prop::sample::select(&MODELS[..]),
        is_global in any::<bool>(),
        region in prop::sample::select(&REGIONS[..]),
        tier in prop_oneof![Just(Tier::Standard), Just(Tier::Flex), Just(Tier::Batch)],
        at in any_day(),
    ) {
        let overrides = Overrides {
            rows: vec![own.clone()],
            discounts: vec![discount.clone()],
            ..Overrides::default()
        };
        let book = overrides.over(catalogue()).expect("a book");
        let id = if is_global { format!("global.{model_id}") } else { model_id.to_owned() };
        let query = Query {
            model_id: Some(&id),
            region: Some(region),
            service_tier: Some(tier.as_str()),
            day: Some(at),
        };
        let routing = if is_global { Routing::Global } else { Routing::Regional };
        let row_matches = own.model_id == model_id
            && own.routing == routing
            && own.region.as_deref().map_or(is_commercial(region), |own| own == region)
            && own.tier == tier
            && own.covers(at);
        let provider = if model_id.starts_with("amazon") { "Amazon" } else { "other" };
        let days = (discount.from, discount.to);
        let discount_matches = discount.is_for(model_id, provider)
            && super::overlap(days, (Some(at), Some(at + Days::new(1))));
        let listed = catalogue().quote(&query);
        let found = book.quote(&query);
        if row_matches {
            // A Region's own list price still comes before a row for every Region.
            let by_region = listed.price.is_ok_and(|row| row.region.is_some());
            if own.region.is_some() || !by_region {
                prop_assert_eq!(found.price.map(|row| &row.origin), Ok(&Origin::PricesFile));
            }
        } else if discount_matches {
            let discounted = |row: &PriceRow| matches!(row.origin, Origin::Discount { .. });
            prop_assert_eq!(found.price.is_ok_and(discounted), listed.price.is_ok());
        } else {
            let prices = |row: &PriceRow| (row.tokens, row.long_context, row.units.clone());
            prop_assert_eq!(found.price.ok().map(prices), listed.price.ok().map(prices));
        }
    }

    #[test]
    fn rows_that_nothing_matches_stay_as_they_are(own in any_row(), discount in any_discount()) {
        let overrides = Overrides {
            rows: vec![own.clone()],
            discounts: vec![discount.clone()],
            ..Overrides::default()
        };
        let book = overrides.over(catalogue()).expect("a book");
        let untouched = |row: &&PriceRow| {
            let maker = catalogue().model(&row.model_id).map(|model| model.provider.as_str());
            !own.same_calls(row) && !discount.is_for(&row.model_id, maker.unwrap_or_default())
        };
        let before: Vec<&PriceRow> = catalogue().rows().iter().filter(untouched).collect();
        let kept = |row: &&PriceRow| untouched(row) && row.origin == Origin::Catalogue;
        let after: Vec<&PriceRow> = book.rows().iter().filter(kept).collect();
        prop_assert_eq!(before, after);
    }
}

//! Why a request costs what it costs: the quote, the arithmetic and the source, laid open.
//!
//! Computes nothing that [`charge`](super::charge) doesn't: it says which counts met which prices, and a
//! test holds the sum of its lines against the cost.

mod explanation;

use chrono::{DateTime, NaiveDate, Utc};

pub use explanation::{
    BookAge, CachedTokens, Explanation, Line, LongContextRule, PriceSource, Request, SourceFacts,
    UnitPrices,
};

use crate::schema::cost::reason;
use crate::units::Usd;

use super::book::{Origin, PriceBook, PriceRow, TokenPrices};
use super::charge::{CacheConvention, Cost, OtherPart, Usage, cost_of, other_parts};
use super::quote::{Query, Quote};
use super::resolve::{Resolved, resolve};

/// Explains the cost of one request. `today` is for the age of the book.
pub fn explain(
    book: &PriceBook,
    query: &Query<'_>,
    usage: &Usage<'_>,
    convention: CacheConvention,
    today: NaiveDate,
) -> Explanation {
    let quote = book.quote(query);
    let cost = cost_of(&quote, usage, convention);
    let row = quote.price.ok();
    let long_context = row.and_then(|row| long_context(row, usage, &cost));
    let prices = row.map(|row| match row.long_context {
        Some(long) if long_context.is_some_and(|rule| rule.applies) => long.tokens,
        _ => row.tokens,
    });
    let mut lines = prices.map_or_else(Vec::new, |prices| lines(&prices, usage, &cost, convention));
    lines.extend(row.into_iter().flat_map(|row| other_parts(row, usage)).map(other_line));
    let profile = profile(book, query.model_id.unwrap_or_default());
    let throughput = throughput(book, query);
    Explanation {
        status: cost.status,
        resolved_model: quote.model.map(|model| model.model_id.clone()),
        routing: quote.routing.map(super::book::Routing::as_str),
        unit_prices: prices.as_ref().map(UnitPrices::of),
        other_unit_prices: row
            .map(|row| row.units.iter().map(super::list::unit).collect())
            .unwrap_or_default(),
        cost_usd: cost.total,
        source: row.map(|row| source(book, row)),
        price_row: row.map(|row| row.id.clone()),
        request: Request {
            model_id: query.model_id.map(str::to_owned),
            region: query.region.map(str::to_owned),
            tier: query.service_tier.map(str::to_owned),
            day: query.day,
        },
        application_profile_target: profile.target,
        application_profile_source: profile.source,
        application_profile_last_seen: profile.last_seen,
        arn_region_differs: quote.arn_region_differs,
        display_name: quote.model.map(|model| model.display_name.clone()),
        provider: quote.model.map(|model| model.provider.clone()),
        lines,
        total_tokens: cost.total_tokens,
        unpriced_tokens: cost.unpriced_tokens,
        long_context,
        cached_tokens: cached_tokens(&quote, usage, convention),
        provisioned_usd_per_hour: throughput.usd_per_hour,
        provisioned_model: throughput.model,
        provisioned_model_units: throughput.model_units,
        book: BookAge::of(book, today),
        reason: cost.reason,
    }
}

/// A reason of [`reason`] in words, with what to do about it.
pub fn reason_in_words(text: &str) -> &'static str {
    match text {
        reason::NO_MODEL_ID => "the record names no model",
        reason::NO_REGION => "no Region is given, and prices depend on it",
        reason::NO_EVENT_TIME => "no time is given, and prices depend on it",
        reason::UNKNOWN_MODEL => {
            "the price book doesn't know this model; a private one needs a `[[model]]` and a `[[price]]` in the prices file"
        }
        reason::APPLICATION_PROFILE_UNMAPPED => {
            "nothing says which model the profile stands for; `prices sync-profiles` asks AWS, or add it under `[profiles]` in the prices file"
        }
        reason::PROVISIONED => "provisioned throughput is paid by the hour, not by token",
        reason::CUSTOM => "a custom model has no list price per token",
        reason::IMPORTED => "an imported model is paid by the minute",
        reason::PROMPT_ROUTER => "the id doesn't say which model answered",
        reason::MARKETPLACE => "a marketplace endpoint is paid by the instance hour",
        reason::SAGEMAKER => "a SageMaker endpoint is paid by the instance hour",
        reason::OTHER_SERVICE => "an ARN of another service",
        reason::NO_GLOBAL_PRICE => "the model has no price for global profiles",
        reason::NO_REGION_PRICE => "the model has prices, none for this Region",
        reason::NO_TIER_PRICE => "the Region has prices, none for this tier",
        reason::NO_PRICE_ON_DATE => "no price was in effect on that day",
        reason::NO_UNIT_MATCH => "priced by something that is not given, such as images or queries",
        reason::NO_TOKEN_COUNTS => "no token counts are given",
        reason::NO_INPUT_PRICE => "no published price for input tokens",
        reason::NO_OUTPUT_PRICE => "no published price for output tokens",
        reason::NO_CACHE_READ_PRICE => "no published price for tokens read from the cache",
        reason::NO_CACHE_WRITE_PRICE => "no published price for tokens written to the cache",
        reason::ERROR_WITHOUT_COUNTS => "the call failed and used no tokens",
        reason::GUARDRAIL_BLOCKED_INPUT => "a guardrail blocked the input before the model saw it",
        _ => "not priced",
    }
}

/// What an application profile stands for, and who says so.
#[derive(Default)]
struct ProfileFacts {
    target: Option<String>,
    source: Option<&'static str>,
    last_seen: Option<DateTime<Utc>>,
}

fn profile(book: &PriceBook, model_id: &str) -> ProfileFacts {
    let Resolved::ApplicationProfile { arn } = resolve(model_id) else {
        return ProfileFacts::default();
    };
    if let Some(target) = book.own_profile(arn) {
        let target = Some(target.to_owned());
        return ProfileFacts { target, source: Some("prices_file"), last_seen: None };
    }
    let synced = book.synced().profile(arn);
    ProfileFacts {
        target: synced.and_then(|profile| profile.model_id.clone()),
        source: synced.map(|_| "synced"),
        last_seen: synced.map(|profile| profile.last_seen),
    }
}

/// What is known of provisioned throughput.
#[derive(Default)]
struct ThroughputFacts {
    usd_per_hour: Option<Usd>,
    model: Option<String>,
    model_units: Option<i64>,
}

/// By the prices file on that day, else by what was synced, which knows no rate.
fn throughput(book: &PriceBook, query: &Query<'_>) -> ThroughputFacts {
    let Some(arn) = query.model_id else { return ThroughputFacts::default() };
    let start = query.day.map(|day| day.and_time(chrono::NaiveTime::MIN).and_utc());
    let holds = |one: &&super::provisioned::Provisioned| {
        let ends_after = |start: DateTime<Utc>| one.to.is_none_or(|to| start < to);
        let begins_by = |end: DateTime<Utc>| one.from.is_none_or(|from| from < end);
        start.is_some_and(|start| ends_after(start) && begins_by(start + chrono::Duration::days(1)))
    };
    let own = book.provisioned().iter().filter(|one| one.arn == arn).find(holds);
    if let Some(own) = own {
        return ThroughputFacts {
            usd_per_hour: Some(own.rate()),
            model: own.model_id.clone(),
            model_units: Some(own.model_units),
        };
    }
    let synced = book.synced().provisioned.get(arn);
    ThroughputFacts {
        usd_per_hour: None,
        model: synced.map(|one| one.foundation_model_arn.clone()),
        model_units: synced.map(|one| i64::from(one.model_units)),
    }
}

fn source(book: &PriceBook, row: &PriceRow) -> PriceSource {
    let own = |file: &str| SourceFacts {
        id: String::from("prices file"),
        what: Some(file.to_owned()),
        date: None,
    };
    let file = book.prices_file().filter(|_| row.origin != Origin::Catalogue).map(own);
    let facts = |id: &String| {
        let source = book.source(id);
        SourceFacts {
            id: id.clone(),
            what: source.map(|source| source.what.clone()),
            date: source.map(|source| source.date.clone()),
        }
    };
    PriceSource {
        origin: row.origin.as_str(),
        discount_percent: match &row.origin {
            Origin::Discount { percent } => Some(percent.clone()),
            Origin::Catalogue | Origin::PricesFile => None,
        },
        sources: file.into_iter().chain(row.sources.iter().map(facts)).collect(),
        confidence: row.confidence.clone(),
        effective_from: row.effective_from,
        effective_to: row.effective_to,
        derivation: row.derivation.clone(),
        note: row.note.clone(),
    }
}

/// Input tokens against the row's threshold: all of them, cached ones once.
fn long_context(row: &PriceRow, usage: &Usage<'_>, cost: &Cost) -> Option<LongContextRule> {
    let rule = row.long_context?;
    let count = |count: Option<i64>| i128::from(count.unwrap_or(0));
    let input_tokens =
        count(cost.uncached_input_tokens) + count(usage.cache_read_tokens) + count(written(usage));
    Some(LongContextRule {
        above_input_tokens: rule.above_input_tokens,
        input_tokens,
        applies: input_tokens > i128::from(rule.above_input_tokens),
    })
}

fn written(usage: &Usage<'_>) -> Option<i64> {
    usage.cache_write_tokens.or(usage.cache_write_1h_tokens)
}

fn lines(
    prices: &TokenPrices,
    usage: &Usage<'_>,
    cost: &Cost,
    convention: CacheConvention,
) -> Vec<Line> {
    let written = written(usage);
    let for_an_hour = usage.cache_write_1h_tokens.min(written);
    let charged_input = match convention {
        CacheConvention::Documented => cost.uncached_input_tokens,
        CacheConvention::AsLogged => usage.input_tokens,
    };
    let parts = [
        ("input", charged_input, prices.input),
        ("output", usage.output_tokens, prices.output),
        ("cache_read", usage.cache_read_tokens, prices.cache_read),
        (
            "cache_write",
            written.map(|all| all.saturating_sub(for_an_hour.unwrap_or(0))),
            prices.cache_write,
        ),
        ("cache_write_1h", for_an_hour, prices.cache_write_1h()),
    ];
    let line = |(part, tokens, price): (&'static str, Option<i64>, Option<Usd>)| {
        tokens.map(|tokens| Line {
            part,
            tokens: Some(tokens),
            quantity: tokens.to_string(),
            unit: "1M tokens",
            unit_price: price.map(|price| Usd(price.0 * 1_000_000)),
            cost_usd: price.map(|price| Usd(i128::from(tokens) * price.0)),
        })
    };
    parts.into_iter().filter_map(line).collect()
}

/// Milliseconds are shown as seconds, speech by the million tokens, as they are listed.
fn other_line(part: OtherPart) -> Line {
    let (unit, times) = match part.part {
        "output_image" | "input_image" => ("image", 1),
        "rerank_query" => ("query", 1),
        "text_request" => ("request", 1),
        "input_speech" | "output_speech" => ("1M tokens", 1_000_000),
        _ => ("second", 1000),
    };
    let quantity = match unit {
        "second" => {
            let text = format!("{}.{:03}", part.count / 1000, part.count % 1000);
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => part.count.to_string(),
    };
    Line {
        part: part.part,
        tokens: None,
        quantity,
        unit,
        unit_price: Some(Usd(part.price.0 * times)),
        cost_usd: Some(Usd(i128::from(part.count) * part.price.0)),
    }
}

fn cached_tokens(
    quote: &Quote<'_>,
    usage: &Usage<'_>,
    convention: CacheConvention,
) -> CachedTokens {
    let cost = |convention| cost_of(quote, usage, convention).total;
    CachedTokens {
        inside_input: quote.model.is_some_and(|model| model.input_includes_cache),
        charged: match convention {
            CacheConvention::Documented => "documented",
            CacheConvention::AsLogged => "as_logged",
        },
        documented_cost_usd: cost(CacheConvention::Documented),
        as_logged_cost_usd: cost(CacheConvention::AsLogged),
    }
}

//! The cost columns, stage by stage: counts, then prices × counts, then what the sum is worth.
//!
//! Each stage reads columns that the one before has made, so that nothing is computed twice.

use polars::prelude::{DataType, Expr, LiteralValue, coalesce, col, concat_str, lit, when};

use crate::prices::CacheConvention;
use crate::prices::units::DOCUMENTS_PER_QUERY;
use crate::schema::cost::billing::{
    FAILED, INPUT_BESIDE_CACHE, INPUT_WITH_CACHE, INTERVENED, QUERIES, TEXT_REQUESTS, WRITTEN,
    WRITTEN_1H, WRITTEN_DEFAULT,
};
use crate::schema::cost::quote::{
    BILLS_INPUT_IMAGES, BILLS_TOKENS, CACHE_READ_PRICE, CACHE_WRITE_1H_PRICE, CACHE_WRITE_PRICE,
    IMAGE_PIXELS, INPUT_IMAGE_PRICE, INPUT_INCLUDES_CACHE, INPUT_PRICE, LONG_CACHE_READ_PRICE,
    LONG_CACHE_WRITE_1H_PRICE, LONG_CACHE_WRITE_PRICE, LONG_CONTEXT_ABOVE, LONG_INPUT_PRICE,
    LONG_OUTPUT_PRICE, OUTPUT_IMAGE_PRICE, OUTPUT_PRICE, OUTPUT_VIDEO_MS_PRICE, PRICE_DAY,
    QUOTE_REASON, RERANK_QUERY_PRICE, TEXT_REQUEST_PRICE,
};
use crate::schema::cost::{
    COST_CACHE_READ_UNITS, COST_CACHE_WRITE_UNITS, COST_INPUT_UNITS, COST_OTHER_UNITS,
    COST_OUTPUT_UNITS, COST_REASON, COST_STATUS, COST_UNITS, LONG_CONTEXT, TOTAL_TOKENS,
    UNCACHED_INPUT_TOKENS, UNPRICED_TOKENS, reason, status,
};
use crate::schema::invocation::{
    CACHE_READ_INPUT_TOKENS, CACHE_WRITE_1H_INPUT_TOKENS, CACHE_WRITE_INPUT_TOKENS,
    GUARDRAIL_ACTION, INPUT_IMAGES, INPUT_TOKENS, OUTPUT_IMAGES, OUTPUT_TOKENS, OUTPUT_VIDEO_MS,
    RERANK_DOCUMENTS, STATUS, guardrail_action, status as outcome,
};
use crate::schema::usage::cell;

/// Input tokens that are charged: the logged ones or those outside the cache.
const CHARGED_INPUT: &str = "cost_charged_input";
/// True when any token count is known.
const HAS_COUNTS: &str = "cost_has_counts";
/// Tokens that the row bills and has no price for.
const MISSING_TOKENS: &str = "cost_missing_tokens";
/// True when some token has a price.
const ANY_PRICED: &str = "cost_any_priced";
/// Reasons why a part has no price; null when every part has one.
const MISSING_REASON: &str = "cost_missing_reason";
/// Why the request isn't billed; null when it is.
const NOT_BILLED_REASON: &str = "cost_not_billed_reason";

const PARTS: [&str; 5] = [
    COST_INPUT_UNITS,
    COST_OUTPUT_UNITS,
    COST_CACHE_READ_UNITS,
    COST_CACHE_WRITE_UNITS,
    COST_OTHER_UNITS,
];

/// A kind of token that has its own price.
struct TokenKind {
    /// Column of the count, each token in one kind.
    tokens: &'static str,
    price: &'static str,
    long_price: &'static str,
    reason: &'static str,
}

const TOKEN_KINDS: [TokenKind; 5] = [
    TokenKind {
        tokens: UNCACHED_INPUT_TOKENS,
        price: INPUT_PRICE,
        long_price: LONG_INPUT_PRICE,
        reason: reason::NO_INPUT_PRICE,
    },
    TokenKind {
        tokens: OUTPUT_TOKENS,
        price: OUTPUT_PRICE,
        long_price: LONG_OUTPUT_PRICE,
        reason: reason::NO_OUTPUT_PRICE,
    },
    TokenKind {
        tokens: CACHE_READ_INPUT_TOKENS,
        price: CACHE_READ_PRICE,
        long_price: LONG_CACHE_READ_PRICE,
        reason: reason::NO_CACHE_READ_PRICE,
    },
    TokenKind {
        tokens: WRITTEN_DEFAULT,
        price: CACHE_WRITE_PRICE,
        long_price: LONG_CACHE_WRITE_PRICE,
        reason: reason::NO_CACHE_WRITE_PRICE,
    },
    TokenKind {
        tokens: WRITTEN_1H,
        price: CACHE_WRITE_1H_PRICE,
        long_price: LONG_CACHE_WRITE_1H_PRICE,
        reason: reason::NO_CACHE_WRITE_PRICE,
    },
];

/// What a row says about itself, whatever its prices; sums of the input are of type `wide`.
pub(super) fn billing_columns(wide: &DataType) -> Vec<Expr> {
    let written_1h = || col(CACHE_WRITE_1H_INPUT_TOKENS);
    let written = || coalesce(&[col(CACHE_WRITE_INPUT_TOKENS), written_1h()]);
    let of_1h = || {
        when(written_1h().gt(written()))
            .then(written())
            .otherwise(written_1h().fill_null(lit(0_i64)))
    };
    let or_zero = |count: Expr| count.cast(wide.clone()).fill_null(lit(0_i64).cast(wide.clone()));
    let cached = || or_zero(col(CACHE_READ_INPUT_TOKENS)) + or_zero(written());
    let input = || or_zero(col(INPUT_TOKENS));
    let documents = || col(RERANK_DOCUMENTS);
    let rest = (documents() % lit(DOCUMENTS_PER_QUERY)).gt(lit(0_i64));
    vec![
        written().alias(WRITTEN),
        of_1h().alias(WRITTEN_1H),
        (written() - of_1h()).alias(WRITTEN_DEFAULT),
        (input() + cached()).alias(INPUT_BESIDE_CACHE),
        when(input().gt(cached())).then(input()).otherwise(cached()).alias(INPUT_WITH_CACHE),
        (documents().floor_div(lit(DOCUMENTS_PER_QUERY)) + rest.cast(DataType::Int64))
            .alias(QUERIES),
        col(INPUT_IMAGES).eq(lit(0_i64)).cast(DataType::Int64).alias(TEXT_REQUESTS),
        col(STATUS).neq(lit(outcome::OK)).alias(FAILED),
        col(GUARDRAIL_ACTION)
            .eq(lit(guardrail_action::INTERVENED))
            .fill_null(lit(false))
            .alias(INTERVENED),
    ]
}

/// First stage: the token counts, each token once.
pub(super) fn usage_columns(convention: CacheConvention) -> Vec<Vec<Expr>> {
    let charged = match convention {
        CacheConvention::Documented => UNCACHED_INPUT_TOKENS,
        CacheConvention::AsLogged => INPUT_TOKENS,
    };
    let input = when(col(INPUT_INCLUDES_CACHE))
        .then(wide(INPUT_WITH_CACHE))
        .otherwise(wide(INPUT_BESIDE_CACHE));
    vec![
        vec![
            uncached_input().alias(UNCACHED_INPUT_TOKENS),
            any([INPUT_TOKENS, OUTPUT_TOKENS, CACHE_READ_INPUT_TOKENS, WRITTEN]
                .map(|count| col(count).is_not_null())
                .into_iter())
            .alias(HAS_COUNTS),
            input.gt(wide(LONG_CONTEXT_ABOVE)).fill_null(lit(false)).alias(LONG_CONTEXT),
        ],
        vec![col(charged).alias(CHARGED_INPUT), total_tokens().alias(TOTAL_TOKENS)],
    ]
}

/// Second stage: what each part costs, which parts have no price, what isn't billed.
pub(super) fn priced_columns() -> Vec<Expr> {
    let [input, output, read, write, write_1h] = &TOKEN_KINDS;
    vec![
        (wide(CHARGED_INPUT) * input.applied_price()).alias(COST_INPUT_UNITS),
        output.cost().alias(COST_OUTPUT_UNITS),
        read.cost().alias(COST_CACHE_READ_UNITS),
        sum_known(vec![
            write.cost(),
            when(col(WRITTEN).is_not_null()).then(write_1h.cost()).otherwise(null()),
        ])
        .alias(COST_CACHE_WRITE_UNITS),
        other_cost().alias(COST_OTHER_UNITS),
        missing_tokens().alias(MISSING_TOKENS),
        any(TOKEN_KINDS.iter().map(TokenKind::is_priced)).alias(ANY_PRICED),
        not_billed_reason().alias(NOT_BILLED_REASON),
    ]
}

/// Third stage: the reasons for missing prices, which need the unit costs.
pub(super) fn missing_columns() -> Vec<Expr> {
    let [input, output, read, write, write_1h] = &TOKEN_KINDS;
    let reasons = [
        (input.is_missing(), input.reason),
        (output.is_missing(), output.reason),
        (read.is_missing(), read.reason),
        (write.is_missing().or(write_1h.is_missing()), write.reason),
        (unit_unmatched(), reason::NO_UNIT_MATCH),
    ];
    let any_missing = any(reasons.iter().map(|(missing, _)| missing.clone()));
    let texts = reasons.map(|(missing, text)| when(missing).then(lit(text)).otherwise(null()));
    vec![
        when(any_missing)
            .then(concat_str(texts, ",", true))
            .otherwise(null())
            .alias(MISSING_REASON),
    ]
}

/// Fourth stage: status and reason.
pub(super) fn status_columns() -> Vec<Expr> {
    let not_billed = || col(NOT_BILLED_REASON).is_not_null();
    let no_quote = || col(BILLS_TOKENS).is_null().or(col(QUOTE_REASON).is_not_null());
    let nothing_priced = || col(ANY_PRICED).not().and(col(COST_OTHER_UNITS).is_null());
    let text_of = |text: &'static str| lit(text);
    let status = when(not_billed())
        .then(text_of(status::NOT_BILLED))
        .when(no_quote().or(no_counts()))
        .then(text_of(status::UNPRICED))
        .when(col(MISSING_REASON).is_null())
        .then(text_of(status::PRICED))
        .when(nothing_priced())
        .then(text_of(status::UNPRICED))
        .otherwise(text_of(status::PARTLY_PRICED));
    let reason = when(not_billed())
        .then(col(NOT_BILLED_REASON))
        .when(no_quote())
        .then(col(QUOTE_REASON))
        .when(no_counts())
        .then(text_of(reason::NO_TOKEN_COUNTS))
        .otherwise(col(MISSING_REASON));
    vec![status.alias(COST_STATUS), reason.alias(COST_REASON)]
}

/// Last stage: the sum and its parts where there is a price, and the tokens without one.
pub(super) fn cost_columns() -> Vec<Expr> {
    let has_cost = || {
        let is = |value: &'static str| col(COST_STATUS).eq(lit(value));
        is(status::PRICED).or(is(status::PARTLY_PRICED))
    };
    let where_costed = |expression: Expr| when(has_cost()).then(expression).otherwise(null());
    let mut columns: Vec<Expr> = PARTS.map(|part| where_costed(col(part)).alias(part)).into();
    let total = PARTS.map(|part| col(part).fill_null(zero())).into_iter().reduce(|a, b| a + b);
    columns.extend(total.map(|total| where_costed(total).alias(COST_UNITS)));
    columns.push(
        when(has_cost())
            .then(col(MISSING_TOKENS))
            .when(col(COST_STATUS).eq(lit(status::UNPRICED)))
            .then(col(TOTAL_TOKENS))
            .otherwise(null())
            .alias(UNPRICED_TOKENS),
    );
    columns
}

/// What the stages need and readers don't.
pub(super) fn working_columns() -> Vec<&'static str> {
    let own = [
        CHARGED_INPUT,
        WRITTEN,
        WRITTEN_1H,
        WRITTEN_DEFAULT,
        INPUT_BESIDE_CACHE,
        INPUT_WITH_CACHE,
        QUERIES,
        TEXT_REQUESTS,
        FAILED,
        INTERVENED,
        cell::SHAPE,
        HAS_COUNTS,
        MISSING_TOKENS,
        ANY_PRICED,
        MISSING_REASON,
        NOT_BILLED_REASON,
        PRICE_DAY,
        IMAGE_PIXELS,
        QUOTE_REASON,
        INPUT_INCLUDES_CACHE,
        BILLS_TOKENS,
        BILLS_INPUT_IMAGES,
        LONG_CONTEXT_ABOVE,
        OUTPUT_IMAGE_PRICE,
        INPUT_IMAGE_PRICE,
        RERANK_QUERY_PRICE,
        TEXT_REQUEST_PRICE,
        OUTPUT_VIDEO_MS_PRICE,
    ];
    let prices = TOKEN_KINDS.iter().flat_map(|kind| [kind.price, kind.long_price]);
    own.into_iter().chain(prices).collect()
}

impl TokenKind {
    /// The price per token that holds for the request.
    fn applied_price(&self) -> Expr {
        when(col(LONG_CONTEXT))
            .then(col(self.long_price))
            .otherwise(col(self.price))
            .cast(DataType::Int128)
    }

    fn cost(&self) -> Expr {
        wide(self.tokens) * self.applied_price()
    }

    fn is_missing(&self) -> Expr {
        let missing = col(self.tokens).gt(lit(0_i64)).and(self.has_price().not());
        col(BILLS_TOKENS).and(missing).fill_null(lit(false))
    }

    fn is_priced(&self) -> Expr {
        col(self.tokens).gt(lit(0_i64)).and(self.has_price()).fill_null(lit(false))
    }

    fn has_price(&self) -> Expr {
        when(col(LONG_CONTEXT))
            .then(col(self.long_price).is_not_null())
            .otherwise(col(self.price).is_not_null())
    }
}

/// Input outside the cache; at least 0, so that more input never costs less.
fn uncached_input() -> Expr {
    let rest =
        || wide(INPUT_TOKENS) - wide_or_zero(CACHE_READ_INPUT_TOKENS) - wide_or_zero(WRITTEN);
    when(col(INPUT_INCLUDES_CACHE))
        .then(when(rest().lt(zero())).then(zero_if_known(INPUT_TOKENS)).otherwise(rest()))
        .otherwise(wide(INPUT_TOKENS))
        .cast(DataType::Int64)
}

/// Every token once; null without counts, and beyond 64 bits.
fn total_tokens() -> Expr {
    let all = [UNCACHED_INPUT_TOKENS, CACHE_READ_INPUT_TOKENS, WRITTEN, OUTPUT_TOKENS];
    let all = all.into_iter().map(wide_or_zero);
    when(col(HAS_COUNTS))
        .then(all.reduce(|a, b| a + b).unwrap_or_else(zero).cast(DataType::Int64))
        .otherwise(null())
}

fn missing_tokens() -> Expr {
    let tokens = TOKEN_KINDS
        .iter()
        .map(|kind| when(kind.is_missing()).then(wide(kind.tokens)).otherwise(zero()));
    tokens.reduce(|a, b| a + b).unwrap_or_else(zero).cast(DataType::Int64)
}

/// Cost of images, queries, requests and video; null when the record or the row has none of them.
fn other_cost() -> Expr {
    let cost = |count, price| wide(count) * wide(price);
    sum_known(vec![
        cost(OUTPUT_IMAGES, OUTPUT_IMAGE_PRICE),
        cost(INPUT_IMAGES, INPUT_IMAGE_PRICE),
        cost(QUERIES, RERANK_QUERY_PRICE),
        cost(TEXT_REQUESTS, TEXT_REQUEST_PRICE),
        cost(OUTPUT_VIDEO_MS, OUTPUT_VIDEO_MS_PRICE),
    ])
}

/// True when the row bills by something that the record doesn't hold.
fn unit_unmatched() -> Expr {
    let images = col(BILLS_INPUT_IMAGES)
        .and(col(INPUT_IMAGE_PRICE).is_null())
        .and(col(INPUT_IMAGES).gt(lit(0_i64)))
        .fill_null(lit(false));
    let only_units = col(BILLS_TOKENS).not().and(col(COST_OTHER_UNITS).is_null());
    images.or(only_units.fill_null(lit(false)))
}

/// A call billed by tokens, with no count of any.
fn no_counts() -> Expr {
    col(BILLS_TOKENS).and(col(COST_OTHER_UNITS).is_null()).and(col(HAS_COUNTS).not())
}

fn not_billed_reason() -> Expr {
    let failed = col(FAILED);
    let units_unknown = col(OUTPUT_IMAGES).is_null().and(col(OUTPUT_VIDEO_MS).is_null());
    let intervened = col(INTERVENED);
    let none_or_zero = |count: &str| col(count).fill_null(lit(0_i64)).eq(lit(0_i64));
    let no_tokens = col(HAS_COUNTS).not().or(col(TOTAL_TOKENS).eq(lit(0_i64)));
    let no_units = none_or_zero(OUTPUT_IMAGES).and(none_or_zero(OUTPUT_VIDEO_MS));
    when(failed.and(col(HAS_COUNTS).not()).and(units_unknown))
        .then(lit(reason::ERROR_WITHOUT_COUNTS))
        .when(intervened.and(no_tokens).and(no_units))
        .then(lit(reason::GUARDRAIL_BLOCKED_INPUT))
        .otherwise(null())
}

/// Sum of what is known; null when nothing is.
fn sum_known(amounts: Vec<Expr>) -> Expr {
    let known = any(amounts.iter().map(|amount| amount.clone().is_not_null()));
    let sum = amounts.into_iter().map(|amount| amount.fill_null(zero())).reduce(|a, b| a + b);
    when(known).then(sum.unwrap_or_else(zero)).otherwise(null())
}

/// Whether a count exceeds a number; an unknown one doesn't.
pub(super) fn is_over(count: &str, number: i64) -> Expr {
    col(count).gt(lit(number)).fill_null(lit(false))
}

pub(super) fn any(conditions: impl Iterator<Item = Expr>) -> Expr {
    conditions.reduce(Expr::or).unwrap_or_else(|| lit(false))
}

fn wide(column: &str) -> Expr {
    col(column).cast(DataType::Int128)
}

fn wide_or_zero(column: &str) -> Expr {
    wide(column).fill_null(zero())
}

fn zero_if_known(column: &str) -> Expr {
    when(col(column).is_not_null()).then(zero()).otherwise(null())
}

fn zero() -> Expr {
    lit(0_i64).cast(DataType::Int128)
}

fn null() -> Expr {
    Expr::Literal(LiteralValue::untyped_null())
}

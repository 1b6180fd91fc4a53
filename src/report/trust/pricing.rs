//! Price coverage of the period: how much of what is billed has a price, and what has none.

use polars::prelude::{LazyFrame, PolarsResult};

use crate::metrics::price_coverage::{price_coverage, unpriced_models};
use crate::report::read::Rows;
use crate::schema::cost::{COST_REASON, reason};
use crate::schema::invocation::MODEL;
use crate::schema::usage::metric::{REQUESTS, TOTAL_TOKENS};
use crate::schema::usage::price_coverage as names;

/// How much of what is billed has a price.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::report) struct Pricing {
    /// Requests that are billed.
    pub(in crate::report) billed: u64,
    /// Requests that are not billed: errors without token counts, input blocked by a guardrail.
    pub(in crate::report) not_billed: u64,
    /// Requests that are fully priced.
    pub(in crate::report) priced: u64,
    /// Known tokens of billed requests.
    pub(in crate::report) tokens: u64,
    /// Of these, tokens without a price.
    pub(in crate::report) unpriced_tokens: u64,
    /// Requests that are not fully priced, by model and reason, most requests first.
    pub(in crate::report) unpriced: Vec<Unpriced>,
}

/// Requests without a (full) price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct Unpriced {
    pub(in crate::report) model: String,
    pub(in crate::report) reason: String,
    pub(in crate::report) requests: u64,
    pub(in crate::report) tokens: Option<u64>,
}

impl Unpriced {
    /// The reason, or the reasons, as people say them.
    pub(in crate::report) fn reason_in_words(&self) -> String {
        let reasons: Vec<String> = self.reason.split(',').map(reason_in_words).collect();
        reasons.join("; ")
    }
}

fn reason_in_words(code: &str) -> String {
    let words = match code.trim() {
        reason::NO_MODEL_ID => "the record names no model",
        reason::NO_REGION => "the record has no region",
        reason::NO_EVENT_TIME => "the record has no time",
        reason::UNKNOWN_MODEL => "the price book does not know the model",
        reason::APPLICATION_PROFILE_UNMAPPED => {
            "an application inference profile that is mapped to no model"
        }
        reason::PROVISIONED => "provisioned throughput, paid by the hour",
        reason::CUSTOM => "a custom model",
        reason::IMPORTED => "an imported model, paid by the minute",
        reason::PROMPT_ROUTER => "a prompt router; the record does not say which model answered",
        reason::MARKETPLACE => "a Marketplace endpoint, paid by the hour",
        reason::SAGEMAKER => "a SageMaker endpoint, paid by the hour",
        reason::OTHER_SERVICE => "an ARN of another service",
        reason::NO_GLOBAL_PRICE => "no price for calls through a global profile",
        reason::NO_REGION_PRICE => "no price for this region",
        reason::NO_TIER_PRICE => "no price for this service tier",
        reason::NO_PRICE_ON_DATE => "no price in effect on the day of the call",
        reason::NO_UNIT_MATCH => "the record lacks what selects the price",
        reason::NO_TOKEN_COUNTS => "a successful call without token counts",
        reason::NO_INPUT_PRICE => "no price for input tokens",
        reason::NO_OUTPUT_PRICE => "no price for output tokens",
        reason::NO_CACHE_READ_PRICE => "no price for tokens read from the cache",
        reason::NO_CACHE_WRITE_PRICE => "no price for tokens written to the cache",
        other => return other.replace('_', " "),
    };
    words.to_owned()
}

impl Pricing {
    pub(in crate::report) fn read(priced: &LazyFrame) -> PolarsResult<Self> {
        let totals = Rows::collect(price_coverage(priced.clone()))?;
        let count = |name| totals.count(0, name).map(|count| count.unwrap_or(0));
        let models = Rows::collect(unpriced_models(priced.clone()))?;
        let unpriced = (0..models.len()).map(|row| {
            let text = |name| {
                models.text(row, name).map(|text| text.unwrap_or_else(|| "unknown".to_owned()))
            };
            Ok(Unpriced {
                model: text(MODEL)?,
                reason: text(COST_REASON)?,
                requests: models.count(row, REQUESTS)?.unwrap_or(0),
                tokens: models.count(row, TOTAL_TOKENS)?,
            })
        });
        Ok(Self {
            billed: count(names::BILLED_REQUESTS)?,
            not_billed: count(names::NOT_BILLED_REQUESTS)?,
            priced: count(names::PRICED_REQUESTS)?,
            tokens: count(names::BILLED_TOKENS)?,
            unpriced_tokens: count(names::UNPRICED_TOKENS)?,
            unpriced: unpriced.collect::<PolarsResult<_>>()?,
        })
    }

    /// Priced tokens ÷ tokens of billed requests; where no token is known, by requests.
    pub(in crate::report) fn share(&self) -> Option<f64> {
        let by_tokens = crate::report::compare::share(
            self.tokens - self.unpriced_tokens.min(self.tokens),
            self.tokens,
        );
        by_tokens.or_else(|| crate::report::compare::share(self.priced, self.billed))
    }
}

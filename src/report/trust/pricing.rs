//! Price coverage of the period: how much of what is billed has a price, and what has none.

use polars::prelude::{LazyFrame, PolarsResult};

use crate::metrics::price_coverage::{price_coverage, unpriced_models};
use crate::report::read::Rows;
use crate::schema::cost::COST_REASON;
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

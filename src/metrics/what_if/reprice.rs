//! The same tokens at another price row of the book, or the reason why there is none.

use crate::prices::book::{PriceRow, Routing, Tier, TokenPrices};
use crate::prices::resolve::{Resolved, resolve};
use crate::prices::{PriceBook, Query, Quote};
use crate::schema::cost::reason;
use crate::units::Usd;

use super::groups::{Classes, Group, PriceKey, Tokens};

/// What could have been different.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alternative<'a> {
    /// Requests of the first tier on the second.
    Tier(Tier, Tier),
    /// Requests that went to a Region or a geography, through the global profile.
    Global,
    /// Requests of the first model, to the second: a model id, which keeps the routing unless it
    /// names one itself.
    Model(&'a str, &'a str),
}

/// A group that the alternative is for, and what it would have cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repriced<'g> {
    /// The requests.
    pub group: &'g Group,
    /// Their cost at the alternative's prices, or why it isn't known: a reason of
    /// [`cost::reason`](crate::schema::cost::reason) or of this module.
    pub then: Result<Usd, &'static str>,
}

/// The candidate takes fewer tokens than the request has.
pub const OVER_CONTEXT_WINDOW: &str = "over_context_window";

/// Prices and bounds that groups are priced by.
#[derive(Debug, Clone, Copy)]
pub struct Repricing<'b> {
    /// The price book.
    pub book: &'b PriceBook,
    /// The bounds that the groups were made with.
    pub classes: &'b Classes,
}

impl<'b> Repricing<'b> {
    /// Every group that the alternative is for, at its prices.
    pub fn apply<'g>(self, groups: &'g [Group], to: Alternative<'_>) -> Vec<Repriced<'g>> {
        let reprice = |group: &'g Group| self.then(group, to).map(|then| Repriced { group, then });
        groups.iter().filter_map(reprice).collect()
    }

    /// The prices that a key's requests were charged.
    pub fn current_prices(self, key: &PriceKey) -> Option<TokenPrices> {
        let row = self.quote(key).price.ok()?;
        Some(self.prices(row, key.context_class))
    }

    /// `None` where the alternative isn't for these requests.
    fn then(self, group: &Group, to: Alternative<'_>) -> Option<Result<Usd, &'static str>> {
        let key = &group.key;
        let quote = self.quote(key);
        let tier = Tier::from_log(key.service_tier.as_deref());
        let row = match to {
            Alternative::Tier(from, to) => {
                if tier != Some(from) {
                    return None;
                }
                let moved = PriceKey { service_tier: Some(to.as_str().to_owned()), ..key.clone() };
                self.quote(&moved).price
            }
            Alternative::Global => {
                if quote.routing != Some(Routing::Regional) {
                    return None;
                }
                self.at_model(key, &format!("global.{}", quote.model?.model_id))
            }
            Alternative::Model(from, to) => {
                if quote.model?.model_id != self.book.model(bare(from))?.model_id {
                    return None;
                }
                if self.is_over(group, to) {
                    return Some(Err(OVER_CONTEXT_WINDOW));
                }
                self.at_model(key, &routed(to, quote.routing))
            }
        };
        Some(row.and_then(|row| tokens_cost(&group.tokens, &self.prices(row, key.context_class))))
    }

    fn quote(self, key: &PriceKey) -> Quote<'b> {
        self.book.quote(&Query {
            model_id: key.model_id.as_deref(),
            region: key.region.as_deref(),
            service_tier: key.service_tier.as_deref(),
            day: key.day,
        })
    }

    fn at_model(self, key: &PriceKey, model_id: &str) -> Result<&'b PriceRow, &'static str> {
        self.quote(&PriceKey { model_id: Some(model_id.to_owned()), ..key.clone() }).price
    }

    /// The row's prices for requests of this size.
    fn prices(self, row: &PriceRow, context_class: usize) -> TokenPrices {
        let long = row.long_context.filter(|long| {
            let bound = self.classes.context.partition_point(|b| *b < long.above_input_tokens);
            context_class > bound
        });
        long.map_or(row.tokens, |long| long.tokens)
    }

    fn is_over(self, group: &Group, to: &str) -> bool {
        let window = self.book.model(bare(to)).and_then(|model| model.context_window);
        window.is_some_and(|window| {
            let bound = self.classes.footprint.partition_point(|b| *b < window);
            group.footprint_class > bound
        })
    }
}

/// The id without a profile prefix or ARN; the text itself where it has another form.
pub fn bare(model_id: &str) -> &str {
    match resolve(model_id) {
        Resolved::Model { id, .. } => id,
        _ => model_id,
    }
}

/// The candidate's id with the request's routing, unless it has a prefix of its own.
fn routed(to: &str, routing: Option<Routing>) -> String {
    match routing {
        Some(Routing::Global) if bare(to) == to => format!("global.{to}"),
        _ => to.to_owned(),
    }
}

/// Cost of the tokens.
///
/// # Errors
/// A reason of [`cost::reason`](crate::schema::cost::reason) where a kind that has tokens has no price.
pub fn tokens_cost(tokens: &Tokens, prices: &TokenPrices) -> Result<Usd, &'static str> {
    let kinds = [
        (tokens.input, prices.input, reason::NO_INPUT_PRICE),
        (tokens.output, prices.output, reason::NO_OUTPUT_PRICE),
        (tokens.cache_read, prices.cache_read, reason::NO_CACHE_READ_PRICE),
        (tokens.cache_write, prices.cache_write, reason::NO_CACHE_WRITE_PRICE),
        (tokens.cache_write_1h, prices.cache_write_1h(), reason::NO_CACHE_WRITE_PRICE),
    ];
    let mut sum = Usd(0);
    for (count, price, missing) in kinds {
        if count > 0 {
            sum += Usd(count * price.ok_or(missing)?.0);
        }
    }
    Ok(sum)
}

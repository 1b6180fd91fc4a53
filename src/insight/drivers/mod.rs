//! Why spend changed from one period to another: the change split into parts that add up to it, to
//! the last digit.
//!
//! Spend is a product, summed over models: days × requests per day × the model's share of requests ×
//! tokens per request × what share of them went through the cache × which price list they were served
//! from × price. [`split`] moves one factor at a time from its earlier to its later value and averages
//! what each move changes over all orders of moving (Shapley 1953; for index numbers Sun 1998), so no
//! order is favoured. What can't be divided is given out by largest remainder: parts always add up.
//!
//! [`cells`] sums priced invocations to what the split needs; [`contributions`] splits the same change
//! by team, model, principal or account.

mod cells;
mod contributions;
mod factors;
mod shapley;

use std::collections::BTreeMap;

use serde::Serialize;

pub use cells::{Cell, Kind, TokenSum, cells, read};
pub use contributions::{Contribution, Contributions, GroupSpend, contributions};

use crate::units::Usd;
use factors::ModelFactors;

/// What a change in spend is put down to, in US dollars.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Effects {
    /// More or fewer days in the period.
    pub period_length_usd: Usd,
    /// More or fewer priced requests per day.
    pub volume_usd: Usd,
    /// Requests moved between models, new and vanished models included.
    pub model_mix_usd: Usd,
    /// More or fewer tokens per request, longer contexts included; units per request for images,
    /// video and queries.
    pub tokens_per_request_usd: Usd,
    /// Input tokens moved between uncached, read from and written to the cache.
    pub cache_usd: Usd,
    /// Tokens moved between price lists: routing, Region, service tier.
    pub routing_usd: Usd,
    /// Other prices of the same price list.
    pub price_usd: Usd,
}

/// How many effects there are.
pub(crate) const EFFECTS: usize = 7;

impl Effects {
    /// Names and amounts, in the order they are documented.
    pub fn named(&self) -> [(Effect, Usd); EFFECTS] {
        [
            (Effect::PeriodLength, self.period_length_usd),
            (Effect::Volume, self.volume_usd),
            (Effect::ModelMix, self.model_mix_usd),
            (Effect::TokensPerRequest, self.tokens_per_request_usd),
            (Effect::Cache, self.cache_usd),
            (Effect::Routing, self.routing_usd),
            (Effect::Price, self.price_usd),
        ]
    }

    /// What they add up to.
    pub fn total(&self) -> Usd {
        self.named().into_iter().map(|(_, amount)| amount).sum()
    }

    fn of(units: [i128; EFFECTS]) -> Self {
        let [length, volume, mix, tokens, cache, routing, price] = units.map(Usd);
        Self {
            period_length_usd: length,
            volume_usd: volume,
            model_mix_usd: mix,
            tokens_per_request_usd: tokens,
            cache_usd: cache,
            routing_usd: routing,
            price_usd: price,
        }
    }

    fn and(self, other: &Self) -> Self {
        let (one, other) = (self.named(), other.named());
        Self::of(std::array::from_fn(|index| (one[index].1 + other[index].1).0))
    }
}

/// The effects by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// See [`Effects::period_length_usd`].
    PeriodLength,
    /// See [`Effects::volume_usd`].
    Volume,
    /// See [`Effects::model_mix_usd`].
    ModelMix,
    /// See [`Effects::tokens_per_request_usd`].
    TokensPerRequest,
    /// See [`Effects::cache_usd`].
    Cache,
    /// See [`Effects::routing_usd`].
    Routing,
    /// See [`Effects::price_usd`].
    Price,
}

/// A period's priced invocations as the split sees them.
#[derive(Debug, Clone, PartialEq)]
pub struct Side {
    /// Length of the period in days; need not be whole.
    pub days: f64,
    /// The sums.
    pub cells: Vec<Cell>,
}

/// A change in spend and its parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DriverTree {
    /// Spend of the earlier period.
    pub before_usd: Usd,
    /// Spend of the later period.
    pub after_usd: Usd,
    /// `after_usd` − `before_usd`: the sum of the effects, and of the models' changes.
    pub change_usd: Usd,
    /// The change by what made it.
    pub effects: Effects,
    /// Each model's part, the largest first; each splits into effects of its own, and these add up to
    /// the effects above.
    pub models: Vec<ModelChange>,
}

/// A model's part in a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModelChange {
    /// Base model id; null where the record names none.
    pub model: Option<String>,
    /// Priced requests in the earlier period.
    pub requests_before: i128,
    /// Priced requests in the later period.
    pub requests_after: i128,
    /// Spend of the earlier period.
    pub before_usd: Usd,
    /// Spend of the later period.
    pub after_usd: Usd,
    /// Its change.
    pub change_usd: Usd,
    /// The change by what made it.
    pub effects: Effects,
}

/// Splits the change between two periods. The order of the cells doesn't matter.
pub fn split(before: &Side, after: &Side) -> DriverTree {
    let requests = |side: &Side| -> i128 { side.cells.iter().map(|cell| cell.requests).sum() };
    let scale = factors::Scale::of((before.days, after.days), (requests(before), requests(after)));
    let mut models: Vec<ModelChange> = by_model(before, after)
        .into_iter()
        .map(|(model, (before, after))| model_change(model, &before, &after, &scale))
        .collect();
    models.sort_by(|a, b| {
        let size = |change: &ModelChange| change.change_usd.0.abs();
        size(b).cmp(&size(a)).then_with(|| a.model.cmp(&b.model))
    });
    let sum = |of: fn(&ModelChange) -> Usd| models.iter().map(of).sum::<Usd>();
    DriverTree {
        before_usd: sum(|model| model.before_usd),
        after_usd: sum(|model| model.after_usd),
        change_usd: sum(|model| model.change_usd),
        effects: models.iter().fold(Effects::default(), |sum, model| sum.and(&model.effects)),
        models,
    }
}

type Cells = Vec<Cell>;

/// Cells of both sides by model, each in a fixed order, so that sums of floats repeat.
fn by_model(before: &Side, after: &Side) -> BTreeMap<Option<String>, (Cells, Cells)> {
    let mut models: BTreeMap<Option<String>, (Cells, Cells)> = BTreeMap::new();
    for cell in &before.cells {
        models.entry(cell.model.clone()).or_default().0.push(cell.clone());
    }
    for cell in &after.cells {
        models.entry(cell.model.clone()).or_default().1.push(cell.clone());
    }
    models
}

fn model_change(
    model: Option<String>,
    before: &[Cell],
    after: &[Cell],
    scale: &factors::Scale,
) -> ModelChange {
    let spend = |cells: &[Cell]| -> i128 { cells.iter().map(Cell::cost).sum() };
    let requests = |cells: &[Cell]| -> i128 { cells.iter().map(|cell| cell.requests).sum() };
    let (was, is) = (spend(before), spend(after));
    let factors = ModelFactors::of(before, after);
    let parts = shapley::parts(was, is, |moved| factors.spend(scale, moved));
    ModelChange {
        model,
        requests_before: requests(before),
        requests_after: requests(after),
        before_usd: Usd(was),
        after_usd: Usd(is),
        change_usd: Usd(is - was),
        effects: Effects::of(parts),
    }
}

#[cfg(test)]
mod tests;

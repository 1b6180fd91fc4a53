//! A model's spend as a product of factors, each of which can stand at its earlier or later value.
//!
//! A factor that one period doesn't have (the price of a model nobody called then) takes the value of
//! the other: it is held to be unchanged, and the change falls on the factor that brought the calls.

use std::collections::{BTreeMap, BTreeSet};

use super::cells::{Cell, Kind};
use super::shapley::Moved;

/// Places of the factors among the effects.
const LENGTH: usize = 0;
const VOLUME: usize = 1;
const MIX: usize = 2;
const TOKENS: usize = 3;
const CACHE: usize = 4;
const ROUTING: usize = 5;
const PRICE: usize = 6;

/// The earlier and the later value of a factor.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Both {
    before: f64,
    after: f64,
}

impl Both {
    /// Parts ÷ wholes; where a whole is nothing, the share of the other side, and 0 without any.
    fn shares(parts: (i128, i128), wholes: (i128, i128)) -> Self {
        let share = |part, whole| (whole != 0).then(|| ratio(part, whole));
        let (before, after) = (share(parts.0, wholes.0), share(parts.1, wholes.1));
        Self { before: before.or(after).unwrap_or(0.0), after: after.or(before).unwrap_or(0.0) }
    }

    fn at(self, moved: bool) -> f64 {
        if moved { self.after } else { self.before }
    }
}

/// `part` ÷ `whole`, exact where the whole divides the part.
#[expect(clippy::cast_precision_loss, reason = "a factor; the sums it is made of stay exact")]
fn ratio(part: i128, whole: i128) -> f64 {
    if part % whole == 0 { (part / whole) as f64 } else { part as f64 / whole as f64 }
}

#[expect(clippy::cast_precision_loss, reason = "a factor; the sums it is made of stay exact")]
fn wide(number: i128) -> f64 {
    number as f64
}

/// What all models share: the length of the periods and the requests per day.
pub(super) struct Scale {
    days: Both,
    requests_per_day: Both,
    requests: (i128, i128),
}

impl Scale {
    pub(super) fn of(days: (f64, f64), requests: (i128, i128)) -> Self {
        let per_day =
            |requests: i128, days: f64| if days > 0.0 { wide(requests) / days } else { 0.0 };
        Self {
            days: Both { before: days.0, after: days.1 },
            requests_per_day: Both {
                before: per_day(requests.0, days.0),
                after: per_day(requests.1, days.1),
            },
            requests,
        }
    }
}

/// The factors of one model.
pub(super) struct ModelFactors {
    requests: (i128, i128),
    /// Cost per request of what isn't tokens.
    other: Both,
    terms: Vec<Term>,
}

/// Tokens of one kind, context class and price line.
struct Term {
    /// Tokens of the kind's group (input or output) per request.
    per_request: Both,
    /// Share of the context class in the group.
    context: Both,
    /// Share of the kind in the group's context class.
    kind: Both,
    /// Share of the price line in the kind.
    line: Both,
    /// Price of a token, in units.
    price: Both,
    /// The factor that the price moves with: of tokens written with both times to live in one request
    /// it is how many of them live for an hour, which is the cache's doing.
    price_moves_with: usize,
}

impl ModelFactors {
    pub(super) fn of(before: &[Cell], after: &[Cell]) -> Self {
        let sums = Sums { before: Sum::of(before), after: Sum::of(after) };
        let requests = (sums.before.requests, sums.after.requests);
        Self {
            requests,
            other: Both::shares((sums.before.other, sums.after.other), requests),
            terms: sums.terms(requests),
        }
    }

    /// The model's spend in units, with some factors moved.
    #[expect(clippy::cast_possible_truncation, reason = "saturates far beyond any spend")]
    pub(super) fn spend(&self, scale: &Scale, moved: Moved) -> i128 {
        let share = Both::shares(self.requests, scale.requests);
        let requests = scale.days.at(moved.has(LENGTH))
            * scale.requests_per_day.at(moved.has(VOLUME))
            * share.at(moved.has(MIX));
        let of_tokens: f64 = self.terms.iter().map(|term| term.per_request(moved)).sum();
        (requests * (of_tokens + self.other.at(moved.has(TOKENS)))).round() as i128
    }
}

impl Term {
    fn per_request(&self, moved: Moved) -> f64 {
        self.per_request.at(moved.has(TOKENS))
            * self.context.at(moved.has(TOKENS))
            * self.kind.at(moved.has(CACHE))
            * self.line.at(moved.has(ROUTING))
            * self.price.at(moved.has(self.price_moves_with))
    }
}

/// Where tokens are: kind, long context or not, price line.
type Place = (Kind, bool, Line);
/// Routing, Region and service tier.
type Line = [Option<String>; 3];

/// A side's tokens, summed at every level that a share is taken of.
#[derive(Default)]
struct Sum {
    requests: i128,
    other: i128,
    by_place: BTreeMap<Place, (i128, i128)>,
    by_kind: BTreeMap<(Kind, bool), i128>,
    by_context: BTreeMap<(bool, bool), i128>,
    by_group: BTreeMap<bool, i128>,
}

impl Sum {
    fn of(cells: &[Cell]) -> Self {
        let mut sum = Self::default();
        for cell in cells {
            sum.requests += cell.requests;
            sum.other += cell.other_cost;
            for (kind, tokens) in Kind::ALL.into_iter().zip(&cell.tokens) {
                let is_output = kind == Kind::Output;
                let place = (kind, cell.long_context, cell.line.clone());
                let at = sum.by_place.entry(place).or_default();
                at.0 += tokens.tokens;
                at.1 += tokens.cost;
                *sum.by_kind.entry((kind, cell.long_context)).or_default() += tokens.tokens;
                *sum.by_context.entry((is_output, cell.long_context)).or_default() += tokens.tokens;
                *sum.by_group.entry(is_output).or_default() += tokens.tokens;
            }
        }
        sum
    }

    fn at(&self, place: &Place) -> (i128, i128) {
        self.by_place.get(place).copied().unwrap_or_default()
    }
}

struct Sums {
    before: Sum,
    after: Sum,
}

impl Sums {
    fn terms(&self, requests: (i128, i128)) -> Vec<Term> {
        let places: BTreeSet<&Place> =
            self.before.by_place.keys().chain(self.after.by_place.keys()).collect();
        places.into_iter().map(|place| self.term(place, requests)).collect()
    }

    fn term(&self, place: &Place, requests: (i128, i128)) -> Term {
        let (kind, long, _) = *place;
        let is_output = kind == Kind::Output;
        let both = |of: &dyn Fn(&Sum) -> i128| (of(&self.before), of(&self.after));
        let group = both(&|sum| sum.by_group.get(&is_output).copied().unwrap_or(0));
        let context = both(&|sum| sum.by_context.get(&(is_output, long)).copied().unwrap_or(0));
        let of_kind = both(&|sum| sum.by_kind.get(&(kind, long)).copied().unwrap_or(0));
        let tokens = both(&|sum| sum.at(place).0);
        let cost = both(&|sum| sum.at(place).1);
        Term {
            per_request: Both::shares(group, requests),
            context: Both::shares(context, group),
            kind: Both::shares(of_kind, context),
            line: Both::shares(tokens, of_kind),
            price: Both::shares(cost, tokens),
            price_moves_with: if kind == Kind::CacheWriteBoth { CACHE } else { PRICE },
        }
    }
}

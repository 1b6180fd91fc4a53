//! Which series are about the same requests: a principal's, and those of the one model that it calls.

use std::collections::BTreeMap;

use super::departure::Departure;
use super::hourly::{Hourly, Scope};

/// Share of the smaller series' requests that the larger one must hold.
const SHARED: f64 = 0.8;

/// Requests of the departing scopes, and of what two of them have in common.
#[derive(Debug, Clone, Default)]
pub(super) struct Kinship {
    requests: BTreeMap<Scope, i64>,
    shared: BTreeMap<(Scope, Scope), i64>,
}

impl Kinship {
    /// Of the scopes of departures.
    pub(super) fn of(hourly: &Hourly, departures: &[Departure]) -> Self {
        let mut found = Self::default();
        let scopes = departures.iter().map(|departure| (departure.scope, 0));
        found.requests = scopes.collect();
        for (cell, requests) in hourly.cells.requests.iter().enumerate() {
            let of = (0..hourly.judged_dimensions).map(|dimension| Scope::Value {
                dimension,
                code: hourly.cells.codes[dimension][cell],
            });
            let of: Vec<Scope> = of.filter(|scope| found.requests.contains_key(scope)).collect();
            for (place, scope) in of.iter().enumerate() {
                *found.requests.entry(*scope).or_default() += requests;
                for other in &of[place + 1..] {
                    *found.shared.entry((*scope, *other)).or_default() += requests;
                }
            }
        }
        found
    }

    /// Whether the scopes are the same, one is everything, or nearly all requests of one are the
    /// other's too.
    pub(super) fn are_kin(&self, one: Scope, other: Scope) -> bool {
        if one == other || one == Scope::All || other == Scope::All {
            return true;
        }
        let of = |scope| self.requests.get(&scope).copied().unwrap_or(0);
        let shared = self.shared.get(&(one.min(other), one.max(other))).copied().unwrap_or(0);
        let smaller = of(one).min(of(other));
        #[expect(clippy::cast_precision_loss, reason = "a share")]
        let share = shared as f64 / smaller.max(1) as f64;
        share >= SHARED
    }
}

//! Reserved tier and provisioned throughput against what was paid on demand.

use std::collections::BTreeMap;

use super::{Fact, Nature, Part, Saving};
use crate::metrics::what_if::capacity::{CapacityRow, Load};
use crate::units::Usd;

/// With less data a load has no shape.
const LEAST_MINUTES: i64 = 24 * 60;

/// Tokens per minute of one unit of the reserved tier.
const UNIT: i128 = 1000;

fn too_short(minutes: i64) -> Option<String> {
    let short = "less than a day of data: the load of a commitment can't be told from it";
    (minutes < LEAST_MINUTES).then(|| short.to_owned())
}

/// The best amount of the reserved tier for each load, by commitment.
pub(super) fn reserved(loads: &[Load], without: &[String], minutes: i64) -> Saving {
    const KIND: &str = "reserved_capacity";
    const TITLE: &str = "Reserved tokens per minute for the steady part of the load";
    let offered: Vec<&Load> = loads.iter().filter(|load| !commitments(load).is_empty()).collect();
    let reason = too_short(minutes)
        .or_else(|| offered.is_empty().then(|| no_price("reserved tier", loads, without)));
    if let Some(reason) = reason {
        return Saving::nothing(KIND, TITLE, Nature::Potential, reason);
    }
    let parts = offered.iter().map(|load| best_commitments(load, minutes)).collect();
    let saving = Saving::of_parts(KIND, TITLE, Nature::Potential, parts);
    Saving { now_usd: Some(offered.iter().map(|load| load.cost).sum()), ..saving }.assuming([
        "the load of the time with data repeats for the whole commitment; its cost counts for that time",
        "the best number of units of 1,000 tokens per minute, input and output each; what is beyond them \
         goes on demand; 0 where no number pays",
        "low: the dearer commitment; high: the cheaper one",
        "input counts outside the cache and written to it, at the on-demand input price; availability, \
         quotas and least purchases are not checked",
    ])
}

/// Prices per unit and hour of input and output, by commitment; a price of both is needed.
fn commitments(load: &Load) -> BTreeMap<&str, (Usd, Usd)> {
    let of = |kind: &str| -> BTreeMap<&str, Usd> {
        let rows = load.capacity.iter().filter(|row| row.kind == kind);
        rows.map(|row| (row.commitment.as_str(), row.price)).collect()
    };
    let (input, output) = (of("reserved_tier_input"), of("reserved_tier_output"));
    let both = input
        .into_iter()
        .filter_map(|(commitment, price)| Some((commitment, (price, *output.get(commitment)?))));
    both.collect()
}

fn best_commitments(load: &Load, minutes: i64) -> Part {
    let mut saved: Vec<Usd> = Vec::new();
    let mut facts = BTreeMap::new();
    for (commitment, (input_rate, output_rate)) in commitments(load) {
        let input = best(&load.input, load.input_price, input_rate, minutes);
        let output = best(&load.output, load.output_price, output_rate, minutes);
        saved.push(input.saved + output.saved);
        if commitment == "1-month" {
            facts.extend(
                break_even(load.input_price, input_rate)
                    .map(|share| ("break_even_input_utilisation_1_month", share)),
            );
            facts.insert("units_input_1_month", Fact::Count(input.units));
            facts.insert("units_output_1_month", Fact::Count(output.units));
        }
    }
    facts.insert("region", Fact::Text(load.region.clone()));
    facts.insert("routing", Fact::Text(load.routing.as_str().to_owned()));
    facts.extend(load.account.clone().map(|account| ("account", Fact::Text(account))));
    facts.insert("peak_input_tokens_per_minute", count(load.input.iter().max().copied()));
    facts.insert("mean_input_tokens_per_minute", count(mean(&load.input, minutes)));
    Part {
        model: Some(load.model.clone()),
        low_usd: saved.iter().min().copied().unwrap_or_default(),
        high_usd: saved.iter().max().copied().unwrap_or_default(),
        facts,
        ..Part::default()
    }
}

/// How much of a unit must be used for it to cost what the tokens cost on demand.
fn break_even(price: Option<Usd>, rate: Usd) -> Option<Fact> {
    let full_hour = price?.to_f64() * 60_000.0;
    (full_hour > 0.0).then(|| Fact::Share(rate.to_f64() / full_hour))
}

fn mean(tokens: &[i128], minutes: i64) -> Option<i128> {
    tokens.iter().sum::<i128>().checked_div(i128::from(minutes))
}

fn count(tokens: Option<i128>) -> Fact {
    Fact::Count(tokens.and_then(|tokens| i64::try_from(tokens).ok()).unwrap_or(0))
}

/// The number of units that saves most, and what it saves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Best {
    units: i64,
    saved: Usd,
}

/// Each further unit carries less, so the best number is the last one that pays for itself.
fn best(tokens: &[i128], price: Option<Usd>, rate: Usd, minutes: i64) -> Best {
    let mut best = Best::default();
    let Some(price) = price else { return best };
    let unit_cost = hourly(rate, minutes);
    let mut left: Vec<i128> = tokens.iter().copied().filter(|tokens| *tokens > 0).collect();
    while !left.is_empty() {
        let carried: i128 = left.iter().map(|tokens| (*tokens).min(UNIT)).sum();
        let gain = Usd(carried * price.0) - unit_cost;
        if gain <= Usd(0) {
            break;
        }
        best.units += 1;
        best.saved += gain;
        for tokens in &mut left {
            *tokens -= UNIT;
        }
        left.retain(|tokens| *tokens > 0);
    }
    best
}

/// Cost of so many minutes at an hourly rate, rounded half up to 10⁻¹⁴ USD.
fn hourly(rate: Usd, minutes: i64) -> Usd {
    Usd((rate.0 * i128::from(minutes) + 30) / 60)
}

/// Model units by the hour: whether one could ever pay.
pub(super) fn provisioned(loads: &[Load], without: &[String], minutes: i64) -> Saving {
    const KIND: &str = "provisioned_throughput";
    const TITLE: &str = "Provisioned model units for the whole load";
    let cheapest = |load: &Load| {
        let rows = load.capacity.iter().filter(|row| row.kind == "provisioned_throughput");
        rows.min_by_key(|row| row.price).cloned()
    };
    let offered: Vec<_> = loads.iter().filter_map(|load| Some((load, cheapest(load)?))).collect();
    let reason = too_short(minutes)
        .or_else(|| offered.is_empty().then(|| no_price("provisioned throughput", loads, without)));
    if let Some(reason) = reason {
        return Saving::nothing(KIND, TITLE, Nature::Potential, reason);
    }
    let part = |(load, row): &(&Load, CapacityRow)| {
        let unit = hourly(row.price, minutes);
        Part {
            model: Some(load.model.clone()),
            low_usd: Usd(0),
            high_usd: (load.cost - unit).max(Usd(0)),
            facts: [
                ("region", Fact::Text(load.region.clone())),
                ("commitment", Fact::Text(row.commitment.clone())),
                ("one_unit_usd", Fact::Usd(unit)),
                ("on_demand_usd", Fact::Usd(load.cost)),
            ]
            .into(),
            ..Part::default()
        }
    };
    let saving =
        Saving::of_parts(KIND, TITLE, Nature::Potential, offered.iter().map(part).collect());
    let now = offered.iter().map(|(load, _)| load.cost).sum();
    Saving { now_usd: Some(now), ..saving }.assuming([
        "the load of the time with data repeats for the whole commitment; its cost counts for that time",
        "the cheapest commitment the catalogue has; low: one unit can't carry the load; high: one unit \
         carries all of it. What a unit carries isn't published",
    ])
}

fn no_price(what: &str, loads: &[Load], without: &[String]) -> String {
    let mut models: Vec<&str> = loads
        .iter()
        .map(|load| load.model.as_str())
        .chain(without.iter().map(String::as_str))
        .collect();
    models.sort_unstable();
    models.dedup();
    if models.is_empty() {
        return "no priced request is on the standard tier".to_owned();
    }
    format!("no {what} price in the catalogue for {}", models.join(", "))
}

#[cfg(test)]
mod tests {
    use super::{Best, best};
    use crate::units::Usd;

    #[test]
    fn units_are_bought_as_long_as_each_pays_for_itself() {
        // Two hours: 90 minutes at 2,500 tokens, 10 at 10,000. A unit costs 2 × 30,000; the first
        // carries 100,000 tokens, the second as many, the third 45,000 + 10,000, the fourth 10,000.
        let mut minutes = vec![2_500_i128; 90];
        minutes.extend([10_000; 10]);
        let gain = Usd(40_000 + 40_000);
        assert_eq!(best(&minutes, Some(Usd(1)), Usd(30_000), 120), Best { units: 2, saved: gain });
        assert_eq!(best(&minutes, Some(Usd(1)), Usd(50_000), 120), Best::default());
        assert_eq!(best(&[], Some(Usd(1)), Usd(0), 120), Best::default());
        assert_eq!(best(&minutes, None, Usd(1), 120), Best::default());
    }
}

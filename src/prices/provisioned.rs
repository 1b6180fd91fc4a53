//! Provisioned throughput: paid by the hour whether it is used or not, never by token.
//!
//! Requests on it stay unpriced (`provisioned`); what it costs is a line of its own, for a period, and is
//! never added to the cost of tokens.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::book::PriceBook;
use crate::period::Period;
use crate::units::Usd;

/// Milliseconds of an hour.
const HOUR_MS: i128 = 3_600_000;

/// A commitment as the prices file names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provisioned {
    /// ARN of the provisioned model.
    pub arn: String,
    /// The model it serves, as the prices file has it.
    pub model_id: Option<String>,
    /// US dollars per model unit and hour.
    pub usd_per_hour: Usd,
    /// Model units.
    pub model_units: i64,
    /// When it is first paid for; none means before every period.
    pub from: Option<DateTime<Utc>>,
    /// When it is no longer paid for; none means after every period.
    pub to: Option<DateTime<Utc>>,
    /// Caveats.
    pub note: Option<String>,
}

impl Provisioned {
    /// True when it is paid for at that time.
    pub fn covers(&self, at: DateTime<Utc>) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }

    /// US dollars per hour of all its model units.
    pub fn rate(&self) -> Usd {
        Usd(self.usd_per_hour.0 * i128::from(self.model_units))
    }

    /// The part of a period in which it is paid for.
    fn within(&self, period: Period) -> Option<Period> {
        let from = self.from.map_or(period.from, |from| from.max(period.from));
        let to = self.to.map_or(period.to, |to| to.min(period.to));
        (from < to).then_some(Period { from, to })
    }
}

/// What a commitment costs in a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProvisionedCost {
    /// ARN of the provisioned model.
    pub arn: String,
    /// The model it serves.
    pub model_id: Option<String>,
    /// Model units.
    pub model_units: i64,
    /// US dollars per model unit and hour.
    pub usd_per_hour: Usd,
    /// Start of the part of the period in which it is paid for.
    pub from: DateTime<Utc>,
    /// End of that part, exclusive.
    pub to: DateTime<Utc>,
    /// Hours in it, as a decimal of at most four places.
    pub hours: String,
    /// Rate × units × hours. Exact for whole quarters of an hour at a rate of up to 12 decimals;
    /// beyond, rounded half up to 10⁻¹⁴ USD.
    pub cost_usd: Usd,
}

/// What the commitments of the prices file cost in a period, in its order; those that aren't paid for
/// in it are left out.
pub fn provisioned_costs(book: &PriceBook, period: Period) -> Vec<ProvisionedCost> {
    let cost = |one: &Provisioned| {
        let paid = one.within(period)?;
        let ms = i128::from((paid.to - paid.from).num_milliseconds());
        let units = one.rate().0 * ms;
        Some(ProvisionedCost {
            arn: one.arn.clone(),
            model_id: one.model_id.clone(),
            model_units: one.model_units,
            usd_per_hour: one.usd_per_hour,
            from: paid.from,
            to: paid.to,
            hours: hours(ms),
            cost_usd: Usd((units * 2 + HOUR_MS) / (HOUR_MS * 2)),
        })
    };
    book.provisioned().iter().filter_map(cost).collect()
}

/// Milliseconds as hours, to four places.
fn hours(ms: i128) -> String {
    let places = (ms * 10_000 * 2 + HOUR_MS) / (HOUR_MS * 2);
    let text = format!("{}.{:04}", places / 10_000, places % 10_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::provisioned_costs;
    use crate::period::Period;
    use crate::prices::{Overrides, PriceBook};

    const ARN: &str = "arn:aws:bedrock:us-east-1:111122223333:provisioned-model/abc";

    fn book(fields: &str) -> PriceBook {
        let catalogue = PriceBook::embedded().expect("sound");
        let text = format!("[[provisioned]]\narn = \"{ARN}\"\n{fields}\n");
        let own = Overrides::read(&text, "prices.toml", catalogue).expect("sound");
        own.over(catalogue).expect("fits")
    }

    fn costs(fields: &str, from: &str, to: &str) -> Vec<(String, String)> {
        let at = |text: &str| text.parse().expect("a time");
        let period = Period { from: at(from), to: at(to) };
        let costs = provisioned_costs(&book(fields), period);
        costs.into_iter().map(|one| (one.hours, one.cost_usd.to_string())).collect()
    }

    #[test]
    fn hours_are_paid_for_between_two_times_and_units_multiply() {
        let fields = "usd_per_hour = \"39.6\"\nmodel_units = 2\n\
                      effective_from = 2026-11-01T14:00:00Z\neffective_to = 2026-12-01";
        let cost = |from, to| costs(fields, from, to);
        let only = |hours: &str, usd: &str| vec![(hours.to_owned(), usd.to_owned())];
        // 10 hours of the first day, then whole days.
        assert_eq!(cost("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"), only("10", "792"));
        assert_eq!(cost("2026-11-02T00:00:00Z", "2026-11-09T00:00:00Z"), only("168", "13305.6"));
        assert_eq!(cost("2026-11-30T23:45:00Z", "2027-01-01T00:00:00Z"), only("0.25", "19.8"));
        assert_eq!(cost("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z"), vec![]);
        assert_eq!(cost("2026-10-01T00:00:00Z", "2026-11-01T14:00:00Z"), vec![]);
    }

    #[test]
    fn the_days_of_a_month_add_up_to_it() {
        let fields = "usd_per_hour = \"0.12345678\"\nmodel_units = 3";
        let day = |day: u32| format!("2026-11-{day:02}T00:00:00Z");
        let sum = |days: std::ops::Range<u32>| {
            let of_day = |at: u32| {
                let found = costs(fields, &day(at), &day(at + 1));
                crate::units::Usd::parse(&found[0].1).expect("a decimal")
            };
            days.map(of_day).sum::<crate::units::Usd>().to_string()
        };
        // 0.12345678 × 3 × 24 × 29, by hand.
        let whole = costs(fields, &day(1), &day(30));
        assert_eq!(whole, [("696".to_owned(), "257.77775664".to_owned())]);
        assert_eq!(sum(1..30), "257.77775664");
    }
}

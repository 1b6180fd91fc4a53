//! When a budget runs out, by a forecast of the days to come.

use super::Forecast;
use crate::units::Usd;

/// When spend reaches a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exhaustion {
    /// It has been reached already.
    Reached,
    /// It is reached on one of the days to come, counted from 0, the forecast's first day.
    Ahead(DaysAhead),
}

/// Days on which a budget may be reached; `None` where that lies beyond the forecast.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DaysAhead {
    /// By what is expected.
    pub expected: Option<usize>,
    /// By the upper end of the 95 % interval.
    pub earliest: Option<usize>,
    /// By the lower end of the 95 % interval.
    pub latest: Option<usize>,
}

/// When `spent` and what the forecast (in US dollars) adds to it reach the budget.
///
/// The bounds are those of the sums up to each day, taken day by day: each holds its day's sum in 95
/// of 100 cases, the dates between them somewhat less often all at once.
pub fn exhaustion(budget: Usd, spent: Usd, forecast: &Forecast) -> Exhaustion {
    let left = (budget - spent).to_f64();
    if spent >= budget {
        return Exhaustion::Reached;
    }
    let first = |sum: fn(&super::Expected) -> f64| {
        forecast.sums.iter().position(|expected| sum(expected) >= left)
    };
    Exhaustion::Ahead(DaysAhead {
        expected: first(|sum| sum.mean),
        earliest: first(|sum| sum.of_95.1),
        latest: first(|sum| sum.of_95.0),
    })
}

#[cfg(test)]
mod tests {
    use super::{DaysAhead, Exhaustion, exhaustion};
    use crate::insight::forecast::{Expected, Forecast, Quality};
    use crate::units::Usd;

    /// Ten dollars a day, give or take two.
    fn forecast() -> Forecast {
        let expected = |days: usize| {
            let days = crate::insight::series::number(days);
            let of_95 = (8.0 * days, 12.0 * days);
            Expected { mean: 10.0 * days, of_80: of_95, of_95 }
        };
        let quality = Quality { origins: 1, mae: 0.0, seasonal_naive_mae: 0.0, mase: None };
        let sums = (1..=10).map(expected).collect();
        Forecast { days: vec![expected(1); 10], sums, back_test: quality }
    }

    fn usd(text: &str) -> Usd {
        Usd::parse(text).unwrap()
    }

    #[test]
    fn a_budget_runs_out_on_the_day_whose_sum_reaches_it() {
        let ahead = |expected, earliest, latest| {
            Exhaustion::Ahead(DaysAhead { expected, earliest, latest })
        };
        let found = exhaustion(usd("100"), usd("60"), &forecast());
        assert_eq!(found, ahead(Some(3), Some(3), Some(4)));
        let found = exhaustion(usd("190"), usd("100"), &forecast());
        assert_eq!(found, ahead(Some(8), Some(7), None));
        assert_eq!(exhaustion(usd("1000"), usd("1"), &forecast()), ahead(None, None, None));
    }

    #[test]
    fn a_budget_that_is_spent_to_the_cent_has_run_out() {
        assert_eq!(exhaustion(usd("12.5"), usd("12.5"), &forecast()), Exhaustion::Reached);
    }
}

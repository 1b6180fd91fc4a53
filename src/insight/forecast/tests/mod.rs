//! Forecasts of series that are known by heart, laws, and quality on generated ones.

pub(in crate::insight) mod generated;
mod quality;

use proptest::prelude::*;

use super::{Forecast, SHORTEST_HISTORY, TooShort, forecast};
use crate::insight::series::Daily;

fn series(values: impl IntoIterator<Item = Option<f64>>) -> Daily {
    // A Monday.
    Daily { first: "2026-08-31".parse().unwrap(), values: values.into_iter().collect() }
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
}

#[test]
fn what_never_changes_goes_on_and_its_interval_is_a_point() {
    for constant in [0.0, 3.0, 1234.56] {
        let made = forecast(&series([Some(constant); 40]), 30).unwrap();
        for (ahead, day) in made.days.iter().enumerate() {
            assert!(close(day.mean, constant), "{day:?}");
            assert!(close(day.of_95.0, constant) && close(day.of_95.1, constant), "{day:?}");
            let days = crate::insight::series::number(ahead + 1);
            assert!(close(made.sums[ahead].mean, constant * days));
        }
        assert_eq!(made.back_test.mase, None);
    }
}

#[test]
fn a_week_without_noise_is_repeated() {
    let week = [5.0, 6.0, 7.0, 6.0, 5.0, 1.0, 0.0];
    let made = forecast(&series((0..42).map(|index| Some(week[index % 7]))), 14).unwrap();
    for (ahead, day) in made.days.iter().enumerate() {
        assert!((day.mean - week[ahead % 7]).abs() < 0.05, "{ahead}: {day:?}");
    }
    // Unknown days are not zeros: they change nothing.
    let gaps = (0..42).map(|index| (index % 11 != 3).then(|| week[index % 7]));
    let made = forecast(&series(gaps), 14).unwrap();
    for (ahead, day) in made.days.iter().enumerate() {
        assert!((day.mean - week[ahead % 7]).abs() < 0.05, "{ahead}: {day:?}");
    }
}

#[test]
fn a_steady_rise_is_carried_on() {
    let line = |day: u32| 100.0 + f64::from(day);
    let made = forecast(&series((0..100).map(|day| Some(line(day)))), 30).unwrap();
    let (last, truth) = (made.days[29].mean, line(129));
    assert!(last > 205.0 && last <= truth + 1.0, "{last} for {truth}");
}

#[test]
fn below_three_weeks_there_is_no_number() {
    let short = series([Some(1.0); SHORTEST_HISTORY - 1]);
    let too_short = TooShort { known: 20, needed: 21 };
    assert_eq!(forecast(&short, 30), Err(too_short));
    let unknown = (0..60).map(|index| (index < 20).then_some(1.0));
    assert_eq!(forecast(&series(unknown), 30), Err(too_short));
    assert!(forecast(&series([Some(1.0); SHORTEST_HISTORY]), 30).is_ok());
    assert_eq!(forecast(&series([]), 30), Err(TooShort { known: 0, needed: 21 }));
}

fn check_law(made: &Forecast, horizon: usize) -> Result<(), TestCaseError> {
    prop_assert_eq!((made.days.len(), made.sums.len()), (horizon, horizon));
    for expected in made.days.iter().chain(&made.sums) {
        let (low_80, high_80) = expected.of_80;
        let (low_95, high_95) = expected.of_95;
        prop_assert!(0.0 <= low_95 && low_95 <= low_80 && low_80 <= expected.mean);
        prop_assert!(expected.mean <= high_80 && high_80 <= high_95 && high_95.is_finite());
    }
    prop_assert!(made.back_test.mae.is_finite() && made.back_test.seasonal_naive_mae.is_finite());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn intervals_lie_in_each_other_and_nothing_is_negative(
        values in prop::collection::vec(prop::option::weighted(0.85, 0.0..1e6_f64), 30..70),
        horizon in 1_usize..35,
    ) {
        match forecast(&series(values.clone()), horizon) {
            Ok(made) => check_law(&made, horizon)?,
            Err(short) => prop_assert!(short.known < SHORTEST_HISTORY),
        }
    }

    #[test]
    fn another_currency_gives_the_same_forecast_in_that_currency(
        values in prop::collection::vec(prop::option::weighted(0.9, 1.0..1e3_f64), 40..60),
    ) {
        let dollars = forecast(&series(values.clone()), 10);
        let eighths = forecast(&series(values.into_iter().map(|value| value.map(|v| v * 8.0))), 10);
        if let (Ok(dollars), Ok(eighths)) = (dollars, eighths) {
            for (one, other) in dollars.sums.iter().zip(&eighths.sums) {
                prop_assert!(close(one.mean * 8.0, other.mean), "{} {}", one.mean, other.mean);
                prop_assert!(close(one.of_95.1 * 8.0, other.of_95.1));
            }
        }
    }
}

//! Slopes and comparisons of series known by heart, and how often the interval holds the truth.

use super::{against_days_before, month_to_date, slope};
use crate::insight::forecast::tests::generated::{Kind, Random};
use crate::insight::series::Daily;

fn series(first: &str, values: impl IntoIterator<Item = Option<f64>>) -> Daily {
    Daily { first: first.parse().unwrap(), values: values.into_iter().collect() }
}

#[test]
fn a_line_on_top_of_a_week_has_the_slope_of_the_line() {
    let week = [9.0, 8.0, 8.0, 7.0, 9.0, 2.0, 1.0];
    let value = |index: usize| week[index % 7] + 0.5 * f64::from(u32::try_from(index).unwrap());
    let found = slope(&series("2026-08-31", (0..56).map(|index| Some(value(index))))).unwrap();
    assert!((found.per_day - 0.5).abs() < 1e-12 && found.differs_from_zero());
    assert!(found.of_95.0 <= 0.5 + 1e-12 && found.of_95.1 >= 0.5 - 1e-12);
    // A wild day and unknown days change nothing.
    let wild = (0..56).map(|index| match index {
        20 => Some(900.0),
        31 | 32 => None,
        _ => Some(value(index)),
    });
    let found = slope(&series("2026-08-31", wild)).unwrap();
    assert!((found.per_day - 0.5).abs() < 1e-12);
    assert_eq!(found.known, 54);
}

#[test]
fn equal_days_have_no_slope_and_few_days_no_answer() {
    let flat = slope(&series("2026-08-31", [Some(4.0); 40])).unwrap();
    assert_eq!((flat.per_day, flat.of_95), (0.0, (0.0, 0.0)));
    assert!(!flat.differs_from_zero());
    assert_eq!(slope(&series("2026-08-31", [Some(4.0); 27])), None);
}

#[test]
fn the_median_of_the_weekly_changes_worked_out_by_hand() {
    // Mondays 1, 4, 2, 9: changes per week 3, 1/2, 8/3, -2, 5/2, 7; the middle two 5/2 and 8/3.
    let value = |index: usize| index.is_multiple_of(7).then(|| [1.0, 4.0, 2.0, 9.0][index / 7]);
    let other = |index: usize| value(index).or(Some(0.0));
    let mondays = super::pair_slopes(&(0..28).step_by(7).map(value).collect::<Vec<_>>());
    let middle = crate::insight::series::median(&mondays).unwrap();
    assert!((middle - (2.5 + 8.0 / 3.0) / 14.0).abs() < 1e-12);
    assert!(slope(&series("2026-08-31", (0..28).map(other))).unwrap().per_day.abs() < 1e-12);
}

#[test]
fn weeks_are_compared_day_by_day_and_unknown_days_left_out_on_both_sides() {
    let value = |index: usize| {
        let week = f64::from(u32::try_from(index / 7 + 1).unwrap());
        Some(10.0 * week).filter(|_| index != 9)
    };
    let found = against_days_before(&series("2026-11-02", (0..14).map(value)), 7).unwrap();
    assert_eq!((found.per_day, found.previous_per_day), (20.0, 10.0));
    assert_eq!((found.compared_days, found.complete), (6, false));
    assert_eq!(found.relative_change, Some(1.0));
    assert_eq!(found.from.to_string(), "2026-11-09");
    assert_eq!(found.previous_from.to_string(), "2026-11-02");
    assert_eq!(against_days_before(&series("2026-11-02", [Some(1.0); 13]), 7), None);
    let gaps = (0..14).map(|index| (index % 2 == 0).then_some(1.0));
    assert_eq!(against_days_before(&series("2026-11-02", gaps), 7), None);
}

#[test]
fn a_month_is_compared_by_weekday_so_that_its_weekends_do_not_matter() {
    // Working days 10, weekends 2, the same in October and in the first week of November.
    let day = |index: usize| if index % 7 < 5 { 10.0 } else { 2.0 };
    // 28 September 2026 is a Monday; 1 November a Sunday.
    let values = (0..41).map(|index| Some(day(index)));
    let found = month_to_date(&series("2026-09-28", values)).unwrap();
    assert_eq!(
        (found.from.to_string(), found.to.to_string()),
        ("2026-11-01".into(), "2026-11-08".into())
    );
    assert_eq!(found.previous_from.to_string(), "2026-10-01");
    assert!(found.relative_change.unwrap().abs() < 1e-12);
    assert!(found.complete);
}

/// Share of seeds whose interval holds the truth, and of clean series called rising or falling.
#[test]
fn the_interval_holds_the_true_slope_in_about_95_of_100_series() {
    let (mut held, mut series_count) = (0, 0);
    for seed in 0..200 {
        let mut random = Random::seeded(seed);
        let truth = random.between(-0.5, 0.5);
        let carry = if seed % 2 == 0 { 0.0 } else { 0.3 };
        let mut noise = 0.0;
        let values = (0..70).map(|index: u32| {
            noise = carry * noise + 10.0 * random.normal();
            Some(100.0 + truth * f64::from(index) + noise - f64::from(index % 7) * 8.0)
        });
        let found = slope(&series("2026-06-01", values.collect::<Vec<_>>())).unwrap();
        held += i32::from(found.of_95.0 <= truth && truth <= found.of_95.1);
        series_count += 1;
    }
    let share = f64::from(held) / f64::from(series_count);
    assert!((0.90..=0.99).contains(&share), "{share}");
}

#[test]
fn series_without_a_trend_are_seldom_called_rising_or_falling() {
    let kinds =
        [Kind::Noise, Kind::Week, Kind::Proportional, Kind::Holidays, Kind::Counts, Kind::Gaps];
    let mut false_alarms = 0;
    for kind in kinds {
        for seed in 0..50 {
            let (series, _) = kind.series(seed, 84, 0);
            false_alarms += i32::from(slope(&series).unwrap().differs_from_zero());
        }
    }
    assert!(false_alarms <= 30, "{false_alarms} of 300");
}

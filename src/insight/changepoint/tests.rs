//! Shifts of series known by heart, false ones on series without any, and how many are found.

use super::level_shifts;
use crate::insight::forecast::tests::generated::{Kind, Random};
use crate::insight::series::Daily;

fn series(values: impl IntoIterator<Item = Option<f64>>) -> Daily {
    // A Monday.
    Daily { first: "2026-06-01".parse().unwrap(), values: values.into_iter().collect() }
}

/// A week with noise of a tenth and steps, as (day, factor from then on).
fn stepped(seed: u64, days: usize, steps: &[(usize, f64)]) -> Daily {
    let mut random = Random::seeded(seed);
    series((0..days).map(|day| {
        let usual = if day % 7 < 5 { 100.0 } else { 40.0 };
        let level = steps.iter().filter(|step| day >= step.0).map(|step| step.1).product::<f64>();
        Some(usual * level * (0.1 * random.normal()).exp())
    }))
}

#[test]
fn a_step_is_named_with_its_first_day_and_both_levels() {
    let value = |day: usize| Some(if day < 40 { 10.0 } else { 15.0 });
    let found = level_shifts(&series((0..80).map(value))).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].day.to_string(), "2026-07-11");
    assert!((found[0].before - 10.0).abs() < 1e-6 && (found[0].after - 15.0).abs() < 1e-6);
}

#[test]
fn what_never_changes_and_what_rises_steadily_has_no_shift() {
    assert_eq!(level_shifts(&series([Some(7.0); 60])), Some(vec![]));
    assert_eq!(level_shifts(&series([Some(0.0); 60])), Some(vec![]));
    let line = (0_u32..90).map(|day| Some(100.0 + 2.0 * f64::from(day)));
    assert_eq!(level_shifts(&series(line)), Some(vec![]));
    assert_eq!(level_shifts(&series([Some(7.0); 27])), None);
}

#[test]
fn one_wild_day_is_no_shift() {
    let value = |day: usize| {
        Some(if day == 33 { 400.0 } else { 10.0 + f64::from(u8::from(day.is_multiple_of(2))) })
    };
    assert_eq!(level_shifts(&series((0..70).map(value))), Some(vec![]));
}

#[test]
fn steps_of_a_third_are_found_within_two_days_of_where_they_are() {
    let (mut near, mut extra) = (0, 0);
    for seed in 0..60 {
        let day = 30 + usize::try_from(seed).unwrap() % 30;
        let size = if seed % 2 == 0 { 1.35 } else { 0.65 };
        let found = level_shifts(&stepped(seed, 90, &[(day, size)])).unwrap();
        let truth = series([]).day(day);
        let hits = found.iter().filter(|shift| (shift.day - truth).num_days().abs() <= 2).count();
        near += hits.min(1);
        extra += found.len() - hits.min(1);
    }
    assert!(near >= 57, "{near} of 60 found");
    assert!(extra <= 3, "{extra} too many");
}

#[test]
fn a_fortnight_on_another_level_is_two_shifts() {
    let found = level_shifts(&stepped(5, 100, &[(50, 1.6), (64, 1.0 / 1.6)])).unwrap();
    let days: Vec<i64> =
        found.iter().map(|shift| (shift.day - series([]).first).num_days()).collect();
    assert_eq!(days.len(), 2, "{found:?}");
    assert!((days[0] - 50).abs() <= 1 && (days[1] - 64).abs() <= 1, "{days:?}");
}

/// Kinds without a step, and how many of 100 series of ninety days each may get a false one.
#[test]
fn series_without_a_step_seldom_get_one() {
    let kinds = [
        Kind::Noise,
        Kind::Week,
        Kind::Proportional,
        Kind::Line,
        Kind::Growth,
        Kind::Carried,
        Kind::Holidays,
        Kind::Spikes,
        Kind::Counts,
        Kind::IdleWeekends,
        Kind::Gaps,
    ];
    let false_ones = |kind: Kind| {
        let with = |seed: &u64| !level_shifts(&kind.series(*seed, 90, 0).0).unwrap().is_empty();
        (kind, (0..40).filter(with).count())
    };
    let found: Vec<(Kind, usize)> = kinds.into_iter().map(false_ones).collect();
    let all: usize = found.iter().map(|(_, count)| count).sum();
    assert!(all <= 22, "{all} of 440: {found:?}");
}

/// The table of level shifts in `docs/insight.md`; it says there how to run it.
#[test]
#[ignore = "seconds without optimisation; prints the table of docs/insight.md"]
#[expect(clippy::print_stdout, reason = "the table is what it is run for")]
fn shift_table() {
    println!("| series of 90 days | series with a shift found | found within two days of it |");
    println!("| --- | --: | --: |");
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Step) {
        let with = |seed: &u64| !level_shifts(&kind.series(*seed, 90, 0).0).unwrap().is_empty();
        let found = (0..200).filter(with).count();
        println!("| {kind:?}, no shift | {} % | |", f64::from(u32::try_from(found).unwrap()) / 2.0);
    }
    for size in [1.1, 1.2, 1.35, 0.65] {
        let (mut any, mut near) = (0_u32, 0_u32);
        for seed in 0..200 {
            let day = 15 + usize::try_from(seed % 60).unwrap();
            let found = level_shifts(&stepped(seed, 90, &[(day, size)])).unwrap();
            let truth = series([]).day(day);
            any += u32::from(!found.is_empty());
            near += u32::from(found.iter().any(|one| (one.day - truth).num_days().abs() <= 2));
        }
        let share = |count: u32| f64::from(count) / 2.0;
        println!("| level × {size}, noise of a tenth | {} % | {} % |", share(any), share(near));
    }
}

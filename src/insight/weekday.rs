//! The shape of a week in a daily series, and the series without its outliers.

use super::series::{Daily, WEEK, mean, median, number};

/// Factor of each weekday on the level, Monday first; their mean is 1.
pub(super) type Profile = [f64; WEEK];

/// Every weekday alike.
pub(super) const FLAT: Profile = [1.0; WEEK];

/// Days that a profile is read from: older weeks may have had another shape.
const PROFILE_DAYS: usize = 84;
/// Days on each side that make a day's level.
const REACH: usize = 3;
/// A factor below this is too small to divide by.
pub(super) const SMALLEST_FACTOR: f64 = 0.02;
/// Robust standard deviations beyond which a value is an outlier.
const OUTLIER: f64 = 4.0;
/// From a median absolute deviation to a standard deviation of normal noise.
pub(super) const MAD_TO_SD: f64 = 1.4826;

/// The weekday factors of the last twelve weeks, drawn towards 1 as far as noise explains them.
///
/// The level of a day is the ratio of sums, of values and of factors, over the known days of the
/// week around it, so that a gap doesn't pull it; factors and levels are found in turns.
pub(super) fn profile(series: &Daily) -> Profile {
    let recent = series.last(PROFILE_DAYS);
    let mut factors = FLAT;
    for _ in 0..3 {
        let ratios = ratios(&recent, &factors);
        factors = shrunk(&ratios);
    }
    factors
}

/// Value ÷ level of each known day, by weekday.
fn ratios(series: &Daily, factors: &Profile) -> [Vec<f64>; WEEK] {
    let mut ratios: [Vec<f64>; WEEK] = Default::default();
    for (index, value) in series.values.iter().enumerate() {
        if let (Some(value), Some(level)) = (value, level(series, factors, index))
            && level > 0.0
        {
            ratios[series.weekday(index)].push(value / level);
        }
    }
    ratios
}

fn level(series: &Daily, factors: &Profile, index: usize) -> Option<f64> {
    // A window at an end keeps its seven days, so that it holds every weekday.
    let count = series.values.len();
    let start = index.saturating_sub(REACH).min(count.saturating_sub(WEEK));
    let window = start..(start + WEEK).min(count);
    let (mut values, mut weights) = (0.0, 0.0);
    for day in window {
        if let Some(value) = series.values[day] {
            values += value;
            weights += factors[series.weekday(day)];
        }
    }
    (weights > 0.0).then(|| values / weights)
}

/// Trimmed means of the ratios, shrunk by the share of their spread that noise explains (the
/// positive part of James and Stein's estimator), with mean 1.
fn shrunk(ratios: &[Vec<f64>; WEEK]) -> Profile {
    let raw: Vec<Option<f64>> = ratios.iter().map(|of_day| trimmed_mean(of_day)).collect();
    let known: Vec<f64> = raw.iter().flatten().copied().collect();
    let Some(centre) = mean(&known).filter(|centre| *centre > 0.0) else { return FLAT };
    let between = known.iter().map(|factor| (factor - centre).powi(2)).sum::<f64>() / 6.0;
    let noise = noise_of_means(ratios);
    let kept = noise.map_or(0.0, |noise| (1.0 - 5.0 / 7.0 * noise / between).max(0.0));
    let kept = if between > 0.0 { kept } else { 0.0 };
    let mut factors = FLAT;
    for (factor, raw) in factors.iter_mut().zip(raw) {
        *factor = 1.0 + kept * (raw.unwrap_or(centre) / centre - 1.0);
    }
    let sum: f64 = factors.iter().sum();
    factors.map(|factor| (factor * 7.0 / sum).max(0.0))
}

/// Variance of a weekday's mean ratio that noise alone gives, robust against a few odd days; `None`
/// where no weekday comes twice.
fn noise_of_means(ratios: &[Vec<f64>; WEEK]) -> Option<f64> {
    let (mut deviations, mut inverse) = (Vec::new(), Vec::new());
    let (mut count, mut freedom) = (0.0, 0.0);
    for of_day in ratios.iter().filter(|of_day| !of_day.is_empty()) {
        let centre = median(of_day)?;
        deviations.extend(of_day.iter().map(|ratio| (ratio - centre).abs()));
        inverse.push(1.0 / number(of_day.len()));
        count += number(of_day.len());
        freedom += number(of_day.len()) - 1.0;
    }
    let spread = MAD_TO_SD * median(&deviations)?;
    (freedom > 0.0).then_some(spread.powi(2) * count / freedom * mean(&inverse)?)
}

/// The mean without the largest and the smallest of five values or more.
fn trimmed_mean(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.as_slice() {
        [_, middle @ .., _] if sorted.len() >= 5 => mean(middle),
        all => mean(all),
    }
}

/// The series with outliers drawn in to the edge of what is usual around them.
///
/// What is usual: the median of the fifteen days around, weekdays evened out, ± four robust standard
/// deviations. A new level that holds for half of such a window is no outlier.
pub(super) fn without_outliers(series: &Daily, factors: &Profile) -> Daily {
    let even: Vec<Option<f64>> = (0..series.values.len())
        .map(|index| {
            let factor = factors[series.weekday(index)];
            series.values[index].filter(|_| factor > SMALLEST_FACTOR).map(|value| value / factor)
        })
        .collect();
    let middles: Vec<Option<f64>> = (0..even.len()).map(|index| around(&even, index)).collect();
    let deviations: Vec<f64> = even
        .iter()
        .zip(&middles)
        .filter_map(|(value, middle)| Some((value.as_ref()? - middle.as_ref()?).abs()))
        .collect();
    let Some(spread) = median(&deviations).filter(|mad| *mad > 0.0) else { return series.clone() };
    let reach = OUTLIER * MAD_TO_SD * spread;
    let values = series.values.iter().enumerate().map(|(index, value)| {
        let (Some(even), Some(middle)) = (even[index], middles[index]) else { return *value };
        let drawn = even.clamp(middle - reach, middle + reach);
        Some(drawn * factors[series.weekday(index)])
    });
    Daily { first: series.first, values: values.collect() }
}

/// Median of the known values of the fifteen days around.
fn around(values: &[Option<f64>], index: usize) -> Option<f64> {
    let window = index.saturating_sub(WEEK)..(index + WEEK + 1).min(values.len());
    let known: Vec<f64> = values[window].iter().flatten().copied().collect();
    median(&known)
}

#[cfg(test)]
mod tests {
    use super::{FLAT, profile, without_outliers};
    use crate::insight::series::Daily;

    fn series(values: impl IntoIterator<Item = Option<f64>>) -> Daily {
        // A Monday.
        Daily { first: "2026-08-31".parse().unwrap(), values: values.into_iter().collect() }
    }

    const WEEK: [f64; 7] = [1.2, 1.2, 1.2, 1.2, 1.2, 0.5, 0.5];

    #[test]
    fn a_noiseless_week_is_read_as_it_is_with_gaps_too() {
        let shape = |index: usize| 40.0 * WEEK[index % 7];
        let whole = series((0..42).map(|index| Some(shape(index))));
        let gaps = series((0..42).map(|index| (index % 9 != 4).then(|| shape(index))));
        for series in [whole, gaps] {
            for (factor, expected) in profile(&series).iter().zip(WEEK) {
                assert!((factor - expected).abs() < 1e-3, "{factor} is not {expected}");
            }
        }
    }

    #[test]
    fn weekdays_that_never_differ_and_series_too_short_to_tell_are_flat() {
        let alike = vec![Some(3.0); 30];
        for values in [alike, vec![Some(3.0), Some(9.0)], vec![Some(0.0); 30], vec![]] {
            for factor in profile(&series(values)) {
                assert!((factor - 1.0).abs() < 1e-12, "{factor}");
            }
        }
    }

    #[test]
    fn a_spike_is_drawn_in_and_a_new_level_is_not() {
        let noise = |index: usize| if index.is_multiple_of(2) { 9.0 } else { 11.0 };
        let mut values: Vec<Option<f64>> = (0..40).map(|index| Some(noise(index))).collect();
        values[20] = Some(500.0);
        for value in &mut values[32..] {
            *value = value.map(|value| value + 40.0);
        }
        let clean = without_outliers(&series(values.clone()), &FLAT).values;
        assert!(clean[20].unwrap() < 30.0, "{:?}", clean[20]);
        assert_eq!(clean[34..], values[34..]);
        assert_eq!(clean[..20], values[..20]);
    }
}

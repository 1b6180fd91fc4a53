//! Round axis ticks, linear and logarithmic.

/// Round steps per power of ten.
const ROUND: [f64; 4] = [1.0, 2.0, 2.5, 5.0];

/// Evenly spaced round values from zero to at least `max`: four or five where possible.
///
/// With nothing to show (zero, negative, not a number) the axis is 0 to 1.
pub fn linear(max: f64) -> Vec<f64> {
    let max = if max.is_finite() && max > 0.0 { max } else { 1.0 };
    let step = round_up(max / 4.0);
    let mut ticks = vec![0.0];
    let mut count = 0.0;
    while ticks.last().is_some_and(|top| *top < max * 0.999_999) && ticks.len() < 12 {
        count += 1.0;
        ticks.push(step * count);
    }
    ticks
}

/// Evenly spaced round values from zero up to `max`, for bars that carry their value at the end:
/// the plot may reach beyond the last tick.
pub fn below(max: f64) -> Vec<f64> {
    let max = if max.is_finite() && max > 0.0 { max } else { 1.0 };
    let step = round_up(max / 6.0);
    let within = |tick: &f64| *tick <= max * 1.000_001;
    (0..=6).map(|n| step * f64::from(n)).take_while(within).collect()
}

/// As [`linear`], in whole numbers: counts have no half.
pub fn counts(max: f64) -> Vec<f64> {
    if max <= 4.0 || !max.is_finite() {
        let top = if max.is_finite() { max.ceil().max(1.0) } else { 1.0 };
        let mut ticks = vec![0.0];
        while ticks.last().is_some_and(|last| *last < top) {
            ticks.push(ticks.last().copied().unwrap_or_default() + 1.0);
        }
        return ticks;
    }
    let ticks = linear(max);
    let whole = ticks.iter().all(|tick| tick.fract() == 0.0);
    if whole { ticks } else { linear_with(max, round_up(max / 4.0).ceil()) }
}

fn linear_with(max: f64, step: f64) -> Vec<f64> {
    let mut ticks = vec![0.0];
    let mut top = 0.0;
    while top < max && ticks.len() < 12 {
        top += step;
        ticks.push(top);
    }
    ticks
}

/// Values of 1, 2 and 5 times powers of ten from below `min` to above `max`.
pub fn logarithmic(min: f64, max: f64) -> Vec<f64> {
    let sound = min.is_finite() && max.is_finite() && min > 0.0 && max >= min;
    let (min, max) = if sound { (min, max) } else { (1.0, 10.0) };
    let mut exponent = min.log10().floor();
    let mut ticks: Vec<f64> = Vec::new();
    while ticks.last().is_none_or(|top| *top <= max) && ticks.len() < 60 {
        let power = 10_f64.powf(exponent);
        ticks.extend([power, 2.0 * power, 5.0 * power]);
        exponent += 1.0;
    }
    let first = ticks.iter().rposition(|tick| *tick <= min * 1.000_001).unwrap_or(0);
    let last = ticks.iter().position(|tick| *tick > max).unwrap_or(ticks.len() - 1);
    let ticks = ticks[first..=last].to_vec();
    if ticks.len() <= 8 { ticks } else { thinned(&ticks) }
}

/// Powers of ten only, with both ends.
fn thinned(ticks: &[f64]) -> Vec<f64> {
    let is_power = |x: f64| (x.log10() - x.log10().round()).abs() < 1e-9;
    let last = ticks.len() - 1;
    let keep = |(i, x): (usize, &f64)| (i == 0 || i == last || is_power(*x)).then_some(*x);
    ticks.iter().enumerate().filter_map(keep).collect()
}

/// Width of a heat map's steps: round, and such that the highest class isn't empty.
pub fn class_width(max: u64) -> u64 {
    let mut best = 1;
    let mut power = 1_u64;
    while power <= max {
        for step in [power, power.saturating_mul(2), power / 2 * 5, power.saturating_mul(5)] {
            if step > best && step.saturating_mul(5) < max {
                best = step;
            }
        }
        let Some(next) = power.checked_mul(10) else { break };
        power = next;
    }
    best
}

fn round_up(x: f64) -> f64 {
    let power = 10_f64.powf(x.log10().floor());
    let step = ROUND.iter().find(|round| **round * power >= x * 0.999_999);
    step.map_or(10.0 * power, |round| round * power)
}

#[cfg(test)]
mod tests {
    use super::{below, class_width, counts, linear, logarithmic};

    #[test]
    fn linear_ticks_are_round_and_cover_the_values() {
        assert_eq!(linear(1_958.45), [0.0, 500.0, 1_000.0, 1_500.0, 2_000.0]);
        assert_eq!(linear(4.0), [0.0, 1.0, 2.0, 3.0, 4.0]);
        assert_eq!(linear(0.0), [0.0, 0.25, 0.5, 0.75, 1.0]);
        assert_eq!(linear(f64::NAN), [0.0, 0.25, 0.5, 0.75, 1.0]);
        for max in [1e-9, 0.3, 7.0, 99.0, 101.0, 5_156.62, 1e15] {
            let ticks = linear(max);
            assert!((3..=6).contains(&ticks.len()), "{max}: {ticks:?}");
            assert!(ticks.last().is_some_and(|top| *top >= max * 0.999), "{max}: {ticks:?}");
        }
    }

    #[test]
    fn ticks_below_do_not_pass_the_values() {
        assert_eq!(below(5_156.62), [0.0, 1_000.0, 2_000.0, 3_000.0, 4_000.0, 5_000.0]);
        assert_eq!(below(0.0), [0.0, 0.2, 0.4, 0.600_000_000_000_000_1, 0.8, 1.0]);
        for max in [1e-9, 0.3, 7.0, 99.0, 101.0, 1e15] {
            let ticks = below(max);
            assert!((3..=7).contains(&ticks.len()), "{max}: {ticks:?}");
        }
    }

    #[test]
    fn counts_have_whole_ticks() {
        assert_eq!(counts(0.0), [0.0, 1.0]);
        assert_eq!(counts(3.0), [0.0, 1.0, 2.0, 3.0]);
        for max in [5.0, 9.0, 10.0, 2_130.0] {
            assert!(counts(max).iter().all(|tick| tick.fract() == 0.0), "{max}");
        }
    }

    #[test]
    fn logarithmic_ticks_enclose_the_values() {
        assert_eq!(logarithmic(540.0, 11_800.0), [500.0, 1e3, 2e3, 5e3, 1e4, 2e4]);
        assert_eq!(logarithmic(1_000.0, 1_000.0), [1_000.0, 2_000.0]);
        assert_eq!(logarithmic(0.0, f64::NAN).first(), Some(&1.0));
        assert!(logarithmic(1.0, 1e9).len() <= 12);
    }

    #[test]
    fn heat_map_classes_are_round() {
        assert_eq!(class_width(36_124), 5_000);
        assert_eq!(class_width(0), 1);
        assert_eq!(class_width(4), 1);
        assert_eq!(class_width(u64::MAX), 2_500_000_000_000_000_000);
    }
}

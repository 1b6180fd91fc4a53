//! Round axis ticks: money, counts, durations.

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

/// Round durations, milliseconds: what a clock would show.
const DURATIONS: [f64; 24] = [
    1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1e3, 2e3, 5e3, 10e3, 20e3, 60e3, 120e3,
    300e3, 600e3, 1_200e3, 3_600e3, 7_200e3, 18_000e3, 43_200e3, 86_400e3,
];

/// Round durations around `min..=max` milliseconds, for a log axis; at most eight.
///
/// Shorter than a millisecond and longer than a day is beyond the axis.
pub fn durations(min: f64, max: f64) -> Vec<f64> {
    let sound = min.is_finite() && max.is_finite() && min > 0.0 && max >= min;
    let (min, max) = if sound { (min, max) } else { (1.0, 10.0) };
    let end = DURATIONS.len() - 1;
    let last = DURATIONS.iter().position(|tick| *tick > max).unwrap_or(end).max(1);
    let first = DURATIONS.iter().rposition(|tick| *tick <= min).unwrap_or(0).min(last - 1);
    let every = (last - first).div_ceil(7);
    let mut ticks: Vec<f64> = DURATIONS[first..=last].iter().copied().step_by(every).collect();
    if ticks.last() != Some(&DURATIONS[last]) {
        ticks.push(DURATIONS[(first + every * ticks.len()).min(end)]);
    }
    ticks
}

/// Width of a heat map's steps: round, and such that the highest class isn't empty.
pub fn class_width(max: u64) -> u64 {
    let mut best = 1;
    let mut power = 1_u64;
    while power <= max {
        let times = |n| power.saturating_mul(n);
        for step in [power, times(2), power / 2 * 5, times(4), times(5), times(8)] {
            if step > best && step.checked_mul(5).is_some_and(|five| five <= max) {
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
    use super::{below, class_width, counts, durations, linear};

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
    fn duration_ticks_are_round_and_enclose_the_values() {
        assert_eq!(durations(540.0, 11_800.0), [500.0, 1e3, 2e3, 5e3, 10e3, 20e3]);
        assert_eq!(durations(1_000.0, 1_000.0), [1_000.0, 2_000.0]);
        assert_eq!(durations(20e3, 250e3), [20e3, 60e3, 120e3, 300e3]);
        assert_eq!(durations(0.0, f64::NAN).first(), Some(&1.0));
        for (min, max) in [(15.0, 310_000.0), (1.0, 86_000e3), (1e-9, 1e15), (1e15, 1e15)] {
            let ticks = durations(min, max);
            assert!((2..=9).contains(&ticks.len()), "{ticks:?}");
            assert!(ticks.windows(2).all(|pair| pair[0] < pair[1]), "{ticks:?}");
        }
    }

    #[test]
    fn heat_map_classes_are_round() {
        assert_eq!(class_width(36_124), 5_000);
        assert_eq!(class_width(0), 1);
        assert_eq!(class_width(4), 1);
        assert_eq!(class_width(u64::MAX), 2_500_000_000_000_000_000);
    }
}

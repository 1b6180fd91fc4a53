//! Medians and scales that a few odd values can't move.

/// Ratio of the standard deviation of a normal distribution to its median absolute deviation.
const MAD_TO_SIGMA: f64 = 1.4826;

/// The median of the known values; none without any. The mean of the middle two for even counts.
pub(super) fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
    median_of(&mut values)
}

/// As [`median`], of finite values, which it reorders.
pub(super) fn median_of(values: &mut [f64]) -> Option<f64> {
    let middle = values.len() / 2;
    let is_even = values.len().is_multiple_of(2);
    if values.is_empty() {
        return None;
    }
    let (below, upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let upper = *upper;
    if !is_even {
        return Some(upper);
    }
    below.iter().copied().max_by(f64::total_cmp).map(|lower| f64::midpoint(lower, upper))
}

/// The standard deviation as the median absolute deviation tells it, around `center`.
pub(super) fn scale(values: impl IntoIterator<Item = f64>, center: f64) -> Option<f64> {
    median(values.into_iter().map(|value| (value - center).abs())).map(|mad| mad * MAD_TO_SIGMA)
}

/// A deviation from the expected, and the two parts of its variance.
#[derive(Debug, Clone, Copy)]
pub(super) struct Residual {
    /// Observed − expected.
    pub(super) off: f64,
    /// Variance by counting alone.
    pub(super) counting: f64,
    /// What the standard deviation of the rest is a share of.
    pub(super) size: f64,
}

impl Residual {
    /// Standard deviations off, with the rest a `share` of the size.
    pub(super) fn score(&self, share: f64) -> f64 {
        self.off / (self.counting + (share * self.size).powi(2)).sqrt()
    }
}

/// The share at which half of the residuals lie within the middle half of a normal distribution.
///
/// Found by bisection between `least` and 3. Robust: up to half of the residuals may be odd.
pub(super) fn share_of_noise(residuals: &[Residual], least: f64) -> f64 {
    let mut scores = Vec::with_capacity(residuals.len());
    let mut is_too_small = |share: f64| {
        scores.clear();
        scores.extend(residuals.iter().map(|residual| residual.score(share).abs()));
        median_of(&mut scores).is_some_and(|middle| middle * MAD_TO_SIGMA > 1.0)
    };
    if !is_too_small(least) {
        return least;
    }
    let (mut low, mut high) = (least, 3.0);
    for _ in 0..12 {
        let middle = f64::midpoint(low, high);
        if is_too_small(middle) { low = middle } else { high = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::{Residual, median, scale, share_of_noise};

    #[test]
    fn medians_are_those_of_the_textbook() {
        assert_eq!(median([]), None);
        assert_eq!(median([f64::NAN]), None);
        assert_eq!(median([3.0]), Some(3.0));
        assert_eq!(median([4.0, 1.0, f64::NAN, 2.0]), Some(2.0));
        assert_eq!(median([4.0, 1.0, 2.0, 3.0]), Some(2.5));
        // |x − 3| of 1, 2, 3, 4, 100 is 2, 1, 0, 1, 97: the median is 1.
        assert_eq!(scale([1.0, 2.0, 3.0, 4.0, 100.0], 3.0), Some(1.4826));
        assert_eq!(scale([5.0, 5.0, 5.0], 5.0), Some(0.0));
    }

    #[test]
    fn the_share_of_noise_is_found_in_spite_of_outliers() {
        // Quantiles of the normal distribution, times 0.2 of a size of 100, and a third of junk.
        let quantiles = [-1.28, -0.84, -0.52, -0.25, 0.0, 0.25, 0.52, 0.84, 1.28];
        let residual = |off| Residual { off, counting: 0.0, size: 100.0 };
        let mut residuals: Vec<Residual> = quantiles.map(|q| residual(q * 20.0)).into();
        let share = share_of_noise(&residuals, 0.02);
        assert!((share - 0.2).abs() < 0.05, "{share}");
        residuals.extend([900.0, 800.0, 700.0].map(residual));
        let share = share_of_noise(&residuals, 0.02);
        assert!((0.15..0.35).contains(&share), "{share}");
    }

    #[test]
    fn noise_that_counting_explains_adds_nothing() {
        let residual = |off| Residual { off, counting: 100.0, size: 100.0 };
        let share = share_of_noise(&[-5.0, 0.0, 5.0].map(residual), 0.02);
        assert!((share - 0.02).abs() < 1e-9, "{share}");
    }
}

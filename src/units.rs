//! Exact money: US dollars in units of 10⁻¹⁴, as a 128-bit integer.
//!
//! A price per million tokens has at most 8 decimals, so a price per token has at most 14: every
//! product of a token count and a list price is a whole number of units. Sums never round; a figure
//! is rounded once, when it is printed.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Decimal places of [`Usd`].
pub const USD_SCALE: u32 = 14;

/// Units of [`Usd`] in one dollar.
pub const UNITS_PER_USD: i128 = 100_000_000_000_000;

/// An exact amount of US dollars, in units of 10⁻¹⁴ USD.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Usd(pub i128);

impl Usd {
    /// Reads a plain decimal such as `0.00006`, exactly.
    ///
    /// Returns `None` for anything else, and for more than 14 decimals: a price that can't be
    /// held exactly is refused, not rounded.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let decimals = u32::try_from(fraction.len()).ok().filter(|n| *n <= USD_SCALE)?;
        let whole: i128 = whole.parse().ok()?;
        let fraction: i128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
        let units = whole
            .checked_mul(UNITS_PER_USD)?
            .checked_add(fraction * 10_i128.pow(USD_SCALE - decimals))?;
        Some(Self(if negative { -units } else { units }))
    }

    /// Rounds half away from zero to `decimals` places; the result is still in units of 10⁻¹⁴.
    #[must_use]
    pub fn round_to(self, decimals: u32) -> Self {
        let step = 10_i128.pow(USD_SCALE.saturating_sub(decimals));
        let half = step / 2 * self.0.signum();
        Self((self.0 + half) / step * step)
    }

    /// Dollars as a float, for drawing and for ratios; never for sums.
    #[expect(clippy::cast_precision_loss, reason = "drawn or divided, not added up")]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / UNITS_PER_USD as f64
    }
}

/// The exact decimal, without trailing zeros: `12.5`, `0.00006`, `-3`.
impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let units = self.0.unsigned_abs();
        let per_usd = UNITS_PER_USD.unsigned_abs();
        let fraction = format!("{:014}", units % per_usd);
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{sign}{}{point}{fraction}", units / per_usd)
    }
}

/// As a decimal string: JSON numbers would be read as binary floats.
impl Serialize for Usd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Usd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is no amount")))
    }
}

impl Add for Usd {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Usd {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sub for Usd {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Usd {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::default(), Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::Usd;

    #[test]
    fn decimals_are_read_and_printed_exactly() {
        for text in ["0", "3.3", "0.00006", "-12.5", "0.00000000000001", "123456789.10000001"] {
            let amount = Usd::parse(text).unwrap_or_else(|| panic!("{text} is a decimal"));
            assert_eq!(amount.to_string(), text);
        }
    }

    #[test]
    fn what_cannot_be_held_exactly_is_refused() {
        for text in ["", ".5", "1e3", "1,000", "0.000000000000001", "+1", "1.2.3", "--1"] {
            assert_eq!(Usd::parse(text), None, "{text}");
        }
    }

    #[test]
    fn rounding_is_half_away_from_zero() {
        let round = |text: &str| Usd::parse(text).expect("a decimal").round_to(2).to_string();
        assert_eq!(round("0.005"), "0.01");
        assert_eq!(round("-0.005"), "-0.01");
        assert_eq!(round("0.00499"), "0");
        assert_eq!(round("12.345"), "12.35");
    }
}

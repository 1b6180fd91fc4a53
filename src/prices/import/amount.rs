//! From a listed price and its unit to the catalogue's unit, exactly.

use crate::units::{USD_SCALE, Usd};

use super::offer::{DatedPrice, Unusable};
use super::problem::{NEGATIVE_PRICE, PRICE_NOT_A_NUMBER, PRICE_NOT_EXACT, UNKNOWN_UNIT};
use super::usage_type::Priced;

/// Decimals that a price per million tokens may have, so that one token has a whole price.
const DECIMALS_PER_MILLION: u32 = 8;

/// The price in the catalogue's unit: per million tokens, per thousand queries, per image, per second.
pub(super) fn in_catalogue_unit(price: &DatedPrice, priced: &Priced) -> Result<Usd, Unusable> {
    let (factor, decimals) = match priced {
        Priced::Token { .. } => (tokens_in_a_million(price)?, DECIMALS_PER_MILLION),
        Priced::Unit { unit, .. } if unit.ends_with("_speech_tokens") => {
            (tokens_in_a_million(price)?, USD_SCALE)
        }
        Priced::Unit { unit: "1k_queries", .. } => (1000, USD_SCALE),
        Priced::Unit { .. } => (1, USD_SCALE),
    };
    times(&price.usd, factor, decimals)
}

/// How many of the price's units make a million tokens.
fn tokens_in_a_million(price: &DatedPrice) -> Result<i128, Unusable> {
    let unit = price.unit.to_lowercase();
    let counts = |text: &str| {
        let has = |names: &[&str]| names.iter().any(|name| text.contains(name));
        if has(&["1m ", "1,000,000 ", "million "]) {
            Some(1)
        } else if has(&["1k ", "1,000 ", "1000 ", "thousand "]) {
            Some(1000)
        } else {
            None
        }
    };
    match unit.as_str() {
        "token" | "tokens" => Ok(1_000_000),
        "units" | "unit" => counts(&price.description.to_lowercase()).ok_or_else(|| {
            let said = &price.description;
            (UNKNOWN_UNIT, format!("`{}`, and `{said}` doesn't say how many tokens", price.unit))
        }),
        other if other.contains("token") => {
            counts(other).ok_or_else(|| (UNKNOWN_UNIT, format!("`{}`", price.unit)))
        }
        _ => Err((UNKNOWN_UNIT, format!("`{}` for tokens", price.unit))),
    }
}

/// A decimal, perhaps with an exponent, times a whole number; refused rather than rounded.
fn times(text: &str, factor: i128, decimals: u32) -> Result<Usd, Unusable> {
    let not_a_number = || (PRICE_NOT_A_NUMBER, format!("`{text}`"));
    if text.starts_with('-') {
        return Err((NEGATIVE_PRICE, format!("`{text}`")));
    }
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse().map_err(|_| not_a_number())?),
        None => (text, 0_i32),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction = fraction.trim_end_matches('0');
    let digits = format!("{whole}{fraction}");
    if whole.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(not_a_number());
    }
    let not_exact =
        || (PRICE_NOT_EXACT, format!("`{text}` has more decimals than can be held exactly"));
    let number: i128 = digits.parse().map_err(|_| not_exact())?;
    let number = number.checked_mul(factor).ok_or_else(not_exact)?;
    let places = i32::try_from(fraction.len()).map_err(|_| not_exact())?.checked_sub(exponent);
    let scale = i32::try_from(decimals)
        .ok()
        .zip(places)
        .and_then(|(decimals, places)| decimals.checked_sub(places));
    let power = |by: i32| u32::try_from(by).ok().and_then(|by| 10_i128.checked_pow(by));
    let scaled = match scale {
        Some(up @ 0..) => power(up).and_then(|power| number.checked_mul(power)),
        Some(down) => power(down.saturating_neg())
            .filter(|power| number % power == 0)
            .map(|power| number / power),
        None => None,
    };
    let rest = 10_i128.pow(USD_SCALE - decimals);
    scaled.and_then(|units| units.checked_mul(rest)).map(Usd).ok_or_else(not_exact)
}

#[cfg(test)]
mod tests {
    use super::times;

    #[test]
    fn prices_are_converted_exactly_or_refused() {
        let per_million = |text, factor| times(text, factor, 8).map(|usd| usd.to_string());
        for (text, factor, expected) in [
            ("0.0000600000", 1000, "0.06"),
            ("0.00033", 1000, "0.33"),
            ("3.3000000000", 1, "3.3"),
            ("0.0000000000", 1000, "0"),
            ("2.5E-7", 1_000_000, "0.25"),
            ("3e0", 1, "3"),
            ("0.00000001", 1, "0.00000001"),
        ] {
            assert_eq!(per_million(text, factor).as_deref(), Ok(expected), "{text}");
        }
        for (text, code) in [
            ("-0.1", "negative_price"),
            ("0.000000001", "price_not_exact"),
            ("1,5", "price_not_a_number"),
            ("", "price_not_a_number"),
            ("NaN", "price_not_a_number"),
            ("1e999999999999", "price_not_a_number"),
            ("1e2147483647", "price_not_exact"),
            ("99999999999999999999999999999999999999999", "price_not_exact"),
        ] {
            assert_eq!(per_million(text, 1).map_err(|(code, _)| code), Err(code), "{text}");
        }
    }
}

//! Numbers in words: grouping, money, scaled volumes, percentages and signs.
//!
//! Everything is spelled in Unicode; [`Script`](super::Script) turns it into ASCII where needed.

use crate::units::{UNITS_PER_USD, USD_SCALE, Usd};

/// U+2212, the sign of negative figures.
pub const MINUS: &str = "−";

/// Steps of token volumes.
pub const TOKEN_STEPS: &[&str] = &["k", "M", "B", "T"];

/// Steps of byte volumes.
pub const BYTE_STEPS: &[&str] = &["kB", "MB", "GB", "TB"];

/// A whole number with thousands commas.
pub fn grouped(n: u128) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number with fixed decimals and thousands commas; `unknown` when it isn't a number.
pub fn decimals(x: f64, places: usize) -> String {
    if !x.is_finite() {
        return "unknown".to_owned();
    }
    let text = format!("{:.places$}", x.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let point = if fraction.is_empty() { "" } else { "." };
    let zero = text.bytes().all(|b| b == b'0' || b == b'.');
    let sign = if x < 0.0 && !zero { MINUS } else { "" };
    format!("{sign}{}{point}{fraction}", group_digits(whole))
}

fn group_digits(digits: &str) -> String {
    digits.parse().map_or_else(|_| digits.to_owned(), grouped)
}

/// `text` with the sign of a change; zero has none.
pub fn signed(signum: impl Into<i128>, text: &str) -> String {
    let sign = match signum.into().signum() {
        1 => "+",
        -1 => MINUS,
        _ => "",
    };
    format!("{sign}{text}")
}

/// A change with fixed decimals: `+0.29`.
pub fn signed_decimals(x: f64, places: usize) -> String {
    if !x.is_finite() {
        return "unknown".to_owned();
    }
    let text = decimals(x.abs(), places);
    if is_zero(&text) { text } else { signed(sign_of(x), &text) }
}

/// Measured money to the cent, `symbol` before the figure.
pub fn cents(amount: Usd, symbol: &str) -> String {
    let text = cents_unsigned(amount, symbol);
    if amount.0 < 0 { format!("{MINUS}{text}") } else { text }
}

/// A change of money to the cent.
pub fn cents_change(amount: Usd, symbol: &str) -> String {
    signed(amount.0.signum(), &cents_unsigned(amount, symbol))
}

fn cents_unsigned(amount: Usd, symbol: &str) -> String {
    let rounded = amount.round_to(2);
    if rounded.0 == 0 && amount.0 != 0 {
        return format!("<{symbol}0.01");
    }
    let cents = rounded.0.unsigned_abs() / 10_u128.pow(12);
    format!("{symbol}{}.{:02}", grouped(cents / 100), cents % 100)
}

/// Money to the whole dollar, for axes and estimates: `$1,500`; cents only below ten dollars.
pub fn axis_usd(dollars: f64, step: f64) -> String {
    let places = if step < 0.01 {
        4
    } else if step < 1.0 {
        2
    } else {
        0
    };
    format!("${}", decimals(dollars, places))
}

/// Estimated money: to the dollar, to the cent below a hundred dollars.
pub fn estimate(amount: Usd, symbol: &str) -> String {
    let text = estimate_unsigned(amount, symbol);
    if amount.0 < 0 { format!("{MINUS}{text}") } else { text }
}

/// A change of estimated money.
pub fn estimate_change(amount: Usd, symbol: &str) -> String {
    signed(amount.0.signum(), &estimate_unsigned(amount, symbol))
}

fn estimate_unsigned(amount: Usd, symbol: &str) -> String {
    let dollars = amount.round_to(0).0.unsigned_abs() / UNITS_PER_USD.unsigned_abs();
    if dollars < 100 {
        cents_unsigned(amount, symbol)
    } else {
        format!("{symbol}{}", grouped(dollars))
    }
}

/// Money per unit, to three significant digits.
pub fn unit_price(amount: Usd, symbol: &str) -> String {
    if amount.0 == 0 {
        return format!("{symbol}0.00");
    }
    let sign = if amount.0 < 0 { MINUS } else { "" };
    let places = significant_places(amount.to_f64().abs());
    // 0.00099999 rounds to 0.001000, a digit too many: rounding carried over.
    let places = significant_places(amount.round_to(places).to_f64().abs()).min(places);
    format!("{sign}{symbol}{}", exact_decimals(amount.round_to(places).0.unsigned_abs(), places))
}

/// Units of 10⁻¹⁴ with the first `places` decimals.
fn exact_decimals(units: u128, places: u32) -> String {
    let scaled = units / 10_u128.pow(USD_SCALE.saturating_sub(places));
    let power = 10_u128.pow(places);
    let whole = grouped(scaled / power);
    if places == 0 {
        return whole;
    }
    format!("{whole}.{:0>width$}", scaled % power, width = places as usize)
}

fn significant_places(size: f64) -> u32 {
    let mut places = 2;
    let mut scaled = size;
    while scaled < 1.0 && places < USD_SCALE {
        scaled *= 10.0;
        places += 1;
    }
    while scaled >= 10.0 && places > 0 {
        scaled /= 10.0;
        places -= 1;
    }
    places
}

/// A whole number that may be negative, grouped; the sign is the figure's, not a change's.
pub fn signed_integer(n: i64) -> String {
    let sign = if n < 0 { "\u{2212}" } else { "" };
    format!("{sign}{}", grouped(n.unsigned_abs().into()))
}

/// A size in bytes, in steps of a thousand: `12.30 GB`.
pub fn bytes(n: u64) -> String {
    scaled(n, BYTE_STEPS, "\u{a0}B")
}

/// A volume in steps of a thousand with two decimals and a no-break space; in full below 1,000,
/// with `base` as its unit.
#[expect(clippy::cast_precision_loss, reason = "printed with two decimals")]
pub fn scaled(n: u64, steps: &[&str], base: &str) -> String {
    let mut size = n as f64;
    let mut unit = None;
    for step in steps {
        // 999,995 prints as 1.00 M, not as 1,000.00 k.
        let next = if unit.is_none() { 1_000.0 } else { 999.995 };
        if size < next {
            break;
        }
        size /= 1_000.0;
        unit = Some(step);
    }
    unit.map_or_else(
        || format!("{}{base}", grouped(u128::from(n))),
        |unit| format!("{}\u{a0}{unit}", decimals(size, 2)),
    )
}

/// A share as a percentage: one decimal, two above 99, `<0.1%` for what rounds to zero.
pub fn share(share: f64) -> String {
    let above_99 = share > 0.99 && share < 1.0;
    if above_99 && share >= 0.9999 {
        return "99.99%".to_owned();
    }
    percent(share, if above_99 { 2 } else { 1 })
}

/// A percentage with fixed decimals, and a floor for what rounds to zero.
pub fn percent(share: f64, places: usize) -> String {
    let text = decimals(share * 100.0, places);
    if share > 0.0 && is_zero(&text) { format!("<{}%", least(places)) } else { with_percent(&text) }
}

/// The rate of rare events: two decimals, three under 1%.
pub fn rate(rate: f64) -> String {
    if rate == 0.0 {
        return "0%".to_owned();
    }
    percent(rate, if rate < 0.01 { 3 } else { 2 })
}

/// A relative change: `+7.8%`, whole percents from 1,000%.
pub fn relative_change(x: f64) -> String {
    let places = usize::from(x.abs() < 10.0);
    let text = percent(x.abs(), places);
    if x == 0.0 { text } else { signed(sign_of(x), &text) }
}

/// A difference of two shares in percentage points: one decimal from 1 pp, two from 0.1 pp,
/// three below.
pub fn points(x: f64) -> String {
    let size = (x * 100.0).abs();
    let places = if size >= 0.9995 {
        1
    } else if size >= 0.0995 {
        2
    } else {
        3
    };
    let text = decimals(size, places);
    if x == 0.0 {
        return "0.0 pp".to_owned();
    }
    let text = if is_zero(&text) { format!("<{}", least(places)) } else { text };
    format!("{} pp", signed(sign_of(x), &text))
}

fn with_percent(text: &str) -> String {
    if text == "unknown" { text.to_owned() } else { format!("{text}%") }
}

fn least(places: usize) -> String {
    if places == 0 { "1".to_owned() } else { format!("0.{:0>places$}", 1) }
}

fn is_zero(text: &str) -> bool {
    text.bytes().all(|b| b == b'0' || b == b'.')
}

fn sign_of(x: f64) -> i8 {
    i8::from(x > 0.0) - i8::from(x < 0.0)
}

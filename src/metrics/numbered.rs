//! Ids of requests and prompts as numbers, to find out which of millions are the same.
//!
//! A number takes 16 bytes and one comparison, a text 36 bytes and a walk to where it lies.

use std::hash::{DefaultHasher, Hasher};

use polars::prelude::{Column, DataType, Expr, Field, IntoColumn, NamedFrom, PolarsResult, Series};

/// The ids as `Int128`, null where there is none; equal where the texts are.
///
/// A UUID, as AWS writes request ids, and 32 hex digits, as prompts are hashed to, become their own 128
/// bits. Any other text is hashed to as many, so that two of a thousand million different ones are
/// taken for the same once in 10²⁰ times.
pub(crate) fn numbered(ids: Expr) -> Expr {
    let number = |_: &_, field: &Field| Ok(Field::new(field.name().clone(), DataType::Int128));
    ids.map(|ids| numbers(&ids), number)
}

fn numbers(ids: &Column) -> PolarsResult<Column> {
    let numbers: Vec<Option<i128>> = ids.str()?.iter().map(|id| id.map(number)).collect();
    Ok(Series::new(ids.name().clone(), numbers).into_column())
}

/// The number of one id.
pub(crate) fn number(id: &str) -> i128 {
    let text = id.as_bytes();
    let bits = match text.len() {
        36 => uuid(text),
        // Not the bits of the UUID with the same digits, which is another text.
        32 => hex(text).map(|bits| !bits),
        _ => None,
    };
    bits.unwrap_or_else(|| hashed(text)).cast_signed()
}

/// The bits of a UUID in lower case; upper case is another text.
fn uuid(text: &[u8]) -> Option<u128> {
    let parts = [(0, 8), (9, 13), (14, 18), (19, 23), (24, 36)];
    let dashed = parts[1..].iter().all(|&(from, _)| text[from - 1] == b'-');
    let bits = parts.into_iter().try_fold(0_u128, |bits, (from, to)| {
        Some(bits << (4 * (to - from)) | hex(&text[from..to])?)
    });
    bits.filter(|_| dashed)
}

/// The bits of at most 32 hex digits in lower case.
fn hex(digits: &[u8]) -> Option<u128> {
    let (mut bits, mut all) = (0_u128, 0_u8);
    for letter in digits {
        let digit = DIGITS[usize::from(*letter)];
        bits = bits << 4 | u128::from(digit & 0x0f);
        all |= digit; // looked at once, at the end: most ids are sound
    }
    (all & 0xf0 == 0).then_some(bits)
}

/// The value of each letter as a hex digit; more than 15 for what is none.
const DIGITS: [u8; 256] = {
    let mut digits = [0xff; 256];
    let mut value = 0;
    while value < 16 {
        digits[b"0123456789abcdef"[value as usize] as usize] = value;
        value += 1;
    }
    digits
};

fn hashed(text: &[u8]) -> u128 {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        hasher.write_u8(salt);
        hasher.write(text);
        u128::from(hasher.finish())
    };
    half(0) << 64 | half(1)
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn a_uuid_is_its_own_bits_and_other_texts_are_told_apart() {
        let id = "1a2b3c4d-0000-4000-8000-0123456789ab";
        assert_eq!(number(id), 0x1a2b_3c4d_0000_4000_8000_0123_4567_89ab);
        let others = [
            "1A2B3C4D-0000-4000-8000-0123456789AB",
            "1a2b3c4d0000400080000123456789ab",
            "1a2b3c4d-0000-4000-8000-0123456789a",
            "1a2b3c4d-0000-4000-8000-0123456789a-",
            "1a2b3c4d-0000-4000-8000-01234567é9a",
            "",
        ];
        let mut numbers: Vec<i128> = others.into_iter().chain([id]).map(number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), others.len() + 1);
    }
}

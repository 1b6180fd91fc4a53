//! How far a text goes on without a byte that wants a closer look.
//!
//! Bodies are nine tenths of what a log holds, so this decides how long reading takes: eight bytes at a
//! time in short texts, sixty-four in long ones, past line breaks and quotes that are escaped
//! (`benches/decode.rs` measures it).

use wide::u8x16;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
const WORD: usize = 8;
const BLOCK: usize = 64;
/// Words of a text before it counts as long: ids have 36 bytes.
const SHORT: usize = 5;

/// How many bytes come before the first quote, backslash or control character, as far as a short text
/// goes: at most forty.
#[inline]
pub(super) fn plain_len(bytes: &[u8]) -> usize {
    plain_end(&bytes[..bytes.len().min(SHORT * WORD)])
}

/// How far a text goes on for sure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Crossed {
    /// So many bytes are part of it. Behind them comes its closing quote, an escape that wants a closer
    /// look (one by number, or any near the end of the input), or what is no text.
    pub(super) len: usize,
    /// Escapes are among them.
    pub(super) escaped: bool,
}

/// Crosses the rest of a long text, as far as it is plain or escaped by one letter.
pub(super) fn cross(bytes: &[u8]) -> Crossed {
    let (mut at, mut escaped) = (0, false);
    let mut first_is_escaped = false;
    while let Some(block) = bytes[at..].first_chunk::<BLOCK>() {
        let [quotes, backslashes, controls] = special(block);
        if quotes | backslashes | controls == 0 && !first_is_escaped {
            at += BLOCK;
            continue;
        }
        let (after, last_escapes) = escaped_by(backslashes, first_is_escaped);
        let ends = quotes & !after;
        let inside = (ends & ends.wrapping_neg()).wrapping_sub(1); // below the first; all without one
        let (after, mut stops) = (after & inside, ends | controls & inside);
        if after != 0 {
            // Nearly all are line breaks and quotes.
            let mut by_other = after & !(quotes | backslashes | bits(block, is(b'n')));
            if by_other != 0 {
                by_other &= !bits(block, is_other_letter);
            }
            if by_other & 1 == 1 {
                return Crossed { len: at - 1, escaped }; // the backslash ended the block before
            }
            stops |= by_other >> 1;
        }
        if stops != 0 {
            let place = stops.trailing_zeros();
            escaped |= after & !(u64::MAX << place) != 0;
            return Crossed { len: at + place as usize, escaped };
        }
        escaped |= after != 0;
        first_is_escaped = last_escapes;
        at += BLOCK;
    }
    if first_is_escaped {
        at -= 1;
    }
    Crossed { len: at + plain_end(&bytes[at..]), escaped }
}

/// The quotes, backslashes and control characters of a block: a bit for each of its bytes.
#[inline]
fn special(block: &[u8; BLOCK]) -> [u64; 3] {
    let (parts, _) = block.as_chunks();
    let last_control = u8x16::splat(0x1f);
    parts.iter().rev().fold([0; 3], |bits, part| {
        let bytes = u8x16::from(*part);
        let control = bytes.max(last_control).simd_eq(last_control);
        let found = [is(b'"')(bytes), is(b'\\')(bytes), control];
        [0, 1, 2].map(|kind| bits[kind] << 16 | u64::from(found[kind].to_bitmask()))
    })
}

/// A bit for each byte of a block that passes the test.
#[inline]
fn bits(block: &[u8; BLOCK], test: impl Fn(u8x16) -> u8x16) -> u64 {
    let (parts, _) = block.as_chunks();
    parts
        .iter()
        .rev()
        .fold(0, |bits, part| bits << 16 | u64::from(test(u8x16::from(*part)).to_bitmask()))
}

#[inline]
fn is(byte: u8) -> impl Fn(u8x16) -> u8x16 {
    move |bytes| bytes.simd_eq(u8x16::splat(byte))
}

/// The other letters that may follow a backslash; `u`, the escape by number, is not among them.
#[inline]
fn is_other_letter(bytes: u8x16) -> u8x16 {
    let b_or_f = is(b'b')(bytes & u8x16::splat(!(b'b' ^ b'f')));
    is(b'r')(bytes) | is(b't')(bytes) | is(b'/')(bytes) | b_or_f
}

/// The bytes of a block that a backslash in front of them escapes, and whether its last byte escapes
/// the first one of the next block.
#[inline]
fn escaped_by(backslashes: u64, first_is_escaped: bool) -> (u64, bool) {
    let first = u64::from(first_is_escaped);
    let mut left = backslashes & !first;
    if left & left << 1 == 0 {
        return (left << 1 | first, left >> 63 == 1);
    }
    // Backslashes in a row: each that escapes makes the next one plain.
    let (mut escaped, mut last_escapes) = (first, false);
    while left != 0 {
        let backslash = left & left.wrapping_neg();
        escaped |= backslash << 1;
        last_escapes = backslash << 1 == 0;
        left &= !(backslash | backslash << 1);
    }
    (escaped, last_escapes)
}

/// How many bytes come before the first special one.
#[inline]
fn plain_end(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(word) = bytes[at..].first_chunk::<WORD>() {
        match first_special(*word) {
            Some(place) => return at + place,
            None => at += WORD,
        }
    }
    at + plain_tail(&bytes[at..])
}

/// Fewer bytes than a word.
#[inline]
fn plain_tail(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| is_special(*byte)).unwrap_or(bytes.len())
}

#[inline]
fn is_special(byte: u8) -> bool {
    byte == b'"' || byte == b'\\' || byte < 0x20
}

/// The place of the first special byte of a word.
///
/// A byte's high bit is set when subtracting 1 from its difference to the byte looked for borrows,
/// or 0x20 from the byte itself. Borrows only run to later bytes, so the first one found is real.
#[inline]
fn first_special(word: [u8; WORD]) -> Option<usize> {
    let word = u64::from_le_bytes(word);
    let equal = |byte: u8| {
        let difference = word ^ (ONES * u64::from(byte));
        difference.wrapping_sub(ONES) & !difference
    };
    let below_space = word.wrapping_sub(ONES * 0x20) & !word;
    let found = (equal(b'"') | equal(b'\\') | below_space) & HIGH_BITS;
    (found != 0).then(|| found.trailing_zeros() as usize / WORD)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Crossed, SHORT, WORD, cross, is_special, plain_len};

    /// Byte by byte.
    fn crossed(text: &[u8]) -> Crossed {
        let (mut len, mut escaped) = (0, false);
        loop {
            match text[len..] {
                [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => {
                    escaped = true;
                    len += 2;
                }
                [byte, ..] if !is_special(byte) => len += 1,
                _ => return Crossed { len, escaped },
            }
        }
    }

    proptest! {
        #[test]
        fn plain_text_ends_at_the_first_special_byte(
            mut text in prop::collection::vec(0x23..=255_u8, 0..200),
            special in prop::option::of((any::<prop::sample::Index>(), 0..=0x22_u8)),
        ) {
            text.retain(|byte| *byte != b'\\');
            if let Some((at, byte)) = special.filter(|_| !text.is_empty()) {
                let at = at.index(text.len());
                text[at] = byte;
            }
            let expected = text.iter().position(|byte| is_special(*byte)).unwrap_or(text.len());
            prop_assert_eq!(plain_len(&text), expected.min(SHORT * WORD));
            prop_assert_eq!(cross(&text), crossed(&text));
        }

        #[test]
        fn escapes_are_crossed_wherever_they_lie(
            parts in prop::collection::vec(
                "[a-zé]{0,70}|(\\\\[\"\\\\/bfnrt]){1,3}|\\\\{1,66}|\\\\u[0-9a-f]{0,4}|\\\\[a-z]|\n|\"",
                0..12,
            ),
            start in 0_usize..70,
        ) {
            let text = format!("{}{}", "x".repeat(start), parts.concat()).into_bytes();
            let expected = crossed(&text);
            let found = cross(&text);
            // The end of the input comes before its last escapes are looked at by blocks.
            prop_assert!(found.len <= expected.len);
            if found != expected {
                prop_assert!(text.len() - found.len < 64 + 1, "{:?} {:?}", found, expected);
                prop_assert_eq!(text[found.len], b'\\');
                let rest = crossed(&text[found.len..]);
                prop_assert_eq!(found.len + rest.len, expected.len);
            }
        }
    }
}

//! How far a text goes on without a byte that JSON treats apart.
//!
//! Bodies are nine tenths of what a log holds, so this decides how long reading takes: eight bytes at a
//! time in short texts, sixty-four in long ones, in a form that compilers vectorise
//! (`benches/decode.rs` measures it).

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
const WORD: usize = 8;
const BLOCK: usize = 64;
/// Words of a text before it counts as long: ids have 36 bytes.
const SHORT: usize = 5;

/// How many bytes come before the first quote, backslash or control character; all when there is none.
#[inline]
pub(super) fn plain_len(bytes: &[u8]) -> usize {
    let mut at = 0;
    for _ in 0..SHORT {
        let Some(word) = bytes[at..].first_chunk::<WORD>() else {
            return at + plain_tail(&bytes[at..]);
        };
        match first_special(*word) {
            Some(place) => return at + place,
            None => at += WORD,
        }
    }
    at + plain_len_of_long(&bytes[at..])
}

fn plain_len_of_long(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(block) = bytes[at..].first_chunk::<BLOCK>()
        && !holds_special(block)
    {
        at += BLOCK;
    }
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

/// A loop without exits, so that it is vectorised.
#[inline]
fn holds_special(block: &[u8; BLOCK]) -> bool {
    block.iter().fold(0, |any, byte| any | u8::from(is_special_branchless(*byte))) != 0
}

#[inline]
#[expect(clippy::needless_bitwise_bool, reason = "branches would keep it from being vectorised")]
fn is_special_branchless(byte: u8) -> bool {
    (byte == b'"') | (byte == b'\\') | (byte < 0x20)
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

    use super::{is_special, plain_len};

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
            prop_assert_eq!(plain_len(&text), expected);
        }
    }
}

//! Whole numbers as differences to the one before (`DELTA_BINARY_PACKED`).
//!
//! Numbers that are all the same, as the lengths of ids are, take nearly no room.
//!
//! Source: <https://parquet.apache.org/docs/file-format/data-pages/encodings/>.

/// Numbers of one block, which has a least difference of its own …
const BLOCK: usize = 128;
/// … in parts of this many, each with as many bits as its differences take.
const PART: usize = 32;

/// Appends the numbers, which are not negative.
pub(super) fn append(numbers: &[u32], out: &mut Vec<u8>) {
    append_varint(BLOCK as u64, out);
    append_varint((BLOCK / PART) as u64, out);
    append_varint(numbers.len() as u64, out);
    append_varint(zigzag(numbers.first().copied().unwrap_or(0).into()), out);
    let mut last = numbers.first().copied().unwrap_or(0);
    for block in numbers.get(1..).unwrap_or_default().chunks(BLOCK) {
        let mut differences = [0_i64; BLOCK];
        for (difference, number) in differences.iter_mut().zip(block) {
            *difference = i64::from(*number) - i64::from(last);
            last = *number;
        }
        append_block(&differences[..block.len()], out);
    }
}

fn append_block(differences: &[i64], out: &mut Vec<u8>) {
    let least = differences.iter().copied().min().unwrap_or(0);
    append_varint(zigzag(least), out);
    let widths = out.len();
    out.resize(widths + BLOCK / PART, 0);
    for (number, part) in differences.chunks(PART).enumerate() {
        let above_least = |difference: &i64| difference.abs_diff(least);
        let most = part.iter().map(above_least).max().unwrap_or(0);
        let bits = u64::BITS - most.leading_zeros();
        out[widths + number] = u8::try_from(bits).unwrap_or(u8::MAX);
        let missing = PART - part.len();
        let values = part.iter().map(above_least).chain(std::iter::repeat_n(0, missing));
        append_packed(values, bits, out);
    }
}

/// Appends values of `bits` bits each, at most 34 of them, which fill whole bytes together.
fn append_packed(values: impl Iterator<Item = u64>, bits: u32, out: &mut Vec<u8>) {
    let (mut waiting, mut len) = (0_u64, 0);
    for value in values {
        waiting |= value << len;
        len += bits;
        while len >= u8::BITS {
            out.push(waiting.to_le_bytes()[0]);
            waiting >>= u8::BITS;
            len -= u8::BITS;
        }
    }
}

/// Small numbers of either sign as small ones without.
fn zigzag(number: i64) -> u64 {
    (number << 1 ^ number >> 63).cast_unsigned()
}

/// Appends seven bits a byte, the lowest first.
fn append_varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{BLOCK, PART, append};

    /// Reads numbers as the format has it, a bit at a time.
    struct Bits<'a> {
        bytes: &'a [u8],
        at: usize,
    }

    impl Bits<'_> {
        fn take(&mut self, bits: usize) -> u64 {
            let bit = |at: usize| u64::from(self.bytes[at / 8] >> (at % 8) & 1);
            let value = (0..bits).map(|n| bit(self.at + n) << n).sum();
            self.at += bits;
            value
        }

        fn varint(&mut self) -> u64 {
            let (mut value, mut shift) = (0, 0);
            loop {
                let byte = self.take(8);
                value |= (byte & 0x7f) << shift;
                shift += 7;
                if byte < 0x80 {
                    return value;
                }
            }
        }

        fn zigzag(&mut self) -> i64 {
            let value = self.varint();
            (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
        }
    }

    fn check(numbers: &[u32]) {
        let mut bytes = Vec::new();
        append(numbers, &mut bytes);
        let mut bits = Bits { bytes: &bytes, at: 0 };
        assert_eq!((bits.varint(), bits.varint()), (BLOCK as u64, (BLOCK / PART) as u64));
        assert_eq!(bits.varint(), numbers.len() as u64);
        let mut found = vec![bits.zigzag()];
        while found.len() < numbers.len() {
            let least = bits.zigzag();
            let widths: Vec<u64> = (0..BLOCK / PART).map(|_| bits.take(8)).collect();
            for width in widths {
                for _ in 0..if found.len() < numbers.len() { PART } else { 0 } {
                    let difference = bits
                        .take(usize::try_from(width).expect("small"))
                        .wrapping_add(least.cast_unsigned());
                    found.push(found[found.len() - 1].wrapping_add(difference.cast_signed()));
                }
            }
        }
        found.truncate(numbers.len());
        assert_eq!(found, numbers.iter().map(|n| i64::from(*n)).collect::<Vec<_>>());
        assert_eq!(bits.at, bytes.len() * 8);
    }

    #[test]
    fn numbers_that_are_the_same_take_no_room() {
        let mut bytes = Vec::new();
        append(&[36; 2000], &mut bytes);
        assert!(bytes.len() < 100, "{}", bytes.len());
        check(&[36; 2000]);
    }

    proptest! {
        #[test]
        fn numbers_read_back_as_they_were(
            small in prop::collection::vec(0..40_u32, 1..400),
            any in prop::collection::vec(any::<u32>(), 1..300),
        ) {
            check(&small);
            check(&any);
            check(&[small, any].concat());
        }
    }
}

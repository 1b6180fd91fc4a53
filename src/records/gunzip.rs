//! Whole-object inflate: gzip bytes → plain bytes, all members, within a cap.
//!
//! Knows gzip framing only, nothing of what is inside. libdeflate does the work for sound objects;
//! what it refuses (cut, damaged, over the cap, padded) goes through a streaming inflater that keeps
//! everything before the trouble and names it.

use std::cell::Cell;
use std::ops::Deref;

use flate2::{Decompress, FlushDecompress, Status};
use libdeflater::{DecompressionError, Decompressor, crc32};
use memchr::memmem;

use crate::schema::reject::reason;

/// Magic number and the only compression method there is.
const MEMBER_START: [u8; 3] = [0x1f, 0x8b, 0x08];
/// Shortest header.
const HEADER_BYTES: usize = 10;
/// CRC-32 and length modulo 2³² of the member's plain bytes.
const TRAILER_BYTES: usize = 8;
/// Deflate can't shrink by more than this.
const MAX_RATIO: usize = 1032;
/// First piece that is inflated where a trailer promises nothing.
const PIECE_BYTES: usize = 64 * 1024;

/// The plain bytes of an object, and what went wrong after them.
#[derive(Debug)]
pub(super) struct Inflated<'a> {
    /// Everything up to the end or to the damage.
    pub(super) bytes: Plain<'a>,
    /// `cut_gzip`, `corrupt_gzip` or `oversize_object`; `None` when the object was read whole.
    pub(super) damage: Option<&'static str>,
}

/// Plain bytes: those of the object itself, or inflated ones.
#[derive(Debug)]
pub(super) enum Plain<'a> {
    Stored(&'a [u8]),
    Inflated(Buffer),
}

impl Deref for Plain<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Stored(bytes) => bytes,
            Self::Inflated(buffer) => buffer.filled(),
        }
    }
}

/// Memory that is used again for the next object of the same thread: fresh memory from the system
/// would cost a sixth of inflating.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    /// How many of `bytes` are content; the others are left from earlier objects.
    len: usize,
}

/// The largest memory that is kept for the next object: for a few hundred calls with bodies near the
/// 100 KB up to which Bedrock logs them in place.
const KEPT_BYTES: usize = 64 << 20;

thread_local! {
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

impl Buffer {
    fn spare() -> Self {
        Self { bytes: SPARE.take(), len: 0 }
    }

    fn filled(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// At least `room` bytes after the content.
    fn room(&mut self, room: usize) -> &mut [u8] {
        let end = self.len + room;
        if self.bytes.len() < end {
            if self.len == 0 {
                // Zeroed by the system, unlike `resize`, and only where it is used: so there is more of
                // it, for larger objects to come.
                self.bytes = vec![0; end.checked_next_power_of_two().unwrap_or(end)];
            } else {
                self.bytes.resize(end, 0);
            }
        }
        &mut self.bytes[self.len..end]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if self.bytes.capacity() <= KEPT_BYTES {
            let bytes = std::mem::take(&mut self.bytes);
            SPARE.try_with(|spare| spare.set(bytes)).ok(); // a thread that ends needs none
        }
    }
}

/// Inflates all members of a gzip object to at most `cap` bytes; other objects pass as they are.
pub(super) fn inflate(bytes: &[u8], cap: u64) -> Inflated<'_> {
    let cap = usize::try_from(cap).unwrap_or(usize::MAX);
    if !is_gzip(bytes) {
        let kept = bytes.len().min(cap);
        let damage = (kept < bytes.len()).then_some(reason::OVERSIZE_OBJECT);
        return Inflated { bytes: Plain::Stored(&bytes[..kept]), damage };
    }
    match inflate_sound(bytes, cap) {
        Some(plain) => Inflated { bytes: Plain::Inflated(plain), damage: None },
        None => inflate_up_to_damage(bytes, cap),
    }
}

/// Also true for an object cut inside the magic number.
fn is_gzip(bytes: &[u8]) -> bool {
    let magic = &MEMBER_START[..bytes.len().min(2)];
    !bytes.is_empty() && bytes.starts_with(magic)
}

/// All members by libdeflate; `None` as soon as anything is not as it should be.
fn inflate_sound(gzip: &[u8], cap: usize) -> Option<Buffer> {
    let mut inflater = Decompressor::new();
    let mut plain = Buffer::spare();
    let mut rest = gzip;
    loop {
        let start = plain.len;
        append_member(&mut inflater, rest, &mut plain, cap)?;
        match end_of_member(rest, &plain.filled()[start..])? {
            end if end == rest.len() => return Some(plain),
            end => rest = &rest[end..],
        }
    }
}

/// Inflates the first member of `gzip`; the room is guessed from the last trailer and doubled.
fn append_member(
    inflater: &mut Decompressor,
    gzip: &[u8],
    plain: &mut Buffer,
    cap: usize,
) -> Option<()> {
    let most = (cap - plain.len).min(gzip.len().saturating_mul(MAX_RATIO));
    let mut room = promised_len(gzip)?.min(most);
    loop {
        match inflater.gzip_decompress(gzip, plain.room(room)) {
            Ok(len) => {
                plain.len += len;
                return Some(());
            }
            Err(DecompressionError::InsufficientSpace) if room < most => {
                room = room.saturating_mul(2).max(PIECE_BYTES).min(most);
            }
            Err(DecompressionError::InsufficientSpace | DecompressionError::BadData) => {
                return None;
            }
        }
    }
}

/// The length that the last trailer of `gzip` states.
fn promised_len(gzip: &[u8]) -> Option<usize> {
    let (_, last) = gzip.split_last_chunk::<4>()?;
    usize::try_from(u32::from_le_bytes(*last)).ok()
}

/// Where the first member of `gzip` ends, which is sound and inflates to `plain`.
///
/// libdeflate doesn't say how much input it read, and ignores what follows. Where nothing follows that
/// may be a member, this one ends with the input, if that ends with its length; else in front of the
/// next member, if its own trailer stands there. `None` when it does neither: padding, damage, or what
/// only looks like a member, for the streaming inflater to judge.
fn end_of_member(gzip: &[u8], plain: &[u8]) -> Option<usize> {
    let shortest = HEADER_BYTES + TRAILER_BYTES;
    let mut starts = memmem::find_iter(gzip.get(shortest..)?, &MEMBER_START)
        .map(|at| at + shortest)
        .filter(|at| may_be_header(&gzip[*at..]))
        .peekable();
    if starts.peek().is_none() {
        return gzip.ends_with(&trailer_len(plain)).then_some(gzip.len());
    }
    let trailer = trailer(plain);
    starts.find(|at| gzip[..*at].ends_with(&trailer))
}

/// Whether bytes that begin like a member go on like one (RFC 1952, section 2.3.1): what is packed
/// looks so by chance once in some hundred billion bytes.
fn may_be_header(bytes: &[u8]) -> bool {
    let is = |at: usize, test: fn(u8) -> bool| bytes.get(at).is_none_or(|byte| test(*byte));
    let (flags, extra_flags, system) = (3, 8, 9);
    is(flags, |byte| byte & 0b1110_0000 == 0)
        && is(extra_flags, |byte| matches!(byte, 0 | 2 | 4))
        && is(system, |byte| byte <= 19 || byte == 255)
}

/// The eight bytes that end a member with this content.
fn trailer(plain: &[u8]) -> [u8; TRAILER_BYTES] {
    let [c0, c1, c2, c3] = crc32(plain).to_le_bytes();
    let [l0, l1, l2, l3] = trailer_len(plain);
    [c0, c1, c2, c3, l0, l1, l2, l3]
}

/// The last four of them: the content's length modulo 2³².
fn trailer_len(plain: &[u8]) -> [u8; 4] {
    u32::try_from(plain.len() & 0xffff_ffff).unwrap_or_default().to_le_bytes()
}

/// Member by member, keeping what comes before a cut, damage or the cap. Zero padding is no damage.
fn inflate_up_to_damage(gzip: &[u8], cap: usize) -> Inflated<'static> {
    // Room for all there can be, of which only what is filled takes memory: growing step by step would
    // hold a gigabyte twice while it is moved.
    let most = cap.min(gzip.len().saturating_mul(MAX_RATIO));
    let mut plain = Vec::with_capacity(most.saturating_add(2 * PIECE_BYTES));
    let mut rest = gzip;
    let damage = loop {
        match stream_member(rest, &mut plain, cap) {
            Ok(len) => rest = &rest[len..],
            Err(damage) => break Some(damage),
        }
        if rest.iter().all(|byte| *byte == 0) {
            break None;
        }
    };
    let len = plain.len();
    Inflated { bytes: Plain::Inflated(Buffer { bytes: plain, len }), damage }
}

/// Appends the first member of `gzip` to `plain`; the member's length, or what is wrong with it.
///
/// Bytes of a member whose checksum is wrong are kept: where the damage lies can't be told.
fn stream_member(gzip: &[u8], plain: &mut Vec<u8>, cap: usize) -> Result<usize, &'static str> {
    let header = header_len(gzip)?;
    let start = plain.len();
    let mut inflater = Decompress::new(false);
    let mut consumed = header;
    loop {
        let before = (consumed, plain.len());
        plain.reserve(PIECE_BYTES);
        let status = inflater.decompress_vec(&gzip[consumed..], plain, FlushDecompress::None);
        consumed = header + usize::try_from(inflater.total_in()).unwrap_or(gzip.len());
        if plain.len() > cap {
            plain.truncate(cap);
            return Err(reason::OVERSIZE_OBJECT);
        }
        match status {
            Ok(Status::StreamEnd) => break,
            Ok(Status::Ok | Status::BufError) if before != (consumed, plain.len()) => {}
            Ok(Status::Ok | Status::BufError) => return Err(reason::CUT_GZIP),
            Err(_) => return Err(reason::CORRUPT_GZIP),
        }
    }
    let end = consumed + TRAILER_BYTES;
    match gzip.get(consumed..end) {
        None => Err(reason::CUT_GZIP),
        Some(found) if found == trailer(&plain[start..]) => Ok(end),
        Some(_) => Err(reason::CORRUPT_GZIP),
    }
}

/// Length of the header that `gzip` starts with (RFC 1952, section 2.3).
fn header_len(gzip: &[u8]) -> Result<usize, &'static str> {
    const CHECKSUM: u8 = 2;
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    let known = gzip.len().min(MEMBER_START.len());
    if gzip[..known] != MEMBER_START[..known] {
        return Err(reason::CORRUPT_GZIP);
    }
    let flags = *gzip.get(3).ok_or(reason::CUT_GZIP)?;
    let mut at = HEADER_BYTES;
    if flags & EXTRA != 0 {
        let len = gzip.get(at..at + 2).ok_or(reason::CUT_GZIP)?;
        at += 2 + usize::from(u16::from_le_bytes([len[0], len[1]]));
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            let rest = gzip.get(at..).ok_or(reason::CUT_GZIP)?;
            at += memchr::memchr(0, rest).ok_or(reason::CUT_GZIP)? + 1;
        }
    }
    if flags & CHECKSUM != 0 {
        at += 2;
    }
    if at > gzip.len() { Err(reason::CUT_GZIP) } else { Ok(at) }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::{Inflated, inflate};
    use crate::schema::reject::reason;

    const CAP: u64 = 1 << 20;

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(plain).expect("memory takes it");
        encoder.finish().expect("memory takes it")
    }

    fn check(object: &[u8], cap: u64, plain: &[u8], damage: Option<&str>) {
        let Inflated { bytes, damage: found } = inflate(object, cap);
        assert_eq!((&*bytes, found), (plain, damage));
    }

    #[test]
    fn plain_objects_pass_and_are_capped() {
        check(b"{}", CAP, b"{}", None);
        check(b"", CAP, b"", None);
        check(b"0123456789", 4, b"0123", Some(reason::OVERSIZE_OBJECT));
    }

    #[test]
    fn every_member_is_read_also_when_they_are_alike() {
        let one = gzip(b"{\"a\":1}");
        check(&one, CAP, b"{\"a\":1}", None);
        check(&[one.clone(), one.clone()].concat(), CAP, b"{\"a\":1}{\"a\":1}", None);
        let large = vec![b'x'; 200_000];
        let object = [gzip(&large), gzip(b""), one, gzip(&large)].concat();
        let plain = [&large[..], b"{\"a\":1}", &large].concat();
        check(&object, CAP, &plain, None);
    }

    #[test]
    fn a_member_in_the_content_is_not_taken_for_the_next_one() {
        let stored = {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
            encoder.write_all(&gzip(b"inner")).expect("memory takes it");
            encoder.finish().expect("memory takes it")
        };
        check(&stored, CAP, &gzip(b"inner"), None);
        check(&[stored, gzip(b"!")].concat(), CAP, &[gzip(b"inner"), b"!".to_vec()].concat(), None);
    }

    /// A trailer that isn't where its member ends proves nothing, whoever's it is.
    #[test]
    fn damage_between_members_that_are_alike_is_seen() {
        let (one, other) = (gzip(b"{\"a\":1}\n"), gzip(b"{\"b\":2}\n"));
        let mut wrong = one.clone();
        let checksum = wrong.len() - 8;
        wrong[checksum] ^= 1;
        let mut no_member = other.clone();
        no_member[0] = 0;
        let (body, trailer) = one.split_at(checksum);
        for object in [
            [&wrong[..], &other, &one].concat(),
            [&wrong[..], &one].concat(),
            [body, b"junk", trailer].concat(),
            [&one[..], &no_member, &one].concat(),
        ] {
            check(&object, CAP, b"{\"a\":1}\n", Some(reason::CORRUPT_GZIP));
        }
    }

    #[test]
    fn zero_padding_is_no_damage() {
        check(&[gzip(b"abc"), vec![0; 512]].concat(), CAP, b"abc", None);
    }

    #[test]
    fn what_follows_a_member_and_is_none_is_damage() {
        check(&[gzip(b"abc"), b"tail".to_vec()].concat(), CAP, b"abc", Some(reason::CORRUPT_GZIP));
    }

    #[test]
    fn the_cap_holds_over_all_members_whatever_the_trailer_says() {
        let member = gzip(&[b'x'; 1000]);
        check(&member, 1000, &[b'x'; 1000], None);
        check(&member, 999, &[b'x'; 999], Some(reason::OVERSIZE_OBJECT));
        let both = [member.clone(), member].concat();
        check(&both, 1500, &[b'x'; 1500], Some(reason::OVERSIZE_OBJECT));
        check(&both, 2000, &[b'x'; 2000], None);
        let mut lying = gzip(b"abc");
        let end = lying.len();
        lying[end - 4..].copy_from_slice(&u32::MAX.to_le_bytes());
        check(&lying, u64::MAX, b"abc", Some(reason::CORRUPT_GZIP));
    }

    #[test]
    fn headers_with_every_optional_field_are_read() {
        let plain = gzip(b"abc");
        let mut object = vec![0x1f, 0x8b, 8, 2 | 4 | 8 | 16, 0, 0, 0, 0, 0, 3];
        object.extend([2, 0, 7, 7]);
        object.extend(b"name\0comment\0");
        object.extend([0, 0]);
        object.extend(&plain[10..]);
        check(&object, CAP, b"abc", None);
        check(&object[..object.len() - 1], CAP, b"abc", Some(reason::CUT_GZIP));
        check(&object[..15], CAP, b"", Some(reason::CUT_GZIP));
    }

    #[test]
    fn a_cut_anywhere_is_a_cut_and_keeps_a_prefix() {
        let plain: Vec<u8> = (0..5000_u32).flat_map(|n| n.to_string().into_bytes()).collect();
        let object = gzip(&plain);
        for end in 1..object.len() {
            let Inflated { bytes, damage } = inflate(&object[..end], CAP);
            assert_eq!(damage, Some(reason::CUT_GZIP), "cut at {end}");
            assert!(plain.starts_with(&bytes), "cut at {end}");
        }
    }

    proptest! {
        #[test]
        fn members_add_up(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..8)) {
            let object: Vec<u8> = parts.iter().flat_map(|part| gzip(part)).collect();
            let inflated = inflate(&object, CAP);
            prop_assert_eq!(inflated.damage, None);
            prop_assert_eq!(&*inflated.bytes, &parts.concat()[..]);
        }

        #[test]
        fn damage_never_panics_nor_passes_the_cap(
            plain in prop::collection::vec(any::<u8>(), 0..2000),
            at in any::<prop::sample::Index>(),
            byte in any::<u8>(),
        ) {
            let mut object = gzip(&plain);
            let at = at.index(object.len());
            object[at] = byte;
            prop_assert!(inflate(&object, 1000).bytes.len() <= 1000);
        }
    }
}

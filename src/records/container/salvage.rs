//! The complete elements of a list, or of one in a document that is cut: a cut `CloudTrail` file still
//! holds most events. They are handed over one by one, since there can be a hundred million.

use super::top::is_list_key;
use crate::records::json::{Cursor, Fault};

/// Hands over the elements of an array or of a wrapper's list that end before the cut.
pub(super) fn elements<'a>(cut: &'a str, mut found: impl FnMut(&'a str)) {
    let mut cursor = Cursor::new(cut);
    // Reading ends in the fault that brought the document here; what was found before it counts.
    match cursor.peek() {
        Ok(b'[') => list(&mut cursor, &mut found).ok(),
        Ok(b'{') => wrapper(&mut cursor, &mut found).ok(),
        Ok(_) | Err(_) => None,
    };
}

/// The text from the first to the last of [`elements`].
pub(in crate::records) fn open_list(cut: &str) -> Option<&str> {
    let mut ends: Option<(&str, &str)> = None;
    elements(cut, |element| ends = Some((ends.map_or(element, |(first, _)| first), element)));
    let (first, last) = ends?;
    let start = first.as_ptr().addr().checked_sub(cut.as_ptr().addr())?;
    let len = last.as_ptr().addr().checked_sub(first.as_ptr().addr())? + last.len();
    cut.get(start..start + len)
}

fn list<'a>(cursor: &mut Cursor<'a>, found: &mut impl FnMut(&'a str)) -> Result<(), Fault> {
    cursor.list(|cursor| {
        found(cursor.raw()?.0);
        Ok(())
    })
}

fn wrapper<'a>(cursor: &mut Cursor<'a>, found: &mut impl FnMut(&'a str)) -> Result<(), Fault> {
    cursor.object(|cursor, key| {
        if is_list_key(key) && cursor.peek()? == b'[' { list(cursor, found) } else { cursor.skip() }
    })
}

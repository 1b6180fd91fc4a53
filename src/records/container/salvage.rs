//! The complete elements of a document that is cut: a cut `CloudTrail` file still holds most events.

use super::top::is_list_key;
use crate::records::json::{Cursor, Fault};

/// The elements that end before the cut: of a bare array, or of a wrapper's list.
pub(super) fn elements(cut: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut cursor = Cursor::new(cut);
    // Reading ends in the fault that brought the document here; what was found before it counts.
    match cursor.peek() {
        Ok(b'[') => drop(list(&mut cursor, &mut found)),
        Ok(b'{') => drop(wrapper(&mut cursor, &mut found)),
        Ok(_) | Err(_) => {}
    }
    found
}

/// The text from the first to the last of [`elements`].
pub(in crate::records) fn open_list(cut: &str) -> Option<&str> {
    let found = elements(cut);
    let (first, last) = (found.first()?, found.last()?);
    let start = first.as_ptr().addr().checked_sub(cut.as_ptr().addr())?;
    let len = last.as_ptr().addr().checked_sub(first.as_ptr().addr())? + last.len();
    cut.get(start..start + len)
}

/// Takes the elements of a list, which comes next.
pub(super) fn list<'a>(cursor: &mut Cursor<'a>, found: &mut Vec<&'a str>) -> Result<(), Fault> {
    cursor.list(|cursor| {
        found.push(cursor.raw()?);
        Ok(())
    })
}

fn wrapper<'a>(cursor: &mut Cursor<'a>, found: &mut Vec<&'a str>) -> Result<(), Fault> {
    cursor.object(|cursor, key| {
        if is_list_key(key) && cursor.peek()? == b'[' { list(cursor, found) } else { cursor.skip() }
    })
}

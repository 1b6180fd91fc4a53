//! A CloudTrail file read in one go: its events are taken as they are crossed.
//!
//! Other wrappers are crossed first, to know what they are and that they are whole, and their parts
//! are read after that; the text is crossed twice. Here it is once, and if anything turns out not to
//! be as in the files that CloudTrail writes, all of it is forgotten and read in the other way.

use super::{Document, MAX_REJECTS, Place, Reader, Top};

/// How a file begins.
const START: &str = "{\"Records\":[";

impl Reader<'_> {
    /// Takes the events of a file that `text` starts with; returns where it ends. `None` if there is
    /// none, or anything in it needs a closer look.
    pub(super) fn trail(&mut self, text: &str, place: Place) -> Option<usize> {
        if !text.starts_with(START) || place.depth > 0 {
            return None;
        }
        let before = (self.record, self.decoded.api_events.len(), self.decoded.rejects.len());
        let end = self.events(text, place);
        if end.is_none() {
            self.record = before.0;
            self.decoded.api_events.truncate(before.1);
            self.decoded.rejects.truncate(before.2);
        }
        end
    }

    fn events(&mut self, text: &str, place: Place) -> Option<usize> {
        let mut top = Top::default();
        let mut at = START.len();
        loop {
            let rest = text.get(at..)?;
            let (document, len) = Document::first(rest, true, &mut top).ok()?;
            let is_plain = matches!(document, Document::Event(_));
            if !is_plain || self.decoded.rejects.len() >= MAX_REJECTS {
                return None;
            }
            let event = rest.get(..len)?;
            self.take(&document, event, place.part(text, event));
            at += len;
            match text.as_bytes().get(at)? {
                b',' => at += 1,
                b']' => break,
                _ => return None,
            }
        }
        text.get(at..)?.starts_with("]}").then_some(at + 2)
    }
}

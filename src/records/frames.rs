//! Plain bytes → JSON values: lines first, values that span lines where a line alone fails.
//!
//! A cut line holds an open quote, so a scanner that honours quotes across lines would swallow the
//! next good record. Here every line is read by itself; only where it ends inside a value, one value
//! that spans lines from there is tried (pretty-printed records), and it counts only if it swallows no
//! line that is a record by itself. Whatever fails is rejected up to the end of its line, and reading
//! goes on at the next.

use std::ops::Range;

use memchr::memchr;
use simdutf8::compat::Utf8Error;

use super::container::{Document, Halt, Place, Reader, Top, open_list};
use super::json::Scan;
use crate::schema::reject::reason;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads all of `bytes`, the start of an object when `damage` cut the rest off.
///
/// With damage, a value left open at the end is part of it: the object gets one reject with that
/// reason, which tells where the open value starts. Without, the open value is a `cut_record`.
pub(super) fn read(bytes: &[u8], damage: Option<&'static str>, reader: &mut Reader<'_>) {
    let mut frames =
        Frames { bytes, damaged: damage.is_some(), spans_left: span_budget(bytes), reader };
    let mut at = if bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    let mut lost = bytes.len();
    while at < bytes.len() {
        match frames.line(at) {
            Next::At(next) => at = next,
            Next::Lost(from) => {
                lost = from;
                break;
            }
        }
    }
    if let Some(damage) = damage {
        reader.reject_object(damage, Place::at(lost, bytes.len() - lost));
    }
}

/// How many bytes attempts at values that span lines may read: hostile input, thousands of lines
/// that each open a value, would otherwise be read once per line.
fn span_budget(bytes: &[u8]) -> usize {
    bytes.len().saturating_mul(4).saturating_add(1 << 16)
}

/// Where reading goes on.
enum Next {
    /// At this offset.
    At(usize),
    /// Nowhere: from this offset on everything belongs to the damage of the object.
    Lost(usize),
}

struct Frames<'f, 'r> {
    bytes: &'f [u8],
    damaged: bool,
    spans_left: usize,
    reader: &'f mut Reader<'r>,
}

/// What an attempt at a value that spans lines found.
enum Span {
    /// A value that ends here.
    Until(usize),
    /// A value that is open at the end of the object.
    Open,
    /// None.
    No,
}

impl Frames<'_, '_> {
    /// Reads the line that starts at `start`.
    fn line(&mut self, start: usize) -> Next {
        let end = memchr(b'\n', &self.bytes[start..]).map_or(self.bytes.len(), |len| start + len);
        let line = &self.bytes[start..end];
        let (text, broken) = valid_text(line);
        let broken = broken.map(|error| match error.error_len() {
            None if end == self.bytes.len() => reason::CUT_RECORD, // inside a character
            _ => reason::INVALID_UTF8,
        });
        let halt = match self.reader.values(text, Place::at(start, text.len())) {
            Ok(()) if text.len() == line.len() => return Next::At(end + 1),
            Ok(()) => Halt { at: text.len(), incomplete: false },
            Err(halt) => halt,
        };
        let at = start + halt.at;
        let rest = &text[halt.at..];
        if let Some(broken) = broken {
            return self.give_up(at, end, rest, broken);
        }
        if halt.incomplete {
            match self.span(at, end) {
                Span::Until(next) => return Next::At(next),
                Span::Open => return self.cut(at, self.bytes.len()),
                Span::No if end == self.bytes.len() => return self.cut(at, end),
                Span::No => return self.give_up(at, end, rest, reason::INVALID_JSON),
            }
        }
        let line = rest.trim_ascii_end();
        if self.reader.plain_line(line, Place::at(at, line.len())) {
            return Next::At(end + 1);
        }
        self.give_up(at, end, rest, reason::INVALID_JSON)
    }

    /// Rejects from `at` to the end of the line, after taking what is whole of a cut wrapper.
    fn give_up(&mut self, at: usize, end: usize, rest: &str, reason: &str) -> Next {
        let place = Place::at(at, end - at);
        self.reader.salvage(rest, place);
        if end == self.bytes.len() && self.damaged {
            return Next::Lost(at);
        }
        self.reader.reject(reason, None, place);
        Next::At(end + 1)
    }

    /// A value that is open at the end of the object.
    fn cut(&mut self, at: usize, end: usize) -> Next {
        let (rest, _) = valid_text(&self.bytes[at..end]);
        self.give_up(at, end, rest, reason::CUT_RECORD)
    }

    /// Tries one value from `at` over the end of its line at `line_end`.
    fn span(&mut self, at: usize, line_end: usize) -> Span {
        let rest = &self.bytes[at..];
        if line_end == self.bytes.len() || self.spans_left == 0 {
            return Span::No;
        }
        let mut scan = Scan::new(rest);
        let read = scan.skip();
        let crossed = &rest[..scan.at()];
        self.spans_left = self.spans_left.saturating_sub(crossed.len());
        match read {
            Ok(()) => match str::from_utf8(crossed) {
                Ok(json) => self.take_span(at, line_end, json),
                Err(_) => Span::No,
            },
            Err(fault) if fault.incomplete => {
                let list = open_list(valid_text(rest).0);
                let hides = self.hides_document(line_end..self.bytes.len(), list);
                if hides { Span::No } else { Span::Open }
            }
            Err(_) => Span::No,
        }
    }

    fn take_span(&mut self, at: usize, line_end: usize, json: &str) -> Span {
        let end = at + json.len();
        let mut top = Top::default();
        let Ok((document, _)) = Document::first(json, false, &mut top) else { return Span::No };
        let list = match document {
            Document::List(list) => Some(list),
            _ => None,
        };
        if self.hides_document(line_end..end, list) {
            return Span::No;
        }
        self.reader.take(&document, json, Place::at(at, json.len()));
        Span::Until(end)
    }

    /// Whether a document starts at the start of a line of `span`, other than those of `list`, which
    /// are taken anyway.
    ///
    /// A value that spans lines may be made of a bad line, a good record and another bad line. Parts
    /// of a laid-out document are indented, so they are not taken for records.
    fn hides_document(&mut self, span: Range<usize>, list: Option<&str>) -> bool {
        let Some(list) = list else { return self.hides_document_in(span) };
        let start = list.as_ptr().addr().saturating_sub(self.bytes.as_ptr().addr());
        let before = span.start..start.clamp(span.start, span.end);
        let after = (start + list.len()).clamp(span.start, span.end)..span.end;
        self.hides_document_in(before) || self.hides_document_in(after)
    }

    fn hides_document_in(&mut self, span: Range<usize>) -> bool {
        let text = String::from_utf8_lossy(&self.bytes[span]);
        for newline in memchr::memchr_iter(b'\n', text.as_bytes()) {
            let rest = &text[newline + 1..];
            if !rest.starts_with('{') {
                continue;
            }
            let read = match Document::first(rest, false, &mut Top::default()) {
                Ok((Document::Unknown, len)) => len,
                Ok(_) => return true,
                Err(fault) => fault.at,
            };
            self.spans_left = self.spans_left.saturating_sub(read);
            if self.spans_left == 0 {
                return true; // too costly to rule out
            }
        }
        false
    }
}

/// The longest start of a line that is UTF-8, and what ends it.
fn valid_text(line: &[u8]) -> (&str, Option<Utf8Error>) {
    match simdutf8::compat::from_utf8(line) {
        Ok(text) => (text, None),
        Err(error) => {
            let valid = &line[..error.valid_up_to()];
            (str::from_utf8(valid).unwrap_or_default(), Some(error))
        }
    }
}

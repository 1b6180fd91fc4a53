//! A JSON reader that goes over the text once and takes values where they lie.
//!
//! Knows the grammar, nothing of logs. Whoever reads says which keys it wants; everything else is
//! crossed by [`Scan`], checked but not built. Values borrow from the text.

mod again;
mod plain;
mod scan;

use std::borrow::Cow;

pub(super) use again::{Fields, Last, Located, Way};
pub(super) use scan::{Fault, Scan};

/// A reading position in JSON text.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    scan: Scan<'a>,
    /// Fields that were known so far, see [`Self::took`].
    taken: usize,
}

/// A text as it lies in the input, without its quotes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quoted<'a> {
    inside: &'a str,
    escaped: bool,
}

impl<'a> Quoted<'a> {
    /// The text; `None` when it holds an escape that is no character (half a surrogate pair).
    #[inline]
    pub(super) fn unescaped(self) -> Option<Cow<'a, str>> {
        if self.escaped { self.without_escapes() } else { Some(Cow::Borrowed(self.inside)) }
    }

    #[cold]
    fn without_escapes(self) -> Option<Cow<'a, str>> {
        serde_json::from_str(&format!("\"{}\"", self.inside)).map(Cow::Owned).ok()
    }
}

impl<'a> Cursor<'a> {
    /// Starts at the first byte.
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, scan: Scan::new(text.as_bytes()), taken: 0 }
    }

    /// Starts at this byte, which a value starts with.
    pub(super) fn from(text: &'a str, at: usize) -> Self {
        let mut cursor = Self::new(text);
        cursor.scan.at = at;
        cursor
    }

    /// The end of what was read.
    #[inline]
    pub(super) fn at(&self) -> usize {
        self.scan.at
    }

    /// The text from `from` up to what was read.
    #[inline]
    pub(super) fn since(&self, from: usize) -> &'a str {
        self.text.get(from..self.scan.at).unwrap_or_default()
    }

    /// The first byte of the next value, which is not consumed.
    #[inline]
    pub(super) fn peek(&mut self) -> Result<u8, Fault> {
        self.scan.peek()
    }

    /// Crosses the next value.
    #[inline]
    pub(super) fn skip(&mut self) -> Result<(), Fault> {
        self.scan.skip()
    }

    /// Takes the next value as written; and whether it is a text without escapes.
    #[inline]
    pub(super) fn raw(&mut self) -> Result<(&'a str, bool), Fault> {
        let is_text = self.scan.peek()? == b'"';
        let from = self.scan.at;
        let is_plain = if is_text {
            !self.scan.text_value()?
        } else {
            self.scan.skip()?;
            false
        };
        Ok((self.since(from), is_plain))
    }

    /// Takes the next value, which is known to be a text.
    #[inline]
    pub(super) fn quoted(&mut self) -> Result<Quoted<'a>, Fault> {
        let from = self.scan.at + 1;
        let escaped = self.scan.text()?;
        let inside = self.text.get(from..self.scan.at - 1).unwrap_or_default();
        self.scan.last_text = from..self.scan.at - 1;
        Ok(Quoted { inside, escaped })
    }

    /// Reads the next value, which is known to be an object; `entry` consumes the value of its key.
    #[inline]
    pub(super) fn object(
        &mut self,
        mut entry: impl FnMut(&mut Self, &Cow<'a, str>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.scan.at += 1;
        if self.peek()? == b'}' {
            self.scan.at += 1;
            return Ok(());
        }
        loop {
            let key = self.key()?;
            entry(self, &key)?;
            if self.ends_with(b'}')? {
                return Ok(());
            }
        }
    }

    /// Reads the next value, which is known to be a list; `element` consumes one element.
    #[inline]
    pub(super) fn list(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.scan.at += 1;
        if self.peek()? == b']' {
            self.scan.at += 1;
            return Ok(());
        }
        loop {
            element(self)?;
            if self.ends_with(b']')? {
                return Ok(());
            }
        }
    }

    #[inline]
    fn key(&mut self) -> Result<Cow<'a, str>, Fault> {
        if self.scan.peek()? != b'"' {
            return Err(self.scan.wrong());
        }
        let from = self.scan.at + 1;
        let escaped = self.scan.text()?;
        let inside = self.text.get(from..self.scan.at - 1).unwrap_or_default();
        self.scan.expect(b':')?;
        let key = Quoted { inside, escaped };
        Ok(key.unescaped().unwrap_or(Cow::Borrowed(inside)))
    }

    /// Crosses a comma (false) or the closing bracket (true).
    #[inline]
    fn ends_with(&mut self, bracket: u8) -> Result<bool, Fault> {
        let byte = self.scan.peek()?;
        if byte != b',' && byte != bracket {
            return Err(self.scan.wrong());
        }
        self.scan.at += 1;
        Ok(byte == bracket)
    }

    /// Crosses the next value if it is `like` with another text in it; nothing is read otherwise.
    pub(super) fn skip_like(&mut self, like: &Like<'a>) -> bool {
        let rest = self.text.get(self.scan.at..).unwrap_or_default();
        if like.before.is_empty() || !rest.starts_with(like.before) {
            return false;
        }
        let start = self.scan.at;
        self.scan.at += like.before.len();
        let is_like = self.scan.text_end().is_ok() && {
            let rest = self.text.get(self.scan.at..).unwrap_or_default();
            rest.starts_with(like.after)
        };
        self.scan.at = if is_like { self.scan.at + like.after.len() } else { start };
        is_like
    }

    /// What the value from `from` up to here is like, whatever its last text says.
    pub(super) fn like(&self, from: usize) -> Option<Like<'a>> {
        let text = &self.scan.last_text;
        let before = self.text.get(from..text.start).filter(|_| text.start > from)?;
        let after = self.text.get(text.end + 1..self.scan.at)?;
        Some(Like { before, after })
    }

    /// Notes that a field was found that is known.
    #[inline]
    pub(super) fn take(&mut self) {
        self.taken += 1;
    }

    /// How many fields were known so far.
    #[inline]
    pub(super) fn taken(&self) -> usize {
        self.taken
    }

    /// Forgets the blanks between tokens that were crossed; returns whether there were any.
    pub(super) fn forget_blanks(&mut self) -> bool {
        std::mem::take(&mut self.scan.blanks)
    }

    /// Notes that blanks between tokens were crossed.
    pub(super) fn note_blanks(&mut self, blanks: bool) {
        self.scan.blanks |= blanks;
    }
}

/// A JSON value but for one text in it.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Like<'a> {
    /// Up to the text, its opening quote included.
    before: &'a str,
    /// From behind its closing quote on.
    after: &'a str,
}

#[cfg(test)]
mod tests {
    use super::{Cursor, Like};

    fn check_like(first: &str, second: &str, expected: bool) {
        let list = format!("[{first},{second}]");
        let mut cursor = Cursor::new(&list);
        let mut like: Option<Like<'_>> = None;
        let mut seen = Vec::new();
        let read = cursor.list(|cursor| {
            cursor.peek()?;
            let from = cursor.at();
            let is_like = like.is_some_and(|like| cursor.skip_like(&like));
            if !is_like {
                cursor.skip()?;
            }
            like = cursor.like(from);
            seen.push((cursor.since(from).to_owned(), is_like));
            Ok(())
        });
        assert_eq!(read, Ok(()), "{list}");
        assert_eq!(seen, [(first.to_owned(), false), (second.to_owned(), expected)]);
    }

    #[test]
    fn a_value_is_like_another_when_only_its_last_text_differs() {
        check_like(r#"{"a":"x","b":1}"#, r#"{"a":"longer \" text }","b":1}"#, true);
        check_like(r#"{"a":"x","b":"y"}"#, r#"{"a":"x","b":""}"#, true);
        check_like(r#"{"a":"x","b":"y"}"#, r#"{"a":"z","b":"y"}"#, false);
        check_like(r#"{"a":"x","b":1}"#, r#"{"a":"x","b":2}"#, false);
        check_like(r#"{"a":"x"}"#, r#"{"a":"x","b":2}"#, false);
        check_like(r#"{"a":"x","b":1}"#, r#"{"a":1,"b":1}"#, false);
        check_like(r#""x""#, r#""y""#, true);
        check_like("1", "1", false);
    }
}

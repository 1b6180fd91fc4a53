//! Walking over JSON bytes without building anything: where a value ends, and whether it is JSON.
//!
//! Everything is checked by the grammar of RFC 8259, at any depth. Bytes above 127 pass inside texts:
//! whether they are UTF-8 is the caller's to know.

use std::ops::Range;

use super::plain::{cross, plain_len};

/// Why a value could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::records) struct Fault {
    /// Offset where reading stopped.
    pub(in crate::records) at: usize,
    /// The input ends inside the value: more input might complete it.
    pub(in crate::records) incomplete: bool,
}

/// A position in JSON bytes, and what was noticed on the way there.
#[derive(Debug)]
pub(in crate::records) struct Scan<'b> {
    pub(super) bytes: &'b [u8],
    pub(super) at: usize,
    /// Blanks between tokens were crossed.
    pub(super) blanks: bool,
    /// The content of the last text that was a value, not a key.
    pub(super) last_text: Range<usize>,
}

impl<'b> Scan<'b> {
    /// Starts at the first byte.
    pub(in crate::records) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0, blanks: false, last_text: 0..0 }
    }

    /// The end of what was read.
    pub(in crate::records) fn at(&self) -> usize {
        self.at
    }

    /// The next byte that is no blank; it is not consumed.
    #[inline]
    pub(super) fn peek(&mut self) -> Result<u8, Fault> {
        match self.bytes.get(self.at) {
            Some(byte) if *byte > b' ' => Ok(*byte),
            _ => self.peek_over_blanks(),
        }
    }

    #[cold]
    fn peek_over_blanks(&mut self) -> Result<u8, Fault> {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.bytes.get(self.at) {
            self.at += 1;
            self.blanks = true;
        }
        self.bytes.get(self.at).copied().ok_or(self.cut())
    }

    /// Consumes `expected`, after blanks.
    #[inline]
    pub(super) fn expect(&mut self, expected: u8) -> Result<(), Fault> {
        if self.peek()? != expected {
            return Err(self.wrong());
        }
        self.at += 1;
        Ok(())
    }

    /// Crosses one value, after blanks.
    #[inline]
    pub(in crate::records) fn skip(&mut self) -> Result<(), Fault> {
        match self.peek()? {
            b'"' => self.text_value().map(drop),
            b'{' | b'[' => self.nested(),
            _ => self.scalar(),
        }
    }

    /// Crosses an object or a list, by its own stack: input must not decide how deep ours gets.
    fn nested(&mut self) -> Result<(), Fault> {
        let mut open = Nesting::default();
        loop {
            match self.peek()? {
                b'"' => drop(self.text_value()?),
                b'{' => {
                    self.at += 1;
                    if self.peek()? == b'}' {
                        self.at += 1;
                    } else {
                        open.push(true);
                        self.key()?;
                        continue;
                    }
                }
                b'[' => {
                    self.at += 1;
                    if self.peek()? == b']' {
                        self.at += 1;
                    } else {
                        open.push(false);
                        continue;
                    }
                }
                _ => self.scalar()?,
            }
            if self.close(&mut open)? {
                return Ok(());
            }
        }
    }

    /// After a value: crosses closing brackets, then a comma and the next key. True at the end.
    #[inline]
    fn close(&mut self, open: &mut Nesting) -> Result<bool, Fault> {
        while let Some(in_object) = open.top() {
            match (self.peek()?, in_object) {
                (b',', true) => {
                    self.at += 1;
                    self.key()?;
                    return Ok(false);
                }
                (b',', false) => {
                    self.at += 1;
                    return Ok(false);
                }
                (b'}', true) | (b']', false) => {
                    self.at += 1;
                    open.pop();
                }
                _ => return Err(self.wrong()),
            }
        }
        Ok(true)
    }

    /// Crosses a key and its colon.
    #[inline]
    fn key(&mut self) -> Result<(), Fault> {
        if self.peek()? != b'"' {
            return Err(self.wrong());
        }
        self.text()?;
        self.expect(b':')
    }

    /// Crosses a text that is a value. True if it holds escapes.
    #[inline]
    pub(super) fn text_value(&mut self) -> Result<bool, Fault> {
        let from = self.at + 1;
        let escaped = self.text()?;
        self.last_text = from..self.at - 1;
        Ok(escaped)
    }

    /// Crosses a text from its opening quote, which is known to be there. True if it holds escapes.
    #[inline]
    pub(super) fn text(&mut self) -> Result<bool, Fault> {
        self.at += 1;
        self.text_end()
    }

    /// Crosses the rest of a text and its closing quote. True if it holds escapes.
    #[inline]
    pub(super) fn text_end(&mut self) -> Result<bool, Fault> {
        self.at += plain_len(&self.bytes[self.at..]);
        if self.bytes.get(self.at) == Some(&b'"') {
            self.at += 1;
            return Ok(false);
        }
        self.long_text_end()
    }

    fn long_text_end(&mut self) -> Result<bool, Fault> {
        let mut escaped = false;
        loop {
            let crossed = cross(&self.bytes[self.at..]);
            self.at += crossed.len;
            escaped |= crossed.escaped;
            // Some writers escape all of a text that isn't ASCII: word by word, by number.
            while self.bytes.get(self.at) == Some(&b'\\') {
                escaped = true;
                self.escape()?;
                self.at += plain_len(&self.bytes[self.at..]);
            }
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(escaped);
                }
                Some(0..b' ') => return Err(self.wrong()),
                Some(_) => {} // forty bytes without an escape
                None => return Err(self.cut()),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Fault> {
        self.at += 1;
        match self.bytes.get(self.at) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                self.at += 1;
                for _ in 0..4 {
                    match self.bytes.get(self.at) {
                        Some(digit) if digit.is_ascii_hexdigit() => self.at += 1,
                        Some(_) => return Err(self.wrong()),
                        None => return Err(self.cut()),
                    }
                }
            }
            Some(_) => return Err(self.wrong()),
            None => return Err(self.cut()),
        }
        Ok(())
    }

    /// Crosses a number, `true`, `false` or `null`.
    fn scalar(&mut self) -> Result<(), Fault> {
        match self.bytes.get(self.at) {
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            _ => Err(self.wrong()),
        }
    }

    fn word(&mut self, word: &[u8]) -> Result<(), Fault> {
        let rest = &self.bytes[self.at..];
        if rest.starts_with(word) {
            self.at += word.len();
            return Ok(());
        }
        self.at += rest.iter().zip(word).take_while(|(found, wanted)| found == wanted).count();
        Err(if self.at == self.bytes.len() { self.cut() } else { self.wrong() })
    }

    fn number(&mut self) -> Result<(), Fault> {
        if self.bytes.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        if self.bytes.get(self.at) == Some(&b'0') {
            self.at += 1; // nothing but a fraction or an exponent follows a leading zero
            if self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
                return Err(self.wrong());
            }
        } else {
            self.digits()?;
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.bytes.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.bytes.get(self.at) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    /// Crosses one digit or more.
    fn digits(&mut self) -> Result<(), Fault> {
        match self.bytes.get(self.at) {
            Some(digit) if digit.is_ascii_digit() => self.at += 1,
            Some(_) => return Err(self.wrong()),
            None => return Err(self.cut()),
        }
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        Ok(())
    }

    #[cold]
    pub(super) fn wrong(&self) -> Fault {
        Fault { at: self.at, incomplete: false }
    }

    #[cold]
    pub(super) fn cut(&self) -> Fault {
        Fault { at: self.at, incomplete: true }
    }
}

/// The brackets that are open: one bit each, set for an object.
#[derive(Default)]
struct Nesting {
    depth: usize,
    innermost: u64,
    /// Full words of brackets further out.
    outer: Vec<u64>,
}

impl Nesting {
    #[inline]
    fn push(&mut self, object: bool) {
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.outer.push(self.innermost);
        }
        self.innermost = self.innermost << 1 | u64::from(object);
        self.depth += 1;
    }

    #[inline]
    fn top(&self) -> Option<bool> {
        (self.depth > 0).then_some(self.innermost & 1 == 1)
    }

    #[inline]
    fn pop(&mut self) {
        self.depth -= 1;
        self.innermost >>= 1;
        if self.depth > 0
            && self.depth.is_multiple_of(64)
            && let Some(outer) = self.outer.pop()
        {
            self.innermost = outer;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::Scan;

    /// Reads the first value of `json` here and with `serde_json`, and compares.
    fn check(json: &[u8]) {
        let mut scan = Scan::new(json);
        let found = scan.skip().map(|()| scan.at());
        let mut expected = serde_json::Deserializer::from_slice(json).into_iter::<&RawValue>();
        let text = String::from_utf8_lossy(json);
        match expected.next() {
            Some(Ok(raw)) => {
                let end = raw.get().as_ptr().addr() - json.as_ptr().addr() + raw.get().len();
                assert_eq!(found, Ok(end), "{text}");
            }
            // serde_json calls `\u` with fewer than four bytes after it cut, whatever they are.
            Some(Err(error)) if error.is_eof() => {
                let fault = found.expect_err(&text);
                let wrong_in_cut_escape =
                    json.len().checked_sub(5).is_none_or(|last| fault.at > last)
                        && json[..fault.at].windows(2).rev().take(3).any(|pair| pair == b"\\u");
                assert!(fault.incomplete || wrong_in_cut_escape, "{text}: {fault:?}");
            }
            Some(Err(error)) if error.to_string().starts_with("trailing characters") => {
                assert!(found.is_ok(), "{text}: a number or word that runs into something else");
            }
            // A number cut after its sign, point or `e` is wrong there and incomplete here.
            Some(Err(_)) => {
                let cut_number = found.is_err_and(|fault| {
                    fault.incomplete
                        && matches!(json.last(), Some(b'-' | b'+' | b'.' | b'e' | b'E'))
                });
                assert!(cut_number || found.is_err_and(|fault| !fault.incomplete), "{text}");
            }
            None => assert!(found.is_err(), "{text}"),
        }
    }

    #[test]
    fn the_grammar_is_that_of_json() {
        for json in [
            "{}",
            "[]",
            " [ ] ",
            "{\"a\":1}",
            "{\"a\" : [1,2 , {} ]}",
            "[1,]",
            "[,1]",
            "{\"a\"}",
            "{\"a\":}",
            "{a:1}",
            "{\"a\":1,}",
            "[1 2]",
            "{\"a\":1 \"b\":2}",
            "01",
            "-",
            "-0",
            "-01",
            "1.",
            "1.5",
            ".5",
            "1e",
            "1e+",
            "1e5",
            "1E-05",
            "+1",
            "tru",
            "trux",
            "true",
            "false",
            "null",
            "nul",
            "\"",
            "\"a",
            "\"a\\",
            "\"a\\u12",
            "\"a\\u12g4\"",
            "\"\\ud800\"",
            "\"\\x\"",
            "\"a\nb\"",
            "\"a\u{7f}é\"",
            "[\"a\\\"\"]",
            "[[[[",
            "[}",
            "{]",
            "{\"a\":[}",
            "",
            " ",
            "{\"a\":1}}",
            "[1]]",
            "\"\\\\\"",
            "\u{b}1",
        ] {
            check(json.as_bytes());
        }
    }

    #[test]
    fn depth_has_no_bound() {
        for depth in [63, 64, 65, 127, 128, 129, 1000] {
            let lists = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
            let mixed = format!("{}1{}", "[{\"a\":".repeat(depth), "}]".repeat(depth));
            for json in [lists, mixed] {
                let mut scan = Scan::new(json.as_bytes());
                assert_eq!(scan.skip(), Ok(()));
                assert_eq!(scan.at(), json.len());
                let crossed = json.replacen("1]", "1}", 1);
                let crossed = if crossed == json { json.replacen("1}", "1]", 1) } else { crossed };
                assert!(Scan::new(crossed.as_bytes()).skip().is_err());
            }
        }
    }

    proptest! {
        #[test]
        fn json_and_what_is_nearly_json_is_told_as_serde_does(
            json in "[\\[\\]{}\",:a0\\-1.e \\\\nutrlsf]{0,24}",
        ) {
            check(json.as_bytes());
        }

        #[test]
        fn long_texts_are_told_as_serde_does(
            parts in prop::collection::vec(
                "[a-zé]{0,70}|(\\\\[\"\\\\/bfnrt]){1,3}|(\\\\u[0-9a-f]{4}){1,9}|\\\\\\\\{1,33}",
                1..12,
            ),
            cut in any::<prop::sample::Index>(),
            byte in prop::option::of((any::<prop::sample::Index>(), 0..128_u8)),
        ) {
            let mut json = format!("[\"{}\",\"{}\"]", parts.concat(), "x".repeat(70)).into_bytes();
            check(&json);
            if let Some((at, byte)) = byte {
                let at = at.index(json.len());
                if json[at].is_ascii() {
                    json[at] = byte;
                    check(&json);
                }
            }
            json.truncate(cut.index(json.len()));
            if std::str::from_utf8(&json).is_ok() {
                check(&json);
            }
        }

        #[test]
        fn cut_and_damaged_documents_are_told_as_serde_does(
            values in prop::collection::vec(("\\PC{0,30}", any::<f64>(), any::<bool>()), 0..6),
            cut in any::<prop::sample::Index>(),
            byte in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
        ) {
            let mut json = serde_json::json!({"list": values, "x": {"y": null}}).to_string().into_bytes();
            check(&json);
            if let Some((at, byte)) = byte {
                let at = at.index(json.len());
                json[at] = if byte.is_ascii() { byte } else { b'x' };
                if std::str::from_utf8(&json).is_ok() {
                    check(&json);
                }
            }
            json.truncate(cut.index(json.len()));
            if std::str::from_utf8(&json).is_ok() {
                check(&json);
            }
        }
    }
}

//! A filter's text in tokens: words, quoted text, signs.

use std::ops::Range;

use super::FilterError;
use crate::schema::usage::dimension::TAG_PREFIX;

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// Bare characters: a name, a keyword or a value. A tag's key may have been quoted.
    Word(String),
    /// Quoted characters: a value, or a name.
    Quoted(String),
    /// An operator, bracket or comma.
    Sign(&'static str),
    /// The end of the text.
    End,
}

/// A token and the bytes it stands at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) place: Range<usize>,
}

impl Token {
    /// Whether it is this keyword, in any letter case.
    pub(super) fn is(&self, keyword: &str) -> bool {
        matches!(&self.kind, Kind::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    pub(super) fn is_sign(&self, sign: &str) -> bool {
        matches!(self.kind, Kind::Sign(found) if found == sign)
    }
}

/// Longest first, so that `<=` is not read as `<`.
const SIGNS: [&str; 14] =
    ["!=", "<>", "<=", ">=", "!~", "==", "=", "<", ">", "~", "(", ")", ",", "!"];

/// The tokens, the last one [`Kind::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, FilterError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let start = at;
        let kind = if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        } else if is_quote(c) {
            let (content, end) = quoted_from(text, at, c)?;
            at = end;
            Kind::Quoted(content)
        } else if let Some(sign) = SIGNS.into_iter().find(|sign| text[at..].starts_with(sign)) {
            at += sign.len();
            Kind::Sign(sign)
        } else {
            let (word, end) = word_from(text, at)?;
            at = end;
            Kind::Word(word)
        };
        tokens.push(Token { kind, place: start..at });
    }
    tokens.push(Token { kind: Kind::End, place: text.len()..text.len() });
    Ok(tokens)
}

/// Text in quotes, quotes inside doubled.
pub(super) fn quoted(text: &str, quote: char) -> String {
    let doubled = text.replace(quote, &format!("{quote}{quote}"));
    format!("{quote}{doubled}{quote}")
}

/// Whether the text can stand without quotes, as far as its characters go.
pub(super) fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_word_character)
}

fn word_from(text: &str, start: usize) -> Result<(String, usize), FilterError> {
    let rest = &text[start..];
    let length = rest.find(|c| !is_word_character(c)).unwrap_or(rest.len());
    let (word, end) = (&rest[..length], start + length);
    match text[end..].chars().next() {
        Some(quote) if word == TAG_PREFIX && is_quote(quote) => {
            let (key, end) = quoted_from(text, end, quote)?;
            Ok((format!("{word}{key}"), end))
        }
        _ => Ok((word.to_owned(), end)),
    }
}

/// The content of the quotes that open at `start`, and the byte after them.
fn quoted_from(text: &str, start: usize, quote: char) -> Result<(String, usize), FilterError> {
    let mut content = String::new();
    let mut characters = text[start + quote.len_utf8()..].char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        if c != quote {
            content.push(c);
        } else if characters.next_if(|(_, next)| *next == quote).is_some() {
            content.push(quote);
        } else {
            return Ok((content, start + quote.len_utf8() + at + quote.len_utf8()));
        }
    }
    Err(FilterError::new("a quote is opened and not closed", text, start..start + 1)
        .with_hint("a quote inside quoted text is written twice"))
}

fn is_quote(c: char) -> bool {
    matches!(c, '\'' | '"')
}

fn is_word_character(c: char) -> bool {
    !c.is_whitespace()
        && !is_quote(c)
        && !matches!(c, '=' | '!' | '<' | '>' | '~' | '(' | ')' | ',')
}

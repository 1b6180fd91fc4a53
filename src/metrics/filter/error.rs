//! Why a text is no filter: what, where, and what was probably meant.

use std::fmt;
use std::ops::Range;

/// A filter that can't be read. Prints the problem, the text, and a caret under the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterError {
    problem: String,
    text: String,
    /// Bytes of the text.
    place: Range<usize>,
    hint: Option<String>,
}

impl FilterError {
    pub(super) fn new(problem: impl Into<String>, text: &str, place: Range<usize>) -> Self {
        Self { problem: problem.into(), text: text.to_owned(), place, hint: None }
    }

    pub(super) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What to write instead.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Where the problem starts: characters of the text, from 1.
    pub fn column(&self) -> usize {
        self.chars_before(self.place.start) + 1
    }

    fn chars_before(&self, byte: usize) -> usize {
        self.text.char_indices().take_while(|(at, _)| *at < byte).count()
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: String =
            self.text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let from = self.chars_before(self.place.start);
        let length = self.chars_before(self.place.end).saturating_sub(from).max(1);
        write!(f, "{}\n  {shown}\n  {}{}", self.problem, " ".repeat(from), "^".repeat(length))
    }
}

impl std::error::Error for FilterError {}

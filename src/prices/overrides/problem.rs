//! What is wrong with a prices file: where, which key, and what is allowed.

use std::fmt;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// The table, e.g. `price 2 (acme.one)`; empty for the file itself.
    pub place: String,
    /// The key.
    pub key: String,
    /// What is wrong, and what is allowed.
    pub problem: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if !self.place.is_empty() {
            write!(f, ", {}", self.place)?;
        }
        if !self.key.is_empty() {
            write!(f, ": `{}`", self.key)?;
        }
        write!(f, " {}", self.problem)
    }
}

/// A prices file that can't be used. Nothing of it is used then, nor are prices without it.
#[derive(Debug, thiserror::Error)]
pub struct OverridesError {
    /// Path, as named.
    pub file: String,
    /// What is wrong, table by table, keys that aren't known first; at least one.
    pub problems: Vec<Problem>,
}

impl fmt::Display for OverridesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.file)?;
        if let Some(first) = self.problems.first() {
            write!(f, ", {first}")?;
        }
        match self.problems.len() {
            0 | 1 => Ok(()),
            count => write!(f, " (and {} more)", count - 1),
        }
    }
}

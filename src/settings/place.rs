//! Where in a configuration file something is wrong.

use std::ops::Range;
use std::path::Path;

use super::Error;
use crate::likeness::{ALIKE, nearest};

/// A configuration file and its text.
#[derive(Clone, Copy)]
pub(super) struct Place<'f> {
    pub(super) text: &'f str,
    pub(super) path: &'f Path,
}

impl<'f> Place<'f> {
    /// The folder that paths in the file are relative to.
    pub(super) fn folder(self) -> &'f Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// A problem with what stands at these bytes.
    pub(super) fn problem(self, at: Range<usize>, message: impl Into<String>) -> Error {
        Error::Invalid {
            message: message.into(),
            path: self.path.to_owned(),
            line: self.line(at.start),
            nearest: None,
            allowed: None,
        }
    }

    /// What the parser says is wrong.
    pub(super) fn mistake(self, error: &toml::de::Error) -> Error {
        let unknown = unknown_key(error.message());
        let message = unknown
            .as_ref()
            .map_or_else(|| error.message().to_owned(), |(key, _)| format!("unknown key `{key}`"));
        Error::Invalid {
            message,
            path: self.path.to_owned(),
            line: self.line(error.span().map_or(0, |span| span.start)),
            nearest: unknown
                .as_ref()
                .and_then(|(key, allowed)| nearest(key, allowed.iter().copied(), ALIKE))
                .map(str::to_owned),
            allowed: unknown.map(|(_, allowed)| allowed.join(", ")),
        }
    }

    /// A key that may not stand there.
    pub(super) fn unknown<'k>(
        self,
        key: &str,
        at: usize,
        known: impl Iterator<Item = &'k String> + Clone,
    ) -> Error {
        let allowed: Vec<&str> = known.map(String::as_str).collect();
        Error::Invalid {
            message: format!("unknown key `{key}`"),
            path: self.path.to_owned(),
            line: self.line(at),
            nearest: nearest(key, allowed.iter().copied(), ALIKE).map(str::to_owned),
            allowed: Some(allowed.join(", ")),
        }
    }

    fn line(self, at: usize) -> usize {
        self.text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
    }
}

/// The key and the allowed ones that serde's "unknown field" message names.
fn unknown_key(message: &str) -> Option<(&str, Vec<&str>)> {
    let mut quoted = message.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2);
    let key = quoted.next()?;
    Some((key, quoted.collect()))
}

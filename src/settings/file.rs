//! The configuration file, TOML: what it may hold, and what is wrong with it, by line.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::source::SourceSettings;
use super::{Error, ingest, source};
use crate::likeness::{ALIKE, nearest};

/// What a configuration file may hold. Every key is optional; an unknown key is an error.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Contents {
    pub(super) store: Option<PathBuf>,
    pub(super) timezone: Option<String>,
    #[serde(default)]
    pub(super) ingest: ingest::Written,
    #[serde(default)]
    pub(super) source: Vec<SourceSettings>,
    #[serde(default)]
    pub(super) prices: Prices,
}

/// `[prices]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Prices {
    pub(super) file: Option<PathBuf>,
}

const KEYS: [&str; 4] = ["store", "timezone", "prices", "file"];

pub(super) fn read(path: &Path) -> Result<Contents, Error> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| Error::Unreadable { path: path.to_owned(), source })?;
    parse(&text, path)
}

fn parse(text: &str, path: &Path) -> Result<Contents, Error> {
    toml::from_str(text).map_err(|error| {
        let unknown = unknown_key(error.message());
        let start = error.span().map_or(0, |span| span.start);
        Error::Invalid {
            message: unknown
                .map_or_else(|| error.message().to_owned(), |key| format!("unknown key `{key}`")),
            path: path.to_owned(),
            line: text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1,
            nearest: unknown.and_then(|key| {
                let keys = KEYS.into_iter().chain(ingest::KEYS).chain(source::KEYS);
                nearest(key, keys, ALIKE).map(str::to_owned)
            }),
        }
    })
}

/// The key that serde's "unknown field" message names.
fn unknown_key(message: &str) -> Option<&str> {
    message.strip_prefix("unknown field `")?.split('`').next()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Error, parse};

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_the_nearest_known_one() {
        let text = "store = \"/tmp/x\"\n\ntimezon = \"UTC\"\n";
        let error = parse(text, Path::new("lens.toml")).expect_err("unknown key");
        assert_eq!(error.to_string(), "unknown key `timezon` in `lens.toml`, line 3");
        assert_eq!(error.hint().as_deref(), Some("did you mean `timezone`?"));
    }

    #[test]
    fn a_value_of_the_wrong_form_is_an_error_not_the_default() {
        let result = parse("[ingest]\nmax_object_bytes = \"1 GiB\"\n", Path::new("lens.toml"));
        assert!(matches!(result, Err(Error::Invalid { line: 2, .. })), "{result:?}");
    }
}

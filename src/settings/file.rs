//! The configuration file, TOML: what it may hold, and what is wrong with it, by line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::schema::target::Target;

use super::place::Place;
use super::source::SourceSettings;
use super::{
    Error, alerts, allocation, brand, budgets, ingest, mail, quotas, savings, security, upload,
    worth,
};

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
    #[serde(default)]
    pub(super) allocation: allocation::Contents,
    #[serde(default)]
    pub(super) budget: Vec<toml::Spanned<budgets::Contents>>,
    #[serde(default)]
    pub(super) quota: Vec<toml::Spanned<quotas::Contents>>,
    #[serde(default)]
    pub(super) anomalies: Anomalies,
    #[serde(default)]
    pub(super) savings: savings::Contents,
    #[serde(default)]
    pub(super) security: security::Contents,
    #[serde(default)]
    pub(super) audit: security::Audit,
    #[serde(default)]
    pub(super) alerts: alerts::Contents,
    /// `[targets]`: what key figures should be, by name.
    #[serde(default)]
    pub(super) targets: BTreeMap<String, Target>,
    #[serde(default)]
    pub(super) mail: mail::Contents,
    #[serde(default)]
    pub(super) recipients: Vec<toml::Spanned<mail::RecipientList>>,
    pub(super) upload: Option<toml::Spanned<upload::UploadSettings>>,
    #[serde(default)]
    pub(super) brand: brand::BrandSettings,
    #[serde(default)]
    pub(super) worth: worth::Contents,
    /// The text of the file, for the lines of what is wrong in it.
    #[serde(skip)]
    pub(super) text: String,
}

/// `[anomalies]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Anomalies {
    pub(super) rules: Option<PathBuf>,
}

/// `[prices]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Prices {
    pub(super) file: Option<PathBuf>,
    pub(super) book: Option<PathBuf>,
    pub(super) cached_tokens: Option<super::CachedTokens>,
}

pub(super) fn read(path: &Path) -> Result<Contents, Error> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| Error::Unreadable { path: path.to_owned(), source })?;
    parse(&text, path)
}

fn parse(text: &str, path: &Path) -> Result<Contents, Error> {
    let contents: Contents =
        toml::from_str(text).map_err(|error| Place { text, path }.mistake(&error))?;
    Ok(Contents { text: text.to_owned(), ..contents })
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

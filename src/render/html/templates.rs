//! The page's templates: embedded, and replaceable by name.

use std::collections::BTreeMap;

use crate::render::email::MAIL_PAGE;

/// Template sources by file name; starts with those embedded in the binary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Templates(BTreeMap<String, String>);

/// File names of all templates that pages are made of.
pub fn names() -> impl Iterator<Item = &'static str> {
    EMBEDDED.into_iter().map(|(name, _)| name)
}

/// Name of the template a page starts with.
pub const PAGE: &str = "report.html.j2";

/// Name of the template of an audit pack.
pub const PACK: &str = "audit-pack.html.j2";

const EMBEDDED: [(&str, &str); 8] = [
    (PAGE, include_str!("../../../report-templates/report.html.j2")),
    ("section.html.j2", include_str!("../../../report-templates/section.html.j2")),
    ("parts.html.j2", include_str!("../../../report-templates/parts.html.j2")),
    (MAIL_PAGE, include_str!("../../../report-templates/email.html.j2")),
    ("email.css", include_str!("../../../report-templates/email.css")),
    ("style.css", include_str!("../../../report-templates/style.css")),
    (PACK, include_str!("../../../report-templates/audit-pack.html.j2")),
    ("audit-pack.css", include_str!("../../../report-templates/audit-pack.css")),
];

impl Default for Templates {
    fn default() -> Self {
        let own = |(name, source): (&str, &str)| (name.to_owned(), source.to_owned());
        Self(EMBEDDED.into_iter().map(own).collect())
    }
}

impl Templates {
    /// These templates with one replaced or added.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, source: impl Into<String>) -> Self {
        self.0.insert(name.into(), source.into());
        self
    }

    /// Names and sources, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, source)| (name.as_str(), source.as_str()))
    }
}

//! `[brand]`: whose reports are.

use std::path::{Path, PathBuf};

use serde::Deserialize;

/// `[brand]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BrandSettings {
    /// The name above every report, in place of the tool's.
    pub title: Option<String>,
    /// A picture beside it: PNG, JPEG, GIF, WebP or SVG. Relative to the configuration file.
    pub logo: Option<PathBuf>,
    /// The colour of links and marks on the light page: `#1f5fc4`.
    pub accent: Option<String>,
    /// The same on the dark page.
    pub accent_dark: Option<String>,
}

impl BrandSettings {
    /// With the logo's path as seen from here.
    pub(super) fn below(self, folder: &Path) -> Self {
        Self { logo: self.logo.map(|logo| folder.join(logo)), ..self }
    }
}

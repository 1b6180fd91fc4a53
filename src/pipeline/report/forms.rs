//! The forms of a finished report: made, named, written.

use std::path::{Path, PathBuf};

use super::super::Error;
use crate::render::format::Script;
use crate::render::{self, Look, TextOptions, Theme};
use crate::report::parts::Report;

/// A form of a finished report.
#[derive(Debug, Clone, Copy)]
pub enum ReportForm {
    /// One self-contained page.
    Html(Theme),
    /// Plain text.
    Text(TextOptions),
    /// The report's values.
    Json,
}

impl ReportForm {
    fn extension(self) -> &'static str {
        match self {
            Self::Html(_) => "html",
            Self::Text(_) => "txt",
            Self::Json => "json",
        }
    }
}

/// The report in a form.
///
/// # Errors
/// When a template is wrong.
pub fn rendered(report: &Report, form: ReportForm, look: &Look) -> Result<String, Error> {
    match form {
        ReportForm::Html(theme) => render::html(report, look, theme).map_err(Error::Render),
        ReportForm::Text(options) => Ok(render::text(report, options)),
        ReportForm::Json => render::json(report).map_err(Error::Render),
    }
}

/// Writes the page to a file and returns its path: `target` itself, or below it when it is a
/// folder, or in the current folder when there is none.
///
/// # Errors
/// When the file can't be written.
pub fn write(
    report: &Report,
    form: ReportForm,
    page: &str,
    target: Option<&Path>,
) -> Result<PathBuf, Error> {
    let audience = report.audience.map(|audience| format!("-{audience}")).unwrap_or_default();
    let name =
        format!("report-{}{audience}-{}.{}", report.kind, report.period_name, form.extension());
    let path = match target {
        Some(folder) if folder.is_dir() => folder.join(name),
        Some(file) => file.to_owned(),
        None => PathBuf::from(name),
    };
    std::fs::write(&path, page).map_err(|source| Error::Write { path: path.clone(), source })?;
    Ok(path)
}

/// The report's headline as one line of text.
pub fn headline(report: &Report) -> String {
    render::headline(report, Script::Unicode)
}

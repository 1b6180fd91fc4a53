//! A finished report in its forms: bytes with a name and a content type.

use std::path::{Path, PathBuf};

use super::Error;
use crate::deliver::{file, print};
use crate::render::format::Script;
use crate::render::{self, Look, TextOptions, Theme};
use crate::report::parts::Report;

/// A form of a finished report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportForm {
    /// One self-contained page.
    Html,
    /// The page, printed.
    Pdf,
    /// Plain text.
    Text(TextOptions),
    /// The report's values.
    Json,
    /// Its tables, a zip of CSV files.
    Csv,
    /// Its tables, a workbook.
    Xlsx,
}

/// How pages look, and what prints them.
#[derive(Debug, Clone, Copy)]
pub struct Press<'a> {
    /// Templates and brand.
    pub look: &'a Look,
    /// Light or dark.
    pub theme: Theme,
    /// The browser to print with; none is the first that is found.
    pub browser: Option<&'a Path>,
    /// Where programs are looked for.
    pub search: &'a [PathBuf],
}

impl ReportForm {
    /// The end of a file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Pdf => "pdf",
            Self::Text(_) => "txt",
            Self::Json => "json",
            Self::Csv => "csv.zip",
            Self::Xlsx => "xlsx",
        }
    }

    /// The content type, for S3 and mail.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Html => "text/html; charset=utf-8",
            Self::Pdf => "application/pdf",
            Self::Text(_) => "text/plain; charset=utf-8",
            Self::Json => "application/json",
            Self::Csv => "application/zip",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    /// The name of its file: `report-weekly-2026-W46.html`, `report-weekly-finance-2026-W46.html`.
    pub fn file_name(self, report: &Report) -> String {
        file_name(report, self.extension())
    }
}

/// `report-weekly-2026-W46.EXTENSION`.
pub fn file_name(report: &Report, extension: &str) -> String {
    let audience = report.audience.map(|audience| format!("-{audience}")).unwrap_or_default();
    format!("report-{}{audience}-{}.{extension}", report.kind, report.period_name)
}

/// The report in a form.
///
/// # Errors
/// When a template is wrong, or no browser is there to print.
pub fn rendered(report: &Report, form: ReportForm, press: &Press<'_>) -> Result<Vec<u8>, Error> {
    let render = |page: Result<String, render::Error>| page.map(String::into_bytes);
    match form {
        ReportForm::Html => render(render::html(report, press.look, press.theme)),
        ReportForm::Pdf => {
            let browser = print::browser(press.browser, press.search)?;
            let page = render::html(report, press.look, Theme::Light).map_err(Error::Render)?;
            return Ok(print::pdf(&page, &browser)?);
        }
        ReportForm::Text(options) => Ok(render::text(report, options).into_bytes()),
        ReportForm::Json => render(render::json(report)),
        ReportForm::Csv => render::archive(report),
        ReportForm::Xlsx => render::workbook(report),
    }
    .map_err(Error::Render)
}

/// Writes a file whole or not at all; one of the name is replaced.
///
/// # Errors
/// When the folder can't be written.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    Ok(file::write_whole(path, bytes)?)
}

/// The report's headline as one line of text.
pub fn headline(report: &Report) -> String {
    render::headline(report, Script::Unicode)
}

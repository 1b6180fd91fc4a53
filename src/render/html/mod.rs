//! The self-contained HTML page: no script, no external load, every text escaped.
//!
//! `view` turns the report into words; the templates only place them.

pub mod templates;
mod view;

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};

use super::{Brand, Error};
use crate::report::pack::PackReport;
use crate::report::parts::Report;
use templates::{PACK, PAGE, Templates};

/// Light or dark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the reader's system prefers.
    #[default]
    Auto,
    /// Always light.
    Light,
    /// Always dark, except in print.
    Dark,
}

impl Theme {
    /// Value of `data-theme`, if the page carries one.
    fn attribute(self) -> Option<&'static str> {
        match self {
            Self::Auto => None,
            Self::Light => Some("light"),
            Self::Dark => Some("dark"),
        }
    }
}

/// How pages look: their templates and whose they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// The templates.
    pub templates: Templates,
    /// Name, logo and colours.
    pub brand: Brand,
}

/// The report as one HTML page.
///
/// # Errors
/// [`Error::Template`] when a template is faulty, [`Error::Chart`] when a chart can't be drawn.
pub fn html(report: &Report, look: &Look, theme: Theme) -> Result<String, Error> {
    let page = view::page(report, theme.attribute(), &look.brand)?;
    filled(&look.templates, PAGE, page.into())
}

/// An audit pack's report as one HTML document, for the screen and for paper.
///
/// # Errors
/// As [`html`].
pub fn pack_html(report: &PackReport, look: &Look, theme: Theme) -> Result<String, Error> {
    let page = view::pack::page(report, theme.attribute(), &look.brand)?;
    filled(&look.templates, PACK, page.into())
}

fn filled(templates: &Templates, name: &str, page: minijinja::Value) -> Result<String, Error> {
    environment(templates)?
        .get_template(name)
        .and_then(|template| template.render(page))
        .map_err(|error| template_error(name, error))
}

pub(super) fn environment(templates: &Templates) -> Result<Environment<'_>, Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.map_err(|error| template_error(PAGE, error))?);
    for (name, source) in templates.iter() {
        environment.add_template(name, source).map_err(|error| template_error(name, error))?;
    }
    Ok(environment)
}

pub(super) fn template_error(asked: &str, error: minijinja::Error) -> Error {
    let name = error.name().unwrap_or(asked).to_owned();
    Error::Template { name, source: Box::new(error) }
}

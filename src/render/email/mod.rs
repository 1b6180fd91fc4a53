//! The report as a mail: a page of tables with its style in place, a plain-text part, a chart as PNG.
//!
//! Short by design: the headline, four figures, what needs attention, one chart and the five largest
//! lines; the whole report is attached or linked. `content` chooses, the template and `text` only place.
//! Both parts say the same figures in the same order. Nothing is loaded from elsewhere.

mod content;
mod text;
mod top;
mod words;

use css_inline::CSSInliner;

use super::html::{environment, template_error};
use super::png::png;
use super::{Error, Look};
use crate::report::parts::Report;
use content::Content;

/// Name of the template of the mail's page.
pub const MAIL_PAGE: &str = "email.html.j2";

/// A mail, but for whom it is from and to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    /// The figure, its change, and what is worst.
    pub subject: String,
    /// The page, below 100 KB.
    pub html: String,
    /// The same as text: ASCII, 72 columns.
    pub text: String,
    /// The page's images.
    pub images: Vec<Image>,
}

/// An image that the page names by `cid:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Content id, unique in the mail.
    pub cid: &'static str,
    /// The bytes of a PNG.
    pub png: Vec<u8>,
}

/// What the mail says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// Files that come with it: name, and what it is in a phrase.
    pub attached: Vec<(String, &'static str)>,
    /// Where the whole report can be fetched.
    pub link: Option<Link>,
    /// The list it is sent to.
    pub list: Option<String>,
    /// The file that the list stands in, whose owner can be asked to be taken off.
    pub owner: Option<String>,
    /// The tool's version.
    pub version: &'static str,
}

/// A link to the whole report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Where.
    pub url: String,
    /// Until when it works, in words.
    pub until: String,
}

/// The report as a mail.
///
/// # Errors
/// [`Error::Template`] when the template is faulty, [`Error::Chart`] when the chart can't be drawn,
/// [`Error::Css`] when the style can't be put in place.
pub fn email(report: &Report, look: &Look, about: &About) -> Result<Email, Error> {
    let content = Content::of(report, &look.brand, about)?;
    let environment = environment(&look.templates)?;
    let page = environment
        .get_template(MAIL_PAGE)
        .and_then(|template| template.render(content.clone()))
        .map_err(|error| template_error(MAIL_PAGE, error))?;
    let inliner = CSSInliner::options()
        .load_remote_stylesheets(false)
        .keep_at_rules(true)
        .minify_css(true)
        .build();
    let html = inliner.inline(&page).map_err(|error| Error::Css(error.to_string()))?;
    let images = match &content.chart {
        Some(chart) => {
            vec![Image { cid: content::CHART_CID, png: png(&chart.svg, &chart.heading)? }]
        }
        None => Vec::new(),
    };
    Ok(Email { subject: content.subject.clone(), html, text: text::text(&content), images })
}

#[cfg(test)]
mod tests;

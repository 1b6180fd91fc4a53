//! From plotters' SVG to one that belongs into the page: named, themed, without a font or a size.

use super::canvas::{Canvas, DrawError};
use super::style::palette;
use crate::render::format::words::legible as clean;

/// What a chart is called and says to those who don't see it.
#[derive(Debug, Clone)]
pub(super) struct Words<'w> {
    /// Prefix of the ids inside the page, unique in it.
    pub(super) id: &'w str,
    /// Title.
    pub(super) title: &'w str,
    /// What it shows, with its values.
    pub(super) description: &'w str,
    /// Class of the `svg` element.
    pub(super) class: &'static str,
}

/// Draws on a fresh canvas and returns the finished element.
///
/// # Errors
/// When the drawing library fails.
pub(super) fn draw(
    words: &Words,
    (width, height): (f64, f64),
    paint: impl FnOnce(&Canvas) -> Result<(), DrawError>,
) -> Result<String, DrawError> {
    let mut buffer = String::new();
    let canvas = Canvas::new(&mut buffer, width, height);
    paint(&canvas)?;
    canvas.finish()?;
    let (_, body) = buffer.split_once('>').ok_or("the drawing library wrote no SVG")?;
    let body = body.trim().strip_suffix("</svg>").ok_or("the drawing library cut the SVG short")?;
    Ok(format!("{}{}</svg>", head(words, width, height), themed(body)))
}

fn head(words: &Words, width: f64, height: f64) -> String {
    let Words { id, title, description, class } = words;
    let (title, description) = (escape(title), escape(description));
    let (wide, high) = (width * super::canvas::SCALE, height * super::canvas::SCALE);
    format!(
        "<svg class=\"{class}\" viewBox=\"0 0 {wide:.0} {high:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\">\
         <title id=\"{id}-t\">{title}</title><desc id=\"{id}-d\">{description}</desc>\n"
    )
}

/// Light colours become tokens; what the style sheet decides is taken out.
///
/// Only attributes are touched: inside text, quotes are escaped, so `"#HEX"` can't occur there.
fn themed(body: &str) -> String {
    let mut out = body
        .replace(" font-family=\"sans-serif\"", "")
        .replace(" opacity=\"1\"", "")
        .replace("dy=\"0.5ex\"", "dy=\"0.35em\"")
        // Inside text `>` is escaped: a tag ends here.
        .replace(">\n", ">")
        .replace("\n</text>", "</text>");
    for ink in palette() {
        let hex = format!("#{:02X}{:02X}{:02X}", ink.rgb.0, ink.rgb.1, ink.rgb.2);
        out = out.replace(&format!("\"{hex}\""), &format!("\"var(--{},{hex})\"", ink.token));
    }
    out
}

/// Escapes text for an element or attribute.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

//! How charts look: the palette as drawn, sizes, and how wide text is.
//!
//! Charts are drawn with the light palette; the post-pass in `svg` turns each colour
//! into its token, so that the page's theme decides. Light values are unique per token.

use plotters::style::RGBColor;

use crate::report::parts::Tone;

/// A colour of the palette.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ink {
    /// Name of the token, as in the style sheet.
    pub token: &'static str,
    /// Its light value.
    pub rgb: RGBColor,
}

const fn ink(token: &'static str, r: u8, g: u8, b: u8) -> Ink {
    Ink { token, rgb: RGBColor(r, g, b) }
}

/// Page.
pub const SURFACE: Ink = ink("surface", 0xFF, 0xFF, 0xFF);
/// Quiet ground.
pub const SURFACE_2: Ink = ink("surface-2", 0xF5, 0xF6, 0xF8);
/// Text.
pub const INK: Ink = ink("ink", 0x16, 0x1B, 0x22);
/// Secondary text.
pub const INK_2: Ink = ink("ink-2", 0x46, 0x4F, 0x5B);
/// Labels.
pub const INK_3: Ink = ink("ink-3", 0x64, 0x6E, 0x7B);
/// Grid.
pub const LINE: Ink = ink("line", 0xE1, 0xE5, 0xEA);
/// Dividers.
pub const LINE_2: Ink = ink("line-2", 0xC9, 0xCF, 0xD7);
/// Axes.
pub const AXIS: Ink = ink("axis", 0x8A, 0x94, 0xA1);
/// Previous period, context marks.
pub const GHOST: Ink = ink("ghost", 0x87, 0x93, 0xA3);
/// Accent: the current period.
pub const C1: Ink = ink("c1", 0x1F, 0x5F, 0xC4);
/// Orange.
pub const C2: Ink = ink("c2", 0xA8, 0x52, 0x1B);
/// Teal.
pub const C3: Ink = ink("c3", 0x13, 0x6B, 0x60);
/// Sub-bars, edges of a band.
pub const C1_SOFT: Ink = ink("c1-soft", 0x86, 0xA8, 0xDF);
/// Reductions in parts.
pub const C3_SOFT: Ink = ink("c3-soft", 0x7F, 0xB3, 0xAB);
/// The 80% band.
pub const BAND: Ink = ink("band", 0xDC, 0xE7, 0xF6);
/// Medium findings.
pub const WARN: Ink = ink("warn", 0x8A, 0x5A, 0x00);
const C4: Ink = ink("c4", 0xD0, 0x3F, 0x7F);
const C5: Ink = ink("c5", 0x54, 0x3A, 0x85);
const C6: Ink = ink("c6", 0xA9, 0x8B, 0x12);
const C7: Ink = ink("c7", 0x21, 0x96, 0xDC);
/// Grey: always "other".
pub const OTHER: Ink = ink("c8", 0x78, 0x82, 0x8F);
/// Missed targets and partial logs.
pub const BAD: Ink = ink("bad", 0xB3, 0x26, 0x1E);

/// Steps of a heat map, low to high.
pub const SEQUENCE: [Ink; 6] = [
    ink("q0", 0xEE, 0xF3, 0xF9),
    ink("q1", 0xCF, 0xE0, 0xF1),
    ink("q2", 0xA3, 0xC5, 0xE6),
    ink("q3", 0x6A, 0x9F, 0xD4),
    ink("q4", 0x32, 0x73, 0xB8),
    ink("q5", 0x12, 0x3F, 0x77),
];

/// Categories in the order of best contrast between neighbours.
const CATEGORIES: [Ink; 7] = [C1, C7, C2, C3, C4, C5, C6];

/// Every colour a chart may use, for the post-pass.
pub fn palette() -> impl Iterator<Item = Ink> {
    [
        SURFACE, SURFACE_2, INK, INK_2, INK_3, LINE, LINE_2, AXIS, GHOST, OTHER, BAD, WARN, BAND,
        C1_SOFT, C3_SOFT,
    ]
    .into_iter()
    .chain(CATEGORIES)
    .chain(SEQUENCE)
}

/// The colour of a category; beyond the palette and for `None` it is the grey of "other".
pub fn category(color: Option<usize>) -> Ink {
    color.and_then(|index| CATEGORIES.get(index)).copied().unwrap_or(OTHER)
}

/// The colour of a class of failed calls.
pub fn class(tone: Tone) -> Ink {
    match tone {
        Tone::Bad => C2,
        Tone::Warn => C6,
        Tone::Good => C3,
        Tone::Neutral => C1,
        Tone::Mute => GHOST,
    }
}

/// Width of every chart but the sparkline, pixels.
pub const WIDTH: f64 = 640.0;
/// Size of labels.
pub const LABEL: f64 = 12.0;
/// Size of axis text.
pub const AXIS_TEXT: f64 = 11.0;

/// Width of a text set in Arial or Liberation Sans, pixels.
pub fn text_width(text: &str, size: f64) -> f64 {
    text.chars().map(advance).sum::<f64>() * size / 1_000.0
}

/// Width of a bold text.
pub fn bold_width(text: &str, size: f64) -> f64 {
    text_width(text, size) * 1.07
}

/// The text cut at its end so that it is at most `width` wide.
pub fn fit(text: &str, size: f64, width: f64) -> String {
    if text_width(text, size) <= width {
        return text.to_owned();
    }
    let room = width - text_width("…", size);
    let mut used = 0.0;
    let mut short = String::new();
    for c in text.chars() {
        used += advance(c) * size / 1_000.0;
        if used > room {
            break;
        }
        short.push(c);
    }
    short.push('…');
    short
}

/// Letters kept at the end of a name that is cut in its middle.
const TAIL: usize = 8;

/// A name cut in its middle, since names of a kind begin alike and differ at their ends.
pub fn fit_name(name: &str, size: f64, width: f64) -> String {
    let length = name.chars().count();
    if text_width(name, size) <= width || length <= 2 * TAIL {
        return fit(name, size, width);
    }
    let head: String = name.chars().take(length - TAIL).collect();
    let tail: String = name.chars().skip(length - TAIL).collect();
    let room = width - text_width(&tail, size);
    fit(&format!("{}{tail}", fit(&head, size, room)), size, width)
}

/// Advance widths of Helvetica's metrics, which Arial and Liberation Sans share, per 1,000 em.
fn advance(c: char) -> f64 {
    f64::from(match c {
        'i' | 'j' | 'l' | '\'' => 222,
        ' ' | '!' | ',' | '.' | '/' | ':' | ';' | 'I' | '[' | ']' | '\\' | 'f' | 't' | '\u{a0}' => {
            278
        }
        '(' | ')' | '-' | 'r' | '`' | '{' | '}' | '·' => 333,
        '"' => 355,
        '*' => 389,
        'c' | 'k' | 's' | 'v' | 'x' | 'y' | 'z' | 'J' => 500,
        '+' | '<' | '=' | '>' | '~' | '−' => 584,
        'F' | 'T' | 'Z' => 611,
        '&' | 'A' | 'B' | 'E' | 'K' | 'P' | 'S' | 'V' | 'X' | 'Y' => 667,
        'C' | 'D' | 'H' | 'N' | 'R' | 'U' | 'w' => 722,
        'G' | 'O' | 'Q' => 778,
        'm' | 'M' => 833,
        '%' => 889,
        'W' => 944,
        '@' | '…' | '—' => 1_000,
        _ if c.is_ascii() || c == '–' => 556,
        // Latin letters with accents are about as wide as without; others up to a full em.
        '\u{c0}'..='\u{24f}' => 600,
        _ => 1_000,
    })
}

#[cfg(test)]
mod tests {
    use super::{fit, fit_name, palette, text_width};

    #[test]
    fn light_values_are_unique_per_token() {
        let inks: Vec<_> = palette().collect();
        for (i, a) in inks.iter().enumerate() {
            for b in &inks[i + 1..] {
                assert_ne!(a.rgb, b.rgb, "{} and {}", a.token, b.token);
            }
        }
    }

    #[test]
    fn texts_are_cut_to_their_room() {
        let long = fit(&"very-long-model-name".repeat(5), 12.0, 100.0);
        assert!(text_width(&long, 12.0) <= 100.0 && long.ends_with('…'), "{long}");
        assert_eq!(fit("short", 12.0, 100.0), "short");
        let name = fit_name("AWSReservedSSO_VeryLongName_00000009", 12.0, 150.0);
        assert!(text_width(&name, 12.0) <= 150.0, "{name}");
        assert!(name.starts_with("AWSRes") && name.ends_with("…00000009"), "{name}");
    }
}

//! Whose report it is: a name, a logo and an accent colour, checked before anything is drawn.
//!
//! Colours must be readable: the accent colours links and marks, so it needs a contrast of 4.5 to 1
//! with the page (WCAG 2.2, 1.4.3). Bytes arrive as values; no file is read here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Name, logo and colours of reports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Brand {
    title: Option<String>,
    logo: Option<Logo>,
    accent: Option<Rgb>,
    accent_dark: Option<Rgb>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Logo {
    media_type: &'static str,
    bytes: Vec<u8>,
}

/// A colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rgb([u8; 3]);

/// What is wrong with a brand.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BrandProblem {
    /// Not a colour.
    #[error("`{key}` must be a colour like `#1f5fc4`, not `{text}`")]
    NoColor {
        /// The key in the configuration.
        key: &'static str,
        /// As written.
        text: String,
    },
    /// A colour that can't be read on the page.
    #[error(
        "`{key}` = `{text}` has a contrast of {ratio:.1} to 1 with the {ground} page; text needs 4.5 to 1"
    )]
    LowContrast {
        /// The key in the configuration.
        key: &'static str,
        /// As written.
        text: String,
        /// Which page.
        ground: &'static str,
        /// The contrast.
        ratio: f64,
    },
    /// A logo of a form that pages don't show.
    #[error("the logo is no PNG, JPEG, GIF, WebP or SVG picture")]
    NoPicture,
    /// A logo that is too large for a page that carries it.
    #[error("the logo has {bytes} bytes; a page carries at most {LARGEST_LOGO}")]
    LargeLogo {
        /// Its size.
        bytes: usize,
    },
}

/// Bytes of the largest logo.
pub const LARGEST_LOGO: usize = 150_000;

/// The light and the dark page.
const LIGHT: Rgb = Rgb([0xFF, 0xFF, 0xFF]);
const DARK: Rgb = Rgb([0x11, 0x15, 0x1B]);
/// What text needs.
const READABLE: f64 = 4.5;

impl Brand {
    /// A brand with this name; none is the tool's own.
    pub fn named(title: Option<String>) -> Self {
        Self { title, ..Self::default() }
    }

    /// With a logo.
    ///
    /// # Errors
    /// When it is no picture, or too large.
    pub fn with_logo(self, bytes: Vec<u8>) -> Result<Self, BrandProblem> {
        if bytes.len() > LARGEST_LOGO {
            return Err(BrandProblem::LargeLogo { bytes: bytes.len() });
        }
        let media_type = media_type(&bytes).ok_or(BrandProblem::NoPicture)?;
        Ok(Self { logo: Some(Logo { media_type, bytes }), ..self })
    }

    /// With an accent on the light page.
    ///
    /// # Errors
    /// When it is no colour, or can't be read there.
    pub fn with_accent(self, text: &str) -> Result<Self, BrandProblem> {
        let accent = readable("brand.accent", text, LIGHT, "light")?;
        Ok(Self { accent: Some(accent), ..self })
    }

    /// With an accent on the dark page.
    ///
    /// # Errors
    /// When it is no colour, or can't be read there.
    pub fn with_accent_dark(self, text: &str) -> Result<Self, BrandProblem> {
        let accent = readable("brand.accent_dark", text, DARK, "dark")?;
        Ok(Self { accent_dark: Some(accent), ..self })
    }

    /// The name.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// The logo's media type and bytes.
    pub fn logo(&self) -> Option<(&'static str, &[u8])> {
        self.logo.as_ref().map(|logo| (logo.media_type, logo.bytes.as_slice()))
    }

    /// The accent on the light page as `#RRGGBB`.
    pub fn accent(&self) -> Option<String> {
        self.accent.map(Rgb::hex)
    }

    /// The logo inside a page.
    pub(super) fn logo_uri(&self) -> Option<String> {
        let logo = self.logo.as_ref()?;
        Some(format!("data:{};base64,{}", logo.media_type, STANDARD.encode(&logo.bytes)))
    }

    /// The rules that put the accent in place of the page's own.
    pub(super) fn style(&self) -> String {
        let light = self.accent.map(|rgb| format!(":root{{--c1:{}}}", rgb.hex()));
        let dark = self.accent_dark.map(|rgb| {
            let rule = format!("{{--c1:{}}}", rgb.hex());
            format!(
                "@media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]){rule}}}\
                 @media screen{{:root[data-theme=dark]{rule}}}"
            )
        });
        // A light accent alone must not show on the dark page, where nobody has checked it.
        let kept = (light.is_some() && dark.is_none()).then(|| {
            let rule = "{--c1:#36A6EC}";
            format!(
                "@media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]){rule}}}\
                 @media screen{{:root[data-theme=dark]{rule}}}"
            )
        });
        [light, dark, kept].into_iter().flatten().collect()
    }
}

fn media_type(bytes: &[u8]) -> Option<&'static str> {
    const SIGNS: [(&[u8], &str); 4] = [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF8", "image/gif"),
        (b"RIFF", "image/webp"),
    ];
    let by_sign = SIGNS.into_iter().find(|(sign, _)| bytes.starts_with(sign)).map(|(_, kind)| kind);
    let is_svg = || {
        let head = String::from_utf8_lossy(&bytes[..bytes.len().min(1_000)]).to_lowercase();
        head.trim_start_matches('\u{feff}').trim_start().starts_with('<') && head.contains("<svg")
    };
    by_sign.or_else(|| is_svg().then_some("image/svg+xml"))
}

fn readable(
    key: &'static str,
    text: &str,
    page: Rgb,
    ground: &'static str,
) -> Result<Rgb, BrandProblem> {
    let rgb =
        Rgb::parse(text).ok_or_else(|| BrandProblem::NoColor { key, text: text.to_owned() })?;
    let ratio = contrast(rgb, page);
    if ratio < READABLE {
        return Err(BrandProblem::LowContrast { key, text: text.to_owned(), ground, ratio });
    }
    Ok(rgb)
}

impl Rgb {
    fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        Some(Self([part(0)?, part(2)?, part(4)?]))
    }

    fn hex(self) -> String {
        let [r, g, b] = self.0;
        format!("#{r:02X}{g:02X}{b:02X}")
    }

    /// Relative luminance (WCAG 2.2).
    fn luminance(self) -> f64 {
        let part = |byte: u8| {
            let share = f64::from(byte) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        let [r, g, b] = self.0.map(part);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }
}

/// Contrast of two colours, 1 to 21 (WCAG 2.2).
fn contrast(one: Rgb, other: Rgb) -> f64 {
    let (a, b) = (one.luminance(), other.luminance());
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::{Brand, BrandProblem, Rgb, contrast};

    #[test]
    fn contrast_is_that_of_the_guideline() {
        let of = |a: &str, b: &str| {
            contrast(Rgb::parse(a).expect("a colour"), Rgb::parse(b).expect("a colour"))
        };
        assert!((of("#000000", "#ffffff") - 21.0).abs() < 1e-9);
        assert!((of("#777777", "#ffffff") - 4.48).abs() < 0.01);
    }

    #[test]
    fn colours_that_cant_be_read_are_refused() {
        let brand = Brand::default;
        assert!(brand().with_accent("#1f5fc4").is_ok());
        let error = brand().with_accent("#ffcc00").expect_err("too pale");
        assert!(error.to_string().contains("contrast of 1.5 to 1 with the light page"), "{error}");
        assert!(brand().with_accent_dark("#ffcc00").is_ok());
        for text in ["1f5fc4", "#1f5fc", "#1f5fcg", "red", "#é5fc4"] {
            let error = brand().with_accent(text).expect_err("no colour");
            assert!(matches!(error, BrandProblem::NoColor { .. }), "{text}");
        }
    }

    #[test]
    fn a_logo_is_told_by_its_bytes() {
        let with = |bytes: &[u8]| Brand::default().with_logo(bytes.to_vec());
        let logo = |bytes: &[u8]| with(bytes).expect("a picture").logo_uri().expect("a logo");
        assert!(logo(b"\x89PNG\r\n\x1a\n").starts_with("data:image/png;base64,"));
        let svg = "<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"/>";
        assert!(logo(svg.as_bytes()).starts_with("data:image/svg+xml;base64,"));
        assert_eq!(with(b"%PDF"), Err(BrandProblem::NoPicture));
        assert!(matches!(with(&vec![0; 200_000]), Err(BrandProblem::LargeLogo { .. })));
    }
}

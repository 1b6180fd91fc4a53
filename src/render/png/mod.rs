//! A chart as a PNG, for readers that show no SVG: light, twice as sharp, with a font of its own.
//!
//! The drawing library drops text without a word where it has no font for it. The font comes with the
//! tool, and a chart whose text would be missing is an error instead.

use std::sync::{Arc, OnceLock};

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::{Group, Node, Options, Tree, fontdb};

use super::Error;

/// Pixels of the image per pixel of the page.
const SHARPNESS: f32 = 2.0;
/// The family of the fonts in `fonts`.
const FAMILY: &str = "Lens Sans";

static REGULAR: &[u8] = include_bytes!("fonts/LensSans-Regular.ttf");
static BOLD: &[u8] = include_bytes!("fonts/LensSans-Bold.ttf");

/// A chart, as `render::charts` draws it, as the bytes of a PNG on a white ground.
///
/// # Errors
/// [`Error::Chart`] when it is no SVG, or when text would be left out.
pub(super) fn png(svg: &str, title: &str) -> Result<Vec<u8>, Error> {
    image(svg, fonts()).map_err(|reason| Error::Chart { title: title.to_owned(), reason })
}

fn image(svg: &str, fonts: &Arc<fontdb::Database>) -> Result<Vec<u8>, String> {
    let svg = standing_alone(svg);
    let options =
        Options { font_family: FAMILY.to_owned(), fontdb: Arc::clone(fonts), ..Options::default() };
    let tree = Tree::from_str(&svg, &options).map_err(|error| error.to_string())?;
    let (wanted, drawn) = (readable_texts(&svg), texts(tree.root()));
    if drawn < wanted {
        return Err(format!("{} of {wanted} texts could not be drawn", wanted - drawn));
    }
    let size = tree.size().to_int_size().scale_by(SHARPNESS).ok_or("it has no size")?;
    let mut ground = Pixmap::new(size.width(), size.height()).ok_or("it has no size")?;
    ground.fill(Color::WHITE);
    let scale = Transform::from_scale(SHARPNESS, SHARPNESS);
    resvg::render(&tree, scale, &mut ground.as_mut());
    ground.encode_png().map_err(|error| error.to_string())
}

/// The chart outside of its page: light colours for tokens, a name space, the font.
fn standing_alone(svg: &str) -> String {
    let mut out = String::with_capacity(svg.len());
    let mut rest = svg;
    while let Some((before, after)) = rest.split_once("var(--") {
        let (token, tail) = after.split_once(')').unwrap_or((after, ""));
        out.push_str(before);
        out.push_str(token.split_once(',').map_or("", |(_, light)| light));
        rest = tail;
    }
    out.push_str(rest);
    let head = format!("<svg xmlns=\"http://www.w3.org/2000/svg\" font-family=\"{FAMILY}\" ");
    out.replacen("<svg ", &head, 1)
}

/// How many texts hold a letter or digit that the font has.
fn readable_texts(svg: &str) -> usize {
    let contents = svg.split("<text").skip(1).filter_map(|rest| rest.split_once('>'));
    let contents = contents.map(|(_, rest)| rest.split('<').next().unwrap_or_default());
    contents.filter(|text| text.contains(|c: char| c.is_ascii_alphanumeric())).count()
}

/// How many texts have something to draw.
fn texts(group: &Group) -> usize {
    let of = |node: &Node| match node {
        Node::Group(inner) => texts(inner),
        Node::Text(text) => usize::from(!text.flattened().children().is_empty()),
        Node::Path(_) | Node::Image(_) => 0,
    };
    group.children().iter().map(of).sum()
}

fn fonts() -> &'static Arc<fontdb::Database> {
    static FONTS: OnceLock<Arc<fontdb::Database>> = OnceLock::new();
    FONTS.get_or_init(|| {
        let mut fonts = fontdb::Database::new();
        fonts.load_font_data(REGULAR.to_vec());
        fonts.load_font_data(BOLD.to_vec());
        Arc::new(fonts)
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use resvg::tiny_skia::Pixmap;

    use super::{image, png, standing_alone};

    const CHART: &str = "<svg class=\"ch\" viewBox=\"0 0 400 160\" width=\"100\" height=\"40\">\
        <rect x=\"0\" y=\"0\" width=\"40\" height=\"160\" fill=\"var(--c1,#1F5FC4)\"/>\
        <text x=\"200\" y=\"80\" font-size=\"60\" fill=\"var(--ink,#161B22)\">TEXT</text></svg>";

    /// Pixels that are dark, right of the bar.
    fn dark(image: &Pixmap) -> usize {
        let (width, bar) = (image.width() as usize, 30);
        let pixels = image.pixels().iter().enumerate();
        pixels.filter(|(at, pixel)| at % width > bar && pixel.red() < 0x60).count()
    }

    fn drawn(svg: &str) -> Pixmap {
        Pixmap::decode_png(&png(svg, "a chart").expect("drawn")).expect("a PNG")
    }

    #[test]
    fn text_is_drawn_in_light_colours_twice_as_sharp() {
        let image = drawn(CHART);
        assert_eq!((image.width(), image.height()), (200, 80));
        let bar = image.pixel(5, 40).expect("inside");
        assert_eq!((bar.red(), bar.green(), bar.blue()), (0x1F, 0x5F, 0xC4));
        assert!(dark(&image) > 200, "{} dark pixels", dark(&image));
        assert_eq!(dark(&drawn(&CHART.replace("TEXT", " "))), 0);
    }

    #[test]
    fn bold_is_another_font_than_regular() {
        let bold = CHART.replace("font-size", "font-weight=\"bold\" font-size");
        assert!(dark(&drawn(&bold)) > dark(&drawn(CHART)) * 11 / 10);
    }

    #[test]
    fn text_without_a_font_is_an_error_and_not_left_out() {
        let error = image(CHART, &Arc::default()).expect_err("no font");
        assert_eq!(error, "1 of 1 texts could not be drawn");
        drawn(&CHART.replace("TEXT", "漢字")); // signs that no font has stop nothing
        assert!(png("no chart", "a chart").is_err());
    }

    #[test]
    fn tokens_become_light_colours() {
        let alone = standing_alone(CHART);
        assert!(alone.contains("fill=\"#1F5FC4\"") && !alone.contains("var("), "{alone}");
    }
}

//! Aligned tables for terminals and plain text: no frames, two-space gutters.
//!
//! Cells arrive as words; nothing is rounded here. Text is stripped of control characters, so a
//! log can't move the cursor.

use super::format::Script;
use super::format::words::{clean, cut_middle};
use crate::report::parts::{Align, RowRole};

const GUTTER: &str = "  ";
/// No text column gets narrower than this.
const NARROWEST: usize = 10;

/// A column: head, unit below it, and where its cells stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Name.
    pub label: String,
    /// Unit, in a second line.
    pub unit: Option<String>,
    /// Text left, figures right.
    pub align: Align,
}

/// A row of words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// One cell per column.
    pub cells: Vec<String>,
    /// Totals are bold, notes dim.
    pub role: RowRole,
}

impl From<Vec<String>> for Row {
    fn from(cells: Vec<String>) -> Self {
        Self { cells, role: RowRole::Body }
    }
}

/// What to do with text that doesn't fit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fit {
    /// Nothing: as wide as it gets, for pipes.
    #[default]
    Never,
    /// Long cells lose their middle.
    Cut(usize),
    /// Long cells continue on the next line.
    Wrap(usize),
}

/// How a table is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TableOptions {
    /// What to do with text wider than the output.
    pub fit: Fit,
    /// Whether heads are dim and totals bold.
    pub color: bool,
    /// The characters to use.
    pub script: Script,
}

/// The table as lines, each ended by a newline.
pub fn table(heads: &[Head], rows: &[Row], options: TableOptions) -> String {
    let words = |text: &str| options.script.apply(clean(text));
    let body: Vec<(RowRole, Vec<String>)> = rows
        .iter()
        .map(|row| {
            let cell = |i: usize| row.cells.get(i).map_or_else(String::new, |text| words(text));
            (row.role, (0..heads.len()).map(cell).collect())
        })
        .collect();
    let labels: Vec<String> = heads.iter().map(|head| words(&head.label)).collect();
    let units: Vec<String> =
        heads.iter().map(|head| head.unit.as_deref().map_or_else(String::new, words)).collect();
    let widths = widths(heads, &[&labels, &units], &body, options.fit);

    let mut out = String::new();
    let paint = Paint { heads, widths: &widths, options };
    paint.lines(&mut out, &labels, Some(Weight::Dim));
    if units.iter().any(|unit| !unit.is_empty()) {
        paint.lines(&mut out, &units, Some(Weight::Dim));
    }
    for (role, cells) in &body {
        let weight = match role {
            RowRole::Total => Some(Weight::Bold),
            RowRole::Note | RowRole::Aside => Some(Weight::Dim),
            RowRole::Group | RowRole::Body => None,
        };
        paint.lines(&mut out, cells, weight);
    }
    out
}

/// Width of each column; where the output is too narrow, text columns give way, widest first.
fn widths(
    heads: &[Head],
    head_lines: &[&[String]],
    body: &[(RowRole, Vec<String>)],
    fit: Fit,
) -> Vec<usize> {
    let length = |text: &String| text.chars().count();
    let mut widths: Vec<usize> = (0..heads.len())
        .map(|i| {
            let in_heads = head_lines.iter().filter_map(|line| line.get(i)).map(length);
            let in_body = body.iter().filter_map(|(_, cells)| cells.get(i)).map(length);
            in_heads.chain(in_body).max().unwrap_or_default()
        })
        .collect();
    let (Fit::Cut(room) | Fit::Wrap(room)) = fit else { return widths };
    let gutters = GUTTER.len() * heads.len().saturating_sub(1);
    let mut excess = (widths.iter().sum::<usize>() + gutters).saturating_sub(room);
    while excess > 0 {
        let text = |i: &usize| heads[*i].align == Align::Left && widths[*i] > NARROWEST;
        let Some(widest) = (0..heads.len()).filter(text).max_by_key(|i| widths[*i]) else { break };
        widths[widest] -= 1;
        excess -= 1;
    }
    widths
}

#[derive(Clone, Copy)]
enum Weight {
    Dim,
    Bold,
}

struct Paint<'t> {
    heads: &'t [Head],
    widths: &'t [usize],
    options: TableOptions,
}

impl Paint<'_> {
    /// One row, over several lines where text wraps.
    fn lines(&self, out: &mut String, cells: &[String], weight: Option<Weight>) {
        let fitted: Vec<Vec<String>> =
            cells.iter().zip(self.widths).map(|(cell, width)| self.fit(cell, *width)).collect();
        let height = fitted.iter().map(Vec::len).max().unwrap_or(1).max(1);
        for line in 0..height {
            let texts: Vec<&str> =
                fitted.iter().map(|cell| cell.get(line).map_or("", String::as_str)).collect();
            self.line(out, &texts, weight);
        }
    }

    fn line(&self, out: &mut String, cells: &[&str], weight: Option<Weight>) {
        let mut line = String::new();
        for (index, text) in cells.iter().enumerate() {
            let (head, width) = (&self.heads[index], self.widths[index]);
            if index > 0 {
                line.push_str(GUTTER);
            }
            let pad = " ".repeat(width.saturating_sub(text.chars().count()));
            match head.align {
                Align::Left => line.extend([text, pad.as_str()]),
                Align::Right => line.extend([pad.as_str(), text]),
            }
        }
        let line = line.trim_end();
        match weight.filter(|_| self.options.color) {
            Some(Weight::Dim) => out.extend(["\u{1b}[2m", line, "\u{1b}[0m"]),
            Some(Weight::Bold) => out.extend(["\u{1b}[1m", line, "\u{1b}[0m"]),
            None => out.push_str(line),
        }
        out.push('\n');
    }

    fn fit(&self, cell: &str, width: usize) -> Vec<String> {
        let mark = match self.options.script {
            Script::Unicode => "…",
            Script::Ascii => "...",
        };
        match self.options.fit {
            Fit::Never => vec![cell.to_owned()],
            Fit::Cut(_) => vec![cut_middle(cell, width, mark)],
            Fit::Wrap(_) => wrap(cell, width),
        }
    }
}

/// Text broken at spaces into lines of at most `width`; longer words stay whole.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let length = line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && length > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::{Fit, Head, Row, TableOptions, table};
    use crate::render::format::Script;
    use crate::report::parts::{Align, RowRole};

    fn heads() -> Vec<Head> {
        vec![
            Head { label: "model".into(), unit: None, align: Align::Left },
            Head { label: "cost".into(), unit: Some("USD".into()), align: Align::Right },
        ]
    }

    fn rows() -> Vec<Row> {
        vec![
            vec!["atlas-large-2".into(), "6,809.91".into()].into(),
            Row { cells: vec!["total".into(), "9,616.94".into()], role: RowRole::Total },
        ]
    }

    #[test]
    fn figures_stand_right_under_their_unit() {
        let plain = table(&heads(), &rows(), TableOptions::default());
        assert_eq!(
            plain,
            "model              cost\n                    USD\natlas-large-2  6,809.91\n\
             total          9,616.94\n"
        );
    }

    #[test]
    fn heads_are_dim_and_totals_bold_in_colour_only() {
        let options = TableOptions { color: true, ..TableOptions::default() };
        let colored = table(&heads(), &rows(), options);
        assert!(colored.starts_with("\u{1b}[2mmodel"), "{colored:?}");
        assert!(colored.contains("\u{1b}[1mtotal"), "{colored:?}");
    }

    #[test]
    fn long_cells_lose_their_middle_only_when_a_width_is_given() {
        let long = "arn:aws:sts::111122223333:assumed-role/svc-chat/very-long-session-name";
        let rows = [Row::from(vec![long.to_owned(), "1.00".to_owned()])];
        assert!(table(&heads(), &rows, TableOptions::default()).contains(long));
        let options =
            TableOptions { fit: Fit::Cut(40), script: Script::Ascii, ..TableOptions::default() };
        let cut = table(&heads(), &rows, options);
        assert!(cut.lines().all(|line| line.len() <= 40) && cut.contains("..."), "{cut}");
        let wrapped = TableOptions { fit: Fit::Wrap(30), ..TableOptions::default() };
        let rows = [Row::from(vec!["words that do not fit into one line".into(), "1.00".into()])];
        let wrapped = table(&heads(), &rows, wrapped);
        assert!(wrapped.lines().all(|line| line.len() <= 30), "{wrapped}");
        assert_eq!(wrapped.lines().count(), 4, "{wrapped}");
    }

    #[test]
    fn log_text_cannot_move_the_cursor() {
        let rows = [Row::from(vec!["a\u{1b}[2Jb\nc".to_owned(), String::new()])];
        let out = table(&heads(), &rows, TableOptions::default());
        assert!(!out.contains('\u{1b}') && out.contains("a[2Jb c"), "{out:?}");
    }

    #[test]
    fn rows_may_be_short_or_missing() {
        assert_eq!(table(&heads(), &[], TableOptions::default()).lines().count(), 2);
        let short = [Row::from(vec!["x".to_owned()])];
        assert!(table(&heads(), &short, TableOptions::default()).ends_with("x\n"));
        assert_eq!(table(&[], &short, TableOptions::default()), "\n\n");
    }
}

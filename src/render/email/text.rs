//! The mail's plain-text part: ASCII, 72 columns, the same figures in the same order as the page.

use super::content::{Content, Tile};
use crate::render::format::Script;
use crate::render::table::{Fit, Head, Row, TableOptions, table, wrap};
use crate::report::parts::Align;

const WIDTH: usize = 72;

/// The text.
pub(super) fn text(content: &Content) -> String {
    let mut page = Page(String::new());
    page.line(&format!("{}  {}", content.tool.to_uppercase(), content.title));
    page.paragraph(&content.subtitle);
    page.paragraph(&content.scope);
    page.blank();
    page.paragraph(&format!("Confidence {}. {}", content.grade, content.confidence));
    page.blank();
    page.paragraph(&content.lead.iter().map(|run| run.text.as_str()).collect::<String>());
    page.figures(content);
    page.attention(content);
    page.chart(content);
    page.top(content);
    page.enclosed(content);
    page.blank();
    page.line("-- ");
    for line in &content.footer {
        page.paragraph(line);
    }
    page.0
}

struct Page(String);

impl Page {
    fn line(&mut self, text: &str) {
        self.0.push_str(&Script::Ascii.apply(text.to_owned()));
        self.0.push('\n');
    }

    fn blank(&mut self) {
        self.0.push('\n');
    }

    fn paragraph(&mut self, text: &str) {
        self.indented(text, 0);
    }

    fn indented(&mut self, text: &str, indent: usize) {
        if text.is_empty() {
            return;
        }
        // In ASCII before it is broken: some signs become longer.
        let text = Script::Ascii.apply(text.replace('\u{a0}', "\u{1}"));
        for line in wrap(&text, WIDTH - indent) {
            let line = line.replace('\u{1}', " ");
            self.line(&format!("{}{line}", " ".repeat(indent)));
        }
    }

    fn heading(&mut self, text: &str) {
        self.blank();
        self.line(&text.to_uppercase());
        self.line(&"-".repeat(WIDTH));
    }

    fn figures(&mut self, content: &Content) {
        let tiles: Vec<&Tile> = content.rows_of_tiles.iter().flatten().collect();
        if tiles.is_empty() {
            return;
        }
        self.heading("Key figures");
        let heads = [
            head("", Align::Left),
            head("now", Align::Right),
            head("before", Align::Right),
            head("change", Align::Right),
            head("target", Align::Left),
        ];
        let rows: Vec<Row> = tiles
            .iter()
            .map(|tile| {
                let verdict = tile.verdict.to_uppercase();
                let target = format!("{verdict} {}", tile.target);
                let target = if tile.target.is_empty() { String::new() } else { target };
                let cells = [&tile.label, &tile.value, &tile.before, &tile.change];
                Row::from(cells.into_iter().cloned().chain([target]).collect::<Vec<_>>())
            })
            .collect();
        self.table(&heads, &rows);
    }

    fn attention(&mut self, content: &Content) {
        self.heading("Needs attention");
        if content.attention.is_empty() {
            self.line("Nothing in this period.");
        }
        for (number, notice) in (1..).zip(&content.attention) {
            self.paragraph(&format!("{number}. {}", notice.title));
            self.indented(&notice.detail, 3);
        }
    }

    /// The days of the chart; other charts in words.
    fn chart(&mut self, content: &Content) {
        let Some(chart) = &content.chart else { return };
        self.heading(&chart.heading);
        if chart.days.is_empty() {
            return self.paragraph(&chart.description);
        }
        let heads = [
            head("", Align::Left),
            head("this period", Align::Right),
            head("period before", Align::Right),
        ];
        let rows: Vec<Row> = chart.days.iter().map(|day| Row::from(day.to_vec())).collect();
        self.table(&heads, &rows);
    }

    fn top(&mut self, content: &Content) {
        let Some(top) = &content.top else { return };
        self.heading(&top.heading);
        let align = |at: usize| if at == 0 { Align::Left } else { Align::Right };
        let heads: Vec<Head> =
            top.heads.iter().enumerate().map(|(at, text)| head(text, align(at))).collect();
        let rows: Vec<Row> =
            top.rows.iter().map(|row| Row { cells: row.cells.clone(), role: row.role }).collect();
        self.table(&heads, &rows);
    }

    fn enclosed(&mut self, content: &Content) {
        if let Some(link) = &content.link {
            self.blank();
            self.paragraph(&format!("The whole report, {}:", link.until));
            // A link that is broken leads nowhere.
            self.line(&link.url);
        }
        if !content.attached.is_empty() {
            self.blank();
            self.paragraph(&format!("Attached: {}.", content.attached.join("; ")));
        }
    }

    fn table(&mut self, heads: &[Head], rows: &[Row]) {
        let options = TableOptions { fit: Fit::Wrap(WIDTH), color: false, script: Script::Ascii };
        self.0.push_str(&table(heads, rows, options));
    }
}

fn head(label: &str, align: Align) -> Head {
    Head { label: label.to_owned(), unit: None, align }
}

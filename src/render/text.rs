//! The report as plain text, for terminals and e-mail: the same figures in the same order.

use super::format::words::legible as clean;
use super::format::{Format, Script, parts};
use super::table::{Fit, Head, Row, TableOptions, table, wrap};
use crate::report::parts::{
    Align, Attention, Finding, Grade, Kpi, Outcome, Prose, Report, Section, Span, Table, TrustCell,
};

/// How the text is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextOptions {
    /// Columns of the output.
    pub width: usize,
    /// The characters to use.
    pub script: Script,
    /// Whether to use colour and weight.
    pub color: bool,
}

impl Default for TextOptions {
    fn default() -> Self {
        Self { width: 90, script: Script::Ascii, color: false }
    }
}

/// The report as text.
pub fn text(report: &Report, options: TextOptions) -> String {
    let mut page = Page {
        out: String::new(),
        report,
        format: Format::for_report(report, Script::Unicode),
        options,
    };
    page.masthead(report);
    page.headline(report);
    page.attention(report);
    page.kpis(&report.kpis);
    for (number, section) in (1..).zip(&report.sections) {
        page.section(section, number);
    }
    page.rule('=');
    page.paragraph(&format!("Reproduce: {}", clean(&report.reproduce)), 0);
    let trust = &report.trust;
    let trust = trust_line(&trust.cells, Some(trust.grade), options.script).replace("  ", "; ");
    page.paragraph(&trust, 0);
    page.out
}

/// The report's one figure, in one line.
pub fn headline(report: &Report, script: Script) -> String {
    let format = Format::for_report(report, script);
    format!(
        "{}, {}: {} {}",
        format.words(&report.title),
        format.words(&report.subtitle),
        format.value(&report.headline.value),
        format.prose(&report.headline.caption)
    )
}

/// The one-line trust summary that ends every result for people:
/// `log coverage 99.45%  price coverage 99.95%  grade B`.
pub fn trust_line(cells: &[TrustCell], grade: Option<Grade>, script: Script) -> String {
    let format = Format { script: Script::Unicode, year: None };
    let cells = cells
        .iter()
        .map(|cell| format!("{} {}", clean(&cell.label).to_lowercase(), format.prose(&cell.value)));
    let parts: Vec<String> =
        cells.chain(grade.map(|grade| format!("grade {}", letter(grade)))).collect();
    script.apply(parts.join("  "))
}

/// A page being written. Words are spelled in Unicode, so that lines don't break at no-break
/// spaces, and turned into the output's script line by line.
struct Page<'r> {
    out: String,
    report: &'r Report,
    format: Format,
    options: TextOptions,
}

impl Page<'_> {
    /// Words with their figures; a link names the section it leads to.
    fn prose(&self, prose: &Prose) -> String {
        let span = |span: &Span| match span {
            Span::Link(id, words) => section_number(self.report, id).map_or_else(
                || clean(words),
                |number| format!("{} (section {number})", clean(words)),
            ),
            other => self.format.span(other),
        };
        prose.0.iter().map(span).collect()
    }

    fn line(&mut self, text: &str) {
        self.out.push_str(self.options.script.apply(text.to_owned()).trim_end());
        self.out.push('\n');
    }

    fn blank(&mut self) {
        self.out.push('\n');
    }

    fn rule(&mut self, mark: char) {
        self.line(&mark.to_string().repeat(self.options.width));
    }

    fn paragraph(&mut self, text: &str, indent: usize) {
        let width = self.options.width.saturating_sub(indent).max(20);
        for line in wrap(text, width) {
            self.line(&format!("{}{line}", " ".repeat(indent)));
        }
    }

    fn heading(&mut self, text: &str) {
        self.blank();
        if self.options.color {
            self.out.extend([
                "\u{1b}[1m",
                &self.options.script.apply(text.to_owned()),
                "\u{1b}[0m\n",
            ]);
        } else {
            self.line(text);
        }
        self.rule('-');
    }

    fn masthead(&mut self, report: &Report) {
        self.line(&format!("BEDROCK-LENS  {}", clean(&report.title)));
        self.line(&clean(&report.subtitle));
        let show = |at: chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%d %H:%M").to_string();
        let (from, to) = (show(report.period.from), show(report.period.to));
        self.line(&format!("{from} to {to} UTC, end exclusive"));
        for (label, value) in &report.meta {
            self.paragraph(&format!("{}: {}", clean(label), clean(value)), 0);
        }
        if report.timezone != "UTC" {
            self.line(&format!("Time zone: {}", clean(&report.timezone)));
        }
        let generated = report.generated.format("%Y-%m-%d %H:%M:%S");
        self.line(&format!("Generated: {generated} UTC"));
        self.trust(report);
    }

    fn trust(&mut self, report: &Report) {
        self.heading("DATA TRUST");
        for cell in &report.trust.cells {
            let (value, detail) = (self.prose(&cell.value), self.prose(&cell.detail));
            self.paragraph(&format!("{}: {value}; {detail}", clean(&cell.label)), 0);
        }
        let reason = self.prose(&report.trust.grade_reason);
        self.paragraph(
            &format!("Confidence: {} (A to D). {reason}", letter(report.trust.grade)),
            0,
        );
    }

    fn headline(&mut self, report: &Report) {
        self.blank();
        let value = self.format.value(&report.headline.value);
        let caption = self.prose(&report.headline.caption);
        self.paragraph(&format!("{value}  {caption}"), 0);
        self.blank();
        let lead = self.prose(&report.headline.lead);
        self.paragraph(&lead, 0);
    }

    fn attention(&mut self, report: &Report) {
        self.heading("NEEDS ATTENTION");
        if report.attention.is_empty() {
            self.line("Nothing in this period.");
        }
        for (number, attention) in (1..).zip(&report.attention) {
            let title = self.prose(&attention.title);
            self.line(&format!("{number}. {title}"));
            let detail = self.prose(&attention.detail);
            self.paragraph(&format!("{detail}{}", section_reference(attention, report)), 3);
        }
    }

    fn kpis(&mut self, kpis: &[Kpi]) {
        if kpis.is_empty() {
            return;
        }
        self.heading("KEY FIGURES");
        let head = |label: &str, align| Head { label: label.to_owned(), unit: None, align };
        let heads = [
            head("", Align::Left),
            head("now", Align::Right),
            head("before", Align::Right),
            head("change", Align::Right),
            head("", Align::Left),
            head("target", Align::Left),
            head("", Align::Left),
        ];
        let rows: Vec<Row> = kpis.iter().map(|kpi| self.kpi(kpi)).collect();
        let start = self.out.len();
        self.table(&heads, &rows);
        self.colour_outcomes(start);
    }

    fn kpi(&self, kpi: &Kpi) -> Row {
        let outcome = match kpi.outcome {
            Outcome::Pass => "PASS",
            Outcome::Miss => "MISS",
            Outcome::NotEvaluated => "not evaluated",
        };
        let [now, before] = self.format.near_target([&kpi.value, &kpi.previous], kpi.spark.target);
        Row::from(vec![
            clean(&kpi.label),
            now,
            before,
            self.format.value(&kpi.change),
            outcome.to_owned(),
            clean(&kpi.target),
            self.spark(kpi),
        ])
    }

    /// The days as a line of columns, where they can be shown.
    fn spark(&self, kpi: &Kpi) -> String {
        match self.options.script {
            Script::Unicode => super::answer::line(&kpi.spark.values),
            Script::Ascii => String::new(),
        }
    }

    /// Colours the outcomes after this place in green and red.
    fn colour_outcomes(&mut self, start: usize) {
        if self.options.color {
            let table = self.out.split_off(start);
            let table = table.replace(" PASS ", " \u{1b}[32mPASS\u{1b}[0m ");
            self.out.push_str(&table.replace(" MISS ", " \u{1b}[31mMISS\u{1b}[0m "));
        }
    }

    fn section(&mut self, section: &Section, number: usize) {
        self.heading(&format!("{number}  {}", clean(&section.label).to_uppercase()));
        let takeaway = self.prose(&section.takeaway);
        self.paragraph(&takeaway, 0);
        if let Some(empty) = &section.empty {
            let (why, fill) = (self.prose(&empty.why), self.prose(&empty.fill));
            self.paragraph(&format!("Why it is empty: {why}"), 2);
            self.paragraph(&format!("What would fill it: {fill}"), 2);
            self.line(&format!("  Check it: {}", clean(&empty.check)));
        }
        for table in &section.tables {
            self.blank();
            if table.show_caption || section.tables.len() > 1 {
                self.line(&clean(&table.caption));
            }
            self.report_table(table);
        }
        if !section.notes.is_empty() {
            self.blank();
        }
        for note in &section.notes {
            let note = self.prose(note);
            self.paragraph(&note, 0);
        }
        if !section.findings.is_empty() {
            self.blank();
        }
        for finding in &section.findings {
            self.finding(finding);
        }
        for query in &section.queries {
            self.line(&format!("$ {}", clean(query)));
        }
    }

    fn finding(&mut self, finding: &Finding) {
        let title = self.prose(&finding.title);
        let state = finding.state.map(|state| format!(", {state}")).unwrap_or_default();
        let severity = finding.severity.as_str();
        self.paragraph(&format!("* {title} ({severity}{state})"), 0);
        let when =
            finding.period.map(|period| format!("{} UTC. ", self.format.span_of_time(period)));
        let detail = self.prose(&finding.detail);
        let line = format!("{}{detail}", when.unwrap_or_default());
        self.paragraph(line.trim(), 2);
        self.line(&format!("  $ {}", clean(&finding.query)));
    }

    fn report_table(&mut self, table: &Table) {
        let heads: Vec<Head> = table
            .columns
            .iter()
            .map(|column| Head {
                label: column.label.clone(),
                unit: column.unit.map(str::to_owned),
                align: column.align,
            })
            .collect();
        let rows: Vec<Row> = parts::cells(table, &self.format)
            .into_iter()
            .zip(&table.rows)
            .map(|(cells, row)| Row { cells, role: row.role })
            .collect();
        self.table(&heads, &rows);
    }

    fn table(&mut self, heads: &[Head], rows: &[Row]) {
        let options = TableOptions {
            fit: Fit::Wrap(self.options.width),
            color: self.options.color,
            script: self.options.script,
        };
        self.out.push_str(&table(heads, rows, options));
    }
}

fn letter(grade: Grade) -> char {
    match grade {
        Grade::A => 'A',
        Grade::B => 'B',
        Grade::C => 'C',
        Grade::D => 'D',
    }
}

fn section_reference(attention: &Attention, report: &Report) -> String {
    let number = attention.section.and_then(|id| section_number(report, id));
    number.map_or_else(String::new, |number| format!(" Section {number}."))
}

fn section_number(report: &Report, id: &str) -> Option<usize> {
    report.sections.iter().position(|section| section.id == id).map(|index| index + 1)
}

//! What the templates see: words in their place, nothing to compute.
//!
//! Numbers the sections, formats every figure, chooses classes, and draws the charts.

use minijinja::Value as Safe;

use super::super::format::words::legible as clean;
use super::super::format::{Format, Script};
use super::super::{Brand, Error, charts};
use crate::report::parts::{Attention, Empty, Grade, Prose, Report, Section, Span, Tone, Value};

mod finding;
mod kpi;
pub(super) mod pack;
mod table;

use finding::FindingView;
use kpi::KpiView;
use table::TableView;

/// A run of words; `kind` is `text`, `strong`, `nowrap`, `id`, `strong-id`, `code` or `link`.
#[derive(Debug, Clone)]
struct Run {
    kind: &'static str,
    text: String,
    href: &'static str,
    long: bool,
}

shown!(Run { kind, text, href, long });

/// The whole page.
#[derive(Debug, Clone)]
pub(super) struct Page {
    theme: Option<&'static str>,
    brand: BrandView,
    title: String,
    subtitle: String,
    running_title: String,
    meta: Vec<Labelled>,
    trust: Vec<TrustView>,
    grade: GradeView,
    headline: HeadlineView,
    attention: Vec<AttentionView>,
    kpis: Vec<KpiView>,
    sections: Vec<SectionView>,
    reproduce: String,
    period: String,
}

shown!(Page {
    theme,
    brand,
    title,
    subtitle,
    running_title,
    meta,
    trust,
    grade,
    headline,
    attention,
    kpis,
    sections,
    reproduce,
    period
});

/// Whose report it is.
#[derive(Debug, Clone)]
struct BrandView {
    title: String,
    logo: Option<Safe>,
    style: Safe,
}

shown!(BrandView { title, logo, style });

fn brand_view(brand: &Brand) -> BrandView {
    BrandView {
        title: clean(brand.title().unwrap_or("bedrock-lens")),
        // Base64 of checked bytes, and hex digits: nothing in them needs escaping.
        logo: brand.logo_uri().map(Safe::from_safe_string),
        style: Safe::from_safe_string(brand.style()),
    }
}

#[derive(Debug, Clone)]
struct Labelled {
    label: String,
    value: String,
}

shown!(Labelled { label, value });

#[derive(Debug, Clone)]
struct TrustView {
    label: String,
    value: Vec<Run>,
    detail: Vec<Run>,
}

shown!(TrustView { label, value, detail });

#[derive(Debug, Clone)]
struct GradeView {
    letter: &'static str,
    tone: &'static str,
    reason: Vec<Run>,
}

shown!(GradeView { letter, tone, reason });

#[derive(Debug, Clone)]
struct HeadlineView {
    value: String,
    caption: Vec<Run>,
    lead: Vec<Run>,
}

shown!(HeadlineView { value, caption, lead });

#[derive(Debug, Clone)]
struct AttentionView {
    title: Vec<Run>,
    detail: Vec<Run>,
    section: Option<SectionLink>,
}

shown!(AttentionView { title, detail, section });

#[derive(Debug, Clone)]
struct SectionLink {
    id: &'static str,
    number: usize,
}

shown!(SectionLink { id, number });

#[derive(Debug, Clone)]
struct SectionView {
    number: usize,
    id: &'static str,
    label: String,
    takeaway: Vec<Run>,
    empty: Option<EmptyView>,
    blocks: Vec<Block>,
    notes: Vec<Vec<Run>>,
    findings: Vec<FindingView>,
    queries: Vec<String>,
}

shown!(SectionView { number, id, label, takeaway, empty, blocks, notes, findings, queries });

#[derive(Debug, Clone)]
struct EmptyView {
    why: Vec<Run>,
    fill: Vec<Run>,
    check: String,
}

shown!(EmptyView { why, fill, check });

/// A row of the page inside a section: `two` (chart and table), `even` (tables) or `full`.
#[derive(Debug, Clone)]
struct Block {
    kind: &'static str,
    figure: Option<FigureView>,
    tables: Vec<TableView>,
    narrow: bool,
    notes: Vec<Vec<Run>>,
}

shown!(Block { kind, figure, tables, narrow, notes });

#[derive(Debug, Clone)]
struct FigureView {
    svg: Safe,
    caption: Vec<Run>,
}

shown!(FigureView { svg, caption });

/// The report in words.
///
/// # Errors
/// When a chart can't be drawn.
pub(super) fn page(
    report: &Report,
    theme: Option<&'static str>,
    brand: &Brand,
) -> Result<Page, Error> {
    let format = Format::for_report(report, Script::Unicode);
    let sections: Result<_, Error> =
        (1..).zip(&report.sections).map(|(number, s)| section(s, number, &format)).collect();
    let kpis: Result<_, Error> =
        report.kpis.iter().enumerate().map(|(i, k)| kpi::view(k, i, &format)).collect();
    Ok(Page {
        theme,
        brand: brand_view(brand),
        title: clean(&report.title),
        subtitle: clean(&report.subtitle),
        running_title: running_title(report),
        meta: meta(report),
        trust: report
            .trust
            .cells
            .iter()
            .map(|cell| TrustView {
                label: clean(&cell.label),
                value: runs(&cell.value, &format),
                detail: runs(&cell.detail, &format),
            })
            .collect(),
        grade: grade(report, &format),
        headline: HeadlineView {
            value: format.value(&report.headline.value),
            caption: runs(&report.headline.caption, &format),
            lead: runs(&report.headline.lead, &format),
        },
        attention: report.attention.iter().map(|a| attention(a, report, &format)).collect(),
        kpis: kpis?,
        sections: sections?,
        reproduce: clean(&report.reproduce),
        period: period(report),
    })
}

/// The period as absolute times; the end is exclusive and said so.
fn period(report: &Report) -> String {
    let show = |at: chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%d %H:%M").to_string();
    let (from, to) = (show(report.period.from), show(report.period.to));
    format!("{from} to {to} UTC, end exclusive")
}

/// Title and subtitle inside a CSS string: letters, digits and harmless punctuation only.
fn running_title(report: &Report) -> String {
    let harmless = |c: &char| c.is_alphanumeric() || " ,.:–-·()".contains(*c);
    format!("{}, {}", report.title, report.subtitle).chars().filter(harmless).take(120).collect()
}

fn meta(report: &Report) -> Vec<Labelled> {
    let pair = |label: &str, value: &str| Labelled { label: clean(label), value: clean(value) };
    let mut meta: Vec<Labelled> =
        report.meta.iter().map(|(label, value)| pair(label, value)).collect();
    if report.timezone != "UTC" {
        meta.push(pair("Time zone", &report.timezone));
    }
    let generated = report.generated.format("%Y-%m-%d %H:%M:%S UTC").to_string();
    meta.push(pair("Generated", &generated));
    meta
}

fn grade(report: &Report, format: &Format) -> GradeView {
    let (letter, tone) = match report.trust.grade {
        Grade::A => ("A", "good"),
        Grade::B => ("B", "warn"),
        Grade::C => ("C", "warn"),
        Grade::D => ("D", "bad"),
    };
    GradeView { letter, tone, reason: runs(&report.trust.grade_reason, format) }
}

fn attention(attention: &Attention, report: &Report, format: &Format) -> AttentionView {
    let link = |id: &'static str| {
        let index = report.sections.iter().position(|section| section.id == id)?;
        Some(SectionLink { id, number: index + 1 })
    };
    AttentionView {
        title: runs(&attention.title, format),
        detail: runs(&attention.detail, format),
        section: attention.section.and_then(link),
    }
}

fn section(section: &Section, number: usize, format: &Format) -> Result<SectionView, Error> {
    let notes: Vec<_> = section.notes.iter().map(|note| runs(note, format)).collect();
    let mut blocks = blocks(section, format)?;
    let mut rest = Vec::new();
    match blocks.first_mut() {
        Some(block) => block.notes = notes,
        None => rest = notes,
    }
    Ok(SectionView {
        number,
        id: section.id,
        label: clean(&section.label),
        takeaway: runs(&section.takeaway, format),
        empty: section.empty.as_ref().map(|e| empty(e, format)),
        blocks,
        notes: rest,
        findings: section.findings.iter().map(|found| finding::view(found, format)).collect(),
        queries: section.queries.iter().map(|query| clean(query)).collect(),
    })
}

fn empty(empty: &Empty, format: &Format) -> EmptyView {
    EmptyView {
        why: runs(&empty.why, format),
        fill: runs(&empty.fill, format),
        check: clean(&empty.check),
    }
}

/// Most columns of a table on half the page.
const WIDEST_HALF: usize = 4;

/// The chart with the first narrow table beside it; then narrow tables in pairs, wide ones alone.
fn blocks(section: &Section, format: &Format) -> Result<Vec<Block>, Error> {
    let mut blocks = Vec::new();
    let mut tables = section.tables.iter().peekable();
    if let Some(figure) = &section.figure {
        let id = format!("{}-fig", section.id);
        let svg = Safe::from_safe_string(charts::figure(figure, &id, format)?);
        let beside = tables.next_if(|table| !table.wide);
        blocks.push(Block {
            kind: "two",
            figure: Some(FigureView { svg, caption: runs(&figure.caption, format) }),
            narrow: beside.is_none_or(|table| table.columns.len() <= 5),
            tables: beside.map(|t| table::view(t, format)).into_iter().collect(),
            notes: Vec::new(),
        });
    }
    while let Some(table) = tables.next() {
        let mut row = vec![table::view(table, format)];
        let wide = table.wide || table.columns.len() > WIDEST_HALF;
        if !wide
            && let Some(second) =
                tables.next_if(|next| !next.wide && next.columns.len() <= WIDEST_HALF)
        {
            row.push(table::view(second, format));
        }
        let kind = if wide { "full" } else { "even" };
        blocks.push(Block { kind, figure: None, tables: row, narrow: false, notes: Vec::new() });
    }
    Ok(blocks)
}

/// Longest identifier that fits the narrowest page.
const SHORT_ID: usize = 24;

fn runs(prose: &Prose, format: &Format) -> Vec<Run> {
    prose.0.iter().map(|span| run(span, format)).collect()
}

fn run(span: &Span, format: &Format) -> Run {
    let text = format.span(span);
    let (value, strong) = match span {
        Span::Text(_) => return plain("text", text),
        Span::Link(href, _) => return Run { href, ..plain("link", text) },
        Span::Value(value) => (value, false),
        Span::Strong(value) => (value, true),
    };
    value_run(value, text, strong)
}

/// A value in prose or a cell; identifiers and figures with spaces never break.
fn value_run(value: &Value, text: String, strong: bool) -> Run {
    let long = text.chars().count() > SHORT_ID;
    match (value, strong) {
        (Value::Id(_) | Value::Model(_), true) => Run { long, ..plain("strong-id", text) },
        (Value::Id(_) | Value::Model(_), false) => Run { long, ..plain("id", text) },
        (Value::Code(_), _) => plain("code", text),
        (_, true) => plain("strong", text),
        (Value::Text(_), false) => plain("text", text),
        _ if text.contains(' ') => plain("nowrap", text),
        _ => plain("text", text),
    }
}

fn plain(kind: &'static str, text: String) -> Run {
    Run { kind, text, href: "", long: false }
}

fn tone(tone: Tone) -> &'static str {
    match tone {
        Tone::Neutral => "",
        Tone::Good => "good",
        Tone::Warn => "warn",
        Tone::Bad => "bad",
        Tone::Mute => "mute",
    }
}

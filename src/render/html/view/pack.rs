//! What the templates of an audit pack see.

use minijinja::Value as Safe;

use super::table::{self, TableView};
use super::{BrandView, FigureView, Labelled, Run, brand_view, runs, tone};
use crate::render::format::words::clean;
use crate::render::format::{Format, Script};
use crate::render::{Brand, Error, charts};
use crate::report::pack::{PackReport, Sheet, Tile};

/// The whole document.
#[derive(Debug, Clone)]
pub(in crate::render::html) struct PackPage {
    theme: Option<&'static str>,
    brand: BrandView,
    title: String,
    subtitle: String,
    running_title: String,
    generated_day: String,
    scope: Vec<Labelled>,
    verdict: VerdictView,
    figures: Vec<TileView>,
    frameworks: Option<TableView>,
    frameworks_note: Vec<Run>,
    sheets: Vec<SheetView>,
}

shown!(PackPage {
    theme,
    brand,
    title,
    subtitle,
    running_title,
    generated_day,
    scope,
    verdict,
    figures,
    frameworks,
    frameworks_note,
    sheets
});

#[derive(Debug, Clone)]
struct VerdictView {
    word: String,
    tone: &'static str,
    scale: String,
    lead: Vec<Run>,
}

shown!(VerdictView { word, tone, scale, lead });

#[derive(Debug, Clone)]
struct TileView {
    label: String,
    value: Vec<Run>,
    detail: Vec<Run>,
    tone: &'static str,
}

shown!(TileView { label, value, detail, tone });

#[derive(Debug, Clone)]
struct SheetView {
    number: usize,
    id: &'static str,
    label: String,
    heading: Vec<Run>,
    figure: Option<FigureView>,
    tables: Vec<TableView>,
    notes: Vec<Vec<Run>>,
    empty: Option<Vec<Run>>,
}

shown!(SheetView { number, id, label, heading, figure, tables, notes, empty });

/// The report in words.
///
/// # Errors
/// When a chart can't be drawn.
pub(in crate::render::html) fn page(
    report: &PackReport,
    theme: Option<&'static str>,
    brand: &Brand,
) -> Result<PackPage, Error> {
    let format = Format { script: Script::Unicode, year: None };
    let sheets: Result<_, Error> =
        (1..).zip(&report.sheets).map(|(number, one)| sheet(one, number, &format)).collect();
    let scope = report
        .scope
        .iter()
        .map(|(label, value)| Labelled { label: clean(label), value: clean(value) });
    Ok(PackPage {
        theme,
        brand: brand_view(brand),
        title: clean(report.title),
        subtitle: clean(&report.subtitle),
        running_title: running_title(report),
        generated_day: report.generated.date_naive().to_string(),
        scope: scope.collect(),
        verdict: VerdictView {
            word: clean(report.verdict.word),
            tone: tone(report.verdict.tone),
            scale: clean(report.verdict.scale),
            lead: runs(&report.verdict.lead, &format),
        },
        figures: report.figures.iter().map(|one| tile(one, &format)).collect(),
        frameworks: report.frameworks.as_ref().map(|table| table::view(table, &format)),
        frameworks_note: runs(&report.frameworks_note, &format),
        sheets: sheets?,
    })
}

fn tile(tile: &Tile, format: &Format) -> TileView {
    TileView {
        label: clean(tile.label),
        value: runs(&tile.value, format),
        detail: runs(&tile.detail, format),
        tone: tone(tile.tone),
    }
}

fn sheet(sheet: &Sheet, number: usize, format: &Format) -> Result<SheetView, Error> {
    let figure = sheet.figure.as_ref().map(|figure| {
        let id = format!("{}-fig", sheet.id);
        let svg = Safe::from_safe_string(charts::figure(figure, &id, format)?);
        Ok(FigureView { svg, caption: runs(&figure.caption, format) })
    });
    Ok(SheetView {
        number,
        id: sheet.id,
        label: clean(sheet.label),
        heading: runs(&sheet.heading, format),
        figure: figure.transpose()?,
        tables: sheet.tables.iter().map(|one| table::view(one, format)).collect(),
        notes: sheet.notes.iter().map(|note| runs(note, format)).collect(),
        empty: sheet.empty.as_ref().map(|why| runs(why, format)),
    })
}

/// Inside a CSS string: letters, digits and harmless punctuation only.
fn running_title(report: &PackReport) -> String {
    let harmless = |c: &char| c.is_alphanumeric() || " ,.:\u{2013}-\u{b7}()".contains(*c);
    let text = format!("Audit pack, {} \u{b7} pack id {}", report.period_name, report.pack_id);
    text.chars().filter(harmless).take(120).collect()
}

//! What a mail says: chosen from the report and put into words, for both of its parts.

use super::words::Words;
use super::{About, Link};
use crate::render::format::words::clean;
use crate::render::format::{Format, Script};
use crate::render::{Brand, Error};
use crate::report::parts::{Grade, Report, RowRole};

/// Content id of the chart.
pub(super) const CHART_CID: &str = "chart@bedrock-lens";

/// The words of a mail.
#[derive(Debug, Clone)]
pub(super) struct Content {
    pub(super) subject: String,
    pub(super) preview: String,
    pub(super) tool: String,
    pub(super) title: String,
    pub(super) subtitle: String,
    pub(super) scope: String,
    pub(super) grade: &'static str,
    pub(super) grade_tone: &'static str,
    pub(super) confidence: String,
    pub(super) lead: Vec<Run>,
    pub(super) rows_of_tiles: Vec<Vec<Tile>>,
    pub(super) attention: Vec<Notice>,
    pub(super) chart: Option<ChartPart>,
    pub(super) top: Option<TopPart>,
    pub(super) attached: Vec<String>,
    pub(super) link: Option<LinkPart>,
    pub(super) footer: Vec<String>,
}

shown!(Content {
    subject,
    preview,
    tool,
    title,
    subtitle,
    scope,
    grade,
    grade_tone,
    confidence,
    lead,
    rows_of_tiles,
    attention,
    chart,
    top,
    attached,
    link,
    footer
});

/// Words, with or without weight.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) text: String,
    pub(super) strong: bool,
}

shown!(Run { text, strong });

/// A figure with its change and target.
#[derive(Debug, Clone)]
pub(super) struct Tile {
    pub(super) label: String,
    pub(super) value: String,
    pub(super) before: String,
    pub(super) arrow: &'static str,
    /// The change alone.
    pub(super) change: String,
    /// The change and what it is a change from.
    pub(super) compared: String,
    pub(super) tone: &'static str,
    pub(super) verdict: &'static str,
    pub(super) verdict_tone: &'static str,
    pub(super) target: String,
}

shown!(Tile { label, value, arrow, compared, tone, verdict, verdict_tone, target });

/// Something to look at.
#[derive(Debug, Clone)]
pub(super) struct Notice {
    pub(super) title: String,
    pub(super) detail: String,
}

shown!(Notice { title, detail });

/// The chart.
#[derive(Debug, Clone)]
pub(super) struct ChartPart {
    pub(super) heading: String,
    pub(super) cid: &'static str,
    pub(super) description: String,
    pub(super) svg: String,
    /// The days behind it, if it shows days: label, amount and the amount before.
    pub(super) days: Vec<[String; 3]>,
}

shown!(ChartPart { heading, cid, description });

/// The largest lines of a table.
#[derive(Debug, Clone)]
pub(super) struct TopPart {
    pub(super) heading: String,
    pub(super) heads: Vec<String>,
    pub(super) rows: Vec<TopRow>,
}

shown!(TopPart { heading, heads, rows });

#[derive(Debug, Clone)]
pub(super) struct TopRow {
    pub(super) kind: &'static str,
    pub(super) role: RowRole,
    pub(super) cells: Vec<String>,
}

shown!(TopRow { kind, cells });

/// The link to the whole report.
#[derive(Debug, Clone)]
pub(super) struct LinkPart {
    pub(super) url: String,
    pub(super) until: String,
}

shown!(LinkPart { url, until });

impl Content {
    /// # Errors
    /// When the chart can't be drawn.
    pub(super) fn of(report: &Report, brand: &Brand, about: &About) -> Result<Self, Error> {
        let format = Format::for_report(report, Script::Unicode);
        let words = Words { report, format };
        let trust = &report.trust;
        let (grade, grade_tone) = match trust.grade {
            Grade::A => ("A", "good"),
            Grade::B => ("B", "warn"),
            Grade::C => ("C", "warn"),
            Grade::D => ("D", "bad"),
        };
        let tiles = words.tiles();
        let attention: Vec<Notice> =
            report.attention.iter().map(|notice| words.notice(notice)).collect();
        Ok(Self {
            subject: words.subject(),
            preview: words.preview(&attention),
            tool: clean(brand.title().unwrap_or("bedrock-lens")),
            title: clean(&report.title),
            subtitle: words.subtitle(),
            scope: words.scope(),
            grade,
            grade_tone,
            confidence: words.confidence(),
            lead: words.runs(&report.headline.lead),
            rows_of_tiles: in_rows(tiles),
            attention,
            chart: words.chart()?,
            top: words.top(),
            attached: attached(about),
            link: about.link.as_ref().map(link),
            footer: words.footer(about),
        })
    }
}

fn in_rows(tiles: Vec<Tile>) -> Vec<Vec<Tile>> {
    let mut rows: Vec<Vec<Tile>> = Vec::new();
    for tile in tiles {
        match rows.last_mut() {
            Some(row) if row.len() < 2 => row.push(tile),
            _ => rows.push(vec![tile]),
        }
    }
    rows
}

fn attached(about: &About) -> Vec<String> {
    about.attached.iter().map(|(name, what)| format!("{}, {what}", clean(name))).collect()
}

fn link(link: &Link) -> LinkPart {
    LinkPart { url: clean(&link.url), until: clean(&link.until) }
}

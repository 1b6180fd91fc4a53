//! What a mail says: chosen from the report and put into words, for both of its parts.

use super::top::top;
use super::{About, Link};
use crate::render::Error;
use crate::render::charts::{self, DayPair, day_columns, day_pairs};
use crate::render::format::words::{cap, clean, identifier};
use crate::render::format::{Format, Script, direction, parts};
use crate::report::parts::{
    Attention, Chart, Figure, Grade, Kpi, Outcome, Prose, Report, RowRole, Span, Tone, Value,
};

/// Content id of the chart.
pub(super) const CHART_CID: &str = "chart@bedrock-lens";
/// Figures in the page: the headline's and some key figures.
const TILES: usize = 4;
/// Key figures that go first, if the report has them.
const FIRST: [&str; 3] = ["success_rate", "response_time_mean_ms", "cost_per_request_usd"];
/// Longest subject and preview, characters.
const LONGEST_SUBJECT: usize = 120;
const LONGEST_PREVIEW: usize = 140;

/// The words of a mail.
#[derive(Debug, Clone)]
pub(super) struct Content {
    pub(super) subject: String,
    pub(super) preview: String,
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
    pub(super) fn of(report: &Report, about: &About) -> Result<Self, Error> {
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

/// The report's parts in words.
struct Words<'r> {
    report: &'r Report,
    format: Format,
}

impl Words<'_> {
    fn prose(&self, prose: &Prose) -> String {
        self.runs(prose).into_iter().map(|run| run.text).collect()
    }

    fn runs(&self, prose: &Prose) -> Vec<Run> {
        let run = |span: &Span| {
            let text = match span {
                Span::Link(id, words) => match self.section_number(id) {
                    Some(number) => format!("{} (report section {number})", clean(words)),
                    None => clean(words),
                },
                other => self.format.span(other),
            };
            Run { text, strong: matches!(span, Span::Strong(_)) }
        };
        prose.0.iter().map(run).collect()
    }

    fn section_number(&self, id: &str) -> Option<usize> {
        self.report.sections.iter().position(|section| section.id == id).map(|at| at + 1)
    }

    /// The figure, its relative change, and the first thing to look at.
    fn subject(&self) -> String {
        let report = self.report;
        let value = self.format.value(&report.headline.value);
        let relative = report.headline.caption.0.iter().find_map(|span| match span {
            Span::Value(change @ Value::RelativeChange(_))
            | Span::Strong(change @ Value::RelativeChange(_)) => Some(self.format.value(change)),
            _ => None,
        });
        let mut subject =
            format!("{}, {}: {value}", clean(&report.title), clean(&report.period_name));
        if let Some(change) = relative {
            subject = format!("{subject} ({change})");
        }
        if let Some(worst) = report.attention.first() {
            subject = format!("{subject}; {}", self.prose(&worst.title));
        }
        cap(&subject.replace('\u{a0}', " "), LONGEST_SUBJECT)
    }

    /// What a mailbox shows beside the subject.
    fn preview(&self, attention: &[Notice]) -> String {
        let titles: Vec<&str> = attention.iter().map(|notice| notice.title.as_str()).collect();
        let text = if titles.is_empty() {
            self.prose(&self.report.headline.lead)
        } else {
            format!("{}.", titles.join(". "))
        };
        cap(&text, LONGEST_PREVIEW)
    }

    fn subtitle(&self) -> String {
        let subtitle = clean(&self.report.subtitle);
        let mut letters = subtitle.chars();
        let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
        format!("{first}{} ({})", letters.as_str(), clean(&self.report.timezone))
    }

    /// Accounts and Regions.
    fn scope(&self) -> String {
        let named = |(label, value): &(String, String)| {
            let is_scope =
                ["Accounts", "Regions", "Scope", "Teams", "Audience"].contains(&label.as_str());
            is_scope.then(|| format!("{}: {}", clean(label), clean(value)))
        };
        let parts: Vec<String> = self.report.meta.iter().filter_map(named).collect();
        parts.join(". ")
    }

    /// The checks behind the grade, and what it means.
    fn confidence(&self) -> String {
        let trust = &self.report.trust;
        let cell = |cell: &crate::report::parts::TrustCell| {
            format!("{} {}", clean(&cell.label).to_lowercase(), self.prose(&cell.value))
        };
        let cells: Vec<String> = trust.cells.iter().skip(1).map(cell).collect();
        let reason = self.prose(&trust.grade_reason);
        match cells.split_first() {
            None => reason,
            Some(_) => {
                let list = cells.join(", ");
                let mut letters = list.chars();
                let first: String =
                    letters.next().into_iter().flat_map(char::to_uppercase).collect();
                format!("{first}{}. {reason}", letters.as_str())
            }
        }
    }

    /// The headline's figure, then key figures.
    fn tiles(&self) -> Vec<Tile> {
        let known = |key: &str| FIRST.iter().position(|first| *first == key).unwrap_or(FIRST.len());
        let mut kpis: Vec<&Kpi> = self.report.kpis.iter().collect();
        kpis.sort_by_key(|kpi| known(kpi.key));
        let headline = self.headline();
        headline.into_iter().chain(kpis.into_iter().map(|kpi| self.tile(kpi))).take(TILES).collect()
    }

    /// The caption says what the figure is up to its first comma, then how it changed.
    fn headline(&self) -> Option<Tile> {
        let headline = &self.report.headline;
        if matches!(headline.value, Value::Missing(_)) {
            return None;
        }
        let caption = self.prose(&headline.caption);
        let (label, compared) = caption.split_once(", ").unwrap_or((caption.as_str(), ""));
        let change = headline.caption.0.iter().find_map(|span| match span {
            Span::Value(value) | Span::Strong(value) if direction(value) != 0 => Some(value),
            _ => None,
        });
        let mut letters = label.chars();
        let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
        Some(Tile {
            label: format!("{first}{}", letters.as_str()),
            value: self.format.value(&headline.value),
            before: String::new(),
            arrow: change.map_or("", arrow),
            change: change.map_or_else(String::new, |change| self.format.value(change)),
            compared: compared.to_owned(),
            tone: "",
            verdict: "",
            verdict_tone: "",
            target: String::new(),
        })
    }

    fn tile(&self, kpi: &Kpi) -> Tile {
        let values = [&kpi.value, &kpi.previous];
        let [value, before] = self.format.near_target(values, kpi.spark.target);
        let change = self.format.value(&kpi.change);
        let compared = match (&kpi.previous, &kpi.change) {
            (Value::Missing(_), _) => "no earlier value".to_owned(),
            (_, moved) if direction(moved) == 0 && !matches!(moved, Value::Missing(_)) => {
                format!("as before, {before}")
            }
            _ => format!("{change} vs {before}"),
        };
        let (verdict, verdict_tone) = match kpi.outcome {
            Outcome::Pass => ("Pass", "good"),
            Outcome::Miss => ("Miss", "bad"),
            Outcome::NotEvaluated => ("Not evaluated", ""),
        };
        Tile {
            label: clean(&kpi.label),
            value,
            before,
            arrow: arrow(&kpi.change),
            change,
            compared,
            tone: tone(kpi.tone),
            verdict,
            verdict_tone,
            target: clean(&kpi.target),
        }
    }

    fn notice(&self, notice: &Attention) -> Notice {
        let section = notice.section.and_then(|id| self.section_number(id));
        let section = section.map_or_else(String::new, |n| format!(" Report section {n}."));
        Notice {
            title: self.prose(&notice.title),
            detail: format!("{}{section}", self.prose(&notice.detail)),
        }
    }

    /// The first chart of days, else the first chart.
    fn chart(&self) -> Result<Option<ChartPart>, Error> {
        let figures = || {
            self.report.sections.iter().filter_map(|s| Some((s.label.as_str(), s.figure.as_ref()?)))
        };
        let by_day = figures().find_map(|(label, figure)| match &figure.chart {
            Chart::StackedColumns(chart) => Some((label, figure, day_pairs(chart)?)),
            _ => None,
        });
        if let Some((label, figure, pairs)) = by_day {
            return self.days(label, figure, &pairs).map(Some);
        }
        let Some((label, figure)) = figures().next() else { return Ok(None) };
        Ok(Some(ChartPart {
            heading: clean(label),
            cid: CHART_CID,
            description: self.prose(&figure.description),
            svg: charts::figure(figure, "mail", &self.format)?,
            days: Vec::new(),
        }))
    }

    fn days(&self, label: &str, figure: &Figure, pairs: &[DayPair]) -> Result<ChartPart, Error> {
        let amount = |amount: Option<crate::units::Usd>| {
            amount
                .map_or_else(|| "no log".to_owned(), |known| self.format.value(&Value::Usd(known)))
        };
        let days: Vec<[String; 3]> = pairs
            .iter()
            .map(|pair| [clean(&pair.label), amount(pair.now), amount(pair.before)])
            .collect();
        let has_before = pairs.iter().any(|pair| pair.before.is_some());
        let said: Vec<String> = days
            .iter()
            .map(|[day, now, before]| {
                if has_before {
                    format!("{day} {now} (was {before})")
                } else {
                    format!("{day} {now}")
                }
            })
            .collect();
        let heading = format!("{}, USD", clean(label));
        let description = format!("Column chart, {}: {}.", heading.to_lowercase(), said.join(", "));
        let key = if has_before { "left: period before, right: this period" } else { "" };
        let svg = day_columns(pairs, figure, &description, key)?;
        Ok(ChartPart { heading, cid: CHART_CID, description, svg, days })
    }

    /// The five largest lines of the first table that ranks something by its cost.
    fn top(&self) -> Option<TopPart> {
        let table = top(self.report)?;
        let rows = parts::cells(&table, &self.format).into_iter().zip(&table.rows);
        let heads = table.columns.iter().map(|column| match column.unit {
            Some(unit) => format!("{}, {unit}", clean(&column.label)),
            None => clean(&column.label),
        });
        Some(TopPart {
            heading: clean(&table.caption),
            heads: heads.collect(),
            rows: rows
                .map(|(cells, row)| TopRow {
                    kind: match row.role {
                        RowRole::Body => "",
                        RowRole::Note | RowRole::Aside => "note",
                        RowRole::Total => "total",
                    },
                    role: row.role,
                    cells,
                })
                .collect(),
        })
    }

    fn footer(&self, about: &About) -> Vec<String> {
        let report = self.report;
        let mut lines = Vec::new();
        if matches!(report.headline.value, Value::Usd(_)) {
            let costs = "Costs are list prices; discounts, credits and tax are not in them.";
            lines.push(costs.to_owned());
        }
        let on = report.generated.format("%Y-%m-%d %H:%M UTC");
        let made = format!("by bedrock-lens {} on {on}.", about.version);
        match (&about.list, &about.owner) {
            (Some(list), Some(owner)) => lines.push(format!(
                "Sent to the list {} {made} To stop it, ask the owner of {} to remove your address.",
                identifier(list),
                identifier(owner)
            )),
            (Some(list), None) => lines.push(format!("Sent to {} {made}", identifier(list))),
            _ => lines.push(format!("Made {made}")),
        }
        lines
    }
}

fn arrow(change: &Value) -> &'static str {
    match direction(change) {
        1 => "▲",
        -1 => "▼",
        _ => "",
    }
}

fn tone(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "good",
        Tone::Warn => "warn",
        Tone::Bad => "bad",
        Tone::Neutral | Tone::Mute => "",
    }
}

//! A report's parts in the words of a mail: what is chosen, and how it is said.

use super::About;
use super::content::{CHART_CID, ChartPart, Notice, Run, Tile, TopPart, TopRow};
use super::top::top;
use crate::render::Error;
use crate::render::charts::{self, DayPair, day_columns, day_pairs};
use crate::render::format::words::{cap, clean, identifier};
use crate::render::format::{Format, direction, parts};
use crate::report::parts::{
    Attention, Chart, Figure, Kpi, Outcome, Prose, Report, RowRole, Span, Tone, Value,
};

/// Figures in the page: the headline's and some key figures.
const TILES: usize = 4;
/// Key figures that go first, if the report has them.
const FIRST: [&str; 3] = ["success_rate", "response_time_mean_ms", "cost_per_request_usd"];
/// Longest subject and preview, characters.
const LONGEST_SUBJECT: usize = 120;
const LONGEST_PREVIEW: usize = 140;

/// The report's parts in words.
pub(super) struct Words<'r> {
    pub(super) report: &'r Report,
    pub(super) format: Format,
}

impl Words<'_> {
    fn prose(&self, prose: &Prose) -> String {
        self.runs(prose).into_iter().map(|run| run.text).collect()
    }

    pub(super) fn runs(&self, prose: &Prose) -> Vec<Run> {
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
    pub(super) fn subject(&self) -> String {
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
    pub(super) fn preview(&self, attention: &[Notice]) -> String {
        let titles: Vec<&str> = attention.iter().map(|notice| notice.title.as_str()).collect();
        let text = if titles.is_empty() {
            self.prose(&self.report.headline.lead)
        } else {
            format!("{}.", titles.join(". "))
        };
        cap(&text, LONGEST_PREVIEW)
    }

    pub(super) fn subtitle(&self) -> String {
        let subtitle = capitalised(&clean(&self.report.subtitle));
        format!("{subtitle} ({})", clean(&self.report.timezone))
    }

    /// Accounts and Regions.
    pub(super) fn scope(&self) -> String {
        let named = |(label, value): &(String, String)| {
            let is_scope =
                ["Accounts", "Regions", "Scope", "Teams", "Audience"].contains(&label.as_str());
            is_scope.then(|| format!("{}: {}", clean(label), clean(value)))
        };
        let parts: Vec<String> = self.report.meta.iter().filter_map(named).collect();
        parts.join(". ")
    }

    /// The checks behind the grade, and what it means.
    pub(super) fn confidence(&self) -> String {
        let trust = &self.report.trust;
        let cell = |cell: &crate::report::parts::TrustCell| {
            format!("{} {}", clean(&cell.label).to_lowercase(), self.prose(&cell.value))
        };
        let cells: Vec<String> = trust.cells.iter().skip(1).map(cell).collect();
        let reason = self.prose(&trust.grade_reason);
        if cells.is_empty() {
            reason
        } else {
            format!("{}. {reason}", capitalised(&cells.join(", ")))
        }
    }

    /// The headline's figure, then key figures.
    pub(super) fn tiles(&self) -> Vec<Tile> {
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
        Some(Tile {
            label: capitalised(label),
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

    pub(super) fn notice(&self, notice: &Attention) -> Notice {
        let section = notice.section.and_then(|id| self.section_number(id));
        let section = section.map_or_else(String::new, |n| format!(" Report section {n}."));
        Notice {
            title: self.prose(&notice.title),
            detail: format!("{}{section}", self.prose(&notice.detail)),
        }
    }

    /// The first chart of days, else the first chart.
    pub(super) fn chart(&self) -> Result<Option<ChartPart>, Error> {
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
    pub(super) fn top(&self) -> Option<TopPart> {
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
                        RowRole::Note | RowRole::Aside | RowRole::Group => "note",
                        RowRole::Total => "total",
                    },
                    role: row.role,
                    cells,
                })
                .collect(),
        })
    }

    pub(super) fn footer(&self, about: &About) -> Vec<String> {
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

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}", letters.as_str())
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

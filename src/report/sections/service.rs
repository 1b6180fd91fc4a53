//! Key figures against their targets.

use chrono::NaiveDate;

use crate::report::compare::judged;
use crate::report::facts::Facts;
use crate::report::followed;
use crate::report::parts::{
    Chart, Figure, Kpi, Outcome, Panel, Prose, RowRole, Section, SmallMultiples, Step, Table,
    TableRow, Tone, Value,
};
use crate::report::words::{self, figure_column, text_column};

/// Most panels of the chart.
const PANELS: usize = 6;

pub(super) fn section(facts: &Facts<'_>, kpis: &[Kpi]) -> Section {
    let mut section = super::bare("service", "Key figures against targets", takeaway(kpis));
    section.figure = figure(facts, kpis);
    section.tables = vec![table(facts, kpis)];
    section.queries = vec![facts.command("kpis")];
    section
}

fn takeaway(kpis: &[Kpi]) -> Prose {
    let of = |outcome| kpis.iter().filter(|kpi| kpi.outcome == outcome).collect::<Vec<_>>();
    let (met, missed) = (of(Outcome::Pass), of(Outcome::Miss));
    let judged = (met.len() + missed.len()) as u64;
    if judged == 0 {
        return Prose::text(
            "No target can be judged: the values, or the earlier ones, are not known.",
        );
    }
    let sentence = Prose::default()
        .value(Value::Count(met.len() as u64))
        .say(" of ")
        .value(Value::Count(judged))
        .say(words::counted(judged, " target is met", " targets are met"));
    let names: Vec<&str> = missed.iter().map(|kpi| kpi.label.as_str()).collect();
    match names.as_slice() {
        [] => sentence.say("."),
        names => sentence.say(format!("; missed: {}.", words::list(names).to_lowercase())),
    }
}

/// A panel of a tile's daily values; none where no day has one.
pub(super) fn panel(kpi: &Kpi) -> Option<Panel> {
    let known = |place: usize| kpi.spark.summary.get(place).map(|(_, value)| value.clone());
    let [last, highest] = [known(1)?, known(3)?];
    Some(Panel {
        label: kpi.label.clone(),
        values: kpi.spark.values.clone(),
        previous: kpi.spark.previous,
        target: kpi.spark.target,
        last,
        highest,
        ends: ends(kpi.spark.days),
    })
}

/// The first and the last day of values, as labels.
pub(super) fn ends(days: Option<(NaiveDate, NaiveDate)>) -> [String; 2] {
    let Some((first, last)) = days else { return [String::new(), String::new()] };
    [first, last].map(|day| day.format("%-d %b").to_string())
}

fn figure(facts: &Facts<'_>, kpis: &[Kpi]) -> Option<Figure> {
    let panels: Vec<Panel> = kpis.iter().take(PANELS).filter_map(panel).collect();
    figure_of(facts, panels, "Key figures per day", "Dashed: the target.")
}

/// Small multiples of daily values; none where there is nothing to draw.
pub(super) fn figure_of(
    facts: &Facts<'_>,
    panels: Vec<Panel>,
    title: &str,
    more: &str,
) -> Option<Figure> {
    let is_line = |panel: &Panel| panel.values.iter().flatten().count() > 1;
    let panels: Vec<Panel> = panels.into_iter().filter(is_line).collect();
    if panels.is_empty() {
        return None;
    }
    let (lines, per) = match followed::step(facts) {
        Step::Day => ("Small lines of daily values", "Per day"),
        Step::Week => {
            ("Small lines of daily values, the mean of each week", "Mean per day of each week")
        }
    };
    let mut description = Prose::text(format!("{lines}, each from zero. "));
    for panel in &panels {
        description = description
            .say(format!("{}: last ", panel.label))
            .value(panel.last.clone())
            .say(", highest ")
            .value(panel.highest.clone())
            .say("; ");
    }
    let lines = if facts.has_previous() {
        format!("Grey: {}; blue: {}. {more}", facts.last_period(), facts.this_period())
    } else {
        more.to_owned()
    };
    Some(Figure {
        title: title.to_owned(),
        description,
        caption: Prose::text(format!(
            "{per}, {}, each on its own scale from zero. {lines}",
            facts.zone().name()
        )),
        chart: Chart::SmallMultiples(SmallMultiples { panels }),
    })
}

fn table(facts: &Facts<'_>, kpis: &[Kpi]) -> Table {
    let row = |kpi: &Kpi| {
        let (word, tone) = match kpi.outcome {
            Outcome::Pass => ("Pass", Tone::Good),
            Outcome::Miss => ("Miss", Tone::Bad),
            Outcome::NotEvaluated => ("Not evaluated", Tone::Mute),
        };
        TableRow {
            role: RowRole::Body,
            swatch: None,
            cells: vec![
                Value::Text(kpi.label.clone()).into(),
                kpi.value.clone().into(),
                kpi.previous.clone().into(),
                judged(kpi.change.clone(), kpi.tone),
                Value::Text(kpi.target.clone()).into(),
                judged(Value::Text(word.to_owned()), tone),
            ],
        }
    };
    let before = words::capitalised(&facts.last_period());
    Table {
        caption: "Key figures and targets".to_owned(),
        show_caption: false,
        wide: false,
        columns: vec![
            text_column("figure", "Key figure"),
            figure_column("value", "Value", None),
            figure_column("previous", &before, None),
            figure_column("change", "Change", None),
            text_column("target", "Target"),
            text_column("outcome", "Outcome"),
        ],
        rows: kpis.iter().map(row).collect(),
    }
}

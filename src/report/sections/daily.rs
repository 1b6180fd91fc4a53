//! Daily spend: stacked columns by model over both periods, and a table by day.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use polars::prelude::PolarsResult;

use super::Models;
use crate::metrics::cells::Requests;
use crate::metrics::dimensions::Dimension;
use crate::metrics::metric::Metric;
use crate::period::Period;
use crate::report::compare::quiet;
use crate::report::parts::{
    Category, Chart, ColumnGroup, Empty, Figure, Missing, Prose, RowRole, Section, StackedColumns,
    Table, TableCell, TableRow, Value,
};
use crate::report::read::figures;
use crate::report::weekly::Facts;
use crate::report::words::{self, parts_column, text_column};
use crate::units::Usd;

/// Spend by day and model, and requests by day.
struct Days(Vec<Day>);

struct Day {
    date: NaiveDate,
    /// Logged requests; 0 means that the log holds nothing of this day.
    requests: u64,
    by_model: BTreeMap<Option<String>, Usd>,
}

impl Day {
    fn has_price(&self) -> bool {
        !self.by_model.is_empty()
    }

    fn cost(&self) -> Usd {
        self.by_model.values().copied().sum()
    }
}

pub(super) fn section(facts: &Facts<'_>, models: &Models) -> PolarsResult<Section> {
    let inputs = facts.inputs;
    let current = Days::read(facts, &inputs.current, inputs.period)?;
    let previous = Days::read(facts, &inputs.previous, inputs.previous_period)?;
    if !current.has_price() {
        return Ok(nothing_priced(facts));
    }
    let mut section = super::bare("daily", "Daily spend", takeaway(&current));
    section.figure = Some(figure(facts, models, &current, &previous));
    section.tables = vec![table(facts, &current, &previous)];
    section.queries = vec![facts.query("day,model", "requests,cost_usd")];
    Ok(section)
}

fn nothing_priced(facts: &Facts<'_>) -> Section {
    let takeaway = Prose::text("Not reported: no logged request of this period has a price.");
    let mut section = super::bare("daily", "Daily spend", takeaway);
    section.empty = Some(Empty {
        why: Prose::text("0 of ")
            .value(Value::Count(facts.current.count(Metric::Requests)))
            .say(" logged requests are priced. This is missing data, not zero spend."),
        fill: Prose::text("A price for the models in use; ")
            .link("method", "why each has none")
            .say("."),
        check: facts.query("model", "requests,unpriced_requests"),
    });
    section
}

impl Days {
    fn read(facts: &Facts<'_>, requests: &Requests, period: Period) -> PolarsResult<Self> {
        let mut days: Vec<Day> = period
            .local_days(facts.zone())
            .map(|date| Day { date, requests: 0, by_model: BTreeMap::new() })
            .collect();
        let by = [Dimension::Day, Dimension::Model];
        for usage in figures(requests, &by, &[Metric::Requests, Metric::CostUsd], facts.zone())? {
            let date = usage.key().and_then(|key| key.parse::<NaiveDate>().ok());
            if let Some(day) = days.iter_mut().find(|day| Some(day.date) == date) {
                day.requests += usage.count(Metric::Requests);
                if let Some(cost) = usage.usd(Metric::CostUsd) {
                    day.by_model.insert(usage.keys[1].clone(), cost);
                }
            }
        }
        Ok(Self(days))
    }

    fn has_price(&self) -> bool {
        self.0.iter().any(Day::has_price)
    }

    fn has_silent_day(&self) -> bool {
        self.0.iter().any(|day| day.requests == 0)
    }

    fn total(&self) -> Usd {
        self.0.iter().map(Day::cost).sum()
    }
}

fn takeaway(current: &Days) -> Prose {
    let Some(peak) = current.0.iter().max_by_key(|day| day.cost()) else {
        return Prose::text("The period holds no day.");
    };
    if peak.cost() == Usd(0) {
        return Prose::text("Nothing that was logged cost anything.");
    }
    Prose::text(format!("{} was the most expensive day with ", words::day(peak.date)))
        .value(Value::Usd(peak.cost()))
        .say(", ")
        .value(Value::Share(peak.cost().to_f64() / current.total().to_f64()))
        .say(" of the spend.")
}

fn figure(facts: &Facts<'_>, models: &Models, current: &Days, previous: &Days) -> Figure {
    let names: Vec<Option<String>> = models.colored().map(|pair| pair.key.clone()).collect();
    let has_other =
        models.0.iter().filter(|pair| pair.cost().0 > 0 || pair.previous_cost().0 > 0).count()
            > names.len();
    let mut series: Vec<Category> = models
        .colored()
        .enumerate()
        .map(|(color, pair)| Category { label: super::chart_model(pair), color: Some(color) })
        .collect();
    if has_other {
        series.push(Category { label: "other models".to_owned(), color: None });
    }
    let group = |days: &Days, name: String, is_previous| ColumnGroup {
        label: Prose::text(format!("{name} ")).value(Value::Usd(days.total())),
        previous: is_previous,
        columns: days.0.iter().map(|day| column(day, &names, has_other)).collect(),
    };
    let before = group(previous, capitalised(&facts.last_week()), true);
    let now = group(current, capitalised(&facts.this_week()), false);
    let shown = [(current, true), (previous, facts.has_previous())];
    let silent = shown.iter().any(|(days, shown)| *shown && days.has_silent_day());
    let mut description = Prose::text("Stacked columns, one per day. ");
    for day in &current.0 {
        description = description
            .say(format!("{} ", words::day(day.date)))
            .value(if day.requests == 0 {
                Value::Missing(Missing::Unknown)
            } else {
                Value::Usd(day.cost())
            })
            .say("; ");
    }
    Figure {
        title: if facts.has_previous() {
            format!("Daily spend by model, {} and {}", facts.last_week(), facts.this_week())
        } else {
            format!("Daily spend by model, {}", facts.this_week())
        },
        description,
        caption: Prose::text(format!(
            "Daily list cost, USD, {} days.{}{}",
            facts.zone().name(),
            if facts.has_previous() {
                format!(" {} paler.", capitalised(&facts.last_week()))
            } else {
                String::new()
            },
            if silent { " Outlined: a day without logs." } else { "" }
        )),
        chart: Chart::StackedColumns(StackedColumns {
            series,
            groups: if facts.has_previous() { vec![before, now] } else { vec![now] },
        }),
    }
}

fn column(day: &Day, names: &[Option<String>], has_other: bool) -> (String, Vec<Option<Usd>>) {
    let known = (day.requests > 0).then_some(());
    let of = |name| day.by_model.get(name).copied().unwrap_or_default();
    let mut values: Vec<Option<Usd>> = names.iter().map(|name| known.map(|()| of(name))).collect();
    if has_other {
        let colored: Usd = names.iter().map(of).sum();
        values.push(known.map(|()| day.cost() - colored));
    }
    (day.date.format("%a").to_string(), values)
}

fn table(facts: &Facts<'_>, current: &Days, previous: &Days) -> Table {
    let before = capitalised(&facts.last_week());
    let columns = vec![
        text_column("day", "Day"),
        parts_column("requests", "Requests", None),
        parts_column("cost_usd", "Spend", Some("USD")),
        parts_column("previous_cost_usd", &before, Some("USD")),
        parts_column("cost_change_usd", "Change", Some("USD")),
    ];
    let mut rows: Vec<TableRow> = current
        .0
        .iter()
        .enumerate()
        .map(|(index, day)| row(words::day(day.date), day, previous.0.get(index)))
        .collect();
    rows.push(total(facts, current, previous));
    Table { caption: "Spend by day".to_owned(), show_caption: false, wide: false, columns, rows }
}

fn row(name: String, day: &Day, before: Option<&Day>) -> TableRow {
    let before = before.filter(|before| before.requests > 0);
    let change = match before {
        Some(before) if day.has_price() && before.has_price() => {
            Value::UsdChange(day.cost() - before.cost()).into()
        }
        Some(_) => quiet(Missing::NotApplicable),
        None => quiet(Missing::New),
    };
    let spend: TableCell = if day.requests > 0 { priced(day) } else { quiet(Missing::NotInLog) };
    TableRow {
        role: RowRole::Body,
        swatch: None,
        cells: vec![
            Value::Text(name).into(),
            Value::Count(day.requests).into(),
            spend,
            before.map_or_else(|| quiet(Missing::NotInLog), priced),
            change,
        ],
    }
}

fn priced(day: &Day) -> TableCell {
    if day.has_price() { Value::Usd(day.cost()).into() } else { quiet(Missing::NotPriced) }
}

fn total(facts: &Facts<'_>, current: &Days, previous: &Days) -> TableRow {
    let has_previous = facts.has_previous();
    TableRow {
        role: RowRole::Total,
        swatch: None,
        cells: vec![
            Value::Text("Total".to_owned()).into(),
            Value::Count(facts.current.count(Metric::Requests)).into(),
            Value::Usd(current.total()).into(),
            if has_previous {
                Value::Usd(previous.total()).into()
            } else {
                quiet(Missing::NotInLog)
            },
            super::total_change(facts),
        ],
    }
}

fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

//! Spend over time: stacked columns by model over both periods, and a table; by day, week or month.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use polars::prelude::PolarsResult;

use super::Models;
use crate::metrics::cells::Requests;
use crate::metrics::dimensions::Dimension;
use crate::metrics::metric::Metric;
use crate::period::Period;
use crate::report::compare::quiet;
use crate::report::facts::Facts;
use crate::report::parts::{
    Category, Chart, ColumnGroup, Empty, Figure, Missing, Prose, RowRole, Section, StackedColumns,
    Table, TableCell, TableRow, Value,
};
use crate::report::read::figures;
use crate::report::words::{self, parts_column, text_column};
use crate::units::Usd;

/// Spend by model, and requests, of the days, weeks or months of a period.
struct Days(Vec<Day>);

/// A day, or the days of a week or month that lie in the period.
struct Day {
    /// Its first day.
    date: NaiveDate,
    /// Whether the log holds anything of this time; else its figures are unknown.
    is_logged: bool,
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

    /// What is known of the cost: nothing of a time without logs, or where no request has a price.
    fn known_cost(&self) -> Option<Usd> {
        (self.is_logged && (self.has_price() || self.requests == 0)).then(|| self.cost())
    }
}

pub(super) fn section(facts: &Facts<'_>, models: &Models) -> PolarsResult<Section> {
    let inputs = facts.inputs;
    let days = Days::read(facts, &inputs.current, inputs.period)?;
    let days_before = Days::read(facts, &inputs.previous, inputs.previous_period)?;
    if !days.has_price() {
        return Ok(nothing_priced(facts));
    }
    let (drawn, listed) = units(facts);
    let of = |unit: Unit| (days.by(unit), days_before.by(unit));
    let ((columns, columns_before), (rows, rows_before)) = (of(drawn), of(listed));
    let mut section = super::bare("daily", label(listed), takeaway(&rows, listed));
    section.figure = Some(figure(facts, models, (&columns, &columns_before), drawn));
    section.tables = vec![table(facts, &rows, &rows_before, listed)];
    section.queries = vec![facts.query(listed.name(), "requests,cost_usd")];
    if drawn != listed || columns.0.len() > 1 {
        section.queries.push(facts.query(&format!("{},model", drawn.name()), "cost_usd"));
    }
    Ok(section)
}

/// What a period is cut into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Day,
    Week,
    Month,
}

impl Unit {
    /// The word, and the dimension's name.
    fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The first day of the unit that the day is in.
    fn start(self, day: NaiveDate) -> NaiveDate {
        match self {
            Self::Day => day,
            Self::Week => day.week(chrono::Weekday::Mon).first_day(),
            Self::Month => day.with_day(1).unwrap_or(day),
        }
    }
}

/// What the chart shows, and what the table: columns need a width, rows a height.
fn units(facts: &Facts<'_>) -> (Unit, Unit) {
    match facts.inputs.period.local_days(facts.zone()).count() {
        ..=16 => (Unit::Day, Unit::Day),
        17..=62 => (Unit::Day, Unit::Week),
        63..=190 => (Unit::Week, Unit::Month),
        _ => (Unit::Month, Unit::Month),
    }
}

fn label(unit: Unit) -> &'static str {
    match unit {
        Unit::Day => "Daily spend",
        Unit::Week => "Spend by day and week",
        Unit::Month => "Monthly spend",
    }
}

fn nothing_priced(facts: &Facts<'_>) -> Section {
    let takeaway = Prose::text("Not reported: no logged request of this period has a price.");
    let mut section = super::bare("daily", "Spend over time", takeaway);
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
            .map(|date| Day {
                date,
                is_logged: facts.is_logged(date),
                requests: 0,
                by_model: BTreeMap::new(),
            })
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

    /// The same by a longer unit.
    fn by(&self, unit: Unit) -> Self {
        let mut grouped: Vec<Day> = Vec::new();
        for day in &self.0 {
            let start = unit.start(day.date);
            if grouped.last().is_none_or(|last| unit.start(last.date) != start) {
                let (date, by_model) = (day.date, BTreeMap::new());
                grouped.push(Day { date, is_logged: false, requests: 0, by_model });
            }
            let Some(last) = grouped.last_mut() else { continue };
            last.is_logged |= day.is_logged;
            last.requests += day.requests;
            for (model, cost) in &day.by_model {
                *last.by_model.entry(model.clone()).or_default() += *cost;
            }
        }
        Self(grouped)
    }

    fn has_price(&self) -> bool {
        self.0.iter().any(Day::has_price)
    }

    fn has_silent_day(&self) -> bool {
        self.0.iter().any(|day| !day.is_logged)
    }

    fn total(&self) -> Usd {
        self.0.iter().map(Day::cost).sum()
    }
}

fn takeaway(current: &Days, unit: Unit) -> Prose {
    let Some(peak) = current.0.iter().max_by_key(|day| day.cost()) else {
        return Prose::text("The period holds no day.");
    };
    if peak.cost() == Usd(0) {
        return Prose::text("Nothing that was logged cost anything.");
    }
    if current.0.len() == 1 {
        let name = words::capitalised(&row_name(peak, unit));
        return Prose::text(format!("{name} cost ")).value(Value::Usd(peak.cost())).say(".");
    }
    let name = row_name(peak, unit);
    Prose::text(format!("{name} was the most expensive {} with ", unit.name()))
        .value(Value::Usd(peak.cost()))
        .say(", ")
        .value(Value::Share(peak.cost().to_f64() / current.total().to_f64()))
        .say(" of the spend.")
}

/// `Wed 11 Nov`, `Week 46, from 9 Nov` or `November 2026`.
fn row_name(day: &Day, unit: Unit) -> String {
    match unit {
        Unit::Day => words::day(day.date),
        Unit::Week => {
            format!("Week {}, from {}", day.date.iso_week().week(), day.date.format("%-d %b"))
        }
        Unit::Month => day.date.format("%B %Y").to_string(),
    }
}

fn figure(
    facts: &Facts<'_>,
    models: &Models,
    (current, previous): (&Days, &Days),
    unit: Unit,
) -> Figure {
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
        columns: days
            .0
            .iter()
            .map(|day| column(day, unit, days.0.len(), (&names, has_other)))
            .collect(),
    };
    let before = group(previous, words::capitalised(&facts.last_period()), true);
    let now = group(current, words::capitalised(&facts.this_period()), false);
    let shown = [(current, true), (previous, facts.has_previous())];
    let silent = shown.iter().any(|(days, shown)| *shown && days.has_silent_day());
    let unit = unit.name();
    let mut description = Prose::text(format!("Stacked columns, one per {unit}. "));
    for day in &current.0 {
        description = description
            .say(format!("{} ", words::day(day.date)))
            .value(if day.is_logged {
                Value::Usd(day.cost())
            } else {
                Value::Missing(Missing::Unknown)
            })
            .say("; ");
    }
    Figure {
        title: if facts.has_previous() {
            format!("Spend by model, {} and {}", facts.last_period(), facts.this_period())
        } else {
            format!("Spend by model, {}", facts.this_period())
        },
        description,
        caption: Prose::text(format!(
            "List cost per {unit}, USD, {} time.{}{}",
            facts.zone().name(),
            if facts.has_previous() {
                format!(" {} paler.", words::capitalised(&facts.last_period()))
            } else {
                String::new()
            },
            if silent { format!(" Outlined: a {unit} without logs.") } else { String::new() }
        )),
        chart: Chart::StackedColumns(StackedColumns {
            series,
            groups: if facts.has_previous() { vec![before, now] } else { vec![now] },
        }),
    }
}

/// A column's label: weekdays of a few days, else dates.
fn column_label(day: NaiveDate, unit: Unit, columns: usize) -> String {
    let format = match unit {
        Unit::Day if columns <= 7 => "%a",
        Unit::Day if columns <= 16 => "%a %-d",
        Unit::Day => "%-d",
        Unit::Week => "%-d %b",
        Unit::Month => "%b",
    };
    day.format(format).to_string()
}

fn column(
    day: &Day,
    unit: Unit,
    columns: usize,
    (names, has_other): (&[Option<String>], bool),
) -> (String, Vec<Option<Usd>>) {
    let known = day.is_logged.then_some(());
    let of = |name| day.by_model.get(name).copied().unwrap_or_default();
    let mut values: Vec<Option<Usd>> = names.iter().map(|name| known.map(|()| of(name))).collect();
    if has_other {
        let colored: Usd = names.iter().map(of).sum();
        values.push(known.map(|()| day.cost() - colored));
    }
    (column_label(day.date, unit, columns), values)
}

fn table(facts: &Facts<'_>, current: &Days, previous: &Days, unit: Unit) -> Table {
    // Weeks at the ends of a month are cut where the month is: they have no counterpart.
    let is_compared = unit != Unit::Week && current.0.len() == previous.0.len();
    let before = words::capitalised(&facts.last_period());
    let mut columns = vec![
        text_column(unit.name(), &words::capitalised(unit.name())),
        parts_column("requests", "Requests", None),
        parts_column("cost_usd", "Spend", Some("USD")),
    ];
    if is_compared {
        columns.push(parts_column("previous_cost_usd", &before, Some("USD")));
        columns.push(parts_column("cost_change_usd", "Change", Some("USD")));
    } else {
        columns.push(parts_column("share", "Share", None));
    }
    let mut rows: Vec<TableRow> = current
        .0
        .iter()
        .enumerate()
        .map(|(index, day)| {
            let name = row_name(day, unit);
            if is_compared {
                row(name, day, previous.0.get(index))
            } else {
                row_alone(name, day, current.total())
            }
        })
        .collect();
    rows.push(if is_compared {
        total(facts, current, previous)
    } else {
        total_alone(facts, current)
    });
    let caption = format!("Spend by {}", unit.name());
    Table { caption, show_caption: false, wide: false, columns, rows }
}

fn requests(day: &Day) -> TableCell {
    if day.is_logged { Value::Count(day.requests).into() } else { quiet(Missing::NotInLog) }
}

fn spend(day: &Day) -> TableCell {
    match day.known_cost() {
        Some(cost) => Value::Usd(cost).into(),
        None if day.is_logged => quiet(Missing::NotPriced),
        None => quiet(Missing::NotInLog),
    }
}

fn row_alone(name: String, day: &Day, total: Usd) -> TableRow {
    let share: TableCell = match (day.known_cost(), total.0) {
        (Some(cost), 1..) => Value::Share(cost.to_f64() / total.to_f64()).into(),
        _ => quiet(Missing::NotApplicable),
    };
    let cells = vec![Value::Text(name).into(), requests(day), spend(day), share];
    TableRow { role: RowRole::Body, swatch: None, cells }
}

fn total_alone(facts: &Facts<'_>, current: &Days) -> TableRow {
    let has_cost = current.total().0 > 0;
    TableRow {
        role: RowRole::Total,
        swatch: None,
        cells: vec![
            Value::Text("Total".to_owned()).into(),
            Value::Count(facts.current.count(Metric::Requests)).into(),
            Value::Usd(current.total()).into(),
            if has_cost { Value::Share(1.0).into() } else { quiet(Missing::NotApplicable) },
        ],
    }
}

fn row(name: String, day: &Day, before: Option<&Day>) -> TableRow {
    let before = before.filter(|before| before.is_logged);
    let change = match before.map(Day::known_cost) {
        Some(Some(before)) if day.known_cost().is_some() => {
            Value::UsdChange(day.cost() - before).into()
        }
        Some(_) => quiet(Missing::NotApplicable),
        None => quiet(Missing::New),
    };
    TableRow {
        role: RowRole::Body,
        swatch: None,
        cells: vec![
            Value::Text(name).into(),
            requests(day),
            spend(day),
            before.map_or_else(|| quiet(Missing::NotInLog), spend),
            change,
        ],
    }
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
